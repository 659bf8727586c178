"""What torch.nn allocates and computes in the layers around the recurrent ones: cases of `pytorch-layers`.

A model of one module has the names of its state_dict, one of several those of an nn.ModuleDict of them. Axes
are PyTorch's own: channels first around convolutions, depth last for sequences. `reshape` is Tensor.reshape
after the batch, several inputs of a layer are concatenated along the last axis or added. Integer buffers are
not listed; the float buffers are, and `buffers` names them: Module.parameters(), which gives the two counts,
has none of them. All in eval mode.

    python tests/goldens/golden_pytorch_layers.py > tests/goldens/pytorch-layers.json
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from layer_cases import (
    BATCH,
    FUNCTIONS,
    Arrays,
    Case,
    Inputs,
    Layer,
    Net,
    case,
    chains,
    entry,
    first,
    freeze,
    functions,
    grouped_windows,
    layer,
    pools,
    windows,
)
from probe import write
from torch import nn

RECURRENT: dict[str, Any] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
CONVOLUTIONS: dict[str, Any] = {"conv1d": nn.Conv1d, "conv2d": nn.Conv2d, "conv3d": nn.Conv3d}
POOLS: dict[str, Any] = {
    "max_pool1d": nn.MaxPool1d,
    "max_pool2d": nn.MaxPool2d,
    "max_pool3d": nn.MaxPool3d,
    "avg_pool1d": nn.AvgPool1d,
    "avg_pool2d": nn.AvgPool2d,
    "avg_pool3d": nn.AvgPool3d,
}
BATCH_NORMS = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d, 5: nn.BatchNorm3d}
ACTIVATIONS: dict[str, nn.Module] = {
    "relu": nn.ReLU(),
    "tanh": nn.Tanh(),
    "sigmoid": nn.Sigmoid(),
    "softmax": nn.Softmax(dim=-1),
    "softplus": nn.Softplus(),
    "softsign": nn.Softsign(),
    "elu": nn.ELU(),
    "selu": nn.SELU(),
    "silu": nn.SiLU(),
}
INSTANCE_NORMS = {3: nn.InstanceNorm1d, 4: nn.InstanceNorm2d, 5: nn.InstanceNorm3d}
Tensors = dict[str, torch.Tensor]


class Reshape(nn.Module):
    """Tensor.reshape after the batch."""

    def __init__(self, shape: Sequence[int]) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.reshape(len(x), *self.shape)


def as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def make(kind: str, o: Any, shapes: list[Sequence[int]]) -> nn.Module:
    """The module of one entry, for inputs of these shapes."""
    shape = shapes[0]
    bias = not isinstance(o, dict) or o.get("bias", True)
    if kind == "dropout":
        return nn.Dropout(o)
    if kind in CONVOLUTIONS:
        options = {key: as_tuple(o[key]) for key in ("stride", "padding", "dilation", "groups") if key in o}
        return CONVOLUTIONS[kind](shape[1], o["filters"], as_tuple(o["kernel_size"]), bias=bias, **options)
    if kind in POOLS:
        options = {key: as_tuple(o[key]) for key in ("stride", "padding") if key in o}
        return POOLS[kind](as_tuple(o["pool_size"]), **options)
    if kind in RECURRENT:
        options = {key: o[key] for key in ("num_layers", "bidirectional") if key in o}
        return RECURRENT[kind](shape[-1], o["units"], batch_first=True, bias=bias, **options)
    scale, center = (o.get(key, True) for key in ("scale", "center"))
    if kind == "batch_norm":
        return BATCH_NORMS[len(shape)](shape[1], affine=scale and center)
    if kind == "instance_norm":
        return INSTANCE_NORMS[len(shape)](shape[1], affine=o.get("scale", False))
    if kind == "layer_norm":
        return nn.LayerNorm(shape[-1], elementwise_affine=scale, bias=center)
    if kind == "multi_head_attention":
        depth = shapes[-1][-1]
        return nn.MultiheadAttention(shape[-1], o["heads"], bias=bias, kdim=depth, vdim=depth, batch_first=True)
    makers: dict[str, Any] = {
        "rms_norm": lambda: nn.RMSNorm(shape[-1], elementwise_affine=scale),
        "group_norm": lambda: nn.GroupNorm(o["groups"], shape[1], affine=scale and center),
        "flatten": nn.Flatten,
        "reshape": lambda: Reshape(o["shape"]),
        "activation": lambda: ACTIVATIONS[o["function"]],
        "dense": lambda: nn.Linear(shape[-1], o["units"], bias=bias),
        "embedding": lambda: nn.Embedding(o["vocab"], o["depth"]),
    }
    return makers[kind]()


def state_shapes(name: str, module: nn.RNNBase) -> dict[str, list[int]]:
    rows = module.num_layers * (2 if module.bidirectional else 1)
    parts = "hc" if isinstance(module, nn.LSTM) else "h"
    return {f"{name}/{part}": [rows, BATCH, module.hidden_size] for part in parts}


class Network(Net):
    """The modules of one model, made for the inputs that they get."""

    def __init__(self, layers: Sequence[Layer], given: Inputs) -> None:
        torch.manual_seed(0)
        self.layers, self.ids = layers, given.ids
        self.modules: dict[str, nn.Module] = {}
        with torch.no_grad():
            self.compute(given.arrays, {})
        only = next(iter(self.modules.values()))
        self.whole = only if len(self.modules) == 1 else nn.ModuleDict(self.modules)
        self.whole.double().eval()
        self.types = [type(module).__name__ for module in self.modules.values()]
        stored = self.whole.state_dict()
        self.tensors = {name: list(value.shape) for name, value in stored.items() if value.is_floating_point()}
        self.positive = [name for name in self.tensors if name.endswith("running_var")]
        self.buffers = [name for name, _ in self.whole.named_buffers() if name in self.tensors]
        parameters = list(self.whole.parameters())
        self.trainable = sum(p.numel() for p in parameters if p.requires_grad)
        self.non_trainable = sum(p.numel() for p in parameters if not p.requires_grad)
        recurrent = {name: m for name, m in self.modules.items() if isinstance(m, nn.RNNBase)}
        self.states = {key: s for name, m in recurrent.items() for key, s in state_shapes(name, m).items()}

    def run(self, weights: Arrays, x: Arrays, initial: Arrays) -> tuple[np.ndarray, Arrays]:
        tensors = {name: torch.from_numpy(array) for name, array in weights.items()}
        self.whole.load_state_dict(self.whole.state_dict() | tensors)
        with torch.no_grad():
            outputs, final = self.compute(x, {name: torch.from_numpy(array) for name, array in initial.items()})
        return outputs.numpy(), {name: value.numpy() for name, value in final.items()}

    def compute(self, x: Arrays, states: Tensors) -> tuple[torch.Tensor, Tensors]:
        """Outputs and final states; makes each module that is not there yet."""
        values = {name: torch.from_numpy(array.astype(np.int64) if self.ids else array) for name, array in x.items()}
        final = {}
        value = next(iter(values.values()))
        for number, each in enumerate(self.layers):
            kind, name, options = entry(each)
            name = name or f"{kind}_{number}"
            given = [values[key] for key in options.get("inputs", ())] or [value]
            if kind != "multi_head_attention" and len(given) > 1:
                given = [sum(given) if options.get("combine") == "add" else torch.cat(given, dim=-1)]
            if name not in self.modules:
                module = make(kind, options or each[kind], [v.shape for v in given]).double().eval()
                self.modules[name] = module.requires_grad_(options.get("trainable", True))
            module = self.modules[name]
            if kind in RECURRENT:
                initial = [states[key] for key in state_shapes(name, module) if key in states]
                lstm = kind == "lstm"
                value, last = module(given[0], (tuple(initial) if lstm else initial[0]) if initial else None)
                final.update(zip(state_shapes(name, module), last if lstm else (last,), strict=True))
                value = value if options.get("return_sequences", True) else value[:, -1]
            elif kind == "multi_head_attention":
                value = module(given[0], given[-1], given[-1])[0]
            else:
                value = module(given[0])
            values[name] = value
        return value, final


def convolutions() -> Iterator[Case]:
    c1, c2, c3 = "conv1d", "conv2d", "conv3d"
    yield from windows(first)
    yield from grouped_windows(first)
    yield case("conv1d-unknown-length", [5, None], layer(c1, filters=3, kernel_size=2), shape=[5, 8])
    yield case("conv1d-padding", [3, 8], layer(c1, filters=4, kernel_size=4, stride=2, padding=3))
    yield case("conv1d-dilation-stride", [4, 11], layer(c1, filters=3, kernel_size=2, dilation=3, stride=2))
    yield case("conv1d-same-odd", [2, 7], layer(c1, filters=3, kernel_size=5, padding="same"))
    yield case("conv1d-same-even", [3, 7], layer(c1, filters=2, kernel_size=4, padding="same"))
    yield case("conv1d-same-even-dilation", [2, 9], layer(c1, filters=3, kernel_size=4, dilation=3, padding="same"))
    yield case("conv1d-depthwise", [4, 9], layer(c1, filters=8, kernel_size=3, groups=4))
    yield case("conv2d-padding", [3, 6, 5], layer(c2, filters=4, kernel_size=3, padding=[2, 1], stride=2))
    yield case("conv2d-same", [2, 5, 6], layer(c2, filters=3, kernel_size=[4, 3], padding="same"))
    yield case("conv2d-depthwise", [3, 6, 5], layer(c2, filters=6, kernel_size=2, groups=3, bias=False))
    yield case(
        "conv3d-padding-stride",
        [4, 5, 4, 6],
        layer(c3, filters=2, kernel_size=3, padding=[1, 2, 0], stride=[2, 1, 3], groups=2, bias=False),
    )


def normalisation() -> Iterator[Case]:
    bare = {"scale": False, "center": False}
    yield case("batch-norm", [5, 4], layer("batch_norm"))
    yield case("batch-norm-image", [3, 4, 5], layer("batch_norm"))
    yield case("batch-norm-volume-bare", [4, 2, 3, 5], layer("batch_norm", **bare))
    yield case("batch-norm-frozen", [6, 3], layer("batch_norm", trainable=False))
    yield case("layer-norm", 5, layer("layer_norm"))
    yield case("layer-norm-no-center", 7, layer("layer_norm", center=False))
    yield case("layer-norm-bare", 4, layer("layer_norm", **bare))
    yield case("rms-norm", 6, layer("rms_norm"))
    yield case("rms-norm-bare", 3, layer("rms_norm", scale=False))
    yield case("group-norm", [6, 4], layer("group_norm", groups=3))
    yield case("group-norm-image-bare", [8, 3, 5], layer("group_norm", groups=2, **bare))
    yield case("instance-norm", [6, 4], layer("instance_norm"))
    yield case("instance-norm-image-affine", [3, 4, 5], layer("instance_norm", scale=True, center=True))


def attention() -> Iterator[Case]:
    m = "multi_head_attention"
    pair = {"inputs": ["query", "value"]}
    yield case("mha-self", 6, layer(m, heads=2))
    yield case("mha-self-no-bias", 9, layer(m, heads=3, bias=False))
    yield case("mha-query-value", {"query": 4, "value": 4}, layer(m, heads=2, **pair))
    yield case("mha-query-value-unlike", {"query": 6, "value": 5}, layer(m, heads=3, **pair))
    yield case("mha-unlike-no-bias", {"query": 4, "value": 7}, layer(m, heads=1, bias=False, **pair))
    yield case(
        "encoder-decoder-attention",
        {"source": 5, "target": 4},
        layer("lstm", "encoder", units=3, inputs=["source"], bidirectional=True),
        layer("gru", "decoder", units=8, inputs=["target"]),
        layer(m, "attention", heads=2, inputs=["decoder", "encoder"]),
        layer("dense", "head", units=7, inputs=["decoder", "attention"]),
    )
    yield case(
        "transformer-block",
        6,
        layer(m, "attention", heads=2),
        layer("layer_norm", "one", inputs=["attention", "input"], combine="add"),
        layer("dense", "wide", units=9),
        layer("activation", "bend", function="relu"),
        layer("dense", "narrow", units=6),
        layer("layer_norm", "two", inputs=["narrow", "one"], combine="add"),
    )


def rows() -> Iterator[Case]:
    yield case(
        "conv2d-batch-norm-reshape-lstm-dense",
        [1, 8, 6],
        layer("conv2d", filters=3, kernel_size=3, padding="same"),
        layer("batch_norm"),
        layer("activation", function="relu"),
        layer("max_pool2d", pool_size=2),
        layer("reshape", shape=[4, 9]),
        {"dropout": 0.2},
        layer("lstm", units=5, num_layers=2, bidirectional=True),
        layer("dense", units=4),
    )
    yield case(
        "conv1d-reshape-gru",
        [4, 9],
        layer("conv1d", filters=6, kernel_size=3, stride=2),
        layer("reshape", shape=[3, 8]),
        layer("gru", units=5),
    )
    yield case(
        "conv2d-twice-rnn-last",
        [2, 7, 6],
        layer("conv2d", "one", filters=4, kernel_size=[2, 3]),
        layer("batch_norm", "norm_one"),
        layer("conv2d", "two", filters=6, kernel_size=3, padding=1, groups=2, bias=False),
        layer("group_norm", "norm_two", groups=3),
        layer("avg_pool2d", pool_size=2),
        layer("reshape", shape=[6, 6]),
        layer("rnn", units=5, return_sequences=False),
        layer("batch_norm", "norm_three"),
        layer("dense", units=2),
        stateful=False,
    )
    yield case(
        "residual-add-skip-concat",
        5,
        layer("lstm", "a", units=5),
        layer("lstm", "b", units=5, inputs=["a", "input"], combine="add"),
        layer("gru", "c", units=3, inputs=["b", "input"]),
        layer("dense", "d", units=2, inputs=["input", "c", "a"], combine="concat"),
    )
    yield case(
        "gru-layer-norm-rms-norm-dense",
        4,
        layer("gru", units=6),
        layer("layer_norm"),
        layer("rnn", units=5),
        layer("rms_norm"),
        layer("dense", units=3),
    )
    yield case(
        "two-inputs-of-unlike-depth",
        {"text": 4, "sound": 7},
        layer("lstm", "read", units=5, inputs=["text"], return_sequences=False),
        layer("gru", "hear", units=3, inputs=["sound"], return_sequences=False),
        layer("dense", "head", units=2, inputs=["read", "hear"]),
    )
    yield case(
        "embedding-frozen-lstm-dense",
        None,
        layer("embedding", vocab=9, depth=5, trainable=False),
        layer("lstm", units=4),
        layer("dense", units=6),
    )
    yield case(
        "frozen-conv2d-batch-norm-dense",
        [2, 4, 5],
        layer("conv2d", filters=3, kernel_size=2, trainable=False),
        layer("batch_norm", trainable=False),
        layer("flatten"),
        layer("dense", units=4),
    )


def all_cases() -> Iterator[dict[str, Any]]:
    found = [
        *convolutions(),
        *pools(first, {"padding": 1}),
        *normalisation(),
        *attention(),
        functions(FUNCTIONS),
        *chains(first, "same"),
        *rows(),
    ]
    for given, how in found:
        yield freeze("pytorch", Network, *given, **how)


if __name__ == "__main__":
    torch.set_num_threads(1)
    write("pytorch", {"torch": str(torch.__version__), "numpy": np.__version__}, 1e-12, list(all_cases()))
