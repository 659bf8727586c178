"""The batch report: a row a model, which rows are wanted, and in what order."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING, Any

from rnncalc import layouts
from rnncalc.errors import among, named
from rnncalc.gate.budget import STATES, state
from rnncalc.record import Record
from rnncalc.report import METRICS
from rnncalc.sizes import size

if TYPE_CHECKING:
    from rnncalc.gate.limits import Limit
    from rnncalc.network import Model
    from rnncalc.report import ModelReport


class Row(Record):
    """A model in the batch report: its figures, the state of its budget, and what a format shows besides.

    Figures are None while a length is unknown. `layers` counts them; `budget` is one of `STATES`, or empty.
    """

    name: str
    path: str
    framework: str
    layers: int
    params: int
    trainable_params: int
    macs: int | None
    macs_per_step: int | None
    flops: int | None
    flops_per_step: int | None
    weight_bytes: int
    state_bytes: int | None
    budget: str
    detail: Any = None

    @property
    def folder(self) -> str:
        """The folder of its file."""
        return os.path.dirname(self.path)


KEYS = ("name", "path", "framework", "layers", "budget", *METRICS)
TEXTS = ("name", "path", "framework", "budget")
NONE = "none"  # how a filter asks for models without a budget
Detail = Callable[["ModelReport", str], Any]
Limits = Callable[[str], Sequence["Limit"]]


class Filter(Record):
    """What a row must be: a key, an operator, and a value, for texts a pattern."""

    key: str
    operator: str
    value: Any

    def holds(self, row: Row) -> bool:
        """Whether the row is so; what is unknown is neither more nor less than anything."""
        found = getattr(row, self.key)
        if self.key in TEXTS:
            return bool(fnmatchcase(found, self.value) == (self.operator == "="))
        if found is None:
            return False
        less, equal = bool(found < self.value), bool(found == self.value)
        holds = {"<": less, "=": equal, ">": not (less or equal)}
        if self.operator == "!=":
            return not equal
        return any(holds[sign] for sign in self.operator)


def row(
    model: Model, filters: Sequence[Filter] = (), detail: Detail | None = None, limits: Limits | None = None
) -> Row | None:
    """The row of a model; None where a filter does not hold. `detail` makes the rest of what a format shows.

    `limits` has those that hold beside a model's own, by its name.
    """
    report = model.report()
    budget = state(model, report, limits(model.name) if limits else ())
    found = Row(
        report.name,
        report.source or "",
        report.framework,
        len(report.layers),
        report.params,
        report.trainable_params,
        report.macs,
        report.macs_per_step,
        report.flops,
        report.flops_per_step,
        report.weight_bytes,
        report.state_bytes,
        budget,
    )
    if not all(each.holds(found) for each in filters):
        return None
    return found._replace(detail=detail(report, budget)) if detail else found


def keep(
    filters: Sequence[Filter], detail: Detail | None, limits: Limits | None = None
) -> Callable[[Model], Row | None]:
    """What makes the row of a model, in this process or in another."""
    return partial(row, filters=tuple(filters), detail=detail, limits=limits)


def where(text: str) -> Filter:
    """The filter that a text says: `params>100k`, `framework=keras`, `budget=broken`, or a pattern for names.

    >>> where("weight_bytes<=2MiB"), where("spot*")
    (Filter(key='weight_bytes', operator='<=', value=2097152), Filter(key='name', operator='=', value='spot*'))

    Raises:
        ValueError: it says none; the message tells what to write.
    """
    key, operator, value = (*re.split("(<=|>=|!=|=|<|>)", text, maxsplit=1), "", "")[:3]
    key, value = key.strip(), value.strip()
    if not operator:
        key, operator, value = "name", "=", key
    if key not in KEYS:
        raise ValueError(f"there is no {named(key)} to filter by{among(key, KEYS)}")
    if not value:
        raise ValueError(f"{named(text)} says no value; write {key}{operator}{'keras' if key in TEXTS else '100k'}")
    if key not in TEXTS:
        return Filter(key, operator, size(value, "bytes" if key.endswith("bytes") else "count", least=0))
    if operator not in ("=", "!="):
        raise ValueError(f"{key} is a text; write {key}={value} or {key}!={value}")
    if key == "framework":
        value = layouts.ALIASES.get(value, value)
    known = {"framework": layouts.NAMES, "budget": (*STATES, NONE)}.get(key)
    if known and not any(fnmatchcase(each, value) for each in known):
        raise ValueError(f"there is no {key} {named(value)}{among(value, known)}")
    return Filter(key, operator, "" if key == "budget" and value == NONE else value)


def order(text: str) -> tuple[str, bool]:
    """The key that a text such as `params` or `-params` says, and whether the greatest comes first.

    Raises:
        ValueError: there is no such key.
    """
    key = text.removeprefix("-")
    if key not in KEYS:
        told = f"there is no {named(key)} to sort by{among(key, KEYS)}"
        raise ValueError(f"{told}; a - before it puts the greatest first")
    return key, text.startswith("-")


def ordered(rows: Iterable[Row], orders: Sequence[tuple[str, bool]]) -> list[Row]:
    """The rows by the first key, then by the next; those that are alike stay as they were, what is unknown is last."""
    found = list(rows)
    for key, turned in reversed(orders):
        known = [each for each in found if getattr(each, key) is not None]
        known.sort(key=lambda each: getattr(each, key), reverse=turned)
        found = known + [each for each in found if getattr(each, key) is None]
    return found


class Total(Record):
    """What rows come to; None where one of them is unknown."""

    models: int
    params: int
    trainable_params: int
    weight_bytes: int
    broken: int


def total(rows: Sequence[Row]) -> Total:
    """The sums of the rows."""
    return Total(
        len(rows),
        sum(each.params for each in rows),
        sum(each.trainable_params for each in rows),
        sum(each.weight_bytes for each in rows),
        sum(each.budget == "broken" for each in rows),
    )


class Group(Record):
    """The rows of a folder, in their order."""

    folder: str
    rows: list[Row]


def by_folder(rows: Iterable[Row]) -> list[Group]:
    """The rows folder by folder; the folder of the first row comes first."""
    groups: dict[str, list[Row]] = {}
    for each in rows:
        groups.setdefault(each.folder, []).append(each)
    return [Group(folder, own) for folder, own in groups.items()]
