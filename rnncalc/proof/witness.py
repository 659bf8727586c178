"""What the real frameworks computed: a few recorded outputs of each class, with weights that anyone can make again.

The records in `rnncalc/witnesses/` are a part of the tests' golden files. Scalar k of a sequence is
`frac((k + 1 + 1000 * seed) * golden) - 0.5`; the weights are filled with it in the framework's order (seed 0), the
input with seed 1, the initial states with seed 2.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from rnncalc.layer import Layer
from rnncalc.network import Model
from rnncalc.packing import Array

GOLDEN = 0.6180339887498949


def probe(shapes: Iterable[Sequence[int]], seed: int) -> Iterator[Array]:
    """An array of each shape, the running k going on from one to the next."""
    start = 0
    for shape in shapes:
        size = int(np.prod(shape, dtype=np.int64))
        k = np.arange(start, start + size, dtype=np.float64) + 1.0 + 1000.0 * seed
        start += size
        yield ((k * GOLDEN) % 1.0 - 0.5).reshape(tuple(shape))


@cache
def records(framework: str) -> tuple[Mapping[str, Any], ...]:
    """The framework's records, each with the version that computed it and a tolerance."""
    folder = files("rnncalc") / "witnesses"
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".json"))
    found = [json.loads((folder / name).read_text("utf-8")) for name in names]
    own = [each for each in found if each["framework"] == framework]
    cases = [
        {"version": each["versions"]["framework"], "tolerance": each["tolerance"], **case}
        for each in own
        for case in each["cases"]
    ]
    return tuple(cases)


def _kind(layer: Layer) -> tuple[Any, ...]:
    return layer.entry.name, layer.cell.name, layer.trace, layer.policy


def witnessed(model: Model) -> Iterator[tuple[str, bool, str]]:
    """The outputs are those of the real framework."""
    from rnncalc.spec.read import parse

    what = "the outputs are those that the real framework computed"
    kinds = {_kind(layer): layer for layer in model.layers if layer.cell.states}
    compared: set[tuple[Any, ...]] = set()
    used = []
    for case in records(model.framework):
        other = parse(case["model"])
        layer = other.layers[0]
        if _kind(layer) not in kinds:
            continue
        fault = _fault(other, case, case["tolerance"])
        if fault:
            yield what, False, f"{layer.framework_type}: {fault} of {case['version']}"
            return
        compared.add(_kind(layer))
        used.append(case)
    if used:
        versions = ", ".join(dict.fromkeys(case["version"] for case in used))
        tolerance = max(case["tolerance"] for case in used)
        yield what, True, f"{len(used)} recorded with {versions}, equal to {tolerance:.0e}"
    left = [layer.framework_type for kind, layer in kinds.items() if kind not in compared]
    if left:
        told = f"nothing recorded for {', '.join(dict.fromkeys(left))} with these options"
        yield what, True, f"left out: {told}"


def _fault(model: Model, case: Mapping[str, Any], tolerance: float) -> str:
    """How the model's shapes, outputs or final states differ from what was recorded; nothing where they do not."""
    layer = model.layers[0]
    shapes = [tensor.shape for tensor in layer.tensors]
    if [list(shape) for shape in shapes] != [shape for _, shape in case["tensors"]]:
        return "the tensors do not have the shapes"
    names = [f"{layer.plan.name}/{tensor.name}" for tensor in layer.tensors]
    initial = dict(zip(case["initial_state"] or {}, probe((case["initial_state"] or {}).values(), 2)))
    outputs, states = model.forward(dict(zip(names, probe(shapes, 0))), next(probe([case["x"]], 1)), initial)
    for name, array in {"outputs": outputs, **states}.items():
        recorded = case["outputs"] if name == "outputs" else (case["states"] or {}).get(name)
        if recorded and not float(np.abs(array.ravel() - np.array(recorded["values"])).max()) <= tolerance:
            return f"{'the outputs' if name == 'outputs' else f'the state {name}'} are not those"
    return ""
