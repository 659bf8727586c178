"""What tf.contrib of TensorFlow 1.15 has beside tf.nn.rnn_cell and tf.layers: entries of the `tensorflow1` layout.

A CoupledInputForgetGateLSTMCell stores the forget gate, which is the input gate with its sign turned, as i = 1 - f.
The matrix of a LuongAttention, between the query and the values, is the values' own. The tensors of a normalisation
begin with beta; layer_norm is over the depth alone with begin_norm_axis=-1, and its epsilon cannot be chosen.
"""

from rnncalc.layout import Entry

_ANY = {"activation": None}
_LEAVES = "a1 a2 a3 a4 a5 a6 a7 a8"
_GAIN = {"beta": "1 => shift", "gamma": "x* => gain"}
_NORM = {"scale": None, "center": None}

ENTRIES = (
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
    ),
    Entry(
        "conv_lstm",
        "Conv{rank}DLSTMCell",
        {"kernel": "x h -> i g f o", "biases": "1x => i g f+1 o"},
        bias=("single", "none"),
        fixed={"padding": "same"},
        words={"filters": "output_channels", "kernel_size": "kernel_shape"},
    ),
    Entry(
        "lstm",
        "CoupledInputForgetGateLSTMCell",
        {
            "W_0": "x h -> g -i o",
            "B": "1x => g -i+-1 o",
            "W_F_diag": "c* => -i",
            "W_O_diag": "c* => o",
            "W_P_0": "c -> p",
        },
        fixed={"coupled_gates": True},
        default={"coupled_gates": True},
        free={"activation": None, "peephole": None, "projection": None},
        named=True,
    ),
    Entry(
        "lstm",
        "LSTMBlockCell",
        {"kernel": "x h -> i g f o", "bias": "1x => i g f+1 o", "w_{gate}_diag": "c* => i f o"},
        free={"peephole": None},
        words={"peephole": "use_peephole"},
        named=True,
    ),
    Entry(
        "gru",
        "GRUBlockCellV2",
        {
            "gates/kernel": "x h -> r z",
            "gates/bias": "1x => r z",
            "candidate/kernel": "x h -> n",
            "candidate/bias": "1x => n",
        },
        named=True,
    ),
    Entry(
        "dense",
        "fully_connected",
        {"weights": "x -> y", "biases": "1x => y"},
        bias=("single", "none"),
        free=_ANY,
        default={"activation": "relu"},
        words={"units": "num_outputs", "activation": "activation_fn"},
        named=True,
    ),
    Entry(
        "embedding",
        "embed_sequence",
        {"embeddings": "x -> e"},
        bias=("none",),
        words={"vocab": "vocab_size", "depth": "embed_dim"},
        named=True,
    ),
    Entry("layer_norm", "layer_norm", _GAIN, bias=("none",), free=_NORM, fixed={"epsilon": 1e-12}),
    Entry(
        "group_norm", "group_norm", _GAIN, bias=("none",), free={**_NORM, "epsilon": None}, default={"epsilon": 1e-6}
    ),
    Entry(
        "instance_norm",
        "instance_norm",
        _GAIN,
        bias=("none",),
        free={**_NORM, "epsilon": None},
        default={"epsilon": 1e-6},
    ),
    Entry(
        "additive_attention",
        "BahdanauAttention",
        {"memory_layer/kernel": "v -> k", "query_layer/kernel": "x -> q", "attention_v": "_ => s"},
        bias=("none",),
        free={"units": None},
        words={"units": "num_units"},
    ),
    Entry(
        "multiplicative_attention",
        "LuongAttention",
        {"memory_layer/kernel": "a <- x", "attention_g": "1 := s"},
        bias=("none",),
        free={"scale": None},
        words={"input_depth": "num_units"},
    ),
    Entry(
        "crf",
        "crf_log_likelihood",
        {"transitions": "# -> chain"},
        bias=("none",),
        fixed={"kernel": False, "boundaries": False},
        default={"kernel": False, "boundaries": False},
        words={"tags": "num_tags"},
    ),
)
