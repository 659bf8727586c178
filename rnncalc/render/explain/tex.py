"""Texts and formulas for LaTeX."""

from __future__ import annotations

import re

from rnncalc.errors import printable

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": "'",
}
SIGNS = {
    "×": r" \times ",
    "·": r" \cdot ",
    "⊙": r" \odot ",
    "σ": r"\sigma",
    "…": r"\ldots{}",
}
POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def text(told: str) -> str:
    """A text in LaTeX, in which nothing is a command; signs that it has no letter for are formulas."""
    found = []
    for letter in printable(told):
        if letter in SIGNS:
            found.append(f"${SIGNS[letter].strip()}$" if letter != "…" else SIGNS[letter])
        else:
            found.append(SPECIAL.get(letter, letter))
    return "".join(found)


def formula(told: str) -> str:
    r"""A formula in LaTeX.

    >>> formula("(input_depth + 1,024) × 4·units²")
    '(\\mathrm{input\\_depth} + 1{,}024) \\times 4 \\cdot \\mathrm{units}^{2}'
    """
    told = printable(told)
    parts = []
    for token in re.findall(r"[0-9][0-9,]*|[⁰¹²³⁴⁵⁶⁷⁸⁹]+|[ ()+=×·-]|[^ ()+=×·⁰¹²³⁴⁵⁶⁷⁸⁹]+", told):
        if token[0] in "⁰¹²³⁴⁵⁶⁷⁸⁹":
            parts.append(f"^{{{token.translate(POWERS)}}}")
        elif re.fullmatch(r"[0-9][0-9,]*", token):
            parts.append(token.replace(",", "{,}"))
        elif token in SIGNS:
            parts.append(SIGNS[token])
        elif token in " ()+=-":
            parts.append(token)
        else:
            parts.append(rf"\mathrm{{{''.join(SPECIAL.get(letter, letter) for letter in token)}}}")
    return re.sub(" +", " ", "".join(parts)).strip()
