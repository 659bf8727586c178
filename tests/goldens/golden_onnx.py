"""Truth from ONNX: the operators RNN, LSTM and GRU (`--save DIR`: the npz files).

Every case runs twice: in float64 by ONNX's reference evaluator, in float32 by ONNX Runtime, and the two must
agree. The reference evaluator has no Relu and ignores `input_forget`: such cases are ONNX Runtime's alone,
and carry their own tolerance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from cell_cases import frozen, main, save
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from probe import fill, probe

OPSET, IR_VERSION = 22, 10
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
SINGLE = 1e-5
Layer = dict[str, Any]
Arrays = dict[str, np.ndarray]


def layer(kind: str, units: int, name: str = "", **options: Any) -> Layer:
    return {kind: {"units": units, **options, "name": name or kind}}


def directions(spec: Mapping[str, Any]) -> int:
    return 2 if spec.get("bidirectional") else 1


def weight_shapes(kind: str, spec: Mapping[str, Any], depth: int) -> dict[str, list[int]]:
    """The inputs W, R, B and P of an operator."""
    rows, units = directions(spec), spec["units"]
    scores = GATES[kind] * units
    shapes = {"W": [rows, scores, depth], "R": [rows, scores, units]}
    if spec.get("bias", True):
        shapes["B"] = [rows, 2 * scores]
    if spec.get("peephole"):
        shapes["P"] = [rows, 3 * units]
    return shapes


def attributes(kind: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"hidden_size": spec["units"]}
    if spec.get("bidirectional"):
        found["direction"] = "bidirectional"
    if spec.get("reset_after"):
        found["linear_before_reset"] = 1
    if spec.get("coupled_gates"):
        found["input_forget"] = 1
    if "activation" in spec:
        found["activations"] = [spec["activation"].capitalize()] * directions(spec)
    return found


class Model:
    """The layers of a model, with the shapes of what they hold."""

    def __init__(self, layers: list[Layer], depth: int, batch: int, prefixed: bool) -> None:
        self.parts: list[tuple[str, dict[str, Any]]] = [next(iter(entry.items())) for entry in layers]
        self.depth = depth
        self.tensors: dict[str, list[int]] = {}
        self.states: dict[str, list[int]] = {}
        self.prefixed = prefixed
        for kind, spec in self.parts:
            for key, shape in weight_shapes(kind, spec, depth).items():
                self.tensors[self.path(spec, key)] = shape
            for letter in "hc" if kind == "lstm" else "h":
                self.states[f"{spec['name']}/{letter}"] = [directions(spec), batch, spec["units"]]
            depth = directions(spec) * spec["units"]

    def path(self, spec: Mapping[str, Any], key: str) -> str:
        return f"{spec['name']}.{key}" if self.prefixed else key

    def proto(self, weights: Arrays, given: bool) -> onnx.ModelProto:
        """The graph: X (steps, batch, depth) -> the output, steps first, and the final states."""
        kind_of = TensorProto.DOUBLE if next(iter(weights.values())).dtype == np.float64 else TensorProto.FLOAT
        nodes, x, rank = [], "X", 3
        for kind, spec in self.parts:
            name = spec["name"]
            paths = [self.path(spec, key) for key in "WRBP"]
            w, r, b, p = [path if path in weights else "" for path in paths]
            states = [key for key in self.states if key.startswith(f"{name}/")]
            starts = [f"initial/{key}" if given else "" for key in states]
            ends = [f"final/{key}" for key in states]
            inputs = [x, w, r, b, "", *starts, *([p] if kind == "lstm" else [])]
            while not inputs[-1]:
                inputs.pop()
            all_steps = spec.get("return_sequences", True)
            outputs = [f"{name}/Y" if all_steps else "", *ends]
            nodes.append(helper.make_node(kind.upper(), inputs, outputs, name=name, **attributes(kind, spec)))
            source, order = (outputs[0], [0, 2, 1, 3]) if all_steps else (ends[0], [1, 0, 2])
            shape = "sequence_shape" if all_steps else "last_shape"
            nodes.append(helper.make_node("Transpose", [source], [f"{name}/moved"], perm=order))
            x, rank = f"{name}/out", 3 if all_steps else 2
            nodes.append(helper.make_node("Reshape", [f"{name}/moved", shape], [x]))
        shapes = {"sequence_shape": [0, 0, -1], "last_shape": [0, -1]}
        used = {key for node in nodes for key in node.input}
        constants = {**weights, **{key: np.array(value, dtype=np.int64) for key, value in shapes.items()}}
        info = helper.make_tensor_value_info
        starts = [info(f"initial/{key}", kind_of, shape) for key, shape in self.states.items() if given]
        ends = [info(f"final/{key}", kind_of, shape) for key, shape in self.states.items()]
        graph = helper.make_graph(
            nodes,
            "model",
            [info("X", kind_of, [None, None, self.depth]), *starts],
            [info(x, kind_of, [None] * rank), *ends],
            [numpy_helper.from_array(value, key) for key, value in constants.items() if key in used],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        onnx.checker.check_model(model, full_check=True)
        return model


def results(model: Model, outputs: list[np.ndarray], all_steps: bool) -> tuple[np.ndarray, Arrays]:
    y, *final = (value.astype(np.float64) for value in outputs)
    return (y.swapaxes(0, 1) if all_steps else y), dict(zip(model.states, final, strict=True))


def compute(model: Model, weights: Arrays, x: np.ndarray, states: Arrays) -> tuple[np.ndarray, Arrays, bool]:
    """Output, final states, and whether they are float64."""
    all_steps = model.parts[-1][1].get("return_sequences", True)
    feeds = {"X": x.swapaxes(0, 1), **{f"initial/{key}": value for key, value in states.items()}}
    single = model.proto({key: value.astype(np.float32) for key, value in weights.items()}, bool(states))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(single.SerializeToString(), options, ["CPUExecutionProvider"])
    run = session.run(None, {key: np.ascontiguousarray(value, np.float32) for key, value in feeds.items()})
    rough, rough_final = results(model, run, all_steps)
    if any("activation" in spec or "coupled_gates" in spec for _, spec in model.parts):
        return rough, rough_final, False
    exact = ReferenceEvaluator(model.proto(weights, bool(states)))
    outputs, final = results(model, exact.run(None, feeds), all_steps)
    np.testing.assert_allclose(rough, outputs, rtol=0, atol=SINGLE)
    for key, value in final.items():
        np.testing.assert_allclose(rough_final[key], value, rtol=0, atol=SINGLE)
    return outputs, final, True


def case(
    name: str,
    layers: list[Layer],
    depth: int = 5,
    batch: int = 2,
    steps: int = 3,
    state: bool = True,
    count_only: bool = False,
    random: Path | None = None,
) -> dict[str, Any]:
    """One case. With `random`: random weights, and all of it saved in that npz file."""
    description = {"framework": "onnx", "input": {"depth": depth}, "layers": layers}
    model = Model(layers, depth, batch, prefixed=len(layers) > 1)
    weights = dict(zip(model.tensors, fill(model.tensors.values()), strict=True))
    if random:
        generator = np.random.default_rng(0)
        weights = {key: generator.uniform(-0.4, 0.4, shape) for key, shape in model.tensors.items()}
    x = probe([batch, steps, depth], 1)
    shapes = model.states if state and not count_only else {}
    states = dict(zip(shapes, fill(shapes.values(), 2), strict=True))
    outputs, final, double = compute(model, weights, x, states)
    if random:
        save(random, description, weights, x, states, (outputs, final))
    types = [kind.upper() for kind, _ in model.parts]
    trainable = sum(value.size for value in weights.values())
    results = None if count_only else (outputs, final)
    tolerance = 0.0 if double else SINGLE
    tensors = list(model.tensors.items())
    return frozen(name, description, types, tensors, trainable, x.shape, shapes, results, tolerance)


def variants(kind: str, more: str, **options: Any) -> Iterator[dict[str, Any]]:
    """The cases that every form of an operator has."""
    both, plain, last = {"bidirectional": True}, {"bias": False}, {"return_sequences": False}

    def one(units: int, name: str = "", **others: Any) -> Layer:
        return layer(kind, units, name, **options, **others)

    yield case(f"{kind}{more}-default", [one(7)])
    yield case(f"{kind}{more}-10-128", [one(128)], 10, count_only=True)
    yield case(f"{kind}{more}-zero-state", [one(4)], 6, 3, 4, state=False)
    yield case(f"{kind}{more}-one", [one(1)], 1, 1, 1)
    yield case(f"{kind}{more}-no-bias", [one(8, **plain)], 3)
    yield case(f"{kind}{more}-bidirectional", [one(4, **both)])
    yield case(f"{kind}{more}-bidirectional-no-bias", [one(5, **both, **plain)], 8, 4, 2, state=False)
    yield case(f"{kind}{more}-last", [one(3, **last)], 11, 2, 4)
    yield case(f"{kind}{more}-bidirectional-last", [one(6, **both, **last)], 4)
    yield case(f"{kind}{more}-two-sizes", [one(6, "first"), one(4, "second")], 9)
    yield case(f"{kind}{more}-bidirectional-two-sizes", [one(3, "first", **both), one(5, "second", **both)], 4)
    yield case(f"{kind}{more}-three-sizes-no-bias", [one(n, f"layer{n}", **plain) for n in (8, 2, 5)], 7)


def cases() -> Iterator[dict[str, Any]]:
    yield from variants("rnn", "")
    yield from variants("rnn", "-relu", activation="relu")
    yield from variants("lstm", "")
    yield from variants("lstm", "-peephole", peephole=True)
    yield from variants("lstm", "-input-forget", coupled_gates=True)
    yield from variants("lstm", "-input-forget-peephole", coupled_gates=True, peephole=True)
    yield from variants("gru", "")
    yield from variants("gru", "-linear-before-reset", reset_after=True)
    yield case("gru-lstm-rnn", [layer("gru", 4), layer("lstm", 6), layer("rnn", 3)], 7)


def saves(folder: Path) -> None:
    for kind, units in (("rnn", 6), ("lstm", 7), ("gru", 8)):
        case(kind, [layer(kind, units)], random=folder / f"onnx-{kind}.npz")


if __name__ == "__main__":
    main("onnx", {"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__}, cases, saves)
