"""The gate: a model against its own limits, the project's, and those of the command line."""

from __future__ import annotations

from collections.abc import Sequence

from rnncalc.budget import Check, check
from rnncalc.errors import Problem
from rnncalc.growth import Growth
from rnncalc.limits import Limit, matching, unmatched
from rnncalc.network import Model
from rnncalc.project import Project


class Gate:
    """What models are held to. A limit of the command line stands in the place of the project's."""

    def __init__(self, project: Project | None = None, flags: Sequence[Limit] = ()) -> None:
        self.project, self.flags = project, flags
        self.overridden = {(each.layer, each.metric) for each in flags}

    def limits(self, model: str) -> list[Limit]:
        """The limits of a model beside those of its spec."""
        limits = self.project.limits(model) if self.project else []
        return [*(each for each in limits if (each.layer, each.metric) not in self.overridden), *self.flags]

    def check(self, model: Model) -> tuple[list[Check], list[Problem]]:
        """The model against all that it is held to."""
        return check(model, self.limits(model.name))

    def unused(self, models: Sequence[Model]) -> list[Problem]:
        """What is wrong with the project's limits where these are all of its models: a layer that none of them has."""
        if not self.project or not models:
            return []
        layers = {layer.plan.name for model in models for layer in model.layers}
        limits: list[Limit | Growth] = [
            *self.project.budget,
            *self.project.growth,
            *(each for _, own in self.project.models for each in own),
        ]
        absent = {each.where[:-1]: each.layer for each in limits if each.layer and not matching(each.layer, layers)}
        names = {model.name for model in models}
        found = [Problem(unmatched(layer, layers), where, "key") for where, layer in absent.items()]
        found += [
            Problem(unmatched(name, names, "model"), ("budget", "models", name), "key")
            for name, _ in self.project.models
            if not matching(name, names)
        ]
        return [self.project.locate(each) for each in found]
