"""Where the states of a recurrent layer start: at zero, at parameters, or where those of another layer have ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rnncalc
from rnncalc.errors import SpecError
from rnncalc.network import Model
from rnncalc.proof.prove import prove
from tests.samples import having
from tests.test_wiring import refused

pytestmark = pytest.mark.usefixtures("schema_agrees")

Run = Callable[..., Any]
SOURCE, TARGET, UNITS, BATCH = 3, 5, 4, 2
X = {
    "source": np.random.default_rng(1).normal(size=(BATCH, 6, SOURCE)),
    "target": np.random.default_rng(2).normal(size=(BATCH, 7, TARGET)),
}


def translator(framework: str, cell: str, linked: bool = True, **options: Any) -> Model:
    """An encoder, and a decoder that starts where the encoder ends."""
    start = {"initial_state": "encoder"} if linked else {}
    shared = {"units": UNITS, **options}
    layers = [
        {cell: {"name": "encoder", "inputs": "source", **shared}},
        {cell: {"name": "decoder", "inputs": "target", **shared, **start}},
    ]
    inputs = {"source": {"depth": SOURCE}, "target": {"depth": TARGET}}
    return rnncalc.parse({"framework": framework, "inputs": inputs, "layers": layers})


def sigmoid(v: Any) -> Any:
    return 1 / (1 + np.exp(-v))


def lstm(x: Any, h: Any, c: Any, kernel: Any, bias: Any) -> tuple[Any, Any, Any]:
    """TensorFlow's BasicLSTMCell: gates i, j, f, o in one matrix, 1 added to the forget gate."""
    outputs = []
    for t in range(x.shape[1]):
        i, j, f, o = np.split(np.concatenate([x[:, t], h], axis=1) @ kernel + bias, 4, axis=1)
        c = sigmoid(f + 1) * c + sigmoid(i) * np.tanh(j)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs, axis=1), h, c


def rnn(x: Any, h: Any, kernel: Any, bias: Any) -> tuple[Any, Any]:
    outputs = []
    for t in range(x.shape[1]):
        h = np.tanh(np.concatenate([x[:, t], h], axis=1) @ kernel + bias)
        outputs.append(h)
    return np.stack(outputs, axis=1), h


# --- what comes out -------------------------------------------------------------------------------------------------


def test_a_decoder_starts_where_its_encoder_ends() -> None:
    found = translator("tensorflow1", "lstm")
    w = found.weights(3)
    outputs, states = found.forward(w, X)
    zero = np.zeros((BATCH, UNITS))
    _, h, c = lstm(X["source"], zero, zero, w["encoder/kernel"], w["encoder/bias"])
    expected, last, cell = lstm(X["target"], h, c, w["decoder/kernel"], w["decoder/bias"])
    assert np.allclose(outputs, expected, rtol=0, atol=1e-12)
    assert np.allclose(states["encoder/h"], h[None], rtol=0, atol=1e-12)
    assert np.allclose(states["decoder/h"], last[None], rtol=0, atol=1e-12)
    assert np.allclose(states["decoder/c"], cell[None], rtol=0, atol=1e-12)


def test_each_layer_and_direction_starts_where_its_own_ends() -> None:
    found = translator("tensorflow1", "rnn", num_layers=2, bidirectional=True)
    w = found.weights(3)

    def stack(name: str, x: Any, starts: Any) -> tuple[Any, list[Any]]:
        ends = []
        for k in range(2):
            one, other = (
                (w[f"{name}/cell_{k}/{way}/kernel"], w[f"{name}/cell_{k}/{way}/bias"]) for way in ("fw", "bw")
            )
            there, last = rnn(x, starts[2 * k], *one)
            back, first = rnn(x[:, ::-1], starts[2 * k + 1], *other)
            x = np.concatenate([there, back[:, ::-1]], axis=2)
            ends += [last, first]
        return x, ends

    _, ends = stack("encoder", X["source"], [np.zeros((BATCH, UNITS))] * 4)
    expected, _ = stack("decoder", X["target"], ends)
    assert np.allclose(found.forward(w, X)[0], expected, rtol=0, atol=1e-12)


def test_states_that_are_given_go_before_the_encoders() -> None:
    linked, apart = translator("keras", "gru"), translator("keras", "gru", linked=False)
    w = linked.weights(3)
    given = {"decoder/h": np.full((1, BATCH, UNITS), 0.25)}
    assert np.array_equal(linked.forward(w, X, given)[0], apart.forward(w, X, given)[0])
    assert not np.allclose(linked.forward(w, X)[0], apart.forward(w, X)[0])


