"""`rnncalc sweep`: tables over sizes and choices. Every figure follows by hand from the shapes."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest

import rnncalc
from rnncalc.axes import Axis
from rnncalc.errors import SpecError
from rnncalc.gate.limits import Limit
from rnncalc.render.sweep import pieces
from rnncalc.sizes import LARGEST, Sizes, sizes
from rnncalc.sizing.sweep import Sweep
from rnncalc.spec.settings import Setting, Settings
from rnncalc.symbolic import free_sizes

Run = Callable[..., Any]


def lstm(depth: int, units: int, biases: int = 1) -> int:
    """The parameters of one layer, from its shapes."""
    return 4 * units * (depth + units + biases)


def table(run: Run, *args: object) -> list[dict[str, str]]:
    """The rows of the CSV."""
    status, out, err = run("sweep", *args, "-f", "csv", "-q")
    assert (status, err) == (0, "")
    return list(csv.DictReader(io.StringIO(out)))


def column(run: Run, *args: object, of: str = "params") -> list[int]:
    return [int(row[of]) for row in table(run, *args)]


CELL = ("lstm", "--input-depth", "10")


# --- a cell -----------------------------------------------------------------------------------------------------------


def test_a_range_includes_its_end_and_each_row_is_the_count(run: Run) -> None:
    rows = table(run, *CELL, "--units", "32:1024:32")
    assert [int(row["units"]) for row in rows] == list(range(32, 1025, 32))
    assert [int(row["params"]) for row in rows] == [lstm(10, n) for n in range(32, 1025, 32)]
    assert {row["framework"] for row in rows} == {"tensorflow1"}


def test_choices_change_more_slowly_than_sizes_and_the_last_size_fastest(run: Run) -> None:
    rows = table(
        run, *CELL[:1], "--units", "3,4", "--input-depth", "10,20", "--num-layers", "1,2", "-F", "keras,pytorch"
    )
    assert list(rows[0]) == ["framework", "num_layers", "units", "input_depth", "params"]
    expected = [
        (name, layers, n, depth, lstm(depth, n, biases) + (layers - 1) * lstm(n, n, biases))
        for name, biases in (("keras", 1), ("pytorch", 2))
        for layers in (1, 2)
        for n in (3, 4)
        for depth in (10, 20)
    ]
    assert [tuple(row.values()) for row in rows] == [tuple(map(str, row)) for row in expected]


@pytest.mark.parametrize(
    ("cell", "flags", "count"),
    [
        ("lstm", ["--bidirectional"], lambda n: 2 * lstm(5, n)),
        ("lstm", ["--peephole"], lambda n: lstm(5, n) + 3 * n),
        ("lstm", ["--no-bias", "-F", "keras"], lambda n: 4 * n * (5 + n)),
        ("lstm", ["--bias", "none", "-F", "pytorch"], lambda n: 4 * n * (5 + n)),
        ("lstm", ["--projection", "3"], lambda n: 4 * n * (5 + 3 + 1) + 3 * n),
        ("rnn", ["-F", "haiku"], lambda n: n * (5 + n + 2)),
        ("gru", ["-F", "keras"], lambda n: 3 * n * (5 + n + 2)),
        ("gru", ["-F", "keras", "--no-reset-after"], lambda n: 3 * n * (5 + n + 1)),
        ("gru", ["-F", "keras", "--reset-after", "false"], lambda n: 3 * n * (5 + n + 1)),
    ],
)
def test_the_flags_of_a_cell_hold_for_every_row(
    run: Run, cell: str, flags: list[str], count: Callable[[int], int]
) -> None:
    assert column(run, cell, *flags, "--input-depth", "5", "--units", "4:40:3") == [count(n) for n in range(4, 41, 3)]


def test_what_is_on_or_off_may_be_both(run: Run) -> None:
    rows = table(run, *CELL, "--bidirectional", "true,false", "--peephole", "false,true", "--units", "7")
    assert [(row["bidirectional"], row["peephole"], int(row["params"])) for row in rows] == [
        ("true", "false", 2 * lstm(10, 7)),
        ("true", "true", 2 * (lstm(10, 7) + 21)),
        ("false", "false", lstm(10, 7)),
        ("false", "true", lstm(10, 7) + 21),
    ]


def test_a_flag_without_a_value_does_not_take_the_cell_for_one(run: Run) -> None:
    for args in (
        ("--bidirectional", "lstm", "--units", "7,8"),
        ("lstm", "--units", "7,8", "--bidirectional"),
        ("--units", "7,8", "lstm", "--bidirectional", "true"),
        ("--bidirectional=true", "--units", "7,8", "lstm"),
    ):
        assert column(run, *args, "--input-depth", "10") == [2 * lstm(10, 7), 2 * lstm(10, 8)]


def test_every_metric_may_be_a_column(run: Run) -> None:
    (row, *_) = table(
        run, *CELL, "--units", "128,129", "--steps", "28", "-F", "keras",
        "--metric", "params,macs,macs_per_step", "--metric", "flops,flops_per_step,weight_bytes,state_bytes",
    )  # fmt: skip
    step = 138 * 512
    flops = 2 * step + 512 + 5 * 128 + 4 * 128
    assert [int(value) for value in list(row.values())[2:]] == [
        step + 512, 28 * step, step, 28 * flops, flops, 4 * (step + 512), 4 * 2 * 128,
    ]  # fmt: skip


def test_steps_are_a_size_too(run: Run) -> None:
    assert column(run, *CELL, "--units", "3", "--steps", "1:100", "--metric", "macs", of="macs") == [
        n * 4 * 3 * 13 for n in range(1, 101)
    ]


@pytest.mark.parametrize(("dtype", "bits"), [("float64", 64), ("float16", 16), ("int8", 8), ("int4", 4)])
def test_bytes_follow_the_dtype(run: Run, dtype: str, bits: int) -> None:
    found = column(run, *CELL, "--units", "1:9", "--dtype", dtype, "--metric", "weight_bytes", of="weight_bytes")
    assert found == [-(-lstm(10, n) * bits // 8) for n in range(1, 10)]
    rows = table(run, *CELL, "--units", "3", "--dtype", f"{dtype},float32", "--metric", "params,weight_bytes")
    assert [int(row["weight_bytes"]) for row in rows] == [lstm(10, 3) * bits // 8, lstm(10, 3) * 4]


def test_totals_without_bound_are_exact(run: Run) -> None:
    largest = LARGEST - LARGEST % 2**61
    found = column(run, "lstm", "--input-depth", LARGEST, "--units", f"1,{2**31},{2**40}:{largest}:{2**61}")
    assert found[:2] == [lstm(LARGEST, 1), lstm(LARGEST, 2**31)]
    assert found[2:] == [lstm(LARGEST, n) for n in range(2**40, largest + 1, 2**61)]


# --- rows that cannot be ----------------------------------------------------------------------------------------------


def left_out(run: Run, *args: object) -> tuple[list[dict[str, str]], str]:
    status, out, err = run("sweep", *args, "-f", "csv")
    assert status == 0
    return list(csv.DictReader(io.StringIO(out))), err


def test_a_projection_that_is_not_below_the_units_is_left_out(run: Run) -> None:
    rows, err = left_out(run, *CELL, "-F", "pytorch", "--units", "1:6", "--projection", "2:4")
    pairs = [(n, p) for n in range(1, 7) for p in (2, 3, 4) if p < n]
    assert [(int(row["units"]), int(row["projection"])) for row in rows] == pairs
    assert [int(row["params"]) for row in rows] == [4 * n * (10 + p + 2) + p * n for n, p in pairs]
    assert "9 of 18 rows cannot be built; the first: pytorch needs proj_size below hidden_size" in err


def test_a_framework_that_has_no_such_layer_is_left_out(run: Run) -> None:
    rows, err = left_out(run, *CELL, "-F", "keras,onnx,tensorflow1", "--peephole", "--units", "8:32:8")
    assert [row["framework"] for row in rows] == ["onnx"] * 4 + ["tensorflow1"] * 4
    assert "4 of 12 rows cannot be built; the first: keras has no lstm with peephole" in err


def test_units_that_chunks_do_not_divide_are_left_out(run: Run) -> None:
    args = ("on_lstm", "--input-depth", "5", "-F", "paper", "--chunk-size", "4")
    every = column(run, *args, "--units", "4:40:4")
    rows, err = left_out(run, *args, "--units", "1:40")
    assert [int(row["units"]) for row in rows] == list(range(4, 41, 4))
    assert [int(row["params"]) for row in rows] == every
    assert every[1] == (5 + 8 + 1) * 4 * 8 + 2 * (5 + 8 + 1) * 2  # four gates, and two of a chunk each
    assert "30 of 40 rows cannot be built; the first: chunks of 4 do not divide 1 units" in err


@pytest.mark.parametrize(
    "units", ["1:1000", "64:1000:64", "64,128,192,256,320,384,448,512,576,640,704,768,832,896,960"]
)
def test_the_few_units_that_fit_are_found_wherever_they_are(run: Run, units: str) -> None:
    args = ("on_lstm", "--input-depth", "5", "-F", "paper", "--chunk-size", "64", "--units", units, "-f", "csv", "-q")
    rows = list(csv.DictReader(io.StringIO(run("sweep", *args).out)))
    assert [int(row["units"]) for row in rows] == list(range(64, 1000, 64))
    assert int(rows[1]["params"]) == (5 + 128 + 1) * 4 * 128 + 2 * (5 + 128 + 1) * 2


def test_units_above_a_projection_are_found_however_late_they_come(run: Run) -> None:
    args = (*CELL, "-F", "keras,pytorch", "--projection", "500", "--units", "1:1000")
    rows, err = left_out(run, *args)
    assert [int(row["units"]) for row in rows] == list(range(501, 1001))
    assert "1,500 of 2,000 rows cannot be built; the first: keras has no lstm with projection" in err
    assert column(run, *args[:3], "-F", "torch", "--projection", "5000:5001", "--units", "1,5001") == [
        4 * 5001 * (10 + 5000 + 2) + 5000 * 5001
    ]


def test_a_framework_that_has_nothing_of_many_rows_is_left_out_at_once(run: Run) -> None:
    rows, err = left_out(
        run, *CELL, "-F", "keras,paper", "--peephole", "--units", f"1:{10**9}:{10**8}", "--steps", "1:50k"
    )
    assert len(rows) == 10 * 50_000
    assert "500,000 of 1,000,000 rows cannot be built; the first: keras has no lstm with peephole" in err


def test_a_residual_leaves_the_units_that_fit(run: Run) -> None:
    rows, err = left_out(run, *CELL, "--residual", "--units", "8:12")
    assert [(int(row["units"]), int(row["params"])) for row in rows] == [(10, lstm(10, 10))]
    assert "4 of 5 rows cannot be built" in err


def test_the_ways_of_a_residual_are_choices(run: Run) -> None:
    args = ("rnn", "--input-depth", "7", "--units", "7", "--num-layers", "3", "--metric", "flops_per_step")
    found = column(run, *args, "--residual", "true,upper,false,each", of="flops_per_step")
    plain = 3 * (2 * 7 * 14 + 7 + 7)  # products, biases, tanh
    assert found == [plain + 7, plain + 2 * 7, plain, plain + 3 * 7]


def test_where_nothing_can_be_built_that_is_an_error(run: Run) -> None:
    status, out, err = run("sweep", *CELL, "-F", "keras,flax", "--projection", "3", "--units", "8:32:8")
    assert (status, out) == (2, "")
    assert "keras has no lstm with projection" in err


# --- limits -----------------------------------------------------------------------------------------------------------


def test_a_limit_leaves_out_what_is_above_it(run: Run) -> None:
    assert lstm(10, 152) <= 100_000 < lstm(10, 153)
    rows, err = left_out(run, *CELL, "--units", "1:1000", "--max-params", "100k")
    assert [int(row["units"]) for row in rows] == list(range(1, 153))
    assert "848 of 1,000 rows are above a limit" in err


def test_a_limit_may_be_of_what_is_no_column(run: Run) -> None:
    found = column(run, *CELL, "--units", "1:100", "--max-state-bytes", "400", "--max-macs-per-step", "9k")
    assert found == [lstm(10, n) for n in range(1, 101) if 8 * n <= 400 and 4 * n * (10 + n) <= 9000]


def test_a_table_in_which_nothing_is_left_is_no_error(run: Run) -> None:
    rows, err = left_out(run, *CELL, "--units", "1:10", "--max-params", "0")
    assert rows == []
    assert "10 of 10 rows are above a limit" in err


# --- a spec -----------------------------------------------------------------------------------------------------------

SPEC = """\
name: tagger
framework: keras
input: {depth: 10, steps: 28}
layers:
  - lstm: {units: 128, bidirectional: true, name: encoder}
  - dense: {units: 21, name: head}
