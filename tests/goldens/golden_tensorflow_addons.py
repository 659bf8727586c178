"""What TensorFlow Addons allocates and computes in Keras 2: the golden cases of `tensorflow-addons`.

A recurrent layer is a `keras.layers.RNN` of the layer's name around a `LayerNormLSTMCell`, several of them in a row for
`num_layers` (name, name_1, ...); `bidirectional` wraps each in a `Bidirectional` of that name around an unnamed RNN.
Each cell has the name that Keras gives to the first of a session. The framework is `keras`, which Addons extends.

    python tests/goldens/golden_tensorflow_addons.py > tests/goldens/tensorflow-addons.json
    python tests/goldens/golden_tensorflow_addons.py --save tests/goldens/saved
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_addons as tfa
from probe import fill, probe, write

keras.backend.set_floatx("float64")
BATCH, STEPS = 2, 3
CELL = "LayerNormLSTMCell"
WORDS = {"bias": "use_bias", "activation": "activation", "epsilon": "norm_epsilon"}
Options = dict[str, Any]
Layer = dict[str, Any]
Arrays = dict[str, np.ndarray]


def recurrent(o: Options) -> list[Any]:
    """The layers in a row that make one recurrent layer of a model; each returns its final states too."""
    found = []
    for i in range(o.get("num_layers", 1)):
        name = f"{o['name']}_{i}" if i else o["name"]
        options = {theirs: o[ours] for ours, theirs in WORDS.items() if ours in o}
        cell = tfa.rnn.LayerNormLSTMCell(o["units"], name="layer_norm_lstm_cell", **options)
        last = i == o.get("num_layers", 1) - 1
        sequences = o.get("return_sequences", True) or not last
        if o.get("bidirectional"):
            inner = keras.layers.RNN(cell, return_sequences=sequences, return_state=True)
            found.append(keras.layers.Bidirectional(inner, merge_mode=o.get("merge_mode", "concat"), name=name))
        else:
            found.append(keras.layers.RNN(cell, return_sequences=sequences, return_state=True, name=name))
    return found


def make(layer: Layer) -> list[Any]:
    ((kind, o),) = layer.items()
    if kind == "embedding":
        return [keras.layers.Embedding(o["vocab"], o["depth"], name=o["name"])]
    if kind == "dense":
        return [keras.layers.Dense(o["units"], use_bias=o.get("bias", True), name=o["name"])]
    return recurrent(o)


def is_recurrent(layer: Layer) -> bool:
    return next(iter(layer)) not in ("embedding", "dense")


class Network:
    """One model, in a session of its own so that Keras counts its names from the start."""

    def __init__(self, layers: list[Layer], depth: int | None) -> None:
        keras.backend.clear_session()
        self.layers, self.ids = layers, depth is None
        self.model = {"framework": "keras"} | ({} if self.ids else {"input": {"depth": depth}}) | {"layers": layers}
        self.x_shape = (BATCH, STEPS) if self.ids else (BATCH, STEPS, depth)
        self.made = [make(layer) for layer in layers]
        start = keras.Input((None,), dtype="int32") if self.ids else keras.Input((None, depth))
        y = start
        for layer, made in zip(layers, self.made, strict=True):
            for one in made:
                y = one(y)[0] if is_recurrent(layer) else one(y)
        self.keras = keras.Model(start, y)

    def framework_type(self) -> str:
        return "+".join(CELL if is_recurrent(each) else next(iter(each)).capitalize() for each in self.layers)

    def state_shapes(self) -> dict[str, tuple[int, ...]]:
        """States as (num_layers * directions, batch, units), in the order of the model."""
        shapes = {}
        for layer in filter(is_recurrent, self.layers):
            (o,) = layer.values()
            rows = o.get("num_layers", 1) * (2 if o.get("bidirectional") else 1)
            shapes |= {f"{o['name']}/{part}": (rows, BATCH, o["units"]) for part in "hc"}
        return shapes

    def run(self, x: np.ndarray, initial: Arrays) -> tuple[np.ndarray, Arrays]:
        final: dict[str, list[Any]] = {}
        y: Any = tf.constant(x)
        for layer, made in zip(self.layers, self.made, strict=True):
            if not is_recurrent(layer):
                y = made[0](y)
                continue
            (o,) = layer.values()
            names = [f"{o['name']}/{part}" for part in "hc"]
            rows = 2 if o.get("bidirectional") else 1
            for i, one in enumerate(made):
                given = [tf.constant(initial[name][rows * i + row]) for row in range(rows) for name in names if initial]
                y, *states = one(y, initial_state=given or None)
                for name, state in zip(names * rows, states, strict=True):
                    final.setdefault(name, []).append(state.numpy())
        return y.numpy(), {name: np.stack(states) for name, states in final.items()}


def path(variable: Any) -> str:
    return variable.name.removesuffix(":0")


def pack(array: np.ndarray) -> dict[str, Any]:
    return {"shape": list(array.shape), "values": array.ravel().tolist()}


def case(
    ident: str, layers: list[Layer], depth: int | None = 5, stateful: bool = True, computed: bool = True
) -> dict[str, Any]:
    net = Network(layers, depth)
    variables = net.keras.weights
    x = probe(net.x_shape, 1)
    if net.ids:
        x = np.floor((x + 0.5) * layers[0]["embedding"]["vocab"]).astype(np.int32)
    shapes = net.state_shapes() if stateful else {}
    result: dict[str, Any] = {
        "id": ident,
        "model": net.model,
        "framework_type": net.framework_type(),
        "tensors": [[path(v), v.shape.as_list()] for v in variables],
        "trainable": sum(v.shape.num_elements() for v in net.keras.trainable_weights),
        "non_trainable": sum(v.shape.num_elements() for v in net.keras.non_trainable_weights),
        "x": list(net.x_shape),
    }
    if net.ids:
        result["ids"] = True
    result |= {"initial_state": None, "outputs": None, "states": None}
    if stateful:
        result["initial_state"] = {name: list(shape) for name, shape in shapes.items()}
    if net.keras.count_params() != result["trainable"] + result["non_trainable"]:
        raise AssertionError(f"count_params: {net.model}")
    if computed:
        net.keras.set_weights(list(fill(v.shape for v in variables)))
        outputs, states = net.run(x, dict(zip(shapes, fill(shapes.values(), 2), strict=True)))
        result["outputs"] = pack(outputs)
        result["states"] = {name: pack(state) for name, state in states.items()}
    return result


def one(ident: str, depth: int = 5, stateful: bool = True, computed: bool = True, **options: Any) -> dict[str, Any]:
    """A model of one recurrent layer."""
    return case(ident, [{CELL: {"name": "lstm", **options}}], depth, stateful, computed)


def all_cases() -> list[dict[str, Any]]:
    return [
        one("default", units=7),
        one("zero-state", 4, False, units=3),
        one("one-unit", 3, units=1),
        one("depth-one", 1, units=4),
        one("128", 10, False, False, units=128),
        one("128-no-bias", 10, False, False, units=128, bias=False),
        one("no-bias", 6, units=5, bias=False),
        one("no-bias-zero-state", 3, False, units=4, bias=False),
        one("relu", 6, units=4, activation="relu"),
        one("epsilon", 4, units=5, epsilon=0.02),
        one("last", 3, units=5, return_sequences=False),
        one("layers-2", 4, units=6, num_layers=2),
        one("layers-3-last", 7, units=3, num_layers=3, return_sequences=False),
        one("bidirectional", 5, units=3, bidirectional=True),
        one("bidirectional-sum", 4, units=3, bidirectional=True, merge_mode="sum", bias=False),
        one("bidirectional-2", 4, units=3, num_layers=2, bidirectional=True),
        case(
            "two-then-dense",
            [
                {CELL: {"name": "one", "units": 6}},
                {CELL: {"name": "two", "units": 4, "bias": False}},
                {"dense": {"name": "head", "units": 3}},
            ],
            5,
        ),
        case(
            "embedding-dense-last",
            [
                {"embedding": {"name": "embedding", "vocab": 11, "depth": 4}},
                {CELL: {"name": "lstm", "units": 6, "return_sequences": False}},
                {"dense": {"name": "dense", "units": 3}},
            ],
            None,
        ),
    ]


def save(folder: Path) -> None:
    """One model with Keras' own random weights, its vectors moved off their constants."""
    keras.utils.set_random_seed(0)
    net = Network([{CELL: {"name": "lstm", "units": 6}}], 4)
    rng = np.random.default_rng(0)
    weights = [
        array + rng.normal(0.0, 0.3, array.shape) if array.ndim == 1 else array for array in net.keras.get_weights()
    ]
    net.keras.set_weights(weights)
    x = rng.normal(size=net.x_shape)
    initial = {name: rng.normal(0.0, 0.5, shape) for name, shape in net.state_shapes().items()}
    outputs, final = net.run(x, initial)
    arrays = {f"weights/{path(v)}": array for v, array in zip(net.keras.weights, weights, strict=True)}
    arrays |= {f"state/{name}": array for name, array in initial.items()}
    arrays |= {f"final/{name}": array for name, array in final.items()}
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(
        folder / "tensorflow-addons-layernormlstm.npz",
        x=x,
        outputs=outputs,
        model=np.array(json.dumps(net.model)),
        **arrays,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--save", type=Path, metavar="DIR")
    folder = parser.parse_args().save
    if folder:
        save(folder)
        return
    versions = {
        "tensorflow-addons": tfa.__version__,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
    }
    write("keras", versions, 1e-12, all_cases())


if __name__ == "__main__":
    main()
