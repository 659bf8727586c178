"""Keras 3 (and Keras 2, whose weights have the same shapes): a kernel for the input, one for the state.

The gates of an LSTM are i, f, c (our g), o; those of a GRU z, r, h (our n). A GRU that resets after the product
(the default since 2.0) keeps the two rows of its bias apart. The CuDNN layers of Keras 2 have two biases in one vector.
The cells of TensorFlow Addons (for Keras 2) are among its classes.
"""

from rnncalc.layout import Entry, Layout, Names
from rnncalc.layouts import tensorflow_addons

_ANY = {"activation": None}
_ONE = ("single", "none")
_CHANNELS = {"input_depth": "in_channels", "stride": "strides", "dilation": "dilation_rate"}
_SLIDING = {"activation": None, "stride": None, "padding": ("valid", "same"), "dilation": None}
_POOLING = {"stride": None, "padding": ("valid", "same")}
_NORM = {"scale": None, "center": None, "epsilon": None}
_RMS = {"scale": None, "epsilon": None, "axis": None}
_LSTM = {"kernel": "x -> i f g o", "recurrent_kernel": "h -> i f g o", "bias": "1x => i f g o"}
_GRU = {"kernel": "x -> z r n", "recurrent_kernel": "h -> z r n"}

LAYOUT = Layout(
    name="keras",
    title="Keras",
    names=Names(
        single="{tensor}",
        stacked="{name}{nth}/{inner}{tensor}",
        bidirectional="{direction}_{scope}/{inner}{tensor}",
        both="{name}{nth}/{direction}_{scope}{nth}/{inner}{tensor}",
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
        "embeddings_constraint mask_zero noise_shape data_format depthwise_initializer pointwise_initializer "
        "depthwise_regularizer pointwise_regularizer momentum beta_initializer gamma_initializer "
        "norm_beta_initializer norm_gamma_initializer connectivity spectral_radius use_norm2 projection_initializer "
        "score_mode moving_mean_initializer moving_variance_initializer input_length".split()
    ),
    beside=frozenset(
        "seed_generator_state adam adamw adagrad adadelta adamax ftrl lamb lion muon nadam rmsprop sgd "
        "loss_scale_optimizer loss_scale_optimizer_v3 optimizer_weights".split()
    ),
    entries=(
        Entry(
            "rnn",
            "SimpleRNN",
            {"kernel": "x -> h", "recurrent_kernel": "h -> h", "bias": "1x => h"},
            bias=_ONE,
            free=_ANY,
            scope="simple_rnn",
            inner="simple_rnn_cell/",
        ),
        Entry("lstm", "LSTM", _LSTM, bias=_ONE, free=_ANY, scope="lstm", inner="lstm_cell/"),
        Entry(
            "lstm",
            "CuDNNLSTM",
            {**_LSTM, "bias": "1x 1h => i f g o"},
            bias=("double",),
            scope="cu_dnnlstm",
            named=True,
        ),
        Entry(
            "gru",
            "GRU",
            {**_GRU, "bias": "1x 1h -> z r n"},
            bias=("double", "none"),
            fixed={"reset_after": True},
            default={"reset_after": True},
            free=_ANY,
            scope="gru",
            inner="gru_cell/",
        ),
        Entry("gru", "GRU", {**_GRU, "bias": "1x => z r n"}, bias=_ONE, free=_ANY, scope="gru", inner="gru_cell/"),
        Entry(
            "gru",
            "CuDNNGRU",
            {**_GRU, "bias": "1x 1h => z r n"},
            bias=("double",),
            fixed={"reset_after": True},
            scope="cu_dnngru",
            named=True,
        ),
        *tensorflow_addons.ENTRIES,
        Entry(
            "conv_lstm",
            "ConvLSTM{rank}D",
            _LSTM,
            bias=_ONE,
            free={key: value for key, value in _SLIDING.items() if key != "activation"},
            words=_CHANNELS,
            scope="conv_lstm",
            inner="conv_lstm_cell/",
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
        Entry("activation", "Activation", {}, bias=("none",)),
        Entry("flatten", "Flatten", {}, bias=("none",)),
        Entry("reshape", "Reshape", {}, bias=("none",), words={"shape": "target_shape"}),
        Entry("permute", "Permute", {}, bias=("none",)),
        Entry("repeat_vector", "RepeatVector", {}, bias=("none",), words={"times": "n"}),
        Entry(
            "conv",
            "Conv{rank}D",
            {"kernel": "x -> y", "bias": "1x => y"},
            bias=_ONE,
            free={**_SLIDING, "groups": None},
            words=_CHANNELS,
        ),
        Entry(
            "depthwise_conv",
            "DepthwiseConv{rank}D",
            {"kernel": "x -> d", "bias": "1x => d"},
            bias=_ONE,
            free={**_SLIDING, "depth_multiplier": None},
            words=_CHANNELS,
            ranks=(1, 2),
        ),
        Entry(
            "separable_conv",
            "SeparableConv{rank}D",
            {"depthwise_kernel": "x -> d", "pointwise_kernel": "_ -> y", "bias": "1_ => y"},
            bias=_ONE,
            free={**_SLIDING, "depth_multiplier": None},
            words=_CHANNELS,
        ),
        Entry("max_pool", "MaxPooling{rank}D", {}, bias=("none",), free=_POOLING, words={"stride": "strides"}),
        Entry("avg_pool", "AveragePooling{rank}D", {}, bias=("none",), free=_POOLING, words={"stride": "strides"}),
        Entry("global_max_pool", "GlobalMaxPooling{rank}D", {}, bias=("none",)),
        Entry("global_avg_pool", "GlobalAveragePooling{rank}D", {}, bias=("none",)),
        Entry(
            "batch_norm",
            "BatchNormalization",
            {
                "gamma": "x* => gain",
                "beta": "1 => shift",
                "moving_mean": "1 => mean",
                "moving_variance": "1 => variance",
            },
            bias=("none",),
            free={**_NORM, "axis": None},
        ),
        Entry(
            "layer_norm",
            "LayerNormalization",
            {"gamma": "x* => gain", "beta": "1 => shift"},
            bias=("none",),
            free={**_NORM, "axis": None},
        ),
        Entry(
            "group_norm",
            "GroupNormalization",
            {"gamma": "x* => gain", "beta": "1 => shift"},
            bias=("none",),
            free=_NORM,
        ),
        Entry("rms_norm", "RMSNormalization", {"scale": "x* => gain"}, bias=("none",), free=_RMS),
        Entry(
            "multi_head_attention",
            "MultiHeadAttention",
            {
                "query/kernel": "x -> q / heads",
                "query/bias": "1x => q / heads",
                "key/kernel": "v -> k / heads",
                "key/bias": "1v => k / heads",
                "value/kernel": "v -> v / heads",
                "value/bias": "1v => v / heads",
                "attention_output/kernel": "_ / heads -> o",
                "attention_output/bias": "1_ => o",
            },
            bias=_ONE,
            free={"key_depth": None, "value_depth": None, "output_depth": None},
            derived={"value_depth": "key_depth", "output_depth": "input_depth"},
            words={"heads": "num_heads", "key_depth": "key_dim", "value_depth": "value_dim"},
        ),
        Entry(
            "crf",
            "CRF",
            {
                "kernel": "x -> y",
                "chain_kernel": "# -> chain",
                "bias": "1x => y",
                "left_boundary": "1 => left",
                "right_boundary": "1 => right",
            },
            free={"boundaries": None},
            words={"tags": "units", "boundaries": "use_boundary"},
        ),
        Entry(
            "additive_attention",
            "AdditiveAttention",
            {"scale": "_* => s"},
            bias=("none",),
            fixed={"project": False},
            free={"scale": None},
            words={"scale": "use_scale"},
        ),
        Entry(
            "multiplicative_attention",
            "Attention",
            {"scale": "1 := s"},
            bias=("none",),
            fixed={"general": False},
            free={"scale": None},
            words={"scale": "use_scale"},
        ),
        Entry("attention_weighted_average", "AttentionWeightedAverage", {"W": "x -> a"}, bias=("none",)),
    ),
)
