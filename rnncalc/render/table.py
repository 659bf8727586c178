"""Tables in a terminal. Readable at 60 columns, without colour, and on a dark or a light ground."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rnncalc.errors import printable
from rnncalc.render import words
from rnncalc.render.grid import EDGES, GAP, Cell, Column, grid, natural
from rnncalc.render.lines import columns_of, finished, painter, wrapped
from rnncalc.render.tensors import tensors
from rnncalc.report import ModelReport

STYLES = {"FAIL": "bold red", "broken": "bold red", "ok": "green"}
Others = Sequence[tuple[str, int]]


def models(reports: Sequence[ModelReport], others: Sequence[Others], *, color: bool, width: int) -> str:
    """Each model's layers and tensors, and its totals."""
    paint = painter(color)
    lines: list[str] = []
    for report, other in zip(reports, others):
        lines += [""] if lines else []
        lines += [paint(line, "bold") for line in wrapped(words.title(report), width)]
        lines += ["", *tensors(report, width, paint), "", *_summary(report, other, width)]
    return finished(lines)


def _summary(report: ModelReport, others: Others, width: int) -> list[str]:
    """Names and figures in two columns; a figure that has no room beside its name stands below it."""
    told = words.summary(report, others)
    left = max(columns_of(name) for name, _ in told) + GAP
    lines = []
    for name, text in told:
        beside = max(columns_of(word) for word in text.split()) <= width - left
        lines += [] if beside else [name]
        for n, part in enumerate(wrapped(text, width - (left if beside else GAP))):
            lines.append(f"{'' if n else name:{left}}{part}" if beside else f"{' ' * GAP}{part}")
    return lines


def sheet(sheet: Any, *, color: bool, width: int) -> str:
    """A table with its notes below."""
    paint = painter(color)
    columns = [Column(name, any(isinstance(row[n], int) for row in sheet.rows)) for n, name in enumerate(sheet.columns)]
    rows = [[_cell(value) for value in row] for row in sheet.rows]
    shown = _fitting(sheet, natural(columns, rows), width - EDGES)
    lines = [paint(line, "bold") for line in wrapped(printable(sheet.title), width)] if sheet.title else []
    kept = [[row[n] for n in shown] for row in rows]
    lines += ["", *grid([columns[n] for n in shown], kept, width, paint), ""]
    for note in sheet.notes:
        lines += wrapped(printable(note), width)
    return finished(lines)


def _fitting(sheet: Any, widths: Sequence[int], room: int) -> list[int]:
    """The columns that are shown: those that can be spared go one by one until the rest fits."""
    shown = list(range(len(widths)))
    for name in sheet.spare:
        if sum(widths[n] + GAP for n in shown) - GAP <= room:
            break
        shown.remove(sheet.columns.index(name))
    return shown


def _cell(value: Any) -> Cell:
    if isinstance(value, int):
        return [(words.number(value), "")]
    if isinstance(value, (list, tuple)):
        return [(printable(str(each)), "") for each in value]
    text = words.UNKNOWN if value is None else printable(str(value))
    return [(text, STYLES.get(text, ""))]
