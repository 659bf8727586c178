"""The frameworks, one file each, data only; the notation is explained in `rnncalc.layout`."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from rnncalc.layout import Layout

NAMES = ("tensorflow1", "keras", "pytorch", "paper")
ALIASES = {"tf1": "tensorflow1", "tf": "tensorflow1", "torch": "pytorch"}
DEFAULT = "tensorflow1"


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
    return layout
