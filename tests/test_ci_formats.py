"""The formats of `check` for CI systems: what each tells, where, and that no name can inject anything."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import jsonschema
import pytest

from rnncalc.cli.options import CHECK_FORMATS
from rnncalc.errors import Problem
from rnncalc.gate.budget import Check, Verdict
from rnncalc.render import CI, render
from rnncalc.render.words import against, short

Run = Callable[..., Any]
SARIF = json.loads((Path(__file__).parent / "schemas/sarif-2.1.0-rtm.5.json").read_text("utf-8"))

# an LSTM from 10 to 128: (10 + 128) * 4 * 128 + 4 * 128 = 71,168 parameters
OVER = """name: net
framework: keras
input: {depth: 10}
layers:
  - lstm: {units: 128, name: encoder}
budget:
  params: 71k
"""
KEPT = OVER.replace("71k", "72k")
BAD = "layers:\n  - lstn: 3\n"
HOSTILE = [
    "::error::x",
    "%0A::error::x",
    "a\n::error file=x::y",
    "##[error]x",
    "]]>",
    '"/><failure/>',
    "<script>alert(1)</script>",
    "& < > \" '",
    "a|b`c`*d*[e](http://f)",
    "\u202eevil\u202c\u200b\ufeff",
    "\x1b[31mred\x1b[0m",
    "a,b:c=d;e",
    "\ufffe",
    "名前",
    "$(touch x) `touch x` ; rm -rf /",
]
COMMAND = re.compile(r"::(?P<name>[a-z-]+)(?: (?P<properties>[^:]*))?::(?P<message>.*)")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which the commands run, outside any CI system."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def commands(text: str) -> list[dict[str, str]]:
    """The commands that GitHub's runner reads in a log, as its ActionCommand.cs does: the older `##[` form as well."""
    found = []
    for line in text.splitlines():
        match = COMMAND.match(line.lstrip())
        if match:
            pairs = [each.partition("=") for each in (match["properties"] or "").split(",") if each]
            found.append({"command": match["name"], "message": unescaped(match["message"])})
            found[-1].update({key: unescaped(value) for key, _, value in pairs})
        elif "##[" in line:
            found.append({"command": line.partition("##[")[2]})
    return found


def unescaped(text: str) -> str:
    for escape, char in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(escape, char)
    return text


def spec(name: str) -> str:
    """A spec of a model and a layer of this name that is over its budget."""
    quoted = json.dumps(name)
    layers = f"layers:\n  - lstm: {{units: 128, name: {quoted}}}\n"
    return f"name: {quoted}\ninput: {{depth: 10}}\n{layers}budget: {{params: 3, layers: {{{quoted}: {{params: 4}}}}}}\n"


# --- github -----------------------------------------------------------------------------------------------------------


def test_github_gets_an_annotation_at_the_line_of_the_limit(run: Run, folder: Path) -> None:
    (folder / "configs").mkdir()
    (folder / "configs/net.yaml").write_text(OVER)
    status, out, _ = run("check", "configs", "-f", "github")
    (found,) = commands(out)
    assert status == 1
    assert found["command"] == "error"
    assert (found["file"], found["line"], found["col"]) == ("configs/net.yaml", "7", "11")
    assert found["title"] == "net: params 71.2k is above 71.0k"
    assert "params 71,168 is above the limit of 71,000 (+168)" in found["message"]
    assert "the largest units of encoder that fits is 127 (now 128)" in found["message"]


def test_github_gets_an_annotation_at_the_layer_where_the_limit_is_a_flag(run: Run, folder: Path) -> None:
    (folder / "net.yaml").write_text(KEPT)
    (found,) = commands(run("check", "net.yaml", "-f", "github", "--max-params", "encoder=70k").out)
    assert (found["file"], found["line"]) == ("net.yaml", "5")


def test_github_gets_an_annotation_at_the_line_of_a_mistake(run: Run, folder: Path) -> None:
    (folder / "bad.yaml").write_text(BAD)
    status, out, _ = run("check", "bad.yaml", "-f", "github")
    (found,) = commands(out)
    assert status == 2
    assert (found["file"], found["line"], found["col"]) == ("bad.yaml", "2", "5")
    assert found["message"] == "unknown layer type `lstn`; did you mean `lstm`?"


def test_github_gets_no_annotation_where_all_is_well(run: Run, folder: Path) -> None:
    (folder / "net.yaml").write_text(KEPT)
    assert run("check", "net.yaml", "-f", "github") == (0, "rnncalc: 1 limit kept\n", "")


