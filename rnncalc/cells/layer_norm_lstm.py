"""LSTM with layer normalisation (Ba et al. 2016), as TensorFlow Addons has it.

What each matrix gives is normalised over its four gates together; the cell state is carried on as it is normalised.
"""

from __future__ import annotations

from rnncalc.cell import Activation, Value, Weights, activate, diag, norm, part, sigmoid

GATES = {
    "k": "what the input says to i, f, g and o together, normalised; then its gain",
    "kb": "shift of the normalised input",
    "r": "what the state says to i, f, g and o together, normalised; then its gain, and the bias of the gates",
    "rb": "shift of the normalised state",
    "s": "gain of the normalised cell state",
    "sb": "shift of the normalised cell state",
}


def layer_norm_lstm(
    w: Weights, x: Value, h: Value, c: Value, *, activation: Activation = "tanh", epsilon: float = 1e-3
) -> tuple[Value, Value]:
    """h and c of size units from x of size input_depth."""
    gates = (4, "units")
    k = norm(w.k(x, to=gates, bias=False), "depth", epsilon)
    r = norm(w.r(h, to=gates, bias=False), "depth", epsilon)
    z = (w.k(diag(k), to=gates, bias=False) + w.kb(to=gates) + (w.r(diag(r), to=gates) + w.rb(to=gates))).named("z")
    i, f, g, o = (part(z, n, 4, "units") for n in range(4))
    i, f, g, o = sigmoid(i).named("i"), sigmoid(f).named("f"), activate(g, activation).named("g"), sigmoid(o).named("o")
    c = w.s(diag(norm(f * c + i * g, "depth", epsilon)), bias=False) + w.sb()
    return o * activate(c, activation), c
