"""Goldens of Flax NNX: what its cells allocate and compute. `lstm` is nnx.LSTMCell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from golden_flax import SAVES, SIZES, cell_cases, model_cases, recur, saves
from jax_cases import MERGES, PLAIN, Net, Spec, States, forward, items, main, names

CLASSES: dict[str, type[nnx.Module]] = {
    "rnn": nnx.SimpleCell,
    "lstm": nnx.LSTMCell,
    "gru": nnx.GRUCell,
    "LSTMCell": nnx.LSTMCell,
    "OptimizedLSTMCell": nnx.OptimizedLSTMCell,
    "embedding": nnx.Embed,
    "dense": nnx.Linear,
    "dropout": nnx.Dropout,
}


def plain_layer(kind: str, spec: Spec, depth: int, rngs: nnx.Rngs) -> tuple[nnx.Module, int]:
    """The layer and the depth of its output."""
    if kind == "embedding":
        embed = nnx.Embed(spec["vocab"], spec["depth"], param_dtype=jnp.float64, rngs=rngs)
        return embed, spec["depth"]
    if kind == "dense":
        bias = spec.get("bias", True)
        linear = nnx.Linear(depth, spec["units"], use_bias=bias, param_dtype=jnp.float64, rngs=rngs)
        return linear, spec["units"]
    return nnx.Dropout(spec["rate"], deterministic=True, rngs=rngs), depth


def recurrent_layer(kind: str, spec: Spec, depth: int, rngs: nnx.Rngs) -> tuple[nnx.Module, int]:
    """The layer and the depth of its output."""
    units = spec["units"]
    options: dict[str, Any] = {"activation_fn": nnx.relu} if spec.get("activation") == "relu" else {}
    if CLASSES[kind] is nnx.SimpleCell:
        options["dtype"] = jnp.float64  # the only cell that computes in float32 unless told

    def rnn() -> nnx.RNN:
        return nnx.RNN(CLASSES[kind](depth, units, param_dtype=jnp.float64, rngs=rngs, **options))

    if not spec.get("bidirectional"):
        return rnn(), units
    merge = {"merge_fn": MERGES[spec["merge_mode"]]} if "merge_mode" in spec else {}
    width = 2 if spec.get("merge_mode", "concat") == "concat" else 1
    return nnx.Bidirectional(rnn(), rnn(), **merge), width * units


class Model(nnx.Module):
    """The layers of a model as named attributes."""

    def __init__(self, layers: Sequence[Mapping[str, Spec]], depth: int, rngs: nnx.Rngs) -> None:
        for kind, spec in items(layers):
            make = plain_layer if kind in PLAIN else recurrent_layer
            for name in names(spec):
                layer, depth = make(kind, spec, depth, rngs)
                setattr(self, name, layer)


def build(layers: Sequence[Mapping[str, Spec]], x: jax.Array) -> Net:
    model = Model(layers, x.shape[-1], nnx.Rngs(0))
    graph, params, rng_state, others = nnx.split(model, nnx.Param, nnx.RngState, ...)
    leaves, tree = jax.tree.flatten(params)
    flat = nnx.to_flat_state(params)
    assert all(a is b[...] for a, b in zip(leaves, flat.leaves, strict=True))

    def apply(weights: list[jax.Array], x: jax.Array, states: States | None) -> tuple[jax.Array, States]:
        module = nnx.merge(graph, jax.tree.unflatten(tree, weights), rng_state, others)

        def plain(_: str, spec: Spec, x: jax.Array) -> jax.Array:
            return getattr(module, spec["name"])(x)

        return forward(layers, x, states, plain, lambda *args: recur(module, *args))

    tensors = [("/".join(map(str, path)), value) for path, value in zip(flat.paths, leaves)]
    return Net(tensors, sum(value.size for value in jax.tree.leaves(others)), apply)


if __name__ == "__main__":
    cases = [case for kind in SIZES if kind in CLASSES for case in cell_cases(kind)] + model_cases()
    main("flax-nnx", "flax", CLASSES, build, cases, saves(SAVES))
