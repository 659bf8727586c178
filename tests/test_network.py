"""Layers in a row: the depth that the next one sees, stacks and directions, what is around them, and the costs."""

from __future__ import annotations

from typing import Any

import pytest

import rnncalc
from rnncalc import layouts
from rnncalc.cell import recurrent
from rnncalc.errors import SpecError
from rnncalc.network import Model, others
from rnncalc.report import LayerReport
from rnncalc.sizes import LARGEST
from tests.samples import having

pytestmark = pytest.mark.usefixtures("schema_agrees")

CELLS = recurrent()


def model(framework: str, *layers: Any, depth: int = 5, steps: int | None = None, **top: Any) -> Model:
    given = {"depth": depth, **({"steps": steps} if steps else {})}
    return rnncalc.parse({"framework": framework, "input": given, "layers": list(layers), **top})


def lstm(depth: int, units: int, biases: int = 4) -> int:
    """An LSTM's parameters: a matrix a gate and source, so many biases."""
    return 4 * (depth + units) * units + biases * units


def layer(found: Model, index: int = 0) -> LayerReport:
    return found.report().layers[index]


# stacks


def test_each_layer_of_a_stack_reads_the_one_below() -> None:
    assert model("tensorflow1", {"lstm": {"units": 7, "num_layers": 3}}).params == lstm(5, 7) + 2 * lstm(7, 7)


def test_a_two_layer_pytorch_lstm_of_300_and_512_has_3768320_parameters() -> None:
    found = model("pytorch", {"lstm": {"units": 512, "num_layers": 2}}, depth=300)
    assert found.params == lstm(300, 512, 8) + lstm(512, 512, 8) == 3_768_320


@pytest.mark.parametrize("framework", having("lstm"))
def test_a_bidirectional_stack_feeds_both_directions_to_the_next_layer(framework: str) -> None:
    found = model(framework, {"lstm": {"units": 7, "num_layers": 2, "bidirectional": True}})
    biases = (found.params - 2 * (lstm(5, 7, 0) + lstm(2 * 7, 7, 0))) / (4 * 7)
    assert biases in (4, 8)  # one or two a gate, for each of four layers
    assert found.layers[0].outflow.shape == (None, 2 * 7)


@pytest.mark.parametrize(("merge_mode", "seen"), [("concat", 14), ("sum", 7), ("mul", 7), ("ave", 7)])
def test_what_a_merge_leaves_is_what_the_next_layer_reads(merge_mode: str, seen: int) -> None:
    found = model("keras", {"lstm": {"units": 7, "bidirectional": True, "merge_mode": merge_mode}}, {"lstm": 4})
    assert found.layers[0].outflow.shape == (None, seen)
    assert found.params == 2 * lstm(5, 7) + lstm(seen, 4)


@pytest.mark.parametrize(("merge_mode", "seen"), [("concat", 14), ("sum", 7), ("mul", 7), ("ave", 7)])
def test_what_a_merge_leaves_is_what_the_next_layer_of_the_stack_reads(merge_mode: str, seen: int) -> None:
    options = {"units": 7, "bidirectional": True, "merge_mode": merge_mode, "num_layers": 3}
    assert model("keras", {"lstm": options}).params == 2 * (lstm(5, 7) + 2 * lstm(seen, 7))


def test_outputs_that_are_left_apart_cannot_be_read() -> None:
    apart = {"lstm": {"units": 7, "bidirectional": True, "merge_mode": "none"}}
    assert model("keras", apart).params == 2 * lstm(5, 7)
    with pytest.raises(SpecError, match="cannot read the two outputs that merge_mode none leaves apart"):
        model("keras", apart, {"dense": 3})


def test_outputs_that_are_left_apart_cannot_be_stacked() -> None:
    with pytest.raises(SpecError, match="merge_mode none leaves two outputs"):
        model("keras", {"lstm": {"units": 7, "bidirectional": True, "merge_mode": "none", "num_layers": 2}})


def test_outputs_that_are_left_apart_take_no_residual() -> None:
    with pytest.raises(SpecError):
        model("keras", {"lstm": {"units": 5, "bidirectional": True, "merge_mode": "none", "residual": True}})


