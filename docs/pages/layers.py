"""The layers around the cells."""

from __future__ import annotations

from importlib import import_module

from pages.keys import keys_of, who
from pages.text import NOTE, finished, module, paragraphs
from rnncalc.cell import find, names, recurrent


def layers_page() -> str:
    """The layers around the cells."""
    lines = ["# The layers around the cells", "", NOTE, ""]
    lines += paragraphs(import_module("rnncalc.layers").__doc__)
    lines += [
        "Every layer also takes the keys that [a spec](spec.md) has for all. The frameworks' own words for a key,",
        "and their own defaults where they have others, as `padding` same in Flax, are in [layouts](layouts.md).",
        "A layer of several ranks is written with its rank: `conv2d`.",
        "",
    ]
    known = [*names("rnncalc.layers"), *(name for name in names("rnncalc.cells") if name not in recurrent())]
    seen: set[str] = set()
    for name in known:
        cell = find(name)
        if cell is None or cell.base in seen:
            continue
        seen.add(cell.base)
        alike = [other for each in known if (other := find(each)) and other.base == cell.base]
        lines += [f"## {', '.join(each.name for each in alike)}", "", *paragraphs(module(cell).__doc__)]
        lines += [*paragraphs(cell.step.__doc__), *keys_of(cell)]
        if len(cell.inputs) > 1:
            lines += ["It reads two inputs, the query and the values; one that is named alone is both.", ""]
        lines += who(*alike)
    return finished(lines)
