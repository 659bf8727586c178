"""TensorFlow 1: `tf.nn.rnn_cell`, as `tf.compat.v1.nn.rnn_cell` in TensorFlow 2 still has it, and `tf.layers`.

The kernel of a cell has the input's rows above the state's; the gates are i, j (our g), f, o. Around the cells are the
classes of tf.layers and functions of tf.nn, to which the tensors are given; what tf.contrib has is among them.
"""

from rnncalc.layout import Entry, Layout, Names
from rnncalc.layouts import tensorflow1_contrib

_DENSE = {"kernel": "x -> y", "bias": "1x => y"}
_ONE = ("single", "none")
_CHANNELS = {"stride": "strides", "dilation": "dilation_rate"}
_SLIDING = {"activation": None, "stride": None, "padding": ("valid", "same"), "dilation": None}
_POOLING = {"stride": None, "padding": ("valid", "same")}

LAYOUT = Layout(
    name="tensorflow1",
    title="TensorFlow 1 (tf.nn.rnn_cell)",
    aliases=("tf1", "tf"),
    names=Names(directions=("fw", "bw")),
    words={"units": "num_units", "projection": "num_proj", "peephole": "use_peepholes", "bias": "use_bias"},
    ignored=frozenset(
        "forget_bias state_is_tuple reuse initializer cell_clip proj_clip num_unit_shards num_proj_shards "
        "kernel_initializer bias_initializer dtype depthwise_initializer pointwise_initializer kernel_regularizer "
        "bias_regularizer activity_regularizer depthwise_regularizer pointwise_regularizer kernel_constraint "
        "bias_constraint depthwise_constraint pointwise_constraint data_format seed noise_shape momentum fused "
        "beta_initializer gamma_initializer moving_mean_initializer moving_variance_initializer training "
        "projection_initializer conv_ndims input_shape norm_gain norm_shift "
        "weights_initializer biases_initializer begin_norm_axis begin_params_axis channels_axis reduction_axes "
        "normalize probability_fn memory_sequence_length score_mask_value".split()
    ),
    beside=frozenset(
        "global_step beta1_power beta2_power Adam Adam_1 Adagrad Momentum RMSProp RMSProp_1 Ftrl Ftrl_1 Adadelta "
        "Adadelta_1".split()
    ),
    nameless=frozenset(("embedding",)),
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
        *tensorflow1_contrib.ENTRIES,
        Entry("dense", "Dense", _DENSE, bias=_ONE, free={"activation": None}, words={"units": "units"}),
        Entry("embedding", "embedding_lookup", {"embedding": "x -> e"}, bias=("none",)),
        Entry("dropout", "Dropout", {}, bias=("none",), free={"rate": None}),
        Entry("flatten", "Flatten", {}, bias=("none",)),
        Entry("conv", "Conv{rank}D", _DENSE, bias=_ONE, free=_SLIDING, words=_CHANNELS),
        Entry(
            "depthwise_conv",
            "depthwise_conv{rank}d",
            {"filter": "x -> d"},
            bias=("none",),
            free={**_SLIDING, "depth_multiplier": None},
            words={"stride": "strides", "dilation": "rate"},
            ranks=(2,),
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
        Entry("global_max_pool", "reduce_max", {}, bias=("none",)),
        Entry("global_avg_pool", "reduce_mean", {}, bias=("none",)),
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
            free={"scale": None, "center": None, "epsilon": None, "axis": None},
        ),
    ),
)
