"""docs/budgets.md is true: its files are written and its commands run, one after the other, and print what it shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent / "docs/budgets.md"
PART = re.compile(r"<!-- (\S+) -->\n```yaml\n(.*?)```|```shellsession\n(.*?)```", re.S)
LINES = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.M)


def told(root: Path) -> str:
    """The page, with what its commands print now."""
    bin = root / "bin"
    bin.mkdir()
    (bin / "rnncalc").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m rnncalc "$@"\n')
    (bin / "rnncalc").chmod(0o755)
    hidden = {"SOURCE_DATE_EPOCH", "RNNCALC_FRAMEWORK", "NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS"}
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    environment |= {"PATH": f"{bin}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "100"}
    (root / ".git").mkdir()
    status = 0

    def output(command: str) -> str:
        nonlocal status
        if command == "echo $?":
            return f"{status}\n"
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        status = done.returncode
        text = "".join(f"{line.rstrip()}\n" for line in done.stdout.strip("\n").split("\n"))
        return text if text.strip() else ""

    def part(match: re.Match[str]) -> str:
        name, text, session = match.groups()
        if name:
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text(text, "utf-8")
            return match[0]
        shown = "".join(f"$ {command}\n{output(command)}" for command, _ in LINES.findall(session))
        return f"```shellsession\n{shown}```"

    return PART.sub(part, PAGE.read_text("utf-8"))


@pytest.mark.skipif(not shutil.which("bash"), reason="the page's commands are for bash")
def test_the_page_shows_what_its_commands_print(tmp_path: Path) -> None:
    assert PAGE.read_text("utf-8") == told(tmp_path)


def test_the_page_shows_failures() -> None:
    statuses = re.findall(r"^\$ echo \$\?\n(\d)$", PAGE.read_text("utf-8"), re.M)
    assert statuses == ["1", "0", "0", "1"]
