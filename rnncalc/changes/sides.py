"""The two sides of a comparison, and which of their models are one."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from glob import has_magic

from rnncalc.changes.pairs import Pairs, likeness, paired, remaining
from rnncalc.errors import Problem
from rnncalc.gate.limits import Limit
from rnncalc.network import Model
from rnncalc.record import Record, cached_property

ALIKE = 0.5  # the share of layers in common by which a model is another one under a new name
MOST_COMPARED = 250_000  # old × new models that are compared for that


class Side(Record):
    """The models of one side, and what is wrong there.

    `places` say where in it each model is, such as `tagger.yaml` in a folder; a file by itself is its side's only
    place, and has the empty name. `broken` are the places that could not be read whole.
    """

    told: str
    models: Sequence[Model]
    places: Sequence[str]
    problems: Sequence[Problem] = ()
    broken: frozenset[str] = frozenset()
    limits: Callable[[str], Sequence[Limit]] = lambda name: ()  # of a model, beside its own


def side(
    told: str,
    models: Sequence[Model],
    problems: Sequence[Problem],
    place: Callable[[str], str],
    limits: Callable[[str], Sequence[Limit]],
) -> Side:
    """The side of these models; `place` says where in it a path is, `limits` what a model is held to."""
    broken = frozenset(place(problem.path) for problem in problems if problem.path)
    return Side(told, models, [place(model.plan.source or "") for model in models], problems, broken, limits)


def within(path: str) -> Callable[[str], str]:
    """Where in a folder or a pattern a path is; nowhere else than there, where it is a file."""
    start = root(path)
    inside = os.path.isdir(path) or has_magic(path)
    return lambda found: os.path.relpath(found, start) if inside else ""


def root(path: str) -> str:
    """The folder below which everything is that a folder or a pattern finds."""
    if os.path.isdir(path) or not has_magic(path):
        return path
    parts = path.split(os.sep)
    fixed = next(n for n, part in enumerate(parts) if has_magic(part))
    return os.sep.join(parts[:fixed]) or (os.sep if path.startswith(os.sep) else ".")


def own_name(model: Model) -> str:
    """The name that the spec gives; nothing where it is named after its file."""
    given = model.document.value if model.document else {"name": model.name}
    return model.name if isinstance(given, dict) and "name" in given else ""


def which(old: Side, new: Side) -> Pairs:
    """The models that are one: by place and name, by what they are, by name, alone in one place, or much alike."""
    sides = [[_Told(model, place) for model, place in zip(each.models, each.places)] for each in (old, new)]
    found = paired(
        sides[0],
        sides[1],
        (
            lambda each: (each.place, each.name or each.ordinal),
            lambda each: (each.model.name, each.likeness),
            lambda each: each.likeness,
            lambda each: each.name or None,
        ),
    )
    left = remaining(len(sides[0]), len(sides[1]), found)
    lonely = [Counter(side[n].place for n in each) for side, each in zip(sides, left)]
    alone = {sides[0][a].place: a for a in left[0]}
    found += [
        (alone[sides[1][b].place], b)
        for b in left[1]
        if lonely[0][sides[1][b].place] == lonely[1][sides[1][b].place] == 1
    ]
    left = remaining(len(sides[0]), len(sides[1]), found)
    if len(left[0]) * len(left[1]) <= MOST_COMPARED:
        shares = [(_common(sides[0][a], sides[1][b]), -b, -a) for a in left[0] for b in left[1]]
        for share, b, a in sorted(shares, reverse=True):
            if share >= ALIKE and -a in left[0] and -b in left[1]:
                found.append((-a, -b))
                left[0].remove(-a)
                left[1].remove(-b)
    return found


class _Told:
    """A model, and what it may be known by."""

    def __init__(self, model: Model, place: str) -> None:
        self.model, self.place, self.name = model, place, own_name(model)
        self.ordinal = model.name.rpartition("#")[2] if model.name[-1:].isdigit() and "#" in model.name else "1"

    @cached_property
    def layers(self) -> Counter[Hashable]:
        """What its layers are, and how often."""
        return Counter((layer.plan.name, likeness(layer)) for layer in self.model.layers)

    @cached_property
    def likeness(self) -> Hashable:
        """What the model is, but for its name and its limits."""
        plan = self.model.plan
        return (plan.framework, plan.dtype, repr(plan.inputs), tuple(self.layers))


def _common(old: _Told, new: _Told) -> float:
    """The share of layers that two models have in common."""
    shared = sum((old.layers & new.layers).values())
    return shared / max(sum(old.layers.values()), sum(new.layers.values()), 1)
