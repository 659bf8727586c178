"""Where a layer adds what it reads to what it gives: around all of it, each layer of a stack, or each but the first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rnncalc
from rnncalc.network import Model
from rnncalc.proof.prove import prove
from tests.samples import having
from tests.test_starts import BATCH, lstm, rnn
from tests.test_wiring import refused

pytestmark = pytest.mark.usefixtures("schema_agrees")

Run = Callable[..., Any]
UNITS, STEPS = 4, 5
X = np.random.default_rng(1).normal(size=(BATCH, STEPS, UNITS))
WIDE = np.random.default_rng(2).normal(size=(BATCH, STEPS, 7))
ZERO = np.zeros((BATCH, UNITS))


def stack(cell: str = "rnn", depth: int = UNITS, framework: str = "tensorflow1", **options: Any) -> Model:
    """A stack of three over `depth` numbers a step."""
    layer = {cell: {"units": UNITS, "num_layers": 3, **options}}
    return rnncalc.parse({"framework": framework, "input": {"depth": depth, "steps": STEPS}, "layers": [layer]})


def same(found: Any, expected: Any) -> None:
    assert np.allclose(found, expected, rtol=0, atol=1e-12)


# --- what comes out -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("residual", "skips"), [(False, ""), ("upper", "12"), ("each", "012")])
def test_each_layer_of_a_stack_adds_what_it_reads(residual: Any, skips: str) -> None:
    found = stack(residual=residual)
    w = found.weights(1)
    y, ends = X, []
    for k in range(3):
        out, end = rnn(y, ZERO, w[f"rnn/cell_{k}/kernel"], w[f"rnn/cell_{k}/bias"])
        y = out + y if str(k) in skips else out
        ends.append(end)
    outputs, states = found.forward(w, X)
    same(outputs, y)
    same(states["rnn/h"], np.stack(ends))  # the cell's own, without what was added


def test_the_first_layer_below_an_upper_residual_may_read_another_depth() -> None:
    found = stack("lstm", 7, residual="upper")
    w = found.weights(1)
    y: Any = WIDE
    for k in range(3):
        out, _, _ = lstm(y, ZERO, ZERO, w[f"lstm/cell_{k}/kernel"], w[f"lstm/cell_{k}/bias"])
        y = out + y if k else out
    same(found.forward(w, WIDE)[0], y)


def test_the_last_output_alone_has_what_its_step_read_added() -> None:
    every, last = (stack(residual="each", return_sequences=each) for each in (True, False))
    w = every.weights(1)
    same(last.forward(w, X)[0], every.forward(w, X)[0][:, -1])


def test_directions_that_mix_add_what_both_made_together() -> None:
    found = stack(depth=2 * UNITS, bidirectional=True, residual="each")
    w = found.weights(1)
    x = np.random.default_rng(3).normal(size=(BATCH, STEPS, 2 * UNITS))
    y: Any = x
    for k in range(3):
        there, _ = rnn(y, ZERO, w[f"rnn/cell_{k}/fw/kernel"], w[f"rnn/cell_{k}/fw/bias"])
        back, _ = rnn(y[:, ::-1], ZERO, w[f"rnn/cell_{k}/bw/kernel"], w[f"rnn/cell_{k}/bw/bias"])
        y = y + np.concatenate([there, back[:, ::-1]], axis=2)
    same(found.forward(w, x)[0], y)


@pytest.mark.parametrize("sequences", [True, False])
def test_directions_that_never_mix_each_add_their_own(sequences: bool) -> None:
    options = {"bidirectional": True, "independent_directions": True, "return_sequences": sequences}
    found = stack(depth=7, residual="upper", **options)
    w = found.weights(1)
    halves = []
    for way, x in (("fw", WIDE), ("bw", WIDE[:, ::-1])):
        y: Any = x
        for k in range(3):
            out, _ = rnn(y, ZERO, w[f"rnn/cell_{k}/{way}/kernel"], w[f"rnn/cell_{k}/{way}/bias"])
            y = out + y if k else out
        halves.append((y if way == "fw" else y[:, ::-1]) if sequences else y[:, -1])
    same(found.forward(w, WIDE)[0], np.concatenate(halves, axis=-1))


def test_a_residual_around_each_of_a_single_layer_is_one_around_it() -> None:
    each, around = (stack(num_layers=1, residual=residual) for residual in ("each", True))
    w = each.weights(1)
    same(each.forward(w, X)[0], around.forward(w, X)[0])
    assert each.report().flops == around.report().flops


def test_a_residual_around_the_whole_stack_adds_the_input_alone() -> None:
    bare, around = (stack(residual=residual) for residual in (False, True))
    w = bare.weights(1)
    same(around.forward(w, X)[0], bare.forward(w, X)[0] + X)


def test_a_residual_at_every_position_of_a_convolution() -> None:
    options = {"filters": 3, "kernel_size": 3, "padding": "same"}
    spec = {"framework": "paper", "input": {"shape": [2, 5, 3]}}
    bare, added = (
        rnncalc.parse({**spec, "layers": [{"conv_lstm1d": {**options, "residual": residual}}]})
        for residual in (False, "each")
    )
    x = np.random.default_rng(3).normal(size=(BATCH, 2, 5, 3))
    w = bare.weights(1)
    same(added.forward(w, x)[0], bare.forward(w, x)[0] + x)


# --- what it costs --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("framework", having("lstm"))
@pytest.mark.parametrize("residual", [True, "each", "upper"])
def test_a_residual_has_no_weights_and_no_states(framework: str, residual: Any) -> None:
    bare, added = (stack("lstm", framework=framework, residual=each).report() for each in (False, residual))
    assert (bare.params, bare.macs, bare.state_bytes) == (added.params, added.macs, added.state_bytes)


@pytest.mark.parametrize(("residual", "sums"), [(True, 1), ("each", 3), ("upper", 2)])
def test_a_residual_is_one_sum_an_element(residual: Any, sums: int) -> None:
    bare, added = (stack("lstm", residual=each).report() for each in (False, residual))
    assert (added.flops_per_step or 0) - (bare.flops_per_step or 0) == sums * UNITS
    assert (added.flops or 0) - (bare.flops or 0) == sums * UNITS * STEPS


def test_the_last_layer_of_a_stack_adds_once_where_its_last_output_alone_comes_out() -> None:
    bare, added = (stack("lstm", residual=each, return_sequences=False).report() for each in (False, "each"))
    assert (added.flops or 0) - (bare.flops or 0) == 2 * UNITS * STEPS + UNITS


@pytest.mark.parametrize(("merge_mode", "depth"), [("concat", 2 * UNITS), ("sum", UNITS)])
def test_the_sums_of_two_directions_are_as_many_as_what_they_make_together(merge_mode: str, depth: int) -> None:
    options = {"bidirectional": True, "merge_mode": merge_mode}
    bare, added = (stack("gru", depth, "keras", residual=each, **options).report() for each in (False, "each"))
    assert (added.flops_per_step or 0) - (bare.flops_per_step or 0) == 3 * depth


def test_directions_that_never_mix_have_a_sum_each() -> None:
    options = {"bidirectional": True, "independent_directions": True}
    bare, added = (stack("gru", residual=each, framework="paper", **options).report() for each in (False, "upper"))
    assert (added.flops_per_step or 0) - (bare.flops_per_step or 0) == 2 * 2 * UNITS


@pytest.mark.parametrize(("residual", "arrays"), [("upper", 1), ("each", 2)])
def test_a_sum_that_the_next_layer_reads_is_kept_for_training(residual: str, arrays: int) -> None:
    bare, added = (stack(residual=each).training() for each in (False, residual))
    assert (added.activations or 0) - (bare.activations or 0) == arrays * UNITS * STEPS * 4


# --- the proof, and the published models ----------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{"residual": "each"}, {"residual": "upper", "bidirectional": True}])
def test_a_stack_with_residuals_is_proven(options: dict[str, Any]) -> None:
    proof = prove(stack("lstm", framework="pytorch", **options))
    assert [step for step in proof.steps if not step.passed] == []


@pytest.mark.parametrize("name", ["elmo-original", "elmo-medium"])
def test_the_second_layer_of_elmo_adds_what_it_reads(name: str) -> None:
    found = rnncalc.load(Path(__file__).parent.parent / f"configs/published/{name}.yaml")
    layer = next(each for each in found.layers if each.plan.name == "lstm")
    assert (layer.plan.residual, layer.plan.num_layers, layer.plan.independent_directions) == ("upper", 2, True)


def test_a_size_left_open_is_found_inside_a_stack_with_residuals(run: Run) -> None:
    spec = "framework: keras\ninput: {depth: 6}\nlayers:\n"
    spec += "  - lstm: {name: a, units: 8, num_layers: 2, bidirectional: true, residual: upper}\n"
    found = run("solve", "-", "--set", "a.units=?", "--max-params", "1000", "-f", "csv", input=spec.encode())
    n = 4  # 2 × 4 × ((6 + n) × n + n + (2·n + n) × n + n) is 768 for 4, and 1,120 for 5
    assert 2 * 4 * ((6 + n) * n + n + (2 * n + n) * n + n) == 768
    assert (found.status, f"{n},768" in found.out) == (0, True)


def test_a_flag_of_a_cell_says_where_the_residual_goes(run: Run) -> None:
    flags = ("lstm", "--input-depth", 4, "--units", 4, "--num-layers", 3, "-f", "csv", "-q")
    assert run(*flags, "--residual").status == run(*flags, "--residual", "each").status == 0
    found = run("lstm", "--input-depth", 5, "--units", 4, "--num-layers", 3, "--residual", "each")
    assert found.status == 2
    assert "the first layer of `lstm` cannot add its input to its output: depth 5 in, 4 out" in found.err


# --- what cannot be -------------------------------------------------------------------------------------------------

HEAD = "framework: keras\ninput: {depth: 6}\nlayers:\n"
WRONG = {
    "another depth": (
        "lstm: {units: 4, num_layers: 2, residual: each}",
        "the first layer of `lstm` cannot add its input to its output: depth 6 in, 4 out",
    ),
    "another depth of two directions": (
        "gru: {units: 6, num_layers: 2, bidirectional: true, residual: each}",
        "the first layer of `gru` cannot add its input to its output: depth 6 in, 12 out",
    ),
    "a stack of one": (
        "lstm: {units: 4, residual: upper}",
        "`lstm` has no layer above its first; give it `num_layers`",
    ),
    "a layer that is no stack": ("dense: {units: 6, residual: each}", "a dense is no stack; write `residual: true`"),
    "last outputs of two directions": (
        "gru: {units: 3, num_layers: 2, bidirectional: true, return_sequences: false, residual: each}",
        "the last outputs of two directions are of different steps, so that no input can be added to both",
    ),
    "outputs that are left apart": (
        "gru: {units: 6, bidirectional: true, merge_mode: none, residual: each}",
        "merge_mode none leaves two outputs",
    ),
    "a word that there is not": ("lstm: {units: 6, residual: all}", "write true or false, each or upper"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_residual_that_cannot_be_is_told_at_its_line(run: Run, case: str) -> None:
    text, message = WRONG[case]
    (found,) = refused(run, f"{HEAD}  - {text}\n")
    assert found[0] == 4
    assert message in found[1]


def test_a_residual_around_positions_that_grow_fewer_is_an_error(run: Run) -> None:
    text = "framework: paper\ninput: {shape: [2, 5, 3]}\nlayers:\n"
    text += "  - conv_lstm1d: {filters: 3, kernel_size: 3, residual: each}\n"
    assert "positions (5) in, (3) out" in refused(run, text)[0][1]
