"""The gate: a model against its own limits, the project's, those of the command line, and against its base.

- A limit of growth is against the base as it was accepted, not against the last run: so many small steps are one large
  one. Both the share and the floor must be exceeded, since a share of a tiny layer says nothing.
- A limit that the base was above already fails no change that does not make it worse; it is a warning.
- An exception turns a broken limit into a warning, to the end of its day. Then it fails, whether it is needed or not.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rnncalc.errors import Place, Problem
from rnncalc.gate.baseline import Base, Baseline
from rnncalc.gate.budget import Check, check, explained, figure, origin, unknown
from rnncalc.gate.exemption import Exemption
from rnncalc.gate.growth import Growth, grown, percent
from rnncalc.gate.limits import Limit, applied, matching, unmatched
from rnncalc.gate.project import Project, placed
from rnncalc.network import Model
from rnncalc.record import cached_property
from rnncalc.report import METRICS

if TYPE_CHECKING:
    from datetime import date

GROWTH = (Growth(None, "params", percent(5), 1_000),)  # where a project says nothing


class Gate:
    """What models are held to. Limits of the command line, and its growth, stand in the place of the project's.

    `today` is the day by which exceptions end, `models` are all that there are: a base whose model is not among them is
    that of one which was moved or renamed.
    """

    def __init__(
        self,
        project: Project | None = None,
        flags: Sequence[Limit] = (),
        growth: Sequence[Growth] | None = None,
        baseline: Baseline | None = None,
        today: date | None = None,
        models: Sequence[Model] = (),
    ) -> None:
        self.project, self.flags, self.baseline, self.today, self.models = project, flags, baseline, today, models
        self.growth = growth if growth is not None else (project and project.growth) or GROWTH
        self.overridden = {(each.layer, each.metric) for each in flags}
        self.notes: list[str] = []
        self.unbased: list[str] = []  # figures whose growth is limited, and that the base of their model has not

    def on(self, baseline: Baseline) -> Gate:
        """The same with another baseline."""
        return Gate(self.project, self.flags, self.growth, baseline, self.today, self.models)

    def limits(self, model: str) -> list[Limit]:
        """The limits of a model beside those of its spec."""
        limits = self.project.limits(model) if self.project else []
        return [*(each for each in limits if (each.layer, each.metric) not in self.overridden), *self.flags]

    def check(self, model: Model) -> tuple[list[Check], list[Problem]]:
        """The model against all that it is held to."""
        report = model.report()
        checks, problems = check(model, self.limits(model.name), report)
        base = self.base(model)
        if base and self.baseline:
            checks = [eased(each, base) for each in checks]
            layers = {layer.name: layer for layer in report.layers}
            for layer, each in applied(self.growth, layers):
                was = base.figures.get((layer, each.metric))
                actual = figure(layers[layer] if layer else report, each.metric)
                if was is not None and actual is None:
                    problems.append(unknown(model, each.metric))
                elif was is None and actual is not None:
                    what = f"{layer}: {each.metric}" if layer else each.metric
                    self.unbased.append(f"{what} of {model.name}")
                elif was is not None and actual is not None:
                    found = _growth(model, layer, each, actual, base)
                    checks.append(found if found.passed else self._outgrown(model, found, base))
        for exemption in self._exemptions(model):
            checks = self._excused(model, checks, exemption)
        return checks, problems

    def base(self, model: Model) -> Base | None:
        """What was accepted for a model; where it is new, for one that is gone, of its name or with its figures."""
        source = model.plan.source
        if self.baseline is None or source is None or source == "<stdin>":
            return None
        found = self.baseline.bases.get((placed(source, self.baseline.folder), model.name))
        if found is None and self._left:
            moved = [base for base in self._left if base.model == model.name]
            if not moved:
                report = model.report()
                now = {(None, metric): value for metric in METRICS if (value := figure(report, metric)) is not None}
                moved = [base for base in self._left if now.items() == base.own.items()]
            return moved[0] if len(moved) == 1 else None
        return found

    @cached_property
    def _left(self) -> list[Base]:
        """The bases whose models are gone: there is no such file any more, or no such name in it."""
        if self.baseline is None:
            return []
        folder = self.baseline.folder
        there = {(placed(model.plan.source, folder), model.name) for model in self.models if model.plan.source}
        read = {path for path, _ in there}
        return [
            base
            for base in self.baseline.bases.values()
            if base.key not in there and (base.path in read or not os.path.exists(os.path.join(folder, base.path)))
        ]

    def _outgrown(self, model: Model, check: Check, base: Base) -> Check:
        place = Place(self.baseline.path, base.line, 1) if self.baseline else None
        found = explained(model, check, place)
        accept = "`rnncalc check --update-baseline` accepts it"
        return found._replace(advice=f"{found.advice}; {accept}" if found.advice else accept)

    def _exemptions(self, model: Model) -> list[Exemption]:
        """The exceptions that are about a model."""
        if not self.project or not self.project.exceptions:
            return []
        inside = placed(model.plan.source or "", self.project.folder)
        return [
            each
            for each in self.project.exceptions
            if matching(each.model, (model.name,)) and (each.path is None or matching(each.path, (inside,)))
        ]

    def _excused(self, model: Model, checks: Sequence[Check], given: Exemption) -> list[Check]:
        """The checks with an exception from them."""
        ended = self.today is not None and self.today > given.until
        found, needed, meant = [], False, None
        for each in checks:
            about = each.metric == given.metric and (
                each.layer is None if given.layer is None else bool(each.layer and matching(given.layer, (each.layer,)))
            )
            meant = each if about and (meant is None or each.limit < meant.limit) else meant
            if about and each.failed:
                needed = True
                told = f"{each.message}; the exception for it ended on {given.until}"
                if not ended and given.limit is not None and each.actual > given.limit:
                    told = f"{each.message}; the exception for it ends at {given.limit:,}"
                elif not ended:
                    told = f"{each.message}; excepted to the end of {given.until}: {given.reason}"
                    each = each._replace(level="warning")
                each = each._replace(message=told)
            found.append(each)
        meant = meant or (_unlimited(model, given) if ended else None)
        if meant and not needed and ended:
            what = f"{meant.layer}: {meant.metric}" if meant.layer else meant.metric
            told = f"{what} {meant.actual:,}: an exception ended on {given.until} and is not needed any more"
            over = meant._replace(passed=False, kind="exception", level="error", message=told, advice="remove it")
            found.append(over._replace(place=given.place, base=None, origin=origin(model, meant.layer)))
        elif meant and not needed and meant.passed:
            self.notes.append(f"{given.place}: {model.name} keeps its limits without this exception")
        return found

    def unused(self, models: Sequence[Model]) -> list[Problem]:
        """What the project says of models and layers that there are not, where these are all of its models."""
        if not self.project or not models:
            return []
        layers = {layer.plan.name for model in models for layer in model.layers}
        names = {model.name for model in models}
        own = (each for _, limits in self.project.models for each in limits)
        limits: list[Limit | Growth] = [*self.project.budget, *self.project.growth, *own]
        absent = {each.where[:-1]: each.layer for each in limits if each.layer and not matching(each.layer, layers)}
        found = [Problem(unmatched(layer, layers), where, "key") for where, layer in absent.items()]
        for where, wanted, known, what in (
            *((("budget", "models", name), name, names, "model") for name, _ in self.project.models),
            *(((*each.where, "model"), each.model, names, "model") for each in self.project.exceptions),
            *(((*each.where, "layer"), each.layer, layers, "layer") for each in self.project.exceptions if each.layer),
        ):
            if not matching(wanted, known):
                found.append(Problem(unmatched(wanted, known, what), where, "value" if where[-1] == what else "key"))
        return [self.project.locate(each) for each in found]


def _unlimited(model: Model, given: Exemption) -> Check | None:
    """The figure that an exception is about, where nothing limits it."""
    report = model.report()
    names = [layer.name for layer in report.layers]
    layer = next(iter(matching(given.layer, names)), None) if given.layer else None
    if given.layer and layer is None:
        return None
    actual = figure(report.layers[names.index(layer)] if layer else report, given.metric)
    if actual is None:
        return None
    return Check(model.name, model.plan.source, layer, given.metric, actual, actual, True)


def eased(check: Check, base: Base) -> Check:
    """A limit that the base was above already, and that this does not make worse, is a warning."""
    was = base.figures.get((check.layer, check.metric))
    found = check._replace(base=was)
    if check.kind != "budget" or check.passed or was is None or (check.layer, check.metric) in base.over:
        return found
    if was <= check.limit or check.actual > was:
        return found
    return found._replace(level="warning", message=f"{check.message}, as its base of {was:,} is already")


def _growth(model: Model, layer: str | None, rule: Growth, actual: int, base: Base) -> Check:
    was = base.figures[layer, rule.metric]
    limit = rule.limit(was)
    what = f"{layer}: {rule.metric}" if layer else rule.metric
    share = f"{rule.percent.text} % ({rule.percent.of(was):,})"
    if actual <= limit:
        told = f"{what} {actual:,} is within {share} or {rule.floor:,} of its base of {was:,}"
    else:
        more = f" ({grown(actual, was, rule.percent)} %)" if was else ""
        told = f"{what} {actual:,} grew by {actual - was:,}{more} from {was:,}"
        told += f", which is more than {share} and more than {rule.floor:,}"
        told += f"; it was counted as {base.framework} then" if base.framework != model.framework else ""
    return Check(
        model.name, model.plan.source, layer, rule.metric, actual, limit, actual <= limit, "growth", was, message=told
    )
