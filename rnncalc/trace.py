"""The step function run on symbols: everything that can be known of a cell before its sizes.

>>> lstm = trace("lstm")
>>> [map.gate for map in lstm.maps], [state.name for state in lstm.states]
(['i', 'f', 'g', 'o'], ['h', 'c'])
>>> str(lstm.macs)
'4·input_depth·units + 4·units²'
>>> print(*lstm.equations, sep="\\n")
i = σ(W_xi·x + W_hi·h + b_i)
f = σ(W_xf·x + W_hf·h + b_f)
g = tanh(W_xg·x + W_hg·h + b_g)
c' = f⊙c + i⊙g
o = σ(W_xo·x + W_ho·h + b_o)
h' = o⊙tanh(c')
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property
from typing import Any

from rnncalc.algebra import Poly, symbol, total
from rnncalc.cell import Cell, Diag, Lookup, Value, find
from rnncalc.record import Record

POLICIES = ("single", "double", "input", "none")


class State(Record):
    """A state and its size."""

    name: str
    size: Poly


class Source(Record):
    """What a map reads: `x`, a state's name, or `""`; as a matrix, a diagonal or a lookup."""

    name: str
    kind: str
    size: Poly
    value: Symbolic

    @property
    def term(self) -> str:
        """Its name in a layout: `h` for a matrix, `c*` for a diagonal."""
        return self.name + "*" if self.kind == "diag" else self.name


class Map(Record):
    """One call of a gate: its sources, where it leads, and whether it has a bias."""

    gate: str
    sources: tuple[Source, ...]
    to: Poly
    bias: bool

    def biases(self, policy: str) -> tuple[str, ...]:
        """The terms (`1x`, `1h`) beside which a bias is stored."""
        matrices = [source.name for source in self.sources if source.kind != "diag"]
        if not self.bias or policy == "none":
            return ()
        if policy == "single":
            return (f"1{(matrices or [self.sources[0].name])[0]}",)
        return tuple(f"1{name}" for name in matrices if policy == "double" or name == "x")


class Piece(Record):
    """The weights of one gate beside one term: what every framework stores, each in its own place.

    A matrix is [source, gate], a diagonal or a bias [gate].
    """

    gate: str
    term: str
    shape: tuple[Poly, ...]


class Symbolic(Value):
    """A value of which only the size, the states that it carries, and its making are known."""

    __slots__ = ("carries", "making", "name", "size", "trace")

    def __init__(self, trace: Recorder, size: Poly, carries: frozenset[str], making: tuple[Any, ...]) -> None:
        self.trace, self.size, self.carries, self.making = trace, size, carries, making
        self.name = ""
        if making[0] != "input":
            trace.values.append(self)

    def apply(self, operation: str, *others: Any) -> Symbolic:
        """The operation, written down."""
        return self.trace.result(operation, (self, *others))


class Recorder:
    """`w` in a step that is traced: it writes down each map, and each distinct elementwise result."""

    def __init__(self) -> None:
        self.maps: list[Map] = []
        self.values: list[Symbolic] = []
        self.results: dict[tuple[Any, ...], Symbolic] = {}

    def __getattr__(self, gate: str) -> Callable[..., Symbolic]:
        def call(*sources: Any, to: str = "units", bias: bool = True) -> Symbolic:
            made = Map(gate, tuple(_source(each) for each in sources), symbol(to), bias)
            self.maps.append(made)
            return Symbolic(self, made.to, frozenset(), ("map", made))

        return call

    def result(self, operation: str, values: tuple[Any, ...]) -> Symbolic:
        """The one result of an operation on these values."""
        key = (operation, *(id(value) if isinstance(value, Symbolic) else value for value in values))
        if key not in self.results:
            symbols = [value for value in values if isinstance(value, Symbolic)]
            carries = frozenset().union(*(value.carries for value in symbols))
            made = self.results[key] = Symbolic(self, symbols[0].size, carries, (operation, *values))
            gates = {each.gate for each in _unnamed_maps(made)}
            if len(values) == 1 and len(gates) == 1:
                made.name = gates.pop()
        return self.results[key]


def _source(given: Any) -> Source:
    value = given.value if isinstance(given, (Diag, Lookup)) else given
    name = next(iter(value.carries)) if len(value.carries) == 1 else ""
    if isinstance(given, Lookup):
        return Source(name, "lookup", symbol(given.size), value)
    return Source(name, "diag" if isinstance(given, Diag) else "matrix", value.size, value)


def _unnamed_maps(value: Any) -> Iterator[Map]:
    if isinstance(value, Symbolic) and not value.name:
        if value.making[0] == "map":
            yield value.making[1]
        else:
            for part in value.making[1:]:
                yield from _unnamed_maps(part)


