"""Layer normalisation (Ba et al. 2016), over the depth."""

from __future__ import annotations

from rnncalc.cell import Value, Weights, diag, norm


def layer_norm(
    w: Weights, x: Value, *, scale: bool = True, center: bool = True, epsilon: float = 1e-3, axis: int = -1
) -> Value:
    """x of the same shape, normalised at each position, with a gain and a shift over the depth."""
    y = norm(x, "depth", epsilon)
    y = w.gain(diag(y), to="input_depth", bias=False) if scale else y
    return y + w.shift(to="input_depth") if center else y
