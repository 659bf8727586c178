"""What the tests share: the command line, run in this process."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest


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
