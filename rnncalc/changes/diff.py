"""What changed between two sides, each a list of models: which are new, gone, renamed or other than they were, and why.

>>> import rnncalc
>>> spec = {"name": "net", "framework": "keras", "input": {"depth": 10}, "layers": [{"lstm": 128}]}
>>> old, new = rnncalc.parse(spec), rnncalc.parse({**spec, "layers": [{"lstm": 160}]})
>>> found = changed(old, new)
>>> found.causes, found.figures["params"].change
(('units 128 -> 160 in lstm',), 38272)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rnncalc.changes.causes import gone_or_new, layer_causes, model_causes, sentences
from rnncalc.changes.pairs import layer_pairs
from rnncalc.changes.sides import Side, own_name, which
from rnncalc.errors import Problem
from rnncalc.gate.budget import state
from rnncalc.layer import Layer
from rnncalc.network import Model
from rnncalc.record import Record
from rnncalc.report import METRICS, SCHEMA_VERSION, LayerReport, ModelReport

ADDED, REMOVED, RENAMED, CHANGED, SAME = "added", "removed", "renamed", "changed", ""


class Delta(Record):
    """A figure as it was and as it is; None where it is unknown, or where there is no such model or layer."""

    old: int | None
    new: int | None
    change: int | None

    @property
    def percent(self) -> float | None:
        """The change in percent of what it was."""
        return 100 * self.change / self.old if self.old and self.change is not None else None

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        percent = self.percent
        return {
            "old": self.old,
            "new": self.new,
            "change": self.change,
            "percent": None if percent is None else round(percent, 4),
        }


Figures = Mapping[str, Delta]  # by metric


class LayerChange(Record):
    """A layer that is new, gone, renamed or another; `kind` is empty where it is as it was."""

    kind: str
    name: str
    old_name: str | None
    type: str
    framework_type: str
    figures: Figures
    causes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        return {
            "change": self.kind,
            "name": self.name,
            "old_name": self.old_name,
            "type": self.type,
            "framework_type": self.framework_type,
            **{metric: delta.to_dict() for metric, delta in self.figures.items()},
            "causes": list(self.causes),
        }


class ModelChange(Record):
    """A model that is new, gone, renamed or another; `kind` is empty where it is as it was.

    `layers` are those that changed. The budgets are `ok`, `broken`, `unknown`, or empty where there is none.
    """

    kind: str
    name: str
    old_name: str | None
    source: str | None
    old_source: str | None
    framework: str
    figures: Figures
    causes: tuple[str, ...] = ()
    layers: tuple[LayerChange, ...] = ()
    old_budget: str = ""
    budget: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        return {
            "change": self.kind,
            "name": self.name,
            "old_name": self.old_name,
            "source": self.source,
            "old_source": self.old_source,
            "framework": self.framework,
            **{metric: delta.to_dict() for metric, delta in self.figures.items()},
            "budget": {"old": self.old_budget or None, "new": self.budget or None},
            "causes": list(self.causes),
            "layers": [layer.to_dict() for layer in self.layers],
        }


class Difference(Record):
    """All changes between two sides, which `old` and `new` name; `figures` are of all models together."""

    old: str
    new: str
    models: tuple[ModelChange, ...]
    unchanged: int
    figures: Figures
    problems: tuple[Problem, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing changed."""
        return not self.models

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `diff`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "old": self.old,
            "new": self.new,
            "models": [model.to_dict() for model in self.models],
            "unchanged": self.unchanged,
            "totals": {metric: delta.to_dict() for metric, delta in self.figures.items()},
            "errors": [problem.to_dict() for problem in self.problems],
        }


def difference(old: Side, new: Side) -> Difference:
    """What changed from one side to the other."""
    reports = [[model.report() for model in side.models] for side in (old, new)]
    partner = {b: a for a, b in which(old, new)}
    found, unchanged = [], 0
    for n, model in enumerate(new.models):
        if n in partner:
            was = partner[n]
            moved = old.places[was] != new.places[n]
            change = changed(old.models[was], model, moved, (reports[0][was], reports[1][n]))
            unchanged += not change.kind
            if change.kind:
                budgets = _budget(old, was, reports[0]), _budget(new, n, reports[1])
                found.append(change._replace(old_budget=budgets[0], budget=budgets[1]))
        elif new.places[n] not in old.broken:
            found.append(_alone(ADDED, reports[1][n])._replace(budget=_budget(new, n, reports[1])))
    kept = set(partner.values())
    gone = [n for n in range(len(old.models)) if n not in kept and old.places[n] not in new.broken]
    found += [_alone(REMOVED, reports[0][n])._replace(old_budget=_budget(old, n, reports[0])) for n in gone]
    totals = {metric: _delta(_sum(reports[0], metric), _sum(reports[1], metric)) for metric in METRICS}
    return Difference(old.told, new.told, tuple(found), unchanged, totals, (*old.problems, *new.problems))


