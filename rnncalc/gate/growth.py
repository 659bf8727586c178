"""How far a figure may grow over its base: by a share of it, or by a floor, whichever is more."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rnncalc.errors import Place, among, named, shown, suggest
from rnncalc.gate.limits import LimitReader
from rnncalc.record import Record
from rnncalc.report import METRICS
from rnncalc.sizes import native

KEYS = ("percent", "floor")
PATTERN = r"^\s*([0-9]{1,9})(?:\.([0-9]{1,9}))?\s?%?\s*$"
EXAMPLE = "{params: {percent: 5, floor: 1k}}"


class Percent(Record):
    """A share, exactly: `text` percent are `over` of `under` parts."""

    text: str
    over: int
    under: int

    def of(self, whole: int) -> int:
        """So much of a whole, rounded down."""
        return whole * self.over // self.under


class Growth(Record):
    """A limit of growth, of the model or of the layers that a name or pattern means.

    `where` it stands in a project file, and at which `place`; neither for one of the command line.
    """

    layer: str | None
    metric: str
    percent: Percent
    floor: int
    where: tuple[Any, ...] = ()
    place: Place | None = None

    def limit(self, base: int) -> int:
        """The largest figure that is allowed over a base.

        >>> [Growth(None, "params", percent(5), 1_000).limit(base) for base in (100_000, 10)]
        [105000, 1010]
        """
        return base + max(self.percent.of(base), self.floor)


def percent(value: Any) -> Percent:
    """The share that `5`, `2.5` or `5%` says.

    Raises:
        ValueError: it says none; the message tells what to write.
    """
    value = native(value)
    text = "" if isinstance(value, bool) else str(value).strip() if isinstance(value, (int, float, str)) else ""
    match = re.match(PATTERN, text)
    if not match:
        raise ValueError(f"{shown(value)} is not a percentage; write a number such as 5 or 2.5")
    fraction = (match[2] or "").rstrip("0")
    number = f"{int(match[1])}.{fraction}" if fraction else f"{int(match[1])}"
    return Percent(number, int(match[1] + fraction), int(100 * 10 ** len(fraction)))


def grown(actual: int, base: int, limit: Percent) -> str:
    """By how many percent, with as many digits as tell it from the limit: `5.0004`.

    >>> grown(1_100, 1_000, percent(5)), grown(100_501, 100_000, percent("0.5")), grown(1_050, 1_000, percent(5))
    ('10.0', '0.501', '5.0')
    """
    for digits in range(1, 30):
        tenths = (2 * (actual - base) * 100 * 10**digits + base) // (2 * base)
        if tenths * limit.under != limit.over * 100 * 10**digits or (actual - base) * limit.under == limit.over * base:
            break
    return f"{tenths // 10**digits:,}.{tenths % 10**digits:0{digits}}"


class GrowthReader:
    """Reads limits of growth, and tells what is wrong with them; `place` says where a value stands."""

    def __init__(self, wrong: Callable[..., None], place: Callable[..., Place | None]) -> None:
        self.wrong, self.place = wrong, place
        self.size = LimitReader(wrong).size

    def read(self, given: Any, *where: Any, layer: str | None = None) -> Iterator[Growth]:
        """{metric: {percent, floor}}, and under `layers` the same for each name or pattern."""
        if not isinstance(given, Mapping):
            what = "`growth`" if layer is None else "a layer"
            self.wrong(f"{what} holds metrics, such as {EXAMPLE}", *where)
            return
        for metric, each in given.items():
            if metric == "layers" and layer is None:
                yield from self._layers(each, *where, "layers")
            elif metric not in METRICS:
                self.wrong(f"unknown metric {named(metric)}{among(metric, METRICS)}", *where, metric, at="key")
            elif not isinstance(each, Mapping) or set(KEYS) - set(each):
                self.wrong("growth has a share and a floor, such as {percent: 5, floor: 1k}", *where, metric)
            else:
                for key in [key for key in each if key not in KEYS]:
                    self.wrong(f"unknown key {named(key)}{suggest(key, KEYS)}", *where, metric, key, at="key")
                floor = self.size(each["floor"], metric, *where, metric, "floor")
                try:
                    share = percent(each["percent"])
                except ValueError as error:
                    self.wrong(str(error), *where, metric, "percent")
                else:
                    yield Growth(layer, metric, share, floor, (*where, metric), self.place(*where, metric))

    def _layers(self, given: Any, *where: Any) -> Iterator[Growth]:
        if not isinstance(given, Mapping):
            self.wrong(f'`layers` holds the growth of layers, such as {{"enc*": {EXAMPLE}}}', *where)
            return
        for name, each in given.items():
            yield from self.read(each, *where, name, layer=name)
