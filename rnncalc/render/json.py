"""JSON: the records as they are."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from rnncalc.report import SCHEMA_VERSION


def _lines(values: Iterable[Any]) -> str:
    """A line each: json indents in Python, which takes longer than all the rest."""
    return ",".join(f"\n{json.dumps(value, ensure_ascii=False)}" for value in values)


def document(kind: str, *records: Any) -> str:
    """A model object, a list of models with what is wrong with the others, or the records' own JSON."""
    if kind == "model":
        value = records[0].to_dict()
    elif kind in ("count", "batch"):
        reports, _, problems = records
        models = _lines(report.to_dict() for report in reports)
        errors = _lines(problem.to_dict() for problem in problems)
        return f'{{"schema_version": {SCHEMA_VERSION}, "models": [{models}],\n"errors": [{errors}]}}\n'
    else:
        value = records[0].to_dict()
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
