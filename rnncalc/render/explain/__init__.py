"""What `explain` tells, in every format: one file a format, all over the story of `rnncalc.render.explain.story`.

To add a format, add a file with `document(story, **look)`, which returns the text.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

FORMATS = ("text", "json", "markdown", "latex", "svg", "html")


def render(form: str, record: Any, **look: Any) -> str:
    """The text of an explanation, or of a difference, in this format."""
    if form == "json":
        from rnncalc.render.json import document

        return document("explanation", record)
    from rnncalc.render.explain.story import story

    module = import_module(f"rnncalc.render.explain.{form}")
    told: str = module.document(story(record), **look)
    return told
