"""Root mean square normalisation (Zhang & Sennrich 2019), over the depth."""

from __future__ import annotations

from rnncalc.cell import Value, Weights, diag, norm


def rms_norm(w: Weights, x: Value, *, scale: bool = True, epsilon: float = 1e-6) -> Value:
    """x of the same shape, divided by its root mean square at each position, with a gain over the depth."""
    y = norm(x, "rms", epsilon)
    return w.gain(diag(y), to="input_depth", bias=False) if scale else y