budget: {params: 1}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "tagger.yaml"
    path.write_text(SPEC)
    return path


def tagger(units: int, classes: int = 21, depth: int = 10) -> int:
    return 2 * lstm(depth, units) + 2 * units * classes + classes


def test_the_sizes_of_a_spec_are_swept_by_their_names(run: Run, spec: Path) -> None:
    rows = table(run, spec, "--set", "encoder.units=32:1024:32", "--set", "head.units=2,21")
    assert list(rows[0]) == ["framework", "encoder.units", "head.units", "params"]
    assert [int(row["params"]) for row in rows] == [tagger(n, k) for n in range(32, 1025, 32) for k in (2, 21)]


def test_keys_that_are_no_sizes_are_choices(run: Run, spec: Path) -> None:
    rows = table(
        run, spec, "--set", "encoder.units=3,4", "--set", "encoder.bidirectional=true,false", "--set", "input.depth=7"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("keras", "true", "3", str(tagger(3, depth=7))),
        ("keras", "true", "4", str(tagger(4, depth=7))),
        ("keras", "false", "3", str(lstm(7, 3) + 3 * 21 + 21)),
        ("keras", "false", "4", str(lstm(7, 4) + 4 * 21 + 21)),
    ]


def test_frameworks_may_be_given_either_way(run: Run, spec: Path) -> None:
    sets = ("--set", "encoder.units=8:64:8")
    found = table(run, spec, *sets, "-F", "keras,pytorch")
    assert found == table(run, spec, *sets, "--set", "framework=keras,pytorch")
    assert int(found[8]["params"]) - int(found[0]["params"]) == 2 * 4 * 8


