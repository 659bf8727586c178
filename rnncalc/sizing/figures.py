"""The figures of a model as polynomials in several of its sizes, and for which sizes they hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import lcm
from typing import Any

from rnncalc.algebra import NotPolynomial, Poly, symbol
from rnncalc.errors import SpecError
from rnncalc.network import Model
from rnncalc.record import Record
from rnncalc.report import ModelReport
from rnncalc.sizes import DTYPES, Sizes
from rnncalc.symbolic import symbolic


class Formula(Record):
    """Figures in the symbols of `names`, each of which stands for a size divided by its multiple.

    They hold where of each pair in `below` the first is less than the second.
    """

    names: tuple[str, ...]
    multiples: tuple[int, ...]
    figures: tuple[Poly | int, ...]
    below: tuple[tuple[Poly | int, Poly | int], ...]

    def scaled(self, values: Sequence[Sizes]) -> list[Sizes]:
        """What the symbols stand for at these sizes."""
        return [_divided(each, multiple) for each, multiple in zip(values, self.multiples)]


def formula(
    model: Model,
    places: Sequence[tuple[str, str]],
    values: Sequence[Sizes],
    wanted: Callable[[ModelReport], Sequence[Any]],
    bytes_too: bool,
) -> Formula | None:
    """The `wanted` figures of a model in the sizes at these places; None where they are no polynomials.

    `values` are the sizes that are asked for: where all are multiples of what a step divides by, that is no hindrance.
    `bytes_too` says that bytes are wanted, which are no polynomial where one holds several scalars.
    """
    if DTYPES[model.plan.dtype] < 8:
        if bytes_too:
            return None
        model = Model(model.plan._replace(dtype="int8"), model.layout, model.layers, model.wires)
    names = tuple(f"size{n}" for n in range(len(places)))
    multiples = [1] * len(places)
    while True:
        free = {place: symbol(name) * multiple for place, name, multiple in zip(places, names, multiples)}
        try:
            found = symbolic(model, free)
            below = [
                (layer.plan.options[small], layer.plan.options[large])
                for layer in found.layers
                for small, large in layer.entry.below.items()
                if layer.plan.options.get(small) is not None
            ]
            return Formula(names, tuple(multiples), tuple(wanted(found.report())), tuple(below))
        except SpecError:
            return None
        except NotPolynomial as error:
            if not error.multiple:
                return None
            larger = [_multiple(each, lcm(now, now * error.multiple)) for each, now in zip(values, multiples)]
            larger = [max(pair) for pair in zip(larger, multiples)]
            if larger == multiples:
                return None
            multiples = larger


def _multiple(values: Sizes, multiple: int) -> int:
    """The multiple, where all values are multiples of it; 1 where they are not."""
    ends = [size for span in values.ranges for size in (span[0], span[1] if len(span) > 1 else span[0])]
    return 1 if any(size % multiple for size in ends) else multiple


def _divided(values: Sizes, by: int) -> Sizes:
    return Sizes(tuple(range(s[0] // by, s[-1] // by + 1, max(1, s.step // by)) for s in values.ranges))
