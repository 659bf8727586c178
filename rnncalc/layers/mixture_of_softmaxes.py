"""Mixture of softmaxes (Yang et al. 2018): several softmaxes over one vocabulary, weighed by the context."""

from __future__ import annotations

from rnncalc.cell import Count, Value, Weights, softmax, split, tanh


def mixture_of_softmaxes(w: Weights, x: Value, *, vocab: int, depth: int, experts: Count) -> Value:
    """Probabilities of size vocab; each expert has a context vector of size depth."""
    prior = softmax(w.prior(x, to="experts", bias=False))
    latent = split(tanh(w.latent(x, to=("experts", "depth"))), experts, "depth")
    words = softmax(w.decoder(latent, to="vocab"))
    return split(prior, experts, 1).apply("weigh", words)
