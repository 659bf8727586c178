"""Vanilla recurrent network (Elman 1990)."""

from __future__ import annotations

from rnncalc.cell import Activation, Value, Weights, activate

GATES = {"h": "hidden state: what the cell says and remembers"}


def rnn(w: Weights, x: Value, h: Value, *, activation: Activation = "tanh") -> Value:
    """h of size units from x of size input_depth."""
    h = activate(w.h(x, h), activation)
    return h
