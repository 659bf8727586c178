"""The batch report: rows, their order, filters, totals, formats, and many specs at once."""

from __future__ import annotations

import csv
import io
import json
import multiprocessing
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rnncalc.batch.rows import order, where
from rnncalc.batch.spread import spread

Run = Callable[..., Any]

# name: (folder, framework, units, budget), each an LSTM of 10 inputs: 4 × (10 + units) × units + biases
MODELS = {
    "small": ("a", "keras", 8, "{params: 608}"),
    "large": ("b", "keras", 128, "{params: 71167}"),
    "middle": ("b", "pytorch", 32, ""),
    "long": ("a/deep", "keras", 64, "{macs: 1}"),
}
PARAMS = {"small": 608, "large": 71_168, "middle": 5_632, "long": 19_200}  # PyTorch has two biases


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, (folder, framework, units, budget) in MODELS.items():
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        text = f"framework: {framework}\ninput: {{depth: 10}}\nlayers: [lstm: {units}]\n"
        (tmp_path / folder / f"{name}.yaml").write_text(text + (f"budget: {budget}\n" if budget else ""))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(run: Run, *args: str) -> list[str]:
    """The models of a report, in its order."""
    status, out, err = run("report", ".", *args, "-f", "jsonl")
    assert status == 0, err
    return [json.loads(line)["name"] for line in out.splitlines()]


def number(text: str) -> int:
    return int(text.replace(",", ""))


# --- rows -------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("models")
def test_a_table_has_the_models_below_their_folders_with_sums(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    lines = run("report", ".").out.splitlines()
    head = next(line for line in lines if "Params" in line)
    end = head.index("Params") + len("Params")
    rows = [(line.split()[0], number(found[1])) for line in lines if (found := re.search(r"([\d,]+)$", line[:end]))]
    assert rows == [
        ("./a/", 608),
        ("small", 608),
        ("./a/deep/", 19_200),
        ("long", 19_200),
        ("./b/", 71_168 + 5_632),
        ("large", 71_168),
        ("middle", 5_632),
        ("Total", sum(PARAMS.values())),
    ]


@pytest.mark.usefixtures("models")
def test_the_models_of_one_folder_have_no_headings(run: Run) -> None:
    assert "b/" not in run("report", "b").out


@pytest.mark.usefixtures("models")
def test_bars_are_as_long_as_the_parameters_are_many(run: Run) -> None:
    out = run("report", ".").out
    bars = {line.split()[0]: line.count("█") for line in out.splitlines() if "█" in line}
    assert bars == {"small": 1, "large": 8, "middle": 1, "long": 2}


@pytest.mark.usefixtures("models")
def test_a_report_tells_the_state_of_each_budget(run: Run) -> None:
    rows = csv.DictReader(io.StringIO(run("report", ".", "-f", "csv").out))
    assert {row["model"]: row["budget"] for row in rows} == {
        "small": "ok",
        "large": "broken",
        "middle": "",
        "long": "unknown",
    }
    found = json.loads(run("report", ".", "-f", "json").out)["models"]
    assert {each["name"]: each["budget"] for each in found}["middle"] is None
    assert "1 model over budget" in run("report", ".").out


@pytest.mark.usefixtures("models")
def test_the_formats_have_the_same_figures(run: Run) -> None:
    whole = json.loads(run("report", ".", "-f", "json").out)["models"]
    assert [json.loads(line) for line in run("report", ".", "-f", "jsonl").out.splitlines()] == whole
    rows = list(csv.DictReader(io.StringIO(run("report", ".", "-f", "csv").out)))
    assert [int(row["params"]) for row in rows] == [each["params"]["total"] for each in whole]
    assert [int(row["flops_per_step"]) for row in rows] == [each["flops_per_step"] for each in whole]
    table = run("report", ".", "-f", "markdown").out
    assert all(f"{params:,}" in table for params in PARAMS.values())


@pytest.mark.usefixtures("models")
def test_the_json_of_a_model_is_that_of_count_with_its_budget(run: Run) -> None:
    (counted,) = json.loads(run("count", "a/small.yaml", "-f", "json").out)["models"]
    (found,) = json.loads(run("report", "a/small.yaml", "-f", "json").out)["models"]
    assert found == {**counted, "budget": "ok"}


# --- order ------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ((), ["small", "long", "large", "middle"]),
        (("path",), ["long", "small", "large", "middle"]),
        (("name",), ["large", "long", "middle", "small"]),
        (("params",), ["small", "middle", "long", "large"]),
        (("-params",), ["large", "long", "middle", "small"]),
        (("-weight_bytes",), ["large", "long", "middle", "small"]),
        (("-framework", "-params"), ["middle", "large", "long", "small"]),
        (("budget", "name"), ["middle", "large", "small", "long"]),
    ],
)
def test_rows_are_sorted_by_each_key_in_turn(run: Run, keys: tuple[str, ...], expected: list[str]) -> None:
    assert names(run, *(part for key in keys for part in ("--sort", key))) == expected


