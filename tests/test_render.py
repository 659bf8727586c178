"""Every format: its figures re-add to the totals that it prints, and it stays readable wherever it is shown."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest

from rnncalc.cli.options import FORMATS
from tests.samples import having

Run = Callable[..., Any]

WIDTHS = (60, 80, 100, 200)
LSTM = ("lstm", "--input-depth", "10", "--units", "128")
TAGGER = """
name: tagger
framework: keras
layers:
  - embedding: {vocab: 1000, depth: 64, trainable: false}
  - lstm: {units: 128, bidirectional: true, name: encoder}
  - dropout: 0.5
  - dense: {units: 21, name: head}
"""
TAGGER_LAYERS = {
    "embedding": 1000 * 64,
    "encoder": 2 * ((64 + 128) * 4 * 128 + 4 * 128),
    "dropout": 0,
    "head": 256 * 21 + 21,
}
TAGGER_TOTAL = sum(TAGGER_LAYERS.values())
NAMES = (
    "名前の層",
    "طبقة عربية",
    "🚀🚀 emoji",
    "cafe\u0301",
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2",
    "@sum",
    "a|b",
    "`code`",
    "[bold]markup[/bold]",
    ":smile:",
    "<b>html</b>",
    "**star**",
    "\x1b[31mred",
    "two\nlines",
    "tab\there",
    "right\u202eleft",
    "a-very-long-name-" * 8 + "end",
)
FORTY = "input: {depth: 3}\nlayers:\n" + "".join(f"  - dense: {{units: 3, name: layer-{n}}}\n" for n in range(40))
HUGE = 2**63 - 1
HUGE_SPEC = f"name: huge\ninput: {{depth: {HUGE}}}\nlayers: [lstm: {HUGE}]\n"
HUGE_TOTAL = (HUGE + HUGE) * 4 * HUGE + 4 * HUGE
UNKNOWN = "name: unknown\ninput: {shape: [null, null, 3]}\nlayers: [dense: 4]\n"


def named(*names: str) -> str:
    """A spec with a layer of each name."""
    layers = "".join(f"  - dense: {{units: 3, name: {json.dumps(each, ensure_ascii=False)}}}\n" for each in names)
    return f"name: {json.dumps(names[0], ensure_ascii=False)}\ninput: {{depth: 3}}\nlayers:\n{layers}"


def columns(line: str) -> int:
    """The terminal columns that a line takes."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in line)
    return len(line) + wide - sum(unicodedata.combining(char) > 0 for char in line)


def number(text: str) -> int:
    return int(text.replace(",", ""))


def drawn(out: str) -> list[tuple[str, int, bool]]:
    """(what stands first, parameters, is it a layer) for each row of a table of tensors."""
    rows = []
    for line in out.splitlines():
        found = re.match(r"^( +)(.*?) +([\d,]+) +(?:\d+\.\d %)", line)
        if found:
            rows.append((found[2], number(found[3]), len(found[1]) == 1))
    return rows


def printed_total(out: str) -> int:
    found = re.search(r"^(?:- )?Parameters:?\s+([\d,]+)", out, re.MULTILINE)
    assert found
    return number(found[1])


def cells(line: str) -> list[str]:
    """The cells of a line of a Markdown table."""
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def count(run: Run, spec: str, *flags: object) -> str:
    status, out, err = run("count", "-", *flags, input=spec.encode())
    assert (status, err) == (0, "")
    return str(out)


def wide(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))


