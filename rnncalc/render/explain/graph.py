"""A step as a graph laid out in columns, by Sugiyama's method: ranks, places between them, order, coordinates.

>>> from rnncalc.trace import trace
>>> drawn = laid_out(trace("rnn"))
>>> [(node.label, node.column) for node in drawn.nodes]
[('x', 0), ('h', 0), ('h', 1), ("h'", 2)]
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from math import fsum
from typing import Any

from rnncalc.equations import named
from rnncalc.record import Record
from rnncalc.recorder import Symbolic
from rnncalc.trace import Trace

SIGNS = {"add": "+", "sub": "−", "rsub": "−", "mul": "⊙"}
SWEEPS = 12


class Node(Record):
    """What is drawn: a state or input, a map with the activation `inner`, an operation or an output; its centre.

    `size` is the symbolic size of what it gives.
    """

    kind: str
    label: str
    inner: str
    size: Any
    column: int
    row: float


class Edge(Record):
    """From one node to another, by way of rows in the columns between; `label` is w for elementwise weights."""

    start: int
    end: int
    rows: tuple[float, ...]
    label: str


class Drawing(Record):
    """Nodes and edges; columns and rows count from 0, a row being as high as a node."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    columns: int
    rows: float


class _Graph:
    """The nodes of a trace before they have places."""

    def __init__(self, trace: Trace) -> None:
        self.trace, self.names = trace, named(trace)
        self.nodes: list[tuple[str, str, str, Any]] = []
        self.edges: list[tuple[int, int, str]] = []
        self.known: dict[int, int] = {}
        used: dict[int, int] = {}
        for value in trace.values:
            for part in _parts(value):
                used[id(part)] = used.get(id(part), 0) + 1
        self.used = used
        self.inputs: list[int] = []
        for value in self._inputs():
            self.inputs.append(self._add(value, "input", value.name, "", value.size))
        self.ends = []
        for state, value in zip(trace.cell.states or ("y",), trace.outputs):
            start = self.of(value)
            self.nodes.append(("output", f"{state}'" if trace.cell.states else state, "", value.size))
            self.edges.append((start, len(self.nodes) - 1, ""))
            self.ends.append(len(self.nodes) - 1)

    def _inputs(self) -> list[Symbolic]:
        found: dict[str, Symbolic] = {}
        for value in self.trace.values:
            for part in _parts(value):
                if part.making[0] == "input":
                    found.setdefault(part.name, part)
        order = (*self.trace.cell.inputs, *self.trace.cell.states)
        return [found[name] for name in order if name in found]

    def _add(self, value: Any, kind: str, label: str, inner: str, size: Any) -> int:
        self.nodes.append((kind, label, inner, size))
        if value is not None:
            self.known[id(value)] = len(self.nodes) - 1
        return len(self.nodes) - 1

    def _alone(self, value: Any) -> bool:
        """Whether a value is what a map gives, and read once."""
        return isinstance(value, Symbolic) and value.making[0] == "map" and self.used.get(id(value)) == 1

    def of(self, value: Symbolic) -> int:
        """The node of a value, made with all that it reads."""
        if id(value) in self.known:
            return self.known[id(value)]
        operation, *parts = value.making
        inner = ""
        made: Any = None
        if operation == "map":
            made = parts[0]
        elif len(parts) == 1 and self._alone(parts[0]):  # an activation belongs to its map
            made, inner = parts[0].making[1], operation
        if made is not None:
            reads = [(self.of(source.value), source.kind) for source in made.sources if source.value is not None]
            number = self._add(value, "map", made.gate, inner, value.size)
            self.edges += [(start, number, "w" if kind == "diag" else "") for start, kind in reads]
            return number
        reads = [(self.of(part), "") for part in parts if isinstance(part, Symbolic)]
        constants = [str(part) for part in parts if not isinstance(part, Symbolic)]
        label = SIGNS.get(operation, operation)
        if operation in ("rsub", "sub") and constants:
            label = f"{constants[0]} −" if operation == "rsub" else f"− {constants[0]}"
        elif constants and operation not in SIGNS:
            label = f"{operation} {constants[0]}"
        number = self._add(value, "sign" if operation in SIGNS else "function", label, "", value.size)
        self.edges += [(start, number, "") for start, _ in reads]
        return number


def _parts(value: Symbolic) -> list[Symbolic]:
    if value.making[0] == "map":
        return [source.value for source in value.making[1].sources if source.value is not None]
    return [part for part in value.making[1:] if isinstance(part, Symbolic)]


def laid_out(trace: Trace) -> Drawing:
    """The step's graph with a place for each node."""
    graph = _Graph(trace)
    columns = _ranks(graph)
    # an edge over several columns passes through a place of its own in each of them
    paths: list[list[int]] = []
    place_column = list(columns)
    for start, end, _ in graph.edges:
        path = [start]
        for column in range(columns[start] + 1, columns[end]):
            place_column.append(column)
            path.append(len(place_column) - 1)
        paths.append([*path, end])
    links = [(a, b) for path in paths for a, b in pairwise(path)]
    rows = _rows(place_column, links, len(columns))
    top = min(rows)
    rows = [row - top for row in rows]
    nodes = tuple(
        Node(kind, label, inner, size, column, row)
        for (kind, label, inner, size), column, row in zip(graph.nodes, columns, rows)
    )
    edges = tuple(
        Edge(path[0], path[-1], tuple(rows[place] for place in path[1:-1]), label)
        for path, (_, _, label) in zip(paths, graph.edges)
    )
    return Drawing(nodes, edges, max(columns) + 1, max(rows) + 1)


def _ranks(graph: _Graph) -> list[int]:
    """The column of each node: right of all that it reads; the outputs in the last."""
    ranks = [0] * len(graph.nodes)
    for _ in graph.nodes:  # the longest path is no longer than this
        for start, end, _label in graph.edges:
            ranks[end] = max(ranks[end], ranks[start] + 1)
    last = max(ranks)
    for end in graph.ends:
        ranks[end] = last
    return ranks


def _rows(columns: list[int], links: Iterable[tuple[int, int]], real: int) -> list[float]:
    """A row for each place: ordered by what it is linked to, then drawn to it as far as its neighbours let it."""
    left: dict[int, list[int]] = {}
    right: dict[int, list[int]] = {}
    for a, b in links:
        right.setdefault(a, []).append(b)
        left.setdefault(b, []).append(a)
    levels: list[list[int]] = [[] for _ in range(max(columns) + 1)]
    for place, column in enumerate(columns):
        levels[column].append(place)
    rows = [0.0] * len(columns)
    for level in levels:
        for n, place in enumerate(level):
            rows[place] = float(n)
    gap = [1.0 if place < real else 0.5 for place in range(len(columns))]
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        for level in levels if forward else levels[::-1]:
            wanted = {}
            for place in level:
                near = (left if forward else right).get(place) or (right if forward else left).get(place, [])
                wanted[place] = fsum(rows[other] for other in near) / len(near) if near else rows[place]
            level.sort(key=lambda place: (wanted[place], place))
            _spread(level, wanted, rows, gap)
    return rows


def _spread(level: list[int], wanted: dict[int, float], rows: list[float], gap: list[float]) -> None:
    """Give each place of a column the row that it wants, or one that keeps its distance; centred on the whole."""
    previous = None
    for place in level:
        row = wanted[place]
        if previous is not None:
            row = max(row, rows[previous] + (gap[previous] + gap[place]) / 2)
        rows[place] = row
        previous = place
    shift = fsum(wanted[place] - rows[place] for place in level) / len(level)
    for place in level:
        rows[place] += shift
