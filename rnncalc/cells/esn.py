"""Echo state network (Jaeger 2001): a reservoir whose weights are drawn once and never trained."""

from __future__ import annotations

from rnncalc.cell import Activation, Value, Weights, activate

GATES = {"n": "new state: what the reservoir makes of the input and of its echo"}


def esn(w: Weights, x: Value, h: Value, *, leaky: float = 1.0, activation: Activation = "tanh") -> Value:
    """h of size units from x of size input_depth; a share `leaky` of the state is renewed at each step."""
    n = activate(w.n(x, h, trainable=False), activation)
    return n if leaky == 1 else h + leaky * (n - h)