def test_github_gets_a_warning_for_what_fails_nothing(folder: Path) -> None:
    check = Check("net", "net.yaml", None, "params", 9, 8, False, level="warning", message="params 9 was over before")
    (found,) = commands(render("github", "checks", Verdict((check,), ())))
    assert (found["command"], found["message"]) == ("warning", "params 9 was over before")


@pytest.mark.parametrize("variable", ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"])
def test_paths_are_those_of_the_repository_wherever_the_command_runs(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    (folder / "models").mkdir()
    (folder / "models/net.yaml").write_text(OVER)
    monkeypatch.setenv(variable, str(folder))
    monkeypatch.chdir(folder / "models")
    (found,) = commands(run("check", "net.yaml", "-f", "github").out)
    (issue,) = json.loads(run("check", folder / "models", "-f", "gitlab").out)
    assert found["file"] == issue["location"]["path"] == "models/net.yaml"


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("form", [*CHECK_FORMATS, "report", "count"])
def test_no_name_gives_the_runner_a_command(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, form: str
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    (folder / "net.yaml").write_text(spec(name), "utf-8")
    file = f"bad {name.replace('/', '')[:40]}.yaml"
    (folder / file).write_text(BAD)
    command = [form, "."] if form in ("report", "count") else ["check", ".", "-f", form]
    _, out, err = run(*command)
    told = commands(out)
    assert commands(err) == []
    assert [each["command"] for each in told] == ["error"] * (3 if form == "github" else 0)
    assert {each["file"] for each in told} <= {"net.yaml", "".join(printed(char) for char in file)}


def printed(char: str) -> str:
    return char if char.isprintable() else "\ufffd" if char < " " else f"\\u{ord(char):04x}"


def test_growth_is_told_as_growth_and_at_the_spec_not_in_the_baseline(run: Run, folder: Path) -> None:
    (folder / "net.yaml").write_text(KEPT)
    assert run("check", ".", "--update-baseline").status == 0
    (folder / "net.yaml").write_text(KEPT.replace("128", "140"))
    _, growth = commands(run("check", ".", "-f", "github").out)
    assert growth["file"] == "net.yaml"
    assert "grew by 13,392 (18.8 %) from 71,168" in growth["message"]
    assert "rnncalc-baseline.jsonl:1" in growth["message"]
    root = ElementTree.fromstring(run("check", ".", "-f", "junit").out)
    assert [case.get("name") for case in root.iter("testcase")] == ["params", "params (growth)"]
    assert [result["ruleId"] for result in sarif(run("check", ".", "-f", "sarif").out)["results"]] == [
        "budget",
        "growth",
    ]


def test_an_exception_that_has_ended_is_told_without_a_figure_being_above(folder: Path) -> None:
    check = Check("net", "net.yaml", None, "params", 8, 9, False, "exception", message="an exception ended")
    (found,) = commands(render("github", "checks", Verdict((check,), ())))
    assert found["title"] == "net: params 8 is within its limit"
    sarif(render("sarif", "checks", Verdict((check,), ())))


# --- junit ------------------------------------------------------------------------------------------------------------


def test_junit_has_a_suite_a_spec_and_a_test_a_limit(run: Run, folder: Path) -> None:
    (folder / "bad.yaml").write_text(BAD)
    (folder / "kept.yaml").write_text(KEPT)
    (folder / "over.yaml").write_text(OVER)
    root = ElementTree.fromstring(run("check", ".", "-f", "junit").out)
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "1", "1")
    assert {suite.get("name"): len(suite) for suite in root} == {"kept.yaml": 1, "over.yaml": 1, "bad.yaml": 1}
    (failure,) = root.iter("failure")
    assert "71,168 is above the limit of 71,000 (+168)" in str(failure.get("message"))
    (error,) = root.iter("error")
    assert "- lstn: 3" in str(error.text)
    cases = {case.get("file"): case for case in root.iter("testcase")}
    assert (cases["over.yaml"].get("classname"), cases["over.yaml"].get("name")) == ("net", "params")
    assert cases["over.yaml"].get("line") == "7"
    assert len(cases["kept.yaml"]) == 0


def test_junit_does_not_fail_a_test_for_a_warning() -> None:
    check = Check("net", "net.yaml", None, "params", 9, 8, False, level="warning", message="params 9 was over before")
    root = ElementTree.fromstring(render("junit", "checks", Verdict((check,), ())))
    assert root.get("failures") == "0"
    assert [told.text for told in root.iter("system-out")] == ["params 9 was over before"]


# --- sarif ------------------------------------------------------------------------------------------------------------


def sarif(text: str) -> Any:
    """The only run of a log that keeps to the standard's schema."""
    log = json.loads(text)
    jsonschema.Draft4Validator(SARIF).validate(log)
    (found,) = log["runs"]
    return found


def test_sarif_has_a_result_at_the_line_of_each_finding(run: Run, folder: Path) -> None:
    (folder / "a folder").mkdir()
    (folder / "a folder/net.yaml").write_text(OVER)
    (folder / "bad.yaml").write_text(BAD)
    found = sarif(run("check", ".", "-f", "sarif").out)
    assert found["invocations"] == [{"executionSuccessful": False}]
    rules = [rule["id"] for rule in found["tool"]["driver"]["rules"]]
    places = {}
    for result in found["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        places[result["ruleId"]] = (unquote(place["artifactLocation"]["uri"]), place["region"]["startLine"])
    assert places == {"budget": ("a folder/net.yaml", 7), "spec": ("bad.yaml", 2)}


def test_sarif_of_standard_input_has_no_place(run: Run) -> None:
    (result,) = sarif(run("check", "-", "-f", "sarif", input=OVER.encode()).out)["results"]
    assert "locations" not in result


# --- gitlab -----------------------------------------------------------------------------------------------------------


def test_gitlab_gets_what_its_report_needs(run: Run, folder: Path) -> None:
    (folder / "net.yaml").write_text(OVER)
    (folder / "bad.yaml").write_text(BAD)
    over, bad = json.loads(run("check", ".", "-f", "gitlab").out)
    for issue in (over, bad):
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] == "major"
    assert over["location"] == {"path": "net.yaml", "lines": {"begin": 7}}
    assert bad["location"] == {"path": "bad.yaml", "lines": {"begin": 2}}


def test_a_fingerprint_stays_while_lines_and_figures_change(run: Run, folder: Path) -> None:
    def marks(text: str) -> list[str]:
        (folder / "net.yaml").write_text(text)
        assert len({each["fingerprint"] for each in json.loads(run("check", ".", "-f", "gitlab").out)}) > 0
        found = sarif(run("check", ".", "-f", "sarif").out)["results"]
        issues = json.loads(run("check", ".", "-f", "gitlab").out)
        assert [each["partialFingerprints"]["rnncalc/v1"] for each in found] == [i["fingerprint"] for i in issues]
        return [each["fingerprint"] for each in issues]

    first = marks(OVER)
    assert marks("# a remark\n" + OVER.replace("128", "129")) == first
    assert marks(OVER.replace("params", "weight_bytes")) != first
    assert marks(OVER.replace("name: net", "name: other")) != first


def test_two_findings_never_have_one_fingerprint(run: Run, folder: Path) -> None:
    (folder / "net.yaml").write_text(OVER)
    issues = json.loads(run("check", ".", "-f", "gitlab", "--max-params", "1", "--max-params", "2").out)
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) == 3


# --- the summary ------------------------------------------------------------------------------------------------------


def test_the_summary_is_added_to_its_file(run: Run, folder: Path) -> None:
    (folder / "net.yaml").write_text(OVER)
    (folder / "bad.yaml").write_text(BAD)
    (folder / "summary.md").write_text("before\n")
    run("check", ".", "-f", "github", "--summary", "summary.md")
    page = (folder / "summary.md").read_text("utf-8")
    assert page.startswith("before\n### ❌ rnncalc: 1 of 1 limit broken, 1 error\n")
    assert "- **net** (`net.yaml:7`): params 71,168 is above the limit of 71,000 (+168)" in page
    assert "- bad.yaml:2:5: unknown layer type" in page
    assert "| FAIL | net | params | 71,168 | 71,000 | net.yaml |" in page


def test_the_summary_of_very_many_limits_is_cut() -> None:
    check = Check("net", "net.yaml", None, "params", 9, 8, False, message="params 9 is above the limit of 8 (+1)")
    page = render("summary", "checks", Verdict((check,) * 100_000, ()))
    assert len(page.encode()) < 2**20
    assert "99,900 more are not shown here." in page


def test_the_summary_of_names_without_end_is_cut() -> None:
    long = "\u202e" * 10_000
    check = Check(long, long, long, "params", 9, 8, False, message=long)
    page = render("summary", "checks", Verdict((check,) * 500, (Problem(long, path=long),) * 500))
    assert len(page.encode()) < 2**20


def test_a_summary_that_cannot_be_written_is_told(run: Run, folder: Path) -> None:
    (folder / "net.yaml").write_text(KEPT)
    found = run("check", "net.yaml", "--summary", "no/such/summary.md")
    assert found.status == 2
    assert "no/such/summary.md: No such file or directory" in found.err


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_brings_markup_into_the_summary(run: Run, folder: Path, name: str) -> None:
    (folder / "net.yaml").write_text(spec(name), "utf-8")
    run("check", ".", "-f", "json", "--summary", "page.md")
    page = (folder / "page.md").read_text("utf-8")
    assert [tag for tag in re.findall(r"<(\w+)", page) if tag not in ("details", "summary")] == []
    assert len(re.findall("^- ", page, re.M)) == 2
    assert len(re.findall("^[|] FAIL", page, re.M)) == 2
    assert "](http" not in page.replace("\\]", "")


# --- all of them ------------------------------------------------------------------------------------------------------


def valid(form: str, text: str) -> None:
    """Fails unless the text is whole, as the system that reads it would find."""
    if form == "junit":
        ElementTree.fromstring(text)
    elif form == "sarif":
        sarif(text)
    elif form == "gitlab":
        assert isinstance(json.loads(text), list)
    else:
        assert text.endswith("\n")


@pytest.mark.parametrize("form", [form for form in CHECK_FORMATS if form in CI])
def test_a_run_without_models_writes_a_valid_file(run: Run, folder: Path, form: str) -> None:
    found = run("check", ".", "-f", form, "-o", "out", "--summary", "page.md")
    assert found.status == 2
    assert "nothing to do" in found.err
    valid(form, (folder / "out").read_text("utf-8"))
    assert (folder / "page.md").read_text("utf-8") == "### ❌ rnncalc: no limit checked\n\n"


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("form", [form for form in CHECK_FORMATS if form in CI])
def test_a_hostile_name_leaves_the_document_whole(run: Run, folder: Path, form: str, name: str) -> None:
    (folder / "net.yaml").write_text(spec(name), "utf-8")
    (folder / "bad.yaml").write_text(f"layers:\n  - {json.dumps(name)}: 3\n", "utf-8")
    found = run("check", ".", "-f", form)
    assert found.status == 2
    valid(form, found.out)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u200b\u202e\u202c]", found.out)
    if form == "junit":
        assert len(list(ElementTree.fromstring(found.out).iter("failure"))) == 2


