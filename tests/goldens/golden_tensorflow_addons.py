"""What TensorFlow Addons allocates and computes in Keras 2: the golden cases of `tensorflow-addons`.

A recurrent layer is a `keras.layers.RNN` of the layer's name around a cell, several of them in a row for `num_layers`
(name, name_1, ...); `bidirectional` wraps each in a `Bidirectional` of that name around an unnamed RNN. Each cell has
the name that Keras gives to the first of a session. The framework is `keras`, which Addons extends. The cases whose id
ends in float32 are computed in that.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_addons as tfa
from cell_cases import frozen, main, sample, save
from keras.src.utils.generic_utils import to_snake_case
from probe import fill

keras.backend.set_floatx("float64")
BATCH, STEPS = 2, 3
SINGLE = 1e-5
STATES = {  # of each cell, in its own order
    "LayerNormLSTMCell": "hc",
    "LayerNormSimpleRNNCell": "h",
    "PeepholeLSTMCell": "hc",
    "ESNCell": "h",
    "NASCell": "ch",
}
WIRING = ("name", "num_layers", "bidirectional", "merge_mode", "return_sequences")
WORDS = {"bias": "use_bias"}
EPSILON = {"LayerNormLSTMCell": "norm_epsilon", "LayerNormSimpleRNNCell": "layernorm_epsilon"}
Options = dict[str, Any]
Layer = dict[str, Any]
Arrays = dict[str, np.ndarray]


def recurrent(kind: str, o: Options) -> list[Any]:
    """The layers in a row that make one recurrent layer of a model; each returns its final states too."""
    found = []
    words = {**WORDS, "epsilon": EPSILON.get(kind)}
    options = {words.get(key, key): value for key, value in o.items() if key not in WIRING}
    for i in range(o.get("num_layers", 1)):
        name = f"{o['name']}_{i}" if i else o["name"]
        cell = getattr(tfa.rnn, kind)(**options, name=to_snake_case(kind))
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
    return recurrent(kind, o)


def is_recurrent(layer: Layer) -> bool:
    return next(iter(layer)) in STATES


def states_of(layer: Layer) -> list[str]:
    """The states of a recurrent layer in the cell's own order."""
    ((kind, o),) = layer.items()
    return [f"{o['name']}/{part}" for part in STATES[kind]]


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

    def framework_types(self) -> list[str]:
        kinds = [next(iter(each)) for each in self.layers]
        return [kind if kind in STATES else kind.capitalize() for kind in kinds]

    def state_shapes(self) -> dict[str, tuple[int, ...]]:
        """States as (num_layers * directions, batch, size), in the order of the model."""
        shapes = {}
        for layer in filter(is_recurrent, self.layers):
            (o,) = layer.values()
            rows = o.get("num_layers", 1) * (2 if o.get("bidirectional") else 1)
            sizes = {"h": o.get("projection", o["units"]), "c": o["units"]}
            shapes |= {name: (rows, BATCH, sizes[name[-1]]) for name in states_of(layer)}
        return shapes

    def run(self, x: np.ndarray, initial: Arrays) -> tuple[np.ndarray, Arrays]:
        final: dict[str, list[Any]] = {}
        y: Any = tf.constant(x)
        for layer, made in zip(self.layers, self.made, strict=True):
            if not is_recurrent(layer):
                y = made[0](y)
                continue
            (o,) = layer.values()
            names = states_of(layer)
            rows = 2 if o.get("bidirectional") else 1
            for i, one in enumerate(made):
                given = [tf.constant(initial[name][rows * i + row]) for row in range(rows) for name in names if initial]
                y, *states = one(y, initial_state=given or None)
                for name, state in zip(names * rows, states, strict=True):
                    final.setdefault(name, []).append(state.numpy())
        return y.numpy(), {name: np.stack(states) for name, states in final.items()}


def path(variable: Any) -> str:
    return variable.name.removesuffix(":0")


def case(
    ident: str,
    layers: list[Layer],
    depth: int | None = 5,
    stateful: bool = True,
    computed: bool = True,
    single: bool = False,
) -> dict[str, Any]:
    keras.backend.set_floatx("float32" if single else "float64")
    net = Network(layers, depth)
    tensors = [(path(v), v.shape.as_list()) for v in net.keras.weights]
    trainable = sum(v.shape.num_elements() for v in net.keras.trainable_weights)
    shapes, results = net.state_shapes() if stateful else {}, None
    if computed:
        net.keras.set_weights(list(fill(shape for _, shape in tensors)))
        x = sample(net.x_shape, layers).astype("int32" if net.ids else keras.backend.floatx())
        initial = [array.astype(keras.backend.floatx()) for array in fill(shapes.values(), 2)]
        results = net.run(x, dict(zip(shapes, initial, strict=True)))
    tolerance = SINGLE if single else 0.0
    found = frozen(ident, net.model, net.framework_types(), tensors, trainable, net.x_shape, shapes, results, tolerance)
    if net.keras.count_params() != found["trainable"] + found["non_trainable"]:
        raise AssertionError(f"count_params: {net.model}")
    return found


