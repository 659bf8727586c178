"""Which files are meant by files, folders and patterns.

Ignore files hold below a folder and for what a pattern matches, and never for what is named itself. A link to a
folder is followed where it is named or where a pattern asks for it, and not within a folder: so there are no loops.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import translate
from glob import has_magic

from rnncalc.batch.ignore import Ignored, above
from rnncalc.errors import Problem
from rnncalc.record import Record

ENDINGS = (".yaml", ".yml")
UNMATCHED = "nothing matches this pattern"
Found = tuple[str, str, bool]


class Place(Record):
    """A file to read. One that is `named` must be a spec; `origin` is the path given that led to it."""

    path: str
    named: bool
    origin: int


def files(paths: Sequence[str], problems: list[Problem]) -> tuple[list[Place], set[int]]:
    """The files of these paths, each once, folder by folder in the order of names; under its own path before a link's.

    `problems` takes what is wrong; the second value has the numbers of the paths that it is wrong with.
    """
    named = {_key(path) for path in paths if not searched(path)}
    found: dict[str, Place] = {}  # by the real path
    links: set[str] = set()  # what was found by a link alone so far
    troubled: set[int] = set()
    for origin, path in enumerate(paths):
        known = len(problems)
        inside = _Search(problems).inside(path) if searched(path) else [(path, _key(path), False)]
        for each, key, link in inside:
            if key not in found or (key in links and not link):
                (links.add if link else links.discard)(key)
                found.pop(key, None)  # so that it comes where its own path does
                found[key] = Place(each, key in named, origin)
        if len(problems) > known:
            troubled.add(origin)
    return list(found.values()), troubled


def searched(path: str) -> bool:
    """Whether a path is a folder or a pattern, and no file itself."""
    return path != "-" and not os.path.isfile(path) and (os.path.isdir(path) or has_magic(path))


def _key(path: str) -> str:
    return path if path == "-" else os.path.realpath(path)


class _Search:
    """Lists the YAML files of one path, as (path, real path, whether the file is a link)."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems

    def inside(self, path: str) -> Iterator[Found]:
        """The YAML files of a folder, or those that a pattern matches."""
        if os.path.isdir(path):
            yield from self._folder(path, os.path.realpath(path), above(path))
            return
        base, words = _split(path)
        matches = list(self._matching(base, words, above(base or "."))) if os.path.isdir(base or ".") else []
        if not matches and not self._matched:
            self.problems.append(Problem(UNMATCHED, path=path))
        yield from matches

    _matched = False

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder or ".") as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self.problems.append(Problem(f"cannot be listed: {error.strerror}", path=folder))
            return []

    def _folder(self, folder: str, real: str, ignored: Ignored) -> Iterator[Found]:
        """The files of a folder, then those of the folders in it."""
        waiting = [(folder, real, ignored)]
        while waiting:
            folder, real, ignored = waiting.pop()
            entries = self._entries(folder)
            below = []
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith(".") and not ignored.says(entry.name, True):
                        below.append(entry)
                elif not ignored.says(entry.name, False):
                    yield from _spec(os.path.join(folder, entry.name), os.path.join(real, entry.name), entry)
            for entry in reversed(below):
                inner = os.path.join(folder, entry.name)
                waiting.append((inner, os.path.join(real, entry.name), ignored.enter(entry.name, inner)))

    def _matching(self, folder: str, words: list[str], ignored: Ignored) -> Iterator[Found]:
        """The files below a folder that match the words of a pattern, one a level."""
        word, *rest = words
        if word == "**":
            yield from self._matching(folder, rest or ["*"], ignored)
        matches = re.compile(translate(word)).match
        for entry in self._entries(folder):
            hidden = entry.name.startswith(".") and not word.startswith(".")
            deeper = word == "**" and entry.is_dir(follow_symlinks=False)
            if hidden or not (deeper or (word != "**" and matches(entry.name))):
                continue
            path = os.path.join(folder, entry.name)
            is_folder = os.path.isdir(path)
            if ignored.says(entry.name, is_folder):
                self._matched = True
                continue
            if deeper:
                yield from self._matching(path, words, ignored.enter(entry.name, path))
            elif rest and is_folder:
                yield from self._matching(path, rest, ignored.enter(entry.name, path))
            elif not rest:
                self._matched = True
                if is_folder:
                    yield from self._folder(path, os.path.realpath(path), ignored.enter(entry.name, path))
                else:
                    yield from _spec(path, os.path.realpath(path), entry)


def _split(pattern: str) -> tuple[str, list[str]]:
    """The folder that a pattern begins in, and its words."""
    root = os.path.splitdrive(pattern)[0]
    rest = pattern[len(root) :].replace(os.sep, "/")
    if rest.startswith("/"):
        root += "/"
    words = [word for word in rest.split("/") if word]
    plain = next(n for n, word in enumerate(words) if has_magic(word))
    return os.path.join(root, *words[:plain]), words[plain:]


def _spec(path: str, real: str, entry: os.DirEntry[str]) -> Iterator[Found]:
    """The file, where it is to be read: a pipe would block, but a link to nowhere shall be told."""
    if entry.name.endswith(ENDINGS):
        if entry.is_symlink():
            if os.path.isfile(path) or not os.path.exists(path):
                yield path, os.path.realpath(path), True
        elif entry.is_file(follow_symlinks=False):
            yield path, real, False
