"""Goldens of Haiku: what its cores allocate and compute.

Cores of a stack are one hk.DeepRNN and carry one name, which Haiku makes unique: lstm, lstm_1, lstm_2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import haiku as hk
import jax
from jax_cases import Carry, Case, Net, Spec, States, Unrolled, forward, main
from jax_layers import layer_cases, renamed

CLASSES: dict[str, Any] = {
    "rnn": hk.VanillaRNN,
    "lstm": hk.LSTM,
    "gru": hk.GRU,
    "conv_lstm1d": hk.Conv1DLSTM,
    "conv_lstm2d": hk.Conv2DLSTM,
    "embedding": hk.Embed,
    "dense": hk.Linear,
    "conv1d": hk.Conv1D,
    "conv2d": hk.Conv2D,
    "conv3d": hk.Conv3D,
    "depthwise_conv1d": hk.DepthwiseConv1D,
    "depthwise_conv2d": hk.DepthwiseConv2D,
    "depthwise_conv3d": hk.DepthwiseConv3D,
    **{f"max_pool{rank}d": hk.MaxPool for rank in (1, 2, 3)},
    **{f"avg_pool{rank}d": hk.AvgPool for rank in (1, 2, 3)},
    "batch_norm": hk.BatchNorm,
    "layer_norm": hk.LayerNorm,
    "group_norm": hk.GroupNorm,
    "rms_norm": hk.RMSNorm,
    "instance_norm": hk.InstanceNorm,
    "multi_head_attention": hk.MultiHeadAttention,
    "flatten": hk.Flatten,
    "reshape": hk.Reshape,
}
WORDS = {
    "filters": "output_channels",
    "kernel_size": "kernel_shape",
    "dilation": "rate",
    "depth_multiplier": "channel_multiplier",
    "bias": "with_bias",
    "scale": "create_scale",
    "center": "create_offset",
    "heads": "num_heads",
    "key_depth": "key_size",
    "value_depth": "value_size",
    "output_depth": "model_size",
    "shape": "output_shape",
}
NEEDED: dict[str, dict[str, Any]] = {  # what has no default
    "batch_norm": {"create_scale": True, "create_offset": True, "decay_rate": 0.9},
    "layer_norm": {"axis": -1, "create_scale": True, "create_offset": True},
    "rms_norm": {"axis": -1},
    "instance_norm": {"create_scale": True, "create_offset": True},
    "multi_head_attention": {"w_init": hk.initializers.RandomNormal()},
    "depthwise_conv1d": {"channel_multiplier": 1},
}
SIZES = {"rnn": (4, 9), "lstm": (6, 7), "gru": (8, 5)}


def single(units: int, **more: Any) -> dict[str, Spec]:
    """VanillaRNN(double_bias=False)."""
    return {"rnn": {"units": units, **more, "bias": "single", "name": "rnn"}}


def cell_cases(kind: str) -> list[Case]:
    """The cases of one core, alone or in a stack."""
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
    ]


def option_cases() -> list[Case]:
    """VanillaRNN(double_bias=False), and the convolutional cores."""

    def conv(label: str, x: Sequence[int], filters: int, kernel: Sequence[int], **more: Any) -> Case:
        spec = {"filters": filters, "kernel_size": list(kernel), "name": "conv_lstm", **more}
        return Case(label, [{f"conv_lstm{len(kernel)}d": spec}], x, count=spec.pop("count", False))

    return [
        Case("rnn-single-bias-5-7", [single(7)]),
        Case("rnn-single-bias-10-128", [single(128)], (2, 3, 10), count=True),
        Case("rnn-single-bias-zero-state", [single(8)], zeros=True),
        Case("rnn-single-bias-layers-2", [single(6, num_layers=2)]),
        Case("rnn-default-name", [{"rnn": {"units": 4, "name": "vanilla_rnn"}}], (2, 3, 6)),
        conv("conv-lstm1d-3", (2, 4, 9, 5), 7, (3,)),
        conv("conv-lstm1d-4", (3, 2, 8, 2), 3, (4,)),
        conv("conv-lstm1d-layers-2", (2, 3, 7, 4), 6, (2,), num_layers=2),
        conv("conv-lstm2d-3x3", (2, 3, 9, 8, 5), 7, (3, 3), count=True),
        conv("conv-lstm2d-2x5", (2, 4, 6, 7, 3), 4, (2, 5), count=True),
        conv("conv-lstm2d-1x1", (1, 2, 4, 5, 3), 2, (1, 1)),
        conv("conv-lstm2d-layers-2", (2, 3, 5, 7, 4), 6, (3, 2), num_layers=2),
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
            "lstm-gru-rnn",
            [
                {"lstm": {"units": 8, "name": "lstm"}},
                {"gru": {"units": 3, "name": "gru"}},
                {"rnn": {"units": 6, "name": "rnn"}},
            ],
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
        Case(
            "dense-rnn-dense",
            [
                {"dense": {"units": 6, "name": "dense"}},
                single(9),
                {"dense": {"units": 2, "name": "dense_1"}},
            ],
            (2, 3, 4),
        ),
        *(
            Case(f"embedding-{kind}-dense", [embedding, {kind: {"units": n, "name": kind}}, dense], (2, 4))
            for kind, n in (("rnn", 5), ("lstm", 7), ("gru", 8))
        ),
        Case(
            "embed-lstm-linear-default-names",
            [
                {"embedding": {"vocab": 9, "depth": 4, "name": "embed"}},
                {"lstm": {"units": 5, "num_layers": 2, "return_sequences": False, "name": "lstm"}},
                {"dense": {"units": 2, "name": "linear"}},
            ],
            (3, 4),
        ),
    ]


def core(kind: str, spec: Spec, shape: Sequence[int]) -> hk.RNNCore:
    if "filters" in spec:
        kernel = tuple(spec["kernel_size"])
        return CLASSES[kind](shape[2:-1], spec["filters"], kernel, name=spec["name"])
    options = {"double_bias": False} if spec.get("bias") == "single" else {}
    return CLASSES[kind](spec["units"], name=spec["name"], **options)


def recur(kind: str, spec: Spec, x: jax.Array, carries: list[Carry] | None) -> Unrolled:
    """The core or stack of cores over all steps: a state of an LSTM is (hidden, cell), else an array."""
    cores = [core(kind, spec, x.shape) for _ in range(spec.get("num_layers", 1))]
    whole = hk.DeepRNN(cores) if len(cores) > 1 else cores[0]
    if carries is None:
        initial = whole.initial_state(x.shape[0])
    else:
        own = [hk.LSTMState(*carry) if len(carry) == 2 else carry[0] for carry in carries]
        initial = tuple(own) if len(cores) > 1 else own[0]
    x, last = hk.dynamic_unroll(whole, x, initial, time_major=False)
    final = last if len(cores) > 1 else [last]
    return x, [tuple(state) if isinstance(state, tuple) else (state,) for state in final]


def around(kind: str, spec: Spec) -> dict[str, Any]:
    """The arguments of a layer around the recurrent ones, in the words of Haiku."""
    words = {**WORDS, "groups": "feature_group_count"} if kind.startswith("conv") else WORDS
    found = renamed(kind, spec, words, pairs=True)
    if "pool" in kind:  # a window has a size for the depth, too
        sizes = {"window_shape": found.pop("pool_size"), "strides": found.pop("stride")}
        found |= {word: (*size, 1) for word, size in sizes.items()}
    return {**NEEDED.get(kind, {}), **found, "name": spec["name"]}


def plain(kind: str, spec: Spec, *x: jax.Array) -> jax.Array:
    if kind == "embedding":
        return hk.Embed(spec["vocab"], spec["depth"], name=spec["name"])(*x)
    if kind == "dense":
        return hk.Linear(spec["units"], with_bias=spec.get("bias", True), name=spec["name"])(*x)
    made = CLASSES[kind](**around(kind, spec))
    if kind == "batch_norm":
        return made(*x, is_training=hk.running_init())  # which makes the statistics
    return made(x[0], x[-1], x[-1]) if kind == "multi_head_attention" else made(*x)


def root(path: str) -> str:
    """The layer that a path is of."""
    return path.split("/")[0]


def build(layers: Sequence[Mapping[str, Spec]], x: Any) -> Net:
    net = hk.transform_with_state(lambda x, states: forward(layers, x, states, plain, recur))
    found, trees = [], []
    for tree in net.init(jax.random.key(0), x, None):
        leaves, shape = jax.tree.flatten(tree)
        paths = [f"{module}/{name}" for module in sorted(tree) for name in sorted(tree[module])]
        assert all(a is b for a, b in zip(leaves, (tree[m][n] for m, n in (p.rsplit("/", 1) for p in paths))))
        found.append(dict(zip(paths, leaves)))
        trees.append(shape)
    params, state = found
    buffers = [path for path, value in state.items() if value.ndim]  # its counters are whole numbers
    order = sorted([*params, *buffers], key=root)

    def apply(weights: list[jax.Array], x: Any, states: States | None) -> tuple[jax.Array, States]:
        given = dict(zip(order, weights))
        whole = [[given.get(path, value) for path, value in each.items()] for each in found]
        made = [jax.tree.unflatten(shape, leaves) for shape, leaves in zip(trees, whole)]
        return net.apply(*made, None, x, states)[0]

    return Net([(path, {**params, **state}[path]) for path in order], apply, buffers=buffers)


SAVES = {
    **{kind: Case(kind, [{kind: {"units": 4, "name": kind}}], (2, 5, 3)) for kind in SIZES},
    "rnn-single-bias": Case("rnn", [single(4)], (2, 5, 3)),
}

if __name__ == "__main__":
    cases = [case for kind in SIZES for case in cell_cases(kind)] + option_cases() + model_cases()
    cases += layer_cases("haiku")
    main("haiku", "dm-haiku", CLASSES, build, cases, SAVES)
