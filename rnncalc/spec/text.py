"""The text of a spec's file: no more of it than a spec may have, in UTF-8."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from rnncalc.errors import Problem, SpecError

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_FILE = 16 * 2**20  # bytes
USUAL = 2**16  # bytes that are more than most specs have


def read_bytes(file: Any) -> bytes:
    """The bytes of a file, which may have no end: no more of them than tell that it is too large."""
    data: bytes = file.read(USUAL)  # as much memory as is asked for is taken, and given back
    return data if len(data) < USUAL else data + file.read(LARGEST_FILE + 1 - USUAL)


def read_file(path: str | Path) -> bytes:
    """The bytes of the file of this path, as those of an open one.

    Raises:
        OSError: it cannot be read.
    """
    # to open a file as an object costs more than to read a small one does
    file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        parts, room = list[bytes](), LARGEST_FILE + 1
        while room > 0 and (part := os.read(file, USUAL)):  # of a pipe, what has been written so far
            parts.append(part)
            room -= len(part)
    finally:
        os.close(file)
    return b"".join(parts)


def read_text(data: bytes, path: str) -> str:
    """The text of a file; UTF-8, with or without byte order marks.

    Raises:
        SpecError: it is binary, too large, or not UTF-8.
    """
    if len(data) > LARGEST_FILE:
        raise SpecError(Problem(f"larger than {LARGEST_FILE // 2**20} MiB; this is not a model spec", path=path))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SpecError(Problem("not UTF-8 text; a spec is a YAML file in UTF-8", path=path, line=line)) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise SpecError(Problem("a binary file; a spec is a YAML text", path=path, line=line))
    return text.replace("\n\ufeff", "\n")  # a later document may have its own mark
