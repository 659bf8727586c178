"""Completion by real shells: each reads the script that we print, and completes what is typed."""

from __future__ import annotations

import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rnncalc.cell import recurrent
from rnncalc.cli import COMMANDS
from rnncalc.cli.options import CHECK_FORMATS
from rnncalc.layouts import NAMES

Run = Callable[..., Any]
SPEC = "input: {depth: 3}\nlayers: [{lstm: {units: 2, name: encoder}}, {dense: {units: 2, name: head}}]\n"
STARTS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
}
SETUPS = {
    "bash": 'PS1="> "; bind "set bell-style none"; eval "$(rnncalc completion bash)"',
    "zsh": 'PS1="> "; autoload -U compinit; compinit -u -D; eval "$(rnncalc completion zsh)"',
}
PATIENCE = 30  # seconds for a loaded machine


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "net.yaml").write_text(SPEC)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "TERM": "dumb", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "ZDOTDIR": str(tmp_path)}


def completed(words: str, folder: Path, environment: dict[str, str]) -> list[str]:
    """What click's own protocol answers for the last of these words."""
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1), "_RNNCALC_COMPLETE": "bash_complete"}
    done = subprocess.run(
        ["rnncalc"], env={**environment, **asked}, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line.startswith("plain")]


class Terminal:
    """A shell that is typed into."""

    def __init__(self, shell: str, folder: Path, environment: dict[str, str]) -> None:
        self.process, self.file = pty.fork()
        if not self.process:
            os.chdir(folder)
            os.execvpe(STARTS[shell][0], STARTS[shell], environment)
        self.type(f"{SETUPS[shell]}; echo rea''dy\n", "ready")

    def type(self, text: str, awaited: str) -> None:
        """Type a text, and wait for what it shall bring onto the screen."""
        os.write(self.file, text.encode())
        seen, until = "", time.monotonic() + PATIENCE
        while awaited not in seen:
            ready, _, _ = select.select([self.file], [], [], max(0, until - time.monotonic()))
            assert ready, f"{awaited!r} did not come; the screen has {seen!r}"
            seen += os.read(self.file, 4096).decode("utf-8", "replace")

    def close(self) -> None:
        """End the shell."""
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.file)


@pytest.fixture(params=list(STARTS))
def terminal(request: pytest.FixtureRequest, tmp_path: Path, environment: dict[str, str]) -> Iterator[Terminal]:
    if not shutil.which(request.param):
        pytest.skip(f"{request.param} is not installed")
    found = Terminal(request.param, tmp_path, environment)
    yield found
    found.close()


def test_a_shell_completes_commands_flags_names_and_files(terminal: Terminal) -> None:
    terminal.type("rnncalc identi\t", "identify ")
    terminal.type("\x15rnncalc check --form\t", "--format ")
    terminal.type("githu\t", "github ")
    terminal.type("\x15rnncalc lstm --framework pyto\t", "pytorch ")
    terminal.type("\x15rnncalc count ne\t", "net.yaml")
    terminal.type("\x15rnncalc verify on_ls\t", "on_lstm ")


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
@pytest.mark.parametrize(
    ("line", "known"),
    [
        ("rnncalc identi", "identify"),
        ("rnncalc check --form", "--format"),
        ("rnncalc check --format git", "gitlab"),
        ("rnncalc count net.yaml --set enc", "encoder."),
        ("rnncalc lstm -F ker", "keras"),
    ],
)
def test_fish_completes_them_too(tmp_path: Path, environment: dict[str, str], line: str, known: str) -> None:
    code = f'rnncalc completion fish | source; complete -C "{line}"'
    done = subprocess.run(
        ["fish", "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert known in done.stdout.split()


def test_commands_cells_formats_and_frameworks_are_known(tmp_path: Path, environment: dict[str, str]) -> None:
    assert completed("rnncalc ", tmp_path, environment) == [*recurrent(), *COMMANDS]
    assert completed("rnncalc check -f ", tmp_path, environment) == list(CHECK_FORMATS)
    assert completed("rnncalc lstm -F ", tmp_path, environment) == list(NAMES)
    assert completed("rnncalc cells ", tmp_path, environment) == list(recurrent())
    assert "--max-params" in completed("rnncalc check --max-p", tmp_path, environment)


def test_the_layers_of_a_spec_on_the_line_are_known(tmp_path: Path, environment: dict[str, str]) -> None:
    assert completed("rnncalc check net.yaml --set ", tmp_path, environment) == ["encoder.", "head."]
    assert "encoder.units=" in completed("rnncalc check net.yaml --set encoder.", tmp_path, environment)
    assert completed("rnncalc check net.yaml --max-params he", tmp_path, environment) == ["head="]
    assert completed("rnncalc check none.yaml --max-params he", tmp_path, environment) == []


def test_a_bad_spec_on_the_line_completes_to_nothing(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "net.yaml").write_text("layers: [\n")
    assert completed("rnncalc check net.yaml --set ", tmp_path, environment) == []


def test_an_unknown_shell_is_told_those_that_there_are(run: Run) -> None:
    found = run("completion", "tcsh")
    assert found.status == 2
    assert "bash" in found.err


def test_without_a_shell_those_that_there_are_are_listed(run: Callable[..., Any]) -> None:
    status, out, err = run("completion")
    assert (status, out) == (2, "")
    assert "Choose from:\n  bash,\n  zsh,\n  fish" in err
