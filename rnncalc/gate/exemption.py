"""Exceptions from limits: each for a reason, and to a day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rnncalc.errors import Place, among, listed, named, shown
from rnncalc.gate.limits import LimitReader
from rnncalc.record import Record
from rnncalc.report import METRICS

if TYPE_CHECKING:
    from datetime import date

NEEDED = ("model", "metric", "until", "reason")
KEYS = (*NEEDED, "layer", "path", "limit")
PATTERN = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


class Exemption(Record):
    """A figure that may be above its limits, for a reason, to the end of a day; and if so, not above `limit`.

    `model`, `layer` and `path` are names or patterns.
    """

    model: str
    metric: str
    until: date
    reason: str
    layer: str | None = None
    path: str | None = None
    limit: int | None = None
    where: tuple[Any, ...] = ()
    place: Place | None = None


class ExemptionReader:
    """Reads exceptions, and tells what is wrong with them; `place` says where a value stands."""

    def __init__(self, wrong: Callable[..., None], place: Callable[..., Place | None]) -> None:
        self.wrong, self.place = wrong, place
        self.size = LimitReader(wrong).size

    def read(self, given: Any, *where: Any) -> Iterator[Exemption]:
        """A list of them."""
        if not isinstance(given, (list, tuple)):
            self.wrong(f"`exceptions` is a list, each with {listed(NEEDED)}", *where)
            return
        for n, each in enumerate(given):
            if not isinstance(each, Mapping):
                self.wrong(f"an exception is a mapping with {listed(NEEDED)}", *where, n)
                continue
            for key in [key for key in each if key not in KEYS]:
                self.wrong(f"unknown key {named(key)}{among(key, KEYS)}", *where, n, key, at="key")
            missing = [key for key in NEEDED if each.get(key) is None]
            if missing:
                self.wrong(f"an exception needs {listed(NEEDED)}; this has no {missing[0]}", *where, n)
                continue
            found = self._exemption(each, *where, n)
            if found:
                yield found

    def _exemption(self, given: Mapping[str, Any], *where: Any) -> Exemption | None:
        right = True
        for key in ("model", "metric", "reason", "layer", "path"):
            value = given.get(key)
            if value is not None and not (isinstance(value, str) and value.strip()):
                self.wrong(f"`{key}` is a text, and not {shown(value)}", *where, key)
                right = False
        metric = given["metric"]
        if isinstance(metric, str) and metric not in METRICS:
            self.wrong(f"unknown metric {named(metric)}{among(metric, METRICS)}", *where, "metric")
            right = False
        limit = given.get("limit")
        if limit is not None and right:
            limit = self.size(limit, metric, *where, "limit")
        try:
            until = day(given["until"])
        except ValueError as error:
            self.wrong(str(error), *where, "until")
            return None
        texts = {
            key: given[key] for key in ("model", "metric", "reason", "layer", "path") if given.get(key) is not None
        }
        return Exemption(**texts, until=until, limit=limit, where=where, place=self.place(*where)) if right else None


def day(value: Any) -> date:
    """The day that `2026-12-31` is.

    Raises:
        ValueError: it is none; the message tells what to write.
    """
    import re
    from datetime import date

    try:
        if isinstance(value, str) and re.match(PATTERN, value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError(f"{shown(value)} is not a day; write one such as 2026-12-31")
