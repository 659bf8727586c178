"""The command line: its commands, flags, files and exit statuses, as scripts rely on them."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rnncalc
from rnncalc import layouts
from rnncalc.cell import find, recurrent
from tests.samples import having

CELLS = recurrent()
NOT_TF1 = [cell for cell in CELLS if layouts.DEFAULT not in having(cell)]  # what the default framework does not have
COMMANDS = ("count", "report", "check", "verify", "cells", "frameworks")
LSTM = ("lstm", "--input-depth", "10", "--units", "128")
PAPER = ("-F", "paper")
GRU = ("gru", "--input-depth", "10", "--units", "128")
SPEC = "framework: keras\ninput: {depth: 10}\nlayers: [lstm: 128]\n"
OTHER_SPEC = "framework: keras\ninput: {depth: 5}\nlayers: [lstm: 7]\n"

Run = Callable[..., Any]


def model(run: Run, *args: object) -> dict[str, Any]:
    """The model object that a cell command gives."""
    status, out, err = run(*args, "-f", "json")
    assert (status, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def total(run: Run, *args: object) -> int:
    """The parameters that a cell command counts."""
    return int(model(run, *args)["params"]["total"])


def lacking(expected: Any, actual: Any, place: str = "") -> list[str]:
    """Where `actual` falls short of `expected`; more keys may stand beside the expected ones."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return [
            each
            for key, value in expected.items()
            for each in (lacking(value, actual[key], f"{place}.{key}") if key in actual else [f"{place}.{key} missing"])
        ]
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        return [each for n, pair in enumerate(zip(expected, actual)) for each in lacking(*pair, f"{place}[{n}]")]
    same = expected == actual and type(expected) is type(actual)
    return [] if same else [f"{place}: {actual!r} is not {expected!r}"]


# --- what there is ----------------------------------------------------------------------------------------------------


def test_the_bare_command_shows_what_it_can_do(run: Run) -> None:
    status, out, err = run()
    assert (status, err) == (0, "")
    for word in (*CELLS, *COMMANDS):
        assert re.search(rf"^  {word}  ", out, re.MULTILINE), word
    assert "rnncalc lstm --input-depth 10 --units 128" in out


@pytest.mark.parametrize("command", ["", *CELLS, *COMMANDS])
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_has_help(run: Run, command: str, flag: str) -> None:
    status, out, err = run(*command.split(), flag)
    assert (status, err) == (0, "")
    assert re.match(rf"Usage: .* ?{command} \[OPTIONS\]", out)


def test_asking_for_help_runs_nothing(run: Run) -> None:
    assert run(*LSTM, "--help").out.startswith("Usage:")


@pytest.mark.parametrize("name", CELLS)
def test_the_help_of_every_cell_shows_its_own_options_and_no_others(run: Run, name: str) -> None:
    everyones = {option for each in CELLS if (cell := find(each)) for option in cell.options}
    out = run(name, "--help").out
    cell = find(name)
    assert cell
    for option in everyones:
        assert (f"--{option.replace('_', '-')}" in out) == (option in cell.options), option


@pytest.mark.parametrize(
    ("name", "foreign"),
    [
        ("gru", ("projection", "proj-size", "peephole", "coupled")),
        ("rnn", ("projection", "proj-size", "peephole", "coupled", "reset")),
        ("lstm", ("reset",)),
    ],
)
def test_a_cells_help_does_not_speak_of_what_it_lacks(run: Run, name: str, foreign: tuple[str, ...]) -> None:
    out = run(name, "--help").out
    flags = out[out.index("Options:") :].lower()
    assert [word for word in foreign if word in flags] == []


@pytest.mark.parametrize("name", CELLS)
def test_every_example_in_the_help_of_a_cell_works(run: Run, name: str) -> None:
    examples = re.findall(r"^ +rnncalc (\w+ .*)$", run(name, "--help").out, re.MULTILINE)
    assert len(examples) >= 2
    for example in examples:
        assert run(*shlex.split(example)).status == 0, example


def test_the_version_is_that_of_the_package(run: Run) -> None:
    assert run("--version") == (0, f"rnncalc {rnncalc.__version__}\n", "")


def test_the_package_can_be_run_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "rnncalc", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"rnncalc {rnncalc.__version__}\n", "")


