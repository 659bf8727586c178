"""Repeat vector: one vector for each of so many steps."""

from __future__ import annotations

from rnncalc.cell import Count, Value, Weights


def repeat_vector(w: Weights, x: Value, *, times: Count) -> Value:
    """A sequence of `times` steps, each of which is the vector x."""
    return x.apply("again", times=times)