@pytest.mark.parametrize("merge_mode", ["sum", "mul", "ave", "none"])
@pytest.mark.parametrize("framework", ["tensorflow1", "pytorch"])
def test_a_framework_without_a_merge_says_who_has_it(framework: str, merge_mode: str) -> None:
    with pytest.raises(SpecError, match=rf"{framework} has no merge_mode {merge_mode}.*keras") as error:
        model(framework, {"gru": {"units": 7, "bidirectional": True, "merge_mode": merge_mode}})
    assert error.value.problems[0].where == ("layers", 0, "gru", "merge_mode")


def test_a_merge_mode_is_of_no_account_in_one_direction() -> None:
    assert model("pytorch", {"lstm": {"units": 7, "merge_mode": "sum"}}).params == lstm(5, 7, 8)


def test_a_projection_is_what_the_next_layer_and_the_gates_read() -> None:
    found = model("pytorch", {"lstm": {"units": 7, "projection": 3, "num_layers": 2, "bidirectional": True}})
    first = 4 * 7 * (5 + 3) + 8 * 7 + 7 * 3
    second = 4 * 7 * (2 * 3 + 3) + 8 * 7 + 7 * 3
    assert found.params == 2 * (first + second)
    assert found.layers[0].outflow.shape == (None, 2 * 3)


def test_recurrent_layers_of_different_sizes_read_each_other() -> None:
    found = model("keras", {"lstm": 7}, {"gru": {"units": 4, "reset_after": False}}, {"rnn": 9})
    assert [each.params for each in found.layers] == [lstm(5, 7), 3 * (7 + 4) * 4 + 3 * 4, (4 + 9) * 9 + 9]


def test_names_that_are_not_given_are_counted_up() -> None:
    assert [each.plan.name for each in model("keras", {"lstm": 7}, {"lstm": 4}, {"dense": 2}).layers] == [
        "lstm",
        "lstm_1",
        "dense",
    ]


@pytest.mark.parametrize(
    ("framework", "options", "called"),
    [
        ("tensorflow1", {"num_layers": 2}, ["cell_0/kernel", "cell_0/bias", "cell_1/kernel", "cell_1/bias"]),
        ("tensorflow1", {"bidirectional": True}, ["fw/kernel", "fw/bias", "bw/kernel", "bw/bias"]),
        (
            "pytorch",
            {"bidirectional": True, "bias": False},
            ["weight_ih_l0", "weight_hh_l0", "weight_ih_l0_reverse", "weight_hh_l0_reverse"],
        ),
        (
            "pytorch",
            {"num_layers": 2, "bias": False},
            ["weight_ih_l0", "weight_hh_l0", "weight_ih_l1", "weight_hh_l1"],
        ),
        (
            "keras",
            {"bidirectional": True, "bias": False},
            [
                f"{way}_lstm/lstm_cell/{tensor}"
                for way in ("forward", "backward")
                for tensor in ("kernel", "recurrent_kernel")
            ],
        ),
    ],
)
def test_the_tensors_of_a_stack_bear_the_frameworks_names(
    framework: str, options: dict[str, Any], called: list[str]
) -> None:
    found = model(framework, {"lstm": {"units": 7, **options}})
    assert [tensor.name for tensor in layer(found).tensors] == called


# residuals


def test_a_residual_needs_an_output_like_its_input() -> None:
    assert model("keras", {"lstm": {"units": 5, "residual": True}}).params == lstm(5, 5)
    with pytest.raises(SpecError, match="cannot add its input to its output"):
        model("keras", {"lstm": {"units": 6, "residual": True}})


def test_a_residual_around_the_last_output_alone_is_an_error() -> None:
    with pytest.raises(SpecError, match="cannot add its input to its output"):
        model("keras", {"lstm": {"units": 5, "residual": True, "return_sequences": False}})


def test_a_residual_costs_one_operation_an_element_and_no_parameter() -> None:
    bare, added = (layer(model("keras", {"lstm": {"units": 5, "residual": each}})) for each in (False, True))
    assert added.params == bare.params
    assert added.macs_per_step == bare.macs_per_step
    assert added.flops_per_step == (bare.flops_per_step or 0) + 5


# around the recurrent layers


def test_a_whole_tagger_adds_up() -> None:
    layers = [{"embedding": {"vocab": 1000, "depth": 16}}, {"lstm": 7}, {"dropout": 0.2}, {"dense": 3}]
    found = rnncalc.parse({"framework": "keras", "layers": layers})
    assert [each.params for each in found.layers] == [1000 * 16, lstm(16, 7), 0, 7 * 3 + 3]
    assert found.params == 1000 * 16 + lstm(16, 7) + 7 * 3 + 3
    assert [each.outflow.shape for each in found.layers] == [(None, 16), (None, 7), (None, 7), (None, 3)]


