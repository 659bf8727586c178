"""The real frameworks' layers, frozen in tests/goldens: names, shapes, counts, and float64 forward passes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rnncalc
from rnncalc import layouts
from rnncalc.network import Model
from tests.goldens.probe import fill, probe

GOLDENS = Path(__file__).parent / "goldens"
SORTED = ("flax", "flax-nnx", "haiku")  # their parameters are one tree, sorted by name

Array = NDArray[Any]
Named = tuple[str, str]  # layer and tensor


def goldens() -> Iterator[Any]:
    """Every case of every framework."""
    for path in sorted(GOLDENS.glob("*.json")):
        golden = json.loads(path.read_text("utf-8"))
        for case in golden["cases"]:
            yield pytest.param({"tolerance": golden["tolerance"], **case}, id=f"{path.stem}-{case['id']}")


CASES = list(goldens())
every_golden = pytest.mark.parametrize("case", CASES)
every_pass = pytest.mark.parametrize("case", [each for each in CASES if each.values[0]["outputs"]])


def test_every_framework_but_papers_has_goldens() -> None:
    assert {path.stem for path in GOLDENS.glob("*.json")} >= set(layouts.NAMES) - {"paper"}


# names and shapes


def stored(model: Model) -> dict[Named, tuple[int, ...]]:
    """What the model stores, parameters before buffers in each layer, in its order; a shared tensor once."""
    found = {
        (layer.plan.name, tensor.name): tensor.shape
        for layer in model.layers
        for tensor in (*layer.tensors, *layer.buffers)
        if tensor.shared is None
    }
    return dict(sorted(found.items(), key=lambda each: root(*each[0]))) if model.framework in SORTED else found


def root(layer: str, tensor: str) -> str:
    """The first component of a tensor's full path: the layer, or its part of a stack (`lstm_1`)."""
    first = tensor.split("/")[0]
    return first if re.fullmatch(rf"{layer}(_\d+)?", first) else layer


def parts(path: str) -> list[str]:
    """The components of a path, without the number that Keras gives to the inner layer or cell of a wrapper."""
    return [re.sub(r"^((?:for|back)ward_.*?|.*_cell)_\d+$", r"\1", part) for part in re.split(r"[/.]", path)]


def is_in(name: str, path: str) -> bool:
    """Whether the components of a name are in a path, in order, the last one at its end."""
    rest = iter(parts(path))
    return all(part in rest for part in parts(name)) and parts(name)[-1] == parts(path)[-1]


@every_golden
def test_tensors_have_the_frameworks_names_and_shapes_in_its_order(case: dict[str, Any]) -> None:
    model = rnncalc.parse(case["model"])
    assert [list(shape) for shape in stored(model).values()] == [shape for _, shape in case["tensors"]]
    for (layer, tensor), (path, _) in zip(stored(model), case["tensors"], strict=True):
        assert is_in(tensor, path), f"{tensor} is no part of {path}"
        assert len(model.layers) == 1 or root(layer, tensor) in parts(path), f"{path} is not of {layer}"


@pytest.mark.parametrize("case", [each for each in CASES if "batch_norm" in str(each.values[0]["model"])])
def test_what_the_framework_stores_beside_its_parameters_is_no_parameter(case: dict[str, Any]) -> None:
    model = rnncalc.parse(case["model"])
    buffers = {(layer.plan.name, tensor.name) for layer in model.layers for tensor in layer.buffers}
    theirs = [path for named, (path, _) in zip(stored(model), case["tensors"], strict=True) if named in buffers]
    assert theirs == case.get("buffers", [])


# classes

WITHOUT_A_CLASS = ("activation", "reshape")  # in PyTorch a class for each function, and a method


def classes(case: dict[str, Any]) -> list[tuple[str, str]]:
    """Our class and the framework's for each layer, without the wrapper of two directions."""
    ours = rnncalc.parse(case["model"]).layers
    theirs = case["framework_type"].split("+")
    pairs = zip(ours, theirs, strict=True)
    found = [(layer.framework_type, name) for layer, name in pairs if layer.cell.base not in WITHOUT_A_CLASS]
    return [
        (re.sub(r"^Bidirectional\((.*)\)$", r"\1", name), other) for name, other in found if other != "Bidirectional"
    ]


