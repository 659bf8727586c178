"""The names and shapes of a real model: read from real files, and never trusted."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnncalc.errors import SpecError
from rnncalc.matching.saved import LARGEST, read_shapes, shapes_of

MODELS = Path(__file__).parent / "models"
LSTM = {  # nn.LSTM(2, 3, bidirectional=True), by hand: 4 gates of 3, from 2 inputs and 3 states
    f"{name}_l0{side}": shape
    for side in ("", "_reverse")
    for name, shape in {"weight_ih": (12, 2), "weight_hh": (12, 3), "bias_ih": (12,), "bias_hh": (12,)}.items()
}
NORM = {"weight": (2,), "bias": (2,), "running_mean": (2,), "running_var": (2,), "num_batches_tracked": ()}
SMALL = {"rnn." + name: shape for name, shape in LSTM.items()} | {"norm." + name: each for name, each in NORM.items()}


def container(header: Any, body: bytes = b"", length: int | None = None) -> bytes:
    """A safetensors file with this header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def tensor(shape: list[Any], begin: int, end: int, dtype: Any = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


GOOD = {"a": tensor([2, 3], 0, 24)}


@pytest.fixture
def told(tmp_path: Path) -> Callable[..., str]:
    """What is said of a file with these bytes."""

    def call(data: bytes, name: str = "model.safetensors") -> str:
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(SpecError) as error:
            read_shapes(str(path))
        (problem,) = error.value.problems
        assert problem.path == str(path)
        assert len(str(problem)) < 500 + len(str(path))
        return problem.message

    return call


# real files


def test_a_file_that_the_safetensors_package_wrote_is_read() -> None:
    assert read_shapes(str(MODELS / "small.safetensors")) == SMALL


def test_a_file_of_half_the_precision_is_read() -> None:
    assert read_shapes(str(MODELS / "half.safetensors")) == LSTM


def test_the_shapes_are_those_that_the_package_itself_reads() -> None:
    safetensors = pytest.importorskip("safetensors")
    with safetensors.safe_open(MODELS / "small.safetensors", "numpy") as file:
        assert {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()} == SMALL  # noqa: SIM118


def test_a_file_that_the_package_writes_here_is_read(tmp_path: Path) -> None:
    numpy = pytest.importorskip("safetensors.numpy")
    arrays = {"ё/µ": np.zeros((2, 3)), "empty": np.zeros((0, 4)), "one": np.zeros(()), "flag": np.zeros(3, bool)}
    numpy.save_file(arrays, tmp_path / "model.safetensors", {"note": "hello"})
    found = read_shapes(str(tmp_path / "model.safetensors"))
    assert found == {name: array.shape for name, array in arrays.items()}


def test_no_more_than_the_header_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data = (MODELS / "small.safetensors").read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")

    class Watched(io.BytesIO):
        furthest = 0

        def read(self, size: int | None = -1) -> bytes:
            found = super().read(size)
            Watched.furthest = max(Watched.furthest, self.tell())
            return found

    monkeypatch.setattr(Path, "open", lambda *_: Watched(data))
    assert read_shapes("model.safetensors") == SMALL
    assert Watched.furthest == end < len(data)


def test_a_file_without_its_ending_is_known_by_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes((MODELS / "small.safetensors").read_bytes())
    assert read_shapes(str(tmp_path / "model")) == SMALL


def test_a_dtype_of_a_later_version_has_a_size_that_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(container({"a": tensor([3], 0, 5, "F5_E9")}, b"12345"))
    assert read_shapes(str(tmp_path / "a.safetensors")) == {"a": (3,)}


# safetensors files that are not sound


@pytest.mark.parametrize("cut", [0, 1, 7, 8, 9, 100, 1000, -1])
def test_a_file_that_was_cut_is_refused(told: Callable[..., str], cut: int) -> None:
    assert told((MODELS / "small.safetensors").read_bytes()[:cut])


@pytest.mark.parametrize("length", [0, 1, 3, 2**20, LARGEST, LARGEST + 1, 2**63, 2**64 - 1])
def test_a_header_that_is_not_as_long_as_it_says_is_refused(told: Callable[..., str], length: int) -> None:
    assert told(container(GOOD, bytes(24), length))


@pytest.mark.parametrize(
    ("header", "what"),
    [
        (b"[]", "does not begin with"),
        (b" {}", "does not begin with"),
        (b'{"a": 1', "not a safetensors header"),
        (b'{"a": 1}', "not described by dtype, shape and data_offsets"),
        (b'{"a": {"dtype": "F32", "shape": [1]}}', "not described"),
        (b'{"\xff": 1}', "is not UTF-8"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": Infinity}', "Infinity is no number"),
        (b'{"a": 1, "a": 2}', "stands there twice"),
        (b'{"a": {"dtype": "F32", "dtype": "F32", "shape": [], "data_offsets": [0, 4]}}', "stands there twice"),
        (b'{"a": ' + b"9" * 100_000 + b"}", "a number of 100,000 digits"),
        (b'{"a": ' + b"[" * 100_000 + b"}", "nested too deep"),
        (b'{"a": ' * 100_000, "nested too deep"),
        ({"a": {**tensor([1], 0, 4), "more": 1}}, "not described"),
        ({"a": tensor([1], 4, 0)}, "bytes are not"),
        ({"a": tensor([2, 3], 0, 23)}, "23 bytes are not the F32 scalars of [2, 3]"),
        ({"a": tensor([2**62, 2**62], 0, 24)}, "bytes are not"),
        ({"a": tensor([2, 3], 1, 25)}, "begin at 1, where those before end at 0"),
        ({"a": tensor([2, 3], 0, 24), "b": tensor([3], 12, 24)}, "begin at 12, where those before end at 24"),
        ({"a": tensor([3], 0, 12)}, "its tensors take 12 bytes, but 24 follow"),
        ({"a": tensor([2, 3], 0, 24), "b": tensor([1], 24, 28)}, "its tensors take 28 bytes, but 24 follow"),
        ({"a": tensor([-1], 0, 24)}, "no list of sizes: -1 is none"),
        ({"a": tensor([1.5], 0, 24)}, "1.5 is none"),
        ({"a": tensor([True], 0, 24)}, "true is none"),
        ({"a": tensor(["6"], 0, 24)}, "'6' is none"),
        ({"a": tensor([2**63], 0, 24)}, "is none"),
        ({"a": tensor([1] * 65, 0, 4)}, "no list of sizes"),
        ({"a": {**GOOD["a"], "shape": 6}}, "has no shape, but is 6"),
        ({"a": {**GOOD["a"], "shape": "six"}}, "no list of sizes"),
        ({"a": {**GOOD["a"], "shape": {"2": 3}}}, "no list of sizes"),
        ({"a": {**GOOD["a"], "data_offsets": [0]}}, "not where its bytes begin and end"),
        ({"a": {**GOOD["a"], "data_offsets": [0, -24]}}, "not where its bytes begin and end"),
        ({"a": {**GOOD["a"], "data_offsets": "ab"}}, "not where its bytes begin and end"),
        ({"a": {**GOOD["a"], "dtype": 3}}, "not a word such as F32"),
        ({"n" * 10_001: tensor([2, 3], 0, 24)}, "a name of 10,001 characters"),
    ],
)
def test_a_header_that_is_not_sound_is_refused(told: Callable[..., str], header: Any, what: str) -> None:
    assert what in told(container(header, bytes(24)))


def test_a_hostile_name_does_not_play_with_the_terminal(told: Callable[..., str]) -> None:
    message = told(container({"\x1b[31m\u202e\0\n": 3}))
    assert message.isprintable()


def test_a_file_of_zeros_without_end_is_refused_at_once() -> None:
    with pytest.raises(SpecError):
        read_shapes("/dev/zero")


# JSON


@pytest.mark.parametrize(
    "text",
    [
        '{"lstm/kernel": [10, 512], "lstm/bias": [512]}',
        '\ufeff {"lstm": {"kernel": [10, 512], "bias": [512]}}',
        '[["lstm/kernel", [10, 512]], ["lstm/bias", [512]]]',
        '\r\n\t{"lstm/kernel": [10, 512],\r\n"lstm/bias": [512]}\r\n',
    ],
)
def test_json_says_names_and_shapes_in_three_ways(tmp_path: Path, text: str) -> None:
    (tmp_path / "shapes.json").write_text(text, "utf-8", newline="")
    assert read_shapes(str(tmp_path / "shapes.json")) == {"lstm/kernel": (10, 512), "lstm/bias": (512,)}


def test_json_is_read_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"a": [3]}')))
    assert read_shapes("-") == {"a": (3,)}


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"{", "not JSON: "),
        (b"{'a': [1]}", "not JSON: "),
        (b'{"a": [1],}', "not JSON: "),
        (b'{"a": 3}', "has no shape, but is 3"),
        (b'{"a": null}', "has no shape, but is null"),
        (b'{"a": "xy"}', "no list of sizes"),
        (b'{"a": [[1]]}', "is none"),
        (b'{"a": [1e99]}', "is none"),
        (b'{"a": [-Infinity]}', "-Infinity is no number"),
        (b'{"a": [1], "a": [1]}', "stands there twice"),
        (b'{"a": {"b": [1]}, "a/b": [1]}', "two tensors are named `a/b`"),
        (b'[["kernel", [1]], ["kernel", [2]]]', "in Keras, w.path tells them apart"),
        (b"[1, 2]", "not a name and its shape"),
        (b'["ab"]', "not a name and its shape"),
        (b'{"a": [' + b"9" * 5000 + b"]}", "a number of 5,000 digits"),
        (b'{"a": ' * 5000 + b"[1]" + b"}" * 5000, "nested too deep"),
        (b'{"a": ' * 70 + b"[1]" + b"}" * 70, "nested too deep"),
        (b'{"a": [\xff]}', "is not UTF-8"),
        ('{"a": [1]}'.encode("utf-16"), "neither a safetensors file nor JSON"),
        (b'{"weight_map": {"a": "model-1.safetensors"}}', "an index of safetensors files"),
        (b"PK\x03\x04rest", "a zip archive, as torch.save"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        (b"\x80\x02}q", "a pickle"),
        (b"name: 3\n", "neither a safetensors file nor JSON"),
        (b"{" + b" " * LARGEST, "larger than"),
    ],
)
def test_json_that_is_not_names_and_shapes_is_refused(told: Callable[..., str], data: bytes, what: str) -> None:
    assert what in told(data, "shapes.json")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs limits on a process")
