"""What there is: cells and frameworks, read off the step functions and the layouts."""

from __future__ import annotations

from typing import Any

from rnncalc import layouts
from rnncalc.algebra import total
from rnncalc.cell import Cell, find, names, recurrent
from rnncalc.choice import choose, entries
from rnncalc.equations import equations
from rnncalc.errors import SpecError
from rnncalc.plan import LayerPlan
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
        classes = [entry.class_name(cell.rank) for entry in entries(layouts.find(name), cell)]
        if classes:
            found[name] = [cell.name if each == "*" else each for each in dict.fromkeys(classes)]
    return found


def _record(cell: Cell) -> dict[str, Any]:
    traced = trace(cell.name)
    return {
        "name": cell.name,
        "title": cell.title,
        "states": list(cell.states),
        "gates": {made.gate: cell.gates.get(made.gate, "") for made in traced.maps},
        "options": {key: "size" if default is None else default for key, default in cell.options.items()},
        "equations": list(equations(traced)),
        "macs_per_step": str(traced.macs.per_step),
        "params": str(total(piece.size for piece in traced.pieces("single").values())),
        "frameworks": classes(cell),
    }


def cells(chosen: tuple[str, ...] = ()) -> Catalogue:
    """The recurrent cells: their states, options, equations, and the parameters with one bias a map."""
    found = [cell for name in chosen or recurrent() if (cell := find(name))]
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


def layers() -> Catalogue:
    """The layer types of a spec besides the cells: what they take, and the frameworks' classes."""
    records: list[dict[str, Any]] = []
    for name in (*names("rnncalc.layers"), *(each for each in names("rnncalc.cells") if each not in recurrent())):
        cell = find(name)
        if cell is None:
            continue
        keys = {key: cell.options.get(key) for key in (*cell.required, *cell.options)}
        needed = [key for key in keys if key in cell.required]
        found = classes(cell)
        records.append(
            {
                "name": name,
                "title": cell.title,
                "inputs": len(cell.inputs),
                "required": needed,
                "options": {key: value for key, value in keys.items() if key not in needed},
                "frameworks": found,
            }
        )
    rows = tuple(
        (
            record["name"],
            [record["title"], *_said(record)],
            [f"{name}: {', '.join(found)}" for name, found in record["frameworks"].items() if name != "paper"],
        )
        for record in records
    )
    notes = ("Under `paper` every layer is counted; rnncalc cells lists the recurrent ones.",)
    return Catalogue("layers", ("Layer", "What it is and takes", "Frameworks"), rows, tuple(records), notes)


def _said(record: dict[str, Any]) -> list[str]:
    required, options = record["required"], list(record["options"])
    told = [f"needs {', '.join(required)}"] if required else []
    return [*told, *([f"takes {', '.join(options)}"] if options else [])]


def frameworks() -> Catalogue:
    """The frameworks: their aliases, what they call a cell's sizes, and the bias policies of their classes."""
    records, rows = [], []
    for name in layouts.NAMES:
        layout = layouts.find(name)
        aliases = [alias for alias, known in layouts.ALIASES.items() if known == name]
        built, lines = {}, []
        for each in recurrent():
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
