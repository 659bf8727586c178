"""Permute: the axes in another order, counted from 1 as in Keras; the batch stays first."""

from __future__ import annotations

from rnncalc.cell import Target, Value, Weights


def permute(w: Weights, x: Value, *, dims: Target, input_depth: int) -> Value:
    """x with its axes in the order that is given."""
    return x.apply("permute", dims=dims, depth=input_depth)
