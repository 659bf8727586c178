"""Markdown, for a pull request or a README."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from rnncalc.errors import printable
from rnncalc.render import words
from rnncalc.report import ModelReport


def safe(value: Any) -> str:
    """The text with nothing in it that Markdown or HTML would read."""
    text = printable(str(value))
    for char in "\\`*_[]<>|#~":
        text = text.replace(char, f"\\{char}" if char not in "<>" else {"<": "&lt;", ">": "&gt;"}[char])
    return _unsaid(text)


def _unsaid(text: str) -> str:
    """The text in which an @ calls nobody."""
    return text.replace("@", "@&#8203;")


def code(text: str) -> str:
    """The text as code, also in a table."""
    return f"`{printable(text).replace('`', chr(39)).replace('|', chr(0x2223))}`"


def table(columns: Sequence[str], right: Sequence[bool], rows: Sequence[Sequence[str]]) -> str:
    """A table of finished cells; `right` says which columns are numbers."""
    lines = [columns, ["---:" if each else "---" for each in right], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def models(
    reports: Sequence[ModelReport], others: Sequence[Sequence[tuple[str, int]]], *, color: bool, width: int
) -> str:
    """A heading, a table of tensors and the totals, for each model."""
    documents = []
    for report, other in zip(reports, others):
        rows = []
        for layer in report.layers:
            name, kind = f"**{safe(layer.name)}**", safe(layer.framework_type)
            share = words.share(layer.params, report.params)
            shape = code(words.output_shape(layer.output_shape))
            rows.append([name, kind, shape, f"**{layer.params:,}**", share])
            for tensor in layer.tensors:
                share = words.share(tensor.params, report.params)
                shape = words.shape(tensor.shape)
                rows.append([code(tensor.name), code(tensor.formula), shape, f"{tensor.params:,}", share])
        columns = ["Layer", "Type or formula", "Shape", "Params", "Share"]
        tensors = table(columns, [False, False, False, True, True], rows)
        totals = "".join(
            f"- {name + ': ' if name else ''}{safe(told)}\n" for name, told in words.summary(report, other)
        )
        documents.append(f"### {safe(report.name)} · {report.framework}\n\n{tensors}\n{totals}")
    return "\n".join(documents)


def sheet(sheet: Any, *, color: bool, width: int) -> str:
    """A table with its notes below."""
    numeric = [any(isinstance(row[n], int) for row in sheet.rows) for n in range(len(sheet.columns))]
    rows = [[_cell(value) for value in row] for row in sheet.rows]
    heading = f"### {safe(sheet.title)}\n\n" if sheet.title else ""
    notes = "".join(f"\n{safe(note)}\n" for note in sheet.notes)
    drawn = table(sheet.columns, numeric, rows) if rows else ""
    if sheet.folded:
        return f"<details><summary>{_unsaid(escape(printable(sheet.title)))}</summary>\n\n{drawn}{notes}\n</details>\n"
    return f"{f'<!-- {sheet.marker} -->{chr(10)}' if sheet.marker else ''}{heading}{drawn}{notes}"


def _cell(value: Any) -> str:
    if isinstance(value, int):
        return words.number(value)
    if isinstance(value, (list, tuple)):
        return "<br>".join(safe(each) for each in value)
    return words.UNKNOWN if value is None else safe(value)
