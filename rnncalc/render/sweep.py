"""A sweep in pieces, as its rows come; what people read has the first of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

from rnncalc.render import csv
from rnncalc.render.json import dumps
from rnncalc.render.sheets import Sheet
from rnncalc.report import SCHEMA_VERSION
from rnncalc.sizing.sweep import Rows, Sweep

MOST = 1000  # rows of a table


def pieces(form: str, sweep: Sweep, color: bool = False, width: int = 100) -> Iterator[str]:
    """The document, piece by piece."""
    if form == "csv":
        yield csv.lines([sweep.columns])
        for rows in sweep.rows():
            start = csv.lines([[_said(value) for value in rows.choices]]).rstrip("\n") + "," if rows.choices else ""
            yield _lines(rows, start, [""] * _width(sweep), "\n", ",")
    elif form == "jsonl":
        for rows in sweep.rows():
            yield _objects(sweep, rows, "}\n")
    elif form == "json":
        head = {"schema_version": SCHEMA_VERSION, "name": sweep.name, "columns": list(sweep.columns)}
        yield dumps(head)[:-1] + ', "rows": ['
        first = True
        for rows in sweep.rows():
            text = _objects(sweep, rows, "},\n")[:-2]
            yield f"\n{text}" if first else f",\n{text}"
            first = False
        yield f'], "left_out": {sweep.left_out}, "above": {sweep.above}, "errors": []}}\n'
    else:
        module = import_module(f"rnncalc.render.{form}")
        yield module.sheet(_sheet(sweep), color=color, width=width)


def _width(sweep: Sweep) -> int:
    return len(sweep.sizes) + len(sweep.metrics)


def _objects(sweep: Sweep, rows: Rows, end: str) -> str:
    """A JSON object a row."""
    names = [f"{dumps(name)}: " for name in sweep.columns]
    done = len(rows.choices)
    start = "{" + "".join(f"{name}{json.dumps(value)}, " for name, value in zip(names, rows.choices))
    return _lines(rows, start, names[done:], end, ", ")


def _lines(rows: Rows, start: str, names: Sequence[str], end: str, between: str) -> str:
    """All rows by one format, which is the fastest that Python writes numbers."""
    columns = [column.tolist() for column in (*rows.sizes, *rows.figures)]
    line = start.replace("%", "%%") + between.join(f"{name.replace('%', '%%')}%d" for name in names) + end
    values = [value for row in zip(*columns) for value in row]
    return line * len(columns[0]) % tuple(values)


def _sheet(sweep: Sweep) -> Sheet:
    rows: list[tuple[Any, ...]] = []
    for block in sweep.rows():
        left = MOST + 1 - len(rows)
        columns = [column[:left].tolist() for column in (*block.sizes, *block.figures)]
        rows += [(*map(_said, block.choices), *row) for row in zip(*columns)]
        if len(rows) > MOST:
            break
    notes = (f"the first {MOST:,} rows; csv and jsonl have all",) if len(rows) > MOST else ()
    return Sheet(sweep.name, sweep.columns, tuple(rows[:MOST]), notes)


def _said(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
