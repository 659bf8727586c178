"""What `make bench` measures is what it says: specs that are read without a mistake."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import bench_batch

Run = Callable[..., Any]


def test_the_small_specs_are_specs(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_batch, "SPECS", 60)
    bench_batch.small(tmp_path)
    status, out, err = run("report", tmp_path, "-f", "json", "-q")
    assert (status, err) == (0, "")
    found = json.loads(out)["models"]
    assert len(found) == 60
    assert {len(model["layers"]) for model in found} == {4}
    assert {model["framework"] for model in found} == {"keras", "pytorch", "tensorflow1"}


def test_the_deep_spec_has_as_many_layers_as_it_says(run: Run, tmp_path: Path) -> None:
    bench_batch.deep(tmp_path, 400)
    status, out, _ = run("report", tmp_path, "-f", "json")
    assert status == 0
    assert len(json.loads(out)["models"][0]["layers"]) == 400


def test_a_peer_that_cannot_be_installed_is_skipped_with_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    def unable(name: str, packages: Any) -> Path:
        raise OSError

    monkeypatch.setattr(bench_batch, "environment", unable)
    told = list(bench_batch.peers(0))
    assert len(told) == 1 + len(bench_batch.PEERS)
    assert all("skipped" in line for line in told[1:])
