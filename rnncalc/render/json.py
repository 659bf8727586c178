"""JSON: the records as they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

from rnncalc.figures import Tensors
from rnncalc.report import SCHEMA_VERSION, LayerReport, ModelReport

if TYPE_CHECKING:
    from rnncalc.batch.rows import Row
    from rnncalc.errors import Problem


_encode = json.JSONEncoder(ensure_ascii=False).encode


def dumps(value: Any, indent: int | None = None) -> str:
    """The value's JSON; what plays with a terminal or with the direction of writing is escaped, the rest as it is."""
    text = json.dumps(value, ensure_ascii=False, indent=indent) if indent else _encode(value)
    if text.replace("\n", "").isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return json.dumps(char)[1:-1] if ord(char) > 0x7F else "\\u007f"


def _lines(values: Iterable[Any]) -> str:
    """A line each: json indents in Python, which takes longer than all the rest."""
    return ",".join(f"\n{dumps(value)}" for value in values)


def document(kind: str, *records: Any) -> str:
    """A model object, a list of models with what is wrong with the others, or the records' own JSON."""
    if kind == "model":
        value = records[0].to_dict()
    elif kind == "count":
        reports, _, problems = records
        models = _lines(report.to_dict() for report in reports)
        errors = _lines(problem.to_dict() for problem in problems)
        return f'{{"schema_version": {SCHEMA_VERSION}, "models": [{models}],\n"errors": [{errors}]}}\n'
    else:
        value = records[0].to_dict()
    return dumps(value, 2) + "\n"


def detail(report: ModelReport, budget: str) -> str:
    """A model of the batch report, on one line: its object with the state of its budget."""
    head = dumps({**report.head(), "budget": budget or None})
    return f'{head[:-1]}, "layers": [{", ".join([_layer(layer) for layer in report.layers])}]}}'


_MARK = "\0"


def _layer(layer: LayerReport) -> str:
    """A layer's object. All layers of a form have one text, but for their names and numbers."""
    tensors = layer.tensors
    if not isinstance(tensors, Tensors):
        return dumps(layer.to_dict())
    texts = tensors.form.texts
    if "json" not in texts:
        blank = dumps(tensors.form.blank(_MARK).to_dict())
        texts["json"] = blank.replace("%", "%%").replace(dumps(_MARK), "%s")
    names = [encode_basestring(each) if each.isprintable() else dumps(each) for each in (layer.name, *layer.inputs)]
    return texts["json"] % (*names, *["null" if each is None else each for each in tensors.numbers[:-1]])


def batch(rows: Iterable[Row], problems: Sequence[Problem]) -> Iterator[str]:
    """The models as they come, then what is wrong with the others."""
    yield f'{{"schema_version": {SCHEMA_VERSION}, "models": ['
    comma = ""
    for row in rows:
        yield f"{comma}\n{row.detail}"
        comma = ","
    yield f'],\n"errors": [{_lines(problem.to_dict() for problem in problems)}]}}\n'
