"""The largest size that fits: an integer bisection, exact because every figure grows with every size."""

from __future__ import annotations

from collections.abc import Callable

from rnncalc.layer import Layer
from rnncalc.network import Model, build
from rnncalc.sizes import LARGEST


def resizable(layer: Layer) -> bool:
    """Whether the layer has a size of its own."""
    return bool(layer.cell.sizes)


def resized(model: Model, layer: str, key: str, size: int) -> Model:
    """The model with one size of one layer changed.

    Raises:
        SpecError: it does not fit together any more.
    """
    layers = tuple(
        each._replace(options={**each.options, key: size}) if each.name == layer else each for each in model.plan.layers
    )
    return build(model.plan._replace(layers=layers))


def _least(model: Model, layer: str, key: str) -> int:
    """The smallest size that can be built: some have to be above another one."""
    smallest = 1
    for each in model.layers:
        if each.plan.name == layer:
            smaller = [each.plan.options.get(small) for small, large in each.entry.below.items() if large == key]
            smallest = max([1, *(size + 1 for size in smaller if size)])
    return smallest


def largest(model: Model, layer: str, key: str, limit: int, measure: Callable[[Model], int | None]) -> int | None:
    """The largest size of a layer at which `measure` is at most `limit`; None where even the smallest is too much.

    Raises:
        SpecError: the model does not fit together at other sizes.
    """

    def fits(size: int) -> bool:
        value = measure(resized(model, layer, key, size))
        return value is not None and value <= limit

    least = _least(model, layer, key)
    if not fits(least):
        return None
    low, high = least, 2 * least
    while high < LARGEST and fits(high):
        low, high = high, high * 2
    high = min(high, LARGEST + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
