"""The keys that a layer of a spec takes: which, in whose words, and what kind of value each has."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from rnncalc import layouts
from rnncalc.cell import GIVEN, Cell, find, names
from rnncalc.errors import listed, suggest
from rnncalc.layout import Entry, Layout
from rnncalc.record import Record

EVERY_LAYER = (
    "name",
    "inputs",
    "combine",
    "residual",
    "trainable",
    "tied_to",
    "same_as",
    "repeat",
    "bias",
    "input_depth",
)
STACK = (
    "num_layers",
    "bidirectional",
    "merge_mode",
    "return_sequences",
    "independent_directions",
    "learned_initial_state",
    "initial_state",
)
RECURRENT = (*EVERY_LAYER, *STACK)
KINDS = {  # of the keys that are not the cell's own; the others are true or false
    **dict.fromkeys(("name", "tied_to", "same_as", "initial_state"), "Name"),
    **dict.fromkeys(("input_depth", "num_layers", "repeat"), "int"),
    "inputs": "Names",
    "combine": "Combine",
    "merge_mode": "Merge",
    "bias": "Bias",
    "residual": "Residual",
}


def free(key: object) -> bool:
    """Whether a key is the user's own, for remarks and anchors."""
    return key == "description" or (isinstance(key, str) and key.startswith("x-"))


def class_of(kind: Any, layout: Layout) -> Entry | None:
    """The framework's class of this name; the first of those that are several forms of one class."""
    return _classes(layout.name).get(kind) if isinstance(kind, str) else None


@cache
def _classes(framework: str) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for entry in layouts.find(framework).entries:
        if entry.cell != "*":
            for rank in (1, 2, 3) if "{" in entry.name else (0,):
                if entry.has_rank(rank):
                    found.setdefault(entry.class_name(rank), entry)
    return found


class Meaning(Record):
    """What a layer's type stands for, and the words that it understands.

    `form` is the framework's class, where the type is its name, and `open` tells whether it has several ranks, of
    which `type` names one or none; `keys` has the key of each word, `kinds` the kind of each key; those of the step
    itself are `options`.
    """

    cell: Cell
    type: str
    form: str
    open: bool
    entry: Entry | None
    keys: Mapping[str, str]
    kinds: Mapping[str, str]
    options: frozenset[str]
    sizes: Mapping[str, str]


def meaning(layout: Layout, kind: str, rank: int = 0) -> Meaning | None:
    """What a type is in a framework, a class of several ranks with this one; None where there is no such type."""
    found: Meaning | None = layout.once(_meaning, kind, rank)
    return found


def _meaning(layout: Layout, kind: str, rank: int) -> Meaning | None:
    entry = class_of(kind, layout)
    cell, several = find(kind), None
    if entry is not None:
        own = next((rank for rank in (1, 2, 3) if entry.class_name(rank) == kind), 0) if "{" in entry.name else 0
        cell = find(f"{entry.cell}{own}d" if own else entry.cell) or find(entry.cell)
        several = find(f"{entry.cell}1d") if cell is None else None
        cell = cell or find(f"{entry.cell}{rank}d") or several
    if cell is None:
        return None
    type = entry.cell if entry and several and not rank else cell.name
    chosen = entry or next((each for each in layout.entries if each.cell == cell.base), None)
    kinds = {key: kind_of(key, cell) for key in layer_keys(cell)}
    options = frozenset((*cell.required, *cell.options, "input_depth"))
    keys = spellings(cell, layout, chosen)
    products = chosen.products if chosen else {}
    sizes = {word: key for word, key in keys.items() if key in cell.open and not several and word not in products}
    return Meaning(cell, type, kind if entry else "", several is not None, chosen, keys, kinds, options, sizes)


def spellings(cell: Cell, layout: Layout, entry: Entry | None) -> dict[str, str]:
    """The key that each word means in a layer of this class: our words, and the framework's, which win."""
    own = {key: key for key in layer_keys(cell)}
    theirs = {word: key for key, word in entry.words.items()} if entry else {}
    also = entry.also if entry else {}
    return {**{word: key for key, word in layout.words.items() if key not in theirs.values()}, **own, **theirs, **also}


def kind_of(key: str, cell: Cell) -> str:
    """What a key of a layer may be: one of the kinds of `rnncalc.cell`, or of those above."""
    return KINDS.get(key) or cell.kinds.get(key, "int" if key in cell.sizes else "bool")


def main(cell: Cell) -> str:
    """The size that a bare value stands for: `dense: 64`."""
    return next(iter((*cell.required, *cell.options)), "name")


def layer_keys(cell: Cell | None) -> tuple[str, ...]:
    """Every key that a layer of this type takes."""
    if cell is None:
        return ()
    own = (key for key in (*cell.required, *cell.options) if key not in GIVEN)
    return (*own, *(RECURRENT if cell.states else EVERY_LAYER))


def hint(word: Any, keys: Mapping[str, str], cell: Cell, layout: Layout, entry: Entry | None) -> str:
    """Whose word it is: another framework's for one of this cell's keys, another cell's, or a typo."""
    for name in layouts.NAMES:
        other = layouts.find(name)
        for each in other.entries:
            for key, theirs in {**other.words, **each.words}.items():
                if theirs == word and each.cell == cell.base and key in layer_keys(cell):
                    return f"; that is {name}'s word for `{layout.word(key, entry) if entry else key}`"
    owners = [name for name in names("rnncalc.cells") if keys.get(word, word) in layer_keys(find(name))]
    return f"; {listed(owners)} {'has' if len(owners) == 1 else 'have'} it" if owners else suggest(word, keys)
