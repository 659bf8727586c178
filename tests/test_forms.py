"""What is kept from one layer to the next changes nothing: every model is as it would be if it were the only one."""

from __future__ import annotations

import gc
import json
import random
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

import rnncalc
from rnncalc import figures, kind, layouts
from rnncalc.algebra import poly, symbol
from rnncalc.batch import rows
from rnncalc.batch.discover import Reader
from rnncalc.batch.files import Place
from rnncalc.errors import SpecError
from rnncalc.figures import Tensors
from rnncalc.layout import Layout
from rnncalc.plan import DEFAULTS
from rnncalc.render.json import detail
from rnncalc.spec import entries
from rnncalc.symbolic import symbolic
from tests.test_goldens import CASES

ROOT = Path(__file__).parent.parent
GOLDENS = [each.values[0]["model"] for each in CASES]
CONFIGS = [
    model
    for path in sorted([*(ROOT / "configs").rglob("*.yaml"), *(ROOT / "docs/examples").glob("*.yaml")])
    for model in yaml.safe_load_all(path.read_text("utf-8"))
    if "layers" in model
]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What can be kept is used from the second time on."""
    monkeypatch.setattr(figures, "RETURNS", 1)
    monkeypatch.setattr(kind, "RETURNS", 1)


@contextmanager
def nothing_kept() -> Iterator[None]:
    """Each plan is read, each layer built and each figure counted by itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(entries, "_asked", lambda meant, given: (None, {}))
        patch.setattr(kind, "_kinds", lambda layout: {})
        patch.setattr(Layout, "once", lambda layout, find, *asked: find(layout, *asked))
        patch.setattr(figures, "_reported", figures.layer_report)
        yield


def outcome(spec: dict[str, Any]) -> str:
    """The JSON of a model, or all that is wrong with it."""
    try:
        return detail(rnncalc.parse(spec).report(), "ok")
    except SpecError as error:
        return f"{error.problems}"


def other_sizes(value: Any, chance: random.Random, rate: float) -> Any:
    """The spec with other numbers here and there."""
    if isinstance(value, dict):
        return {key: other_sizes(each, chance, rate) for key, each in value.items()}
    if isinstance(value, list):
        return [other_sizes(each, chance, rate) for each in value]
    if type(value) is int and chance.random() < rate:
        return chance.choice((value + 1, value * 2, value * 4, 8, chance.randrange(1, 300)))
    return value


@pytest.mark.parametrize("n", range(16))
def test_a_model_is_the_same_after_others_of_other_sizes(n: int) -> None:
    chance = random.Random(n)
    for spec in (GOLDENS + CONFIGS)[n::16]:
        for rate in (0.1, 0.2, 0.4, 0.8) * 3:
            other = {
                **spec,
                **{key: other_sizes(spec[key], chance, rate) for key in ("layers", "input") if key in spec},
            }
            found = outcome(other)
            with nothing_kept():
                assert found == outcome(other), json.dumps(other)


NOT_THE_DEPTH = (  # layers for which the last axis of the input, or its number, is more than a depth
    ([{"reshape": [8, 12]}], {"shape": [4, 8, 3]}, {"shape": [4, 8, 6]}),
    ([{"permute": [2, 1]}, {"lstm": 5}], {"shape": [6, 4]}, {"shape": [6, 9]}),
    ([{"flatten": None}, {"dense": 3}], {"shape": [6, 4]}, {"shape": [6, 9]}),
    ([{"embedding": {"vocab": 50, "depth": 8}}, {"gru": 4}], {"steps": 20}, {"steps": 75}),
    ([{"embedding": {"vocab": 50, "depth": 8}}], {"shape": [None, 50]}, {"shape": [None, 60]}),
    ([{"lstm": {"units": 8, "residual": True}}], {"depth": 8}, {"depth": 9}),
    ([{"multi_head_attention": {"heads": 2}}], {"depth": 8, "steps": 4}, {"depth": 9, "steps": 4}),
    ([{"conv1d": {"filters": 4, "kernel_size": 3, "groups": 2}}], {"shape": [9, 4]}, {"shape": [9, 5]}),
    ([{"lstm": {"units": 8, "input_depth": 8}}], {"depth": 8}, {"depth": 9}),
)


