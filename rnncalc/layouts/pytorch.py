"""PyTorch: `torch.nn`. Matrices are stored transposed, and each has a bias of its own.

The gates of an LSTM are i, f, g, o; those of a GRU r, z, n; the GRU resets after the product.
"""

from rnncalc.layout import Entry, Layout, Names

_BIAS = ("double", "none")
_POOLING = {"stride": None, "padding": ("valid", tuple)}
_WINDOW = {"pool_size": "kernel_size"}
_NORM = {"scale": None, "center": None, "epsilon": None}
_EPS = {"epsilon": 1e-5}
_GAIN = {"weight": "x* => gain", "bias": "1 => shift"}
_ATTENTION = {"in_proj_bias": "1x => q k@1v v@1v", "out_proj.weight": "o <- _", "out_proj.bias": "1_ => o"}
_FUNCTIONS = {
    **{each.capitalize(): each for each in "tanh sigmoid softmax softplus softsign".split()},
    **{"ReLU": "relu", "ELU": "elu", "SELU": "selu", "SiLU": "silu"},
}
_NAME = "{tensor}_l{layer}{direction}"

LAYOUT = Layout(
    name="pytorch",
    title="PyTorch (torch.nn)",
    aliases=("torch",),
    names=Names(_NAME, _NAME, _NAME, _NAME, directions=("", "_reverse")),
    words={"input_depth": "input_size", "units": "hidden_size", "projection": "proj_size"},
    ignored=frozenset(
        "dropout batch_first device dtype padding_idx max_norm norm_type dim scale_grad_by_freq sparse inplace".split()
    ),
    channels_first=frozenset("conv max_pool avg_pool batch_norm group_norm instance_norm".split()),
    beside=frozenset(("num_batches_tracked",)),
    entries=(
        Entry(
            "rnn",
            "RNN",
            {"weight_ih": "h <- x", "weight_hh": "h <- h", "bias_ih": "1x => h", "bias_hh": "1h => h"},
            bias=_BIAS,
            free={"activation": ("tanh", "relu")},
            words={"activation": "nonlinearity"},
        ),
        Entry(
            "lstm",
            "LSTM",
            {
                "weight_ih": "i f g o <- x",
                "weight_hh": "i f g o <- h",
                "bias_ih": "1x => i f g o",
                "bias_hh": "1h => i f g o",
                "weight_hr": "p <- c",
            },
            bias=_BIAS,
            free={"projection": None},
            below={"projection": "units"},
        ),
        Entry(
            "gru",
            "GRU",
            {
                "weight_ih": "r z n <- x",
                "weight_hh": "r z n <- h",
                "bias_ih": "1x => r z n",
                "bias_hh": "1h => r z n",
            },
            bias=_BIAS,
            fixed={"reset_after": True},
            default={"reset_after": True},
        ),
        Entry(
            "dense",
            "Linear",
            {"weight": "y <- x", "bias": "1x => y"},
            bias=("single", "none"),
            free={"activation": None},
            words={"input_depth": "in_features", "units": "out_features"},
        ),
        Entry(
            "embedding",
            "Embedding",
            {"weight": "x -> e"},
            bias=("none",),
            words={"vocab": "num_embeddings", "depth": "embedding_dim"},
        ),
        Entry("dropout", "Dropout", {}, bias=("none",), free={"rate": None}, words={"rate": "p"}),
        Entry("activation", "Activation", {}, bias=("none",)),
        *(
            Entry(
                "activation", name, {}, bias=("none",), fixed={"function": each}, default={"function": each}, named=True
            )
            for name, each in _FUNCTIONS.items()
        ),
        Entry("flatten", "Flatten", {}, bias=("none",)),
        Entry("reshape", "Unflatten", {}, bias=("none",)),
        Entry("permute", "Permute", {}, bias=("none",)),
        Entry(
            "conv",
            "Conv{rank}d",
            {"weight": "y <- x", "bias": "1x => y"},
            bias=("single", "none"),
            free={"stride": None, "padding": None, "dilation": None, "groups": None},
            words={"input_depth": "in_channels", "filters": "out_channels"},
        ),
        Entry("max_pool", "MaxPool{rank}d", {}, bias=("none",), free=_POOLING, words=_WINDOW),
        Entry(
            "avg_pool",
            "AvgPool{rank}d",
            {},
            bias=("none",),
            free={**_POOLING, "count_padding": None},
            default={"count_padding": True},
            words={**_WINDOW, "count_padding": "count_include_pad"},
        ),
        Entry(
            "batch_norm",
            "BatchNorm{rank}d",
            _GAIN,
            bias=("none",),
            buffers={"running_mean": "1 => mean", "running_var": "1 => variance"},
            free={**_NORM, "axis": None},
            default={"epsilon": 1e-5, "axis": 1},
            words={"input_depth": "num_features", "epsilon": "eps"},
        ),
        Entry("layer_norm", "LayerNorm", _GAIN, bias=("none",), free=_NORM, default=_EPS, words={"epsilon": "eps"}),
        Entry(
            "group_norm",
            "GroupNorm",
            _GAIN,
            bias=("none",),
            free=_NORM,
            default=_EPS,
            words={"groups": "num_groups", "input_depth": "num_channels", "epsilon": "eps"},
        ),
        Entry(
            "instance_norm",
            "InstanceNorm{rank}d",
            _GAIN,
            bias=("none",),
            free=_NORM,
            default={**_EPS, "scale": False, "center": False},
            words={"input_depth": "num_features", "epsilon": "eps"},
        ),
        Entry(
            "rms_norm",
            "RMSNorm",
            {"weight": "x* => gain"},
            bias=("none",),
            free={"scale": None, "epsilon": None},
            default={"epsilon": 2.220446049250313e-16},
            words={"epsilon": "eps"},
        ),
        Entry(
            "multi_head_attention",
            "MultiheadAttention",
            {"in_proj_weight": "q k@v v@v <- x", **_ATTENTION},
            bias=("single", "none"),
            equal_depths=True,
            derived={"key_depth": "input_depth/heads", "value_depth": "key_depth", "output_depth": "input_depth"},
            words={"heads": "num_heads", "input_depth": "embed_dim"},
        ),
        Entry(
            "multi_head_attention",
            "MultiheadAttention",
            {"q_proj_weight": "q <- x", "k_proj_weight": "k <- v", "v_proj_weight": "v <- v", **_ATTENTION},
            bias=("single", "none"),
            equal_depths=False,
            derived={"key_depth": "input_depth/heads", "value_depth": "key_depth", "output_depth": "input_depth"},
            words={"heads": "num_heads", "input_depth": "embed_dim"},
        ),
        Entry(
            "crf",
            "CRF",
            {"start_transitions": "1 => left", "end_transitions": "1 => right", "transitions": "# -> chain"},
            bias=("none",),
            fixed={"kernel": False},
            default={"kernel": False},
            words={"tags": "num_tags"},
        ),
    ),
)
