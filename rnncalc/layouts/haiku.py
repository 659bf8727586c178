"""Haiku: one fused matrix for the LSTM, to whose forget gate 1 is added at run time; z of the GRU has the other role.

VanillaRNN has relu and two biases by default. Parameter trees are sorted by name.
"""

from rnncalc.layout import Entry, Layout, Names

_ANY = {"activation": None}

LAYOUT = Layout(
    name="haiku",
    title="Haiku",
    names=Names(single="{tensor}", stacked="{name}{nth}/{tensor}", ordered=True),
    words={"units": "hidden_size", "input_depth": "input_size"},
    ignored=frozenset("w_i_init w_h_init b_init w_init name".split()),
    merges=("concat",),
    entries=(
        Entry(
            "rnn",
            "VanillaRNN",
            {"linear/b": "1x => h", "linear/w": "x -> h", "linear_1/b": "1h => h", "linear_1/w": "h -> h"},
            bias=("double", "single"),
            free={"activation": ("relu",)},
            default={"activation": "relu"},
        ),
        Entry("lstm", "LSTM", {"linear/b": "1x => i g f+1 o", "linear/w": "x h -> i g f o"}),
        Entry("gru", "GRU", {"b": "1x => -z r n", "w_h": "h -> -z r n", "w_i": "x -> -z r n"}),
        Entry(
            "conv_lstm",
            "Conv{rank}DLSTM",
            {
                "hidden_to_hidden/b": "1h => i g f o",
                "hidden_to_hidden/w": "h -> i g f o",
                "input_to_hidden/b": "1x => i g f+1 o",
                "input_to_hidden/w": "x -> i g f o",
            },
            bias=("double",),
            fixed={"padding": "same"},
            words={"filters": "output_channels", "kernel_size": "kernel_shape"},
        ),
        Entry(
            "dense",
            "Linear",
            {"b": "1x => y", "w": "x -> y"},
            bias=("single", "none"),
            free=_ANY,
            words={"units": "output_size", "bias": "with_bias"},
        ),
        Entry(
            "embedding",
            "Embed",
            {"embeddings": "x -> e"},
            bias=("none",),
            words={"vocab": "vocab_size", "depth": "embed_dim"},
        ),
    ),
)
