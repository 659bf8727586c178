"""Activation: an elementwise function, and softmax."""

from __future__ import annotations

from rnncalc.cell import Activation, Value, Weights, activate


def activation(w: Weights, x: Value, *, function: Activation) -> Value:
    """The function of x."""
    return activate(x, function)
