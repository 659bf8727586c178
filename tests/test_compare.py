"""`rnncalc compare`: one model as every framework stores it. The figures are the real frameworks' or follow by hand."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rnncalc
from rnncalc import layouts
from rnncalc.compare import Comparison, Storage, compare
from rnncalc.render.names import braced, grouped
from rnncalc.report import TensorReport
from tests.samples import having

SIZES = ("--input-depth", "10", "--units", "128")


def compared(layer: dict[str, Any], framework: str | None = None) -> Comparison:
    """A layer from depth 10, every framework against this one; papers have all its options."""
    spec = {"framework": "paper", "input": {"depth": 10}, "layers": [layer]}
    return compare(rnncalc.parse(spec), framework)


def by_name(found: Comparison) -> dict[str, Storage]:
    return {row.framework: row for row in found.rows}


def totals(found: Comparison) -> dict[str, int | None]:
    return {row.framework: row.params for row in found.rows}


def test_a_pool_of_a_class_of_several_ranks_needs_no_stride() -> None:
    spec = {"framework": "haiku", "input": {"shape": [8, 8, 3]}, "layers": [{"MaxPool": {"window_shape": 2}}]}
    found = totals(compare(rnncalc.parse(spec)))
    assert {name: found[name] for name in having("max_pool")} == dict.fromkeys(having("max_pool"), 0)


def test_an_lstm_has_a_bias_a_gate_or_two() -> None:
    one, two = 4 * 128 * (10 + 128 + 1), 4 * 128 * (10 + 128 + 2)
    assert (one, two) == (71_168, 71_680)
    found = totals(compared({"lstm": 128}))
    assert (
        found.items()
        >= {
            **dict.fromkeys(("tensorflow1", "keras", "flax", "flax-nnx", "haiku", "equinox", "paper"), one),
            **dict.fromkeys(("pytorch", "onnx"), two),
        }.items()
    )
    assert set(found.values()) <= {one, two, None}


def test_a_gru_has_three_counts() -> None:
    found = totals(compared({"gru": 128}))
    assert (
        found.items()
        >= {
            **dict.fromkeys(("tensorflow1", "flax-nnx", "haiku", "paper"), 53_376),
            **dict.fromkeys(("flax", "equinox"), 53_504),
            **dict.fromkeys(("keras", "pytorch", "onnx"), 53_760),
        }.items()
    )
    assert set(found.values()) <= {53_376, 53_504, 53_760, None}


def test_a_vanilla_network_is_not_everywhere() -> None:
    found = compared({"rnn": 128})
    assert (
        totals(found).items()
        >= {
            **dict.fromkeys(("tensorflow1", "keras", "flax", "flax-nnx", "paper"), 17_792),
            **dict.fromkeys(("pytorch", "onnx", "haiku"), 17_920),
            "equinox": None,
        }.items()
    )
    error = by_name(found)["equinox"].error
    assert error is not None
    assert error.startswith("equinox has no rnn; tensorflow1, keras")


def test_peepholes_are_in_two_frameworks_and_in_papers() -> None:
    found = compared({"lstm": {"units": 128, "peephole": True}})
    have = {"tensorflow1": 71_552, "onnx": 72_064, "paper": 71_552}
    assert totals(found) == {**dict.fromkeys(layouts.NAMES), **have}
    assert [row.framework for row in found.built] == ["paper", "tensorflow1", "onnx"]
    for row in found.rows:
        if row.framework not in have:
            plain = "lstm with peephole" if row.framework in having("lstm") else "lstm"
            assert str(row.error).startswith(f"{row.framework} has no {plain}; ")
            assert (row.params, row.difference, row.bias_params, row.layers) == (None, None, None, ())


def test_what_the_framework_compared_with_lacks_leaves_no_difference() -> None:
    rows = by_name(compared({"gru": {"units": 128, "reset_after": True}}, "tensorflow1"))
    assert rows["tensorflow1"].error is not None
    assert rows["keras"].params == 53_760
    assert rows["keras"].difference is None


def test_differences_are_to_the_models_own_framework_or_to_the_one_that_is_named() -> None:
    own = compare(rnncalc.parse({"framework": "keras", "input": {"depth": 10}, "layers": [{"gru": 128}]}))
    assert (own.framework, own.rows[0].framework) == ("keras", "keras")
    assert by_name(own)["flax"].difference == 53_504 - 53_760
    assert by_name(compared({"gru": 128}, "flax"))["keras"].difference == 53_760 - 53_504


@pytest.mark.parametrize(
    ("framework", "biases", "why"),
    [
        ("tensorflow1", 3 * 128, "one bias a map; reset before"),
        ("keras", 6 * 128, "one bias a matrix; reset after"),
        ("onnx", 6 * 128, "one bias a matrix; reset before"),
        ("flax", 4 * 128, "one bias a map (n has two maps); reset after"),
        ("flax-nnx", 3 * 128, "a bias beside the input alone; reset after"),
        ("haiku", 3 * 128, "one bias a map; reset before"),
    ],
)
def test_each_row_says_what_is_not_so_everywhere(framework: str, biases: int, why: str) -> None:
    row = by_name(compared({"gru": 128}))[framework]
    assert (row.bias_params, row.why) == (biases, why)


def test_what_is_so_everywhere_is_not_said() -> None:
    found = compared({"gru": {"units": 128, "bias": False}})
    assert {row.params for row in found.built} == {3 * 128 * 138}
    assert {row.why for row in found.built} == {"reset before", "reset after"}
    assert found.why == "no difference: 52,992 in every framework that can build it"


def test_haikus_other_activation_is_said() -> None:
    rows = by_name(compared({"rnn": 128}))
    assert rows["haiku"].why == "one bias a matrix; activation relu"
    assert rows["pytorch"].why == "one bias a matrix"


def test_coupled_gates_of_onnx_are_stored_and_never_read() -> None:
    found = compared({"lstm": {"units": 128, "coupled_gates": True}})
    layer = by_name(found)["onnx"].layers[0]
    idle = 128 * (10 + 128 + 2)
    assert (layer.params, layer.unread_params, layer.bias_params) == (71_680, idle, 8 * 128)
    assert layer.why == ("one bias a matrix", f"gate f is stored but never read ({idle:,})")
    assert (
        found.why == f"all but the biases and what is never read is the same everywhere: {3 * 128 * 138:,} parameters"
    )


@pytest.mark.parametrize("layer", [{"lstm": 128}, {"gru": 128}, {"rnn": 128}, {"lstm": {"units": 7, "num_layers": 3}}])
def test_the_rest_is_what_matrices_hold(layer: dict[str, Any]) -> None:
    for row in compared(layer).built:
        assert row.layers[0].rest == row.layers[0].params - row.layers[0].bias_params
        assert sum(tensor.params for tensor in row.layers[0].tensors) == row.params


def test_a_batch_normalisations_statistics_are_buffers_in_pytorch() -> None:
    spec = {"framework": "keras", "input": {"shape": [10]}, "layers": ["batch_norm"]}
    rows = by_name(compare(rnncalc.parse(spec)))
    assert (rows["keras"].params, rows["pytorch"].params, rows["pytorch"].layers[0].buffers) == (40, 20, 20)
    assert "20 more are buffers, no parameters" in rows["pytorch"].why


def test_a_model_is_compared_layer_by_layer() -> None:
    spec = {"framework": "keras", "input": {"depth": 10}, "layers": [{"gru": 128}, {"rnn": 7}, {"dense": 3}]}
    found = compare(rnncalc.parse(spec))
    rows = by_name(found)
    assert found.differing() == ("gru", "rnn")
    assert [layer.difference for layer in rows["pytorch"].layers] == [0, 7, 0]
    assert [layer.difference for layer in rows["tensorflow1"].layers] == [-384, 0, 0]
    assert rows["pytorch"].why == "gru: one bias a matrix, reset after; rnn: one bias a matrix"
    assert found.why == f"all but the biases is the same everywhere: {3 * 128 * 138 + 7 * 135 + 21:,} parameters"


def test_a_weight_that_is_tied_is_counted_once() -> None:
    layers = [
        {"embedding": {"vocab": 50, "depth": 8, "name": "words"}},
        {"lstm": 8},
        {"dense": {"units": 50, "tied_to": "words"}},
    ]
    found = compare(rnncalc.parse({"framework": "keras", "layers": layers}))
    assert totals(found)["keras"] == 50 * 8 + 4 * 8 * 17 + 50
    assert by_name(found)["pytorch"].bias_params == 8 * 8 + 50
    assert "the same everywhere: 912 parameters" in found.why  # 50 × 8 + 4 × 8 × 16


@pytest.mark.parametrize(
    ("names", "word"),
    [
        (["kernel"], "kernel"),
        (["bias_ih_l0", "bias_hh_l0"], "bias_{ih,hh}_l0"),
        (["forward_lstm/bias", "backward_lstm/bias"], "{forward,backward}_lstm/bias"),
        (["fw/w", "fw/b", "bw/w", "bw/b"], "{fw,bw}/{w,b}"),
        ([f"cell_{n}/bias" for n in range(9)], "cell_{0,1,…,8}/bias"),
        (["W", "R"], ""),
    ],
)
def test_names_that_have_a_part_in_common_are_one_word(names: list[str], word: str) -> None:
    assert braced(names) == word


def test_tensors_of_one_shape_are_together() -> None:
    tensors = [TensorReport(name, (7,), 7, True, None, "") for name in ("w_ci", "w_co", "b_i", "b_o")]
    assert grouped(tensors) == [("w_c{i,o}", "7"), ("b_{i,o}", "7")]


@pytest.mark.parametrize("columns", [60, 100])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_the_table_fits(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, cell: str, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    found = run("compare", cell, *SIZES)
    assert found.status == 0
    assert max(map(len, found.out.splitlines())) <= columns
    assert all(f" {name} " in found.out for name in layouts.NAMES)


def test_the_table_tells_figures_tensors_and_why(run: Callable[..., Any]) -> None:
    lines = [" ".join(line.split()) for line in run("compare", "lstm", *SIZES).out.splitlines()]
    assert "tensorflow1 71,168 512 one bias a map" in lines
    assert "pytorch 71,680 +512 1,024 one bias a matrix" in lines
    assert "all but the biases is the same everywhere: 70,656 parameters" in lines
    assert "tensorflow1 BasicLSTMCell kernel 138 × 512" in lines
    assert "bias_{ih,hh}_l0 512" in lines


def test_the_json_has_every_framework_and_tensor(run: Callable[..., Any]) -> None:
    [found] = json.loads(run("compare", "gru", *SIZES, "-f", "json").out)["comparisons"]
    rows = {row["framework"]: row for row in found["frameworks"]}
    assert (found["name"], found["framework"], found["source"]) == ("gru", "tensorflow1", None)
    assert list(rows) == list(layouts.NAMES)
    assert (rows["keras"]["params"], rows["keras"]["difference"], rows["keras"]["bias_params"]) == (53_760, 384, 768)
    assert [tensor["shape"] for tensor in rows["keras"]["layers"][0]["tensors"]] == [[10, 384], [128, 384], [2, 384]]


def test_the_csv_is_one_table(run: Callable[..., Any], tmp_path: Path) -> None:
    spec = tmp_path / "two.yaml"
    one = "input: {depth: 10}\nlayers: [rnn: 128]\n"
    spec.write_text(f"{one}---\n{one}", "utf-8")
    rows = list(csv.DictReader(io.StringIO(run("compare", spec, "-f", "csv").out)))
    assert len(rows) == 2 * len(layouts.NAMES)
    assert {row["model"] for row in rows} == {"two", "two#2"}
    assert [row["params"] for row in rows if row["framework"] == "haiku"] == ["17920"] * 2
    assert [row["error"][:18] for row in rows if row["framework"] == "equinox"] == ["equinox has no rnn"] * 2


def test_the_markdown_has_a_row_a_framework(run: Callable[..., Any]) -> None:
    lines = run("compare", "lstm", *SIZES, "-F", "onnx", "-f", "markdown").out.splitlines()
    assert "| onnx | 71,680 |  | 1,024 | one bias a matrix |" in lines
    assert "| keras | 71,168 | -512 | 512 | one bias a map |" in lines


def test_a_cell_that_the_default_framework_lacks_is_still_compared(run: Callable[..., Any]) -> None:
    found = run("compare", "gru", *SIZES, "--reset-after")
    assert found.status == 0
    assert "tensorflow1 has no gru with reset_after" in found.out


def test_a_spec_is_read_in_its_own_words_and_compared_with_the_framework_that_is_named(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text("framework: pytorch\ninput: {depth: 10}\nlayers: [LSTM: {hidden_size: 128}]\n", "utf-8")
    [found] = json.loads(run("compare", spec, "-F", "keras", "-f", "json").out)["comparisons"]
    assert (found["framework"], found["frameworks"][0]["params"]) == ("keras", 71_168)


def test_a_size_that_is_missing_is_asked_for(run: Callable[..., Any]) -> None:
    found = run("compare", "lstm", "--units", 128)
    assert (found.status, found.out) == (2, "")
    assert "--input-depth is needed" in found.err


def test_a_bad_spec_does_not_stop_the_others(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("layers: [lsmt: 128]\n", "utf-8")
    (tmp_path / "good.yaml").write_text("input: {depth: 10}\nlayers: [lstm: 128]\n", "utf-8")
    found = run("compare", tmp_path)
    assert found.status == 2
    assert "good, against tensorflow1" in found.out
    assert "bad.yaml:1:10: unknown layer type `lsmt`" in found.err


def test_an_image_may_be_compared_where_the_depth_is_first_if_only_vectors_follow() -> None:
    given = {
        "framework": "keras",
        "input": {"shape": [20, 12, 3]},
        "layers": [
            {"conv2d": {"filters": 8, "kernel_size": 3, "padding": "same"}},
            "batch_norm",
            {"max_pool2d": 2},
            "flatten",
            {"dense": 10},
        ],
    }
    dense = 10 * 6 * 8 * 10 + 10
    counts = {name: rnncalc.parse(given).params_in(name) for name in ("keras", "tensorflow1", "onnx", "pytorch")}
    assert counts == dict.fromkeys(("keras", "tensorflow1", "onnx"), 27 * 8 + 8 + 4 * 8 + dense) | {
        "pytorch": 27 * 8 + 8 + 2 * 8 + dense  # its statistics are no parameters
    }
    given["layers"][3:] = ["global_avg_pool2d", {"dense": 10}]  # type: ignore[index]
    assert rnncalc.parse(given).params_in("onnx") == 27 * 8 + 8 + 4 * 8 + 90
    given["layers"].insert(3, {"dense": 8})  # type: ignore[attr-defined]
    assert rnncalc.parse(given).params_in("onnx") is None
