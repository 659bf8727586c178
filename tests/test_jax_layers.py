"""The layers around the recurrent ones in the JAX frameworks: their classes and words, their defaults, their limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rnncalc
from rnncalc import layouts
from rnncalc.cell import find, names
from rnncalc.choice import entries
from rnncalc.errors import SpecError
from rnncalc.layer import Layer
from rnncalc.network import Model
from rnncalc.proof.prove import prove
from rnncalc.unroll import pieces_of
from tests import samples

pytestmark = pytest.mark.usefixtures("schema_agrees")

IMAGE = (9, 8, 10)
COMMON = {entry.cell for entry in layouts.COMMON} | {"weights"}


def model(framework: str, *layers: Any, shape: Any = IMAGE, **top: Any) -> Model:
    """A model of these layers over an input of this shape."""
    return rnncalc.parse({"framework": framework, "input": {"shape": list(shape)}, "layers": list(layers), **top})


def only(framework: str, entry: Any, shape: Any = IMAGE) -> Layer:
    """The one layer of a model."""
    return model(framework, entry, shape=shape).layers[0]


def tensors(layer: Layer) -> dict[str, tuple[int, ...]]:
    """The shapes of what a layer stores, by name."""
    return {tensor.name: tensor.shape for tensor in (*layer.tensors, *layer.buffers)}


def problem(framework: str, entry: Any, shape: Any = IMAGE) -> str:
    """The one thing that is wrong."""
    with pytest.raises(SpecError) as error:
        model(framework, entry, shape=shape)
    (found,) = error.value.problems
    return found.message


# classes and their words

SAME_LAYERS = [
    (
        "flax",
        {"Conv": {"features": 4, "kernel_size": [3, 2], "strides": 2, "padding": "VALID", "use_bias": False}},
        {"conv2d": {"filters": 4, "kernel_size": [3, 2], "stride": 2, "padding": "valid", "bias": False}},
        IMAGE,
    ),
    (
        "flax",
        {"Conv": {"features": 4, "kernel_size": [3], "kernel_dilation": 2, "feature_group_count": 2}},
        {"conv1d": {"filters": 4, "kernel_size": 3, "dilation": 2, "groups": 2}},
        (9, 10),
    ),
    ("flax", {"Conv": {"features": 4, "kernel_size": 3}}, {"conv1d": {"filters": 4, "kernel_size": 3}}, (9, 10)),
    (
        "flax",
        {"max_pool": {"window_shape": [2, 3], "strides": [2, 2], "padding": "SAME"}},
        {"max_pool2d": {"pool_size": [2, 3], "stride": 2, "padding": "same"}},
        IMAGE,
    ),
    (
        "flax",
        {"avg_pool": {"window_shape": [2], "count_include_pad": False}},
        {"avg_pool1d": {"pool_size": 2, "count_padding": False}},
        (9, 10),
    ),
    (
        "flax",
        {"BatchNorm": {"use_running_average": True, "momentum": 0.9, "use_scale": False, "epsilon": 0.01}},
        {"batch_norm": {"scale": False, "epsilon": 0.01}},
        IMAGE,
    ),
    ("flax", {"LayerNorm": {"use_bias": False}}, {"layer_norm": {"center": False}}, IMAGE),
    ("flax", {"RMSNorm": {"use_scale": False}}, {"rms_norm": {"scale": False}}, IMAGE),
    ("flax", {"GroupNorm": {"num_groups": 5}}, {"group_norm": {"groups": 5}}, IMAGE),
    (
        "flax",
        {"MultiHeadDotProductAttention": {"qkv_features": 6, "num_heads": 2, "out_features": 7, "dropout_rate": 0.1}},
        {"multi_head_attention": {"heads": 2, "key_depth": 3, "output_depth": 7}},
        (9, 10),
    ),
    (
        "flax-nnx",
        {"Conv": {"in_features": 10, "out_features": 4, "kernel_size": [3, 2], "padding": [1, 2], "rngs": "rngs"}},
        {"conv2d": {"filters": 4, "kernel_size": [3, 2], "padding": [1, 2]}},
        IMAGE,
    ),
    ("flax-nnx", {"BatchNorm": {"num_features": 10}}, "batch_norm", IMAGE),
    ("flax-nnx", {"GroupNorm": {"num_features": 10, "num_groups": 2}}, {"group_norm": 2}, IMAGE),
    (
        "flax-nnx",
        {"MultiHeadAttention": {"num_heads": 2, "in_features": 10, "qkv_features": 6, "out_features": 7}},
        {"multi_head_attention": {"heads": 2, "key_depth": 3, "output_depth": 7}},
        (9, 10),
    ),
    (
        "haiku",
        {
            "Conv2D": {
                "output_channels": 4,
                "kernel_shape": [3, 2],
                "rate": 2,
                "with_bias": False,
                "feature_group_count": 2,
                "padding": "VALID",
                "w_init": "truncated_normal",
            }
        },
        {
            "conv2d": {
                "filters": 4,
                "kernel_size": [3, 2],
                "dilation": 2,
                "bias": False,
                "groups": 2,
                "padding": "valid",
            }
        },
        IMAGE,
    ),
    (
        "haiku",
        {"DepthwiseConv1D": {"channel_multiplier": 2, "kernel_shape": 3, "stride": 2}},
        {"depthwise_conv1d": {"depth_multiplier": 2, "kernel_size": 3, "stride": 2}},
        (9, 10),
    ),
    (
        "haiku",
        {"MaxPool": {"window_shape": [2, 3, 1], "strides": [2, 2, 1], "padding": "SAME"}},
        {"max_pool2d": {"pool_size": [2, 3], "stride": 2, "padding": "same"}},
        IMAGE,
    ),
    (
        "haiku",
        {"AvgPool": {"window_shape": 2, "strides": 2, "padding": "VALID"}},
        {"avg_pool2d": {"pool_size": 2, "stride": 2}},
        IMAGE,
    ),
    (
        "haiku",
        {"BatchNorm": {"create_scale": True, "create_offset": False, "decay_rate": 0.9, "eps": 0.01}},
        {"batch_norm": {"center": False, "epsilon": 0.01}},
        IMAGE,
    ),
    (
        "haiku",
        {"LayerNorm": {"axis": -1, "create_scale": False, "create_offset": True}},
        {"layer_norm": {"scale": False}},
        IMAGE,
    ),
    ("haiku", {"RMSNorm": {"axis": -1, "create_scale": False}}, {"rms_norm": {"scale": False}}, IMAGE),
    (
        "haiku",
        {"GroupNorm": {"groups": 5, "create_offset": False}},
        {"group_norm": {"groups": 5, "center": False}},
        IMAGE,
    ),
    (
        "haiku",
        {"MultiHeadAttention": {"num_heads": 2, "key_size": 3, "value_size": 4, "model_size": 7, "w_init": "normal"}},
        {"multi_head_attention": {"heads": 2, "key_depth": 3, "value_depth": 4, "output_depth": 7}},
        (9, 10),
    ),
    ("haiku", {"Reshape": {"output_shape": [8, 90]}}, {"reshape": [8, 90]}, IMAGE),
    ("haiku", "Flatten", "flatten", IMAGE),
    (
        "equinox",
        {
            "Conv2d": {
                "in_channels": 9,
                "out_channels": 6,
                "kernel_size": [3, 2],
                "groups": 3,
                "padding": "SAME",
                "padding_mode": "REFLECT",
                "use_bias": False,
                "key": "key",
            }
        },
        {"conv2d": {"filters": 6, "kernel_size": [3, 2], "groups": 3, "padding": "same", "bias": False}},
        IMAGE,
    ),
    (
        "equinox",
        {"MaxPool2d": {"kernel_size": [2, 3], "stride": 2, "padding": 1}},
        {"max_pool2d": {"pool_size": [2, 3], "stride": 2, "padding": 1}},
        IMAGE,
    ),
    (
        "equinox",
        {"BatchNorm": {"input_size": 9, "axis_name": "batch", "channelwise_affine": False, "eps": 0.01}},
        {"batch_norm": {"scale": False, "center": False, "epsilon": 0.01}},
        IMAGE,
    ),
    (
        "equinox",
        {"GroupNorm": {"groups": 3, "channels": 9, "channelwise_affine": True}},
        {"group_norm": 3},
        IMAGE,
    ),
    ("equinox", {"LayerNorm": {"shape": 10, "use_bias": False}}, {"layer_norm": {"center": False}}, IMAGE),
    ("equinox", {"RMSNorm": {"shape": 10, "use_weight": False}}, {"rms_norm": {"scale": False}}, IMAGE),
    (
        "equinox",
        {"MultiheadAttention": {"num_heads": 2, "query_size": 10, "qk_size": 3, "vo_size": 4, "output_size": 7}},
        {"multi_head_attention": {"heads": 2, "key_depth": 3, "value_depth": 4, "output_depth": 7, "bias": False}},
        (9, 10),
    ),
    (
        "flax",
        {"ConvLSTMCell": {"features": 4, "kernel_size": [3], "use_bias": False}},
        {"conv_lstm1d": {"filters": 4, "kernel_size": 3, "bias": False}},
        (9, 8, 10),
    ),
]


@pytest.mark.parametrize(("framework", "theirs", "ours", "shape"), SAME_LAYERS)
def test_a_class_with_its_own_words_is_the_plain_layer(framework: str, theirs: Any, ours: Any, shape: Any) -> None:
    found, plain = only(framework, theirs, shape), only(framework, ours, shape)
    assert (tensors(found), found.outflow, found.policy) == (tensors(plain), plain.outflow, plain.policy)
    assert {**plain.options, **found.options} == {**found.options, **plain.options}
    assert found.framework_type == next(iter(theirs) if isinstance(theirs, dict) else iter([theirs]))


def test_another_class_of_the_same_attention_is_it_under_its_own_name() -> None:
    found = only("flax", {"MultiHeadAttention": {"num_heads": 2}}, (9, 10))
    assert found.framework_type == "MultiHeadAttention"
    assert only("flax", {"multi_head_attention": 2}, (9, 10)).framework_type == "MultiHeadDotProductAttention"


# what they store

STORED: list[tuple[str, Any, dict[str, tuple[int, ...]]]] = [
    ("flax", {"conv2d": {"filters": 4, "kernel_size": [3, 2]}}, {"bias": (4,), "kernel": (3, 2, 10, 4)}),
    ("flax", "batch_norm", {"bias": (10,), "mean": (10,), "scale": (10,), "var": (10,)}),
    (
        "flax",
        {"multi_head_attention": {"heads": 5, "output_depth": 7, "bias": False}},
        {"key/kernel": (10, 5, 2), "out/kernel": (5, 2, 7), "query/kernel": (10, 5, 2), "value/kernel": (10, 5, 2)},
    ),
    ("haiku", {"conv2d": {"filters": 4, "kernel_size": [3, 2]}}, {"b": (4,), "w": (3, 2, 10, 4)}),
    ("haiku", {"depthwise_conv2d": {"kernel_size": [3, 2], "depth_multiplier": 2}}, {"b": (20,), "w": (3, 2, 1, 20)}),
    (
        "haiku",
        "batch_norm",
        {
            "offset": (1, 1, 1, 10),
            "scale": (1, 1, 1, 10),
            "~/mean_ema/average": (1, 1, 1, 10),
            "~/mean_ema/hidden": (1, 1, 1, 10),
            "~/var_ema/average": (1, 1, 1, 10),
            "~/var_ema/hidden": (1, 1, 1, 10),
        },
    ),
    ("haiku", "layer_norm", {"offset": (10,), "scale": (10,)}),
    (
        "haiku",
        {"multi_head_attention": {"heads": 2, "key_depth": 3, "bias": False}},
        {"key/w": (10, 6), "linear/w": (6, 6), "query/w": (10, 6), "value/w": (10, 6)},
    ),
    ("equinox", {"conv2d": {"filters": 4, "kernel_size": [3, 2]}}, {"weight": (4, 9, 3, 2), "bias": (4, 1, 1)}),
    (
        "equinox",
        "batch_norm",
        {"weight": (9,), "bias": (9,), "ema_state_index/0": (9,), "ema_state_index/1": (9,)},
    ),
    ("equinox", "rms_norm", {"weight": (10,), "bias": (10,)}),
    (
        "equinox",
        {"multi_head_attention": {"heads": 5, "value_depth": 3}},
        {
            "query_proj/weight": (10, 10),
            "key_proj/weight": (10, 10),
            "value_proj/weight": (15, 10),
            "output_proj/weight": (10, 15),
        },
    ),
]


@pytest.mark.parametrize(("framework", "entry", "shapes"), STORED)
def test_the_tensors_have_the_frameworks_names_and_shapes(
    framework: str, entry: Any, shapes: dict[str, tuple[int, ...]]
) -> None:
    shape = (9, 10) if "multi_head_attention" in entry else IMAGE
    assert tensors(only(framework, entry, shape)) == shapes


@pytest.mark.parametrize("framework", ["flax", "flax-nnx"])
def test_the_statistics_are_counted_and_not_trained(framework: str) -> None:
    report = model(framework, "batch_norm").report()
    assert (report.trainable_params, report.non_trainable_params) == (20, 20)
    assert [each.name for each in report.layers[0].tensors if not each.trainable] == ["mean", "var"]


@pytest.mark.parametrize("framework", ["haiku", "equinox"])
def test_the_statistics_are_a_state_beside_the_parameters(framework: str) -> None:
    depth = 9 if framework == "equinox" else 10
    report = model(framework, "batch_norm").report()
    assert (report.trainable_params, report.non_trainable_params) == (2 * depth, 0)
    assert len(only(framework, "batch_norm").buffers) == (2 if framework == "equinox" else 4)


def test_a_kernel_in_one_row_comes_back_as_it_was_stored() -> None:
    layer = only("haiku", {"depthwise_conv1d": {"kernel_size": 3, "depth_multiplier": 2}}, (9, 10))
    weights = {"depthwise_conv1d/b": np.zeros(20), "depthwise_conv1d/w": np.arange(60.0).reshape(3, 1, 20)}
    kernel = pieces_of(layer, weights)[0, 0]["d", "x"]
    assert kernel.shape == (3, 10, 2)
    assert kernel[1, 4].tolist() == [28.0, 29.0]  # both copies of the fifth channel, at the second position


# defaults


@pytest.mark.parametrize(
    ("framework", "entry", "shape"),
    [
        ("flax", {"conv2d": {"filters": 4, "kernel_size": 3}}, (9, 8, 4)),
        ("flax", {"conv2d": {"filters": 4, "kernel_size": 3, "stride": 2}}, (5, 4, 4)),
        ("flax", {"max_pool2d": 2}, (8, 7, 10)),
        ("flax", {"avg_pool2d": {"pool_size": 2, "stride": 2}}, (4, 4, 10)),
        ("haiku", {"conv2d": {"filters": 4, "kernel_size": 3}}, (9, 8, 4)),
        ("haiku", {"depthwise_conv2d": {"kernel_size": 3, "stride": 2}}, (5, 4, 10)),
        ("haiku", {"max_pool2d": 2}, (4, 4, 10)),  # none has a default there
        ("equinox", {"conv2d": {"filters": 4, "kernel_size": 3}}, (4, 6, 8)),
        ("equinox", {"max_pool2d": 2}, (9, 7, 9)),
        ("haiku", {"multi_head_attention": {"heads": 3, "key_depth": 4, "inputs": ["input"]}}, (9, 12)),
    ],
)
def test_the_frameworks_own_padding_and_stride_stand_where_none_is_given(
    framework: str, entry: Any, shape: tuple[int, ...]
) -> None:
    given = (9, 10) if "multi_head_attention" in entry else IMAGE
    assert only(framework, entry, given).outflow.shape == shape


def test_a_group_normalisation_of_flax_has_32_groups() -> None:
    assert only("flax", "group_norm", (9, 64)).options["groups"] == 32
    assert problem("flax", "group_norm") == "32 groups do not divide num_features 10"


@pytest.mark.parametrize(
    ("given", "where"), [("keras", "flax"), ("flax", "keras"), ("keras", "flax-nnx"), ("flax", "haiku")]
)
def test_the_same_model_has_the_same_positions_in_another_framework(given: str, where: str) -> None:
    layers = [{"conv2d": {"filters": 4, "kernel_size": 3}}, {"max_pool2d": 2}, "flatten", {"dense": 6}]
    found = model(given, *layers)
    other = found.in_framework(where)
    positions = 3 * 3 if given == "keras" else 8 * 7
    assert other.params == found.params == 3 * 3 * 10 * 4 + 4 + positions * 4 * 6 + 6
    assert [layer.outflow.shape for layer in other.layers] == [layer.outflow.shape for layer in found.layers]


# what is wrong


@pytest.mark.parametrize(
    ("framework", "entry", "message"),
    [
        (
            "flax",
            {"MultiHeadDotProductAttention": {"num_heads": 3, "qkv_features": 7}},
            "3 num_heads do not divide qkv_features 7",
        ),
        ("flax", {"Conv": {"features": 4}}, "conv1d needs `kernel_size`"),
        (
            "haiku",
            {"MaxPool": {"window_shape": [2, 2], "strides": 1, "padding": "SAME"}},
            "the last of these sizes is the",
        ),
        ("haiku", {"max_pool2d": {"pool_size": 2, "padding": 1}}, "haiku has no max_pool2d with padding"),
        ("haiku", {"layer_norm": {"axis": 1}}, "haiku has no layer_norm with axis 1"),
        ("haiku", {"MultiHeadAttention": {"num_heads": 2}}, "multi_head_attention needs `key_size` here"),
        ("equinox", {"max_pool2d": {"pool_size": 2, "padding": "same"}}, "equinox has no max_pool2d with padding same"),
        ("pytorch", {"max_pool2d": {"pool_size": 2, "padding": "same"}}, "pytorch has no max_pool2d with padding same"),
        ("equinox", {"batch_norm": {"scale": False, "center": True}}, "equinox has no batch_norm with center"),
        ("flax", {"max_pool": {"window_shape": [2, 2, 2, 2]}}, "4 sizes for 1 axis"),
        (
            "flax-nnx",
            {"conv_lstm2d": {"filters": 4, "kernel_size": 2}},
            "flax-nnx has no conv_lstm2d; tensorflow1, keras, flax, haiku",
        ),
        ("flax", {"conv_lstm2d": {"filters": 4, "kernel_size": 2, "stride": 2}}, "flax has no conv_lstm2d with stride"),
        ("flax", {"multi_head_attention": {"heads": 2, "value_depth": 3}}, "flax has no multi_head_attention with"),
        ("flax", {"depthwise_conv2d": {"kernel_size": 3}}, "depthwise_conv2d is not known here for flax; tensorflow1"),
    ],
)
def test_what_the_framework_cannot_build_is_an_error(framework: str, entry: Any, message: str) -> None:
    shape = (9, 10) if "MultiHeadAttention" in entry else IMAGE
    assert problem(framework, entry, shape).startswith(message)


def test_a_class_that_takes_its_rank_from_its_input_needs_one_to_three_axes() -> None:
    assert only("flax", {"max_pool": {"window_shape": 2}}, (9, 8, 7, 10)).cell.name == "max_pool3d"
    told = "`max_pool` has 1 to 3 axes, but its input (9, 8, 7, 6, 10) has 4"
    assert problem("flax", {"max_pool": {"window_shape": 2}}, (9, 8, 7, 6, 10)) == told


# each weight matters

JAX = ("flax", "flax-nnx", "haiku", "equinox")
AROUND = [
    pytest.param(framework, cell.name, id=f"{framework}-{cell.name}")
    for framework in JAX
    for name in names("rnncalc.layers")
    if (cell := find(name)) and entries(layouts.find(framework), cell) and name not in COMMON
]


@pytest.mark.parametrize(("framework", "type"), AROUND)
def test_every_layer_is_proven(framework: str, type: str) -> None:
    found = prove(rnncalc.parse(samples.model(framework, type)))
    assert found.passed, [step.detail for step in found.steps if not step.passed]


def test_what_no_step_reads_is_no_gate_of_the_layer() -> None:
    layer = only("haiku", "batch_norm")
    assert not layer.arrangement.unread
    assert [layer.trace.count("none").at(layer.sizes[0]), layer.params] == [40, 20]


@pytest.mark.parametrize("framework", ["keras", "pytorch", "flax", "flax-nnx", "haiku", "paper"])
def test_an_attention_is_proven_though_the_bias_of_its_keys_never_matters(framework: str) -> None:
    paper = {"value_depth": 2, "output_depth": 5} if framework == "paper" else {}
    options = {} if framework == "pytorch" else {"key_depth": 3, **paper}
    found = prove(model(framework, {"multi_head_attention": {"heads": 2, **options}}, shape=(4, 6)))
    assert found.passed
    assert "cannot, by the equations" in found.steps[-2 if found.steps[-1].what.startswith("the real") else -1].detail


def test_an_attention_of_equinox_has_biases_only_where_they_are_asked_for() -> None:
    assert only("equinox", {"multi_head_attention": 2}, (9, 10)).params == 4 * 10 * 10
    assert only("equinox", {"multi_head_attention": {"heads": 2, "bias": True}}, (9, 10)).params == 4 * 11 * 10


def test_the_forget_gate_of_flax_gets_its_1_without_a_bias_too() -> None:
    layer = only("flax", {"conv_lstm1d": {"filters": 4, "kernel_size": 3, "bias": False}}, (9, 8, 10))
    assert layer.arrangement.constants == {"f": 1}
    assert only("flax", {"conv_lstm1d": {"filters": 4, "kernel_size": 3}}, (9, 8, 10)).arrangement.constants == {}
