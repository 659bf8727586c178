"""A spec held against a real model: a row a layer that is as it should be, and one a tensor that is not."""

from __future__ import annotations

from typing import Any

from rnncalc.errors import counted
from rnncalc.matching.matched import EXTRA, MISSING, RESHAPED, Difference, Match, Matches
from rnncalc.render.sheets import Sheet
from rnncalc.render.words import shape as axes

KINDS = {MISSING: "missing", EXTRA: "extra", RESHAPED: "of another shape"}


def matches(found: Matches) -> list[Sheet]:
    """A table a model."""
    return [_match(match) for match in found.matches]


def _match(match: Match) -> Sheet:
    columns = ("", "Layer", "Tensor", "In the spec", "In the model", "Found as")
    rows: list[tuple[Any, ...]] = []
    differences: dict[str | None, list[Difference]] = {}
    for each in match.differences:
        differences.setdefault(each.layer, []).append(each)
    for layer in match.layers:
        wrong = differences.get(layer.name, [])
        rows += map(_difference, wrong)
        if layer.matched or not wrong:
            part = f"{layer.matched:,} of" if layer.matched < layer.tensors else "all"
            rows.append(("ok", layer.name, f"{part} {layer.tensors:,}", "", "", list(layer.prefixes)))
    rows += map(_difference, differences.get(None, ()))
    kinds = [each.kind for each in match.differences]
    counts = [f"{kinds.count(kind):,} {words}" for kind, words in KINDS.items() if kind in kinds]
    found = f"{sum(layer.matched for layer in match.layers):,} as they should be"
    notes = [f"{counted(sum(layer.tensors for layer in match.layers), 'tensor')}: {', '.join([found, *counts])}"]
    if match.aside:
        notes.append(f"{counted(len(match.aside), 'name')} left aside, as no weight or to be ignored")
    notes += [layer.told for layer in match.layers if layer.advice]
    notes += [match.hint] if match.hint else []
    verdict = "matches" if match.passed else "does NOT match"
    return Sheet(f"{match.model} · {match.framework}: {verdict} {match.against}", columns, tuple(rows), tuple(notes))


def _difference(each: Difference) -> tuple[Any, ...]:
    ours = "none" if each.shape is None else axes(each.shape) or "scalar"
    theirs = "missing" if each.found is None else axes(each.found) or "scalar"
    return "FAIL", each.layer or "", each.tensor or "", ours, theirs, each.entry or ""


def matches_csv(found: Matches) -> list[Sheet]:
    """A row a layer, and one a tensor that differs."""
    start: tuple[Any, ...] = ("Model", "Source", "Against", "Result", "Layer", "Tensor")
    columns = (*start, "Shape", "Found", "Entry", "Matched", "Tensors")
    rows: list[tuple[Any, ...]] = []
    for match in found.matches:
        start = (match.model, match.source, match.against)
        for layer in match.layers:
            rows.append((*start, "layer", layer.name, "", "", "", list(layer.prefixes), layer.matched, layer.tensors))
        for each in match.differences:
            shapes = ("" if shape is None else "x".join(map(str, shape)) for shape in (each.shape, each.found))
            rows.append((*start, each.kind, each.layer, each.tensor, *shapes, each.entry, None, None))
    return [Sheet("", columns, tuple(rows))]
