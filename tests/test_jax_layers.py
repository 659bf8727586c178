"""The layers around the recurrent ones in the JAX frameworks: their classes and words, their defaults, their limits."""

from __future__ import annotations

from typing import Any

import pytest

import rnncalc
from rnncalc.errors import SpecError
from rnncalc.layer import Layer
from rnncalc.network import Model
from rnncalc.proof import prove

IMAGE = (9, 8, 10)


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
    (name,) = theirs
    assert found.framework_type == name


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


# defaults


@pytest.mark.parametrize(
    ("framework", "entry", "shape"),
    [
        ("flax", {"conv2d": {"filters": 4, "kernel_size": 3}}, (9, 8, 4)),
        ("flax", {"conv2d": {"filters": 4, "kernel_size": 3, "stride": 2}}, (5, 4, 4)),
        ("flax", {"max_pool2d": 2}, (8, 7, 10)),
        ("flax", {"avg_pool2d": {"pool_size": 2, "stride": 2}}, (4, 4, 10)),
    ],
)
def test_the_frameworks_own_padding_and_stride_stand_where_none_is_given(
    framework: str, entry: Any, shape: tuple[int, ...]
) -> None:
    assert only(framework, entry).outflow.shape == shape


def test_a_group_normalisation_of_flax_has_32_groups() -> None:
    assert only("flax", "group_norm", (9, 64)).options["groups"] == 32
    assert problem("flax", "group_norm") == "32 groups do not divide num_features 10"


@pytest.mark.parametrize(("given", "where"), [("keras", "flax"), ("flax", "keras"), ("keras", "flax-nnx")])
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
    assert problem(framework, entry).startswith(message)


def test_a_class_that_takes_its_rank_from_its_input_needs_one_to_three_axes() -> None:
    assert only("flax", {"max_pool": {"window_shape": 2}}, (9, 8, 7, 10)).cell.name == "max_pool3d"
    told = "`max_pool` has 1 to 3 axes, but its input (9, 8, 7, 6, 10) has 4"
    assert problem("flax", {"max_pool": {"window_shape": 2}}, (9, 8, 7, 6, 10)) == told


# each weight matters


@pytest.mark.parametrize("framework", ["keras", "pytorch", "flax", "flax-nnx", "paper"])
def test_an_attention_is_proven_though_the_bias_of_its_keys_never_matters(framework: str) -> None:
    paper = {"value_depth": 2, "output_depth": 5} if framework == "paper" else {}
    options = {} if framework == "pytorch" else {"key_depth": 3, **paper}
    found = prove(model(framework, {"multi_head_attention": {"heads": 2, **options}}, shape=(4, 6)))
    assert found.passed
    assert "cannot, by the equations" in found.steps[-2 if found.steps[-1].what.startswith("the real") else -1].detail


def test_the_forget_gate_of_flax_gets_its_1_without_a_bias_too() -> None:
    layer = only("flax", {"conv_lstm1d": {"filters": 4, "kernel_size": 3, "bias": False}}, (9, 8, 10))
    assert layer.arrangement.constants == {"f": 1}
    assert only("flax", {"conv_lstm1d": {"filters": 4, "kernel_size": 3}}, (9, 8, 10)).arrangement.constants == {}
