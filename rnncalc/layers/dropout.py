"""Dropout: nothing is stored, and at inference nothing is done."""

from __future__ import annotations

from rnncalc.cell import Value, Weights


def dropout(w: Weights, x: Value, *, rate: float = 0.5) -> Value:
    """x as it is."""
    return x
