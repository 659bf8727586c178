"""What the golden scripts of the cells share: a case as it stands in a golden file, a real save, the command line.

The scripts of the JAX frameworks have `jax_cases` for it, those of the layers `layer_cases`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from probe import probe, write

Arrays = dict[str, np.ndarray]
Shape = Sequence[int]


def sample(shape: Shape, layers: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """The input of a model: the probe, or whole numbers from it where an embedding reads them."""
    x = probe(shape, 1)
    return np.floor((x + 0.5) * layers[0]["embedding"]["vocab"]) if "embedding" in layers[0] else x


def packed(array: np.ndarray) -> dict[str, Any]:
    return {"shape": list(array.shape), "values": array.ravel().tolist()}


def frozen(
    ident: str,
    model: Mapping[str, Any],
    types: Iterable[str],
    tensors: Sequence[tuple[str, Shape]],
    trainable: int,
    x: Shape,
    initial: Mapping[str, Shape],
    results: tuple[np.ndarray, Arrays] | None,
    tolerance: float = 0.0,
) -> dict[str, Any]:
    """A case: the classes of its layers, its tensors in order, its output and final states where it is computed.

    `initial` are the shapes of the states that it starts from, empty where those are zeros; `tolerance` is given where
    the case falls short of that of the file.
    """
    outputs, final = results or (None, {})
    return {
        "id": ident,
        "model": model,
        "framework_type": "+".join(types),
        "tensors": [[path, list(shape)] for path, shape in tensors],
        "trainable": trainable,
        "non_trainable": sum(prod(shape) for _, shape in tensors) - trainable,
        "x": list(x),
        **({} if "input" in model else {"ids": True}),
        **({"tolerance": tolerance} if tolerance else {}),
        "initial_state": {name: list(shape) for name, shape in initial.items()} or None,
        "outputs": None if outputs is None else packed(outputs),
        "states": None if outputs is None else {name: packed(state) for name, state in final.items()},
    }


def save(
    path: Path, model: Mapping[str, Any], weights: Arrays, x: np.ndarray, initial: Arrays, results: tuple[Any, Arrays]
) -> None:
    """A real save: a model with weights of its own, what it was given, and what it made of it."""
    outputs, final = results
    arrays = {f"weights/{name}": value for name, value in weights.items()}
    arrays |= {f"state/{name}": value for name, value in initial.items()}
    arrays |= {f"final/{name}": value for name, value in final.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, x=x, outputs=outputs, model=np.array(json.dumps(model)), **arrays)


def main(
    framework: str,
    versions: Mapping[str, str],
    cases: Callable[[], Iterable[Mapping[str, Any]]],
    saves: Callable[[Path], None],
) -> None:
    """The golden file on standard output, and with `--save DIR` the real saves in that folder."""
    parser = argparse.ArgumentParser(description=f"Goldens of {framework} on standard output.")
    parser.add_argument("--save", type=Path, metavar="DIR", help="folder for the real saves (npz)")
    folder = parser.parse_args().save
    write(framework, {**versions, "numpy": np.__version__}, 1e-12, list(cases()))
    if folder:
        saves(folder)
