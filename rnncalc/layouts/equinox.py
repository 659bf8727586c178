"""Equinox: matrices stored transposed as in PyTorch, but with one bias.

The GRU resets after the product, and keeps the bias of that product apart. A convolution's bias has an axis of length
1 for each position. The statistics of a batch normalisation (here by its mode `ema`) are a state beside the model. An
attention has no biases unless `bias: true` gives all four of its maps one; RMSNorm has a bias.
"""

from rnncalc.layout import Entry, Layout, Names

_BIAS = ("single", "none")
_GAIN = {"weight": "x* => gain", "bias": "1 => shift"}
_EPS = {"epsilon": 1e-5}
_POOLING = {"stride": None, "padding": ("valid", tuple)}
_WINDOW = {"pool_size": "kernel_size"}
_NORM = {"scale": None, "center": None, "epsilon": None}
_AFFINE = {"input_depth": "shape", "scale": "use_weight", "center": "use_bias", "epsilon": "eps"}
_CHANNELWISE = {"scale": "channelwise_affine", "epsilon": "eps"}
_BARE = {"scale": False, "center": False}  # both or none: channelwise_affine=False
_BATCH_NORM = Entry(
    "batch_norm",
    "BatchNorm",
    _GAIN,
    bias=("none",),
    buffers={"ema_state_index/0": "1 => mean", "ema_state_index/1": "1 => variance"},
    fixed={"axis": 1},
    free={"epsilon": None},
    default=_EPS,
    words=_CHANNELWISE,
)
_GROUP_NORM = Entry(
    "group_norm",
    "GroupNorm",
    _GAIN,
    bias=("none",),
    free={"epsilon": None},
    default=_EPS,
    words={"input_depth": "channels", **_CHANNELWISE},
)

LAYOUT = Layout(
    name="equinox",
    title="Equinox",
    names=Names(stacked="{name}{nth}/{tensor}"),
    words={"input_depth": "input_size", "units": "hidden_size", "bias": "use_bias"},
    ignored=frozenset("dtype key inference padding_mode axis_name momentum mode dropout_p".split()),
    channels_first=frozenset("conv max_pool avg_pool batch_norm group_norm".split()),
    entries=(
        Entry(
            "lstm",
            "LSTMCell",
            {"weight_ih": "i f g o <- x", "weight_hh": "i f g o <- h", "bias": "1x => i f g o"},
            bias=_BIAS,
        ),
        Entry(
            "gru",
            "GRUCell",
            {"weight_ih": "r z n <- x", "weight_hh": "r z n <- h", "bias": "1x => r z n", "bias_n": "1h => n"},
            bias=_BIAS,
            fixed={"reset_after": True},
        ),
        Entry(
            "dense",
            "Linear",
            {"weight": "y <- x", "bias": "1x => y"},
            bias=_BIAS,
            free={"activation": None},
            words={"input_depth": "in_features", "units": "out_features"},
        ),
        Entry(
            "embedding",
            "Embedding",
            {"weight": "x -> e"},
            bias=("none",),
            words={"vocab": "num_embeddings", "depth": "embedding_size"},
        ),
        Entry("dropout", "Dropout", {}, bias=("none",), free={"rate": None}, words={"rate": "p"}),
        Entry(
            "conv",
            "Conv{rank}d",
            {"weight": "y <- x", "bias": "1x => y 1..."},
            bias=_BIAS,
            free={"activation": None, "stride": None, "padding": None, "dilation": None, "groups": None},
            words={"input_depth": "in_channels", "filters": "out_channels"},
        ),
        Entry(
            "max_pool",
            "MaxPool{rank}d",
            {},
            bias=("none",),
            free=_POOLING,
            default={"stride": (1,)},
            words=_WINDOW,
        ),
        Entry(
            "avg_pool",
            "AvgPool{rank}d",
            {},
            bias=("none",),
            fixed={"count_padding": True},
            free=_POOLING,
            default={"stride": (1,)},
            words=_WINDOW,
        ),
        _BATCH_NORM,
        _BATCH_NORM._replace(fixed={"axis": 1, **_BARE}),
        Entry("layer_norm", "LayerNorm", _GAIN, bias=("none",), free=_NORM, default=_EPS, words=_AFFINE),
        _GROUP_NORM,
        _GROUP_NORM._replace(fixed=_BARE),
        Entry(
            "rms_norm",
            "RMSNorm",
            _GAIN,
            bias=("none",),
            free=_NORM,
            default={"center": True, **_EPS},
            words=_AFFINE,
        ),
        Entry(
            "multi_head_attention",
            "MultiheadAttention",
            {
                "query_proj/weight": "q <- x",
                "query_proj/bias": "1x => q",
                "key_proj/weight": "k <- v",
                "key_proj/bias": "1v => k",
                "value_proj/weight": "v <- v",
                "value_proj/bias": "1v => v",
                "output_proj/weight": "o <- _",
                "output_proj/bias": "1_ => o",
            },
            bias=("none", "single"),
            free={"key_depth": None, "value_depth": None, "output_depth": None},
            derived={
                "key_depth": "input_depth/heads",
                "value_depth": "input_depth/heads",
                "output_depth": "input_depth",
            },
            words={
                "heads": "num_heads",
                "input_depth": "query_size",
                "key_depth": "qk_size",
                "value_depth": "vo_size",
                "output_depth": "output_size",
            },
        ),
    ),
)
