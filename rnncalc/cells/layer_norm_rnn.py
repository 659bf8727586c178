"""Vanilla recurrent network with layer normalisation (Ba et al. 2016): of the sum of both products, before the bias."""

from __future__ import annotations

from rnncalc.cell import Activation, Value, Weights, activate, diag, norm

GATES = {"n": "what the input and the state say together; then its gain once it is normalised, and the bias"}


def layer_norm_rnn(w: Weights, x: Value, h: Value, *, activation: Activation = "tanh", epsilon: float = 1e-5) -> Value:
    """h of size units from x of size input_depth."""
    n = norm(w.n(x, h, bias=False), "depth", epsilon)
    return activate(w.n(diag(n)), activation)
