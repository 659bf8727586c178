"""Flax linen: a dense layer for each gate and source, of which one has the bias. Parameter trees are sorted by name."""

from rnncalc.layout import Entry, Layout, Names

_ANY = {"activation": None}
_LSTM = {"i{gate}/kernel": "x -> i f g o", "h{gate}/kernel": "h -> i f g o", "h{gate}/bias": "1x => i f g o"}
_DENSE = {"kernel": "x -> y", "bias": "1x => y"}

LAYOUT = Layout(
    name="flax",
    title="Flax linen",
    aliases=("linen",),
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
    words={"units": "features", "input_depth": "in_features"},
    ignored=frozenset("kernel_init recurrent_kernel_init bias_init param_dtype dtype carry_init".split()),
    entries=(
        Entry("rnn", "SimpleCell", {"i/kernel": "x -> h", "i/bias": "1x => h", "h/kernel": "h -> h"}, free=_ANY),
        Entry("lstm", "LSTMCell", _LSTM, free=_ANY),
        Entry("lstm", "OptimizedLSTMCell", _LSTM, free=_ANY, named=True),
        Entry(
            "gru",
            "GRUCell",
            {
                "i{gate}/kernel": "x -> r z n",
                "i{gate}/bias": "1x => r z n",
                "h{gate}/kernel": "h -> r z n",
                "hn/bias": "1h => n",
            },
            fixed={"reset_after": True},
            free=_ANY,
        ),
        Entry(
            "mgu",
            "MGUCell",
            {
                "i{gate}/kernel": "x -> f n",
                "i{gate}/bias": "1x => f n",
                "h{gate}/kernel": "h -> f n",
                "hn/bias": "1h => n",
            },
            fixed={"reset_after": True},
            free={"reset_gate": None, **_ANY},
        ),
        Entry(
            "conv_lstm",
            "ConvLSTMCell",
            {
                "ih/kernel": "x -> i g f o",
                "ih/bias": "1x => i g f+1 o",
                "hh/kernel": "h -> i g f o",
                "hh/bias": "1h => i g f o",
            },
            bias=("double", "none"),
            fixed={"padding": "same"},
            free={"stride": None},
        ),
        Entry("dense", "Dense", _DENSE, bias=("single", "none"), free=_ANY, words={"bias": "use_bias"}),
        Entry(
            "embedding",
            "Embed",
            {"embedding": "x -> e"},
            bias=("none",),
            words={"vocab": "num_embeddings", "depth": "features"},
        ),
        Entry("dropout", "Dropout", {}, bias=("none",), free={"rate": None}),
    ),
)
