"""Goldens of Flax (linen): what its cells allocate and compute.

Layers are attributes of one module, so a path starts with the layer's name; `lstm` is nn.LSTMCell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.traverse_util import flatten_dict, unflatten_dict
from jax_cases import (
    MERGES,
    Carry,
    Case,
    Net,
    Spec,
    States,
    Unrolled,
    flatten,
    forward,
    is_recurrent,
    items,
    main,
    names,
    reshape,
)
from jax_layers import layer_cases, renamed

CLASSES: dict[str, Any] = {
    "rnn": nn.SimpleCell,
    "lstm": nn.LSTMCell,
    "gru": nn.GRUCell,
    "mgu": nn.MGUCell,
    "LSTMCell": nn.LSTMCell,
    "OptimizedLSTMCell": nn.OptimizedLSTMCell,
    "conv_lstm1d": nn.ConvLSTMCell,
    "conv_lstm2d": nn.ConvLSTMCell,
    "embedding": nn.Embed,
    "dense": nn.Dense,
    "dropout": nn.Dropout,
    **{f"conv{rank}d": nn.Conv for rank in (1, 2, 3)},
    **{f"max_pool{rank}d": nn.max_pool for rank in (1, 2, 3)},
    **{f"avg_pool{rank}d": nn.avg_pool for rank in (1, 2, 3)},
    "batch_norm": nn.BatchNorm,
    "layer_norm": nn.LayerNorm,
    "group_norm": nn.GroupNorm,
    "rms_norm": nn.RMSNorm,
    "instance_norm": nn.InstanceNorm,
    "multi_head_attention": nn.MultiHeadDotProductAttention,
    "flatten": flatten,
    "reshape": reshape,
}
WORDS = {
    "filters": "features",
    "pool_size": "window_shape",
    "stride": "strides",
    "dilation": "kernel_dilation",
    "count_padding": "count_include_pad",
    "scale": "use_scale",
    "center": "use_bias",
    "heads": "num_heads",
    "output_depth": "out_features",
    "bias": "use_bias",
}
SIZES = {"rnn": (4, 9), "lstm": (6, 7), "gru": (8, 5), "OptimizedLSTMCell": (3, 8), "mgu": (9, 4)}


def cell_cases(kind: str) -> list[Case]:
    """The cases of one cell, alone or in a stack."""
    name = "lstm" if "LSTM" in kind else kind
    depth, units = SIZES[kind]

    def case(label: str, x: Sequence[int] = (2, 3, depth), **more: Any) -> Case:
        flags = {key: more.pop(key) for key in ("zeros", "count") if key in more}
        return Case(f"{kind}-{label}", [{kind: {"units": units, "name": name, **more}}], x, **flags)

    return [
        Case(f"{kind}-5-7", [{kind: {"units": 7, "name": name}}], (2, 3, 5)),
        Case(f"{kind}-10-128", [{kind: {"units": 128, "name": name}}], (2, 3, 10), count=True),
        case("zero-state", zeros=True),
        case("one-unit", (2, 4, 3), units=1),
        case("long", (3, 11, 2)),
        case("relu", activation="relu"),
        case("last", (2, 4, depth), return_sequences=False),
        case("layers-2", num_layers=2),
        case("layers-3", (3, 2, depth), num_layers=3),
        case("layers-2-zero-state", num_layers=2, zeros=True),
        case("bidirectional", bidirectional=True),
        case("bidirectional-zero-state", bidirectional=True, zeros=True),
        *(case(f"bidirectional-{m}", (2, 4, depth), bidirectional=True, merge_mode=m) for m in MERGES),
        case("bidirectional-layers-2", bidirectional=True, num_layers=2),
        case("bidirectional-layers-3", (1, 2, depth), bidirectional=True, num_layers=3),
        case("bidirectional-sum-layers-2", bidirectional=True, merge_mode="sum", num_layers=2),
    ]


def model_cases() -> list[Case]:
    """Models of several layers."""
    embedding = {"embedding": {"vocab": 11, "depth": 6, "name": "embedding"}}
    dense = {"dense": {"units": 3, "name": "dense"}}
    return [
        Case("LSTMCell-by-class", [{"LSTMCell": {"units": 4, "name": "lstm"}}], (3, 2, 9)),
        Case(
            "lstm-lstm",
            [{"lstm": {"units": 7, "name": "lstm"}}, {"lstm": {"units": 4, "name": "lstm_1"}}],
        ),
        Case(
            "lstm-gru-rnn",
            [
                {"lstm": {"units": 8, "name": "lstm"}},
                {"gru": {"units": 3, "name": "gru"}},
                {"rnn": {"units": 6, "name": "rnn"}},
            ],
            (2, 4, 5),
        ),
        Case(
            "rnn-bidirectional-gru-last",
            [
                {"rnn": {"units": 4, "bidirectional": True, "name": "rnn"}},
                {"gru": {"units": 7, "return_sequences": False, "name": "gru"}},
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
        Case(
            "dense-rnn-dense",
            [
                {"dense": {"units": 6, "name": "dense"}},
                {"rnn": {"units": 9, "name": "rnn"}},
                {"dense": {"units": 2, "name": "dense_1"}},
            ],
            (2, 3, 4),
        ),
        *(
            Case(f"embedding-{kind}-dense", [embedding, {kind: {"units": n, "name": kind}}, dense], (2, 4))
            for kind, n in (("rnn", 5), ("lstm", 7), ("gru", 8))
        ),
        Case(
            "embedding-bidirectional-lstm-dropout-lstm-last-dense",
            [
                embedding,
                {"lstm": {"units": 4, "bidirectional": True, "name": "lstm"}},
                {"dropout": 0.2},
                {"lstm": {"units": 5, "return_sequences": False, "name": "lstm_1"}},
                {"dense": {"units": 2, "name": "dense"}},
            ],
            (3, 4),
        ),
    ]


def own_cases() -> list[Case]:
    """What only linen has: MGU without its reset gate, and the convolutional LSTM."""

    def conv(label: str, x: Sequence[int], filters: int, kernel: Sequence[int], **more: Any) -> Case:
        spec = {"filters": filters, "kernel_size": list(kernel), "name": "conv_lstm", **more}
        count = spec.pop("count", False)
        return Case(label, [{f"conv_lstm{len(kernel)}d": spec}], x, count=count)

    return [
        Case("mgu-no-reset-gate", [{"mgu": {"units": 7, "reset_gate": False, "name": "mgu"}}]),
        conv("conv-lstm2d-3x3", (2, 3, 9, 8, 5), 7, (3, 3), count=True),
        conv("conv-lstm2d-2x5", (2, 4, 6, 7, 3), 4, (2, 5), count=True),
        conv("conv-lstm2d-no-bias", (2, 3, 5, 7, 2), 6, (3, 3), bias=False),
        conv("conv-lstm2d-1x1", (1, 2, 4, 5, 3), 2, (1, 1)),
        conv("conv-lstm2d-layers-2", (2, 3, 5, 7, 4), 6, (3, 2), num_layers=2),
        conv("conv-lstm1d-3", (2, 4, 9, 5), 7, (3,)),
    ]


def unroll(layer: Any, both: bool, x: jax.Array, carries: list[Carry] | None) -> Unrolled:
    """An RNN or Bidirectional of Flax, old or new: its carry of an LSTM is (c, h), else the bare h."""
    initial = carries and [carry[::-1] if len(carry) == 2 else carry[0] for carry in carries]
    carry = initial and (tuple(initial) if both else initial[0])
    last, x = layer(x, initial_carry=carry, return_carry=True)
    return x, [c[::-1] if isinstance(c, tuple) else (c,) for c in (last if both else [last])]


def recur(module: Any, kind: str, spec: Spec, x: jax.Array, carries: list[Carry] | None) -> Unrolled:
    """The stack of a recurrent layer: the module's attributes lstm, lstm_1, ..."""
    both = spec.get("bidirectional", False)
    step = 1 + both
    final: list[Carry] = []
    for k, name in enumerate(names(spec)):
        own = carries and carries[k * step : (k + 1) * step]
        x, last = unroll(getattr(module, name), both, x, own)
        final += last
    return x, final


