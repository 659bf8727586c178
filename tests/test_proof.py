"""`verify`: what it says of sound models, and that it sees each fault that is put in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import rnncalc
from rnncalc import layouts
from rnncalc.algebra import poly
from rnncalc.cell import Value, find, recurrent, sigmoid, tanh
from rnncalc.layer import Layer
from rnncalc.proof import witness
from rnncalc.proof.prove import Proof, prove
from rnncalc.report import ModelReport
from rnncalc.tensor import _placed
from tests.conftest import forget

CELLS = recurrent()


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Put a fault into a class of a framework, `fault("keras", "LSTM", tensors={...})`."""

    def change(framework: str, name: str, **changes: Any) -> None:
        found = layouts.find(framework)
        entries = tuple(each._replace(**changes) if each.name == name else each for each in found.entries)
        monkeypatch.setattr(f"rnncalc.layouts.{found.name}.LAYOUT", found._replace(entries=entries))
        forget()

    yield change
    monkeypatch.undo()
    forget()


@pytest.fixture
def step(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, Any], None]]:
    """Give a cell another step function."""

    def change(name: str, function: Any) -> None:
        forget()
        monkeypatch.setattr(find(name), "step", function)

    yield change
    monkeypatch.undo()
    forget()


def told(proof: Proof) -> str:
    return "\n".join(f"{'ok' if each.passed else 'FAIL'} {each.what}: {each.detail}" for each in proof.steps)


def caught(found: Any, *words: str) -> None:
    """The command ended with 1, said so, and named the fault."""
    assert found.status == 1, found
    assert "NOT proven" in found.out
    assert "FAIL" in found.out
    flat = " ".join(found.out.split())
    for word in words:
        assert word in flat


# what is sound


@pytest.mark.parametrize(
    ("framework", "type"),
    [pytest.param(framework, type) for framework in layouts.NAMES for type in CELLS],
)
def test_every_cell_of_every_framework_is_proven(framework: str, type: str, run: Callable[..., Any]) -> None:
    found = run("verify", type, "-F", framework)
    if "has no" in found.err:
        pytest.skip(f"{framework} has no {type}")
    assert (found.status, found.err) == (0, "")
    assert f"{type} · {framework}: proven" in found.out
    assert "FAIL" not in found.out


@pytest.mark.parametrize(
    ("framework", "options"),
    [
        ("tensorflow1", ["--peephole", "--projection", "3"]),
        ("paper", ["--peephole", "--projection", "3", "--coupled-gates"]),
        ("keras", ["--num-layers", "2", "--bidirectional", "--merge-mode", "ave"]),
        ("keras", ["--bidirectional", "--merge-mode", "mul", "--no-return-sequences"]),
        ("keras", ["--bidirectional", "--merge-mode", "none"]),
        ("pytorch", ["--projection", "3", "--num-layers", "4", "--bidirectional"]),
        ("pytorch", ["--no-bias"]),
        ("paper", ["--bias", "input"]),
        ("paper", ["--bias", "double", "--activation", "relu"]),
        ("tensorflow1", ["--input-depth", "7", "--residual"]),
        ("keras", ["--units", "1", "--input-depth", "1"]),
        ("keras", ["--activation", "softmax"]),
    ],
)
def test_every_option_is_proven(framework: str, options: list[str], run: Callable[..., Any]) -> None:
    assert run("verify", "lstm", "-F", framework, *options).status == 0


def test_a_proof_says_what_was_done() -> None:
    model = rnncalc.parse({"framework": "keras", "input": {"depth": 5}, "layers": [{"lstm": 7}]})
    proof = prove(model)
    assert proof.passed
    text = told(proof)
    assert "the scalars allocated are those of the formula" in text
    assert "364 weights, input (4, 3, 5), output (4, 3, 7)" in text
    assert "each weight is read (a NaN in it reaches the output)" in text
    assert "each weight matters (a finite change moves the output)" in text
    assert "the outputs are those that the real framework computed" in text


