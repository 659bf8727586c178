"""Tables in a terminal. Readable at 60 columns, without colour, and on a dark or a light ground."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rnncalc.errors import printable
from rnncalc.render import words
from rnncalc.render.grid import EDGES, GAP, Cell, Column, grid, natural
from rnncalc.render.lines import Line, columns_of, finished, paragraph, wrapped
from rnncalc.render.tensors import tensors
from rnncalc.report import ModelReport

STYLES = {"FAIL": "bold red", "broken": "bold red", "ok": "green"}
Others = Sequence[tuple[str, int]]


def models(reports: Sequence[ModelReport], others: Sequence[Others], *, color: bool, width: int) -> str:
    """Each model's layers and tensors, and its totals."""
    lines: list[Line] = []
    for report, other in zip(reports, others):
        lines += [[]] if lines else []
        lines += paragraph(words.title(report), width, "bold")
        lines += [[], *tensors(report, width), [], *_summary(report, other, width)]
    return finished(lines, color)


def _summary(report: ModelReport, others: Others, width: int) -> list[Line]:
    """Names and figures in two columns; a figure that has no room beside its name stands below it."""
    told = words.summary(report, others)
    left = max(columns_of(name) for name, _ in told) + GAP
    lines: list[Line] = []
    for name, text in told:
        longest = max(columns_of(word) for word in text.split())
        beside = longest <= width - left
        if not beside:
            lines.append([(name, "")])
        for n, part in enumerate(wrapped(text, width - (left if beside else GAP))):
            lines.append([(f"{'' if n else name:{left}}" if beside else " " * GAP, ""), (part, "")])
    return lines


def sheet(sheet: Any, *, color: bool, width: int) -> str:
    """A table with its notes below."""
    columns = [Column(name, any(isinstance(row[n], int) for row in sheet.rows)) for n, name in enumerate(sheet.columns)]
    rows = [[_cell(value) for value in row] for row in sheet.rows]
    shown = _fitting(sheet, natural(columns, rows), width - EDGES)
    lines = paragraph(printable(sheet.title), width, "bold") if sheet.title else []
    lines += [[], *grid([columns[n] for n in shown], [[row[n] for n in shown] for row in rows], width), []]
    for note in sheet.notes:
        lines += paragraph(printable(note), width)
    return finished(lines, color)


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