@pytest.mark.parametrize("name", CELLS)
def test_cells_lists_every_cell(run: Run, name: str) -> None:
    status, out, _ = run("cells", "-f", "json")
    assert status == 0
    assert name in [each["name"] for each in json.loads(out)["cells"]]
    assert re.search(rf"^ *{name} ", run("cells").out, re.MULTILINE)


def test_cells_takes_the_names_of_some(run: Run) -> None:
    assert [each["name"] for each in json.loads(run("cells", "lstm", "-f", "json").out)["cells"]] == ["lstm"]


def test_cells_knows_the_equations_as_the_paper_has_them(run: Run) -> None:
    (lstm,) = json.loads(run("cells", "lstm", "-f", "json").out)["cells"]
    assert lstm["states"] == ["h", "c"]
    assert "c' = f⊙c + i⊙g" in lstm["equations"]


@pytest.mark.parametrize("name", layouts.NAMES)
def test_frameworks_lists_every_framework(run: Run, name: str) -> None:
    status, out, _ = run("frameworks", "-f", "json")
    assert status == 0
    assert name in [each["name"] for each in json.loads(out)["frameworks"]]
    assert name in run("frameworks").out


def test_a_mistyped_command_is_answered_with_the_nearest(run: Run) -> None:
    status, out, err = run("lsmt")
    assert (status, out) == (2, "")
    assert "`lsmt`" in err
    assert "`lstm`" in err


# --- the numbers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "params"),
    [
        ("lstm --input-depth 10 --units 128", (10 + 128) * 4 * 128 + 4 * 128),
        ("lstm --input-depth 10 --units 128 -F tensorflow1", 71_168),
        ("lstm --input-depth 10 --units 128 -F keras", 71_168),
        ("lstm --input-depth 10 --units 128 -F paper", 71_168),
        ("lstm --input-depth 10 --units 128 -F pytorch", 71_680),
        ("rnn --input-depth 10 --units 128 -F tensorflow1", 17_792),
        ("rnn --input-depth 10 --units 128 -F pytorch", 17_920),
        ("gru --input-depth 10 --units 128 -F tensorflow1", 53_376),
        ("gru --input-depth 10 --units 128 -F keras", 53_760),
        ("gru --input-depth 10 --units 128 -F pytorch", 53_760),
        ("rnn --input-depth 5 --units 7 -F tensorflow1", (5 + 7) * 7 + 7),
        ("rnn --input-depth 5 --units 7 -F keras", 91),
        ("rnn --input-depth 5 --units 7 -F pytorch", 91 + 7),
        ("lstm --input-depth 5 --units 7 -F tensorflow1", 4 * 91),
        ("lstm --input-depth 5 --units 7 -F keras", 364),
        ("lstm --input-depth 5 --units 7 -F pytorch", 4 * 98),
        ("gru --input-depth 5 --units 7 -F tensorflow1", 3 * 91),
        ("gru --input-depth 5 --units 7 -F keras --no-reset-after", 273),
        ("gru --input-depth 5 --units 7 -F keras", 3 * 98),
        ("gru --input-depth 5 --units 7 -F pytorch", 294),
        (
            "lstm --input-depth 300 --units 512 --num-layers 2 -F pytorch",
            4 * 512 * (300 + 512) + 8 * 512 + 4 * 512 * (512 + 512) + 8 * 512,
        ),
        ("lstm --input-depth 300 --units 512 --num-layers 2 -F pytorch", 3_768_320),
    ],
)
def test_a_layer_has_the_parameters_that_its_framework_allocates(run: Run, flags: str, params: int) -> None:
    assert total(run, *flags.split()) == params


def test_counts_are_exact_at_the_largest_sizes(run: Run) -> None:
    n = 2**63 - 1
    assert total(run, "lstm", "--input-depth", n, "--units", n) == (n + n) * 4 * n + 4 * n


