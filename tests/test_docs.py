"""The documentation is true: its commands run, its specs load, its pages are current, its examples count."""

from __future__ import annotations

import re
import runpy
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import rnncalc
from rnncalc import layouts
from rnncalc.cell import GIVEN, find, names, recurrent
from rnncalc.cli import COMMANDS
from rnncalc.gate.budget import check
from rnncalc.network import Model
from rnncalc.report import METRICS
from rnncalc.sizes import DTYPES
from rnncalc.spec.keys import EVERY_LAYER, RECURRENT
from rnncalc.spec.read import TOP, read
from tests.conftest import Result

ROOT = Path(__file__).parent.parent
GENERATE = ROOT / "docs/generate.py"
PAGES = {path.relative_to(ROOT).as_posix(): path for path in sorted((ROOT / "docs").glob("*.md"))}
PAGES |= {name: ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")}
TEXTS = {name: path.read_text("utf-8") for name, path in PAGES.items()}
DOCS = {name: text for name, text in TEXTS.items() if name.startswith("docs/")}
WIDEST = 120

COMMANDS_SHOWN = [
    (page, command, output.strip("\n"))
    for page, text in DOCS.items()
    for console in re.findall(r"```console\n(.*?)```", text, re.S)
    for command, output in re.findall(r"^\$ (rnncalc .*)\n((?:(?!\$ ).*\n)*)", console, re.M)
]
SPECS = [
    (page, block)
    for page, text in DOCS.items()
    for block in re.findall(r"```yaml\n(.*?)```", text, re.S)
    if re.search("^(layers|weights):", block, re.M)
]
LAYERS = (*names("rnncalc.layers"), *names("rnncalc.cells"))
GENERATED: dict[str, Callable[[], str]] = runpy.run_path(str(GENERATE))["PAGES"]


# generated pages


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_page_is_current(name: str) -> None:
    assert (ROOT / "docs" / name).read_text("utf-8") == GENERATED[name](), "run `make docs`"


def test_the_check_tells_a_page_that_is_not_current(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generate = runpy.run_path(str(GENERATE))
    main = generate["main"]
    main.__globals__.update(DOCS=tmp_path, PAGES={"page.md": lambda: "true\n"})
    (tmp_path / "page.md").write_text("false\n", "utf-8")
    assert main(["--check"]) == 1
    assert "docs/page.md is not current" in capsys.readouterr().err
    assert main([]) == 0
    assert main(["--check"]) == 0
    assert main(["--chekc"]) == 2


# what the pages show


@pytest.mark.parametrize(("page", "command", "output"), COMMANDS_SHOWN, ids=[shown[1] for shown in COMMANDS_SHOWN])
def test_a_command_of_the_docs_runs_and_prints_what_is_shown(
    page: str, command: str, output: str, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    result = run(*shlex.split(command, comments=True)[1:])
    assert result.status == 0
    assert "Traceback" not in result.err
    if output:
        assert [line.rstrip() for line in result.out.strip("\n").split("\n")] == output.split("\n")


@pytest.mark.parametrize(("page", "block"), SPECS, ids=[page for page, _ in SPECS])
def test_a_spec_of_the_docs_loads_and_keeps_its_budget(page: str, block: str) -> None:
    for found in read(block.encode(), page):
        assert isinstance(found, Model), found
        checks, problems = check(found)
        assert not problems
        assert all(each.passed for each in checks), checks


@pytest.mark.parametrize(
    ("framework", "type", "options", "printed"),
    [
        ("paper", "gru", {"reset_after": True}, "53,504"),
        ("keras", "gru", {"reset_after": False}, "53,376"),
        ("flax-nnx", "gru", {}, "53,376"),
        ("pytorch", "gru", {}, "53,760"),
        ("flax", "gru", {}, "53,504"),
        ("onnx", "gru", {"reset_after": True}, "53,760"),
        ("keras", "CuDNNLSTM", {}, "71,680"),
        ("tensorflow1", "lstm", {"peephole": True}, "71,552"),
        ("onnx", "lstm", {"peephole": True}, "72,064"),
        ("haiku", "rnn", {}, "17,920"),
        ("haiku", "rnn", {"bias": "single"}, "17,792"),
    ],
)
def test_the_counts_of_the_page_on_differences_are_ours(
    framework: str, type: str, options: dict[str, Any], printed: str
) -> None:
    layer = {type: {"units": 128, **options}}
    model = rnncalc.parse({"framework": framework, "input": {"depth": 10}, "layers": [layer]})
    assert f"{model.params:,}" == printed
    assert printed in DOCS["docs/why-counts-differ.md"]


def test_the_numbers_of_the_page_on_numbers_are_ours() -> None:
    spec = {"input": {"depth": 10, "steps": 28}, "layers": [{"lstm": 128}]}
    report, memory = rnncalc.parse(spec).report(), rnncalc.parse(spec).training("adam")
    figures = (report.params, report.macs, report.macs_per_step, report.flops_per_step, report.weight_bytes)
    for figure in (*figures, report.state_bytes, memory.weights, memory.gradients, memory.slots, memory.activations):
        assert f"{figure:,}" in DOCS["docs/numbers.md"]


def test_the_cases_that_do_not_match_or_are_weak_are_named_with_the_reason() -> None:
    doubts = DOCS["docs/published.md"].split("## All of them")[0]
    assert re.search(r"- \*\*lm1b-lstm-8192-2048\*\* \(no match\): .{80,}", doubts)
    assert re.search(r"- \*\*timit-ctc-5l-250h\*\* \(weak evidence\): .{40,}", doubts)


def test_the_guide_shows_the_same_in_both_languages() -> None:
    guides = [DOCS["docs/guide.md"], DOCS["docs/guide.zh.md"]]
    for shown in (r"^\$ rnncalc .*$", r"\]\((figures/\S+)\)", r"[0-9]+,[0-9]{3}"):
        english, chinese = (re.findall(shown, guide, re.M) for guide in guides)
        assert english
        assert dict.fromkeys(english) == dict.fromkeys(chinese)


def test_the_figures_of_the_guide_are_what_the_command_draws(run: Callable[..., Result]) -> None:
    drawn = run("explain", "lstm", "--figure", "step", "-f", "svg", "-F", "tensorflow1").out
    assert (ROOT / "docs/figures/lstm-step.svg").read_text("utf-8") == drawn
    for guide in (DOCS["docs/guide.md"], DOCS["docs/guide.zh.md"]):
        for figure in re.findall(r"\]\((figures/\S+)\)", guide):
            assert figure in GENERATED


# what is named


@pytest.mark.parametrize("command", [*recurrent(), *COMMANDS])
def test_every_command_is_named(command: str) -> None:
    assert re.search(rf"`(rnncalc )?{command}\b", DOCS["docs/README.md"])


@pytest.mark.parametrize("name", LAYERS)
def test_every_cell_and_layer_has_its_place_and_its_keys_in_the_reference(name: str) -> None:
    found = find(name)
    assert found is not None
    page = DOCS["docs/cells.md" if name in recurrent() else "docs/layers.md"]
    assert re.search(rf"^## (.*, )?{name}(,|$)", page, re.M)
    if name == "weights":  # it is a key of the model, and no entry
        return
    cells, around = DOCS["docs/spec.md"].split("\n## Keys of the layers around them\n")
    row = re.search(rf"^\| `{found.base}(\*d)?` \|.*$", around, re.M)
    assert row or (name in recurrent() and re.search(rf"\b{name}\b", cells))
    for key in (*found.required, *found.options):
        assert key in GIVEN or f"`{key}`" in (row[0] if row else cells)


@pytest.mark.parametrize("framework", layouts.NAMES)
def test_every_framework_and_each_of_its_classes_is_named(framework: str) -> None:
    assert f"`{framework}`" in DOCS["docs/README.md"]
    page = DOCS["docs/layouts.md"]
    section = page.split(f"\n## {framework}\n")[1].split("\n## ")[0]
    for entry in layouts.find(framework).entries:
        if entry.cell != "*" and entry not in layouts.COMMON:
            assert f"### {framework}: {entry.name.split('{')[0]}" in section
            for key in (*entry.fixed, *entry.free):
                assert f"`{key}`" in section


@pytest.mark.parametrize("key", [*TOP, *EVERY_LAYER, *RECURRENT, *METRICS, *DTYPES])
def test_every_key_of_a_spec_is_in_the_reference(key: str) -> None:
    assert re.search(rf"\b{key}\b", DOCS["docs/spec.md"])


# links and lines


@pytest.mark.parametrize("page", TEXTS)
def test_every_link_leads_somewhere(page: str) -> None:
    text = re.sub(r"```.*?```", "", TEXTS[page], flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        there = (PAGES[page].parent / path).resolve() if path else PAGES[page]
        assert there.exists(), target
        if anchor:
            assert anchor in anchors(there.read_text("utf-8")), target


def anchors(text: str) -> Iterator[str]:
    for title in re.findall("^#+ (.*)$", text, re.M):
        yield re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", [*DOCS, "CONTRIBUTING.md", "CHANGELOG.md"])
def test_no_line_but_a_row_of_a_table_is_longer_than_the_codes(page: str) -> None:
    assert not [line for line in TEXTS[page].split("\n") if len(line) > WIDEST and not line.startswith("|")]
