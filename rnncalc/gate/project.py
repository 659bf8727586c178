"""A project file `rnncalc.yaml`: which specs there are, their defaults, and the limits that hold for all of them.

Its paths and patterns count from its own folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import lru_cache
from glob import escape, has_magic
from typing import TYPE_CHECKING, Any

from rnncalc import layouts
from rnncalc.batch.ignore import Rules, parse
from rnncalc.errors import Mistakes, Place, Problem, SpecError, among, named, shown
from rnncalc.gate.exemption import Exemption, ExemptionReader
from rnncalc.gate.growth import Growth, GrowthReader
from rnncalc.gate.limits import Limit, LimitReader, flat, matching
from rnncalc.plan import Defaults
from rnncalc.record import Record
from rnncalc.sizes import DTYPES
from rnncalc.spec.keys import free

if TYPE_CHECKING:
    from rnncalc.spec.source import Document

BASELINE = "rnncalc-baseline.jsonl"
KEYS = ("include", "exclude", "framework", "dtype", "budget", "growth", "baseline", "exceptions", "description")


class Project(Record):
    """What a project file says. `folder` is its own, empty where it is the current one."""

    path: str
    folder: str = ""
    include: tuple[str, ...] = (".",)
    exclude: tuple[str, ...] = ()
    framework: str | None = None
    dtype: str | None = None
    budget: tuple[Limit, ...] = ()
    models: tuple[tuple[str, tuple[Limit, ...]], ...] = ()
    growth: tuple[Growth, ...] = ()
    baseline: str | None = None
    exceptions: tuple[Exemption, ...] = ()
    document: Document | None = None

    def locate(self, problem: Problem) -> Problem:
        """The problem with its line in the project file."""
        return self.document.locate(problem) if self.document else problem

    @property
    def defaults(self) -> Defaults:
        """What stands where a spec says nothing."""
        given = {"framework": self.framework, "dtype": self.dtype}
        return Defaults(**{key: value for key, value in given.items() if value})

    def inside(self, path: str) -> str:
        """A path that counts from the project's folder, from the current one."""
        folder = escape(self.folder) if has_magic(path) else self.folder
        return os.path.join(folder, path) if path != "." else folder or "."

    def excludes(self, path: str) -> bool:
        """Whether a file found in a folder is left out: by a pattern, as git reads them, or as the project file."""
        if not self.exclude and os.path.basename(path) != self.name:
            return False
        rules, inside = _rules(self.exclude), placed(path, self.folder)
        parts = inside.split("/")
        above = ("/".join(parts[:n]) for n in range(1, len(parts)))
        return rules.says(inside) or any(rules.says(each, True) for each in above) or inside == self.name

    @property
    def name(self) -> str:
        """The file's name."""
        return os.path.basename(self.path)

    def limits(self, model: str) -> list[Limit]:
        """The limits of a model: its own under `models` stand in the place of those for all."""
        found = {(each.layer, each.metric): each for each in self.budget}
        own = [each for each in self.models if matching(each[0], (model,))]
        for _, limits in sorted(own, key=lambda each: each[0] == model):
            found |= {(each.layer, each.metric): each for each in limits}
        return list(found.values())


def placed(path: str, folder: str) -> str:
    """A path as it counts from a folder, with slashes: the same on every machine, and however one came there."""
    inside = os.path.join(_real(os.path.abspath(os.path.dirname(path))), os.path.basename(path))
    return os.path.relpath(inside, _real(os.path.abspath(folder))).replace(os.sep, "/")


@lru_cache
def _real(folder: str) -> str:
    return os.path.realpath(folder)


@lru_cache(1)
def _rules(patterns: tuple[str, ...]) -> Rules:
    return Rules(parse("\n".join(each.removeprefix("./") for each in patterns).encode("utf-8", "surrogateescape")))