def test_an_embedding_looks_up_and_multiplies_nothing() -> None:
    found = rnncalc.parse({"layers": [{"embedding": {"vocab": 1000, "depth": 16}}]}).report().layers[0]
    assert found.params == 16_000
    assert found.macs_per_step == found.flops_per_step == 0


def test_an_embedding_reads_whole_numbers_and_so_comes_first() -> None:
    with pytest.raises(SpecError, match="reads whole numbers"):
        model("keras", {"lstm": 7}, {"embedding": {"vocab": 10, "depth": 3}})


def test_a_model_without_input_begins_with_an_embedding() -> None:
    with pytest.raises(SpecError, match="the model has no input"):
        rnncalc.parse({"layers": [{"lstm": 7}]})


def test_a_dense_layer_is_applied_at_every_step() -> None:
    found = layer(model("keras", {"lstm": 7}, {"dense": 3}, steps=28), 1)
    assert found.params == 7 * 3 + 3
    assert found.macs_per_step == 7 * 3
    assert found.flops_per_step == 2 * 7 * 3 + 3
    assert found.macs == 28 * 7 * 3
    assert found.output_shape == (None, 28, 3)


def test_a_dense_layer_after_the_last_output_runs_once_a_sequence() -> None:
    found = layer(model("keras", {"lstm": {"units": 7, "return_sequences": False}}, {"dense": 3}, steps=28), 1)
    assert found.macs_per_step == 0
    assert found.macs == 7 * 3
    assert found.flops == 2 * 7 * 3 + 3
    assert found.output_shape == (None, 3)


def test_the_activation_of_a_dense_layer_costs_one_operation_an_element() -> None:
    found = layer(model("keras", {"dense": {"units": 3, "activation": "relu"}}))
    assert found.flops_per_step == 2 * 5 * 3 + 3 + 3


def test_a_dense_layer_without_bias_is_a_matrix() -> None:
    found = layer(model("pytorch", {"dense": {"units": 3, "bias": False}}))
    assert [(tensor.name, tensor.shape) for tensor in found.tensors] == [("weight", (3, 5))]


def test_a_dense_layer_takes_any_shape_and_changes_its_last_axis() -> None:
    found = rnncalc.parse({"framework": "keras", "input": {"shape": [4, 6, 5]}, "layers": [{"dense": 3}]})
    assert layer(found).params == 5 * 3 + 3
    assert layer(found).output_shape == (None, 4, 6, 3)
    assert layer(found).macs == 4 * 6 * 5 * 3


def test_dropout_has_nothing_and_costs_nothing() -> None:
    found = layer(model("keras", {"dropout": 0.5}))
    assert (found.params, found.macs_per_step, found.flops_per_step, found.tensors) == (0, 0, 0, ())
    assert found.output_shape == (None, None, 5)


def test_a_recurrent_layer_needs_a_sequence() -> None:
    with pytest.raises(SpecError, match="needs a sequence"):
        model("keras", {"lstm": {"units": 7, "return_sequences": False}}, {"lstm": 7})


def test_a_declared_input_depth_must_be_what_comes_in() -> None:
    assert model("pytorch", {"lstm": {"hidden_size": 7, "input_size": 5}}).params == lstm(5, 7, 8)
    with pytest.raises(SpecError, match="input_size is 6, but the input of `lstm` has depth 5"):
        model("pytorch", {"lstm": {"hidden_size": 7, "input_size": 6}})


# costs of a step and of a sequence

STEP = 2 * 4 * (5 + 7) * 7 + 4 * 7 + (5 + 4) * 7  # flops of an LSTM of 5 and 7 with one bias a gate


def test_a_sequence_costs_its_steps() -> None:
    found = model("keras", {"lstm": 7}, steps=28).report()
    assert found.macs_per_step == 4 * (5 + 7) * 7
    assert found.macs == 28 * 4 * (5 + 7) * 7
    assert found.flops_per_step == STEP
    assert found.flops == 28 * STEP


def test_a_sequence_of_unknown_length_has_an_unknown_cost() -> None:
    found = model("keras", {"lstm": 7}).report()
    assert (found.macs, found.flops) == (None, None)
    assert (found.macs_per_step, found.flops_per_step) == (4 * (5 + 7) * 7, STEP)


