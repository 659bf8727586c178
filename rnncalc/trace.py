"""The step function run on symbols: everything that can be known of a cell before its sizes.

>>> lstm = trace("lstm")
>>> [made.gate for made in lstm.maps], [state.name for state in lstm.states]
(['i', 'f', 'g', 'o'], ['h', 'c'])
>>> str(lstm.macs.per_step)
'4·input_depth·units + 4·units²'
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any

from rnncalc.algebra import Poly, poly, product, symbol, total
from rnncalc.cell import GIVEN, Cell, Diag, Lookup, Table, Value, Window, find
from rnncalc.record import Record
from rnncalc.shapes import Axes, ShapeError, known, reshaped, shown, together, windowed

POLICIES = ("single", "double", "input", "none")


class State(Record):
    """A state, its size, and its positions where the cell convolves."""

    name: str
    size: Poly
    axes: Axes = ()


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


class Piece(Record):
    """The weights of one gate beside one term: what every framework stores, each in its own place.

    A matrix is [source, gate], after the axes of a kernel where it convolves; a diagonal or a bias [gate].
    """

    gate: str
    term: str
    shape: tuple[Poly, ...]
    trainable: bool = True

    @property
    def size(self) -> Poly:
        """Its scalars."""
        return product(self.shape)


class Work(Record):
    """Operations: `per_step` at each position of one step, by the positions that they are done at."""

    parts: tuple[tuple[Axes, Poly], ...]

    @property
    def per_step(self) -> Poly:
        """The operations of a step without positions of its own, as a recurrent cell's."""
        return total(count for _, count in self.parts)

    def __add__(self, other: Work) -> Work:  # type: ignore[override]
        return Work(self.parts + other.parts)


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
            size, axes = OPERATIONS.get(operation, _elementwise)(self, symbols, static)
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


# what an operation does to size and positions; those that are not here are elementwise
Effect = tuple[Poly, Axes]


