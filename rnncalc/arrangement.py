"""A cell's pieces in a framework's tensors: block matrices, as the lines of `rnncalc.layout` say them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from rnncalc.algebra import Poly, poly, product, symbol, total
from rnncalc.layout import Entry, Layout
from rnncalc.record import Record, cached_property
from rnncalc.trace import Trace

MOST_KEPT = 1024  # arrangements


class Column(Record):
    """A gate's place in a tensor, and what the framework does to what it stores there."""

    gate: str
    sign: int = 1
    added: int = 0
    read: bool = True
    term: str = ""  # of its own, where it differs from the row's
    like: str = ""  # the gate whose shape it has, where it is none itself


class Block(Record):
    """One gate beside one term, where it lies in a tensor: symbolic sizes of its rows and columns, and its kernel."""

    term: str
    column: Column
    rows: Poly
    columns: Poly
    kernel: tuple[Poly, ...] = ()


class Stored(Record):
    """One tensor of a framework: a grid of blocks, as a `matrix`, `transposed`, or row after row as a `vector`."""

    name: str
    form: str
    grid: tuple[tuple[Block, ...], ...]
    trainable: bool = True
    heads: tuple[str, str] = ("", "")  # by which its rows, and its columns, are split into two axes
    ones: tuple[int, int] = (0, 0)  # axes of length 1 before and after the rest
    row: bool = False  # its rows are one

    @cached_property
    def shape(self) -> tuple[Poly, ...]:
        """Its symbolic shape."""
        if self.row:
            *kernel, rows, columns = self.flat
            return (*kernel, poly(1), rows * columns)
        before, after = self.ones
        if not any(self.heads):
            return (*(poly(1),) * before, *self.flat, *(poly(1),) * after)
        axes: list[Poly] = []
        for by, size in zip(self.heads[-len(self.flat) :], self.flat):
            axes += [symbol(by), size.over(by)] if by else [size]
        return tuple(axes)

    @cached_property
    def flat(self) -> tuple[Poly, ...]:
        """Its symbolic shape before an axis is split, merged or added."""
        if self.form == "scalar":
            return ()
        rows = total(row[0].rows for row in self.grid)
        columns = total(block.columns for block in self.grid[0])
        if self.form == "vector":
            return (rows * columns,)
        kernel = self.grid[0][0].kernel
        return (*kernel, rows, columns) if self.form == "matrix" else (columns, rows, *kernel)

    @property
    def blocks(self) -> Iterator[Block]:
        """Its blocks, row after row."""
        for row in self.grid:
            yield from row


class LayoutError(ValueError):
    """A layout and a cell that do not fit: a hole, or a piece without a place."""


class Line(Record):
    """A line of a layout, taken apart."""

    form: str
    rows: tuple[str, ...]
    columns: tuple[Column, ...]
    heads: tuple[str, str]
    ones: tuple[str, ...]  # the words before and after the columns that stand for axes of length 1


@cache
def _parse(line: str) -> Line:
    for arrow, form in (("->", "matrix"), ("=>", "vector"), ("<-", "transposed"), (":=", "scalar")):
        left, found, right = line.partition(arrow)
        if found:
            rows, columns = (right, left) if form == "transposed" else (left, right)
            rows, _, row_heads = rows.partition("/")
            columns, _, column_heads = columns.partition("/")
            words = columns.split()
            ones = [words[end] if words[end] in ("1", "1...") else "" for end in (0, -1)]
            heads = (row_heads.strip(), column_heads.strip())
            gates = [word for word in words if word not in ("1", "1...")]
            return Line(form, tuple(rows.split()), tuple(map(_column, gates)), heads, tuple(ones))
    raise LayoutError(f"no arrow in {line!r}")


def _column(word: str) -> Column:
    read = not word.startswith("(")
    gate, _, term = word.strip("()").partition("@")
    gate, _, like = gate.partition("=")
    gate, _, added = gate.partition("+")
    return Column(gate.lstrip("-"), -1 if gate.startswith("-") else 1, int(added or 0), read, term, like)


