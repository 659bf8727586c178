"""Which size of a layer would have given the shapes that a real model has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rnncalc.errors import SpecError
from rnncalc.layer import Layer
from rnncalc.tensor import Tensor


def fitting(layer: Layer, found: Mapping[str, tuple[int, ...]]) -> str:
    """`units 160 would fit (now 128)`, where that gives the shapes `found` by tensor; `fit better` for more of them."""
    best, most = "", _alike(layer, found)
    for key, now, size in dict.fromkeys(_candidates(layer, found)):
        plan = layer.plan._replace(options={**layer.plan.options, key: size})
        try:
            alike = _alike(Layer(plan, layer.cell, layer.layout, layer.flows, layer.shared), found)
        except SpecError:
            continue
        if alike > most:
            how = "fit" if alike == len(layer.tensors) else "fit better"
            best, most = f"{plan.spelled.get(key, key)} {size:,} would {how} (now {now:,})", alike
    return best


def _alike(layer: Layer, found: Mapping[str, tuple[int, ...]]) -> int:
    return sum(found.get(tensor.name) == tensor.shape for tensor in layer.tensors)


def _candidates(layer: Layer, found: Mapping[str, tuple[int, ...]]) -> Iterator[tuple[str, int, int]]:
    """(option, its value, the value that one axis speaks for)."""
    for tensor in layer.tensors:
        there = found.get(tensor.name, tensor.shape)
        if tensor.stored and len(there) == len(tensor.shape) != 0:
            yield from _of_axes(layer, tensor, there)


def _of_axes(layer: Layer, tensor: Tensor, there: tuple[int, ...]) -> Iterator[tuple[str, int, int]]:
    assert tensor.stored
    sizes = layer.sizes[tensor.parts[0][0]]
    given = {key: value for key, value in layer.plan.options.items() if type(value) is int}
    axes = tensor.stored.shape
    for axis, ours, theirs in zip(axes, tensor.shape[len(tensor.shape) - len(axes) :], there[len(there) - len(axes) :]):
        for key, value in given.items():
            if ours != theirs and sizes.get(key) == value:
                step = axis.at({**sizes, key: value + 1}) - ours
                if step and (theirs - ours) % step == 0 and value + (theirs - ours) // step > 0:
                    yield key, value, value + (theirs - ours) // step
