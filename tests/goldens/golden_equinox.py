"""Goldens of Equinox: what its cells allocate and compute.

Layers are fields of one module, declared in the order of the model; a cell is scanned over the steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax_cases import Carry, Case, Net, Spec, States, Unrolled, forward, items, main, names

CLASSES: dict[str, type[eqx.Module]] = {
    "lstm": eqx.nn.LSTMCell,
    "gru": eqx.nn.GRUCell,
    "embedding": eqx.nn.Embedding,
    "dense": eqx.nn.Linear,
    "dropout": eqx.nn.Dropout,
}
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


def make(kind: str, spec: Spec, depth: int, key: jax.Array) -> tuple[eqx.Module, int]:
    """The layer and the depth of its output."""
    if kind == "embedding":
        return eqx.nn.Embedding(spec["vocab"], spec["depth"], key=key), spec["depth"]
    if kind == "dropout":
        return eqx.nn.Dropout(spec["rate"], inference=True), depth
    options = {"use_bias": spec["bias"]} if "bias" in spec else {}
    return CLASSES[kind](depth, spec["units"], key=key, **options), spec["units"]


def module_of(layers: Sequence[Mapping[str, Spec]], depth: int) -> Any:
    """One module whose fields are the layers, as a class written by hand would have them."""
    parts: dict[str, eqx.Module] = {}
    for kind, spec in items(layers):
        for name in names(spec):
            parts[name], depth = make(kind, spec, depth, jax.random.key(len(parts)))
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
    module: Any, layers: Sequence[Mapping[str, Spec]], x: jax.Array, states: States | None
) -> tuple[jax.Array, States]:
    def plain(kind: str, spec: Spec, x: jax.Array) -> jax.Array:
        layer = getattr(module, spec["name"])
        if kind == "dropout":
            return layer(x)
        axes = x.ndim if kind == "embedding" else x.ndim - 1
        for _ in range(axes):
            layer = jax.vmap(layer)
        return layer(x)

    def recur(kind: str, spec: Spec, x: jax.Array, carries: list[Carry] | None) -> Unrolled:
        final = []
        for k, name in enumerate(names(spec)):
            zero = jnp.zeros((x.shape[0], spec["units"]))
            carry = carries[k] if carries else (zero, zero)[: 2 if kind == "lstm" else 1]
            x, last = unroll(getattr(module, name), x, carry)
            final.append(last)
        return x, final

    return forward(layers, x, states, plain, recur)


def build(layers: Sequence[Mapping[str, Spec]], x: jax.Array) -> Net:
    params, rest = eqx.partition(module_of(layers, x.shape[-1]), eqx.is_inexact_array)
    found, tree = jax.tree.flatten_with_path(params)
    tensors = [("/".join(entry.name for entry in path), value) for path, value in found]
    others = sum(leaf.size for leaf in jax.tree.leaves(rest) if eqx.is_array(leaf))

    def apply(weights: list[jax.Array], x: jax.Array, states: States | None) -> tuple[jax.Array, States]:
        return run(eqx.combine(jax.tree.unflatten(tree, weights), rest), layers, x, states)

    return Net(tensors, others, apply)


SAVES = {
    kind + label: Case(kind, [{kind: {"units": 4, **more, "name": kind}}], (2, 5, 3))
    for label, more in (("", {}), ("-no-bias", {"bias": False}))
    for kind in SIZES
}

if __name__ == "__main__":
    cases = [case for kind in SIZES for case in cell_cases(kind)] + model_cases()
    main("equinox", "equinox", CLASSES, build, cases, SAVES)
