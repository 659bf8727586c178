"""Tensors as block pictures in a terminal, to one scale: rows for what is read, columns for the gates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rnncalc.errors import counted
from rnncalc.errors import width as columns_of
from rnncalc.render import words
from rnncalc.render.explain.lines import wrapped
from rnncalc.render.names import braced
from rnncalc.why.told import Block, Length, Side

TALLEST = 14  # lines of a tensor
BOX = {False: "─│┌┬┐├┼┤└┴┘", True: "-|+++++++++"}


def bars(lengths: Sequence[Length], width: int) -> Iterator[str]:
    """A bar a vector."""
    told = [f"{each.name}  " for each in lengths]
    left = max(map(columns_of, told))
    figures = [f"{each.size:,} = {each.formula}" for each in lengths]
    right = max(map(columns_of, figures))
    room = max(8, width - 4 - left - right)
    most = max(each.size for each in lengths)
    for name, each, figure in zip(told, lengths, figures):
        bar = "█" * max(1, round(room * each.size / most))
        yield f"  {name:{left}}{bar}  {figure}"


def pictures(blocks: Sequence[Block], width: int, ascii: bool) -> Iterator[str]:
    """A picture a tensor, a character standing for the same number of rows, and of columns, in all of them."""
    if not blocks:
        return
    left = max(columns_of(row.label) for block in blocks for row in block.rows) + 3
    widest = max(sum(side.size for side in block.columns) for block in blocks)
    tallest = max(sum(side.size for side in block.rows) for block in blocks)
    across = max(widest / (width - left - 2 - max(len(block.columns) for block in blocks)), tallest / TALLEST / 2)
    for block in blocks:
        yield from _picture(block, left, across, BOX[ascii], width)
    yield ""
    wide, high = _rounded(across), _rounded(2 * across)
    told = f" (a letter is {wide} columns wide, a line {high} rows high)" if across > 1 else ""
    yield from wrapped(f"To scale{told}; what is too thin for a line has one all the same.", width)


def _rounded(scale: float) -> str:
    return f"{scale:.3g}" if scale < 1000 else f"{scale:,.0f}"


def _figure(side: Side) -> str:
    return f"{side.size:,}"


def _picture(block: Block, left: int, across: float, box: str, width: int) -> Iterator[str]:
    flat, upright, nw, n, ne, w, cross, e, sw, s, se = list(box)
    heads = [side.name for side in block.columns]
    sizes = [_figure(side) for side in block.columns]
    widths = [
        max(int(side.size / across), columns_of(head), len(size))
        for side, head, size in zip(block.columns, heads, sizes)
    ]
    if left + 2 + sum(widths) + len(widths) > width:  # gates that are too narrow for their figures
        widths = [max(int(side.size / across), columns_of(head), 1) for side, head in zip(block.columns, heads)]
        sizes = [size if len(size) <= room else "" for size, room in zip(sizes, widths)]
    yield ""
    for number, text in enumerate(caption(block)):
        yield from (f"{'    ' if number or k else '  '}{line}" for k, line in enumerate(wrapped(text, width - 4)))
    yield " " * (left + 1) + " ".join(f"{head:^{room}}" for head, room in zip(heads, widths))
    yield " " * (left + 1) + " ".join(f"{size:^{room}}" for size, room in zip(sizes, widths))
    line = [flat * room for room in widths]
    yield " " * left + nw + n.join(line) + ne
    for k, row in enumerate(block.rows):
        if k:
            yield " " * left + w + cross.join(line) + e
        high = max(1, round(row.size / across / 2))
        for m in range(high):
            middle = m == (high - 1) // 2
            label = row.label if middle else ""
            cells = []
            for side, room in zip(block.columns, widths):
                count = f"{block.scalars(row, side):,}" if middle else ""
                cells.append(f"{count if len(count) <= room else '':^{room}}")
            yield f"{label:>{left - 1}} {upright}{upright.join(cells)}{upright}"
    yield " " * left + sw + s.join(line) + se


def caption(block: Block) -> Iterator[str]:
    """The name, the shape in the framework's words, and how the picture stands to it."""
    name = braced(list(block.names)) or f"{block.names[0]} …"
    shape = " × ".join(f"{axis:,}" for axis in block.shape)
    yield f"{name}  [{shape}] = {block.formula}"
    told = []
    if block.times > 1:
        braces = ", one for each name in braces" if "{" in name else ""
        told.append(f"{counted(block.times, 'tensor')} of this shape{braces}")
    if block.form == "transposed":
        told.append("stored the other way round: columns as rows")
    if block.form == "vector" and len(block.rows) > 1:
        told.append("stored row after row")
    if block.kernel:
        told.append(f"at each of the {words.shape(block.kernel)} places of its window")
    if told:
        yield f"({'; '.join(told)})"
