"""The largest size that fits, by bisection, against a loop over formulas written by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rnncalc
from rnncalc.errors import SpecError
from rnncalc.network import Model
from rnncalc.sizes import LARGEST
from rnncalc.sizing.solve import resizable, resized, solve

LIMITS = (0, 1, 20, 91, 92, 363, 364, 365, 999, 1000, 12_345, 100_000)


def brute(count: Callable[[int], int], limit: int) -> int | None:
    """The largest size at which the count is at most the limit, tried one by one."""
    size = 0
    while count(size + 1) <= limit:
        size += 1
    return size or None


def largest(model: Model, owner: str, key: str, limit: int, metric: str = "params") -> int | None:
    return solve(model, [(owner, key)], [(None, metric, limit)]).size


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
    assert largest(found, type, "units", limit) == brute(count, limit)


@pytest.mark.parametrize("limit", LIMITS)
def test_a_layer_in_the_middle_changes_what_the_next_one_reads(limit: int) -> None:
    found = model("keras", {"lstm": {"units": 9, "name": "wide"}}, {"rnn": 4}, {"dense": 3})

    def count(n: int) -> int:
        return 4 * (5 + n) * n + 4 * n + (n + 4) * 4 + 4 + 4 * 3 + 3

    assert largest(found, "wide", "units", limit) == brute(count, limit)


@pytest.mark.parametrize("limit", LIMITS)
def test_any_metric_may_be_the_limit(limit: int) -> None:
    found = model("keras", {"lstm": 9}, steps=3)

    assert largest(found, "lstm", "units", limit, "macs") == brute(lambda n: 3 * 4 * (5 + n) * n, limit)
    expected = brute(lambda n: 2 * 4 * (5 + n) * n + 4 * n + 9 * n, limit)
    assert largest(found, "lstm", "units", limit, "flops_per_step") == expected


@pytest.mark.parametrize(("key", "other"), [("vocab", 4), ("depth", 11)])
@pytest.mark.parametrize("limit", LIMITS)
def test_either_size_of_an_embedding_can_be_solved_for(key: str, other: int, limit: int) -> None:
    found = rnncalc.parse({"layers": [{"embedding": {"vocab": 11, "depth": 4}}]})
    assert largest(found, "embedding", key, limit) == brute(lambda n: n * other, limit)


@pytest.mark.parametrize("limit", LIMITS)
def test_a_projection_can_be_solved_for(limit: int) -> None:
    found = model("tensorflow1", {"lstm": {"units": 7, "projection": 3}})

    def count(p: int) -> int:
        return 4 * (5 + p) * 7 + 4 * 7 + 7 * p

    assert largest(found, "lstm", "projection", limit) == brute(count, limit)


def test_a_limit_that_is_met_exactly_is_met() -> None:
    found = model("tensorflow1", {"lstm": 1})
    assert largest(found, "lstm", "units", 364) == 7
    assert largest(found, "lstm", "units", 363) == 6


def test_the_size_that_the_model_has_now_does_not_matter() -> None:
    for now in (1, 7, 10_000):
        assert largest(model("tensorflow1", {"lstm": now}), "lstm", "units", 5_000) == 32
    assert 4 * (5 + 32) * 32 + 4 * 32 <= 5_000 < 4 * (5 + 33) * 33 + 4 * 33


def test_where_even_one_unit_is_too_much_there_is_none() -> None:
    assert largest(model("tensorflow1", {"lstm": 7}), "lstm", "units", 4 * (5 + 1) + 4 - 1) is None


def test_it_is_exact_at_the_largest_sizes() -> None:
    found = model("tensorflow1", {"rnn": 7})
    for size in (2**53 + 1, 2**62, LARGEST - 1, LARGEST):
        limit = (5 + size) * size + size
        assert largest(found, "rnn", "units", limit) == size
        assert largest(found, "rnn", "units", limit - 1) == size - 1


def test_no_size_is_above_the_largest_there_is() -> None:
    found = model("tensorflow1", {"dense": 7})
    assert largest(found, "dense", "units", 6 * LARGEST) == LARGEST
    assert largest(found, "dense", "units", 10**60) == LARGEST


def test_layers_without_a_size_cannot_be_resized() -> None:
    found = model("keras", {"lstm": 7}, {"dropout": 0.5}, {"dense": 3})
    assert [resizable(layer) for layer in found.layers] == [True, False, True]


def test_resizing_changes_one_layer_and_leaves_the_model_alone() -> None:
    found = model("keras", {"lstm": 7}, {"dense": 3})
    assert resized(found, [("lstm", "units")], 8).params == 4 * (5 + 8) * 8 + 4 * 8 + 8 * 3 + 3
    assert found.params == 364 + 7 * 3 + 3


def test_a_residual_fixes_the_size() -> None:
    found = model("keras", {"lstm": {"units": 5, "residual": True}})
    with pytest.raises(SpecError, match="cannot add its input to its output"):
        largest(found, "lstm", "units", 10_000)


def test_a_size_that_has_to_stay_above_another_is_solved_for_too() -> None:
    found = model("pytorch", {"lstm": {"units": 90, "projection": 3}})

    def count(n: int) -> int:
        return 4 * (5 + 3) * n + 8 * n + 3 * n

    assert largest(found, "lstm", "units", 1_000) == brute(count, 1_000)


def test_bytes_are_exact_where_scalars_share_one() -> None:
    found = rnncalc.parse(
        {"framework": "keras", "dtype": "int4", "input": {"depth": 5}, "layers": [{"rnn": 7}, {"rnn": 2}]}
    )

    def states(n: int) -> int:
        return -(-n // 2) + 1  # each layer fills up its last byte

    for limit in range(2, 9):
        assert largest(found, "rnn", "units", limit, "state_bytes") == brute(states, limit)
    weights = brute(lambda n: -(-((5 + n + 1) * n + (n + 3) * 2) // 2), 100)
    assert largest(found, "rnn", "units", 100, "weight_bytes") == weights


def test_the_tightest_of_several_limits_binds() -> None:
    found = model("keras", {"lstm": 9}, {"dense": 3})
    both = solve(found, [("lstm", "units")], [(None, "params", 10_000), ("lstm", "macs_per_step", 1_000)])
    assert (both.size, both.layer, both.metric) == (13, "lstm", "macs_per_step")
    assert 4 * (5 + 13) * 13 <= 1_000 < 4 * (5 + 14) * 14


def test_only_multiples_count_where_they_are_asked_for() -> None:
    found = model("keras", {"lstm": 9})
    answer = solve(found, [("lstm", "units")], [(None, "params", 5_000)], multiple=8)
    assert answer.size == 32
    assert [each.size for each in answer.tried] == [16, 24, 32, 40, 48]
    assert [each.figure for each in answer.tried] == [4 * (6 + n) * n for n in (16, 24, 32, 40, 48)]
    assert [each.fits for each in answer.tried] == [True, True, True, False, False]


def test_sizes_that_have_to_be_divided_are_solved_for_in_multiples() -> None:
    found = model("paper", {"on_lstm": {"units": 24, "chunk_size": 6}})
    answer = solve(found, [("on_lstm", "units")], [(None, "params", 3_000)])

    def count(n: int) -> int:
        return 4 * (5 + n + 1) * n + 2 * (5 + n + 1) * n // 6

    assert (answer.multiple, answer.size) == (6, max(n for n in range(6, 60, 6) if count(n) <= 3_000))


def test_keys_that_have_to_be_equal_are_solved_for_together() -> None:
    tied = {"dense": {"units": 100, "tied_to": "embedding"}}
    found = rnncalc.parse(
        {"framework": "keras", "layers": [{"embedding": {"vocab": 100, "depth": 8}}, {"rnn": 8}, tied]}
    )
    with pytest.raises(SpecError, match="the matrices of"):
        solve(found, [("rnn", "units")], [(None, "params", 5_000)])
    answer = solve(found, [("embedding", "depth"), ("rnn", "units")], [(None, "params", 5_000)])
    assert answer.size == brute(lambda n: 100 * n + 2 * n * n + n + 100, 5_000)


def test_what_is_not_shown_to_grow_is_tried_within_a_range_alone() -> None:
    pooled = model("keras", {"max_pool1d": 3}, {"flatten": {}}, {"dense": 4}, steps=20)
    with pytest.raises(SpecError, match="give a range to try"):
        solve(pooled, [("input", "steps")], [(None, "params", 200)])
    answer = solve(pooled, [("input", "steps")], [(None, "params", 200)], span=range(3, 101))
    assert answer.size == max(n for n in range(3, 101) if (n // 3) * 5 * 4 + 4 <= 200)
    assert answer.growth == "each size from 3 to 100 was tried"


def test_a_range_bounds_what_is_shown_to_grow_too() -> None:
    found = model("keras", {"lstm": 9})
    assert solve(found, [("lstm", "units")], [(None, "params", 5_000)], span=range(4, 21)).size == 20
    assert solve(found, [("lstm", "units")], [(None, "params", 5_000)], span=range(40, 51)).size is None


def test_an_unknown_figure_cannot_be_solved_for() -> None:
    with pytest.raises(SpecError, match="macs is unknown while a length is"):
        solve(model("keras", {"lstm": 9}), [("lstm", "units")], [(None, "macs", 100)])


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_solves_for_the_size_that_is_not_given(run: Callable[..., Any]) -> None:
    found = run("solve", "lstm", "--input-depth", 10, "--max-params", "100k", "-f", "json")
    answer = json.loads(found.out)
    assert (found.status, answer["units"], answer["params"], answer["limit"]) == (
        0,
        152,
        4 * (10 + 152 + 1) * 152,
        100_000,
    )
    assert {each["units"]: each["params"] for each in answer["neighbours"]}[153] == 4 * (10 + 153 + 1) * 153 > 100_000
    depth = run("solve", "lstm", "--units", 128, "--max-weight-bytes", "300KB", "-F", "torch", "-f", "json")
    assert json.loads(depth.out)["input_depth"] == (75_000 - 4 * (128 + 2) * 128) // (4 * 128)


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("lstm", "--input-depth", 10, "--units", 128, "--max-params", 9), "every size of lstm is given"),
        (("lstm", "--max-params", 9), "--input-depth and --units are open; give all but one"),
        (("lstm", "--input-depth", 10), "no limit is given, such as --max-params 100k"),
        (("lstm", "--input-depth", 10, "--max-params", "head=5k"), "no layer is named `head`"),
        (
            ("lstm", "--input-depth", 10, "--max-params", "5k", "--range", "9"),
            "is no range; write 32:1024, or 32:1024:32",
        ),
        (("lstm", "--input-depth", 10, "--max-params", "5k", "--range", "9:2"), "is no range"),
        (("lstm", "--input-depth", 10, "--max-macs", "5k"), "macs is unknown while a length is"),
        (("SPEC", "--max-params", "5k"), "no size is open; write --set LAYER.KEY=?"),
        (("SPEC", "--max-params", "5k", "--set", "lstn.units=?"), "no layer or input is named `lstn`"),
        (("SPEC", "--max-params", "5k", "--set", "lstm.unit=?"), "`lstm` has no size `unit`"),
        (("SPEC", "--max-params", "5k", "--set", "lstm.units=?", "--set", "dense.units=0"), "0 is out of range"),
        (("TWO", "--max-params", "5k", "--set", "lstm.units=?"), "one model at a time; there are 2"),
    ],
)
def test_a_question_that_has_no_answer_is_told(
    run: Callable[..., Any], tmp_path: Path, args: tuple[Any, ...], told: str
) -> None:
    one = "framework: keras\ninput: {depth: 10}\nlayers: [{lstm: 8}, {dense: 3}]\n"
    (tmp_path / "SPEC").write_text(one)
    (tmp_path / "TWO").write_text(f"{one}---\n{one}")
    args = tuple(tmp_path / each if each in ("SPEC", "TWO") else each for each in args)
    found = run("solve", *args)
    assert (found.status, found.out) == (2, "")
    assert told in " ".join(found.err.split())


def test_a_spec_is_solved_with_what_else_is_set(run: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("framework: pytorch\ninput: {depth: 10}\nlayers: [{LSTM: {hidden_size: 8}}, {Linear: 3}]\n")
    found = run(
        "solve", path, "--set", "lstm.hidden_size=?", "--set", "dense.units=5", "--max-params", "100k", "-f", "json"
    )
    answer = json.loads(found.out)
    assert answer["units"] == brute(lambda n: 4 * (10 + n + 2) * n + 5 * n + 5, 100_000)
    table = run("solve", path, "--set", "lstm.hidden_size=?", "--max-params", "100k")
    assert "hidden_size" in table.out
    assert "100,000" in table.out


def test_where_nothing_fits_it_is_said(run: Callable[..., Any]) -> None:
    found = run("solve", "lstm", "--input-depth", 10, "--max-params", 47)
    assert (found.status, "no num_units of lstm fits: 1 already has params 48" in " ".join(found.out.split())) == (
        0,
        True,
    )
    answer = json.loads(run("solve", "lstm", "--input-depth", 10, "--max-params", 47, "-f", "json").out)
    assert (answer["units"], answer["params"]) == (None, None)