def test_the_json_of_a_layer_is_that_of_the_contract(run: Run) -> None:
    contract = {
        "schema_version": 1,
        "name": "lstm",
        "framework": "tensorflow1",
        "source": None,
        "params": {"total": 71168, "trainable": 71168, "non_trainable": 0},
        "macs": None,
        "macs_per_step": 70656,
        "flops": None,
        "flops_per_step": 142976,
        "weight_bytes": 284672,
        "state_bytes": 1024,
        "layers": [
            {
                "name": "lstm",
                "type": "lstm",
                "framework_type": "BasicLSTMCell",
                "inputs": ["input"],
                "output_shape": [None, None, 128],
                "params": 71168,
                "trainable": True,
                "tensors": [
                    {
                        "name": "kernel",
                        "shape": [138, 512],
                        "params": 70656,
                        "trainable": True,
                        "shared_with": None,
                        "formula": "(input_depth + num_units) × 4·num_units",
                    },
                    {
                        "name": "bias",
                        "shape": [512],
                        "params": 512,
                        "trainable": True,
                        "shared_with": None,
                        "formula": "4·num_units",
                    },
                ],
            }
        ],
    }
    assert lacking(contract, model(run, *LSTM)) == []


# --- the flags of a cell ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "params"),
    [
        ("--num-layers 2", (10 + 128) * 512 + 512 + (128 + 128) * 512 + 512),
        ("--bidirectional", 2 * ((10 + 128) * 512 + 512)),
        ("--bidirectional --merge-mode concat", 2 * 71_168),
        ("--num-layers 2 --bidirectional -F pytorch", 2 * (512 * (10 + 128) + 1024 + 512 * (256 + 128) + 1024)),
        ("--num-layers 2 --bidirectional --merge-mode sum -F keras", 2 * (138 * 512 + 512 + 256 * 512 + 512)),
        ("--projection 64 -F pytorch", 512 * 10 + 512 * 64 + 2 * 512 + 64 * 128),
        ("--projection 64", (10 + 64) * 512 + 512 + 128 * 64),
        ("--peephole", (10 + 128) * 512 + 512 + 3 * 128),
        ("--no-peephole", 71_168),
        ("--coupled-gates -F paper", (10 + 128) * 3 * 128 + 3 * 128),
        ("--activation relu", 71_168),
        ("--bias single -F paper", 71_168),
        ("--bias double -F paper", 70_656 + 8 * 128),
        ("--bias input -F paper", 70_656 + 4 * 128),
        ("--bias none -F paper", 70_656),
        ("--bias none -F pytorch", 70_656),
        ("--no-bias -F keras", 70_656),
        ("--no-return-sequences", 71_168),
        ("--dtype float16 --steps 28 --batch 32", 71_168),
    ],
)
def test_a_flag_of_the_lstm_counts_what_it_says(run: Run, flags: str, params: int) -> None:
    assert total(run, *LSTM, *flags.split()) == params


@pytest.mark.parametrize(
    ("flags", "params"),
    [
        ("-F paper", (10 + 128) * 3 * 128 + 3 * 128),
        ("-F paper --reset-after", (10 + 128) * 3 * 128 + 4 * 128),  # the candidate is two maps, each with a bias
        ("-F paper --no-reset-after", 53_376),
        ("-F keras --no-reset-after", 53_376),
        ("-F keras --reset-after", (10 + 128) * 3 * 128 + 6 * 128),
        ("-F paper --reset-after --bias input", (10 + 128) * 3 * 128 + 3 * 128),
    ],
)
def test_a_flag_of_the_gru_counts_what_it_says(run: Run, flags: str, params: int) -> None:
    assert total(run, *GRU, *flags.split()) == params


def test_the_length_of_a_sequence_gives_its_cost(run: Run) -> None:
    found = model(run, *LSTM, "--steps", "28")
    assert (found["macs"], found["flops"]) == (28 * 70_656, 28 * 142_976)
    assert found["layers"][0]["output_shape"] == [None, 28, 128]


def test_the_batch_stands_first_in_the_shape(run: Run) -> None:
    assert model(run, *LSTM, "--batch", "32")["layers"][0]["output_shape"] == [32, None, 128]


def test_the_last_step_alone_has_no_axis_of_time(run: Run) -> None:
    assert model(run, *LSTM, "--no-return-sequences")["layers"][0]["output_shape"] == [None, 128]


@pytest.mark.parametrize(("mode", "depth"), [("concat", 256), ("sum", 128), ("mul", 128), ("ave", 128)])
def test_the_merge_mode_sets_the_depth_of_the_output(run: Run, mode: str, depth: int) -> None:
    found = model(run, *LSTM, "-F", "keras", "--bidirectional", "--merge-mode", mode)
    assert found["layers"][0]["output_shape"] == [None, None, depth]


