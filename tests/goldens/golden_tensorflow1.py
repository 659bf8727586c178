"""What tf.compat.v1.nn.rnn_cell allocates and computes: the golden cases of `tensorflow1`.

A recurrent layer is `dynamic_rnn` in the scope of the layer's name, around a `MultiRNNCell` for several
layers; `bidirectional_dynamic_rnn` with its outputs concatenated for two directions; for both, layer by
layer in the scopes cell_0, cell_1, ... as tf.contrib's `stack_bidirectional_dynamic_rnn` did. Without
sequences the output is the last step. An embedding is a variable `embedding` with `embedding_lookup`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from cell_cases import frozen, main, sample, save
from probe import fill

v1 = tf.compat.v1
cells = v1.nn.rnn_cell
DTYPE = tf.float64
BATCH, STEPS = 2, 3
Options = dict[str, Any]
Layer = dict[str, Options]


class Network:
    """The graph of one model, with its input, output, and initial and final states by name."""

    def __init__(self, layers: list[Layer], depth: int | None, stateful: bool) -> None:
        self.model: dict[str, Any] = {"framework": "tensorflow1", "layers": layers}
        self.stateful = stateful
        self.types: list[str] = []
        self.initial: dict[str, list[tf.Tensor]] = {}
        self.final: dict[str, list[tf.Tensor]] = {}
        self.graph = tf.Graph()
        with self.graph.as_default():
            if depth is None:
                self.x = v1.placeholder(tf.int32, (BATCH, STEPS))
            else:
                self.model = {"framework": "tensorflow1", "input": {"depth": depth}, "layers": layers}
                self.x = v1.placeholder(DTYPE, (BATCH, STEPS, depth))
            self.outputs = self.x
            for layer in layers:
                ((kind, options),) = layer.items()
                self.outputs = self.add(kind, options, self.outputs)
            self.variables = v1.global_variables()
            self.trainable = v1.trainable_variables()

    def add(self, kind: str, o: Any, x: tf.Tensor) -> tf.Tensor:
        """The output of one more layer."""
        if kind == "embedding":
            self.types.append("embedding_lookup")
            return tf.nn.embedding_lookup(v1.get_variable("embedding", (o["vocab"], o["depth"]), DTYPE), x)
        if kind == "dense":
            self.types.append("Dense")
            return v1.layers.dense(x, o["units"], use_bias=o.get("bias", True), name=o["name"])
        if kind == "dropout":
            self.types.append("Dropout")
            return v1.layers.dropout(x, o, training=False)
        return self.recurrent(kind, o, x)

    def recurrent(self, kind: str, o: Options, x: tf.Tensor) -> tf.Tensor:
        name, layers = o["name"], o.get("num_layers", 1)
        directions = 2 if o.get("bidirectional") else 1
        stack = [make_cell(kind, o) for _ in range(layers * directions)]
        self.types.append(type(stack[0]).__name__)
        initial = [self.placeholders(name, cell) for cell in stack]
        if directions == 1:
            cell, state = (stack[0], initial[0]) if layers == 1 else (cells.MultiRNNCell(stack), tuple(initial))
            x, final = v1.nn.dynamic_rnn(
                cell, x, initial_state=state if self.stateful else None, dtype=DTYPE, scope=name
            )
            self.keep(name, [final] if layers == 1 else final)
        elif layers == 1:
            x = self.both(name, stack, initial, x, scope=name)
        else:
            with v1.variable_scope(name):
                for i in range(layers):
                    pair = slice(2 * i, 2 * i + 2)
                    with v1.variable_scope(f"cell_{i}"):
                        x = self.both(name, stack[pair], initial[pair], x, scope=None)
        return x if o.get("return_sequences", True) else x[:, -1]

    def both(self, name: str, pair: list[Any], initial: list[Any], x: tf.Tensor, scope: str | None) -> tf.Tensor:
        """The outputs of a forward and a backward cell, concatenated."""
        states = initial if self.stateful else (None, None)
        outputs, final = v1.nn.bidirectional_dynamic_rnn(*pair, x, None, *states, dtype=DTYPE, scope=scope)
        self.keep(name, final)
        return tf.concat(outputs, -1)

    def placeholders(self, layer: str, cell: Any) -> Any:
        """The initial state of a cell, in the cell's own structure."""
        if not self.stateful:
            return None
        state = tf.nest.map_structure(lambda size: v1.placeholder(DTYPE, (BATCH, size)), cell.state_size)
        for name, part in parts(state):
            self.initial.setdefault(f"{layer}/{name}", []).append(part)
        return state

    def keep(self, layer: str, states: Any) -> None:
        for state in states:
            for name, part in parts(state):
                self.final.setdefault(f"{layer}/{name}", []).append(part)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Initial states as (num_layers * directions, batch, size)."""
        return {name: (len(p), *p[0].shape.as_list()) for name, p in self.initial.items()}

    def run(
        self, session: v1.Session, weights: list[np.ndarray], x: np.ndarray, initial: dict[str, np.ndarray]
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        for variable, value in zip(self.variables, weights, strict=True):
            variable.load(value, session)
        feed = {self.x: x}
        for name, array in initial.items():
            feed.update(zip(self.initial[name], array, strict=True))
        outputs, final = session.run((self.outputs, self.final), feed)
        return outputs, {name: np.stack(states) for name, states in final.items()}


def make_cell(kind: str, o: Options) -> Any:
    common = {"dtype": DTYPE, "activation": getattr(tf.nn, o["activation"]) if "activation" in o else None}
    if kind == "LSTMCell" or o.get("peephole") or o.get("projection"):
        peephole, projection = o.get("peephole", False), o.get("projection")
        return cells.LSTMCell(o["units"], use_peepholes=peephole, num_proj=projection, **common)
    plain = {"rnn": cells.BasicRNNCell, "lstm": cells.BasicLSTMCell, "gru": cells.GRUCell}
    return plain[kind](o["units"], **common)


def parts(state: Any) -> list[tuple[str, Any]]:
    return [("h", state.h), ("c", state.c)] if isinstance(state, cells.LSTMStateTuple) else [("h", state)]


def path(variable: tf.Variable) -> str:
    return variable.name.removesuffix(":0")


def size(variables: list[tf.Variable]) -> int:
    return sum(v.shape.num_elements() for v in variables)


def case(
    ident: str, layers: list[Layer], depth: int | None = 5, stateful: bool = True, computed: bool = True
) -> dict[str, Any]:
    net = Network(layers, depth, stateful)
    tensors = [(path(v), v.shape.as_list()) for v in net.variables]
    x, shapes, results = net.x.shape.as_list(), net.shapes(), None
    if computed:
        weights = list(fill(shape for _, shape in tensors))
        initial = dict(zip(shapes, fill(shapes.values(), 2), strict=True))
        with v1.Session(graph=net.graph) as session:
            results = net.run(session, weights, sample(x, layers), initial)
    return frozen(ident, net.model, net.types, tensors, size(net.trainable), x, shapes, results)


def one(ident: str, kind: str = "", depth: int = 5, stateful: bool = True, **options: Any) -> dict[str, Any]:
    """A model of one recurrent layer; its id begins with the kind."""
    kind = kind or ident.split("-")[0]
    return case(ident, [{kind: {"name": kind.lower(), **options}}], depth, stateful)


def all_cases() -> list[dict[str, Any]]:
    found = []
    for kind in ("rnn", "lstm", "gru", "LSTMCell"):
        found += [
            one(f"{kind}-default", kind, units=7),
            one(f"{kind}-zero-state", kind, depth=4, units=3, stateful=False),
            one(f"{kind}-one-unit", kind, depth=3, units=1),
            one(f"{kind}-depth-one", kind, depth=1, units=4),
            case(f"{kind}-128", [{kind: {"name": kind.lower(), "units": 128}}], 10, False, computed=False),
            one(f"{kind}-relu", kind, depth=6, units=4, activation="relu"),
            one(f"{kind}-last", kind, depth=3, units=5, return_sequences=False),
            one(f"{kind}-layers-2", kind, depth=4, units=6, num_layers=2),
            one(f"{kind}-layers-3", kind, depth=7, units=3, num_layers=3),
            one(f"{kind}-layers-2-last", kind, depth=2, units=5, num_layers=2, return_sequences=False),
            one(f"{kind}-bidirectional", kind, depth=5, units=3, bidirectional=True),
            one(f"{kind}-bidirectional-zero-state", kind, 3, False, units=4, bidirectional=True),
            one(f"{kind}-bidirectional-2", kind, depth=4, units=3, num_layers=2, bidirectional=True),
            one(f"{kind}-bidirectional-3", kind, depth=6, units=2, num_layers=3, bidirectional=True),
        ]
    for ident, options in {
        "peephole": {"units": 7, "peephole": True},
        "projection": {"units": 7, "projection": 3},
        "projection-wider": {"units": 4, "projection": 9},
        "projection-equal": {"units": 6, "projection": 6},
        "peephole-projection": {"units": 7, "peephole": True, "projection": 4},
        "peephole-relu": {"units": 6, "peephole": True, "activation": "relu"},
    }.items():
        last = {**options, "return_sequences": False}
        found += [
            one(f"lstm-{ident}", depth=5, **options),
            one(f"lstm-{ident}-last", depth=3, **last),
            one(f"lstm-{ident}-layers-2", depth=2, num_layers=2, **options),
            one(f"lstm-{ident}-layers-3", depth=8, num_layers=3, **options),
            one(f"lstm-{ident}-bidirectional", depth=3, bidirectional=True, **options),
            one(f"lstm-{ident}-bidirectional-2", depth=10, num_layers=2, bidirectional=True, **options),
        ]
    found += [
        case(
            "lstm-peephole-128",
            [{"lstm": {"name": "lstm", "units": 128, "peephole": True}}],
            10,
            False,
            False,
        ),
        case(
            "rnn-gru-lstm",
            [
                {"rnn": {"name": "a", "units": 4}},
                {"gru": {"name": "b", "units": 6}},
                {"lstm": {"name": "c", "units": 3}},
            ],
            5,
        ),
        case("lstm-lstm", [{"lstm": {"name": "one", "units": 7}}, {"lstm": {"name": "two", "units": 4}}], 3),
        case(
            "lstm-bidirectional-then-gru-last",
            [
                {"lstm": {"name": "encoder", "units": 3, "bidirectional": True}},
                {"gru": {"name": "decoder", "units": 5, "return_sequences": False}},
                {"dense": {"name": "head", "units": 2}},
            ],
            4,
        ),
        case(
            "lstm-peephole-then-projection",
            [
                {"lstm": {"name": "one", "units": 6, "peephole": True}},
                {"lstm": {"name": "two", "units": 5, "projection": 2}},
            ],
            3,
        ),
        case(
            "lstm-layers-2-then-gru-bidirectional-2",
            [
                {"lstm": {"name": "one", "units": 4, "num_layers": 2}},
                {"gru": {"name": "two", "units": 3, "num_layers": 2, "bidirectional": True}},
            ],
            6,
        ),
        case(
            "dense-rnn-dense",
            [
                {"dense": {"name": "before", "units": 6}},
                {"rnn": {"name": "rnn", "units": 4}},
                {"dense": {"name": "after", "units": 3, "bias": False}},
            ],
            5,
        ),
        case(
            "embedding-lstm-dense",
            [
                {"embedding": {"name": "embedding", "vocab": 11, "depth": 4}},
                {"lstm": {"name": "lstm", "units": 6}},
                {"dense": {"name": "dense", "units": 3}},
            ],
            None,
        ),
        case(
            "embedding-gru-dropout-dense-last",
            [
                {"embedding": {"name": "embedding", "vocab": 9, "depth": 5}},
                {"gru": {"name": "gru", "units": 4, "return_sequences": False}},
                {"dropout": 0.2},
                {"dense": {"name": "dense", "units": 7}},
            ],
            None,
        ),
        case(
            "embedding-rnn-bidirectional-2-dense",
            [
                {"embedding": {"name": "embedding", "vocab": 8, "depth": 3}},
                {"rnn": {"name": "rnn", "units": 5, "num_layers": 2, "bidirectional": True}},
                {"dense": {"name": "dense", "units": 2, "bias": False}},
            ],
            None,
        ),
    ]
    return found


def saves(folder: Path) -> None:
    """One model a cell kind with TensorFlow's own random weights, its biases moved off their constants."""
    kinds: dict[str, Layer] = {
        "rnn": {"rnn": {"name": "rnn", "units": 7}},
        "lstm": {"lstm": {"name": "lstm", "units": 6}},
        "lstmcell": {"lstm": {"name": "lstm", "units": 8, "peephole": True, "projection": 3}},
        "gru": {"gru": {"name": "gru", "units": 5}},
    }
    for number, (kind, layer) in enumerate(kinds.items()):
        tf.keras.utils.set_random_seed(number)
        net = Network([layer], 4, stateful=True)
        rng = np.random.default_rng(number)
        with net.graph.as_default(), v1.Session(graph=net.graph) as session:
            session.run(v1.global_variables_initializer())
            weights = session.run(net.variables)
            for i, variable in enumerate(net.variables):
                if path(variable).endswith("bias"):
                    weights[i] = weights[i] + rng.normal(0.0, 0.3, weights[i].shape)
            x = rng.normal(size=net.x.shape)
            initial = {name: rng.normal(0.0, 0.5, shape) for name, shape in net.shapes().items()}
            results = net.run(session, weights, x, initial)
        named = dict(zip(map(path, net.variables), weights, strict=True))
        save(folder / f"tensorflow1-{kind}.npz", net.model, named, x, initial, results)


if __name__ == "__main__":
    main("tensorflow1", {"tensorflow": tf.__version__}, all_cases, saves)