class Trace:
    """What one run of a step on symbols yields. Sizes are polynomials in the cell's symbols.

    `maps`, `values` and `states` are in the order of the step, `elementwise` counts the operations of its distinct
    results, `outputs` are the new states, the cell's output first.
    """

    def __init__(self, cell: Cell, options: Mapping[str, Any]) -> None:
        self.cell, self.options = cell, options
        sizes = [symbol("units")] * len(cell.states)
        while True:
            self._run(sizes)
            returned = [value.size for value in self.outputs]
            if returned[: len(sizes)] == sizes:
                break
            sizes = returned
        self.states = tuple(map(State, cell.states, sizes))

    def _run(self, sizes: list[Poly]) -> None:
        recorder = Recorder()
        inputs = []
        for name, size in zip(("x", *self.cell.states), (symbol("input_depth"), *sizes)):
            value = Symbolic(recorder, size, frozenset([name]), ("input",))
            value.name = name
            inputs.append(value)
        required = dict.fromkeys(self.cell.sizes if not self.cell.states else (), 1)
        outputs = self.cell.step(recorder, *inputs, **required, **self.options)
        self.outputs: tuple[Symbolic, ...] = outputs if isinstance(outputs, tuple) else (outputs,)
        self.maps, self.values = tuple(recorder.maps), tuple(recorder.values)
        self.elementwise = total(value.size for value in recorder.results.values())

    @property
    def output(self) -> Poly:
        """The size of the output."""
        return self.outputs[0].size

    @cached_property
    def symbols(self) -> frozenset[str]:
        """The sizes that the cell has, without its input's."""
        polys = [self.output, *(state.size for state in self.states), *(map.to for map in self.maps)]
        return frozenset().union(*(each.symbols for each in polys)) - {"input_depth"}

    @cached_property
    def macs(self) -> Poly:
        """Multiplications and additions of a step's matrix products: rows × columns each; a lookup has none."""
        return total(source.size * map.to for map in self.maps for source in map.sources if source.kind == "matrix")

    @cached_property
    def _others(self) -> Poly:
        diagonals = total(2 * map.to for map in self.maps for source in map.sources if source.kind == "diag")
        return self.macs * 2 + diagonals + self.elementwise

    def flops(self, policy: str) -> Poly:
        """Operations of a step: 2 a MAC, 1 a stored bias, 2 a diagonal weight, 1 an elementwise result."""
        return self._others + total(map.to for map in self.maps for _ in map.biases(policy))

    def pieces(self, policy: str) -> Mapping[tuple[str, str], Piece]:
        """The weights by (gate, term) under a bias policy."""
        found: dict[tuple[str, str], Piece] = {}
        for each in self.maps:
            shapes = [
                (source.term, (each.to,) if source.kind == "diag" else (source.size, each.to))
                for source in each.sources
            ]
            shapes += [(term, (each.to,)) for term in each.biases(policy)]
            for term, shape in shapes:
                if (each.gate, term) in found:
                    raise ValueError(f"{self.cell.name}: gate {each.gate} reads {term} twice")
                found[each.gate, term] = Piece(each.gate, term, shape)
        return found

    @cached_property
    def equations(self) -> tuple[str, ...]:
        """The step as the paper would print it; a prime marks the new states."""
        for state, value in zip(self.cell.states or ("y",), self.outputs):
            if value.making[0] != "input":
                value.name = f"{state}'" if self.cell.states else state
        return tuple(f"{value.name} = {_text(value, top=True)}" for value in self.values if value.name)


_SIGNS = {"add": " + ", "sub": " - ", "mul": "⊙"}


def _text(value: Any, top: bool = False) -> str:
    if not isinstance(value, Symbolic):
        return str(value)
    if value.name and not top:
        return value.name
    operation, *parts = value.making
    if operation == "map":
        return _map_text(parts[0])
    if operation == "rsub":
        operation, parts = "sub", parts[::-1]
    if operation in _SIGNS:
        texts = [_text(part) for part in parts]
        if operation == "mul":
            texts = [f"({text})" if " " in text else text for text in texts]
        return _SIGNS[operation].join(texts)
    return f"{'σ' if operation == 'sigmoid' else operation}({_text(parts[0])})"


def _map_text(made: Map) -> str:
    terms = []
    for source in made.sources:
        read = _text(source.value)
        read = f"({read})" if "⊙" in read or " " in read else read
        weight, sign = ("w", "⊙") if source.kind == "diag" else ("W", "·")
        terms.append(f"{weight}_{source.name}{made.gate}{sign}{read}")
    terms += [f"b_{term[1:] if term != '1x' else ''}{made.gate}" for term in made.biases("single")]
    return " + ".join(terms)


@cache
def _trace(name: str, options: tuple[tuple[str, Any], ...]) -> Trace:
    cell = find(name)
    if cell is None:
        raise KeyError(name)
    return Trace(cell, dict(options))


def trace(name: str, options: Mapping[str, Any] | None = None) -> Trace:
    """The trace of a cell or layer with these options; a size that is given counts as a yes."""
    cell = find(name)
    given = dict(cell.options if cell else {})
    given.update(options or {})
    sizes = cell.optional_sizes if cell else ()
    symbolic = {key: bool(value) if key in sizes else value for key, value in given.items()}
    return _trace(name, tuple(sorted(symbolic.items())))