@every_golden
def test_classes_are_the_frameworks_own(case: dict[str, Any]) -> None:
    for ours, theirs in classes(case):
        assert ours == theirs


# counts


@every_golden
def test_counts_are_the_frameworks_own(case: dict[str, Any]) -> None:
    report = rnncalc.parse(case["model"]).report()
    assert report.trainable_params == case["trainable"]
    assert report.non_trainable_params == case["non_trainable"]


# forward passes


def weights_of(model: Model, paths: Iterable[str], arrays: Iterable[Array]) -> dict[str, Array]:
    """The framework's tensors under our names."""
    return {"/".join(named): array for named, _, array in zip(stored(model), paths, arrays, strict=True)}


def given(case: dict[str, Any], model: Model) -> Any:
    """The case's input, or its inputs by name; whole numbers where they are looked up."""
    if isinstance(case["x"], dict):
        return dict(zip(case["x"], fill(case["x"].values(), 1)))
    x = probe(case["x"], 1)
    return np.floor((x + 0.5) * model.layers[0].options["vocab"]) if case.get("ids") else x


def agrees(array: Array, shape: Sequence[int], values: Any, tolerance: float) -> None:
    assert array.shape == tuple(shape)
    assert np.isfinite(array).all()
    np.testing.assert_allclose(array.ravel(), np.ravel(values), rtol=0, atol=tolerance)


@every_pass
def test_outputs_and_final_states_are_the_frameworks_own(case: dict[str, Any]) -> None:
    model = rnncalc.parse(case["model"])
    paths = [path for path, _ in case["tensors"]]
    arrays = fill(shape for _, shape in case["tensors"])
    positive = case.get("positive", [])
    weights = weights_of(model, paths, (array + (path in positive) for path, array in zip(paths, arrays)))
    shapes = case["initial_state"] or {}
    outputs, states = model.forward(weights, given(case, model), dict(zip(shapes, fill(shapes.values(), 2))) or None)
    agrees(outputs, case["outputs"]["shape"], case["outputs"]["values"], case["tolerance"])
    for name, state in (case["states"] or {}).items():
        agrees(states[name], state["shape"], state["values"], case["tolerance"])


@pytest.mark.parametrize("path", sorted((GOLDENS / "saved").glob("*.npz")), ids=lambda path: path.stem)
def test_weights_saved_from_the_real_framework_go_in_as_they_are_and_its_outputs_come_out(path: Path) -> None:
    saved = np.load(path)
    model = rnncalc.parse(json.loads(str(saved["model"])))
    theirs = {key.removeprefix("weights/"): saved[key] for key in saved if key.startswith("weights/")}
    assert all(is_in(tensor, path) for (_, tensor), path in zip(stored(model), theirs, strict=True))
    initial = {key.removeprefix("state/"): saved[key] for key in saved if key.startswith("state/")}
    outputs, states = model.forward(weights_of(model, theirs, theirs.values()), saved["x"], initial or None)
    tolerance = 1e-5 if saved["outputs"].dtype == np.float32 else 1e-12
    agrees(outputs, saved["outputs"].shape, saved["outputs"], tolerance)
    for name, state in states.items():
        agrees(state, saved[f"final/{name}"].shape, saved[f"final/{name}"], tolerance)


@pytest.mark.parametrize("framework", [name for name in layouts.NAMES if name != "paper"])
def test_weights_saved_from_every_framework_are_here(framework: str) -> None:
    assert list((GOLDENS / "saved").glob(f"{framework}-*.npz"))


@pytest.mark.parametrize("framework", [name for name in layouts.NAMES if name != "paper"])
def test_the_witnesses_in_the_package_are_a_part_of_the_goldens(framework: str) -> None:
    from rnncalc.proof.witness import records

    goldens = [json.loads(path.read_text("utf-8")) for path in sorted(GOLDENS.glob("*.json"))]
    cases = [
        {"tolerance": golden["tolerance"], **case}
        for golden in goldens
        if golden["framework"] == framework
        for case in golden["cases"]
    ]
    found = records(framework)
    assert found
    for case in found:
        record = {key: value for key, value in case.items() if key != "version"}
        assert any(all(golden.get(key) == value for key, value in record.items()) for golden in cases)
