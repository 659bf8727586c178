"""What a sweep goes along, and the search for a combination that is a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice, product
from math import prod
from typing import Any

from rnncalc.errors import Problem, SpecError, listed
from rnncalc.network import Model
from rnncalc.record import Record
from rnncalc.sizes import Sizes
from rnncalc.sizing.grid import combinations
from rnncalc.spec.settings import place_of
from rnncalc.symbolic import free_sizes

ENDS, TRIED = 12, 1000  # values at either end of an axis, and combinations of them, that are tried for a model
SEARCHED = 20_000  # combinations that are gone through for one where those are none
MOST_MODELS = 1_000_000  # that are gone through one by one

Build = Callable[[Mapping[str, Any]], Model]  # of values by the axes' names; raises SpecError


class Axis(Record):
    """What is swept: the key of a layer, of an input or (without `owner`) of the model, under the name of a column."""

    name: str
    values: Sizes | tuple[Any, ...]
    owner: str = ""
    key: str = ""

    @property
    def number(self) -> int:
        """How many values it has."""
        return self.values.number if isinstance(self.values, Sizes) else len(self.values)


class NoModel(SpecError):
    """No combination that was tried is a model; `alike` says that the reason is the same for all."""

    def __init__(self, errors: Sequence[SpecError]) -> None:
        super().__init__(errors[0].problems)
        self.alike = len({error.problems[0].message for error in errors}) == 1


def some(build: Build, axes: Sequence[Axis], given: Mapping[str, Any], searched: int = 0) -> Model:
    """A model of some combination: of the first values, of the last ones, or else of so many that are searched.

    Raises:
        NoModel: there is none among them.
    """
    names, values = [axis.name for axis in axes], [axis.values for axis in axes]
    errors: list[SpecError] = []
    for tried in (
        islice(product(*(islice(each, ENDS) for each in values)), TRIED),
        islice(product(*(_last(each) for each in values)), TRIED),
        islice(combinations(values), searched),
    ):
        for combination in tried:
            try:
                return build({**given, **dict(zip(names, combination))})
            except SpecError as error:
                errors.append(error)
    raise NoModel(errors)


def _last(values: Any) -> list[Any]:
    return list(reversed(values.ranges[-1][-ENDS:] if isinstance(values, Sizes) else values[-ENDS:]))


def few(axes: Sequence[Axis]) -> None:
    """Raise a SpecError where there are too many combinations to build a model for each."""
    number = prod(axis.number for axis in axes)
    if number > MOST_MODELS:
        names = listed([axis.name for axis in axes if axis.number > 1])
        told = f"{number:,} combinations of {names} would each be a model of its own; there can be {MOST_MODELS:,}"
        raise SpecError(Problem(told))


def is_size(model: Model, axis: Axis) -> bool:
    """Whether an axis is one of the sizes that a figure may be a polynomial in."""
    if not axis.owner or not isinstance(axis.values, Sizes):
        return False
    owner, key = place_of(model, axis.owner, axis.key)
    layer = next((each for each in model.layers if each.plan.name == owner), None)
    if layer is not None:
        return key in free_sizes(layer)
    flow = model.inputs.get(owner)
    return flow is not None and flow.sequence and len(flow.shape) <= 2 and key in ("depth", "steps")
