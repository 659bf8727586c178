"""Recurrent highway network (Zilly et al. 2017) with coupled gates: several highway layers in each step."""

from __future__ import annotations

from rnncalc.cell import Count, Value, Weights, sigmoid, tanh

GATES = {f"h{k}": f"candidate of layer {k}: what could be written" for k in range(1, 11)} | {
    f"t{k}": f"transform gate of layer {k}: how much of it is written" for k in range(1, 11)
}


def rhn(w: Weights, x: Value, s: Value, *, depth: Count = 1) -> Value:
    """s of size units from x of size input_depth; only the first of `depth` layers reads x."""
    for k in range(1, depth + 1):
        read = (x, s) if k == 1 else (s,)
        h = tanh(getattr(w, f"h{k}")(*read))
        t = sigmoid(getattr(w, f"t{k}")(*read))
        s = (h * t + s * (1 - t)).named(f"s{k}")
    return s
