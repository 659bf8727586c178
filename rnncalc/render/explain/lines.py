"""Lines of a text in a terminal."""

from __future__ import annotations

import re

from rnncalc.errors import width as columns_of


def wrapped(text: str, width: int) -> list[str]:
    """The lines of a text, broken at spaces; a longer word is cut."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        if line and columns_of(line) + 1 + columns_of(word) <= width:
            line = f"{line} {word}"
            continue
        lines += [line] if line else []
        *full, line = folded(word, width)
        lines += full
    return [*lines, line]


def folded(text: str, width: int) -> list[str]:
    """The lines of a name, broken after slashes and underscores where it can be, anywhere else where it must."""
    lines, line = [], ""
    for part in re.findall(r"[^/_.,]*[/_.,]?", text):
        if line and columns_of(line + part) > width:
            lines.append(line)
            line = ""
        for letter in part:
            if columns_of(line + letter) > max(width, 2):
                lines.append(line)
                line = ""
            line += letter
    return [*lines, line]


def unbroken(formula: str, width: int) -> list[str]:
    """The lines of a formula, broken at its sums where its products are short enough."""
    glue = "\u00a0"
    bound = formula
    for sign in ("×", "*"):
        bound = bound.replace(f" {sign} ", f"{glue}{sign}{glue}")
    if any(columns_of(part) > width for part in bound.split(" ")):
        bound = formula
    return [line.replace(glue, " ") for line in wrapped(bound, width)]
