"""Columns side by side where they fit, and else a record a row. A figure is never broken to fit a column."""

from __future__ import annotations

from collections.abc import Sequence

from rnncalc.record import Record
from rnncalc.render.lines import Paint, Span, columns_of, pieces, wrapped

GAP = 2
EDGES = 2  # a space at either side
LONGEST = 20  # columns that a piece without a joint may ask for
NOTHING: Span = ("", "")
Cell = list[Span]  # its lines


class Column(Record):
    """A column's head; figures stand at its right, and are not broken."""

    head: str
    figures: bool = False


def grid(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int, paint: Paint) -> list[str]:
    """The rows below their heads, or as records where the columns are too many for the width."""
    widths = _widths(columns, rows, width - EDGES - GAP * (len(columns) - 1))
    if widths is None:
        return _records(columns, rows, width, paint)
    fitted = [[_fitted(cell, size) for cell, size in zip(row, widths)] for row in rows]
    return drawn(columns, fitted, widths, paint)


def natural(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> list[int]:
    """The widths in which nothing need be broken."""
    cells = zip(*rows) if rows else ((),) * len(columns)
    return [
        max([columns_of(column.head), *(columns_of(line) for cell in below for line, _ in cell)])
        for column, below in zip(columns, cells)
    ]


def drawn(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], widths: Sequence[int], paint: Paint) -> list[str]:
    """Heads, a rule and rows, in widths that hold them; the heads end at the rule."""
    heads = [_fitted([(column.head, "bold")], size) for column, size in zip(columns, widths)]
    most = max(len(head) for head in heads)
    lines = _row(columns, [[NOTHING] * (most - len(head)) + head for head in heads], widths, paint)
    lines.append(f" {'─' * (sum(widths) + GAP * (len(widths) - 1))}")
    for row in rows:
        lines += _row(columns, row, widths, paint)
    return lines


def _row(columns: Sequence[Column], cells: Sequence[Cell], widths: Sequence[int], paint: Paint) -> list[str]:
    lines = []
    for n in range(max(1, *map(len, cells))):
        parts: list[str] = []
        gap = 1
        for (_, figures), cell, size in zip(columns, cells, widths):
            text, style = cell[n] if n < len(cell) else NOTHING
            space = size - columns_of(text)
            parts += (" " * (gap + space if figures else gap), paint(text, style))
            gap = GAP if figures else GAP + space
        lines.append("".join(parts))
    return lines


def _fitted(cell: Cell, width: int) -> Cell:
    return [(line, style) for text, style in cell for line in wrapped(text, width)]


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], room: int) -> list[int] | None:
    """The columns' widths: where the room is short, the widest texts give way first, until a piece would break."""
    widths = natural(columns, rows)
    if sum(widths) <= room:
        return widths
    least = [
        size if column.figures else min(size, LONGEST, max([1, *map(columns_of, _pieces(column, n, rows))]))
        for n, (column, size) in enumerate(zip(columns, widths))
    ]
    if sum(least) > room:
        return None
    for _ in range(sum(widths) - room):
        wide = max((n for n, size in enumerate(widths) if size > least[n]), key=widths.__getitem__)
        widths[wide] -= 1
    return widths


def _pieces(column: Column, n: int, rows: Sequence[Sequence[Cell]]) -> list[str]:
    return [piece for text in (column.head, *(line for row in rows for line, _ in row[n])) for piece in pieces(text)]


def _records(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int, paint: Paint) -> list[str]:
    """A line a cell, after its column's head; below the head where it has no room beside it, at the edge without."""
    left = max(columns_of(column.head) for column in columns) + GAP
    lines: list[str] = []
    for row in rows:
        lines += [""] if lines else []
        for column, cell in zip(columns, row):
            filled = [(line, style) for line, style in cell if line]
            longest = max([0, *(columns_of(piece) for line, _ in filled for piece in _whole(line, column))])
            beside = bool(column.head) and longest <= width - 1 - left
            indent = left if beside else GAP if column.head else 0
            if column.head and filled and not beside:
                lines.append(f" {paint(column.head, 'bold')}")
            for n, (part, style) in enumerate(_fitted(filled, width - 1 - indent)):
                head = column.head if beside and not n else ""
                lines.append(f" {paint(head, 'bold')}{' ' * (indent - columns_of(head))}{paint(part, style)}")
    return lines


def _whole(line: str, column: Column) -> list[str]:
    return [line] if column.figures else pieces(line)
