"""The step function run on arrays: a model's forward pass, step by step, from the framework's own tensors.

Weights may carry leading axes, to run many sets of weights at once; those of the outputs are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rnncalc import residual
from rnncalc.arrays import Array, Numeric, convolve, multiply, vector
from rnncalc.cell import Diag, Lookup, Table, Window
from rnncalc.errors import SpecError, suggest
from rnncalc.packing import Pieces, split_directions, unpack
from rnncalc.starts import initial_name

if TYPE_CHECKING:
    from rnncalc.layer import Layer, Tensor
    from rnncalc.network import Model

Weights = dict[str, Array]
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
            array = np.full(tensor.shape, float(_positive(tensor)))
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


def shapes_of(model: Model) -> dict[str, tuple[int, ...]]:
    """The shape of each weight, by `layer/tensor`; a shared one under the name of the layer that owns it."""
    return {
        f"{layer.plan.name}/{tensor.name}": tensor.shape
        for layer in model.layers
        for tensor in layer.tensors
        if tensor.shared is None
    }


def random_weights(model: Model, seed: int = 0, dtype: str = "float64") -> Weights:
    """Uniform random weights in (-0.5, 0.5), in the framework's shapes; variances in (0.5, 1.5)."""
    random = np.random.default_rng(seed)
    weights = {name: random.uniform(-0.5, 0.5, shape) for name, shape in shapes_of(model).items()}
    above = {f"{each.plan.name}/{t.name}" for each in model.layers for t in each.tensors if _positive(t)}
    return {name: (array + (name in above)).astype(dtype) for name, array in weights.items()}


def _positive(tensor: Tensor) -> bool:
    """Whether its scalars have to be above 0."""
    return tensor.stored is not None and any(block.column.gate == "variance" for block in tensor.stored.blocks)


def forward(model: Model, weights: Weights, x: Any, initial_state: States | None = None) -> tuple[Any, States]:
    """See `rnncalc.network.Model.forward`."""
    given = {name: _numbers(name, array) for name, array in weights.items()}
    buffers = {f"{each.plan.name}/{t.name}" for each in model.layers for t in each.buffers}
    _check("weight", shapes_of(model), {name: a for name, a in given.items() if name not in buffers})
    named = x if isinstance(x, Mapping) else {next(iter(model.inputs)): x}
    arrays = {name: _numbers(name, array) for name, array in named.items()}
    batch = _inputs(model, arrays)
    kind = np.result_type(*(array.dtype for array in given.values()), np.float32)
    shapes = {}
    for layer in model.layers:
        for name, shape in layer.states.items():
            if None in shape:
                raise SpecError(f"the positions of {layer.plan.name} have to be known; give the input its shape")
            shapes[name] = (shape[0] or 0, batch, *(axis or 0 for axis in shape[1:]))
    plain = {name: np.zeros(shape, kind) for name, shape in shapes.items()}
    initial = {name: _numbers(name, array) for name, array in (initial_state or {}).items()}
    _check("state", shapes, {**plain, **initial})
    return unchecked(model, given, arrays, plain, initial)


def unchecked(
    model: Model, weights: Mapping[str, Array], x: Mapping[str, Array], plain: States, initial: States
) -> tuple[Any, States]:
    """The forward pass itself; weights and states may carry leading axes.

    `initial` are states that were asked for, and `plain` those of layers that start from nothing else.
    """
    last: Any = None
    finals: States = {}
    for _, outputs, ends in passes(model, weights, x, plain, initial):
        last = outputs
        finals.update(ends)
    return last, finals


def passes(
    model: Model, weights: Mapping[str, Array], x: Mapping[str, Array], plain: States, initial: States
) -> Iterator[tuple[Layer, Any, States]]:
    """Layer by layer: its outputs, and its final states."""
    finals: States = {}
    flows: dict[str, Any] = dict(x)
    for layer, wires in zip(model.layers, model.wires):
        if layer.cell.inputs:
            begun = {**plain, **_started(layer, weights, finals, plain), **initial}
            last, ends = run(layer, weights, combined(layer, [flows[name] for name in wires]), begun)
            flows[layer.plan.name] = last
            finals.update(ends)
            yield layer, last, ends


def _started(layer: Layer, weights: Mapping[str, Array], finals: States, plain: States) -> States:
    """The initial states that are parameters of the layer, or another layer's last."""
    plan, found = layer.plan, {}
    for name, state in zip(layer.states, layer.trace.states):
        if plan.initial_state:
            found[name] = finals[f"{plan.initial_state}/{state.name}"]
        elif plan.learned_initial_state:
            axis = -2 - layer.cell.rank
            learned = np.expand_dims(weights[f"{plan.name}/{initial_name(state.name)}"], axis)
            found[name] = np.repeat(learned, plain[name].shape[axis], axis=axis)
    return found


def _numbers(name: str, array: Any) -> Array:
    try:
        found = np.asarray(array)
    except ValueError:
        found = np.asarray(None)
    if found.dtype.kind not in "fiub":
        raise SpecError(f"`{name}` is no array of real numbers")
    return found


def _inputs(model: Model, arrays: Mapping[str, Array]) -> int:
    """The batch of the inputs.

    Raises:
        SpecError: one is missing, unknown, or of another shape.
    """
    for name in arrays:
        if name not in model.inputs:
            raise SpecError(f"the model has no input `{name}`{suggest(name, model.inputs)}")
    readers = {name: layer for layer, wires in zip(model.layers, model.wires) for name in wires}
    for name, flow in model.inputs.items():
        if name not in arrays:
            raise SpecError(f"the input `{name}` is missing")
        x = arrays[name]
        numbers = readers[name].inflows[0].numbers if name in readers else flow.numbers
        if (
            x.ndim != len(flow.shape) + 1
            or any(a not in (None, b) for a, b in zip(flow.shape, x.shape[1:]))
            or not x.size
        ):
            wanted = ", ".join(("batch", *("steps" if a is None else str(a) for a in flow.shape)))
            raise SpecError(f"{name if len(arrays) > 1 else 'x'} has shape {x.shape}, but ({wanted}) is needed")
        if numbers:
            vocab = readers[name].sizes[0]["vocab"]
            if not np.array_equal(x, np.floor(x)) or x.min() < 0 or x.max() >= vocab:
                raise SpecError(f"x must be whole numbers from 0 to {vocab - 1}, for the embedding looks them up")
    batches = {len(x) for x in arrays.values()}
    if len(batches) != 1:
        raise SpecError(f"the inputs have different batches: {sorted(batches)}")
    return batches.pop()


def _check(kind: str, shapes: Mapping[str, tuple[int, ...]], arrays: Mapping[str, Array]) -> None:
    for name in arrays:
        if name not in shapes:
            raise SpecError(f"the model has no {kind} `{name}`{suggest(name, shapes)}")
    for name, shape in shapes.items():
        if name not in arrays:
            raise SpecError(f"the {kind} `{name}` of shape {shape} is missing")
        if arrays[name].shape != shape:
            raise SpecError(f"the {kind} `{name}` has shape {arrays[name].shape}, but {shape} is needed")
