"""The memory that a step of training takes: weights, gradients, slots, and what backpropagation keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import rnncalc
from rnncalc.network import Model
from rnncalc.training import Training

DEPTH, UNITS, STEPS = 10, 128, 28
FLOAT = 4  # bytes


def model(*layers: Any, framework: str = "paper", **top: Any) -> Model:
    """A model of these layers over 28 steps of 10 numbers, or what `top` says."""
    given: dict[str, Any] = {"framework": framework, "layers": list(layers), **top}
    if not {"input", "inputs"} & set(given):
        given["input"] = {"depth": DEPTH, "steps": STEPS}
    return rnncalc.parse(given)


def kept(*layers: Any, **top: Any) -> float | None:
    """The numbers that backpropagation keeps of one sequence."""
    found = model(*layers, **top).training("sgd").activations
    return None if found is None else found / FLOAT


def lstm() -> dict[str, Any]:
    """The LSTM of the documentation, 10 -> 128."""
    return {"lstm": {"units": UNITS}}


# weights, gradients and slots

LSTM = 4 * (10 + 128) * 128 + 4 * 128


@pytest.mark.parametrize(("optimizer", "slots"), [("sgd", 0), ("momentum", 1), ("adam", 2)])
def test_an_optimizer_keeps_so_many_numbers_a_weight(optimizer: str, slots: int) -> None:
    found = model(lstm()).training(optimizer)
    assert LSTM == 71_168
    assert found.weights == found.gradients == 71_168 * 4 == 284_672
    assert found.slots == slots * 284_672


def test_adam_is_the_default() -> None:
    assert model(lstm()).training() == model(lstm()).training("adam")


def test_the_total_is_the_sum() -> None:
    found = model(lstm()).training("adam")
    assert found.total == 284_672 + 284_672 + 569_344 + 101_472


def test_a_frozen_layer_has_neither_gradients_nor_slots() -> None:
    found = model({"lstm": {"units": UNITS, "trainable": False}}, {"dense": 5}).training("adam")
    head = (128 * 5 + 5) * 4
    assert (found.weights, found.gradients, found.slots) == (284_672 + head, head, 2 * head)


def test_a_model_that_is_frozen_needs_its_weights_alone() -> None:
    found = model({"lstm": {"units": UNITS, "trainable": False}}).training("adam")
    assert (found.weights, found.gradients, found.slots) == (284_672, 0, 0)


def test_statistics_that_are_not_trained_have_no_gradients() -> None:
    found = model("batch_norm", framework="keras").training("adam")
    assert (found.weights, found.gradients, found.slots) == (4 * 10 * 4, 2 * 10 * 4, 2 * 2 * 10 * 4)


def test_a_shared_matrix_has_one_gradient() -> None:
    layers = [{"embedding": {"vocab": 100, "depth": 16}}, {"dense": {"units": 100, "tied_to": "embedding"}}]
    found = model(*layers, input={"steps": 7}).training("adam")
    assert (found.weights, found.gradients, found.slots) == (1_700 * 4, 1_700 * 4, 2 * 1_700 * 4)


def test_a_learned_initial_state_has_gradients() -> None:
    found = model({"lstm": {"units": UNITS, "learned_initial_state": True}}).training("momentum")
    assert found.gradients == found.slots == (71_168 + 2 * 128) * 4


@pytest.mark.parametrize(
    ("dtype", "size"), [("float64", 8), ("float32", 4), ("bfloat16", 2), ("float16", 2), ("int8", 1)]
)
def test_all_of_it_is_in_the_type_of_the_model(dtype: str, size: int) -> None:
    found = model(lstm(), dtype=dtype).training("adam")
    assert found == Training("adam", 1, LSTM * size, LSTM * size, 2 * LSTM * size, 28 * (7 * 128 + 10) * size)


def test_half_a_byte_is_filled_up() -> None:
    found = model({"dense": 1}, dtype="int4", input={"depth": 2, "steps": 1}).training("momentum")
    assert (found.weights, found.gradients, found.slots, found.activations) == (2, 2, 2, 1)  # 3, 3, 3 and 2 halves


# what backpropagation keeps of a recurrent layer


def test_an_lstm_keeps_seven_numbers_a_unit_and_its_input() -> None:
    # i f g o, c', tanh(c') and h'
    assert kept(lstm()) == 28 * (7 * 128 + 10)
    assert 28 * 906 * 4 == 101_472


@pytest.mark.parametrize(
    ("entry", "numbers"),
    [
        ({"rnn": 8}, 8 + 10),  # h'
        ({"rnn": {"units": 8, "activation": "relu"}}, 8 + 10),
        ({"gru": 8}, 6 * 8 + 10),  # r z n, 1 - z, r * h and h'
        ({"gru": {"units": 8, "reset_after": True}}, 6 * 8 + 10),  # the product U h + b' for r * h
        ({"lstm": {"units": 8, "peephole": True}}, 7 * 8 + 10),  # c and c' are kept anyway
        ({"lstm": {"units": 8, "coupled_gates": True}}, 7 * 8 + 10),  # 1 - i for f
        ({"lstm": {"units": 8, "activation": "linear"}}, 6 * 8 + 10),  # no tanh(c'), and the candidate is a factor
        ({"lstm": {"units": 8, "projection": 3}}, 7 * 8 + 3 + 10),  # what is projected, and its projection
    ],
)
def test_a_step_keeps_what_its_equations_need(entry: dict[str, Any], numbers: int) -> None:
    assert kept(entry) == 28 * numbers


@pytest.mark.parametrize("framework", ["keras", "pytorch", "tensorflow1", "onnx", "flax", "haiku", "equinox"])
def test_an_lstm_keeps_the_same_in_every_framework(framework: str) -> None:
    assert kept(lstm(), framework=framework) == 28 * (7 * 128 + 10)


def test_each_sequence_of_a_batch_is_kept(run: Callable[..., Any]) -> None:
    flags = ("--input-depth", 10, "--units", 128, "--steps", 28, "--batch", 32, "--optimizer", "adam", "-f", "json")
    found = json.loads(run("lstm", *flags).out)["training"]
    assert found["batch"] == 32
    assert found["activation_bytes"] == 32 * 101_472
    assert found["weight_bytes"] == found["gradient_bytes"] == 284_672


def test_of_unknown_steps_the_activations_and_the_total_are_unknown() -> None:
    found = model(lstm(), input={"depth": 10}).training("adam")
    assert (found.activations, found.total) == (None, None)
    assert (found.weights, found.gradients, found.slots) == (284_672, 284_672, 569_344)


def test_a_layer_of_a_stack_reads_what_the_one_below_has_kept() -> None:
    assert kept({"lstm": {"units": 8, "num_layers": 3}}) == 28 * (10 + 3 * 7 * 8)
    assert kept({"lstm": 8}, {"lstm": 8}, {"lstm": 8}) == 28 * (10 + 3 * 7 * 8)


def test_two_directions_read_one_input() -> None:
    assert kept({"lstm": {"units": 8, "bidirectional": True}}) == 28 * (10 + 2 * 7 * 8)


@pytest.mark.parametrize(("merge_mode", "width"), [("concat", 16), ("sum", 8), ("ave", 8)])
def test_what_two_directions_make_together_is_a_new_array(merge_mode: str, width: int) -> None:
    options = {"units": 8, "bidirectional": True, "merge_mode": merge_mode}
    wanted = 28 * (10 + 2 * 7 * 8 + width + 2 * 7 * 8)
    assert kept({"lstm": {**options, "num_layers": 2}}) == wanted
    assert kept({"lstm": options}, {"lstm": options}) == wanted


def test_directions_that_never_mix_make_no_new_array() -> None:
    options = {"units": 8, "num_layers": 2, "bidirectional": True, "independent_directions": True}
    assert kept({"lstm": options}) == 28 * (10 + 4 * 7 * 8)


def test_the_last_output_alone_needs_all_steps_still() -> None:
    assert kept({"lstm": {"units": 8, "return_sequences": False}}) == 28 * (7 * 8 + 10)


def test_a_dense_layer_after_an_lstm_reads_what_is_kept() -> None:
    assert kept({"lstm": 8}, {"dense": 4}) == 28 * (7 * 8 + 10)
    assert kept({"lstm": {"units": 8, "return_sequences": False}}, {"dense": 4}) == 28 * (7 * 8 + 10)


def test_a_residual_makes_a_new_array() -> None:
    assert kept({"rnn": {"units": 10, "residual": True}}, {"dense": 4}) == 28 * (10 + 10 + 10)


# what backpropagation keeps of the layers around


@pytest.mark.parametrize(
    ("entry", "numbers"),
    [
        ({"dense": 4}, 10),
        ({"dense": {"units": 4, "activation": "relu"}}, 10 + 4),
        ({"activation": "softmax"}, 10),
        ("layer_norm", 10),
        ("rms_norm", 10),
        ({"layer_norm": {"scale": False, "center": False}}, 10),
        ("highway", 10 + 3 * 10),  # x, and the factors h, t and 1 - t
        ("dropout", 0),
        ({"conv1d": {"filters": 4, "kernel_size": 3, "padding": "same"}}, 10),
        ({"conv1d": {"filters": 4, "kernel_size": 3, "padding": "same", "activation": "relu"}}, 10 + 4),
        ({"depthwise_conv1d": {"kernel_size": 3, "padding": "same"}}, 10),
        ({"separable_conv1d": {"filters": 4, "kernel_size": 3, "padding": "same"}}, 10 + 10),
    ],
)
def test_a_layer_keeps_what_its_map_reads_and_what_its_activation_gives(entry: Any, numbers: int) -> None:
    assert kept(entry) == 28 * numbers


def test_an_embedding_keeps_nothing_and_its_reader_keeps_the_rows() -> None:
    table = {"embedding": {"vocab": 100, "depth": 16}}
    assert kept(table, input={"steps": 28}) == 0
    assert kept(table, {"rnn": 8}, input={"steps": 28}) == 28 * (16 + 8)


def test_a_pooling_keeps_its_result() -> None:
    assert kept({"max_pool2d": 2}, input={"shape": [8, 6, 3]}) == 4 * 3 * 3


def test_a_convolution_keeps_its_input_at_all_positions() -> None:
    conv = {"conv2d": {"filters": 5, "kernel_size": 3, "activation": "relu"}}
    assert kept(conv, input={"shape": [8, 6, 3]}) == 8 * 6 * 3 + 6 * 4 * 5


def test_a_convolutional_lstm_keeps_seven_maps_and_its_input() -> None:
    cell = {"conv_lstm2d": {"filters": 4, "kernel_size": 3, "padding": "same"}}
    assert kept(cell, input={"shape": [5, 8, 6, 3]}) == 5 * 8 * 6 * (7 * 4 + 3)


def test_sums_and_concatenations_keep_what_is_read() -> None:
    layers = [{"rnn": {"units": 8, "name": "a"}}, {"rnn": {"units": 8, "name": "b"}}]
    # x and h of a, h of b, and the new array that the dense layer reads
    assert kept(*layers, {"dense": {"units": 2, "inputs": ["a", "b"]}}) == 28 * (10 + 8 + 8 + 16)
    assert kept(*layers, {"dense": {"units": 2, "inputs": ["a", "b"], "combine": "add"}}) == 28 * (10 + 8 + 8 + 8)


def test_two_readers_of_one_array_keep_it_once() -> None:
    pair = [{"dense": {"units": 4, "inputs": "input"}}, {"dense": {"units": 4, "inputs": "input"}}]
    assert kept(*pair) == 28 * 10


def test_two_readers_of_a_sum_keep_it_once() -> None:
    linear = {"dense": {"units": 6, "name": "a"}}
    pair = [{"dense": {"units": 4, "inputs": "a"}}, {"dense": {"units": 4, "inputs": "a"}}]
    assert kept(linear, *pair) == 28 * (10 + 6)


def test_a_flattened_array_is_the_array() -> None:
    layers = [{"dense": {"units": 4, "activation": "relu"}}, "flatten", {"dense": 2}]
    assert kept(*layers) == 28 * (10 + 4)


def test_attention_keeps_the_factors_of_its_products() -> None:
    entry = {"multi_head_attention": {"heads": 2, "key_depth": 3, "value_depth": 4, "output_depth": 10}}
    read, query, key, value = 10, 2 * 3, 2 * 3, 2 * 4
    shares, mixed = 2 * 28, 2 * 4
    assert kept(entry) == 28 * (read + query + key + value + shares + mixed)


def test_an_attention_reads_what_encoder_and_decoder_have_kept() -> None:
    found = kept(
        {"rnn": {"units": 8, "inputs": "source", "name": "encoder"}},
        {"rnn": {"units": 8, "inputs": "target", "name": "decoder"}},
        {"multiplicative_attention": {"inputs": ["decoder", "encoder"], "general": False}},
        inputs={"source": {"depth": 10, "steps": 7}, "target": {"depth": 10, "steps": 5}},
    )
    assert found == 7 * (10 + 8) + 5 * (10 + 8) + 5 * 7  # and the shares


def test_additive_attention_keeps_its_small_network() -> None:
    entry = {"additive_attention": {"units": 3}}
    # x; tanh of each pair; the shares
    assert kept(entry, input={"depth": 10, "steps": 6}) == 6 * 10 + 6 * 6 * 3 + 6 * 6


# the command line


def test_the_memory_of_training_is_in_the_json_of_a_spec(run: Callable[..., Any]) -> None:
    spec = b"framework: keras\ninput: {depth: 10, steps: 28}\nlayers: [lstm: 128]\n"
    (found,) = json.loads(run("count", "-", "--optimizer", "momentum", "-f", "json", input=spec).out)["models"]
    assert found["training"] == {
        "optimizer": "momentum",
        "batch": 1,
        "weight_bytes": 284_672,
        "gradient_bytes": 284_672,
        "slot_bytes": 284_672,
        "activation_bytes": 101_472,
        "total_bytes": 3 * 284_672 + 101_472,
    }


def test_without_an_optimizer_nothing_is_said_of_training(run: Callable[..., Any]) -> None:
    found = run("lstm", "--input-depth", 10, "--units", 128, "-f", "json")
    assert "training" not in json.loads(found.out)


def test_unknown_activations_are_null_in_json(run: Callable[..., Any]) -> None:
    found = run("lstm", "--input-depth", 10, "--units", 128, "--optimizer", "sgd", "-f", "json")
    training = json.loads(found.out)["training"]
    assert (training["activation_bytes"], training["total_bytes"]) == (None, None)
    assert training["slot_bytes"] == 0


def test_a_table_tells_the_memory_of_training(run: Callable[..., Any]) -> None:
    flags = ("--input-depth", 10, "--units", 128, "--steps", 28, "--optimizer", "adam")
    found = run("lstm", *flags)
    assert found.status == 0
    assert "adam slots" in found.out
    for number in ("284,672", "569,344", "101,472"):
        assert number in found.out


def test_an_unknown_optimizer_is_refused(run: Callable[..., Any]) -> None:
    found = run("lstm", "--input-depth", 10, "--units", 128, "--optimizer", "adamw")
    assert (found.status, found.out) == (2, "")
    assert "adam" in found.err
