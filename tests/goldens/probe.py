"""The numbers that every framework is fed: reproducible anywhere without a random generator.

Scalar k of a sequence is `frac((k + 1 + 1000 * seed) * golden) - 0.5`, in (-0.5, 0.5), with
golden = 0.6180339887498949, in float64. Weights are filled in the framework's own order, each array
row by row, with one running k over all arrays (seed 0); inputs use seed 1; initial states seed 2 with a
running k over the states in the order in which a case lists them.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

GOLDEN = 0.6180339887498949


def probe(shape: Sequence[int], seed: int, start: int = 0) -> np.ndarray:
    """Array of `shape` with the scalars `start`, `start + 1`, ... of the sequence `seed`."""
    n = int(np.prod(shape, dtype=np.int64))
    k = np.arange(start, start + n, dtype=np.float64) + 1.0 + 1000.0 * seed
    return ((k * GOLDEN) % 1.0 - 0.5).reshape(tuple(shape))


def fill(shapes: Iterable[Sequence[int]], seed: int = 0) -> Iterator[np.ndarray]:
    """One array a shape, the running k going on from array to array."""
    start = 0
    for shape in shapes:
        array = probe(shape, seed, start)
        start += array.size
        yield array


def write(framework: str, versions: Mapping[str, str], tolerance: float, cases: Sequence[Mapping[str, Any]]) -> None:
    """The golden file of one framework, one case a line, on standard output."""
    head = {
        "framework": framework,
        "versions": {"python": platform.python_version(), **versions},
        "tolerance": tolerance,
    }
    lines = [json.dumps(case, ensure_ascii=False) for case in cases]
    text = json.dumps(head)[:-1] + ', "cases": [\n' + ",\n".join(lines) + "\n]}\n"
    sys.stdout.write(text)
