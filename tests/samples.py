"""One of each layer at small sizes: what it needs, and an input that it can read.

Every axis of the input is as long as its depth, so that it fits wherever a framework has the depth.
"""

from __future__ import annotations

from typing import Any

from rnncalc import layouts
from rnncalc.cell import Cell, find

DEPTH, UNITS = 5, 7
SIZES: dict[str, Any] = {
    "units": UNITS,
    "filters": 4,
    "projection": 3,
    "vocab": 11,
    "depth": 2,
    "kernel_size": 2,
    "pool_size": 2,
    "groups": DEPTH,
    "heads": DEPTH,
    "key_depth": 2,
    "value_depth": 3,
    "output_depth": 4,
    "experts": 3,
    "tags": 5,  # the depth of the input, where that is the energies
    "function": "relu",
    "dims": [2, 1],
    "shape": [DEPTH * DEPTH],
    "times": 3,
}


# what a layer needs without saying so, or in another form
OTHERWISE: dict[str, dict[str, Any]] = {
    "additive_attention": {"units": UNITS},
    "char_cnn": {"filters": [[1, 3], [2, 4]]},
    "multi_head_attention": {"key_depth": 2, "value_depth": 3, "output_depth": 4},
}


def having(*types: str) -> list[str]:
    """The frameworks that have all of these cells and layers: one may have been added with a single class."""
    cells = {name: {entry.cell for entry in layouts.find(name).entries} for name in layouts.NAMES}
    return [name for name, own in cells.items() if "*" in own or own >= set(types)]


def needed(framework: str, cell: Cell) -> dict[str, Any]:
    """The options that a layer has to be given in a framework."""
    layout = layouts.find(framework)
    free = {key for entry in layout.entries if entry.cell == cell.base for key in entry.free}
    other = OTHERWISE.get(cell.name, {})
    chosen = {key: value for key, value in other.items() if key in free or key in cell.required or framework == "paper"}
    return {key: SIZES[key] for key in cell.required if key in SIZES} | chosen


def axes(cell: Cell) -> int:
    """How many axes a layer reads."""
    if cell.states:
        return 2 + cell.rank
    if cell.name == "repeat_vector":
        return 1
    return 1 + (cell.rank or (2 if cell.name == "char_cnn" else 1))


def model(framework: str, type: str, form: str = "", **options: Any) -> dict[str, Any]:
    """A spec of one layer, under the name of its type or of a class."""
    cell = find(type)
    assert cell
    spec: dict[str, Any] = {"framework": framework}
    if type not in ("embedding", "weights"):
        spec["input"] = {"shape": [DEPTH] * axes(cell)} if cell.rank or not cell.states else {"depth": DEPTH}
    spec["layers"] = [{form or type: {**needed(framework, cell), **options}}]
    return spec
