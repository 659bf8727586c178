"""What an editor says of a key."""

from __future__ import annotations

from rnncalc.schema.values import Schema

WORDS = {
    "name": "A name of its own; by default that of the type.",
    "inputs": "An earlier layer or an input, or a list of them; by default the layer before.",
    "combine": "How several inputs become one; by default concat.",
    "residual": "The input is added to the output: true around the whole layer, each or upper inside a stack.",
    "trainable": "false: its weights are frozen.",
    "tied_to": "A layer before whose matrix this one shares; the bias is its own.",
    "same_as": "A layer before whose weights this one shares, all of them.",
    "repeat": "So many copies, each with weights of its own.",
    "bias": "Which biases there are; true is the framework's own, false none.",
    "input_depth": "Checked against the depth that comes in.",
    "num_layers": "Layers of the stack; by default 1.",
    "bidirectional": "true: a second layer reads backwards.",
    "merge_mode": "How the two directions become one; by default concat.",
    "return_sequences": "false: the last output alone.",
    "independent_directions": "true: the directions of a stack never mix before its end.",
    "learned_initial_state": "true: the states before the first step are parameters.",
    "initial_state": "A recurrent layer before, from whose last states this one starts.",
    "units": "The length of the state, or of the output.",
    "projection": "The length of the output after a projection.",
    "peephole": "true: the gates see the cell's state.",
    "coupled_gates": "true: what is forgotten makes room for what is written, f = 1 - i.",
    "reset_after": "true: the reset gate acts after the product.",
    "activation": "Of the candidate, or of the output.",
    "framework": "Whose convention counts.",
    "input": "The only input: {depth: 10, steps: 28}, or {shape: [28, 10]}; the batch is not in it.",
    "layers": "The layers in order; each reads the one before, where it does not say what else.",
    "weights": "Bare shapes, such as {kernel: [10, 20]}.",
    "budget": "Limits: a figure must not be above its limit.",
    "expect": "Pinned figures: anything else fails the check.",
    "dtype": "What a weight is stored as; by default float32.",
    "description": "Anything.",
}

PROJECT = {
    "include": "Folders, files and patterns of specs, from the project's folder; by default all of it.",
    "exclude": "Patterns of what is left out, as in a .gitignore.",
    "framework": "The framework of the specs that name none.",
    "dtype": "The dtype of the specs that name none.",
    "budget": "Limits of every model; under `models`, those of models by name or pattern.",
    "growth": "How far a figure may grow over the baseline: a share and a floor, whichever is more.",
    "baseline": "The file of the baseline, by default rnncalc-baseline.jsonl.",
    "exceptions": "Figures that may be above their limits, for a reason, to the end of a day.",
    "description": "Anything.",
}


def described(schema: Schema, text: str) -> Schema:
    """The schema with a description, where there is one."""
    return {"description": text, **schema} if text else schema
