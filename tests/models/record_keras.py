"""Record what real Keras models store: `python record_keras.py` with keras and a backend, in this folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
from keras import layers

HERE = Path(__file__).parent


def tagger() -> Any:
    """An embedding, two directions, and a head, with the names that Keras gives."""
    return keras.Sequential(
        [
            keras.Input((None,)),
            layers.Embedding(1000, 16),
            layers.Bidirectional(layers.LSTM(24, return_sequences=True)),
            layers.Bidirectional(layers.LSTM(24, return_sequences=True)),
            layers.Dropout(0.5),
            layers.Dense(9),
        ]
    )


def named() -> Any:
    """The same with names of one's own."""
    return keras.Sequential(
        [
            keras.Input((None,)),
            layers.Embedding(1000, 16, name="words"),
            layers.Bidirectional(layers.LSTM(24, return_sequences=True, name="low"), name="encoder"),
            layers.Bidirectional(layers.LSTM(24, return_sequences=True, name="high"), name="top"),
            layers.Dense(9, name="head"),
        ]
    )


def keyword() -> Any:
    """A convolution with its statistics before a GRU."""
    model = keras.Sequential(
        [
            keras.Input((49, 40)),
            layers.Conv1D(32, 3),
            layers.BatchNormalization(),
            layers.GRU(48),
            layers.Dense(12),
        ]
    )
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def nested() -> Any:
    """Two towers in models of their own, and a cell that is wrapped by hand."""
    left = keras.Sequential([keras.Input((None, 6)), layers.GRU(7, name="core")], name="left")
    right = keras.Sequential([keras.Input((None, 4)), layers.GRU(7, name="core")], name="right")
    a, b = keras.Input((None, 6)), keras.Input((None, 4))
    both = layers.Concatenate()([left(a), right(b)])
    again = layers.RNN(layers.LSTMCell(5, name="cell"), name="wrapped")(layers.Reshape((2, 7))(both))
    return keras.Model([a, b], layers.Dense(1)(again))


def conv() -> Any:
    """A convolutional LSTM, attention, and separable convolutions."""
    inside = keras.Input((4, 8, 8, 3))
    out = layers.ConvLSTM2D(5, 3)(inside)
    out = layers.SeparableConv2D(6, 2)(out)
    out = layers.Reshape((25, 6))(out)
    out = layers.MultiHeadAttention(2, 3)(out, out)
    return keras.Model(inside, layers.SimpleRNN(4, name="last")(out))


def main() -> None:
    """Write the shapes of each model."""
    found: dict[str, Any] = {}
    for make in (tagger, named, keyword, nested, conv):
        keras.backend.clear_session()
        model = make()
        found[make.__name__] = [[each.path, list(each.shape)] for each in model.weights]
        if getattr(model, "optimizer", None):
            pairs = [[each.path, list(each.shape)] for each in (*model.variables, *model.optimizer.variables)]
            found[f"{make.__name__}-variables"] = pairs
    versions = {"keras": keras.__version__, "backend": keras.backend.backend()}
    lines = json.dumps({"versions": versions, "models": found}).replace("]]], ", "]]],\n").replace("]], ", "]],\n")
    (HERE / "keras.json").write_text(lines + "\n", "utf-8")


if __name__ == "__main__":
    main()
