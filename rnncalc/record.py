"""Records and properties that cost little: every command defines dozens, and a batch makes hundreds of thousands.

`Record` is `typing.NamedTuple` in an eighth of the time to define; `cached_property` is that of functools without its
lock, which Python 3.12 has given up too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["Record", "cached_property"]

if TYPE_CHECKING:
    from functools import cached_property
    from typing import NamedTuple as Record
else:
    from operator import itemgetter

    new = tuple.__new__
    MANY = 200  # records of a class that make a constructor of its own worth what it takes to compile

    def _constructor(fields: tuple[str, ...], rest: tuple[Any, ...]) -> Any:
        """What the general one does, with the fields as its parameters."""
        code = f"lambda _cls, {', '.join(fields)}: _new(_cls, ({', '.join(fields)},))" if fields else "_new"
        made = eval(code, {"_new": new})  # a field may be called new
        if fields:
            made.__defaults__ = rest
        return made

    class Record(tuple):
        """A tuple with names, by the annotations of a subclass; their values there are the defaults.

        >>> class Point(Record):
        ...     x: int
        ...     y: int = 0
        >>> Point(1), Point(1)._replace(y=2).y
        (Point(x=1, y=0), 2)
        """

        __slots__ = ()
        _fields: tuple[str, ...] = ()
        _size = 0
        _made = 0
        _rest: tuple[Any, ...] = ()  # the defaults of the last fields

        def __init_subclass__(cls) -> None:
            cls._fields = fields = tuple(cls.__dict__.get("__annotations__", ()))  # noqa: RUF063
            cls._defaults = {name: cls.__dict__[name] for name in fields if name in cls.__dict__}
            without = next((n for n, name in enumerate(reversed(fields)) if name not in cls._defaults), len(fields))
            cls._rest = tuple(cls._defaults[name] for name in fields[len(fields) - without :])
            cls._size = len(fields)
            cls._places = {name: place for place, name in enumerate(fields)}
            for place, name in enumerate(fields):
                setattr(cls, name, property(itemgetter(place)))

        def __new__(cls, *values: Any, **named: Any) -> Record:
            """A record of these values, the rest of them the defaults."""
            cls._made += 1
            if cls._made == MANY:
                cls.__new__ = staticmethod(_constructor(cls._fields, cls._rest))
            if len(values) == cls._size and not named:
                return new(cls, values)
            fields = cls._fields
            missing = len(fields) - len(values)
            if not named and 0 < missing <= len(cls._rest):
                values += cls._rest[-missing:]
            elif named or missing:
                if len(values) > len(fields):
                    raise TypeError(f"{cls.__name__} takes {len(fields)} values, not {len(values)}")
                given = cls._defaults | dict(zip(fields, values)) | named
                if len(given) != len(fields) or len(values) + len(named) > len(fields):
                    raise TypeError(f"{cls.__name__} takes {', '.join(fields)}")
                values = [given[name] for name in fields]
            return new(cls, values)

        def _replace(self, **named: Any) -> Record:
            """The record with some values changed."""
            values, places = list(self), self._places
            for name, value in named.items():
                if name not in places:
                    raise TypeError(f"{type(self).__name__} has no {name}")
                values[places[name]] = value
            return new(type(self), values)

        def __getnewargs__(self) -> tuple[Any, ...]:
            return tuple(self)

        def __repr__(self) -> str:
            inner = ", ".join(f"{name}={value!r}" for name, value in zip(self._fields, self))
            return f"{type(self).__name__}({inner})"

    class cached_property:
        """A property that is computed once."""

        def __init__(self, compute: Any) -> None:
            self.func, self.__doc__ = compute, compute.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self.name = name

        def __get__(self, instance: Any, owner: Any = None) -> Any:
            if instance is None:
                return self
            value = instance.__dict__[self.name] = self.func(instance)
            return value
