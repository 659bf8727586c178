"""Reading specs: what may be written, what it means, and how a mistake is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rnncalc
from rnncalc import layouts
from rnncalc.cell import find, names, recurrent
from rnncalc.plan import Defaults
from tests.samples import having

pytestmark = pytest.mark.usefixtures("schema_agrees")

LSTM_10_128 = (10 + 128) * 4 * 128 + 4 * 128  # 71,168: one bias a map
LSTM_10_128_TWO = LSTM_10_128 + 4 * 128  # 71,680: one bias a matrix
LSTM_10_3 = (10 + 3) * 4 * 3 + 4 * 3
HEAD = "input: {depth: 10}\nlayers:\n"


@pytest.fixture
def spec(tmp_path: Path) -> Callable[[str], Path]:
    """Write a spec to a file."""

    def write(text: str, name: str = "model.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8", newline="")
        return path

    return write


def problems(given: Any) -> tuple[rnncalc.Problem, ...]:
    """What is wrong with a mapping, or with the file of a path."""
    with pytest.raises(rnncalc.SpecError) as error:
        rnncalc.load_all(given) if isinstance(given, Path) else rnncalc.parse(given)
    return error.value.problems


def model(*layers: Any, **more: Any) -> dict[str, Any]:
    """A spec of these layers over an input of depth 10."""
    return {"input": {"depth": 10}, "layers": list(layers), **more}


def layer(text: str) -> str:
    """A spec of one entry, as YAML."""
    return f"{HEAD}  - {text}\n"


# --- the forms of an entry ---


@pytest.mark.parametrize(
    "entry",
    [
        "lstm: 128",
        "lstm: {units: 128}",
        "lstm:\n      units: 128",
        "type: lstm\n    units: 128",
        "{type: lstm, units: 128}",
        "{units: 128, type: lstm}",
        '"lstm": "128"',
        "? lstm\n    : 128",
        "BasicLSTMCell: 128",
        "BasicLSTMCell: {num_units: 128}",
        "lstm: {num_units: 128, forget_bias: 1.0, state_is_tuple: true}",
    ],
)
def test_every_form_of_an_entry_means_the_same_layer(spec: Callable[..., Path], entry: str) -> None:
    assert rnncalc.load(spec(layer(entry))).params == LSTM_10_128


def test_a_bare_type_is_a_layer() -> None:
    (found,) = rnncalc.parse(model("dropout")).report().layers
    assert (found.type, found.params) == ("dropout", 0)


@pytest.mark.parametrize("cell", recurrent())
def test_a_bare_value_of_every_cell_is_its_units(cell: str) -> None:
    bare, named = ({"framework": "paper", **model({cell: given})} for given in (7, {"units": 7}))
    assert rnncalc.parse(bare).params == rnncalc.parse(named).params


@pytest.mark.parametrize("name", [n for n in (*names("rnncalc.cells"), *names("rnncalc.layers")) if find(n).required])
def test_every_layer_says_what_it_lacks(name: str) -> None:
    found = problems({"framework": "paper", **model(name)})
    assert [problem.message for problem in found] == [f"{name} needs `{key}`" for key in find(name).required]


def test_a_bare_value_of_dense_is_its_units_and_of_dropout_its_rate() -> None:
    assert rnncalc.parse(model({"dense": 64}, {"dropout": 0.2})).params == 10 * 64 + 64


@pytest.mark.parametrize("entry", [5, None, [], {}, ["lstm"], 1.5, True])
def test_what_is_no_entry_is_shown_one(entry: object) -> None:
    (found,) = problems(model(entry))
    assert "`lstm: {units: 128}`" in found.message
    assert found.where == ("layers", 0)


# --- framework words and class names ---


@pytest.mark.parametrize(
    ("framework", "entry", "params"),
    [
        ("tensorflow1", {"BasicRNNCell": {"num_units": 7}}, (10 + 7) * 7 + 7),
        ("tensorflow1", {"LSTMCell": {"num_units": 128, "use_peepholes": True}}, LSTM_10_128 + 3 * 128),
        ("tensorflow1", {"GRUCell": {"num_units": 128}}, 53_376),
        ("keras", {"SimpleRNN": {"units": 7}}, (10 + 7) * 7 + 7),
        ("keras", {"LSTM": {"units": 128, "input_dim": 10, "recurrent_dropout": 0.1}}, LSTM_10_128),
        ("keras", {"LSTM": {"units": 128, "use_bias": False}}, 70_656),
        ("keras", {"GRU": {"units": 128}}, 53_760),
        ("keras", {"GRU": {"units": 128, "reset_after": False}}, 53_376),
        ("keras", {"Dense": {"units": 5, "kernel_initializer": "zeros"}}, 10 * 5 + 5),
        ("pytorch", {"RNN": {"hidden_size": 7, "nonlinearity": "relu"}}, 10 * 7 + 7 * 7 + 2 * 7),
        ("pytorch", {"LSTM": {"input_size": 10, "hidden_size": 128, "batch_first": True}}, LSTM_10_128_TWO),
        ("pytorch", {"GRU": {"hidden_size": 128, "bias": True, "dropout": 0.1}}, 53_760),
        ("pytorch", {"Linear": {"in_features": 10, "out_features": 5}}, 10 * 5 + 5),
        ("pytorch", {"Dropout": {"p": 0.1}}, 0),
        ("torch", {"LSTM": 128}, LSTM_10_128_TWO),
        ("tf1", {"lstm": 128}, LSTM_10_128),
        ("paper", {"lstm": 128}, LSTM_10_128),
    ],
)
def test_a_framework_is_spoken_to_in_its_own_words(framework: str, entry: dict[str, Any], params: int) -> None:
    assert rnncalc.parse(model(entry, framework=framework)).params == params


@pytest.mark.parametrize(
    ("framework", "options"),
    [("keras", {"input_dim": 1000, "output_dim": 64}), ("pytorch", {"num_embeddings": 1000, "embedding_dim": 64})],
)
def test_an_embedding_needs_no_input(framework: str, options: dict[str, int]) -> None:
    assert rnncalc.parse({"framework": framework, "layers": [{"Embedding": options}]}).params == 1000 * 64


@pytest.mark.parametrize("framework", layouts.NAMES)
@pytest.mark.parametrize("cell", recurrent())
def test_the_words_of_the_spec_work_in_every_framework(framework: str, cell: str) -> None:
    layout = layouts.find(framework)
    entry = next((entry for entry in layout.entries if entry.cell in (cell, "*")), None)
    if entry is None:
        assert "has no" in problems(model({cell: 7}, framework=framework))[0].message
        return
    own = {layout.word("units", entry): 7}
    assert (
        rnncalc.parse(model({cell: {"units": 7}}, framework=framework)).params
        == rnncalc.parse(model({cell: own}, framework=framework)).params
    )


def test_a_class_name_chooses_among_the_forms_of_a_cell() -> None:
    given = rnncalc.parse(model({"LSTMCell": {"num_units": 3}})).report()
    assert given.layers[0].framework_type == "LSTMCell"
    assert rnncalc.parse(model({"lstm": 3})).report().layers[0].framework_type == "BasicLSTMCell"


def test_a_class_of_other_frameworks_is_told_whose_it_is() -> None:
    (found,) = problems(model({"LSTM": 3}))
    assert found.message == "unknown layer type `LSTM`; it is a class of keras, pytorch, onnx and haiku"


def test_a_word_of_another_framework_is_unknown() -> None:
    assert "unknown key `hidden_size` for lstm" in problems(model({"lstm": {"hidden_size": 3}}))[0].message


def test_a_key_given_in_two_words_is_an_error() -> None:
    (found,) = problems(model({"lstm": {"units": 3, "hidden_size": 3}}, framework="pytorch"))
    assert found.message == "`hidden_size` is given twice, in two words"


def test_a_typo_in_a_word_that_changes_nothing_is_still_an_error() -> None:
    (found,) = problems(model({"LSTM": {"hidden_size": 3, "batch_frist": True}}, framework="pytorch"))
    assert found.message.startswith("unknown key `batch_frist` for lstm")


def test_a_declared_depth_that_is_not_the_input_is_an_error() -> None:
    (found,) = problems(model({"LSTM": {"input_size": 7, "hidden_size": 3}}, framework="pytorch"))
    assert found.message == "input_size is 7, but the input of `lstm` has depth 10"
    assert found.where == ("layers", 0, "LSTM", "input_size")


# --- names ---


def test_a_model_is_named_after_its_file(spec: Callable[..., Path]) -> None:
    assert rnncalc.load(spec(layer("lstm: 3"), "keyword-spotter.v2.yaml")).name == "keyword-spotter.v2"


def test_documents_are_named_after_the_file_and_numbered_from_the_second(spec: Callable[..., Path]) -> None:
    path = spec(f"{layer('lstm: 3')}---\n{layer('gru: 3')}---\nname: mine\n{layer('rnn: 3')}", "m.yaml")
    assert [each.name for each in rnncalc.load_all(path)] == ["m", "m#2", "mine"]


def test_layers_of_one_type_are_numbered_from_the_second() -> None:
    report = rnncalc.parse(model({"lstm": 3}, {"dense": 3}, {"lstm": 3}, {"lstm": 3})).report()
    assert [each.name for each in report.layers] == ["lstm", "dense", "lstm_1", "lstm_2"]


def test_two_layers_of_one_name_are_an_error_at_the_second() -> None:
    (found,) = problems(model({"lstm": {"units": 3, "name": "a"}}, {"dense": {"units": 3, "name": "a"}}))
    assert (found.message, found.where) == ("two layers are named `a`", ("layers", 1, "dense", "name"))


def test_a_default_name_gives_way_to_a_given_one() -> None:
    report = rnncalc.parse(model({"lstm": 3}, {"lstm": 3}, {"lstm": {"units": 3, "name": "lstm_1"}})).report()
    assert len({each.name for each in report.layers}) == 3


@pytest.mark.parametrize("name", [3, "", "  ", None, [1], True])
def test_a_name_is_a_text(name: object) -> None:
    assert problems(model({"lstm": 3}, name=name))[0].where == ("name",)
    assert problems(model({"lstm": {"units": 3, "name": name}}))[0].where == ("layers", 0, "lstm", "name")


@pytest.mark.parametrize("name", ["模型", "модель", "مدل", "a/b", "é", "0.1"])
def test_a_name_may_be_in_any_script(spec: Callable[..., Path], name: str) -> None:
    assert rnncalc.load(spec(f"name: '{name}'\n{layer('lstm: 3')}")).name == name


# --- YAML 1.2, core schema ---


@pytest.mark.parametrize(
    ("written", "units"),
    [
        ("10", 10),
        ("010", 10),
        ("+10", 10),
        ("0o12", 10),
        ("0xA", 10),
        ("1e1", 10),
        ("1E+1", 10),
        ("10.0", 10),
        ("1_0", 10),
        ("'10'", 10),
        ('"10"', 10),
        ("!!str 10", 10),
        ("0.01k", 10),
    ],
)
def test_a_number_is_what_it_looks_like(spec: Callable[..., Path], written: str, units: int) -> None:
    assert rnncalc.load(spec(layer(f"lstm: {{units: {written}}}"))).params == (10 + units) * 4 * units + 4 * units


@pytest.mark.parametrize("written", ["1:30", "08x", "0b11", "1e", "..", "-", "2001-01-01", "=", "!!str ten"])
def test_a_text_that_looks_like_a_number_elsewhere_is_told_what_to_write(
    spec: Callable[..., Path], written: str
) -> None:
    (found,) = problems(spec(layer(f"lstm: {{units: {written}}}")))
    assert "write a whole number such as 128" in found.message


@pytest.mark.parametrize("written", ["true", "True", "TRUE"])
def test_true_is_true(spec: Callable[..., Path], written: str) -> None:
    assert rnncalc.load(spec(layer(f"lstm: {{units: 3, bidirectional: {written}}}"))).params == 2 * LSTM_10_3


@pytest.mark.parametrize(("written", "meant"), [("yes", "true"), ("on", "true"), ("no", "false"), ("Off", "false")])
def test_yes_and_no_are_words_and_told_so(spec: Callable[..., Path], written: str, meant: str) -> None:
    (found,) = problems(spec(layer(f"lstm: {{units: 3, bidirectional: {written}}}")))
    assert found.message == f"'{written}' is neither true nor false; write {meant}"


@pytest.mark.parametrize("name", ["no", "1:30", "0x_", "12e", "yes", "~a"])
def test_a_plain_word_is_a_text(spec: Callable[..., Path], name: str) -> None:
    assert rnncalc.load(spec(f"name: {name}\n{layer('lstm: 3')}")).name == name


@pytest.mark.parametrize("nothing", ["null", "~", "", "Null", "NULL"])
def test_an_input_of_null_is_none(spec: Callable[..., Path], nothing: str) -> None:
    path = spec(f"input: {nothing}\nlayers:\n  - embedding: {{vocab: 5, depth: 3}}\n")
    assert rnncalc.load(path).params == 5 * 3


def test_a_long_hexadecimal_number_is_read_to_its_end(spec: Callable[..., Path]) -> None:
    path = spec(layer(f"lstm: 0x{'0' * 97}10"))
    assert rnncalc.load(path).params == (10 + 16) * 4 * 16 + 4 * 16


@pytest.mark.parametrize("written", ["{units: !!int 3}", "{units: 3, bidirectional: !!bool false}"])
def test_the_tags_of_the_core_schema_work(spec: Callable[..., Path], written: str) -> None:
    assert rnncalc.load(spec(layer(f"lstm: {written}"))).params == LSTM_10_3


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("!!int a", "'a' is no int"),
        ("!!int true", "'true' is no int"),
        ("!!bool 1", "'1' is no bool"),
        ("!!null 0", "'0' is no null"),
        ("!!str [a]", "the tag `!!str` is not allowed"),
        ("!!int {a: b}", "the tag `!!int` is not allowed"),
    ],
)
def test_a_tag_that_does_not_fit_is_told_once(spec: Callable[..., Path], written: str, told: str) -> None:
    (found,) = problems(spec(layer(f"lstm: {{units: {written}}}")))
    assert found.message.startswith(told)
    assert (found.line, found.column) == (3, len("  - lstm: {units: ") + 1)


@pytest.mark.parametrize("written", ["0x1_0", "0X10", "0o8", "0x", "-0x10", "0b1"])
def test_what_is_no_number_of_the_core_schema_is_a_text(spec: Callable[..., Path], written: str) -> None:
    (found,) = problems(spec(layer(f"lstm: {written}")))
    assert found.message.startswith(f"'{written}' is not a size")


# --- what people remark ---


def test_remarks_and_anchors_are_free_in_a_layer_and_beside_its_type(spec: Callable[..., Path]) -> None:
    for entry in (
        "{description: the encoder, x-owner: me, lstm: {units: 3}}",
        "lstm: {units: 3, description: the encoder, x-owner: [me]}",
        "{type: lstm, units: 3, description: the encoder, x-owner: me}",
    ):
        assert rnncalc.load(spec(layer(entry))).params == LSTM_10_3


# --- sharing within a document ---


def test_a_merge_key_brings_defaults_that_the_mapping_overrides(spec: Callable[..., Path]) -> None:
    path = spec(
        f"x-base: &base {{units: 128, bidirectional: true}}\n{layer('lstm: {<<: *base, bidirectional: false}')}"
    )
    assert rnncalc.load(path).params == LSTM_10_128


def test_the_first_of_several_merged_mappings_wins(spec: Callable[..., Path]) -> None:
    path = spec(f"x-a: &a {{units: 128}}\nx-b: &b {{units: 3, name: b}}\n{layer('lstm: {<<: [*a, *b]}')}")
    assert (rnncalc.load(path).params, rnncalc.load(path).report().layers[0].name) == (LSTM_10_128, "b")


def test_an_alias_repeats_a_layer(spec: Callable[..., Path]) -> None:
    assert rnncalc.load(spec(f"{HEAD}  - &l {{dense: 10}}\n  - *l\n  - *l\n")).params == 3 * (10 * 10 + 10)


@pytest.mark.parametrize("base", ["3", "[3]", "text"])
def test_only_mappings_are_merged(spec: Callable[..., Path], base: str) -> None:
    (found,) = problems(spec(f"x-base: &base {base}\n{layer('lstm: {<<: *base, units: 3}')}"))
    assert "`<<` merges mappings" in found.message


def test_a_quoted_merge_key_is_a_plain_key(spec: Callable[..., Path]) -> None:
    (found,) = problems(spec(layer("lstm: {'<<': {name: a}, units: 3}")))
    assert found.message.startswith("unknown key `<<` for lstm")


# --- free keys ---


def test_a_description_and_x_keys_are_free(spec: Callable[..., Path]) -> None:
    text = f"description: [any, {{thing: 1}}]\nx-owner: me\nx-nested: {{a: [1]}}\n{layer('lstm: {units: 3, x-why: 1}')}"
    assert rnncalc.load(spec(text)).params == LSTM_10_3


# --- input ---


@pytest.mark.parametrize("given", [{"depth": 10}, {"depth": 10, "steps": 5}, {"shape": [5, 10]}, {"shape": [None, 10]}])
def test_an_input_is_a_depth_with_steps_or_a_shape(given: dict[str, Any]) -> None:
    assert rnncalc.parse({"input": given, "layers": [{"lstm": 128}]}).params == LSTM_10_128


def test_known_steps_give_the_cost_of_a_sequence() -> None:
    report = rnncalc.parse({"input": {"depth": 10, "steps": 28}, "layers": [{"lstm": 128}]}).report()
    assert (report.macs_per_step, report.macs) == (70_656, 28 * 70_656)


@pytest.mark.parametrize(
    "given", [5, [5, 10], {"shape": []}, {"shape": 5}, {"depth": 10, "shape": [5, 10]}, "10", {"shape": [5, 0]}]
)
def test_any_other_input_is_an_error(given: object) -> None:
    assert problems({"input": given, "layers": [{"lstm": 3}]})[0].where[0] == "input"


@pytest.mark.parametrize("given", [{}, {"steps": 6}])
def test_an_input_without_a_depth_is_whole_numbers(given: dict[str, int]) -> None:
    found = rnncalc.parse({"input": given, "layers": [{"embedding": {"vocab": 11, "depth": 2}}]})
    assert found.report().layers[0].output_shape == (None, given.get("steps"), 2)


def test_a_recurrent_layer_without_an_input_says_what_to_write() -> None:
    (found,) = problems({"layers": [{"lstm": 3}]})
    assert "`input: {depth: 10}`" in found.message


@pytest.mark.parametrize("shape", [[10], [2, 5, 10]])
def test_a_recurrent_layer_needs_steps_and_a_depth(shape: list[int]) -> None:
    assert "`lstm`" in problems({"input": {"shape": shape}, "layers": [{"lstm": 3}]})[0].message


def test_a_sequence_that_was_not_returned_is_missed_by_the_next_layer() -> None:
    (found,) = problems(model({"lstm": {"units": 3, "return_sequences": False}}, {"lstm": 3}))
    assert found.message.startswith("`lstm_1`: it needs a sequence")
    assert found.message.endswith("`return_sequences: true`?")


def test_a_residual_needs_equal_shapes() -> None:
    (found,) = problems(model({"lstm": {"units": 3, "residual": True}}))
    assert "cannot add its input to its output: (?, 10) in, (?, 3) out" in found.message


# --- frozen layers, budgets, expectations ---


def test_a_frozen_layer_counts_as_not_trainable() -> None:
    report = rnncalc.parse(model({"lstm": {"units": 128, "trainable": False}}, {"dense": 2})).report()
    assert (report.params, report.trainable_params) == (LSTM_10_128 + 128 * 2 + 2, 128 * 2 + 2)


@pytest.mark.parametrize("key", ["budget", "expect"])
def test_limits_may_be_written_as_sizes_and_bytes(key: str) -> None:
    given = {"params": "450k", "weight_bytes": "2MiB", "layers": {"head": {"params": "5k"}}}
    plan = rnncalc.parse(model({"lstm": 3}, {"dense": {"units": 2, "name": "head"}}, **{key: given})).plan
    assert getattr(plan, key) == {"params": 450_000, "weight_bytes": 2 * 2**20, "layers": {"head": {"params": 5_000}}}


@pytest.mark.parametrize("key", ["budget", "expect"])
@pytest.mark.parametrize(
    ("given", "where", "message"),
    [
        (3, (), "holds metrics"),
        ([], (), "holds metrics"),
        ({"parms": 3}, ("parms",), "unknown metric `parms`; did you mean `params`?"),
        ({"params": -1}, ("params",), "out of range; a whole number from 0"),
        ({"params": "2MiB"}, ("params",), "is not a size"),
        ({"weight_bytes": "2Mib"}, ("weight_bytes",), "such as 2MiB"),
        ({"layers": {"lstmm": {"params": 3}}}, ("layers", "lstmm"), "no layer is named `lstmm`; did you mean `lstm`?"),
        ({"layers": {"lstm": 3}}, ("layers", "lstm"), "holds metrics"),
        ({"layers": {"lstm": {"parms": 3}}}, ("layers", "lstm", "parms"), "did you mean `params`?"),
    ],
)
def test_a_wrong_limit_is_told_with_its_place(key: str, given: Any, where: tuple[str, ...], message: str) -> None:
    (found,) = problems(model({"lstm": 3}, **{key: given}))
    assert found.where == (key, *where)
    assert message in found.message


def test_limits_of_layers_that_are_no_mapping_are_told_so() -> None:
    (found,) = problems(model({"lstm": 3}, budget={"layers": 3}))
    assert "unknown metric" not in found.message


# --- errors: the place, the line, the caret, the suggestion ---


def told(path: Path) -> str:
    """The whole message, without the folder."""
    with pytest.raises(rnncalc.SpecError) as error:
        rnncalc.load_all(path)
    return str(error.value).replace(f"{path.parent}/", "")


def test_an_error_shows_the_line_and_points_at_the_key(spec: Callable[..., Path]) -> None:
    assert told(spec(layer("lstm: {units: 3, unts: 4}"))) == (
        "model.yaml:3:22: unknown key `unts` for lstm; did you mean `units`?\n"
        "    3 |   - lstm: {units: 3, unts: 4}\n"
        "      |                      ^"
    )


def test_an_error_points_at_the_value_where_that_is_wrong(spec: Callable[..., Path]) -> None:
    assert told(spec(layer("lstm: {units: 10x}"))) == (
        "model.yaml:3:19: '10x' is not a size; write a whole number such as 128, 1_000, 10k or 1.5M\n"
        "    3 |   - lstm: {units: 10x}\n"
        "      |                   ^"
    )


def test_the_caret_stands_below_the_place_after_wide_characters(spec: Callable[..., Path]) -> None:
    *_, line, caret = told(spec(layer("lstm: {name: 模型, units: 0}"))).split("\n")
    assert line.endswith("模型, units: 0}")
    assert caret.index("^") == line.index("0}") + 2  # each of the two characters is two columns wide


def test_a_long_line_is_cut_around_the_place(spec: Callable[..., Path]) -> None:
    _, line, caret = told(spec(layer(f"lstm: {{x-a: {'a' * 500}, units: 0, x-b: {'b' * 500}}}"))).split("\n")
    assert len(line) < 120
    assert line[caret.index("^")] == "0"


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("bugdet: 3\n" + layer("lstm: 3"), 1, 1),
        (layer("lstm: 0"), 3, 11),
        (layer("lstm:\n      units: 3\n      num_layers: 0"), 5, 19),
        (layer("lstn: 3"), 3, 5),
        (layer("lstm"), 3, 5),
        (layer("{type: lstm, units: 0}"), 3, 25),
        ("layers: []\n", 1, 9),
        ("name: x\n", 1, 1),
        ("- 1\n", 1, 1),
        ("\n\n# a note\nwords\n", 4, 1),
        (layer("lstm: 3") + "---\n" + layer("gru: 0"), 7, 10),
        ("x-u: &u 0\n" + layer("lstm: {units: *u}"), 1, 6),
    ],
)
def test_every_error_has_its_line_and_column(spec: Callable[..., Path], text: str, line: int, column: int) -> None:
    (found,) = problems(spec(text))
    assert (found.line, found.column) == (line, column)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way(spec: Callable[..., Path], end: str) -> None:
    (found,) = problems(spec(layer("lstm: 0").replace("\n", end)))
    assert (found.line, found.column, found.text) == (3, 11, "  - lstm: 0")


def test_a_byte_order_mark_is_not_part_of_the_text(spec: Callable[..., Path]) -> None:
    (found,) = problems(spec(f"\ufeffnmae: x\n{layer('lstm: 3')}"))
    assert (found.message, found.column) == ("unknown key `nmae`; did you mean `name`?", 1)


@pytest.mark.parametrize(
    ("entry", "word", "meant"),
    [
        ("lstn: 3", "lstn", "lstm"),
        ("Lstm: 3", "Lstm", "lstm"),
        ("desne: 3", "desne", "dense"),
        ("lstm: {units: 3, bidirectionl: true}", "bidirectionl", "bidirectional"),
        ("lstm: {units: 3, merge_mode: conct}", "conct", "concat"),
        ("lstm: {units: 3, activation: tahn}", "tahn", "tanh"),
        ("lstm: {units: 3, bias: singel}", "singel", "single"),
    ],
)
def test_the_nearest_valid_word_is_suggested(spec: Callable[..., Path], entry: str, word: str, meant: str) -> None:
    (found,) = problems(spec(layer(entry)))
    assert word in found.message
    assert f"did you mean `{meant}`?" in found.message


def test_all_errors_of_a_file_are_told_at_once(spec: Callable[..., Path]) -> None:
    path = spec(
        "framewrok: keras\n"
        "dtype: float23\n"
        "layers:\n"
        "  - lstm: {units: 0, unts: 3, bidirectional: yes}\n"
        "  - desne: 3\n"
        "  - 5\n"
        "---\n"
        "layers:\n"
        "  - gru: ten\n"
    )
    assert [(each.line, each.column) for each in problems(path)] == [
        (1, 1),
        (2, 8),
        (4, 19),
        (4, 22),
        (4, 46),
        (5, 5),
        (6, 5),
        (9, 10),
    ]


def test_all_layers_that_a_framework_cannot_build_are_told_at_once() -> None:
    given = model({"lstm": {"units": 9, "peephole": True}}, {"lstm": {"units": 9, "projection": 3}}, framework="keras")
    assert [each.where[1] for each in problems(given)] == [0, 1]


def test_a_typo_does_not_hide_what_the_framework_cannot_build() -> None:
    found = problems(model({"lstm": {"units": 9, "peephole": True}}, {"dense": 0}, framework="keras"))
    assert len(found) == 2


def test_all_duplicate_keys_are_told_at_once(spec: Callable[..., Path]) -> None:
    path = spec(layer("lstm: {units: 3, units: 4}\n  - lstm: {name: a, name: b, units: 3}"))
    assert [each.line for each in problems(path)] == [3, 4]


def test_unknown_keys_of_the_input_are_told_in_the_order_of_the_file(spec: Callable[..., Path]) -> None:
    text = "input: {dept: 10, stps: 3, shpae: 1}\nlayers: [lstm: 3]\n"
    assert sorted(each.column or 0 for each in problems(spec(text))) == [9, 19, 28]


def test_a_syntax_error_at_the_end_points_at_the_end_of_the_last_line(spec: Callable[..., Path]) -> None:
    (found,) = problems(spec(layer("lstm: {units: [")))
    assert (found.line, found.column) == (3, len("  - lstm: {units: [") + 1)


def test_a_reader_error_points_at_the_character(spec: Callable[..., Path]) -> None:
    (found,) = problems(spec("name: é\nframework: ke\x07ras\n"))
    assert (found.line, found.column) == (2, len("framework: ke") + 1)
    assert "U+0007" in found.message


def test_mistakes_of_yaml_and_of_the_spec_are_told_together_in_the_order_of_the_file(spec: Callable[..., Path]) -> None:
    path = spec(f"dtype: float23\n{layer('lstm: {units: 3, units: 4, unts: 3}')}x-a: {{b: 1, b: 2}}\n")
    assert [each.line for each in problems(path)] == [1, 4, 4, 5]


def test_a_document_that_is_no_use_does_not_hide_the_next(spec: Callable[..., Path]) -> None:
    path = spec(f"&a [*a]\n---\n{layer('lstm: 0')}")
    assert [each.line for each in problems(path)] == [1, 5]


def test_a_later_document_may_have_a_byte_order_mark(spec: Callable[..., Path]) -> None:
    path = spec(f"\ufeff{layer('lstm: 3')}---\n\ufeff{layer('lstm: 3')}")
    assert [each.params for each in rnncalc.load_all(path)] == [LSTM_10_3] * 2


def test_the_word_of_another_framework_is_told_whose_it_is() -> None:
    found = [each.message for each in problems(model({"gru": {"hidden_size": 3}}))]
    assert "unknown key `hidden_size` for gru; that is pytorch's word for `num_units`" in found


def test_two_layers_in_one_entry_are_told_apart() -> None:
    (found,) = problems(model({"lstm": 3, "dense": 4}))
    assert found.message == "`dense` stands beside `lstm`: two layers are two entries, each with a dash of its own"


@pytest.mark.parametrize("key", [3, "k" * 10_000, ("a", "b")])
def test_a_key_that_is_no_word_gives_a_short_message(key: object) -> None:
    for given in (model({"lstm": 3}, **{}) | {key: 1}, model({"lstm": {"units": 3, key: 1}}), model({key: 1})):
        assert len(str(problems(given)[0])) < 300


def test_thousands_of_layers_are_named_in_order() -> None:
    report = rnncalc.parse(model(*[{"dropout": 0.5}] * 5000, {"dropout": {"rate": 0.5, "name": "dropout_2"}})).report()
    assert [layer.name for layer in report.layers[:4]] == ["dropout", "dropout_1", "dropout_3", "dropout_4"]
    assert len({layer.name for layer in report.layers}) == 5001


# --- rnncalc.load, load_all, parse ---


def test_parse_takes_tuples_and_numbers_of_numpy() -> None:
    layers = ({"lstm": {"units": np.int64(3), "bidirectional": np.False_}}, {"dropout": np.float32(0.5)})
    found = rnncalc.parse({"input": {"shape": (np.int32(7), np.int64(10))}, "layers": layers})
    assert found.params == LSTM_10_3


def test_load_takes_a_path_or_a_text(spec: Callable[..., Path]) -> None:
    path = spec(layer("lstm: 128"))
    assert rnncalc.load(path).params == rnncalc.load(str(path)).params == LSTM_10_128


def test_load_refuses_several_models_and_says_what_reads_them(spec: Callable[..., Path]) -> None:
    with pytest.raises(rnncalc.SpecError, match="holds 2 models; read them with load_all"):
        rnncalc.load(spec(f"{layer('lstm: 3')}---\n{layer('gru: 3')}"))


def test_load_all_gives_every_model_in_order(spec: Callable[..., Path]) -> None:
    found = rnncalc.load_all(spec(f"---\n{layer('dense: 1')}---\n{layer('dense: 2')}...\n---\n{layer('dense: 3')}"))
    assert [each.params for each in found] == [11, 22, 33]


def test_empty_documents_are_left_out(spec: Callable[..., Path]) -> None:
    path = spec(f"---\n---\n{layer('lstm: 128')}---\n# nothing\n---\n")
    assert (rnncalc.load(path).params, rnncalc.load(path).name) == (LSTM_10_128, "model")


def test_load_knows_where_a_model_came_from(spec: Callable[..., Path]) -> None:
    path = spec(layer("lstm: 3"))
    assert rnncalc.load(path).report().source == str(path)
    assert rnncalc.parse(model({"lstm": 3})).report().source is None


@pytest.mark.parametrize("framework", having("dense"))
def test_a_framework_given_to_load_overrides_the_spec(spec: Callable[..., Path], framework: str) -> None:
    path = spec(f"framework: pytorch\n{layer('dense: 3')}")
    assert rnncalc.load(path, framework).framework == framework
    assert rnncalc.parse(model({"dense": 3}), framework=framework).framework == framework


@pytest.mark.parametrize("alias", layouts.ALIASES)
def test_every_alias_is_its_framework(alias: str) -> None:
    assert rnncalc.parse(model({"dense": 3}, framework=alias)).framework == layouts.ALIASES[alias]


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        rnncalc.load(tmp_path / "none.yaml")


def test_a_spec_error_is_a_value_error_and_lists_its_problems() -> None:
    with pytest.raises(ValueError, match="unknown key `lstmm`") as error:
        rnncalc.parse({"lstmm": 1, "layers": [{"lstm": 3}]})
    assert isinstance(error.value, rnncalc.RnncalcError)
    assert isinstance(error.value, rnncalc.SpecError)
    assert error.value.problems[0].where == ("lstmm",)


def test_parse_says_the_way_to_a_mistake() -> None:
    with pytest.raises(rnncalc.SpecError, match=r"^layers\[1\]\.dense\.units: "):
        rnncalc.parse(model({"lstm": 3}, {"dense": {"units": 0}}))


def test_parse_leaves_its_mapping_as_it_was() -> None:
    given = model({"type": "lstm", "units": 3, "bias": True}, {"dense": 2}, budget={"params": "5k"})
    before = json.dumps(given)
    rnncalc.parse(given)
    assert json.dumps(given) == before


# --- standard input ---


def test_a_dash_reads_standard_input(run: Callable[..., Any]) -> None:
    found = run("count", "-", "-f", "json", input=layer("lstm: 128").encode())
    (counted,) = json.loads(found.out)["models"]
    assert (found.status, counted["name"], counted["params"]["total"]) == (0, "stdin", LSTM_10_128)


def test_several_documents_of_standard_input_are_several_models(run: Callable[..., Any]) -> None:
    found = run("count", "-", "-f", "json", input=f"{layer('lstm: 3')}---\n{layer('gru: 3')}".encode())
    assert [each["name"] for each in json.loads(found.out)["models"]] == ["stdin", "stdin#2"]


def test_an_error_in_standard_input_is_told_with_its_line(run: Callable[..., Any]) -> None:
    found = run("count", "-", input=layer("lstm: 0").encode())
    assert found.status == 2
    assert found.err.startswith("error: <stdin>:3:11: 0 is out of range")


def test_two_models_of_one_file_and_name_are_an_error(run: Callable[..., Any]) -> None:
    text = f"name: a\n{layer('lstm: 3')}---\nname: a\n{layer('gru: 3')}"
    found = run("count", "-", "-f", "json", input=text.encode())
    assert found.status == 2
    assert [each["name"] for each in json.loads(found.out)["models"]] == ["a"]
    assert [(each["line"], each["message"]) for each in json.loads(found.out)["errors"]] == [
        (6, "two models of this file are named `a`")
    ]


# --- layers that a spec leaves something out of, or asks too much of ---


@pytest.mark.parametrize(
    ("framework", "entry"),
    [
        ("keras", {"MultiHeadAttention": {"num_heads": 5}}),
        ("paper", {"multi_head_attention": {"heads": 5}}),
        ("paper", "additive_attention"),
    ],
)
def test_a_size_that_nothing_stands_for_is_missed(framework: str, entry: Any) -> None:
    with pytest.raises(rnncalc.SpecError, match="needs"):
        rnncalc.parse(model(entry, framework=framework)).report()


def test_a_highway_network_without_end_is_refused() -> None:
    assert "depth" in problems(model({"rhn": {"units": 3, "depth": 100_000}}, framework="paper"))[0].where


def test_a_class_of_several_ranks_takes_its_rank_from_the_input() -> None:
    given = {"framework": "flax", "input": {"shape": [6, 5, 5, 3]}}
    found = rnncalc.parse({**given, "layers": [{"ConvLSTMCell": {"filters": 4, "kernel_size": 2}}]})
    assert found.params == 4 * (3 + 4) * 4 * 4 + 8 * 4


def test_bare_weights_are_no_layer() -> None:
    (found,) = problems({"layers": [{"weights": {"shapes": {"W": [2, 3]}}}]})
    assert "true" not in found.message


def test_an_unknown_length_is_shown_in_the_whole_shape() -> None:
    (found,) = problems({"framework": "keras", "input": {"shape": [None, 5]}, "layers": ["flatten"]})
    assert "(?, 5)" in found.message


# --- defaults ---------------------------------------------------------------------------------------------------------


def test_defaults_stand_where_a_spec_says_nothing() -> None:
    spec = {"input": {"depth": 10}, "layers": [{"lstm": 128}]}
    found = rnncalc.parse(spec, default=Defaults("pytorch", "int8")).report()
    assert (found.framework, found.params, found.weight_bytes) == ("pytorch", LSTM_10_128_TWO, LSTM_10_128_TWO)


def test_defaults_give_way_to_what_a_spec_says() -> None:
    spec = {"framework": "keras", "dtype": "float16", "input": {"depth": 10}, "layers": [{"lstm": 128}]}
    found = rnncalc.parse(spec, default=Defaults("pytorch", "int8")).report()
    assert (found.framework, found.weight_bytes) == ("keras", 2 * LSTM_10_128)
