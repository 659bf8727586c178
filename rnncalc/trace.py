"""The step function run on symbols: everything that can be known of a cell before its sizes.

>>> lstm = trace("lstm")
>>> [made.gate for made in lstm.maps], [state.name for state in lstm.states]
(['i', 'f', 'g', 'o'], ['h', 'c'])
>>> str(lstm.macs.per_step)
'4·input_depth·units + 4·units²'
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from rnncalc.algebra import Poly, product, symbol, total
from rnncalc.cell import GIVEN, Cell, find
from rnncalc.record import Record, cached_property
from rnncalc.recorder import Recorder, Symbolic
from rnncalc.shapes import Axes

POLICIES = ("single", "double", "input", "none")


class State(Record):
    """A state, its size, and its positions where the cell convolves."""

    name: str
    size: Poly
    axes: Axes = ()


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


class Trace:
    """What one run of a step on symbols yields. Sizes are polynomials in the cell's symbols.

    `maps`, `values` and `states` are in the order of the step, `outputs` are the new states, the cell's output first.
    """

    def __init__(self, cell: Cell, given: Mapping[str, Any], axes: tuple[Axes, ...]) -> None:
        self.cell, self.given, self.axes = cell, given, axes
        self._counts: dict[str, Poly] = {}
        self._flops: dict[str, Work] = {}
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
        return _gathered((*parts, *self._products))

    @cached_property
    def _others(self) -> Work:
        diagonals = [(made.axes, made.to * 2) for made in self.maps for source in made.sources if source.kind == "diag"]
        doubled = [(axes, count * 2) for axes, count in self.macs.parts]
        return _gathered((*doubled, *diagonals, *self._elementwise))

    def flops(self, policy: str) -> Work:
        """Operations of a step: 2 a MAC, 1 a stored bias, 2 a diagonal weight, 1 an elementwise result."""
        if policy not in self._flops:
            biases = ((made.axes, made.to) for made in self.maps for _ in made.biases(policy))
            self._flops[policy] = _gathered((*self._others.parts, *biases))
        return self._flops[policy]

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


def _gathered(parts: Iterable[tuple[Axes, Poly]]) -> Work:
    """The work with a single polynomial for all that is done at the same positions."""
    found: dict[Axes, Poly] = {}
    for axes, count in parts:
        found[axes] = found[axes] + count if axes in found else count
    return Work(tuple(found.items()))


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
    given = dict(cell.blank)
    for key, value in (options or {}).items():
        if key in given:
            given[key] = _static(cell.kinds[key], key, value)
    return _trace(name, tuple(given.items()), axes or ((),) * len(cell.inputs))


def _static(kind: str, key: str, value: Any) -> Any:
    """What a step may know of an option: of a size, whether it is given."""
    if kind == "int | None":
        return bool(value)
    return 1 if kind == "int" and key not in GIVEN else value