def test_a_size_in_a_frameworks_own_word_is_found(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "torch.yaml"
    path.write_text("framework: pytorch\ninput: {depth: 10}\nlayers:\n  - LSTM: {hidden_size: 128}\n")
    assert column(run, path, "--set", "lstm.hidden_size=1:50") == [lstm(10, n, 2) for n in range(1, 51)]
    assert column(run, path, "--set", "lstm.units=1:50") == [lstm(10, n, 2) for n in range(1, 51)]


def test_a_limit_of_a_layer_holds_for_it(run: Run, spec: Path) -> None:
    found = column(run, spec, "--set", "encoder.units=1:100", "--max-params", "head=1k")
    assert found == [tagger(n) for n in range(1, 101) if 2 * n * 21 + 21 <= 1000]
    assert run("sweep", spec, "--set", "encoder.units=1:9", "--max-params", "haed=1").status == 2


def test_lengths_behind_a_pooling_are_swept_one_by_one(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "pool.yaml"
    path.write_text("framework: keras\ninput: {depth: 4, steps: 8}\nlayers: [max_pool1d: 2, flatten, dense: 3]\n")
    rows, err = left_out(run, path, "--set", "input.steps=1:9")
    assert [int(row["params"]) for row in rows] == [(n // 2) * 4 * 3 + 3 for n in range(2, 10)]
    assert "1 of 9 rows cannot be built" in err


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ((), "nothing is swept; write a range or several values, such as --set LAYER.units=32:1024:32"),
        (("--set", "encoder.units=64"), "nothing is swept"),
        (("--set", "encodr.units=1:9"), "no model has a layer or input named `encodr`; did you mean `encoder`?"),
        (("--set", "encoder.unitz=1:9"), "unknown key `unitz`"),
        (("--set", "encoder.units=9:1"), "'9:1' is no range"),
        (("--set", "encoder.units=0:9"), "'0' is out of range"),
        (("--set", "encoder.units"), "is no setting; write LAYER.KEY=VALUE"),
        (("--set", "framework=keras,kerras"), "nothing"),
        (("--set", "encoder.units=1:9", "--metric", "parms"), "no metric `parms`; did you mean `params`?"),
        (("--set", "encoder.units=1:9", "-F", "keras,torhc"), "unknown framework `torhc`; did you mean `torch`?"),
        (("--units", "1:9"), "no such option"),
    ],
)
def test_what_cannot_be_swept_is_told(run: Run, spec: Path, flags: tuple[str, ...], told: str) -> None:
    status, out, err = run("sweep", spec, *flags)
    if told == "nothing":  # one of the frameworks is a row that cannot be
        assert (status, "cannot be built; the first" in err) == (0, True)
        return
    assert (status, out) == (2, "")
    assert told.lower() in " ".join(err.split()).lower()


def test_a_bad_spec_is_listed(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(SPEC.replace("units: 128", "units: 0"))
    status, out, err = run("sweep", path, "--set", "encoder.units=1:9")
    assert (status, out) == (2, "")
    assert f"{path}:5:19" in err


def test_one_model_at_a_time(run: Run, spec: Path) -> None:
    spec.write_text(f"{SPEC}---\n{SPEC.replace('tagger', 'other')}")
    assert "one model at a time; there are 2 models" in run("sweep", spec, "--set", "encoder.units=1:9").err


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("lstm", "--units", "1:9"), "--input-depth is needed"),
        (("lstm", "--input-depth", "10", "--units", "9"), "nothing is swept; write a range"),
        (("lstm", "--input-depth", "10", "--units", "1:9", "--reset-after"), "no such option here"),
        (
            ("lstm", "--input-depth", "10", "--units", "1:9", "--set", "lstm.units=3:4"),
            "--set changes a spec; lstm has flags",
        ),
        (("lstm", "--input-depth", "10", "--units", "1:9", "--bidirectional", "yes"), "`yes` stands beside the cell"),
        (
            ("lstm", "--input-depth", "1", "--units", "1:9", "--bidirectional=yes"),
            "'yes' is not one of 'true', 'false'",
        ),
        (("lstm", "--input-depth", "10", "--units", "1:9", "--metric", "macs"), "macs is unknown while a length is"),
        (("lstm", "--input-depth", "10", "--units", "1:9", "--max-macs", "1"), "macs is unknown while a length is"),
        (("gru", "--input-depth", "1", "--units", "1:9", "--reset-after", "--no-reset-after"), "contradicts"),
        (("lstm", "--input-depth", "1", "--units", "1:9", "--no-bias", "--bias", "single"), "contradicts --no-bias"),
        (
            ("rnn", "--input-depth", "1", "--units", "3", "--num-layers", "1:1001k"),
            "1,001,000 combinations of num_layers",
        ),
        (
            ("rnn", "--input-depth", "1", "--residual", "--units", "1:2M", "-f", "csv"),
            "2,000,000 combinations of units",
        ),
        (("lstn", "--set", "a.b=1:2"), "`lstn` is neither a cell nor a file; did you mean `lstm`?"),
        (("nothing.yaml", "--set", "a.b=1:2"), "cannot be read"),
    ],
)
def test_bad_usage_is_told(run: Run, args: tuple[str, ...], told: str) -> None:
    status, out, err = run("sweep", *args)
    assert (status, out.count("\n")) == (2, int("csv" in args))
    assert "Traceback" not in err
    assert told in " ".join(err.split())


