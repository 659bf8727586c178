"""The project file: where it is found, what it sets, which models it means, and how a mistake in it is told."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncalc.errors import SpecError
from rnncalc.gate.project import Project, load

pytestmark = pytest.mark.usefixtures("project_schema_agrees")

Run = Callable[..., Any]

LSTM = "input: {depth: 10}\nlayers: [lstm: 128]\n"
PARAMS = {"tensorflow1": 71_168, "keras": 71_168, "pytorch": 71_680}  # as the frameworks allocate it


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Write files, by their path with `__` for a slash, and stay in their folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()  # nothing above counts

    def call(**files: str) -> Path:
        for name, text in files.items():
            path = tmp_path / f"{name.replace('__', '/')}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return tmp_path

    return call


def models(run: Run, *args: object) -> dict[str, dict[str, Any]]:
    """The models of `report`, by name."""
    status, out, err = run("report", *args, "-f", "json")
    assert (status, "error" in err) == (0, False), err
    return {each["name"]: each for each in json.loads(out)["models"]}


def checks(run: Run, *args: object) -> set[tuple[Any, ...]]:
    """(model, layer, metric, limit, passed) of each check."""
    found = json.loads(run("check", *args, "-f", "json").out)
    assert found["errors"] == []
    keys = ("model", "layer", "metric", "limit", "passed")
    return {tuple(each[key] for key in keys) for each in found["checks"]}


# --- where it is found ------------------------------------------------------------------------------------------------


def test_it_is_found_in_the_folder_and_in_those_above(run: Run, write: Callable[..., Path]) -> None:
    write(rnncalc="framework: pytorch\n", a__b__net=LSTM)
    for folder in ("a", "b"):
        os.chdir(folder)
        assert models(run, ".")["net"]["framework"] == "pytorch"


def test_the_nearest_one_counts_alone(run: Run, write: Callable[..., Path]) -> None:
    write(rnncalc="framework: pytorch\ndtype: int8\n", sub__rnncalc="framework: keras\n", sub__net=LSTM)
    os.chdir("sub")
    found = models(run)["net"]
    assert (found["framework"], found["weight_bytes"]) == ("keras", 4 * PARAMS["keras"])


def test_it_is_not_looked_for_beyond_the_repository(run: Run, write: Callable[..., Path]) -> None:
    write(rnncalc="framework: pytorch\n", inner__net=LSTM)
    Path("inner/.git").touch()  # a file, as in a work tree
    os.chdir("inner")
    assert models(run, ".")["net"]["framework"] == "tensorflow1"


def test_another_one_can_be_named(run: Run, write: Callable[..., Path]) -> None:
    write(rnncalc="framework: pytorch\n", net=LSTM, other__p="framework: keras\ninclude: ../net.yaml\n")
    assert models(run, "--project", "other/p.yaml")["net"]["framework"] == "keras"


def test_it_can_be_left_out(run: Run, write: Callable[..., Path]) -> None:
    write(rnncalc="framework: pytorch\n", net=LSTM)
    assert models(run, ".", "--no-project")["net"]["framework"] == "tensorflow1"
    assert run("report", "--no-project").status == 2


def test_one_that_is_named_must_be_there(run: Run, write: Callable[..., Path]) -> None:
    write(net=LSTM)
    status, _, err = run("report", "--project", "none.yaml")
    assert status == 2
    assert "none.yaml: cannot be read: No such file" in err


def test_to_name_one_and_to_want_none_is_bad_usage(run: Run, write: Callable[..., Path]) -> None:
    write(rnncalc="")
    assert "contradicts" in run("report", "--project", "rnncalc.yaml", "--no-project").err


def test_without_paths_and_without_a_project_file_there_is_nothing_to_do(run: Run, write: Callable[..., Path]) -> None:
    write(net=LSTM)
    status, out, err = run("check")
    assert (status, out) == (2, "")
    assert "rnncalc.yaml" in err


def test_a_folder_that_is_gone_has_no_project_file(run: Run, write: Callable[..., Path]) -> None:
    root = write(net=LSTM)
    (root / "gone").mkdir()
    os.chdir("gone")
    (root / "gone").rmdir()
    assert run("lstm", "--input-depth", 10, "--units", 128, "-f", "json").status == 0


# --- which models -----------------------------------------------------------------------------------------------------


def test_check_and_report_take_what_it_includes(run: Run, write: Callable[..., Path]) -> None:
    write(rnncalc="include: [models, 'more/*/x.yaml']\n", models__a=LSTM, more__b__x=LSTM, other__c=LSTM)
    assert set(models(run)) == {"a", "x"}
    assert {each[0] for each in checks(run, "--max-params", "1M")} == {"a", "x"}


def test_without_include_it_means_all_below_its_folder(run: Run, write: Callable[..., Path]) -> None:
    write(rnncalc="framework: keras\n", a=LSTM, sub__b=LSTM)
    assert set(models(run)) == {"a", "b"}
    os.chdir("sub")
    assert set(models(run)) == {"a", "b"}


def test_paths_of_the_command_line_stand_in_the_place_of_include(run: Run, write: Callable[..., Path]) -> None:
    write(rnncalc="include: models\n", models__a=LSTM, other__c=LSTM)
    assert set(models(run, "other")) == {"c"}


@pytest.mark.parametrize(
    "pattern",
    ["models/old", "models/old/", "old", "./models/old", "models/o*", "c.yaml", "models/*/c.yaml", "**/c.yaml"],
)
def test_what_it_excludes_is_left_out(run: Run, write: Callable[..., Path], pattern: str) -> None:
    write(rnncalc=f"exclude: ['{pattern}']\n", models__a=LSTM, models__old__c=LSTM)
    assert set(models(run)) == {"a"}
    os.chdir("models")
    assert set(models(run)) == {"a"}
    assert set(models(run, ".")) == {"a"}
    assert set(models(run, "old/c.yaml")) == {"c"}  # who names a file means it


def test_a_folder_with_the_signs_of_a_pattern_in_its_name_is_a_folder(run: Run, write: Callable[..., Path]) -> None:
    write(**{"a[b]__rnncalc": "include: ['*.yaml']\n", "a[b]__net": LSTM, "a[b]__sub__x": LSTM})
    os.chdir("a[b]/sub")
    assert set(models(run)) == {"net"}


def test_the_project_file_is_no_spec_and_no_reason_for_a_note(run: Run, write: Callable[..., Path]) -> None:
    write(rnncalc="budget: {layers: {lstm: {params: 1M}}}\n", net=LSTM)
    status, _, err = run("check")
    assert (status, err) == (0, "")


# --- what it sets -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["count", "report"])
def test_it_sets_framework_and_dtype(run: Run, write: Callable[..., Path], command: str) -> None:
    write(rnncalc="framework: torch\ndtype: float16\n", net=LSTM)
    (found,) = json.loads(run(command, ".", "-f", "json").out)["models"]
    assert (found["framework"], found["params"]["total"]) == ("pytorch", PARAMS["pytorch"])
    assert found["weight_bytes"] == 2 * PARAMS["pytorch"]


def test_it_sets_them_for_a_cell_too(run: Run, write: Callable[..., Path]) -> None:
    write(rnncalc="framework: pytorch\ndtype: int8\n")
    found = json.loads(run("lstm", "--input-depth", 10, "--units", 128, "-f", "json").out)
    assert (found["framework"], found["weight_bytes"]) == ("pytorch", PARAMS["pytorch"])


def test_a_spec_goes_before_it(run: Run, write: Callable[..., Path]) -> None:
    write(rnncalc="framework: pytorch\ndtype: int8\n", net=f"framework: keras\ndtype: float32\n{LSTM}")
    found = models(run)["net"]
    assert (found["framework"], found["weight_bytes"]) == ("keras", 4 * PARAMS["keras"])


def test_a_flag_goes_before_all_and_the_environment_before_the_project(
    run: Run, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(rnncalc="framework: pytorch\n", net=LSTM, own=f"framework: haiku\n{LSTM}")
    monkeypatch.setenv("RNNCALC_FRAMEWORK", "keras")
    assert {name: each["framework"] for name, each in models(run).items()} == {"net": "keras", "own": "haiku"}
    found = models(run, "-F", "onnx")
    assert {name: each["framework"] for name, each in found.items()} == {"net": "onnx", "own": "onnx"}
    cell = ("lstm", "--input-depth", 10, "--units", 128, "-f", "json")
    assert json.loads(run(*cell).out)["framework"] == "keras"
    assert json.loads(run(*cell, "-F", "onnx").out)["framework"] == "onnx"


# --- limits for all models --------------------------------------------------------------------------------------------


def test_its_budget_holds_for_every_model_beside_their_own(run: Run, write: Callable[..., Path]) -> None:
    write(rnncalc="budget: {params: 70k}\n", a=LSTM, b=f"{LSTM}budget: {{params: 1M}}\n")
    assert checks(run) == {
        ("a", None, "params", 70_000, False),
        ("b", None, "params", 70_000, False),
        ("b", None, "params", 1_000_000, True),
    }


def test_a_model_can_have_limits_of_its_own_in_it(run: Run, write: Callable[..., Path]) -> None:
    write(
        rnncalc="""