# --- re-added ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("framework", having("embedding", "lstm", "dense"))
def test_the_columns_of_a_table_sum_to_its_total(
    run: Run, monkeypatch: pytest.MonkeyPatch, width: int, framework: str
) -> None:
    wide(monkeypatch, width)
    out = count(run, TAGGER, "-F", framework)
    rows = drawn(out)
    layers = [params for _, params, is_layer in rows if is_layer]
    tensors = [params for _, params, is_layer in rows if not is_layer]
    assert len(layers) == 4
    assert sum(layers) == sum(tensors) == printed_total(out)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_table_prints_the_figures_of_each_layer(run: Run, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    wide(monkeypatch, width)
    out = count(run, TAGGER)
    assert [params for _, params, is_layer in drawn(out) if is_layer] == list(TAGGER_LAYERS.values())
    assert printed_total(out) == TAGGER_TOTAL


def test_trainable_and_not_trainable_sum_to_the_total(run: Run) -> None:
    for form in ("table", "markdown"):
        found = re.search(r"([\d,]+) trainable\D+([\d,]+) not", count(run, TAGGER, "-f", form))
        assert found
        assert (number(found[1]), number(found[2])) == (TAGGER_TOTAL - 64_000, 64_000)


def test_the_shares_of_a_table_sum_to_a_hundred(run: Run) -> None:
    out = count(run, TAGGER)
    layers = [line for line in out.splitlines() if re.match(r"^ \S", line)]
    shares = [float(each) for line in layers for each in re.findall(r"(\d+\.\d) %", line)]
    assert len(shares) == 4
    assert sum(shares) == pytest.approx(100, abs=0.2)


def test_a_share_is_never_all_of_a_part_nor_nothing_of_something(run: Run) -> None:
    out = count(run, "input: {depth: 1}\nlayers: [{dense: 1}, {dense: 1_000_000}]\n")
    shares = {line.split()[0]: re.findall(r"\d+\.\d %", line) for line in out.splitlines() if line.startswith(" dense")}
    assert shares == {"dense": ["0.1 %"], "dense_1": ["99.9 %"]}


def test_the_rows_of_markdown_sum_to_its_total(run: Run) -> None:
    out = count(run, TAGGER, "-f", "markdown")
    header, rule, *rows = [cells(line) for line in out.splitlines() if line.startswith("|")]
    at = header.index("Params")
    assert rule[at] == "---:"
    layers = [number(row[at].strip("*")) for row in rows if row[at].startswith("**")]
    tensors = [number(row[at]) for row in rows if not row[at].startswith("**")]
    assert layers == list(TAGGER_LAYERS.values())
    assert sum(tensors) == printed_total(out) == TAGGER_TOTAL


def test_the_rows_of_csv_sum_to_the_layers(run: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(count(run, TAGGER, "-f", "csv"))))
    found = dict.fromkeys(TAGGER_LAYERS, 0)
    for row in rows:
        found[row["layer"]] += int(row["params"])
    assert found == TAGGER_LAYERS


def test_a_csv_row_is_the_product_of_its_shape(run: Run) -> None:
    for row in csv.DictReader(io.StringIO(count(run, TAGGER, "-f", "csv"))):
        if row["tensor"]:
            product = 1
            for axis in row["shape"].split("x"):
                product *= int(axis)
            assert product == int(row["params"])


def test_the_figures_of_json_sum_to_their_totals(run: Run) -> None:
    (model,) = json.loads(count(run, TAGGER, "-f", "json"))["models"]
    assert {layer["name"]: layer["params"] for layer in model["layers"]} == TAGGER_LAYERS
    assert model["params"]["total"] == TAGGER_TOTAL
    assert model["params"]["non_trainable"] == 64_000
    for layer in model["layers"]:
        assert sum(tensor["params"] for tensor in layer["tensors"]) == layer["params"]
    for metric in ("macs_per_step", "flops_per_step", "weight_bytes", "state_bytes"):
        assert sum(layer[metric] for layer in model["layers"]) == model[metric]


def test_a_report_sums_its_models(run: Run) -> None:
    spec = (TAGGER + "---\n" + FORTY).encode()
    rows = list(csv.DictReader(io.StringIO(run("report", "-", "-f", "csv", input=spec).out)))
    assert [int(row["params"]) for row in rows] == [TAGGER_TOTAL, 40 * 12]
    for form in ("table", "markdown"):
        assert f"2 models, {TAGGER_TOTAL + 480:,} parameters" in run("report", "-", "-f", form, input=spec).out