@pytest.mark.parametrize("framework", ["keras", "pytorch", "paper"])
@pytest.mark.parametrize(("layers", "first", "second"), NOT_THE_DEPTH)
def test_what_hangs_on_more_than_sizes_is_not_taken_over(
    framework: str, layers: list[Any], first: dict[str, Any], second: dict[str, Any]
) -> None:
    specs = [{"framework": framework, "input": given, "layers": layers} for given in (first, first, second)]
    found = [outcome(spec) for spec in specs]
    with nothing_kept():
        assert found == [outcome(spec) for spec in specs]


def test_most_layers_of_the_goldens_take_their_figures_from_their_form() -> None:
    for _ in range(3):
        reports = [layer for spec in GOLDENS for layer in rnncalc.parse(spec).report().layers]
    assert sum(isinstance(layer.tensors, Tensors) for layer in reports) > len(reports) * 0.9


@pytest.mark.parametrize("spec", GOLDENS[::40])
def test_the_tensors_of_a_form_are_like_those_of_one_layer(spec: dict[str, Any]) -> None:
    for _ in range(3):
        (*_, layer) = rnncalc.parse(spec).report().layers
    with nothing_kept():
        (*_, alone) = rnncalc.parse(spec).report().layers
    assert (layer, hash(layer), repr(layer)) == (alone, hash(alone), repr(alone))
    assert layer.to_dict() == alone.to_dict()
    assert (len(layer.tensors), [*layer.tensors], layer.tensors[:1]) == (
        len(alone.tensors),
        [*alone.tensors],
        alone.tensors[:1],
    )


def test_a_mistake_is_told_of_the_layer_that_has_it() -> None:
    spec = {"framework": "keras", "input": {"depth": 10}, "layers": [{"lstm": {"units": 8, "residual": True}}]}
    for depth in (8, 8, 8):
        assert rnncalc.parse({**spec, "input": {"depth": depth}}).params == (8 + 8) * 32 + 32
    with pytest.raises(SpecError, match="cannot add its input to its output"):
        rnncalc.parse(spec)


@pytest.mark.parametrize("sizes", [{"units": 0}, {"units": 2**63}, {"units": -3}, {"units": True}])
def test_a_size_out_of_range_is_told_after_others_that_were_right(sizes: dict[str, Any]) -> None:
    for units in (8, 9):
        rnncalc.parse({"input": {"depth": 10}, "layers": [{"lstm": {"units": units}}]})
    with pytest.raises(SpecError) as error:
        rnncalc.parse({"input": {"depth": 10}, "layers": [{"lstm": sizes}]})
    assert error.value.problems[0].where == ("layers", 0, "lstm", "units")


def of(*layers: Any, framework: str = "keras", shape: tuple[int | None, ...] = (9, 9, 3)) -> dict[str, Any]:
    return {"framework": framework, "input": {"shape": shape}, "layers": layers}


def test_a_list_that_is_equal_to_one_that_was_right_may_be_wrong() -> None:
    conv = {"filters": 4, "kernel_size": (3, 1)}
    rnncalc.parse(of({"conv2d": conv}))
    with pytest.raises(SpecError, match="true is not a number"):
        rnncalc.parse(of({"conv2d": {**conv, "kernel_size": (3, True)}}))


def test_numbers_that_are_equal_are_told_alike() -> None:
    specs = [of({"layer_norm": {"epsilon": value}}, framework="tensorflow1", shape=(8, 4)) for value in (1, 1.0)]
    found = [outcome(spec) for spec in specs]
    assert "no layer_norm with epsilon 1" in found[0]
    with nothing_kept():
        assert found == [outcome(spec) for spec in specs]


def test_a_layer_whose_only_value_is_its_name_has_its_own() -> None:
    for name in ("first", "second"):
        (layer,) = rnncalc.parse(of({"flatten": name})).layers
        assert layer.plan.name == name
    with pytest.raises(SpecError, match="5 is not a name"):
        rnncalc.parse(of({"flatten": 5}))


