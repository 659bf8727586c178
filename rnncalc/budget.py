"""Limits and verdicts: does a model, or a layer of it, still fit?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rnncalc.errors import Problem, SpecError
from rnncalc.network import Model
from rnncalc.record import Record
from rnncalc.report import SCHEMA_VERSION, LayerReport, ModelReport

Limits = Sequence[tuple[str | None, str, int]]  # (layer or None, metric, limit)


class Check(Record):
    """One limit, or one pinned figure (`exact`), and whether it is met. `advice` says what would fit."""

    model: str
    source: str | None
    layer: str | None
    metric: str
    actual: int
    limit: int
    passed: bool
    exact: bool = False
    advice: str = ""
    line: int | None = None

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
            "kind": "expect" if self.exact else "budget",
            "advice": self.advice or None,
            "line": self.line,
        }


class Verdict(Record):
    """All checks of a run, and what could not be checked."""

    checks: tuple[Check, ...]
    problems: tuple[Problem, ...]

    @property
    def passed(self) -> bool:
        """Whether every limit is met, and everything could be checked."""
        return bool(self.checks) and not self.problems and all(check.passed for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `check`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "passed": self.passed,
            "checks": [check.to_dict() for check in self.checks],
            "errors": [problem.to_dict() for problem in self.problems],
        }


def _flat(limits: Mapping[str, Any]) -> Iterator[tuple[str | None, str, int]]:
    for metric, limit in limits.items():
        if metric != "layers":
            yield None, metric, limit
    for layer, inner in limits.get("layers", {}).items():
        for metric, limit in inner.items():
            yield layer, metric, limit


def figure(report: ModelReport | LayerReport, metric: str) -> int | None:
    """The figure of a metric; None while a length is unknown."""
    value: int | None = getattr(report, metric)
    return value


def check(model: Model, extra: Limits = ()) -> tuple[list[Check], list[Problem]]:
    """The model against its own budget and expectations, and against extra limits."""
    report = model.report()
    layers = {layer.name: layer for layer in report.layers}
    asked = [(key, each) for key in ("budget", "expect") for each in _flat(getattr(model.plan, key))]
    asked += [("", each) for each in extra if each[0] is None or each[0] in layers]
    checks, problems = [], []
    for key, (layer, metric, limit) in asked:
        where = (key, *(("layers", layer) if layer else ()), metric) if key else ()
        actual = figure(layers[layer] if layer else report, metric)
        if actual is None:
            message = f"{model.name}: {metric} is unknown while a length is; give `input` its `steps`"
            problems.append(model.locate(Problem(message, where)))
            continue
        exact = key == "expect"
        passed = actual == limit if exact else actual <= limit
        advice, line = "", None
        if not passed:
            line = model.locate(Problem("", where)).line if key else None
            advice = "" if exact else _advice(model, layer, metric, limit)
        checks.append(Check(model.name, model.plan.source, layer, metric, actual, limit, passed, exact, advice, line))
    return checks, problems


def _advice(model: Model, layer: str | None, metric: str, limit: int) -> str:
    """The largest main size of the layer (the model's largest layer that has one) at which the limit holds."""
    from rnncalc.solve import resizable, solve

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


def state(model: Model) -> str:
    """`ok` or `over`, nothing where the model has no budget, and `?` where a figure is unknown."""
    checks, problems = check(model)
    if not checks and not problems:
        return ""
    return "over" if any(not each.passed for each in checks) else "?" if problems else "ok"
