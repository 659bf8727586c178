"""The frameworks, one file each, data only; the notation is explained in `rnncalc.layout`."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from rnncalc.layout import Entry, Layout

NAMES = ("tensorflow1", "keras", "pytorch", "onnx", "flax", "flax-nnx", "haiku", "equinox", "paper")
ALIASES = {"tf1": "tensorflow1", "tf": "tensorflow1", "torch": "pytorch", "linen": "flax", "nnx": "flax-nnx"}
DEFAULT = "tensorflow1"


# what every framework has, and stores nothing for or just so
COMMON = (
    Entry("weights", "weights", {"{gate}": "# -> *"}, bias=("none",)),
    Entry("activation", "activation", {}, bias=("none",)),
    Entry("flatten", "flatten", {}, bias=("none",)),
    Entry("reshape", "reshape", {}, bias=("none",)),
    Entry("permute", "permute", {}, bias=("none",)),
    Entry("repeat_vector", "repeat_vector", {}, bias=("none",)),
    Entry("dropout", "dropout", {}, bias=("none",), free={"rate": None}),
)


@cache
def find(name: str) -> Layout:
    """The layout of a framework.

    Raises:
        KeyError: no framework has this name or alias.
    """
    known = ALIASES.get(name, name)
    if known not in NAMES:
        raise KeyError(name)
    layout: Layout = import_module(f"rnncalc.layouts.{known.replace('-', '_')}").LAYOUT
    own = {entry.cell for entry in layout.entries}
    return layout._replace(entries=(*layout.entries, *(each for each in COMMON if each.cell not in own)))
