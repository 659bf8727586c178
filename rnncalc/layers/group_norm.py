"""Group normalisation (Wu & He 2018), over groups of channels and all positions."""

from __future__ import annotations

from rnncalc.cell import Count, Value, Weights, diag, norm


def group_norm(
    w: Weights, x: Value, *, groups: Count, scale: bool = True, center: bool = True, epsilon: float = 1e-3
) -> Value:
    """x of the same shape, with a gain and a shift over the depth."""
    y = norm(x, "groups", epsilon, groups)
    y = w.gain(diag(y), to="input_depth", bias=False) if scale else y
    return y + w.shift(to="input_depth") if center else y