def changed(
    old: Model, new: Model, moved: bool = False, reports: tuple[ModelReport, ModelReport] | None = None
) -> ModelChange:
    """What changed from one model to another, their budgets aside; `moved` says that its file did."""
    was, now = reports or (old.report(), new.report())
    pairs = layer_pairs(old.layers, new.layers)
    names = {a.plan.name: b.plan.name for a, b in pairs if a and b}
    own = [layer_causes(a, b, names) if a and b else [] for a, b in pairs]
    rows = [{layer.name: layer for layer in report.layers} for report in (was, now)]
    layers = [_layer(*each, rows, [cause.text for cause in causes]) for each, causes in zip(pairs, own)]
    renamed = bool(own_name(old) or own_name(new)) and old.name != new.name
    causes = [f"name {old.name} -> {new.name}"] if renamed else []
    causes += [f"moved from {was.source}"] if moved else []
    causes += sentences(model_causes(old, new))
    for kind in (ADDED, REMOVED):
        causes += gone_or_new([layer.name for layer in layers if layer.kind == kind], kind)
    causes += sentences(cause for each in own for cause in each)
    order = {layer.plan.name: n for n, layer in enumerate(old.layers)}
    places = [order[a.plan.name] for a, b in pairs if a and b]
    causes += ["the order of the layers"] if places != sorted(places) else []
    figures = _figures(was, now)
    return ModelChange(
        RENAMED if renamed or moved else CHANGED if causes or _differ(figures) else SAME,
        new.name,
        old.name,
        now.source,
        was.source,
        new.framework,
        figures,
        tuple(causes),
        tuple(layer for layer in layers if layer.kind),
    )


def _alone(kind: str, report: ModelReport) -> ModelChange:
    """A model that only one side has."""
    here = (report.name, report.source)
    name, source = here if kind == ADDED else (report.name, None)
    old_name, old_source = here if kind == REMOVED else (None, None)
    figures = _figures(report, None) if kind == REMOVED else _figures(None, report)
    return ModelChange(kind, name, old_name, source, old_source, report.framework, figures)


def _budget(side: Side, n: int, reports: Sequence[ModelReport]) -> str:
    return state(side.models[n], reports[n], side.limits(side.models[n].name))


def _layer(
    old: Layer | None, new: Layer | None, rows: Sequence[Mapping[str, LayerReport]], own: list[str]
) -> LayerChange:
    was = rows[0][old.plan.name] if old else None
    now = rows[1][new.plan.name] if new else None
    shown = now or was
    assert shown
    figures = _figures(was, now)
    kind = CHANGED if own or _differ(figures) else SAME
    kind = kind if was and now else ADDED if now else REMOVED
    causes = list(own)
    if old and new and old.depths != new.depths:
        depths = [", ".join(f"{depth:,}" for depth in layer.depths if depth) or "?" for layer in (old, new)]
        causes.append(f"input_depth {depths[0]} -> {depths[1]}")
    return LayerChange(
        kind, shown.name, was.name if was else None, shown.type, shown.framework_type, figures, tuple(causes)
    )


def _figures(old: ModelReport | LayerReport | None, new: ModelReport | LayerReport | None) -> Figures:
    gone = old is None, new is None
    return {metric: _delta(_figure(old, metric), _figure(new, metric), *gone) for metric in METRICS}


def _differ(figures: Figures) -> bool:
    return any(delta.old != delta.new for delta in figures.values())


def _figure(report: ModelReport | LayerReport | None, metric: str) -> int | None:
    found: int | None = getattr(report, metric, None)
    return found


def _delta(old: int | None, new: int | None, appears: bool = False, vanishes: bool = False) -> Delta:
    was, now = 0 if appears else old, 0 if vanishes else new
    return Delta(old, new, None if was is None or now is None else now - was)


def _sum(reports: Sequence[ModelReport], metric: str) -> int | None:
    values = [_figure(report, metric) for report in reports]
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
