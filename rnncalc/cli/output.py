"""Where results go: standard output, or a file that is written whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

import click

from rnncalc.errors import Problem
from rnncalc.record import Record

ENDINGS = {".json": "json", ".md": "markdown", ".csv": "csv", ".txt": "table"}


class Output(Record):
    """What the output options say."""

    form: str
    path: str | None
    quiet: bool
    color: bool
    width: int

    def write(self, kind: str, *records: Any) -> None:
        """Render `records` as a document of this kind, and write it."""
        from rnncalc.render import render

        self.text(render(self.form, kind, *records, color=self.color, width=self.width))

    def text(self, text: str) -> None:
        """Write a finished document."""
        if self.path is None or self.path == "-":
            sys.stdout.write(text)
            sys.stdout.flush()
        else:
            write_whole(self.path, text)

    def note(self, text: str) -> None:
        """A note on standard error, unless it shall be quiet."""
        if not self.quiet:
            click.echo(f"note: {text}", err=True)


def output(form: str | None, path: str | None, quiet: bool, color: str, formats: Iterable[str] = ()) -> Output:
    """The output that the options ask for."""
    if form is None:
        form = ENDINGS.get(os.path.splitext(path or "")[1].lower(), "table")
        form = form if not formats or form in formats else "table"
    if path is not None and path != "-":
        folder = os.path.dirname(path)
        if folder and not os.path.isdir(folder):
            raise click.UsageError(f"the folder of --output does not exist: {folder}")
        if os.path.isdir(path):
            raise click.UsageError(f"--output is a folder: {path}")
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    return Output(form, path, quiet, _colored(color, path), _width(path))


def _colored(color: str, path: str | None) -> bool:
    if color != "auto" or path not in (None, "-"):
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


def _width(path: str | None) -> int:
    given = os.environ.get("COLUMNS", "")
    if given.isdigit() and int(given) > 0:
        return max(20, int(given))
    if path in (None, "-") and sys.stdout.isatty():
        return max(20, os.get_terminal_size(sys.stdout.fileno()).columns or 80)
    return 100


def write_whole(path: str, text: str) -> None:
    """Replace a regular file in one move, keeping its mode and following links; write through to anything else."""
    from tempfile import NamedTemporaryFile

    path = os.path.realpath(path)
    there = os.path.exists(path)
    if there and not os.path.isfile(path):
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
        return
    mode = os.stat(path).st_mode & 0o7777 if there else 0o666 & ~_umask()
    folder, name = os.path.split(path)
    with NamedTemporaryFile("w", dir=folder, prefix=f".{name}.", encoding="utf-8", delete=False) as file:
        try:
            file.write(text)
            file.flush()
            os.chmod(file.name, mode)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def complain(problems: Iterable[Problem]) -> None:
    """Tell what is wrong, on standard error."""
    for problem in problems:
        click.echo(f"error: {problem}", err=True)
