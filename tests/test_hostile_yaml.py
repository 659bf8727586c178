"""Hostile YAML is refused with a message, in bounded time and memory; BOM and CRLF are no more than an encoding."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

GOOD = "input: {depth: 10}\nlayers:\n  - lstm: 3\n"
MEMORY, SECONDS = 2**30, 30  # of a process that should need few of them; a loaded machine is slow

BOMB = "x-0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 60)
)
MERGES = "x-0: &a0 {a: 1, b: 2}\n" + "".join(
    f"x-{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 60)
)
HOSTILE = {
    "alias bomb": BOMB + GOOD,
    "alias bomb in the layers": f"{BOMB}layers: *a59\n",
    "alias bomb of merges": f"{MERGES}layers: *a59\n",
    "loop": "layers: &a [*a, {lstm: *a}]\n",
    "nested brackets": "[" * 2_000_000,
    "nested maps": "{a: " * 500_000,
    "nested in blocks": "".join(f"{' ' * n}a:\n" for n in range(2000)),
    "nested in keys": "? " * 500_000,
    "millions of values": f"layers: [{'a,' * (7 * 2**20)}]\n",
    "millions of lines": "- a\n" * (4 * 2**20 - 1),
    "millions of keys": "".join(f"k{n}: 1\n" for n in range(900_000)),
    "millions of documents": "--- a\n" * 2_000_000,
    "a tag that runs a command": "layers: !!python/object/apply:os.system ['touch made']\n",
    "a tag that imports": "layers: !!python/name:os.system\n",
    "a tag that makes an object": "layers: !!python/object/new:subprocess.Popen [['touch', 'made']]\n",
    "a huge number": f"{GOOD.replace('3', '9' * (2**20 * 15))}",
    "a huge hexadecimal": f"{GOOD.replace('3', '0x' + 'f' * (2**20 * 15))}",
    "a huge exponent": f"{GOOD.replace('3', '1e' + '9' * 1_000_000)}",
    "a huge word": f"{GOOD.replace('lstm', 'l' * (2**20 * 15))}",
    "a huge key": f"{'k' * (2**20 * 15)}: 1\n{GOOD}",
    "a huge anchor": f"&{'a' * (2**20 * 15)} x: 1\n",
    "a huge indent": f"layers:\n{' ' * (2**20 * 15)}- lstm: 3\n",
    "a huge comment without an end": f"#{'x' * (2**20 * 17)}",
    "a quote without an end": f"name: '{'x' * (2**20 * 15)}",
    "a directive of the future": "%YAML 99.99\n---\nlayers: 3\n",
    "an unknown alias": "layers: *nowhere\n",
    "NUL": GOOD.replace("lstm", "ls\0tm"),
    "NUL behind the end": f"{GOOD}\0",
    "a control character": GOOD.replace("lstm", "ls\x08tm"),
    "a byte order mark in a word": GOOD.replace("lstm", "ls\ufefftm"),
    "UTF-16": GOOD.encode("utf-16"),
    "UTF-16 without a mark": GOOD.encode("utf-16-le"),
    "UTF-32": GOOD.encode("utf-32"),
    "UTF-7": b"layers: +AFs-lstm: 3+AF0-\n",
    "EBCDIC": GOOD.encode("cp500"),
    "Latin-1": "name: café\n".encode("latin-1") + GOOD.encode(),
    "overlong UTF-8": b"name: \xc0\xaf\n" + GOOD.encode(),
    "surrogates in UTF-8": b"name: \xed\xa0\x80\n" + GOOD.encode(),
    "bytes of no encoding": bytes(range(256)),
}


def limited() -> None:
    """Hold the process to its memory and time."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def counted(data: bytes, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Count a spec in a process of its own, with limits."""
    (folder / "spec.yaml").write_bytes(data)
    command = [sys.executable, "-m", "rnncalc", "count", "spec.yaml", "-f", "csv"]
    return subprocess.run(command, cwd=folder, capture_output=True, preexec_fn=limited, check=False)


@pytest.mark.skipif(os.name == "nt", reason="needs limits on a process")
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_yaml_is_refused_in_bounded_time_and_memory(tmp_path: Path, name: str) -> None:
    text = HOSTILE[name]
    done = counted(text if isinstance(text, bytes) else text.encode(), tmp_path)
    assert done.returncode == 2, done.stderr[:1000]
    assert done.stderr.startswith(b"error: spec.yaml")
    assert b"Traceback" not in done.stderr
    assert len(done.stderr) < 20_000
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\r").encode(),
        f"---\r\n{GOOD}...\r\n".encode(),
    ],
)
def test_a_byte_order_mark_and_any_end_of_line_are_read(tmp_path: Path, data: bytes) -> None:
    expected, done = counted(GOOD.encode(), tmp_path), counted(data, tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == expected.stdout
    assert b"tensor" in done.stdout


def test_a_place_is_right_where_lines_end_in_two_characters(tmp_path: Path) -> None:
    done = counted(b"\xef\xbb\xbf" + GOOD.replace("3", "x").replace("\n", "\r\n").encode(), tmp_path)
    assert done.stderr.startswith(b"error: spec.yaml:3:11: ")
