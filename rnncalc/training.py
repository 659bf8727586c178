"""What training a model takes in memory: weights, gradients, the optimizer's slots, and what backpropagation keeps.

Of each step of the forward pass the backward pass needs, by the chain rule, and so keeps:

- what a map reads (the gradient of its weights is made of it),
- both factors of a product,
- the result of an activation (tanh, sigmoid and relu have derivatives in terms of it), of a normalisation or a pooling.

Sums keep nothing. Each array is counted once: a state that a step reads is the one that the step before has made, and
what a layer reads is the output of the layer before. Initial states are zeros, weights, or another layer's last states,
and not counted again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rnncalc import residual
from rnncalc.layer import Layer
from rnncalc.network import Model
from rnncalc.record import Record
from rnncalc.recorder import Symbolic
from rnncalc.sizes import byte_count
from rnncalc.trace import Trace

SLOTS = {"sgd": 0, "momentum": 1, "adam": 2}  # numbers that the optimizer keeps for each weight that is trained
_FACTORS = {"mul", "match", "mix", "weigh"}
_MOVES = {"flatten", "reshape", "permute", "split", "stretch", "again"}  # the same numbers at other places
_KEEPS_NOTHING = {"add", "sub", "rsub", "across", "inner", "concat", "map", "input"} | _FACTORS | _MOVES


class Training(Record):
    """Bytes that training takes for one batch; the activations are None while a length is unknown."""

    optimizer: str
    batch: int
    weights: int
    gradients: int
    slots: int
    activations: int | None

    @property
    def total(self) -> int | None:
        """All of it."""
        known = self.weights + self.gradients + self.slots
        return None if self.activations is None else known + self.activations

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        return {
            "optimizer": self.optimizer,
            "batch": self.batch,
            "weight_bytes": self.weights,
            "gradient_bytes": self.gradients,
            "slot_bytes": self.slots,
            "activation_bytes": self.activations,
            "total_bytes": self.total,
        }


def kept(trace: Trace) -> dict[int, Symbolic]:
    """The values that a step keeps, by identity; a state stands for what the step makes of it."""
    found: dict[int, Symbolic] = {}
    states = dict(zip(trace.cell.states, trace.outputs))

    def keep(value: Any) -> None:
        if isinstance(value, Symbolic):
            made = states.get(value.name, value) if value.making[0] == "input" else value
            found[id(made)] = made

    for made in trace.maps:
        for source in made.sources:
            if source.kind != "lookup":
                keep(source.value)
    for value in trace.values:
        operation, *parts = value.making
        if operation in _FACTORS:
            for part in parts:
                keep(part)
        elif operation not in _KEEPS_NOTHING:
            keep(value)
    return found


def _elements(layer: Layer, read: Mapping[str, bool]) -> Iterator[int | None]:
    """The elements that each kept value has in a whole sequence; None where a length is unknown.

    `read` tells which inputs are arrays that are kept elsewhere.
    """
    steps = layer.steps if layer.cell.states else 1
    for value in kept(layer.trace).values():
        count = layer.each(value.size)
        if value.making[0] == "input":
            count = 0 if read.get(value.name) else value.size.at(layer.sizes[0])
            count += sum(value.size.at(layer.sizes[k]) * _made(layer, k - 1) for k in range(1, len(layer.sizes)))
        for axis in (*value.axes, steps):
            if count and axis is None:
                yield None
                return
            count *= axis or 0
        yield count


def _made(layer: Layer, k: int) -> int:
    """The arrays that a stack makes between layer k and the next: of two directions, or of an output and an input."""
    if not residual.apart(layer.plan):
        return 1
    return layer.directions if residual.inside(layer.plan, k) else 0


def _keeps_output(layer: Layer) -> bool:
    """Whether what the layer gives is an array that it has kept already."""
    plain = not layer.plan.bidirectional and not layer.plan.residual
    return plain and id(layer.trace.outputs[0]) in kept(layer.trace)


def _moves(layer: Layer) -> bool:
    """Whether the layer gives the numbers that it reads, at other places or as they are."""
    return not layer.cell.states and all(value.making[0] in _MOVES for value in layer.trace.values)


def training(model: Model, optimizer: str) -> Training:
    """What one step of training takes, for the model's batch (1 where none is given)."""
    layers = {layer.plan.name: layer for layer in model.layers}
    wires = dict(zip(layers, model.wires))
    batch = model.plan.batch or 1
    elements: int | None = 0
    seen: set[tuple[str, ...]] = set()  # arrays that are kept: by the names of what they are made of

    def origin(names: tuple[str, ...]) -> tuple[str, ...]:
        """What an array is made of, through layers that only move it."""
        while len(names) == 1 and names[0] in layers and _moves(layers[names[0]]):
            names = wires[names[0]]
        return names

    for layer in model.layers:
        names, inputs = wires[layer.plan.name], layer.cell.inputs
        each = [(name,) for name in names] if len(names) == len(inputs) else [names] * len(inputs)
        read = {}
        for word, made in zip(inputs, map(origin, each)):
            owner = layers.get(made[0]) if len(made) == 1 else None
            key = (*made, layer.plan.combine) if len(made) > 1 else made
            read[word] = key in seen or bool(owner and _keeps_output(owner))
            seen.add(key)
        for count in _elements(layer, read):
            elements = None if count is None or elements is None else elements + count
    dtype = model.plan.dtype
    trainable = model.report().trainable_params
    return Training(
        optimizer,
        batch,
        byte_count(model.params, dtype),
        byte_count(trainable, dtype),
        byte_count(trainable * SLOTS[optimizer], dtype),
        None if elements is None else byte_count(elements * batch, dtype),
    )
