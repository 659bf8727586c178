"""ONNX: the operators RNN, LSTM and GRU, and those around them. The directions are the first axis of W, R, B and P.

B always holds both biases. `input_forget` couples the gates, but all four stay in the tensors. A tensor is named as the
operator names its input. Gemm is for a matrix: over more axes it stands for MatMul and Add. A pooling operator that is
named as such has its own stride of 1 where none is given. What an operator needs, as the scale of a normalisation,
cannot be left out.
"""

from rnncalc.layout import Entry, Layout, Names

_BIAS = ("double", "none")
_NAME = "{tensor}"
_ANY = {"activation": None}
_SLIDING = {"stride": None, "padding": None}
_WINDOW = {"stride": "strides", "padding": "pads"}
_POOL = {"pool_size": "kernel_shape", **_WINDOW}
_MEAN = {**_SLIDING, "count_padding": None}
_COUNTED = {"count_padding": "count_include_pad", **_POOL}
_FUNCTIONS = {each.capitalize(): each for each in "relu tanh sigmoid softmax softplus softsign elu selu".split()}
_STEP = {"stride": (1,)}
_ALSO = {"auto_pad": "padding"}
_NO = ("none",)
_EPS = {"epsilon": 1e-5}
_SCALE = {"scale": "x* => gain", "B": "1 => shift"}

LAYOUT = Layout(
    name="onnx",
    title="ONNX operators",
    names=Names(
        single=_NAME, stacked="layer_{layer}/{tensor}", bidirectional=_NAME, both="layer_{layer}/{tensor}", axis=True
    ),
    words={"input_depth": "input_size", "units": "hidden_size", "coupled_gates": "input_forget"},
    nameless=frozenset("*"),
    ignored=frozenset(
        "activation_alpha activation_beta clip layout direction alpha beta storage_order stash_type seed momentum "
        "spatial training_mode".split()
    ),
    channels_first=frozenset(
        "conv max_pool avg_pool global_max_pool global_avg_pool batch_norm group_norm instance_norm".split()
    ),
    entries=(
        Entry(
            "rnn",
            "RNN",
            {"W": "h <- x", "R": "h <- h", "B": "1x 1h => h"},
            bias=_BIAS,
            free={"activation": ("tanh", "relu", "sigmoid")},
        ),
        Entry(
            "lstm",
            "LSTM",
            {"W": "i o f g <- x", "R": "i o f g <- h", "B": "1x 1h => i o f g", "P": "c* => i o f"},
            bias=_BIAS,
            free={"peephole": None, "activation": ("tanh", "relu", "sigmoid")},
        ),
        Entry(
            "lstm",
            "LSTM",
            {"W": "i o (f) g <- x", "R": "i o (f) g <- h", "B": "1x 1h => i o (f) g", "P": "c* => i o (f)"},
            bias=_BIAS,
            fixed={"coupled_gates": True},
            free={"peephole": None, "activation": ("tanh", "relu", "sigmoid")},
        ),
        Entry(
            "gru",
            "GRU",
            {"W": "z r n <- x", "R": "z r n <- h", "B": "1x 1h => z r n"},
            bias=_BIAS,
            free={"reset_after": None, "activation": ("tanh", "relu", "sigmoid")},
            words={"reset_after": "linear_before_reset"},
        ),
        Entry("dense", "Gemm", {"B": "x -> y", "C": "1x => y"}, bias=("single", "none"), free=_ANY),
        Entry("dense", "MatMul", {"B": "x -> y"}, bias=_NO, free=_ANY, named=True),
        Entry("embedding", "Gather", {"data": "x -> e"}, bias=_NO),
        Entry("dropout", "Dropout", {}, bias=_NO, free={"rate": None}, words={"rate": "ratio"}),
        Entry("flatten", "Flatten", {}, bias=_NO),
        Entry("reshape", "Reshape", {}, bias=_NO),
        Entry("permute", "Transpose", {}, bias=_NO),
        Entry("activation", "activation", {}, bias=_NO),
        *(
            Entry("activation", name, {}, bias=_NO, fixed={"function": each}, default={"function": each}, named=True)
            for name, each in _FUNCTIONS.items()
        ),
        Entry(
            "conv",
            "Conv",
            {"W": "y <- x", "B": "1x => y"},
            bias=("single", "none"),
            free={**_ANY, **_SLIDING, "dilation": None, "groups": None},
            words={"kernel_size": "kernel_shape", "dilation": "dilations", "groups": "group", **_WINDOW},
            ends=True,
            also=_ALSO,
        ),
        Entry(
            "max_pool",
            "MaxPool",
            {},
            bias=_NO,
            ends=True,
            also=_ALSO,
            free=_SLIDING,
            default=_STEP,
            words=_POOL,
            named=True,
        ),
        Entry("max_pool", "MaxPool", {}, bias=_NO, ends=True, also=_ALSO, free=_SLIDING, words=_POOL),
        Entry(
            "avg_pool",
            "AveragePool",
            {},
            bias=_NO,
            ends=True,
            also=_ALSO,
            free=_MEAN,
            default=_STEP,
            words=_COUNTED,
            named=True,
        ),
        Entry("avg_pool", "AveragePool", {}, bias=_NO, ends=True, also=_ALSO, free=_MEAN, words=_COUNTED),
        Entry("global_max_pool", "GlobalMaxPool", {}, bias=_NO),
        Entry("global_avg_pool", "GlobalAveragePool", {}, bias=_NO),
        Entry(
            "batch_norm",
            "BatchNormalization",
            {**_SCALE, "input_mean": "1 => mean", "input_var": "1 => variance"},
            bias=_NO,
            free={"epsilon": None, "axis": None},
            default={**_EPS, "axis": 1},
        ),
        Entry(
            "layer_norm",
            "LayerNormalization",
            {"Scale": "x* => gain", "B": "1 => shift"},
            bias=_NO,
            free={"center": None, "epsilon": None},
            default=_EPS,
        ),
        Entry(
            "group_norm",
            "GroupNormalization",
            {"scale": "x* => gain", "bias": "1 => shift"},
            bias=_NO,
            free={"epsilon": None},
            default=_EPS,
            words={"groups": "num_groups"},
        ),
        Entry("instance_norm", "InstanceNormalization", _SCALE, bias=_NO, free={"epsilon": None}, default=_EPS),
        Entry(
            "rms_norm",
            "RMSNormalization",
            {"scale": "x* => gain"},
            bias=_NO,
            free={"epsilon": None},
            default=_EPS,
        ),
    ),
)
