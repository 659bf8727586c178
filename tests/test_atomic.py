"""-o FILE: a regular file is the old one or the new one at any moment, and whatever else it is gets written through."""

from __future__ import annotations

import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs signals and links")

LSTM = ("lstm", "--input-depth", "10", "--units", "128", "-f", "csv")
FIRST = "model,framework,source,layer"
# writes documents of one letter each, one after the other, in pieces, until it is killed
ENDLESS = """
import itertools, sys
from rnncalc.cli.output import write_whole
for letter in itertools.cycle("ab"):
    write_whole(sys.argv[1], (letter * 50_000 for _ in range(20)))
"""


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which `rnncalc` is the command."""
    command = f'rnncalc() {{ "{sys.executable}" -m rnncalc "$@"; }}; {line}'
    return subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False)


def test_a_kill_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real/out.txt", tmp_path / "out.txt"
    real.write_text("b" * 1_000_000)
    real.chmod(0o640)
    link.symlink_to(real)
    moments = random.Random(7)
    for _ in range(12):
        before = real.stat().st_ino
        writer = subprocess.Popen([sys.executable, "-c", ENDLESS, str(link)])
        while real.stat().st_ino == before and writer.poll() is None:  # until it has written once
            time.sleep(0.005)
        time.sleep(moments.random() / 20)
        writer.send_signal(signal.SIGKILL)
        assert writer.wait() == -signal.SIGKILL
        text = real.read_text()
        assert (len(text), len(set(text))) == (1_000_000, 1)
        assert link.is_symlink()
        assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_what_is_sent_to_dev_stdout_goes_into_a_pipe(tmp_path: Path) -> None:
    done = shell(f"rnncalc {' '.join(LSTM)} -o /dev/stdout | cat", tmp_path)
    assert done.stdout.startswith(FIRST)
    assert done.stderr == ""


def test_what_is_sent_to_dev_stdout_stands_where_it_belongs_in_a_file(tmp_path: Path) -> None:
    done = shell(f"{{ echo head; rnncalc {' '.join(LSTM)} -o /dev/stdout; echo tail; }} > all.txt", tmp_path)
    assert done.returncode == 0
    head, first, *_, tail = (tmp_path / "all.txt").read_text().splitlines()
    assert (head, first[: len(FIRST)], tail) == ("head", FIRST, "tail")


def test_a_link_to_dev_stdout_is_dev_stdout(tmp_path: Path) -> None:
    (tmp_path / "out.csv").symlink_to("/dev/stdout")
    assert shell(f"rnncalc {' '.join(LSTM)} -o out.csv | cat", tmp_path).stdout.startswith(FIRST)


def test_a_process_reads_what_is_sent_to_it(tmp_path: Path) -> None:
    done = shell(f"rnncalc {' '.join(LSTM)} -o >(cat > copy.txt); wait $!; cat copy.txt", tmp_path)
    assert done.stdout.startswith(FIRST)


def test_a_named_pipe_is_written_through(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    done = shell(f"cat pipe.csv & rnncalc {' '.join(LSTM)} -o pipe.csv; wait", tmp_path)
    assert done.stdout.startswith(FIRST)
    assert stat.S_ISFIFO((tmp_path / "pipe.csv").stat().st_mode)


@pytest.mark.parametrize("stream", ["/dev/fd/77", "/dev/fd/123456", "/dev/fd/99999999999999999999"])
def test_a_stream_that_is_not_open_is_told(tmp_path: Path, stream: str) -> None:
    done = shell(f"rnncalc {' '.join(LSTM)} -o {stream}", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{stream}: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_pipe_that_nobody_reads_ends_silently(tmp_path: Path) -> None:
    done = shell(f"rnncalc {' '.join(LSTM)} -o /dev/stdout | true; echo ${{PIPESTATUS[0]}}", tmp_path)
    assert done.stdout.strip() in ("0", "141")
    assert done.stderr == ""