def test_the_same_layer_once_more_has_as_many_axes() -> None:
    cell = {"ConvLSTMCell": {"features": 3, "kernel_size": 3}}
    for _ in range(3):
        model = rnncalc.parse(of(cell, cell, cell, cell, framework="flax", shape=(4, 8, 8, 3)))
        assert [(layer.plan.type, layer.options["kernel_size"]) for layer in model.layers] == [
            ("conv_lstm2d", (3, 3))
        ] * 4


LEFT_OPEN = (
    ([{"dense": 7}], (12, 3), "steps"),
    ([{"flatten": None}, {"dense": 7}], (12, 3), "steps"),
    ([{"lstm": 5}], (12, 3), "steps"),
    ([{"batch_norm": None}], (5, 12, 8), "depth"),  # not the first axis, which is its depth
)


@pytest.mark.parametrize("name", ["n", "steps", "units", "input_depth"])  # or the word of a layer
@pytest.mark.parametrize(("layers", "shape", "key"), LEFT_OPEN)
def test_what_is_left_open_in_one_model_is_a_number_in_the_next(
    layers: list[Any], shape: tuple[int, ...], key: str, name: str
) -> None:
    framework, at = ("keras", 0) if key == "steps" else ("pytorch", 1)

    def figures() -> list[str]:
        found = []
        for size in (11, 12, 13, 14):
            spec = of(*layers, framework=framework, shape=(*shape[:at], size, *shape[at + 1 :]))
            found.append(outcome(spec))
            try:
                found.append(repr(symbolic(rnncalc.parse(spec), {("input", key): symbol(name)}).report()))
            except SpecError as error:
                found.append(f"{error}")
        return found

    kept = figures()
    with nothing_kept():
        assert kept == figures()


def test_a_polynomial_without_a_symbol_is_the_number_that_it_is() -> None:
    model = rnncalc.parse(of({"dense": 7}, {"lstm": 5}, shape=(31, 3)))
    report = symbolic(model, {("input", "steps"): poly(33)}).report()
    later = rnncalc.parse(of({"dense": 7}, {"lstm": 5}, shape=(33, 3))).report()
    assert report == later
    assert {type(each) for each in (report.macs, later.macs, later.layers[0].output_shape[1])} == {int}


def test_nothing_long_is_kept_of_an_entry() -> None:
    rnncalc.parse(of({"lstm": {"units": 4, "kernel_initializer": "zeros"}}, shape=(9, 3)))
    known = layouts.find("keras").once(entries._plans)
    before = len(known)
    assert before
    for key, value in (("kernel_initializer", "z" * 100), ("name", "n" * 100)):
        rnncalc.parse(of({"lstm": {"units": 4, key: value}}, shape=(9, 3)))
    assert len(known) == before


def test_reading_specs_leaves_nothing_that_only_a_collector_would_find(tmp_path: Path) -> None:
    reader = Reader(rows.keep((), detail, None), None, DEFAULTS, None)
    places = []
    for n in range(40):
        spec = {
            "input": {"depth": 5 + n},
            "layers": [{"lstm": {"units": 8 + n}}, {"dense": 3}],
            "budget": {"params": 9},
        }
        (tmp_path / f"{n}.yaml").write_text(json.dumps(spec))
        places.append(Place(str(tmp_path / f"{n}.yaml"), False, 0))
    for place in places[:20]:
        reader.read(place)
    gc.collect()
    gc.disable()
    try:
        for place in places[20:]:
            reader.read(place)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_threads_may_read_and_count_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, most in ((figures, "MOST_FORMS"), (kind, "MOST_TRACES"), (kind, "MOST_KINDS"), (entries, "MOST_KNOWN")):
        monkeypatch.setattr(module, most, 3)  # so that what is kept is thrown away all the time
    monkeypatch.setattr(entries, "MOST_FILLED", 1)
    specs = [
        {"framework": framework, "input": {"depth": 3 + n, "steps": 2 + n % 5}, "layers": [{cell: 4 + n}, {"dense": 2}]}
        for n in range(8)
        for cell in ("lstm", "gru")
        for framework in ("keras", "pytorch", "paper")
    ]
    with nothing_kept():
        alone = [outcome(spec) for spec in specs]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(outcome, specs * 6)) == alone * 6
    finally:
        sys.setswitchinterval(before)
