"""Root mean square normalisation (Zhang & Sennrich 2019), over the depth."""

from __future__ import annotations

from rnncalc.cell import Value, Weights, diag, norm


def rms_norm(
    w: Weights, x: Value, *, scale: bool = True, center: bool = False, epsilon: float = 1e-6, axis: int = -1
) -> Value:
    """x of the same shape, divided by its root mean square at each position, with a gain and a shift over the depth."""
    y = norm(x, "rms", epsilon)
    y = w.gain(diag(y), to="input_depth", bias=False) if scale else y
    return y + w.shift(to="input_depth") if center else y
