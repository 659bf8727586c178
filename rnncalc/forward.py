"""The step function run on arrays: a model's forward pass, step by step, from the framework's own tensors.

Weights may carry leading axes, to run many sets of weights at once; those of the outputs are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rnncalc.cell import Diag, Lookup, Value
from rnncalc.errors import SpecError, suggest
from rnncalc.packing import Array, Pieces, split_directions, unpack

if TYPE_CHECKING:
    from rnncalc.network import Layer, Model

Weights = dict[str, Array]
States = dict[str, Array]


def _sigmoid(v: Array) -> Array:
    return 0.5 * (1.0 + np.tanh(0.5 * v))


def _softmax(v: Array) -> Array:
    e = np.exp(v - v.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


_SCALE, _ALPHA = 1.0507009873554805, 1.6732632423543772  # of selu (Klambauer et al. 2017)

# np.maximum and np.minimum let NaN through, np.where would swallow it
OPERATIONS: Mapping[str, Callable[..., Array]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "rsub": lambda a, b: b - a,
    "mul": lambda a, b: a * b,
    "sigmoid": _sigmoid,
    "tanh": np.tanh,
    "relu": lambda v: np.maximum(v, 0.0),
    "softmax": _softmax,
    "softplus": lambda v: np.logaddexp(v, 0.0),
    "softsign": lambda v: v / (1.0 + np.abs(v)),
    "elu": lambda v: np.maximum(v, 0.0) + np.expm1(np.minimum(v, 0.0)),
    "selu": lambda v: _SCALE * (np.maximum(v, 0.0) + _ALPHA * np.expm1(np.minimum(v, 0.0))),
    "silu": lambda v: v * _sigmoid(v),
}


class Numeric(Value):
    """A value that is an array [..., batch, size]."""

    __slots__ = ("array",)

    def __init__(self, array: Array) -> None:
        self.array = array

    def apply(self, operation: str, *others: Any) -> Numeric:
        """The operation on arrays."""
        arrays = [other.array if isinstance(other, Numeric) else other for other in others]
        return Numeric(OPERATIONS[operation](self.array, *arrays))


class Runner:
    """`w` in a step that runs on arrays: each call takes the next map of the trace, when it is called."""

    def __init__(self, layer: Layer, pieces: Pieces) -> None:
        self._maps = iter(layer.trace.maps)
        self._policy, self._pieces = layer.policy, pieces

    def __getattr__(self, gate: str) -> Callable[..., Numeric]:
        def call(*sources: Any, to: str = "units", bias: bool = True) -> Numeric:
            made = next(self._maps)
            total: Any = 0
            for given, source in zip(sources, made.sources):
                weight = self._pieces[gate, source.term]
                if isinstance(given, Lookup):
                    total = total + _rows(weight, given.value.array)
                elif isinstance(given, Diag):
                    total = total + given.value.array * weight[..., None, :]
                else:
                    total = total + given.array @ weight
            for term in made.biases(self._policy):
                total = total + self._pieces[gate, term][..., None, :]
            return Numeric(total)

        return call


def _rows(table: Array, numbers: Array) -> Array:
    # ids are whole numbers; a float input is taken as such only where it is one
    return np.take(table, numbers.astype(np.int64), axis=-2)


def step(layer: Layer, pieces: Pieces, x: Array, states: tuple[Array, ...]) -> tuple[Array, ...]:
    """One step: x [..., batch, input_depth] and the states [..., batch, size] give the new states, the output first."""
    outputs = layer.cell.step(Runner(layer, pieces), Numeric(x), *map(Numeric, states), **_keywords(layer))
    return tuple(each.array for each in (outputs if isinstance(outputs, tuple) else (outputs,)))


def _keywords(layer: Layer) -> dict[str, Any]:
    sizes = {} if layer.cell.states else {name: layer.sizes[0][name] for name in layer.cell.sizes}
    return {**sizes, **layer.options}


def pieces_of(layer: Layer, weights: Mapping[str, Array]) -> dict[tuple[int, int], Pieces]:
    """The cell's pieces for each (stack layer, direction), out of the framework's tensors."""
    found: dict[tuple[int, int], Pieces] = {}
    for tensor in layer.tensors:
        array = weights[f"{layer.plan.name}/{tensor.name}"]
        shared = len(tensor.shape) > len(tensor.stored.shape)
        sides = split_directions(array, len(tensor.stored.shape), len(tensor.parts)) if shared else [array]
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
    """All steps in one direction: the outputs [..., batch, steps, size] in time order, and the final states."""
    order = range(x.shape[-2])
    outputs = []
    for t in reversed(order) if backward else order:
        states = step(layer, pieces, x[..., t, :], states)
        outputs.append(states[0])
    last = outputs[-1]
    return np.stack(outputs[::-1] if backward else outputs, axis=-2), last, states


def run(layer: Layer, weights: Mapping[str, Array], x: Array, initial: States) -> tuple[Any, States]:
    """A layer on x [..., batch, steps, depth]: its outputs and its final states [..., rows, batch, size]."""
    pieces, plan = pieces_of(layer, weights), layer.plan
    if not layer.cell.states:
        y = step(layer, pieces.get((0, 0), {}), x, ())[0]
        return (y + x if plan.residual else y), {}
    y, last, finals = x, x, []
    for k in range(plan.num_layers):
        ways = []
        for side in range(layer.directions):
            row = k * layer.directions + side
            states = tuple(initial[name][..., row, :, :] for name in layer.states)
            ways.append(_unroll(layer, pieces[k, side], y, states, backward=side == 1))
            finals.append(ways[-1][2])
        merge = _MERGE[plan.merge_mode]
        y, last = (merge(ways[0][n], ways[1][n]) if plan.bidirectional else ways[0][n] for n in (0, 1))
    result = y if plan.return_sequences else last
    shapes = [np.broadcast_arrays(*rows) for rows in zip(*finals)]
    return (result + x if plan.residual else result), {
        name: np.stack(rows, axis=-3) for name, rows in zip(layer.states, shapes)
    }


def shapes_of(model: Model) -> dict[str, tuple[int, ...]]:
    """The shape of each weight, by `layer/tensor`."""
    return {f"{layer.plan.name}/{tensor.name}": tensor.shape for layer in model.layers for tensor in layer.tensors}


def random_weights(model: Model, seed: int = 0, dtype: str = "float64") -> Weights:
    """Uniform random weights in (-0.5, 0.5), in the framework's shapes."""
    random = np.random.default_rng(seed)
    return {name: random.uniform(-0.5, 0.5, shape).astype(dtype) for name, shape in shapes_of(model).items()}