def test_an_excess_is_the_figure_less_its_limit(run: Run) -> None:
    out = run("check", "-", "--max-params", "100k", "-f", "csv", input=TAGGER.encode()).out
    (row,) = csv.DictReader(io.StringIO(out))
    assert int(row["actual"]) - int(row["limit"]) == TAGGER_TOTAL - 100_000
    assert row["result"] == "FAIL"


def test_every_figure_of_a_csv_is_a_plain_number(run: Run) -> None:
    spec = TAGGER + "budget: {params: 100k}\nexpect: {params: 3}\n"
    for row in csv.DictReader(io.StringIO(run("check", "-", "-f", "csv", input=spec.encode()).out)):
        assert int(row["actual"]) - int(row["limit"]) == int(row["excess"])


# --- wherever it is shown ---------------------------------------------------------------------------------------------

DOCUMENTS = {
    "count": ("count", "-"),
    "report": ("report", "-"),
    "check": ("check", "-", "--max-params", "1"),
    "cells": ("cells",),
    "frameworks": ("frameworks",),
}
SPECS = {"tagger": TAGGER, "names": named(*NAMES), "forty": FORTY, "huge": HUGE_SPEC, "unknown": UNKNOWN}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_line_of_a_table_is_wider_than_the_terminal(
    run: Run, monkeypatch: pytest.MonkeyPatch, document: str, spec: str, width: int
) -> None:
    wide(monkeypatch, width)
    out = run(*DOCUMENTS[document], input=SPECS[spec].encode()).out
    assert out.strip()
    assert [line for line in out.splitlines() if columns(line) > width] == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("framework", having("lstm"))
