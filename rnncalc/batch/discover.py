"""Every model of files, folders and patterns: what is bad is listed, and the rest goes on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from rnncalc.batch.files import Place, files
from rnncalc.batch.spread import spread
from rnncalc.errors import Problem, SpecError, counted, named
from rnncalc.network import Model
from rnncalc.plan import DEFAULTS, Defaults
from rnncalc.record import Record
from rnncalc.spec.read import read
from rnncalc.spec.settings import Settings

Kept = TypeVar("Kept")


class Found(Record):
    """The models of some paths, what is wrong with the others, the files that were read, and notes on the rest."""

    models: list[Model]
    problems: list[Problem]
    files: list[str]
    notes: list[str]


class Reading(Record):
    """What a file holds: what was kept of each model, what is wrong with others, and how many documents are no spec."""

    kept: list[Any]
    problems: list[Problem]
    skipped: int

    @property
    def is_spec(self) -> bool:
        """Whether there is a spec in it, if only a bad one."""
        return bool(self.kept or self.problems)


class Reader(Record):
    """Reads a file, and keeps of each model what `keep` makes of it.

    `framework` overrides the specs' own, `default` stands where one has none, `settings` change what they name.
    """

    keep: Callable[[Model], Any]
    framework: str | None
    default: Defaults
    settings: Settings | None = None

    def read(self, place: Place) -> Reading:
        """All that is in a file."""
        source = "<stdin>" if place.path == "-" else place.path
        try:
            data = _data(place.path)
        except OSError as error:
            return Reading([], [Problem(f"cannot be read: {error.strerror}", path=source)], 0)
        if not place.named and b"layers" not in data and b"weights" not in data:
            return Reading([], [], 1)
        kept: list[Any] = []
        problems: list[Problem] = []
        skipped, names = 0, set()
        for each in read(data, source, self.framework, place.named, self.default, self.settings):
            if each is None:
                skipped += 1
            elif isinstance(each, SpecError):
                problems.extend(each.problems)
            elif each.name in names:
                message = f"two models of this file are named {named(each.name)}"
                problems.append(each.locate(Problem(message, ("name",))))
            else:
                names.add(each.name)
                kept.append(self.keep(each))
        return Reading(kept, problems, skipped)


class Search(Generic[Kept]):
    """Goes through the models of some paths and gives what `keep` makes of each, file by file in a fixed order.

    The rest is known when it has come to its end: `problems`, the `files` that are specs, and `notes`. Where `shared`,
    several processes read what is much, and `keep` and what it makes have to be picklable.
    """

    def __init__(
        self,
        paths: Sequence[str],
        keep: Callable[[Model], Kept],
        framework: str | None = None,
        default: Defaults = DEFAULTS,
        settings: Settings | None = None,
        shared: bool = False,
        excludes: Callable[[str], bool] | None = None,
    ) -> None:
        self.paths, self.shared = paths, shared
        self.reader = Reader(keep, framework, default, settings)
        self.problems: list[Problem] = []
        self.files: list[str] = []
        self.notes: list[str] = []
        self.places, self.troubled = files(paths, self.problems)
        if excludes:
            self.places = [each for each in self.places if each.named or not excludes(each.path)]
        self.done = 0  # of the places

    def __iter__(self) -> Iterator[Kept]:
        skipped = models = 0
        left = set(range(len(self.paths))) - self.troubled  # the paths that have led to no spec
        readings = spread(self.reader.read, self.places, None if self.shared else 1)
        for place, reading in zip(self.places, readings):
            self.done += 1
            self.problems.extend(reading.problems)
            skipped += reading.skipped
            models += len(reading.kept)
            if reading.is_spec:
                left.discard(place.origin)
                self.files.append(place.path)
            yield from reading.kept
        if models or self.problems:
            self.notes.extend(f"there is no spec in {self.paths[n]}" for n in sorted(left))
        if skipped:
            was = "was" if skipped == 1 else "were"
            self.notes.append(f"{counted(skipped, 'YAML document')} without `layers` {was} skipped")


def models(
    paths: Sequence[str],
    framework: str | None = None,
    default: Defaults = DEFAULTS,
    settings: Settings | None = None,
    excludes: Callable[[str], bool] | None = None,
) -> Found:
    """Every model of these paths; a bad spec is listed, and the rest goes on.

    `framework` overrides the specs' own, `default` stands where one has none, `settings` change what they name. What
    is found in a folder or by a pattern is left out where it `excludes` the path.
    """
    search = Search(paths, _whole, framework, default, settings, excludes=excludes)
    found = list(search)
    if settings:
        search.problems.extend(settings.unused(found))
    return Found(found, search.problems, search.files, search.notes)


def _whole(model: Model) -> Model:
    return model


def _data(path: str) -> bytes:
    from rnncalc.spec.text import read_bytes, read_file

    if path != "-":
        return read_file(path)
    if sys.stdin is None:
        raise OSError(0, "it is closed")
    return read_bytes(sys.stdin.buffer)
