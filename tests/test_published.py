"""The specs of configs/published/ against the figures that others printed (tests/published.json names the sources)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import rnncalc

pytestmark = pytest.mark.usefixtures("schema_agrees")

ROOT = Path(__file__).parent.parent
CASES = {case["id"]: case for case in json.loads((ROOT / "tests/published.json").read_text("utf-8"))["cases"]}
SPECS = sorted((ROOT / "configs/published").glob("*.yaml"))

every_spec = pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)


def test_there_are_at_least_eight() -> None:
    assert len(SPECS) >= 8


@every_spec
def test_the_total_is_the_printed_one(path: Path) -> None:
    case, report = CASES[path.stem], rnncalc.load(path).report()
    printed: Any = case["published_total"]
    if case["exact"]:
        assert report.params == printed
    else:
        assert printed[0] <= report.params <= printed[1]
    assert report.trainable_params == case.get("published_trainable", report.params)


@every_spec
def test_each_layer_has_the_printed_count(path: Path) -> None:
    case, report = CASES[path.stem], rnncalc.load(path).report()
    counts = {layer.name: layer.params for layer in report.layers}
    for layer in case["published_layers"]:
        assert counts[layer["name"]] == layer["params"]


@every_spec
def test_the_spec_says_what_the_source_is(path: Path) -> None:
    assert "# Source: " in path.read_text("utf-8")