def test_the_formula_is_compared_at_as_many_points_as_its_degrees_need() -> None:
    model = rnncalc.parse({"framework": "keras", "input": {"depth": 5}, "layers": [{"lstm": 7}]})
    # degree 1 in input_depth and 2 in units: two values of the one times three of the other, at the least
    points = re.search(r"equal at (\d+) points", told(prove(model)))
    assert points
    assert int(points[1]) >= (1 + 1) * (2 + 1)


def test_a_large_model_is_proven_at_small_sizes(run: Callable[..., Any]) -> None:
    found = run("verify", "lstm", "--input-depth", 1024, "--units", 4096, "-F", "pytorch", "-f", "json")
    (proof,) = json.loads(found.out)["proofs"]
    details = " ".join(each["detail"] for each in proof["steps"])
    params = 4 * (1024 + 4096) * 4096 + 8 * 4096
    assert f"left out: {params:,} weights; what follows holds for all sizes" in details
    assert proof["passed"] is True
    assert found.status == 0


def test_the_largest_model_is_proven_too(run: Callable[..., Any]) -> None:
    largest = 2**63 - 1
    assert run("verify", "gru", "--input-depth", largest, "--units", largest, "-F", "keras").status == 0


def test_a_deep_stack_is_proven_by_its_first_layers(run: Callable[..., Any]) -> None:
    assert run("verify", "rnn", "--num-layers", 50, "-F", "pytorch", "--units", 300).status == 0


def test_a_whole_model_is_proven(tmp_path: Path, run: Callable[..., Any]) -> None:
    spec = tmp_path / "tagger.yaml"
    spec.write_text(
        "framework: keras\nlayers:\n  - embedding: {vocab: 50k, depth: 300}\n  - dropout: 0.2\n"
        "  - lstm: {units: 128, bidirectional: true, merge_mode: sum}\n"
        "  - gru: {units: 64, return_sequences: false}\n  - dense: {units: 9, activation: relu}\n",
        encoding="utf-8",
    )
    found = run("verify", spec)
    assert (found.status, found.err) == (0, "")
    assert "tagger · keras: proven" in found.out


def test_the_proofs_of_several_specs_are_one_verdict(tmp_path: Path, run: Callable[..., Any]) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text("input: {depth: 3}\nlayers: [{rnn: 4}]\n", encoding="utf-8")
    found = run("verify", tmp_path, "-f", "json")
    record = json.loads(found.out)
    assert (record["schema_version"], record["passed"], record["errors"]) == (1, True, [])
    assert sorted(proof["model"] for proof in record["proofs"]) == ["one", "two"]


def test_a_bad_spec_wins_over_the_proofs(tmp_path: Path, run: Callable[..., Any]) -> None:
    (tmp_path / "good.yaml").write_text("input: {depth: 3}\nlayers: [{rnn: 4}]\n", encoding="utf-8")
    (tmp_path / "bad.yaml").write_text("input: {depth: 3}\nlayers: [{rnn: -4}]\n", encoding="utf-8")
    found = run("verify", tmp_path)
    assert found.status == 2
    assert "good · tensorflow1: proven" in found.out
    assert "bad.yaml:2" in found.err


def test_where_nothing_was_recorded_the_proof_says_so(run: Callable[..., Any]) -> None:
    found = run("verify", "lstm", "-F", "paper")
    assert "left out: nothing recorded for lstm" in " ".join(found.out.split())


def test_nothing_to_prove_is_bad_usage(tmp_path: Path, run: Callable[..., Any]) -> None:
    assert run("verify").status == 2
    assert run("verify", tmp_path).status == 2


def test_relu_units_that_are_off_for_one_input_are_proven_with_another(run: Callable[..., Any]) -> None:
    assert run("verify", "rnn", "-F", "pytorch", "--activation", "relu", "--num-layers", 3).status == 0


# faults in a layout

KERAS_LSTM = {"kernel": "x -> i f g o", "recurrent_kernel": "h -> i f g o", "bias": "1x => i f g o"}


