"""Instance normalisation (Ulyanov et al. 2016): each channel of each sample by itself, over all positions."""

from __future__ import annotations

from rnncalc.cell import Value, Weights, diag, norm


def instance_norm(w: Weights, x: Value, *, scale: bool = True, center: bool = True, epsilon: float = 1e-3) -> Value:
    """x of the same shape, with a gain and a shift over the depth."""
    y = norm(x, "positions", epsilon)
    y = w.gain(diag(y), to="input_depth", bias=False) if scale else y
    return y + w.shift(to="input_depth") if center else y
