"""The JSON Schema of a spec: it is one, it takes what the reader takes, and says what is wrong with the rest.

That it agrees with the reader on every spec of the other tests is held by the fixture `schema_agrees`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import rnncalc
from rnncalc import layouts
from rnncalc.cell import find, names
from rnncalc.gate import project
from rnncalc.report import METRICS
from rnncalc.schema import schema
from rnncalc.schema.words import WORDS
from rnncalc.spec.keys import EVERY_LAYER, RECURRENT, class_of
from rnncalc.spec.read import TOP
from rnncalc.spec.source import documents
from tests.agreement import BEYOND, told, validator

ROOT = Path(__file__).parent.parent
CONFIGS = sorted((ROOT / "configs").rglob("*.yaml"))
Run = Callable[..., Any]


def values(path: Path) -> Iterator[Any]:
    for document in documents(path.read_text("utf-8"), path.name):
        yield json.loads(json.dumps(document.value))


def spec(*layers: Any, **more: Any) -> dict[str, Any]:
    return {"input": {"depth": 10}, "layers": list(layers), **more}


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_every_reference_leads_somewhere_and_every_definition_is_used() -> None:
    found = schema()
    text = json.dumps(found)
    referred = set(re.findall(r'"#/\$defs/([^"]+)"', text))
    assert referred == set(found["$defs"])


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_config_of_the_repository_validates(path: Path) -> None:
    for value in values(path):
        assert told(value) == []


@pytest.mark.parametrize("path", CONFIGS[:6], ids=lambda path: path.stem)
def test_a_key_with_a_letter_too_many_is_refused_wherever_it_stands(path: Path) -> None:
    for value in values(path):
        for place in list(_mappings(value)):
            key = next(iter(place))
            place[f"{key}q"] = place.pop(key)
            assert told(value), f"{key}q"
            place[key] = place.pop(f"{key}q")
        assert told(value) == []


def _mappings(value: Any, named: bool = False) -> Iterator[dict[str, Any]]:
    """The mappings of a spec whose keys are not names of its own."""
    if isinstance(value, dict):
        if value and not named:
            yield value
        for key, each in value.items():
            if not key.startswith("x-"):
                yield from _mappings(each, key in ("inputs", "weights") or (key == "layers" and isinstance(each, dict)))
    elif isinstance(value, list):
        for each in value:
            yield from _mappings(each)


@pytest.mark.parametrize("framework", [*layouts.NAMES, *layouts.ALIASES])
def test_every_layer_and_class_of_a_framework_is_known_and_no_other(framework: str) -> None:
    layout = layouts.find(framework)
    known = {*names("rnncalc.cells"), *names("rnncalc.layers")}
    classes = {entry.class_name(rank) for entry in layout.entries for rank in (1, 2, 3)} - {"*", "weights"}
    for word in {*known, *classes, "Nothing", "LSTM", "Conv2D", "Conv2d", "OptimizedLSTMCell"}:
        value = spec({word: {"name": "x", "same_as": "x"}}, framework=framework)
        entry, cell = class_of(word, layout), find(word)
        has = any(each.cell in ("*", cell.base) and each.has_rank(cell.rank) for each in layout.entries) if cell else 0
        assert (told(value) == []) is bool(entry or has), word


def test_every_key_is_in_the_schema_with_a_word_for_the_editor() -> None:
    found = schema()
    assert set(found["properties"]) == set(TOP)
    assert set(found["$defs"]["paper.lstm"]["properties"]) >= set(RECURRENT)
    assert set(found["$defs"]["paper.dense"]["properties"]) >= set(EVERY_LAYER)
    assert set(found["$defs"]["limits"]["properties"]) == {*METRICS, "layers"}
    assert [key for key in (*TOP, *RECURRENT) if not WORDS.get(key)] == []


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        (spec({"lstm": {"units": 3, "unts": 4}}), "'unts'"),
        (spec({"lstn": 3}), "'lstn'"),
        (spec({"lstm": "10x"}), "'10x'"),
        (spec({"lstm": 3.5}), "3.5"),
        (spec({"lstm": 0}), "0"),
        (spec({"lstm": {"units": 3, "peephole": "yes"}}), "'yes'"),
        (spec({"lstm": 3}, framework="kears"), "'kears'"),
        (spec({"lstm": 3}, budget={"parms": 3}), "parms"),
        (spec({"lstm": 3}, dtype="float33"), "'float33'"),
    ],
)
def test_a_mistake_is_told_by_the_word_that_is_wrong(value: Any, wrong: str) -> None:
    found = list(_leaves(validator().iter_errors(value)))
    assert any(wrong in message for message in found), found


def _leaves(errors: Any) -> Iterator[str]:
    for error in errors:
        yield error.message
        yield from _leaves(error.context)


@pytest.mark.parametrize(
    ("framework", "layer"),
    [
        ("keras", {"lstm": {"units": 3, "peephole": True}}),  # Keras has no peepholes
        ("keras", {"lstm": {"units": 3, "bias": "double"}}),  # nor two biases
        ("haiku", {"gru": {"units": 3, "bidirectional": True, "merge_mode": "ave"}}),
        ("pytorch", {"LSTM": {"num_units": 3}}),  # TensorFlow's word
        ("keras", {"conv2d": {"filters": 3, "kernel_size": [3, 3, 3]}}),
        ("pytorch", {"rnn": {"units": 3, "activation": "sigmoid"}}),
    ],
)
def test_what_a_framework_cannot_build_is_refused(framework: str, layer: Any) -> None:
    value = spec(layer, framework=framework, input={"shape": [8, 9, 10]} if "conv2d" in layer else {"depth": 10})
    assert told(value)
    with pytest.raises(rnncalc.SpecError):
        rnncalc.parse(value)


def test_the_framework_of_a_spec_that_names_none_can_be_chosen(run: Run) -> None:
    status, out, _ = run("schema", "--framework", "torch")
    found = jsonschema.Draft202012Validator(json.loads(out))
    assert status == 0
    assert found.is_valid(spec({"LSTM": {"hidden_size": 3}}))
    assert not found.is_valid(spec({"BasicLSTMCell": 3}))
    assert not validator().is_valid(spec({"LSTM": {"hidden_size": 3}}))


def test_the_command_prints_the_schema_or_writes_it(run: Run, tmp_path: Path) -> None:
    status, out, err = run("schema")
    assert (status, err) == (0, "")
    assert json.loads(out) == json.loads(json.dumps(schema()))
    assert run("schema", "-o", tmp_path / "spec.json").status == 0
    assert (tmp_path / "spec.json").read_text("utf-8") == out


def test_the_schema_of_a_project_file_is_one_and_has_every_key(run: Run) -> None:
    found = json.loads(run("schema", "--project").out)
    jsonschema.Draft202012Validator.check_schema(found)
    assert set(found["properties"]) == set(project.KEYS)
    assert all(each.get("description") for each in found["properties"].values())
    assert set(re.findall(r'"#/\$defs/([^"]+)"', json.dumps(found))) == set(found["$defs"])


def test_what_a_schema_cannot_say_is_a_list_of_patterns_each_of_which_the_reader_says() -> None:
    house = "".join(path.read_text("utf-8") for path in Path(rnncalc.__file__).parent.rglob("*.py"))
    for words in BEYOND:
        longest = max(re.findall(r"[a-z ]{4,}", words), key=len).strip()
        assert longest.split(" ")[-1] in house, words