def cases_of(kind: str, prefix: str, bias: bool, **options: Any) -> Iterator[dict[str, Any]]:
    """The cases that every cell has; `bias`: what it is not by default."""

    def one(ident: str, depth: int = 5, stateful: bool = True, **given: Any) -> dict[str, Any]:
        ways = {key: given.pop(key) for key in ("computed", "single") if key in given}
        layer = {kind: {"name": prefix or "lstm", **options, **given}}
        return case("-".join(filter(None, (prefix, ident))), [layer], depth, stateful, **ways)

    other = "bias" if bias else "no-bias"
    yield one("default", units=7)
    yield one("zero-state", 4, False, units=3)
    yield one("one-unit", 3, units=1)
    yield one("depth-one", 1, units=4)
    yield one("128", 10, False, computed=False, units=128)
    yield one(f"128-{other}", 10, False, computed=False, units=128, bias=bias)
    yield one(other, 6, units=5, bias=bias)
    yield one(f"{other}-zero-state", 3, False, units=4, bias=bias)
    yield one("last", 3, units=5, return_sequences=False)
    yield one("layers-2", 4, units=6, num_layers=2)
    yield one("layers-3-last", 7, units=3, num_layers=3, return_sequences=False)
    yield one("bidirectional", 5, units=3, bidirectional=True)
    yield one("bidirectional-sum", 4, units=3, bidirectional=True, merge_mode="sum", bias=bias)
    yield one("bidirectional-2", 4, units=3, num_layers=2, bidirectional=True)
    yield one("float32", 4, units=6, single=True)
    if kind != "NASCell":
        yield one("relu", 6, units=4, activation="relu")
    if kind in EPSILON:
        yield one("epsilon", 4, units=5, epsilon=0.02)


def all_cases() -> Iterator[dict[str, Any]]:
    cell = "LayerNormLSTMCell"
    yield from cases_of(cell, "", bias=False)
    yield from cases_of("LayerNormSimpleRNNCell", "layer-norm-rnn", bias=False)
    yield from cases_of("PeepholeLSTMCell", "peephole", bias=False)
    yield from cases_of("ESNCell", "esn", bias=False)
    yield from cases_of("ESNCell", "esn-leaky", bias=False, leaky=0.3)
    yield from cases_of("NASCell", "nas", bias=True)
    yield from cases_of("NASCell", "nas-projection", bias=True, projection=2)
    yield case("nas-projection-wider", [{"NASCell": {"name": "nas", "units": 4, "projection": 9}}], 3)
    yield case(
        "two-then-dense",
        [
            {cell: {"name": "one", "units": 6}},
            {cell: {"name": "two", "units": 4, "bias": False}},
            {"dense": {"name": "head", "units": 3}},
        ],
        5,
    )
    yield case(
        "esn-then-dense",
        [{"ESNCell": {"name": "reservoir", "units": 11}}, {"dense": {"name": "readout", "units": 3}}],
        4,
    )
    yield case(
        "embedding-dense-last",
        [
            {"embedding": {"name": "embedding", "vocab": 11, "depth": 4}},
            {cell: {"name": "lstm", "units": 6, "return_sequences": False}},
            {"dense": {"name": "dense", "units": 3}},
        ],
        None,
    )


def saves(folder: Path) -> None:
    """One model a cell with Keras' own random weights, its vectors moved off their constants."""
    for kind in STATES:
        save_one(folder, kind)


def save_one(folder: Path, kind: str) -> None:
    keras.utils.set_random_seed(0)
    net = Network([{kind: {"name": "lstm", "units": 6}}], 4)
    rng = np.random.default_rng(0)
    weights = [
        array + rng.normal(0.0, 0.3, array.shape) if array.ndim == 1 else array for array in net.keras.get_weights()
    ]
    net.keras.set_weights(weights)
    x = rng.normal(size=net.x_shape)
    initial = {name: rng.normal(0.0, 0.5, shape) for name, shape in net.state_shapes().items()}
    named = dict(zip(map(path, net.keras.weights), weights, strict=True))
    file = f"tensorflow-addons-{kind.removesuffix('Cell').lower()}.npz"
    save(folder / file, net.model, named, x, initial, net.run(x, initial))


if __name__ == "__main__":
    versions = {"tensorflow-addons": tfa.__version__, "tensorflow": tf.__version__, "keras": keras.__version__}
    main("keras", versions, all_cases, saves)
