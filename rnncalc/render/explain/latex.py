"""An explanation as a LaTeX document, its tensors drawn by TikZ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import singledispatch
from typing import Any

from rnncalc.render import words
from rnncalc.render.explain import parts
from rnncalc.render.explain.tex import formula, text
from rnncalc.render.names import braced
from rnncalc.why.told import Block

HEAD = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{amsmath}
\usepackage{tikz}
\usepackage[margin=2.5cm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\parskip}{6pt}
\begin{document}
"""
WIDE, HIGH = 12.0, 6.0  # centimetres that the largest tensor takes


def document(stories: Sequence[parts.Story], **look: Any) -> str:
    """A whole document, ready to be set."""
    texts = ["\n".join(lines) for told in stories for part in told.parts if (lines := list(_write(part)))]
    return HEAD + "\n\n".join(texts) + "\n\\end{document}\n"


@singledispatch
def _write(part: parts.Part) -> Iterator[str]:
    """The lines of a part; none of a figure."""
    yield from ()


@_write.register
def _(part: parts.Heading) -> Iterator[str]:
    kind = {1: "section*", 2: "subsection*"}.get(part.level, "subsubsection*")
    yield f"\\{kind}{{{text(part.text)}}}"


@_write.register
def _(part: parts.Text) -> Iterator[str]:
    pieces = part.text.split("`")
    yield "".join(rf"\texttt{{{text(piece)}}}" if n % 2 else text(piece) for n, piece in enumerate(pieces))


@_write.register
def _(part: parts.Equations) -> Iterator[str]:
    yield r"\begin{align*}"
    for n, line in enumerate(part.lines):
        left, _, right = line.latex.partition(" = ")
        means = rf" && \text{{{text(line.means)}}}" if line.means else ""
        yield f"{left} &= {right}{means}" + (r" \\" if n < len(part.lines) - 1 else "")
    yield r"\end{align*}"


@_write.register
def _(part: parts.Bars) -> Iterator[str]:
    yield r"\begin{tabular}{lrl}"
    for each in part.lengths:
        yield rf"${each.name}$ & {each.size:,} & ${formula(each.formula)}$ \\"
    yield r"\end{tabular}"


@_write.register
def _(part: parts.Pictures) -> Iterator[str]:
    if not part.blocks:
        return
    widest = max(sum(side.size for side in block.columns) for block in part.blocks)
    tallest = max(sum(side.size for side in block.rows) for block in part.blocks)
    scale = min(WIDE / widest, HIGH / tallest)
    for block in part.blocks:
        name = braced(list(block.names)) or block.names[0]
        yield rf"\texttt{{{text(name)}}} [{text(words.shape(block.shape))}] $= {formula(block.formula)}$\\"
        yield from _picture(block, scale)
        yield ""


def _picture(block: Block, scale: float) -> Iterator[str]:
    yield r"\begin{tikzpicture}"
    widths = [max(0.35, side.size * scale) for side in block.columns]
    heights = [max(0.4, side.size * scale) for side in block.rows]
    y = 0.0
    for n, (row, high) in enumerate(zip(block.rows, heights)):
        label = text(row.label)
        yield rf"\node[left] at (0,{-y - high / 2:.2f}) {{{label}}};"
        x = 0.0
        for side, wide in zip(block.columns, widths):
            yield rf"\draw ({x:.2f},{-y:.2f}) rectangle ({x + wide:.2f},{-y - high:.2f});"
            if not n:
                yield rf"\node[above] at ({x + wide / 2:.2f},0) {{\small {text(side.name)}}};"
            count = f"{block.scalars(row, side):,}"
            if len(count) * 0.2 < wide:
                yield rf"\node at ({x + wide / 2:.2f},{-y - high / 2:.2f}) {{\footnotesize {count}}};"
            x += wide
        y += high
    yield r"\end{tikzpicture}"


@_write.register
def _(part: parts.Sums) -> Iterator[str]:
    if part.lines:
        yield r"\begin{align*}"
        for n, (name, numbers, value) in enumerate(part.lines):
            end = r" \\" if n < len(part.lines) - 1 else ""
            yield rf"&\text{{{text(name)}}} && {formula(numbers)} &&= {formula(f'{value:,}')}{end}"
        yield r"\end{align*}"


@_write.register
def _(part: parts.Formula) -> Iterator[str]:
    told = dict.fromkeys((part.symbols, part.numbers, f"{part.value:,}"))
    yield r"\begin{sloppypar}"
    yield "$" + "\n= ".join(formula(each) for each in told) + "$"
    yield r"\end{sloppypar}"


@_write.register
def _(part: parts.Rows) -> Iterator[str]:
    right = [isinstance(cell, (int, float)) for cell in part.rows[0]]
    last = "r" if right[-1] else r"p{0.75\textwidth}"
    yield rf"\begin{{tabular}}{{{''.join('r' if each else 'l' for each in right[:-1])}{last}}}"
    for row in [part.columns, *part.rows] if any(part.columns) else part.rows:
        yield " & ".join(text(parts.figure(cell)) for cell in row) + r" \\"
    yield r"\end{tabular}"
