"""Multi-head attention (Vaswani et al. 2017)."""

from __future__ import annotations

from rnncalc.cell import Count, Value, Weights

# a bias of the keys adds the same to all scores of a query, which their softmax does not see
IDLE = {"k@1v": ""}


def multi_head_attention(
    w: Weights,
    x: Value,
    v: Value,
    *,
    heads: Count,
    key_depth: int | None = None,
    value_depth: int | None = None,
    output_depth: int | None = None,
) -> Value:
    """For each step of the query x, the values v of each head weighed by their scores, in a vector of output_depth."""
    query = w.q(x, to=("heads", "key_depth"))
    key = w.k(v, to=("heads", "key_depth"))
    value = w.v(v, to=("heads", "value_depth"))
    mixed = query.apply("match", key, heads=heads, scale=True).apply("attend").apply("mix", value)
    return w.o(mixed, to="output_depth")
