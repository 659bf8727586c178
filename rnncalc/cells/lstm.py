"""Long short-term memory (Hochreiter & Schmidhuber 1997; Gers et al. 2000).

Peepholes: Gers & Schmidhuber 2000. Projection: Sak et al. 2014. Coupled gates: Greff et al. 2015.
"""

from __future__ import annotations

from rnncalc.cell import Activation, Value, Weights, activate, diag, sigmoid

GATES = {
    "i": "input gate: how much of the candidate is written",
    "f": "forget gate: how much of the cell state is kept",
    "g": "candidate: what could be written",
    "o": "output gate: how much of the cell state is shown",
    "p": "projection: the output, made smaller",
}


def lstm(
    w: Weights,
    x: Value,
    h: Value,
    c: Value,
    *,
    peephole: bool = False,
    projection: int | None = None,
    coupled_gates: bool = False,
    activation: Activation = "tanh",
) -> tuple[Value, Value]:
    """h of size units (or projection) and c of size units from x of size input_depth."""
    seen = [diag(c)] if peephole else []
    i = sigmoid(w.i(x, h, *seen))
    f = 1 - i if coupled_gates else sigmoid(w.f(x, h, *seen))
    g = activate(w.g(x, h), activation)
    c = f * c + i * g
    seen = [diag(c)] if peephole else []
    o = sigmoid(w.o(x, h, *seen))
    h = o * activate(c, activation)
    if projection:
        h = w.p(h, to="projection", bias=False)
    return h, c
