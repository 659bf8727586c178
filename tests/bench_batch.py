"""How a batch scales, and what the peers that do the same job take; a part of `make bench`.

Ten thousand small specs, and one spec of ten thousand layers, against a loop of yaml's C loader over the same files,
which does no more than read them. The peers, torchinfo and Keras' summary, are installed into environments of their own
where that is possible.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.goldens.regenerate import ENVIRONMENTS

SPECS, LAYERS = 10_000, 10_000
LOOP = """
import sys, yaml
from pathlib import Path
for path in sorted(Path(sys.argv[1]).rglob("*.yaml")):
    with open(path, "rb") as file:
        list(yaml.load_all(file, yaml.CSafeLoader))
"""
SPEC = """name: model-{n}
framework: {framework}
description: a small model
input: {{depth: {depth}, steps: 28}}
layers:
  - {cell}: {{units: {units}, bidirectional: true, name: encoder}}
  - dropout: 0.2
  - {cell}:
      units: {half}
      return_sequences: false
  - dense: {{units: 12, name: head}}
budget: {{params: 2M, layers: {{head: {{params: 20k}}}}}}
"""
PEAK = r"""
import re, resource, sys, rnncalc.cli
try:
    rnncalc.cli.main()
finally:
    # not getrusage of itself, whose peak is the parent's where that was larger
    own = int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1])
    print(own + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
"""
TORCHINFO = """
import torch, torchinfo
model = torch.nn.LSTM(10, 128, batch_first=True)
print(torchinfo.summary(model, input_size=(1, 28, 10)))
"""
KERAS = """
import keras
keras.Sequential([keras.Input((28, 10)), keras.layers.LSTM(128)]).summary()
"""
PEERS = (  # name, packages, the backend that Keras takes, what it runs
    ("torchinfo", ("torch", "torchinfo", "numpy"), "", TORCHINFO),
    ("Keras' summary", ("keras", "jax"), "jax", KERAS),
)
OURS = ("-m", "rnncalc", "lstm", "--input-depth", "10", "--units", "128", "--steps", "28")


def small(folder: Path) -> None:
    """Ten thousand specs of four layers, in folders of five hundred."""
    for n in range(SPECS):
        inside = folder / f"group-{n // 500:02}"
        inside.mkdir(exist_ok=True)
        units = 8 + n * 7 % 505
        framework, cell = ("keras", "pytorch", "tensorflow1")[n % 3], ("lstm", "gru", "rnn")[n % 7 % 3]
        text = SPEC.format(n=n, framework=framework, cell=cell, depth=5 + n % 196, units=units, half=4 + units // 2)
        (inside / f"model-{n:05}.yaml").write_text(text)


def deep(folder: Path, layers: int) -> None:
    """A spec of so many layers."""
    kinds = ("lstm: {{units: {a}}}", "dropout: 0.2", "dense: {{units: {b}}}", "gru: {{units: {b}}}")
    lines = [f"  - {kinds[n % 4].format(a=8 + n % 50, b=8 + n % 30)}\n" for n in range(layers)]
    text = "framework: keras\ninput: {depth: 10, steps: 28}\nlayers:\n"
    (folder / "deep.yaml").write_text(text + "".join(lines))


def seconds(python: Path | str, *command: str) -> float:
    """Wall-clock time of a run."""
    start = time.perf_counter()
    subprocess.run([python, *command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def ratios(folder: Path, runs: int) -> list[float]:
    """Of the report as JSON to the loop, in pairs."""
    ours = ("-m", "rnncalc", "report", str(folder), "-f", "json", "-q")
    return [seconds(sys.executable, *ours) / seconds(sys.executable, "-c", LOOP, str(folder)) for _ in range(runs)]


def peak(*folders: Path) -> int:
    """KiB of memory that the report as jsonl takes at most, with the largest of its other processes."""
    command = [sys.executable, "-c", PEAK, "report", *map(str, folders), "-f", "jsonl", "-q"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stderr)


def environment(name: str, packages: Sequence[str]) -> Path:
    """The interpreter of an environment with these packages, made where it is not there.

    Raises:
        CalledProcessError: they cannot be installed here.
    """
    python = ENVIRONMENTS.parent / "peers" / name.split("'")[0].lower() / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", python.parent.parent], check=True)
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--prefer-binary", *packages]
    subprocess.run(install, check=True, capture_output=True, timeout=1200)
    return python


def peers(runs: int) -> Iterator[str]:
    """How long each peer takes to count one LSTM, the whole process, beside ours."""
    ours = min(seconds(sys.executable, *OURS) for _ in range(runs + 1))
    yield f"{ours:6.3f} s  rnncalc lstm --input-depth 10 --units 128 --steps 28"
    for name, packages, backend, code in PEERS:
        try:
            python = environment(name, packages)
            os.environ["KERAS_BACKEND"] = backend
            theirs = min(seconds(python, "-c", code) for _ in range(runs + 1))
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired, OSError):
            yield f"     -    {name}: skipped, cannot be installed or run here"
        else:
            yield f"{theirs:6.3f} s  {name} of the same layer: {theirs / ours:.0f} times as long"


def lines(runs: int = 5) -> Iterator[str]:
    """What `make bench` prints of it."""
    with TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "small").mkdir()
        small(folder / "small")
        yield _told(f"report {SPECS:,} specs -f json / yaml's C loader", ratios(folder / "small", runs))
        for layers in (LAYERS // 4, LAYERS):
            (folder / str(layers)).mkdir()
            deep(folder / str(layers), layers)
            yield _told(f"report a spec of {layers:,} layers -f json / the same", ratios(folder / str(layers), runs))
        few, many = peak(folder / "small" / "group-00"), peak(folder / "small")
        yield f"{many / few:5.2f}  memory of report -f jsonl: {SPECS:,} specs ({many:,} KiB) / 500 ({few:,} KiB)"
    yield from peers(2)


def _told(what: str, found: Sequence[float]) -> str:
    middle = sorted(found)[len(found) // 2]
    return f"{middle:5.2f}  ({min(found):.2f} to {max(found):.2f})  {what}"


if __name__ == "__main__":
    for line in lines():
        print(line, flush=True)
