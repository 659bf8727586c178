"""The keys of a cell or layer, and whose classes it is."""

from __future__ import annotations

from pages.text import code, table, value
from rnncalc.catalogue import classes
from rnncalc.cell import GIVEN, Cell

KINDS = {
    "int": "a size",
    "Count": "a size",
    "int | None": "a size",
    "bool": "true or false",
    "float": "a number from 0 to 1",
    "Activation": "the name of an activation",
    "Extent": "a size, or one an axis",
    "Extent | None": "a size, or one an axis",
    "Padding": "`valid`, `same`, or a whole number an axis",
    "Pairs": "pairs `[width, filters]`",
    "Target": "a list of sizes",
    "Shapes": "shapes by name",
}


def keys_of(cell: Cell) -> list[str]:
    """A table of the keys that a layer has of its own."""
    rows = []
    for key in (*cell.required, *cell.options):
        if key in GIVEN:
            continue
        kind = cell.kinds.get(key, "int")
        needed = "needed" if key in cell.required else value(cell.options[key])
        if kind.endswith("None") and key not in cell.required:
            needed = "none"
        told = "-1 or 1" if key == "axis" else KINDS[kind]
        rows.append((f"`{key}`", told, needed))
    return table(("Key", "What it is", "Default"), rows) if rows else ["It has no keys of its own.", ""]


def who(*alike: Cell) -> list[str]:
    """The frameworks' classes that are these cells or layers."""
    found: dict[str, dict[str, None]] = {}
    for cell in alike:
        for name, each in classes(cell).items():
            if name != "paper":
                found.setdefault(name, {}).update(dict.fromkeys(each))
    told = "; ".join(f"{name} {code(each)}" for name, each in found.items())
    return [f"Who has it: {told or 'no framework'}; and `paper`, as every one.", ""]
