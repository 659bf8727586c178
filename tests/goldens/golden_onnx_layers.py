"""What ONNX's operators around RNN, LSTM and GRU take and compute: the cases of `onnx-layers`.

A layer is a node of its operator, whose weights bear the names of the operator's inputs, after the layer's own name
where there are several. Gemm reads a matrix: what has more axes is reshaped before and after it. What a global pooling
leaves has its axes of length 1 flattened, and an operator has no activation of its own, so that a node follows. Each
case runs in float64 by ONNX's reference evaluator and, where ONNX Runtime has the operators, in float32 by that, and
the two must agree. The evaluator takes the wrong axes in a GlobalMaxPool that is not over two: those cases are ONNX
Runtime's alone. An attribute, as epsilon and the factors of Selu, is a float32, and a GroupNormalization computes in
that: such cases carry their own tolerance.

    python tests/goldens/golden_onnx_layers.py > tests/goldens/onnx-layers.json
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np
import onnx
import onnxruntime
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
    first,
    freeze,
    functions,
    grouped_windows,
    layer,
    padded_windows,
    pools,
    windows,
)
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnxruntime.capi import onnxruntime_pybind11_state as runtime
from probe import write

OPSET, IR_VERSION = 23, 11
NORMS = {  # operator, its inputs after the first
    "batch_norm": ("BatchNormalization", ("scale", "B", "input_mean", "input_var")),
    "layer_norm": ("LayerNormalization", ("Scale", "B")),
    "group_norm": ("GroupNormalization", ("scale", "bias")),
    "instance_norm": ("InstanceNormalization", ("scale", "B")),
    "rms_norm": ("RMSNormalization", ("scale",)),
}
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
ROUNDED = 1e-7
MISTAKEN = ("global_max_pool1d", "global_max_pool3d")
MISSING = (runtime.NotImplemented, runtime.InvalidArgument)  # the last for padding as `same` with a dilation
TYPES = {np.dtype("float64"): TensorProto.DOUBLE, np.dtype("float32"): TensorProto.FLOAT}


def per_axis(value: Any, rank: int) -> list[int]:
    return list(value) if isinstance(value, (list, tuple)) else [value] * rank


class Network(Net):
    """The graph of one model."""

    def __init__(self, layers: Sequence[Layer], given: Inputs) -> None:
        self.types, self.tensors, self.nodes, self.constants = [], {}, [], {}
        self.ids, self.shapes = given.ids, given.shapes
        self.several = sum(entry(each)[0] in self.STORING for each in layers) > 1
        self.fresh = (f"value_{n}" for n in count())
        values = {name: (name, shape) for name, shape in given.shapes.items()}
        value = next(iter(values.values()))
        for each in layers:
            kind, name, o = entry(each)
            read = [values[key] for key in o.get("inputs", ())] or [value]
            value = read[0] if len(read) == 1 else self.joined(o, read)
            value = self.add(kind, name, o or each[kind], *value)
            if "activation" in o:
                value = self.function(o["activation"], *value)
            values[name] = value
        self.output = value
        kinds = {entry(each)[0] for each in layers}
        functions = {entry(each)[2].get("function") for each in layers}
        self.mistaken = bool(kinds & set(MISTAKEN))
        rounded = ROUNDED if kinds & set(NORMS) or "selu" in functions else 0.0
        self.tolerance = SINGLE if self.mistaken or "group_norm" in kinds else rounded
        statistics = ("input_mean", "input_var")
        sizes = {path: int(np.prod(shape)) for path, shape in self.tensors.items()}
        self.positive = [path for path in sizes if path.endswith("input_var")]
        self.non_trainable = sum(size for path, size in sizes.items() if path.endswith(statistics))
        self.trainable = sum(sizes.values()) - self.non_trainable

    STORING = ("dense", "MatMul", "embedding", "conv1d", "conv2d", "conv3d", *NORMS, *GATES)

    def weight(self, name: str, key: str, shape: Sequence[int]) -> str:
        path = f"{name}.{key}" if self.several else key
        self.tensors[path] = list(shape)
        return path

    def constant(self, value: Any) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants[name] = np.array(value)
        return name

    def node(self, operator: str, inputs: Sequence[str], shape: Sequence[int], **attributes: Any) -> tuple:
        """A node, as its output's name and shape."""
        output = next(self.fresh)
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output, list(shape)

    def reshaped(self, x: str, shape: Sequence[int]) -> tuple:
        return self.node("Reshape", [x, self.constant(np.array(shape, np.int64))], shape)

    def joined(self, o: Options, read: Sequence[tuple]) -> tuple:
        names, shapes = [name for name, _ in read], [shape for _, shape in read]
        if o.get("combine") == "add":
            return self.node("Sum", names, shapes[0])
        return self.node("Concat", names, [*shapes[0][:-1], sum(shape[-1] for shape in shapes)], axis=-1)

    def add(self, kind: str, name: str, o: Any, x: str, shape: list[int]) -> tuple:
        """The output of one more layer."""
        if kind in NORMS:
            return self.norm(kind, name, o, x, shape)
        if kind in GATES:
            return self.recurrent(kind, name, o, x, shape)
        if kind.startswith("global"):
            operator = {"global_max_pool": "GlobalMaxPool", "global_avg_pool": "GlobalAveragePool"}[kind[:-2]]
            self.types.append(operator)
            x, _ = self.node(operator, [x], [])
            return self.node("Flatten", [x], shape[:2])
        if "pool" in kind or kind.startswith("conv"):
            return self.window(kind, name, o, x, shape)
        return getattr(self, kind.lower())(name, o, x, shape)

    def dense(self, name: str, o: Options, x: str, shape: list[int]) -> tuple:
        self.types.append("Gemm")
        inputs = [self.weight(name, "B", [shape[-1], o["units"]])]
        if o.get("bias", True):
            inputs.append(self.weight(name, "C", [o["units"]]))
        if len(shape) == 2:
            return self.node("Gemm", [x, *inputs], [shape[0], o["units"]])
        flat, _ = self.reshaped(x, [-1, shape[-1]])
        y, _ = self.node("Gemm", [flat, *inputs], [])
        return self.reshaped(y, [*shape[:-1], o["units"]])

    def matmul(self, name: str, o: Options, x: str, shape: list[int]) -> tuple:
        self.types.append("MatMul")
        return self.node("MatMul", [x, self.weight(name, "B", [shape[-1], o["units"]])], [*shape[:-1], o["units"]])

    def embedding(self, name: str, o: Options, x: str, shape: list[int]) -> tuple:
        self.types.append("Gather")
        return self.node("Gather", [self.weight(name, "data", [o["vocab"], o["depth"]]), x], [*shape, o["depth"]])

    def window(self, kind: str, name: str, o: Options, x: str, shape: list[int]) -> tuple:
        rank = int(kind[-2])
        operator = {"conv": "Conv", "max_pool": "MaxPool", "avg_pool": "AveragePool"}[kind[:-2]]
        self.types.append(operator)
        kernel = per_axis(o.get("kernel_size", o.get("pool_size")), rank)
        inputs, depth = [x], shape[1]
        ways = {"kernel_shape": kernel, "strides": per_axis(o.get("stride", 1 if operator == "Conv" else kernel), rank)}
        dilation, padding = per_axis(o.get("dilation", 1), rank), o.get("padding", "valid")
        if operator == "Conv":
            depth, groups = o["filters"], o.get("groups", 1)
            ways |= {"dilations": dilation, "group": groups}
            inputs.append(self.weight(name, "W", [depth, shape[1] // groups, *kernel]))
            if o.get("bias", True):
                inputs.append(self.weight(name, "B", [depth]))
        if operator == "AveragePool":
            ways["count_include_pad"] = int(o.get("count_padding", False))
        if padding in ("valid", "same"):
            ways["auto_pad"] = {"valid": "VALID", "same": "SAME_UPPER"}[padding]
        else:
            ways["pads"] = per_axis(padding, rank) * 2
        pads = per_axis(0 if padding == "valid" else padding, rank)
        axes = zip(shape[2:], kernel, ways["strides"], dilation, pads)
        left = [
            -(-length // stride) if padding == "same" else (length + 2 * pad - (k - 1) * d - 1) // stride + 1
            for length, k, stride, d, pad in axes
        ]
        return self.node(operator, inputs, [shape[0], depth, *left], **ways)

    def norm(self, kind: str, name: str, o: Options, x: str, shape: list[int]) -> tuple:
        operator, keys = NORMS[kind]
        self.types.append(operator)
        depth = shape[-1] if kind in ("layer_norm", "rms_norm") else shape[1]
        keys = keys[:1] if o.get("center") is False else keys
        ways = {"epsilon": o["epsilon"]} if "epsilon" in o else {}
        if kind == "group_norm":
            ways["num_groups"] = o["groups"]
        return self.node(operator, [x, *(self.weight(name, key, [depth]) for key in keys)], shape, **ways)

    def recurrent(self, kind: str, name: str, o: Options, x: str, shape: list[int]) -> tuple:
        self.types.append(kind.upper())
        units, scores = o["units"], GATES[kind] * o["units"]
        held = {"W": [1, scores, shape[-1]], "R": [1, scores, units], "B": [1, 2 * scores]}
        x, _ = self.node("Transpose", [x], [], perm=[1, 0, 2])
        inputs = [x, *(self.weight(name, key, each) for key, each in held.items())]
        y, _ = self.node(kind.upper(), inputs, [], hidden_size=units)
        y, _ = self.node("Transpose", [y], [], perm=[2, 0, 1, 3])
        return self.reshaped(y, [*shape[:-1], units])

    def function(self, function: str, x: str, shape: list[int]) -> tuple:
        if function == "silu":
            return self.node("Mul", [x, self.node("Sigmoid", [x], shape)[0]], shape)
        return self.node(function.capitalize(), [x], shape)

    def activation(self, name: str, o: Options, x: str, shape: list[int]) -> tuple:
        self.types.append(o["function"].capitalize())
        return self.function(o["function"], x, shape)

    def flatten(self, name: str, o: Options, x: str, shape: list[int]) -> tuple:
        self.types.append("Flatten")
        return self.node("Flatten", [x], [shape[0], int(np.prod(shape[1:]))])

    def reshape(self, name: str, o: Options, x: str, shape: list[int]) -> tuple:
        self.types.append("Reshape")
        return self.reshaped(x, [BATCH, *o["shape"]])

    def permute(self, name: str, o: Options, x: str, shape: list[int]) -> tuple:
        self.types.append("Transpose")
        order = [0, *o["dims"]]
        return self.node("Transpose", [x], [shape[axis] for axis in order], perm=order)

    def dropout(self, name: str, rate: float, x: str, shape: list[int]) -> tuple:
        self.types.append("Dropout")
        return self.node("Dropout", [x, self.constant(np.array(rate, np.float32))], shape)

    def proto(self, weights: Arrays, kind: Any) -> onnx.ModelProto:
        start = TensorProto.INT64 if self.ids else kind
        held = {**weights, **self.constants}
        graph = helper.make_graph(
            self.nodes,
            "model",
            [helper.make_tensor_value_info(name, start, shape) for name, shape in self.shapes.items()],
            [helper.make_tensor_value_info(self.output[0], kind, self.output[1])],
            [numpy_helper.from_array(value, name) for name, value in held.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        onnx.checker.check_model(model, full_check=True)
        return model

    def computed(self, weights: Arrays, x: Arrays, dtype: Any, run: Any) -> np.ndarray:
        weights = {name: array.astype(dtype) for name, array in weights.items()}
        feeds = {name: array.astype(np.int64 if self.ids else dtype) for name, array in x.items()}
        (y,) = run(self.proto(weights, TYPES[np.dtype(dtype)]), feeds)
        return y.astype(np.float64)

    def run(self, weights: Arrays, x: Arrays, initial: Arrays) -> tuple[np.ndarray, Arrays]:
        exact = self.computed(weights, x, np.float64, lambda proto, feeds: ReferenceEvaluator(proto).run(None, feeds))
        try:
            rough = self.computed(weights, x, np.float32, by_runtime)
        except MISSING:
            return exact, {}
        if self.mistaken:
            return rough, {}
        np.testing.assert_allclose(rough, exact, rtol=0, atol=SINGLE)
        return exact, {}


def by_runtime(proto: onnx.ModelProto, feeds: Mapping[str, np.ndarray]) -> Sequence[np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options, ["CPUExecutionProvider"])
    return session.run(None, dict(feeds))


# cases


def dense() -> Iterator[Case]:
    yield functions(FUNCTIONS)
    yield case("gemm-vector", [5], layer("dense", units=4))
    yield case("gemm-no-bias", 6, layer("dense", units=3, bias=False))
    yield case("matmul", 4, layer("MatMul", units=7))
    frozen = {"vocab": 9, "depth": 5}
    yield case("gather-gemm", None, layer("embedding", **frozen), layer("dense", units=4))


def convolutions() -> Iterator[Case]:
    yield from windows(first)
    yield from padded_windows(first)
    yield from grouped_windows(first)
    yield case("conv1d-pads", first(8, 3), layer("conv1d", filters=4, kernel_size=4, stride=2, padding=3))
    yield case("conv2d-pads", first(6, 5, 3), layer("conv2d", filters=4, kernel_size=3, padding=[2, 1], stride=2))
    yield case("conv2d-depthwise", first(6, 5, 3), layer("conv2d", filters=6, kernel_size=2, groups=3))
    yield from pools(first, {"padding": "same"}, across=True)
    counted = {"pool_size": [4, 3], "stride": 3, "padding": [1, 1]}
    yield case("max-pool2d-pads", first(7, 8, 3), layer("max_pool2d", **counted))
    yield case("avg-pool2d-pads", first(7, 8, 3), layer("avg_pool2d", **counted))
    yield case("avg-pool2d-pads-counted", first(7, 8, 3), layer("avg_pool2d", count_padding=True, **counted))


def normalisation() -> Iterator[Case]:
    yield case("batch-norm", first(4, 5), layer("batch_norm"))
    yield case("batch-norm-vector", [6], layer("batch_norm"))
    yield case("batch-norm-image", first(4, 5, 3), layer("batch_norm", epsilon=1 / 64))
    yield case("layer-norm", 5, layer("layer_norm"))
    yield case("layer-norm-image-no-center", [4, 3, 6], layer("layer_norm", center=False, epsilon=1 / 32))
    yield case("group-norm", first(3, 5, 6), layer("group_norm", groups=3))
    yield case("group-norm-epsilon", first(4, 8), layer("group_norm", groups=2, epsilon=1 / 128))
    yield case("instance-norm", first(3, 5, 6), layer("instance_norm"))
    yield case("instance-norm-epsilon", first(5, 4), layer("instance_norm", epsilon=1 / 16))
    yield case("rms-norm", 5, layer("rms_norm"))
    yield case("rms-norm-epsilon", [3, 2, 5], layer("rms_norm", epsilon=1 / 8))


def rows() -> Iterator[Case]:
    yield case(
        "conv1d-transpose-lstm-gemm",
        first(9, 4),
        layer("conv1d", filters=6, kernel_size=3, stride=2),
        layer("permute", dims=[2, 1]),
        layer("lstm", units=5),
        layer("layer_norm"),
        layer("dense", units=3),
    )
    yield case(
        "gather-gru-gemm",
        None,
        layer("embedding", vocab=9, depth=5),
        layer("gru", units=4),
        layer("dense", units=6),
    )


def all_cases() -> Iterator[Mapping[str, Any]]:
    for given, how in (*dense(), *convolutions(), *normalisation(), *rows(), *chains(first, "same")):
        yield freeze("onnx", Network, *given, **how)


if __name__ == "__main__":
    packages = {"onnx": onnx, "onnxruntime": onnxruntime, "numpy": np}
    write("onnx", {key: package.__version__ for key, package in packages.items()}, 1e-12, list(all_cases()))
