"""Conditional random field over a sequence of tags (Lafferty et al. 2001): the forward algorithm over a chain."""

from __future__ import annotations

from rnncalc.cell import Value, Weights, table


def crf(w: Weights, x: Value, *, tags: int, kernel: bool = True, boundaries: bool = True) -> Value:
    """Log-sums over all paths that end in each tag, for each step of x.

    With `kernel` the energies of a step are an affine map of x; without, x itself has a depth of tags.
    """
    energies = w.y(x, to="tags") if kernel else x
    transitions = w.chain(table("tags"), to="tags", bias=False)
    if not boundaries:
        return energies.apply("chain", transitions)
    return energies.apply("chain", transitions, w.left(to="tags"), w.right(to="tags"))
