"""Ten thousand random and mutated inputs: no traceback, no hang, and exit status 0, 1 or 2.

The seed is fixed, so that a failure can be seen again; RNNCALC_FUZZ_SEED=7 tries other inputs.
"""

from __future__ import annotations

import io
import json
import os
import random
import signal
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rnncalc
from rnncalc.cli import main
from rnncalc.errors import SpecError
from rnncalc.matching.saved import read_shapes, shapes_of
from rnncalc.network import Model
from rnncalc.render import render
from rnncalc.spec.read import read
from tests.test_hostile import NAMES, cases

ROOT = Path(__file__).parent.parent
SEED = int(os.environ.get("RNNCALC_FUZZ_SEED", "1"))
LONGEST = 20  # seconds that one input may take, on a machine that does much else
SPECS = [path.read_bytes() for path in sorted((ROOT / "configs").rglob("*.yaml")) if path.stat().st_size < 2500]
SPECS += [path.read_bytes() for path in sorted((ROOT / "docs/examples").glob("*.yaml"))]
HEADERS = [(ROOT / "tests/models" / name).read_bytes() for name in ("small.safetensors", "half.safetensors")]
WORDS = sorted({word for spec in SPECS for word in spec.split()})
MARKS = r"""
& * &a *a << <<: ! !! !!python/object/apply:os.system | > |- >+ --- ... %YAML %TAG ? : - , [ ] { } ' " # @ `
0 -1 1e999 9223372036854775807 9223372036854775808 1_000 010 0x1f 0o7 .inf -.inf .nan 1.5 10k 2MiB 1:30 null ~ true no
name framework input inputs layers weights budget expect dtype units bidirectional tied_to same_as repeat residual
lstm gru conv2d multi_head_attention crf char_cnn reshape batch_norm embedding &a,[*a,*a]
pytorch keras onnx flax flax-nnx haiku equinox paper tensorflow1
"""
SNIPPETS = [*(name.encode() for name in NAMES), *MARKS.encode().split()]
SNIPPETS += [
    b"\n",
    b"\r\n",
    b"\r",
    b"\t",
    b"  ",
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\xc3",
    b"\x85",
]
SNIPPETS += [b"\xe2\x80\xa8", b"9" * 400, b"[" * 70, b"{a: " * 70, b"- " * 70, b"a" * 3000]


