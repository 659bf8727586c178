"""Gated recurrent unit (Cho et al. 2014), its reset gate before or after the product."""

from __future__ import annotations

from rnncalc.cell import Activation, Value, Weights, activate, sigmoid

GATES = {
    "r": "reset gate: how much of the state the candidate sees",
    "z": "update gate: how much of the state is kept",
    "n": "candidate: what could be written",
}


def gru(w: Weights, x: Value, h: Value, *, reset_after: bool = False, activation: Activation = "tanh") -> Value:
    """h of size units from x of size input_depth."""
    r = sigmoid(w.r(x, h))
    z = sigmoid(w.z(x, h))
    n = activate(w.n(x) + r * w.n(h) if reset_after else w.n(x, r * h), activation)
    return z * h + (1 - z) * n
