"""A model's forward pass: its layers one after the other, from the framework's own tensors, on arrays that fit.

Weights may carry leading axes, to run many sets of weights at once; those of the outputs are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rnncalc.arrays import Array
from rnncalc.errors import SpecError, suggest
from rnncalc.starts import initial_name
from rnncalc.unroll import States, combined, positive, run

if TYPE_CHECKING:
    from rnncalc.layer import Layer
    from rnncalc.network import Model

Weights = dict[str, Array]


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
    above = {f"{each.plan.name}/{t.name}" for each in model.layers for t in each.tensors if positive(t)}
    return {name: (array + (name in above)).astype(dtype) for name, array in weights.items()}


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
