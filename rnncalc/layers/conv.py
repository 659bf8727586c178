"""Convolution: an affine map of a window that slides over the positions."""

from __future__ import annotations

from rnncalc.cell import Activation, Count, Extent, Padding, Value, Weights, activate, window

RANKS = (1, 2, 3)


def conv(
    w: Weights,
    x: Value,
    *,
    filters: int,
    kernel_size: Extent,
    stride: Extent = (1,),
    padding: Padding = "valid",
    dilation: Extent = (1,),
    groups: Count = 1,
    activation: Activation = "linear",
) -> Value:
    """y of depth filters from x of depth input_depth; each of the groups reads its part of the depth."""
    return activate(w.y(window(x, kernel_size, stride, padding, dilation, groups), to="filters"), activation)
