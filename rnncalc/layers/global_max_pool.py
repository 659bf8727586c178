"""Global max pooling: the greatest value of all positions."""

from __future__ import annotations

from rnncalc.cell import Value, Weights, reduce

RANKS = (1, 2, 3)


def global_max_pool(w: Weights, x: Value, *, rank: int) -> Value:
    """x of the same depth, without positions."""
    return reduce(x, "max", rank)