# --- formats ----------------------------------------------------------------------------------------------------------


def test_every_format_has_the_same_rows(run: Run) -> None:
    args = ("sweep", *CELL, "--units", "3:5", "-F", "keras,pytorch", "--bidirectional", "false,true")
    expected = [
        {"framework": name, "bidirectional": both, "units": n, "params": (1 + both) * lstm(10, n, biases)}
        for name, biases in (("keras", 1), ("pytorch", 2))
        for both in (False, True)
        for n in (3, 4, 5)
    ]
    whole = json.loads(run(*args, "-f", "json").out)
    assert whole["rows"] == expected
    assert (whole["schema_version"], whole["left_out"], whole["above"], whole["errors"]) == (1, 0, 0, [])
    assert whole["columns"] == list(expected[0])
    assert [json.loads(line) for line in run(*args, "-f", "jsonl").out.splitlines()] == expected
    words = [[str(value).lower() for value in row.values()] for row in expected]
    assert list(csv.reader(io.StringIO(run(*args, "-f", "csv").out)))[1:] == words
    assert [line.split() for line in run(*args).out.splitlines()[4:] if line] == [
        [each.replace("720", "720") if len(each) < 4 or not each.isdigit() else f"{int(each):,}" for each in row]
        for row in words
    ]
    assert [re.split(r" \| ", line.strip("| "))[2] for line in run(*args, "-f", "markdown").out.splitlines()[4:]] == [
        row[2] for row in words
    ]


