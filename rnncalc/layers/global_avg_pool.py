"""Global average pooling: the mean of all positions."""

from __future__ import annotations

from rnncalc.cell import Value, Weights, reduce

RANKS = (1, 2, 3)


def global_avg_pool(w: Weights, x: Value, *, rank: int) -> Value:
    """x of the same depth, without positions."""
    return reduce(x, "mean", rank)
