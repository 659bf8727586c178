"""Keras 3 (and Keras 2, whose weights have the same shapes): a kernel for the input, one for the state.

The gates of an LSTM are i, f, c (our g), o; those of a GRU z, r, h (our n). A GRU that resets after the product
(the default since 2.0) keeps the two rows of its bias apart.
"""

from rnncalc.layout import Entry, Layout, Names

_ANY = {"activation": None}
_ONE = ("single", "none")

LAYOUT = Layout(
    name="keras",
    title="Keras",
    names=Names(
        stacked="{name}{nth}/{scope}_cell/{tensor}",
        bidirectional="{direction}_{scope}/{scope}_cell/{tensor}",
        both="{name}{nth}/{direction}_{scope}{nth}/{scope}_cell/{tensor}",
        directions=("forward", "backward"),
    ),
    wrapper="Bidirectional({name})",
    merges=("concat", "sum", "mul", "ave", "none"),
    words={"input_depth": "input_dim", "bias": "use_bias"},
    ignored=frozenset(
        "recurrent_activation kernel_initializer recurrent_initializer bias_initializer kernel_regularizer "
        "recurrent_regularizer bias_regularizer activity_regularizer kernel_constraint recurrent_constraint "
        "bias_constraint dropout recurrent_dropout seed return_state go_backwards stateful unroll use_cudnn "
        "implementation time_major unit_forget_bias dtype embeddings_initializer embeddings_regularizer "
        "embeddings_constraint mask_zero noise_shape".split()
    ),
    entries=(
        Entry(
            "rnn",
            "SimpleRNN",
            {"kernel": "x -> h", "recurrent_kernel": "h -> h", "bias": "1x => h"},
            bias=_ONE,
            free=_ANY,
            scope="simple_rnn",
        ),
        Entry(
            "lstm",
            "LSTM",
            {"kernel": "x -> i f g o", "recurrent_kernel": "h -> i f g o", "bias": "1x => i f g o"},
            bias=_ONE,
            free=_ANY,
            scope="lstm",
        ),
        Entry(
            "gru",
            "GRU",
            {"kernel": "x -> z r n", "recurrent_kernel": "h -> z r n", "bias": "1x 1h -> z r n"},
            bias=("double", "none"),
            fixed={"reset_after": True},
            default={"reset_after": True},
            free=_ANY,
            scope="gru",
        ),
        Entry(
            "gru",
            "GRU",
            {"kernel": "x -> z r n", "recurrent_kernel": "h -> z r n", "bias": "1x => z r n"},
            bias=_ONE,
            free=_ANY,
            scope="gru",
        ),
        Entry("dense", "Dense", {"kernel": "x -> y", "bias": "1x => y"}, bias=_ONE, free=_ANY),
        Entry(
            "embedding",
            "Embedding",
            {"embeddings": "x -> e"},
            bias=("none",),
            words={"vocab": "input_dim", "depth": "output_dim"},
        ),
        Entry("dropout", "Dropout", {}, bias=("none",), free={"rate": None}),
    ),
)
