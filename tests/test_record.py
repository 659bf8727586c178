"""Records: the first of a class and the thousandth are made alike."""

from __future__ import annotations

import pickle

import pytest

from rnncalc.record import Record, cached_property


class Point(Record):
    new: int  # as the code that makes it may call what it uses
    y: int = 2

    @cached_property
    def total(self) -> list[int]:
        return [self.new + self.y]


class Pair(Record):
    """Fields of the names that its own constructor might use."""

    old: int
    new: int
    cls: int = 3


class Nothing(Record):
    """Has no fields."""


@pytest.mark.parametrize("before", [0, 1000])
def test_records_are_made_by_place_by_name_and_with_defaults(before: int) -> None:
    assert len([Point(n) for n in range(before)] + [Nothing() for _ in range(before)]) == 2 * before
    assert Point(1) == Point(1, 2) == Point(new=1) == Point(y=2, new=1) == (1, 2)
    assert Nothing() == ()
    assert Point(1)._replace(y=3) == (1, 3)
    assert pickle.loads(pickle.dumps(Point(4, 5))) == Point(4, 5)
    assert repr(Point(1)) == "Point(new=1, y=2)"
    for wrong in ({}, {"new": 1, "z": 2}):
        with pytest.raises(TypeError):
            Point(**wrong)
    with pytest.raises(TypeError):
        Point(1, 2, 3)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Point(1)._replace(z=3)  # type: ignore[call-arg]


def test_a_record_that_is_made_often_is_as_at_first() -> None:
    made = [Pair(n, n + 1) for n in range(1_000)] + [Pair(old=n, new=n + 1, cls=3) for n in range(1_000)]
    assert made == [(n, n + 1, 3) for n in range(1_000)] * 2


def test_a_cached_property_is_computed_once() -> None:
    point = Point(1)
    assert point.total is point.total
    assert point.total == [3]
