"""The layers around the recurrent ones: shapes, parameters, multiplications and operations, each by hand."""

from __future__ import annotations

from typing import Any

import pytest

import rnncalc
from rnncalc.errors import SpecError
from rnncalc.network import Model
from rnncalc.report import LayerReport

pytestmark = pytest.mark.usefixtures("schema_agrees")


def model(framework: str, *layers: Any, shape: Any = (6, 10), **top: Any) -> Model:
    """A model of these layers over an input of this shape."""
    given: dict[str, Any] = {"framework": framework, "layers": list(layers), **top}
    if "inputs" not in given:
        given["input"] = {"shape": list(shape)} if isinstance(shape, tuple) else shape
    return rnncalc.parse(given)


def one(framework: str, entry: Any, shape: Any = (6, 10), **top: Any) -> LayerReport:
    """The record of the last layer."""
    return model(framework, entry, shape=shape, **top).report().layers[-1]


def costs(found: LayerReport) -> tuple[int | None, ...]:
    """MACs of a step and a sequence, operations of a step and a sequence."""
    return found.macs_per_step, found.macs, found.flops_per_step, found.flops


def tensors(found: LayerReport) -> dict[str, tuple[int, ...]]:
    """The shapes of a layer's tensors by name."""
    return {tensor.name: tensor.shape for tensor in found.tensors}


# dense and embedding


def test_a_dense_layer_is_applied_at_each_step() -> None:
    found = one("keras", {"dense": 4})
    assert (found.params, found.output_shape) == (10 * 4 + 4, (None, 6, 4))
    assert costs(found) == (40, 6 * 40, 2 * 40 + 4, 6 * (2 * 40 + 4))


def test_a_dense_layer_without_bias_has_its_matrix_alone() -> None:
    found = one("keras", {"dense": {"units": 4, "use_bias": False, "activation": "relu"}})
    assert found.params == 10 * 4
    assert costs(found) == (40, 240, 2 * 40 + 4, 6 * (2 * 40 + 4))  # an activation an element


def test_a_dense_layer_over_a_vector_is_done_once() -> None:
    assert costs(one("keras", {"dense": 4}, (10,))) == (0, 40, 0, 84)


def test_a_dense_layer_over_an_image_is_applied_at_each_position() -> None:
    found = one("keras", {"dense": 4}, (6, 5, 10))
    assert (found.params, found.output_shape) == (44, (None, 6, 5, 4))
    assert costs(found) == (5 * 40, 6 * 5 * 40, 5 * 84, 6 * 5 * 84)


def test_an_embedding_has_a_table_and_costs_nothing() -> None:
    found = one("keras", {"embedding": {"vocab": 100, "depth": 16}}, {"steps": 7})
    assert (found.params, found.output_shape) == (1_600, (None, 7, 16))
    assert costs(found) == (0, 0, 0, 0)


def test_an_embedding_of_unknown_length_costs_nothing_all_the_same() -> None:
    assert costs(one("keras", {"embedding": {"vocab": 100, "depth": 16}}, {})) == (0, 0, 0, 0)


def test_a_frozen_embedding_is_not_trainable() -> None:
    found = model("keras", {"embedding": {"vocab": 100, "depth": 16, "trainable": False}}, shape={}).report()
    assert (found.trainable_params, found.non_trainable_params) == (0, 1_600)


def test_an_embedding_reads_whole_numbers_of_any_shape() -> None:
    found = one("keras", {"embedding": {"vocab": 100, "depth": 16}}, (6, 9))
    assert found.output_shape == (None, 6, 9, 16)


