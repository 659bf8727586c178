"""An explanation as one picture: its figures below each other."""

from __future__ import annotations

from typing import Any

from rnncalc.render.explain import parts
from rnncalc.render.explain.canvas import Canvas
from rnncalc.render.explain.figures import figure
from rnncalc.render.explain.lines import unbroken

GAP = 34
COLUMNS = 110  # of a line of text


def document(told: parts.Story, **look: Any) -> str:
    """One SVG with every figure that the model has."""
    whole = Canvas()
    title = next(part.text for part in told.parts if isinstance(part, parts.Heading))
    whole.text(0, 10, title, "title", "start")
    y = 34.0
    for line in unbroken(f"{told.record.total.symbols} = {told.record.report.params:,}", COLUMNS):
        whole.text(0, y, line, "", "start")
        y += 20
    y += GAP - 20
    for part in told.parts:
        if isinstance(part, parts.Figure):
            drawn = figure(part.kind, told.record)
            if drawn is None:
                continue
            whole.text(0, y, part.title, "soft", "start")
            whole.place(drawn, 0, y + 24)
            y += 24 + drawn.height + GAP
    return whole.svg(title, f"{told.record.total.numbers} = {told.record.report.params:,}")
