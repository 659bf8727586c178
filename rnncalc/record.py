"""Immutable records: `typing.NamedTuple` in an eighth of the time to define, since every command defines dozens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["Record"]

if TYPE_CHECKING:
    from typing import NamedTuple as Record
else:
    from operator import itemgetter

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
        _rest: tuple[Any, ...] = ()  # the defaults of the last fields

        def __init_subclass__(cls) -> None:
            cls._fields = fields = tuple(cls.__dict__.get("__annotations__", ()))  # noqa: RUF063
            cls._defaults = {name: cls.__dict__[name] for name in fields if name in cls.__dict__}
            without = next((n for n, name in enumerate(reversed(fields)) if name not in cls._defaults), len(fields))
            cls._rest = tuple(cls._defaults[name] for name in fields[len(fields) - without :])
            for place, name in enumerate(fields):
                setattr(cls, name, property(itemgetter(place)))

        def __new__(cls, *values: Any, **named: Any) -> Record:
            """A record of these values, the rest of them the defaults."""
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
            return tuple.__new__(cls, values)

        def _replace(self, **named: Any) -> Record:
            """The record with some values changed."""
            values = [named.pop(name, value) for name, value in zip(self._fields, self)]
            if named:
                raise TypeError(f"{type(self).__name__} has no {', '.join(named)}")
            return tuple.__new__(type(self), values)

        def __getnewargs__(self) -> tuple[Any, ...]:
            return tuple(self)

        def __repr__(self) -> str:
            inner = ", ".join(f"{name}={value!r}" for name, value in zip(self._fields, self))
            return f"{type(self).__name__}({inner})"
