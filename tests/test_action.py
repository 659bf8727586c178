"""The GitHub Action and the hooks: their scripts are run, with what GitHub would give them, and with hostile inputs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
STEPS = {step.get("id") or step["name"]: step for step in ACTION["runs"]["steps"]}
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
RNNCALC = str(Path(sys.executable).parent / "rnncalc")
HOSTILE = [
    "; rm -rf kept",
    "$(touch pwned)",
    "`touch pwned`",
    "--output=pwned",
    "-opwned",
    "a\n--output=pwned",
    "' \" \\ && touch pwned",
    "::error::pwned",
    "configs/../$HOME",
    "*",
]
OVER = "name: net\nframework: keras\ninput: {depth: 10}\nlayers: [{lstm: 128}]\nbudget: {params: 71k}\n"
KEPT = OVER.replace("71k", "72k")
COMMENTS = """#!{python}
import json, os, subprocess, sys
arguments = sys.argv[1:]
assert arguments[0] == "api", arguments
path = next(each for each in arguments[1:] if each.startswith("repos/"))
assert os.environ["GH_TOKEN"] == "secret"
comments = json.load(open("{store}"))
if "--jq" in arguments:
    query = arguments[arguments.index("--jq") + 1]
    assert path == "repos/owner/name/issues/7/comments?per_page=100", path
    sys.exit(subprocess.run(["jq", "-r", query], input=json.dumps(comments).encode()).returncode)
field = arguments[arguments.index("--field") + 1]
body = open(field.removeprefix("body=@")).read()
method = arguments[arguments.index("--method") + 1]
if method == "POST":
    assert path == "repos/owner/name/issues/7/comments", path
    comments.append({{"id": 100 + len(comments), "user": {{"type": "Bot"}}, "body": body}})
else:
    (comment,) = [each for each in comments if path == f"repos/owner/name/issues/comments/{{each['id']}}"]
    comment["body"] = body