def forward(model: Model, weights: Weights, x: Array, initial_state: States | None = None) -> tuple[Any, States]:
    """See `rnncalc.network.Model.forward`."""
    x = np.asarray(x)
    _check("weight", shapes_of(model), {name: np.asarray(array) for name, array in weights.items()})
    flow = model.input
    rank = len(flow.axes) + 1
    known = zip(flow.axes, x.shape[1:])
    if x.ndim != rank or any(a not in (None, b) for a, b in known) or 0 in x.shape:
        wanted = ", ".join(("batch", *("steps" if a is None else str(a) for a in flow.axes)))
        raise SpecError(f"x has shape {x.shape}, but ({wanted}) is needed")
    if flow.numbers:
        vocab = model.layers[0].sizes[0]["vocab"]
        if (
            (not np.issubdtype(x.dtype, np.integer) and not np.array_equal(x, np.floor(x)))
            or x.min() < 0
            or x.max() >= vocab
        ):
            raise SpecError(f"x must be whole numbers from 0 to {vocab - 1}, for the embedding looks them up")
    shapes = {name: (rows, x.shape[0], size) for each in model.layers for name, (rows, size) in each.states.items()}
    initial = {name: np.zeros(shape, np.result_type(*weights.values(), np.float32)) for name, shape in shapes.items()}
    for name, array in (initial_state or {}).items():
        initial[name] = np.asarray(array)
    _check("state", shapes, initial)
    return unchecked(model, weights, x, initial)


def unchecked(model: Model, weights: Mapping[str, Array], x: Array, initial: States) -> tuple[Any, States]:
    """The forward pass itself; weights and states may carry leading axes."""
    finals: States = {}
    flow: Any = x
    for layer in model.layers:
        flow, states = run(layer, weights, flow, initial)
        finals.update(states)
    return flow, finals


def _check(kind: str, shapes: Mapping[str, tuple[int, ...]], arrays: Mapping[str, Array]) -> None:
    for name in arrays:
        if name not in shapes:
            raise SpecError(f"the model has no {kind} `{name}`{suggest(name, shapes)}")
    for name, shape in shapes.items():
        if name not in arrays:
            raise SpecError(f"the {kind} `{name}` of shape {shape} is missing")
        if arrays[name].shape != shape:
            raise SpecError(f"the {kind} `{name}` has shape {arrays[name].shape}, but {shape} is needed")
