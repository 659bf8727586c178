"""Average pooling: the mean of each window."""

from __future__ import annotations

from rnncalc.cell import Extent, Padding, Value, Weights, pool

RANKS = (1, 2, 3)


def avg_pool(
    w: Weights,
    x: Value,
    *,
    pool_size: Extent,
    stride: Extent | None = None,
    padding: Padding = "valid",
    count_padding: bool = False,
) -> Value:
    """x of the same depth, at the positions of the windows; they lie side by side where no stride is given."""
    return pool(x, "mean", pool_size, stride or pool_size, padding, count_padding)
