"""Reshape: the same elements in another shape."""

from __future__ import annotations

from rnncalc.cell import Target, Value, Weights


def reshape(w: Weights, x: Value, *, shape: Target, input_depth: int, lead: int) -> Value:
    """The elements of x in the shape that is given without the batch; -1 stands for what is left."""
    return x.apply("reshape", shape=shape, depth=input_depth, lead=lead)
