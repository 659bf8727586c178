"""Batch normalisation (Ioffe & Szegedy 2015), at inference: by stored statistics, which training leaves alone."""

from __future__ import annotations

from rnncalc.cell import Value, Weights, diag


def batch_norm(
    w: Weights, x: Value, *, scale: bool = True, center: bool = True, epsilon: float = 1e-3, axis: int = -1
) -> Value:
    """x of the same shape: gain * (x - mean) / sqrt(variance + epsilon) + shift, each a vector over the depth."""
    mean = w.mean(to="input_depth", trainable=False)
    variance = w.variance(to="input_depth", trainable=False)
    y = (x - mean) * (variance + epsilon).apply("rsqrt")
    y = w.gain(diag(y), to="input_depth", bias=False) if scale else y
    return y + w.shift(to="input_depth") if center else y
