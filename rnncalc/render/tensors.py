"""The table of a model's layers and tensors, in the form that the terminal has room for."""

from __future__ import annotations

from collections.abc import Sequence

from rnncalc.errors import printable
from rnncalc.record import Record
from rnncalc.render import words
from rnncalc.render.grid import EDGES, GAP, Cell, Column, drawn
from rnncalc.render.lines import Paint, columns_of, wrapped
from rnncalc.report import ModelReport

BAR = 8
NARROW = 14  # columns that names and formulas need beside the figures
HEADS = (Column("Layer"), Column("Type or formula"), Column("Shape"), Column("Params", True), Column("Share", True))


class Row(Record):
    """A line of the table: a layer (`part` is its share), a tensor, a path that several share, or the total."""

    name: str
    told: str = ""
    shape: str = ""
    params: str = ""
    share: str = ""
    part: float | None = None
    style: str = ""


def tensors(report: ModelReport, width: int, paint: Paint) -> list[str]:
    """Five columns and a bar; formulas below the names where that is too wide, and shapes too where it still is."""
    rows = _rows(report)
    sizes = [[columns_of(text) for text in row[:5]] for row in rows]
    widths = [max(len(head.head), *column) for head, column in zip(HEADS, zip(*sizes))]
    needed = sum(widths) + GAP * 4 + EDGES
    if needed <= width:
        bar = len(report.layers) > 1 and needed + GAP + BAR <= width
        lines = drawn([*HEADS, Column("")] if bar else HEADS, [], [*widths, BAR] if bar else widths, paint)
        for row, taken in zip(rows, sizes):
            line = _beside(row, [size - own for size, own in zip(widths, taken)], paint)
            lines.append(f"{line}  {paint(_bar(row.part), 'green')}" if bar and row.part else line)
        return lines
    *_, params, share = widths
    shape = max(len("Shape"), *(columns_of(row.shape) for row in rows if row.part is None))
    room = width - shape - params - share - GAP * 3 - EDGES
    if room < NARROW:
        return _stacked(rows, width, share, paint)
    cells = [[_below(row, room), _shape(row), _plain(row.params, row.style), _plain(row.share)] for row in rows]
    name = max(columns_of(line) for cell, *_ in cells for line, _ in cell)
    return drawn([HEADS[0], *HEADS[2:]], cells, [name, shape, params, share], paint)


def _rows(report: ModelReport) -> list[Row]:
    rows = []
    whole = report.params
    for layer in report.layers:
        told = layer.framework_type + ("" if layer.trainable else ", not trainable")
        shape, share = words.output_shape(layer.output_shape), words.share(layer.params, whole)
        part = layer.params / whole if whole else 0.0
        rows.append(Row(printable(layer.name), told, shape, words.number(layer.params), share, part, "bold"))
        paths = [tensor.name.rpartition("/")[0] for tensor in layer.tensors]
        last = ""
        for tensor, path in zip(layer.tensors, paths):
            grouped = bool(path) and paths.count(path) > 1
            if grouped and path != last:
                rows.append(Row(f"  {printable(path)}/", style="dim"))
            last = path
            name = f"    {tensor.name[len(path) + 1 :]}" if grouped else f"  {tensor.name}"
            told = tensor.formula + (f" ({tensor.unread:,} never read)" if tensor.unread else "")
            if tensor.shared_with:
                told = f"= {printable(tensor.shared_with)}"
            elif layer.trainable and not tensor.trainable:
                told += ", not trainable"
            shape, share = words.shape(tensor.shape), words.share(tensor.params, whole)
            rows.append(Row(printable(name), told, shape, words.number(tensor.params), share))
    return [*rows, Row("Total", "", "", words.number(whole), "", None, "bold")]


def _plain(text: str, style: str = "") -> Cell:
    return [(text, style)]


def _beside(row: Row, spaces: Sequence[int], paint: Paint) -> str:
    """All of a row in one line, `spaces` being what each of its texts leaves of its column."""
    name, told, shape, params, share, _, style = row
    left, middle, right, figure, last = spaces
    start = f" {paint(name, style)}{' ' * (left + GAP)}{paint(told, style)}{' ' * (middle + GAP)}{shape}"
    return f"{start}{' ' * (right + GAP + figure)}{paint(params, style)}{' ' * (GAP + last)}{share}"


def _bar(part: float) -> str:
    return "█" * max(1, round(BAR * part))


def _shape(row: Row) -> Cell:
    return [] if row.part is not None else _plain(row.shape)


def _below(row: Row, room: int, shapes: bool = False) -> Cell:
    """The name, and below it what it is: a layer's type and output, a tensor's formula."""
    return [*_name(row, room), *_told(row, room, shapes)]


def _name(row: Row, room: int) -> Cell:
    indent = " " * (len(row.name) - len(row.name.lstrip()))
    lines = wrapped(row.name.lstrip(), room - len(indent) - GAP)
    return [(f"{indent}{'  ' if n else ''}{line}", row.style) for n, line in enumerate(lines)]


def _told(row: Row, room: int, shapes: bool) -> Cell:
    """A layer's type and output, a tensor's formula and, where it has no column, its shape."""
    heads = row.part is not None
    indent = "  " if heads else "      "
    told = (row.told, row.shape) if heads or shapes else (row.told,)
    lines = [line for each in told if each for line in wrapped(each, room - len(indent))]
    return [(f"{indent}{line}", "" if heads else "italic") for line in lines]


def _stacked(rows: Sequence[Row], width: int, share: int, paint: Paint) -> list[str]:
    """The figures at the right edge, beside the name where there is room and else below it; the rest below."""
    lines = _stack(Row("Layer", params="Params", share="Share", style="bold"), width, share, paint)
    lines.append(" " + "─" * (width - 1))
    for row in rows:
        lines += _stack(row, width, share, paint)
    return lines


def _stack(row: Row, width: int, share: int, paint: Paint) -> list[str]:
    names = _name(row, width - 1)
    figures = [f"{figure}{' ' * (GAP + share)}" for figure in wrapped(row.params, width - GAP - share)]
    figures[-1] = f"{figures[-1][: -GAP - share]}{row.share:>{GAP + share}}"
    space = width - 1 - columns_of(names[0][0] + figures[0])
    if len(names) + len(figures) == 2 and space >= GAP:
        lines = [f" {paint(names[0][0], row.style)}{' ' * space}{paint(figures[0], row.style)}"]
    else:
        lines = [f" {paint(name, row.style)}" for name, _ in names]
        lines += [paint(f"{figure:>{width}}", row.style) for figure in figures if figure.strip()]
    return lines + [f" {paint(told, style)}" for told, style in _told(row, width - 1, True)]