def test_swapped_gates_in_one_tensor_are_caught(fault: Callable[..., None], run: Callable[..., Any]) -> None:
    fault("keras", "LSTM", tensors={**KERAS_LSTM, "kernel": "x -> f i g o"})
    caught(run("verify", "lstm", "-F", "keras"), "the outputs are not those of")


def test_gates_that_are_swapped_everywhere_are_caught(fault: Callable[..., None], run: Callable[..., Any]) -> None:
    swapped = {name: line.replace("i f g o", "i f o g") for name, line in KERAS_LSTM.items()}
    fault("keras", "LSTM", tensors=swapped)
    caught(run("verify", "lstm", "-F", "keras"), "the outputs are not those of")


def test_the_order_of_another_framework_is_caught(fault: Callable[..., None], run: Callable[..., Any]) -> None:
    fault("tensorflow1", "BasicLSTMCell", tensors={"kernel": "x h -> i f g o", "bias": "1x => i f+1 g o"})
    caught(run("verify", "lstm"), "the outputs are not those of")


@pytest.mark.parametrize(
    ("framework", "name", "type", "tensors"),
    [
        (
            "keras",
            "SimpleRNN",
            "rnn",
            {"kernel": "x -> h", "recurrent_kernel": "h <- h", "bias": "1x => h"},
        ),
        (
            "pytorch",
            "RNN",
            "rnn",
            {"weight_ih": "h <- x", "weight_hh": "h -> h", "bias_ih": "1x => h", "bias_hh": "1h => h"},
        ),
        (
            "pytorch",
            "RNN",
            "rnn",
            {"weight_ih": "x -> h", "weight_hh": "h <- h", "bias_ih": "1x => h", "bias_hh": "1h => h"},
        ),
    ],
)
def test_a_transposed_block_is_caught(
    framework: str,
    name: str,
    type: str,
    tensors: dict[str, str],
    fault: Callable[..., None],
    run: Callable[..., Any],
) -> None:
    fault(framework, name, tensors=tensors)
    caught(run("verify", type, "-F", framework))


def test_a_transposed_oblong_block_is_caught(fault: Callable[..., None], run: Callable[..., Any]) -> None:
    fault("keras", "SimpleRNN", tensors={"kernel": "h <- x", "recurrent_kernel": "h -> h", "bias": "1x => h"})
    caught(run("verify", "rnn", "-F", "keras"), "the tensors do not have the")


def test_rows_in_the_wrong_order_are_caught(fault: Callable[..., None], run: Callable[..., Any]) -> None:
    fault("tensorflow1", "BasicRNNCell", tensors={"kernel": "h x -> h", "bias": "1x => h"})
    caught(run("verify", "rnn"), "the outputs are not those of")


def test_a_forget_bias_that_is_left_out_is_caught(fault: Callable[..., None], run: Callable[..., Any]) -> None:
    fault("tensorflow1", "BasicLSTMCell", tensors={"kernel": "x h -> i g f o", "bias": "1x => i g f o"})
    caught(run("verify", "lstm"), "the outputs are not those of")


def test_a_bias_policy_that_the_framework_does_not_have_is_caught(
    fault: Callable[..., None], run: Callable[..., Any]
) -> None:
    fault("keras", "LSTM", bias=("none",))
    caught(run("verify", "lstm", "-F", "keras"), "the tensors do not have the")


DROPPED = {
    "bias": {key: line for key, line in KERAS_LSTM.items() if key != "bias"},
    "recurrent_kernel": {key: line for key, line in KERAS_LSTM.items() if key != "recurrent_kernel"},
    "gate": {**KERAS_LSTM, "kernel": "x -> i f g"},
    "twice": {**KERAS_LSTM, "again": "1x => i f g o"},
    "hole": {**KERAS_LSTM, "bias": "1x 1h => i f g o", "kernel": "x -> i f g o q"},
}


