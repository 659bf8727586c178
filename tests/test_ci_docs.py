"""The page on continuous integration: its snippets are read and their commands run, its tables are whole."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from rnncalc.cli.options import CHECK_FORMATS
from rnncalc.cli.output import ENDINGS
from tests.test_action import ACTION, HOOKS, KEPT, OVER, RNNCALC

PAGE = (Path(__file__).parent.parent / "docs/ci.md").read_text("utf-8")
SNIPPETS = dict(re.findall(r"<!-- ([\w-]+) -->\n```\w+\n(.*?)```", PAGE, re.S))


@pytest.fixture(params=[OVER, KEPT], ids=["over", "kept"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, int]:
    """A folder with one spec, and what check makes of it."""
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs/net.yaml").write_text(request.param)
    (tmp_path / "venv/bin").mkdir(parents=True)
    (tmp_path / "venv/bin/rnncalc").symlink_to(RNNCALC)
    return tmp_path, int(request.param == OVER)


def shell(script: str, folder: Path, **more: str) -> int:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "LC_ALL": "C.UTF-8", **more}
    return subprocess.run(["sh", "-e", "-c", script], cwd=folder, env=environment, capture_output=True).returncode


def uses(steps: list[Any]) -> list[dict[str, Any]]:
    """The steps that use the Action."""
    return [step for step in steps if "/rnncalc@" in step.get("uses", "")]


def test_the_snippets_for_github_use_inputs_and_outputs_that_there_are() -> None:
    (step,) = uses(yaml.safe_load(SNIPPETS["github"])["jobs"]["models"]["steps"])
    assert set(step["with"]) <= set(ACTION["inputs"])
    steps = yaml.safe_load(SNIPPETS["github-steps"])
    (step,) = uses(steps)
    assert set(step["with"]) <= set(ACTION["inputs"])
    for name in re.findall(r"steps\.models\.outputs\.(\w+)", json.dumps(steps)):
        assert name in ACTION["outputs"]


def test_the_command_for_github_annotates_and_summarises(project: tuple[Path, int]) -> None:
    folder, status = project
    (script,) = re.findall(r"```sh\n(.*?)```", PAGE, re.S)
    assert shell(script, folder, GITHUB_STEP_SUMMARY="page.md") == status
    assert "rnncalc:" in (folder / "page.md").read_text()


def test_the_script_for_gitlab_writes_both_reports_and_fails_where_it_has_to(project: tuple[Path, int]) -> None:
    folder, status = project
    job = yaml.safe_load(SNIPPETS["gitlab"])["models"]
    assert shell("\n".join(job["script"]), folder) == status
    reports = job["artifacts"]["reports"]
    assert len(json.loads((folder / reports["codequality"]).read_text())) == status
    assert ElementTree.parse(folder / reports["junit"]).getroot().get("failures") == str(status)


def test_the_pipeline_for_jenkins_writes_the_report_that_it_reads(project: tuple[Path, int]) -> None:
    folder, status = project
    install, check = re.findall(r"sh '(.*)'", SNIPPETS["jenkins"])
    assert "pip install" in install
    assert shell(check, folder) == status
    (report,) = re.findall(r"junit '(.*)'", SNIPPETS["jenkins"])
    assert ElementTree.parse(folder / report).getroot().get("tests") == "1"


def test_the_hooks_of_the_page_are_those_that_there_are(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(SNIPPETS["pre-commit"])
    checked = subprocess.run([sys.executable, "-m", "pre_commit", "validate-config", str(tmp_path / "config.yaml")])
    assert checked.returncode == 0
    (repository,) = yaml.safe_load(SNIPPETS["pre-commit"])["repos"]
    assert {hook["id"] for hook in repository["hooks"]} == {hook["id"] for hook in HOOKS}


def test_the_tables_name_every_input_output_format_and_ending() -> None:
    rows = re.findall(r"^\| (.*?) \|.*\|$", PAGE, re.M)
    named = set(re.findall(r"`([\w-]+)`", " ".join(rows)))
    assert set(ACTION["inputs"]) | set(CHECK_FORMATS) <= named
    for output in ACTION["outputs"]:
        assert f"`{output}`" in PAGE
    for form in CHECK_FORMATS:
        assert form not in ENDINGS or f"`{ENDINGS[form]}`" in PAGE


def test_the_defaults_of_the_table_are_those_of_the_action() -> None:
    for name, default in re.findall(r"^\| `([\w-]+)` \|.*\| `([\w.]+)` \|$", PAGE, re.M):
        assert ACTION["inputs"][name]["default"] == default
