"""Flatten: all positions side by side."""

from __future__ import annotations

from rnncalc.cell import Value, Weights


def flatten(w: Weights, x: Value, *, lead: int) -> Value:
    """A vector of all elements of x, for each position of its `lead` first axes."""
    return x.apply("flatten", lead=lead)