@pytest.mark.parametrize("what", DROPPED)
def test_a_piece_without_its_one_place_is_caught(
    what: str, fault: Callable[..., None], run: Callable[..., Any]
) -> None:
    fault("keras", "LSTM", tensors=DROPPED[what])
    caught(run("verify", "lstm", "-F", "keras"))


def test_a_weight_that_is_wrongly_declared_unread_is_caught(
    fault: Callable[..., None], run: Callable[..., Any]
) -> None:
    fault("keras", "SimpleRNN", tensors={"kernel": "x -> h", "recurrent_kernel": "h -> h", "bias": "1x => (h)"})
    caught(run("verify", "rnn", "-F", "keras"), "gate h beside 1x is read, but marked as unread")


# faults in a step


def test_a_gate_that_is_never_used_is_caught(step: Callable[[str, Any], None], run: Callable[..., Any]) -> None:
    def lstm(w: Any, x: Value, h: Value, c: Value, **_: Any) -> tuple[Value, Value]:
        i, f, g, _o = sigmoid(w.i(x, h)), sigmoid(w.f(x, h)), tanh(w.g(x, h)), sigmoid(w.o(x, h))
        c = f * c + i * g
        return tanh(c), c

    step("lstm", lstm)
    caught(run("verify", "lstm", "-F", "keras"), "lstm/kernel[0, 9] is not read")  # the first of gate o, units 3


def test_a_weight_that_is_read_but_does_not_matter_is_caught(
    step: Callable[[str, Any], None], run: Callable[..., Any]
) -> None:
    def rnn(w: Any, x: Value, h: Value, **_: Any) -> Value:
        return tanh(w.h(x, h) + w.q(x) * 0.0)

    step("rnn", rnn)
    caught(run("verify", "rnn", "-F", "paper"), "rnn/W_xq[0, 0] does not matter")


def test_a_step_with_another_equation_is_caught(step: Callable[[str, Any], None], run: Callable[..., Any]) -> None:
    def gru(w: Any, x: Value, h: Value, **_: Any) -> Value:
        r, z = sigmoid(w.r(x, h)), sigmoid(w.z(x, h))
        n = tanh(w.n(x) + r * w.n(h))
        return (1 - z) * h + z * n

    step("gru", gru)
    caught(run("verify", "gru", "-F", "pytorch"), "the outputs are not those of")


@pytest.mark.parametrize("framework", ["tensorflow1", "keras", "pytorch"])
def test_a_cell_state_that_is_forgotten_is_caught(
    framework: str, step: Callable[[str, Any], None], run: Callable[..., Any]
) -> None:
    def lstm(w: Any, x: Value, h: Value, c: Value, **_: Any) -> tuple[Value, Value]:
        i, f, g = sigmoid(w.i(x, h)), sigmoid(w.f(x, h)), tanh(w.g(x, h))
        shown = f * c + i * g
        return sigmoid(w.o(x, h)) * tanh(shown), i * g

    step("lstm", lstm)
    caught(run("verify", "lstm", "-F", framework), "the outputs are not those of")


def test_a_step_that_lacks_a_weight_is_caught(step: Callable[[str, Any], None], run: Callable[..., Any]) -> None:
    def rnn(w: Any, x: Value, h: Value, **_: Any) -> Value:
        return tanh(w.h(x))

    step("rnn", rnn)
    caught(run("verify", "rnn"), "the tensors do not have the")


def test_a_step_that_returns_a_state_of_another_size_is_caught(
    monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any]
) -> None:
    real = Layer.states.func  # type: ignore[attr-defined]

    def states(layer: Any) -> Any:
        return {name: (rows, size + 1) for name, (rows, size) in real(layer).items()}

    monkeypatch.setattr("rnncalc.layer.Layer.states", property(states))
    caught(run("verify", "rnn"))


# faults in a formula


@pytest.mark.parametrize("more", [1, -1])
def test_a_wrong_formula_is_caught(more: int, monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any]) -> None:
    real = Layer.count.func  # type: ignore[attr-defined]
    monkeypatch.setattr(Layer, "count", property(lambda self: real(self) + more))
    caught(run("verify", "lstm", "--units", 7, "--input-depth", 5), "allocated", "formula")


