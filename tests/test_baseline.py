"""The baseline: what it holds, how growth is limited by it, how it is kept, and exceptions from limits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncalc.errors import SpecError
from rnncalc.gate.baseline import ANEW, Base, Baseline, load
from rnncalc.gate.growth import grown, percent
from rnncalc.report import METRICS

pytestmark = pytest.mark.usefixtures("project_schema_agrees")

Run = Callable[..., Any]
FILE = Path("rnncalc-baseline.jsonl")
DAY = "SOURCE_DATE_EPOCH"
NOON = 12 * 3600


def spec(units: int, more: str = "") -> str:
    """A dense layer from 9 inputs, so that it has ten parameters a unit."""
    return f"framework: keras\ninput: {{depth: 9, steps: 1}}\nlayers: [dense: {{units: {units}, name: head}}]\n{more}"


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Write specs into configs/, or other files by their path with `__` for a slash; the folder is a project."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(DAY, raising=False)
    (tmp_path / ".git").mkdir()
    (tmp_path / "rnncalc.yaml").write_text("include: configs\n")

    def call(project: str | None = None, **files: str | int | None) -> None:
        if project is not None:
            (tmp_path / "rnncalc.yaml").write_text(project, "utf-8")
        for name, content in files.items():
            path = tmp_path / "configs" / f"{name.replace('__', '/')}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink()
            else:
                path.write_text(spec(content) if isinstance(content, int) else content, "utf-8")

    return call


Put = Callable[..., None]


def update(run: Run, *args: object, status: int = 0) -> str:
    """Write the baseline; what is told of it."""
    found = run("check", "--update-baseline", *args)
    assert found.status == status, found
    return str(found.err)


def check(run: Run, *args: object) -> tuple[int, list[dict[str, Any]], str]:
    """The status, the checks, and what is told."""
    status, out, err = run("check", *args, "-f", "json")
    found = json.loads(out)
    assert found["errors"] == [] or status == 2
    return status, found["checks"], err


def growth(run: Run, *args: object) -> dict[tuple[str, str | None, str], tuple[int, int, int, bool]]:
    """(base, actual, limit, passed) of each limit of growth, by (model, layer, metric)."""
    return {
        (each["model"], each["layer"], each["metric"]): (each["base"], each["actual"], each["limit"], each["passed"])
        for each in check(run, *args)[1]
        if each["kind"] == "growth"
    }


def lines() -> list[dict[str, Any]]:
    return [json.loads(line) for line in FILE.read_text("utf-8").splitlines() if line]


def params() -> dict[str, int]:
    """What the baseline has of each model, in its order."""
    return {line["model"]: line["params"] for line in lines()}


# --- the file ---------------------------------------------------------------------------------------------------------


def test_it_has_a_line_a_model_sorted_by_path_with_all_figures(run: Run, put: Put) -> None:
    put(b=20, a=10, sub__c=30)
    update(run)
    text = FILE.read_text("utf-8")
    assert text.endswith("}\n")
    assert [(line["path"], line["model"]) for line in lines()] == [
        ("configs/a.yaml", "a"),
        ("configs/b.yaml", "b"),
        ("configs/sub/c.yaml", "c"),
    ]
    assert lines()[0] == {
        "path": "configs/a.yaml",
        "model": "a",
        "framework": "keras",
        "params": 100,
        "trainable_params": 100,
        "macs": 90,
        "macs_per_step": 90,
        "flops": 190,
        "flops_per_step": 190,
        "weight_bytes": 400,
        "state_bytes": 0,
    }


def test_it_is_the_same_from_wherever_and_however_it_is_written(run: Run, put: Put, tmp_path: Path) -> None:
    put(a=10, sub__c=30)
    update(run)
    text = FILE.read_bytes()
    for folder, paths in (
        (".", [tmp_path / "configs"]),
        ("configs/sub", []),
        (".", ["configs/sub/../*.yaml", "configs"]),
    ):
        FILE.unlink()
        os.chdir(folder)
        update(run, *paths)
        os.chdir(tmp_path)
        assert FILE.read_bytes() == text


@pytest.mark.parametrize("other", ["b", "c", "d", "z"])
def test_two_branches_that_change_two_models_merge(run: Run, put: Put, other: str) -> None:
    def git(*args: str) -> str:
        given = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
        return subprocess.run(["git", *given, *args], check=True, capture_output=True, text=True).stdout

    os.rmdir(".git")
    git("init", "-q", "-b", "main")
    put(a=10, b=10, c=10, z=10)
    update(run)
    git("add", "-A")
    git("commit", "-qm", "one")
    git("checkout", "-qb", "other")
    put(**{other: 50})  # d is a new one
    update(run)
    git("add", "-A")
    git("commit", "-qm", "other")
    git("checkout", "-q", "main")
    put(a=60)
    update(run)
    git("commit", "-qam", "a")
    git("merge", "-q", "other")
    assert params() == {"a": 600, "b": 100, "c": 100, "z": 100, other: 500}
    assert check(run)[0] == 0
    assert "nothing to change" in update(run)


def test_a_file_without_empty_lines_is_read_too(run: Run, put: Put) -> None:
    put(a=10, b=20)
    update(run)
    text = FILE.read_text("utf-8")
    FILE.write_text(text.replace("\n\n", "\n"), "utf-8")
    assert growth(run) == {("a", None, "params"): (100, 100, 1100, True), ("b", None, "params"): (200, 200, 1200, True)}
    update(run)
    assert FILE.read_text("utf-8") == text


def test_it_is_where_the_project_or_the_command_line_says(run: Run, put: Put) -> None:
    put("include: configs\nbaseline: gate/base.jsonl\n", a=10)
    Path("gate").mkdir()
    update(run)
    assert json.loads(Path("gate/base.jsonl").read_text())["path"] == "../configs/a.yaml"
    os.chdir("configs")
    assert growth(run) == {("a", None, "params"): (100, 100, 1_100, True)}
    update(run, "--baseline", "here.jsonl")
    assert json.loads(Path("here.jsonl").read_text())["path"] == "a.yaml"


def test_without_a_project_file_it_is_in_the_folder_where_one_stands(run: Run, put: Put) -> None:
    put(a=10)
    Path("rnncalc.yaml").unlink()
    update(run, "configs")
    assert params() == {"a": 100}
    put(a=500)
    assert run("check", "configs").status == 1


def test_what_the_update_changes_is_told(run: Run, put: Put) -> None:
    put(a=10, b=20, c=30)
    assert "configs/a.yaml (a): added" in update(run)
    put(a=11, b=None)
    told = update(run)
    assert "configs/a.yaml (a): params 100 -> 110 (+10)" in told
    assert "configs/b.yaml (b): removed" in told
    assert "(c)" not in told
    assert "nothing to change" in update(run)


def test_whatever_an_update_changes_in_a_line_is_told(run: Run, put: Put) -> None:
    put(a=10, b=20)
    update(run)
    before = FILE.read_bytes()
    put(a=spec(10).replace(", steps: 1", ""), b=spec(20).replace("keras", "flax"))
    told = update(run)
    assert FILE.read_bytes() != before
    assert "(a): macs 90 -> none, and 1 more change" in told  # flops: without the steps neither is known
    assert "(b): counted as keras -> flax" in told
    put(a=spec(11, "budget: {params: 109}\n"))
    update(run, status=1)
    put(a=spec(11, "budget: {params: 110}\n"))
    assert "(a): params is no longer over its limit" in update(run)
    put(a=spec(11, "budget: {params: 110, layers: {head: {params: 110}}}\n"))
    assert "(a): head: params none -> 110" in update(run)
    assert "nothing to change" in update(run)


def test_an_update_of_some_paths_leaves_the_rest_as_it_is(run: Run, put: Put) -> None:
    put(a=10, b=20, sub__c=30, sub__d=40)
    update(run)
    put(a=11, b=21, sub__c=31, sub__d=None)
    update(run, "configs/sub")
    assert params() == {"a": 100, "b": 200, "c": 310}
    update(run, "configs/a.yaml")
    assert params() == {"a": 110, "b": 200, "c": 310}


def test_models_of_a_file_that_have_another_name_now_are_taken_out(run: Run, put: Put) -> None:
    put(a=spec(10, "name: x\n") + "---\n" + spec(20, "name: y\n"))
    update(run)
    assert params() == {"x": 100, "y": 200}
    put(a=spec(10, "name: x\n"))
    update(run, "configs/a.yaml")
    assert params() == {"x": 100}


def test_a_bad_spec_keeps_its_line_and_the_others_are_updated(run: Run, put: Put) -> None:
    put(a=10, b=20, c=30)
    update(run)
    put(a="layers: 3\n", b=21, c=None)
    update(run, status=2)
    assert params() == {"a": 100, "b": 210, "c": 300}  # what is gone cannot be told from what could not be read


def test_standard_input_has_no_baseline(run: Run, put: Put) -> None:
    put(a=10)
    update(run)
    found = run("check", "-", "--update-baseline", "--max-params", "1M", input=spec(99).encode())
    assert found.status == 0
    assert params() == {"a": 100}
    assert "nothing of it goes into a baseline" in found.err


def test_what_if_is_not_what_is(run: Run, put: Put) -> None:
    put(a=10)
    status, _, err = run("check", "--update-baseline", "--set", "head.units=3")
    assert status == 2
    assert "--set" in err
    assert not FILE.exists()


def test_names_that_would_play_with_a_terminal_are_escaped(run: Run, put: Put) -> None:
    put(a=spec(10, 'name: "x\\u202Ey\\u200B\\n"\n'))
    update(run)
    text = FILE.read_text("utf-8")
    assert text.rstrip("\n").isprintable()
    assert lines()[0]["model"] == "x\u202ey\u200b\n"
    assert check(run)[0] == 0


# --- growth -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "now", "passed"),
    [
        (1_000, 1_050, True),  # 5 % of 10,000 are 500
        (1_000, 1_100, True),  # and 1,000 are the floor
        (1_000, 1_101, False),
        (4_000, 4_200, True),  # 5 % of 40,000 are 2,000, more than the floor
        (4_000, 4_201, False),
        (1, 101, True),  # a hundred times as large, and still small
        (1, 102, False),
        (1_000, 1, True),
    ],
)
def test_growth_fails_above_both_the_share_and_the_floor(run: Run, put: Put, base: int, now: int, passed: bool) -> None:
    put(a=base)
    update(run)
    put(a=now)
    limit = 10 * base + max(10 * base // 20, 1_000)
    assert growth(run) == {("a", None, "params"): (10 * base, 10 * now, limit, passed)}
    assert check(run)[0] == (0 if passed else 1)


def test_the_project_says_how_far_which_figure_may_grow(run: Run, put: Put) -> None:
    text = """