def mutated(source: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    """The bytes with a few things done to them."""
    data = bytearray(source)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        at, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
        kind = chance.randrange(8)
        if kind == 0 and data:
            data[min(at, len(data) - 1)] ^= 1 << chance.randrange(8)
        elif kind == 1:
            data[at:at] = chance.choice(SNIPPETS)
        elif kind == 2:
            data[at : min(end, at + 12)] = chance.choice(SNIPPETS)
        elif kind == 3:
            del data[at : min(end, at + chance.choice((1, 4, 40)))]
        elif kind == 4:
            data[at:at] = data[at : min(end, at + 60)]
        elif kind == 5:
            other = chance.choice(others)
            start = chance.randrange(len(other) + 1)
            data[at:at] = other[start : start + chance.choice((5, 30, 200))]
        elif kind == 6:
            words = bytes(data).split(b" ")
            words[chance.randrange(len(words))] = chance.choice(WORDS + SNIPPETS)
            data = bytearray(b" ".join(words))
        else:
            lines = bytes(data).split(b"\n")
            chance.shuffle(lines) if chance.random() < 0.1 else lines.insert(
                chance.randrange(len(lines) + 1), chance.choice(lines)
            )
            data = bytearray(b"\n".join(lines))
    return bytes(data)


class Hang(Exception):
    """An input that takes too long."""


@contextmanager
def in_time() -> Iterator[None]:
    """Whatever is inside ends soon."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def late(*_: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, LONGEST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def shown(data: bytes) -> Iterator[None]:
    """An error is told with the input that caused it."""
    try:
        with in_time():
            yield
    except BaseException as error:
        error.add_note(f"the input was {data!r}") if hasattr(error, "add_note") else None
        raise


def test_mutated_specs_are_read_or_refused() -> None:
    chance = random.Random(SEED)
    models = 0
    for _ in range(4600):
        data = mutated(chance.choice(SPECS), chance, SPECS)
        with shown(data):
            for found in read(data, "fuzz.yaml"):
                assert isinstance(found, (Model, SpecError))
                if isinstance(found, SpecError):
                    assert found.problems
                    assert all(str(problem) for problem in found.problems)
                elif len(found.layers) < 1000:
                    models += 1
                    json.dumps(found.report().to_dict(), allow_nan=False)
    assert models > 500  # most of what is tried is not refused at once


def test_mutated_headers_are_read_or_refused(tmp_path: Path) -> None:
    chance = random.Random(SEED + 1)
    path = tmp_path / "fuzz.safetensors"
    read_in = 0
    for n in range(3000):
        source = chance.choice(HEADERS)
        length = int.from_bytes(source[:8], "little")
        if n % 2:  # a header that is as long as it says, so that what is in it is read
            header = mutated(source[8 : 8 + length], chance, HEADERS)
            data = struct.pack("<Q", len(header)) + header + source[8 + length :]
        else:
            data = mutated(source, chance, HEADERS)
        path.write_bytes(data)
        with shown(data):
            shapes, told = {}, ""
            try:
                shapes = read_shapes(str(path))
            except SpecError as error:
                told = str(error)
            assert len(told) < 1000
            assert all(type(axis) is int and axis >= 0 for shape in shapes.values() for axis in shape)
            read_in += bool(shapes)
    assert read_in > 100


def outcome(*args: object, stdin: bytes) -> tuple[int, str, str]:
    """The exit status and the output of a command."""
    out, err = io.StringIO(), io.StringIO()
    argv, before = sys.argv, sys.stdin
    sys.argv, sys.stdin = ["rnncalc", *map(str, args)], io.TextIOWrapper(io.BytesIO(stdin))
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as left:
        return int(left.code or 0), out.getvalue(), err.getvalue()
    finally:
        sys.argv, sys.stdin = argv, before
    raise AssertionError("a command ends with a status")


def test_every_command_and_format_survives_mutated_specs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    chance = random.Random(SEED + 2)
    (tmp_path / "shapes.json").write_text((ROOT / "docs/examples/tagger.json").read_text())
    (tmp_path / "old.yaml").write_bytes((ROOT / "docs/examples/tagger.yaml").read_bytes())
    more: dict[str, tuple[str, ...]] = {
        "verify": ("--against", "shapes.json"),
        "diff": ("old.yaml",),
        "check": ("--max-params", "1k"),
        "solve": ("--max-params", "100k", "--set", "head.units=?"),
        "sweep": ("--set", "head.units=2:6"),
    }
    ways = [case.values for case in cases()]
    for n in range(1200):
        command, form = ways[n % len(ways)]
        data = mutated(chance.choice(SPECS[-12:]), chance, SPECS)
        with shown(data):
            status, out, err = outcome(command, "-", *more.get(str(command), ()), "-f", form, stdin=data)
            assert status in (0, 1, 2), (command, form)
            assert "Traceback" not in err
            assert status != 2 or err
            assert [char for char in out + err if not char.isprintable() and char != "\n"] == []


KEYS = "units name depth shape lstm dense conv2d inputs bias layers num_layers repeat".split()
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
VALUES = st.recursive(
    PLAIN | st.sampled_from(["lstm", "10k", "keras"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)
REST = st.dictionaries(st.sampled_from("name framework input inputs weights budget dtype".split()), VALUES)
HASTY = settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@HASTY
@given(
    st.dictionaries(st.sampled_from(["name", "framework", "input", "inputs", "weights", "budget", "dtype"]), VALUES),
    VALUES,
)
def test_any_mapping_is_a_model_or_refused(rest: dict[str, Any], layers: Any) -> None:
    with in_time(), suppress(SpecError):
        assert rnncalc.parse({"input": {"depth": 3}, "layers": layers, **rest}).report()


@HASTY
@given(VALUES)
def test_any_value_has_names_and_shapes_or_is_refused(value: Any) -> None:
    try:
        found = shapes_of(value)
    except ValueError:
        return
    assert all(isinstance(name, str) and isinstance(shape, tuple) for name, shape in found.items())


@HASTY
@given(st.dictionaries(st.text(max_size=30), st.lists(st.integers(0, 100), max_size=3), max_size=12))
def test_any_names_are_compared_with_a_spec(shapes: dict[str, list[int]]) -> None:
    spec = {"framework": "keras", "input": {"depth": 3}, "layers": [{"lstm": {"units": 4, "bidirectional": True}}]}
    with pytest.raises(rnncalc.MismatchError) as error:
        rnncalc.match(spec, shapes)
    assert str(error.value)


@HASTY
@given(st.text(max_size=40), st.text(max_size=40))
def test_any_name_is_drawn_by_every_renderer(model: str, layer: str) -> None:
    try:
        found = rnncalc.parse(
            {"name": model, "input": {"depth": 3}, "layers": [{"dense": {"units": 2, "name": layer}}]}
        )
    except SpecError:
        return
    for form in ("table", "json", "markdown", "csv"):
        out = render(form, "count", [found.report()], [[]], [])
        assert [char for char in out if not char.isprintable() and char != "\n"] == []