def options(spec: Spec) -> dict[str, Any]:
    """A cell's options that are not the defaults."""
    chosen: dict[str, Any] = {"activation_fn": nn.relu} if spec.get("activation") == "relu" else {}
    return {**chosen, **({"reset_gate": spec["reset_gate"]} if "reset_gate" in spec else {})}


def around(kind: str, spec: Spec) -> dict[str, Any]:
    """The arguments of a layer around the recurrent ones, but for its input's depth, in the words of Flax."""
    pool = "pool" in kind
    groups = {"groups": "num_groups" if kind == "group_norm" else "feature_group_count"}
    found = renamed(kind, spec, {**WORDS, **groups}, pairs=pool)
    if "key_depth" in found:
        found["qkv_features"] = found.pop("key_depth") * found["num_heads"]
    if kind == "batch_norm":
        found["use_running_average"] = True
    return found if pool else {**found, "param_dtype": jnp.float64}


def plain_layer(kind: str, spec: Spec) -> Any:
    if "pool" in kind:
        return partial(CLASSES[kind], **around(kind, spec))
    if kind in ("flatten", "reshape"):
        return partial(CLASSES[kind], spec)
    if kind not in ("embedding", "dense", "dropout"):
        return CLASSES[kind](**around(kind, spec))
    if kind == "embedding":
        return nn.Embed(spec["vocab"], spec["depth"], param_dtype=jnp.float64)
    if kind == "dense":
        return nn.Dense(spec["units"], use_bias=spec.get("bias", True), param_dtype=jnp.float64)
    return nn.Dropout(spec["rate"], deterministic=True)


