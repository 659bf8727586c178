"""Counts are integer polynomials: exact, without bound, and printed as people write them."""

from __future__ import annotations

import numpy as np
import pytest

from rnncalc.algebra import Poly, poly, product, symbol, total

x, n = symbol("input_depth"), symbol("units")


def test_a_sum_collects_equal_terms() -> None:
    assert x + n + x == Poly({(("input_depth", 1),): 2, (("units", 1),): 1})


def test_a_product_multiplies_out() -> None:
    assert (x + n) * (x + n) == x * x + x * n * 2 + n * n


def test_multiplication_adds_the_exponents_of_a_symbol() -> None:
    assert (n * n * n).terms == {(("units", 3),): 1}


def test_numbers_stand_on_either_side() -> None:
    assert 4 * n + 1 == 1 + n * 4
    assert (2 + n).at({"units": 5}) == 7


def test_terms_that_cancel_are_gone() -> None:
    assert (n + n * -1).terms == {}
    assert not n + n * -1


def test_a_constant_equals_its_number_and_hashes_like_it() -> None:
    assert poly(7) == 7
    assert hash(poly(7)) == hash(7)
    assert hash(poly(0)) == hash(0)


def test_equal_polynomials_hash_alike_however_they_were_made() -> None:
    assert hash((x + n) * n) == hash(n * n + n * x)


def test_a_polynomial_is_unlike_what_is_no_number() -> None:
    assert n != "units"


def test_arithmetic_leaves_its_operands_alone() -> None:
    before = dict(n.terms)
    _ = n + 1, n * n, n * 3
    assert n.terms == before


def test_the_count_of_an_lstm_at_10_and_128_is_71168() -> None:
    count = (x + n) * 4 * n + 4 * n
    assert count.at({"input_depth": 10, "units": 128}) == (10 + 128) * 4 * 128 + 4 * 128 == 71_168


def test_values_are_exact_to_the_last_digit() -> None:
    large = 2**63 - 1
    count = (x + n) * 4 * n + 4 * n
    assert count.at({"input_depth": large, "units": large}) == (large + large) * 4 * large + 4 * large


def test_a_polynomial_takes_an_array_for_a_sweep() -> None:
    swept = (n * n + n).at({"units": np.array([1, 2, 10])})
    assert swept.tolist() == [2, 6, 110]


def test_a_symbol_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="units"):
        (x * n).at({"input_depth": 3})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (poly(0), "0"),
        (poly(3), "3"),
        (n, "units"),
        (n * 4, "4·units"),
        (n * n, "units²"),
        (product([n] * 12), "units¹²"),
        ((x + n) * 4 * n + 4 * n, "4·input_depth·units + 4·units² + 4·units"),
        (n * n + -1, "units² - 1"),
        (n * n + n * -2, "units² - 2·units"),
    ],
)
def test_it_prints_the_highest_degree_first(value: Poly, text: str) -> None:
    assert str(value) == text


def test_it_knows_its_symbols_and_their_degrees() -> None:
    count = x * n + n * n + 3
    assert count.symbols == {"input_depth", "units"}
    assert [count.degree(name) for name in ("input_depth", "units", "projection")] == [1, 2, 0]


def test_a_symbol_is_replaced_by_a_polynomial() -> None:
    assert (x * n + n).replace({"input_depth": n * 2}) == n * n * 2 + n


def test_a_replacement_reaches_every_power() -> None:
    assert (n * n).replace({"units": x + 1}) == x * x + x * 2 + 1


def test_symbols_are_replaced_all_at_once() -> None:
    assert (x + n * n).replace({"input_depth": n, "units": x}) == n + x * x


def test_replacing_what_is_not_there_changes_nothing() -> None:
    assert (x + n).replace({"projection": 9}) == x + n


def test_total_and_product_take_numbers_too() -> None:
    assert total([x, 2, x, 3]) == x * 2 + 5
    assert product([x, 2, n]) == x * n * 2
    assert total([]) == 0
    assert product([]) == 1
