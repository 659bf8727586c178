"""Every cell: what is read off its step function, against the same worked out by hand from shapes."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rnncalc
import rnncalc.cells
from rnncalc import trace
from rnncalc.cell import find, names
from rnncalc.equations import equations
from rnncalc.report import ModelReport
from tests import samples
from tests.conftest import forget

D, U, P = 5, 7, 3  # input_depth, units, projection

CELLS = names("rnncalc.cells")
POLICIES = ("single", "double", "input", "none")


def paper(type: str, bias: str = "single", **options: Any) -> ModelReport:
    """The report of one cell as papers write it."""
    options = {"units": U, "bias": bias, **options}
    return rnncalc.parse({"framework": "paper", "input": {"depth": D}, "layers": [{type: options}]}).report()


def gates(type: str, **options: Any) -> list[str]:
    return [made.gate for made in trace.trace(type, options).maps]


def sizes(type: str, **options: Any) -> dict[str, str]:
    return {state.name: str(state.size) for state in trace.trace(type, options).states}


# what a signature and the calls say


@pytest.mark.parametrize(
    ("type", "states"),
    [
        ("rnn", ("h",)),
        ("lstm", ("h", "c")),
        ("gru", ("h",)),
        ("mgu", ("h",)),
        ("rhn", ("s",)),
        ("on_lstm", ("h", "c")),
        ("layer_norm_lstm", ("h", "c")),
        ("layer_norm_rnn", ("h",)),
        ("esn", ("h",)),
        ("nas", ("h", "c")),
        ("conv_lstm2d", ("h", "c")),
    ],
)
def test_the_states_are_those_of_the_signature(type: str, states: tuple[str, ...]) -> None:
    found = find(type)
    assert found
    assert found.states == states
    assert tuple(state.name for state in traced(type).states) == states


@pytest.mark.parametrize(
    ("type", "options", "called"),
    [
        ("rnn", {}, ["h"]),
        ("lstm", {}, ["i", "f", "g", "o"]),
        ("lstm", {"peephole": True}, ["i", "f", "g", "o"]),
        ("lstm", {"coupled_gates": True}, ["i", "g", "o"]),
        ("lstm", {"projection": P}, ["i", "f", "g", "o", "p"]),
        ("gru", {}, ["r", "z", "n"]),
        ("gru", {"reset_after": True}, ["r", "z", "n", "n"]),
        ("mgu", {}, ["f", "n"]),
        ("mgu", {"reset_after": True}, ["f", "n", "n"]),
        ("mgu", {"reset_gate": False}, ["f", "n"]),
        ("rhn", {"depth": 2}, ["h1", "t1", "h2", "t2"]),
        ("on_lstm", {}, ["mf", "mi", "i", "f", "g", "o"]),
        ("layer_norm_lstm", {}, ["k", "r", "k", "kb", "r", "rb", "s", "sb"]),
        ("layer_norm_rnn", {}, ["n", "n"]),
        ("esn", {"leaky": 0.3}, ["n"]),
        ("nas", {"projection": P}, ["a1", "a2", "a3", "a4", "a4", "a5", "a6", "a7", "a8", "p"]),
    ],
)
def test_the_gates_are_those_that_are_called(type: str, options: dict[str, Any], called: list[str]) -> None:
    assert gates(type, **options) == called


def test_a_projection_makes_the_output_smaller_and_leaves_the_cell_state() -> None:
    assert sizes("lstm") == {"h": "units", "c": "units"}
    assert sizes("lstm", projection=P) == {"h": "projection", "c": "units"}


@pytest.mark.parametrize(
    ("type", "options"),
    [
        ("rnn", {"activation": "tanh"}),
        ("lstm", {"peephole": False, "projection": None, "coupled_gates": False, "activation": "tanh"}),
        ("gru", {"reset_after": False, "activation": "tanh"}),
        ("mgu", {"reset_after": False, "reset_gate": True, "activation": "tanh"}),
        ("rhn", {"depth": 1}),
        ("on_lstm", {"chunk_size": 1}),
        ("layer_norm_lstm", {"activation": "tanh", "epsilon": 1e-3}),
        ("layer_norm_rnn", {"activation": "tanh", "epsilon": 1e-5}),
        ("esn", {"leaky": 1.0, "activation": "tanh"}),
        ("nas", {"projection": None}),
    ],
)
def test_the_options_are_the_keyword_parameters(type: str, options: dict[str, Any]) -> None:
    found = find(type)
    assert found
    assert dict(found.options) == options


def traced(type: str, **options: Any) -> trace.Trace:
    """The trace of any cell; one that convolves by windows of two positions."""
    found = find(type)
    assert found
    windows = {"kernel_size": (2,) * found.rank} if found.rank else {}
    return trace.trace(type, {**windows, **options}, ((None,) * found.rank,))


@pytest.mark.parametrize("type", CELLS)
def test_every_cell_explains_each_of_its_gates(type: str) -> None:
    found = find(type)
    assert found
    options = {key: True for key, default in found.options.items() if default is False or default is None}
    called = {made.gate for made in (*traced(type).maps, *traced(type, **options).maps)}
    assert called <= set(found.gates)


@pytest.mark.parametrize("type", CELLS)
def test_every_cell_has_a_title_of_one_line(type: str) -> None:
    found = find(type)
    assert found
    assert found.title
    assert "\n" not in found.title
    assert not found.title.endswith(".")


def test_a_name_that_is_no_cell_finds_nothing() -> None:
    assert find("lstn") is None
    assert find("../lstm") is None
    assert find("cells.lstm") is None


@pytest.mark.parametrize("name", ["__init__", "__main__"])
def test_the_inner_names_of_a_package_are_no_cells(name: str) -> None:
    assert find(name) is None


# counts and costs


def test_the_rnn_has_one_matrix_for_each_source_and_one_bias() -> None:
    found = paper("rnn")
    assert found.params == D * U + U * U + U == 91
    assert found.macs_per_step == (D + U) * U
    assert found.flops_per_step == 2 * (D + U) * U + U + U  # bias, tanh


# peephole, projection, coupled: MACs, biases, diagonals
COMBINATIONS = [
    (False, None, False, 4 * (D + U) * U, 4 * U, 0),
    (True, None, False, 4 * (D + U) * U, 4 * U, 3 * U),
    (False, P, False, 4 * (D + P) * U + U * P, 4 * U, 0),
    (False, None, True, 3 * (D + U) * U, 3 * U, 0),
    (True, P, False, 4 * (D + P) * U + U * P, 4 * U, 3 * U),
    (True, None, True, 3 * (D + U) * U, 3 * U, 2 * U),
    (False, P, True, 3 * (D + P) * U + U * P, 3 * U, 0),
    (True, P, True, 3 * (D + P) * U + U * P, 3 * U, 2 * U),
]


@pytest.mark.parametrize(("peephole", "projection", "coupled", "macs", "biases", "diagonals"), COMBINATIONS)
def test_the_options_of_the_lstm_combine(
    peephole: bool, projection: int | None, coupled: bool, macs: int, biases: int, diagonals: int
) -> None:
    options: dict[str, Any] = {"peephole": peephole, "coupled_gates": coupled}
    if projection:
        options["projection"] = projection
    found = paper("lstm", **options)
    assert found.params == macs + biases + diagonals
    assert found.macs_per_step == macs
    # three sigmoids (or two and 1 - i), two tanh; f·c, i·g, their sum, o·tanh(c)
    assert found.flops_per_step == 2 * macs + biases + 2 * diagonals + (5 + 4) * U


def test_the_lstm_of_the_readme_costs_what_its_definition_says() -> None:
    found = paper("lstm", units=128)
    assert found.macs_per_step == (5 + 128) * 4 * 128
    assert found.flops_per_step == 2 * (5 + 128) * 4 * 128 + 4 * 128 + 5 * 128 + 4 * 128


def test_the_gru_that_resets_before_has_three_biases() -> None:
    found = paper("gru")
    assert found.params == 3 * (D + U) * U + 3 * U == 273
    assert found.macs_per_step == 3 * (D + U) * U
    # two sigmoids, tanh; r·h, z·h, 1 - z, (1 - z)·n, their sum
    assert found.flops_per_step == 2 * 3 * (D + U) * U + 3 * U + (3 + 5) * U


def test_the_gru_that_resets_after_has_a_fourth_bias_by_mathematics() -> None:
    found = paper("gru", reset_after=True)
    assert found.params == 3 * (D + U) * U + 4 * U == 280
    assert found.macs_per_step == 3 * (D + U) * U
    # two sigmoids, tanh; r·(W h), the sum in the candidate, z·h, 1 - z, (1 - z)·n, their sum
    assert found.flops_per_step == 2 * 3 * (D + U) * U + 4 * U + (3 + 6) * U


def test_the_mgu_has_one_gate_and_a_candidate() -> None:
    found = paper("mgu")
    assert found.params == 2 * (D + U) * U + 2 * U
    assert found.macs_per_step == 2 * (D + U) * U
    # sigmoid, tanh; f·h (read twice), 1 - f, (1 - f)·n, their sum
    assert found.flops_per_step == 2 * 2 * (D + U) * U + 2 * U + (2 + 4) * U


def test_the_mgu_at_10_and_128_has_35712_parameters_where_it_resets_after() -> None:
    assert 2 * (10 + 128) * 128 + 3 * 128 == 35_712
    spec = {"framework": "paper", "input": {"depth": 10}, "layers": [{"mgu": {"units": 128, "reset_after": True}}]}
    assert rnncalc.parse(spec).params == 35_712


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_only_the_first_layer_of_a_highway_network_reads_the_input(depth: int) -> None:
    found = paper("rhn", depth=depth)
    assert found.params == 2 * (D + U) * U + 2 * U + (depth - 1) * (2 * U * U + 2 * U)
    assert found.macs_per_step == 2 * D * U + depth * 2 * U * U
    # tanh, sigmoid; h·t, s·(1 - t), 1 - t, their sum
    assert found.flops_per_step == 2 * (2 * D * U + depth * 2 * U * U) + depth * (2 * U + (2 + 4) * U)


def test_ordered_neurons_have_a_pair_of_master_gates_as_long_as_there_are_chunks() -> None:
    assert paper("on_lstm").params == 6 * ((D + U) * U + U)
    assert paper("on_lstm", units=8, chunk_size=4).params == 4 * ((D + 8) * 8 + 8) + 2 * ((D + 8) * 2 + 2)


def test_layer_normalisation_has_a_gain_and_a_shift_for_each_of_its_three() -> None:
    found = paper("layer_norm_lstm")
    matrices = 4 * (D + U) * U
    assert found.params == matrices + 4 * U + 2 * (4 + 4 + 1) * U
    assert found.macs_per_step == matrices
    # bias, gains; three norms, their shifts, the sum of two of them; five activations and four products and sums
    assert found.flops_per_step == 2 * matrices + 4 * U + 2 * 9 * U + 9 * U + 9 * U + 4 * U + (5 + 4) * U
    assert paper("layer_norm_lstm", "none").params == found.params - 4 * U


@pytest.mark.parametrize("bias", [True, False])
def test_addons_lstm_with_layer_normalisation_has_18_units_more_than_the_lstm(bias: bool) -> None:
    def params(type: str) -> int:
        options = {"units": 128, "bias": bias}
        return rnncalc.parse({"framework": "keras", "input": {"depth": 10}, "layers": [{type: options}]}).params

    assert params("LayerNormLSTMCell") == params("layer_norm_lstm") == params("lstm") + 18 * 128
    assert params("LayerNormLSTMCell") == (73_472 if bias else 73_472 - 512)


def test_nothing_of_an_echo_state_network_is_trained() -> None:
    for leaky, operations in ((1.0, 1), (0.3, 4)):  # tanh; n - h, its share, their sum
        found = paper("esn", leaky=leaky)
        assert (found.trainable_params, found.non_trainable_params) == (0, (D + U) * U + U)
        assert found.macs_per_step == (D + U) * U
        assert found.flops_per_step == 2 * (D + U) * U + U + operations * U


def test_the_tree_of_an_architecture_search_has_eight_leaves() -> None:
    found = paper("nas")
    assert found.params == 8 * (D + U) * U + 8 * U
    assert found.macs_per_step == 8 * (D + U) * U
    # activations: the leaves, the pairs, with the cell state and without, and the whole; products and sums below them
    activations, others = 8 + 4 + 2 + 1, 1 + 4 + 2 + 2
    assert found.flops_per_step == 2 * 8 * (D + U) * U + 8 * U + (activations + others) * U
    assert paper("nas", "none", projection=P).params == 8 * (D + P) * U + U * P


def test_the_addons_cells_have_the_published_shapes() -> None:
    def params(type: str, **options: Any) -> int:
        layer = {type: {"units": 128, **options}}
        return rnncalc.parse({"framework": "keras", "input": {"depth": 10}, "layers": [layer]}).params

    matrix = (10 + 128) * 128
    assert params("ESNCell", connectivity=0.1, spectral_radius=0.9) == params("rnn") == matrix + 128
    assert params("ESNCell", use_bias=False) == matrix
    assert params("NASCell") == params("NASCell", use_bias=False) == 8 * matrix
    assert params("NASCell", use_bias=True) == params("nas", bias=True) == 8 * matrix + 8 * 128
    assert params("PeepholeLSTMCell") == 71_552
    assert params("LayerNormSimpleRNNCell") == matrix + 2 * 128


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_the_convolutional_lstm_has_a_kernel_in_the_place_of_each_matrix(rank: int) -> None:
    given = samples.model("paper", f"conv_lstm{rank}d", filters=4, kernel_size=3, bias="single")
    found = rnncalc.parse(given).report()
    assert found.params == 3**rank * (D + 4) * 4 * 4 + 4 * 4


def test_the_convolutional_lstm_multiplies_at_each_position_of_its_output() -> None:
    found = rnncalc.parse(samples.model("paper", "conv_lstm2d", filters=4, kernel_size=3)).report()
    places = (D - 3 + 1) ** 2
    assert found.macs_per_step == places * 9 * (D + 4) * 4 * 4
    assert found.flops_per_step == 2 * places * 9 * (D + 4) * 4 * 4 + places * (4 * 4 + (5 + 4) * 4)


@pytest.mark.parametrize(
    ("type", "options", "stored"),  # biases under single, double, input, none
    [
        ("rnn", {}, (1, 2, 1, 0)),
        ("lstm", {}, (4, 8, 4, 0)),
        ("lstm", {"coupled_gates": True}, (3, 6, 3, 0)),
        ("lstm", {"peephole": True}, (4, 8, 4, 0)),
        ("gru", {}, (3, 6, 3, 0)),
        ("gru", {"reset_after": True}, (4, 6, 3, 0)),
        ("mgu", {}, (2, 4, 2, 0)),
        ("mgu", {"reset_after": True}, (3, 4, 2, 0)),
        ("on_lstm", {}, (6, 12, 6, 0)),
        ("layer_norm_lstm", {}, (4, 4, 0, 0)),  # it stands beside what was normalised, not beside a matrix
        ("rhn", {"depth": 2}, (4, 6, 2, 0)),  # x is read by the first layer alone
        ("layer_norm_rnn", {}, (1, 1, 0, 0)),
        ("esn", {}, (1, 2, 1, 0)),
        ("nas", {}, (8, 15, 7, 0)),  # one leaf multiplies its two products, of which the state's has the bias
    ],
)
def test_a_bias_policy_says_how_many_biases_are_stored(
    type: str, options: dict[str, Any], stored: tuple[int, ...]
) -> None:
    bare = paper(type, "none", **options)
    for policy, count in zip(POLICIES, stored):
        found = paper(type, policy, **options)
        assert found.params == bare.params + count * U
        assert found.flops_per_step == (bare.flops_per_step or 0) + count * U
        assert found.macs_per_step == bare.macs_per_step


def test_a_projection_has_no_bias_under_any_policy() -> None:
    for policy, biases in zip(POLICIES, (4, 8, 4, 0)):
        assert paper("lstm", policy, projection=P).params == 4 * (D + P) * U + U * P + biases * U


def test_a_linear_activation_costs_nothing() -> None:
    assert paper("lstm", activation="linear").flops_per_step == 2 * 4 * (D + U) * U + 4 * U + (5 + 4 - 2) * U
    assert paper("rnn", activation="linear").flops_per_step == 2 * (D + U) * U + U


@pytest.mark.parametrize("type", [each for each in CELLS if "activation" in find(each).options])  # type: ignore[union-attr]
@pytest.mark.parametrize("activation", ["relu", "sigmoid", "elu", "softsign"])
def test_the_activation_changes_no_count_and_no_cost(type: str, activation: str) -> None:
    assert paper(type, activation=activation).params == paper(type).params
    assert paper(type, activation=activation).flops_per_step == paper(type).flops_per_step


@pytest.mark.parametrize("type", CELLS)
def test_every_count_grows_with_every_size(type: str) -> None:
    pieces = traced(type).pieces("single").values()
    for piece in pieces:
        for size in piece.shape:
            assert all(factor > 0 for factor in size.terms.values())


# equations


@pytest.mark.parametrize(
    ("type", "options", "lines"),
    [
        ("rnn", {}, ["h' = tanh(W_xh·x + W_hh·h + b_h)"]),
        ("rnn", {"activation": "relu"}, ["h' = relu(W_xh·x + W_hh·h + b_h)"]),
        (
            "lstm",
            {},
            [
                "i = σ(W_xi·x + W_hi·h + b_i)",
                "f = σ(W_xf·x + W_hf·h + b_f)",
                "g = tanh(W_xg·x + W_hg·h + b_g)",
                "c' = f⊙c + i⊙g",
                "o = σ(W_xo·x + W_ho·h + b_o)",
                "h' = o⊙tanh(c')",
            ],
        ),
        (
            "gru",
            {},
            [
                "r = σ(W_xr·x + W_hr·h + b_r)",
                "z = σ(W_xz·x + W_hz·h + b_z)",
                "n = tanh(W_xn·x + W_hn·(r⊙h) + b_n)",
                "h' = z⊙h + (1 - z)⊙n",
            ],
        ),
        (
            "layer_norm_lstm",
            {},
            [
                "k = norm(W_xk·x)",
                "r = norm(W_hr·h)",
                "z = w_k⊙k + b_kb + w_r⊙r + b_r + b_rb",
                "i = σ(part(z, 0))",
                "f = σ(part(z, 1))",
                "g = tanh(part(z, 2))",
                "o = σ(part(z, 3))",
                "c' = w_cs⊙(norm(f⊙c + i⊙g)) + b_sb",
                "h' = o⊙tanh(c')",
            ],
        ),
    ],
)
def test_the_equations_are_the_papers(type: str, options: dict[str, Any], lines: list[str]) -> None:
    assert list(equations(trace.trace(type, options))) == lines


def test_peepholes_see_the_old_cell_state_but_the_output_gate_the_new_one() -> None:
    lines = equations(trace.trace("lstm", {"peephole": True}))
    assert lines[0] == "i = σ(W_xi·x + W_hi·h + w_ci⊙c + b_i)"
    assert lines[1] == "f = σ(W_xf·x + W_hf·h + w_cf⊙c + b_f)"
    assert lines[2] == "g = tanh(W_xg·x + W_hg·h + b_g)"
    assert lines[4] == "o = σ(W_xo·x + W_ho·h + w_co⊙c' + b_o)"


def test_coupled_gates_forget_what_they_write() -> None:
    assert "c' = (1 - i)⊙c + i⊙g" in equations(trace.trace("lstm", {"coupled_gates": True}))


def test_a_projection_ends_the_step() -> None:
    assert equations(trace.trace("lstm", {"projection": P}))[-1] == "h' = W_cp·(o⊙tanh(c'))"


def test_resetting_after_the_product_keeps_the_two_biases_apart() -> None:
    assert "n = tanh(W_xn·x + b_n + r⊙(W_hn·h + b_hn))" in equations(trace.trace("gru", {"reset_after": True}))


# a new cell is one file


UGRNN = '''"""Update gate recurrent network (Collins et al. 2017)."""

from rnncalc.cell import Value, Weights, sigmoid, tanh

GATES = {"c": "candidate: what could be written", "g": "update gate: how much of the state is kept"}


def ugrnn(w: Weights, x: Value, h: Value) -> Value:
    c = tanh(w.c(x, h))
    g = sigmoid(w.g(x, h))
    return g * h + (1 - g) * c
'''


@pytest.fixture
def new_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A cell that there was not, in a file of its own."""
    (tmp_path / "ugrnn.py").write_text(UGRNN, encoding="utf-8")
    monkeypatch.setattr(rnncalc.cells, "__path__", [*rnncalc.cells.__path__, str(tmp_path)])

    importlib.invalidate_caches()
    forget()
    yield "ugrnn"
    monkeypatch.undo()
    sys.modules.pop("rnncalc.cells.ugrnn", None)
    vars(rnncalc.cells).pop("ugrnn", None)
    forget()


