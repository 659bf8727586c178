"""What the tests share: the command line, run in this process."""

from __future__ import annotations

import io
import signal
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

import rnncalc
from tests.browser import chromium, visit

__all__ = ["chromium", "visit"]


# A run that was started in the background ignores Ctrl-C, and so would the commands that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


def forget() -> None:
    """Empty the caches of this process: for a test that puts another cell or layout in the place of one."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("rnncalc", "tests"):
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


class Result(NamedTuple):
    """What a command gave."""

    status: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Run `rnncalc` with these arguments."""
    monkeypatch.delenv("RNNCALC_FRAMEWORK", raising=False)
    monkeypatch.setenv("COLUMNS", "100")

    def call(*args: object, input: bytes | None = None) -> Result:
        from rnncalc.cli import main

        monkeypatch.setattr(sys, "argv", ["rnncalc", *map(str, args)])
        if input is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(input), encoding="utf-8"))
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capsys.readouterr()
        return Result(int(left.value.code or 0), out, err)

    return call


@pytest.fixture
def schema_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold the JSON Schema to each spec that a test reads: it takes what is read, and refuses what it can refuse."""
    from rnncalc.errors import SpecError
    from rnncalc.plan import DEFAULTS, Defaults
    from rnncalc.spec import read as spec
    from tests.agreement import beyond, plain, told

    read = spec.parse

    def parse(
        value: Any, name: str = "model", framework: str | None = None, default: Defaults = DEFAULTS
    ) -> rnncalc.Model:
        given = plain({**value, "framework": framework} if framework and isinstance(value, dict) else value)
        found = None if given is None else told(given, default.framework)
        try:
            model = read(value, name, framework, default)
        except SpecError as error:
            if found == [] and not beyond(error):
                pytest.fail(f"the schema takes {given}, but: {error}")
            raise
        if found:
            pytest.fail(f"the schema refuses {given}: {found}")
        return model

    monkeypatch.setattr(spec, "parse", parse)
    monkeypatch.setattr(rnncalc, "parse", parse, raising=False)


@pytest.fixture
def project_schema_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold the JSON Schema of a project file to each that a test reads."""
    from rnncalc.gate import project
    from tests.agreement import beyond, plain, told_of_project

    read = project._Reader.project

    def compared(self: Any, value: Any) -> Any:
        found = read(self, value)
        given = plain(value)
        if given is not None or value is None:
            wrong = told_of_project(given)
            if wrong and not self.problems:
                pytest.fail(f"the schema refuses {given}: {wrong}")
            if self.problems and not wrong and not beyond(rnncalc.SpecError(self.problems)):
                pytest.fail(f"the schema takes {given}, but: {self.problems[0].message}")
        return found

    monkeypatch.setattr(project._Reader, "project", compared)
