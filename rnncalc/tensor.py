"""A layer's tensors, as the framework allocates them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from rnncalc import starts
from rnncalc.algebra import Poly
from rnncalc.arrangement import Stored
from rnncalc.layout import formula
from rnncalc.record import Record

if TYPE_CHECKING:
    from rnncalc.layer import Layer

MOST_KEPT = 64  # stacks of one form whose places are kept


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


class Place(Record):
    """A tensor of one layer of a stack, in one direction, or in both where they are an axis of it.

    All of it that hangs on no size: `lead` are the lengths of that axis, `lengths` the numbers of the others in a list
    of them, `below` tells whether a layer of the stack lies below.
    """

    name: str
    stored: Stored
    formula: str
    parts: tuple[tuple[int, int], ...]
    lead: tuple[int, ...]
    below: bool
    lengths: tuple[int, ...]


# in the framework's order, and the lengths of their axes, each once
Places = tuple[tuple[Place, ...], tuple[Poly, ...]]


def allocated(layer: Layer, tensors: Sequence[Stored]) -> list[Tensor]:
    """These tensors of a layer, for each layer of its stack and direction, as the framework names and shapes them."""
    places, lengths = _places(layer, tensors)
    trainable = layer.plan.trainable
    rows = [[length.at(sizes) for length in lengths] for sizes in layer.sizes[:2]]  # from the second on they are alike
    found = []
    for name, stored, text, parts, lead, below, numbers in places:
        row = rows[below]
        shape = (*lead, *[row[n] for n in numbers])
        found.append(Tensor(name, shape, text, stored, parts, stored.trainable and trainable))
    return found


def _places(layer: Layer, tensors: Sequence[Stored]) -> Places:
    """The places of tensors; layers of one form share them, so that they are kept with the form."""
    kept: dict[tuple[Any, ...], Places] = layer.arrangement.places
    name = layer.plan.name if layer.personal else ""
    key = (id(tensors), layer.plan.num_layers, layer.directions, layer.mixed, name)
    found = kept.get(key)
    if found is None:
        if len(kept) >= MOST_KEPT:
            kept.clear()
        found = kept[key] = _placed(layer, tensors)
    return found


def _placed(layer: Layer, tensors: Sequence[Stored]) -> Places:
    names, plan, template = layer.layout.names, layer.plan, layer.template
    shared_axis = names.axis and bool(layer.cell.states)
    sides = [tuple(range(layer.directions))] if shared_axis else [(side,) for side in range(layer.directions)]
    lengths: dict[Poly, int] = {}
    found = []
    for k in range(plan.num_layers):
        if k < 2:
            turned = seen(layer, k)
            rows = [tuple(lengths.setdefault(size, len(lengths)) for size in stored.shape) for stored in tensors]
            texts = [formula(turned(stored.shape), layer.words) for stored in tensors]
        for group in sides:
            lead, times = ((len(group),), f"{len(group)} × ") if shared_axis else ((), "")
            parts = tuple((k, side) for side in group)
            place = {
                "layer": k,
                "nth": f"_{k}" if k else "",
                "direction": names.directions[group[0]] if plan.bidirectional else "",
                "scope": layer.entry.scope,
                "inner": layer.entry.inner,
                "name": plan.name,
            }
            for stored, row, text in zip(tensors, rows, texts):
                name = stored.name if template == "{tensor}" else template.format(tensor=stored.name, **place)
                found.append(Place(name, stored, f"{times}{text}", parts, lead, k > 0, row))
    if names.ordered:
        found.sort(key=lambda each: each.name.split("/"))
    return tuple(found), tuple(lengths)


def seen(layer: Layer, k: int) -> Callable[[tuple[Poly, ...]], tuple[Poly, ...]]:
    """In a stack, what a layer after the first reads is the output of the one before."""
    if not k:
        return lambda shape: shape
    below = layer.trace.output * (layer.directions if layer.mixed else 1)
    return lambda shape: tuple(size.replace({"input_depth": below}) for size in shape)


def initial(layer: Layer) -> list[Tensor]:
    """The initial states that are parameters."""
    if not layer.plan.learned_initial_state:
        return []
    trainable = layer.plan.trainable
    return [Tensor(name, shape, text, None, (), trainable) for name, shape, text in starts.learned(layer)]
