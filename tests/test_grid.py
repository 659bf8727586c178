"""Polynomials over grids, against Python's own integers."""

from __future__ import annotations

from itertools import islice, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncalc.algebra import Poly, poly, symbol
from rnncalc.sizes import LARGEST, Sizes, sizes
from rnncalc.sizing.grid import blocks, combinations, evaluated

a, b, c = (symbol(name) for name in "abc")
COUNT = (a + b) * 4 * b + 4 * b  # an LSTM's


def rows(axes: dict[str, Sizes], figures: list[Poly], most: int) -> list[tuple[int, ...]]:
    """All rows, as Python's integers; no block has too many."""
    found: list[tuple[int, ...]] = []
    for block in blocks(axes, figures, most):
        columns = [column.tolist() for column in (*block.sizes, *block.figures)]
        assert 0 < len(columns[0]) <= most
        found += zip(*columns, strict=True)
    return found


@pytest.mark.parametrize("most", [1, 2, 3, 7, 24, 1000])
def test_blocks_have_every_combination_in_order(most: int) -> None:
    axes = {"a": sizes("1,5"), "b": sizes("2:6:2,100"), "c": sizes("7:9")}
    figures = [a * b + c, c * c - a, poly(3)]
    expected = [(x, y, z, x * y + z, z * z - x, 3) for x, y, z in product([1, 5], [2, 4, 6, 100], [7, 8, 9])]
    assert rows(axes, figures, most) == expected


def test_without_an_axis_there_is_one_row() -> None:
    assert rows({}, [poly(7)], 10) == [(7,)]
    assert rows({}, [poly(LARGEST * LARGEST)], 10) == [(LARGEST * LARGEST,)]


@pytest.mark.parametrize("units", [2**30, 2**31, 3_037_000_499, 3_037_000_500, 2**40, LARGEST])
def test_what_would_overflow_is_exact(units: int) -> None:
    span = Sizes((range(units - 2, units + 1) if units < LARGEST else range(units - 2, units),))
    for x, n, figure in rows({"a": sizes("10"), "b": span}, [COUNT], 2):
        assert figure == (x + n) * 4 * n + 4 * n


def test_a_difference_of_large_values_does_not_overflow_on_the_way() -> None:
    n = 2**33
    assert evaluated(b * b - b * (n - 1), {"b": np.array([n])}).tolist() == [n]  # n * n alone is above 2^63


def test_only_what_may_overflow_is_slow() -> None:
    found = list(blocks({"b": sizes(f"{2**30},{2**40}")}, [COUNT.replace({"a": 10})], 1))
    assert [block.figures[0].dtype.kind for block in found] == ["i", "O"]


def test_a_grid_without_end_gives_its_first_rows_at_once() -> None:
    axes = {name: Sizes((range(1, LARGEST),)) for name in "abc"}
    first = next(blocks(axes, [a + b + c]))
    assert first.sizes[2][:3].tolist() == [1, 2, 3]
    assert list(islice(combinations(list(axes.values())), 2)) == [(1, 1, 1), (1, 1, 2)]


monomials = st.lists(st.sampled_from("abc"), max_size=4).map(
    lambda names: tuple((name, names.count(name)) for name in sorted(set(names)))
)
polynomials = st.dictionaries(monomials, st.integers(-(2**40), 2**40), max_size=5).map(Poly)
values = st.lists(st.integers(1, LARGEST), min_size=1, max_size=3)


@given(polynomials, values, values, values, st.integers(1, 12))
@settings(max_examples=300, deadline=None)
def test_any_polynomial_at_any_sizes_is_exact(
    figure: Poly, first: list[int], second: list[int], third: list[int], most: int
) -> None:
    axes = {name: Sizes(tuple(range(n, n + 1) for n in each)) for name, each in zip("abc", (first, second, third))}
    expected = [(x, y, z, figure.at({"a": x, "b": y, "c": z})) for x, y, z in product(first, second, third)]
    assert rows(axes, [figure], most) == expected


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("32:128:32", [32, 64, 96, 128]),
        ("32:127:32", [32, 64, 96]),
        ("1:3", [1, 2, 3]),
        ("5", [5]),
        ("1,2,3", [1, 2, 3]),
        ("8:24:8,100,1k", [8, 16, 24, 100, 1000]),
        ("3,1", [3, 1]),
    ],
)
def test_sizes_are_written_as_ranges_and_lists(text: str, found: list[int]) -> None:
    assert list(sizes(text)) == found
    assert sizes(text).number == len(found)


@pytest.mark.parametrize("text", ["", "1,", ",1", "3:1", "1:2:0", "1:2:3:4", "0:3", "a:b", "1.5", "-1:2", "1;2"])
def test_what_is_no_list_of_sizes_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"size|range|number"):
        sizes(text)