@pytest.mark.usefixtures("models")
def test_sorting_keeps_the_folders_together_where_they_are_shown(run: Run) -> None:
    out = run("report", ".", "--sort", "-params").out
    places = [out.index(name) for name in ("./b/", "large", "middle", "./a/deep/", " long", "./a/ ", "small")]
    assert sorted(places) == places


def test_what_is_unknown_is_sorted_last_either_way(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, given in (("known", "{depth: 3, steps: 2}"), ("more", "{depth: 3, steps: 3}"), ("any", "{depth: 3}")):
        (tmp_path / f"{name}.yaml").write_text(f"input: {given}\nlayers: [lstm: 4]\n")
    monkeypatch.chdir(tmp_path)
    assert names(run, "--sort", "macs") == ["known", "more", "any"]
    assert names(run, "--sort", "-macs") == ["more", "known", "any"]


def test_an_unknown_key_is_answered_with_the_nearest(run: Run) -> None:
    status, _, err = run("report", ".", "--sort", "-parms")
    assert status == 2
    assert "`params`" in err
    with pytest.raises(ValueError, match="weight_bytes"):
        order("bytes")


# --- filters ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (("l*",), ["long", "large"]),
        (("name!=l*",), ["small", "middle"]),
        (("params>19200",), ["large"]),
        (("params >= 19.2k",), ["long", "large"]),
        (("params<608",), []),
        (("params<=608",), ["small"]),
        (("params=608",), ["small"]),
        (("params!=608",), ["long", "large", "middle"]),
        (("weight_bytes>2KiB", "weight_bytes<=76800B"), ["small", "long", "middle"]),
        (("framework=torch",), ["middle"]),
        (("framework!=keras",), ["middle"]),
        (("path=*deep/*",), ["long"]),
        (("budget=broken",), ["large"]),
        (("budget=none",), ["middle"]),
        (("budget=unknown",), ["long"]),
        (("layers=1", "budget=ok"), ["small"]),
        (("macs>0",), []),
        (("macs<1B",), []),  # what is unknown is neither
    ],
)
def test_a_filter_keeps_what_is_so(run: Run, conditions: tuple[str, ...], expected: list[str]) -> None:
    assert names(run, *(part for each in conditions for part in ("--filter", each))) == expected


@pytest.mark.usefixtures("models")
def test_the_totals_are_those_of_the_rows_that_are_shown(run: Run) -> None:
    out = run("report", ".", "--filter", "l*").out
    assert f"2 models, {71_168 + 19_200:,} parameters" in out
    assert "middle" not in out


