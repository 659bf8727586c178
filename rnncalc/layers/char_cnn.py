"""Character CNN (Kim et al. 2016): convolutions of several widths over the characters, the greatest value of each."""

from __future__ import annotations

from rnncalc.cell import Activation, Pairs, Value, Weights, activate, concat, reduce, window


def char_cnn(w: Weights, x: Value, *, filters: Pairs, activation: Activation = "tanh") -> Value:
    """A vector for each word, from x of shape (..., characters, depth); `filters` are pairs of width and count."""
    found = []
    for width, count in filters:
        y = getattr(w, f"conv{width}")(window(x, (width,)), to=count)
        found.append(reduce(activate(y, activation), "max", 1))
    return concat(found)
