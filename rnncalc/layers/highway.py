"""Highway layer (Srivastava et al. 2015): a gate between the input and a transform of it."""

from __future__ import annotations

from rnncalc.cell import Activation, Value, Weights, activate, sigmoid


def highway(w: Weights, x: Value, *, activation: Activation = "relu") -> Value:
    """y of the same shape as x."""
    h = activate(w.h(x, to="input_depth"), activation)
    t = sigmoid(w.t(x, to="input_depth"))
    return t * h + (1 - t) * x
