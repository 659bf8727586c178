"""The recurrent cell that a neural architecture search found (Zoph & Le 2017): a tree over eight maps."""

from __future__ import annotations

from rnncalc.cell import Value, Weights, relu, sigmoid, tanh

GATES = {f"a{k}": f"leaf {k} of the tree" for k in range(1, 9)} | {"p": "projection: the output, made smaller"}


def nas(w: Weights, x: Value, h: Value, c: Value, *, projection: int | None = None) -> tuple[Value, Value]:
    """h of size units (or projection) and c of size units from x of size input_depth."""
    a1, a2 = sigmoid(w.a1(x, h)), relu(w.a2(x, h))
    a3, a4 = sigmoid(w.a3(x, h)), relu(w.a4(x, bias=False) * w.a4(h))
    a5, a6 = tanh(w.a5(x, h)), sigmoid(w.a6(x, h))
    a7, a8 = tanh(w.a7(x, h)), sigmoid(w.a8(x, h))
    left, right = tanh(tanh(a1 * a2) + c), tanh(a3 + a4)
    c = left * right
    h = tanh(c * tanh(tanh(a5 * a6) + sigmoid(a7 + a8)))
    if projection:
        h = w.p(h, to="projection", bias=False)
    return h, c
