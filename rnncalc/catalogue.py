"""What there is: cells and frameworks, read off the step functions and the layouts."""

from __future__ import annotations

from typing import Any

from rnncalc import layouts
from rnncalc.cell import Cell, find, names
from rnncalc.errors import SpecError
from rnncalc.network import LayerPlan, choose
from rnncalc.record import Record
from rnncalc.report import SCHEMA_VERSION
from rnncalc.trace import trace


class Catalogue(Record):
    """A table of what there is: `key` names its list in JSON."""

    key: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    records: tuple[dict[str, Any], ...]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        return {"schema_version": SCHEMA_VERSION, self.key: list(self.records)}


def classes(cell: Cell) -> dict[str, list[str]]:
    """The classes of each framework that are this cell."""
    found: dict[str, list[str]] = {}
    for name in layouts.NAMES:
        entries = [entry for entry in layouts.find(name).entries if entry.cell in (cell.name, "*")]
        if entries:
            found[name] = list(dict.fromkeys(cell.name if entry.name == "*" else entry.name for entry in entries))
    return found


def _record(cell: Cell) -> dict[str, Any]:
    traced = trace(cell.name)
    return {
        "name": cell.name,
        "title": cell.title,
        "states": list(cell.states),
        "gates": {made.gate: cell.gates.get(made.gate, "") for made in traced.maps},
        "options": {key: "size" if default is None else default for key, default in cell.options.items()},
        "equations": list(traced.equations),
        "macs_per_step": str(traced.macs),
        "params": str(sum((piece_size(shape) for shape in _shapes(cell)), start=traced.macs * 0)),
        "frameworks": classes(cell),
    }


def _shapes(cell: Cell) -> list[tuple[Any, ...]]:
    return [piece.shape for piece in trace(cell.name).pieces("single").values()]


def piece_size(shape: tuple[Any, ...]) -> Any:
    """The scalars of a shape, as a polynomial."""
    size = shape[0]
    for axis in shape[1:]:
        size = size * axis
    return size


def cells(chosen: tuple[str, ...] = ()) -> Catalogue:
    """The recurrent cells: their states, options, equations, and the parameters with one bias a map."""
    found = [cell for name in chosen or names("rnncalc.cells") if (cell := find(name))]
    records = tuple(_record(cell) for cell in found)
    rows = tuple(
        (
            record["name"],
            [record["title"], *record["equations"], f"params: {record['params']}"],
            [_option(key, default) for key, default in record["options"].items()],
            [f"{name}: {', '.join(found)}" for name, found in record["frameworks"].items()],
        )
        for record in records
    )
    return Catalogue("cells", ("Cell", "Equations and parameters", "Options", "Frameworks"), rows, records)


def _option(key: str, default: Any) -> str:
    return f"{key}: {default}" if isinstance(default, str) and default != "size" else key


def frameworks() -> Catalogue:
    """The frameworks: their aliases, what they call a cell's sizes, and the bias policies of their classes."""
    records, rows = [], []
    for name in layouts.NAMES:
        layout = layouts.find(name)
        aliases = [alias for alias, known in layouts.ALIASES.items() if known == name]
        built, lines = {}, []
        for each in names("rnncalc.cells"):
            cell = find(each)
            if cell is None:
                continue
            try:
                entry, _, policy = choose(layout, LayerPlan(each, each, {}), cell)
            except SpecError:
                continue
            called = each if entry.name == "*" else entry.name
            built[each] = {"class": called, "bias": policy, "biases": list(entry.bias)}
            lines.append(f"{each}: {called} (bias {policy})")
        words = {key: layout.words[key] for key in ("input_depth", "units", "projection") if key in layout.words}
        records.append({"name": name, "title": layout.title, "aliases": aliases, "cells": built, "words": words})
        told = [f"{key} is {word}" for key, word in words.items()]
        rows.append((name, [layout.title, *([f"also {', '.join(aliases)}"] if aliases else [])], lines, told))
    default = (f"{layouts.DEFAULT} is the default; RNNCALC_FRAMEWORK sets another.",)
    columns = ("Framework", "What it is", "Cells", "Words")
    return Catalogue("frameworks", columns, tuple(rows), tuple(records), default)
