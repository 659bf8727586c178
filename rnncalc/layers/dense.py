"""Fully connected layer: one affine map."""

from __future__ import annotations

from rnncalc.cell import Activation, Value, Weights, activate


def dense(w: Weights, x: Value, *, units: int, activation: Activation = "linear") -> Value:
    """y of size units from x of size input_depth."""
    return activate(w.y(x), activation)
