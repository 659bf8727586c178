"""How layers are wired: what each reads, what they share, how they repeat; and wiring that cannot be."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rnncalc
from rnncalc.errors import SpecError
from rnncalc.network import Model
from rnncalc.report import LayerReport
from tests.samples import having

pytestmark = pytest.mark.usefixtures("schema_agrees")


def model(framework: str, *layers: Any, **top: Any) -> Model:
    """A model of these layers over 10 numbers a step, or what `top` says."""
    given: dict[str, Any] = {"framework": framework, "layers": list(layers), **top}
    if not {"input", "inputs"} & set(given):
        given["input"] = {"depth": 10}
    return rnncalc.parse(given)


def layer(found: Model, name: str) -> LayerReport:
    """The record of a layer by its name."""
    return next(each for each in found.report().layers if each.name == name)


def shape(found: Model, name: str) -> tuple[int | None, ...]:
    """What comes out of a layer, without the batch."""
    return layer(found, name).output_shape[1:]


def lstm(depth: int, units: int) -> int:
    """The parameters of an LSTM with one bias a gate."""
    return 4 * ((depth + units) * units + units)


def refused(run: Callable[..., Any], text: str) -> list[tuple[int, str]]:
    """The lines and messages of what is wrong with a spec, as JSON has them; exit status 2, no traceback."""
    found = run("count", "-", "-f", "json", input=text.encode())
    assert found.status == 2
    assert "Traceback" not in found.err
    errors = json.loads(found.out)["errors"]
    return [(error["line"], error["message"]) for error in errors]


# what a layer reads


def test_a_layer_reads_the_one_before() -> None:
    found = model("paper", {"dense": 4}, {"dense": 3}, {"dense": 2})
    assert [each.params for each in found.report().layers] == [10 * 4 + 4, 4 * 3 + 3, 3 * 2 + 2]
    assert [each.inputs for each in found.report().layers] == [("input",), ("dense",), ("dense_1",)]


def test_a_layer_may_read_any_layer_before_it() -> None:
    found = model("paper", {"dense": {"units": 4, "name": "a"}}, {"dense": 3}, {"dense": {"units": 2, "inputs": "a"}})
    assert found.report().layers[2].params == 4 * 2 + 2
    assert found.report().layers[2].inputs == ("a",)


def test_a_layer_may_read_the_input() -> None:
    found = model("paper", {"dense": 4}, {"dense": {"units": 2, "inputs": "input", "name": "side"}})
    assert layer(found, "side").params == 10 * 2 + 2


def test_inputs_may_be_given_as_a_list_of_one() -> None:
    one, listed = ({"dense": {"units": 2, "inputs": given}} for given in ("input", ["input"]))
    assert model("paper", {"dense": 4}, one).params == model("paper", {"dense": 4}, listed).params


def test_the_first_layer_reads_the_first_input() -> None:
    inputs = {"left": {"depth": 3}, "right": {"depth": 5}}
    assert layer(model("paper", {"dense": 4}, inputs=inputs), "dense").inputs == ("left",)


def test_each_input_has_a_depth_of_its_own() -> None:
    found = model(
        "paper",
        {"dense": {"units": 4, "inputs": "left", "name": "a"}},
        {"dense": {"units": 4, "inputs": "right", "name": "b"}},
        inputs={"left": {"depth": 3}, "right": {"depth": 5}},
    )
    assert (layer(found, "a").params, layer(found, "b").params) == (3 * 4 + 4, 5 * 4 + 4)


def test_inputs_of_whole_numbers_each_have_their_embedding() -> None:
    found = model(
        "paper",
        {"embedding": {"inputs": "source", "vocab": 100, "depth": 6, "name": "a"}},
        {"embedding": {"inputs": "target", "vocab": 50, "depth": 7, "name": "b"}},
        inputs={"source": {}, "target": {"steps": 9}},
    )
    assert found.params == 100 * 6 + 50 * 7
    assert (shape(found, "a"), shape(found, "b")) == ((None, 6), (9, 7))


def test_bare_weights_read_nothing_and_are_read_by_nothing() -> None:
    found = model("paper", {"dense": 4}, weights={"kernel": [3, 5]})
    assert found.params == 10 * 4 + 4 + 3 * 5
    assert found.report().layers[1].inputs == ()


# several inputs become one


@pytest.mark.parametrize(
    ("combine", "depth", "operations"),
    [("concat", 4 + 4, 0), ("add", 4, 4), ("mul", 4, 4), ("ave", 4, 4)],
)
def test_two_inputs_are_combined_as_asked(combine: str, depth: int, operations: int) -> None:
    found = model(
        "paper",
        {"dense": {"units": 4, "name": "a"}},
        {"dense": {"units": 4, "name": "b", "inputs": "input"}},
        {"dense": {"units": 2, "name": "both", "inputs": ["a", "b"], "combine": combine}},
    )
    both = layer(found, "both")
    assert both.params == depth * 2 + 2
    assert both.macs_per_step == depth * 2
    assert both.flops_per_step == 2 * depth * 2 + 2 + operations


def test_concatenation_is_the_default() -> None:
    found = model("paper", {"dense": 4}, {"dense": {"units": 2, "inputs": ["input", "dense"], "name": "both"}})
    assert layer(found, "both").params == (10 + 4) * 2 + 2


def test_each_input_after_the_first_costs_an_operation_an_element() -> None:
    several = [{"dense": {"units": 4, "name": name, "inputs": "input"}} for name in "abc"]
    found = model("paper", *several, {"dropout": {"inputs": ["a", "b", "c"], "combine": "add", "name": "sum"}})
    assert layer(found, "sum").flops_per_step == 2 * 4


def test_inputs_of_different_depths_are_concatenated_but_not_added() -> None:
    layers = [{"dense": 4}, {"dense": {"units": 2, "inputs": ["input", "dense"], "combine": "add", "name": "both"}}]
    with pytest.raises(SpecError, match=r"\(\?, 10\) and \(\?, 4\) do not fit together to add"):
        model("paper", *layers)


def test_sequences_of_different_lengths_do_not_fit() -> None:
    inputs = {"left": {"depth": 3, "steps": 5}, "right": {"depth": 3, "steps": 6}}
    with pytest.raises(SpecError, match="do not fit together to concat"):
        model("paper", {"dense": {"units": 2, "inputs": ["left", "right"]}}, inputs=inputs)


def test_a_known_length_beside_an_unknown_one_is_known() -> None:
    inputs = {"left": {"depth": 3}, "right": {"depth": 4, "steps": 6}}
    found = model("paper", {"dense": {"units": 2, "inputs": ["left", "right"]}}, inputs=inputs)
    assert shape(found, "dense") == (6, 2)


def test_whole_numbers_cannot_be_combined() -> None:
    layers = [{"embedding": {"vocab": 9, "depth": 2, "inputs": ["a", "b"]}}]
    with pytest.raises(SpecError, match="whole numbers cannot be combined"):
        model("paper", *layers, inputs={"a": {"steps": 3}, "b": {"steps": 3}})


@pytest.mark.parametrize(("combine", "depth"), [("concat", 10 + 4), ("add", 4)])
def test_a_vector_beside_a_sequence_goes_along_with_each_step(combine: str, depth: int) -> None:
    found = model(
        "paper",
        {"lstm": {"units": 4, "return_sequences": False, "name": "summary"}},
        {"dense": {"units": 4, "inputs": "input", "name": "steps"}},
        {"gru": {"units": 3, "inputs": ["input" if depth > 4 else "steps", "summary"], "combine": combine}},
    )
    gru = layer(found, "gru")
    assert gru.params == 3 * ((depth + 3) * 3 + 3)
    assert gru.output_shape == (None, None, 3)


def test_a_vector_beside_a_sequence_is_repeated_in_the_forward_pass() -> None:
    found = model(
        "paper",
        {"dropout": {"inputs": ["series", "label"]}},
        inputs={"series": {"depth": 2, "steps": 3}, "label": {"shape": [1]}},
    )
    series, label = np.arange(6.0).reshape(1, 3, 2), np.full((1, 1), 9.0)
    y, _ = found.forward({}, {"series": series, "label": label})
    assert y.tolist() == [[[0, 1, 9], [2, 3, 9], [4, 5, 9]]]


@pytest.mark.parametrize("combine", ["concat", "add"])
def test_a_vector_beside_an_image_goes_along_with_each_position(combine: str) -> None:
    inputs = {"image": {"shape": [2, 3, 4]}, "label": {"shape": [4]}}
    found = model("paper", {"dropout": {"inputs": ["image", "label"], "combine": combine}}, inputs=inputs)
    y, _ = found.forward({}, {"image": np.ones((5, 2, 3, 4)), "label": np.ones((5, 4))})
    assert y.shape == (5, *shape(found, "dropout"))


def test_two_vectors_are_concatenated_to_a_vector() -> None:
    inputs = {"left": {"shape": [3]}, "right": {"shape": [4]}}
    found = model("paper", {"dense": {"units": 2, "inputs": ["left", "right"]}}, inputs=inputs)
    assert (found.params, shape(found, "dense")) == ((3 + 4) * 2 + 2, (2,))


def test_images_with_channels_first_are_concatenated_along_the_channels() -> None:
    found = model(
        "pytorch",
        {"Conv2d": {"out_channels": 4, "kernel_size": 3, "inputs": ["left", "right"]}},
        inputs={"left": {"shape": [2, 8, 8]}, "right": {"shape": [3, 8, 8]}},
    )
    assert found.params == (2 + 3) * 4 * 3 * 3 + 4


# skip and residual connections


def test_a_skip_connection_is_a_second_reader() -> None:
    found = model(
        "paper",
        {"lstm": {"units": 6, "name": "first"}},
        {"lstm": {"units": 6, "name": "second"}},
        {"lstm": {"units": 5, "inputs": ["first", "second"], "name": "top"}},
    )
    assert found.params == lstm(10, 6) + lstm(6, 6) + lstm(6 + 6, 5)


def test_a_densely_connected_stack_reads_all_before() -> None:
    names = ["input", "a", "b", "c"]
    layers = [{"dense": {"units": 4, "name": names[n], "inputs": names[:n]}} for n in (1, 2, 3)]
    assert model("paper", *layers).params == (10 * 4 + 4) + ((10 + 4) * 4 + 4) + ((10 + 4 + 4) * 4 + 4)


def test_a_residual_adds_an_operation_an_element_and_nothing_else() -> None:
    plain, residual = (model("paper", {"gru": {"units": 10, "residual": each}}) for each in (False, True))
    assert residual.params == plain.params
    assert residual.report().macs_per_step == plain.report().macs_per_step
    flops = plain.report().flops_per_step
    assert flops is not None
    assert residual.report().flops_per_step == flops + 10


def test_a_residual_around_combined_inputs_adds_what_they_make() -> None:
    layers = [{"dense": 10}, {"dense": {"units": 20, "inputs": ["input", "dense"], "residual": True, "name": "both"}}]
    assert shape(model("paper", *layers), "both") == (None, 20)


def test_a_residual_that_does_not_fit_is_told_at_its_line(run: Callable[..., Any]) -> None:
    text = "framework: paper\ninput: {depth: 10}\nlayers:\n  - dense: 10\n  - dense: {units: 9, residual: true}\n"
    (error,) = refused(run, text)
    assert error[0] == 5
    assert "cannot add its input to its output: (?, 10) in, (?, 9) out" in error[1]


# encoder, decoder and attention


def translator(attention: str, **options: Any) -> Model:
    """An encoder of 7 source steps and a decoder of 5 target steps, the second attending to the first."""
    return model(
        "paper",
        {"embedding": {"name": "source_table", "inputs": "source", "vocab": 80, "depth": 8}},
        {"lstm": {"name": "encoder", "units": 6}},
        {"embedding": {"name": "target_table", "inputs": "target", "vocab": 60, "depth": 4}},
        {"lstm": {"name": "decoder", "units": 4}},
        {attention: {"name": "attention", "inputs": ["decoder", "encoder"], **options}},
        {"dense": {"name": "mixed", "units": 4, "inputs": ["decoder", "attention"]}},
        {"dense": {"name": "words", "units": 60, "tied_to": "target_table"}},
        inputs={"source": {"steps": 7}, "target": {"steps": 5}},
    )


def test_an_encoder_and_a_decoder_with_attention_add_up() -> None:
    found = translator("multiplicative_attention")
    assert [each.params for each in found.report().layers] == [
        80 * 8,
        lstm(8, 6),
        60 * 4,
        lstm(4, 4),
        4 * 6,  # a matrix between the query's depth and the values'
        (4 + 6) * 4 + 4,
        60,  # the bias alone: the matrix is the embedding's
    ]


def test_attention_gives_the_values_depth_at_each_step_of_the_query() -> None:
    assert shape(translator("multiplicative_attention"), "attention") == (5, 6)


def test_attention_of_an_encoder_and_a_decoder_costs_every_pair_of_steps() -> None:
    found = translator("multiplicative_attention")
    # the query through the matrix, then each pair of a target and a source step: a score, and a share of the value
    assert layer(found, "attention").macs == 5 * 4 * 6 + 5 * 7 * 6 + 5 * 7 * 6


def test_the_forward_pass_of_an_encoder_and_a_decoder_attends_by_softmax() -> None:
    found = model(
        "paper",
        {"multiplicative_attention": {"inputs": ["query", "values"], "general": False}},
        inputs={"query": {"depth": 2, "steps": 1}, "values": {"depth": 2, "steps": 2}},
    )
    query, values = np.array([[[1.0, 0.0]]]), np.array([[[0.0, 4.0], [np.log(3.0), 8.0]]])
    y, _ = found.forward({}, {"query": query, "values": values})
    # scores 0 and log 3, so shares 1/4 and 3/4
    assert np.allclose(y, [[[0.75 * np.log(3.0), 0.25 * 4 + 0.75 * 8]]])


def test_additive_attention_maps_query_and_values_into_one_size() -> None:
    found = layer(translator("additive_attention", units=3), "attention")
    assert found.params == 4 * 3 + (6 * 3 + 3) + 3
    assert found.macs == 5 * 4 * 3 + 7 * 6 * 3 + 5 * 7 * 3 + 5 * 7 * 6


def test_several_heads_read_a_query_and_values_of_other_depths() -> None:
    found = layer(translator("multi_head_attention", heads=2, key_depth=3, value_depth=5, output_depth=9), "attention")
    query, key, value, output = (4 + 1) * 2 * 3, (6 + 1) * 2 * 3, (6 + 1) * 2 * 5, (2 * 5 + 1) * 9
    assert found.params == query + key + value + output
    assert found.output_shape == (None, 5, 9)


def test_one_input_of_an_attention_is_query_and_values() -> None:
    found = model("paper", {"multiplicative_attention": {}}, input={"depth": 4, "steps": 3})
    assert found.params == 4 * 4
    assert found.report().macs == 3 * 4 * 4 + 2 * 3 * 3 * 4


def test_an_attention_of_three_inputs_is_an_error_at_its_line(run: Callable[..., Any]) -> None:
    text = "framework: paper\ninputs: {a: {depth: 2}, b: {depth: 2}, c: {depth: 2}}\nlayers:\n"
    ((line, message),) = refused(run, f"{text}  - multiplicative_attention: {{inputs: [a, b, c]}}\n")
    assert (line, "reads 2 inputs, or one for all, but 3 are named" in message) == (4, True)


# tied matrices


def tied(**options: Any) -> Model:
    """An embedding of 100 x 16, and a dense layer that has its matrix."""
    return model(
        "keras",
        {"embedding": {"vocab": 100, "depth": 16}},
        {"dense": {"units": 100, "tied_to": "embedding", **options}},
        input={"steps": 7},
    )


def test_a_tied_matrix_is_counted_once() -> None:
    assert tied().params == 100 * 16 + 100
    assert [each.params for each in tied().report().layers] == [1_600, 100]


def test_a_tied_matrix_still_costs_its_multiplications() -> None:
    assert layer(tied(), "dense").macs_per_step == 16 * 100
    assert tied().report().macs == 7 * 16 * 100


def test_a_tied_layer_without_bias_has_no_parameters() -> None:
    assert layer(tied(bias=False), "dense").params == 0


def test_a_tied_tensor_says_whose_it_is() -> None:
    kernel, bias = layer(tied(), "dense").tensors
    assert (kernel.shared_with, kernel.shape, kernel.params) == ("embedding/embeddings", (16, 100), 0)
    assert (bias.shared_with, bias.params) == (None, 100)


def test_a_tied_matrix_is_transposed_where_needed() -> None:
    found = model(
        "keras", {"embedding": {"vocab": 3, "depth": 2}}, {"dense": {"units": 3, "tied_to": "embedding"}}, input={}
    )
    weights = {"embedding/embeddings": np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), "dense/bias": np.zeros(3)}
    y, _ = found.forward(weights, np.array([[0]]))
    assert y.tolist() == [[[1 * 1 + 2 * 2, 1 * 3 + 2 * 4, 1 * 5 + 2 * 6]]]


def test_in_pytorch_a_decoder_is_tied_without_a_transpose() -> None:
    layers = [{"embedding": {"vocab": 100, "depth": 16}}, {"dense": {"units": 100, "tied_to": "embedding"}}]
    found = model("pytorch", *layers, input={})
    assert layer(found, "dense").tensors[0].shape == (100, 16)
    assert found.params == 100 * 16 + 100


def test_a_tied_matrix_is_no_weight_of_its_own() -> None:
    assert set(tied().weights()) == {"embedding/embeddings", "dense/bias"}


def test_three_layers_may_have_one_matrix() -> None:
    found = model(
        "keras",
        {"embedding": {"vocab": 100, "depth": 16, "name": "table"}},
        {"dense": {"units": 100, "tied_to": "table", "name": "up"}},
        {"dense": {"units": 16, "tied_to": "up", "name": "down"}},
        input={},
    )
    assert found.params == 100 * 16 + 100 + 16
    assert layer(found, "down").tensors[0].shared_with == "table/embeddings"


def test_the_decoder_of_a_mixture_of_softmaxes_may_be_tied_to_the_embedding() -> None:
    found = model(
        "paper",
        {"embedding": {"vocab": 50, "depth": 8}},
        {"lstm": 6},
        {"mixture_of_softmaxes": {"vocab": 50, "depth": 8, "experts": 3, "tied_to": "embedding"}},
        input={},
    )
    prior, latent, decoder_bias = 6 * 3, (6 + 1) * 3 * 8, 50
    assert found.params == 50 * 8 + lstm(8, 6) + prior + latent + decoder_bias


def test_every_framework_ties_a_decoder_to_its_embedding() -> None:
    for framework in having("embedding", "dense"):
        layers = [{"embedding": {"vocab": 100, "depth": 16}}, {"dense": {"units": 100, "tied_to": "embedding"}}]
        assert model(framework, *layers, input={"steps": 7}).params == 1_700, framework


@pytest.mark.parametrize("options", [{}, {"bidirectional": True}])
def test_a_cell_of_several_matrices_cannot_be_tied(options: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match="cannot be tied"):
        assert model(
            "keras", {"dense": {"units": 10, "name": "a"}}, {"rnn": {"units": 10, "tied_to": "a", **options}}
        ).params


# shared layers


def test_a_shared_layer_is_counted_once_and_costs_twice() -> None:
    found = model(
        "paper",
        {"lstm": {"units": 4, "inputs": "left", "name": "twin"}},
        {"lstm": {"same_as": "twin", "inputs": "right", "name": "other"}},
        inputs={"left": {"depth": 10}, "right": {"depth": 10}},
    )
    assert found.params == lstm(10, 4)
    assert found.report().macs_per_step == 2 * 4 * (10 + 4) * 4
    assert all(tensor.shared_with == f"twin/{tensor.name}" for tensor in layer(found, "other").tensors)


def test_a_shared_layer_needs_no_options_of_its_own() -> None:
    found = model("paper", {"dense": {"units": 10, "name": "a"}}, {"dense": {"same_as": "a"}})
    assert (found.params, shape(found, "dense")) == (10 * 10 + 10, (None, 10))


def test_a_layer_may_be_shared_with_one_that_is_shared() -> None:
    layers = [{"dense": {"units": 10, "name": "a"}}, {"dense": {"same_as": "a", "name": "b"}}]
    assert model("paper", *layers, {"dense": {"same_as": "b"}}).params == 10 * 10 + 10


def owners(layers: list[Any], **top: Any) -> tuple[Model, set[str]]:
    """A model, and what its shared tensors say whose they are."""
    found = model("keras", *layers, **top)
    tensors = [tensor for each in found.report().layers for tensor in each.tensors]
    return found, {tensor.shared_with for tensor in tensors if tensor.shared_with}


def test_what_is_shared_again_is_the_first_layers() -> None:
    layers = [{"dense": {"units": 10, "name": "a"}}, {"dense": {"same_as": "a", "name": "b"}}]
    found, named = owners([*layers, {"dense": {"same_as": "b"}}])
    assert named == {"a/kernel", "a/bias"}
    assert found.forward(found.weights(), np.ones((1, 2, 10)))[0].shape == (1, 2, 10)


def test_a_shared_layer_that_is_tied_has_the_matrix_of_its_tie() -> None:
    layers = [{"embedding": {"vocab": 9, "depth": 4}}, {"dense": {"units": 9, "tied_to": "embedding", "name": "up"}}]
    found, named = owners([*layers, {"dense": 4}, {"dense": {"same_as": "up"}}], input={})
    assert named == {"embedding/embeddings", "up/bias"}
    assert found.forward(found.weights(), np.array([[1, 2]]))[0].shape == (1, 2, 9)


def test_a_shared_layer_has_states_of_its_own() -> None:
    layers = [{"lstm": {"units": 10, "name": "a"}}, {"lstm": {"same_as": "a", "name": "b"}}]
    assert model("paper", *layers).report().state_bytes == 2 * 2 * 10 * 4


def test_a_shared_layer_computes_what_its_owner_does() -> None:
    layers = [{"dense": {"units": 2, "name": "a"}}, {"dense": {"same_as": "a", "name": "b"}}]
    found = model("keras", *layers, input={"depth": 2})
    y, _ = found.forward({"a/kernel": np.array([[2.0, 0.0], [0.0, 3.0]]), "a/bias": np.zeros(2)}, np.ones((1, 1, 2)))
    assert y.tolist() == [[[4.0, 9.0]]]


def test_a_shared_layer_that_reads_another_depth_is_an_error_at_its_line(run: Callable[..., Any]) -> None:
    text = "framework: keras\ninput: {depth: 10}\nlayers:\n  - dense: {units: 5, name: a}\n  - dense: {same_as: a}\n"
    assert [line for line, _ in refused(run, text)] == [5]


# directions and learned states


def test_directions_of_a_stack_that_never_mix_read_one_output_each() -> None:
    options = {"units": 4, "num_layers": 3, "bidirectional": True}
    mixed = model("paper", {"lstm": options})
    apart = model("paper", {"lstm": {**options, "independent_directions": True}})
    assert mixed.params == 2 * (lstm(10, 4) + 2 * lstm(2 * 4, 4))
    assert apart.params == 2 * (lstm(10, 4) + 2 * lstm(4, 4))
    assert mixed.layers[0].outflow == apart.layers[0].outflow


@pytest.mark.parametrize(("merge_mode", "merging"), [("sum", 1), ("mul", 1), ("ave", 2)])
def test_directions_that_never_mix_are_merged_once(merge_mode: str, merging: int) -> None:
    options = {"units": 4, "num_layers": 2, "bidirectional": True, "independent_directions": True}
    found = model("paper", {"lstm": {**options, "merge_mode": merge_mode}}, input={"depth": 4})
    one = 2 * 4 * (4 + 4) * 4 + 4 * 4 + 9 * 4
    assert found.report().flops_per_step == 4 * one + merging * 4


def test_directions_that_never_mix_are_two_stacks_side_by_side() -> None:
    options = {"units": 3, "num_layers": 2}
    both = model("paper", {"rnn": {**options, "bidirectional": True, "independent_directions": True}})
    one = model("paper", {"rnn": options})
    weights = both.weights()
    forward = {name.replace("/forward", ""): array for name, array in weights.items() if "/forward/" in name}
    x = np.random.default_rng(1).normal(size=(2, 4, 10))
    assert np.allclose(both.forward(weights, x)[0][..., :3], one.forward(forward, x)[0])


def test_elmo_projects_and_keeps_its_directions_apart() -> None:
    options = {"units": 40, "projection": 5, "num_layers": 2, "bidirectional": True, "independent_directions": True}
    gates, down = 4 * ((5 + 5) * 40 + 40), 40 * 5
    assert model("paper", {"lstm": options}, input={"depth": 5}).params == 2 * 2 * (gates + down)


def test_learned_initial_states_are_parameters_for_each_layer_and_direction() -> None:
    options = {"units": 4, "num_layers": 3, "bidirectional": True}
    plain = model("paper", {"lstm": options})
    learned = model("paper", {"lstm": {**options, "learned_initial_state": True}})
    assert learned.params == plain.params + 2 * (3 * 2 * 4)  # h and c
    shapes = {tensor.name: tensor.shape for tensor in learned.report().layers[0].tensors}
    assert (shapes["initial_h"], shapes["initial_c"]) == ((3 * 2, 4), (3 * 2, 4))


def test_a_learned_initial_state_of_a_projection_has_its_size() -> None:
    options = {"units": 4, "projection": 3, "learned_initial_state": True}
    tensors = {tensor.name: tensor.shape for tensor in model("paper", {"lstm": options}).report().layers[0].tensors}
    assert (tensors["initial_h"], tensors["initial_c"]) == ((1, 3), (1, 4))


def test_a_learned_initial_state_of_a_convolution_has_its_positions() -> None:
    options = {"filters": 2, "kernel_size": 3, "padding": "same", "learned_initial_state": True}
    found = model("paper", {"conv_lstm2d": options}, input={"shape": [7, 5, 6, 3]})
    assert found.params == 4 * (9 * (3 + 2) * 2 + 2) + 2 * 5 * 6 * 2


def test_a_learned_initial_state_costs_nothing() -> None:
    plain, learned = (model("paper", {"gru": {"units": 4, "learned_initial_state": each}}) for each in (False, True))
    assert plain.report().flops_per_step == learned.report().flops_per_step


def test_learned_initial_states_of_a_frozen_layer_are_not_trainable() -> None:
    found = model("paper", {"gru": {"units": 4, "learned_initial_state": True, "trainable": False}})
    assert found.report().trainable_params == 0


# repeats


def test_a_layer_that_repeats_has_copies_with_weights_of_their_own() -> None:
    found = model("paper", {"gru": {"units": 4, "repeat": 3}})
    assert [each.name for each in found.report().layers] == ["gru", "gru_1", "gru_2"]
    assert found.params == 3 * ((10 + 4) * 4 + 4) + 2 * 3 * ((4 + 4) * 4 + 4)


def test_the_copies_of_a_layer_read_each_other_and_the_first_its_inputs() -> None:
    layers = [{"dense": 7}, {"dense": {"units": 4, "repeat": 3, "inputs": "input", "name": "a"}}]
    assert [each.inputs for each in model("paper", *layers).report().layers] == [
        ("input",),
        ("input",),
        ("a",),
        ("a_1",),
    ]


def test_a_group_repeats_with_its_names_numbered() -> None:
    found = model(
        "paper",
        {
            "repeat": {
                "times": 2,
                "layers": [{"dense": {"units": 10, "name": "a"}}, {"dense": {"units": 10, "name": "b", "inputs": "a"}}],
            }
        },
    )
    assert [(each.name, each.inputs) for each in found.report().layers] == [
        ("a", ("input",)),
        ("b", ("a",)),
        ("a_1", ("b",)),
        ("b_1", ("a_1",)),
    ]
    assert found.params == 4 * (10 * 10 + 10)


def test_a_tie_within_a_group_is_a_tie_within_each_copy() -> None:
    pair = [{"dense": {"units": 4, "name": "down"}}, {"dense": {"units": 10, "name": "up", "tied_to": "down"}}]
    found = model("paper", {"repeat": {"times": 3, "layers": pair}})
    assert found.params == 3 * (10 * 4 + 4 + 10)


def test_a_group_that_shares_with_a_layer_before_it_has_no_weights() -> None:
    group = {"repeat": {"times": 3, "layers": [{"dense": {"same_as": "a"}}]}}
    assert model("paper", {"dense": {"units": 10, "name": "a"}}, group).params == 10 * 10 + 10


def test_groups_repeat_within_groups() -> None:
    inner = {"repeat": {"times": 3, "layers": [{"dense": 10}]}}
    assert model("paper", {"repeat": {"times": 4, "layers": [inner, {"dense": 10}]}}).params == 4 * 4 * 110


def test_named_layers_repeat_within_groups() -> None:
    group = {"repeat": {"times": 2, "layers": [{"dense": {"units": 10, "name": "a", "repeat": 2}}]}}
    assert model("paper", group).params == 4 * 110


def test_a_layer_at_each_step_may_repeat() -> None:
    assert model("keras", {"time_distributed": {"dense": {"units": 10, "repeat": 3}}}).params == 3 * 110


# layers at each step


@pytest.mark.parametrize("inner", [{"dense": 4}, {"layer": {"dense": 4}}, {"layer": {"dense": {"units": 4}}}])
def test_a_time_distributed_layer_is_the_layer_at_each_step(inner: dict[str, Any]) -> None:
    found = model("keras", {"time_distributed": inner}, input={"depth": 10, "steps": 6})
    assert (found.params, shape(found, "dense")) == (10 * 4 + 4, (6, 4))
    assert found.report().layers[0].framework_type == "TimeDistributed(Dense)"


def test_a_time_distributed_flatten_leaves_the_steps() -> None:
    given = {"shape": [6, 4, 3, 2]}
    assert shape(model("keras", {"time_distributed": "flatten"}, input=given), "flatten") == (6, 4 * 3 * 2)


@pytest.mark.parametrize("inner", [{"flatten": None}, {"flatten": {}}, {"reshape": [24]}, {"reshape": [-1]}])
def test_a_time_distributed_reshape_leaves_the_steps(inner: dict[str, Any]) -> None:
    found = model("keras", {"time_distributed": inner}, {"lstm": 5}, input={"shape": [None, 4, 3, 2]})
    assert found.report().layers[0].output_shape == (None, None, 24)
    assert layer(found, "lstm").params == lstm(24, 5)


def test_a_time_distributed_convolution_slides_within_a_step() -> None:
    conv = {"conv2d": {"filters": 5, "kernel_size": 3}}
    found = model("keras", {"time_distributed": conv}, input={"shape": [6, 8, 9, 2]})
    assert found.report().layers[0].output_shape == (None, 6, 8 - 2, 9 - 2, 5)
    assert found.report().layers[0].macs_per_step == 3 * 3 * 2 * 5 * 6 * 7
    assert found.report().macs == 6 * 3 * 3 * 2 * 5 * 6 * 7


def test_a_time_distributed_layer_takes_name_and_inputs_outside() -> None:
    layers = [{"dense": 4}, {"time_distributed": {"dense": 3, "name": "head", "inputs": "input", "trainable": False}}]
    head = layer(model("keras", *layers), "head")
    assert (head.params, head.inputs, head.trainable) == (10 * 3 + 3, ("input",), False)


# bare weights


def test_bare_weights_alone_are_a_model() -> None:
    found = rnncalc.parse(
        {"weights": {"kernel": [138, 512], "bias": [512], "scale": {"shape": [3], "trainable": False}}}
    )
    report = found.report()
    assert (report.params, report.non_trainable_params) == (138 * 512 + 512 + 3, 3)
    assert (report.macs, report.macs_per_step, report.flops) == (None, None, None)


TAKEN = ["values", "maps", "result", "work", "__class__"]


@pytest.mark.parametrize("name", [*TAKEN, "apply", "a/b", "weight.0", "ж"])
def test_a_bare_weight_may_have_any_name(name: str) -> None:
    found = rnncalc.parse({"weights": {name: [3, 4]}})
    assert found.params == 3 * 4
    assert [tensor.name for tensor in found.report().layers[0].tensors] == [name]


def test_bare_weights_know_their_place_in_a_large_list() -> None:
    found = rnncalc.parse({"weights": {f"w{n}": [n + 1, 2] for n in range(100)}})
    assert found.params == 2 * 100 * 101 // 2


# wiring that cannot be: each at the line of the layer

HEAD = "framework: keras\ninput: {depth: 10}\nlayers:\n  - dense: {units: 10, name: a}\n"

BAD: dict[str, tuple[str, str]] = {
    "a cycle through a later layer": (
        "  - dense: {units: 4, name: b, inputs: c}\n  - dense: {units: 4, name: c}\n",
        "`c` comes after `b`, so that reading it would be a cycle",
    ),
    "a layer that reads itself": ("  - dense: {units: 4, name: b, inputs: [a, b]}\n", "`b` reads itself"),
    "an input that does not exist": (
        "  - dense: {units: 4, name: b, inputs: imput}\n",
        "`b` reads `imput`, which there is not; did you mean `input`",
    ),
    "inputs of another kind": ("  - dense: {units: 4, inputs: 3}\n", "`inputs` is a list of names"),
    "no inputs": ("  - dense: {units: 4, inputs: []}\n", "`inputs` is a list of names"),
    "two layers of one name": ("  - dense: {units: 4, name: a}\n", "two layers are named `a`"),
    "a layer with the name of the input": ("  - dense: {units: 4, name: input}\n", "`input` is the name of an input"),
    "an unknown way to combine": (
        "  - dense: {units: 4, inputs: [a, input], combine: sum}\n",
        "concat, add, mul or ave",
    ),
    "a tie to nothing": ("  - dense: {units: 4, tied_to: b}\n", "no layer before `dense` is named `b`"),
    "a tie to a later layer": (
        "  - dense: {units: 4, tied_to: z}\n  - dense: {units: 4, name: z}\n",
        "no layer before `dense` is named `z`",
    ),
    "a tie to itself": ("  - dense: {units: 4, name: b, tied_to: b}\n", "`b` cannot share weights with itself"),
    "a tie between matrices that do not fit": ("  - dense: {units: 4, tied_to: a}\n", "(10, 10) and (10, 4)"),
    "a tie to a layer without a matrix": (
        "  - {type: dropout, name: d}\n  - dense: {units: 4, tied_to: d}\n",
        "do not have one matrix each",
    ),
    "a tie of a layer without a matrix": ("  - layer_norm: {tied_to: a}\n", "do not have one matrix each"),
    "a tie to a layer of several matrices": (
        "  - lstm: {units: 10, name: l}\n  - dense: {units: 10, tied_to: l}\n",
        "do not have one matrix each",
    ),
    "a layer that is tied and shared": ("  - dense: {units: 10, tied_to: a, same_as: a}\n", ""),
    "a shared layer of other units": ("  - dense: {units: 4, same_as: a}\n", ""),
    "a layer that is shared with itself": (
        "  - dense: {name: b, same_as: b}\n",
        "`b` cannot share weights with itself",
    ),
    "a shared layer that there is not": ("  - dense: {same_as: b}\n", "no layer before `dense` is named `b`"),
    "a shared layer of another type": ("  - lstm: {same_as: a}\n", ""),
    "a repeat of nothing": ("  - dense: {units: 4, repeat: 0}\n", "out of range"),
    "a group of nothing": ("  - repeat: {times: 3, layers: []}\n", ""),
    "a group without times": ("  - repeat: {layers: [{dense: 3}]}\n", "a repeated group is `repeat: {times: 3"),
    "a frozen layer by another word": ("  - dense: {units: 4, trainable: no}\n", "write false"),
    "a frozen layer at each step by another word": (
        "  - time_distributed: {dense: 4, trainable: no}\n",
        "write false",
    ),
    "nothing at each step": ("  - time_distributed: 3\n", "time_distributed holds a layer"),
    "a last output that is read as a sequence": (
        "  - lstm: {units: 4, return_sequences: false}\n  - lstm: 3\n",
        "it needs a sequence",
    ),
}
LATER = {
    "a tie to a layer without a matrix",
    "a tie to a layer of several matrices",
    "a last output that is read as a sequence",
}


@pytest.mark.parametrize("what", BAD)
def test_wiring_that_cannot_be_is_told_at_the_line_of_the_layer(run: Callable[..., Any], what: str) -> None:
    entry, told = BAD[what]
    errors = refused(run, HEAD + entry)
    assert [line for line, _ in errors] == [6 if what in LATER else 5]
    assert told in errors[0][1]


SHAPES: dict[str, tuple[str, str, str]] = {
    "a reshape that loses elements": (
        "{shape: [4, 6, 2]}",
        "reshape: [5, 9]",
        "(4, 6, 2) has 48 elements, which do not make (5, 9)",
    ),
    "a reshape with a rest that does not divide": ("{shape: [4, 6, 2]}", "reshape: [5, -1]", "has 48 elements"),
    "a reshape with two rests": ("{shape: [4, 6, 2]}", "reshape: [-1, -1]", "has 48 elements"),
    "a reshape of an unknown length": ("{depth: 10}", "reshape: [5, 2]", "has to know the length of each axis"),
    "a flatten of an unknown length": ("{depth: 10}", "flatten", "has to know the length of each axis"),
    "a convolution larger than its input": (
        "{shape: [4, 6, 2]}",
        "conv2d: {filters: 3, kernel_size: 5}",
        "the window of 5 is larger than its input of 4",
    ),
    "a convolution whose dilation makes it larger than its input": (
        "{shape: [6, 2]}",
        "conv1d: {filters: 3, kernel_size: 3, dilation: 3}",
        "the window of 7 is larger than its input of 6",
    ),
    "a pooling larger than its input": (
        "{shape: [4, 6, 2]}",
        "max_pool2d: 5",
        "the window of 5 is larger than its input of 4",
    ),
    "a convolution of an image over a sequence": ("{depth: 10}", "conv2d: {filters: 3, kernel_size: 3}", "2 axes"),
    "groups that do not divide the depth": (
        "{shape: [8, 10]}",
        "conv1d: {filters: 6, kernel_size: 3, groups: 3}",
        "3 groups do not divide",
    ),
    "groups that do not divide the filters": (
        "{shape: [8, 10]}",
        "conv1d: {filters: 6, kernel_size: 3, groups: 5}",
        "5 groups do not divide filters 6",
    ),
    "groups of a normalisation that do not divide": (
        "{depth: 10}",
        "group_norm: {groups: 3}",
        "3 groups do not divide",
    ),
    "a repeated vector that is a sequence": ("{depth: 10}", "repeat_vector: 3", "it repeats a vector"),
    "dims that do not name each axis": ("{shape: [4, 6, 2]}", "permute: [1, 2]", "do not name each axis"),
    "a declared depth that is another": ("{depth: 10}", "lstm: {units: 3, input_depth: 11}", "input_dim is 11"),
    "a convolutional LSTM over plain steps": (
        "{depth: 10}",
        "conv_lstm2d: {filters: 3, kernel_size: 3}",
        "it reads (steps, space, space, depth)",
    ),
}


@pytest.mark.parametrize("what", SHAPES)
def test_a_shape_that_does_not_fit_is_told_at_the_line_of_the_layer(run: Callable[..., Any], what: str) -> None:
    given, entry, told = SHAPES[what]
    text = f"framework: keras\ninput: {given}\nlayers:\n  - dropout\n  - {entry}\n"
    ((line, message),) = refused(run, text)
    assert line == 5
    assert told in message


PAPER: dict[str, tuple[str, str]] = {
    "heads that do not divide the depth": ("multi_head_attention: {heads: 3, inputs: a}", "3 heads do not divide"),
    "a product of a query and values of other depths": (
        "multiplicative_attention: {inputs: [a, b], general: false}",
        "",
    ),
    "a sum of a query and values of other depths": ("additive_attention: {inputs: [a, b], project: false}", ""),
    "an attention to a vector": ("multiplicative_attention: {inputs: [a, v]}", ""),
    "an additive attention to a vector": ("additive_attention: {inputs: [a, v], units: 3}", ""),
    "an attention to an image": ("multiplicative_attention: {inputs: [a, m]}", ""),
    "several heads over a vector": ("multi_head_attention: {heads: 2, key_depth: 2, inputs: [a, v]}", ""),
    "tags of another number than the depth": ("crf: {tags: 5, kernel: false, inputs: a}", ""),
    "a chain of tags over a vector": ("crf: {tags: 5, inputs: v}", ""),
    "a weighted average of a vector": ("attention_weighted_average: {inputs: v}", ""),
    "chunks that do not divide the units": ("on_lstm: {units: 10, chunk_size: 3, inputs: a}", "chunks of 3 do not"),
    "characters fewer than a width": ("char_cnn: {filters: [[3, 2], [9, 4]], inputs: a}", "window of 9 is larger"),
}


@pytest.mark.parametrize("what", PAPER)
def test_attention_and_tags_that_do_not_fit_are_told_at_the_line_of_the_layer(
    run: Callable[..., Any], what: str
) -> None:
    entry, told = PAPER[what]
    inputs = "{a: {depth: 10, steps: 6}, b: {depth: 4, steps: 5}, v: {shape: [10]}, m: {shape: [5, 6, 10]}}"
    ((line, message),) = refused(run, f"framework: paper\ninputs: {inputs}\nlayers:\n  - {entry}\n")
    assert line == 4
    assert told in message


def test_a_character_network_may_have_one_width_twice() -> None:
    found = model("paper", {"char_cnn": {"filters": [[3, 2], [3, 4]]}}, input={"shape": [6, 10]})
    assert found.params == 3 * 10 * (2 + 4) + 2 + 4


@pytest.mark.parametrize("shape", ["[]", "3", "[0]", "[2, -1]", "{trainable: true}"])
def test_a_bare_weight_that_is_no_shape_is_told_at_its_line(run: Callable[..., Any], shape: str) -> None:
    assert [line for line, _ in refused(run, f"weights:\n  kernel: [3]\n  other: {shape}\n")] == [3]


def test_a_bare_weight_that_is_frozen_by_another_word_is_told_at_its_line(run: Callable[..., Any]) -> None:
    assert [line for line, _ in refused(run, "weights:\n  kernel: {shape: [2], trainable: no}\n")] == [2]


def test_what_reads_a_broken_layer_is_not_told_again(run: Callable[..., Any]) -> None:
    broken = "  - dense: {units: 4, inputs: b, name: x}\n  - lstm: {units: 3}\n  - dense: {units: 2, inputs: [a, x]}\n"
    assert [line for line, _ in refused(run, HEAD + broken)] == [5]


def test_every_wrong_layer_of_a_spec_is_told(run: Callable[..., Any]) -> None:
    broken = "".join(f"  - dense: {{units: 4, inputs: nothing_{n}, name: x{n}}}\n" for n in range(5))
    assert [line for line, _ in refused(run, HEAD + broken)] == [5, 6, 7, 8, 9]


# no more layers than a model can have

ENDLESS = {
    "a group of groups of groups": "repeat: {times: 1000, layers: [{repeat: {times: 1000, layers: [{repeat: "
    "{times: 1000, layers: [{dense: 10}]}}]}}]}",
    "a billion of one layer": "dense: {units: 10, repeat: 1000000000}",
    "a billion of a group": "repeat: {times: 1000000000, layers: [{dense: 10}]}",
    "a layer that repeats in a group": "repeat: {times: 100000, layers: [{dense: {units: 10, repeat: 10000}}]}",
    "the largest number there is": "dense: {units: 10, repeat: 9223372036854775807}",
    "a stack too high": "lstm: {units: 10, num_layers: 1000000000}",
    "stacks that repeat": "lstm: {units: 10, num_layers: 10000, repeat: 50000}",
}


def held(seconds: int, size: int) -> None:
    """Hold a process to so much computing time and memory."""
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (size, size))


@pytest.mark.parametrize("what", ENDLESS)
def test_layers_without_end_are_refused_quickly_at_their_line(what: str) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "rnncalc", "count", "-", "-f", "json"],
        input=f"{HEAD}  - {ENDLESS[what]}\n".encode(),
        capture_output=True,
        preexec_fn=lambda: held(3, 2**30),
        check=False,
    )
    assert found.returncode == 2
    errors = json.loads(found.stdout)["errors"]
    assert [error["line"] for error in errors] == [5]
