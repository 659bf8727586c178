"""Flax linen: a dense layer for each gate and source, of which one has the bias. Parameter trees are sorted by name.

Convolutions pad by `same`, and pools (which are functions) move by 1, where nothing else is asked for. The statistics
of a batch normalisation are the collection batch_stats: Flax counts them among its parameters, and does not train them.
"""

from rnncalc.layout import Entry, Layout, Names

_ANY = {"activation": None}
_BIAS = ("single", "none")
_USE = {"bias": "use_bias"}
_AFFINE = {"input_depth": "num_features", "scale": "use_scale", "center": "use_bias"}
_NORM = {"scale": None, "center": None, "epsilon": None}
_GAIN = {"bias": "1 => shift", "scale": "x* => gain"}
_WINDOW = {"pool_size": "window_shape", "stride": "strides"}
_LSTM = {"i{gate}/kernel": "x -> i f g o", "h{gate}/kernel": "h -> i f g o", "h{gate}/bias": "1x => i f g o"}
_DENSE = {"kernel": "x -> y", "bias": "1x => y"}
IGNORED = frozenset(
    "kernel_init recurrent_kernel_init bias_init param_dtype dtype carry_init scale_init embedding_init "
    "out_kernel_init out_bias_init precision promote_dtype momentum use_running_average use_fast_variance "
    "force_float32_reductions force_fp32_for_softmax axis_name axis_index_groups dropout_rate "
    "broadcast_dropout broadcast_dims deterministic rng_collection".split()
)
SLIDING = {"stride": "strides", "dilation": "kernel_dilation", "groups": "feature_group_count", **_USE}
CONV = Entry(
    "conv",
    "Conv",
    {"bias": "1x => y", "kernel": "x -> y"},
    bias=_BIAS,
    free={"activation": None, "stride": None, "padding": None, "dilation": None, "groups": None},
    default={"padding": "same"},
    words={"filters": "features", **SLIDING},
    number=1,
)
ATTENTION = Entry(
    "multi_head_attention",
    "MultiHeadAttention",
    {
        "key/bias": "1v => k / heads",
        "key/kernel": "v -> k / heads",
        "out/bias": "1_ => o",
        "out/kernel": "_ / heads -> o",
        "query/bias": "1x => q / heads",
        "query/kernel": "x -> q / heads",
        "value/bias": "1v => v / heads",
        "value/kernel": "v -> v / heads",
    },
    bias=_BIAS,
    free={"key_depth": None, "output_depth": None},
    derived={"key_depth": "input_depth/heads", "value_depth": "key_depth", "output_depth": "input_depth"},
    products={"qkv_features": ("key_depth", "heads")},
    words={"heads": "num_heads", "key_depth": "head_dim", "output_depth": "out_features", **_USE},
)
# what linen and NNX have alike: the pools are functions of both
AROUND = (
    Entry(
        "max_pool",
        "max_pool",
        {},
        bias=("none",),
        free={"stride": None, "padding": None},
        default={"stride": (1,)},
        words=_WINDOW,
    ),
    Entry(
        "avg_pool",
        "avg_pool",
        {},
        bias=("none",),
        free={"stride": None, "padding": None, "count_padding": None},
        default={"stride": (1,), "count_padding": True},
        words={**_WINDOW, "count_padding": "count_include_pad"},
    ),
    Entry(
        "batch_norm",
        "BatchNorm",
        {**_GAIN, "mean": "1 => mean", "var": "1 => variance"},
        bias=("none",),
        free={**_NORM, "axis": None},
        default={"epsilon": 1e-5},
        words=_AFFINE,
    ),
    Entry("layer_norm", "LayerNorm", _GAIN, bias=("none",), free=_NORM, default={"epsilon": 1e-6}, words=_AFFINE),
    Entry("instance_norm", "InstanceNorm", _GAIN, bias=("none",), free=_NORM, default={"epsilon": 1e-6}, words=_AFFINE),
    Entry(
        "group_norm",
        "GroupNorm",
        _GAIN,
        bias=("none",),
        free=_NORM,
        default={"groups": 32, "epsilon": 1e-6},
        words={**_AFFINE, "groups": "num_groups"},
    ),
    Entry(
        "rms_norm",
        "RMSNorm",
        {"scale": "x* => gain"},
        bias=("none",),
        free={"scale": None, "epsilon": None},
        words={"input_depth": "num_features", "scale": "use_scale"},
    ),
)

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
    ignored=IGNORED,
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
            words={"filters": "features", "stride": "strides", **_USE},
        ),
        Entry("dense", "Dense", _DENSE, bias=_BIAS, free=_ANY, words=_USE),
        Entry(
            "embedding",
            "Embed",
            {"embedding": "x -> e"},
            bias=("none",),
            words={"vocab": "num_embeddings", "depth": "features"},
        ),
        Entry("dropout", "Dropout", {}, bias=("none",), free={"rate": None}),
        CONV,
        *AROUND,
        ATTENTION._replace(name="MultiHeadDotProductAttention"),
        ATTENTION._replace(named=True),
    ),
)
