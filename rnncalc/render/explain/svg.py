"""An explanation as one picture: its figures below each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rnncalc.render.explain import parts
from rnncalc.render.explain.canvas import Canvas
from rnncalc.render.explain.figures import figure
from rnncalc.render.explain.lines import unbroken

GAP = 34
COLUMNS = 110  # of a line of text


def document(stories: Sequence[parts.Story], *, only: str = "", **look: Any) -> str:
    """One SVG with every figure that the models have, or with those of one kind and no words."""
    whole, y = Canvas(), 0.0
    for told in stories:
        y = _story(whole, told, only, y)
    return whole.svg("; ".join(told.title for told in stories))


def _story(whole: Canvas, told: parts.Story, only: str, y: float) -> float:
    """Draw the figures of one model; where the next begins."""
    if not only:
        whole.text(0, y + 10, told.title, "title", "start")
        y += 34
        for line in unbroken(f"{told.record.total.symbols} = {told.record.report.params:,}", COLUMNS):
            whole.text(0, y, line, "", "start")
            y += 20
        y += GAP - 20
    for part in told.parts:
        drawn = figure(part.kind, told.record) if isinstance(part, parts.Figure) and only in ("", part.kind) else None
        if drawn is not None:
            if not only:
                whole.text(0, y, part.title, "soft", "start")
                y += 24
            whole.place(drawn, 0, y)
            y += drawn.height + GAP
    return y
