"""ONNX: the operators RNN, LSTM and GRU. The directions are the first axis of W, R, B and P.

B always holds both biases. `input_forget` couples the gates, but all four stay in the tensors.
"""

from rnncalc.layout import Entry, Layout, Names

_BIAS = ("double", "none")
_NAME = "{tensor}"

LAYOUT = Layout(
    name="onnx",
    title="ONNX operators",
    names=Names(
        single=_NAME, stacked="layer_{layer}/{tensor}", bidirectional=_NAME, both="layer_{layer}/{tensor}", axis=True
    ),
    words={"input_depth": "input_size", "units": "hidden_size", "coupled_gates": "input_forget"},
    ignored=frozenset("activation_alpha activation_beta clip layout direction".split()),
    nameless=frozenset("*"),
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
        Entry("dense", "Gemm", {"B": "x -> y", "C": "1x => y"}, bias=("single", "none"), free={"activation": None}),
        Entry("embedding", "Gather", {"data": "x -> e"}, bias=("none",)),
        Entry("dropout", "Dropout", {}, bias=("none",), free={"rate": None}),
    ),
)
