"""What TensorFlow 1 allocates and computes in the layers around its cells, and in the cells of tf.contrib.

A layer is an object of tf.layers, or what a function of tf.nn or tf.contrib makes in a scope of the layer's name: the
embedding and the filter of a depthwise convolution are variables of that function's user, and so is the matrix of a
CRF. A recurrent layer is `dynamic_rnn` in the scope of the layer's name, or `bidirectional_dynamic_rnn` with its
outputs concatenated, around a `MultiRNNCell` for several layers. An attention reads each step of the query as
one of a batch. It needs Python 3.7, the last for which there is a TensorFlow 1.

    python tests/goldens/golden_tensorflow1_layers.py > tests/goldens/tensorflow1-layers.json
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

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
    last,
    layer,
    padded_windows,
    pools,
    windows,
)
from probe import write

contrib = tf.contrib
WORDS = {"stride": "strides", "dilation": "dilation_rate", "bias": "use_bias", "projection": "num_proj"}
LAYERS = {
    "dense": "Dense",
    "conv1d": "Conv1D",
    "conv2d": "Conv2D",
    "conv3d": "Conv3D",
    "separable_conv1d": "SeparableConv1D",
    "separable_conv2d": "SeparableConv2D",
    "max_pool1d": "MaxPooling1D",
    "max_pool2d": "MaxPooling2D",
    "max_pool3d": "MaxPooling3D",
    "avg_pool1d": "AveragePooling1D",
    "avg_pool2d": "AveragePooling2D",
    "avg_pool3d": "AveragePooling3D",
    "batch_norm": "BatchNormalization",
    "flatten": "Flatten",
}
CELLS = {
    "rnn": "BasicRNNCell",
    "lstm": "BasicLSTMCell",
    "gru": "GRUCell",
    "nas": "NASCell",
    "conv_lstm1d": "Conv1DLSTMCell",
    "conv_lstm2d": "Conv2DLSTMCell",
    "conv_lstm3d": "Conv3DLSTMCell",
}
ATTENTION = {"additive_attention": "BahdanauAttention", "multiplicative_attention": "LuongAttention"}
FLOAT32 = ("LSTMBlockCell", "GRUBlockCellV2", "max_pool3d", "avg_pool3d")  # what there is in no other type
WIRING = ("name", "inputs", "combine", "num_layers", "bidirectional", "return_sequences")


def options_of(o: Options, **words: str) -> dict[str, Any]:
    words = {**WORDS, **words}
    return {words.get(key, key): value for key, value in o.items() if key not in WIRING}


def function(name: str) -> Any:
    return None if name == "linear" else getattr(tf.nn, "swish" if name == "silu" else name)


def same(word: str) -> str:
    return word.upper()


class Network(Net):
    """The graph of one model."""

    def __init__(self, layers: Sequence[Layer], given: Inputs) -> None:
        kinds = [entry(each)[0] for each in layers]
        single = bool(set(kinds) & set(FLOAT32))
        self.dtype = tf.float32 if single else tf.float64
        self.tolerance = SINGLE if single else 0.0
        self.types = []
        self.starts: dict[str, list[Any]] = {}
        self.ends: dict[str, list[Any]] = {}
        self.graph = tf.Graph()
        with self.graph.as_default():
            dtype = tf.int32 if given.ids else self.dtype
            self.x = {name: tf.placeholder(dtype, shape, name) for name, shape in given.shapes.items()}
            values = dict(self.x)
            value = next(iter(values.values()))
            for each in layers:
                kind, name, o = entry(each)
                read = [values[key] for key in o.get("inputs", ())] or [value]
                value = self.add(kind, name, o or each[kind], read)
                values[name] = value
            self.output = value
            self.variables = tf.global_variables()
            trainable = tf.trainable_variables()
        self.tensors = {each.name[:-2]: each.shape.as_list() for each in self.variables}
        self.positive = [path for path in self.tensors if path.endswith("moving_variance")]
        self.states = {name: [len(parts), *parts[0].shape.as_list()] for name, parts in self.starts.items()}
        self.trainable = sum(each.shape.num_elements() for each in trainable)
        self.non_trainable = sum(each.shape.num_elements() for each in self.variables) - self.trainable

    def run(self, weights: Arrays, x: Arrays, initial: Arrays) -> tuple[np.ndarray, Arrays]:
        feed = {self.x[name]: array for name, array in x.items()}
        for name, parts in self.starts.items():
            for part, array in zip(parts, initial.get(name, np.zeros(self.states[name]))):
                feed[part] = array
        with tf.Session(graph=self.graph) as session:
            for variable, array in zip(self.variables, weights.values()):
                variable.load(array, session)
            return session.run((self.output, {name: tf.stack(parts) for name, parts in self.ends.items()}), feed)

    def variable(self, name: str, shape: Sequence[int], o: Options) -> tf.Variable:
        return tf.get_variable(name, shape, self.dtype, trainable=o.get("trainable", True))

    def add(self, kind: str, name: str, o: Any, read: list[tf.Tensor]) -> tf.Tensor:
        """The output of one more layer."""
        if kind in ATTENTION:
            return self.attention(kind, name, o, *read)
        x = read[0]
        if len(read) > 1:
            x = tf.add_n(read) if o.get("combine") == "add" else tf.concat(read, -1)
        if kind in CELLS or kind in FLOAT32[:2] or hasattr(contrib.rnn, kind):
            return self.recurrent(kind, name, o, x)
        if kind in LAYERS:
            options = options_of(o)
            if "activation" in options:
                options["activation"] = function(options["activation"])
            if kind == "batch_norm":
                options["fused"] = False  # which is for float32 alone
            if "pool" in kind:
                options["strides"] = o.get("stride", o["pool_size"])
            made = getattr(tf.layers, LAYERS[kind])(name=name, **options)
            self.types.append(type(made).__name__)
            return made(x)
        with tf.variable_scope(name or kind):
            return getattr(self, kind.split("_pool")[0] if "pool" in kind else kind)(x, o)

    def dropout(self, x: tf.Tensor, rate: float) -> tf.Tensor:
        self.types.append("Dropout")
        return tf.layers.Dropout(rate)(x, training=False)

    def activation(self, x: tf.Tensor, o: Options) -> tf.Tensor:
        self.types.append(o["function"])
        return function(o["function"])(x)

    def reshape(self, x: tf.Tensor, o: Options) -> tf.Tensor:
        self.types.append("reshape")
        return tf.reshape(x, [BATCH, *o["shape"]])

    def global_max(self, x: tf.Tensor, o: Options) -> tf.Tensor:
        self.types.append("reduce_max")
        return tf.reduce_max(x, list(range(1, x.shape.ndims - 1)))

    def global_avg(self, x: tf.Tensor, o: Options) -> tf.Tensor:
        self.types.append("reduce_mean")
        return tf.reduce_mean(x, list(range(1, x.shape.ndims - 1)))

    def embedding(self, x: tf.Tensor, o: Options) -> tf.Tensor:
        self.types.append("embedding_lookup")
        return tf.nn.embedding_lookup(self.variable("embedding", (o["vocab"], o["depth"]), o), x)

    def embed_sequence(self, x: tf.Tensor, o: Options) -> tf.Tensor:
        self.types.append("embed_sequence")
        start = tf.initializers.zeros(self.dtype)
        scope = tf.get_variable_scope()
        return contrib.layers.embed_sequence(x, o["vocab"], o["depth"], initializer=start, scope=scope)

    def fully_connected(self, x: tf.Tensor, o: Options) -> tf.Tensor:
        self.types.append("fully_connected")
        bias = {} if o.get("bias", True) else {"biases_initializer": None}
        return contrib.layers.fully_connected(x, o["units"], scope=tf.get_variable_scope(), **bias)

    def depthwise_conv2d(self, x: tf.Tensor, o: Options) -> tf.Tensor:
        self.types.append("depthwise_conv2d")
        shape = [*o["kernel_size"], x.shape.as_list()[-1], o.get("depth_multiplier", 1)]
        ways = {"strides": [1, *[o.get("stride", 1)] * 2, 1], "rate": [o.get("dilation", 1)] * 2}
        filters = self.variable("filter", shape, o)
        return tf.nn.depthwise_conv2d(x, filters, padding=same(o.get("padding", "valid")), **ways)

    def layer_norm(self, x: tf.Tensor, o: Options) -> tf.Tensor:
        self.types.append("layer_norm")
        scope = tf.get_variable_scope()
        return contrib.layers.layer_norm(x, begin_norm_axis=-1, scope=scope, **options_of(o))

    def group_norm(self, x: tf.Tensor, o: Options) -> tf.Tensor:
        self.types.append("group_norm")
        axes = list(range(1, x.shape.ndims - 1))
        scope = tf.get_variable_scope()
        return contrib.layers.group_norm(x, reduction_axes=axes, scope=scope, **options_of(o))

    def instance_norm(self, x: tf.Tensor, o: Options) -> tf.Tensor:
        self.types.append("instance_norm")
        return contrib.layers.instance_norm(x, scope=tf.get_variable_scope(), **options_of(o))

    def crf(self, x: tf.Tensor, o: Options) -> tf.Tensor:
        """The logarithms of the forward algorithm's sums at each step."""
        self.types.append("crf_log_likelihood")
        matrix = self.variable("transitions", [o["tags"]] * 2, o)
        cell = contrib.crf.CrfForwardRnnCell(matrix)
        rest, _ = tf.nn.dynamic_rnn(cell, x[:, 1:], initial_state=x[:, 0], dtype=self.dtype)
        return tf.concat([x[:, :1], rest], 1)

    def attention(self, kind: str, name: str, o: Options, query: tf.Tensor, memory: tf.Tensor) -> tf.Tensor:
        self.types.append(ATTENTION[kind])
        options = {"scale": o["scale"]} if o.get("scale") else {}
        _, steps, depth = query.shape.as_list()
        memory = tf.repeat(memory, steps, 0)
        with tf.variable_scope(name):
            mechanism = getattr(contrib.seq2seq, ATTENTION[kind])(
                o.get("units", depth), memory, dtype=self.dtype, **options
            )
            weights, _ = mechanism(tf.reshape(query, [-1, depth]), None)
        read = tf.matmul(weights[:, None], mechanism.values)
        return tf.reshape(read, [BATCH, steps, read.shape.as_list()[-1]])

    def recurrent(self, kind: str, name: str, o: Options, x: tf.Tensor) -> tf.Tensor:
        layers, directions = o.get("num_layers", 1), 2 if o.get("bidirectional") else 1
        stack = [self.cell(kind, o, x) for _ in range(layers * directions)]
        self.types.append(type(stack[0]).__name__)
        states = [self.start(name, cell) for cell in stack]
        if directions == 2:
            outputs, ends = tf.nn.bidirectional_dynamic_rnn(stack[0], stack[1], x, None, *states, scope=name)
            x = tf.concat(outputs, -1)
        else:
            many = layers > 1
            cell = tf.nn.rnn_cell.MultiRNNCell(stack) if many else stack[0]
            x, ends = tf.nn.dynamic_rnn(cell, x, initial_state=tuple(states) if many else states[0], scope=name)
            ends = ends if many else [ends]
        for end in ends:
            for part, tensor in parts(end):
                self.ends.setdefault(f"{name}/{part}", []).append(tensor)
        return x if o.get("return_sequences", True) else x[:, -1]

    def cell(self, kind: str, o: Options, x: tf.Tensor) -> Any:
        if kind.startswith("conv_lstm"):
            shapes = {"input_shape": x.shape.as_list()[2:], "output_channels": o["filters"]}
            bias = o.get("bias", True)
            return getattr(contrib.rnn, CELLS[kind])(kernel_shape=o["kernel_size"], use_bias=bias, **shapes)
        words = {"units": "num_units", "peephole": "use_peephole" if kind == "LSTMBlockCell" else "use_peepholes"}
        options = options_of(o, **words)
        if "activation" in options:
            options["activation"] = function(options["activation"])
        module = contrib.rnn if hasattr(contrib.rnn, CELLS.get(kind, kind)) else tf.nn.rnn_cell
        return getattr(module, CELLS.get(kind, kind))(**options)

    def start(self, layer: str, cell: Any) -> Any:
        """The initial state of a cell, in the cell's own structure."""

        def made(size: Any) -> tf.Tensor:
            return tf.placeholder(self.dtype, [BATCH, *([size] if isinstance(size, int) else size.as_list())])

        found = cell.state_size
        state = tf.nn.rnn_cell.LSTMStateTuple(*map(made, found)) if isinstance(found, tuple) else made(found)
        for part, tensor in parts(state):
            self.starts.setdefault(f"{layer}/{part}", []).append(tensor)
        return state


