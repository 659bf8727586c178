"""TensorFlow Addons' cells for Keras 2, in a `keras.layers.RNN`: entries of the `keras` layout.

Nothing of an ESNCell is trained. A NASCell has no bias unless it is asked for one, which stands beside the state's
matrix. The betas of a LayerNormLSTMCell are there without use_bias too.
"""

from rnncalc.layout import Entry

_ONE = ("single", "none")
_ANY = {"activation": None}
_LEAVES = "a1 a2 a3 a4 a5 a6 a7 a8"

ENTRIES = (
    Entry(
        "esn",
        "ESNCell",
        {"recurrent_kernel": "h -> n", "kernel": "x -> n", "bias": "1x => n"},
        bias=_ONE,
        free={**_ANY, "leaky": None},
        scope="rnn",
        inner="esn_cell/",
    ),
    Entry(
        "nas",
        "NASCell",
        {
            "recurrent_kernel": f"h -> {_LEAVES}",
            "kernel": f"x -> {_LEAVES}",
            "bias": f"1x => {_LEAVES.replace('a4', 'a4@1h')}",
            "projection_weights": "c -> p",
        },
        bias=("none", "single"),
        free={"projection": None},
        scope="rnn",
        inner="nas_cell/",
    ),
    Entry(
        "lstm",
        "PeepholeLSTMCell",
        {
            "kernel": "x -> i f g o",
            "recurrent_kernel": "h -> i f g o",
            "bias": "1x => i f g o",
            "input_gate_peephole_weights": "c* => i",
            "forget_gate_peephole_weights": "c* => f",
            "output_gate_peephole_weights": "c* => o",
        },
        bias=_ONE,
        fixed={"peephole": True},
        free=_ANY,
        scope="rnn",
        inner="peephole_lstm_cell/",
        named=True,
    ),
    Entry(
        "layer_norm_rnn",
        "LayerNormSimpleRNNCell",
        {
            "kernel": "x -> n",
            "recurrent_kernel": "h -> n",
            "bias": "1_ => n",
            "gamma": "_* => n",
        },
        bias=_ONE,
        free={**_ANY, "epsilon": None},
        words={"epsilon": "layernorm_epsilon"},
        scope="rnn",
        inner="layer_norm_simple_rnn_cell/",
    ),
    Entry(
        "layer_norm_lstm",
        "LayerNormLSTMCell",
        {
            "kernel": "x -> k",
            "recurrent_kernel": "h -> r",
            "bias": "1_ => r",
            "kernel_norm/gamma": "_* => k",
            "kernel_norm/beta": "1 => kb",
            "recurrent_norm/gamma": "_* => r",
            "recurrent_norm/beta": "1 => rb",
            "state_norm/gamma": "c* => s",
            "state_norm/beta": "1 => sb",
        },
        bias=_ONE,
        free={**_ANY, "epsilon": None},
        words={"epsilon": "norm_epsilon"},
        scope="rnn",
        inner="layer_norm_lstm_cell/",
    ),
)
