"""The largest size that fits, by bisection, against a loop over formulas written by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import rnncalc
from rnncalc.errors import SpecError
from rnncalc.network import Model
from rnncalc.sizes import LARGEST
from rnncalc.solve import largest, resizable, resized

LIMITS = (0, 1, 20, 91, 92, 363, 364, 365, 999, 1000, 12_345, 100_000)


def brute(count: Callable[[int], int], limit: int) -> int | None:
    """The largest size at which the count is at most the limit, tried one by one."""
    size = 0
    while count(size + 1) <= limit:
        size += 1
    return size or None


def params(model: Model) -> int:
    return model.params


def model(framework: str, *layers: Any, steps: int | None = None) -> Model:
    given = {"depth": 5, **({"steps": steps} if steps else {})}
    return rnncalc.parse({"framework": framework, "input": given, "layers": list(layers)})


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize(
    ("framework", "type", "options", "count"),
    [
        ("tensorflow1", "rnn", {}, lambda n: (5 + n) * n + n),
        ("pytorch", "rnn", {}, lambda n: (5 + n) * n + 2 * n),
        ("keras", "lstm", {}, lambda n: 4 * (5 + n) * n + 4 * n),
        ("pytorch", "lstm", {}, lambda n: 4 * (5 + n) * n + 8 * n),
        ("keras", "gru", {}, lambda n: 3 * (5 + n) * n + 6 * n),
        ("tensorflow1", "lstm", {"peephole": True}, lambda n: 4 * (5 + n) * n + 4 * n + 3 * n),
        (
            "keras",
            "lstm",
            {"num_layers": 2, "bidirectional": True},
            lambda n: 2 * (4 * (5 + n) * n + 4 * n) + 2 * (4 * (2 * n + n) * n + 4 * n),
        ),
        ("tensorflow1", "lstm", {"projection": 3}, lambda n: 4 * (5 + 3) * n + 4 * n + 3 * n),
    ],
)
def test_the_largest_units_are_those_that_a_loop_finds(
    framework: str, type: str, options: dict[str, Any], count: Callable[[int], int], limit: int
) -> None:
    found = model(framework, {type: {"units": 6, **options}})
    assert largest(found, type, "units", limit, params) == brute(count, limit)


@pytest.mark.parametrize("limit", LIMITS)
def test_a_layer_in_the_middle_changes_what_the_next_one_reads(limit: int) -> None:
    found = model("keras", {"lstm": {"units": 9, "name": "wide"}}, {"rnn": 4}, {"dense": 3})

    def count(n: int) -> int:
        return 4 * (5 + n) * n + 4 * n + (n + 4) * 4 + 4 + 4 * 3 + 3

    assert largest(found, "wide", "units", limit, params) == brute(count, limit)


@pytest.mark.parametrize("limit", LIMITS)
def test_any_metric_may_be_the_limit(limit: int) -> None:
    found = model("keras", {"lstm": 9}, steps=3)

    def macs(candidate: Model) -> int | None:
        return candidate.report().macs

    def flops(candidate: Model) -> int | None:
        return candidate.report().flops_per_step

    assert largest(found, "lstm", "units", limit, macs) == brute(lambda n: 3 * 4 * (5 + n) * n, limit)
    expected = brute(lambda n: 2 * 4 * (5 + n) * n + 4 * n + 9 * n, limit)
    assert largest(found, "lstm", "units", limit, flops) == expected


@pytest.mark.parametrize(("key", "other"), [("vocab", 4), ("depth", 11)])
@pytest.mark.parametrize("limit", LIMITS)
def test_either_size_of_an_embedding_can_be_solved_for(key: str, other: int, limit: int) -> None:
    found = rnncalc.parse({"layers": [{"embedding": {"vocab": 11, "depth": 4}}]})
    assert largest(found, "embedding", key, limit, params) == brute(lambda n: n * other, limit)


@pytest.mark.parametrize("limit", LIMITS)
def test_a_projection_can_be_solved_for(limit: int) -> None:
    found = model("tensorflow1", {"lstm": {"units": 7, "projection": 3}})

    def count(p: int) -> int:
        return 4 * (5 + p) * 7 + 4 * 7 + 7 * p

    assert largest(found, "lstm", "projection", limit, params) == brute(count, limit)


def test_a_limit_that_is_met_exactly_is_met() -> None:
    found = model("tensorflow1", {"lstm": 1})
    assert largest(found, "lstm", "units", 364, params) == 7
    assert largest(found, "lstm", "units", 363, params) == 6


def test_the_size_that_the_model_has_now_does_not_matter() -> None:
    for now in (1, 7, 10_000):
        assert largest(model("tensorflow1", {"lstm": now}), "lstm", "units", 5_000, params) == 32
    assert 4 * (5 + 32) * 32 + 4 * 32 <= 5_000 < 4 * (5 + 33) * 33 + 4 * 33


def test_where_even_one_unit_is_too_much_there_is_none() -> None:
    assert largest(model("tensorflow1", {"lstm": 7}), "lstm", "units", 4 * (5 + 1) + 4 - 1, params) is None


def test_it_is_exact_at_the_largest_sizes() -> None:
    found = model("tensorflow1", {"rnn": 7})
    for size in (2**53 + 1, 2**62, LARGEST - 1, LARGEST):
        limit = (5 + size) * size + size
        assert largest(found, "rnn", "units", limit, params) == size
        assert largest(found, "rnn", "units", limit - 1, params) == size - 1


def test_no_size_is_above_the_largest_there_is() -> None:
    found = model("tensorflow1", {"dense": 7})
    assert largest(found, "dense", "units", 6 * LARGEST, params) == LARGEST
    assert largest(found, "dense", "units", 10**60, params) == LARGEST


def test_layers_without_a_size_cannot_be_resized() -> None:
    found = model("keras", {"lstm": 7}, {"dropout": 0.5}, {"dense": 3})
    assert [resizable(layer) for layer in found.layers] == [True, False, True]


def test_resizing_changes_one_layer_and_leaves_the_model_alone() -> None:
    found = model("keras", {"lstm": 7}, {"dense": 3})
    assert resized(found, "lstm", "units", 8).params == 4 * (5 + 8) * 8 + 4 * 8 + 8 * 3 + 3
    assert found.params == 364 + 7 * 3 + 3


def test_a_residual_fixes_the_size() -> None:
    found = model("keras", {"lstm": {"units": 5, "residual": True}})
    with pytest.raises(SpecError, match="cannot add its input to its output"):
        largest(found, "lstm", "units", 10_000, params)


def test_a_size_that_has_to_stay_above_another_is_solved_for_too() -> None:
    found = model("pytorch", {"lstm": {"units": 90, "projection": 3}})

    def count(n: int) -> int:
        return 4 * (5 + 3) * n + 8 * n + 3 * n

    assert largest(found, "lstm", "units", 1_000, params) == brute(count, 1_000)