def load(path: str) -> Project:
    """The project that a file describes.

    Raises:
        SpecError: all that is wrong with it, or that it cannot be read.
    """
    from rnncalc.spec.source import documents
    from rnncalc.spec.text import read_file, read_text

    try:
        data = read_file(path)
    except OSError as error:
        raise SpecError(Problem(f"cannot be read: {error.strerror}", path=path)) from None
    found = list(documents(read_text(data, path), path))
    if len(found) > 1:
        raise SpecError(found[1].locate(Problem("a project file is one document")))
    if not found:
        return Project(path, os.path.dirname(path))
    problems = list(found[0].problems)
    reader = _Reader(found[0])
    if found[0].value is not None or not problems:
        project = reader.project(found[0].value)
        told = {(each.line, each.column) for each in problems}
        located = [found[0].locate(problem) for problem in reader.problems]
        problems += [each for each in located if (each.line, each.column) not in told]
    if problems:
        raise SpecError(sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0)))
    return project


class _Reader:
    """Reads a project file, and goes on after each mistake so that all are told at once."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems = Mistakes()
        self.wrong = self.problems.wrong
        self.limits = LimitReader(self.wrong)

    def place(self, *where: Any) -> Place | None:
        """Where a value stands."""
        found = self.document.locate(Problem("", where))
        return Place(found.path, found.line, found.column) if found.path and found.line and found.column else None

    def project(self, value: Any) -> Project:
        """All that the document says."""
        path = self.document.path
        if not isinstance(value, Mapping):
            self.wrong("a project file is a mapping, such as `include: [configs]`")
            return Project(path)
        if {"layers", "weights"} & set(value):
            self.wrong("a model spec, and no project file; give it another name, or use --no-project")
            return Project(path)
        for key in value:
            if key not in KEYS and not free(key):
                self.wrong(f"unknown key {named(key)}{among(key, KEYS)}", key, at="key")
        given = {key: each for key, each in value.items() if each is not None}
        budget = given.get("budget", {})
        models = budget.get("models", {}) if isinstance(budget, Mapping) else {}
        if isinstance(budget, Mapping):
            budget = {key: each for key, each in budget.items() if key != "models"}
        return Project(
            path,
            os.path.dirname(path),
            self._texts(given.get("include", "."), "include"),
            self._texts(given.get("exclude", []), "exclude"),
            self._one(given, "framework", (*layouts.NAMES,), layouts.ALIASES),
            self._one(given, "dtype", (*DTYPES,)),
            self._budget(budget, "budget"),
            tuple(self._models(models)),
            tuple(GrowthReader(self.wrong, self.place).read(given.get("growth", {}), "growth")),
            self._text(given["baseline"], "baseline") if "baseline" in given else None,
            tuple(ExemptionReader(self.wrong, self.place).read(given.get("exceptions", []), "exceptions")),
            self.document,
        )

    def _text(self, value: Any, *where: Any) -> str:
        if isinstance(value, str) and value.strip():
            return value
        self.wrong(f"{shown(value)} is not a text", *where)
        return ""

    def _texts(self, value: Any, key: str) -> tuple[str, ...]:
        if isinstance(value, str):
            return (self._text(value, key),)
        if not isinstance(value, (list, tuple)) or (key == "include" and not value):
            self.wrong(f"`{key}` is a list of paths and patterns, such as [configs]", key)
            return ()
        return tuple(self._text(each, key, n) for n, each in enumerate(value))

    def _one(
        self, given: Mapping[str, Any], key: str, known: tuple[str, ...], also: Mapping[str, str] | None = None
    ) -> str | None:
        value, also = given.get(key), also or {}
        if value is None or (isinstance(value, str) and value in (*known, *also)):
            return also.get(value, value) if value else None
        self.wrong(f"unknown {key} {named(value)}{among(value, known, also)}", key)
        return None

    def _budget(self, given: Any, *where: Any) -> tuple[Limit, ...]:
        limits = flat(self.limits.read(given, *where), *where)
        return tuple(each._replace(place=self.place(*each.where)) for each in limits)

    def _models(self, given: Any) -> Iterator[tuple[str, tuple[Limit, ...]]]:
        if not isinstance(given, Mapping):
            self.wrong(
                '`models` holds the limits of models by name, such as {"big-*": {params: 10M}}', "budget", "models"
            )
            return
        for name, each in given.items():
            yield name, self._budget(each, "budget", "models", name)