budget:
  params: 70k
  macs_per_step: 1M
  models:
    big: {params: 90k}
    "b*": {params: 80k, layers: {"*": {params: 60k}}}
""",
        a=LSTM,
        big=LSTM,
        bag=LSTM,
    )
    assert checks(run) == {
        ("a", None, "params", 70_000, False),
        ("a", None, "macs_per_step", 1_000_000, True),
        ("big", None, "params", 90_000, True),
        ("big", None, "macs_per_step", 1_000_000, True),
        ("big", "lstm", "params", 60_000, False),
        ("bag", None, "params", 80_000, True),
        ("bag", None, "macs_per_step", 1_000_000, True),
        ("bag", "lstm", "params", 60_000, False),
    }


def test_its_limits_are_for_layers_by_name_and_pattern_too(run: Run, write: Callable[..., Path]) -> None:
    write(rnncalc='budget: {layers: {"l*": {params: 80k}, head: {params: 1}}}\n', a=LSTM, b="layers: [{weights: 1}]")
    write(b="input: {depth: 3}\nlayers: [{dense: {units: 2, name: head}}]\n")
    assert checks(run) == {("a", "lstm", "params", 80_000, True), ("b", "head", "params", 1, False)}


def test_a_limit_of_the_command_line_stands_in_the_place_of_its(run: Run, write: Callable[..., Path]) -> None:
    write(rnncalc="budget: {params: 70k, state_bytes: 1k}\n", a=LSTM)
    assert checks(run, "--max-params", "80k") == {
        ("a", None, "params", 80_000, True),
        ("a", None, "state_bytes", 1_000, False),  # 4 × (128 + 128)
    }


def test_a_broken_limit_names_the_line_of_the_project_file(run: Run, write: Callable[..., Path]) -> None:
    write(rnncalc="budget:\n  params: 70k\n", a=LSTM)
    out = " ".join(run("check").out.split())
    assert "a.yaml (a): params 71,168 is above the limit of 70,000 (+1,168)" in out
    assert "the limit is rnncalc.yaml:2:11" in out
    (made,) = json.loads(run("check", "-f", "json").out)["checks"]
    assert (made["path"], made["line"], made["column"]) == ("rnncalc.yaml", 2, 11)
    assert made["origin"] == {"path": "./a.yaml", "line": 2, "column": 1}


def test_a_report_says_whether_its_budget_is_kept(run: Run, write: Callable[..., Path]) -> None:
    write(rnncalc="budget: {params: 70k}\n", a=LSTM, b=f"{LSTM}name: b\n".replace("128", "64"))
    rows = [line.split(",") for line in run("report", "-f", "csv").out.splitlines()]
    assert [row[rows[0].index("budget")] for row in rows[1:]] == ["broken", "ok"]


def test_a_limit_of_a_layer_or_model_that_there_is_not_is_an_error_at_its_line(
    run: Run, write: Callable[..., Path]
) -> None:
    write(rnncalc="budget:\n  params: 1M\n  layers: {lstn: {params: 1}}\n  models: {nat: {params: 1}}\n", net=LSTM)
    found = json.loads(run("check", "-f", "json").out)["errors"]
    assert [(each["path"], each["line"], each["column"], each["message"]) for each in found] == [
        ("rnncalc.yaml", 3, 12, "no layer is named `lstn`; did you mean `lstm`?"),
        ("rnncalc.yaml", 4, 12, "no model is named `nat`; did you mean `net`?"),
    ]
    assert run("check", "net.yaml").status == 0  # of a part of the models that cannot be said


# --- mistakes ---------------------------------------------------------------------------------------------------------

MISTAKES = [
    ("inclde: x", 1, 1, "unknown key `inclde`; did you mean `include`?"),
    ("framework: kears", 1, 12, "unknown framework `kears`; did you mean `keras`?"),
    ("framework: 3", 1, 12, "unknown framework 3"),
    ("dtype: float8", 1, 8, "unknown dtype `float8`"),
    ("include: []", 1, 10, "`include` is a list of paths"),
    ("include: {a: 1}", 1, 10, "`include` is a list of paths"),
    ("include: [a, 3]", 1, 14, "3 is not a text"),
    ("exclude: 7", 1, 10, "`exclude` is a list of paths"),
    ("budget: 7", 1, 9, "`budget` holds metrics"),
    ("budget: {parms: 7}", 1, 10, "unknown metric `parms`; did you mean `params`?"),
    ("budget: {params: 1MiB}", 1, 18, "'1MiB' is not a size"),
    ("budget: {params: -1}", 1, 18, "-1 is out of range"),
    ("budget: {layers: 7}", 1, 18, "`layers` holds the limits of each layer"),
    ("budget: {layers: {a: 7}}", 1, 22, "a layer holds metrics"),
    ("budget: {models: 7}", 1, 18, "`models` holds the limits of models"),
    ("budget: {models: {a: {parms: 7}}}", 1, 23, "unknown metric `parms`"),
    ("growth: 7", 1, 9, "`growth` holds metrics"),
    ("growth: {parms: 7}", 1, 10, "unknown metric `parms`"),
    ("growth: {params: 7}", 1, 18, "growth has a share and a floor"),
    ("growth: {params: {percent: 7}}", 1, 18, "growth has a share and a floor"),
    ("growth: {params: {percent: x, floor: 1}}", 1, 28, "'x' is not a percentage"),
    ("growth: {params: {percent: -5, floor: 1}}", 1, 28, "-5 is not a percentage"),
    ("growth: {params: {percent: .nan, floor: 1}}", 1, 28, ".nan is not a percentage"),
    ("growth: {params: {percent: true, floor: 1}}", 1, 28, "true is not a percentage"),
    ("growth: {params: {percent: 5, floor: 1.5}}", 1, 38, "1.5 is not a whole number"),
    ("growth: {params: {percent: 5, floor: 1, flor: 2}}", 1, 41, "unknown key `flor`; did you mean `floor`?"),
    ("growth: {layers: 7}", 1, 18, "`layers` holds the growth of layers"),
    ("growth: {layers: {a: 7}}", 1, 22, "a layer holds metrics"),
    ("baseline: 7", 1, 11, "7 is not a text"),
    ("exceptions: 7", 1, 13, "`exceptions` is a list"),
    ("exceptions: [7]", 1, 14, "an exception is a mapping"),
    ("exceptions: [{model: a, metric: params, until: 2026-12-31}]", 1, 14, "this has no reason"),
    (
        "exceptions: [{model: a, metric: parms, until: 2026-12-31, reason: x}]",
        1,
        33,
        "unknown metric `parms`; did you mean `params`?",
    ),
    (
        "exceptions: [{model: a, metric: params, until: 2026-02-30, reason: x}]",
        1,
        48,
        "'2026-02-30' is not a day; write one such as 2026-12-31",
    ),
    ("exceptions: [{model: a, metric: params, until: soon, reason: x}]", 1, 48, "'soon' is not a day"),
    ("exceptions: [{model: a, metric: params, until: 2026-12-31, reason: 3}]", 1, 68, "`reason` is a text, and not 3"),
    (
        "exceptions: [{model: a, metric: params, until: 2026-12-31, reason: x, layr: b}]",
        1,
        71,
        "unknown key `layr`; did you mean `layer`?",
    ),
    ("exceptions: [{model: a, metric: params, until: 2026-12-31, reason: x, limit: y}]", 1, 78, "'y' is not a size"),
    ("- a", 1, 1, "a project file is a mapping"),
    ("framework: keras\nframework: keras", 2, 1, "stands here twice"),
    ("framework: keras\n---\nframework: keras", 3, 1, "a project file is one document"),
    ("include: [a", 1, 10, "this `[` is not closed"),
    (LSTM, 1, 1, "a model spec, and no project file"),
]


@pytest.mark.parametrize(("text", "line", "column", "message"), MISTAKES)
def test_a_mistake_is_told_at_its_place(
    run: Run, write: Callable[..., Path], text: str, line: int, column: int, message: str
) -> None:
    write(rnncalc=f"{text}\n", net=LSTM)
    status, out, err = run("check", "-f", "json")
    assert status == 2
    found = json.loads(out)
    (problem,) = found["errors"]
    assert (found["passed"], found["checks"]) == (False, [])
    assert problem["path"] == "rnncalc.yaml"
    assert message in problem["message"]
    assert (problem["line"], problem["column"]) == (line, column)
    assert f"error: rnncalc.yaml:{problem['line']}:{problem['column']}: " in err
    assert err.rstrip("\n").endswith("^")


def test_all_mistakes_are_told_at_once(run: Run, write: Callable[..., Path]) -> None:
    write(rnncalc="inclde: x\nframework: kears\nbudget: {parms: 3}\n", net=LSTM)
    assert [each["line"] for each in json.loads(run("report", "-f", "json").out)["errors"]] == [1, 2, 3]


def test_a_bad_project_file_is_told_to_who_counts_a_cell(run: Run, write: Callable[..., Path]) -> None:
    write(rnncalc="framework: kears\n")
    status, _, err = run("lstm", "--input-depth", 10, "--units", 128)
    assert status == 2
    assert "rnncalc.yaml:1:12: unknown framework `kears`" in err


@pytest.mark.parametrize(
    "text", ["", "\n# nothing yet\n", "framework:\nbudget:\n", "x-note: free\ndescription: free\n"]
)
def test_a_project_file_may_say_nothing(run: Run, write: Callable[..., Path], text: str) -> None:
    write(rnncalc=text, net=LSTM)
    assert set(models(run)) == {"net"}


def test_the_output_does_not_replace_the_project_file(run: Run, write: Callable[..., Path]) -> None:
    root = write(rnncalc="framework: keras\n", net=LSTM)
    assert run("report", "-f", "json", "-o", "rnncalc.yaml").status == 2
    assert (root / "rnncalc.yaml").read_text() == "framework: keras\n"


GOOD = b"""include: [configs]
exclude: [old]
framework: keras
dtype: int8
budget: {params: 1k, layers: {"a*": {macs: 2M}}, models: {b: {params: 3}}}
growth: {params: {percent: 2.5, floor: 1k}, layers: {a: {params: {percent: 1, floor: 0}}}}
baseline: x.jsonl
exceptions: [{model: a, layer: b, path: c, metric: params, limit: 3, until: 2026-12-31, reason: x}]
"""


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(GOOD)),
            st.integers(0, 20),
            st.binary(max_size=6) | st.sampled_from([b"{", b"]", b": ", b"*a", b"&a ", b"!!x ", b"- ", b"\n"]),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_a_damaged_project_file_is_told_or_read_and_never_breaks_the_reader(
    damages: list[tuple[int, int, bytes]],
) -> None:
    data = GOOD
    for place, length, new in damages:
        data = data[:place] + new + data[place + length :]
    with TemporaryDirectory() as folder:
        path = Path(folder, "rnncalc.yaml")
        path.write_bytes(data)
        with suppress(SpecError):
            found = load(str(path))
            assert isinstance(found, Project)
            found.limits("b")
            found.excludes(str(path))
