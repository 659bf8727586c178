"""Character CNN (Kim et al. 2016): convolutions of several widths over the characters, the greatest value of each."""

from __future__ import annotations

from rnncalc.cell import Activation, Pairs, Value, Weights, activate, concat, reduce, window


def char_cnn(w: Weights, x: Value, *, filters: Pairs, activation: Activation = "tanh") -> Value:
    """A vector for each word, from x of shape (..., characters, depth); `filters` are pairs of width and count."""
    found = []
    widths = [width for width, _ in filters]
    for n, (width, count) in enumerate(filters):
        gate = f"conv{width}" if widths.count(width) == 1 else f"conv{width}_{n}"
        y = getattr(w, gate)(window(x, (width,)), to=count)
        found.append(reduce(activate(y, activation), "max", 1))
    return concat(found)