@pytest.mark.parametrize("form", [form for form in CHECK_FORMATS if form != "table"])  # which stands beside them
def test_a_mistake_of_every_file_is_in_every_format(form: str) -> None:
    problems = tuple(Problem(f"wrong {n}", path=f"{n}.yaml", line=n, column=1) for n in range(1, 30))
    text = render(form, "checks", Verdict((), problems))
    if form in CI:
        valid(form, text)
    assert all(f"wrong {n}" in text and f"{n}.yaml" in text for n in range(1, 30))


@pytest.mark.parametrize(("name", "form"), [("out.xml", "junit"), ("out.sarif", "sarif")])
def test_the_ending_of_a_file_implies_the_format(run: Run, folder: Path, name: str, form: str) -> None:
    (folder / "net.yaml").write_text(OVER)
    assert run("check", "net.yaml", "-o", name).status == 1
    valid(form, (folder / name).read_text("utf-8"))


@pytest.mark.parametrize(
    ("actual", "limit", "metric", "told"),
    [
        (450_100, 430_000, "params", "450.1k is above 430.0k"),
        (450_001, 450_000, "params", "450,001 is above 450,000"),
        (999, 998, "params", "999 is above 998"),
        (2 * 2**20 + 1, 2 * 2**20, "weight_bytes", "2,097,153 is above 2,097,152"),
        (3 * 2**20, 2 * 2**20, "weight_bytes", "3.0 MiB is above 2.0 MiB"),
        (10**15, 10**14, "macs", "1,000.0T is above 100.0T"),
    ],
)
def test_exact_figures_show_where_the_rounded_ones_are_equal(actual: int, limit: int, metric: str, told: str) -> None:
    assert against(actual, limit, metric, "is above") == told


@pytest.mark.parametrize(("value", "told"), [(0, "0"), (1_000, "1.0k"), (1_049, "1.0k"), (1_050, "1.1k")])
def test_a_short_figure_is_rounded_to_a_tenth(value: int, told: str) -> None:
    assert short(value, "params") == told
