"""What has so many parameters: against loops over formulas written by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from rnncalc.sizing.identify import Bounds, identify

Shape = tuple[str, int, int, int, bool, bool, str]

# weights beside x and h a unit, and biases a unit, as the frameworks of FORMS allocate them
FORMS: dict[str, dict[tuple[str, ...], tuple[int, int]]] = {
    "rnn": {("tensorflow1", "keras", "flax", "flax-nnx"): (1, 1), ("pytorch", "onnx", "haiku"): (1, 2)},
    "lstm": {
        ("tensorflow1", "keras", "flax", "flax-nnx", "haiku", "equinox"): (4, 4),
        ("pytorch", "onnx"): (4, 8),
    },
    "gru": {
        ("tensorflow1", "haiku", "keras", "flax-nnx"): (3, 3),
        ("flax", "equinox"): (3, 4),
        ("keras", "pytorch", "onnx"): (3, 6),
    },
}


def count(matrices: int, biases: int, x: int, n: int, layers: int, both: bool) -> int:
    """The parameters of a stack whose layers read the outputs of both directions."""
    sides = 2 if both else 1
    first = matrices * (x + n) * n + biases * n
    inner = matrices * (sides * n + n) * n + biases * n
    return sides * (first + (layers - 1) * inner)


def by_hand(total: int, most: int) -> set[Shape]:
    """(cell, units, input depth, layers, bidirectional, whether it has a bias, framework)."""
    found = set()
    for cell, forms in FORMS.items():
        for (frameworks, (matrices, biases)), n, x, layers, both in product(
            forms.items(), range(1, most + 1), range(1, most + 1), (1, 2, 3), (False, True)
        ):
            if count(matrices, biases, x, n, layers, both) == total:
                found |= {(cell, n, x, layers, both, True, name) for name in frameworks}
    return found


@pytest.mark.parametrize("total", [91, 98, 280, 294, 364, 392, 1_000, 2_310, 5_040])
def test_everything_is_found_and_nothing_else(total: int) -> None:
    most = 24
    known = {name for forms in FORMS.values() for frameworks in forms for name in frameworks}
    bounds = Bounds(tuple(FORMS), tuple(known), range(1, most + 1), range(1, most + 1), range(1, 4))
    plain = {
        (m.cell, m.units, m.input_depth, m.num_layers, m.bidirectional, m.bias, name)
        for m in identify(total, bounds).matches
        if m.bias and not {"peephole", "coupled_gates"} & set(dict(m.options))
        for name in m.frameworks
        if name != "paper"
    }
    assert plain == by_hand(total, most)


def test_the_plainest_comes_first() -> None:
    first, *_ = identify(71_168, Bounds(("gru", "lstm", "rnn"))).matches
    assert (first.cell, first.units, first.input_depth, first.num_layers) == ("lstm", 128, 10, 1)
    assert first.frameworks == ("tensorflow1", "keras", "flax", "flax-nnx", "haiku", "equinox", "paper")


@pytest.mark.parametrize(
    ("total", "cell", "options"),
    [
        (4 * 12 * 7 + 4 * 7 + 3 * 7, "lstm", {"peephole": True}),
        (4 * 12 * 7 + 8 * 7 + 3 * 7, "lstm", {"peephole": True}),
        (3 * 12 * 7 + 3 * 7, "lstm", {"coupled_gates": True}),
        (35_712, "mgu", {"reset_after": True}),  # flax's MGUCell, 10 to 128
    ],
)
def test_options_are_found(total: int, cell: str, options: dict[str, Any]) -> None:
    units, depth = (128, 10) if cell == "mgu" else (7, 5)
    bounds = Bounds((cell,), units=range(units, units + 1), input_depth=range(depth, depth + 1))
    assert options in [dict(match.options) for match in identify(total, bounds).matches]


def test_a_total_beyond_every_machine_word_is_exact() -> None:
    n, x = 65_536, 65_535
    total = 4 * (x + n) * n + 4 * n
    assert ("lstm", n, x) in [match[:3] for match in identify(total, Bounds(("lstm",))).matches]
    assert ("lstm", n, x) not in [match[:3] for match in identify(total + 1, Bounds(("lstm",))).matches]


def test_the_command_names_its_bounds(run: Callable[..., Any]) -> None:
    found = run("identify", 71_168, "--input-depth", 10)
    text = " ".join(found.out.split())
    assert found.status == 0
    assert "lstm 128 10 tensorflow1, keras" in text
    assert "looked through: units 1 to 65,536, input depth 10, layers 1 to 4;" in text
    answer = json.loads(run("identify", 71_168, "--input-depth", 10, "-f", "json").out)
    assert answer["bounds"]["input_depth"] == [10, 10]
    assert {"cell": "lstm", "units": 128, "input_depth": 10}.items() <= answer["matches"][0].items()


def test_the_command_takes_ranges_cells_and_frameworks(run: Callable[..., Any]) -> None:
    args = ("--cell", "gru", "--units", "64:512", "-F", "torch", "--num-layers", 1, "--no-bidirectional", "-f", "json")
    answer = json.loads(run("identify", "1.2M", *args).out)
    found = {(match["units"], match["input_depth"]) for match in answer["matches"] if match["bias"]}
    assert found == {(n, x) for n in range(64, 513) for x in range(1, 65_537) if 3 * (x + n + 2) * n == 1_200_000}
    assert {name for match in answer["matches"] for name in match["frameworks"]} == {"pytorch"}


def test_the_rest_is_shown_when_asked(run: Callable[..., Any]) -> None:
    short, long = run("identify", 71_168).out, run("identify", 71_168, "--all").out
    assert "the plainest 20 are shown, --all shows the rest" in " ".join(short.split())
    assert len(long.splitlines()) > len(short.splitlines())
    assert len(run("identify", 71_168, "-f", "csv").out.splitlines()) > 100


def test_nothing_is_said_to_be_nothing(run: Callable[..., Any]) -> None:
    found = run("identify", 1)
    assert (found.status, "nothing there with exactly 1 parameter" in found.out) == (0, True)


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("0",), "is out of range"),
        (("many",), "is not a size"),
        (("7", "--cell", "lstmm"), "there is no cell `lstmm`; did you mean `lstm`?"),
        (("7", "--units", "9:2"), "is no range"),
        (("7", "-F", "kerass"), "unknown framework `kerass`"),
    ],
)
def test_what_cannot_be_looked_for_is_told(run: Callable[..., Any], args: tuple[str, ...], told: str) -> None:
    found = run("identify", *args)
    assert (found.status, found.out) == (2, "")
    assert told in " ".join(found.err.split())
