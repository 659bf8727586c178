"""Equinox: matrices stored transposed as in PyTorch, but with one bias.

The GRU resets after the product, and keeps the bias of that product apart.
"""

from rnncalc.layout import Entry, Layout, Names

_BIAS = ("single", "none")

LAYOUT = Layout(
    name="equinox",
    title="Equinox",
    names=Names(stacked="{name}{nth}/{tensor}"),
    words={"input_depth": "input_size", "units": "hidden_size", "bias": "use_bias"},
    ignored=frozenset(("dtype", "key", "inference")),
    entries=(
        Entry(
            "lstm",
            "LSTMCell",
            {"weight_ih": "i f g o <- x", "weight_hh": "i f g o <- h", "bias": "1x => i f g o"},
            bias=_BIAS,
        ),
        Entry(
            "gru",
            "GRUCell",
            {"weight_ih": "r z n <- x", "weight_hh": "r z n <- h", "bias": "1x => r z n", "bias_n": "1h => n"},
            bias=_BIAS,
            fixed={"reset_after": True},
        ),
        Entry(
            "dense",
            "Linear",
            {"weight": "y <- x", "bias": "1x => y"},
            bias=_BIAS,
            free={"activation": None},
            words={"input_depth": "in_features", "units": "out_features"},
        ),
        Entry(
            "embedding",
            "Embedding",
            {"weight": "x -> e"},
            bias=("none",),
            words={"vocab": "num_embeddings", "depth": "embedding_size"},
        ),
        Entry("dropout", "Dropout", {}, bias=("none",), free={"rate": None}, words={"rate": "p"}),
    ),
)