@pytest.mark.parametrize(
    ("merge_mode", "merging"), [("concat", 0), ("sum", 7), ("mul", 7), ("ave", 2 * 7), ("none", 0)]
)
def test_two_directions_double_the_cost_and_merging_adds_to_it(merge_mode: str, merging: int) -> None:
    found = layer(model("keras", {"lstm": {"units": 7, "bidirectional": True, "merge_mode": merge_mode}}, steps=28))
    assert found.macs_per_step == 2 * 4 * (5 + 7) * 7
    assert found.flops_per_step == 2 * STEP + merging
    assert found.flops == 28 * (2 * STEP + merging)


def test_the_last_output_alone_is_merged_once() -> None:
    options = {"units": 7, "bidirectional": True, "merge_mode": "ave", "return_sequences": False}
    found = layer(model("keras", {"lstm": options}, steps=28))
    assert found.flops_per_step == 2 * STEP
    assert found.flops == 28 * 2 * STEP + 2 * 7


def test_every_layer_of_a_stack_merges() -> None:
    found = layer(model("keras", {"rnn": {"units": 7, "num_layers": 2, "bidirectional": True, "merge_mode": "sum"}}))
    first, second = (2 * (depth + 7) * 7 + 7 + 7 for depth in (5, 7))
    assert found.flops_per_step == 2 * first + 7 + 2 * second + 7


def test_the_costs_of_a_model_are_the_sums_of_its_layers() -> None:
    found = model("keras", {"lstm": 7}, {"rnn": 4}, {"dense": 3}, steps=9).report()
    assert found.macs_per_step == 4 * (5 + 7) * 7 + (7 + 4) * 4 + 4 * 3
    assert found.macs == 9 * (4 * (5 + 7) * 7 + (7 + 4) * 4 + 4 * 3)
    assert found.flops_per_step == STEP + 2 * (7 + 4) * 4 + 4 + 4 + 2 * 4 * 3 + 3


def test_the_lstm_of_10_and_128_costs_142976_operations_a_step() -> None:
    found = model("tensorflow1", {"lstm": 128}, depth=10).report()
    assert found.macs_per_step == 70_656
    assert found.flops_per_step == 2 * 70_656 + 512 + 5 * 128 + 4 * 128 == 142_976


def test_a_second_bias_costs_one_operation_more() -> None:
    assert layer(model("pytorch", {"lstm": 7})).flops_per_step == STEP + 4 * 7


# bytes and states


@pytest.mark.parametrize(("dtype", "size"), [("float64", 8), ("float32", 4), ("bfloat16", 2), ("int8", 1)])
def test_weights_and_states_take_the_bytes_of_their_type(dtype: str, size: int) -> None:
    found = model("tensorflow1", {"lstm": 128}, depth=10, dtype=dtype).report()
    assert found.weight_bytes == 71_168 * size
    assert found.state_bytes == 2 * 128 * size


def test_half_a_byte_is_filled_up() -> None:
    assert model("keras", {"rnn": 7}, dtype="int4").report().weight_bytes == 46  # 91 weights


def test_every_layer_and_direction_has_its_states() -> None:
    found = model("pytorch", {"lstm": {"units": 7, "projection": 3, "num_layers": 2, "bidirectional": True}})
    assert found.layers[0].states == {"lstm/h": (4, 3), "lstm/c": (4, 7)}
    assert found.report().state_bytes == 4 * (3 + 7) * 4


# trainable


def test_a_frozen_layer_counts_as_not_trainable() -> None:
    found = model("keras", {"lstm": {"units": 7, "trainable": False}}, {"dense": 3}).report()
    assert (found.params, found.trainable_params, found.non_trainable_params) == (364 + 24, 24, 364)
    assert [tensor.trainable for tensor in found.layers[0].tensors] == [False] * 3


def test_a_frozen_layer_costs_what_a_trained_one_costs() -> None:
    assert layer(model("keras", {"lstm": {"units": 7, "trainable": False}})).flops_per_step == STEP


# frameworks beside each other


