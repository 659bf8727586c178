"""What a step is run on to be traced: symbols of which size, positions and making are known, and who writes it down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rnncalc.algebra import Poly, poly, product, symbol
from rnncalc.cell import Diag, Lookup, Table, Value, Window
from rnncalc.effects import OPERATIONS, WEIGHTLESS, elementwise
from rnncalc.record import Record
from rnncalc.shapes import Axes, together, windowed


class Source(Record):
    """What a map reads: `x`, a state's name, or `_`; as a matrix, a diagonal, a lookup or a window."""

    name: str
    kind: str
    size: Poly
    value: Symbolic | None
    window: Window | None = None
    table: tuple[Poly, ...] = ()

    @property
    def term(self) -> str:
        """Its name in a layout: `h` for a matrix, `c*` for a diagonal."""
        return self.name + "*" if self.kind == "diag" else self.name

    def shape(self, to: Poly) -> tuple[Poly, ...]:
        """The shape of its weights in a map that leads to `to`."""
        if self.kind == "diag":
            return (to,)
        if self.kind == "table":
            return (*self.table, to)
        if self.window is None:
            return (self.size, to)
        kernel = tuple(poly(k) for k in self.window.kernel)
        if self.window.multiplier:
            return (*kernel, self.size, symbol(self.window.multiplier))
        rows = self.size if self.window.groups == 1 else symbol(f"{self.size}/groups")
        return (*kernel, rows, to)


class Map(Record):
    """One call of a gate: its sources, where it leads and to which positions, and whether it has a bias."""

    gate: str
    sources: tuple[Source, ...]
    to: Poly
    bias: bool
    trainable: bool
    axes: Axes

    def biases(self, policy: str) -> tuple[str, ...]:
        """The terms (`1x`, `1h`) beside which a bias is stored."""
        if not self.bias or policy == "none" or self.sources[0].kind == "table":
            return ()
        matrices = [source.name for source in self.sources if source.kind not in ("diag", "table")]
        beside = matrices or [self.sources[0].name]
        if policy == "single":
            return (f"1{beside[0]}",)
        return tuple(f"1{name}" for name in beside if policy == "double" or name == "x")

    def shapes(self, policy: str) -> Iterator[tuple[str, tuple[Poly, ...]]]:
        """Each term of its weights, with the shape."""
        for source in self.sources:
            yield source.term, source.shape(self.to)
        for term in self.biases(policy):
            yield term, (self.to,)
        if not self.sources:
            yield "1", (self.to,)


class Symbolic(Value):
    """A value of which only the size, the positions, the states that it carries, and its making are known."""

    __slots__ = ("axes", "carries", "gates", "making", "name", "size", "trace")

    def __init__(
        self, trace: Recorder, size: Poly, axes: Axes, carries: frozenset[str], making: tuple[Any, ...]
    ) -> None:
        self.trace, self.size, self.axes, self.carries, self.making = trace, size, axes, carries, making
        self.name = ""
        self.gates: frozenset[str] = frozenset()  # of the maps in it that no name stands for yet
        if making[0] == "map":
            self.gates = frozenset((making[1].gate,))
        elif making[0] != "input":
            self.gates = self.gates.union(*(part.gates for part in making[1:] if isinstance(part, Symbolic)))
        if making[0] != "input":
            trace.values.append(self)

    def apply(self, operation: str, *others: Any, **static: Any) -> Symbolic:
        """The operation, written down."""
        return self.trace.result(operation, (self, *others), static)

    def named(self, name: str) -> Symbolic:
        """The same value, under a name of its own."""
        self.name, self.gates = name, frozenset()
        return self


class Recorder:
    """`w` in a step that is traced: it writes down each map, and each distinct elementwise result."""

    def __init__(self) -> None:
        self.maps: list[Map] = []
        self.values: list[Symbolic] = []
        self.results: dict[tuple[Any, ...], Symbolic] = {}
        self.work: list[tuple[Axes, Poly]] = []
        self.products: list[tuple[Axes, Poly]] = []  # of values with each other, as in attention
        self.equal: list[tuple[Poly, Poly]] = []  # depths that have to be the same

    def __getattr__(self, gate: str) -> Callable[..., Symbolic]:
        def call(*given: Any, to: Any = "units", bias: bool = True, trainable: bool = True) -> Symbolic:
            sources = tuple(_source(each) for each in given)
            size = product(symbol(word) if isinstance(word, str) else word for word in _listed(to))
            axes = together(*(_positions(source) for source in sources)) if sources else ()
            made = Map(gate, sources, size, bias and bool(sources), trainable, axes)
            self.maps.append(made)
            return Symbolic(self, size, axes, frozenset(), ("map", made))

        return call

    def result(self, operation: str, values: tuple[Any, ...], static: Mapping[str, Any]) -> Symbolic:
        """The one result of an operation on these values."""
        fixed = tuple(sorted(static.items()))
        key = (operation, fixed, *(id(value) if isinstance(value, Symbolic) else value for value in values))
        if key not in self.results:
            symbols = [value for value in values if isinstance(value, Symbolic)]
            size, axes = OPERATIONS.get(operation, elementwise)(self, symbols, static)
            carries = frozenset().union(*(value.carries for value in symbols))
            made = self.results[key] = Symbolic(self, size, axes, carries, (operation, *values))
            if operation not in WEIGHTLESS:
                self.work.append((axes, size))
            if len(values) == 1 and len(made.gates) == 1:
                (made.name,) = made.gates
                made.gates = frozenset()
        return self.results[key]


def _listed(to: Any) -> tuple[Any, ...]:
    return to if isinstance(to, tuple) else (to,)


def _source(given: Any) -> Source:
    if isinstance(given, Table):
        sizes = tuple(symbol(size) if isinstance(size, str) else poly(size) for size in given.sizes)
        return Source("#", "table", sizes[0] if sizes else poly(1), None, None, sizes)
    value = given.value if isinstance(given, (Diag, Lookup, Window)) else given
    name = next(iter(value.carries)) if len(value.carries) == 1 else "_"
    if isinstance(given, Lookup):
        return Source(name, "lookup", symbol(given.size), value)
    if isinstance(given, Window):
        return Source(name, "window", value.size, value, given)
    return Source(name, "diag" if isinstance(given, Diag) else "matrix", value.size, value)


def _positions(source: Source) -> Axes:
    axes, w = source.value.axes if source.value else (), source.window
    return axes if w is None else windowed(axes, w.kernel, w.stride, w.padding, w.dilation)
