"""Which specs are meant by files, folders and globs, and every model that they hold."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from glob import glob, has_magic
from pathlib import Path

from rnncalc.errors import Problem, SpecError
from rnncalc.network import Model
from rnncalc.record import Record
from rnncalc.spec import read

ENDINGS = (".yaml", ".yml")


class Found(Record):
    """The models of some paths, what is wrong with the others, and how many files were no specs."""

    models: list[Model]
    problems: list[Problem]
    skipped: int


def files(paths: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Each file, once, in order, and whether it was named itself (and must then be a spec).

    Raises:
        SpecError: a path that does not exist, or a pattern that nothing matches.
    """
    seen: set[str] = set()
    for path in paths:
        if path == "-" or os.path.isfile(path) or not (os.path.isdir(path) or has_magic(path)):
            found, named = [path], True
        else:
            found, named = _inside(path), False
        for each in found:
            if os.path.realpath(each) not in seen:
                seen.add(os.path.realpath(each))
                yield each, named


def _inside(path: str) -> list[str]:
    roots = [path] if os.path.isdir(path) else sorted(glob(path, recursive=True))
    found = []
    for root in roots:
        if os.path.isfile(root):
            found.append(root)
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            found += [os.path.join(folder, name) for name in sorted(names) if name.endswith(ENDINGS)]
    return [each for each in found if each.endswith(ENDINGS)]


def models(paths: Sequence[str], framework: str | None = None) -> Found:
    """Every model of these paths; a bad spec is listed, and the rest goes on."""
    found = Found([], [], 0)
    keys: set[tuple[str | None, str]] = set()
    skipped = 0
    for path, named in files(paths):
        try:
            data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        except OSError as error:
            found.problems.append(Problem(f"cannot be read: {error.strerror}", path=path))
            continue
        if not named and b"layers" not in data and b"weights" not in data:
            skipped += 1
            continue
        stem = "stdin" if path == "-" else Path(path).stem
        for each in read(data, "<stdin>" if path == "-" else path, stem, framework, every=named):
            if isinstance(each, SpecError):
                found.problems.extend(each.problems)
            elif each is None:
                skipped += 1
            elif (each.plan.source, each.name) in keys:
                found.problems.append(
                    each.locate(Problem(f"two models of this file are named `{each.name}`", ("name",)))
                )
            else:
                keys.add((each.plan.source, each.name))
                found.models.append(each)
    return found._replace(skipped=skipped)
