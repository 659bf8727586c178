"""Depthwise convolution: each channel is convolved by itself, depth_multiplier times."""

from __future__ import annotations

from rnncalc.cell import Activation, Extent, Padding, Value, Weights, activate, window

RANKS = (1, 2, 3)


def depthwise_conv(
    w: Weights,
    x: Value,
    *,
    kernel_size: Extent,
    depth_multiplier: int = 1,
    stride: Extent = (1,),
    padding: Padding = "valid",
    dilation: Extent = (1,),
    activation: Activation = "linear",
) -> Value:
    """y of depth input_depth × depth_multiplier from x of depth input_depth."""
    read = window(x, kernel_size, stride, padding, dilation, multiplier="depth_multiplier")
    return activate(w.d(read, to=("input_depth", "depth_multiplier")), activation)
