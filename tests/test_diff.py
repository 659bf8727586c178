"""`rnncalc diff` between two specs or folders: what is which, by how much it differs, and why. Figures are by hand."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import rnncalc
from rnncalc import layouts
from rnncalc.changes.causes import FIELDS
from rnncalc.changes.diff import ModelChange, changed
from rnncalc.changes.pairs import REFERENCES
from rnncalc.network import build
from rnncalc.plan import LayerPlan, Plan
from rnncalc.report import METRICS
from tests.samples import having

Run = Callable[..., Any]

CONFIGS = sorted((Path(__file__).parent.parent / "configs").rglob("*.yaml"))


def lstm(depth: int, units: int, biases: int = 1) -> int:
    """The parameters of an LSTM, from its shapes."""
    return 4 * units * (depth + units + biases)


def dense(depth: int, units: int) -> int:
    return depth * units + units


def model(*layers: Any, **keys: Any) -> rnncalc.Model:
    return rnncalc.parse({"name": "net", "framework": "keras", "input": {"depth": 10}, "layers": [*layers], **keys})


def between(old: list[Any], new: list[Any], **keys: Any) -> ModelChange:
    """What changed between these layers."""
    return changed(model(*old), model(*new, **keys))


def kinds(found: ModelChange) -> dict[str, tuple[str, str | None]]:
    return {layer.name: (layer.kind, layer.old_name) for layer in found.layers}


ENCODER = {"lstm": {"units": 128, "name": "encoder"}}
HEAD = {"dense": {"units": 21, "name": "head"}}


# --- causes in words --------------------------------------------------------------------------------------------------


def test_a_size_that_grew_is_told_with_its_layer_and_what_it_costs() -> None:
    found = between([ENCODER, HEAD], [{"lstm": {"units": 160, "name": "encoder"}}, HEAD])
    assert (found.kind, found.causes) == ("changed", ("units 128 -> 160 in encoder",))
    assert found.figures["params"][:2] == (lstm(10, 128) + dense(128, 21), lstm(10, 160) + dense(160, 21))
    encoder, head = found.layers
    assert encoder.figures["params"].change == lstm(10, 160) - lstm(10, 128)
    assert encoder.causes == ("units 128 -> 160",)
    assert head.figures["params"].change == 32 * 21
    assert head.causes == ("input_depth 128 -> 160",)  # a consequence, which is no cause of the model's


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ({"gru": 9}, {"gru": {"units": 9, "bidirectional": True}}, "bidirectional false -> true in gru"),
        ({"gru": 9}, {"gru": {"units": 9, "num_layers": 2}}, "num_layers 1 -> 2 in gru"),
        ({"gru": 9}, {"gru": {"units": 9, "reset_after": False}}, "reset_after true -> false in gru"),
        ({"gru": 9}, {"gru": {"units": 9, "bias": False}}, "bias double -> none in gru"),
        ({"gru": 9}, {"gru": {"units": 9, "return_sequences": False}}, "return_sequences true -> false in gru"),
        ({"gru": 9}, {"gru": {"units": 9, "trainable": False}}, "trainable true -> false in gru"),
        ({"lstm": 9}, {"lstm": {"units": 9, "activation": "relu"}}, "activation tanh -> relu in lstm"),
        ({"lstm": 9}, {"CuDNNLSTM": 9}, "class LSTM -> CuDNNLSTM in lstm"),
        ({"lstm": {"units": 9, "name": "a"}}, {"gru": {"units": 9, "name": "a"}}, "type lstm -> gru in a"),
        ({"dense": 12_000}, {"dense": 13_000}, "units 12,000 -> 13,000 in dense"),
        ({"dropout": 0.2}, {"dropout": 0.3}, "rate 0.2 -> 0.3 in dropout"),
        (
            {"conv1d": {"filters": 4, "kernel_size": 3}},
            {"conv1d": {"filters": 4, "kernel_size": 5}},
            "kernel_size [3] -> [5] in conv1d",
        ),
    ],
)
def test_what_changed_about_a_layer_is_told_in_the_words_of_a_spec(old: Any, new: Any, cause: str) -> None:
    assert cause in between([old], [new]).causes


def test_the_words_are_those_that_the_spec_has() -> None:
    old, new = ({"LSTM": {"hidden_size": size}} for size in (128, 160))
    found = changed(model(old, framework="pytorch"), model(new, framework="pytorch"))
    assert found.causes == ("hidden_size 128 -> 160 in lstm",)


@pytest.mark.parametrize(
    ("keys", "cause"),
    [
        ({"framework": "pytorch"}, "framework keras -> pytorch"),
        ({"dtype": "int8"}, "dtype float32 -> int8"),
        ({"input": {"depth": 12}}, "depth 10 -> 12 in input"),
        ({"input": {"depth": 10, "steps": 28}}, "steps none -> 28 in input"),
        ({"budget": {"params": 80_000}}, "budget params none -> 80,000"),
        ({"budget": {"layers": {"encoder": {"params": 5}}}}, "budget params of encoder none -> 5"),
        ({"expect": {"params": 1}}, "expect params none -> 1"),
    ],
)
def test_what_changed_about_a_model_is_told(keys: dict[str, Any], cause: str) -> None:
    assert between([ENCODER], [ENCODER], **keys).causes[0] == cause


def test_another_framework_stores_other_biases_and_the_layer_says_so() -> None:
    found = between([ENCODER, HEAD], [ENCODER, HEAD], framework="pytorch")
    assert found.causes == ("framework keras -> pytorch", "bias single -> double in encoder")
    assert found.figures["params"].change == lstm(10, 128, 2) - lstm(10, 128)


def test_bare_weights_are_told_by_their_names() -> None:
    old = {"kernel": [138, 512], "table": {"shape": [1000, 64]}, "gone": [2]}
    new = {"kernel": [140, 512], "table": {"shape": [1000, 64], "trainable": False}, "bias": [512]}
    found = changed(*(rnncalc.parse({"name": "net", "weights": each}) for each in (old, new)))
    assert found.causes == (
        "kernel [138, 512] -> [140, 512] in weights",
        "trainable of table true -> false in weights",
        "weight gone removed in weights",
        "weight bias added in weights",
    )
    assert found.figures["params"].change == 2 * 512 - 2 + 512


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ({"steps": 5}, {"steps": 6}, "steps 5 -> 6 in input"),
        ({"steps": 5}, {}, "steps 5 -> none in input"),
        ({"shape": [None, 3]}, {"shape": [None, 4]}, "depth 3 -> 4 in input"),
        ({"shape": [7, 7, 3]}, {"shape": [None, 7, 3]}, "shape (7, 7, 3) -> (?, 7, 3) in input"),
        ({"depth": 3}, {}, "shape (?, 3) -> (?) of whole numbers in input"),
    ],
)
def test_another_input_is_told_as_a_spec_writes_it(old: Any, new: Any, cause: str) -> None:
    def net(given: Any) -> rnncalc.Model:
        numbers = "depth" not in given and "shape" not in given
        layers = [{"embedding": {"vocab": 9, "depth": 3, "name": "e"}}] if numbers else [{"dense": 3}]
        return model(*layers, input=given or None)

    assert cause in changed(net(old), net(new)).causes


def test_every_field_of_a_plan_is_compared() -> None:
    apart = {"type", "name", "options", "form", "bias", "where", "spelled"}  # in ways of their own
    assert {*LayerPlan._fields} == {*FIELDS, *REFERENCES} | apart
    assert {*Plan._fields} - {"batch"} == {
        "name",
        "framework",
        "layers",
        "inputs",
        "dtype",
        "budget",
        "expect",
        "source",
    }


def test_one_cause_in_many_layers_is_one_sentence() -> None:
    old, new = ([{"gru": {"units": units, "repeat": 6}}] for units in (8, 9))
    assert between(old, new).causes == ("units 8 -> 9 in gru, gru_1, gru_2 and 3 more",)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"lstm": 128}, {"lstm": {"units": 128}}),
        ({"lstm": 128}, {"LSTM": {"units": 128, "dropout": 0.5}}),
        ({"lstm": 128}, {"lstm": {"units": 128, "bidirectional": False, "merge_mode": "concat", "num_layers": 1}}),
        ({"gru": 128}, {"gru": {"units": 128, "reset_after": True}}),
        ({"lstm": 128}, {"lstm": {"units": 128, "description": "why"}}),
        ({"gru": {"units": 3, "repeat": 2}}, {"repeat": {"times": 2, "layers": [{"gru": 3}]}}),
    ],
)
def test_the_same_model_in_other_words_did_not_change(old: Any, new: Any) -> None:
    found = between([old], [new])
    assert (found.kind, found.causes, found.layers) == ("", (), ())


# --- which layer is which ---------------------------------------------------------------------------------------------


def test_layers_are_known_by_their_names_wherever_they_stand() -> None:
    found = between([ENCODER, HEAD], [{"dense": {"units": 10, "name": "first"}}, ENCODER, HEAD])
    assert found.causes == ("layer first added",)
    assert kinds(found) == {"first": ("added", None)}
    assert found.layers[0].figures["params"][:3] == (None, 110, 110)


def test_layers_that_are_gone_are_told_too() -> None:
    found = between([ENCODER, {"gru": 4}, {"gru": 5}, HEAD], [ENCODER, HEAD])
    assert found.causes == ("layers gru and gru_1 removed",)
    assert kinds(found) == {"gru": ("removed", "gru"), "gru_1": ("removed", "gru_1"), "head": ("changed", "head")}


@pytest.mark.parametrize(
    ("old", "new", "causes"),
    [
        # what stayed as it was is found first, so that the new one is the new one
        ([{"lstm": 8}, {"dense": 3}], [{"lstm": 4}, {"lstm": 8}, {"dense": 3}], ["layer lstm added"]),
        ([{"lstm": 4}, {"lstm": 8}], [{"lstm": 4}, {"lstm": 9}], ["units 8 -> 9 in lstm_1"]),
        ([{"lstm": 4}, {"lstm": 8}], [{"lstm": 5}, {"lstm": 9}], ["units 4 -> 5 in lstm", "units 8 -> 9 in lstm_1"]),
        ([{"lstm": 4}, {"lstm": 8}], [{"lstm": 8}], ["layer lstm removed"]),
        ([{"lstm": 4}], [{"gru": 4}], ["layer gru added", "layer lstm removed"]),
        ([{"lstm": 4}], [{"lstm": {"units": 4, "name": "a"}}], ["lstm renamed to a"]),
        ([{"lstm": 4}], [{"lstm": {"units": 5, "name": "a"}}], ["units 4 -> 5 in a", "lstm renamed to a"]),
        ([HEAD], [{"dense": {"units": 21, "name": "words"}}], ["head renamed to words"]),
        ([HEAD], [{"dense": {"units": 22, "name": "words"}}], ["layer words added", "layer head removed"]),
        ([ENCODER, HEAD], [HEAD, ENCODER], ["the order of the layers"]),
    ],
)
def test_layers_without_a_name_are_matched_by_type_and_order(old: list[Any], new: list[Any], causes: list[str]) -> None:
    assert list(between(old, new).causes) == causes


def test_a_reference_to_a_renamed_layer_is_no_other_reference() -> None:
    def net(name: str) -> list[Any]:
        return [{"lstm": {"units": 4, "name": name}}, {"dense": {"units": 3, "name": "out", "inputs": [name]}}]

    assert between(net("a"), net("b")).causes == ("a renamed to b",)


def test_another_wiring_is_told() -> None:
    first, second = {"dense": {"units": 10, "name": "a"}}, {"dense": {"units": 10, "name": "b"}}
    last = {"dense": {"units": 3, "name": "c", "inputs": ["a"]}}
    found = between([first, second, last], [first, second, {"dense": {**last["dense"], "inputs": ["a", "b"]}}])
    assert found.causes == ("inputs [a] -> [a, b] in c",)
    assert found.figures["params"].change == 10 * 3


def test_ten_thousand_layers_are_matched() -> None:
    old = [{"dense": {"units": 10, "repeat": 10_000}}]
    found = between(
        old, [{"dense": {"units": 10, "repeat": 5_000}}, {"rnn": 10}, {"dense": {"units": 10, "repeat": 5_000}}]
    )
    assert found.causes == ("layer rnn added",)


# --- figures ----------------------------------------------------------------------------------------------------------


def test_every_metric_is_compared_and_the_layers_add_up() -> None:
    old = model(ENCODER, HEAD, input={"depth": 10, "steps": 28})
    new = model(ENCODER, {"gru": 7}, HEAD, input={"depth": 10, "steps": 28})
    found = changed(old, new)
    for metric in METRICS:
        assert found.figures[metric].old == getattr(old.report(), metric)
        assert found.figures[metric].new == getattr(new.report(), metric)
        assert found.figures[metric].change == sum(layer.figures[metric].change or 0 for layer in found.layers)


def test_a_figure_that_is_not_known_has_no_change() -> None:
    found = between([ENCODER], [{"lstm": {"units": 160, "name": "encoder"}}])
    assert found.figures["macs"] == (None, None, None)
    assert found.figures["macs_per_step"].change == 4 * 160 * 170 - 4 * 128 * 138


@pytest.mark.parametrize("framework", having("lstm"))
def test_the_same_model_in_another_framework_differs_by_what_they_store(framework: str) -> None:
    old, new = model({"lstm": 9}), model({"lstm": 9}, framework=framework)
    found = changed(old, new)
    assert found.figures["params"].change == new.params - old.params
    assert bool(found.causes) == (framework != "keras")


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_config_is_no_other_than_itself(path: Path) -> None:
    for old, new in zip(rnncalc.load_all(path), rnncalc.load_all(path)):
        found = changed(old, new)
        assert (found.kind, found.causes, found.layers) == ("", (), ())


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_whatever_differs_has_a_cause_and_the_way_back_is_the_opposite(path: Path) -> None:
    for old in rnncalc.load_all(path):
        others = [old.in_framework(name) for name in layouts.NAMES if name in able(old)]
        others += [
            build(
                old.plan._replace(layers=(*old.plan.layers[:n], layer._replace(trainable=not layer.trainable), *rest))
            )
            for n, layer in enumerate(old.plan.layers)
            for rest in [old.plan.layers[n + 1 :]]
        ]
        for new in others:
            there, back = changed(old, new), changed(new, old)
            assert bool(there.causes) == bool(there.kind) == bool(back.causes)
            for metric in METRICS:
                ways = there.figures[metric].change, back.figures[metric].change
                assert ways[0] is None or ways[0] == -(ways[1] or 0)


def able(model: rnncalc.Model) -> list[str]:
    """The frameworks that can build a model."""
    found = []
    for name in layouts.NAMES:
        with suppress(rnncalc.SpecError):
            model.in_framework(name)
            found.append(name)
    return found


# --- folders ----------------------------------------------------------------------------------------------------------


def spec(units: int, name: str = "", more: str = "") -> str:
    head = f"name: {name}\n" if name else ""
    return f"{head}framework: keras\ninput: {{depth: 10, steps: 5}}\nlayers:\n  - lstm: {units}\n{more}"


HEADS = "  - dense: {units: 3, name: head}\n"


class Sides:
    """Two folders, and what `diff` says about them."""

    def __init__(self, run: Run, folder: Path) -> None:
        self.run, self.old, self.new = run, folder / "old", folder / "new"
        self.old.mkdir()
        self.new.mkdir()

    def put(self, side: str, **files: str) -> None:
        for name, text in files.items():
            path = getattr(self, side) / f"{name.replace('__', '/')}.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")

    def diff(self, *flags: object) -> tuple[int, dict[str, Any], str]:
        status, out, err = self.run("diff", self.old, self.new, "-f", "json", *flags)
        return status, json.loads(out), err

    def told(self) -> dict[str, tuple[str, str | None, list[str]]]:
        models = self.diff()[1]["models"]
        return {each["name"]: (each["change"], each["old_name"], each["causes"]) for each in models}


@pytest.fixture
def sides(run: Run, tmp_path: Path) -> Sides:
    return Sides(run, tmp_path)


def test_models_are_added_removed_and_changed(sides: Sides) -> None:
    sides.put("old", same=spec(4), grown=spec(8), gone=spec(3))
    sides.put("new", same=spec(4), grown=spec(9), fresh=spec(5, more=HEADS))
    status, found, err = sides.diff()
    assert (status, err) == (0, "")
    assert {each["name"]: each["change"] for each in found["models"]} == {
        "grown": "changed",
        "fresh": "added",
        "gone": "removed",
    }
    assert found["unchanged"] == 1
    params = {each["name"]: tuple(each["params"].values()) for each in found["models"]}
    assert params["grown"][:3] == (lstm(10, 8), lstm(10, 9), lstm(10, 9) - lstm(10, 8))
    assert params["grown"][3] == pytest.approx(100 * (lstm(10, 9) / lstm(10, 8) - 1), abs=1e-4)
    assert params["fresh"] == (None, lstm(10, 5) + dense(5, 3), lstm(10, 5) + dense(5, 3), None)
    assert params["gone"] == (lstm(10, 3), None, -lstm(10, 3), -100.0)
    old, new = lstm(10, 4) + lstm(10, 8) + lstm(10, 3), lstm(10, 4) + lstm(10, 9) + lstm(10, 5) + dense(5, 3)
    assert (found["totals"]["params"]["old"], found["totals"]["params"]["new"]) == (old, new)


def test_a_moved_file_with_the_same_model_is_recognised(sides: Sides) -> None:
    sides.put("old", a=spec(4), b=spec(4, more=HEADS))
    sides.put("new", deep__c=spec(4), b=spec(4, more=HEADS))
    assert sides.told() == {"c": ("renamed", "a", [f"moved from {sides.old / 'a.yaml'}"])}


def test_of_several_moved_files_each_finds_its_own(sides: Sides) -> None:
    sides.put("old", a=spec(4), b=spec(5), c=spec(6, "named"))
    sides.put("new", x__b=spec(5), x__a=spec(4), x__d=spec(7, "named"))
    told = sides.told()
    assert {name: each[:2] for name, each in told.items()} == {
        "a": ("renamed", "a"),
        "b": ("renamed", "b"),
        "named": ("renamed", "named"),  # by its own name, though it grew
    }
    assert "units 6 -> 7 in lstm" in told["named"][2]


def test_a_moved_file_that_kept_most_of_its_layers_is_recognised(sides: Sides) -> None:
    sides.put("old", a=spec(4, more=HEADS + "  - gru: 3\n"))
    sides.put("new", b=spec(4, more=HEADS + "  - gru: 2\n"))
    assert sides.told() == {"b": ("renamed", "a", [f"moved from {sides.old / 'a.yaml'}", "units 3 -> 2 in gru"])}


def test_what_has_nothing_in_common_is_gone_and_new(sides: Sides) -> None:
    sides.put("old", a=spec(4))
    sides.put("new", b="framework: keras\ninput: {depth: 3}\nlayers: [gru: 5]\n")
    assert {name: each[0] for name, each in sides.told().items()} == {"b": "added", "a": "removed"}


def test_a_model_with_a_new_name_in_its_old_file_is_renamed(sides: Sides) -> None:
    sides.put("old", a=spec(4, "first"))
    sides.put("new", a=spec(4, "second"))
    assert sides.told() == {"second": ("renamed", "first", ["name first -> second"])}


def test_several_models_of_one_file_are_known_by_their_names_and_then_by_their_order(sides: Sides) -> None:
    sides.put("old", a="---\n".join([spec(4, "x"), spec(5, "y"), spec(6)]))
    sides.put("new", a="---\n".join([spec(5, "y"), spec(7, "x"), spec(6)]))
    assert sides.told() == {"x": ("changed", "x", ["units 4 -> 7 in lstm"])}


def test_nothing_changed_is_an_empty_result_in_every_format(sides: Sides) -> None:
    sides.put("old", a=spec(4), b=spec(5))
    sides.put("new", a=spec(4) + "description: another text\n# and a remark\n", b=spec(5))
    for form in ("table", "markdown"):
        assert sides.run("diff", sides.old, sides.new, "-f", form) == (0, "", "note: nothing changed in 2 models\n")
    assert sides.run("diff", sides.old, sides.new, "--exit-code", "-q") == (0, "", "")
    assert sides.diff()[1]["models"] == []
    assert len(sides.run("diff", sides.old, sides.new, "-f", "csv").out.splitlines()) == 1


@pytest.mark.parametrize(("flags", "status"), [((), 0), (("--exit-code",), 1)])
def test_the_exit_status_says_so_where_that_is_asked_for(sides: Sides, flags: tuple[str, ...], status: int) -> None:
    sides.put("old", a=spec(4))
    sides.put("new", a=spec(5))
    assert sides.diff(*flags)[0] == status


def test_bad_specs_of_either_side_are_listed_and_the_rest_is_compared(sides: Sides) -> None:
    sides.put("old", a=spec(4), b=spec(0), c=spec(1))
    sides.put("new", a=spec(5), b=spec(2), c=spec(1).replace("keras", "kerras"))
    status, found, err = sides.diff("--exit-code")
    assert status == 2
    assert [each["name"] for each in found["models"]] == ["a"]  # b is not new, and c is not gone
    assert [Path(each["path"]).parts[-2:] for each in found["errors"]] == [("old", "b.yaml"), ("new", "c.yaml")]
    assert err.count("error: ") == 2
    assert "did you mean `keras`?" in err
    text = sides.run("diff", sides.old, sides.new, "-f", "markdown").out
    assert "kerras" in text  # so that a comment does not look as if all were well


def test_a_comment_says_what_is_wrong_even_where_nothing_changed(sides: Sides) -> None:
    sides.put("old", a=spec(4))
    sides.put("new", a=spec(0))
    status, out, _ = sides.run("diff", sides.old, sides.new, "-f", "markdown")
    assert status == 2
    assert out.startswith("<!-- rnncalc-diff -->\n")
    assert "0 is out of range" in out


def test_folders_without_any_spec_are_nothing_to_do(sides: Sides) -> None:
    status, out, err = sides.run("diff", sides.old, sides.new)
    assert (status, out) == (2, "")
    assert "nothing to do" in err


def test_a_pattern_is_a_side_too(sides: Sides) -> None:
    sides.put("old", a=spec(4), x=spec(1))
    sides.put("new", a=spec(5), y=spec(1))
    out = sides.run("diff", f"{sides.old}/a*.yaml", f"{sides.new}/a*.yaml", "-f", "json").out
    assert [each["change"] for each in json.loads(out)["models"]] == ["changed"]


# --- two files --------------------------------------------------------------------------------------------------------


def test_two_specs_are_compared_whatever_their_files_are_called(run: Run, tmp_path: Path) -> None:
    old, new = tmp_path / "before.yaml", tmp_path / "after.yaml"
    old.write_text(spec(4))
    new.write_text(spec(4))
    assert run("diff", old, new, "-q") == (0, "", "")
    new.write_text(spec(6))
    (found,) = json.loads(run("diff", old, new, "-f", "json").out)["models"]
    assert (found["change"], found["causes"]) == ("changed", ["units 4 -> 6 in lstm"])


def test_one_side_may_come_from_standard_input(run: Run, tmp_path: Path) -> None:
    new = tmp_path / "a.yaml"
    new.write_text(spec(6))
    out = run("diff", "-", new, "-f", "json", input=spec(4).encode()).out
    assert json.loads(out)["models"][0]["causes"] == ["units 4 -> 6 in lstm"]


def test_what_if_a_setting_changes_the_new_side(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(spec(4))
    (found,) = json.loads(run("diff", path, path, "--set", "lstm.units=8", "-f", "json").out)["models"]
    assert found["params"]["change"] == lstm(10, 8) - lstm(10, 4)
    assert found["macs"]["change"] == 5 * (4 * 8 * 18 - 4 * 4 * 14)
    status, _, err = run("diff", path, path, "--set", "lstn.units=8")
    assert status == 2
    assert "did you mean `lstm`?" in err


def test_a_framework_that_is_asked_for_holds_for_both_sides(run: Run, tmp_path: Path) -> None:
    old, new = tmp_path / "a.yaml", tmp_path / "b.yaml"
    old.write_text(spec(4))
    new.write_text(spec(4).replace("keras", "pytorch"))
    assert run("diff", old, new, "--exit-code").status == 1
    assert run("diff", old, new, "--exit-code", "-F", "onnx").status == 0


@pytest.mark.parametrize("args", [("a",), ("a", "b", "c")])
def test_without_a_revision_there_are_two_sides(run: Run, args: tuple[str, ...]) -> None:
    status, out, err = run("diff", *args)
    assert (status, out) == (2, "")
    assert "--against REV" in err


def test_a_spec_that_is_not_there_is_an_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(spec(4))
    status, _, err = run("diff", tmp_path / "a.yaml", tmp_path / "b.yaml")
    assert status == 2
    assert "b.yaml: cannot be read" in err


# --- formats ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def several(sides: Sides) -> Sides:
    sides.put("old", same=spec(4), grown=spec(8, more=HEADS), gone=spec(3), shrunk=spec(9))
    sides.put("new", same=spec(4), grown=spec(9, more=HEADS), fresh=spec(5), shrunk=spec(7))
    return sides


def test_the_changes_of_a_table_add_up_to_the_totals_it_prints(several: Sides) -> None:
    out = several.run("diff", several.old, several.new).out
    first = out.split("\n\n")[0]
    changes = re.findall(r"^ ?\w+ +\w+ +(?:[\d,]+ +)?([+-][\d,]+)", first, re.M)
    total = re.search(r"params of all models: ([\d,]+) -> ([\d,]+), ([+-][\d,]+)", out)
    assert total
    old, new, change = (int(each.replace(",", "")) for each in total.groups())
    assert len(changes) == 4
    assert sum(int(each.replace(",", "")) for each in changes) == change == new - old
    assert old == lstm(10, 4) + lstm(10, 8) + dense(8, 3) + lstm(10, 3) + lstm(10, 9)
    assert "2 changed, 1 added, 1 removed, 1 unchanged" in out
    assert "grown: units 8 -> 9 in lstm" in out


def test_a_comment_begins_with_the_marker_by_which_it_is_found_again(several: Sides) -> None:
    for flags, marker in (((), "rnncalc-diff"), (("--marker", "nightly"), "rnncalc-diff-nightly")):
        out = several.run("diff", several.old, several.new, "-f", "markdown", *flags).out
        assert out.startswith(f"<!-- {marker} -->\n")
        assert out.count("<!--") == 1


@pytest.mark.parametrize("marker", ["-->", "a--b", "", "a b", "a\n", "-x"])
def test_a_marker_cannot_end_its_comment(several: Sides, marker: str) -> None:
    status, out, err = several.run("diff", several.old, several.new, "-f", "markdown", "--marker", marker)
    assert (status, out) == (2, "")
    assert "--marker" in err


def test_a_comment_has_the_largest_changes_first_and_the_layers_folded_up(several: Sides) -> None:
    out = several.run("diff", several.old, several.new, "-f", "markdown").out
    rows = [line.split(" | ")[1] for line in out.split("<details>")[0].splitlines() if line.startswith("| ")][2:]
    # 320, -312 + ..., by hand: fresh 320, shrunk 720 - 504, gone 168, grown 720 + 30 - 608 - 27
    assert rows == ["fresh", "shrunk", "gone", "grown"]
    assert re.findall("<summary>(.*?)</summary>", out) == ["shrunk", "grown"]
    assert "units 8 -&gt; 9 in lstm" in out


def test_a_comment_is_never_longer_than_github_takes(sides: Sides) -> None:
    for n in range(700):
        name = f"a-rather-long-name-of-a-model-{n:04}"
        sides.put("old", **{name: spec(4, more=HEADS)})
        sides.put("new", **{name: spec(5 + n, more=HEADS)})
    out = sides.run("diff", sides.old, sides.new, "-f", "markdown").out
    assert len(out) < 65_536
    hidden = re.search(r"and (\d+) more models", out)
    assert hidden
    assert out.count("| changed | a\\_rather".replace("\\_", "-")) + int(hidden[1]) == 700
    assert "0699" in out.splitlines()[3]  # the largest change


def test_every_figure_is_in_the_csv(several: Sides) -> None:
    rows = list(csv.DictReader(io.StringIO(several.run("diff", several.old, several.new, "-f", "csv").out)))
    models = [row for row in rows if not row["layer"]]
    assert {row["model"]: row["change"] for row in models} == {
        "grown": "changed",
        "shrunk": "changed",
        "fresh": "added",
        "gone": "removed",
    }
    for metric in METRICS:
        assert {f"old_{metric}", f"new_{metric}"} <= set(rows[0])
    grown = next(row for row in models if row["model"] == "grown")
    assert int(grown["new_params"]) - int(grown["old_params"]) == sum(
        int(row["new_params"]) - int(row["old_params"]) for row in rows if row["model"] == "grown" and row["layer"]
    )


def test_hostile_names_do_not_leave_their_cells(sides: Sides) -> None:
    name = "a|b <script> -->`x` \u202e \x1b[31m"
    layer = f"  - dense: {{units: 3, name: {json.dumps(name + '2')}}}\n"
    text = f"name: {json.dumps(name)}\nframework: keras\ninput: {{depth: 3}}\nlayers:\n{layer}"
    sides.put("old", a=text)
    sides.put("new", a=text.replace("units: 3", "units: 4"))
    for form in ("table", "markdown", "csv"):
        out = sides.run("diff", sides.old, sides.new, "-f", form).out
        if form != "csv":
            assert "\x1b" not in out
            assert "\u202e" not in out
        if form == "markdown":
            assert "<script>" not in out
            assert out.count("-->") == 1


def test_a_name_in_a_comment_calls_nobody(sides: Sides) -> None:
    sides.put("old", a=spec(4, '"@someone"'))
    sides.put("new", a=spec(5, '"@someone"'))
    out = sides.run("diff", sides.old, sides.new, "-f", "markdown").out
    assert "someone" in out
    assert "@someone" not in out


def test_a_budget_that_is_broken_or_kept_again_is_told(sides: Sides) -> None:
    limit = f"budget: {{params: {lstm(10, 8)}}}\n"
    sides.put("old", up=spec(8) + limit, down=spec(9) + limit, over=spec(9) + limit)
    sides.put("new", up=spec(9) + limit, down=spec(8) + limit, over=spec(10) + limit)
    out = sides.run("diff", sides.old, sides.new).out
    assert "up: units 8 -> 9 in lstm; now breaks a limit" in out
    assert "down: units 9 -> 8 in lstm; keeps its limits again" in out
    assert "over: units 9 -> 10 in lstm; breaks a limit, as before" in out
