"""The real frameworks' layers, frozen in tests/goldens: names, shapes, counts, and float64 forward passes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rnncalc
from rnncalc import layouts
from tests.goldens.probe import fill, probe

GOLDENS = Path(__file__).parent / "goldens"


def goldens() -> Iterator[Any]:
    """Every case of every framework that the package has."""
    for path in sorted(GOLDENS.glob("*.json")):
        golden = json.loads(path.read_text("utf-8"))
        if golden["framework"] in layouts.NAMES:
            for case in golden["cases"]:
                tolerance = case.get("tolerance", golden["tolerance"])
                yield pytest.param({**case, "tolerance": tolerance}, id=f"{golden['framework']}-{case['id']}")


every_golden = pytest.mark.parametrize("case", list(goldens()))


def test_every_framework_but_papers_has_goldens() -> None:
    assert {path.stem for path in GOLDENS.glob("*.json")} >= set(layouts.NAMES) - {"paper"}


def parts(path: str) -> list[str]:
    """The components of a path, without the number that Keras gives to the inner layer of a wrapper."""
    return [re.sub(r"^((?:for|back)ward_.*?)(?:_\d+)?$", r"\1", part) for part in re.split(r"[/.]", path)]


def is_subsequence(short: list[str], long: list[str]) -> bool:
    rest = iter(long)
    return all(part in rest for part in short)


@every_golden
def test_tensors_have_the_frameworks_names_and_shapes_in_its_order(case: dict[str, Any]) -> None:
    model = rnncalc.parse(case["model"])
    ours = [(tensor.name, list(tensor.shape)) for layer in model.report().layers for tensor in layer.tensors]
    assert [shape for _, shape in ours] == [shape for _, shape in case["tensors"]]
    for (name, _), (path, _) in zip(ours, case["tensors"]):
        assert is_subsequence(parts(name), parts(path)), f"{name} is no part of {path}"
        assert parts(name)[-1] == parts(path)[-1]


@every_golden
def test_counts_are_the_frameworks_own(case: dict[str, Any]) -> None:
    report = rnncalc.parse(case["model"]).report()
    assert report.trainable_params == case["trainable"]
    assert report.non_trainable_params == case["non_trainable"]


@every_golden
def test_outputs_and_final_states_are_the_frameworks_own(case: dict[str, Any]) -> None:
    if case["outputs"] is None:
        pytest.skip("a count alone")
    model = rnncalc.parse(case["model"])
    weights = dict(zip(model.weights(), fill(shape for _, shape in case["tensors"])))
    x = probe(case["x"], 1)
    if case.get("ids"):
        x = np.floor((x + 0.5) * next(iter(weights.values())).shape[0])
    shapes = case["initial_state"] or {}
    outputs, states = model.forward(weights, x, dict(zip(shapes, fill(shapes.values(), 2))) or None)
    assert list(outputs.shape) == case["outputs"]["shape"]
    np.testing.assert_allclose(outputs.ravel(), case["outputs"]["values"], rtol=0, atol=case["tolerance"])
    for name, state in (case["states"] or {}).items():
        assert list(states[name].shape) == state["shape"]
        np.testing.assert_allclose(states[name].ravel(), state["values"], rtol=0, atol=case["tolerance"])


def saves() -> list[Any]:
    """The weights that the frameworks saved as they had made them."""
    paths = sorted((GOLDENS / "saved").glob("*.npz"))
    return [pytest.param(path, id=path.stem) for path in paths if known(path)]


def known(path: Path) -> bool:
    return bool(json.loads(str(np.load(path)["model"]))["framework"] in layouts.NAMES)


@pytest.mark.parametrize("path", saves())
def test_weights_saved_from_the_real_framework_go_in_as_they_are_and_its_outputs_come_out(path: Path) -> None:
    saved = np.load(path)
    model = rnncalc.parse(json.loads(str(saved["model"])))
    theirs = {key.removeprefix("weights/"): saved[key] for key in saved if key.startswith("weights/")}
    weights = {}
    for layer in model.report().layers:
        for tensor in layer.tensors:
            fits = [path for path in theirs if is_subsequence(parts(tensor.name), parts(path))]
            fits = [path for path in fits if parts(path)[-1] == parts(tensor.name)[-1]]
            weights[f"{layer.name}/{tensor.name}"] = theirs[min(fits, key=len)]
    assert len({id(array) for array in weights.values()}) == len(theirs)
    initial = {key.removeprefix("state/"): saved[key] for key in saved if key.startswith("state/")}
    outputs, states = model.forward(weights, saved["x"], initial or None)
    tolerance = 1e-5 if saved["outputs"].dtype == np.float32 else 1e-12
    np.testing.assert_allclose(outputs, saved["outputs"], rtol=0, atol=tolerance)
    for name, state in states.items():
        np.testing.assert_allclose(state, saved[f"final/{name}"], rtol=0, atol=tolerance)


@pytest.mark.parametrize("framework", [name for name in layouts.NAMES if name != "paper"])
def test_the_witnesses_in_the_package_are_a_part_of_the_goldens(framework: str) -> None:
    from rnncalc.witness import records

    golden = json.loads((GOLDENS / f"{framework}.json").read_text("utf-8"))
    cases = {case["id"]: case for case in golden["cases"]}
    found = records(framework)["cases"]
    assert found
    for case in found:
        assert all(cases[case["id"]][key] == value for key, value in case.items())