@pytest.mark.usefixtures("models")
def test_where_no_model_passes_a_note_says_so(run: Run) -> None:
    status, out, err = run("report", ".", "--filter", "none", "-f", "json")
    assert (status, json.loads(out)["models"]) == (0, [])
    assert "none of 4 models" in err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("parms>1", "params"),
        ("params>", "no value"),
        ("params>many", "not a size"),
        ("name>a", "name=a"),
        ("framework=kears", "keras"),
        ("budget=over", "broken"),
        ("=3", "to filter by"),
    ],
)
def test_a_filter_that_says_nothing_is_told_what_to_say(run: Run, text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        where(text)
    assert run("report", ".", "--filter", text).status == 2


# --- many specs -------------------------------------------------------------------------------------------------------


def many(folder: Path, count: int) -> Path:
    for n in range(count):
        (folder / f"g{n // 500}").mkdir(parents=True, exist_ok=True)
        layers = f"[lstm: {{units: {n + 1}}}, dense: 3]"
        text = f"name: m{n}\ninput: {{depth: {n % 50 + 1}}}\nlayers: {layers}\nbudget: {{params: 1M}}\n"
        (folder / f"g{n // 500}" / f"m{n:05}.yaml").write_text(text if n % 100 != 7 else "layers: [lstm: 0]\n")
    return folder


@pytest.fixture(scope="module")
def hundreds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return many(tmp_path_factory.mktemp("hundreds"), 400)


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "table"])
def test_several_processes_give_what_one_gives(
    run: Run, monkeypatch: pytest.MonkeyPatch, hundreds: Path, form: str
) -> None:
    def shared(work: Any, items: Any, processes: int | None = None) -> Iterator[Any]:
        return spread(work, items, 3, pays=0.0)

    alone = run("report", hundreds, "-f", form)
    monkeypatch.setattr("rnncalc.batch.discover.spread", shared)
    assert run("report", hundreds, "-f", form) == alone
    assert alone.status == 2
    assert alone.err.count("m00107.yaml:1:") == 1
    assert json.loads(run("report", hundreds, "-f", "json").out)["errors"][1]["path"].endswith("m00107.yaml")


def test_work_is_spread_in_order_and_its_errors_come_back() -> None:
    assert list(spread(abs, range(-1000, 0), 4, pays=0.0)) == list(range(1000, 0, -1))
    with pytest.raises(ZeroDivisionError):
        list(spread(_inverse, [1] * 100 + [0], 2, pays=0.0))


def _inverse(number: int) -> float:
    return 1 / number


def test_a_process_that_is_killed_is_stood_in_for() -> None:
    assert list(spread(_dying, [(n, os.getpid()) for n in range(200)], 2, pays=0.0)) == list(range(200))


