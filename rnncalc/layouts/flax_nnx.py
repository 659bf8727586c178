"""Flax NNX: the optimized LSTM and the GRU are fused.

The GRU resets after the product, with a bias on the input alone. The layers around the cells are those of linen, but
that an attention takes its softmax in float32.
"""

from rnncalc.layout import Entry, Layout, Names
from rnncalc.layouts.flax import AROUND, ATTENTION, CONV, IGNORED, SLIDING

_ANY = {"activation": None}

LAYOUT = Layout(
    name="flax-nnx",
    title="Flax NNX",
    aliases=("nnx",),
    names=Names(
        single="cell/{tensor}",
        stacked="{name}{nth}/cell/{tensor}",
        bidirectional="{direction}_rnn/cell/{tensor}",
        both="{name}{nth}/{direction}_rnn/cell/{tensor}",
        directions=("forward", "backward"),
        ordered=True,
    ),
    merges=("concat", "sum", "mul", "ave"),
    wrapper="Bidirectional({name})",
    words={"units": "hidden_features", "input_depth": "in_features"},
    ignored=IGNORED | {"rngs", "keep_rngs", "preferred_element_type"},
    entries=(
        Entry(
            "rnn",
            "SimpleCell",
            {"dense_h/kernel": "h -> h", "dense_i/bias": "1x => h", "dense_i/kernel": "x -> h"},
            free=_ANY,
        ),
        Entry(
            "lstm",
            "LSTMCell",
            {
                "h{gate}/bias": "1x => f g i o",
                "h{gate}/kernel": "h -> f g i o",
                "if_/kernel": "x -> f",
                "i{gate}/kernel": "x -> g i o",
            },
            free=_ANY,
        ),
        Entry(
            "lstm",
            "OptimizedLSTMCell",
            {"dense_h/bias": "1x => i f g o", "dense_h/kernel": "h -> i f g o", "dense_i/kernel": "x -> i f g o"},
            free=_ANY,
            named=True,
        ),
        Entry(
            "gru",
            "GRUCell",
            {"dense_h/kernel": "h -> r z n", "dense_i/bias": "1x => r z n", "dense_i/kernel": "x -> r z n"},
            bias=("input",),
            fixed={"reset_after": True},
            free=_ANY,
        ),
        Entry(
            "dense",
            "Linear",
            {"bias": "1x => y", "kernel": "x -> y"},
            bias=("single", "none"),
            free=_ANY,
            words={"units": "out_features", "bias": "use_bias"},
        ),
        Entry(
            "embedding",
            "Embed",
            {"embedding": "x -> e"},
            bias=("none",),
            words={"vocab": "num_embeddings", "depth": "features"},
        ),
        Entry("dropout", "Dropout", {}, bias=("none",), free={"rate": None}),
        CONV._replace(words={"filters": "out_features", **SLIDING}),
        *AROUND,
        ATTENTION,
    ),
)
