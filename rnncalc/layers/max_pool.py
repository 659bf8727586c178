"""Max pooling: the greatest value of each window."""

from __future__ import annotations

from rnncalc.cell import Extent, Padding, Value, Weights, pool

RANKS = (1, 2, 3)


def max_pool(
    w: Weights, x: Value, *, pool_size: Extent, stride: Extent | None = None, padding: Padding = "valid"
) -> Value:
    """x of the same depth, at the positions of the windows; they lie side by side where no stride is given."""
    return pool(x, "max", pool_size, stride or pool_size, padding)