# convolutions: positions of the output, windows that the kernel, stride, padding and dilation leave


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        ({}, 20 - 3 + 1),
        ({"padding": "same"}, 20),
        ({"stride": 2}, (20 - 3) // 2 + 1),
        ({"stride": 2, "padding": "same"}, 10),
        ({"stride": 3, "padding": "same"}, 7),  # the ceiling of 20 / 3
        ({"dilation": 4}, 20 - (2 * 4 + 1) + 1),
        ({"dilation": 4, "padding": "same"}, 20),
        ({"kernel_size": 20}, 1),
        ({"kernel_size": 1}, 20),
        ({"kernel_size": 4, "stride": 5}, (20 - 4) // 5 + 1),
    ],
)
def test_a_convolution_leaves_the_steps_of_its_windows(options: dict[str, Any], steps: int) -> None:
    given = {"filters": 4, "kernel_size": 3, **options}
    found = one("keras", {"conv1d": given}, (20, 10))
    assert found.output_shape == (None, steps, 4)
    assert found.params == given["kernel_size"] * 10 * 4 + 4
    assert found.macs == steps * given["kernel_size"] * 10 * 4
    assert found.flops == steps * (2 * given["kernel_size"] * 10 * 4 + 4)


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        ({}, 18),
        ({"padding": 1}, 20),
        ({"padding": 4}, 20 + 2 * 4 - 3 + 1),
        ({"padding": 1, "stride": 2}, (20 + 2 - 3) // 2 + 1),
        ({"padding": "same"}, 20),
        ({"padding": 2, "dilation": 2, "stride": 3}, (20 + 4 - 5) // 3 + 1),
    ],
)
def test_a_convolution_may_be_padded_by_whole_numbers(options: dict[str, Any], steps: int) -> None:
    found = one("pytorch", {"Conv1d": {"out_channels": 4, "kernel_size": 3, **options}}, (10, 20))
    assert found.output_shape == (None, 4, steps)
    assert found.macs == steps * 3 * 10 * 4


def test_a_convolution_that_leaves_the_steps_alone_has_a_price_a_step() -> None:
    assert costs(one("keras", {"conv1d": {"filters": 4, "kernel_size": 3, "padding": "same"}})) == (
        3 * 10 * 4,
        6 * 3 * 10 * 4,
        2 * 3 * 10 * 4 + 4,
        6 * (2 * 3 * 10 * 4 + 4),
    )


@pytest.mark.parametrize("options", [{}, {"padding": "same", "stride": 2}])
def test_a_convolution_that_changes_the_steps_has_no_price_a_step(options: dict[str, Any]) -> None:
    found = one("keras", {"conv1d": {"filters": 4, "kernel_size": 3, **options}})
    assert (found.macs_per_step, found.flops_per_step) == (None, None)
    assert found.macs is not None


def test_one_layer_that_changes_the_steps_makes_the_models_step_unknown() -> None:
    found = model("keras", {"conv1d": {"filters": 4, "kernel_size": 3}}, {"lstm": 5}).report()
    assert (found.macs_per_step, found.flops_per_step) == (None, None)
    assert found.layers[1].macs_per_step == 4 * (4 + 5) * 5
    assert found.macs == 4 * 3 * 10 * 4 + 4 * 4 * (4 + 5) * 5


def test_a_convolution_of_unknown_length_costs_the_unknown() -> None:
    found = one("keras", {"conv1d": {"filters": 4, "kernel_size": 3, "padding": "same"}}, {"depth": 10})
    assert found.output_shape == (None, None, 4)
    assert costs(found) == (120, None, 244, None)


