"""Records: one made for the thousandth time is like the first."""

from __future__ import annotations

from rnncalc.record import Record


class Pair(Record):
    """Fields of the names that its own constructor might use."""

    old: int
    new: int
    cls: int = 3


def test_a_record_that_is_made_often_is_as_at_first() -> None:
    made = [Pair(n, n + 1) for n in range(1_000)] + [Pair(old=n, new=n + 1, cls=3) for n in range(1_000)]
    assert made == [(n, n + 1, 3) for n in range(1_000)] * 2