@pytest.mark.parametrize("data", [b"[" * LARGEST, b"[[]," + b"[]," * (LARGEST // 3 - 2), b'{"a":' * (LARGEST // 5)])
def test_the_largest_hostile_json_takes_bounded_time_and_memory(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "shapes.json").write_bytes(data)

    def limited() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))

    args = ("verify", "lstm", "--input-depth", "1", "--units", "1", "--against", tmp_path / "shapes.json")
    command = [sys.executable, "-m", "rnncalc", *map(str, args)]
    done = subprocess.run(command, capture_output=True, preexec_fn=limited, check=False)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert len(done.stderr) < 1000


# values in Python


def test_whatever_has_a_shape_says_it() -> None:
    arrays = {"a": np.zeros((2, 3)), "b": np.float32(1), "c": [4], "d": (np.int64(5),)}
    assert shapes_of(arrays) == {"a": (2, 3), "b": (), "c": (4,), "d": (5,)}


def test_pairs_may_come_from_a_generator() -> None:
    assert shapes_of((name, np.zeros(3)) for name in "ab") == {"a": (3,), "b": (3,)}


def test_nested_mappings_are_joined_by_slashes() -> None:
    assert shapes_of({"params": {"lstm": {"kernel": (1, 2)}, 0: (3,)}}) == {
        "params/lstm/kernel": (1, 2),
        "params/0": (3,),
    }


@pytest.mark.parametrize(
    "value", [None, 3, "text", b"text", [3], [("a",)], [(1, (2,))], {"a": None}, {"a": 3.5}, {b"": ()}]
)
def test_what_has_no_names_and_shapes_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        shapes_of(value)


def test_a_mapping_that_contains_itself_is_refused() -> None:
    loop: dict[str, Any] = {}
    loop["a"] = loop
    with pytest.raises(ValueError, match="nested too deep"):
        shapes_of(loop)