def recurrent_layer(kind: str, spec: Spec) -> nn.Module:
    def rnn() -> nn.RNN:
        if "filters" in spec:
            more = {"kernel_size": tuple(spec["kernel_size"]), "use_bias": spec.get("bias", True)}
            return nn.RNN(CLASSES[kind](spec["filters"], param_dtype=jnp.float64, **more))
        return nn.RNN(CLASSES[kind](spec["units"], param_dtype=jnp.float64, **options(spec)))

    if not spec.get("bidirectional"):
        return rnn()
    merge = {"merge_fn": MERGES[spec["merge_mode"]]} if "merge_mode" in spec else {}
    return nn.Bidirectional(rnn(), rnn(), **merge)


class Model(nn.Module):
    """The layers of a model as named attributes."""

    layers: Sequence[Mapping[str, Spec]]

    def setup(self) -> None:
        for kind, spec in items(self.layers):
            if not is_recurrent(kind):
                setattr(self, spec["name"], plain_layer(kind, spec))
                continue
            for name in names(spec):
                setattr(self, name, recurrent_layer(kind, spec))

    def __call__(self, x: jax.Array, states: States | None = None) -> tuple[jax.Array, States]:
        def plain(_: str, spec: Spec, *x: jax.Array) -> jax.Array:
            return getattr(self, spec["name"])(*x)

        return forward(self.layers, x, states, plain, lambda *args: recur(self, *args))


def build(layers: Sequence[Mapping[str, Spec]], x: Any) -> Net:
    model = Model(layers)
    flat = flatten_dict(model.init(jax.random.key(0), x))
    paths = sorted(flat, key=lambda path: path[1:])  # the collections side by side, as tabulate has them
    named = {path: "/".join(path[1:]) for path in paths}

    def apply(weights: list[jax.Array], x: Any, states: States | None) -> tuple[jax.Array, States]:
        return model.apply(unflatten_dict(dict(zip(paths, weights))), x, states)

    statistics = [named[path] for path in paths if path[0] != "params"]
    return Net([(named[path], flat[path]) for path in paths], apply, statistics)


def saves(kinds: Mapping[str, str]) -> dict[str, Case]:
    """One case a cell for the real saves, by the file's name."""
    return {
        label: Case(label, [{kind: {"units": 4, "name": "lstm" if "LSTM" in kind else kind}}], (2, 5, 3))
        for label, kind in kinds.items()
    }


SAVES = {"rnn": "rnn", "lstm": "lstm", "gru": "gru", "optimized-lstm": "OptimizedLSTMCell"}

if __name__ == "__main__":
    cases = [case for kind in SIZES for case in cell_cases(kind)] + model_cases() + own_cases() + layer_cases("flax")
    main("flax", "flax", CLASSES, build, cases, saves({**SAVES, "mgu": "mgu"}))
