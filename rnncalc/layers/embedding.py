"""Embedding: a table with one row a symbol of the vocabulary."""

from __future__ import annotations

from rnncalc.cell import Value, Weights, lookup


def embedding(w: Weights, x: Value, *, vocab: int, depth: int) -> Value:
    """A row of size depth for each whole number below vocab."""
    return w.e(lookup(x, "vocab"), to="depth", bias=False)
