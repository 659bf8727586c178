"""The same network over symbols: every figure of a model as a polynomial in the sizes that are left open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import rnncalc
from rnncalc.algebra import NotPolynomial, Poly, poly, symbol
from rnncalc.errors import SpecError
from rnncalc.network import Model
from rnncalc.report import METRICS
from rnncalc.symbolic import free_sizes, grows, symbolic

CONFIGS = sorted((Path(__file__).parent.parent / "configs").rglob("*.yaml"))
x, n, m = symbol("x"), symbol("n"), symbol("m")


def model(*layers: Any, framework: str = "keras", **more: Any) -> Model:
    return rnncalc.parse({"framework": framework, "input": {"depth": 10, "steps": 28}, **more, "layers": layers})


def params(found: Model, **free: Poly) -> Any:
    """The parameters where the sizes, named `layer__key`, are open."""
    return symbolic(found, {tuple(name.split("__")): size for name, size in free.items()}).params  # type: ignore[misc]


def test_an_lstm_is_its_formula() -> None:
    lstm = model({"lstm": 128})
    assert params(lstm, lstm__units=n) == (n + 10) * 4 * n + 4 * n
    assert params(lstm, lstm__units=n, input__depth=x) == (x + n) * 4 * n + 4 * n
    assert params(lstm, input__depth=x) == (x + 128) * 512 + 512


def test_costs_and_bytes_are_polynomials_too() -> None:
    found = symbolic(model({"lstm": 128}), {("lstm", "units"): n, ("input", "steps"): m}).report()
    step = (n + 10) * 4 * n
    flops = step * 2 + 4 * n + 5 * n + 4 * n  # biases, activations, products and sums
    assert (found.macs_per_step, found.macs) == (step, step * m)
    assert (found.flops_per_step, found.flops) == (flops, flops * m)
    assert (found.weight_bytes, found.state_bytes) == ((step + 4 * n) * 4, 8 * n)


def test_a_size_reaches_every_layer_above() -> None:
    two = model(
        {"lstm": {"units": 128, "bidirectional": True}}, {"gru": {"units": 7, "reset_after": False}}, {"dense": 3}
    )
    assert params(two, lstm__units=n) == 2 * ((n + 10 + 1) * 4 * n) + 3 * 7 * (2 * n + 7 + 1) + 3 * 8
    assert params(two, gru__units=m, lstm__units=n) == (2 * ((n + 11) * 4 * n) + 3 * m * (2 * n + m + 1) + 3 * (m + 1))


def test_a_stack_feeds_itself() -> None:
    deep = model({"rnn": {"units": 5, "num_layers": 4, "bidirectional": True}})
    assert params(deep, rnn__units=n) == 2 * (n * (n + 11)) + 3 * 2 * (n * (n + 2 * n + 1))


def test_a_multiple_may_stand_for_a_size() -> None:
    assert params(model({"lstm": 128}), lstm__units=8 * n) == (8 * n + 10) * 32 * n + 32 * n


def test_two_sizes_may_be_one_symbol() -> None:
    tied = model(
        {"embedding": {"vocab": 100, "depth": 8}},
        {"rnn": 8},
        {"dense": {"units": 100, "tied_to": "embedding"}},
        input=None,
    )
    with pytest.raises(SpecError, match="the matrices of"):
        params(tied, embedding__depth=n)
    assert params(tied, embedding__depth=n, rnn__units=n) == 100 * n + 2 * n * n + n + 100


def test_what_does_not_fit_at_other_sizes_is_told() -> None:
    with pytest.raises(SpecError, match="cannot add its input to its output"):
        params(model({"rnn": {"units": 10, "residual": True}}), rnn__units=n)
    with pytest.raises(NotPolynomial):
        params(model({"conv1d": {"filters": 4, "kernel_size": 3, "groups": 2}}), input__depth=n)
    grouped = model({"conv1d": {"filters": 4, "kernel_size": 3, "groups": 2}})
    assert params(grouped, input__depth=2 * n) == 3 * n * 4 + 4
    with pytest.raises(NotPolynomial):
        symbolic(model({"max_pool1d": 2}), {("input", "steps"): n})


@pytest.mark.parametrize(
    ("owner", "key", "told"),
    [
        ("lstn", "units", "no layer or input is named `lstn`; did you mean `lstm`"),
        ("lstm", "kernel_size", "`lstm` has no size `kernel_size` that can be left open; it has units"),
        ("drop", "rate", "`drop` has no size `rate` that can be left open"),
        ("input", "rate", "the input `input` has no size `rate` that can be left open; it has depth and steps"),
    ],
)
def test_only_sizes_can_be_left_open(owner: str, key: str, told: str) -> None:
    found = model({"lstm": 128}, {"dropout": {"rate": 0.2, "name": "drop"}})
    with pytest.raises(SpecError, match=told):
        symbolic(found, {(owner, key): n})


def test_growth_is_shown_by_the_signs() -> None:
    assert grows(n * n + 3)
    assert grows(7)
    assert not grows(n * n - n)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_figure_of_every_config_is_its_polynomial_at_its_own_sizes(path: Path) -> None:
    for found in rnncalc.load_all(path):
        report = found.report()
        for layer in found.layers:
            for key, size in free_sizes(layer).items():
                if size is None or layer.plan.same_as:
                    continue
                try:
                    figures = symbolic(found, {(layer.plan.name, key): n}).report()
                except (SpecError, NotPolynomial):
                    continue  # two sizes that have to be equal, or a reshape
                for metric in METRICS:
                    figure = getattr(figures, metric)
                    assert (None if figure is None else poly(figure).at({"n": size})) == getattr(report, metric)
