"""The baseline: the figures of each model as they were accepted, a line a model, in a file that is committed.

A line is a JSON object. Lines are sorted by path and name, paths count from the file's own folder, and nothing in it
tells when or where it was written: so it is the same on every machine, and two branches that change two models merge.
For that an empty line is between any two: git takes changes of two lines that touch each other for a conflict.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from rnncalc.errors import Place, Problem, SpecError, named, suggest
from rnncalc.record import Record
from rnncalc.report import METRICS

LARGEST = 256 * 2**20  # bytes
KEYS = ("path", "model", "framework", *METRICS, "layers", "over")
CONFLICT = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")
ANEW = "`rnncalc check --update-baseline` writes it anew"

Key = tuple[str, str]  # path and name of a model
Figure = tuple[str | None, str]  # layer, or None for the model, and metric


class Base(Record):
    """A model as it was accepted. `over` are figures that were above their limit then, and not accepted for that."""

    path: str
    model: str
    framework: str
    figures: Mapping[Figure, int]
    over: frozenset[Figure] = frozenset()
    line: int = 0

    @property
    def key(self) -> Key:
        """What tells it from others."""
        return self.path, self.model

    @property
    def own(self) -> dict[Figure, int]:
        """The figures of the model itself."""
        return {key: value for key, value in self.figures.items() if key[0] is None}

    def text(self) -> str:
        """Its line."""
        found: dict[str, Any] = {"path": self.path, "model": self.model, "framework": self.framework}
        found |= _nested(self.figures)
        if self.over:
            found["over"] = _nested({figure: value for figure, value in self.figures.items() if figure in self.over})
        line = json.dumps(found, ensure_ascii=False)
        return line if line.isprintable() else json.dumps(found)


class Baseline:
    """The lines of a baseline. `path` is its file, `read` what stood in it; `new` tells that there is none yet."""

    def __init__(self, path: str, bases: Iterable[Base] = (), new: bool = False, read: bytes = b"") -> None:
        self.path, self.new, self.read = path, new, read
        self.bases = {base.key: base for base in bases}

    @property
    def folder(self) -> str:
        """The folder that its paths count from."""
        return os.path.dirname(self.path)

    def place(self, base: Base) -> Place:
        """Where a line stands."""
        return Place(self.path, base.line, 1)

    def text(self) -> str:
        """The whole file."""
        return "\n".join(f"{base.text()}\n" for _, base in sorted(self.bases.items()))


def load(path: str, replaced: Iterable[Key] = ()) -> Baseline:
    """The baseline of a file; an empty one that is new where there is no file.

    Lines of a merge that is not settled are told, but where both sides are of models that are `replaced`.

    Raises:
        SpecError: all that is wrong with it, or that it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        return Baseline(path, new=True)
    except OSError as error:
        raise SpecError(Problem(f"cannot be read: {error.strerror}", path=path)) from None
    return _Reader(path, set(replaced)).read(data)


def _nested(figures: Mapping[Figure, int]) -> dict[str, Any]:
    """{metric: figure}, and under `layers` the same of each layer."""
    found: dict[str, Any] = {metric: figures[None, metric] for metric in METRICS if (None, metric) in figures}
    layers = dict.fromkeys(layer for layer, _ in figures if layer is not None)
    inner = {
        layer: {metric: figures[layer, metric] for metric in METRICS if (layer, metric) in figures} for layer in layers
    }
    return {**found, "layers": inner} if inner else found


class _Reader:
    """Reads lines, and goes on after each mistake so that all are told at once."""

    def __init__(self, path: str, replaced: set[Key]) -> None:
        self.path, self.replaced = path, replaced
        self.problems: list[Problem] = []
        self.conflict: Problem | None = None

    def read(self, data: bytes) -> Baseline:
        """All lines.

        Raises:
            SpecError: all that is wrong with them.
        """
        if len(data) > LARGEST:
            raise SpecError(Problem(f"larger than {LARGEST // 2**20} MiB; this is not a baseline", path=self.path))
        found: dict[Key, Base] = {}
        for number, line in enumerate(data.split(b"\n"), 1):
            base = self._line(line.removesuffix(b"\r"), number)
            if base is None:
                continue
            other = found.get(base.key)
            if other and base.key not in self.replaced and (base.figures, base.over) != (other.figures, other.over):
                message = (
                    f"{named(base.path)} ({named(base.model)}) stands here twice, first in line {other.line}; {ANEW}"
                )
                self.problems.append(self._wrong(message, number))
            found[base.key] = _smaller(other, base) if other else base
        if self.conflict and (not self.replaced or self.problems):
            self.problems.insert(0, self.conflict)
        if self.problems:
            raise SpecError(self.problems)
        return Baseline(self.path, found.values(), read=data)

    def _wrong(self, message: str, number: int, text: str = "") -> Problem:
        return Problem(message, path=self.path, line=number, column=1, text=text)

    def _line(self, data: bytes, number: int) -> Base | None:
        if not data.strip():
            return None
        text = data.decode("utf-8", "backslashreplace")
        if text.startswith(CONFLICT):
            self.conflict = self.conflict or self._wrong(f"a merge that is not settled; {ANEW}", number, text)
            return None
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        told = _mistake(value)
        if told:
            self.problems.append(self._wrong(f"{told}; {ANEW}", number, text))
            return None
        return Base(
            value["path"],
            value["model"],
            value["framework"],
            _figures(value),
            frozenset(_figures(value.get("over", {}))),
            number,
        )


def _smaller(one: Base, other: Base) -> Base:
    """What both sides of a merge accept."""
    figures = {key: min(figure, other.figures.get(key, figure)) for key, figure in one.figures.items()}
    return one._replace(figures={**other.figures, **figures}, over=one.over | other.over)


def _mistake(value: Any) -> str:
    """What is wrong with the value of a line; empty where it is well."""
    if not isinstance(value, dict):
        return "not a line of a baseline"
    for key in value:
        if key not in KEYS:
            return f"unknown key {named(key)}{suggest(key, KEYS)}"
    for key in ("path", "model", "framework"):
        if not isinstance(value.get(key), str):
            return f"`{key}` is missing" if key not in value else f"`{key}` is no text"
    for figures in (value, value.get("over", {})):
        layers = figures.get("layers", {}) if isinstance(figures, dict) else None
        if not isinstance(layers, dict) or not all(isinstance(each, dict) for each in layers.values()):
            return "`layers` and `over` hold figures"
        for each in (figures, *layers.values()):
            for key, figure in each.items():
                if key in METRICS and (type(figure) is not int or figure < 0):
                    return f"`{key}` is no whole number"
                if key not in METRICS and each is not value and not (key == "layers" and each is figures):
                    return f"unknown metric {named(key)}{suggest(key, METRICS)}"
    return ""


def _figures(value: Mapping[str, Any]) -> dict[Figure, int]:
    found: dict[Figure, int] = {(None, metric): value[metric] for metric in METRICS if metric in value}
    for layer, inner in value.get("layers", {}).items():
        found |= {(layer, metric): figure for metric, figure in inner.items()}
    return found
