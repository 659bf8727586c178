"""Where results go: standard output, or a file that is written whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import click

from rnncalc.cli.options import FORMATS
from rnncalc.errors import listed, named, printable
from rnncalc.record import Record

ENDINGS = {
    "table": ".txt",
    "text": ".txt",
    "json": ".json",
    "jsonl": ".jsonl",
    "csv": ".csv",
    "markdown": ".md",
    "html": ".html",
    "latex": ".tex",
    "svg": ".svg",
    "junit": ".xml",
    "sarif": ".sarif",
}
ERRORS = "backslashreplace"  # for a file's name that is no text


class Output(Record):
    """What the output options say."""

    form: str
    path: str | None
    quiet: bool
    color: bool
    width: int

    @property
    def to_terminal(self) -> bool:
        """Whether the result goes where somebody looks."""
        return self.path is None and sys.stdout is not None and sys.stdout.isatty()

    def write(self, kind: str, *records: Any) -> None:
        """Render `records` as a document of this kind, and write it."""
        from rnncalc.render import render

        self.text(render(self.form, kind, *records, color=self.color, width=self.width, root=repository()))

    def text(self, text: str) -> None:
        """Write a finished document."""
        self.pieces([text])

    def pieces(self, pieces: Iterable[str]) -> None:
        """Write a document piece by piece as they come."""
        if self.path is not None:
            write_whole(self.path, pieces)
            return
        for piece in pieces:
            if os.environ.get("GITHUB_ACTIONS") and self.form != "github":
                piece = piece.replace("##[", "#\\u0023[") if self.form.startswith("json") else inert(piece)
            _print(piece)
        _print("", flush=True)

    def keep(self, files: Iterable[str]) -> None:
        """Make sure that the output replaces none of the files that were read."""
        if self.path is not None and os.path.realpath(self.path) in map(os.path.realpath, files):
            raise click.UsageError(f"--output is one of the specs: {self.path}")

    def note(self, text: str) -> None:
        """A note on standard error, unless it shall be quiet."""
        if not self.quiet:
            tell(f"note: {text}")


def _print(text: str, flush: bool = False) -> None:
    try:
        sys.stdout.write(text)
        if flush:
            sys.stdout.flush()
    except OSError as error:
        raise OSError(error.errno, error.strerror, "standard output") from None


def output(form: str | None, path: str | None, quiet: bool, color: str, formats: Sequence[str] = FORMATS) -> Output:
    """The output that the options ask for.

    Raises:
        click.UsageError: there is no such place, or no format is known by the file's ending.
    """
    path = None if path == "-" else path
    if path is None:
        if sys.stdout is None:
            raise click.UsageError("standard output is closed; write to a file with --output")
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8", errors=ERRORS)
    else:
        _check(path)
    return Output(form or _implied(path, formats), path, quiet, _colored(color, path), _width(path))


def repository() -> str:
    """The folder to which a CI system's paths are relative, where it says so; empty for the current one."""
    return os.environ.get("GITHUB_WORKSPACE") or os.environ.get("CI_PROJECT_DIR") or ""


def append(path: str, text: str) -> None:
    """Put a text behind what a file has, in one piece."""
    try:
        with open(path, "ab") as file:
            file.write(text.encode("utf-8", ERRORS))
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None


def _check(path: str) -> None:
    if not path:
        raise click.UsageError("--output needs the name of a file")
    if os.path.isdir(path):
        raise click.UsageError(f"--output is a folder: {path}")
    for place in (path, os.path.realpath(path)):  # a link may lead elsewhere
        folder = os.path.dirname(place)
        if folder and not os.path.isdir(folder):
            raise click.UsageError(f"the folder of --output does not exist: {folder}")


def _implied(path: str | None, formats: Sequence[str]) -> str:
    """The format that a file's ending implies; a table where it has none."""
    ending = os.path.splitext(path or "")[1].lower()
    known = {ENDINGS[form]: form for form in formats if form in ENDINGS}
    if ending and ending not in known:
        there = listed([f"{each} ({form})" for each, form in known.items()], "or")
        raise click.UsageError(f"no format has the ending {named(ending)}: end --output in {there}, or give --format")
    return known.get(ending, formats[0])


def _colored(color: str, path: str | None) -> bool:
    if color != "auto" or path is not None:
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


def _width(path: str | None) -> int:
    given = os.environ.get("COLUMNS", "")
    if given.isdigit() and int(given) > 0:
        return max(20, int(given))
    if path is None and sys.stdout.isatty():
        return max(20, os.get_terminal_size(sys.stdout.fileno()).columns or 80)
    return 100


def write_whole(path: str, pieces: Iterable[str]) -> None:
    """Replace a regular file in one move, keeping its mode and following links; write through to anything else."""
    real = os.path.realpath(path)
    there, stream = os.path.exists(path), _descriptor(path)
    through = stream is not None or (there and not os.path.isfile(path))
    mode = os.stat(path).st_mode & 0o7777 if there else 0o666 & ~_umask()
    opened = None
    try:
        with _asked_for(path):
            opened = _through(path, stream) if through else _beside(real)
        for piece in pieces:  # an error in making one is not the file's
            with _asked_for(path):
                opened.write(piece.encode("utf-8", ERRORS))
        with _asked_for(path):
            opened.close()
            if not through:
                os.chmod(opened.name, mode)
                os.replace(opened.name, real)
    except BaseException:
        if opened and not through:
            with suppress(OSError):
                opened.close()
            os.unlink(opened.name)
        raise


def _descriptor(path: str) -> int | None:
    """The open file that `/dev/stdout` or `/dev/fd/63` stands for: written on, neither emptied nor replaced."""
    streams = {"/dev/stdout": 1, "/dev/stderr": 2}
    for _ in range(40):  # links to links
        place = os.path.abspath(path)
        folder, name = os.path.split(place)
        if place in streams or (folder in ("/dev/fd", "/proc/self/fd") and (name.isdecimal() and len(name) < 7)):
            return streams.get(place) or int(name)
        if not os.path.islink(place):
            break
        path = os.path.join(folder, os.readlink(place))
    return None


def _through(path: str, stream: int | None) -> Any:
    return open(path, "wb") if stream is None else os.fdopen(os.dup(stream), "wb")


def _beside(path: str) -> Any:
    from tempfile import NamedTemporaryFile

    return NamedTemporaryFile(dir=os.path.dirname(path), prefix=".rnncalc-", delete=False)


@contextmanager
def _asked_for(path: str) -> Iterator[None]:
    """Errors name the file that was asked for, not a temporary one."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def inert(text: str) -> str:
    """The text with no line that GitHub's runner takes for a command: it reads `::` at the start, `##[` anywhere."""
    if "::" in text:
        import re

        text = re.sub(r"(?m)^(\s*):(?=:)", r"\1: ", text)
    return text.replace("##[", "## [")


def tell(text: str) -> None:
    """Lines on standard error: whatever of them came from a user, they do not play with the terminal."""
    if sys.stderr is not None:
        sys.stderr.write(inert("".join(f"{printable(line)}\n" for line in text.rstrip("\n").split("\n"))))
        sys.stderr.flush()