@pytest.mark.parametrize(
    ("type", "options", "counts"),  # at 10 and 128
    [
        (
            "lstm",
            {},
            dict.fromkeys(("tensorflow1", "keras", "flax", "flax-nnx", "haiku", "equinox", "paper"), 71_168)
            | dict.fromkeys(("pytorch", "onnx"), 71_680),
        ),
        (
            "rnn",
            {},
            dict.fromkeys(("tensorflow1", "keras", "flax", "flax-nnx", "paper"), 17_792)
            | dict.fromkeys(("pytorch", "onnx", "haiku"), 17_920),
        ),
        (
            "gru",
            {},
            dict.fromkeys(("tensorflow1", "flax-nnx", "haiku", "paper"), 53_376)
            | dict.fromkeys(("flax", "equinox"), 53_504)
            | dict.fromkeys(("keras", "pytorch", "onnx"), 53_760),
        ),
        (
            "gru",
            {"reset_after": True},
            {"flax-nnx": 53_376}
            | dict.fromkeys(("flax", "equinox", "paper"), 53_504)
            | dict.fromkeys(("keras", "pytorch", "onnx"), 53_760),
        ),
        ("lstm", {"peephole": True}, {"tensorflow1": 71_552, "onnx": 72_064, "paper": 71_552}),
        ("lstm", {"bias": False}, dict.fromkeys(("keras", "pytorch", "onnx", "equinox", "paper"), 70_656)),
        ("mgu", {"reset_after": True}, {"flax": 35_712, "paper": 35_712}),
    ],
)
def test_the_same_cell_in_other_frameworks(type: str, options: dict[str, Any], counts: dict[str, int]) -> None:
    for framework, params in counts.items():
        found = model(framework, {type: {"units": 128, **options}}, depth=10)
        assert found.params == params
        elsewhere = dict(others(found))
        for other, there in counts.items():
            assert elsewhere.get(other) == (there if there != params else None)


def test_a_class_of_one_framework_is_the_plain_cell_in_another() -> None:
    found = model("tensorflow1", {"BasicLSTMCell": {"num_units": 7}})
    assert found.in_framework("pytorch").params == 392


def test_a_framework_that_cannot_build_the_model_is_left_out() -> None:
    found = model("tensorflow1", {"lstm": {"units": 7, "peephole": True}})
    assert not {"keras", "pytorch"} & dict(others(found)).keys()
    with pytest.raises(SpecError, match="keras has no lstm with peephole"):
        found.in_framework("keras")


def test_peepholes_make_an_lstmcell_of_a_basiclstmcell() -> None:
    assert layer(model("tensorflow1", {"lstm": 7})).framework_type == "BasicLSTMCell"
    for option in ({"peephole": True}, {"projection": 3}):
        assert layer(model("tensorflow1", {"lstm": {"units": 7, **option}})).framework_type == "LSTMCell"


def test_a_class_that_cannot_have_an_option_is_an_error() -> None:
    with pytest.raises(SpecError, match="peephole"):
        model("tensorflow1", {"BasicLSTMCell": {"num_units": 7, "use_peepholes": True}})


def test_pytorch_wants_a_projection_below_its_hidden_size() -> None:
    assert model("pytorch", {"lstm": {"units": 7, "projection": 6}}).params == 4 * 7 * (5 + 6) + 8 * 7 + 7 * 6
    with pytest.raises(SpecError, match=r"needs proj_size below hidden_size.*tensorflow1"):
        model("pytorch", {"lstm": {"units": 7, "projection": 7}})


def test_tensorflow1_allows_a_projection_above_its_units() -> None:
    found = model("tensorflow1", {"lstm": {"units": 7, "projection": 9}})
    assert found.params == 4 * 7 * (5 + 9) + 4 * 7 + 7 * 9


# exact to the last digit


@pytest.mark.parametrize("size", [LARGEST, LARGEST - 1, 2**62 + 1, 2**53 + 1])
@pytest.mark.parametrize(
    ("framework", "biases"),
    [
        ("tensorflow1", 4),
        ("keras", 4),
        ("pytorch", 8),
        ("onnx", 8),
        ("flax", 4),
        ("flax-nnx", 4),
        ("haiku", 4),
        ("equinox", 4),
        ("paper", 4),
    ],
)
def test_an_lstm_is_exact_at_the_largest_sizes(framework: str, biases: int, size: int) -> None:
    found = model(framework, {"lstm": size}, depth=size).report()
    assert found.params == 4 * (size + size) * size + biases * size
    assert found.macs_per_step == 4 * (size + size) * size
    assert found.flops_per_step == 2 * 4 * (size + size) * size + biases * size + 9 * size
    assert found.weight_bytes == 4 * found.params
    assert sum(tensor.params for tensor in found.layers[0].tensors) == found.params