json.dump(comments, open("{store}", "w"))
"""


class Run:
    """The job of a workflow: a checkout, and a folder for what the runner keeps."""

    def __init__(self, folder: Path) -> None:
        self.work, self.temp = folder / "work", folder / "temp"
        self.work.mkdir(parents=True)
        self.temp.mkdir()
        self.files = {name: folder / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        self.event: dict[str, str] = {}
        self.outputs: dict[str, dict[str, str]] = {}
        self.begin()
        self.bin = folder / "bin"
        self.bin.mkdir()

    def begin(self) -> None:
        """What the install step gives to each use of the Action in the job."""
        self.outputs["install"] = {"command": RNNCALC, "folder": tempfile.mkdtemp(dir=self.temp)}

    def value(self, expression: str, inputs: dict[str, str]) -> str:
        """What `inputs.a || github.b` stands for."""
        for name in expression.split(" || "):
            group, _, rest = name.strip().partition(".")
            found = {
                "inputs": lambda rest: inputs.get(rest) or self.resolved(str(ACTION["inputs"][rest]["default"]), {}),
                "github": lambda rest: {"action_path": str(ROOT), **self.event}.get(rest, ""),
                "runner": lambda rest: str(self.temp),
                "steps": lambda rest: self.outputs.get(rest.split(".")[0], {}).get(rest.split(".")[2], ""),
            }[group](rest)
            if found:
                return found
        return ""

    def resolved(self, text: str, inputs: dict[str, str]) -> str:
        """The text with its expressions evaluated."""
        return re.sub(r"\$\{\{ (.*?) \}\}", lambda match: self.value(match[1], inputs), text)

    def step(self, name: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run a step as the runner does."""
        step = STEPS[name]
        given = {key.replace("_", "-"): value for key, value in inputs.items()}
        environment = {key: self.resolved(text, given) for key, text in step.get("env", {}).items()}
        script = self.temp / "script.sh"
        script.write_text(step["run"])
        for path in self.files.values():
            path.touch()
        before = self.files["GITHUB_OUTPUT"].read_text()
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=self.work / self.resolved(step.get("working-directory", "."), given),
            env={
                "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
                "HOME": str(self.temp),
                "LC_ALL": "C.UTF-8",
                "GITHUB_ACTIONS": "true",
                "GITHUB_WORKSPACE": str(self.work),
                **{key: str(path) for key, path in self.files.items()},
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        told = self.files["GITHUB_OUTPUT"].read_text().removeprefix(before)
        self.outputs[name] = dict(line.partition("=")[::2] for line in told.splitlines())
        return done

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", *who, *arguments], cwd=self.work, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self) -> str:
        """Commit all that there is."""
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=a step")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def job(tmp_path: Path) -> Run:
    return Run(tmp_path)


# --- action.yml as it is written --------------------------------------------------------------------------------------


def test_no_script_of_the_action_or_workflow_has_an_expression_in_it() -> None:
    steps = [*STEPS.values(), *(step for job in WORKFLOW["jobs"].values() for step in job["steps"])]
    scripts = [step["run"] for step in steps if "run" in step]
    assert len(scripts) > 5
    assert [script for script in scripts if "${{" in script] == []


def test_every_action_that_is_used_is_pinned_to_a_commit() -> None:
    steps = [*STEPS.values(), *(step for job in WORKFLOW["jobs"].values() for step in job["steps"])]
    used = [step["uses"] for step in steps if "uses" in step]
    assert len(used) > 3
    assert [each for each in used if each != "./" and not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", each)] == []


def test_every_input_is_described_has_a_default_and_is_used() -> None:
    text = (ROOT / "action.yml").read_text("utf-8")
    for name, given in ACTION["inputs"].items():
        assert given["description"]
        assert "default" in given
        assert re.search(rf"\binputs\.{name}\b", text), name
    for given in ACTION["outputs"].values():
        assert given["description"]
        _, step, _, output = re.findall(r"[\w-]+", given["value"])
        assert f"{output}=" in STEPS[step]["run"]


def test_every_input_reaches_its_script_through_the_environment() -> None:
    for step in STEPS.values():
        places = {key: json.dumps(value) for key, value in step.items() if "inputs." in json.dumps(value)}
        assert set(places) <= {"env", "if", "with", "working-directory"}


def test_what_the_action_installs_is_pinned() -> None:
    (listed,) = re.findall(r"^dependencies = \[(.*)\]$", (ROOT / "pyproject.toml").read_text("utf-8"), re.M)
    pinned = re.findall(r"^([\w-]+)==[\d.]+$", (ROOT / ".github/constraints.txt").read_text("utf-8"), re.M)
    assert set(re.findall(r'"([\w-]+)', listed)) <= set(pinned)


# --- the check --------------------------------------------------------------------------------------------------------


def test_a_broken_limit_is_annotated_summarised_and_fails_at_the_end(job: Run) -> None:
    (job.work / "models").mkdir()
    (job.work / "models/net.yaml").write_text(OVER)
    done = job.step("check", paths="models\n")
    assert done.returncode == 0
    assert "::error file=models/net.yaml,line=5,col=18," in done.stdout
    assert job.files["GITHUB_STEP_SUMMARY"].read_text().startswith("### ❌ rnncalc: 1 of 1 limit broken")
    outputs = job.outputs["check"]
    assert (outputs["status"], outputs["passed"]) == ("1", "false")
    assert json.loads(Path(outputs["json"]).read_text())["passed"] is False
    assert json.loads(Path(outputs["sarif"]).read_text())["version"] == "2.1.0"
    assert 'failures="1"' in Path(outputs["junit"]).read_text()
    assert job.step("Verdict").returncode == 1
    assert job.step("Verdict", fail="false").returncode == 0


def test_a_job_of_kept_limits_passes(job: Run) -> None:
    (job.work / "net.yaml").write_text(KEPT)
    job.step("check", paths=".")
    assert job.outputs["check"]["passed"] == "true"
    assert job.step("Verdict").returncode == 0


def test_two_uses_in_one_job_keep_their_files_apart(job: Run) -> None:
    (job.work / "net.yaml").write_text(OVER)
    job.step("check", paths="net.yaml")
    first = job.outputs["check"]
    job.begin()
    (job.work / "net.yaml").write_text(KEPT)
    job.step("check", paths="net.yaml")
    assert json.loads(Path(job.outputs["check"]["json"]).read_text())["passed"] is True
    assert json.loads(Path(first["json"]).read_text())["passed"] is False


def test_a_bad_spec_fails_even_where_a_broken_limit_does_not(job: Run) -> None:
    (job.work / "net.yaml").write_text("layers: [lstn: 3]\n")
    done = job.step("check", paths=".")
    assert "::error file=net.yaml,line=1" in done.stdout
    assert job.step("Verdict", fail="false").returncode == 2


def test_limits_project_framework_and_folder_are_passed_on(job: Run) -> None:
    (job.work / "sub").mkdir()
    (job.work / "sub/net.yaml").write_text("input: {depth: 10}\nlayers: [{lstm: {units: 128, name: encoder}}]\n")
    (job.work / "sub/other.yaml").write_text("include: [net.yaml]\nbudget: {state_bytes: 1}\n")
    job.step(
        "check",
        working_directory="sub",
        project="other.yaml",
        framework="torch",
        limits="params=70k\n\n  weight_bytes=encoder=1KiB\n",
    )
    checks = json.loads(Path(job.outputs["check"]["json"]).read_text())["checks"]
    found = {(each["layer"], each["metric"], each["actual"], each["limit"]) for each in checks}
    assert (None, "params", 71_680, 70_000) in found
    assert ("encoder", "weight_bytes", 4 * 71_680, 1024) in found
    assert (None, "state_bytes", 1024, 1) in found


def test_no_summary_is_written_where_none_is_wanted(job: Run) -> None:
    (job.work / "net.yaml").write_text(KEPT)
    job.step("check", paths=".", summary="false")
    assert job.files["GITHUB_STEP_SUMMARY"].read_text() == ""


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", ["paths", "project", "framework", "limits"])
def test_a_hostile_input_of_the_check_is_nothing_but_a_text(job: Run, name: str, text: str) -> None:
    (job.work / "kept").mkdir()
    (job.work / "kept/net.yaml").write_text(KEPT)
    done = job.step("check", **{"paths": "kept", **{name: text}})
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in job.work.rglob("*")) == ["kept", "net.yaml"]
    assert set(job.outputs["check"]) == {"status", "passed", "json", "sarif", "junit"}
    assert job.outputs["check"]["status"] == ("0" if (name, text) == ("paths", "*") else "2")
    assert not [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("::error::")]


# --- the comparison and the comment -----------------------------------------------------------------------------------


def test_what_changed_since_the_base_is_compared(job: Run) -> None:
    (job.work / "net.yaml").write_text(KEPT)
    job.event["event.pull_request.base.sha"] = job.commit()
    (job.work / "net.yaml").write_text(KEPT.replace("128", "160"))
    done = job.step("diff", comment="true", paths="net.yaml", comment_id="a.b")
    page = Path(job.outputs["diff"]["diff"]).read_text()
    assert done.returncode == 0, done.stderr
    assert page.startswith("<!-- rnncalc-diff-a.b -->\n")
    assert "units 128" in page


def test_a_base_that_is_not_in_the_clone_is_fetched(job: Run, tmp_path: Path) -> None:
    (job.work / "net.yaml").write_text(KEPT)
    base = job.commit()
    (job.work / "net.yaml").write_text(KEPT.replace("128", "160"))
    job.commit()
    shallow = tmp_path / "shallow"
    job.git("config", "uploadpack.allowAnySHA1InWant", "true")
    job.git("clone", "--quiet", "--depth=1", f"file://{job.work}", str(shallow))
    job.work, job.event["event.pull_request.base.sha"] = shallow, base
    assert job.step("diff", comment="true", paths=".").returncode == 0
    assert "units 128" in Path(job.outputs["diff"]["diff"]).read_text()


def test_without_paths_the_project_file_says_what_is_checked_and_compared(job: Run) -> None:
    (job.work / "rnncalc.yaml").write_text("include: [models]\n")
    (job.work / "models").mkdir()
    (job.work / "models/net.yaml").write_text(KEPT)
    (job.work / "other.yaml").write_text("layers: [nothing]\n")
    job.event["event.pull_request.base.sha"] = job.commit()
    job.step("check")
    assert job.outputs["check"]["passed"] == "true"
    (job.work / "models/net.yaml").write_text(KEPT.replace("128", "160"))
    done = job.step("diff", comment="true")
    assert "::warning" not in done.stdout, done.stderr
    assert "units 128" in Path(job.outputs["diff"]["diff"]).read_text()


def test_nothing_is_compared_outside_a_pull_request(job: Run) -> None:
    done = job.step("diff", comment="true")
    assert (done.returncode, Path(job.outputs["diff"]["diff"]).read_text()) == (0, "")


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", ["paths", "framework", "comment_id", "against"])
def test_a_hostile_input_of_the_comparison_is_nothing_but_a_text(job: Run, name: str, text: str) -> None:
    (job.work / "net.yaml").write_text(KEPT)
    base = job.commit()
    there = sorted(path.name for path in job.work.iterdir())
    done = job.step("diff", **{"paths": "net.yaml", "against": base, name: text})
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in job.work.iterdir()) == there
    assert job.git("status", "--porcelain") == ""


