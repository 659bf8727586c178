"""Goldens of Equinox: what its cells allocate and compute.

Layers are fields of one module, declared in the order of the model; a cell is scanned over the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax_cases import (
    Carry,
    Case,
    Net,
    Spec,
    States,
    Unrolled,
    flatten,
    forward,
    items,
    main,
    names,
    reshape,
)
from jax_layers import layer_cases, renamed

CLASSES: dict[str, Any] = {
    "lstm": eqx.nn.LSTMCell,
    "gru": eqx.nn.GRUCell,
    "embedding": eqx.nn.Embedding,
    "dense": eqx.nn.Linear,
    "dropout": eqx.nn.Dropout,
    "conv1d": eqx.nn.Conv1d,
    "conv2d": eqx.nn.Conv2d,
    "conv3d": eqx.nn.Conv3d,
    "max_pool1d": eqx.nn.MaxPool1d,
    "max_pool2d": eqx.nn.MaxPool2d,
    "max_pool3d": eqx.nn.MaxPool3d,
    "avg_pool1d": eqx.nn.AvgPool1d,
    "avg_pool2d": eqx.nn.AvgPool2d,
    "avg_pool3d": eqx.nn.AvgPool3d,
    "batch_norm": eqx.nn.BatchNorm,
    "layer_norm": eqx.nn.LayerNorm,
    "group_norm": eqx.nn.GroupNorm,
    "rms_norm": eqx.nn.RMSNorm,
    "multi_head_attention": eqx.nn.MultiheadAttention,
    "flatten": flatten,
    "reshape": reshape,
}
WORDS = {
    "filters": "out_channels",
    "pool_size": "kernel_size",
    "bias": "use_bias",
    "heads": "num_heads",
    "key_depth": "qk_size",
    "value_depth": "vo_size",
    "output_depth": "output_size",
}
AFFINE = {"scale": "use_weight", "center": "use_bias"}
METHODS = ("flatten", "reshape")
BY_SAMPLE = ("conv", "max_pool", "avg_pool", "group_norm")  # what reads all positions of a sample, channels first
SIZES = {"lstm": (6, 7), "gru": (8, 5)}


def cell_cases(kind: str) -> list[Case]:
    """The cases of one cell, alone or in a stack."""
    depth, units = SIZES[kind]

    def case(label: str, x: Sequence[int] = (2, 3, depth), **more: Any) -> Case:
        flags = {key: more.pop(key) for key in ("zeros", "count") if key in more}
        return Case(f"{kind}-{label}", [{kind: {"units": units, "name": kind, **more}}], x, **flags)

    return [
        case("5-7", (2, 3, 5), units=7),
        case("10-128", (2, 3, 10), units=128, count=True),
        case("zero-state", zeros=True),
        case("one-unit", (2, 4, 3), units=1),
        case("long", (3, 11, 2)),
        case("wide", (1, 2, 11), units=3),
        case("last", (2, 4, depth), return_sequences=False),
        case("layers-2", num_layers=2),
        case("layers-3", (3, 2, depth), num_layers=3),
        case("layers-2-zero-state", num_layers=2, zeros=True),
        case("layers-2-last", (3, 4, depth), num_layers=2, return_sequences=False),
        case("no-bias", bias=False),
        case("no-bias-5-7", (2, 3, 5), units=7, bias=False),
        case("no-bias-10-128", (2, 3, 10), units=128, bias=False, count=True),
        case("no-bias-zero-state", (3, 2, 4), units=6, bias=False, zeros=True),
        case("no-bias-layers-2", (3, 4, 2), num_layers=2, bias=False),
    ]


def model_cases() -> list[Case]:
    """Models of several layers."""
    embedding = {"embedding": {"vocab": 11, "depth": 6, "name": "embedding"}}
    dense = {"dense": {"units": 3, "name": "dense"}}
    return [
        Case(
            "lstm-lstm",
            [{"lstm": {"units": 7, "name": "lstm"}}, {"lstm": {"units": 4, "name": "lstm_1"}}],
        ),
        Case(
            "lstm-gru-no-bias",
            [{"lstm": {"units": 8, "name": "lstm"}}, {"gru": {"units": 3, "bias": False, "name": "gru"}}],
            (2, 4, 5),
        ),
        Case(
            "gru-lstm-layers-2-last",
            [
                {"gru": {"units": 4, "name": "gru"}},
                {"lstm": {"units": 7, "num_layers": 2, "return_sequences": False, "name": "lstm"}},
            ],
        ),
        Case("lstm-dense", [{"lstm": {"units": 9, "name": "lstm"}}, dense], (2, 4, 8)),
        Case(
            "gru-last-dense-no-bias",
            [
                {"gru": {"units": 8, "return_sequences": False, "name": "gru"}},
                {"dense": {"units": 5, "bias": False, "name": "dense"}},
            ],
            (3, 4, 2),
        ),
        *(
            Case(f"embedding-{kind}-dense", [embedding, {kind: {"units": n, "name": kind}}, dense], (2, 4))
            for kind, n in (("lstm", 7), ("gru", 8))
        ),
        Case(
            "embedding-lstm-dropout-gru-last-dense",
            [
                embedding,
                {"lstm": {"units": 4, "name": "lstm"}},
                {"dropout": 0.2},
                {"gru": {"units": 5, "return_sequences": False, "name": "gru"}},
                {"dense": {"units": 2, "name": "dense"}},
            ],
            (3, 4),
        ),
    ]


def make(kind: str, spec: Spec, shapes: Sequence[Sequence[int]], key: jax.Array) -> eqx.Module:
    """The layer for inputs of these shapes."""
    shape = shapes[0]
    if kind == "embedding":
        return eqx.nn.Embedding(spec["vocab"], spec["depth"], key=key)
    if kind == "dropout":
        return eqx.nn.Dropout(spec["rate"], inference=True)
    if "units" in spec:
        options = {"use_bias": spec["bias"]} if "bias" in spec else {}
        return CLASSES[kind](shape[-1], spec["units"], key=key, **options)
    if kind in ("batch_norm", "group_norm"):
        affine = {"channelwise_affine": False} if "scale" in spec else {}
        if kind == "group_norm":
            return eqx.nn.GroupNorm(spec["groups"], shape[1], **affine)
        return eqx.nn.BatchNorm(shape[1], axis_name="batch", inference=True, mode="ema", **affine)
    if kind in ("layer_norm", "rms_norm"):
        return CLASSES[kind](shape[-1], **renamed(kind, spec, AFFINE))
    options = renamed(kind, spec, WORDS)
    if kind.startswith("conv"):
        return CLASSES[kind](shape[1], **options, key=key)
    if "pool" in kind:
        return CLASSES[kind](**{name: value for name, value in options.items() if value != "VALID"})
    biased = options.pop("use_bias", None)
    if biased is not None:
        options |= {f"use_{part}_bias": biased for part in ("query", "key", "value", "output")}
    depths = {"query_size": shape[-1], "key_size": shapes[-1][-1], "value_size": shapes[-1][-1]}
    return eqx.nn.MultiheadAttention(**depths, **options, key=key)


def module_of(layers: Sequence[Mapping[str, Spec]], x: Any) -> Any:
    """One module whose fields are the layers, as a class written by hand would have them."""
    parts: dict[str, eqx.Module] = {}

    def at(name: str, kind: str, spec: Spec, *shapes: Sequence[int]) -> Any:
        if name not in parts:
            parts[name] = make(kind, spec, shapes, jax.random.key(len(parts)))
        return parts[name]

    run(at, layers, x, None, eqx.nn.State)
    fields = {"__annotations__": dict.fromkeys(parts, eqx.Module), "__module__": __name__}
    return type(eqx.Module)("Model", (eqx.Module,), fields)(**parts)


def unroll(cell: Any, x: jax.Array, carry: Carry) -> tuple[jax.Array, Carry]:
    """A cell over the steps of a batch: its state is (h, c) or the bare h."""
    pair = len(carry) == 2

    def step(state: Any, row: jax.Array) -> tuple[Any, jax.Array]:
        state = cell(row, state)
        return state, state[0] if pair else state

    def scan(rows: jax.Array, *carry: jax.Array) -> tuple[Any, jax.Array]:
        return jax.lax.scan(step, carry if pair else carry[0], rows)

    last, out = jax.vmap(scan)(x, *carry)
    return out, last if pair else (last,)


def run(
    at: Callable[..., Any],
    layers: Sequence[Mapping[str, Spec]],
    x: Any,
    states: States | None,
    state_of: Callable[[Any], eqx.nn.State],
) -> tuple[jax.Array, States]:
    """The forward pass: `at` gives the layer of a name, `state_of` the statistics of a batch normalisation."""

    def plain(kind: str, spec: Spec, *x: jax.Array) -> jax.Array:
        if kind in METHODS:
            return CLASSES[kind](spec, *x)
        layer = at(spec["name"], kind, spec, *(each.shape for each in x))
        if kind == "dropout":
            return layer(*x)
        if kind == "batch_norm":
            return jax.vmap(layer, (0, None), (0, None), axis_name="batch")(*x, state_of(layer))[0]
        if kind == "multi_head_attention":
            return jax.vmap(layer)(x[0], x[-1], x[-1])
        axes = 1 if kind.startswith(BY_SAMPLE) else x[0].ndim if kind == "embedding" else x[0].ndim - 1
        for _ in range(axes):
            layer = jax.vmap(layer)
        return layer(*x)

    def recur(kind: str, spec: Spec, x: jax.Array, carries: list[Carry] | None) -> Unrolled:
        final = []
        for k, name in enumerate(names(spec)):
            zero = jnp.zeros((x.shape[0], spec["units"]))
            carry = carries[k] if carries else (zero, zero)[: 2 if kind == "lstm" else 1]
            x, last = unroll(at(name, kind, spec, x.shape), x, carry)
            final.append(last)
        return x, final

    return forward(layers, x, states, plain, recur)


def build(layers: Sequence[Mapping[str, Spec]], x: Any) -> Net:
    whole = module_of(layers, x)
    module = eqx.nn.delete_init_state(whole)
    params, rest = eqx.partition(module, eqx.is_inexact_array)
    found, tree = jax.tree.flatten_with_path(params)
    tensors = [("/".join(entry.name for entry in path), value) for path, value in found]
    kept = {
        f"{spec['name']}/ema_state_index/{n}": value
        for kind, spec in items(layers)
        if kind == "batch_norm"
        for n, value in enumerate(getattr(whole, spec["name"]).ema_state_index.init)
    }
    fields = list(module.__annotations__)
    order = sorted([*tensors, *kept.items()], key=lambda each: fields.index(each[0].split("/")[0]))
    paths = [path for path, _ in order]

    def apply(weights: list[jax.Array], x: Any, states: States | None) -> tuple[jax.Array, States]:
        given = dict(zip(paths, weights))
        net = eqx.combine(jax.tree.unflatten(tree, [given[path] for path, _ in tensors]), rest)
        state = eqx.nn.State(whole)
        for path in kept:
            if path.endswith("/0"):
                index = getattr(whole, path.split("/")[0]).ema_state_index
                state = state.set(index, (given[path], given[f"{path[:-1]}1"]))
        return run(lambda name, *_: getattr(net, name), layers, x, states, lambda _: state)

    return Net(order, apply, buffers=list(kept))


SAVES = {
    kind + label: Case(kind, [{kind: {"units": 4, **more, "name": kind}}], (2, 5, 3))
    for label, more in (("", {}), ("-no-bias", {"bias": False}))
    for kind in SIZES
}

if __name__ == "__main__":
    cases = [case for kind in SIZES for case in cell_cases(kind)] + model_cases()
    cases += layer_cases("equinox", first=True)
    main("equinox", "equinox", CLASSES, build, cases, SAVES)
