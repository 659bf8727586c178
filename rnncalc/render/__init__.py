"""Documents in every format: one file a format, none of which computes.

A document has a kind and its records. The kinds `model` and `count` show models tensor by tensor; every other kind
is a `Sheet` (columns and rows), laid out in `rnncalc.render.sheets`. To add a format, add a file with
`models(reports, others, problems, **look)` and `sheet(sheet, **look)`, each of which returns the text.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def render(form: str, kind: str, *records: Any, color: bool = False, width: int = 100) -> str:
    """The text of a document of this kind in this format."""
    if form == "json":
        from rnncalc.render import json

        return json.document(kind, *records)
    module = import_module(f"rnncalc.render.{form}")
    look = {"color": color, "width": width}
    text: str
    if kind == "model":
        report, others = records
        text = module.models([report], [others], **look)
    elif kind == "count":
        reports, others, _ = records
        text = module.models(reports, others, **look)
    else:
        from rnncalc.render import sheets

        text = "".join(module.sheet(sheet, **look) for sheet in getattr(sheets, kind)(*records))
    return text