@pytest.fixture
def comments(job: Run) -> Callable[..., list[dict[str, Any]]]:
    """Run the step that comments, and give what stands in the pull request after it."""
    if not shutil.which("jq"):
        pytest.skip("jq, which stands for gh's own, is not installed")
    store = job.temp / "comments.json"
    people = [
        {"id": 1, "user": {"type": "User"}, "body": "<!-- rnncalc-diff -->\nI am no bot"},
        {"id": 2, "user": {"type": "Bot"}, "body": "another bot"},
    ]
    store.write_text(json.dumps(people))
    (job.bin / "gh").write_text(COMMENTS.format(python=sys.executable, store=store))
    (job.bin / "gh").chmod(0o755)
    job.event |= {"repository": "owner/name", "event.pull_request.number": "7"}
    page = job.temp / "diff.md"
    job.outputs["diff"] = {"diff": str(page)}

    def write(text: str, comment_id: str = "") -> list[dict[str, Any]]:
        page.write_text(text)
        done = job.step("Comment", token="secret", comment_id=comment_id)
        assert done.returncode == 0, done.stderr
        assert done.stdout == ""
        found: list[dict[str, Any]] = json.loads(store.read_text())
        assert found[:2] == people
        return found[2:]

    return write


def test_the_comment_is_written_once_and_then_kept_current(comments: Callable[..., list[dict[str, Any]]]) -> None:
    assert comments("") == []
    mark = "<!-- rnncalc-diff -->\n"
    (first,) = comments(f"{mark}grew by 5\n")
    assert first["body"] == f"{mark}grew by 5\n"
    (second,) = comments(f"{mark}grew by 6\n")
    assert (second["id"], second["body"]) == (first["id"], f"{mark}grew by 6\n")
    (last,) = comments("")
    assert last["body"] == f"{mark}No model differs from the base any more.\n"


