"""What Keras 3 allocates and computes in the layers around the recurrent ones: the cases of `keras-layers`.

A model is one functional Model, in a session of its own so that Keras counts its names from the start. Where
a layer has several inputs that are not its own arguments, an Add or a Concatenate (last axis) stands before
it. The states come from return_state, the initial ones go in as further inputs of the Model; those of a
ConvLSTM are (1, batch, positions..., filters). All in inference mode. Keras lists the layers of a Model by
depth and then as it meets them on its way back from the outputs; the models here name them in that order.

    python tests/goldens/golden_keras_layers.py > tests/goldens/keras-layers.json
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from layer_cases import (
    BATCH,
    FUNCTIONS,
    SINGLE,
    Arrays,
    Case,
    Inputs,
    Layer,
    Net,
    Options,
    case,
    chains,
    entry,
    freeze,
    functions,
    grouped_windows,
    last,
    layer,
    padded_windows,
    pools,
    windows,
)
from probe import write

keras.config.set_floatx("float64")
L = keras.layers
CLASSES: dict[str, Any] = {
    "conv1d": L.Conv1D,
    "conv2d": L.Conv2D,
    "conv3d": L.Conv3D,
    "depthwise_conv1d": L.DepthwiseConv1D,
    "depthwise_conv2d": L.DepthwiseConv2D,
    "separable_conv1d": L.SeparableConv1D,
    "separable_conv2d": L.SeparableConv2D,
    "max_pool1d": L.MaxPooling1D,
    "max_pool2d": L.MaxPooling2D,
    "max_pool3d": L.MaxPooling3D,
    "avg_pool1d": L.AveragePooling1D,
    "avg_pool2d": L.AveragePooling2D,
    "avg_pool3d": L.AveragePooling3D,
    "global_max_pool1d": L.GlobalMaxPooling1D,
    "global_max_pool2d": L.GlobalMaxPooling2D,
    "global_max_pool3d": L.GlobalMaxPooling3D,
    "global_avg_pool1d": L.GlobalAveragePooling1D,
    "global_avg_pool2d": L.GlobalAveragePooling2D,
    "global_avg_pool3d": L.GlobalAveragePooling3D,
    "flatten": L.Flatten,
    "reshape": L.Reshape,
    "batch_norm": L.BatchNormalization,
    "layer_norm": L.LayerNormalization,
    "rms_norm": L.RMSNormalization,
    "group_norm": L.GroupNormalization,
    "activation": L.Activation,
    "conv_lstm1d": L.ConvLSTM1D,
    "conv_lstm2d": L.ConvLSTM2D,
    "conv_lstm3d": L.ConvLSTM3D,
    "multi_head_attention": L.MultiHeadAttention,
    "AdditiveAttention": L.AdditiveAttention,
    "Attention": L.Attention,
    "dense": L.Dense,
    "embedding": L.Embedding,
    "dropout": L.Dropout,
    "rnn": L.SimpleRNN,
    "lstm": L.LSTM,
    "gru": L.GRU,
}
WORDS = {
    "stride": "strides",
    "dilation": "dilation_rate",
    "bias": "use_bias",
    "shape": "target_shape",
    "function": "activation",
    "heads": "num_heads",
    "key_depth": "key_dim",
    "value_depth": "value_dim",
    "output_depth": "output_shape",
    "vocab": "input_dim",
    "depth": "output_dim",
}
PARTS = {"rnn": "h", "lstm": "hc", "gru": "h", "conv_lstm1d": "hc", "conv_lstm2d": "hc", "conv_lstm3d": "hc"}
ATTENTION = ("multi_head_attention", "AdditiveAttention", "Attention")
FLOAT32 = ("max_pool3d", "avg_pool3d")  # TensorFlow has no float64 form of these
WIRING = ("inputs", "combine", "bidirectional", "merge_mode")
Shape = tuple[int | None, ...]


def make(kind: str, o: Any) -> keras.Layer:
    """The Keras layer of one entry."""
    if kind == "dropout":
        return L.Dropout(o)
    if kind == "time_distributed":
        ((inner, options),) = ((key, value) for key, value in o.items() if key in CLASSES)
        return L.TimeDistributed(make(inner, options), name=o["name"])
    options = {WORDS.get(key, key): value for key, value in o.items() if key not in WIRING}
    if kind in FLOAT32:
        options["dtype"] = "float32"
    if kind in PARTS:
        options = {"return_sequences": True, "return_state": True} | options
    if not o.get("bidirectional"):
        return CLASSES[kind](**options)
    name = options.pop("name")
    return L.Bidirectional(CLASSES[kind](**options), merge_mode=o.get("merge_mode", "concat"), name=name)


def framework_type(layer: keras.Layer) -> str:
    inner = f"({framework_type(layer.layer)})" if isinstance(layer, L.TimeDistributed) else ""
    return type(layer).__name__ + inner


class Network(Net):
    """One model as a functional Model whose outputs are the last layer's and then every final state."""

    def __init__(self, layers: Sequence[Layer], given: Inputs) -> None:
        keras.backend.clear_session()
        self.ids = given.ids
        dtype = "int32" if given.ids else None
        starts = {key: keras.Input(shape, dtype=dtype, name=key) for key, shape in given.open.items()}
        self.values = dict(starts)
        self.initial: dict[str, Any] = {}
        self.final: dict[str, Any] = {}
        self.types = []
        value = next(iter(starts.values()))
        for each in layers:
            kind, name, options = entry(each)
            read = [self.values[key] for key in options.get("inputs", ())] or [value]
            layer = make(kind, options or each[kind])
            self.types.append(framework_type(layer))
            value = self.values[name] = self.call(kind, options, layer, read)
        self.keras = keras.Model([*starts.values(), *self.initial.values()], [value, *self.final.values()])
        self.tensors = {w.path: list(w.shape) for w in self.keras.weights}
        self.positive = [path for path in self.tensors if path.endswith("moving_variance")]
        self.trainable = size(self.keras.trainable_weights)
        self.non_trainable = size(self.keras.weights) - self.trainable
        self.states = {name: [s.shape[1], BATCH, *s.shape[2:]] for name, s in self.initial.items()}
        self.tolerance = tolerance(layers)
        if self.keras.count_params() != self.trainable + self.non_trainable:
            raise AssertionError("count_params")

    def run(self, weights: Arrays, x: Arrays, initial: Arrays) -> tuple[np.ndarray, Arrays]:
        self.keras.set_weights(list(weights.values()))
        states = [initial.get(name, np.zeros(shape)) for name, shape in self.states.items()]
        inputs = [array.astype(np.int32) if self.ids else array for array in x.values()]
        result = self.keras([*inputs, *(np.swapaxes(state, 0, 1) for state in states)], training=False)
        outputs, *final = result if isinstance(result, list) else [result]
        return np.asarray(outputs), {name: np.asarray(s) for name, s in zip(self.states, final, strict=True)}

    def call(self, kind: str, o: Options, layer: keras.Layer, given: list[Any]) -> Any:
        if kind in ATTENTION:
            query, value = given if len(given) == 2 else given * 2
            return layer(query, value) if kind == "multi_head_attention" else layer([query, value])
        value = given[0]
        if len(given) > 1:
            value = L.Add()(given) if o.get("combine") == "add" else L.Concatenate()(given)
        if kind not in PARTS:
            return layer(value)
        rows = 2 if o.get("bidirectional") else 1
        names = [f"{o['name']}/{part}" for part in PARTS[kind]]
        shape = (o["units"],) if "units" in o else self.positions(kind, o, value)
        for name in names:
            self.initial[name] = keras.Input((rows, *shape), name=name.replace("/", "_"))
        states = [self.initial[name][:, row] for row in range(rows) for name in names]
        outputs, *last = layer(value, initial_state=states)
        for k, name in enumerate(names):
            self.final[name] = keras.ops.stack(last[k :: len(names)], axis=0)
        return outputs

    @staticmethod
    def positions(kind: str, o: Options, value: Any) -> Shape:
        """Shape of a ConvLSTM's state, by Keras' own reckoning."""
        layer = make(kind, {**o, "return_sequences": False})
        return tuple(layer.compute_output_shape(value.shape)[0][1:])


