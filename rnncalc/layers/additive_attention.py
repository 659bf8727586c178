"""Additive attention (Bahdanau et al. 2015): scores by a small network over the query and each value."""

from __future__ import annotations

from rnncalc.cell import Value, Weights, diag, tanh


def additive_attention(
    w: Weights, x: Value, v: Value, *, units: int | None = None, project: bool = True, scale: bool = True
) -> Value:
    """For each step of the query x, the values v weighed by their scores.

    With `project` both are mapped into `units` first; else they are compared as they are, each element with a weight
    where there is a `scale`.
    """
    if project:
        scores = w.s(tanh(w.q(x, bias=False).apply("across", w.k(v))), to=1, bias=False)
    else:
        pairs = tanh(x.apply("across", v))
        scores = (w.s(diag(pairs), to="input_depth", bias=False) if scale else pairs).apply("inner")
    return scores.apply("attend").apply("mix", v)