def parts(state: Any) -> list[tuple[str, Any]]:
    return [("h", state.h), ("c", state.c)] if isinstance(state, tuple) else [("h", state)]


# cases


def cells(kind: str, **options: Any) -> Iterator[Case]:
    """The cases of a cell of tf.contrib."""
    ident = "-".join([kind, *(f"{key}" for key in options)])
    for way, depth, more in (
        ("", 5, {"units": 7}),
        ("-one-unit", 3, {"units": 1}),
        ("-last", 3, {"units": 5, "return_sequences": False}),
        ("-layers-2", 4, {"units": 6, "num_layers": 2}),
        ("-bidirectional", 5, {"units": 3, "bidirectional": True}),
    ):
        yield case(ident + way, depth, layer(kind, "cell", **options, **more))


def conv_lstms() -> Iterator[Case]:
    c1, c2, c3 = "conv_lstm1d", "conv_lstm2d", "conv_lstm3d"
    yield case("conv-lstm1d-last", [3, 9, 2], layer(c1, filters=3, kernel_size=[4], return_sequences=False))
    yield case("conv-lstm2d", [3, 5, 6, 2], layer(c2, filters=3, kernel_size=[3, 2]))
    yield case("conv-lstm2d-no-bias", [2, 4, 5, 3], layer(c2, filters=2, kernel_size=[2, 3], bias=False))
    yield case("conv-lstm3d", [2, 3, 4, 5, 2], layer(c3, filters=3, kernel_size=[2, 3, 2]))


