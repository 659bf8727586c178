"""What if: a key set on the command line is put into the spec and checked like the spec itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("schema_agrees")

SPEC = """\
name: demo
framework: keras
input: {depth: 40, steps: 49}
layers:
  - gru: &options {units: 96, name: encoder}
  - lstm: 12
  - type: lstm
    units: 5
  - dropout
  - time_distributed: {layer: {dense: 4}, name: each}
  - repeat: {times: 2, layers: [{dense: {units: 12, name: words}}]}
budget: {params: 50k}
"""


@pytest.fixture
def counts(run: Callable[..., Any], tmp_path: Path) -> Callable[..., dict[str, int]]:
    """The parameters of each layer with these settings."""
    path = tmp_path / "demo.yaml"
    path.write_text(SPEC)

    def count(*settings: str) -> dict[str, int]:
        found = run("count", str(path), "-f", "json", *(word for each in settings for word in ("--set", each)))
        assert found.status == 0, found.err
        layers = json.loads(found.out)["models"][0]["layers"]
        return {layer["name"]: layer["params"] for layer in layers}

    return count


PLAIN = {"encoder": 3 * (40 + 96) * 96 + 6 * 96, "lstm": 4 * (96 + 12 + 1) * 12, "lstm_1": 4 * (12 + 5 + 1) * 5}
PLAIN |= {"dropout": 0, "each": 6 * 4, "words": 5 * 12, "words_1": 13 * 12}


@pytest.mark.parametrize(
    ("settings", "changed"),
    [
        ([], {}),
        (["encoder.units=97"], {"encoder": 3 * (40 + 97) * 97 + 6 * 97, "lstm": 4 * (97 + 12 + 1) * 12}),
        (["encoder.units=1_0"], {"encoder": 3 * 50 * 10 + 60, "lstm": 4 * 23 * 12}),
        (["lstm.units=13"], {"lstm": 4 * (96 + 13 + 1) * 13, "lstm_1": 4 * (13 + 5 + 1) * 5}),  # a bare value
        (["lstm.bidirectional=true"], {"lstm": 8 * 109 * 12, "lstm_1": 4 * (24 + 5 + 1) * 5}),
        (["lstm_1.units=6"], {"lstm_1": 4 * (12 + 6 + 1) * 6, "each": 7 * 4}),  # type: lstm, and a default name
        (["dropout.rate=0.3"], {}),  # a bare type
        (["each.units=9"], {"each": 6 * 9, "words": 10 * 12}),
        (["words.units=13"], {"words": 5 * 13, "words_1": 14 * 13}),  # each time that it is repeated
        (["input.depth=41"], {"encoder": 3 * (41 + 96) * 96 + 6 * 96}),
        (["framework=paper"], {"encoder": 3 * (40 + 96) * 96 + 3 * 96}),
        (["encoder.units=97", "encoder.units=96"], {}),
    ],
)
def test_a_setting_changes_one_key(
    counts: Callable[..., dict[str, int]], settings: list[str], changed: dict[str, int]
) -> None:
    assert counts(*settings) == {**PLAIN, **changed}


def test_a_key_may_be_set_in_the_frameworks_word_or_in_ours(run: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "torch.yaml"
    path.write_text("framework: pytorch\ninput: {depth: 10}\nlayers:\n  - LSTM: {hidden_size: 128}\n")
    for word in ("units", "hidden_size"):
        found = run("count", str(path), "-f", "json", "--set", f"lstm.{word}=64")
        assert json.loads(found.out)["models"][0]["params"]["total"] == 4 * (10 + 64 + 2) * 64


def test_options_that_two_entries_share_are_set_for_one_alone(run: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "shared.yaml"
    path.write_text("framework: keras\ninput: {depth: 10}\nlayers: [{lstm: &a {units: 3}}, {lstm: *a}]\n")
    found = run("count", str(path), "-f", "json", "--set", "lstm_1.units=5")
    layers = json.loads(found.out)["models"][0]["layers"]
    assert [layer["params"] for layer in layers] == [4 * (10 + 3 + 1) * 3, 4 * (3 + 5 + 1) * 5]


def test_inputs_are_set_by_their_names(run: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "two.yaml"
    path.write_text(
        "framework: keras\ninputs: {left: {depth: 3}, right: {depth: 4}}\n"
        "layers:\n  - rnn: {units: 2, inputs: left}\n  - rnn: {units: 2, inputs: right}\n"
    )
    found = run("count", str(path), "-f", "json", "--set", "right.depth=9")
    assert [layer["params"] for layer in json.loads(found.out)["models"][0]["layers"]] == [12, 24]


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("encoder.units=0", "demo.yaml:5:27: --set encoder.units=0: 0 is out of range"),
        ("encoder.units=1.5", "--set encoder.units=1.5: 1.5 is not a whole number"),
        ("encoder.unitz=3", "unknown key `unitz` for gru; did you mean `units`?"),
        ("encoder.projection=3", "--set encoder.projection=3: unknown key `projection` for gru; lstm"),
        ("lstm.peephole=true", "keras has no lstm with peephole; tensorflow1"),
        ("enc.units=3", "no model has a layer or input named `enc`; did you mean `encoder`?"),
        ("input.deep=3", "unknown key `deep`"),
        ("frame=3", "`frame` is no key of a model; did you mean `framework`?"),
        ("framework=kerras", "unknown framework `kerras`; did you mean `keras`?"),
        ("encoder.units", "is no setting; write LAYER.KEY=VALUE"),
        ("=3", "is no setting; write LAYER.KEY=VALUE"),
        (".units=3", "is no setting; write LAYER.KEY=VALUE"),
        ("encoder.units=[", "a closing bracket is missing"),
        ("encoder.units=!!python/name:os.system", "not allowed"),
    ],
)
def test_a_setting_that_cannot_be_is_told(run: Callable[..., Any], tmp_path: Path, setting: str, told: str) -> None:
    path = tmp_path / "demo.yaml"
    path.write_text(SPEC)
    found = run("count", str(path), "--set", setting)
    assert found.status == 2
    assert told in " ".join(found.err.split())


def test_check_and_verify_take_settings(run: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "demo.yaml"
    path.write_text(SPEC)
    assert run("check", str(path)).status == 0
    found = run("check", str(path), "--set", "encoder.units=128")
    assert found.status == 1
    total = (3 * (40 + 128) * 128 + 6 * 128) + 4 * (128 + 12 + 1) * 12 + 360 + 24 + 60 + 156
    assert f"params {total:,} is above the limit of 50,000" in " ".join(found.out.split())
    small = run("verify", str(path), "--set", "encoder.units=3")
    assert (small.status, "proven" in small.out) == (0, True)
    assert run("verify", "lstm", "--set", "lstm.units=3").status == 2


@pytest.mark.parametrize("value", ["[1, 2]", "{a: 1}", "[]", "{}", "[{a: [1]}]"])
@pytest.mark.parametrize("key", ["encoder.units", "encoder.name", "input.depth", "framework", "name"])
def test_a_list_or_a_mapping_is_refused_like_any_other_value(
    run: Callable[..., Any], tmp_path: Path, key: str, value: str
) -> None:
    path = tmp_path / "demo.yaml"
    path.write_text(SPEC)
    found = run("count", path, "--set", f"{key}={value}")
    assert (found.status, found.out) == (2, "")
    assert f"--set {key}={value}: " in found.err
