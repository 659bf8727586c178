"""The text of a page: tables, code, values and paragraphs."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from importlib import import_module
from textwrap import wrap
from typing import Any

from rnncalc.cell import Cell

NOTE = "<!-- Written by docs/generate.py from the code: change that, and run `make docs`. -->"
WIDEST = 120
WHOLE: Any = {"break_long_words": False, "break_on_hyphens": False}


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table of Markdown, its bars escaped."""
    lines = [columns, ["---"] * len(columns), *([str(cell).replace("|", "\\|") for cell in row] for row in rows)]
    return [*(f"| {' | '.join(line)} |" for line in lines), ""]


def code(words: Any) -> str:
    """`a`, `b`; nothing for none."""
    return ", ".join(f"`{word}`" for word in words)


def value(given: Any) -> str:
    """A value as one writes it in a spec."""
    if given is None or isinstance(given, bool):
        return {None: "none", True: "true", False: "false"}[given]
    if isinstance(given, type):
        return "numbers"
    return ", ".join(map(value, given)) if isinstance(given, tuple) else str(given)


def paragraphs(doc: str | None) -> list[str]:
    """A docstring without its indentation."""
    return [*inspect.cleandoc(doc or "").splitlines(), ""]


def module(cell: Cell) -> Any:
    """The file of a cell or layer."""
    return import_module(cell.step.__module__)


def finished(lines: Sequence[str]) -> str:
    """The text of a page, long lines of prose wrapped, without empty lines in a row."""
    kept: list[str] = []
    for n, line in enumerate(lines):
        if len(line) > WIDEST and line[0] not in "|# ":
            kept += wrap(line, WIDEST, subsequent_indent="  " * line.startswith("- "), **WHOLE)
        elif line or (n and lines[n - 1]):
            kept.append(line.rstrip())
    return "\n".join(kept).rstrip("\n") + "\n"
