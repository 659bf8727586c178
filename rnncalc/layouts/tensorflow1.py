"""TensorFlow 1: `tf.nn.rnn_cell`, as `tf.compat.v1.nn.rnn_cell` in TensorFlow 2 still has it.

The kernel of a cell has the input's rows above the state's; the gates are i, j (our g), f, o.
"""

from rnncalc.layout import Entry, Layout, Names

_DENSE = {"kernel": "x -> y", "bias": "1x => y"}

LAYOUT = Layout(
    name="tensorflow1",
    title="TensorFlow 1 (tf.nn.rnn_cell)",
    aliases=("tf1", "tf"),
    names=Names(directions=("fw", "bw")),
    words={"units": "num_units", "projection": "num_proj", "peephole": "use_peepholes"},
    ignored=frozenset(
        "forget_bias state_is_tuple reuse initializer cell_clip proj_clip num_unit_shards num_proj_shards "
        "kernel_initializer bias_initializer dtype".split()
    ),
    entries=(
        Entry(
            "rnn",
            "BasicRNNCell",
            {"kernel": "x h -> h", "bias": "1x => h"},
            free={"activation": None},
        ),
        Entry(
            "lstm",
            "BasicLSTMCell",
            {"kernel": "x h -> i g f o", "bias": "1x => i g f+1 o"},
            free={"activation": None},
        ),
        Entry(
            "lstm",
            "LSTMCell",
            {
                "kernel": "x h -> i g f o",
                "bias": "1x => i g f+1 o",
                "w_{gate}_diag": "c* => f i o",
                "projection/kernel": "c -> p",
            },
            free={"activation": None, "peephole": None, "projection": None},
        ),
        Entry(
            "gru",
            "GRUCell",
            {
                "gates/kernel": "x h -> r z",
                "gates/bias": "1x => r z",
                "candidate/kernel": "x h -> n",
                "candidate/bias": "1x => n",
            },
            free={"activation": None},
        ),
        Entry("dense", "dense", _DENSE, bias=("single", "none"), free={"activation": None}, words={"units": "units"}),
        Entry("embedding", "embedding_lookup", {"embedding": "x -> e"}, bias=("none",)),
    ),
)
