"""What Keras 3 allocates and computes: the golden cases of `keras`.

A model is one Sequential, in a session of its own so that Keras counts its names from the start. `num_layers`
are layers in a row, called name, name_1, ... as Keras itself would; `bidirectional` wraps each in a
`Bidirectional` of that name around an unnamed layer. Names, order and counts are those of the Sequential;
the states come from twins of its layers with the same weights and return_state, called one after another.
The file is not called keras.py because it would then hide the package from every script beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from cell_cases import frozen, main, sample, save
from probe import fill

keras.config.set_floatx("float64")
CELLS = {"rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
PARTS = {"rnn": "h", "lstm": "hc", "gru": "h"}
BATCH, STEPS = 2, 3
Options = dict[str, Any]
Layer = dict[str, Any]
Arrays = dict[str, np.ndarray]


def recurrent(kind: str, o: Options) -> list[keras.Layer]:
    """The layers in a row that make one recurrent layer of a model."""
    found = []
    for i in range(o.get("num_layers", 1)):
        name = f"{o['name']}_{i}" if i else o["name"]
        last = i == o.get("num_layers", 1) - 1
        options = {key: o[key] for key in ("activation", "reset_after") if key in o}
        options |= {
            "use_bias": o.get("bias", True),
            "return_sequences": o.get("return_sequences", True) or not last,
        }
        if o.get("bidirectional"):
            layer = CELLS[kind](o["units"], **options)
            found.append(keras.layers.Bidirectional(layer, merge_mode=o.get("merge_mode", "concat"), name=name))
        else:
            found.append(CELLS[kind](o["units"], name=name, **options))
    return found


def make(layer: Layer) -> list[keras.Layer]:
    ((kind, o),) = layer.items()
    if kind == "embedding":
        return [keras.layers.Embedding(o["vocab"], o["depth"], name=o["name"], trainable=o.get("trainable", True))]
    if kind == "dense":
        return [keras.layers.Dense(o["units"], use_bias=o.get("bias", True), name=o["name"])]
    if kind == "dropout":
        return [keras.layers.Dropout(o)]
    return recurrent(kind, o)


def framework_type(layer: Layer) -> str:
    ((kind, _),) = layer.items()
    return CELLS[kind].__name__ if kind in CELLS else kind.capitalize()


def with_state(layer: keras.Layer) -> keras.Layer:
    """The same layer with the same weights, which returns its final states too."""
    config = layer.get_config()
    wrapped = [config[key]["config"] for key in ("layer", "backward_layer") if key in config]
    for inner in wrapped or [config]:
        inner["return_state"] = True
    twin = type(layer).from_config(config)
    twin.build(layer.input.shape)
    twin.set_weights(layer.get_weights())
    return twin


class Network:
    """One model as a Sequential."""

    def __init__(self, layers: list[Layer], depth: int | None) -> None:
        keras.backend.clear_session()
        self.layers = layers
        self.ids = depth is None
        self.model = {"framework": "keras"} | ({} if self.ids else {"input": {"depth": depth}}) | {"layers": layers}
        self.x_shape = (BATCH, STEPS) if self.ids else (BATCH, STEPS, depth)
        self.made = [make(layer) for layer in layers]
        start = keras.Input((None,), dtype="int32") if self.ids else keras.Input((None, depth))
        self.keras = keras.Sequential([start, *(layer for made in self.made for layer in made)])
        if self.keras.count_params() != sum(int(np.prod(w.shape)) for w in self.keras.weights):
            raise AssertionError(f"count_params: {self.model}")

    def state_shapes(self) -> dict[str, tuple[int, ...]]:
        """States as (num_layers * directions, batch, units), in the order of the model."""
        shapes = {}
        for layer in self.layers:
            ((kind, o),) = layer.items()
            for part in PARTS.get(kind, ""):
                rows = o.get("num_layers", 1) * (2 if o.get("bidirectional") else 1)
                shapes[f"{o['name']}/{part}"] = (rows, BATCH, o["units"])
        return shapes

    def run(self, x: np.ndarray, initial: Arrays | None) -> tuple[np.ndarray, Arrays]:
        plain = self.keras(x)
        final: dict[str, list[Any]] = {}
        for layer, made in zip(self.layers, self.made, strict=True):
            ((kind, o),) = layer.items()
            if kind not in CELLS:
                x = made[0](x)
                continue
            rows = 2 if o.get("bidirectional") else 1
            names = [f"{o['name']}/{part}" for part in PARTS[kind]]
            for i, one in enumerate(made):
                given = None
                if initial:
                    given = [initial[name][rows * i + row] for row in range(rows) for name in names]
                x, *states = with_state(one)(x, initial_state=given)
                for k, state in enumerate(states):
                    final.setdefault(names[k % len(names)], []).append(state)
        if not initial:
            np.testing.assert_allclose(x, plain, rtol=0, atol=1e-14)
        return np.asarray(x), {name: np.stack(final[name]) for name in self.state_shapes()}


def size(variables: list[keras.Variable]) -> int:
    return sum(int(np.prod(v.shape)) for v in variables)


def case(
    ident: str, layers: list[Layer], depth: int | None = 5, stateful: bool = True, computed: bool = True
) -> dict[str, Any]:
    net = Network(layers, depth)
    shapes = net.state_shapes() if stateful else {}
    results = None
    if computed:
        net.keras.set_weights(list(fill(w.shape for w in net.keras.weights)))
        x = sample(net.x_shape, layers).astype(np.int32 if net.ids else np.float64)
        results = net.run(x, dict(zip(shapes, fill(shapes.values(), 2), strict=True)))
    tensors = [(w.path, w.shape) for w in net.keras.weights]
    types = map(framework_type, layers)
    return frozen(ident, net.model, types, tensors, size(net.keras.trainable_weights), net.x_shape, shapes, results)


def one(
    ident: str,
    kind: str,
    options: Mapping[str, Any],
    depth: int = 5,
    stateful: bool = True,
    computed: bool = True,
) -> dict[str, Any]:
    """A model of one recurrent layer under the name that Keras itself would give it."""
    name = "bidirectional" if options.get("bidirectional") else {"rnn": "simple_rnn"}.get(kind, kind)
    return case(ident, [{kind: {"name": name, **options}}], depth, stateful, computed)


def single_cases() -> list[dict[str, Any]]:
    """Every option of every cell."""
    forms: dict[str, tuple[str, Options]] = {
        "rnn": ("rnn", {}),
        "lstm": ("lstm", {}),
        "gru": ("gru", {}),
        "gru-reset-after": ("gru", {"reset_after": True}),
        "gru-reset-before": ("gru", {"reset_after": False}),
    }
    both = {"bidirectional": True}
    found = []
    for form, (kind, base) in forms.items():
        if form == "gru-reset-after":  # the default, said aloud: once is enough
            found.append(one(f"{form}-said", kind, base | {"units": 6}, 4))
            continue
        found += [
            one(f"{form}-default", kind, base | {"units": 7}),
            one(f"{form}-128", kind, base | {"units": 128}, 10, False, False),
            one(f"{form}-zero-state", kind, base | {"units": 3}, 4, False),
            one(f"{form}-one-unit", kind, base | {"units": 1}, 3),
            one(f"{form}-depth-one", kind, base | {"units": 4}, 1),
            one(f"{form}-no-bias", kind, base | {"units": 5, "bias": False}, 8),
            one(f"{form}-relu", kind, base | {"units": 4, "activation": "relu"}, 6),
            one(f"{form}-relu-no-bias", kind, base | {"units": 6, "activation": "relu", "bias": False}, 3),
            one(f"{form}-last", kind, base | {"units": 5, "return_sequences": False}, 3),
            one(f"{form}-layers-2", kind, base | {"units": 6, "num_layers": 2}, 4),
            one(f"{form}-layers-3", kind, base | {"units": 3, "num_layers": 3}, 7),
            one(f"{form}-layers-2-no-bias", kind, base | {"units": 4, "num_layers": 2, "bias": False}, 9),
            one(
                f"{form}-layers-2-last",
                kind,
                base | {"units": 5, "num_layers": 2, "return_sequences": False},
                2,
            ),
            one(f"{form}-bidirectional", kind, base | both | {"units": 3}),
            one(f"{form}-bidirectional-zero-state", kind, base | both | {"units": 4}, 3, False),
            one(f"{form}-bidirectional-no-bias", kind, base | both | {"units": 2, "bias": False}, 7),
            one(f"{form}-bidirectional-relu", kind, base | both | {"units": 5, "activation": "relu"}, 2),
            one(f"{form}-bidirectional-last", kind, base | both | {"units": 4, "return_sequences": False}, 6),
            one(f"{form}-bidirectional-2", kind, base | both | {"units": 3, "num_layers": 2}, 4),
            one(f"{form}-bidirectional-3", kind, base | both | {"units": 2, "num_layers": 3}, 6),
            one(
                f"{form}-bidirectional-2-last",
                kind,
                base | both | {"units": 3, "num_layers": 2, "return_sequences": False},
            ),
        ]
        for i, mode in enumerate(("concat", "sum", "mul", "ave")):
            merged = base | both | {"merge_mode": mode}
            last = {"units": 3 + i, "return_sequences": False}
            found += [
                one(f"{form}-{mode}", kind, merged | {"units": 4 + i}, 3),
                one(f"{form}-{mode}-last", kind, merged | last, 2),
                one(f"{form}-{mode}-2", kind, merged | {"units": 2 + i, "num_layers": 2}, 7),
            ]
    return found


def several_cases() -> list[dict[str, Any]]:
    """Several layers, with their surroundings."""
    models: dict[str, tuple[int | None, list[Layer]]] = {
        "rnn-gru-lstm": (5, [
            {"rnn": {"name": "a", "units": 4}},
            {"gru": {"name": "b", "units": 6}},
            {"lstm": {"name": "c", "units": 3}},
        ]),
        "lstm-lstm": (3, [{"lstm": {"name": "lstm", "units": 7}}, {"lstm": {"name": "lstm_1", "units": 4}}]),
        "lstm-lstm-bidirectional": (5, [
            {"lstm": {"name": "bidirectional", "units": 3, "bidirectional": True}},
            {"lstm": {"name": "bidirectional_1", "units": 4, "bidirectional": True}},
        ]),
        "lstm-bidirectional-then-gru-last": (4, [
            {"lstm": {"name": "encoder", "units": 3, "bidirectional": True}},
            {"gru": {"name": "decoder", "units": 5, "return_sequences": False}},
            {"dense": {"name": "head", "units": 2}},
        ]),
        "gru-bidirectional-both-forms": (6, [
            {"gru": {"name": "one", "units": 4, "bidirectional": True, "merge_mode": "sum"}},
            {"gru": {"name": "two", "units": 3, "bidirectional": True, "reset_after": False}},
        ]),
        "lstm-layers-2-then-gru-bidirectional-2": (6, [
            {"lstm": {"name": "one", "units": 4, "num_layers": 2}},
            {"gru": {"name": "two", "units": 3, "num_layers": 2, "bidirectional": True, "merge_mode": "mul"}},
        ]),
        "dense-rnn-dense": (5, [
            {"dense": {"name": "before", "units": 6}},
            {"rnn": {"name": "rnn", "units": 4}},
            {"dense": {"name": "after", "units": 3, "bias": False}},
        ]),
        "embedding-lstm-dense": (None, [
            {"embedding": {"name": "embedding", "vocab": 11, "depth": 4}},
            {"lstm": {"name": "lstm", "units": 6}},
            {"dense": {"name": "dense", "units": 3}},
        ]),
        "embedding-gru-dropout-dense-last": (None, [
            {"embedding": {"name": "tokens", "vocab": 9, "depth": 5}},
            {"gru": {"name": "gru", "units": 4, "return_sequences": False}},
            {"dropout": 0.2},
            {"dense": {"name": "dense", "units": 7}},
        ]),
        "embedding-rnn-bidirectional-2-dense": (None, [
            {"embedding": {"name": "embedding", "vocab": 8, "depth": 3}},
            {"dropout": 0.5},
            {"rnn": {"name": "rnn", "units": 5, "num_layers": 2, "bidirectional": True}},
            {"dense": {"name": "dense", "units": 2, "bias": False}},
        ]),
        "embedding-frozen-lstm": (None, [
            {"embedding": {"name": "embedding", "vocab": 7, "depth": 5, "trainable": False}},
            {"lstm": {"name": "lstm", "units": 3}},
        ]),
    }  # fmt: skip
    return [case(ident, layers, depth) for ident, (depth, layers) in models.items()]


def saves(folder: Path) -> None:
    """One model a cell kind with Keras' own random weights, its biases moved off their constants."""
    kinds: dict[str, Layer] = {
        "rnn": {"rnn": {"name": "simple_rnn", "units": 7}},
        "lstm": {"lstm": {"name": "lstm", "units": 6}},
        "gru": {"gru": {"name": "gru", "units": 5}},
        "gru-reset-before": {"gru": {"name": "gru", "units": 8, "reset_after": False}},
        "lstm-bidirectional": {"lstm": {"name": "bidirectional", "units": 3, "num_layers": 2, "bidirectional": True}},
    }
    for number, (kind, layer) in enumerate(kinds.items()):
        keras.utils.set_random_seed(number)
        net = Network([layer], 4)
        rng = np.random.default_rng(number)
        for weight in net.keras.weights:
            if weight.path.endswith("bias"):
                weight.assign(np.asarray(weight) + rng.normal(0.0, 0.3, weight.shape))
        weights = {w.path: np.asarray(w) for w in net.keras.weights}
        x = rng.normal(size=net.x_shape)
        initial = {name: rng.normal(0.0, 0.5, shape) for name, shape in net.state_shapes().items()}
        save(folder / f"keras-{kind}.npz", net.model, weights, x, initial, net.run(x, initial))


if __name__ == "__main__":
    versions = {"keras": keras.__version__, "tensorflow": tf.__version__}
    main("keras", versions, lambda: single_cases() + several_cases(), saves)