def size(variables: list[keras.Variable]) -> int:
    return sum(int(np.prod(v.shape)) for v in variables)


def tolerance(layers: Sequence[Layer]) -> float:
    """How far a case falls short of float64, 0 where it does not.

    MultiHeadAttention rounds its factor 1 / sqrt(key_dim) to float32, which is exact for 1, 4 and 16 alone.
    """
    kinds = {kind: options for kind, _, options in map(entry, layers)}
    if kinds.keys() & set(FLOAT32):
        return SINGLE
    return 1e-8 if kinds.get("multi_head_attention", {"key_depth": 4})["key_depth"] not in (1, 4, 16) else 0.0


def convolutions() -> Iterator[Case]:
    yield from windows(last)
    yield from padded_windows(last)
    yield from grouped_windows(last)
    grouped: Options = {"groups": 3, "stride": 2, "padding": "same"}
    yield case("conv1d-groups-same", [7, 6], layer("conv1d", filters=9, kernel_size=4, **grouped))
    open_lengths = [None, None, 3]
    yield case("conv2d-unknown-lengths", open_lengths, layer("conv2d", filters=4, kernel_size=2), shape=[6, 5, 3])


def depthwise() -> Iterator[Case]:
    d1, d2, s1, s2 = "depthwise_conv1d", "depthwise_conv2d", "separable_conv1d", "separable_conv2d"
    twice: Options = {"depth_multiplier": 2, "stride": 2, "padding": "same"}
    yield case("depthwise1d", [9, 3], layer(d1, kernel_size=4, **twice))
    yield case("depthwise2d", [7, 8, 2], layer(d2, kernel_size=[4, 3], **twice))
    yield case("depthwise2d-dilation", [7, 6, 3], layer(d2, kernel_size=[2, 3], dilation=2, bias=False))
    yield case("separable1d", [9, 4], layer(s1, filters=3, kernel_size=4, **twice))
    yield case("separable2d", [7, 6, 2], layer(s2, filters=5, kernel_size=3, **twice))


