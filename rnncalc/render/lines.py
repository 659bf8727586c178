"""Lines of a terminal: measured in its columns, broken at joints, and painted.

Of rich, only what knows the width of a character and the code of a colour: a console and its tables take longer to
import than a count takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache

from rich.cells import cell_len, chop_cells

Span = tuple[str, str]  # a text and its style
Paint = Callable[[str, str], str]  # what a terminal is sent for the two

# A name may break after these, a figure after its commas, and a word before a capital.
JOINT = re.compile(r"(?<=[/_.,:;·×=+(-])(?!$)|(?<=[a-z])(?=[A-Z])")


def columns_of(text: str) -> int:
    """The columns that a text takes: two for wide characters, none for combining ones."""
    return len(text) if text.isascii() else cell_len(text)


def pieces(text: str) -> list[str]:
    """What is left whole: `["many_", "Small", "Words"]` of `many_SmallWords`."""
    return [piece for word in text.split() for piece in JOINT.split(word)]


def wrapped(text: str, width: int) -> list[str]:
    """The lines of a text: broken between words, a word that is too long at its joints, a piece that is at any place.

    >>> wrapped("the largest hidden_size of bidirectional", 13)
    ['the largest', 'hidden_size', 'of', 'bidirectional']
    >>> wrapped("layer_norm_lstm", 10), wrapped("340,282,366", 5)
    (['layer_', 'norm_lstm'], ['340,', '282,', '366'])
    """
    if columns_of(text) <= width:
        return [text]
    lines = [""]
    for word in re.findall(r"\s*\S+", text):
        start = lines[-1].strip()
        bare = word.lstrip() if start else word
        if columns_of(lines[-1] + word) <= width:
            lines[-1] += word
        elif columns_of(bare) <= width:
            lines.append(bare)
        else:
            lines += [""] if start else []
            for piece in JOINT.split(bare):
                if columns_of(lines[-1] + piece) <= width:
                    lines[-1] += piece
                else:
                    lines += chop_cells(piece, width)
    return [line for line in lines if line]


def painter(color: bool) -> Paint:
    """How texts are painted: not at all without colour."""
    return _painted if color else _plain


def finished(lines: Iterable[str]) -> str:
    """The text of the lines, without spaces at their ends."""
    return "".join([f"{line.rstrip()}\n" for line in lines])


def _plain(text: str, style: str) -> str:
    return text


def _painted(text: str, style: str) -> str:
    before, after = _codes(style) if style and text else ("", "")
    return f"{before}{text}{after}"


@cache
def _codes(style: str) -> tuple[str, str]:
    """What a terminal is sent before and after a text of this style."""
    from rich.color import ColorSystem
    from rich.style import Style

    before, _, after = Style.parse(style).render("\0", color_system=ColorSystem.STANDARD).partition("\0")
    return before, after
