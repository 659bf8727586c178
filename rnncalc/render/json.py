"""JSON: the records as they are."""

from __future__ import annotations

import json
from typing import Any

from rnncalc.report import SCHEMA_VERSION


def document(kind: str, *records: Any) -> str:
    """A model object, a list of models with what is wrong with the others, or the records' own JSON."""
    if kind == "model":
        value = records[0].to_dict()
    elif kind in ("count", "batch"):
        reports, _, problems = records
        value = {
            "schema_version": SCHEMA_VERSION,
            "models": [report.to_dict() for report in reports],
            "errors": [problem.to_dict() for problem in problems],
        }
    else:
        value = records[0].to_dict()
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
