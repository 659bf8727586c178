"""Haiku: one fused matrix for the LSTM, to whose forget gate 1 is added at run time; z of the GRU has the other role.

VanillaRNN has relu and two biases by default. Parameter trees are sorted by name. The statistics of a batch
normalisation are a state, which Haiku does not count; it also has two counters, whole numbers, that are not listed.
Pools have no defaults there: here they lie side by side and are `valid`.
"""

from rnncalc.layout import Entry, Layout, Names

_ANY = {"activation": None}
_BIAS = ("single", "none")
_SLIDING = {"activation": None, "stride": None, "padding": None, "dilation": None}
_SAME = {"padding": "same"}
_WINDOW = {"kernel_size": "kernel_shape", "dilation": "rate", "bias": "with_bias"}
_GAIN = {"offset": "1 => shift", "scale": "x* => gain"}
_NORM = {"scale": None, "center": None, "epsilon": None}
_EPS = {"epsilon": 1e-5}
_AFFINE = {"scale": "create_scale", "center": "create_offset", "epsilon": "eps"}

LAYOUT = Layout(
    name="haiku",
    title="Haiku",
    names=Names(single="{tensor}", stacked="{name}{nth}/{tensor}", ordered=True),
    words={"units": "hidden_size", "input_depth": "input_size"},
    ignored=frozenset(
        "w_i_init w_h_init b_init w_init w_init_scale scale_init offset_init decay_rate use_fast_variance "
        "cross_replica_axis cross_replica_axis_index_groups lookup_style precision".split()
    ),
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
        Entry("flatten", "Flatten", {}, bias=("none",)),
        Entry("reshape", "Reshape", {}, bias=("none",), words={"shape": "output_shape"}),
        Entry(
            "conv",
            "Conv{rank}D",
            {"b": "1x => y", "w": "x -> y"},
            bias=_BIAS,
            free={**_SLIDING, "groups": None},
            default=_SAME,
            words={"filters": "output_channels", "groups": "feature_group_count", **_WINDOW},
        ),
        Entry(
            "depthwise_conv",
            "DepthwiseConv{rank}D",
            {"b": "1x => d", "w": "x -> 1 d"},
            bias=_BIAS,
            free={**_SLIDING, "depth_multiplier": None},
            default=_SAME,
            words={"depth_multiplier": "channel_multiplier", **_WINDOW},
        ),
        *(
            Entry(
                kind,
                name,
                {},
                bias=("none",),
                free={"stride": None, "padding": ("valid", "same")},
                words={"pool_size": "window_shape", "stride": "strides"},
                whole=True,
            )
            for kind, name in (("max_pool", "MaxPool"), ("avg_pool", "AvgPool"))
        ),
        Entry(
            "batch_norm",
            "BatchNorm",
            {"offset": "1 => 1... shift", "scale": "x* => 1... gain"},
            bias=("none",),
            buffers={
                "~/mean_ema/average": "1 => 1... mean",
                "~/mean_ema/hidden": "1 => 1... (mean_ema=mean)",
                "~/var_ema/average": "1 => 1... variance",
                "~/var_ema/hidden": "1 => 1... (var_ema=variance)",
            },
            free=_NORM,
            default=_EPS,
            words=_AFFINE,
        ),
        Entry("layer_norm", "LayerNorm", _GAIN, bias=("none",), free=_NORM, default=_EPS, words=_AFFINE),
        Entry("instance_norm", "InstanceNorm", _GAIN, bias=("none",), free=_NORM, default=_EPS, words=_AFFINE),
        Entry("group_norm", "GroupNorm", _GAIN, bias=("none",), free=_NORM, default=_EPS, words=_AFFINE),
        Entry(
            "rms_norm",
            "RMSNorm",
            {"scale": "x* => gain"},
            bias=("none",),
            free={"scale": None, "epsilon": None},
            default=_EPS,
            words=_AFFINE,
        ),
        Entry(
            "multi_head_attention",
            "MultiHeadAttention",
            {
                "key/b": "1v => k",
                "key/w": "v -> k",
                "linear/b": "1_ => o",
                "linear/w": "_ -> o",
                "query/b": "1x => q",
                "query/w": "x -> q",
                "value/b": "1v => v",
                "value/w": "v -> v",
            },
            bias=_BIAS,
            free={"key_depth": None, "value_depth": None, "output_depth": None},
            derived={"value_depth": "key_depth", "output_depth": "key_depth*heads"},
            words={
                "heads": "num_heads",
                "key_depth": "key_size",
                "value_depth": "value_size",
                "output_depth": "model_size",
                "bias": "with_bias",
            },
        ),
    ),
)