def normalisation() -> Iterator[Case]:
    bare = {"scale": False, "center": False}
    yield case("batch-norm", 5, layer("batch_norm"))
    yield case("batch-norm-image-no-scale", [4, 3, 6], layer("batch_norm", scale=False))
    yield case("batch-norm-no-center-frozen", 7, layer("batch_norm", center=False, trainable=False))
    yield case("layer-norm", 5, layer("layer_norm"))
    yield case("layer-norm-image-no-scale", [4, 3, 6], layer("layer_norm", scale=False))
    yield case("layer-norm-bare", 4, layer("layer_norm", **bare))
    yield case("rms-norm", [3, 2, 5], layer("rms_norm"))
    yield case("group-norm", 6, layer("group_norm", groups=3))
    yield case("group-norm-image-bare", [3, 5, 8], layer("group_norm", groups=2, **bare))


def time_distributed() -> Iterator[Case]:
    yield case("time-distributed-dense", 5, layer("time_distributed", "each", dense={"name": "inner", "units": 4}))
    yield case(
        "time-distributed-conv2d-lstm",
        [3, 6, 5, 2],
        layer("time_distributed", "convs", conv2d={"name": "conv", "filters": 3, "kernel_size": 3}),
        layer("time_distributed", "norms", batch_norm={"name": "norm"}),
        layer("time_distributed", "pools", max_pool2d={"name": "pool", "pool_size": 2}),
        layer("time_distributed", "flats", flatten={"name": "flat"}),
        layer("lstm", units=4, return_sequences=False),
    )


def conv_lstms() -> Iterator[Case]:
    c1, c2, c3 = "conv_lstm1d", "conv_lstm2d", "conv_lstm3d"
    same: Options = {"padding": "same"}
    last: Options = {"return_sequences": False}
    yield case("conv-lstm1d-stride-last", [3, 9, 2], layer(c1, filters=3, kernel_size=4, stride=2, **same, **last))
    yield case("conv-lstm2d", [3, 5, 6, 2], layer(c2, filters=3, kernel_size=[3, 2]))
    yield case("conv-lstm2d-dilation", [2, 7, 6, 2], layer(c2, filters=3, kernel_size=[3, 2], dilation=2, bias=False))
    yield case("conv-lstm3d", [2, 3, 4, 5, 2], layer(c3, filters=3, kernel_size=[2, 3, 2], **same), stateful=False)
    yield case(
        "conv-lstm2d-batch-norm-conv-lstm2d",
        [3, 6, 5, 2],
        layer(c2, "first", filters=3, kernel_size=3, **same),
        layer("batch_norm"),
        layer(c2, "second", filters=4, kernel_size=2, **last),
        layer("flatten"),
        layer("dense", units=3),
        stateful=False,
    )