class Arrangement:
    """A trace in an entry's tensors under a bias policy: every piece of the cell has one place.

    `tensors` holds them in the framework's order; `unread` are the blocks (gate, term) that the step never reads.
    """

    def __init__(self, entry: Entry, trace: Trace, policy: str) -> None:
        self.entry, self.trace, self.policy = entry, trace, policy
        self.places: dict[tuple[Any, ...], Any] = {}  # what is known of the tensors of its stacks
        self.pieces = trace.pieces(policy)
        self.tensors = tuple(stored for name, line in entry.tensors.items() for stored in self.expand(name, line))
        self.buffers = tuple(stored for name, line in entry.buffers.items() for stored in self.expand(name, line))
        placed: dict[tuple[str, str], int] = dict.fromkeys(self.pieces, 0)
        for stored in (*self.tensors, *self.buffers):
            for block in stored.blocks:
                key = (block.column.gate, block.term)
                placed[key] = placed.get(key, 0) + 1
                if key in self.pieces and not block.column.read:
                    raise LayoutError(f"{entry.name}: gate {key[0]} beside {key[1]} is read, but marked as unread")
        for (gate, term), times in placed.items():
            if times != 1:
                raise LayoutError(f"{entry.name}: gate {gate} beside {term} is stored {times} times")
        blocks = (block for stored in self.tensors for block in stored.blocks)
        self.unread = frozenset((block.column.gate, block.term) for block in blocks) - frozenset(self.pieces)

    @cached_property
    def params(self) -> Poly:
        """The scalars of all tensors."""
        return total(product(stored.shape) for stored in self.tensors)

    @cached_property
    def constants(self) -> Mapping[str, int]:
        """What the framework adds to a gate although it stores no bias for it."""
        lines = [_parse(line) for line in self.entry.tensors.values()]
        return {
            column.gate: column.added
            for line in lines
            for column in line.columns
            if column.added and (column.gate, line.rows[0]) not in self.pieces
        }

    def expand(self, name: str, line: str) -> Iterator[Stored]:
        """The tensors that a line of the entry stands for."""
        form, rows, columns, heads, ones = _parse(line)
        if rows[0] in ("@", "@*", "1@"):
            terms = dict.fromkeys(term for _, term in self.pieces if _pattern(term) == rows[0])
            for term in terms:
                shown = "" if term == "1x" else term.strip("1*_#")
                yield from self._by_gate(name.replace("{source}", shown), form, (term,), columns)
        else:
            for stored in self._by_gate(name, form, rows, columns):
                if any(heads):
                    stored = stored._replace(heads=heads)
                if any(ones):
                    positions = self.trace.cell.rank or len(self.trace.axes[0])
                    before, after = (1 + positions if ones[0] else 0), (positions if ones[1] else 0)
                    stored = stored._replace(row=True) if ones[0] == "1" else stored._replace(ones=(before, after))
                yield stored

    def _by_gate(self, name: str, form: str, rows: tuple[str, ...], columns: tuple[Column, ...]) -> Iterator[Stored]:
        if columns[0].gate == "*":
            columns = tuple(Column(gate) for gate, term in self.pieces if term == rows[0])
        groups = [(column,) for column in columns] if "{gate}" in name else [columns]
        for group in groups:
            stored = self._stored(name.replace("{gate}", group[0].gate), form, rows, group)
            if stored:
                yield stored

    def _stored(self, name: str, form: str, rows: tuple[str, ...], columns: tuple[Column, ...]) -> Stored | None:
        pieces = self.pieces
        rows = tuple(t for t in rows if any((c.like or c.gate, c.term or t) in pieces for c in columns))
        if not rows:
            return None
        for term in rows:
            for column in columns:
                if column.read and (column.gate, column.term or term) not in pieces:
                    raise LayoutError(f"{name}: nothing to store for gate {column.gate} beside {term}")
        if rows == ("#",) and len(pieces[columns[0].gate, "#"].shape) == 1:
            form = "vector"
        grid = tuple(tuple(self._block(term, column, columns) for column in columns) for term in rows)
        trainable = all(pieces[block.column.gate, block.term].trainable for block in grid[0] if block.column.read)
        return Stored(name, form, grid, trainable)

    def _block(self, term: str, column: Column, columns: tuple[Column, ...]) -> Block:
        term = column.term or term
        gates = [each.like or each.gate for each in ((column,) if column.read or column.like else columns)]
        shape = next(self.pieces[gate, term].shape for gate in gates if (gate, term) in self.pieces)
        if len(shape) == 1:
            return Block(term, column, poly(1), shape[0])
        return Block(term, column, shape[-2], shape[-1], shape[:-2])


def _pattern(term: str) -> str:
    if term == "1":
        return "1"
    return "1@" if term.startswith("1") else "@*" if term.endswith("*") else "@"


@lru_cache(maxsize=MOST_KEPT)
def _arrange(layout: str, index: int, trace: Trace, policy: str) -> Arrangement:
    from rnncalc.layouts import find

    return Arrangement(find(layout).entries[index], trace, policy)


def arrange(layout: Layout, entry: Entry, trace: Trace, policy: str) -> Arrangement:
    """The cached arrangement of a trace in one of the layout's entries.

    Raises:
        LayoutError: the entry leaves a hole, or a piece without a place.
    """
    return _arrange(layout.name, layout.entries.index(entry), trace, policy)
