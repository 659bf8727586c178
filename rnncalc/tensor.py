"""A layer's tensors, as the framework allocates them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import TYPE_CHECKING

from rnncalc import starts
from rnncalc.algebra import Poly
from rnncalc.arrangement import Stored
from rnncalc.layout import formula
from rnncalc.record import Record

if TYPE_CHECKING:
    from rnncalc.layer import Layer


class Tensor(Record):
    """A tensor as the framework allocates it.

    `parts` are its (stack layer, direction): several where the directions are an axis of it. `shared` is the
    `layer/tensor` whose scalars it is.
    """

    name: str
    shape: tuple[int, ...]
    formula: str
    stored: Stored | None
    parts: tuple[tuple[int, int], ...]
    trainable: bool = True
    shared: str | None = None
    transposed: bool = False

    @property
    def size(self) -> int:
        """Its scalars."""
        return prod(self.shape)


def allocated(layer: Layer, tensors: Sequence[Stored]) -> list[Tensor]:
    """These tensors of a layer, for each layer of its stack and direction, as the framework names and shapes them."""
    names, plan = layer.layout.names, layer.plan
    template = names.of(plan.num_layers > 1, plan.bidirectional) if layer.cell.states else "{tensor}"
    shared_axis = names.axis and bool(layer.cell.states)
    sides = [tuple(range(layer.directions))] if shared_axis else [(side,) for side in range(layer.directions)]
    found = []
    for k, sizes in enumerate(layer.sizes):
        if k < 2:  # from the second layer on they are alike
            turned = seen(layer, k)
            shapes = [tuple(dim.at(sizes) for dim in stored.shape) for stored in tensors]
            texts = [formula(turned(stored.shape), layer.words) for stored in tensors]
        for group in sides:
            parts = tuple((k, side) for side in group)
            place = {
                "layer": k,
                "nth": f"_{k}" if k else "",
                "direction": names.directions[group[0]] if plan.bidirectional else "",
                "scope": layer.entry.scope,
                "inner": layer.entry.inner,
                "name": plan.name,
            }
            for stored, shape, text in zip(tensors, shapes, texts):
                name = stored.name if template == "{tensor}" else template.format(tensor=stored.name, **place)
                if shared_axis:
                    shape, text = (len(group), *shape), f"{len(group)} × {text}"
                found.append(Tensor(name, shape, text, stored, parts, stored.trainable and plan.trainable))
    return sorted(found, key=lambda tensor: tensor.name.split("/")) if names.ordered else found


def seen(layer: Layer, k: int) -> Callable[[tuple[Poly, ...]], tuple[Poly, ...]]:
    """In a stack, what a layer after the first reads is the output of the one before."""
    if not k:
        return lambda shape: shape
    below = layer.trace.output * (layer.directions if layer.mixed else 1)
    return lambda shape: tuple(size.replace({"input_depth": below}) for size in shape)


def initial(layer: Layer) -> list[Tensor]:
    """The initial states that are parameters."""
    trainable = layer.plan.trainable
    return [Tensor(name, shape, text, None, (), trainable) for name, shape, text in starts.learned(layer)]