@pytest.mark.parametrize(("mode", "per_element"), [("concat", 0), ("sum", 1), ("mul", 1), ("ave", 2)])
def test_merging_costs_its_operations(run: Run, mode: str, per_element: int) -> None:
    found = model(run, *LSTM, "-F", "keras", "--bidirectional", "--merge-mode", mode)
    assert found["flops_per_step"] == 2 * 142_976 + per_element * 128


def test_a_residual_adds_one_operation_an_element(run: Run) -> None:
    same = ("lstm", "--input-depth", "128", "--units", "128")
    plain, residual = (model(run, *same, *flags)["flops_per_step"] for flags in ((), ("--residual",)))
    assert residual - plain == 128


def test_a_residual_around_another_depth_is_an_error(run: Run) -> None:
    assert run(*LSTM, "--residual").status == 2


@pytest.mark.parametrize(("dtype", "size"), [("float64", 8), ("float32", 4), ("bfloat16", 2), ("float16", 2)])
def test_the_dtype_sets_the_bytes_of_weights_and_states(run: Run, dtype: str, size: int) -> None:
    found = model(run, *LSTM, "--dtype", dtype)
    assert found["weight_bytes"] == 71_168 * size
    assert found["state_bytes"] == (128 + 128) * size


@pytest.mark.parametrize("flag", ["--input-depth", "--input-size", "--input-dim"])
@pytest.mark.parametrize("name", CELLS)
def test_the_frameworks_words_for_the_input_are_flags_of_every_cell(run: Run, name: str, flag: str) -> None:
    assert total(run, name, flag, 5, "--units", 7, *PAPER) == total(run, name, "--input-depth", 5, "--units", 7, *PAPER)


@pytest.mark.parametrize("flag", ["--num-units", "--hidden-size", "--features"])
@pytest.mark.parametrize("name", CELLS)
def test_the_frameworks_words_for_the_units_are_flags_of_every_cell(run: Run, name: str, flag: str) -> None:
    assert total(run, name, "--input-depth", 5, flag, 7, *PAPER) == total(
        run, name, "--input-depth", 5, "--units", 7, *PAPER
    )


def test_a_fraction_is_a_flag_of_its_cell(run: Run) -> None:
    cell = ("layer_norm_lstm", "--input-depth", "10", "--units", "128", "-F", "keras")
    assert total(run, *cell, "--epsilon", "1e-5") == 73_472
    for wrong in ("nan", "1.5", "-0.1", "x"):
        found = run(*cell, "--epsilon", wrong)
        assert (found.status, found.out) == (2, "")
        assert "is not a number from 0 to 1" in found.err


@pytest.mark.parametrize("flag", ["--projection", "--proj-size", "--num-proj"])
def test_the_frameworks_words_for_the_projection_are_flags(run: Run, flag: str) -> None:
    assert total(run, *LSTM, flag, "64") == (10 + 64) * 512 + 512 + 128 * 64


@pytest.mark.parametrize(
    ("text", "units"), [("128", 128), ("1_000", 1_000), ("10k", 10_000), ("1.5M", 1_500_000), ("2B", 2 * 10**9)]
)
def test_a_size_is_written_as_people_write_it(run: Run, text: str, units: int) -> None:
    assert total(run, "rnn", "--input-depth", "3", "--units", text) == (3 + units) * units + units


@pytest.mark.parametrize("units", ["0", "-1", "1.5", "nan", "inf", "10x", "1" + 30 * "0", str(2**63), "", " "])
def test_what_is_no_size_is_refused_by_its_flag(run: Run, units: str) -> None:
    status, out, err = run("lstm", "--input-depth", "10", "--units", units)
    assert (status, out) == (2, "")
    assert "--units" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ((), ("--input-depth", "--units")),
        (("--units", "3"), ("--input-depth",)),
        (("--input-depth", "3"), ("--units",)),
    ],
)
def test_a_missing_size_is_named(run: Run, given: tuple[str, ...], missing: tuple[str, ...]) -> None:
    status, out, err = run("lstm", *given)
    assert (status, out) == (2, "")
    for flag in ("--input-depth", "--units"):
        assert (flag in err) == (flag in missing)