def test_what_the_encoder_starts_from_reaches_the_decoder() -> None:
    found = translator("keras", "gru")
    w = found.weights(3)
    given = {"encoder/h": np.full((1, BATCH, UNITS), 0.25)}
    assert not np.allclose(found.forward(w, X, given)[0], found.forward(w, X)[0])


def test_a_chain_of_three_starts_each_from_the_one_before() -> None:
    layers = [{"rnn": {"units": 3, "name": "a"}}]
    layers += [{"rnn": {"units": 3, "name": name, "initial_state": start}} for name, start in ("ba", "cb")]
    found = rnncalc.parse({"framework": "tensorflow1", "input": {"depth": 3}, "layers": layers})
    w, x, h = found.weights(1), X["source"], np.zeros((BATCH, 3))
    for name in "abc":
        x, h = rnn(x, h, w[f"{name}/kernel"], w[f"{name}/bias"])
    assert np.allclose(found.forward(w, X["source"])[0], x, rtol=0, atol=1e-12)


def test_an_encoder_that_gives_its_last_output_alone_still_has_states() -> None:
    layers = [
        {"rnn": {"units": UNITS, "name": "encoder", "inputs": "source", "return_sequences": False}},
        {"rnn": {"units": UNITS, "name": "decoder", "inputs": "target", "initial_state": "encoder"}},
    ]
    inputs = {"source": {"depth": SOURCE}, "target": {"depth": TARGET}}
    last = rnncalc.parse({"framework": "keras", "inputs": inputs, "layers": layers})
    every = translator("keras", "rnn")
    w = every.weights(3)
    assert np.array_equal(last.forward(w, X)[0], every.forward(w, X)[0])


def test_a_learned_initial_state_has_to_know_its_positions() -> None:
    layer = {"conv_lstm1d": {"filters": 2, "kernel_size": 3, "learned_initial_state": True}}
    spec = {"framework": "flax", "input": {"shape": [8, None, 4]}, "layers": [layer]}
    told = r"`conv_lstm1d`: a learned initial state has to know the length of each axis; its input is \(8, \?, 4\)"
    with pytest.raises(SpecError, match=told):
        rnncalc.parse(spec)


def test_a_learned_initial_state_is_the_start_of_every_sequence() -> None:
    options = {"filters": 2, "kernel_size": 3, "padding": "same", "name": "lstm"}
    spec = {"framework": "paper", "input": {"shape": [4, 5, 6, 3]}}
    learned = rnncalc.parse({**spec, "layers": [{"conv_lstm2d": {**options, "learned_initial_state": True}}]})
    plain = rnncalc.parse({**spec, "layers": [{"conv_lstm2d": options}]})
    w = learned.weights(3)
    x = np.random.default_rng(4).normal(size=(BATCH, 4, 5, 6, 3))
    given = {f"lstm/{state}": np.stack([w[f"lstm/initial_{state}"]] * BATCH, axis=1) for state in "hc"}
    bare = {name: array for name, array in w.items() if "initial" not in name}
    assert np.allclose(learned.forward(w, x)[0], plain.forward(bare, x, given)[0], rtol=0, atol=1e-12)


# --- what it costs --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("framework", having("lstm"))
def test_a_start_from_another_layer_changes_no_figure(framework: str) -> None:
    linked, apart = (translator(framework, "lstm", linked).report() for linked in (True, False))
    assert linked == apart


def test_a_start_from_another_layer_takes_no_memory_of_its_own() -> None:
    linked, apart = (translator("keras", "lstm", linked).training() for linked in (True, False))
    assert linked == apart


# --- the proof, the comparison, and what else reads a model ---------------------------------------------------------


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_a_model_whose_decoder_starts_from_its_encoder_is_proven(cell: str) -> None:
    proof = prove(translator("pytorch" if cell == "gru" else "keras", cell, num_layers=2, bidirectional=True))
    assert [step for step in proof.steps if not step.passed] == []


def test_a_model_with_learned_starts_of_many_positions_is_proven() -> None:
    options = {"filters": 2, "kernel_size": 3, "padding": "same", "learned_initial_state": True}
    layers = [{"conv_lstm1d": options}]
    found = rnncalc.parse({"framework": "paper", "input": {"shape": [3, 5, 2]}, "layers": layers})
    assert [step for step in prove(found).steps if not step.passed] == []


def test_an_encoder_whose_outputs_nobody_reads_matters_by_its_states(run: Run) -> None:
    spec = """
        framework: keras
        inputs: {source: {depth: 3}, target: {depth: 5}}
        layers:
          - gru: {name: encoder, inputs: source, units: 4}
          - gru: {name: decoder, inputs: target, units: 4, initial_state: encoder}
    """
    assert run("verify", "-", input=spec.encode()).status == 0


