"""Ordered neurons LSTM (Shen et al. 2019): master gates that open and close in order."""

from __future__ import annotations

from rnncalc.cell import Count, Value, Weights, sigmoid, tanh

GATES = {
    "mf": "master forget gate: where the kept part of the cell state begins",
    "mi": "master input gate: where the written part of the cell state ends",
    "i": "input gate: how much of the candidate is written",
    "f": "forget gate: how much of the cell state is kept",
    "g": "candidate: what could be written",
    "o": "output gate: how much of the cell state is shown",
}
# the last chunk's master input gate is 0, for a cumulative sum of shares ends at 1: what it would let in never matters
IDLE = {"i": "chunk_size", "f": "chunk_size", "g": "chunk_size"}


def on_lstm(w: Weights, x: Value, h: Value, c: Value, *, chunk_size: Count = 1) -> tuple[Value, Value]:
    """h and c of size units; the master gates have one element for each chunk of the state."""
    mf = w.mf(x, h, to="units/chunk_size").apply("cumax").apply("stretch", times=chunk_size, size="units")
    mi = 1 - w.mi(x, h, to="units/chunk_size").apply("cumax").apply("stretch", times=chunk_size, size="units")
    i = sigmoid(w.i(x, h))
    f = sigmoid(w.f(x, h))
    g = tanh(w.g(x, h))
    o = sigmoid(w.o(x, h))
    overlap = (mf * mi).named("overlap")
    kept = (f * overlap + (mf - overlap)).named("kept")
    written = (i * overlap + (mi - overlap)).named("written")
    c = kept * c + written * g
    return o * tanh(c), c
