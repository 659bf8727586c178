"""JSON: the records as they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rnncalc.report import SCHEMA_VERSION, ModelReport

if TYPE_CHECKING:
    from rnncalc.batch.rows import Row
    from rnncalc.errors import Problem


def dumps(value: Any, indent: int | None = None) -> str:
    """The value's JSON; what plays with a terminal or with the direction of writing is escaped, the rest as it is."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
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
    value = report.to_dict()
    layers = value.pop("layers")
    return dumps({**value, "budget": budget or None, "layers": layers})


def batch(rows: Iterable[Row], problems: Sequence[Problem]) -> Iterator[str]:
    """The models as they come, then what is wrong with the others."""
    yield f'{{"schema_version": {SCHEMA_VERSION}, "models": ['
    comma = ""
    for row in rows:
        yield f"{comma}\n{row.detail}"
        comma = ","
    yield f'],\n"errors": [{_lines(problem.to_dict() for problem in problems)}]}}\n'
