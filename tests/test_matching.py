"""A spec against a real model: the names and shapes are those of real frameworks, recorded in tests/models."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import rnncalc
import rnncalc.matching.saved
from rnncalc.matching.matched import EXTRA, MISSING, RESHAPED, Difference, Match
from tests.conftest import Result

Run = Callable[..., Result]
Shapes = dict[str, list[int]]

HERE = Path(__file__).parent
PYTORCH, KERAS, FLAX = (
    json.loads((HERE / f"models/{name}.json").read_text("utf-8"))["models"] for name in ("pytorch", "keras", "flax")
)

TAGGER: dict[str, Any] = {
    "name": "tagger",
    "framework": "pytorch",
    "layers": [
        {"embedding": {"vocab": 1000, "depth": 16}},
        {"lstm": {"units": 24, "num_layers": 2, "bidirectional": True, "name": "encoder"}},
        {"dense": {"units": 9, "name": "head"}},
    ],
}
KERAS_TAGGER = {**TAGGER, "framework": "keras"}
KEYWORD = {
    "framework": "pytorch",
    "input": {"shape": [40, 49]},
    "layers": [
        {"conv1d": {"filters": 32, "kernel_size": 3}},
        "batch_norm",
        {"reshape": [47, 32]},
        {"gru": 48},
        {"dense": 12},
    ],
}
KERAS_KEYWORD = {
    "framework": "keras",
    "input": {"shape": [49, 40]},
    "layers": [{"conv1d": {"filters": 32, "kernel_size": 3}}, "batch_norm", {"gru": 48}, {"dense": 12}],
}
TWINS = {
    "framework": "pytorch",
    "input": {"depth": 8},
    "layers": [
        {"lstm": {"units": 8, "name": "left"}},
        {"lstm": {"units": 8, "name": "right"}},
        *({"dense": 8} for _ in range(11)),
    ],
}
LANGUAGE = {
    "framework": "pytorch",
    "layers": [
        {"embedding": {"vocab": 50, "depth": 12}},
        {"lstm": {"units": 12, "learned_initial_state": True}},
        {"dense": {"units": 50, "tied_to": "embedding", "name": "decoder"}},
    ],
}
CELLS = {
    "framework": "pytorch",
    "input": {"depth": 6},
    "layers": [
        {"lstm": {"units": 10, "num_layers": 2}},
        {"multi_head_attention": {"heads": 2}},
        {"dense": {"units": 3, "bias": False}},
    ],
}
LINEN = {
    "framework": "flax",
    "layers": [
        {"embedding": {"vocab": 30, "depth": 6}},
        {"lstm": 8},
        {"gru": {"units": 5, "bidirectional": True}},
        {"rnn": 4},
        {"dense": 3},
    ],
}
SETUP = {
    "framework": "flax",
    "input": {"depth": 6},
    "layers": [{"lstm": 8}, {"lstm": {"units": 5, "bidirectional": True}}, {"dense": 3}],
}
NNX = {
    "framework": "flax-nnx",
    "input": {"depth": 6},
    "layers": [{"gru": 8}, {"lstm": {"units": 5, "bidirectional": True}}, {"dense": 3}],
}
HAIKU = {"framework": "haiku", "input": {"depth": 6}, "layers": [{"lstm": 8}, {"gru": 5}, {"dense": 3}]}
EQUINOX = {
    "framework": "equinox",
    "input": {"depth": 6},
    "layers": [{"lstm": {"units": 8, "num_layers": 2}}, {"dense": 3}],
}
CONV = {
    "framework": "keras",
    "input": {"shape": [4, 8, 8, 3]},
    "layers": [
        {"conv_lstm2d": {"filters": 5, "kernel_size": 3, "return_sequences": False}},
        {"separable_conv2d": {"filters": 6, "kernel_size": 2}},
        {"reshape": [25, 6]},
        {"multi_head_attention": {"heads": 2, "key_depth": 3}},
        {"rnn": 4},
    ],
}
ONE = {"framework": "pytorch", "input": {"depth": 5}, "layers": [{"lstm": 7}]}
TWO = {"framework": "pytorch", "input": {"depth": 5}, "layers": [{"lstm": {"units": 7, "bidirectional": True}}]}

REAL = {
    "pytorch-tagger": (TAGGER, PYTORCH["tagger"]),
    "pytorch-compiled": (TAGGER, PYTORCH["compiled"]),
    "pytorch-keyword": (KEYWORD, PYTORCH["keyword"]),
    "pytorch-twins": (TWINS, PYTORCH["twins"]),
    "pytorch-tied": (LANGUAGE, PYTORCH["language"]),
    "pytorch-cells": (CELLS, PYTORCH["cells"]),
    "pytorch-bare": (TWO, PYTORCH["backward"]),
    "keras-tagger": (KERAS_TAGGER, KERAS["tagger"]),
    "keras-named": (KERAS_TAGGER, KERAS["named"]),
    "keras-keyword": (KERAS_KEYWORD, KERAS["keyword"]),
    "keras-variables": (KERAS_KEYWORD, KERAS["keyword-variables"]),
    "keras-conv": (CONV, KERAS["conv"]),
    "flax-compact": (LINEN, FLAX["linen"]),
    "flax-setup": (SETUP, FLAX["setup"]),
    "flax-paths": (SETUP, FLAX["setup-paths"]),
    "nnx": (NNX, FLAX["nnx"]),
    "nnx-pure": (NNX, FLAX["nnx-pure"]),
    "haiku": (HAIKU, FLAX["haiku"]),
    "equinox": (EQUINOX, FLAX["equinox"]),
}
every_model = pytest.mark.parametrize(("spec", "tensors"), REAL.values(), ids=REAL)


def goldens() -> Iterator[Any]:
    """Every case that a real framework gave, with its names."""
    for path in sorted((HERE / "goldens").glob("*.json")):
        for case in json.loads(path.read_text("utf-8"))["cases"]:
            shapes = {name: tuple(shape) for name, shape in case["tensors"]}
            if shapes and len(shapes) == len(case["tensors"]):
                optional = set(case.get("buffers", ()))
                yield pytest.param(case["model"], shapes, optional, id=f"{path.stem}-{case['id']}")


every_golden = pytest.mark.parametrize(("spec", "shapes", "optional"), list(goldens()))


def differs(spec: Any, tensors: Any, **options: Any) -> Match:
    """The match that fails."""
    with pytest.raises(rnncalc.MismatchError) as error:
        rnncalc.match(spec, tensors, **options)
    return error.value.match


def told(match: Match) -> list[tuple[str, str | None, str | None, str | None]]:
    """(kind, layer, tensor, entry) of each difference."""
    return [(each.kind, each.layer, each.tensor, each.entry) for each in match.differences]


def prefixes(match: Match) -> dict[str, tuple[str, ...]]:
    return {layer.name: layer.prefixes for layer in match.layers}


def changed(spec: dict[str, Any], layer: int, **options: Any) -> dict[str, Any]:
    """The spec with other options of one layer."""
    ((kind, given),) = spec["layers"][layer].items()
    given = given if isinstance(given, dict) else {"units": given}
    layers = [*spec["layers"]]
    layers[layer] = {kind: {**given, **options}}
    return {**spec, "layers": layers}


# real models match


@every_model
def test_a_spec_matches_the_real_model_that_it_describes(spec: Any, tensors: Any) -> None:
    match = rnncalc.match(spec, tensors)
    assert match.passed
    assert match.differences == ()
    assert all(layer.matched == layer.tensors for layer in match.layers)


@every_golden
def test_a_spec_matches_every_model_that_a_framework_gave(spec: Any, shapes: Any, optional: set[str]) -> None:
    assert rnncalc.match(spec, shapes).passed


@every_golden
def test_no_tensor_of_a_model_can_be_lost_added_or_changed_unseen(spec: Any, shapes: Any, optional: set[str]) -> None:
    name = random.Random(str(shapes)).choice([*shapes])
    shape = shapes[name]
    assert EXTRA in {each.kind for each in differs(spec, {**shapes, "other/name": (3,)}).differences}
    if shape:
        assert not differs(spec, {**shapes, name: (shape[0] + 1, *shape[1:])}).passed
    if name not in optional:
        lost = differs(spec, {key: each for key, each in shapes.items() if key != name})
        assert [each.kind for each in lost.differences] == [MISSING]
        assert lost.differences[0].shape == shape


@every_model
def test_the_order_of_the_names_does_not_matter(spec: Any, tensors: Any) -> None:
    pairs = list(rnncalc.matching.saved.shapes_of(tensors).items())
    for seed in range(5):
        random.Random(seed).shuffle(pairs)
        assert rnncalc.match(spec, pairs).passed


@every_model
def test_each_tensor_is_taken_once(spec: Any, tensors: Any) -> None:
    match = rnncalc.match(spec, tensors)
    there = len(rnncalc.matching.saved.shapes_of(tensors))
    assert sum(layer.matched for layer in match.layers) + len(match.aside) == there


# which layer took which prefix


def test_a_layer_takes_the_prefix_that_has_its_name() -> None:
    found = prefixes(rnncalc.match(TWINS, PYTORCH["twins"]))
    assert (found["left"], found["right"]) == (("left",), ("right",))


def test_layers_that_nothing_tells_apart_are_taken_in_the_order_of_their_numbers() -> None:
    expected = {f"dense{f'_{n}' if n else ''}": (f"layers.{n}",) for n in range(11)}
    by_name = dict(sorted(PYTORCH["twins"].items()))  # layers.10 before layers.2
    for tensors in (PYTORCH["twins"], by_name):
        found = prefixes(rnncalc.match(TWINS, tensors))
        assert {name: found[name] for name in expected} == expected


def test_a_stack_has_a_prefix_for_each_of_its_layers_where_the_framework_has() -> None:
    assert prefixes(rnncalc.match(KERAS_TAGGER, KERAS["named"])) == {
        "embedding": ("sequential/words",),
        "encoder": ("sequential/encoder", "sequential/top"),
        "head": ("sequential/head",),
    }
    assert prefixes(rnncalc.match(TAGGER, PYTORCH["tagger"]))["encoder"] == ("encoder.rnn",)
    assert prefixes(rnncalc.match(EQUINOX, FLAX["equinox"]))["lstm"] == (".cells[0]", ".cells[1]")


def test_prefixes_are_written_as_the_names_are() -> None:
    assert prefixes(rnncalc.match(SETUP, FLAX["setup-paths"]))["dense"] == ("['params']['head']",)
    assert prefixes(rnncalc.match(HAIKU, FLAX["haiku"]))["lstm"] == ("core/~/lstm",)


def test_a_prefix_can_be_given() -> None:
    given = {"left": "right", "dense": "layers.4", "dense_1": "layers.0"}
    found = prefixes(rnncalc.match(TWINS, PYTORCH["twins"], prefixes=given))
    assert {name: found[name] for name in ("left", "right", "dense", "dense_1", "dense_2")} == {
        "left": ("right",),
        "right": ("left",),
        "dense": ("layers.4",),
        "dense_1": ("layers.0",),
        "dense_2": ("layers.1",),
    }


def test_a_layer_whose_prefix_is_given_takes_no_other() -> None:
    match = differs(TAGGER, PYTORCH["tagger"], prefixes={"head": "encoder"})
    assert (MISSING, "head", "weight", None) in told(match)
    assert (EXTRA, None, None, "head.weight") in told(match)


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"hed": "head"}, "no layer with weights is named `hed`; did you mean `head`?"),
        ({"head": "body"}, "the prefix `body` of `head` is that of no tensor"),
        ({"head": "hea"}, "the prefix `hea` of `head` is that of no tensor"),
    ],
)
def test_a_prefix_that_is_given_wrong_is_told(given: dict[str, str], what: str) -> None:
    with pytest.raises(rnncalc.SpecError, match="(?s)" + what.replace("?", r"\?")):
        rnncalc.match(TAGGER, PYTORCH["tagger"], prefixes=given)


# one to one: directions, and what looks alike


def test_the_backward_weights_are_not_taken_for_the_forward_ones() -> None:
    backward = {name: shape for name, shape in PYTORCH["backward"].items() if name.endswith("_reverse")}
    match = differs(ONE, backward)
    assert {kind for kind, *_ in told(match)} == {MISSING, EXTRA}
    shapes = {**PYTORCH["backward"], "weight_ih_l0_reverse": [28, 6]}
    assert told(differs(TWO, shapes)) == [(RESHAPED, "lstm", "weight_ih_l0_reverse", "weight_ih_l0_reverse")]


def test_the_backward_half_of_keras_is_told_from_the_forward_half() -> None:
    shapes = dict(KERAS["named"])
    name = "sequential/encoder/backward_low/lstm_cell/kernel"
    match = differs(KERAS_TAGGER, {**shapes, name: [17, 96]})
    tensor = "encoder/backward_lstm/lstm_cell/kernel"
    assert told(match) == [(RESHAPED, "encoder", tensor, name)]


def test_a_spec_of_one_direction_does_not_match_a_model_of_two() -> None:
    extra = [name for name in PYTORCH["backward"] if name.endswith("_reverse")]
    assert told(differs(ONE, PYTORCH["backward"])) == [(EXTRA, "lstm", None, name) for name in extra]


def test_a_spec_of_two_directions_does_not_match_a_model_of_one() -> None:
    one = {name: shape for name, shape in PYTORCH["backward"].items() if not name.endswith("_reverse")}
    assert {kind for kind, *_ in told(differs(TWO, one))} == {MISSING}


def test_two_layers_of_keras_are_not_the_two_directions_of_one() -> None:
    spec = {**KERAS_TAGGER, "layers": [{"embedding": {"vocab": 1000, "depth": 16}}, {"lstm": 24}, {"lstm": 24}]}
    tensors = [pair for pair in KERAS["named"] if "words" in pair[0] or "/encoder/" in pair[0]]
    match = differs(spec, tensors)
    assert prefixes(match)["lstm"] == ("sequential/encoder/forward_low/lstm_cell",)
    assert prefixes(match)["lstm_1"] == ()


def test_a_layer_that_is_named_for_a_direction_is_one_all_the_same() -> None:
    names = ("forward_lstm", "backward_lstm")
    layers = [{"lstm": {"units": 4, "name": name, "inputs": "input"}} for name in names]
    tensors = {
        f"{name}/lstm_cell/{tensor}": shape
        for name in names
        for tensor, shape in {"kernel": (3, 16), "recurrent_kernel": (4, 16), "bias": (16,)}.items()
    }
    match = rnncalc.match({"framework": "keras", "input": {"depth": 3}, "layers": layers}, tensors)
    assert prefixes(match) == {name: (f"{name}/lstm_cell",) for name in names}


def test_the_matrix_inside_a_layer_of_haiku_is_no_layer_of_its_own() -> None:
    layers = [{"dense": {"units": 32, "name": "first"}}, {"lstm": 8}]
    tensors = {"lstm/linear": {"w": (40, 32), "b": (32,)}, "z": {"w": (40, 32), "b": (32,)}}
    match = rnncalc.match({"framework": "haiku", "input": {"depth": 40}, "layers": layers}, tensors)
    assert prefixes(match) == {"first": ("z",), "lstm": ("lstm",)}


def test_what_fits_exactly_is_matched_before_what_fits_in_part() -> None:
    spec = {
        "framework": "pytorch",
        "input": {"depth": 3},
        "layers": [{"dense": {"units": 3, "bias": False}}, {"dense": 3}],
    }
    tensors = {"a.weight": (3, 3), "a.bias": (3,), "b.weight": (3, 3)}
    assert prefixes(rnncalc.match(spec, tensors)) == {"dense": ("b",), "dense_1": ("a",)}


# what differs, layer by layer


def test_a_model_that_has_grown_differs_in_the_layers_that_have() -> None:
    match = differs(TAGGER, PYTORCH["grown"])
    encoder = [each for each in match.differences if each.layer == "encoder"]
    assert len(encoder) == 16
    assert encoder[0] == Difference(
        RESHAPED, "encoder", "weight_ih_l0", (96, 16), "encoder.rnn.weight_ih_l0", (128, 16)
    )
    assert told(match)[16:] == [(RESHAPED, "head", "weight", "head.weight")]


def test_the_size_that_would_fit_is_told() -> None:
    assert [layer.advice for layer in differs(TAGGER, PYTORCH["grown"]).layers] == [
        "",
        "units 32 would fit (now 24)",
        "",
    ]
    assert "encoder: units 32 would fit (now 24)" in str(differs(TAGGER, PYTORCH["grown"]))
    match = differs(changed(KERAS_KEYWORD, 2, units=40), KERAS["keyword"])
    assert [layer.advice for layer in match.layers] == ["", "", "units 48 would fit (now 40)", ""]
    match = differs(changed(TAGGER, 0, vocab=999), PYTORCH["tagger"])
    assert [layer.advice for layer in match.layers] == ["vocab 1,000 would fit (now 999)", "", ""]


def test_a_size_that_fits_in_part_is_not_said_to_fit() -> None:
    spec = {"framework": "pytorch", "input": {"depth": 3}, "layers": [{"lstm": 3}]}
    gru = {"rnn.weight_ih_l0": (144, 64), "rnn.weight_hh_l0": (144, 48), "rnn.bias_ih_l0": (144,)}
    match = differs(spec, {**gru, "rnn.bias_hh_l0": (144,)})  # four gates of 36 are as wide as three of 48
    assert match.layers[0].advice == "units 36 would fit better (now 3)"


def test_a_bias_that_is_missing_and_one_that_is_extra_are_told() -> None:
    without = {name: shape for name, shape in PYTORCH["tagger"].items() if name != "head.bias"}
    assert told(differs(TAGGER, without)) == [(MISSING, "head", "bias", None)]
    assert told(differs(changed(TAGGER, 2, bias=False), PYTORCH["tagger"])) == [(EXTRA, "head", None, "head.bias")]


def test_a_layer_too_few_and_a_layer_too_many_are_told() -> None:
    fewer = {**TAGGER, "layers": TAGGER["layers"][:2]}
    assert {each[:2] for each in told(differs(fewer, PYTORCH["tagger"]))} == {(EXTRA, None)}
    more = {**TAGGER, "layers": [*TAGGER["layers"], {"dense": 5}]}
    assert told(differs(more, PYTORCH["tagger"])) == [
        (MISSING, "dense", "weight", None),
        (MISSING, "dense", "bias", None),
    ]


def test_a_gru_of_keras_that_resets_before_is_told_by_its_bias() -> None:
    match = differs(changed(KERAS_KEYWORD, 2, reset_after=False), KERAS["keyword"])
    (only,) = match.differences
    assert (only.layer, only.shape, only.found) == ("gru", (144,), (2, 144))


def test_an_empty_model_lacks_all() -> None:
    match = differs(TAGGER, {})
    assert len(match.differences) == 19
    assert {each.kind for each in match.differences} == {MISSING}


def test_the_names_of_another_framework_are_known() -> None:
    assert differs(TAGGER, KERAS["tagger"]).hint == "the names are as keras has them, but the spec is read as pytorch"
    assert differs(KERAS_TAGGER, PYTORCH["tagger"]).hint.startswith("the names are as pytorch has them")


def test_names_are_not_taken_for_those_of_a_framework_for_a_common_word() -> None:
    spec = {"framework": "pytorch", "input": {"depth": 3}, "layers": [{"lstm": 3}]}
    around = {f"layers.{n}.bias": [9] for n in range(40)}  # TensorFlow 1 has a `bias` too, but no `weight_ih_l0`
    assert differs(spec, {**PYTORCH["tagger"], **around}).hint == ""


def test_pytest_shows_the_line_of_the_test_and_none_of_ours(tmp_path: Path) -> None:
    spec = {"input": {"depth": 1}, "layers": [{"dense": 1}]}
    (tmp_path / "test_it.py").write_text(f"import rnncalc\n\n\ndef test_it():\n    rnncalc.match({spec}, {{}})\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_it.py"],
        cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")},
        capture_output=True,
        text=True,
    )
    assert "does not match the model" in done.stdout
    assert "raise MismatchError" not in done.stdout


# what need not be there, and what is no weight


def test_a_tied_matrix_may_be_saved_once_or_twice() -> None:
    twice = PYTORCH["language"]
    for name in ("embed.weight", "decode.weight"):
        assert rnncalc.match(LANGUAGE, {key: shape for key, shape in twice.items() if key != name}).passed
    neither = {key: shape for key, shape in twice.items() if key not in ("embed.weight", "decode.weight")}
    assert told(differs(LANGUAGE, neither)) == [(MISSING, "embedding", "weight", None)]


def test_statistics_may_be_left_out_but_not_be_of_another_shape() -> None:
    parameters = {name: shape for name, shape in PYTORCH["keyword"].items() if "running" not in name}
    assert rnncalc.match(KEYWORD, parameters).passed
    match = differs(KEYWORD, {**PYTORCH["keyword"], "front.1.running_var": [33]})
    assert told(match) == [(RESHAPED, "batch_norm", "running_var", "front.1.running_var")]


def test_a_layer_that_is_shared_may_be_saved_once_or_twice() -> None:
    layers = [{"dense": {"units": 8, "name": "a"}}, {"dense": {"units": 8, "same_as": "a", "name": "b"}}]
    spec = {"framework": "pytorch", "input": {"depth": 8}, "layers": layers}
    once = {"a.weight": (8, 8), "a.bias": (8,)}
    assert rnncalc.match(spec, once).passed
    assert rnncalc.match(spec, {**once, "b.weight": (8, 8), "b.bias": (8,)}).passed


def test_counters_seeds_and_optimizers_are_left_aside() -> None:
    assert rnncalc.match(KEYWORD, PYTORCH["keyword"]).aside == ("front.1.num_batches_tracked",)
    aside = rnncalc.match(KERAS_KEYWORD, KERAS["keyword-variables"]).aside
    assert "seed_generator/seed_generator_state" in aside
    assert "adam/iteration" in aside
    assert len(aside) == 21


def test_names_can_be_ignored() -> None:
    tensors = {**PYTORCH["tagger"], "crf.start": [9], "crf.end": [9]}
    assert len(differs(TAGGER, tensors).differences) == 2
    match = rnncalc.match(TAGGER, tensors, ignore=["crf.*"])
    assert match.aside == ("crf.start", "crf.end")


def test_what_tensorflow_numbers_and_adds_is_understood() -> None:
    tensors = {
        "word_vectors:0": (50, 6),
        "rnn/basic_lstm_cell/kernel:0": (14, 32),
        "rnn/basic_lstm_cell/bias:0": (32,),
        "rnn/basic_lstm_cell/kernel/Adam:0": (14, 32),
        "beta1_power:0": (),
        "global_step:0": (),
    }
    match = rnncalc.match({"layers": [{"embedding": {"vocab": 50, "depth": 6}}, {"lstm": 8}]}, tensors)
    assert prefixes(match) == {"embedding": ("",), "lstm": ("rnn/basic_lstm_cell",)}
    assert len(match.aside) == 3


def test_names_that_do_not_carry_are_told_by_their_shapes() -> None:
    spec = {"framework": "onnx", "input": {"depth": 5}, "layers": [{"lstm": 7}, {"dense": 3}]}
    tensors = {
        "onnx::LSTM_61": (1, 28, 5),
        "onnx::LSTM_62": (1, 28, 7),
        "onnx::LSTM_63": (1, 56),
        "w": (7, 3),
        "b": (3,),
    }
    assert rnncalc.match(spec, tensors).passed
    assert told(differs(spec, {**tensors, "onnx::LSTM_62": (1, 28, 8)})) == [
        (MISSING, "lstm", "R", None),
        (EXTRA, None, None, "onnx::LSTM_62"),
    ]


def test_a_bare_list_of_shapes_is_matched_by_its_names() -> None:
    spec = {"framework": "pytorch", "weights": {"scale": [3], "core.table": [4, 5]}}
    assert rnncalc.match(spec, {"net.scale": (3,), "net.core.table": (4, 5)}).passed
    assert not differs(spec, {"net.scale": (3,), "net.table": (4, 5)}).passed


# from Python


def test_match_takes_a_model_a_mapping_or_a_file(tmp_path: Path) -> None:
    path = tmp_path / "tagger.yaml"
    path.write_text(json.dumps(TAGGER))
    for spec in (TAGGER, path, str(path), rnncalc.parse(TAGGER), rnncalc.load(path)):
        assert rnncalc.match(spec, PYTORCH["tagger"])


def test_an_error_says_what_differs_in_words(tmp_path: Path) -> None:
    path = tmp_path / "tagger.yaml"
    path.write_text(json.dumps(TAGGER))
    tensors = {**PYTORCH["tagger"], "head.weight": [10, 48], "tail.table": [2, 2]}
    del tensors["words.weight"]
    with pytest.raises(AssertionError) as error:
        rnncalc.match(path, tensors)
    assert str(error.value) == (
        f"{path} (tagger, pytorch) does not match the model\n"
        "  embedding: weight 1000 × 16 is missing from the model\n"
        "  head: weight 9 × 48 is 10 × 48 in the model (head.weight)\n"
        "  tail.table 2 × 2 is not in the spec"
    )


def test_an_error_stays_short_where_much_differs() -> None:
    layers = [{"dense": 3} for _ in range(100)]
    with pytest.raises(rnncalc.MismatchError) as error:
        rnncalc.match({"framework": "pytorch", "input": {"depth": 3}, "layers": layers}, {})
    assert str(error.value).endswith("and 160 more differences")


@pytest.mark.parametrize("tensors", [None, 3, "text", {"a": None}, [("a", (1,)), ("a", (2,))]])
def test_what_is_no_list_of_tensors_is_refused(tensors: Any) -> None:
    with pytest.raises(rnncalc.SpecError):
        rnncalc.match(TAGGER, tensors)


class Variable:
    """What a variable of Keras has of it."""

    def __init__(self, path: str, shape: Any) -> None:
        self.path, self.name, self.shape = path, path.rpartition("/")[2], tuple(shape)


def test_the_weights_of_keras_are_taken_as_they_are() -> None:
    pairs = KERAS["tagger"].items() if isinstance(KERAS["tagger"], dict) else KERAS["tagger"]
    weights = [Variable(path, shape) for path, shape in pairs]
    assert rnncalc.match(KERAS_TAGGER, weights)
    with pytest.raises(rnncalc.MismatchError):
        rnncalc.match(KERAS_TAGGER, weights[1:])


@pytest.mark.parametrize(("part", "told"), [("state_dict", "give its state_dict()"), ("weights", "give its weights")])
def test_for_a_whole_model_it_is_told_what_of_it_is_meant(part: str, told: str) -> None:
    with pytest.raises(rnncalc.SpecError, match=re.escape(told)):
        rnncalc.match(TAGGER, type("Model", (), {part: None})())


def test_ten_thousand_layers_are_matched_in_linear_time() -> None:
    count = 10_000
    layers = [{"dense": {"units": 8 + n % 7}} for n in range(count)]
    spec = rnncalc.parse({"framework": "pytorch", "input": {"depth": 8}, "layers": layers})
    depths = [8, *(8 + n % 7 for n in range(count))]
    shapes = {f"net.{n}.weight": (depths[n + 1], depths[n]) for n in range(count)}
    shapes |= {f"net.{n}.bias": (depths[n + 1],) for n in range(count)}
    assert rnncalc.match(spec, shapes).passed
    grown = {name: tuple(axis + 100 for axis in shape) for name, shape in shapes.items()}
    assert len(differs(spec, grown).differences) == 2 * count


# on the command line


def spec_file(tmp_path: Path, spec: Any = TAGGER) -> Path:
    path = tmp_path / "tagger.yaml"
    path.write_text(json.dumps(spec, indent=1))
    return path


def saved(tmp_path: Path, tensors: Any) -> Path:
    path = tmp_path / "model.json"
    path.write_text(json.dumps(tensors))
    return path


def test_verify_against_ends_with_0_where_all_matches(run: Run, tmp_path: Path) -> None:
    found = run("verify", spec_file(tmp_path), "--against", saved(tmp_path, PYTORCH["tagger"]))
    assert (found.status, found.err) == (0, "")
    assert "tagger · pytorch: matches" in found.out
    assert "encoder.rnn" in found.out


def test_verify_against_ends_with_1_where_something_differs(run: Run, tmp_path: Path) -> None:
    found = run("verify", spec_file(tmp_path), "--against", saved(tmp_path, PYTORCH["grown"]))
    assert (found.status, found.err) == (1, "")
    assert "does NOT match" in found.out
    row = next(line.split("  ") for line in found.out.splitlines() if "weight_ih_l1_reverse" in line)
    assert [cell.strip() for cell in row if cell.strip()] == [
        "FAIL",
        "encoder",
        "weight_ih_l1_reverse",
        "96 × 48",
        "128 × 64",
        "encoder.rnn.weight_ih_l1_reverse",
    ]
    assert "19 tensors: 2 as they should be, 17 of another shape" in found.out


def test_verify_against_a_safetensors_file(run: Run) -> None:
    args = ("lstm", "--input-depth", 2, "--units", 3, "--bidirectional", "-F", "torch")
    assert run("verify", *args, "--against", HERE / "models/half.safetensors").status == 0
    found = run("verify", *args, "--against", HERE / "models/small.safetensors")
    assert found.status == 1
    assert "norm.running_var" in found.out
    assert run("verify", *args, "--against", HERE / "models/small.safetensors", "--ignore", "norm.*").status == 0


def test_the_json_of_a_match_says_all(run: Run, tmp_path: Path) -> None:
    path, against = spec_file(tmp_path), saved(tmp_path, {**PYTORCH["tagger"], "head.bias": [8]})
    document = json.loads(run("verify", path, "--against", against, "-f", "json").out)
    assert (document["schema_version"], document["passed"], document["errors"]) == (1, False, [])
    (match,) = document["matches"]
    assert (match["model"], match["framework"], match["source"]) == ("tagger", "pytorch", str(path))
    assert (match["against"], match["passed"], match["aside"]) == (str(against), False, [])
    assert match["layers"][1] == {
        "name": "encoder",
        "line": 12,
        "prefixes": ["encoder.rnn"],
        "tensors": 16,
        "matched": 16,
        "advice": None,
    }
    assert match["differences"] == [
        {"kind": "shape", "layer": "head", "tensor": "bias", "shape": [9], "entry": "head.bias", "found": [8]}
    ]


def test_the_csv_of_a_match_has_a_row_a_layer_and_one_a_difference(run: Run, tmp_path: Path) -> None:
    tensors = {**PYTORCH["tagger"], "head.bias": [8]}
    found = run("verify", spec_file(tmp_path), "--against", saved(tmp_path, tensors), "-f", "csv")
    rows = list(csv.DictReader(io.StringIO(found.out)))
    assert [row["result"] for row in rows] == ["layer", "layer", "layer", "shape"]
    assert [int(row["matched"]) for row in rows[:3]] == [1, 16, 1]
    assert (rows[3]["shape"], rows[3]["found"], rows[3]["entry"]) == ("9", "8", "head.bias")


def test_markdown_of_a_match_is_a_table(run: Run, tmp_path: Path) -> None:
    found = run("verify", spec_file(tmp_path), "--against", saved(tmp_path, PYTORCH["tagger"]), "-f", "markdown")
    assert "| ok | encoder | all 16 |  |  | encoder.rnn |" in found.out


def test_the_options_of_match_are_flags(run: Run, tmp_path: Path) -> None:
    path, against = spec_file(tmp_path, TWINS), saved(tmp_path, {**PYTORCH["twins"], "extra": [3]})
    found = run("verify", path, "--against", against, "--map", "left=right", "--ignore", "ext*", "-f", "json")
    assert found.status == 0
    assert json.loads(found.out)["matches"][0]["layers"][0]["prefixes"] == ["right"]


def test_what_if_is_asked_of_a_match_too(run: Run, tmp_path: Path) -> None:
    against = saved(tmp_path, PYTORCH["grown"])
    assert run("verify", spec_file(tmp_path), "--against", against, "--set", "encoder.units=32").status == 0


def refused(run: Run, *args: object, **options: Any) -> str:
    found = run("verify", *args, **options)
    assert found.status == 2
    assert "Traceback" not in found.err
    return found.err


def test_what_cannot_be_compared_is_bad_usage(run: Run, tmp_path: Path) -> None:
    path, against = spec_file(tmp_path), saved(tmp_path, PYTORCH["tagger"])
    assert "cannot be read: No such file" in refused(run, path, "--against", tmp_path / "none.json")
    assert "cannot be read: Is a directory" in refused(run, path, "--against", tmp_path)
    assert "--map says something of the FILE" in refused(run, path, "--map", "a=b")
    assert "--map is LAYER=PREFIX" in refused(run, path, "--against", against, "--map", "head")
    assert "no layer with weights is named `hed`" in refused(run, path, "--against", against, "--map", "hed=head")
    assert "--output is one of the specs" in refused(run, path, "--against", against, "-o", against)
    assert "both be standard input" in refused(run, "-", "--against", "-", input=b"")
    assert "--input-depth and --units are needed" in refused(run, "lstm", "--against", against)
    (tmp_path / "two.yaml").write_text(f"{json.dumps(TAGGER)}\n---\n{json.dumps(TWINS)}\n")
    assert "--against is one model, but 2 are here" in refused(run, tmp_path / "two.yaml", "--against", against)
    (tmp_path / "bad.yaml").write_text("layers: 3\n")
    assert "bad.yaml:1" in refused(run, tmp_path / "bad.yaml", "--against", against)


def test_a_file_that_is_not_sound_is_told_with_its_path_and_a_valid_document(run: Run, tmp_path: Path) -> None:
    against = tmp_path / "model.safetensors"
    against.write_bytes(b"\xff" * 100)
    found = run("verify", spec_file(tmp_path), "--against", against, "-f", "json")
    assert found.status == 2
    assert found.err.startswith(f"error: {against}: a header of ")
    document = json.loads(found.out)
    assert (document["passed"], document["matches"], len(document["errors"])) == (False, [], 1)


def test_a_match_loads_no_numpy(tmp_path: Path) -> None:
    from tests.test_imports import loaded, loads

    modules = loaded(
        "verify", str(spec_file(tmp_path)), "--against", str(saved(tmp_path, PYTORCH["tagger"])), "-f", "csv"
    )
    assert "rnncalc.matching.assign" in modules
    assert loads(modules, "numpy", "rich", "rnncalc.proof.prove") == []