def test_an_empty_document_is_valid_in_every_format(run: Run) -> None:
    args = ("sweep", *CELL, "--units", "3:5", "--max-params", "0", "-q")
    assert json.loads(run(*args, "-f", "json").out)["rows"] == []
    assert json.loads(run(*args, "-f", "json").out)["above"] == 3
    assert run(*args, "-f", "jsonl").out == ""
    assert run(*args, "-f", "csv").out == "framework,units,params\n"
    ElementTree.fromstring(run(*args, "-f", "svg").out)


def test_a_table_has_its_first_rows_and_says_so(run: Run) -> None:
    out = run("sweep", *CELL, "--units", "1:2000", "-f", "markdown").out
    assert out.count("| tensorflow1 |") == 1000
    assert "the first 1,000 rows; csv and jsonl have all" in out
    assert "the first" not in run("sweep", *CELL, "--units", "1:1000", "-f", "markdown").out


def endless(*metrics: str) -> Sweep:
    """More rows than there is memory in the world."""

    def build(at: Any) -> rnncalc.Model:
        spec = {"framework": at["framework"], "input": {"depth": at["depth"]}, "layers": [{"lstm": at["units"]}]}
        return rnncalc.parse(spec)

    span = Sizes((range(1, 2**40),))
    axes = [
        Axis("framework", ("keras", "onnx")),
        Axis("depth", span, "input", "depth"),
        Axis("units", span, "lstm", "units"),
    ]
    return Sweep(build, axes, metrics or ("params",))


