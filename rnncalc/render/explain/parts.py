"""What an explanation consists of: parts, which each format draws in its own way.

A text has `code` between backticks.
"""

from __future__ import annotations

from typing import Any

from rnncalc.equations import Equation
from rnncalc.record import Record
from rnncalc.render import words
from rnncalc.why.told import Block, Length


class Heading(Record):
    """A heading; of the document at level 1."""

    text: str
    level: int = 2


class Text(Record):
    """A paragraph."""

    text: str


class Equations(Record):
    """The step, a line each; `means` stands beside."""

    lines: tuple[Equation, ...]


class Bars(Record):
    """Vectors as bars, to one scale."""

    lengths: tuple[Length, ...]


class Pictures(Record):
    """Tensors as blocks, all to one scale."""

    blocks: tuple[Block, ...]


class Sums(Record):
    """Lines of a calculation: what, the formula, and what it comes to."""

    lines: tuple[tuple[str, str, int], ...]


class Formula(Record):
    """A formula that is equal to a number: in symbols, in numbers, and the number."""

    symbols: str
    numbers: str
    value: int


class Rows(Record):
    """A small table; texts to the left, numbers to the right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


class Figure(Record):
    """A picture for the formats that have pictures: its kind, and what it shows."""

    kind: str
    title: str


Part = Any


class Story(Record):
    """An explanation as its parts, and the record for those who draw."""

    parts: tuple[Part, ...]
    record: Any

    @property
    def title(self) -> str:
        """Its first heading."""
        return next(part.text for part in self.parts if isinstance(part, Heading))


class Signed(int):
    """A number that is shown with its sign."""

    def __format__(self, form: str) -> str:
        return super().__format__(f"+{form}" if self else form)


def figure(cell: Any) -> str:
    """A cell of a table as people read it."""
    return f"{cell:.2f}" if isinstance(cell, float) else words.number(cell) if isinstance(cell, int) else str(cell)
