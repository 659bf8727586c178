"""An explanation as one page that needs nothing from elsewhere, with its figures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import singledispatch
from typing import Any

from rnncalc.render.explain import parts
from rnncalc.render.explain.figures import figure
from rnncalc.render.markup import escaped

STYLE = """
:root { color-scheme: light dark; --ink: #1f2430; --paper: #fff; --soft: #667085; --line: #d5dae3; --bar: #9ec5f4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9f0; --paper: #14171f; --soft: #a3acbd; --line: #343b4a;
  --bar: #24507f; } }
body { font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", sans-serif; color: var(--ink);
  background: var(--paper); max-width: 58rem; margin: 2rem auto; padding: 0 1rem; }
h1 { line-height: 1.25; } h2 { margin-top: 2.2rem; border-bottom: 1px solid var(--line); padding-bottom: .2rem; }
table { border-collapse: collapse; margin: .8rem 0; } td, th { padding: .25rem .9rem .25rem 0; vertical-align: top;
  text-align: left; } .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code, .m { font-family: ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; font-size: .94em; }
.scroll, figure { overflow-x: auto; } figure { margin: 1.2rem 0; } figcaption { color: var(--soft); }
svg { max-width: none; } .means { color: var(--soft); } sub { line-height: 0; }
.bar { display: inline-block; height: .8em; background: var(--bar); vertical-align: middle; }
.formula p { margin: .2rem 0; overflow-wrap: anywhere; }
@media print { body { margin: 0; } }
"""


def document(stories: Sequence[parts.Story], **look: Any) -> str:
    """The page."""
    title = "; ".join(told.title for told in stories)
    lines = [
        line
        for told in stories
        for part in told.parts
        for line in (_figure(part, told) if _drawn(part) else _write(part))
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escaped(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(lines)
        + "\n</main>\n</body>\n</html>\n"
    )


def _drawn(part: parts.Part) -> bool:
    return isinstance(part, parts.Figure)


def _figure(part: parts.Figure, told: parts.Story) -> Iterator[str]:
    drawing = figure(part.kind, told.record)
    if drawing is not None:
        yield f"<figure>\n{drawing.svg(part.title).strip()}\n<figcaption>{escaped(part.title)}</figcaption>\n</figure>"


@singledispatch
def _write(part: parts.Part) -> Iterator[str]:
    """The lines of a part; none of block pictures in letters, for there are figures."""
    yield from ()


@_write.register
def _(part: parts.Heading) -> Iterator[str]:
    yield f"<h{part.level}>{escaped(part.text)}</h{part.level}>"


@_write.register
def _(part: parts.Text) -> Iterator[str]:
    pieces = part.text.split("`")
    yield f"<p>{''.join(f'<code>{escaped(p)}</code>' if n % 2 else escaped(p) for n, p in enumerate(pieces))}</p>"


@_write.register
def _(part: parts.Equations) -> Iterator[str]:
    yield '<div class="scroll"><table>'
    for line in part.lines:
        yield f'<tr><td class="m">{_indexed(line.unicode)}</td><td class="means">{escaped(line.means)}</td></tr>'
    yield "</table></div>"


def _indexed(equation: str) -> str:
    return re.sub(r"\b([Wwb])_(\w+)", r"\1<sub>\2</sub>", escaped(equation))


@_write.register
def _(part: parts.Bars) -> Iterator[str]:
    most = max(each.size for each in part.lengths)
    yield '<div class="scroll"><table>'
    for each in part.lengths:
        bar = f'<span class="bar" style="width: {max(0.3, 22 * each.size / most):.2f}rem"></span>'
        yield f'<tr><th scope="row">{escaped(each.name)}</th><td>{bar}</td><td class="n">{each.size:,}</td>'
        yield f'<td class="m">{escaped(each.formula)}</td></tr>'
    yield "</table></div>"


@_write.register
def _(part: parts.Sums) -> Iterator[str]:
    if part.lines:
        yield '<div class="scroll"><table>'
        for name, numbers, value in part.lines:
            yield f'<tr><th scope="row" class="m">{escaped(name)}</th><td class="m">{escaped(numbers)}</td>'
            yield f'<td class="n">= {value:,}</td></tr>'
        yield "</table></div>"


@_write.register
def _(part: parts.Formula) -> Iterator[str]:
    yield '<div class="formula m">'
    for n, told in enumerate(dict.fromkeys((part.symbols, part.numbers, f"{part.value:,}"))):
        yield f"<p>{'= ' if n else ''}{escaped(told)}</p>"
    yield "</div>"


@_write.register
def _(part: parts.Rows) -> Iterator[str]:
    right = [isinstance(cell, (int, float)) for cell in part.rows[0]]
    yield '<div class="scroll"><table>'
    if any(part.columns):
        heads = "".join(f'<th scope="col"{_kind(n)}>{escaped(each)}</th>' for n, each in zip(right, part.columns))
        yield f"<tr>{heads}</tr>"
    for row in part.rows:
        yield f"<tr>{''.join(f'<td{_kind(n)}>{escaped(parts.figure(cell))}</td>' for n, cell in zip(right, row))}</tr>"
    yield "</table></div>"


def _kind(numeric: bool) -> str:
    return ' class="n"' if numeric else ""
