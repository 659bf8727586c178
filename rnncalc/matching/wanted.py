"""What a model wants to find among a real model's tensors: units, each of which lies below one prefix.

A unit is one direction of one layer of a stack, or a whole stack where the framework's tensors have layer and direction
in their own names (`weight_ih_l0_reverse`). Of the names in a layout's templates some carry: {tensor}, {layer} and
{direction}. The others, such as {name} and {scope}, are whatever the real model's author has called them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from rnncalc.layer import Layer
from rnncalc.layout import Names
from rnncalc.network import Model
from rnncalc.record import Record
from rnncalc.tensor import Tensor

Parts = tuple[str, ...]


class Want(Record):
    """A tensor of the spec: its name in the layer, its shape, and the `layer/tensor` whose scalars it has."""

    name: str
    shape: tuple[int, ...]
    shared: str | None = None


class Unit(Record):
    """Tensors that lie below one prefix, by the end of their names. The `optional` ones need not be there."""

    layer: int
    owner: str  # the layer's name
    name: str  # and that of its part of a stack
    direction: str
    place: int | None  # in a stack, where the framework says it
    required: Mapping[Parts, Want]
    optional: Mapping[Parts, Want]
    nameless: bool = False
    pieces: tuple[Unit, ...] = ()  # the same as cells, a stack written by hand

    @property
    def wants(self) -> Mapping[Parts, Want]:
        """All of its tensors."""
        return {**self.required, **self.optional}


def parts_of(name: str) -> Parts:
    """The parts of a name, however its framework separates them, without what numbers an output of TensorFlow.

    >>> parts_of("encoder.rnn.weight_ih_l0"), parts_of("['lstm']['kernel']"), parts_of("lstm/kernel:0")
    (('encoder', 'rnn', 'weight_ih_l0'), ('lstm', 'kernel'), ('lstm', 'kernel'))
    """
    return tuple(part for part in re.split(r"[/.\[\]'\"]+", re.sub(r":\d+$", "", name)) if part)


class Marks:
    """Which parts of a name say a direction and a place in a stack, in one framework."""

    def __init__(self, names: Names) -> None:
        self.directions = names.directions
        self.of_direction, self.of_place = _pattern(names, "{direction}", names.directions), _pattern(names, "{layer}")

    def read(self, stem: Parts) -> tuple[str, int | None, str]:
        """The direction, the place, and the part that says the direction."""
        direction, place, said = "", None, ""
        for part in stem:
            found = self.of_direction and re.fullmatch(self.of_direction, part)
            if found:
                direction, said = found[1], part
            found = self.of_place and re.fullmatch(self.of_place, part)
            if found and len(found[1]) < 10:
                place = int(found[1])
        return direction, place, said


@cache
def _pattern(names: Names, mark: str, words: tuple[str, ...] = (r"\d+",)) -> str:
    for template in (names.bidirectional, names.both, names.stacked):
        for part in template.split("/"):
            if mark in part and "{tensor}" not in part:
                before, after = (re.sub(r"\{\w+\}", ".*", each) for each in part.split(mark))
                return f"{before}({'|'.join(words)}){after}"
    return ""


def units(model: Model) -> list[Unit]:
    """The units of a model, in its order."""
    return [unit for n, layer in enumerate(model.layers) for unit in _units(n, layer)]


def _units(n: int, layer: Layer) -> Iterator[Unit]:
    names, plan = layer.layout.names, layer.plan
    template = names.of(plan.num_layers > 1, plan.bidirectional) if layer.cell.states else "{tensor}"
    whole = template.rsplit("/", 1)[-1] not in ("{tensor}", "{inner}{tensor}")  # layer and direction in one word
    nameless = bool({"*", layer.cell.base} & layer.layout.nameless)
    bare = plan.type == "weights"
    groups: dict[tuple[int, int, str], list[tuple[Parts, Tensor, bool]]] = {}
    pieces: dict[tuple[int, int], dict[Parts, Want]] = {}
    for tensor in (*layer.tensors, *layer.buffers):
        stays = tensor.shared is not None or tensor in layer.buffers
        k, side = tensor.parts[0] if tensor.parts else (0, 0)
        key = (0, 0, "") if whole else (k, 0 if names.axis else side, tensor.name if bare else "")
        if tensor.stored is None:  # a learned initial state, to which only its author gives a name
            want: dict[Parts, Want] = {(tensor.name,): Want(tensor.name, tensor.shape, tensor.shared)}
            yield Unit(n, plan.name, plan.name, "", None, {} if stays else want, want if stays else {}, True)
            continue
        tail = parts_of(tensor.name if whole or bare else tensor.stored.name)
        groups.setdefault(key, []).append((tail, tensor, stays))
        if whole and not stays:
            pieces.setdefault((k, side), {})[parts_of(tensor.stored.name)] = Want(tensor.name, tensor.shape)
    for (k, side, _), found in groups.items():
        wants = [(tail, Want(tensor.name, tensor.shape, tensor.shared), stays) for tail, tensor, stays in found]
        yield Unit(
            n,
            plan.name,
            f"{plan.name}_{k}" if k and "{nth}" in template else plan.name,
            names.directions[side] if plan.bidirectional and not whole and not names.axis else "",
            k if plan.num_layers > 1 and "{layer}" in template and not whole else None,
            {tail: want for tail, want, stays in wants if not stays},
            {tail: want for tail, want, stays in wants if stays},
            nameless,
            tuple(Unit(n, plan.name, plan.name, "", None, each, {}) for each in pieces.values()),
        )