def convolutions() -> Iterator[Case]:
    yield from windows(last)
    yield from padded_windows(last)
    twice = {"depth_multiplier": 2, "stride": 2, "padding": "same"}
    yield case("depthwise2d", [7, 8, 2], layer("depthwise_conv2d", kernel_size=[4, 3], **twice))
    yield case("depthwise2d-dilation", [7, 6, 3], layer("depthwise_conv2d", kernel_size=[2, 3], dilation=2))
    yield case("separable1d", [9, 4], layer("separable_conv1d", filters=3, kernel_size=4, **twice))
    yield case("separable2d", [7, 6, 2], layer("separable_conv2d", filters=5, kernel_size=3, **twice))
    yield case("separable2d-no-bias", [5, 6, 3], layer("separable_conv2d", filters=4, kernel_size=[3, 2], bias=False))
    yield from pools(last, {"padding": "same"}, across=True)


def normalisation() -> Iterator[Case]:
    bare = {"scale": False, "center": False}
    yield case("batch-norm", 5, layer("batch_norm"))
    yield case("batch-norm-image-no-scale", [4, 3, 6], layer("batch_norm", scale=False))
    yield case("batch-norm-no-center-frozen", 7, layer("batch_norm", center=False, trainable=False))
    yield case("batch-norm-epsilon", 4, layer("batch_norm", epsilon=0.02))
    yield case("layer-norm", 5, layer("layer_norm"))
    yield case("layer-norm-image-no-scale", [4, 3, 6], layer("layer_norm", scale=False))
    yield case("layer-norm-bare", 4, layer("layer_norm", **bare))
    yield case("group-norm", [3, 5, 6], layer("group_norm", groups=3))
    yield case("group-norm-bare", 8, layer("group_norm", groups=2, epsilon=0.01, **bare))
    yield case("instance-norm", [3, 5, 6], layer("instance_norm"))
    yield case("instance-norm-no-scale", 4, layer("instance_norm", scale=False, epsilon=0.03))


