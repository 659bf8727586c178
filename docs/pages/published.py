"""The figures that others printed, and ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pages.text import NOTE, finished, table
from rnncalc import load
from rnncalc.render.words import number

ROOT = Path(__file__).parent.parent.parent


def published_page() -> str:
    """The figures that others printed, and ours."""
    cases = json.loads((ROOT / "tests/published.json").read_text("utf-8"))["cases"]
    lines = ["# Published models", "", NOTE, ""]
    lines += [
        "Figures that others printed, against a count of the same model from its description. Each spec names its",
        "source and what was worked out from the counts. Where a source rounds, its figure stands for a range,",
        "and ours has to lie in it. `tests/test_published.py` compares totals, layers and what is trainable.",
        "",
    ]
    rows, doubts = [], []
    for case in cases:
        path = ROOT / "configs/published" / f"{case['id']}.yaml"
        text = path.read_text("utf-8") if path.exists() else ""
        printed: Any = case["published_total"]
        if not case["exact"]:
            printed = f"{printed[0]:,} to {printed[1]:,}"
        ours = load(path).report().params if path.exists() else None
        name = f"[{case['id']}](../configs/published/{case['id']}.yaml)" if path.exists() else case["id"]
        verdict = ("exact" if case["exact"] else "in the range") if case["matches"] and path.exists() else "no match"
        if case["matches"] and not path.exists():
            verdict = "no spec"
        verdict = "weak evidence" if "weak evidence" in text else verdict
        rows.append((name, case["source"], printed if isinstance(printed, str) else f"{printed:,}",
                     number(ours) if ours is not None else "none", verdict))  # fmt: skip
        if verdict in ("no match", "weak evidence", "no spec"):
            derived = sum(layer["params"] for layer in case["derived_layers"] or ())
            added = f" The derivation gives {derived:,}." if derived and ours is None else ""
            weak = (
                " The figure was not checked against the source's own table, and the inputs, outputs and peepholes"
                " are inferred: that it lies in the range shows little."
            )
            doubts.append(f"- **{case['id']}** ({verdict}): {case['note']}{added}{weak if verdict[0] == 'w' else ''}")
    exact = sum(row[-1] == "exact" for row in rows)
    inside = sum(row[-1] == "in the range" for row in rows)
    lines += [f"{len(rows)} models: {exact} exact to the last digit, {inside} within what the source rounds to.", ""]
    lines += ["## What does not match, or is weak", "", *doubts, "", "## All of them", ""]
    lines += table(("Model", "Source", "Printed", "Ours", ""), rows)
    inferred = [(case["id"], case["inferred"]) for case in cases if case["inferred"]]
    lines += ["## What was worked out from the counts", ""]
    lines += ["A match says less where a size was chosen so that it fits.", ""]
    lines += table(("Model", "What"), inferred)
    return finished(lines)