@pytest.mark.parametrize(
    ("flags", "able"),
    [
        ("lstm --peephole -F keras", ("tensorflow1", "paper")),
        ("lstm --projection 64 -F keras", ("tensorflow1", "pytorch", "paper")),
        ("lstm --coupled-gates -F pytorch", ("paper",)),
        ("gru --reset-after -F tensorflow1", ("keras", "pytorch", "paper")),
        ("gru --no-reset-after -F pytorch", ("tensorflow1", "keras", "paper")),
        ("lstm --bidirectional --merge-mode sum -F pytorch", ("keras", "paper")),
        ("lstm --no-bias -F tensorflow1", ("keras", "pytorch", "paper")),
        ("lstm --bias single -F pytorch", ("tensorflow1", "keras", "paper")),
    ],
)
def test_what_a_framework_cannot_build_is_an_error_that_says_which_can(
    run: Run, flags: str, able: tuple[str, ...]
) -> None:
    status, out, err = run(*flags.split(), "--input-depth", "10", "--units", "128")
    assert (status, out) == (2, "")
    for name in able:
        assert name in err, name


def test_a_projection_that_pytorch_does_not_take_is_an_error(run: Run) -> None:
    assert run(*LSTM, "--projection", "128", "-F", "pytorch").status == 2
    assert run(*LSTM, "--projection", "128", "-F", "tensorflow1").status == 0


def test_a_flag_of_another_cell_is_an_error(run: Run) -> None:
    status, out, err = run(*GRU, "--projection", "4")
    assert (status, out) == (2, "")
    assert "--projection" in err


def test_a_flag_of_another_cell_is_answered_with_the_cell_that_has_it(run: Run) -> None:
    err = run(*GRU, "--projection", "4").err
    assert "--bidirectional" not in err
    assert "lstm" in err


def test_a_bias_and_none_contradict_each_other(run: Run) -> None:
    status, _, err = run(*LSTM, "-F", "paper", "--bias", "double", "--no-bias")
    assert status == 2
    assert "--no-bias" in err


def test_a_stack_without_end_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnncalc.network.Layer", lambda *_: pytest.fail("it would be built"))
    found = run(*LSTM, "--num-layers", 10**9)
    assert found.status == 2
    assert "a stack has at most 10,000 layers, not 1,000,000,000" in found.err


# --- which framework --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("alias", "name"), layouts.ALIASES.items())
def test_every_alias_is_its_framework(run: Run, alias: str, name: str) -> None:
    assert model(run, *LSTM, "-F", alias)["framework"] == name


@pytest.mark.parametrize(("alias", "name"), [("tf1", "tensorflow1"), ("tf", "tensorflow1"), ("torch", "pytorch")])
def test_the_aliases_of_the_contract_are_known(run: Run, alias: str, name: str) -> None:
    assert model(run, *LSTM, "--framework", alias)["framework"] == name


@pytest.mark.parametrize("name", layouts.NAMES)
def test_every_framework_counts_every_cell(run: Run, name: str) -> None:
    for cell in CELLS:
        command = (cell, "--input-depth", "5", "--units", "7", "-F", name)
        if any(entry.cell in (cell, "*") for entry in layouts.find(name).entries):
            assert total(run, *command) >= (5 + 7) * 7
        else:
            assert f"{name} has no {cell}; " in run(*command).err


def test_an_unknown_framework_is_answered_with_the_nearest(run: Run) -> None:
    status, out, err = run(*LSTM, "-F", "pytroch")
    assert (status, out) == (2, "")
    assert "`pytorch`" in err
    assert "did you mean" in err


