"""Convolutional LSTM (Shi et al. 2015): the LSTM's own step, with convolutions in the place of its matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rnncalc.cell import Extent, Padding, Value, Weights, window
from rnncalc.cells.lstm import GATES, lstm

__all__ = ["GATES", "RANKS", "conv_lstm"]

RANKS = (1, 2, 3)


class _Convolving(Weights):
    """`w` whose maps read windows: the input's as it is asked for, the state's without losing positions."""

    def __init__(self, w: Weights, *asked: Any) -> None:
        self.w, self.asked = w, asked

    def __getattr__(self, gate: str) -> Callable[..., Value]:
        kernel, stride, padding, dilation = self.asked

        def call(x: Value, h: Value) -> Value:
            read = window(x, kernel, stride, padding, dilation)
            return self.w.__getattr__(gate)(read, window(h, kernel, padding="same"), to="filters")

        return call


def conv_lstm(
    w: Weights,
    x: Value,
    h: Value,
    c: Value,
    *,
    filters: int,
    kernel_size: Extent,
    stride: Extent = (1,),
    padding: Padding = "valid",
    dilation: Extent = (1,),
) -> tuple[Value, Value]:
    """h and c of depth filters at each position of x."""
    return lstm(_Convolving(w, kernel_size, stride, padding, dilation), x, h, c)