include: configs
growth:
  macs: {percent: 10, floor: 0}
  weight_bytes: {percent: 2.5, floor: 1KiB}
  layers:
    "h*": {params: {percent: 0, floor: 10}}
"""
    put(text, a=100)
    update(run)
    put(a=102)
    assert growth(run) == {
        ("a", None, "macs"): (900, 918, 990, True),
        ("a", None, "weight_bytes"): (4_000, 4_080, 5_024, True),
        ("a", "head", "params"): (1_000, 1_020, 1_010, False),
    }


def test_flags_stand_in_the_place_of_what_the_project_says(run: Run, put: Put) -> None:
    put("include: configs\ngrowth: {params: {percent: 50, floor: 7}}\n", a=100)
    update(run)
    assert growth(run, "--max-growth", "10%") == {("a", None, "params"): (1_000, 1_000, 1_100, True)}
    assert growth(run, "--growth-floor", "2k") == {("a", None, "params"): (1_000, 1_000, 3_000, True)}
    assert growth(run, "--max-growth", "macs=1", "--growth-floor", "macs=3") == {
        ("a", None, "params"): (1_000, 1_000, 1_500, True),
        ("a", None, "macs"): (900, 900, 909, True),
    }


@pytest.mark.parametrize(
    ("flag", "value", "told"),
    [
        ("--max-growth", "x", "'x' is not a percentage"),
        ("--max-growth", "-1", "'-1' is not a percentage"),
        ("--max-growth", "parms=5", "unknown metric `parms`; did you mean `params`?"),
        ("--growth-floor", "macs=1MiB", "'1MiB' is not a size"),
        ("--growth-floor", "", "'' is not a size"),
    ],
)
def test_a_flag_that_says_no_growth_is_bad_usage(run: Run, put: Put, flag: str, value: str, told: str) -> None:
    put(a=10)
    status, out, err = run("check", flag, value)
    assert (status, out) == (2, "")
    assert told in err


def test_slow_drift_adds_up_since_the_base_stays(run: Run, put: Put) -> None:
    put(a=1_000)
    update(run)
    put(a=1_090)
    assert check(run)[0] == 0
    put(a=1_180)
    assert check(run)[0] == 1


def test_a_failure_tells_the_growth_what_would_fit_and_the_line_of_the_base(run: Run, put: Put) -> None:
    put(a=10, b=4_000)
    update(run)
    put(b=4_400)
    out = " ".join(run("check").out.split())
    assert (
        "configs/b.yaml (b): params 44,000 grew by 4,000 (10.0 %) from 40,000, which is more than 5 % (2,000) and more "
        "than 1,000; the largest units of head that fits is 4,200 (now 4,400); `rnncalc check --update-baseline` "
        "accepts it; the base is rnncalc-baseline.jsonl:3:1"
    ) in out
    (made,) = [each for each in check(run)[1] if not each["passed"]]
    assert (made["kind"], made["level"], made["base"]) == ("growth", "error", 40_000)
    assert (made["path"], made["line"], made["column"]) == ("rnncalc-baseline.jsonl", 3, 1)
    assert made["origin"]["line"] == 3
    update(run)
    assert check(run)[0] == 0


@pytest.mark.parametrize(
    ("base", "now", "share", "told"),
    [
        (100_000, 105_001, "5", "5.001"),
        (10**12, 105 * 10**10 + 1, "5", "5.0000000001"),
        (1_000, 1_026, "2.5", "2.6"),
        (3, 4, "5", "33.3"),
        (1_000, 1_050, "5", "5.0"),
    ],
)
def test_a_share_that_would_read_like_the_limit_shows_more_digits(base: int, now: int, share: str, told: str) -> None:
    assert grown(now, base, percent(share)) == told


def test_a_base_of_nothing_has_no_share(run: Run, put: Put) -> None:
    put(a="framework: keras\ninput: {depth: 9}\nlayers: [dropout: 0.5]\n")
    update(run)
    put(a=101)
    (made,) = [each for each in check(run)[1] if not each["passed"]]
    assert "params 1,010 grew by 1,010 from 0, which is more than 5 % (0) and more than 1,000" in made["message"]


def test_another_framework_than_that_of_the_base_is_said(run: Run, put: Put) -> None:
    put(a=10)
    update(run)
    put(a=spec(500).replace("keras", "pytorch"))
    (made,) = [each for each in check(run)[1] if not each["passed"]]
    assert made["message"].endswith("; it was counted as keras then")


def test_a_figure_that_is_not_known_any_more_is_an_error(run: Run, put: Put) -> None:
    put("include: configs\ngrowth: {macs: {percent: 5, floor: 1}}\n", a=10)
    update(run)
    put(a=spec(10).replace(", steps: 1", ""))
    found = run("check")
    assert found.status == 2
    assert "macs is unknown" in found.err


@pytest.mark.parametrize("form", ["github", "gitlab", "junit", "sarif", "markdown", "csv"])
def test_every_format_tells_of_growth_and_of_an_exception_that_ended(
    run: Run, put: Put, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    put(a=10, b=10)
    update(run)
    put(PROJECT, a=10, b=500)
    monkeypatch.setenv(DAY, str(LAST + 1))
    status, out, _ = run("check", "-f", form)
    assert status == 1
    assert "grew" in out
    assert "an exception ended on 2026-12-31" in out.replace("\\", "")


# --- the absolute limit beside it -------------------------------------------------------------------------------------

OVER = "budget: {params: 150}\n"


def test_the_absolute_limit_holds_beside_that_of_growth(run: Run, put: Put) -> None:
    put(a=spec(10, OVER))
    update(run)
    put(a=spec(16, OVER))
    status, found, _ = check(run)
    assert status == 1
    assert [(each["kind"], each["passed"]) for each in found] == [("budget", False), ("growth", True)]


def test_a_base_that_is_above_its_limit_fails_no_change_that_does_not_make_it_worse(run: Run, put: Put) -> None:
    put(a=spec(20, OVER))
    update(run)  # the first baseline takes what there is
    for units in (20, 17):
        put(a=spec(units, OVER))
        status, found, _ = check(run)
        made = found[0]
        assert (status, made["passed"], made["level"], made["base"]) == (0, False, "warning", 200)
        assert made["message"].endswith(", as its base of 200 is already")
    assert "warn" in run("check").out
    put(a=spec(21, OVER))
    status, found, _ = check(run)
    assert (status, found[0]["level"]) == (1, "error")


def test_the_same_holds_for_a_layer(run: Run, put: Put) -> None:
    more = "budget: {layers: {head: {params: 150}}}\n"
    put(a=spec(20, more))
    update(run)
    assert lines()[0]["layers"] == {"head": {"params": 200}}
    assert check(run)[0] == 0
    put(a=spec(21, more))
    assert check(run)[0] == 1


def test_a_limit_that_is_lowered_below_the_base_fails_nothing_that_stays(run: Run, put: Put) -> None:
    put(a=spec(20, "budget: {params: 1k}\n"))
    update(run)
    put(a=spec(20, OVER))
    assert check(run)[0] == 0
    update(run)  # and so it stays
    assert "over" not in lines()[0]
    assert check(run)[0] == 0


def test_to_accept_growth_is_not_to_accept_a_broken_limit(run: Run, put: Put) -> None:
    put(a=spec(10, OVER), b=10)
    update(run)
    put(a=spec(20, OVER), b=11)
    update(run, status=1)  # the limit fails, and the baseline is written all the same
    assert params() == {"a": 200, "b": 110}
    assert lines()[0]["over"] == {"params": 200}
    assert check(run)[0] == 1
    update(run, status=1)  # however often
    assert check(run)[0] == 1
    put(a=spec(20, "budget: {params: 200}\n"))
    update(run)
    assert "over" not in lines()[0]


def test_a_new_model_above_its_limit_fails(run: Run, put: Put) -> None:
    put(a=10)
    update(run)
    put(b=spec(20, OVER))
    update(run, status=1)
    assert check(run)[0] == 1


def test_a_pinned_figure_is_no_matter_of_the_base(run: Run, put: Put) -> None:
    put(a=spec(20, "expect: {params: 150}\n"))
    update(run, status=1)
    assert check(run)[0] == 1


# --- smaller, new, moved and gone -------------------------------------------------------------------------------------


def test_tighten_lowers_the_base_and_raises_nothing(run: Run, put: Put) -> None:
    put(a=1_000, b=1_000, c=1_000)
    update(run)
    put(a=900, b=1_050, c=None, d=10)
    status, _, err = run("check", "--tighten")
    assert status == 0
    assert "configs/a.yaml (a): params 10,000 -> 9,000 (-1,000)" in err
    assert params() == {"a": 9_000, "b": 10_000, "c": 10_000}
    put(a=1_001)
    assert check(run)[0] == 1


def test_tighten_needs_a_baseline(run: Run, put: Put) -> None:
    put(a=10)
    status, _, err = run("check", "--tighten")
    assert status == 2
    assert "there is no baseline rnncalc-baseline.jsonl; `rnncalc check --update-baseline` writes it" in err
    assert not FILE.exists()


def test_to_update_and_to_tighten_is_bad_usage(run: Run, put: Put) -> None:
    put(a=10)
    assert "contradicts" in run("check", "--tighten", "--update-baseline").err


def test_what_is_new_and_what_is_gone_is_a_note(run: Run, put: Put) -> None:
    put(a=10, b=20)
    update(run)
    put(b=None, c=3_000)
    status, _, err = check(run)
    assert status == 0
    assert "not in the baseline yet: c" in err
    assert "in the baseline, but gone: configs/b.yaml (b)" in err
    assert "gone" not in check(run, "configs/a.yaml")[2]


def test_a_model_whose_file_was_moved_keeps_its_base(run: Run, put: Put) -> None:
    put(a=spec(1_000, "name: net\n"))
    update(run)
    put(a=None, sub__b=spec(1_200, "name: net\n"))
    assert growth(run) == {("net", None, "params"): (10_000, 12_000, 11_000, False)}
    update(run)
    assert [line["path"] for line in lines()] == ["configs/sub/b.yaml"]


def test_a_model_that_is_renamed_and_otherwise_the_same_keeps_its_base(run: Run, put: Put) -> None:
    put(a=spec(20, OVER), c=30)
    update(run)
    put(a=None, b=spec(20, OVER))
    assert check(run)[0] == 0
    update(run)
    assert "over" not in lines()[0]
    assert params() == {"b": 200, "c": 300}


def test_a_model_with_another_name_in_the_same_file_keeps_its_base(run: Run, put: Put) -> None:
    put(a=spec(20, f"name: x\n{OVER}") + "---\n" + spec(30, "name: y\n"))
    update(run)
    put(a=spec(20, f"name: z\n{OVER}") + "---\n" + spec(30, "name: y\n"))
    status, _, err = check(run)
    assert status == 0
    assert "gone" not in err
    assert "not in the baseline" not in err
    update(run)
    assert "over" not in lines()[0]
    assert params() == {"y": 300, "z": 200}


def test_a_copy_beside_the_model_is_new(run: Run, put: Put) -> None:
    put(a=spec(20, f"name: x\n{OVER}"))
    update(run)
    put(a=spec(20, f"name: x\n{OVER}") + "---\n" + spec(20, f"name: y\n{OVER}"))
    status, _, err = check(run)
    assert status == 1
    assert "not in the baseline yet: y" in err


def test_a_figure_without_a_base_is_a_note(run: Run, put: Put) -> None:
    put(a=10, b=20)
    update(run)
    rule = "{params: {percent: 5, floor: 1}}"
    put(f"include: configs\ngrowth: {rule[:-1]}, layers: {{'h*': {rule}}}}}\n")
    status, found, err = check(run)
    assert (status, len(found)) == (0, 2)
    assert "without a base yet: head: params of a, head: params of b; `rnncalc check --update-baseline` adds" in err
    update(run)
    status, found, err = check(run)
    assert (status, len(found), err) == (0, 4, "")


# --- a baseline that is missing or bad --------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["baseline: x.jsonl\n", "growth: {params: {percent: 5, floor: 1}}\n"])
def test_a_baseline_that_is_counted_on_must_be_there(run: Run, put: Put, text: str) -> None:
    put(f"include: configs\n{text}", a=spec(10, "budget: {params: 1k}\n"))
    status, found, err = check(run)
    assert (status, len(found)) == (2, 1)
    assert "rnncalc.yaml:2:1: there is no baseline" in err
    assert text in err
    update(run)
    assert check(run)[0] == 0


def test_a_baseline_that_is_named_must_be_there(run: Run, put: Put) -> None:
    put(a=10)
    assert check(run, "--baseline", "none.jsonl")[0] == 2


@pytest.mark.parametrize("flag", ["--max-growth", "--growth-floor"])
def test_growth_that_a_flag_limits_needs_a_baseline(run: Run, put: Put, flag: str) -> None:
    put(a=spec(10, "budget: {params: 1k}\n"))
    status, _, err = check(run, flag, "5")
    assert status == 2
    assert err.startswith("error: there is no baseline rnncalc-baseline.jsonl")


def test_a_baseline_that_cannot_be_read_is_told_in_every_format(run: Run, put: Put) -> None:
    put(a=10)
    FILE.mkdir()
    for args in ((), ("--update-baseline",)):
        status, out, err = run("check", "-f", "json", *args)
        assert status == 2
        assert json.loads(out)["errors"][0]["message"] == "cannot be read: Is a directory"
        assert "error: rnncalc-baseline.jsonl: cannot be read" in err


CONFLICT = """{before}
<<<<<<< HEAD
{ours}
||||||| base
{base}
=======
{theirs}
>>>>>>> other
"""


def conflict(run: Run, put: Put) -> None:
    """A baseline in which two branches have changed one line."""
    texts = []
    put(a=10)
    for units in (20, 30, 10):
        put(b=units)
        update(run)
        texts.append(FILE.read_text("utf-8").split("\n\n"))
    ours, theirs, base = texts
    FILE.write_text(CONFLICT.format(before=base[0], ours=ours[1], theirs=theirs[1], base=base[1]), "utf-8")


def test_a_merge_that_is_not_settled_is_told_at_its_line(run: Run, put: Put) -> None:
    conflict(run, put)
    found = json.loads(run("check", "-f", "json").out)
    assert found["passed"] is False
    problem = found["errors"][0]
    assert (problem["path"], problem["line"], problem["column"]) == (str(FILE), 2, 1)
    assert problem["message"] == "a merge that is not settled; `rnncalc check --update-baseline` writes it anew"


def test_an_update_settles_a_merge_of_the_models_that_it_is_about(run: Run, put: Put) -> None:
    conflict(run, put)
    text = FILE.read_text("utf-8")
    update(run, "configs/a.yaml", status=2)
    assert FILE.read_text("utf-8") == text
    put(b=50)
    update(run)
    assert params() == {"a": 100, "b": 500}


def test_one_model_twice_is_told(run: Run, put: Put) -> None:
    put(a=10)
    update(run)
    line = FILE.read_text("utf-8")
    FILE.write_text(line + line, "utf-8")
    assert check(run)[0] == 0  # as a union of two equal branches has it
    FILE.write_text(line + line.replace("100", "200"), "utf-8")
    found = json.loads(run("check", "-f", "json").out)["errors"]
    assert [(each["line"], each["message"]) for each in found] == [
        (2, f"`configs/a.yaml` (`a`) stands here twice, first in line 1; {ANEW}")
    ]


HEAD = '{"path": "p", "model": "m", "framework": "keras"'


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not a line of a baseline"),
        ("[]", "not a line of a baseline"),
        ("7", "not a line of a baseline"),
        ("\udcff\x00", "not a line of a baseline"),
        ("[" * 100_000, "not a line of a baseline"),
        ("9" * 5_000, "not a line of a baseline"),
        ('{"model": "m"}', "`path` is missing"),
        ('{"path": 3}', "`path` is no text"),
        (f'{HEAD}, "parms": 3}}', "unknown key `parms`; did you mean `params`?"),
        (f'{HEAD}, "params": "3"}}', "`params` is no whole number"),
        (f'{HEAD}, "params": -3}}', "`params` is no whole number"),
        (f'{HEAD}, "params": true}}', "`params` is no whole number"),
        (f'{HEAD}, "params": 1.5}}', "`params` is no whole number"),
        (f'{HEAD}, "layers": 3}}', "`layers` and `over` hold figures"),
        (f'{HEAD}, "layers": {{"a": 3}}}}', "`layers` and `over` hold figures"),
        (f'{HEAD}, "layers": {{"a": {{"parms": 3}}}}}}', "unknown metric `parms`; did you mean `params`?"),
        (f'{HEAD}, "layers": {{"a": {{"params": -3}}}}}}', "`params` is no whole number"),
        (f'{HEAD}, "over": 3}}', "`layers` and `over` hold figures"),
        (f'{HEAD}, "over": {{"path": 3}}}}', "unknown metric `path`"),
        (f'{HEAD}, "over": {{"layers": {{"a": {{"layers": 3}}}}}}}}', "unknown metric `layers`"),
    ],
)
def test_a_bad_line_is_told_and_nothing_else_happens(run: Run, put: Put, line: str, message: str) -> None:
    put(a=10)
    data = f"\n{line}\n".encode("utf-8", "surrogateescape")
    FILE.write_bytes(data)
    for args in ((), ("--update-baseline",), ("--tighten",)):
        status, out, err = run("check", "-f", "json", *args)
        (problem,) = json.loads(out)["errors"]
        assert (status, problem["line"]) == (2, 2)
        assert message in problem["message"]
        assert "rnncalc-baseline.jsonl:2:1" in err
        assert FILE.read_bytes() == data


def test_ends_of_lines_and_empty_lines_do_not_matter(run: Run, put: Put) -> None:
    put(a=10, b=20)
    update(run)
    data = FILE.read_bytes()
    FILE.write_bytes(b"\r\n" + data.replace(b"\n", b"\r\n\n"))
    assert check(run)[0] == 0
    assert len(load(str(FILE)).bases) == 2


@given(
    st.lists(
        st.builds(
            lambda path, model, figures, over: Base(path, model, "keras", figures, frozenset(figures if over else ())),
            st.text(),
            st.text(),
            st.dictionaries(
                st.tuples(st.none() | st.text(), st.sampled_from(METRICS)), st.integers(0, 10**30), max_size=4
            ),
            st.booleans(),
        ),
        max_size=5,
        unique_by=lambda base: base.key,
    )
)
def test_whatever_is_written_is_read_again(bases: list[Base]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "base.jsonl")
        text = Baseline(str(path), bases).text()
        path.write_bytes(text.encode("utf-8", "backslashreplace"))
        found = load(str(path))
    assert {key: each._replace(line=0) for key, each in found.bases.items()} == {each.key: each for each in bases}
    assert found.text() == text


LINE = b"""{"path": "p", "model": "m", "framework": "keras", "params": 3, "layers": {"a": {"params": 3}},
 "over": {"params": 3}}""".replace(b"\n", b"")


@given(st.lists(st.tuples(st.integers(0, len(LINE)), st.integers(0, 9), st.binary(max_size=6)), min_size=1, max_size=4))
def test_a_damaged_line_is_told_or_read_and_never_breaks_the_reader(damages: list[tuple[int, int, bytes]]) -> None:
    data = LINE
    for place, length, new in damages:
        data = data[:place] + new + data[place + length :]
    with TemporaryDirectory() as folder:
        path = Path(folder, "base.jsonl")
        path.write_bytes(data)
        with suppress(SpecError):
            found = load(str(path))
            assert all(value >= 0 for base in found.bases.values() for value in base.figures.values())


# --- two at once, and a kill ------------------------------------------------------------------------------------------

COMMAND = [sys.executable, "-m", "rnncalc", "check", "-q", "--update-baseline"]


def test_two_updates_at_once_lose_nothing(run: Run, put: Put) -> None:
    names = [f"m{n}" for n in range(8)]
    put(**dict.fromkeys(names, 10))
    started = [subprocess.Popen([*COMMAND, f"configs/{name}.yaml"], stdout=subprocess.DEVNULL) for name in names]
    assert [each.wait() for each in started] == [0] * len(names)
    assert params() == dict.fromkeys(names, 100)


def test_a_kill_while_it_is_written_leaves_the_old_file(run: Run, put: Put) -> None:
    put(a=10)
    update(run)
    data = FILE.read_bytes()
    put(a=20)
    code = (
        "import os, sys; sys.argv = ['rnncalc', 'check', '--update-baseline']; from rnncalc.cli import main\n"
        "os.replace = lambda *paths: os.kill(os.getpid(), 9)\n"
        "main()"
    )
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL).returncode == -9
    assert FILE.read_bytes() == data
    update(run)
    assert params() == {"a": 200}


def test_a_link_is_followed_and_the_mode_is_kept(run: Run, put: Put) -> None:
    put(a=10)
    Path("real.jsonl").touch(0o640)
    Path("real.jsonl").chmod(0o640)
    FILE.symlink_to("real.jsonl")
    update(run)
    assert FILE.is_symlink()
    assert Path("real.jsonl").stat().st_mode & 0o777 == 0o640
    assert params() == {"a": 100}


# --- exceptions -------------------------------------------------------------------------------------------------------

PROJECT = """
include: configs
budget: {params: 150}
exceptions:
  - {model: a, metric: params, until: 2026-12-31, reason: the new head}