def test_a_deep_wide_model_is_exact_at_the_largest_sizes() -> None:
    big = LARGEST
    layers = [
        {"embedding": {"vocab": big, "depth": big}},
        {"lstm": {"units": big, "num_layers": 3, "bidirectional": True}},
        {"dense": big},
    ]
    found = rnncalc.parse({"framework": "keras", "layers": layers}).report()
    first, further = lstm(big, big), lstm(2 * big, big)
    assert found.params == big * big + 2 * first + 4 * further + 2 * big * big + big


def test_the_cost_of_the_longest_sequence_is_exact() -> None:
    found = model("keras", {"rnn": LARGEST}, depth=LARGEST, steps=LARGEST).report()
    assert found.macs == LARGEST * 2 * LARGEST * LARGEST
    assert found.flops == LARGEST * (2 * 2 * LARGEST * LARGEST + LARGEST + LARGEST)


@pytest.mark.parametrize("type", CELLS)
@pytest.mark.parametrize("framework", layouts.NAMES)
def test_the_tensors_of_every_cell_add_up_to_its_total(framework: str, type: str) -> None:
    try:
        found = model(framework, {type: {"units": LARGEST, "num_layers": 2, "bidirectional": True}}, depth=3)
    except SpecError:
        pytest.skip(f"{framework} has no {type} in two directions")
    assert sum(tensor.params for tensor in layer(found).tensors) == found.params


# --- many layers that ask for the same --------------------------------------------------------------------------------


def test_layers_that_ask_for_the_same_have_names_wires_and_states_of_their_own() -> None:
    layers = [{"lstm": {"units": 4, "name": "a"}}, {"lstm": {"units": 4}}, {"lstm": 4}, {"lstm": {"units": 4}}]
    report = rnncalc.parse({"framework": "keras", "input": {"depth": 4}, "layers": layers}).report()
    assert [(layer.name, layer.inputs) for layer in report.layers] == [
        ("a", ("input",)),
        ("lstm", ("a",)),
        ("lstm_1", ("lstm",)),
        ("lstm_2", ("lstm_1",)),
    ]
    assert {layer.params for layer in report.layers} == {(4 + 4) * 16 + 16}
    model = rnncalc.parse({"framework": "keras", "input": {"depth": 4}, "layers": layers})
    assert [list(layer.states) for layer in model.layers][:2] == [["a/h", "a/c"], ["lstm/h", "lstm/c"]]


def test_layers_that_read_another_depth_are_not_alike() -> None:
    layers = [{"dense": 3}, {"dense": 3}, {"dense": 3}]
    report = rnncalc.parse({"framework": "keras", "input": {"depth": 5}, "layers": layers}).report()
    assert [layer.params for layer in report.layers] == [5 * 3 + 3, 3 * 3 + 3, 3 * 3 + 3]


def test_tensors_that_have_the_name_of_their_layer_keep_it() -> None:
    layers = [{"lstm": {"units": 4, "num_layers": 2, "name": name}} for name in ("a", "b")]
    report = rnncalc.parse({"framework": "haiku", "input": {"depth": 4}, "layers": layers}).report()
    assert [layer.tensors[0].name.split("/")[0] for layer in report.layers] == ["a", "b"]


@pytest.mark.parametrize("wrong", [True, "1x", None, {"units": True}, {"": 1}])
def test_what_was_right_once_does_not_make_right_what_looks_alike(wrong: object) -> None:
    assert rnncalc.parse({"input": {"depth": 1}, "layers": [{"dense": 1}, {"dense": {"units": 1}}]}).params == 4
    with pytest.raises(rnncalc.SpecError):
        rnncalc.parse({"input": {"depth": 1}, "layers": [{"dense": 1}, {"dense": wrong}]})


def test_a_mistake_is_told_each_time_it_is_made() -> None:
    with pytest.raises(rnncalc.SpecError) as error:
        rnncalc.parse({"input": {"depth": 1}, "layers": [{"lstm": 0}, {"lstm": 0}, {"lstm": {"unit": 3}}]})
    assert [problem.where[1] for problem in error.value.problems][:2] == [0, 1]
    assert len(error.value.problems) >= 3