def attention() -> Iterator[Case]:
    m = "multi_head_attention"
    pair = {"inputs": ["query", "value"]}
    unlike, alike = {"query": 5, "value": 7}, {"query": 6, "value": 6}
    yield case("mha-self", 5, layer(m, heads=2, key_depth=3))
    yield case("mha-value-depth-no-bias", 6, layer(m, heads=3, key_depth=2, value_depth=4, bias=False))
    yield case("mha-output-depth", unlike, layer(m, heads=3, key_depth=4, value_depth=5, output_depth=8, **pair))
    yield case("attention", alike, layer("Attention", use_scale=False, score_mode="dot", **pair))
    yield case("attention-scale", alike, layer("Attention", use_scale=True, score_mode="dot", **pair))
    kinds: dict[str, Options] = {"AdditiveAttention": {}, m: {"heads": 2, "key_depth": 3}}
    for kind, options in kinds.items():
        yield case(
            f"encoder-decoder-{kind.lower().replace('_', '-')}",
            {"source": 5, "target": 4},
            layer("gru", "decoder", units=6, inputs=["target"]),
            layer("gru", "encoder", units=6, inputs=["source"]),
            layer(kind, "attention", inputs=["decoder", "encoder"], **options),
            layer("dense", "head", units=7, inputs=["decoder", "attention"]),
        )
    yield case(
        "transformer-block",
        6,
        layer(m, "attention", heads=2, key_depth=4),
        layer("layer_norm", "one", inputs=["attention", "input"], combine="add"),
        layer("dense", "wide", units=9),
        layer("activation", "bend", function="relu"),
        layer("dense", "narrow", units=6),
        layer("layer_norm", "two", inputs=["narrow", "one"], combine="add"),
    )


def rows() -> Iterator[Case]:
    same: Options = {"padding": "same"}
    yield case(
        "conv2d-batch-norm-reshape-lstm-dense",
        [8, 6, 1],
        layer("conv2d", filters=3, kernel_size=3, **same, activation="relu"),
        layer("batch_norm"),
        layer("max_pool2d", pool_size=2),
        layer("reshape", shape=[4, 9]),
        {"dropout": 0.2},
        layer("lstm", units=5, bidirectional=True),
        layer("dense", units=4),
        layer("activation", function="softmax"),
    )
    yield case(
        "conv1d-gru",
        4,
        layer("conv1d", filters=6, kernel_size=3, stride=2),
        layer("gru", units=5),
        shape=[9, 4],
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
        "residual-conv2d-concat",
        [5, 4, 3],
        layer("conv2d", "a", filters=3, kernel_size=3, **same),
        layer("batch_norm", "b"),
        layer("conv2d", "c", filters=2, kernel_size=2, inputs=["b", "input"], combine="concat"),
        layer("conv2d", "d", filters=4, kernel_size=2, inputs=["b", "input"], combine="add"),
        layer("conv2d", "e", filters=5, kernel_size=1, inputs=["c", "d"]),
        layer("global_avg_pool2d", "f"),
    )
    yield case(
        "embedding-frozen-conv1d-gru",
        None,
        layer("embedding", vocab=9, depth=5, trainable=False),
        layer("conv1d", filters=4, kernel_size=2, activation="relu"),
        layer("gru", units=3),
        layer("dense", units=6),
    )
    yield case(
        "frozen-conv2d-batch-norm-dense",
        [4, 5, 2],
        layer("conv2d", filters=3, kernel_size=2, trainable=False),
        layer("batch_norm", trainable=False),
        layer("flatten"),
        layer("dense", units=4),
    )


def all_cases() -> Iterator[dict[str, Any]]:
    found = [
        *convolutions(),
        *depthwise(),
        *pools(last, {"padding": "same"}, across=True),
        *normalisation(),
        functions(FUNCTIONS),
        *time_distributed(),
        *conv_lstms(),
        *attention(),
        *chains(last, "same"),
        *rows(),
    ]
    for given, how in found:
        yield freeze("keras", Network, *given, **how)


if __name__ == "__main__":
    versions = {"keras": keras.__version__, "tensorflow": tf.__version__, "numpy": np.__version__}
    write("keras", versions, 1e-12, list(all_cases()))