def _elementwise(_: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    return values[0].size, together(*(value.axes for value in values))


def _pool(_: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    rank = len(static["kernel"])
    return values[0].size, windowed(values[0].axes, static["kernel"], static["stride"], static["padding"], (1,) * rank)


def _reduce(_: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    axes, rank = values[0].axes, static["rank"]
    if len(axes) < rank:
        raise ShapeError(f"{rank} axes before the depth are needed, but there are {len(axes)}")
    return values[0].size, axes[: len(axes) - rank]


def _flatten(_: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    size, axes, lead = values[0].size, values[0].axes, static["lead"]
    for axis in known(axes[lead:], "flatten"):
        size = size * axis
    return size, axes[:lead]


def _reshape(recorder: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    lead = values[0].axes[: static["lead"]]
    axes, depth = reshaped(values[0].axes[len(lead) :], static["depth"], static["shape"])
    return poly(depth), (*lead, *axes)


def _split(_: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    depth = static["depth"]
    return symbol(depth) if isinstance(depth, str) else poly(depth), (*values[0].axes, static["parts"])


def _permute(_: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    shape, dims = (*values[0].axes, static["depth"]), static["dims"]
    if sorted(dims) != list(range(1, len(shape) + 1)):
        raise ShapeError(f"dims {shown(dims)} do not name each axis of {shown(shape)} once, from 1")
    *axes, depth = (shape[dim - 1] for dim in dims)
    return poly(known((depth,), "permute")[0]), tuple(axes)


def _stretch(_: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    return symbol(static["size"]), values[0].axes


def _part(_: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    return symbol(static["size"]), values[0].axes


def _inner(_: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    return poly(1), values[0].axes


def _chain(recorder: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    energies, transitions = values[:2]
    _steps(energies)
    recorder.equal.append((energies.size, transitions.size))
    recorder.work.append((energies.axes, transitions.size * transitions.size))  # from each tag to each
    return energies.size, energies.axes


def _again(_: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    if values[0].axes:
        raise ShapeError(f"it repeats a vector, but its input has positions {shown(values[0].axes)}")
    return values[0].size, (static["times"],)


def _concat(_: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    return total(value.size for value in values), together(*(value.axes for value in values))


def _steps(*values: Symbolic) -> None:
    """Raise a ShapeError where one of the values is no sequence of vectors."""
    for value in values:
        if len(value.axes) != 1:
            raise ShapeError(f"it needs sequences of vectors, but one has the positions {shown(value.axes)}")


def _match(recorder: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    query, key = values
    _steps(query, key)
    recorder.equal.append((query.size, key.size))
    axes = (*query.axes, key.axes[-1])
    recorder.products.append((axes, query.size))
    return poly(static["heads"]), axes


def _mix(recorder: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    scores, value = values
    recorder.products.append((scores.axes, value.size))
    return value.size, scores.axes[:-1]


def _across(recorder: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    query, key = values
    _steps(query, key)
    recorder.equal.append((query.size, key.size))
    return query.size, (*query.axes, key.axes[-1])


def _weigh(recorder: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    _, value = values
    if not value.axes:
        raise ShapeError("it weighs the steps of a sequence, but its input is one vector")
    recorder.products.append((value.axes, value.size))
    return value.size, value.axes[:-1]


OPERATIONS: Mapping[str, Callable[[Recorder, list[Symbolic], Mapping[str, Any]], Effect]] = {
    "pool": _pool,
    "reduce": _reduce,
    "flatten": _flatten,
    "reshape": _reshape,
    "split": _split,
    "part": _part,
    "again": _again,
    "permute": _permute,
    "stretch": _stretch,
    "chain": _chain,
    "inner": _inner,
    "concat": _concat,
    "match": _match,
    "mix": _mix,
    "across": _across,
    "weigh": _weigh,
}
WEIGHTLESS = frozenset(
    ("chain", "again", "flatten", "reshape", "permute", "stretch", "split", "part", "concat", "match", "mix", "weigh")
)  # no elementwise result


class Trace:
    """What one run of a step on symbols yields. Sizes are polynomials in the cell's symbols.

    `maps`, `values` and `states` are in the order of the step, `outputs` are the new states, the cell's output first.
    """

    def __init__(self, cell: Cell, given: Mapping[str, Any], axes: tuple[Axes, ...]) -> None:
        self.cell, self.given, self.axes = cell, given, axes
        self._counts: dict[str, Poly] = {}
        sizes = [symbol("filters" if cell.rank else "units")] * len(cell.states)
        spaces: list[Axes] = [(None,) * cell.rank] * len(cell.states)
        while True:
            self._run(sizes, spaces)
            returned = [value.size for value in self.outputs]
            positions = [value.axes for value in self.outputs]
            if not cell.states or (returned == sizes and positions == spaces):
                break
            sizes, spaces = returned, positions
        self.states = tuple(map(State, cell.states, sizes, spaces))

    def _run(self, sizes: list[Poly], spaces: list[Axes]) -> None:
        recorder = Recorder()
        inputs = []
        depths = [symbol("input_depth" if name == "x" else f"{name}_depth") for name in self.cell.inputs]
        names = (*self.cell.inputs, *self.cell.states)
        for name, size, axes in zip(names, (*depths, *sizes), (*self.axes, *spaces)):
            value = Symbolic(recorder, size, axes, frozenset([name]), ("input",))
            value.name = name
            inputs.append(value)
        outputs = self.cell.step(recorder, *inputs, **self.cell.arguments(self.given))
        self.outputs: tuple[Symbolic, ...] = outputs if isinstance(outputs, tuple) else (outputs,)
        self.maps, self.values = tuple(recorder.maps), tuple(recorder.values)
        self._elementwise, self._products = recorder.work, recorder.products
        self.equal = tuple(recorder.equal)

    @property
    def output(self) -> Poly:
        """The size of the output."""
        return self.outputs[0].size

    @cached_property
    def symbols(self) -> frozenset[str]:
        """The sizes that the cell has, without its input's."""
        polys = [self.output, *(state.size for state in self.states), *(made.to for made in self.maps)]
        return frozenset().union(*(each.symbols for each in polys)) - {"input_depth"}

    @cached_property
    def needs(self) -> frozenset[str]:
        """The sizes that have to be known, those of its ratios among them."""
        shapes = [axis for piece in self.pieces("double").values() for axis in piece.shape]
        found = frozenset().union(*(axis.symbols for axis in (*shapes, *(value.size for value in self.values))))
        return frozenset(part for name in found for part in name.split("/"))

    @cached_property
    def ratios(self) -> frozenset[str]:
        """Its symbols that are one size over another, as `input_depth/groups`."""
        shapes = [axis for piece in self.pieces("double").values() for axis in piece.shape]
        found = frozenset().union(*(axis.symbols for axis in shapes), *(value.size.symbols for value in self.values))
        return frozenset(name for name in found if "/" in name)

    @cached_property
    def macs(self) -> Work:
        """Multiply-accumulates: the size of each matrix, at each position; a lookup has none."""
        parts = [
            (made.axes, product(source.shape(made.to)))
            for made in self.maps
            for source in made.sources
            if source.kind in ("matrix", "window")
        ]
        return Work((*parts, *self._products))

    @cached_property
    def _others(self) -> Work:
        diagonals = [(made.axes, made.to * 2) for made in self.maps for source in made.sources if source.kind == "diag"]
        doubled = [(axes, count * 2) for axes, count in self.macs.parts]
        return Work((*doubled, *diagonals, *self._elementwise))

    def flops(self, policy: str) -> Work:
        """Operations of a step: 2 a MAC, 1 a stored bias, 2 a diagonal weight, 1 an elementwise result."""
        return self._others + Work(tuple((made.axes, made.to) for made in self.maps for _ in made.biases(policy)))

    def count(self, policy: str) -> Poly:
        """The scalars of all pieces under a bias policy."""
        if policy not in self._counts:
            self._counts[policy] = total(piece.size for piece in self.pieces(policy).values())
        return self._counts[policy]

    def pieces(self, policy: str) -> Mapping[tuple[str, str], Piece]:
        """The weights by (gate, term) under a bias policy."""
        found: dict[tuple[str, str], Piece] = {}
        for made in self.maps:
            for term, shape in made.shapes(policy):
                if (made.gate, term) in found:
                    raise ValueError(f"{self.cell.name}: gate {made.gate} reads {term} twice")
                found[made.gate, term] = Piece(made.gate, term, shape, made.trainable)
        return found


@lru_cache(maxsize=4096)
def _trace(name: str, given: tuple[tuple[str, Any], ...], axes: tuple[Axes, ...]) -> Trace:
    cell = find(name)
    if cell is None:
        raise KeyError(name)
    return Trace(cell, dict(given), axes)


def trace(name: str, options: Mapping[str, Any] | None = None, axes: tuple[Axes, ...] | None = None) -> Trace:
    """The cached trace of a cell or layer with these options, on inputs with these axes before the depth.

    Sizes stay symbols: one that is given counts as a yes.

    Raises:
        ShapeError: the inputs do not fit.
    """
    cell = find(name)
    if cell is None:
        raise KeyError(name)
    given: dict[str, Any] = {**dict.fromkeys(GIVEN, 0), **dict.fromkeys(cell.required, 1), **cell.options}
    given.update(options or {})
    for key, kind in cell.kinds.items():
        if kind == "int | None":
            given[key] = bool(given[key])
        elif kind == "int" and key not in GIVEN:
            given[key] = 1
    given = {key: value for key, value in given.items() if key in cell.kinds}
    return _trace(name, tuple(sorted(given.items())), axes or ((),) * len(cell.inputs))