@pytest.mark.parametrize("work", [abs, lambda number: -number])
def test_where_a_process_cannot_be_forked_it_is_started_or_the_work_is_done_here(
    work: Callable[[int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnncalc.batch.spread.sys.platform", "darwin")
    assert list(spread(work, range(-100, 0), 2, pays=0.0)) == list(range(100, 0, -1))


def test_where_no_process_can_be_started_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def unable(*_: Any) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("multiprocessing.process.BaseProcess.start", unable)
    assert list(spread(abs, range(-100, 0), 2, pays=0.0)) == list(range(100, 0, -1))


def _dying(item: tuple[int, int]) -> int:
    if item[0] == 77 and os.getpid() != item[1]:
        os.kill(os.getpid(), signal.SIGKILL)
    return item[0]


def test_processes_are_not_left_behind_where_nobody_reads_on() -> None:
    results = spread(abs, range(100_000), 2, pays=0.0)
    assert [next(results) for _ in range(40)] == list(range(40))
    results.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []


def start(*args: str, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "rnncalc", "report", *args]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def test_an_interrupt_ends_all_processes_with_130_and_without_a_traceback(tmp_path: Path) -> None:
    folder = many(tmp_path, 3000)
    running = start(str(folder), "-f", "jsonl", start_new_session=True)
    assert running.stdout
    for _ in range(20):
        running.stdout.readline()
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does, to all of them
    _, err = running.communicate()
    assert (running.returncode, err) == (130, "")
    for _ in range(100):
        try:
            os.killpg(running.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.05)
    else:
        pytest.fail("a process is left")


def test_a_closed_pipe_ends_all_processes_silently(tmp_path: Path) -> None:
    running = start(str(many(tmp_path, 1000)), "-f", "jsonl")
    assert running.stdout
    assert running.stderr
    running.stdout.readline()
    running.stdout.close()
    assert running.wait() == 141
    assert running.stderr.read() == ""
    running.stderr.close()


PEAK = r"""
import re, sys, rnncalc.cli
sys.argv[0] = "rnncalc"
try:
    rnncalc.cli.main()
finally:
    # not getrusage, whose peak is the parent's where that was larger
    print(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1], file=sys.stderr)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read there")
def test_the_memory_of_jsonl_grows_by_no_more_than_the_names_of_the_files(tmp_path: Path) -> None:
    peaks, written = [], []
    for count in (2000, 6000):
        folder = tmp_path / str(count)
        for n in range(count):
            (folder / f"g{n // 500}").mkdir(parents=True, exist_ok=True)
            # every spec has sizes, names and steps of its own, so that nothing of one serves another
            text = f"name: m{n}\ninput: {{depth: {n + 1}, steps: {n + 2}}}\nlayers: [lstm: {n + 3}, dense: {n + 4}]\n"
            (folder / f"g{n // 500}" / f"{n:05}.yaml").write_text(text)
        command = [sys.executable, "-c", PEAK, "report", str(folder), "-f", "jsonl"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout.count("\n") == count
        peaks.append(int(done.stderr) * 1024)
        written.append(len(done.stdout))
    assert peaks[1] - peaks[0] < (written[1] - written[0]) / 2


# --- progress ---------------------------------------------------------------------------------------------------------


def seen(*args: str, into: Any = subprocess.DEVNULL, **variables: str) -> str:
    """What a terminal for standard error gets, where long is what takes any time at all; `into` may be that too."""
    code = "import sys, rnncalc.cli, rnncalc.cli.progress as p; p.LONG = p.OFTEN = 0.0; sys.argv[0] = 'rnncalc'\n"
    code += "rnncalc.cli.main()"
    master, slave = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if key not in ("CI", "TERM")}
    environment |= {"TERM": "xterm", **variables}
    command = [sys.executable, "-c", code, "report", *args]
    stdout = slave if into == "terminal" else into
    with subprocess.Popen(command, stdout=stdout, stderr=slave, env=environment) as running:
        os.close(slave)
        shown = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            shown += part
    os.close(master)
    assert running.returncode == 0
    return shown.decode()


@pytest.mark.usefixtures("models")
def test_a_bar_is_shown_in_a_terminal_where_it_takes_long() -> None:
    assert "/4" in seen(".")


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize(("flags", "variables"), [(("-q",), {}), ((), {"CI": "true"}), ((), {"TERM": "dumb"})])
def test_no_bar_is_shown_where_it_is_not_wanted(flags: tuple[str, ...], variables: dict[str, str]) -> None:
    assert seen(".", *flags, **variables) == ""


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv", "markdown", "html"])
def test_a_bar_takes_nothing_of_the_result_with_it(run: Run, tmp_path: Path, form: str) -> None:
    with (tmp_path / "out").open("wb") as file:
        shown = seen(".", "-f", form, into=file, COLUMNS="100")
    assert "/4" in shown
    assert "{" not in shown
    assert "lstm" not in shown
    assert (tmp_path / "out").read_text("utf-8") == run("report", ".", "-f", form).out


@pytest.mark.usefixtures("models")
def test_a_bar_does_not_come_between_rows_in_the_same_terminal() -> None:
    lines = seen(".", "-f", "jsonl", into="terminal").splitlines()
    assert [json.loads(line)["schema_version"] for line in lines] == [1] * 4


def test_no_bar_is_shown_in_a_pipe(run: Run, hundreds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnncalc.cli.progress.LONG", 0.0)
    assert "/400" not in run("report", hundreds).err
