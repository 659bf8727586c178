"""TensorFlow 1, ONNX and PyTorch spoken to in their own words for the layers around the recurrent ones, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from rnncalc.errors import SpecError
from tests.test_layers import model, one, tensors

pytestmark = pytest.mark.usefixtures("schema_agrees")

# TensorFlow 1


@pytest.mark.parametrize(
    ("entry", "shape", "stored"),
    [
        ({"Dense": {"units": 4, "use_bias": False}}, (6, 10), {"kernel": (10, 4)}),
        ({"fully_connected": {"num_outputs": 4}}, (6, 10), {"weights": (10, 4), "biases": (4,)}),
        (
            {
                "Conv1D": {
                    "filters": 4,
                    "kernel_size": 3,
                    "strides": 2,
                    "padding": "same",
                    "data_format": "channels_last",
                }
            },
            (6, 10),
            {"kernel": (3, 10, 4), "bias": (4,)},
        ),
        ({"depthwise_conv2d": {"kernel_size": [2, 3], "strides": 2}}, (6, 5, 10), {"filter": (2, 3, 10, 1)}),
        (
            {"SeparableConv2D": {"filters": 4, "kernel_size": [2, 3], "depth_multiplier": 2}},
            (6, 5, 10),
            {"depthwise_kernel": (2, 3, 10, 2), "pointwise_kernel": (1, 1, 20, 4), "bias": (4,)},
        ),
        ({"MaxPooling1D": {"pool_size": 2, "strides": 2}}, (6, 10), {}),
        (
            {"BatchNormalization": {"momentum": 0.9, "scale": False}},
            (6, 10),
            {"beta": (10,), "moving_mean": (10,), "moving_variance": (10,)},
        ),
        ({"layer_norm": {"begin_norm_axis": -1}}, (6, 10), {"beta": (10,), "gamma": (10,)}),
        (
            {"BahdanauAttention": {"num_units": 4}},
            (6, 10),
            {"memory_layer/kernel": (10, 4), "query_layer/kernel": (10, 4), "attention_v": (4,)},
        ),
        (
            {"LuongAttention": {"num_units": 10, "scale": True}},
            (6, 10),
            {"memory_layer/kernel": (10, 10), "attention_g": ()},
        ),
        ({"crf_log_likelihood": {"num_tags": 10}}, (6, 10), {"transitions": (10, 10)}),
        (
            {"Conv1DLSTMCell": {"output_channels": 4, "kernel_shape": [3], "input_shape": [5, 10], "use_bias": True}},
            (6, 5, 10),
            {"kernel": (3, 10 + 4, 16), "biases": (16,)},
        ),
        (
            {"NASCell": {"num_units": 4, "num_proj": 2, "use_bias": True}},
            (6, 10),
            {"recurrent_kernel": (2, 32), "kernel": (10, 32), "bias": (32,), "projection_weights": (4, 2)},
        ),
        (
            {"CoupledInputForgetGateLSTMCell": {"num_units": 4, "use_peepholes": True}},
            (6, 10),
            {"W_0": (14, 12), "B": (12,), "W_F_diag": (4,), "W_O_diag": (4,)},
        ),
    ],
)
def test_tensorflow1_is_spoken_to_in_the_words_of_its_layers(
    entry: Any, shape: tuple[int, ...], stored: dict[str, tuple[int, ...]]
) -> None:
    assert tensors(one("tensorflow1", entry, shape)) == stored


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"conv2d": {"filters": 4, "kernel_size": 3, "groups": 2}}, "tensorflow1 has no conv2d with groups 2"),
        (
            {"depthwise_conv1d": {"kernel_size": 3}},
            "depthwise_conv1d is not known here for tensorflow1; keras, haiku and paper",
        ),
        ({"rms_norm": {}}, "rms_norm is not known here for tensorflow1; keras, pytorch"),
        ({"layer_norm": {"epsilon": 0.01}}, "tensorflow1 has no layer_norm with epsilon 0.01"),
        ({"LSTMCell": {"num_units": 4, "use_bias": False}}, "tensorflow1 has no LSTMCell without bias"),
    ],
)
def test_what_tensorflow1_does_not_have_is_told_with_who_has_it(entry: Any, told: str) -> None:
    with pytest.raises(SpecError) as error:
        model("tensorflow1", entry, shape=(6, 6, 10) if "2d" in str(entry) else (6, 10))
    assert error.value.problems[0].message.startswith(told)


# ONNX


@pytest.mark.parametrize(
    ("entry", "shape", "stored", "output"),
    [
        ({"Gemm": 4}, (10,), {"B": (10, 4), "C": (4,)}, (4,)),
        ({"MatMul": 4}, (6, 10), {"B": (10, 4)}, (6, 4)),
        (
            {"conv2d": {"filters": 4, "kernel_shape": [2, 3], "strides": 2, "group": 2, "dilations": [1, 2]}},
            (10, 6, 7),
            {"W": (4, 5, 2, 3), "B": (4,)},
            (4, 3, 2),
        ),
        ({"conv1d": {"filters": 4, "kernel_shape": 3, "bias": False}}, (10, 6), {"W": (4, 10, 3)}, (4, 4)),
        ({"max_pool2d": {"kernel_shape": 2, "strides": [1, 2]}}, (10, 6, 8), {}, (10, 5, 4)),
        ({"Conv": {"filters": 4, "kernel_shape": [2, 3]}}, (10, 6, 7), {"W": (4, 10, 2, 3), "B": (4,)}, (4, 5, 5)),
        (
            {"Conv": {"filters": 4, "kernel_shape": [3, 3], "pads": [1, 2, 1, 2]}},
            (10, 6, 7),
            {"W": (4, 10, 3, 3), "B": (4,)},
            (4, 6, 9),
        ),
        (
            {"Conv": {"filters": 4, "kernel_shape": [3], "auto_pad": "SAME_UPPER", "strides": [2]}},
            (10, 7),
            {"W": (4, 10, 3), "B": (4,)},
            (4, 4),
        ),
        ({"MaxPool": {"kernel_shape": [2, 2]}}, (10, 6, 8), {}, (10, 5, 7)),  # its own stride is 1
        ({"AveragePool": {"kernel_shape": [2], "strides": [2]}}, (10, 6), {}, (10, 3)),
        ({"max_pool2d": 2}, (10, 6, 8), {}, (10, 3, 4)),  # ours is side by side
        ("GlobalMaxPool", (10, 6, 7, 8), {}, (10,)),
        ("Relu", (6, 10), {}, (6, 10)),
        ({"avg_pool1d": {"kernel_shape": 2, "count_include_pad": True}}, (10, 6), {}, (10, 3)),
        ({"global_avg_pool2d": {}}, (10, 6, 7), {}, (10,)),
        (
            {"BatchNormalization": {"momentum": 0.9, "epsilon": 0.001}},
            (10, 6),
            {"scale": (10,), "B": (10,), "input_mean": (10,), "input_var": (10,)},
            (10, 6),
        ),
        ({"LayerNormalization": {"center": False}}, (6, 10), {"Scale": (10,)}, (6, 10)),
        ({"GroupNormalization": {"num_groups": 5}}, (10, 6), {"scale": (10,), "bias": (10,)}, (10, 6)),
        ({"InstanceNormalization": {}}, (10, 6), {"scale": (10,), "B": (10,)}, (10, 6)),
        ({"RMSNormalization": {}}, (6, 10), {"scale": (10,)}, (6, 10)),
        ({"Dropout": {"ratio": 0.1}}, (6, 10), {}, (6, 10)),
        ({"Transpose": {"dims": [2, 1]}}, (6, 10), {}, (10, 6)),
    ],
)
def test_onnx_is_spoken_to_in_the_words_of_its_operators(
    entry: Any, shape: tuple[int, ...], stored: dict[str, tuple[int, ...]], output: tuple[int, ...]
) -> None:
    found = one("onnx", entry, shape)
    assert tensors(found) == stored
    assert found.output_shape == (None, *output)


def test_the_statistics_of_onnx_are_not_trained() -> None:
    found = model("onnx", "batch_norm", shape=(10, 6)).report()
    assert (found.trainable_params, found.non_trainable_params) == (20, 20)


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"multi_head_attention": {"heads": 2}}, "multi_head_attention is not known here for onnx; "),
        ({"separable_conv1d": {"filters": 4, "kernel_size": 3}}, "separable_conv1d is not known here for onnx; "),
        ({"batch_norm": {"scale": False}}, "onnx has no batch_norm with scale false; tensorflow1, keras"),
        ({"group_norm": {"groups": 2, "center": False}}, "onnx has no group_norm with center false; "),
        ({"GroupNorm": 2}, "unknown layer type `GroupNorm`; it is a class of pytorch"),
        ({"Relu": {"function": "tanh"}}, "onnx has no activation with function tanh"),
        (
            {"Conv": {"filters": 4, "kernel_shape": [3], "pads": [1, 2]}},
            "a padding is known here that is the same before and after an axis",
        ),
    ],
)
def test_what_onnx_does_not_have_is_told_with_who_has_it(entry: Any, told: str) -> None:
    with pytest.raises(SpecError) as error:
        model("onnx", entry)
    assert error.value.problems[0].message.startswith(told)


@pytest.mark.parametrize(
    ("framework", "type", "function"),
    [("pytorch", "ReLU", "relu"), ("pytorch", "Softmax", "softmax"), ("onnx", "Selu", "selu")],
)
def test_an_activation_may_be_named_by_its_class(framework: str, type: str, function: str) -> None:
    found = model(framework, type, {type: {"name": "again"}}).layers
    assert [layer.options["function"] for layer in found] == [function] * 2
    assert [layer.framework_type for layer in found] == [type] * 2
    assert model(framework, {"activation": function}).report().flops == model(framework, type).report().flops


@pytest.mark.parametrize(("type", "shape"), [("reduce_max", (6, 10)), ("reduce_mean", (6, 5, 10))])
def test_what_tensorflow1_reduces_is_all_positions(type: str, shape: tuple[int, ...]) -> None:
    assert one("tensorflow1", type, shape).output_shape == (None, 10)