def test_a_new_cell_has_a_command(new_cell: str, run: Callable[..., Any]) -> None:
    found = run(new_cell, "--input-depth", 10, "--units", 128, "-F", "paper")
    assert found.status == 0
    assert f"{(10 + 128) * 2 * 128 + 2 * 128:,}" == "35,584"
    assert "35,584" in found.out


def test_a_new_cell_is_listed(new_cell: str, run: Callable[..., Any]) -> None:
    found = run("cells")
    assert new_cell in found.out
    assert "h' = g⊙h + (1 - g)⊙c" in found.out


def test_a_new_cell_has_its_costs(new_cell: str) -> None:
    found = paper(new_cell)
    assert found.macs_per_step == 2 * (D + U) * U
    # tanh, sigmoid; g·h, 1 - g, (1 - g)·c, their sum
    assert found.flops_per_step == 2 * 2 * (D + U) * U + 2 * U + (2 + 4) * U


def test_a_new_cell_computes_its_equations(new_cell: str) -> None:
    model = rnncalc.parse({"framework": "paper", "input": {"depth": D}, "layers": [{new_cell: U}]})
    weights = {name.split("/")[1]: array for name, array in model.weights(3).items()}
    x = np.random.default_rng(4).normal(size=(2, 6, D))
    h = np.random.default_rng(5).normal(size=(2, U))
    outputs, states = model.forward(model.weights(3), x, {f"{new_cell}/h": h[None]})
    for t in range(6):
        h = _update_gate(weights, x[:, t], h)
        np.testing.assert_allclose(outputs[:, t], h, rtol=0, atol=1e-12)
    np.testing.assert_allclose(states[f"{new_cell}/h"][0], h, rtol=0, atol=1e-12)


def _update_gate(w: Mapping[str, Any], x: Any, h: Any) -> Any:
    c = np.tanh(x @ w["W_xc"] + h @ w["W_hc"] + w["b_c"])
    g = 1 / (1 + np.exp(-(x @ w["W_xg"] + h @ w["W_hg"] + w["b_g"])))
    return g * h + (1 - g) * c


def test_a_new_cell_is_proven(new_cell: str, run: Callable[..., Any]) -> None:
    found = run("verify", new_cell, "-F", "paper")
    assert found.status == 0
    assert "proven" in found.out


def test_a_framework_without_the_new_cell_says_who_has_it(new_cell: str, run: Callable[..., Any]) -> None:
    found = run(new_cell, "--input-depth", 10, "--units", 128, "-F", "keras")
    assert found.status == 2
    assert f"keras has no {new_cell}; paper has it" in found.err
