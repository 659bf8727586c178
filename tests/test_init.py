"""The spec to start from: it is written, read, counted and proven, and nothing that was there is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rnncalc import load
from tests.agreement import told, told_of_project
from tests.samples import having

Run = Callable[..., Any]

# an LSTM each way from 40 to 64 with one bias, and a dense layer from 128 to 10
KERAS = 2 * ((40 + 64) * 4 * 64 + 4 * 64) + 128 * 10 + 10


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("framework", having("lstm", "dense"))
def test_the_starter_counts_checks_and_verifies_in_every_framework(run: Run, folder: Path, framework: str) -> None:
    assert run("init", "--framework", framework).status == 0
    assert load(folder / "model.yaml").plan.framework == framework
    for command in ("count", "check", "verify", "report"):
        assert run(command, "model.yaml").status == 0
    found = json.loads(run("check", "-f", "json").out)  # what the project file includes
    assert {each["limit"] for each in found["checks"]} == {60_000, 240 * 1024, 2_000, 10_000_000}
    assert run("check", "--update-baseline").status == 0
    assert run("check").status == 0
    (folder / "model.yaml").write_text((folder / "model.yaml").read_text().replace("64,", "80,"))
    assert "grew by" in run("check").out


def test_the_starter_has_a_word_on_each_of_its_parts_and_its_own_count(run: Run, folder: Path) -> None:
    run("init")
    text = (folder / "model.yaml").read_text("utf-8")
    assert f"# expect: {{params: {KERAS}}}" in text
    pinned = text.replace("# expect:", "expect:")
    (folder / "model.yaml").write_text(pinned)
    assert run("check", "model.yaml").status == 0
    for part in ("framework", "input", "layers", "budget"):
        assert re.search(rf"^{part}:.*#", text, re.M)


def test_the_starters_validate_under_their_schemas(run: Run, folder: Path) -> None:
    from rnncalc.spec.source import documents

    run("init")
    (document,) = documents((folder / "model.yaml").read_text("utf-8"), "model.yaml")
    assert told(document.value) == []
    (document,) = documents((folder / "rnncalc.yaml").read_text("utf-8"), "rnncalc.yaml")
    assert told_of_project(document.value) == []


def test_init_never_overwrites(run: Run, folder: Path) -> None:
    (folder / "model.yaml").write_text("mine\n")
    (folder / "rnncalc.yaml").write_text("description: mine\n")
    found = run("init")
    assert found.status == 2
    assert "model.yaml is there already, and stays as it is" in found.err
    assert (folder / "model.yaml").read_text() == "mine\n"
    assert (folder / "rnncalc.yaml").read_text() == "description: mine\n"


def test_init_adds_what_is_missing(run: Run, folder: Path) -> None:
    (folder / "rnncalc.yaml").write_text("include: [model.yaml]\n")
    found = run("init")
    assert found.status == 0
    assert "note: wrote ./model.yaml\nnote: ./rnncalc.yaml is there already" in found.err
    assert (folder / "rnncalc.yaml").read_text() == "include: [model.yaml]\n"


def test_init_follows_no_link_that_leads_elsewhere(run: Run, folder: Path) -> None:
    (folder / "model.yaml").symlink_to(folder / "elsewhere.yaml")
    run("init")
    assert not (folder / "elsewhere.yaml").exists()


def test_init_makes_the_folder_that_it_is_given(run: Run, folder: Path) -> None:
    assert run("init", "a/b").status == 0
    assert (folder / "a/b/model.yaml").is_file()


def test_a_folder_that_cannot_be_made_is_told(run: Run, folder: Path) -> None:
    (folder / "file").write_text("")
    found = run("init", "file/inside")
    assert found.status == 2
    assert "Traceback" not in found.err


def test_what_the_project_file_shows_as_remarks_is_right_as_well(run: Run, folder: Path) -> None:
    run("init")
    text = (folder / "rnncalc.yaml").read_text("utf-8")
    head, _, rest = text.partition("\nbudget:")
    shown = re.sub(r"^(\s*)# (models:|  \"|growth:|  params|exceptions:|  - )", r"\1\2", f"budget:{rest}", flags=re.M)
    assert shown != f"budget:{rest}"
    (folder / "rnncalc.yaml").write_text(f"{head}\n{shown}", "utf-8")
    assert run("check", "--update-baseline").status == 0
    assert run("check").status == 0
    assert "exceptions" in shown.replace("# exceptions", "")


def test_quiet_writes_without_a_word(run: Run, folder: Path) -> None:
    assert run("init", "-q") == (0, "", "")
    assert (folder / "model.yaml").exists()