def test_the_same_model_in_another_framework_starts_there_too() -> None:
    found = translator("keras", "lstm").in_framework("pytorch")
    assert [each.initial_state for each in found.plan.layers] == ["", "encoder"]


def test_layers_that_repeat_start_from_those_of_their_own_group() -> None:
    group = [{"gru": {"units": 4, "name": "a"}}, {"gru": {"units": 4, "name": "b", "initial_state": "a"}}]
    spec = {"framework": "keras", "input": {"depth": 4}, "layers": [{"repeat": {"times": 2, "layers": group}}]}
    starts = {each.plan.name: each.plan.initial_state for each in rnncalc.parse(spec).layers}
    assert starts == {"a": "", "b": "a", "a_1": "", "b_1": "a_1"}


def test_a_shared_layer_may_start_from_the_one_it_shares() -> None:
    layers = [{"gru": {"units": 3, "name": "a"}}, {"gru": {"same_as": "a", "name": "b", "initial_state": "a"}}]
    found = rnncalc.parse({"framework": "keras", "input": {"depth": 3}, "layers": layers})
    x = X["source"]
    once = rnncalc.parse({"framework": "keras", "input": {"depth": 3}, "layers": layers[:1]})
    w = found.weights()
    first, states = once.forward(w, x)
    assert np.array_equal(found.forward(w, x)[0], once.forward(w, first, states)[0])


def test_setting_the_size_of_one_alone_is_an_error_that_says_what_was_set(run: Run) -> None:
    spec = "framework: keras\ninput: {depth: 4}\nlayers:\n  - gru: {name: a, units: 4}\n"
    spec += "  - gru: {name: b, units: 4, initial_state: a}\n"
    assert run("count", "-", "--set", "a.units=5", "--set", "b.units=5", input=spec.encode()).status == 0
    found = run("count", "-", "--set", "b.units=5", input=spec.encode())
    assert found.status == 2
    assert "`b` cannot start where `a` ends: h is (1, 5), and there (1, 4)" in found.err


# --- what cannot be -------------------------------------------------------------------------------------------------

HEAD = "framework: paper\ninput: {depth: 4}\nlayers:\n  - lstm: {units: 4, name: a}\n  - dense: {units: 4, name: d}\n"
WRONG = {
    "a layer that there is not": (
        "  - lstm: {units: 4, initial_state: aa}\n",
        "no layer before `lstm` is named `aa`; did you mean `a`?",
    ),
    "a layer that comes later": (
        "  - lstm: {units: 4, initial_state: z}\n  - lstm: {units: 4, name: z}\n",
        "no layer before `lstm` is named `z`",
    ),
    "itself": ("  - lstm: {units: 4, name: b, initial_state: b}\n", "`b` cannot start from its own last states"),
    "an input": ("  - lstm: {units: 4, initial_state: input}\n", "no layer before `lstm` is named `input`"),
    "a layer without states": ("  - lstm: {units: 4, initial_state: d}\n", "`d` has no states to start from"),
    "states of another size": (
        "  - lstm: {units: 5, initial_state: a}\n",
        "`lstm` cannot start where `a` ends: h is (1, 5), and there (1, 4) (layers × directions, size)",
    ),
    "another number of layers": ("  - lstm: {units: 4, num_layers: 2, initial_state: a}\n", "h is (2, 4), and there"),
    "another number of directions": ("  - lstm: {units: 4, bidirectional: true, initial_state: a}\n", "h is (2, 4)"),
    "a projection": ("  - lstm: {units: 4, projection: 3, initial_state: a}\n", "h is (1, 3), and there (1, 4)"),
    "other states": ("  - gru: {units: 4, initial_state: a}\n", "it has h, and there are h and c"),
    "learned states too": (
        "  - lstm: {units: 4, initial_state: a, learned_initial_state: true}\n",
        "starts from states that are learned, or from those of `a`: leave one out",
    ),
    "a list": ("  - lstm: {units: 4, initial_state: [a]}\n", "is not a name"),
    "a key of a layer without states": ("  - dense: {units: 4, initial_state: a}\n", "unknown key `initial_state`"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_start_that_cannot_be_is_told_at_its_line(run: Run, case: str) -> None:
    text, message = WRONG[case]
    (found,) = refused(run, HEAD + text)
    assert found[0] == 6
    assert message in found[1]


def test_a_start_from_a_layer_that_is_wrong_is_told_once(run: Run) -> None:
    text = (
        HEAD.replace("units: 4, name: a", "units: 4, name: a, merge_mode: no")
        + "  - lstm: {units: 4, initial_state: a}\n"
    )
    assert [line for line, _ in refused(run, text)] == [4]
