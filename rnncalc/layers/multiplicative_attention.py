"""Multiplicative attention (Luong et al. 2015): scores by a product of the query and each value."""

from __future__ import annotations

from rnncalc.cell import Value, Weights


def multiplicative_attention(w: Weights, x: Value, v: Value, *, general: bool = True, scale: bool = False) -> Value:
    """For each step of the query x, the values v weighed by their scores; `general` has a matrix between them,
    `scale` a number before them.
    """
    query = w.a(x, to="v_depth", bias=False) if general else x
    scores = query.apply("match", v, heads=1, scale=False)
    return (scores * w.s(to=1) if scale else scores).apply("attend").apply("mix", v)