@pytest.mark.parametrize("form", ["csv", "jsonl", "json"])
def test_rows_are_written_as_they_come(form: str) -> None:
    first = "".join(islice(pieces(form, endless()), 3))
    assert len(first) < 2**25
    assert str(lstm(1, 3)) in first


def test_a_table_of_endless_rows_ends(run: Run) -> None:
    assert "the first 1,000 rows" in "".join(pieces("table", endless()))


def test_what_a_name_holds_stays_in_its_cell(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    name = '-1+1,"%d" <b>'
    path.write_text(
        f"framework: keras\ninput: {{depth: 3}}\nlayers:\n  - rnn: {{units: 4, name: {json.dumps(name)}}}\n"
    )
    flags = ("--set", f"{name}.units=4,5", "--set", f"{name}.activation=tanh,relu")
    status, out, _ = run("sweep", path, *flags, "-f", "csv")
    assert status == 0
    rows = list(csv.reader(io.StringIO(out)))
    assert rows[0][1] == f"'{name}.activation"
    assert rows[1][1:] == ["tanh", "4", str(4 * (3 + 4 + 1))]
    assert json.loads(run("sweep", path, *flags, "-f", "json").out)["rows"][0][f"{name}.units"] == 4
    ElementTree.fromstring(run("sweep", path, *flags, "-f", "svg").out)


# --- a plot -----------------------------------------------------------------------------------------------------------

SVG = "{http://www.w3.org/2000/svg}"


def plot(run: Run, *args: object) -> ElementTree.Element:
    status, out, _ = run("sweep", *args, "-f", "svg")
    assert status == 0
    return ElementTree.fromstring(out)


def texts(found: ElementTree.Element) -> list[str]:
    return [each.text or "" for each in found.iter(f"{SVG}text")]


def test_a_plot_has_a_line_for_each_combination_and_a_legend(run: Run) -> None:
    found = plot(run, *CELL, "--units", "32:1024:32", "--num-layers", "1,2,3", "-F", "keras,pytorch")
    lines = [each for each in found.iter(f"{SVG}path") if (each.get("class") or "").startswith("line")]
    assert len(lines) == 6
    assert len({(each.get("class"), each.get("stroke-dasharray")) for each in lines}) == 6
    assert {f"{name}, num_layers {n}" for name in ("keras", "pytorch") for n in (1, 2, 3)} <= set(texts(found))
    assert {"params of lstm", "params", "units"} <= set(texts(found))
    legend = [each for each in texts(found) if "num_layers" in each]
    assert legend[0] == "pytorch, num_layers 3"  # the highest first
    assert legend[-1] == "keras, num_layers 1"


def test_a_line_goes_through_the_points(run: Run) -> None:
    found = plot(run, "rnn", "--input-depth", "1", "--units", "1:99:2", "--metric", "state_bytes")
    (line,) = [each for each in found.iter(f"{SVG}path") if (each.get("class") or "").startswith("line")]
    points = [tuple(map(float, each.split())) for each in (line.get("d") or "")[1:].split("L")]
    assert len(points) == 50
    steps = {(round(b[0] - a[0], 1), round(b[1] - a[1], 1)) for a, b in pairwise(points)}
    assert len(steps) <= 4  # 4 bytes a unit is a straight line, but for the second digit


def test_a_plot_says_in_words_what_it_shows(run: Run) -> None:
    found = plot(run, *CELL, "--units", "32:1024:32")
    assert found.get("role") == "img"
    desc = found.find(f"{SVG}desc")
    assert desc is not None
    assert desc.text == f"params over units: params from {lstm(10, 32):,} at 32 to {lstm(10, 1024):,} at 1,024"


def test_a_plot_is_legible_in_the_dark_and_in_print(run: Run) -> None:
    style = plot(run, *CELL, "--units", "32:1024:32").find(f"{SVG}style")
    assert style is not None
    light, dark = (style.text or "").split("@media screen and (prefers-color-scheme: dark)")
    for palette in (light, dark):
        ground = re.findall(r"\.ground\{fill:(#\w+)\}", palette)[0]
        for color in re.findall(r"(?:text\{fill|stroke):(#\w+)", palette):
            if color not in ("#d7dbe0", "#3a404a"):  # the grid, which is to be faint
                assert contrast(ground, color) >= 4.5


def contrast(one: str, other: str) -> float:
    """The ratio of luminances, by the Web Content Accessibility Guidelines."""

    def luminance(color: str) -> float:
        channels = [int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_a_limit_is_drawn(run: Run) -> None:
    assert "limit 50,000" in texts(plot(run, *CELL, "--units", "32:1024:32", "--max-params", "50k"))


def test_a_plot_of_a_long_range_has_no_more_points_than_one_sees(run: Run) -> None:
    found = plot(run, *CELL, "--units", f"1:{10**12}")
    (line,) = [each for each in found.iter(f"{SVG}path") if (each.get("class") or "").startswith("line")]
    assert 300 < (line.get("d") or "").count("L") <= 401


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("--units", "1:9", "--num-layers", "1:20"), "a plot of 9 lines"),
        (("--units", "1:99", "--num-layers", "1:20"), "a plot of 20 lines cannot be read; at most 10"),
        (("--units", "9", "--bidirectional", "true,false"), "a plot needs a size of several values"),
    ],
)
def test_what_cannot_be_plotted_is_told(run: Run, args: tuple[str, ...], told: str) -> None:
    status, out, err = run("sweep", *CELL, *args, "-f", "svg")
    if told == "a plot of 9 lines":  # over the layers, which are the longest
        assert status == 0
        return
    assert (status, out) == (2, "")
    assert told in " ".join(err.split())


