"""Many tensors in few lines: `h{f,g,i,o}/kernel` for four that have one shape."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby, takewhile

from rnncalc.render import words
from rnncalc.report import TensorReport

MOST = 4  # names in a pair of braces


def grouped(tensors: Sequence[TensorReport]) -> list[tuple[str, str]]:
    """(names, shape) of the tensors, those together that share a shape and a part of their names.

    >>> braced(["hf/bias", "hg/bias"]), braced(["fw/w", "fw/b", "bw/w", "bw/b"]), braced(["W", "R"])
    ('h{f,g}/bias', '{fw,bw}/{w,b}', '')
    """
    by_shape: dict[tuple[int, ...], list[str]] = {}
    for tensor in tensors:
        by_shape.setdefault(tensor.shape, []).append(tensor.name)
    found = []
    for axes, names in by_shape.items():
        found += [(name, words.shape(axes)) for name in _together(names)]
    return found


def _together(names: Sequence[str]) -> list[str]:
    """One word for all names, or else one for those that begin alike; of many, the first and the last."""
    word = braced(names)
    if word and not re.search("{[^}]*/", word):
        return [word]
    lines = [
        braced(list(alike)) for _, alike in groupby(names, lambda name: re.split("/" if word else "[/_]", name)[0])
    ]
    return lines if len(lines) <= MOST else [lines[0], "…", lines[-1]]


def braced(names: Sequence[str]) -> str:
    """The names in one word, part by part where every combination is there; nothing where they share nothing."""
    if len(names) == 1:
        return names[0]
    parts = list(zip(*(name.split("/") for name in names)))
    choices = [list(dict.fromkeys(part)) for part in parts]
    combinations = 1
    for choice in choices:
        combinations *= len(choice)
    if len({name.count("/") for name in names}) == 1 and combinations == len(names) and len(choices) > 1:
        return "/".join(_brace(choice) or _list(choice) for choice in choices)
    return _brace(names)


def _brace(names: Sequence[str]) -> str:
    """`bias_{ih,hh}_l0`; nothing where the names share neither beginning nor end."""
    if len(names) == 1:
        return names[0]
    start = _beginning(names)
    end = _beginning([name[len(start) :][::-1] for name in names])[::-1]
    end = re.sub("^[^/_.]*", "", end)  # whole words
    return f"{start}{_list([name[len(start) : len(name) - len(end)] for name in names])}{end}" if start or end else ""


def _beginning(names: Sequence[str]) -> str:
    shared = takewhile(lambda letters: len(set(letters)) == 1, zip(*names))
    return "".join(letters[0] for letters in shared)


def _list(choices: Sequence[str]) -> str:
    shown = choices if len(choices) <= MOST else [*choices[: MOST - 2], "…", choices[-1]]
    return f"{{{','.join(shown)}}}"
