"""Limits and verdicts: does a model, or a layer of it, still fit?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from rnncalc.errors import Place, Problem, SpecError
from rnncalc.gate.limits import Limit, applied, flat
from rnncalc.network import Model
from rnncalc.record import Record
from rnncalc.report import SCHEMA_VERSION, LayerReport, ModelReport

Held = tuple[str, "str | None", Limit]  # kind, layer, limit


class Check(Record):
    """One limit, and whether it is met.

    `kind` says what sets it: a `budget`; `expect`, for a figure that is pinned; `growth`, against the figure `base`;
    or an `exception` that has ended. `message` is a sentence with the exact figures. A limit that is not met is an
    `error`, or a `warning` that fails nothing, by its `level`. Then `advice` says what would fit, `place` where the
    limit stands (None for one of the command line), and `origin` the layer or model that it is about in its spec.
    """

    model: str
    source: str | None
    layer: str | None
    metric: str
    actual: int
    limit: int
    passed: bool
    kind: str = "budget"
    base: int | None = None
    level: str = "error"
    message: str = ""
    advice: str = ""
    place: Place | None = None
    origin: Place | None = None

    @property
    def failed(self) -> bool:
        """Whether it is a reason to fail."""
        return not self.passed and self.level == "error"

    @property
    def excess(self) -> int:
        """How far the figure is above the limit; below an expected one it is negative."""
        return self.actual - self.limit

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        return {
            "model": self.model,
            "source": self.source,
            "layer": self.layer,
            "metric": self.metric,
            "actual": self.actual,
            "limit": self.limit,
            "passed": self.passed,
            "kind": self.kind,
            "base": self.base,
            "level": self.level,
            "message": self.message,
            "advice": self.advice or None,
            "path": self.place.path if self.place else None,
            "line": self.place.line if self.place else None,
            "column": self.place.column if self.place else None,
            "origin": self.origin.to_dict() if self.origin else None,
        }


class Verdict(Record):
    """All checks of a run, and what could not be checked."""

    checks: tuple[Check, ...]
    problems: tuple[Problem, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing failed, and everything could be checked."""
        return bool(self.checks) and not self.problems and not any(check.failed for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `check`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "passed": self.passed,
            "checks": [check.to_dict() for check in self.checks],
            "errors": [problem.to_dict() for problem in self.problems],
        }


def figure(report: ModelReport | LayerReport, metric: str) -> int | None:
    """The figure of a metric; None while a length is unknown."""
    value: int | None = getattr(report, metric)
    return value


def held(model: Model, layers: Collection[str], extra: Sequence[Limit] = ()) -> Iterator[Held]:
    """All that a model of these layers is held to: its own budget and expectations, and extra limits."""
    for kind in ("budget", "expect"):
        given = getattr(model.plan, kind)
        for layer, limit in applied(list(flat(given, kind)), layers) if given else ():
            yield kind, layer, limit
    for layer, limit in applied(extra, layers):
        yield "budget", layer, limit


def check(
    model: Model, extra: Sequence[Limit] = (), report: ModelReport | None = None
) -> tuple[list[Check], list[Problem]]:
    """The model against its own budget and expectations, and against extra limits; `report` is its own, if known."""
    report = report or model.report()
    layers = {layer.name: layer for layer in report.layers}
    checks, problems = [], []
    for kind, layer, (_, metric, limit, where, place) in held(model, layers, extra):
        actual = figure(layers[layer] if layer else report, metric)
        if actual is None:
            problems.append(unknown(model, metric, () if place else where))
            continue
        passed = actual == limit if kind == "expect" else actual <= limit
        found = Check(model.name, model.plan.source, layer, metric, actual, limit, passed, kind)
        found = found._replace(message=_message(found))
        own = _place(model, where) if where and not passed and not place else place
        checks.append(found if passed else explained(model, found, own))
    return checks, problems


def unknown(model: Model, metric: str, where: tuple[Any, ...] = ()) -> Problem:
    """What to say of a figure that is not known."""
    message = f"{model.name}: {metric} is unknown while a length is; give `input` its `steps`"
    return model.locate(Problem(message, where))


def explained(model: Model, check: Check, place: Place | None) -> Check:
    """A limit that is broken, with what would fit, its place, and the layer or model that it is about."""
    advice = "" if check.kind == "expect" else _advice(model, check.layer, check.metric, check.limit)
    return check._replace(advice=advice, place=place, origin=origin(model, check.layer))


def _message(check: Check) -> str:
    what = f"{check.layer}: {check.metric}" if check.layer else check.metric
    if check.kind == "expect":
        return f"{what} {check.actual:,} is " + (
            "as expected" if check.passed else f"not the expected {check.limit:,} ({check.excess:+,})"
        )
    told = f"within the limit of {check.limit:,}" if check.passed else f"above the limit of {check.limit:,}"
    return f"{what} {check.actual:,} is {told}" + ("" if check.passed else f" ({check.excess:+,})")


def _place(model: Model, where: tuple[Any, ...], at: str = "value") -> Place | None:
    found = model.locate(Problem("", where, at))
    return Place(found.path, found.line, found.column) if found.path and found.line and found.column else None


def origin(model: Model, layer: str | None) -> Place | None:
    """Where a layer, or the model, is in its spec."""
    where = next((each.plan.where for each in model.layers if each.plan.name == layer), ("layers",))
    return _place(model, where, "key")


def _advice(model: Model, layer: str | None, metric: str, limit: int) -> str:
    """The largest main size of the layer (the model's largest layer that has one) at which the limit holds."""
    from rnncalc.sizing.solve import resizable, solve

    candidates = [each for each in model.layers if layer in (None, each.plan.name) and resizable(each)]
    tried = False
    for each in sorted(candidates, key=lambda each: -each.params):
        key = "depth" if each.cell.base == "embedding" else each.cell.sizes[0]
        try:
            found = solve(model, [(each.plan.name, key)], [(layer, metric, limit)])
        except SpecError:
            continue  # other sizes do not fit together, as around a residual
        tried = True
        if found.size is not None:
            now = each.plan.options[key]
            return f"the largest {found.word} of {each.plan.name} that fits is {found.size:,} (now {now:,})"
        if layer:
            return f"no {found.word} of {each.plan.name} fits"
    return "no size of a single layer makes it fit" if tried else ""


STATES = ("ok", "broken", "unknown")


def state(model: Model, report: ModelReport, extra: Sequence[Limit] = ()) -> str:
    """Whether a model keeps its budget: `ok`, `broken`, `unknown` where a figure is, or nothing where it has none."""
    if not (model.plan.budget or model.plan.expect or extra):
        return ""
    found = ""
    layers = {each.name: each for each in report.layers}
    for kind, layer, (_, metric, limit, *_) in held(model, layers, extra):
        actual = figure(layers[layer] if layer else report, metric)
        if actual is None:
            found = "unknown"
        elif actual > limit or (kind == "expect" and actual != limit):
            return "broken"
        else:
            found = found or "ok"
    return found
