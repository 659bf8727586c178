"""Bare weights: a list of shapes of which nothing else is known, what they cost least of all."""

from __future__ import annotations

from rnncalc.cell import Shapes, Value, Weights, table


def weights(w: Weights, *, shapes: Shapes) -> Value:
    """Nothing: the weights are there, and are not read here."""
    made: list[Value] = [
        w.__getattr__(name)(table(*shape[:-1]), to=shape[-1], trainable=free) for name, shape, free in shapes
    ]
    return made[-1]
