"""Budgets: limits in a spec and on the command line, pinned figures, and what to do where one is broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rnncalc
from rnncalc.report import METRICS

Run = Callable[..., Any]

# an LSTM from 10 to 128 over 28 steps, as Keras stores it
LSTM = "name: net\nframework: keras\ninput: {depth: 10, steps: 28}\nlayers: [lstm: 128]\n"
FIGURES = {
    "params": (10 + 128) * 4 * 128 + 4 * 128,
    "trainable_params": (10 + 128) * 4 * 128 + 4 * 128,
    "macs": 28 * 138 * 512,
    "macs_per_step": 138 * 512,
    "flops": 28 * (2 * 138 * 512 + 512 + 5 * 128 + 4 * 128),
    "flops_per_step": 2 * 138 * 512 + 512 + 5 * 128 + 4 * 128,
    "weight_bytes": 4 * 71_168,
    "state_bytes": 4 * (128 + 128),
}
TWO = """
name: two
framework: keras
input: {depth: 10}
layers:
  - lstm: {units: 128, bidirectional: true, name: encoder}
  - dense: {units: 21, name: head}
"""


def check(run: Run, spec: str, *flags: object) -> tuple[int, dict[str, Any], str]:
    """The status, the JSON and the errors of `check` on one spec."""
    status, out, err = run("check", "-", "-f", "json", *flags, input=spec.encode())
    return status, json.loads(out), err


def advice(run: Run, spec: str, *flags: object) -> str:
    """What the table of `check` says below a limit that is broken, in one line."""
    status, out, _ = run("check", "-", *flags, input=spec.encode())
    assert status == 1
    return " ".join(out.split())


def flag(metric: str) -> str:
    return "--max-" + metric.replace("_", "-")


# --- every metric -----------------------------------------------------------------------------------------------------


def test_every_metric_is_tested_here() -> None:
    assert set(METRICS) == set(FIGURES)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("below", "status"), [(0, 0), (1, 1)])
def test_a_budget_is_met_when_the_figure_is_not_above_it(run: Run, metric: str, below: int, status: int) -> None:
    limit = FIGURES[metric] - below
    found = check(run, f"{LSTM}budget: {{{metric}: {limit}}}\n")
    assert found[0] == status
    assert found[1]["passed"] is (status == 0)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("below", "status"), [(0, 0), (1, 1)])
def test_a_limit_on_the_command_line_is_met_when_the_figure_is_not_above_it(
    run: Run, metric: str, below: int, status: int
) -> None:
    assert check(run, LSTM, flag(metric), FIGURES[metric] - below)[0] == status


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("off", "status"), [(-1, 1), (0, 0), (1, 1)])
def test_anything_but_the_expected_figure_fails(run: Run, metric: str, off: int, status: int) -> None:
    assert check(run, f"{LSTM}expect: {{{metric}: {FIGURES[metric] + off}}}\n")[0] == status


@pytest.mark.parametrize("metric", METRICS)
def test_a_layer_has_limits_of_its_own(run: Run, metric: str) -> None:
    spec = f"{LSTM}budget: {{layers: {{lstm: {{{metric}: {FIGURES[metric] - 1}}}}}}}\n"
    status, found, _ = check(run, spec)
    assert status == 1
    assert found["checks"][0]["layer"] == "lstm"
    assert found["checks"][0]["actual"] == FIGURES[metric]


@pytest.mark.parametrize("metric", METRICS)
def test_a_layer_has_limits_on_the_command_line(run: Run, metric: str) -> None:
    assert check(run, LSTM, flag(metric), f"lstm={FIGURES[metric]}")[0] == 0
    assert check(run, LSTM, flag(metric), f"lstm={FIGURES[metric] - 1}")[0] == 1


def test_a_frozen_layer_is_not_in_the_budget_of_trainable_params(run: Run) -> None:
    spec = "input: {depth: 10}\nlayers: [{lstm: {units: 128, trainable: false}}, {dense: 2}]\n"
    assert check(run, spec, "--max-trainable-params", 128 * 2 + 2)[0] == 0
    assert check(run, spec, "--max-trainable-params", 128 * 2 + 1)[0] == 1


# --- the JSON and the table -------------------------------------------------------------------------------------------


def test_the_json_of_check_is_that_of_the_contract(run: Run) -> None:
    status, found, err = check(run, TWO + "budget: {layers: {head: {params: 5k}}}\n")
    assert (status, err) == (1, "")
    assert (found["schema_version"], found["passed"], found["errors"]) == (1, False, [])
    (made,) = found["checks"]
    expected = {
        "model": "two",
        "source": "<stdin>",
        "layer": "head",
        "metric": "params",
        "actual": (2 * 128) * 21 + 21,
        "limit": 5_000,
        "passed": False,
    }
    assert {key: made[key] for key in expected} == expected


def test_a_broken_limit_is_told_in_a_sentence_with_the_exact_figures(run: Run) -> None:
    spec = TWO + "budget: {params: 150k, layers: {head: {params: 5k}}}\nexpect: {params: 147000}\n"
    assert [each["message"] for each in check(run, spec)[1]["checks"]] == [
        "params 147,733 is within the limit of 150,000",
        "head: params 5,397 is above the limit of 5,000 (+397)",
        "params 147,733 is not the expected 147,000 (+733)",
    ]


def test_a_broken_limit_has_its_place_and_that_of_the_layer(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(TWO + "budget:\n  layers:\n    head: {params: 5k}\n")
    (made,) = json.loads(run("check", path, "-f", "json").out)["checks"]
    assert (made["kind"], made["level"], made["base"]) == ("budget", "error", None)
    assert (made["path"], made["line"], made["column"]) == (str(path), 10, 20)
    assert made["origin"] == {"path": str(path), "line": 7, "column": 5}


def test_a_limit_of_the_command_line_has_no_place_in_a_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(LSTM)
    (made,) = json.loads(run("check", tmp_path / "a.yaml", "--max-params", 1, "-f", "json").out)["checks"]
    assert (made["path"], made["line"], made["column"]) == (None, None, None)
    assert (made["origin"]["path"], made["origin"]["line"]) == (str(tmp_path / "a.yaml"), 4)


def test_the_source_of_a_check_is_its_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(LSTM)
    found = json.loads(run("check", tmp_path, "--max-params", "1M", "-f", "json").out)
    assert found["checks"][0]["source"] == str(tmp_path / "a.yaml")


def test_limits_of_the_spec_and_of_the_command_line_are_all_checked(run: Run) -> None:
    spec = TWO + "budget: {params: 1, layers: {head: {params: 1}}}\nexpect: {params: 147733}\n"
    found = check(run, spec, "--max-params", "2", "--max-params", "head=3", "--max-state-bytes", "4k")[1]
    asked = {(each["layer"], each["metric"], each["limit"], each["passed"]) for each in found["checks"]}
    assert asked == {
        (None, "params", 1, False),
        ("head", "params", 1, False),
        (None, "params", 2 * 71_168 + 256 * 21 + 21, True),
        (None, "params", 2, False),
        ("head", "params", 3, False),
        (None, "state_bytes", 4_000, True),  # two directions of h and c
    }


def test_a_limit_of_a_layer_holds_for_the_models_that_have_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(LSTM)
    (tmp_path / "b.yaml").write_text(TWO)
    status, out, err = run("check", tmp_path, "--max-params", "head=1", "-f", "json")
    assert (status, err) == (1, "")
    assert [each["model"] for each in json.loads(out)["checks"]] == ["two"]


# --- layers by pattern ------------------------------------------------------------------------------------------------

STACK = """
framework: keras
input: {depth: 10}
layers:
  - lstm: {units: 8, name: enc_a}
  - lstm: {units: 16, name: enc_b}
  - dense: {units: 3, name: head}
