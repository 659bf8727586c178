"""Tables in a terminal, by rich. Readable at 60 columns, without colour, and on a dark or a light ground."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rnncalc.errors import printable
from rnncalc.errors import width as columns_of
from rnncalc.render import words
from rnncalc.report import ModelReport

BAR = 10
Others = Sequence[tuple[str, int]]


def _draw(parts: Sequence[Any], color: bool, width: int) -> str:
    file = io.StringIO()
    console = Console(
        file=file,
        width=width,
        force_terminal=color,
        no_color=not color,
        color_system="standard" if color else None,
        emoji=False,
        markup=False,
        highlight=False,
        legacy_windows=False,
    )
    for part in parts:
        console.print(part)
    lines = (line.rstrip() for line in file.getvalue().split("\n"))
    return "\n".join(lines)


def models(reports: Sequence[ModelReport], others: Sequence[Others], *, color: bool, width: int) -> str:
    """Each model's layers and tensors, and its totals."""
    parts: list[Any] = []
    for report, other in zip(reports, others):
        parts += [
            Text(words.title(report), style="bold"),
            _tensors(report, width),
            _summary(report, other, width),
            Text(""),
        ]
    return _draw(parts[:-1], color, width)


def _tensors(report: ModelReport, width: int) -> Table:
    rows = _rows(report)
    widths = [max(columns_of(text) for text in column) for column in zip(*(row[:5] for row in rows))]
    fits = sum(widths) + 2 * len(widths)
    beside, bar = fits <= width, fits + BAR + 2 <= width
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), collapse_padding=True)
    table.add_column("Layer", overflow="fold")
    if beside:
        table.add_column("Type or formula", overflow="fold")
    table.add_column("Shape", overflow="fold")
    table.add_column("Params", justify="right", no_wrap=True)
    table.add_column("Share", justify="right", no_wrap=True)
    if bar:
        table.add_column("", width=BAR, no_wrap=True)
    for name, told, shape, params, share, part, heads in rows:
        style = "bold" if heads else ""
        first = Text(name, style=style)
        if not beside and told:
            indent = "  " if heads else "    "
            first = Text.assemble((name, style), "\n", (f"{indent}{told}", "" if heads else "italic"))
        cells = [
            first,
            *([Text(told, style=style)] if beside else []),
            Text(shape),
            Text(params, style=style),
            Text(share),
        ]
        if bar:
            cells.append(Text("█" * max(1, round(BAR * part)) if heads and part else "", style="green"))
        table.add_row(*cells)
    return table


def _rows(report: ModelReport) -> list[tuple[str, str, str, str, str, float, bool]]:
    rows = []
    whole = report.params
    for layer in report.layers:
        frozen = "" if layer.trainable else ", not trainable"
        rows.append(
            (
                printable(layer.name),
                layer.framework_type + frozen,
                words.output_shape(layer.output_shape),
                words.number(layer.params),
                words.share(layer.params, whole),
                layer.params / whole if whole else 0.0,
                True,
            )
        )
        for tensor in layer.tensors:
            told = tensor.formula + (f" ({tensor.unread:,} never read)" if tensor.unread else "")
            share = words.share(tensor.params, whole)
            shape = words.shape(tensor.shape)
            rows.append((f"  {tensor.name}", told, shape, words.number(tensor.params), share, 0.0, False))
    return rows


def _summary(report: ModelReport, others: Others, width: int) -> Text:
    """Names and figures in two columns; a plain text, since a table would take as long to draw as the one above."""
    lines = words.summary(report, others)
    left = max(len(name) for name, _ in lines) + 2
    text = Text()
    for name, told in lines:
        for n, part in enumerate(_wrapped(told, width - left)):
            text.append(f"{'' if n else name:{left}}")
            text.append(f"{part}\n", "bold" if name == "Parameters" else "")
    text.rstrip()
    return text


def _wrapped(text: str, width: int) -> list[str]:
    """Lines broken at spaces where the text is too long."""
    if columns_of(text) <= width:
        return [text]
    from textwrap import wrap

    return wrap(text, max(width, 10)) or [""]


def sheet(sheet: Any, *, color: bool, width: int) -> str:
    """A table with its notes below."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), collapse_padding=True)
    numeric = [any(isinstance(row[n], int) for row in sheet.rows) for n in range(len(sheet.columns))]
    for name, right in zip(sheet.columns, numeric):
        table.add_column(name, justify="right" if right else "left", overflow="fold", no_wrap=right)
    for row in sheet.rows:
        table.add_row(*(_cell(value) for value in row))
    heading = [Text(printable(sheet.title), style="bold")] if sheet.title else []
    return _draw([*heading, table, *(Text(printable(note)) for note in sheet.notes)], color, width)


def _cell(value: Any) -> Text:
    if isinstance(value, int):
        return Text(words.number(value))
    if isinstance(value, (list, tuple)):
        return Text("\n".join(printable(str(each)) for each in value))
    text = words.UNKNOWN if value is None else printable(str(value))
    styles = {"FAIL": "bold red", "over": "bold red", "ok": "green"}
    return Text(text, style=styles.get(text, ""))
