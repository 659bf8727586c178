"""Minimal gated unit (Zhou et al. 2016), its gate before or after the product."""

from __future__ import annotations

from rnncalc.cell import Activation, Value, Weights, activate, sigmoid

GATES = {"f": "forget gate: how much of the state is renewed", "n": "candidate: what could be written"}


def mgu(
    w: Weights,
    x: Value,
    h: Value,
    *,
    reset_after: bool = False,
    reset_gate: bool = True,
    activation: Activation = "tanh",
) -> Value:
    """h of size units from x of size input_depth; without reset_gate the candidate sees all of the state."""
    f = sigmoid(w.f(x, h))
    if not reset_gate:
        n = w.n(x, h)
    else:
        n = w.n(x) + f * w.n(h) if reset_after else w.n(x, f * h)
    n = activate(n, activation)
    return (1 - f) * n + f * h
