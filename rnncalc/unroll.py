"""One layer on arrays: its step function unrolled over the steps of a sequence, its stack and its directions.

Weights may carry leading axes, to run many sets of weights at once; those of the outputs are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rnncalc import residual
from rnncalc.arrays import Array, Numeric, convolve, multiply, vector
from rnncalc.cell import Diag, Lookup, Table, Window
from rnncalc.packing import Pieces, split_directions, unpack

if TYPE_CHECKING:
    from rnncalc.layer import Layer
    from rnncalc.tensor import Tensor

States = dict[str, Array]


class Runner:
    """`w` in a step that runs on arrays: each call takes the next map of the trace, when it is called."""

    def __init__(self, layer: Layer, pieces: Pieces) -> None:
        self._maps = iter(layer.trace.maps)
        self._policy, self._pieces, self._constants = layer.policy, pieces, layer.arrangement.constants

    def __getattr__(self, gate: str) -> Callable[..., Numeric]:
        def call(*sources: Any, **_: Any) -> Numeric:
            made = next(self._maps)
            if not sources:
                return Numeric(self._pieces[gate, "1"][..., None, :])
            total: Any = 0
            rank = len(made.axes)
            for given, source in zip(sources, made.sources):
                weight = self._pieces[gate, source.term]
                if isinstance(given, Table):
                    return Numeric(weight)
                if isinstance(given, Lookup):
                    total = total + np.take(weight, given.value.array.astype(np.int64), axis=-2)
                elif isinstance(given, Diag):
                    total = total + given.value.array * vector(weight, rank)
                elif isinstance(given, Window):
                    total = total + convolve(given.value, given, weight)
                else:
                    total = total + multiply(given, weight)
            for term in made.biases(self._policy):
                total = total + vector(self._pieces[gate, term], rank)
            return Numeric(total + self._constants.get(gate, 0), rank)

        return call


def step(layer: Layer, pieces: Pieces, inputs: tuple[Numeric, ...], states: tuple[Array, ...]) -> tuple[Array, ...]:
    """One step: the inputs and the states [..., batch, size] give the new states, the output first."""
    given = [*inputs, *(Numeric(state, layer.cell.rank) for state in states)]
    outputs = layer.cell.step(Runner(layer, pieces), *given, **layer.cell.arguments(layer.trace.given))
    return tuple(each.array for each in (outputs if isinstance(outputs, tuple) else (outputs,)))


def pieces_of(layer: Layer, weights: Mapping[str, Array]) -> dict[tuple[int, int], Pieces]:
    """The cell's pieces for each (stack layer, direction), out of the framework's tensors."""
    found: dict[tuple[int, int], Pieces] = {}
    for tensor in (*layer.tensors, *layer.buffers):
        name = tensor.shared or f"{layer.plan.name}/{tensor.name}"
        if tensor.stored is None:
            continue
        if tensor not in layer.tensors and name not in weights:
            array = np.full(tensor.shape, float(positive(tensor)))
        else:
            array = weights[name]
        if tensor.transposed:
            array = np.swapaxes(array, -1, -2)
        together = len(tensor.shape) > len(tensor.stored.shape)
        sides = split_directions(array, len(tensor.stored.shape), len(tensor.parts)) if together else [array]
        for part, side in zip(tensor.parts, sides):
            found.setdefault(part, {}).update(unpack(tensor.stored, layer.sizes[part[0]], side))
    return found


_MERGE: Mapping[str, Callable[[Array, Array], Any]] = {
    "concat": lambda a, b: np.concatenate([a, b], axis=-1),
    "sum": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "ave": lambda a, b: (a + b) / 2,
    "none": lambda a, b: (a, b),
}


def _unroll(layer: Layer, pieces: Pieces, x: Array, states: tuple[Array, ...], backward: bool) -> Any:
    """All steps in one direction: the outputs [..., batch, steps, ...] in time order, the last, the final states."""
    rank = layer.cell.rank
    axis = x.ndim - 2 - rank
    order = range(x.shape[axis])
    outputs = []
    for t in reversed(order) if backward else order:
        states = step(layer, pieces, (Numeric(np.take(x, t, axis=axis), rank),), states)
        outputs.append(states[0])
    last = outputs[-1]
    return np.stack(outputs[::-1] if backward else outputs, axis=-2 - rank), last, states


def run(layer: Layer, weights: Mapping[str, Array], inputs: tuple[Array, ...], initial: States) -> tuple[Any, States]:
    """A layer on its inputs [..., batch, *shape]: its outputs, and its final states [..., rows, batch, size]."""
    pieces, plan = pieces_of(layer, weights), layer.plan
    if not layer.cell.states:
        y = _apply(layer, pieces.get((0, 0), {}), inputs)
        return (y + inputs[0] if plan.residual else y), {}
    y, last, finals = inputs[0], inputs[0], []
    ways_in = [y] * layer.directions
    for k in range(plan.num_layers):
        ways, adds = [], residual.inside(plan, k)
        for side in range(layer.directions):
            row = k * layer.directions + side
            states = tuple(np.take(initial[name], row, axis=-3 - layer.cell.rank) for name in layer.states)
            outputs, end, states = _unroll(layer, pieces[k, side], ways_in[side], states, backward=side == 1)
            finals.append(states)
            if adds and residual.apart(plan):
                x = ways_in[side]
                outputs, end = outputs + x, end + np.take(x, 0 if side else -1, axis=x.ndim - 2 - layer.cell.rank)
            ways.append((outputs, end))
        merge = _MERGE[plan.merge_mode]
        y, last = (merge(ways[0][n], ways[1][n]) if plan.bidirectional else ways[0][n] for n in (0, 1))
        y = y + ways_in[0] if adds and not residual.apart(plan) else y
        ways_in = [way[0] for way in ways] if plan.independent_directions else [y] * layer.directions
    result = y if plan.return_sequences else last
    if plan.residual is True:
        result = result + inputs[0]
    stacked = [np.broadcast_arrays(*rows) for rows in zip(*finals)]
    axis = -3 - layer.cell.rank
    return result, {name: np.stack(rows, axis=axis) for name, rows in zip(layer.states, stacked)}


def _apply(layer: Layer, pieces: Pieces, inputs: tuple[Array, ...]) -> Array:
    """A layer without states on all its positions at once."""
    given = []
    for array, flow in zip(inputs, layer.inflows):
        rank = len(flow.shape) - (0 if flow.numbers else 1)
        if layer.first and not flow.numbers:
            array = np.moveaxis(array, -1 - rank, -1)
        given.append(Numeric(array, rank))
    y = step(layer, pieces, tuple(given), ())[0]
    if layer.first:
        y = np.moveaxis(y, -1, -1 - len(layer.trace.outputs[0].axes))
    return y


def combined(layer: Layer, arrays: list[Array]) -> tuple[Array, ...]:
    """The arrays for each input of the step."""
    wanted = len(layer.cell.inputs)
    if len(arrays) == 1:
        return (arrays[0],) * wanted
    if wanted > 1:
        return tuple(arrays)
    rank = len(layer.inflows[0].shape)
    longest = next(a for a, flow in zip(arrays, layer.flows) if len(flow.shape) == rank)
    spread = []
    for array, flow in zip(arrays, layer.flows):
        if len(flow.shape) < rank:  # a vector beside positions goes along with each of them
            lead, depth = array.shape[:-1], array.shape[-1]
            single = array.reshape(*lead, *(1,) * (rank - 1), depth)
            array = np.broadcast_to(single, (*lead, *longest.shape[-rank:-1], depth))
        spread.append(array)
    if layer.plan.combine == "concat":
        axis = -rank if layer.first else -1
        lead = np.broadcast_shapes(*(array.shape[: array.ndim - rank - 1] for array in spread))
        wide = [np.broadcast_to(array, (*lead, *array.shape[array.ndim - rank - 1 :])) for array in spread]
        return (np.concatenate(wide, axis=axis),)
    total: Any = spread[0]
    for array in spread[1:]:
        total = total * array if layer.plan.combine == "mul" else total + array
    return (total / len(spread) if layer.plan.combine == "ave" else total,)


def positive(tensor: Tensor) -> bool:
    """Whether its scalars have to be above 0."""
    return tensor.stored is not None and any(block.column.gate == "variance" for block in tensor.stored.blocks)