def test_a_stack_of_two_directions_fits_every_terminal(
    run: Run, monkeypatch: pytest.MonkeyPatch, framework: str, width: int
) -> None:
    wide(monkeypatch, width)
    out = run(*LSTM, "-F", framework, "--bidirectional", "--num-layers", "2").out
    assert [line for line in out.splitlines() if columns(line) > width] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_no_figure_of_a_table_is_cut(run: Run, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    wide(monkeypatch, width)
    out = count(run, HUGE_SPEC)
    assert printed_total(out) == HUGE_TOTAL
    assert f"{HUGE_TOTAL:,}" in "\n".join(line for line in out.splitlines() if "100.0 %" in line)


@pytest.mark.parametrize("width", [20, 40, 60, 80])
def test_every_digit_of_fifty_is_shown(run: Run, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    wide(monkeypatch, width)
    spec = f"name: fifty\nframework: keras\ninput: {{shape: [null, {HUGE}]}}\n"
    spec += f"layers: [conv1d: {{filters: {HUGE}, kernel_size: {10**12}, padding: same, bias: false}}]\n"
    total = f"{10**12 * HUGE * HUGE:,}"
    assert total.count(",") == 16  # 50 digits, in 66 columns
    for document in ("count", "report"):
        out = run(document, "-", input=spec.encode()).out
        assert total in re.sub(r"\s+", "", out)
        assert [line for line in out.splitlines() if columns(line) > width] == []
        assert all(re.search(r"[\d,](,|\d\b)", line) for line in out.splitlines() if re.search(r"\d,\d", line))


@pytest.mark.parametrize("width", WIDTHS)
def test_no_figure_of_a_report_is_cut(run: Run, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    wide(monkeypatch, width)
    out = run("report", "-", input=(HUGE_SPEC + "---\n" + TAGGER).encode()).out
    above = out[: out.index("2 models")]
    assert f"{HUGE_TOTAL:,}" in above
    assert f"{TAGGER_TOTAL:,}" in above


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("spec", ["tagger", "forty"])
def test_a_report_names_its_models_and_counts_them_at_every_width(
    run: Run, monkeypatch: pytest.MonkeyPatch, spec: str, width: int
) -> None:
    wide(monkeypatch, width)
    out = run("report", "-", input=SPECS[spec].encode()).out
    assert {"Model", "Params"} <= set(out.split())
    assert {"tagger": "tagger", "forty": "stdin"}[spec] in out.split()


def test_a_report_of_the_largest_figures_names_its_models(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    wide(monkeypatch, 60)
    assert "huge" in run("report", "-", input=HUGE_SPEC.encode()).out.split()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_words_of_a_table_are_there_at_every_width(run: Run, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    wide(monkeypatch, width)
    words = run(*LSTM).out.split()
    assert {"Layer", "Shape", "Params", "kernel", "bias", "BasicLSTMCell", "4·num_units"} <= set(words)
    assert {"71,168", "70,656", "512", "142,976", "284,672", "71,680"} <= set(words)


@pytest.mark.parametrize("width", [80, 100, 200])
def test_no_word_of_a_bidirectional_stack_is_broken_where_there_is_room(
    run: Run, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    wide(monkeypatch, width)
    out = run(*LSTM, "-F", "pytorch", "--bidirectional", "--num-layers", "2").out
    assert {"weight_ih_l0", "weight_hh_l1_reverse", "bias_hh_l1_reverse"} <= set(out.split())


def test_a_name_breaks_at_its_joints(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    wide(monkeypatch, 60)
    out = run("cells").out
    assert {"layer_norm_", "lstm"} <= set(out.split())
    assert "layer_norm_ls" not in out.split()


def test_a_figure_is_not_broken_where_a_name_can_be(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    wide(monkeypatch, 60)
    spec = TAGGER.replace("name: tagger", "name: a-model-for-tagging-parts-of-speech")
    out = run("check", "-", "--max-params", "10k", input=spec.encode()).out
    assert {f"{TAGGER_TOTAL:,}", "10,000", f"+{TAGGER_TOTAL - 10_000:,}", "FAIL", "params"} <= set(out.split())
    assert "a-model-" in out.replace("a-model-for", "a-model- for").split()


def test_rows_become_records_where_the_columns_do_not_fit(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    wide(monkeypatch, 36)
    out = run("check", "-", "--max-params", "100k", "--max-macs-per-step", "1M", input=TAGGER.encode()).out
    first, second, *_ = out.strip().split("\n\n")
    rows = [re.split(r"\s{2,}", line.strip()) for line in first.splitlines()]
    excess = f"+{TAGGER_TOTAL - 100_000:,}"
    assert rows == [
        ["FAIL"],
        ["Model", "tagger"],
        ["Metric", "params"],
        ["Actual", f"{TAGGER_TOTAL:,}"],
        ["Limit", "100,000"],
        ["Excess", excess],
    ]
    assert second.split()[:3] == ["ok", "Model", "tagger"]


@pytest.mark.parametrize("width", [20, 36, 60])
def test_records_of_wide_characters_fit(run: Run, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    wide(monkeypatch, width)
    out = run("check", "-", "--max-params", "1", input=named("名前の層" * 12).encode()).out
    assert re.sub(r"\s+", "", out).count("名前の層") >= 12
    assert [line for line in out.splitlines() if columns(line) > width] == []


def test_a_narrow_terminal_still_gets_every_figure(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    wide(monkeypatch, 30)
    assert printed_total(run(*LSTM).out) == 71_168


def test_other_frameworks_are_told_in_one_line(run: Run) -> None:
    out = run("gru", "--input-depth", "10", "--units", "128").out
    lines = [line for line in out.splitlines() if "53,760" in line]
    assert len(lines) == 1
    assert "keras, pytorch, onnx: 53,760 (+384)" in lines[0]
    assert "flax, equinox: 53,504 (+128)" in lines[0]


def test_forty_layers_have_forty_rows(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    wide(monkeypatch, 60)
    out = count(run, FORTY)
    layers = [(name, params) for name, params, is_layer in drawn(out) if is_layer]
    assert len(layers) == 40
    assert sum(params for _, params in layers) == printed_total(out) == 40 * (3 * 3 + 3)
    for n in range(40):
        assert f"layer-{n}" in out.split()


# --- colour -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("document", DOCUMENTS)
def test_without_colour_there_are_no_escape_codes(run: Run, document: str, form: str) -> None:
    assert "\x1b" not in run(*DOCUMENTS[document], "-f", form, "--color", "never", input=TAGGER.encode()).out


@pytest.mark.parametrize("document", DOCUMENTS)
def test_forced_colour_changes_nothing_but_the_colour(run: Run, document: str) -> None:
    plain = run(*DOCUMENTS[document], "--color", "never", input=TAGGER.encode()).out
    colored = run(*DOCUMENTS[document], "--color", "always", input=TAGGER.encode()).out
    assert "\x1b[" in colored
    stripped = re.sub(r"\x1b\[[\d;]*m", "", colored)
    assert [line.rstrip() for line in stripped.splitlines()] == plain.splitlines()


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "table"])
def test_a_format_for_files_has_no_colour_even_where_it_is_forced(run: Run, form: str) -> None:
    assert "\x1b" not in run(*LSTM, "-f", form, "--color", "always").out


def test_no_colour_is_fixed_to_black_or_white(run: Run) -> None:
    codes = set(re.findall(r"\x1b\[([\d;]*)m", run(*LSTM, "--color", "always").out))
    used = {int(part) for code in codes for part in code.split(";") if part}
    assert used & {30, 37, 40, 47, 90, 97, 100, 107} == set()


def test_no_line_ends_with_spaces(run: Run) -> None:
    for document, args in DOCUMENTS.items():
        out = run(*args, input=TAGGER.encode()).out
        assert [line for line in out.splitlines() if line != line.rstrip()] == [], document


# --- names in any script, and hostile ones ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", FORMATS)
def test_a_name_is_data_in_every_format(run: Run, form: str, name: str) -> None:
    out = count(run, named(name), "-f", form)
    allowed = "\n" if form != "csv" else "\n\t\x1b"  # quoted there, and written as it is
    assert [char for char in out if not char.isprintable() and char not in f"{allowed}\u202e"] == []
    if form in ("table", "markdown"):
        assert "\u202e" not in out


@pytest.mark.parametrize(
    "name", ["名前の層", "طبقة عربية", "🚀🚀 emoji", "cafe\u0301", "[bold]markup[/bold]", ":smile:"]
)
def test_a_name_is_printed_as_it_is(run: Run, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    wide(monkeypatch, 200)
    assert name in count(run, named(name))


@pytest.mark.parametrize("name", ["名前の層", "🚀🚀 emoji", "cafe\u0301"])
def test_wide_and_combining_characters_keep_the_columns_straight(run: Run, name: str) -> None:
    lines = [line for line in count(run, named(name, "plain")).splitlines() if re.search(r"\d %", line)]
    ends = {columns(line[: line.index(" %") + 2]) for line in lines}
    assert len(lines) == 6
    assert len(ends) == 1


@pytest.mark.parametrize("width", WIDTHS)
def test_no_part_of_a_long_name_is_lost(run: Run, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    wide(monkeypatch, width)
    out = count(run, named("x", "0123456789" * 15))
    table = out[: out.index("Parameters")]
    digits = "".join(re.findall(r"^ +(\d+)(?=\s|$)", table, re.MULTILINE))
    assert digits == "0123456789" * 15


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("command", [("count",), ("report",), ("check", "--max-params", "1")])
def test_no_cell_of_a_csv_can_start_a_formula(run: Run, command: tuple[str, ...], name: str) -> None:
    out = run(*command, "-", "-f", "csv", input=named(name).encode()).out
    rows = list(csv.reader(io.StringIO(out)))
    assert len({len(row) for row in rows}) == 1
    assert [cell for row in rows for cell in row if re.match(r"[=@\t\r]|[-+](?!\d+$)", cell)] == []


@pytest.mark.parametrize("name", ["名前の層", "🚀🚀 emoji", "a|b", "two\nlines", 'quoted "so", and so'])
def test_a_name_comes_back_from_csv_and_json(run: Run, name: str) -> None:
    row = next(csv.DictReader(io.StringIO(count(run, named(name), "-f", "csv"))))
    (model,) = json.loads(count(run, named(name), "-f", "json"))["models"]
    assert row["layer"] == row["model"] == model["name"] == model["layers"][0]["name"] == name


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("command", [("count",), ("report",), ("check", "--max-params", "1")])
def test_no_name_breaks_a_table_of_markdown(run: Run, command: tuple[str, ...], name: str) -> None:
    out = run(*command, "-", "-f", "markdown", input=named(name).encode()).out
    lines = [line for line in out.splitlines() if line.startswith("|")]
    assert len(lines) >= 3
    assert len({len(cells(line)) for line in lines}) == 1


def test_markdown_escapes_what_it_would_read(run: Run) -> None:
    out = count(run, named("a|b*c*`d`<b>[e](f)"), "-f", "markdown")
    assert r"a\|b\*c\*\`d\`&lt;b&gt;\[e\](f)" in out


# --- figures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("document", DOCUMENTS)
def test_json_is_valid_and_has_a_version(run: Run, document: str, spec: str) -> None:
    def refuse(text: str) -> None:
        raise AssertionError(f"{text} is no JSON")

    out = run(*DOCUMENTS[document], "-f", "json", input=SPECS[spec].encode()).out
    fraction = float if document == "cells" else refuse  # the default of an option; figures are whole
    assert json.loads(out, parse_constant=refuse, parse_float=fraction)["schema_version"] == 1


@pytest.mark.parametrize("units", [2**53 + 1, 2**62 + 1, 2**63 - 1])
def test_figures_beyond_floating_point_are_exact_in_every_format(run: Run, units: int) -> None:
    spec = f"input: {{depth: 3}}\nlayers: [dense: {units}]\n"
    total = 3 * units + units
    (model,) = json.loads(count(run, spec, "-f", "json"))["models"]
    assert model["params"]["total"] == total
    assert model["weight_bytes"] == 4 * total
    assert model["layers"][0]["tensors"][0]["shape"] == [3, units]
    rows = csv.DictReader(io.StringIO(count(run, spec, "-f", "csv")))
    assert [int(row["params"]) for row in rows] == [3 * units, units]
    for form in ("table", "markdown"):
        out = count(run, spec, "-f", form)
        assert printed_total(out) == total
        assert f"{4 * total:,} bytes" in out


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_what_is_not_known_is_a_question_mark(run: Run, form: str) -> None:
    assert re.search(r"MACs:? +\? a step", count(run, UNKNOWN, "-f", form))
    row = next(line for line in run("report", "-", "-f", form, input=UNKNOWN.encode()).out.splitlines() if "16" in line)
    assert "?" in row.replace("|", " ").split()


def test_what_is_not_known_is_null_in_json_and_empty_in_csv(run: Run) -> None:
    (model,) = json.loads(count(run, UNKNOWN, "-f", "json"))["models"]
    assert (model["macs"], model["macs_per_step"], model["flops"]) == (None, None, None)
    (row,) = csv.DictReader(io.StringIO(run("report", "-", "-f", "csv", input=UNKNOWN.encode()).out))
    assert row["macs_per_step"] == ""
    assert int(row["params"]) == 3 * 4 + 4


def test_bytes_are_told_in_a_unit_that_fits(run: Run) -> None:
    out = run(*LSTM).out
    assert "284,672 bytes" in out
    assert "278.0 KiB" in out  # 284,672 / 1,024


@pytest.mark.parametrize(("size", "noun"), [(1, "1 model,"), (2, "2 models,")])
def test_one_is_not_plural(run: Run, size: int, noun: str) -> None:
    spec = "---\n".join([TAGGER, FORTY][:size])
    assert noun in run("report", "-", input=spec.encode()).out


def test_one_limit_is_not_plural(run: Run) -> None:
    assert "1 limits" not in run("check", "-", "--max-params", "1M", input=TAGGER.encode()).out
    assert "1 errors" not in run("report", "none.yaml").out