def test_the_environment_sets_the_default_framework(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNNCALC_FRAMEWORK", "torch")
    assert model(run, *LSTM)["framework"] == "pytorch"


def test_a_flag_wins_over_the_environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNNCALC_FRAMEWORK", "torch")
    assert model(run, *LSTM, "-F", "keras")["framework"] == "keras"


def test_an_empty_environment_variable_sets_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNNCALC_FRAMEWORK", "")
    assert model(run, *LSTM)["framework"] == "tensorflow1"


def test_the_environment_sets_the_framework_of_a_spec_that_names_none(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RNNCALC_FRAMEWORK", "pytorch")
    out = run("count", "-", "-f", "json", input=b"input: {depth: 10}\nlayers: [lstm: 128]\n").out
    assert json.loads(out)["models"][0]["params"]["total"] == 71_680


def test_a_specs_own_framework_wins_over_the_environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNNCALC_FRAMEWORK", "pytorch")
    out = run("count", "-", "-f", "json", input=SPEC.encode()).out
    assert json.loads(out)["models"][0]["framework"] == "keras"


def test_a_wrong_environment_variable_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNNCALC_FRAMEWORK", "nope")
    status, _, err = run(*LSTM)
    assert status == 2
    assert "RNNCALC_FRAMEWORK" in err


def test_a_framework_wins_over_a_specs_own_where_it_is_asked_for(run: Run) -> None:
    out = run("count", "-", "-F", "pytorch", "-f", "json", input=SPEC.encode()).out
    assert json.loads(out)["models"][0]["params"]["total"] == 71_680


# --- where results go -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*layouts.NAMES, *layouts.ALIASES])
def test_a_framework_for_a_format_asks_whether_the_framework_was_meant(run: Run, name: str) -> None:
    status, out, err = run(*LSTM, "-f", name)
    assert (status, out) == (2, "")
    assert f"--framework {name}" in err


def test_an_unknown_format_is_answered_with_those_there_are(run: Run) -> None:
    status, out, err = run(*LSTM, "-f", "jsno")
    assert (status, out) == (2, "")
    for form in ("table", "json", "markdown", "csv"):
        assert form in err


@pytest.mark.parametrize(
    ("ending", "start"), [("json", "{"), ("md", "### lstm"), ("csv", "model,"), ("txt", "lstm"), ("JSON", "{")]
)
def test_the_ending_of_the_output_implies_its_format(run: Run, tmp_path: Path, ending: str, start: str) -> None:
    file = tmp_path / f"out.{ending}"
    assert run(*LSTM, "-o", file) == (0, "", "")
    assert file.read_text("utf-8").startswith(start)


def test_a_format_that_is_asked_for_wins_over_the_ending(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "out.md"
    run(*LSTM, "-f", "json", "--output", file)
    assert json.loads(file.read_text("utf-8"))["params"]["total"] == 71_168


def test_a_dash_for_the_output_is_standard_output(run: Run) -> None:
    assert run(*LSTM, "-o", "-").out == run(*LSTM).out


def test_a_file_and_standard_output_get_the_same_text(run: Run, tmp_path: Path) -> None:
    run(*LSTM, "-o", tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_text("utf-8") == run(*LSTM).out


def test_an_output_in_a_folder_that_does_not_exist_is_an_error(run: Run, tmp_path: Path) -> None:
    status, out, err = run(*LSTM, "-o", tmp_path / "none" / "out.json")
    assert (status, out) == (2, "")
    assert "none" in err
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_is_a_folder_is_an_error(run: Run, tmp_path: Path) -> None:
    assert run(*LSTM, "-o", tmp_path).status == 2
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_old_output_as_it_was(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    file.write_text("old")
    assert run("lstm", "--input-depth", "10", "--units", "128", "--peephole", "-F", "keras", "-o", file).status == 2
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_an_output_replaces_the_old_one_whole(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    file.write_text("x" * 100_000)
    run(*LSTM, "-o", file)
    json.loads(file.read_text("utf-8"))
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("flags", "variables", "colored"),
    [
        ((), {}, False),  # not a terminal
        (("--color", "auto"), {}, False),
        (("--color", "always"), {}, True),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
        ((), {"FORCE_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": ""}, False),
        ((), {"NO_COLOR": "1"}, False),
        ((), {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
    ],
)
def test_colour_is_as_the_flag_and_then_the_environment_say(
    run: Run, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...], variables: dict[str, str], colored: bool
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in run(*LSTM, *flags).out) == colored


def test_results_alone_go_to_standard_output(run: Run, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(SPEC)
    (tmp_path / "bad.yaml").write_text("layers: [lstm: 0]\ninput: {depth: 1}\n")
    (tmp_path / "other.yaml").write_text("a: 1\n")
    status, out, err = run("report", tmp_path, "-f", "json")
    assert status == 2
    assert [each["name"] for each in json.loads(out)["models"]] == ["good"]
    assert "bad.yaml" in err


# --- specs and where they are found -----------------------------------------------------------------------------------


def test_count_reads_standard_input(run: Run) -> None:
    status, out, err = run("count", "-", "-f", "json", input=SPEC.encode())
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert (found["schema_version"], found["errors"]) == (1, [])
    assert found["models"][0]["params"]["total"] == 71_168


def test_count_shows_every_model_of_every_spec(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SPEC + "---\n" + OTHER_SPEC)
    (tmp_path / "b.yaml").write_text(OTHER_SPEC)
    out = run("count", tmp_path / "b.yaml", tmp_path / "a.yaml", "-f", "json").out
    found = [(each["name"], each["params"]["total"]) for each in json.loads(out)["models"]]
    assert found == [("b", 364), ("a", 71_168), ("a#2", 364)]


def test_report_has_a_row_for_each_model(run: Run, tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "a.yaml").write_text(SPEC + "---\n" + OTHER_SPEC)
    (tmp_path / "deep" / "b.yml").write_text(OTHER_SPEC)
    status, out, err = run("report", tmp_path, "-f", "csv")
    assert (status, err) == (0, "")
    assert len(out.splitlines()) == 1 + 3


def test_unnamed_documents_are_named_by_their_file_and_number(run: Run, tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text("---\n".join([OTHER_SPEC, "name: named\n" + OTHER_SPEC, OTHER_SPEC]))
    found = json.loads(run("report", tmp_path, "-f", "json").out)["models"]
    assert [each["name"] for each in found] == ["net", "named", "net#3"]


def test_a_model_knows_its_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(SPEC)
    found = json.loads(run("report", tmp_path / "net.yaml", "-f", "json").out)["models"]
    assert found[0]["source"] == str(tmp_path / "net.yaml")


def test_two_models_of_one_key_are_an_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text("---\n".join(["name: twin\n" + SPEC, "name: twin\n" + OTHER_SPEC]))
    status, out, err = run("report", tmp_path, "-f", "json")
    assert status == 2
    assert "twin" in err
    assert len(json.loads(out)["models"]) == 1
    assert json.loads(out)["errors"][0]["line"] == 6


def test_one_name_in_two_files_is_no_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: twin\n" + SPEC)
    (tmp_path / "b.yaml").write_text("name: twin\n" + OTHER_SPEC)
    assert run("report", tmp_path).status == 0


def test_a_pattern_finds_specs(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.yaml").write_text(SPEC)
    (tmp_path / "b.yaml").write_text(OTHER_SPEC)
    found = json.loads(run("report", tmp_path / "**" / "a*.yaml", "-f", "json").out)["models"]
    assert [each["name"] for each in found] == ["a"]


def test_a_file_reached_twice_is_counted_once(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SPEC)
    found = json.loads(run("report", tmp_path / "a.yaml", tmp_path, "-f", "json").out)
    assert (len(found["models"]), found["errors"]) == (1, [])


def test_other_yaml_files_in_a_folder_are_skipped_and_counted_in_a_note(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SPEC)
    (tmp_path / "b.yaml").write_text("services: {web: 1}\n")
    (tmp_path / "c.yml").write_text("- 1\n- layers\n")
    status, _, err = run("report", tmp_path)
    assert status == 0
    assert re.search(r"\b2\b.*skipped", err)


def test_quiet_means_no_notes(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SPEC)
    (tmp_path / "b.yaml").write_text("services: {web: 1}\n")
    assert run("report", tmp_path, "-q").err == ""


def test_quiet_does_not_hide_errors(run: Run, tmp_path: Path) -> None:
    status, _, err = run("report", tmp_path / "none.yaml", "-q")
    assert status == 2
    assert "none.yaml" in err


def test_a_file_on_the_command_line_must_be_a_spec(run: Run, tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("services: {web: 1}\n")
    status, _, err = run("report", tmp_path / "b.yaml")
    assert status == 2
    assert "b.yaml" in err
    assert "layers" in err


def test_a_file_on_the_command_line_must_be_a_spec_behind_its_folder_too(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SPEC)
    (tmp_path / "b.yaml").write_text("services: {web: 1}\n")
    assert run("report", tmp_path / "b.yaml", tmp_path).status == 2
    assert run("report", tmp_path, tmp_path / "b.yaml").status == 2


def test_a_bad_spec_does_not_end_a_batch(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("input: {depth: 1}\nlayers:\n  - lstm: {units: 0}\n")
    (tmp_path / "b.yaml").write_text(SPEC)
    status, out, err = run("report", tmp_path, "-f", "json")
    found = json.loads(out)
    assert status == 2
    assert [each["name"] for each in found["models"]] == ["b"]
    (problem,) = found["errors"]
    assert (problem["path"], problem["line"], problem["column"]) == (str(tmp_path / "a.yaml"), 3, 19)
    assert f"{tmp_path / 'a.yaml'}:3:19: {problem['message']}" in err


@pytest.mark.parametrize("command", ["count", "report", "check"])
def test_a_folder_without_specs_is_an_error_and_still_a_valid_file(run: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "folder").mkdir()
    status, out, err = run(command, tmp_path / "folder", "-o", tmp_path / "out.json")
    assert (status, out) == (2, "")
    assert err
    found = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert found["checks" if command == "check" else "models"] == []


@pytest.mark.parametrize("command", ["count", "report", "check", "verify"])
def test_a_command_without_paths_is_bad_usage(run: Run, command: str) -> None:
    status, out, err = run(command)
    assert (status, out) == (2, "")
    assert ("Missing argument" if command in ("count", "verify") else "no PATH is given") in err


# --- exit statuses ----------------------------------------------------------------------------------------------------


def test_a_kept_budget_ends_with_0_and_a_broken_one_with_1(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SPEC)
    assert run("check", tmp_path, "--max-params", "71168").status == 0
    assert run("check", tmp_path, "--max-params", "71167").status == 1


def test_a_broken_budget_is_no_failure_of_a_report(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SPEC + "budget: {params: 1}\n")
    assert run("report", tmp_path).status == 0
    assert run("count", tmp_path).status == 0


def test_2_wins_over_1(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SPEC)
    (tmp_path / "b.yaml").write_text("layers: 3\n")
    status, out, _ = run("check", tmp_path, "--max-params", "1", "-f", "json")
    assert status == 2
    assert [each["passed"] for each in json.loads(out)["checks"]] == [False]


@pytest.mark.parametrize("name", CELLS)
def test_verify_proves_every_cell(run: Run, name: str) -> None:
    status, out, err = run("verify", name, *(PAPER if name in NOT_TF1 else ()), "-f", "json")
    assert (status, err) == (0, "")
    assert json.loads(out)["passed"] is True


def test_verify_takes_the_flags_of_its_cell(run: Run) -> None:
    assert run("verify", "lstm", "--input-depth", "3", "--units", "2", "--peephole", "--bidirectional").status == 0
    assert run("verify", "gru", "--peephole").status == 2


def test_verify_takes_specs(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(OTHER_SPEC + "---\n" + OTHER_SPEC)
    status, out, _ = run("verify", tmp_path, "-f", "json")
    assert status == 0
    assert [each["model"] for each in json.loads(out)["proofs"]] == ["a", "a#2"]


def test_verify_proves_a_recurrent_layer_with_a_head(run: Run) -> None:
    spec = b"framework: keras\ninput: {depth: 5, steps: 4}\nlayers: [gru: 3, dense: 2]\n"
    status, out, _ = run("verify", "-", "-f", "json", input=spec)
    assert [step for step in json.loads(out)["proofs"][0]["steps"] if not step["passed"]] == []
    assert status == 0


def test_verify_takes_a_cell_or_specs_and_not_both(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(OTHER_SPEC)
    assert run("verify", "lstm", tmp_path / "a.yaml").status == 2


def test_verify_lists_a_bad_spec_and_ends_with_2(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(OTHER_SPEC)
    status, out, err = run("verify", tmp_path / "a.yaml", tmp_path / "none.yaml", "-f", "json")
    assert status == 2
    assert len(json.loads(out)["proofs"]) == 1
    assert "none.yaml" in err


@pytest.mark.parametrize("command", ["cells", "lstm"])
def test_an_unknown_flag_is_bad_usage(run: Run, command: str) -> None:
    status, out, err = run(command, "--nope")
    assert (status, out) == (2, "")
    assert "--nope" in err


@pytest.mark.skipif(os.name == "nt", reason="pipes end otherwise there")
def test_a_closed_pipe_ends_silently_with_141() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "rnncalc", "frameworks"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a named pipe")
def test_an_interrupt_ends_with_130_and_without_a_traceback(tmp_path: Path) -> None:
    pipe = tmp_path / "a.yaml"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "rnncalc", "count", str(pipe)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with running, pipe.open("wb"):  # opens when the command reads
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=20)
    assert (running.returncode, out) == (130, b"")
    assert b"Traceback" not in err
