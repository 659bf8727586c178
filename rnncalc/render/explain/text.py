"""An explanation in a terminal: Unicode or plain ASCII, from 60 columns on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import singledispatchmethod

from rnncalc.errors import printable
from rnncalc.errors import width as columns_of
from rnncalc.render.explain import parts
from rnncalc.render.explain.blocks import bars, pictures
from rnncalc.render.explain.lines import folded, unbroken, wrapped

WIDEST = 96
SIGNS = str.maketrans(
    {"×": "*", "·": "*", "⊙": "*", "σ": "sigmoid", "…": "...", "²": "^2", "³": "^3", "█": "#", "∗": "conv"}
)


def document(
    stories: Sequence[parts.Story], *, color: bool = False, width: int = 80, ascii: bool = False, only: str = ""
) -> str:
    """The whole text, its lines no wider than `width`."""
    writer = _Writer(color, max(40, min(width, WIDEST)), ascii)
    lines: list[str] = [""]
    for part in (part for told in stories for part in told.parts):
        for line in writer.write(part):
            if line.strip() or lines[-1]:  # one empty line is enough
                lines.append(line.rstrip())
    return "\n".join(lines).strip("\n") + "\n"


class _Writer:
    def __init__(self, color: bool, width: int, ascii: bool) -> None:
        self.color, self.width, self.ascii = color, width, ascii

    @singledispatchmethod
    def write(self, part: parts.Part) -> Iterator[str]:
        """The lines of a part; none of a figure."""
        yield from ()

    @write.register
    def _(self, part: parts.Heading) -> Iterator[str]:
        text = self.plain(part.text)
        yield ""
        yield from (f"\x1b[1m{line}\x1b[0m" if self.color else line for line in wrapped(text, self.width))
        if part.level == 1 and not self.color:
            yield ("=" if self.ascii else "═") * min(columns_of(text), self.width)
        elif not self.color:
            yield ("-" if self.ascii else "─") * min(columns_of(text), self.width)

    @write.register
    def _(self, part: parts.Text) -> Iterator[str]:
        yield from wrapped(self.plain(part.text), self.width)

    @write.register
    def _(self, part: parts.Equations) -> Iterator[str]:
        lines = [(each.ascii if self.ascii else each.unicode, each.means) for each in part.lines]
        left = max(columns_of(line) for line, _ in lines) + 5
        right = max(columns_of(means) for _, means in lines)
        beside = left + right <= self.width
        yield ""
        for line, means in lines:
            if beside:
                yield f"  {line}{' ' * (left - 2 - columns_of(line))}{means}"
                continue
            yield from (f"{'      ' if n else '  '}{text}" for n, text in enumerate(wrapped(line, self.width - 6)))
            if means:
                yield from (f"      {text}" for text in wrapped(means, self.width - 6))
        yield ""

    @write.register
    def _(self, part: parts.Bars) -> Iterator[str]:
        yield ""
        yield from (self.plain(line) for line in bars(part.lengths, self.width))
        yield ""

    @write.register
    def _(self, part: parts.Pictures) -> Iterator[str]:
        for line in pictures(part.blocks, self.width, self.ascii):
            yield self.plain(line)
        yield ""

    @write.register
    def _(self, part: parts.Sums) -> Iterator[str]:
        if not part.lines:
            return
        yield ""
        values = [f"{value:,}" for *_, value in part.lines]
        right = max(map(len, values))
        left = min(max(columns_of(self.plain(name)) for name, *_ in part.lines), self.width // 3)
        words = (word for _, numbers, _ in part.lines for word in self.plain(numbers).split(" "))
        if max(map(columns_of, words)) > self.width - left - right - 9:  # then one below the other
            for (name, numbers, _), value in zip(part.lines, values):
                yield from (f"  {line}" for line in folded(self.plain(name), self.width - 2))
                yield from (f"      {line}" for line in unbroken(self.plain(numbers), self.width - 6))
                yield f"    = {value}"
            yield ""
            return
        for (name, numbers, _), value in zip(part.lines, values):
            told = unbroken(self.plain(numbers), self.width - left - right - 9)
            names = folded(self.plain(name), left)
            for n in range(max(len(told), len(names))):
                first = names[n] if n < len(names) else ""
                middle = told[n] if n < len(told) else ""
                end = f"= {value:>{right}}" if n == len(told) - 1 else ""
                gap = self.width - left - right - 9 - columns_of(middle)
                yield f"  {first}{' ' * (left - columns_of(first))}   {middle}{' ' * gap}{'  ' + end if end else ''}"
        yield ""

    @write.register
    def _(self, part: parts.Formula) -> Iterator[str]:
        yield ""
        for n, told in enumerate(dict.fromkeys((part.symbols, part.numbers, f"{part.value:,}"))):
            lines = unbroken(self.plain(told), self.width - 4)
            yield from (f"  {'= ' if n and not k else '  '}{line}" for k, line in enumerate(lines))
        yield ""

    @write.register
    def _(self, part: parts.Rows) -> Iterator[str]:
        yield ""
        rows = [[self.plain(parts.figure(cell)) for cell in row] for row in part.rows]
        heads = [list(part.columns)] if any(part.columns) else []
        numeric = [isinstance(cell, (int, float)) for cell in part.rows[0]]
        widths = [max(columns_of(row[n]) for row in heads + rows) for n in range(len(part.columns))]
        rest = self.width - 2 - sum(widths[1:]) - 2 * (len(widths) - 1)
        flexible = 0 if numeric[-1] else len(widths) - 1
        if flexible:
            widths[-1] = max(12, min(widths[-1], self.width - 2 - sum(widths[:-1]) - 2 * (len(widths) - 1)))
        else:
            widths[0] = max(12, min(widths[0], rest))
        if not flexible and rest < 12:  # then a record a row
            for row in rows:
                yield from (f"  {line}" for line in wrapped(row[0], self.width - 2))
                for name, cell in list(zip(part.columns, row))[1:]:
                    yield from (f"      {line}" for line in wrapped(f"{self.plain(name)} {cell}", self.width - 6))
            yield ""
            return
        for row in heads + rows:
            folds = [wrapped(cell, size) for cell, size in zip(row, widths)]
            for n in range(max(map(len, folds))):
                cells = []
                for fold, size, right in zip(folds, widths, numeric):
                    cell = fold[n] if n < len(fold) else ""
                    pad = " " * (size - columns_of(cell))
                    cells.append(pad + cell if right else cell + pad)
                yield "  " + "  ".join(cells)
        yield ""

    def plain(self, text: str) -> str:
        """The text without backticks and whatever plays with a terminal; in ASCII where that is asked for."""
        text = printable(text.replace("`", ""))
        return _ascii(text) if self.ascii else text


def _ascii(text: str) -> str:
    return text.replace("W·x", "W @ x").translate(SIGNS).encode("ascii", "backslashreplace").decode("ascii")
