"""Each single weight of a model, changed by itself: does a NaN in it reach the output, does a finite change move it?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

import numpy as np

from rnncalc.forward import Weights, unchecked
from rnncalc.layer import Layer
from rnncalc.network import Model
from rnncalc.packing import Array, matters, reads
from rnncalc.proof.small import STEPS, work
from rnncalc.tensor import Tensor

BATCH = 4
CHUNK = 2_000_000  # scalars of perturbed weights at once


def own(model: Model) -> Iterator[tuple[Layer, Tensor]]:
    """The tensors that the model allocates, shared ones once."""
    for layer in model.layers:
        for tensor in layer.tensors:
            if tensor.shared is None and layer.cell.inputs:
                yield layer, tensor


def masks(model: Model, idle: bool = False) -> tuple[list[str], Array]:
    """The tensors' names, and for each scalar of all whether it is declared to be read, or with `idle` to matter."""
    names, masks = [], []
    for layer, tensor in own(model):
        names.append(f"{layer.plan.name}/{tensor.name}")
        if tensor.stored is None:
            masks.append(np.ones(tensor.size, bool))
        else:
            sizes = layer.sizes[tensor.parts[0][0]]
            one = matters(tensor.stored, sizes, layer.cell.idle) if idle else reads(tensor.stored, sizes)
            masks.append(np.broadcast_to(one, tensor.shape).ravel())
    return names, np.concatenate(masks) if masks else np.zeros(0, bool)


def name_of(model: Model, scalar: int) -> str:
    """The tensor and the place of a scalar, counted over all that the model allocates."""
    for layer, tensor in own(model):
        if scalar < tensor.size:
            place = [int(index) for index in np.unravel_index(scalar, tensor.shape)]
            return f"{layer.plan.name}/{tensor.name}{place}"
        scalar -= tensor.size
    return "?"


def perturb(model: Model, names: list[str], scalars: Array, seed: int) -> tuple[Array, Array]:
    """For each of these scalars: does a NaN in it reach the outputs, and does a finite change move them?"""
    weights = model.weights(seed)
    x = inputs(model, seed)
    initial = states(model, len(next(iter(x.values()))), seed + 1)
    flat = np.concatenate([weights[name].ravel() for name in names])
    base = _outcome(model, weights, x, initial)[0]
    reached, moved = np.zeros(len(scalars), bool), np.zeros(len(scalars), bool)
    chunk = max(1, min(CHUNK // max(1, flat.size), 50 * CHUNK // max(1, work(model) * BATCH)))
    for start in range(0, len(scalars), chunk):
        part = scalars[start : start + chunk]
        for found, value in ((reached, np.nan), (moved, 0.4375)):
            many = np.repeat(flat[None], len(part), axis=0)
            rows = np.arange(len(part))
            many[rows, part] = value if np.isnan(value) else many[rows, part] + value
            cut, stacked = 0, {}
            for name in names:
                size = weights[name].size
                stacked[name] = many[:, cut : cut + size].reshape(-1, *weights[name].shape)
                cut += size
            difference = _outcome(model, stacked, x, initial) - base
            found[start : start + chunk] = (
                np.isnan(difference).any(axis=1) if np.isnan(value) else (np.abs(difference) > 1e-12).any(axis=1)
            )
    return reached, moved


def _outcome(model: Model, weights: Weights, x: Mapping[str, Array], initial: dict[str, Array]) -> Array:
    """Outputs and final states, side by side, a row for each set of weights."""
    with np.errstate(all="ignore"):
        outputs, states = unchecked(model, weights, x, initial, {})
    ranks = [len(model.layers[-1].outflow.shape) + 1] * (2 if isinstance(outputs, tuple) else 1)
    ranks += [array.ndim for array in initial.values()]
    arrays = [*(outputs if isinstance(outputs, tuple) else (outputs,)), *(states[name] for name in initial)]
    lead = next((a.shape[: a.ndim - rank] for a, rank in zip(arrays, ranks) if a.ndim > rank), (1,))
    flat = []
    for array, rank in zip(arrays, ranks):
        wide = np.broadcast_to(array, (*lead, *array.shape[array.ndim - rank :]))
        flat.append(wide.reshape(*lead, -1))
    return np.concatenate(flat, axis=-1)


def inputs(model: Model, seed: int = 0) -> dict[str, Array]:
    """Random inputs of few steps; an embedding is asked for each of its rows."""
    readers = {name: layer for layer, wires in zip(model.layers, model.wires) for name in reversed(wires)}
    axes = {name: [STEPS if axis is None else axis for axis in flow.shape] for name, flow in model.inputs.items()}
    vocabs = {
        name: reader.sizes[0]["vocab"] for name, reader in readers.items() if name in axes and reader.inflows[0].numbers
    }
    rows = [-(-vocab // prod(axes[name])) for name, vocab in vocabs.items() if vocab <= 200]
    batch = max([BATCH, *rows])
    found: dict[str, Array] = {}
    for n, name in enumerate(model.inputs):
        shape = (batch, *axes[name])
        if name in vocabs:
            found[name] = (np.arange(prod(shape)) % vocabs[name]).reshape(shape)
        else:
            found[name] = np.random.default_rng(seed + 100 + n).uniform(-1, 1, shape)
    return found


def states(model: Model, batch: int, seed: int) -> dict[str, Array]:
    """Random initial states, none of them zero, for the layers that start from nothing else."""
    random = np.random.default_rng(seed + 200)
    shapes = {
        name: (shape[0] or 1, batch, *(axis or STEPS for axis in shape[1:]))
        for each in model.layers
        for name, shape in each.states.items()
    }
    return {name: random.uniform(0.1, 0.9, shape) * random.choice([-1, 1], shape) for name, shape in shapes.items()}
