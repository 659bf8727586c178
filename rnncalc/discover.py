"""Which specs are meant by files, folders and globs, and every model that they hold."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from glob import glob, has_magic
from pathlib import Path

from rnncalc.errors import Problem, SpecError, counted, named
from rnncalc.network import Model
from rnncalc.plan import DEFAULTS, Defaults
from rnncalc.record import Record
from rnncalc.settings import Settings
from rnncalc.spec import read

ENDINGS = (".yaml", ".yml")


class Found(Record):
    """The models of some paths, what is wrong with the others, the files that were read, and notes on the rest."""

    models: list[Model]
    problems: list[Problem]
    files: list[str]
    notes: list[str]


def models(
    paths: Sequence[str],
    framework: str | None = None,
    default: Defaults = DEFAULTS,
    settings: Settings | None = None,
) -> Found:
    """Every model of these paths; a bad spec is listed, and the rest goes on.

    `framework` overrides the specs' own, `default` stands where one has none, `settings` change what they name.
    """
    files = _Files({_key(path) for path in paths if not _searched(path)}, framework, default, settings)
    found, empty = files.found, []
    for path in paths:
        known = len(found.problems)
        inside = _inside(path, found.problems) if _searched(path) else [path]
        if not sum(files.read(each) for each in inside) and len(found.problems) == known:
            empty.append(f"there is no spec in {path}")
    if found.models or found.problems:
        found.notes.extend(empty)
    if files.skipped:
        was = "was" if files.skipped == 1 else "were"
        found.notes.append(f"{counted(files.skipped, 'YAML document')} without `layers` {was} skipped")
    if settings:
        found.problems.extend(settings.unused(found.models))
    return found


class _Files:
    """Reads each file once. `named` are those that must be specs, by their keys."""

    def __init__(self, named: set[str], framework: str | None, default: Defaults, settings: Settings | None) -> None:
        self.named, self.framework, self.default, self.settings = named, framework, default, settings
        self.found = Found([], [], [], [])
        self.skipped = 0
        self.specs: dict[str, bool] = {}
        self.models: set[tuple[str, str]] = set()

    def read(self, path: str) -> bool:
        """Whether the file is a spec, if only a bad one."""
        key = _key(path)
        if key not in self.specs:
            self.specs[key] = self._read(path, key in self.named)
        return self.specs[key]

    def _read(self, path: str, named: bool) -> bool:
        source, stem = ("<stdin>", "stdin") if path == "-" else (path, Path(path).stem)
        try:
            data = _data(path)
        except OSError as error:
            self.found.problems.append(Problem(f"cannot be read: {error.strerror}", path=source))
            return True
        if not named and b"layers" not in data and b"weights" not in data:
            self.skipped += 1
            return False
        documents = read(data, source, stem, self.framework, named, self.default, self.settings)
        found = [self._keep(each, source) for each in documents]
        if any(found):
            self.found.files.append(path)
        return any(found)

    def _keep(self, each: Model | SpecError | None, source: str) -> bool:
        if each is None:
            self.skipped += 1
        elif isinstance(each, SpecError):
            self.found.problems.extend(each.problems)
        elif (source, each.name) in self.models:
            message = f"two models of this file are named {named(each.name)}"
            self.found.problems.append(each.locate(Problem(message, ("name",))))
        else:
            self.models.add((source, each.name))
            self.found.models.append(each)
        return each is not None


def _key(path: str) -> str:
    return path if path == "-" else os.path.realpath(path)


def _searched(path: str) -> bool:
    """Whether a path is a folder or a pattern, and no file itself."""
    return path != "-" and not os.path.isfile(path) and (os.path.isdir(path) or has_magic(path))


def _data(path: str) -> bytes:
    from rnncalc.source import read_bytes

    if path != "-":
        with Path(path).open("rb") as file:
            return read_bytes(file)
    if sys.stdin is None:
        raise OSError(0, "it is closed")
    return read_bytes(sys.stdin.buffer)


def _inside(path: str, problems: list[Problem]) -> Iterator[str]:
    """The YAML files of a folder, or those that a pattern matches."""

    def unlisted(error: OSError) -> None:
        problems.append(Problem(f"cannot be listed: {error.strerror}", path=error.filename))

    roots = [path] if os.path.isdir(path) else sorted(glob(path, recursive=True))
    if not roots:
        problems.append(Problem("nothing matches this pattern", path=path))
    for root in roots:
        if not os.path.isdir(root):
            yield from [root] if _is_spec(root) else []
            continue
        for folder, folders, names in os.walk(root, onerror=unlisted):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            yield from (each for name in sorted(names) if _is_spec(each := os.path.join(folder, name)))


def _is_spec(path: str) -> bool:
    """Whether to read what was found: a pipe would block, but a link to nowhere shall be told."""
    return path.endswith(ENDINGS) and (os.path.isfile(path) or not os.path.exists(path))