"""
LAST = 1_798_675_200 + 86_399  # the last second of 2026-12-31, UTC


def excepted(run: Run, monkeypatch: pytest.MonkeyPatch, seconds: int) -> tuple[int, list[dict[str, Any]]]:
    monkeypatch.setenv(DAY, str(seconds))
    return check(run)[:2]


def test_an_exception_holds_to_the_end_of_its_day_and_then_fails(
    run: Run, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(PROJECT, a=20)
    status, (made,) = excepted(run, monkeypatch, LAST)
    assert (status, made["passed"], made["level"]) == (0, False, "warning")
    assert made["message"].endswith("; excepted to the end of 2026-12-31: the new head")
    status, (made,) = excepted(run, monkeypatch, LAST + 1)
    assert (status, made["passed"], made["level"]) == (1, False, "error")
    assert made["message"].endswith("; the exception for it ended on 2026-12-31")


def test_an_exception_that_has_ended_fails_where_it_is_not_needed_too(
    run: Run, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(PROJECT, a=10)
    assert excepted(run, monkeypatch, LAST)[0] == 0
    status, found = excepted(run, monkeypatch, LAST + 1)
    assert status == 1
    made = found[1]
    assert (made["kind"], made["passed"], made["level"]) == ("exception", False, "error")
    assert made["message"] == "params 100: an exception ended on 2026-12-31 and is not needed any more"
    assert (made["path"], made["line"]) == ("rnncalc.yaml", 5)
    out = " ".join(run("check").out.split())
    assert "remove it; the exception is rnncalc.yaml:5:5" in out


@pytest.mark.parametrize("layer", ["", "layer: head, "])
def test_an_exception_that_has_ended_fails_where_nothing_limits_its_figure(
    run: Run, put: Put, monkeypatch: pytest.MonkeyPatch, layer: str
) -> None:
    put(PROJECT.replace("metric: params", f"{layer}metric: weight_bytes"), a=10)
    assert excepted(run, monkeypatch, LAST)[0] == 0
    status, found = excepted(run, monkeypatch, LAST + 1)
    assert status == 1
    assert (found[1]["kind"], found[1]["layer"], found[1]["actual"]) == ("exception", "head" if layer else None, 400)
    assert found[1]["origin"]["line"] == 3


def test_an_exception_that_is_not_needed_is_a_note(run: Run, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    put(PROJECT, a=10)
    monkeypatch.setenv(DAY, str(LAST))
    assert "rnncalc.yaml:5:5: a keeps its limits without this exception" in check(run)[2]


def test_an_exception_is_of_one_figure_of_one_model(run: Run, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    put(PROJECT.replace("{params: 150}", "{params: 150, macs: 5, layers: {head: {params: 150}}}"), a=20, b=20)
    status, found = excepted(run, monkeypatch, LAST)
    assert status == 1
    assert [(each["model"], each["layer"], each["metric"]) for each in found if each["level"] == "warning"] == [
        ("a", None, "params")
    ]


def test_an_exception_can_be_of_layers_models_and_paths_by_pattern(
    run: Run, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = """
include: configs
budget: {layers: {head: {params: 150}}}
exceptions:
  - {model: "*", path: "configs/sub/*", layer: "h*", metric: params, until: 2026-12-31, reason: x}
"""
    put(text, a=20, sub__b=20, sub__c=20)
    found = excepted(run, monkeypatch, LAST)[1]
    assert [each["level"] for each in found] == ["error", "warning", "warning"]


def test_an_exception_can_have_an_end_of_its_own(run: Run, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    put(PROJECT.replace("reason", "limit: 180, reason"), a=18)
    assert excepted(run, monkeypatch, LAST)[0] == 0
    put(a=19)
    status, (made,) = excepted(run, monkeypatch, LAST)
    assert status == 1
    assert made["message"].endswith("; the exception for it ends at 180")


def test_an_exception_is_of_growth_too(run: Run, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    put(PROJECT.replace("budget: {params: 150}", ""), a=10)
    update(run)
    put(a=500)
    assert excepted(run, monkeypatch, LAST)[0] == 0
    assert excepted(run, monkeypatch, LAST + 1)[0] == 1


def test_what_is_excepted_is_not_accepted_by_an_update(run: Run, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    put(PROJECT, b=1)
    monkeypatch.setenv(DAY, str(LAST))
    run("check", "--update-baseline", "configs/b.yaml")
    put(a=20)
    update(run)
    assert excepted(run, monkeypatch, LAST)[0] == 0
    assert excepted(run, monkeypatch, LAST + 1)[0] == 1


def test_an_exception_of_a_model_that_there_is_not_is_an_error_at_its_line(
    run: Run, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DAY, str(LAST))
    put(PROJECT.replace("model: a", "model: nat"), net=10)
    (problem,) = json.loads(run("check", "-f", "json").out)["errors"]
    assert problem["message"] == "no model is named `nat`; did you mean `net`?"
    assert (problem["line"], problem["column"]) == (5, 13)


@pytest.mark.parametrize("given", ["x", "1.5", "9" * 30])
def test_a_day_that_is_none_is_bad_usage(run: Run, put: Put, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    put(PROJECT, a=10)
    monkeypatch.setenv(DAY, given)
    status, _, err = run("check")
    assert status == 2
    assert DAY in err


def test_without_the_variable_it_is_today(run: Run, put: Put) -> None:
    put(PROJECT.replace("2026-12-31", "2020-01-01"), a=20)
    assert check(run)[0] == 1
    put(PROJECT.replace("2026-12-31", "9999-12-31"), a=20)
    assert check(run)[0] == 0