# --- in Python --------------------------------------------------------------------------------------------------------


def test_a_polynomial_that_models_of_numbers_do_not_confirm_is_not_used() -> None:
    def build(at: Any) -> rnncalc.Model:
        """A model whose second layer grows with the first in steps, which no symbol shows."""
        units = at["units"]
        return rnncalc.parse(
            {"framework": "keras", "input": {"depth": 3}, "layers": [{"rnn": units}, {"dense": units // 2 + 1}]}
        )

    sweep = Sweep(build, [Axis("units", sizes("1:6"), "rnn", "units")], ["params"])
    (rows,) = list(sweep.rows())
    assert rows.figures[0].tolist() == [n * (3 + n + 1) + (n + 1) * (n // 2 + 1) for n in range(1, 7)]


def test_an_unknown_layer_of_a_limit_is_told() -> None:
    def build(at: Any) -> rnncalc.Model:
        return rnncalc.parse({"framework": "keras", "input": {"depth": 3}, "layers": [{"rnn": at["units"]}]})

    with pytest.raises(SpecError, match="no layer is named `enc`"):
        Sweep(build, [Axis("units", sizes("1:6"), "rnn", "units")], ["params"], [Limit("enc", "params", 1)])


# --- every config -----------------------------------------------------------------------------------------------------

CONFIGS = sorted((Path(__file__).parent.parent / "configs").rglob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_sweep_of_a_config_goes_through_the_figures_that_it_pins(path: Path) -> None:
    for model in rnncalc.load_all(path):
        assert model.document
        for layer in model.layers:
            for key, size in free_sizes(layer).items():
                if size is None or layer.plan.same_as:
                    continue
                axis = Axis("size", sizes(f"{size},{2 * size},{2 * size + 1}"), layer.plan.name, key)

                def build(at: Any, model: rnncalc.Model = model, axis: Axis = axis) -> rnncalc.Model:
                    assert model.document
                    changes = Settings([Setting("", axis.owner, axis.key, at["size"])])
                    return rnncalc.parse(changes.apply(model, model.document.value), model.name)

                found: dict[int, int] = {}
                for rows in Sweep(build, [axis], ["params"]).rows():
                    found |= zip(rows.sizes[0].tolist(), rows.figures[0].tolist(), strict=True)
                assert found[size] == model.plan.expect.get("params", model.params)
                for other in (2 * size, 2 * size + 1):
                    try:
                        expected = build({"size": other}).params
                    except SpecError:
                        assert other not in found
                    else:
                        assert found[other] == expected
