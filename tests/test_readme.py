"""The README is true: its commands run, and print what it shows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Result

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text("utf-8")
CONSOLES = re.findall(r"```console\n(.*?)```", TEXT, re.S)
SHOWN = [
    (command, output.strip("\n"))
    for console in CONSOLES
    for command, output in re.findall(r"^\$ (rnncalc .*)\n((?:(?!\$ ).*\n)*)", console, re.M)
]


@pytest.mark.parametrize(("command", "output"), SHOWN, ids=[command for command, _ in SHOWN])
def test_a_command_prints_what_the_readme_shows(
    command: str, output: str, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    result = run(*shlex.split(command, comments=True)[1:])
    assert "Traceback" not in result.err
    if output:
        assert [line.rstrip() for line in result.out.strip("\n").split("\n")] == output.split("\n")


def test_the_first_screen_shows_the_command_that_the_project_is_known_for() -> None:
    first = "\n".join(TEXT.split("\n")[:45])
    assert "pip install ." in first
    assert "$ rnncalc lstm --input-depth 10 --units 128" in first
    assert "71,168" in first


def test_the_python_of_the_readme_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for block in re.findall(r"```python\n(.*?)```", TEXT, re.S):
        exec(compile(block, "README.md", "exec"), {})
