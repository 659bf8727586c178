"""Tables in a terminal, by rich. Readable at 60 columns, without colour, and on a dark or a light ground."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.cells import cell_len as columns_of
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rnncalc.errors import printable
from rnncalc.record import Record
from rnncalc.render import words
from rnncalc.report import ModelReport

BAR = 8
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
        if isinstance(part, Text) and not color and all(columns_of(line) <= width for line in part.plain.split("\n")):
            file.write(f"{part.plain}\n")
        else:
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


class Row(Record):
    """A line of the table: a layer (`part` is its share), a tensor, a path that several share, or the total."""

    name: str
    told: str = ""
    shape: str = ""
    params: str = ""
    share: str = ""
    part: float | None = None
    style: str = ""


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


def _tensors(report: ModelReport, width: int) -> Table:
    """Five columns and a bar; a narrow terminal has the formulas below the names."""
    rows = _rows(report)
    name, told, *figures = (max(columns_of(text) for text in column) for column in zip(*(row[:5] for row in rows)))
    needed = max(name, 5) + max(told, 15) + sum(figures) + 2 * 5
    beside = needed <= width
    table = _table(0 if beside else 1)
    if beside:  # rich need not measure what is known, nor pad what has its space
        heads = ("Layer", "Type or formula", "Shape", "Params", "Share")
        for head, size in zip(heads, (name, told, *figures)):
            justify: Any = "right" if head in ("Params", "Share") else "left"
            table.add_column(head, width=max(size, len(head)) + (head != "Params"), justify=justify, no_wrap=True)
    else:
        table.add_column("Layer", overflow="fold")
        table.add_column("Shape", overflow="fold")
        table.add_column("Params", justify="right", no_wrap=True)
        table.add_column("Share", justify="right", no_wrap=True)
    bar = len(report.layers) > 1 and needed + 2 + BAR <= width
    if bar:
        table.add_column("", width=BAR + 1, no_wrap=True)
    shapes = [len(row.shape) for row in rows if row.part is None]
    room = width - max([*shapes, 5]) - sum(figures[1:]) - 2 * 4
    for row in rows:
        figure = [Text(row.params, style=row.style), Text(row.share)]
        if beside:
            cells = [Text(row.name, style=row.style), Text(row.told, style=row.style), Text(row.shape), *figure]
        else:
            cells = [_below(row, room), Text(row.shape if row.part is None else ""), *figure]
        if bar:
            cells.append(Text(" " + "█" * max(1, round(BAR * row.part)) if row.part else "", style="green"))
        table.add_row(*cells)
    return table


def _below(row: Row, room: int) -> Text:
    """The name, broken at slashes where it is long, and below it what it is: a layer's type, a tensor's formula."""
    text = Text()
    heads = row.part is not None
    for n, line in enumerate(_wrapped(row.name.replace("/", "/\0"), room - 2, "\0")):
        text.append(f"{'  ' if n else ''}{line}\n", row.style)
    for told in (row.told, row.shape) if heads else (row.told,):
        for line in _wrapped(told, room - 7, " ") if told else ():
            text.append(f"{'  ' if heads else '      '}{line}\n", "" if heads else "italic")
    text.rstrip()
    return text


def _summary(report: ModelReport, others: Others, width: int) -> Text:
    """Names and figures in two columns; a plain text, since a table would take as long to draw as the one above."""
    lines = words.summary(report, others)
    left = max(len(name) for name, _ in lines) + 2
    text = Text()
    for name, told in lines:
        for n, part in enumerate(_wrapped(told, width - left, " ")):
            text.append(f"{'' if n else name:{left}}")
            text.append(f"{part}\n")
    text.rstrip()
    return text


def _wrapped(text: str, width: int, at: str) -> list[str]:
    """The lines of a text that is broken at `at` where it is too long."""
    lines = [""]
    for part in text.split(at):
        joined = f"{lines[-1]}{at.strip(chr(0))}{part}" if lines[-1].strip() else f"{lines[-1]}{part}"
        if columns_of(joined) <= width or not lines[-1].strip():
            lines[-1] = joined
        else:
            lines.append(part)
    return lines


def _table(padding: int = 1) -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, padding), collapse_padding=True)


def sheet(sheet: Any, *, color: bool, width: int) -> str:
    """A table with its notes below."""
    table = _table()
    shown = _fitting(sheet, width)
    for n in shown:
        right = any(isinstance(row[n], int) for row in sheet.rows)
        table.add_column(sheet.columns[n], justify="right" if right else "left", overflow="fold", no_wrap=right)
    for row in sheet.rows:
        table.add_row(*(_cell(row[n]) for n in shown))
    heading = [Text(printable(sheet.title), style="bold")] if sheet.title else []
    return _draw([*heading, table, *(Text(printable(note)) for note in sheet.notes)], color, width)


def _fitting(sheet: Any, width: int) -> list[int]:
    """The columns that are shown: those that can be spared go one by one until the rest fits."""
    shown = list(range(len(sheet.columns)))
    widths = [
        max(
            columns_of(line)
            for value in (name, *(row[n] for row in sheet.rows))
            for line in _cell(value).plain.split("\n")
        )
        for n, name in enumerate(sheet.columns)
    ]
    for name in sheet.spare:
        if sum(widths[n] + 2 for n in shown) <= width:
            break
        shown.remove(sheet.columns.index(name))
    return shown


def _cell(value: Any) -> Text:
    if isinstance(value, int):
        return Text(words.number(value))
    if isinstance(value, (list, tuple)):
        return Text("\n".join(printable(str(each)) for each in value))
    text = words.UNKNOWN if value is None else printable(str(value))
    styles = {"FAIL": "bold red", "over": "bold red", "ok": "green"}
    return Text(text, style=styles.get(text, ""))