def test_a_formula_that_is_right_at_one_size_alone_is_caught(
    monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any]
) -> None:
    monkeypatch.setattr(Layer, "count", property(lambda _: poly(364)))
    caught(run("verify", "lstm", "--units", 7, "--input-depth", 5), "allocated", "formula 364")


def test_a_wrong_depth_of_the_next_layer_is_caught(monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any]) -> None:
    from rnncalc import unroll

    monkeypatch.setitem(unroll._MERGE, "concat", lambda a, b: a + b)
    caught(run("verify", "lstm", "-F", "keras", "--bidirectional"), "output (4, 3, 7), declared (4, 3, 14)")


def test_a_wrong_printed_formula_is_caught(monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any]) -> None:
    monkeypatch.setattr("rnncalc.tensor.formula", lambda shape, words: "5·units")
    monkeypatch.setattr("rnncalc.tensor._places", _placed)  # and not those that are kept
    caught(run("verify", "lstm"))


# faults in the verdict


def test_one_failed_proof_among_several_fails_the_run(
    fault: Callable[..., None], tmp_path: Path, run: Callable[..., Any]
) -> None:
    for name, layer in (("sound", "gru: 4"), ("broken", "lstm: 4")):
        text = f"framework: keras\ninput: {{depth: 3}}\nlayers:\n  - {layer}\n"
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    fault("keras", "LSTM", tensors={**KERAS_LSTM, "kernel": "x -> f i g o"})
    found = run("verify", tmp_path, "-f", "json")
    record = json.loads(found.out)
    assert found.status == 1
    assert record["passed"] is False
    assert {proof["model"]: proof["passed"] for proof in record["proofs"]} == {"sound": True, "broken": False}


# what a framework allocates and never uses


@pytest.fixture
def coupled(fault: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """A framework whose LSTM couples its gates and still keeps the forget gate's weights."""
    monkeypatch.setattr(witness, "records", lambda framework: ())
    kept = {name: line.replace(" f ", " (f) ") for name, line in KERAS_LSTM.items()}
    fault("keras", "LSTM", tensors=kept, fixed={"coupled_gates": True})


def coupled_report() -> ModelReport:
    return rnncalc.parse({"framework": "keras", "input": {"depth": 5}, "layers": [{"lstm": 7}]}).report()


def test_a_declared_unread_block_is_counted(coupled: None) -> None:
    assert coupled_report().params == 4 * (5 + 7) * 7 + 4 * 7


def test_a_declared_unread_block_costs_nothing(coupled: None) -> None:
    assert coupled_report().macs_per_step == 3 * (5 + 7) * 7
    assert coupled_report().flops_per_step == 2 * 3 * (5 + 7) * 7 + 3 * 7 + 9 * 7


def test_a_declared_unread_block_is_reported_with_its_tensor(coupled: None) -> None:
    unread = {tensor.name: tensor.to_dict().get("unread") for tensor in coupled_report().layers[0].tensors}
    assert unread == {"kernel": 5 * 7, "recurrent_kernel": 7 * 7, "bias": 7}


def test_a_declared_unread_block_is_proven_to_be_unread(coupled: None, run: Callable[..., Any]) -> None:
    found = run("verify", "lstm", "-F", "keras", "-f", "json")
    assert found.status == 0
    details = [step["detail"] for step in json.loads(found.out)["proofs"][0]["steps"]]
    unread = 3 * (2 + 3) + 3  # at the primes 2 and 3
    read = 3 * unread
    assert f"{read} weights; {unread} that the framework allocates but never uses are not" in details


def test_a_block_that_is_unread_without_being_declared_is_caught(
    fault: Callable[..., None], run: Callable[..., Any]
) -> None:
    fault("keras", "LSTM", fixed={"coupled_gates": True})
    caught(run("verify", "lstm", "-F", "keras"))
