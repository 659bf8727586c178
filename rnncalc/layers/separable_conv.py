"""Separable convolution: each channel by itself, then a map over the channels."""

from __future__ import annotations

from rnncalc.cell import Activation, Extent, Padding, Value, Weights, activate, window

RANKS = (1, 2)


def separable_conv(
    w: Weights,
    x: Value,
    *,
    filters: int,
    kernel_size: Extent,
    depth_multiplier: int = 1,
    stride: Extent = (1,),
    padding: Padding = "valid",
    dilation: Extent = (1,),
    activation: Activation = "linear",
) -> Value:
    """y of depth filters from x of depth input_depth."""
    read = window(x, kernel_size, stride, padding, dilation, multiplier="depth_multiplier")
    inner = w.d(read, to=("input_depth", "depth_multiplier"), bias=False)
    return activate(w.y(window(inner, (1,) * len(kernel_size)), to="filters"), activation)