def test_two_jobs_have_comments_of_their_own(comments: Callable[..., list[dict[str, Any]]]) -> None:
    comments("<!-- rnncalc-diff -->\none\n")
    both = comments("<!-- rnncalc-diff-b -->\ntwo\n", comment_id="b")
    assert [each["body"].split("\n")[1] for each in both] == ["one", "two"]


def test_a_comment_that_cannot_be_written_is_a_warning(job: Run) -> None:
    (job.bin / "gh").write_text("#!/bin/sh\nexit 1\n")
    (job.bin / "gh").chmod(0o755)
    done = job.step("Comment", token="secret")
    assert done.returncode == 0
    assert done.stdout.startswith("::warning title=rnncalc::the comment could not be written")


# --- the hooks and the workflow ---------------------------------------------------------------------------------------


def test_the_workflow_runs_ci_and_the_projects_own_action_and_hook() -> None:
    steps = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]
    assert ".ci/run" in [step.get("run") for step in steps]
    (own,) = [step for step in steps if step.get("uses") == "./"]
    assert set(own["with"]) <= set(ACTION["inputs"])
    assert (ROOT / own["with"]["paths"]).is_dir()
    assert any(hook["id"] in step.get("run", "") for hook in HOOKS for step in steps)


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_checks_the_specs_of_this_project(hook: dict[str, Any], run: Callable[..., Any]) -> None:
    _, *arguments = hook["entry"].split()
    paths = [] if hook.get("pass_filenames") is False else [str(ROOT / "configs/forecaster.yaml")]
    assert re.search(hook["files"], "configs/forecaster.yaml")
    given = [str(ROOT / "configs")] if hook.get("args") else []  # in the place of the whole repository
    assert run(*arguments, *given, *paths).status == 0


@pytest.mark.network
def test_the_install_step_installs_the_action_that_is_checked_out(job: Run) -> None:
    done = job.step("install")
    assert done.returncode == 0, done.stderr
    folder = job.outputs["install"]["folder"]
    assert Path(folder).is_dir()
    command = job.outputs["install"]["command"]
    told = subprocess.run([command, "--version"], capture_output=True, text=True, check=True).stdout
    assert told.startswith("rnncalc ")


@pytest.mark.network
def test_the_hook_fails_for_a_model_that_is_over_its_budget(tmp_path: Path) -> None:
    environment = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "home")}

    def hooked(folder: Path, hook: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "pre_commit", "try-repo", str(ROOT), hook, "--all-files", "--verbose"]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    job = Run(tmp_path / "job")
    (job.work / "configs").mkdir()
    (job.work / "configs/net.yaml").write_text(OVER)
    (job.work / "configs/other.yaml").write_text("key: value\n")
    job.commit()
    status, out = hooked(job.work, "rnncalc-check")
    assert status == 1
    assert "params 71,168 is above the limit of 71,000" in out
    (job.work / "configs/net.yaml").write_text(KEPT)
    (job.work / "configs/other.yaml").unlink()
    job.commit()
    assert hooked(job.work, "rnncalc-check")[0] == 0
    status, out = hooked(job.work, "rnncalc-verify")
    assert status == 0
    assert "proven" in out
