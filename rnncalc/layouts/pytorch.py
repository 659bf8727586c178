"""PyTorch: `torch.nn`. Matrices are stored transposed, and each has a bias of its own.

The gates of an LSTM are i, f, g, o; those of a GRU r, z, n; the GRU resets after the product.
"""

from rnncalc.layout import Entry, Layout, Names

_BIAS = ("double", "none")
_NAME = "{tensor}_l{layer}{direction}"

LAYOUT = Layout(
    name="pytorch",
    title="PyTorch (torch.nn)",
    aliases=("torch",),
    names=Names(_NAME, _NAME, _NAME, _NAME, directions=("", "_reverse")),
    words={"input_depth": "input_size", "units": "hidden_size", "projection": "proj_size"},
    ignored=frozenset(
        "dropout batch_first device dtype padding_idx max_norm norm_type scale_grad_by_freq sparse inplace".split()
    ),
    channels_first=True,
    entries=(
        Entry(
            "rnn",
            "RNN",
            {"weight_ih": "h <- x", "weight_hh": "h <- h", "bias_ih": "1x => h", "bias_hh": "1h => h"},
            bias=_BIAS,
            free={"activation": ("tanh", "relu")},
            words={"activation": "nonlinearity"},
        ),
        Entry(
            "lstm",
            "LSTM",
            {
                "weight_ih": "i f g o <- x",
                "weight_hh": "i f g o <- h",
                "bias_ih": "1x => i f g o",
                "bias_hh": "1h => i f g o",
                "weight_hr": "p <- c",
            },
            bias=_BIAS,
            free={"projection": None},
            below={"projection": "units"},
        ),
        Entry(
            "gru",
            "GRU",
            {
                "weight_ih": "r z n <- x",
                "weight_hh": "r z n <- h",
                "bias_ih": "1x => r z n",
                "bias_hh": "1h => r z n",
            },
            bias=_BIAS,
            fixed={"reset_after": True},
            default={"reset_after": True},
        ),
        Entry(
            "dense",
            "Linear",
            {"weight": "y <- x", "bias": "1x => y"},
            bias=("single", "none"),
            free={"activation": None},
            words={"input_depth": "in_features", "units": "out_features"},
        ),
        Entry(
            "embedding",
            "Embedding",
            {"weight": "x -> e"},
            bias=("none",),
            words={"vocab": "num_embeddings", "depth": "embedding_dim"},
        ),
        Entry("dropout", "Dropout", {}, bias=("none",), free={"rate": None}, words={"rate": "p"}),
    ),
)
