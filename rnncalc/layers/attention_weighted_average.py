"""Attention-weighted average (Felbo et al. 2017): the mean of all steps, weighed by a softmax over them."""

from __future__ import annotations

from rnncalc.cell import Value, Weights


def attention_weighted_average(w: Weights, x: Value) -> Value:
    """A vector of the depth of x, from x of shape (steps, depth)."""
    scores = w.a(x, to=1, bias=False)
    return scores.apply("attend").apply("weigh", x)
