"""Bad input: one clear message, the right exit status, no traceback, and files written whole or not at all."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rnncalc
from rnncalc import layouts
from rnncalc.cell import find, recurrent

pytestmark = pytest.mark.usefixtures("schema_agrees")

HEAD = "input: {depth: 10}\nlayers:\n"
GOOD = f"{HEAD}  - lstm: 3\n"
LSTM = ("lstm", "--input-depth", 10, "--units")
LARGE = 2**31  # bytes of memory for a process that should need few


def refused(run: Callable[..., Any], *args: object, input: bytes | None = None) -> str:
    """What a command says when it refuses: exit status 2, nothing on standard output, no traceback."""
    found = run(*args, input=input)
    assert (found.status, found.out) == (2, "")
    assert "Traceback" not in found.err
    return str(found.err)


def refused_spec(run: Callable[..., Any], text: str | bytes) -> str:
    """What is said of a spec on standard input."""
    return refused(run, "count", "-", input=text.encode() if isinstance(text, str) else text)


def process(*args: object, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run the command line in a process of its own."""
    command = [sys.executable, "-m", "rnncalc", *map(str, args)]
    return subprocess.run(command, stderr=subprocess.PIPE, timeout=60, check=False, **options)


def limited() -> None:
    """Hold a process to a little memory and computing time, so that none runs away."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (LARGE, LARGE))
    resource.setrlimit(resource.RLIMIT_CPU, (3, 3))


# --- sizes ---


@pytest.mark.parametrize(
    ("units", "told"),
    [
        ("0", "out of range; a whole number from 1 to 2^63 - 1 is needed"),
        ("-1", "out of range; a whole number from 1 to 2^63 - 1 is needed"),
        ("1" + "0" * 30, "out of range; a whole number from 1 to 2^63 - 1 is needed"),
        ("9223372036854775808", "out of range; a whole number from 1 to 2^63 - 1 is needed"),
        ("1.5", "not a whole number"),
        ("NaN", "not a size; write a whole number such as 128"),
        ("10x", "not a size; write a whole number such as 128"),
        ("inf", "not a size; write a whole number such as 128"),
        ("''", "not a size; write a whole number such as 128"),
    ],
)
def test_units_that_are_no_size_are_refused_everywhere(run: Callable[..., Any], units: str, told: str) -> None:
    flag = refused(run, *LSTM, units.strip("'"))
    assert "Invalid value for '--units': " in flag
    assert told in flag
    assert told in refused_spec(run, f"{HEAD}  - lstm: {units}\n")
    with pytest.raises(rnncalc.SpecError, match=r"^layers\[0\]\.lstm\.units: ") as error:
        rnncalc.parse({"input": {"depth": 10}, "layers": [{"lstm": units.strip("'")}]})
    assert told in str(error.value)


@pytest.mark.parametrize("value", [0, -1, 1.5, float("nan"), float("inf"), 10**30, True, None, [], {}, b"3"])
def test_values_that_are_no_size_are_refused_by_parse(value: object) -> None:
    with pytest.raises(rnncalc.SpecError, match="units"):
        rnncalc.parse({"input": {"depth": 10}, "layers": [{"lstm": {"units": value}}]})


@pytest.mark.parametrize("name", ["--input-depth", "--projection", "--num-layers", "--steps", "--batch"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "nan", "10x"])
def test_every_size_of_a_cell_command_is_checked(run: Callable[..., Any], name: str, value: str) -> None:
    assert name in refused(run, *LSTM, 128, name, value)


def test_missing_sizes_are_named_together(run: Callable[..., Any]) -> None:
    assert "--input-depth and --units are needed" in refused(run, "lstm")


@pytest.mark.parametrize("cell", recurrent())
def test_every_cell_command_refuses_units_of_nothing(run: Callable[..., Any], cell: str) -> None:
    assert "out of range" in refused(run, cell, "--input-depth", 10, "--units", 0)


def test_a_stack_without_end_is_refused(run: Callable[..., Any]) -> None:
    assert "a stack has at most 10,000 layers, not 1,000,000,000" in refused_spec(
        run, f"{HEAD}  - lstm: {{units: 1, num_layers: 1B}}\n"
    )
    found = process(*LSTM, 1, "--num-layers", "1B", stdout=subprocess.PIPE, preexec_fn=limited)
    assert (found.returncode, found.stdout) == (2, b"")


# --- what a cell or a framework does not have ---


@pytest.mark.parametrize("cell", [each for each in recurrent() if "projection" not in find(each).options])
def test_a_projection_where_the_cell_has_none_is_refused(run: Callable[..., Any], cell: str) -> None:
    assert "--projection" in refused(run, cell, "--input-depth", 10, "--units", 4, "--projection", 2)
    told = refused_spec(run, f"{HEAD}  - {cell}: {{units: 4, projection: 2}}\n")
    assert f"unknown key `projection` for {cell}; lstm and nas have it" in told


def test_a_flag_of_another_cell_is_told_whose_it_is(run: Callable[..., Any]) -> None:
    assert "lstm and nas have it" in refused(run, "gru", "--input-depth", 10, "--units", 4, "--projection", 2)


def test_peepholes_in_keras_are_refused_and_told_who_has_them(run: Callable[..., Any]) -> None:
    for told in (
        refused(run, *LSTM, 4, "--peephole", "-F", "keras"),
        refused_spec(run, f"framework: keras\n{HEAD}  - lstm: {{units: 4, peephole: true}}\n"),
    ):
        able = told.partition("keras has no lstm with peephole; ")[2]
        assert "tensorflow1" in able
        assert "paper" in able
        assert "pytorch" not in able


@pytest.mark.parametrize("framework", layouts.NAMES)
@pytest.mark.parametrize("option", ["peephole", "coupled-gates", "bidirectional --merge-mode ave", "bias input"])
def test_a_framework_builds_an_option_or_says_who_can(run: Callable[..., Any], framework: str, option: str) -> None:
    found = run(*LSTM, 4, "-F", framework, *f"--{option}".split())
    assert found.status == 0 or (found.status, found.out) == (2, "")
    assert found.status == 0 or " have it" in found.err or " has it" in found.err


def test_a_projection_in_pytorch_is_below_the_units(run: Callable[..., Any]) -> None:
    told = refused(run, *LSTM, 4, "--proj-size", 4, "-F", "pytorch")
    assert "pytorch needs proj_size below hidden_size; 4 is not below 4" in told


# --- unknown words ---


def test_an_unknown_framework_is_told_the_nearest_and_all(run: Callable[..., Any]) -> None:
    for told in (refused(run, *LSTM, 4, "-F", "kears"), refused_spec(run, f"framework: kears\n{GOOD}")):
        assert "unknown framework `kears`; did you mean `keras`?" in told
        assert all(name in told for name in layouts.NAMES)


def test_an_unknown_framework_in_the_environment_is_refused(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RNNCALC_FRAMEWORK", "kears")
    assert "unknown framework `kears`" in refused(run, *LSTM, 4)


def test_a_framework_given_as_format_is_told_its_flag(run: Callable[..., Any]) -> None:
    assert "did you mean --framework pytorch" in refused(run, *LSTM, 4, "-f", "pytorch")


def test_an_unknown_format_is_told_the_nearest(run: Callable[..., Any]) -> None:
    assert "unknown format `jsn`; did you mean `json`?" in refused(run, *LSTM, 4, "-f", "jsn")


@pytest.mark.parametrize(("typed", "meant"), [("--unts", "--units"), ("--bidirectionl", "--bidirectional")])
def test_an_unknown_flag_is_told_the_nearest(run: Callable[..., Any], typed: str, meant: str) -> None:
    told = refused(run, "lstm", "--input-depth", 10, typed, 4)
    assert typed in told
    assert meant in told


def test_an_unknown_command_is_told_the_nearest(run: Callable[..., Any]) -> None:
    assert "there is no command `lstn`; did you mean `lstm`?" in refused(run, "lstn")


def test_an_unknown_key_and_layer_type_are_told_the_nearest(run: Callable[..., Any]) -> None:
    told = refused_spec(run, f"{HEAD}  - lstm: {{units: 3, pepehole: true}}\n  - desne: 3\n")
    assert "unknown key `pepehole` for lstm; did you mean `peephole`?" in told
    assert "unknown layer type `desne`; did you mean `dense`?" in told


@pytest.mark.parametrize("kind", ["", "1", "a.b", "a/b", "../lstm", "os", "class", "__pycache__", "lstm.lstm"])
def test_a_layer_type_is_never_any_module(run: Callable[..., Any], kind: str) -> None:
    assert f"unknown layer type `{kind}`" in refused_spec(run, f"{HEAD}  - '{kind}': 3\n")
    assert f"there is no command `{kind}`" in refused(run, kind)


def test_a_package_is_no_layer_type(run: Callable[..., Any]) -> None:
    assert "unknown layer type" in refused_spec(run, f"{HEAD}  - __init__: 3\n")


def test_a_package_is_no_command(run: Callable[..., Any]) -> None:
    assert "there is no command" in refused(run, "__init__")


def test_a_layer_around_the_recurrent_ones_is_no_command(run: Callable[..., Any]) -> None:
    assert "there is no command `dense`" in refused(run, "dense")


# --- values of the wrong type ---


@pytest.mark.parametrize("value", ["[a]", "{a: b}", "3", "true", "null", "''", "1.5", ".nan"])
@pytest.mark.parametrize("key", ["framework", "name", "input", "layers", "budget", "expect"])
def test_every_key_refuses_the_wrong_type_at_its_place(run: Callable[..., Any], key: str, value: str) -> None:
    rest = {"input": "{depth: 10}", "layers": "[{lstm: 3}]"}
    text = "".join(
        f"{name}: {given}\n" for name, given in {key: value, **{k: v for k, v in rest.items() if k != key}}.items()
    )
    assert refused_spec(run, text).startswith("error: <stdin>:")


@pytest.mark.parametrize("value", ["[a]", "{a: b}", "3", "''", "1.5", ".nan", "truee"])
@pytest.mark.parametrize(
    "key", ["name", "bidirectional", "merge_mode", "activation", "bias", "num_layers", "residual", "trainable"]
)
def test_every_option_of_a_layer_refuses_the_wrong_type(run: Callable[..., Any], key: str, value: str) -> None:
    if (key, value) in {("num_layers", "3"), ("name", "truee")}:
        return
    assert refused_spec(run, f"{HEAD}  - lstm: {{units: 3, {key}: {value}}}\n").startswith("error: <stdin>:3:")


@pytest.mark.parametrize("value", [["float32"], {"float32": 1}])
def test_a_dtype_of_the_wrong_type_is_refused(value: object) -> None:
    with pytest.raises(rnncalc.SpecError, match="dtype"):
        rnncalc.parse({"dtype": value, "input": {"depth": 10}, "layers": [{"lstm": 3}]})


@pytest.mark.parametrize("value", [True, "lstm", "foo"])
def test_a_type_among_the_options_of_a_typed_layer_is_an_unknown_key(value: object) -> None:
    with pytest.raises(rnncalc.SpecError, match="unknown key `type`"):
        rnncalc.parse({"input": {"depth": 10}, "layers": [{"lstm": {"units": 3, "type": value}}]})


@pytest.mark.parametrize("value", [None, [], "lstm", 3, {}, {"layers": {}}, {1: 2}, {"layers": [{1: {2: 3}}]}])
def test_parse_refuses_what_is_no_spec(value: Any) -> None:
    with pytest.raises(rnncalc.SpecError):
        rnncalc.parse(value)


def test_parse_refuses_what_contains_itself() -> None:
    layers: list[Any] = []
    layers.append(layers)
    loop: dict[str, Any] = {"input": {"depth": 10}, "layers": [{"lstm": {"units": layers, "name": layers}}]}
    with pytest.raises(rnncalc.SpecError, match="is not a number"):
        rnncalc.parse(loop)


# --- files that are no specs ---


@pytest.mark.parametrize("text", ["", "\n", "# a note\n", "---\n", "---\n...\n---\n", "\ufeff"])
def test_an_empty_file_is_no_spec(run: Callable[..., Any], text: str) -> None:
    assert "empty: a spec is a mapping with `layers:`" in refused_spec(run, text)


@pytest.mark.parametrize("text", ["words\n", "3\n", "- lstm\n", "null\n", "'layers'\n", "{}\n", "[]\n"])
def test_a_file_that_holds_no_mapping_with_layers_is_no_spec(run: Callable[..., Any], text: str) -> None:
    told = refused_spec(run, text)
    assert told.startswith("error: <stdin>:1:1: ")
    assert "layers" in told


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"\x7fELF\0\0layers", "<stdin>:1: a binary file"),
        (b"a: 1\nb: \0\n", "<stdin>:2: a binary file"),
        (b"\x89PNG\r\n\x1a\n", "<stdin>:1: not UTF-8 text"),
        (b"name: caf\xe9\n", "<stdin>:1: not UTF-8 text"),
        (b"a: 1\n\xff", "<stdin>:2: not UTF-8 text"),
        (GOOD.encode("utf-16"), "<stdin>:1: not UTF-8 text"),
        (GOOD.encode("utf-16-be"), "<stdin>:1: a binary file"),
    ],
)
def test_a_file_that_is_no_text_is_told_so(run: Callable[..., Any], data: bytes, told: str) -> None:
    assert told in refused_spec(run, data)


def test_a_file_too_large_for_a_spec_is_not_parsed(run: Callable[..., Any]) -> None:
    assert "larger than 16 MiB" in refused_spec(run, b"#" * (16 * 2**20 + 1))


@pytest.mark.parametrize("command", ["count", "report", "check", "verify"])
def test_a_folder_without_specs_is_nothing_to_do(run: Callable[..., Any], tmp_path: Path, command: str) -> None:
    (tmp_path / "other.yaml").write_text("key: value\n")
    (tmp_path / "layers.txt").write_text(GOOD)
    found = run(command, tmp_path)
    assert found.status == 2
    assert "nothing to" in found.err
    assert "Traceback" not in found.err


@pytest.mark.parametrize("command", ["report", "check"])
def test_a_batch_without_models_still_writes_a_valid_file(
    run: Callable[..., Any], tmp_path: Path, command: str
) -> None:
    found = run(command, tmp_path, "-o", tmp_path / "out.json")
    assert (found.status, found.out) == (2, "")
    assert json.loads((tmp_path / "out.json").read_text())["errors"] == []


def test_a_pattern_that_nothing_matches_is_nothing_to_do(run: Callable[..., Any], tmp_path: Path) -> None:
    assert run("report", tmp_path / "*.yaml").status == 2


def test_a_pattern_that_nothing_matches_is_told_even_beside_a_spec(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    assert "nope" in run("report", tmp_path / "good.yaml", tmp_path / "nope" / "*.yaml").err


def test_a_folder_without_specs_beside_a_spec_is_noted(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "empty").mkdir()
    found = run("report", tmp_path / "good.yaml", tmp_path / "empty")
    assert (found.status, found.err) == (0, f"note: there is no spec in {tmp_path / 'empty'}\n")


def test_a_file_that_comes_in_small_pieces_as_from_a_pipe_is_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "spec.yaml").write_text(f"framework: keras\n{HEAD}" + "  - dense: 10\n" * 300)
    read = os.read
    monkeypatch.setattr(os, "read", lambda file, most: read(file, min(most, 10)))
    assert rnncalc.load(tmp_path / "spec.yaml").params == 300 * (10 * 10 + 10)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a named pipe")
def test_a_pipe_in_a_folder_is_no_spec(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    os.mkfifo(tmp_path / "pipe.yaml")
    for path in (tmp_path, tmp_path / "*.yaml"):
        assert len(json.loads(run("report", path, "-f", "json").out)["models"]) == 1


# --- YAML that is none, or too much ---


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{HEAD}  - lstm: {{units: 3]\n", 3),
        ("layers: [\n", 1),
        ("\tlayers: 3\n", 1),
        ("a: b: c\n", 1),
        ("name: 'open\nlayers: 3\n", 1),
        ("a: 1\n b: 2\n", 2),
        ("layers: *nowhere\n", 1),
        ("%YAML 9.9\n---\na: 1\n", 1),
        ("a: |x\n", 1),
        ("a: @b\n", 1),
        ("!<\n", 1),
        ("&\n", 1),
        ('a: "\\q"\n', 1),
        ('a: "\\ud800"\n', 1),
        ("? [a, b]\n: 3\n", 1),
        (f"{GOOD}---\n}}\n", 5),
    ],
)
def test_a_syntax_error_is_told_with_its_line(run: Callable[..., Any], text: str, line: int) -> None:
    found = run("count", "-", input=text.encode())
    assert found.status == 2
    first = found.err.splitlines()[0]
    assert first.startswith("error: <stdin>:")
    assert abs(int(first.split(":")[2]) - line) <= 1  # the parser may only know on the next line


def test_a_control_character_is_told_with_its_line(run: Callable[..., Any]) -> None:
    assert refused_spec(run, f"name: a\x1b[31m\n{GOOD}").startswith("error: <stdin>:1:")


@pytest.mark.parametrize(
    ("text", "line", "column", "key"),
    [
        (f"{HEAD}  - lstm: {{units: 3, units: 4}}\n", 3, 22, "units"),
        (f"name: a\n{GOOD}name: b\n", 5, 1, "name"),
        ("layers: []\n'layers': []\n", 2, 1, "layers"),
        (f'x-a: {{b: 1, "b": 2}}\n{GOOD}', 1, 13, "b"),
    ],
)
def test_a_duplicate_key_is_told_at_the_second(
    run: Callable[..., Any], text: str, line: int, column: int, key: str
) -> None:
    assert f"error: <stdin>:{line}:{column}: the key `{key}` stands here twice" in refused_spec(run, text)


def test_options_that_are_not_indented_are_told_how(run: Callable[..., Any]) -> None:
    told = refused_spec(run, f"{HEAD}  - lstm:\n    units: 128\n    num_layers: 2\n")
    assert told.startswith("error: <stdin>:4:5: `units` stands beside `lstm`: indent the options below it, or write ")
    assert "`lstm: {units: ...}`" in told


def test_a_name_beside_the_type_is_told_to_go_below_it(run: Callable[..., Any]) -> None:
    assert "`name` stands beside `lstm`" in refused_spec(run, f"{HEAD}  - name: encoder\n    lstm: {{units: 3}}\n")


def test_merging_again_and_again_is_a_bomb_too(run: Callable[..., Any]) -> None:
    base = ", ".join(f"k{n}: 1" for n in range(5000))
    told = refused_spec(run, f"x-b: &b {{{base}}}\nx-c: [{', '.join(['{<<: *b}'] * 5000)}]\n{GOOD}")
    assert "its aliases repeat too much" in told


def bomb(levels: int, width: int = 9) -> str:
    """Lists of lists of lists: width ** levels values in a few lines; the last one is `b`."""
    inner = "".join(f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]\n" for n in range(1, levels - 1))
    return f"x-0: &a0 [{', '.join(['1'] * width)}]\n{inner}x-b: &b [{', '.join([f'*a{levels - 2}'] * width)}]\n"


@pytest.mark.parametrize("levels", [8, 30, 1000])
def test_an_alias_bomb_is_refused(run: Callable[..., Any], levels: int) -> None:
    assert "its aliases repeat too much" in refused_spec(run, f"{bomb(levels)}{GOOD}")


@pytest.mark.parametrize("key", ["layers", "input", "budget"])
def test_a_small_bomb_in_a_value_gives_a_short_message(run: Callable[..., Any], key: str) -> None:
    assert len(refused_spec(run, f"{bomb(5)}{key}: *b\n")) < 2000


@pytest.mark.parametrize("place", ["name: *b\n" + GOOD, "framework: *b\n" + GOOD, f"{HEAD}  - type: *b\n"])
def test_a_small_bomb_in_a_word_gives_a_short_message(run: Callable[..., Any], place: str) -> None:
    assert len(refused_spec(run, f"{bomb(5)}{place}")) < 2000


def test_a_chain_of_aliases_is_no_way_round_the_depth_limit(run: Callable[..., Any]) -> None:
    chain = "x-0: &a0 [1]\n" + "".join(f"x-{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 1300))
    assert len(refused_spec(run, f"{chain}name: *a1299\n{GOOD}")) < 2000


@pytest.mark.parametrize(
    "text",
    [
        "&a [*a]\n",
        "&a {layers: *a}\n",
        "layers: &a [lstm: *a]\n",
        f"{HEAD}  - lstm: &a {{<<: *a, units: 3}}\n",
        "x-a: &a {b: &b [*a, *b]}\n",
    ],
)
def test_a_document_that_contains_itself_is_refused(run: Callable[..., Any], text: str) -> None:
    assert "this contains itself" in refused_spec(run, text)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "? " * 100_000, f"{HEAD}  - lstm: {'[' * 100_000}"]
)
def test_a_hundred_thousand_nested_brackets_do_not_end_the_process(text: str) -> None:
    found = process("count", "-", input=text.encode(), stdout=subprocess.PIPE)
    assert (found.returncode, found.stdout) == (2, b"")
    assert b"nested more than 64 deep" in found.stderr
    assert len(found.stderr) < 1000


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/apply:os.system ['touch {path}']",
        "!!python/object/new:os.system ['touch {path}']",
        "!!python/name:os.system",
        "!!python/module:os",
        "!!python/tuple [1]",
        "!!binary aGk=",
        "!!set {{a, b}}",
        "!!omap [a: 1]",
        "!!timestamp 2001-01-01",
        "!mine 3",
    ],
)
def test_a_tag_constructs_nothing(run: Callable[..., Any], tmp_path: Path, tag: str) -> None:
    path = tmp_path / "made"
    told = refused_spec(run, f"x-a: {tag.format(path=path)}\n{GOOD}")
    assert "is not allowed; a spec holds plain values alone" in told
    assert not path.exists()


def test_a_tag_on_a_key_is_refused(run: Callable[..., Any]) -> None:
    assert "is not allowed" in refused_spec(run, f"!!python/name:os.system description: 3\n{GOOD}")


@pytest.mark.parametrize("scalar", ["9" * 1_000_000, "x" * 1_000_000, "0x" + "f" * 1_000_000, "1e" + "9" * 1000])
def test_a_huge_scalar_gives_a_short_message(run: Callable[..., Any], scalar: str) -> None:
    told = refused_spec(run, f"{HEAD}  - lstm: {scalar}\n")
    assert told.startswith("error: <stdin>:3:11: ")
    assert len(told) < 500


@pytest.mark.parametrize("written", ["1e9999", "true", "null", ".nan"])
def test_a_wrong_value_is_shown_as_it_was_written(run: Callable[..., Any], written: str) -> None:
    told = refused_spec(run, f"{HEAD}  - lstm: {{units: {written}}}\n").splitlines()[0]
    assert written in told


# --- text that plays with the terminal ---

HOSTILE = ["\\e[31m", "\\e]0;title\\a", "\\u202e", "\\u2066", "\\r", "\\x9b31m", "\\b", "\\u200f", "\\0"]
RAW = {"\x1b", "\x07", "\u202e", "\u2066", "\r", "\x9b", "\b", "\u200f", "\0"}


@pytest.mark.parametrize("escape", HOSTILE)
@pytest.mark.parametrize("form", ["table", "markdown"])
@pytest.mark.parametrize("command", ["count", "report"])
def test_names_do_not_play_with_the_terminal(run: Callable[..., Any], command: str, form: str, escape: str) -> None:
    text = f'name: "a{escape}b"\n{HEAD}  - lstm: {{units: 3, name: "l{escape}m"}}\n'
    found = run(command, "-", "-f", form, input=text.encode())
    assert found.status == 0
    assert not RAW & set(found.out)


@pytest.mark.parametrize("escape", HOSTILE)
def test_names_survive_json(run: Callable[..., Any], escape: str) -> None:
    text = f'name: "a{escape}b"\n{GOOD}'
    found = run("count", "-", "-f", "json", input=text.encode())
    (name,) = [each["name"] for each in json.loads(found.out)["models"]]
    assert len(name) > 2
    assert RAW & set(name)


@pytest.mark.parametrize("escape", ["\\u202e", "\\x07", "\\r", "\\x9b31m"])
@pytest.mark.parametrize("place", ['"@": 1\n' + GOOD, HEAD + '  - "l@": 3\n', HEAD + '  - lstm: {units: 3, "u@": 3}\n'])
def test_messages_do_not_play_with_the_terminal(run: Callable[..., Any], place: str, escape: str) -> None:
    assert not RAW & set(refused_spec(run, place.replace("@", escape)))


def test_paths_do_not_play_with_the_terminal(run: Callable[..., Any]) -> None:
    assert not RAW & set(refused(run, "count", "no\u202e\x07.yaml"))


# --- files that cannot be read ---


@pytest.mark.parametrize("command", ["count", "report", "check", "verify"])
def test_a_missing_file_is_told_and_the_rest_goes_on(run: Callable[..., Any], tmp_path: Path, command: str) -> None:
    good = tmp_path / "good.yaml"
    good.write_text(f"budget: {{params: 1k}}\n{GOOD}")
    found = run(command, tmp_path / "none.yaml", good)
    assert found.status == 2
    assert "none.yaml: cannot be read: No such file or directory" in found.err
    assert "good" in found.out


def test_a_dangling_link_is_told_where_it_is_named_and_where_it_is_found(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "link.yaml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "good.yaml").write_text(GOOD)
    for path in (tmp_path / "link.yaml", tmp_path):
        found = run("report", path)
        assert found.status == 2
        assert "link.yaml: cannot be read: No such file or directory" in found.err


def test_a_dangling_link_that_a_pattern_matches_is_told(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "link.yaml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "good.yaml").write_text(GOOD)
    assert "link.yaml: cannot be read" in run("report", tmp_path / "*.yaml").err


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PermissionError(13, "Permission denied"), "Permission denied"),
        (FileNotFoundError(2, "No such file or directory"), "No such file or directory"),
        (OSError(5, "Input/output error"), "Input/output error"),
    ],
)
def test_a_file_that_vanishes_or_is_locked_does_not_end_a_batch(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, told: str
) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.yaml").write_text(GOOD)
    real = os.open

    def failing(path: Any, *args: Any, **named: Any) -> Any:
        if str(path).endswith("b.yaml"):
            raise error
        return real(path, *args, **named)

    monkeypatch.setattr("os.open", failing)
    found = run("report", tmp_path, "-f", "json")
    assert found.status == 2
    assert f"b.yaml: cannot be read: {told}" in found.err
    record = json.loads(found.out)
    assert [each["name"] for each in record["models"]] == ["a", "c"]
    assert [Path(each["path"]).name for each in record["errors"]] == ["b.yaml"]


def test_a_folder_named_like_a_spec_is_a_folder(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "a.yaml").mkdir()
    (tmp_path / "a.yaml" / "b.yaml").write_text(GOOD)
    assert len(json.loads(run("report", tmp_path, "-f", "json").out)["models"]) == 1


def test_links_in_a_circle_are_not_followed_forever(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "inner").symlink_to(tmp_path)
    (tmp_path / "self.yaml").symlink_to(tmp_path / "self.yaml")
    found = run("report", tmp_path, "-f", "json")
    assert len(json.loads(found.out)["models"]) == 1
    assert "self.yaml: cannot be read" in found.err


def test_a_folder_that_cannot_be_listed_is_told(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "locked").mkdir()
    real = os.scandir

    def locked(path: Any = ".") -> Any:
        if os.fspath(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", locked)
    assert "locked" in run("report", tmp_path).err


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="needs /dev/zero")
def test_a_device_without_end_is_too_large() -> None:
    found = process("count", "/dev/zero", stdout=subprocess.PIPE, preexec_fn=limited)
    assert found.returncode == 2
    assert b"larger than 16 MiB" in found.stderr


# --- pipes and signals ---


@pytest.mark.parametrize("args", [(*LSTM, 128), (*LSTM, 128, "-f", "json"), ("--help",), ("cells",), ("--version",)])
def test_a_closed_pipe_ends_silently_with_141(args: tuple[object, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    found = process(*args, stdout=writer)
    os.close(writer)
    assert (found.returncode, found.stderr) == (141, b"")


def test_ctrl_c_ends_with_130(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rnncalc.batch.discover.models", interrupted)
    found = run("count", tmp_path)
    assert (found.status, found.out, found.err.strip()) == (130, "", "")


def test_ctrl_c_while_reading_ends_the_process_with_130(tmp_path: Path) -> None:
    pipe = tmp_path / "spec.yaml"
    os.mkfifo(pipe)
    child = subprocess.Popen(
        [sys.executable, "-m", "rnncalc", "count", str(pipe)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with pipe.open("wb"):  # waits until the child has opened it for reading
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    assert (child.returncode, out) == (130, b"")
    assert b"Traceback" not in err


@pytest.mark.parametrize(("stream", "args"), [("stdout", (*LSTM, 128)), ("stdin", ("count", "-"))])
def test_a_stream_that_is_closed_from_the_start_is_told(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, stream: str, args: tuple[object, ...]
) -> None:
    monkeypatch.setattr(sys, stream, None)
    assert run(*args).status == 2


def test_a_closed_pipe_of_messages_ends_silently_with_141() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "rnncalc", "lstm"]
    found = subprocess.run(command, stdout=subprocess.PIPE, stderr=writer, timeout=60, check=False)
    os.close(writer)
    assert (found.returncode, found.stdout) == (141, b"")


@pytest.mark.parametrize("args", [("lstm",), ("count", "none.yaml"), (*LSTM, 0)])
def test_messages_that_nobody_can_read_change_no_status(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, args: tuple[object, ...]
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert run(*args).status == 2


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_told() -> None:
    with open("/dev/full", "wb") as full:
        found = process(*LSTM, 128, stdout=full)
    assert found.returncode == 2
    assert found.stderr == b"Error: standard output: No space left on device\n"
    assert b"Traceback" not in found.stderr


# --- output files ---


def names_in(folder: Path) -> list[str]:
    """What is in a folder, hidden files too."""
    return sorted(os.listdir(folder))


@pytest.mark.parametrize("command", [(*LSTM, 128), ("count", "-"), ("report", "-"), ("check", "-"), ("cells",)])
def test_output_to_a_folder_that_does_not_exist_is_refused(
    run: Callable[..., Any], tmp_path: Path, command: tuple[object, ...]
) -> None:
    told = refused(run, *command, "-o", tmp_path / "none" / "out.json", input=GOOD.encode())
    assert f"the folder of --output does not exist: {tmp_path / 'none'}" in told
    assert names_in(tmp_path) == []


def test_output_to_a_folder_or_below_a_file_is_refused(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    assert "--output is a folder" in refused(run, *LSTM, 128, "-o", tmp_path)
    assert "folder of --output" in refused(run, *LSTM, 128, "-o", tmp_path / "file" / "out.json")
    assert (tmp_path / "file").read_text() == "kept"


def test_an_output_file_holds_the_document_and_nothing_goes_to_standard_output(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    found = run(*LSTM, 128, "-o", tmp_path / "out.json")
    assert (found.status, found.out, found.err) == (0, "", "")
    assert json.loads((tmp_path / "out.json").read_text())["params"]["total"] == (10 + 128) * 4 * 128 + 4 * 128
    assert names_in(tmp_path) == ["out.json"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755, 0o444])
def test_an_output_file_keeps_its_mode(run: Callable[..., Any], tmp_path: Path, mode: int) -> None:
    path = tmp_path / "out.json"
    path.write_text("old")
    path.chmod(mode)
    assert run(*LSTM, 128, "-o", path).status == 0
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert json.loads(path.read_text())


def test_a_new_output_file_has_the_mode_that_the_umask_leaves(run: Callable[..., Any], tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        assert run(*LSTM, 128, "-o", tmp_path / "out.json").status == 0
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out.json").stat().st_mode) == 0o640


def test_an_output_link_is_followed(run: Callable[..., Any], tmp_path: Path) -> None:
    for target in ("old.json", "new.json"):
        link = tmp_path / f"to-{target}"
        link.symlink_to(target)
    (tmp_path / "old.json").write_text("old")
    for target in ("old.json", "new.json"):
        assert run(*LSTM, 128, "-o", tmp_path / f"to-{target}").status == 0
        assert (tmp_path / f"to-{target}").is_symlink()
        assert json.loads((tmp_path / target).read_text())


def test_an_output_link_into_nowhere_is_refused(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to(tmp_path / "none" / "out.json")
    assert "none" in refused(run, *LSTM, 128, "-o", tmp_path / "link.json")
    assert names_in(tmp_path) == ["link.json"]


def test_a_message_about_the_output_names_the_file_that_was_asked_for(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to(tmp_path / "none" / "out.json")
    assert "/.out.json" not in refused(run, *LSTM, 128, "-o", tmp_path / "link.json")


@pytest.mark.parametrize(
    ("error", "status"),
    [(OSError(28, "No space left on device"), 2), (PermissionError(13, "No"), 2), (KeyboardInterrupt(), 130)],
)
@pytest.mark.parametrize("there", [True, False])
def test_an_output_file_is_written_whole_or_not_at_all(
    run: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    status: int,
    there: bool,
) -> None:
    path = tmp_path / "out.json"
    if there:
        path.write_text("old")

    def failing(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(os, "replace", failing)
    found = run(*LSTM, 128, "-o", path)
    assert (found.status, found.out) == (status, "")
    assert "Traceback" not in found.err
    assert names_in(tmp_path) == (["out.json"] if there else [])
    assert not there or path.read_text() == "old"


def test_a_mistake_leaves_the_output_file_alone(run: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.write_text("old")
    refused(run, *LSTM, 0, "-o", path)
    refused(run, *LSTM, 4, "--peephole", "-F", "keras", "-o", path)
    assert (path.read_text(), names_in(tmp_path)) == ("old", ["out.json"])


def test_a_device_is_written_through(run: Callable[..., Any]) -> None:
    found = run(*LSTM, 128, "-o", os.devnull)
    assert (found.status, found.out) == (0, "")
    assert not os.path.isfile(os.devnull)


def test_an_output_file_may_have_the_longest_name_there_is(run: Callable[..., Any], tmp_path: Path) -> None:
    assert run(*LSTM, 128, "-o", tmp_path / ("a" * 250 + ".json")).status == 0


def test_a_spec_whose_name_is_not_utf8_is_reported_to_a_file(run: Callable[..., Any], tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.yaml")
    Path(path).write_text(GOOD)
    assert run("count", path, "-o", tmp_path / "out.json").status == 0
    assert json.loads((tmp_path / "out.json").read_text())["models"]


def test_an_output_without_a_name_is_refused(run: Callable[..., Any]) -> None:
    assert "--output needs the name of a file" in refused(run, *LSTM, 128, "-o", "")


def test_an_output_whose_ending_is_no_format_is_told_the_endings(run: Callable[..., Any], tmp_path: Path) -> None:
    told = refused(run, *LSTM, 128, "-o", tmp_path / "out.html")
    assert all(ending in told for ending in ("`.html`", ".txt (table)", ".json (json)", ".md (markdown)", ".csv (csv)"))
    assert run(*LSTM, 128, "-o", tmp_path / "out.html", "-f", "json").status == 0
    assert run(*LSTM, 128, "-o", tmp_path / "out").status == 0


@pytest.mark.parametrize("command", ["count", "report", "check", "verify"])
def test_the_output_never_replaces_a_spec(run: Callable[..., Any], tmp_path: Path, command: str) -> None:
    spec = tmp_path / "good.yaml"
    spec.write_text(GOOD)
    (tmp_path / "link.json").symlink_to(spec)
    for path in (spec, tmp_path / "link.json"):
        assert "--output is one of the specs" in refused(run, command, tmp_path, "-o", path, "-f", "json")
    assert spec.read_text() == GOOD


# --- the exit status of a batch ---


def test_a_bad_spec_does_not_end_a_batch(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "b.yaml").write_text(f"{HEAD}  - lstm: 0\n")
    (tmp_path / "c.yaml").write_text(f"{GOOD}---\n{HEAD}  - lstm: {{units: 3]\n")
    found = run("report", tmp_path, "-f", "json")
    record = json.loads(found.out)
    assert found.status == 2
    assert [each["name"] for each in record["models"]] == ["a", "c"]
    assert [(Path(each["path"]).name, each["line"]) for each in record["errors"]] == [("b.yaml", 3), ("c.yaml", 7)]


def test_a_bad_spec_wins_over_a_broken_budget(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    assert run("check", tmp_path, "--max-params", 1).status == 1
    (tmp_path / "b.yaml").write_text("layers: []\n")
    assert run("check", tmp_path, "--max-params", 1).status == 2


@pytest.mark.parametrize("limit", ["10x", "-1", "", "1.5", "enc=", "2MiB"])
def test_a_limit_that_is_no_size_is_refused(run: Callable[..., Any], limit: str) -> None:
    assert "--max-params" in refused(run, "check", "-", "--max-params", limit, input=GOOD.encode())


def test_a_limit_of_a_layer_that_no_model_has_is_told(run: Callable[..., Any]) -> None:
    found = run("check", "-", "--max-params", "nope=3", input=GOOD.encode())
    assert found.status == 2
    assert "--max-params nope=...: no layer is named `nope`" in found.err


@pytest.mark.parametrize("command", ["count", "report", "check", "verify"])
def test_a_command_without_a_spec_says_what_it_needs(run: Callable[..., Any], command: str) -> None:
    told = "Missing argument" if command in ("count", "verify") else "no PATH is given"
    assert told in refused(run, command)


def test_a_cell_and_a_spec_together_are_refused(run: Callable[..., Any]) -> None:
    assert "give a cell or specs, not both" in refused(run, "verify", "lstm", "model.yaml")


def test_a_misspelt_size_is_one_mistake_and_not_two() -> None:
    with pytest.raises(rnncalc.SpecError) as error:
        rnncalc.parse({"input": {"depth": 10}, "layers": [{"lstm": {"untis": 128}}]})
    (problem,) = error.value.problems
    assert "did you mean `units`" in problem.message
    with pytest.raises(rnncalc.SpecError) as error:
        rnncalc.parse({"input": {"depth": 10}, "layers": [{"lstm": {"activashun": "relu"}}]})
    assert len(error.value.problems) == 2  # nothing says its size


def test_an_unknown_layer_that_is_near_none_says_where_all_are_listed() -> None:
    with pytest.raises(rnncalc.SpecError, match="`rnncalc layers` tell what there is"):
        rnncalc.parse({"input": {"depth": 10}, "layers": [{"qqqq": 3}]})
