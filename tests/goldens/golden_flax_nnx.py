"""Goldens of Flax NNX: what its cells allocate and compute. `lstm` is nnx.LSTMCell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from golden_flax import CLASSES as LINEN
from golden_flax import SAVES, SIZES, around, cell_cases, model_cases, recur, saves
from jax_cases import MERGES, Carry, Net, Spec, States, Unrolled, forward, main, names
from jax_layers import layer_cases

SHARED = ("max_pool", "avg_pool", "flatten", "reshape")
CLASSES: dict[str, Any] = {
    "rnn": nnx.SimpleCell,
    "lstm": nnx.LSTMCell,
    "gru": nnx.GRUCell,
    "LSTMCell": nnx.LSTMCell,
    "OptimizedLSTMCell": nnx.OptimizedLSTMCell,
    "embedding": nnx.Embed,
    "dense": nnx.Linear,
    "dropout": nnx.Dropout,
    **{f"conv{rank}d": nnx.Conv for rank in (1, 2, 3)},
    "batch_norm": nnx.BatchNorm,
    "layer_norm": nnx.LayerNorm,
    "group_norm": nnx.GroupNorm,
    "rms_norm": nnx.RMSNorm,
    "instance_norm": nnx.InstanceNorm,
    "multi_head_attention": nnx.MultiHeadAttention,
    **{kind: made for kind, made in LINEN.items() if made.__name__ in SHARED},
}


def plain_layer(kind: str, spec: Spec, x: Sequence[jax.Array], rngs: nnx.Rngs) -> Any:
    """The layer for inputs of these shapes."""
    depth = x[0].shape[-1]
    if CLASSES[kind].__name__ in SHARED:
        return partial(CLASSES[kind], **around(kind, spec)) if "pool" in kind else partial(CLASSES[kind], spec)
    if kind == "embedding":
        return nnx.Embed(spec["vocab"], spec["depth"], param_dtype=jnp.float64, rngs=rngs)
    if kind == "dense":
        return nnx.Linear(depth, spec["units"], use_bias=spec.get("bias", True), param_dtype=jnp.float64, rngs=rngs)
    if kind == "dropout":
        return nnx.Dropout(spec["rate"], deterministic=True, rngs=rngs)
    options = around(kind, spec)
    if kind.startswith("conv"):
        options["out_features"] = options.pop("features")
    if kind == "multi_head_attention":
        options |= {"in_kv_features": x[-1].shape[-1], "decode": False}
    own = "num_features" if kind.endswith("norm") else "in_features"
    return CLASSES[kind](**{own: depth}, **options, rngs=rngs)


def recurrent_layer(kind: str, spec: Spec, depth: int, rngs: nnx.Rngs) -> nnx.Module:
    units = spec["units"]
    options: dict[str, Any] = {"activation_fn": nnx.relu} if spec.get("activation") == "relu" else {}
    if CLASSES[kind] is nnx.SimpleCell:
        options["dtype"] = jnp.float64  # the only cell that computes in float32 unless told

    def rnn() -> nnx.RNN:
        return nnx.RNN(CLASSES[kind](depth, units, param_dtype=jnp.float64, rngs=rngs, **options))

    if not spec.get("bidirectional"):
        return rnn()
    merge = {"merge_fn": MERGES[spec["merge_mode"]]} if "merge_mode" in spec else {}
    return nnx.Bidirectional(rnn(), rnn(), **merge)


class Model(nnx.Module):
    """The layers of a model as named attributes."""


def run(module: Model, layers: Sequence[Mapping[str, Spec]], x: Any, states: States | None) -> tuple[jax.Array, States]:
    """The forward pass; it makes each layer that is not there yet, for the inputs that it gets."""
    rngs = nnx.Rngs(0)

    def plain(kind: str, spec: Spec, *x: jax.Array) -> jax.Array:
        if CLASSES[kind].__name__ in SHARED:
            return plain_layer(kind, spec, x, rngs)(*x)
        if not hasattr(module, spec["name"]):
            setattr(module, spec["name"], plain_layer(kind, spec, x, rngs))
        return getattr(module, spec["name"])(*x)

    def cells(kind: str, spec: Spec, x: jax.Array, carries: list[Carry] | None) -> Unrolled:
        depth = x.shape[-1]
        for name in names(spec):
            if not hasattr(module, name):
                setattr(module, name, recurrent_layer(kind, spec, depth, rngs))
            width = 2 if spec.get("bidirectional") and spec.get("merge_mode", "concat") == "concat" else 1
            depth = width * spec["units"]
        return recur(module, kind, spec, x, carries)

    return forward(layers, x, states, plain, cells)


def build(layers: Sequence[Mapping[str, Spec]], x: Any) -> Net:
    model = Model()
    run(model, layers, x, None)
    graph, params, rng_state, others = nnx.split(model, (nnx.Param, nnx.BatchStat), nnx.RngState, ...)
    assert not jax.tree.leaves(others)
    leaves, tree = jax.tree.flatten(params)
    flat = nnx.to_flat_state(params)
    assert all(a is b[...] for a, b in zip(leaves, flat.leaves, strict=True))
    paths = ["/".join(map(str, path)) for path in flat.paths]

    def apply(weights: list[jax.Array], x: Any, states: States | None) -> tuple[jax.Array, States]:
        module = nnx.merge(graph, jax.tree.unflatten(tree, weights), rng_state, others)
        return run(module, layers, x, states)

    statistics = [path for path, value in zip(paths, flat.leaves) if isinstance(value, nnx.BatchStat)]
    return Net(list(zip(paths, leaves)), apply, statistics)


if __name__ == "__main__":
    cases = (
        [case for kind in SIZES if kind in CLASSES for case in cell_cases(kind)]
        + model_cases()
        + layer_cases("flax-nnx")
    )
    main("flax-nnx", "flax", CLASSES, build, cases, saves(SAVES))
