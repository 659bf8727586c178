"""Sizes as people write them: `128`, `1_000`, `10k`, `1.5M`, `2B`, and for bytes `2MiB`, `500KB`.

>>> size("10k"), size("1.5M"), size("2MiB", unit="bytes")
(10000, 1500000, 2097152)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from rnncalc.errors import shown
from rnncalc.record import Record

LARGEST = 2**63 - 1
DTYPES = {"float64": 64, "float32": 32, "bfloat16": 16, "float16": 16, "int8": 8, "int4": 4}  # bits

_DIGITS = r"([0-9](?:_?[0-9])*)(?:\.([0-9]+))?(?:[eE]\+?([0-9]{1,3}))?\s?"
_NUMBER = rf"([+-]?){_DIGITS}([A-Za-z]*)"
_COUNTS = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9}
_BYTES = {"": 1, "B": 1} | {
    prefix + suffix: base**power
    for power, prefixes in enumerate(("kK", "M", "G", "T"), 1)
    for prefix in prefixes
    for suffix, base in (("", 1000), ("B", 1000), ("iB", 1024))
}


def size(value: Any, unit: str = "count", least: int = 1) -> int:
    """The whole number that `value` (an int, a float without a fraction, or a text) stands for.

    Raises:
        ValueError: it is no whole number from `least` to 2^63 - 1; the message says what to write.
    """
    value = native(value)
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(f"{shown(value)} is not a number; write a whole number such as 128 or 10k")
    number = value if isinstance(value, int) else _parse(value, unit)
    if not least <= number <= LARGEST:
        raise ValueError(f"{shown(value)} is out of range; a whole number from {least} to 2^63 - 1 is needed")
    return number


def unit(metric: str) -> str:
    """What the sizes of a metric are written in."""
    return "bytes" if metric.endswith("bytes") else "count"


def pattern(unit: str = "count") -> str:
    """A regular expression, of the kind that JSON Schema has, for the texts that may be sizes."""
    words = sorted(_BYTES if unit == "bytes" else _COUNTS)
    return rf"^\s*\+?{_DIGITS}({'|'.join(words)})\s*$"


def span(text: str) -> range:
    """The sizes of a range such as `32:1024:32`, its end included; without a step, each.

    Raises:
        ValueError: it is none; the message says what to write.
    """
    parts = text.split(":")
    told = f"{shown(text)} is no range; write 32:1024, or 32:1024:32 with a step"
    if len(parts) not in (2, 3):
        raise ValueError(told)
    first, last, step = (size(part) for part in (*parts, "1")[:3])
    if first > last:
        raise ValueError(told)
    return range(first, last + 1, step)


class Sizes(Record):
    """Sizes that are swept: those of some ranges, one after the other, never written out."""

    ranges: tuple[range, ...]

    def __iter__(self) -> Iterator[int]:  # type: ignore[override]
        return (each for span in tuple.__getitem__(self, 0) for each in span)

    @property
    def number(self) -> int:
        """How many there are."""
        return sum(len(span) for span in self.ranges)


def sizes(text: str) -> Sizes:
    """The sizes that `32:1024:32`, `1,2,3` or `8:64:8,100,128` says; the end of a range is one of them.

    Raises:
        ValueError: it says none; the message tells what to write.
    """
    parts = text.split(",")
    return Sizes(tuple(span(part) if ":" in part else range(size(part), size(part) + 1) for part in parts))


def native(value: Any) -> Any:
    """A number or truth value of NumPy as Python's; anything else as it is."""
    if type(value) in (int, str, bool, float):  # the most of them
        return value
    return value.item() if getattr(value, "ndim", None) == 0 else value


@lru_cache(1024)
def _parse(value: float | str, unit: str) -> int:
    text = repr(value) if isinstance(value, float) else value.strip()
    if text.isdecimal() and text.isascii() and len(text) < 100:
        return int(text)
    match = re.fullmatch(_NUMBER, text) if len(text) < 100 else None
    factors = _BYTES if unit == "bytes" else _COUNTS
    if not match or match[5] not in factors:
        example = "2MiB or 500KB" if unit == "bytes" else "128, 1_000, 10k or 1.5M"
        raise ValueError(f"{shown(value)} is not a size; write a whole number such as {example}")
    sign, whole, fraction, exponent, suffix = match.groups()
    fraction = (fraction or "").rstrip("0")
    scaled: int = int(whole.replace("_", "") + fraction) * 10 ** int(exponent or 0) * factors[suffix]
    number, rest = divmod(scaled, int(10 ** len(fraction)))
    if rest:
        raise ValueError(f"{shown(value)} is not a whole number; sizes are whole numbers")
    return -number if sign == "-" else number


def byte_count(params: int, dtype: str) -> int:
    """Bytes that so many scalars take, the last byte filled up."""
    return -(-params * DTYPES[dtype] // 8)