def attention() -> Iterator[Case]:
    pair = {"inputs": ["query", "memory"]}
    unlike = {"query": 5, "memory": 7}
    yield case("bahdanau", unlike, layer("additive_attention", units=6, bias=False, **pair))
    yield case("luong", unlike, layer("multiplicative_attention", **pair))
    yield case("luong-scale", unlike, layer("multiplicative_attention", scale=True, **pair))
    yield case("crf", 5, layer("crf", tags=5))
    yield case(
        "encoder-decoder",
        {"source": 5, "target": 4},
        layer("gru", "decoder", units=6, inputs=["target"]),
        layer("lstm", "encoder", units=3, bidirectional=True, inputs=["source"]),
        layer("additive_attention", "attention", units=4, bias=False, inputs=["decoder", "encoder"]),
        layer("dense", "head", units=7, inputs=["decoder", "attention"]),
    )


def dense() -> Iterator[Case]:
    yield functions(FUNCTIONS)
    yield case("dense-relu-frozen", 5, layer("dense", units=4, activation="relu", trainable=False))
    yield case("fully-connected", 5, layer("fully_connected", units=4))
    yield case("fully-connected-no-bias", 3, layer("fully_connected", units=6, bias=False))
    frozen = {"vocab": 9, "depth": 5, "trainable": False}
    yield case("embedding-frozen-dense", None, layer("embedding", **frozen), layer("dense", units=4))


def all_cases() -> Iterator[Mapping[str, Any]]:
    found = [
        *cells("NASCell"),
        *cells("NASCell", bias=True),
        *cells("NASCell", projection=2),
        *cells("CoupledInputForgetGateLSTMCell"),
        *cells("CoupledInputForgetGateLSTMCell", peephole=True),
        *cells("CoupledInputForgetGateLSTMCell", projection=2),
        *cells("LSTMBlockCell"),
        *cells("LSTMBlockCell", peephole=True),
        *cells("GRUBlockCellV2"),
        *conv_lstms(),
        *dense(),
        *convolutions(),
        *normalisation(),
        *attention(),
        *chains(last, "same"),
    ]
    for given, how in found:
        yield freeze("tensorflow1", Network, *given, **how)


if __name__ == "__main__":
    write("tensorflow1", {"tensorflow": tf.__version__, "numpy": np.__version__}, 1e-12, list(all_cases()))
