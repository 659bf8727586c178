"""CSV: plain figures, a row a tensor or a row of the sheet; no text can start a formula in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rnncalc.errors import printable
from rnncalc.report import ModelReport

if TYPE_CHECKING:
    from rnncalc.batch.rows import Row
    from rnncalc.errors import Problem

TENSOR = ("model", "framework", "source", "layer", "type", "framework_type", "tensor", "shape", "formula", "params")
BATCH = {  # column: of the row
    "model": "name",
    "framework": "framework",
    "layers": "layers",
    "params": "params",
    "trainable": "trainable_params",
    "macs_per_step": "macs_per_step",
    "weight_bytes": "weight_bytes",
    "budget": "budget",
    "source": "path",
    "macs": "macs",
    "flops": "flops",
    "flops_per_step": "flops_per_step",
    "state_bytes": "state_bytes",
}

# what starts a formula at the start of a cell, or where another program would start one
_FORMULA = re.compile(r"((?:^|[;\n])\s*)([=+@\uff0b\uff0d\uff1d\uff20-])")


def lines(rows: Iterable[Sequence[Any]]) -> str:
    """A line for each row."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return file.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        value = "; ".join(str(each) for each in value)
    if not isinstance(value, str):
        return str(value)
    if not value.isprintable():
        value = "\n".join(map(printable, value.split("\n")))
    return _FORMULA.sub(r"\1'\2", value)


def models(reports: Sequence[ModelReport], others: Any, *, color: bool, width: int) -> str:
    """A row a tensor, and one for a layer without any."""
    rows: list[Sequence[Any]] = [(*TENSOR, "trainable")]
    for report in reports:
        for layer in report.layers:
            start = (report.name, report.framework, report.source, layer.name, layer.type, layer.framework_type)
            for tensor in layer.tensors:
                shape = "x".join(str(axis) for axis in tensor.shape)
                trainable = str(tensor.trainable).lower()
                rows.append((*start, tensor.name, shape, tensor.formula, tensor.params, trainable))
            if not layer.tensors:
                rows.append((*start, "", "", "", 0, str(layer.trainable).lower()))
    return lines(rows)


def sheet(sheet: Any, *, color: bool, width: int) -> str:
    """The sheet's rows under plain names."""
    names = [column.lower().replace(" ", "_").replace("/", "_per_") or "result" for column in sheet.columns]
    return lines([names, *sheet.rows])


def batch(rows: Iterable[Row], problems: Sequence[Problem]) -> Iterator[str]:
    """A row a model, as they come, with all that is known of it."""
    yield lines([list(BATCH)])
    for row in rows:
        yield lines([[getattr(row, key) for key in BATCH.values()]])