def test_a_convolution_of_an_image_multiplies_at_each_position() -> None:
    found = one("keras", {"conv2d": {"filters": 32, "kernel_size": [3, 5], "stride": [1, 2]}}, (28, 30, 3))
    positions = (28 - 3 + 1) * ((30 - 5) // 2 + 1)
    assert found.output_shape == (None, 26, 13, 32)
    assert found.params == 3 * 5 * 3 * 32 + 32
    assert found.macs == positions * 3 * 5 * 3 * 32
    assert found.flops == positions * (2 * 3 * 5 * 3 * 32 + 32)


def test_a_convolution_of_a_volume_multiplies_at_each_position() -> None:
    found = one("keras", {"conv3d": {"filters": 4, "kernel_size": 2, "padding": "same"}}, (6, 5, 4, 3))
    assert found.output_shape == (None, 6, 5, 4, 4)
    assert found.params == 2 * 2 * 2 * 3 * 4 + 4
    assert found.macs == 6 * 5 * 4 * 2 * 2 * 2 * 3 * 4


def test_each_group_of_a_convolution_reads_its_part_of_the_depth() -> None:
    entry = {"conv1d": {"filters": 6, "kernel_size": 3, "groups": 2, "padding": "same"}}
    found = one("keras", entry)
    assert tensors(found) == {"kernel": (3, 10 // 2, 6), "bias": (6,)}
    assert found.params == 3 * 5 * 6 + 6
    assert costs(found) == (3 * 5 * 6, 6 * 90, 2 * 90 + 6, 6 * (2 * 90 + 6))


def test_pytorch_has_the_channels_of_a_group_second() -> None:
    found = one("pytorch", {"Conv2d": {"out_channels": 6, "kernel_size": [3, 5], "groups": 2}}, (10, 8, 9))
    assert tensors(found) == {"weight": (6, 5, 3, 5), "bias": (6,)}
    assert found.output_shape == (None, 6, 6, 5)


def test_a_convolution_without_bias_has_its_kernel_alone() -> None:
    found = one("keras", {"conv1d": {"filters": 4, "kernel_size": 3, "padding": "same", "use_bias": False}})
    assert (found.params, found.flops_per_step) == (120, 2 * 120)


def test_the_activation_of_a_convolution_costs_an_operation_an_element() -> None:
    entry = {"conv1d": {"filters": 4, "kernel_size": 3, "padding": "same", "activation": "relu"}}
    assert one("keras", entry).flops_per_step == 2 * 120 + 4 + 4


def test_a_depthwise_convolution_reads_each_channel_by_itself() -> None:
    entry = {"depthwise_conv1d": {"kernel_size": 3, "depth_multiplier": 2, "padding": "same"}}
    found = one("keras", entry)
    assert tensors(found) == {"kernel": (3, 10, 2), "bias": (20,)}
    assert found.output_shape == (None, 6, 20)
    assert costs(found) == (3 * 10 * 2, 6 * 60, 2 * 60 + 20, 6 * 140)


def test_a_depthwise_convolution_of_an_image() -> None:
    found = one("keras", {"depthwise_conv2d": {"kernel_size": 3, "stride": 2}}, (9, 9, 10))
    assert found.output_shape == (None, 4, 4, 10)
    assert (found.params, found.macs) == (9 * 10 + 10, 4 * 4 * 9 * 10)


def test_a_separable_convolution_is_a_depthwise_one_and_a_map_over_the_channels() -> None:
    entry = {"separable_conv1d": {"filters": 4, "kernel_size": 3, "depth_multiplier": 2, "padding": "same"}}
    found = one("keras", entry)
    assert tensors(found) == {"depthwise_kernel": (3, 10, 2), "pointwise_kernel": (1, 20, 4), "bias": (4,)}
    assert found.params == 3 * 10 * 2 + 20 * 4 + 4
    macs = 3 * 10 * 2 + 20 * 4
    assert costs(found) == (macs, 6 * macs, 2 * macs + 4, 6 * (2 * macs + 4))


def test_a_separable_convolution_of_an_image_maps_the_channels_of_its_output() -> None:
    found = one("keras", {"separable_conv2d": {"filters": 4, "kernel_size": 3, "stride": 2}}, (9, 9, 10))
    assert found.output_shape == (None, 4, 4, 4)
    assert found.params == 9 * 10 + 10 * 4 + 4
    assert found.macs == 4 * 4 * (9 * 10 + 10 * 4)


# pooling


@pytest.mark.parametrize("kind", ["max_pool", "avg_pool"])
@pytest.mark.parametrize(
    ("options", "steps"),
    [
        ({"pool_size": 2}, 10),
        ({"pool_size": 3}, 6),
        ({"pool_size": 3, "padding": "same"}, 7),
        ({"pool_size": 3, "stride": 1}, 18),
        ({"pool_size": 2, "stride": 5, "padding": "same"}, 4),
    ],
)
def test_a_pooling_leaves_its_windows_and_costs_an_operation_for_each(
    kind: str, options: dict[str, Any], steps: int
) -> None:
    found = one("keras", {f"{kind}1d": options}, (20, 10))
    assert (found.params, found.output_shape) == (0, (None, steps, 10))
    assert costs(found) == (0, 0, None, steps * 10)


def test_a_pooling_of_an_image() -> None:
    found = one("keras", {"max_pool2d": [2, 3]}, (8, 9, 10))
    assert found.output_shape == (None, 4, 3, 10)
    assert (found.macs, found.flops) == (0, 4 * 3 * 10)


def test_a_pooling_of_pytorch_has_its_channels_first() -> None:
    found = one("pytorch", {"MaxPool2d": {"kernel_size": 3, "stride": 2, "padding": 1}}, (10, 8, 9))
    assert found.output_shape == (None, 10, (8 + 2 - 3) // 2 + 1, (9 + 2 - 3) // 2 + 1)


@pytest.mark.parametrize("kind", ["global_max_pool", "global_avg_pool"])
def test_a_global_pooling_leaves_the_depth(kind: str) -> None:
    assert one("keras", f"{kind}1d").output_shape == (None, 10)
    found = one("keras", f"{kind}2d", (8, 9, 10))
    assert (found.params, found.output_shape) == (0, (None, 10))
    assert (found.macs, found.flops) == (0, 10)


# shapes


def test_flatten_reshape_and_permute_cost_nothing() -> None:
    entries: list[Any] = ["flatten", {"reshape": [10, 6]}, {"permute": [2, 1]}]
    for entry in entries:
        found = one("keras", entry)
        assert (found.params, found.macs, found.flops) == (0, 0, 0)


def test_flatten_lays_all_positions_side_by_side() -> None:
    assert one("keras", "flatten", (6, 5, 10)).output_shape == (None, 6 * 5 * 10)


@pytest.mark.parametrize(
    ("target", "shape"), [([12, 5], (12, 5)), ([3, -1], (3, 20)), ([-1], (60,)), ([2, 3, 10], (2, 3, 10))]
)
def test_reshape_keeps_the_elements(target: list[int], shape: tuple[int, ...]) -> None:
    assert one("keras", {"reshape": target}).output_shape == (None, *shape)


def test_reshape_lets_an_unknown_length_through() -> None:
    assert one("keras", {"reshape": [-1, 30]}, (None, 3, 10)).output_shape == (None, None, 30)


def test_permute_turns_the_axes() -> None:
    assert one("keras", {"permute": [2, 3, 1]}, (6, 5, 10)).output_shape == (None, 5, 10, 6)


def test_repeat_vector_makes_steps_of_a_vector() -> None:
    found = model("keras", {"repeat_vector": 7}, {"lstm": 5}, shape=(10,)).report()
    assert found.layers[0].output_shape == (None, 7, 10)
    assert found.layers[1].macs == 7 * 4 * (10 + 5) * 5
    assert (found.layers[0].params, found.layers[0].flops) == (0, 0)


def test_dropout_costs_nothing() -> None:
    assert costs(one("keras", {"dropout": 0.2})) == (0, 0, 0, 0)


def test_an_activation_costs_an_operation_an_element() -> None:
    assert costs(one("keras", {"activation": "relu"})) == (0, 0, 10, 60)


def test_a_linear_activation_costs_nothing() -> None:
    assert costs(one("keras", {"activation": "linear"})) == (0, 0, 0, 0)


# normalisation: 1 an element, 2 a gain, 1 a shift


@pytest.mark.parametrize(
    ("entry", "params", "operations"),
    [
        ("layer_norm", 2 * 10, 10 + 2 * 10 + 10),
        ({"layer_norm": {"center": False}}, 10, 10 + 2 * 10),
        ({"layer_norm": {"scale": False}}, 10, 10 + 10),
        ({"layer_norm": {"scale": False, "center": False}}, 0, 10),
        ("rms_norm", 10, 10 + 2 * 10),
        ({"group_norm": {"groups": 5}}, 2 * 10, 10 + 2 * 10 + 10),
    ],
)
def test_a_normalisation_costs_by_its_gain_and_shift(entry: Any, params: int, operations: int) -> None:
    found = one("keras", entry)
    assert (found.params, found.output_shape) == (params, (None, 6, 10))
    assert costs(found) == (0, 0, operations, 6 * operations)


def test_a_batch_normalisation_has_statistics_that_are_not_trainable() -> None:
    found = model("keras", "batch_norm").report()
    assert (found.params, found.trainable_params, found.non_trainable_params) == (4 * 10, 2 * 10, 2 * 10)
    fixed = [tensor.name for tensor in found.layers[0].tensors if not tensor.trainable]
    assert fixed == ["moving_mean", "moving_variance"]


def test_a_batch_normalisation_takes_the_root_of_its_variance_once_a_sequence() -> None:
    each = 10 + 10 + 2 * 10 + 10  # minus the mean, times the root, gain, shift
    once = 10 + 10  # plus epsilon, the root
    assert costs(one("keras", "batch_norm")) == (0, 0, each, 6 * each + once)


@pytest.mark.parametrize(("options", "params"), [({"scale": False}, 30), ({"center": False}, 30)])
def test_a_batch_normalisation_without_gain_or_shift(options: dict[str, Any], params: int) -> None:
    found = model("keras", {"batch_norm": options}).report()
    assert (found.params, found.non_trainable_params) == (params, 20)


def test_the_statistics_of_pytorch_are_buffers_and_no_parameters() -> None:
    found = model("pytorch", {"batch_norm": {}}, shape=(10, 6)).report()
    assert (found.params, found.non_trainable_params) == (2 * 10, 0)


def test_a_frozen_normalisation_has_nothing_to_train() -> None:
    found = model("keras", {"batch_norm": {"trainable": False}}).report()
    assert (found.trainable_params, found.non_trainable_params) == (0, 40)


# convolutional LSTM


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_a_convolutional_lstm_is_an_lstm_at_each_position(rank: int) -> None:
    space = (8, 6, 5)[:rank]
    entry = {f"conv_lstm{rank}d": {"filters": 4, "kernel_size": 3, "padding": "same"}}
    found = one("keras", entry, (7, *space, 10))
    positions = {1: 8, 2: 8 * 6, 3: 8 * 6 * 5}[rank]
    kernel = 3**rank
    matrices = 4 * kernel * (10 + 4) * 4
    # for each filter and position: a bias a gate, five activations, three products and a sum
    elementwise = 4 * 4 + 5 * 4 + 4 * 4
    assert found.params == matrices + 4 * 4
    assert found.output_shape == (None, 7, *space, 4)
    assert costs(found) == (
        positions * matrices,
        7 * positions * matrices,
        positions * (2 * matrices + elementwise),
        7 * positions * (2 * matrices + elementwise),
    )
    assert found.state_bytes == 2 * positions * 4 * 4


def test_a_convolutional_lstm_loses_the_border_of_its_input_and_not_of_its_state() -> None:
    entry = {"conv_lstm2d": {"filters": 4, "kernel_size": 3}}
    found = one("keras", entry, (7, 8, 6, 10))
    assert found.output_shape == (None, 7, 6, 4, 4)
    assert found.macs_per_step == 6 * 4 * 4 * 9 * (10 + 4) * 4


def test_a_convolutional_lstm_may_give_its_last_output_alone() -> None:
    entry = {"conv_lstm2d": {"filters": 4, "kernel_size": 3, "padding": "same", "return_sequences": False}}
    assert one("keras", entry, (7, 8, 6, 10)).output_shape == (None, 8, 6, 4)


def test_a_convolutional_lstm_over_unknown_positions_has_unknown_states() -> None:
    entry = {"conv_lstm2d": {"filters": 4, "kernel_size": 3, "padding": "same"}}
    found = one("keras", entry, (7, None, 6, 10))
    assert found.state_bytes is None
    assert costs(found) == (None, None, None, None)
    assert found.params == 4 * 9 * (10 + 4) * 4 + 4 * 4


# attention: the products of values with each other are multiplications, too

PAIR = {"query": {"depth": 10, "steps": 5}, "values": {"depth": 8, "steps": 7}}


def attention(name: str, **options: Any) -> LayerReport:
    """An attention of 5 steps of 10 to 7 steps of 8."""
    return one("paper", {name: {"inputs": ["query", "values"], **options}}, inputs=PAIR)


def test_multiplicative_attention_maps_the_query_and_matches_each_pair() -> None:
    found = attention("multiplicative_attention")
    assert found.params == 10 * 8
    macs = 5 * 10 * 8 + 5 * 7 * 8 + 5 * 7 * 8
    assert costs(found) == (None, macs, None, 2 * macs + 5 * 7)  # a softmax a score


def test_multiplicative_attention_without_a_matrix_has_no_parameters() -> None:
    found = one("paper", {"multiplicative_attention": {"general": False}})
    assert found.params == 0
    assert (found.macs, found.flops) == (2 * 6 * 6 * 10, 2 * 2 * 6 * 6 * 10 + 6 * 6)


def test_the_scale_of_an_attention_is_one_number() -> None:
    found = one("keras", {"Attention": {"use_scale": True}})
    assert (found.params, tensors(found)) == (1, {"scale": ()})
    assert found.flops == 2 * 2 * 6 * 6 * 10 + 6 * 6 + 6 * 6  # each score times the scale, and its softmax


def test_additive_attention_adds_each_query_to_each_key() -> None:
    found = attention("additive_attention", units=3)
    assert found.params == 10 * 3 + 8 * 3 + 3 + 3
    macs = 5 * 10 * 3 + 7 * 8 * 3 + 5 * 7 * 3 + 5 * 7 * 8
    # the keys' bias; the sum and the tanh of each pair; a softmax a score
    assert costs(found) == (None, macs, None, 2 * macs + 7 * 3 + 2 * 5 * 7 * 3 + 5 * 7)


def test_the_additive_attention_of_keras_has_a_scale_alone() -> None:
    assert one("keras", {"AdditiveAttention": {}}).params == 10
    assert one("keras", {"AdditiveAttention": {"use_scale": False}}).params == 0


def test_multi_head_attention_maps_query_key_value_and_output() -> None:
    found = attention("multi_head_attention", heads=2, key_depth=3, value_depth=4, output_depth=9)
    assert found.params == (10 + 1) * 2 * 3 + (8 + 1) * 2 * 3 + (8 + 1) * 2 * 4 + (2 * 4 + 1) * 9
    maps = 5 * 10 * 6 + 7 * 8 * 6 + 7 * 8 * 8 + 5 * 8 * 9
    pairs = 5 * 7 * 6 + 5 * 7 * 8
    biases = 5 * 6 + 7 * 6 + 7 * 8 + 5 * 9
    assert found.output_shape == (None, 5, 9)
    assert costs(found) == (None, maps + pairs, None, 2 * (maps + pairs) + biases + 5 * 7 * 2)


def test_multi_head_attention_of_pytorch_divides_its_depth_among_the_heads() -> None:
    found = one("pytorch", {"MultiheadAttention": {"num_heads": 5, "embed_dim": 10}})
    assert found.params == (3 * 10 * 10 + 3 * 10) + (10 * 10 + 10)
    assert found.macs == 6 * 4 * 10 * 10 + 2 * 6 * 6 * 10


def test_multi_head_attention_of_keras_gives_the_depth_of_its_query() -> None:
    found = one("keras", {"MultiHeadAttention": {"num_heads": 2, "key_dim": 3}})
    assert found.params == 3 * (10 + 1) * 6 + (6 + 1) * 10
    assert found.output_shape == (None, 6, 10)


def test_an_attention_weighted_average_leaves_one_vector() -> None:
    found = one("keras", "attention_weighted_average")
    assert (found.params, found.output_shape) == (10, (None, 10))
    assert (found.macs, found.flops) == (6 * 10 + 6 * 10, 2 * 120 + 6)


# highway, characters, tags, mixtures


def test_a_highway_layer_has_a_transform_and_a_gate() -> None:
    found = one("paper", "highway")
    assert (found.params, found.output_shape) == (2 * (10 * 10 + 10), (None, 6, 10))
    # 2 biases, relu, sigmoid, t * h, 1 - t, (1 - t) * x, and the sum
    step = 2 * 200 + (2 + 2 + 4) * 10
    assert costs(found) == (200, 6 * 200, step, 6 * step)


def test_a_character_network_has_a_convolution_for_each_width() -> None:
    found = one("paper", {"char_cnn": {"filters": [[1, 3], [2, 4], [5, 6]]}}, (7, 9, 10))
    assert found.params == 10 * (1 * 3 + 2 * 4 + 5 * 6) + (3 + 4 + 6)
    assert found.output_shape == (None, 7, 3 + 4 + 6)
    macs = 10 * (9 * 1 * 3 + 8 * 2 * 4 + 5 * 5 * 6)
    others = 2 * (9 * 3 + 8 * 4 + 5 * 6) + (3 + 4 + 6)  # bias and tanh at each position, the greatest of each
    assert costs(found) == (macs, 7 * macs, 2 * macs + others, 7 * (2 * macs + others))


def test_the_crf_of_keras_contrib_has_135980_parameters() -> None:
    found = one("keras", {"CRF": {"units": 260}}, (6, 260))
    assert found.params == 260 * 260 * 2 + 260 + 2 * 260 == 135_980
    assert tensors(found) == {
        "kernel": (260, 260),
        "chain_kernel": (260, 260),
        "bias": (260,),
        "left_boundary": (260,),
        "right_boundary": (260,),
    }


def test_a_crf_reads_any_depth() -> None:
    found = one("keras", {"CRF": {"units": 5}})
    assert (found.params, found.output_shape) == (10 * 5 + 5 + 5 * 5 + 2 * 5, (None, 6, 5))
    assert (found.macs_per_step, found.macs) == (50, 300)


def test_a_crf_without_boundaries_is_two_vectors_smaller() -> None:
    assert one("keras", {"CRF": {"units": 5, "use_boundary": False}}).params == 10 * 5 + 5 + 5 * 5


def test_a_crf_without_a_kernel_is_its_transitions() -> None:
    assert one("paper", {"crf": {"tags": 10, "kernel": False, "boundaries": False}}).params == 10 * 10


def test_the_crf_of_pytorch_has_transitions_and_two_ends() -> None:
    assert one("pytorch", {"CRF": {"num_tags": 10}}).params == 10 * 10 + 2 * 10


def test_a_step_of_a_chain_costs_every_pair_of_tags() -> None:
    found = one("paper", {"crf": {"tags": 10, "kernel": False, "boundaries": False}})
    assert found.flops_per_step is not None
    assert found.flops_per_step >= 10 * 10


def test_a_mixture_of_softmaxes_has_a_context_for_each_expert() -> None:
    found = one("paper", {"mixture_of_softmaxes": {"vocab": 50, "depth": 4, "experts": 3}})
    assert found.params == 10 * 3 + (10 + 1) * 3 * 4 + (4 + 1) * 50
    assert found.output_shape == (None, 6, 50)
    # the prior, the contexts, each expert's words, and the words of all weighed by the prior
    macs = 10 * 3 + 10 * 12 + 3 * 4 * 50 + 3 * 50
    others = 12 + 3 * 50 + 3 + 12 + 3 * 50  # biases of contexts and words; softmax, tanh, softmaxes
    assert costs(found) == (macs, 6 * macs, 2 * macs + others, 6 * (2 * macs + others))


# who has what


@pytest.mark.parametrize(
    ("framework", "entry", "who"),
    [
        ("pytorch", "highway", "paper"),
        ("keras", {"char_cnn": {"filters": [[1, 2]]}}, "paper"),
        ("haiku", {"separable_conv1d": {"filters": 4, "kernel_size": 3}}, "keras"),
        ("pytorch", {"separable_conv1d": {"filters": 4, "kernel_size": 3}}, "keras"),
        ("onnx", {"crf": {"tags": 4}}, "keras"),
        ("flax", "attention_weighted_average", "keras"),
        ("keras", {"additive_attention": {"units": 4}}, "paper"),
    ],
)
def test_a_framework_without_a_layer_says_who_has_it(framework: str, entry: Any, who: str) -> None:
    with pytest.raises(SpecError, match=f"(not known here for {framework}|{framework} has no .*); .*{who}"):
        one(framework, entry)


@pytest.mark.parametrize("axis", [0, 2, 7, -2, True, 1.5, "last"])
def test_a_batch_normalisation_over_another_axis_than_the_depth_is_refused(axis: Any) -> None:
    with pytest.raises(SpecError, match="no axis of the depth; write 1 for the first or -1 for the last"):
        one("keras", {"batch_norm": {"axis": axis}})


def test_a_depth_that_is_unknown_is_said_to_be_the_first_axis_where_it_is() -> None:
    with pytest.raises(SpecError, match="the first axis in this framework"):
        rnncalc.parse({"framework": "pytorch", "input": {"depth": 5}, "layers": ["batch_norm"]})


def test_a_batch_normalisation_of_keras_over_the_first_axis_has_its_length() -> None:
    given = {"framework": "keras", "input": {"shape": [7, 3]}, "layers": [{"batch_norm": {"axis": 1}}]}
    assert rnncalc.parse(given).params == 4 * 7


def test_instance_normalisation_needs_positions() -> None:
    assert one("tensorflow1", {"instance_norm": {"scale": False}}).params == 10
    with pytest.raises(SpecError, match="it normalises over positions, but its input is one vector"):
        one("tensorflow1", "instance_norm", (10,))