"""
ENC_A, ENC_B, HEAD = (10 + 8) * 32 + 32, (8 + 16) * 64 + 64, 16 * 3 + 3


def asked(found: dict[str, Any]) -> set[tuple[Any, ...]]:
    return {(each["layer"], each["metric"], each["actual"], each["limit"], each["passed"]) for each in found["checks"]}


def test_a_pattern_limits_each_layer_that_it_matches(run: Run) -> None:
    status, found, _ = check(run, STACK + 'budget: {layers: {"enc*": {params: 1k}}}\n')
    assert status == 1
    assert asked(found) == {("enc_a", "params", ENC_A, 1_000, True), ("enc_b", "params", ENC_B, 1_000, False)}


def test_a_pattern_limits_layers_on_the_command_line_too(run: Run) -> None:
    found = check(run, STACK, "--max-params", "enc_?=1k")[1]
    assert asked(found) == {("enc_a", "params", ENC_A, 1_000, True), ("enc_b", "params", ENC_B, 1_000, False)}


def test_a_layers_own_limit_stands_in_the_place_of_a_patterns(run: Run) -> None:
    spec = STACK + 'budget: {layers: {"*": {params: 1k, state_bytes: 1k}, enc_b: {params: 2k}}}\n'
    status, found, _ = check(run, spec)
    assert status == 0
    assert {each for each in asked(found) if each[1] == "params"} == {
        ("enc_a", "params", ENC_A, 1_000, True),
        ("enc_b", "params", ENC_B, 2_000, True),
        ("head", "params", HEAD, 1_000, True),
    }
    assert len([each for each in asked(found) if each[1] == "state_bytes"]) == 3


def test_the_place_of_a_patterns_limit_is_its_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(STACK + 'budget:\n  layers:\n    "enc*":\n      params: 1k\n')
    found = json.loads(run("check", tmp_path / "a.yaml", "-f", "json").out)
    (made,) = [each for each in found["checks"] if not each["passed"]]
    assert (made["line"], made["column"]) == (11, 15)
    assert made["origin"]["line"] == 6


def test_a_name_with_brackets_is_a_name_before_it_is_a_pattern(run: Run) -> None:
    spec = 'input: {depth: 1}\nlayers: [{dense: {units: 3, name: "a[1]"}}, {dense: {units: 3, name: a1}}]\n'
    found = check(run, spec + 'budget: {layers: {"a[1]": {params: 9}}}\n')[1]
    assert [each["layer"] for each in found["checks"]] == ["a[1]"]


def test_expectations_hold_for_patterns_too(run: Run) -> None:
    status, found, _ = check(run, STACK + f'expect: {{layers: {{"enc*": {{params: {ENC_A}}}}}}}\n')
    assert status == 1
    assert [each["passed"] for each in found["checks"]] == [True, False]


@pytest.mark.parametrize("key", ["budget", "expect"])
def test_a_pattern_that_matches_no_layer_is_an_error_at_its_place(run: Run, key: str) -> None:
    status, found, _ = check(run, STACK + f'{key}:\n  layers:\n    "dec*": {{params: 1k}}\n')
    assert status == 2
    (problem,) = found["errors"]
    assert (problem["line"], problem["column"]) == (10, 5)
    assert problem["message"] == "no layer matches `dec*`"


def test_a_pattern_of_the_command_line_that_matches_no_layer_is_an_error(run: Run) -> None:
    status, _, err = check(run, STACK, "--max-params", "dec*=1k")
    assert status == 2
    assert "--max-params dec*=...: no layer matches `dec*`" in err


def test_a_limit_is_written_as_people_write_it(run: Run) -> None:
    spec = LSTM + "budget: {params: 450k, weight_bytes: 2MiB, macs: 1.5M, state_bytes: 500KB}\n"
    limits = {each["metric"]: each["limit"] for each in check(run, spec, "--max-flops", "2B")[1]["checks"]}
    assert limits == {
        "params": 450_000,
        "weight_bytes": 2 * 1024 * 1024,
        "macs": 1_500_000,
        "state_bytes": 500_000,
        "flops": 2_000_000_000,
    }


@pytest.mark.parametrize("given", ["1.5", "x", "-1", "1MiB", "head=", "head=x", ""])
def test_a_limit_that_is_none_is_bad_usage(run: Run, given: str) -> None:
    status, out, err = run("check", "-", "--max-params", given, input=TWO.encode())
    assert (status, out) == (2, "")
    assert "--max-params" in err


def test_a_limit_of_a_layer_without_a_name_is_bad_usage(run: Run) -> None:
    assert run("check", "-", "--max-params", "=5", input=TWO.encode()).status == 2


def test_a_layer_with_an_equals_sign_in_its_name_can_be_limited(run: Run) -> None:
    spec = "input: {depth: 1}\nlayers: [dense: {units: 3, name: a=b}]\n"
    assert check(run, spec, "--max-params", "a=b=5")[1]["checks"][0]["layer"] == "a=b"


def test_the_table_shows_how_far_a_figure_is_above_its_limit(run: Run) -> None:
    out = run("check", "-", "--max-params", "70k", input=LSTM.encode()).out
    row = next(line for line in out.splitlines() if "FAIL" in line)
    assert row.split() == ["FAIL", "net", "params", "71,168", "70,000", "+1,168"]


def test_a_broken_limit_tells_the_line_of_the_spec(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(LSTM + "budget:\n  params: 70k\n")
    out = " ".join(run("check", tmp_path / "a.yaml").out.split())
    assert f"{tmp_path / 'a.yaml'}:6" in out


# --- what would fit ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("framework", "metric", "limit", "word", "size", "figure"),
    [
        ("keras", "params", 50_000, "units", 106, lambda n: (10 + n) * 4 * n + 4 * n),
        ("pytorch", "params", 50_000, "hidden_size", 105, lambda n: (10 + n) * 4 * n + 8 * n),
        ("tensorflow1", "params", 71_167, "num_units", 127, lambda n: (10 + n) * 4 * n + 4 * n),
        ("paper", "params", 48, "units", 1, lambda n: (10 + n) * 4 * n + 4 * n),
        ("keras", "weight_bytes", 2048, "units", 7, lambda n: 4 * ((10 + n) * 4 * n + 4 * n)),
        ("keras", "macs_per_step", 1_000, "units", 11, lambda n: (10 + n) * 4 * n),
        ("keras", "macs", 28_000, "units", 11, lambda n: 28 * (10 + n) * 4 * n),
        ("keras", "flops_per_step", 2_000, "units", 11, lambda n: 2 * (10 + n) * 4 * n + 4 * n + 5 * n + 4 * n),
        ("keras", "state_bytes", 100, "units", 12, lambda n: 4 * 2 * n),
    ],
)
def test_a_broken_limit_ends_with_the_largest_size_that_fits(
    run: Run, framework: str, metric: str, limit: int, word: str, size: int, figure: Callable[[int], int]
) -> None:
    assert figure(size) <= limit < figure(size + 1)  # by hand
    found = advice(run, LSTM.replace("keras", framework), flag(metric), limit)
    assert f"the largest {word} of lstm that fits is {size} (now 128)" in found


def test_the_advice_is_in_the_json_too(run: Run) -> None:
    found = check(run, LSTM, "--max-params", "50k")[1]["checks"]
    assert "106" in found[0]["advice"]


def test_a_layers_own_limit_is_met_by_its_own_size(run: Run) -> None:
    assert 256 * 19 + 19 <= 5_000 < 256 * 20 + 20
    assert "the largest units of head that fits is 19 (now 21)" in advice(run, TWO, "--max-params", "head=5k")


def test_the_largest_layer_is_made_smaller_with_what_it_feeds(run: Run) -> None:
    def params(n: int) -> int:
        return 2 * ((10 + n) * 4 * n + 4 * n) + 2 * n * 21 + 21

    assert params(103) <= 100_000 < params(104)
    assert "the largest units of encoder that fits is 103 (now 128)" in advice(run, TWO, "--max-params", "100k")


def test_an_embedding_is_made_narrower_and_keeps_its_vocabulary(run: Run) -> None:
    spec = "framework: pytorch\nlayers: [{embedding: {vocab: 1000, depth: 64}}, {lstm: 32}]\n"

    def params(depth: int) -> int:
        return 1000 * depth + (depth + 32) * 4 * 32 + 8 * 32

    assert params(40) <= 50_000 < params(41)
    assert "the largest embedding_dim of embedding that fits is 40 (now 64)" in advice(run, spec, "--max-params", "50k")


def test_a_stack_is_made_smaller_as_a_whole(run: Run) -> None:
    spec = "framework: pytorch\ninput: {depth: 10}\nlayers: [{gru: {units: 64, num_layers: 2}}]\n"

    def params(n: int) -> int:
        return (10 + n) * 3 * n + 6 * n + (n + n) * 3 * n + 6 * n

    assert params(31) <= 10_000 < params(32)
    assert "is 31 (now 64)" in advice(run, spec, "--max-params", "10k")


def test_the_size_that_fits_is_exact_to_the_last_digit(run: Run) -> None:
    spec = f"framework: keras\ninput: {{depth: 3}}\nlayers: [dense: {2**60}]\n"
    assert f"is {2**58:,} (now {2**60:,})" in advice(run, spec, "--max-params", 2**60 + 3)  # 3n + n


def test_where_no_size_fits_none_is_proposed(run: Run) -> None:
    found = advice(run, LSTM, "--max-params", 47)  # one unit has (10 + 1) * 4 + 4 = 48
    assert "that fits is" not in found
    assert "no size" in found


def test_an_expected_figure_is_no_matter_of_size(run: Run) -> None:
    found = advice(run, LSTM + "expect: {params: 71167}\n")
    assert "that fits is" not in found
    assert "is not the expected 71,167" in found


def test_a_layer_that_cannot_change_alone_is_left_as_it_is(run: Run) -> None:
    spec = "framework: keras\ninput: {depth: 128}\nlayers: [{lstm: {units: 128, residual: true}}]\n"
    assert "that fits is" not in advice(run, spec, "--max-params", "100k")


def test_a_size_that_must_stay_above_the_projection_is_still_found(run: Run) -> None:
    spec = "framework: pytorch\ninput: {depth: 10}\nlayers: [{lstm: {units: 128, projection: 64}}]\n"

    def params(n: int) -> int:
        return (10 + 64) * 4 * n + 8 * n + 64 * n

    assert params(127) <= 47_000 < params(128)
    assert "the largest hidden_size of lstm that fits is 127 (now 128)" in advice(run, spec, "--max-params", "47k")


# --- what cannot be checked -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", ["macs", "flops"])
def test_a_figure_that_is_not_known_is_an_error_and_not_a_pass(run: Run, metric: str) -> None:
    spec = LSTM.replace(", steps: 28", "")
    for status, found, err in (
        check(run, f"{spec}budget: {{{metric}: 1B}}\n"),
        check(run, spec, flag(metric), "1B"),
        check(run, f"{spec}expect: {{{metric}: 1}}\n"),
    ):
        assert status == 2
        assert (found["passed"], found["checks"]) == (False, [])
        assert metric in found["errors"][0]["message"]
        assert "steps" in err


def test_an_unknown_figure_of_a_budget_is_told_at_its_line(run: Run) -> None:
    spec = LSTM.replace(", steps: 28", "") + "budget:\n  params: 1M\n  macs: 1B\n"
    (problem,) = check(run, spec)[1]["errors"]
    assert (problem["path"], problem["line"]) == ("<stdin>", 7)


def test_an_unknown_figure_wins_over_a_broken_limit(run: Run) -> None:
    status, found, _ = check(run, LSTM.replace(", steps: 28", ""), "--max-params", "1", "--max-macs", "1")
    assert status == 2
    assert [each["metric"] for each in found["checks"]] == ["params"]


def test_a_limit_of_a_layer_that_no_model_has_is_an_error(run: Run) -> None:
    status, found, err = check(run, LSTM, "--max-params", "haed=5k")
    assert (status, found["passed"]) == (2, False)
    assert "haed" in err


def test_a_budget_of_a_layer_that_is_not_there_is_an_error_with_the_nearest(run: Run) -> None:
    status, _, err = check(run, TWO + "budget: {layers: {haed: {params: 5k}}}\n")
    assert status == 2
    assert "`haed`" in err
    assert "`head`" in err


def test_a_metric_that_is_not_there_is_an_error_with_the_nearest(run: Run) -> None:
    status, _, err = check(run, LSTM + "budget: {param: 5k}\n")
    assert status == 2
    assert "`param`" in err
    assert "`params`" in err


def test_models_without_limits_are_nothing_to_check(run: Run) -> None:
    status, _, err = check(run, LSTM)
    assert status == 2
    assert "budget" in err


def test_what_checked_nothing_has_not_passed(run: Run) -> None:
    assert check(run, LSTM)[1]["passed"] is False


def test_a_model_without_limits_beside_one_that_has_some_is_well(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(LSTM)
    (tmp_path / "b.yaml").write_text(TWO + "budget: {params: 1M}\n")
    assert run("check", tmp_path).status == 0


def test_a_framework_that_is_asked_for_is_the_one_that_is_checked(run: Run) -> None:
    spec = LSTM + "budget: {params: 71168}\n"
    assert check(run, spec)[0] == 0
    assert check(run, spec, "-F", "pytorch")[0] == 1  # 71,680


# --- a report says so too ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("budget", "told"), [("", ""), ("{params: 71168}", "ok"), ("{params: 71167}", "broken"), ("{macs: 1}", "unknown")]
)
def test_a_report_says_whether_a_model_keeps_its_budget(run: Run, tmp_path: Path, budget: str, told: str) -> None:
    spec = LSTM.replace(", steps: 28", "") + (f"budget: {budget}\n" if budget else "")
    (tmp_path / "a.yaml").write_text(spec)
    header, row = run("report", tmp_path, "-f", "csv").out.splitlines()
    assert dict(zip(header.split(","), row.split(",")))["budget"] == told


def test_the_limits_are_part_of_the_model_in_python() -> None:
    model = rnncalc.parse({"input": {"depth": 1}, "layers": [{"dense": 1}], "budget": {"params": "1k"}})
    assert model.plan.budget == {"params": 1_000}
