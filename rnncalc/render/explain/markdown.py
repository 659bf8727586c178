"""An explanation in Markdown, its formulas in LaTeX as GitHub renders it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import singledispatch
from typing import Any

from rnncalc.errors import printable
from rnncalc.render.explain import parts
from rnncalc.render.explain.blocks import bars, pictures
from rnncalc.render.explain.tex import formula
from rnncalc.render.markdown import safe

COLUMNS = 80  # of the pictures


def document(stories: Sequence[parts.Story], **look: Any) -> str:
    """The whole text; formulas and pictures stand in blocks of code, which nothing can break out of."""
    return (
        "\n\n".join("\n".join(lines) for told in stories for part in told.parts if (lines := list(_write(part)))) + "\n"
    )


@singledispatch
def _write(part: parts.Part) -> Iterator[str]:
    """The lines of a part; none of a figure."""
    yield from ()


@_write.register
def _(part: parts.Heading) -> Iterator[str]:
    yield f"{'#' * part.level} {safe(part.text)}"


@_write.register
def _(part: parts.Text) -> Iterator[str]:
    pieces = part.text.split("`")
    yield "".join(f"`{printable(piece)}`" if n % 2 else safe(piece) for n, piece in enumerate(pieces))


@_write.register
def _(part: parts.Equations) -> Iterator[str]:
    yield "```math"
    yield r"\begin{aligned}"
    for n, line in enumerate(part.lines):
        left, _, right = line.latex.partition(" = ")
        yield f"{left} &= {right}" + (r" \\" if n < len(part.lines) - 1 else "")
    yield r"\end{aligned}"
    yield "```"
    for line in part.lines:
        if line.means:
            yield f"- `{line.name}`: {safe(line.means)}"


@_write.register
def _(part: parts.Bars) -> Iterator[str]:
    yield from _fenced(bars(part.lengths, COLUMNS))


@_write.register
def _(part: parts.Pictures) -> Iterator[str]:
    yield from _fenced(pictures(part.blocks, COLUMNS, False))


@_write.register
def _(part: parts.Sums) -> Iterator[str]:
    if part.lines:
        yield "| | | |"
        yield "| --- | --- | ---: |"
        for name, numbers, value in part.lines:
            yield f"| {safe(name)} | $`{formula(numbers)}`$ | {value:,} |"


@_write.register
def _(part: parts.Formula) -> Iterator[str]:
    yield "```math"
    yield r"\begin{aligned}"
    for n, told in enumerate(dict.fromkeys((part.symbols, part.numbers, f"{part.value:,}"))):
        for k, line in enumerate(_summands(told)):
            sign = "= " if n and not k else ""
            yield f"& {sign}{line} \\\\"
    yield r"\end{aligned}"
    yield "```"


@_write.register
def _(part: parts.Rows) -> Iterator[str]:
    heads = [safe(column) for column in part.columns]
    yield f"| {' | '.join(heads)} |"
    right = [isinstance(cell, (int, float)) for cell in part.rows[0]]
    yield f"| {' | '.join('---:' if each else '---' for each in right)} |"
    for row in part.rows:
        yield f"| {' | '.join(safe(parts.figure(cell)) for cell in row)} |"


def _summands(told: str, most: int = 6) -> list[str]:
    """A formula in LaTeX, in lines of a few terms of its outer sum."""
    terms, depth, start = [], 0, 0
    for n, letter in enumerate(told):
        depth += (letter == "(") - (letter == ")")
        if not depth and told.startswith(" + ", n):
            terms.append(told[start:n])
            start = n + 3
    terms.append(told[start:])
    lines = [" + ".join(formula(term) for term in terms[n : n + most]) for n in range(0, len(terms), most)]
    return [("+ " if n else "") + line for n, line in enumerate(lines)]


def _fenced(lines: Iterator[str]) -> Iterator[str]:
    yield "```text"
    yield from (line.rstrip().replace("`", "'") for line in lines)
    yield "```"
