"""What `explain` tells, in every format: one file a format, all over the story of `rnncalc.render.explain.story`.

To add a format, add a file with `document(stories, **look)`, which returns the text; `look` may hold `color`, `width`,
`ascii`, and `only` for one kind of figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

FIGURES = ("unrolled", "units", "step", "weights")
FORMATS = ("text", "json", "markdown", "latex", "svg", "html")


def render(form: str, records: Sequence[Any], **look: Any) -> str:
    """The text of explanations, or of differences, in this format; not in JSON, which has the records' own."""
    from rnncalc.render.explain.story import story

    module = import_module(f"rnncalc.render.explain.{form}")
    told: str = module.document([story(record) for record in records], **look)
    return told
