"""The values of a spec, by their kinds: each is what was written, or a mistake that says what to write."""

from __future__ import annotations

from typing import Any

from rnncalc.cell import ACTIVATIONS, Cell
from rnncalc.errors import Mistakes, listed, shown, suggest
from rnncalc.plan import COMBINES, MERGES, RESIDUALS
from rnncalc.sizes import size
from rnncalc.trace import POLICIES

MOST_COUNTED = 1_000  # what a step counts: heads, experts, the layers of a highway
CHOICES = {"Merge": MERGES, "Combine": COMBINES, "Activation": ACTIVATIONS}
OR_FLAGS = {"Bias": POLICIES, "Residual": RESIDUALS}  # words beside true and false
NULLS = {"Activation": "linear", "Merge": "none"}  # what null stands for
PADDINGS = {"valid": "valid", "same": "same", "VALID": "valid", "SAME": "same", "SAME_UPPER": "same"}
WINDOWS = ("pool_size", "stride")  # the sizes that some framework has for the depth, too

Where = tuple[Any, ...]


class ValueReader:
    """Reads values; what is wrong with one is added to `mistakes`, and what is returned then stands in for it."""

    def __init__(self, mistakes: Mistakes) -> None:
        self.mistakes, self.wrong = mistakes, mistakes.wrong

    def of_kind(self, kind: str, value: Any, cell: Cell, where: Where) -> Any:
        """The value of a key of a layer, which has this kind."""
        optional = kind.endswith(" | None")
        if value is None and (optional or kind in NULLS):
            return None if optional else NULLS[kind]
        return self._of_kind(kind.removesuffix(" | None"), value, cell, where)

    def _of_kind(self, kind: str, value: Any, cell: Cell, where: Where) -> Any:
        if kind == "bool":
            return self.flag(value, *where)
        if kind == "Name":
            return self.text(value, *where)
        if kind == "Names":
            return self.inputs(value, where)
        if kind in CHOICES:
            return self.choice(value, CHOICES[kind], *where)
        if kind in OR_FLAGS:
            words = OR_FLAGS[kind]
            return value if isinstance(value, bool) else self.choice(value, words, *where, also="true or false")
        if kind == "Count" and isinstance(value, int) and value > MOST_COUNTED:
            self.wrong(f"{value:,} are too many; there can be {MOST_COUNTED:,}", *where)
            return 1
        if kind in ("int", "Count"):
            if where[-1] != "axis":
                return self.size(value, *where)
            if isinstance(value, int) and not isinstance(value, bool) and value in (-1, 1):
                return value
            self.wrong(f"{shown(value)} is no axis of the depth; write 1 for the first or -1 for the last", *where)
            return -1
        if kind == "Extent":
            return self.extent(value, cell.rank, where)
        if kind == "Padding":
            if isinstance(value, str) and value in PADDINGS:
                return PADDINGS[value]
            return self.extent(value, cell.rank, where, least=0)
        if kind == "Target":
            if isinstance(value, (list, tuple)) and value:
                return tuple(-1 if each == -1 else self.size(each, *where, n) for n, each in enumerate(value))
            self.wrong("a shape is a list of sizes, such as [50, 768]", *where)
            return (1,)
        if kind == "Pairs":
            return self._pairs(value, where)
        if kind == "float":
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
                self.wrong(f"{shown(value)} is not a rate; write a number from 0 to 1, such as 0.2", *where)
                return 0.5
            return float(value)  # equal values are the same
        raise AssertionError(f"{kind} is no kind of a key")

    def extent(self, value: Any, rank: int, where: Where, least: int = 1) -> tuple[int, ...]:
        """A whole number for each axis, or one for all."""
        if not isinstance(value, (list, tuple)):
            return (self.size(value, *where, least=least),) * rank
        if len(value) != rank:
            self.wrong(f"{len(value)} sizes for {rank} {'axis' if rank == 1 else 'axes'}", *where)
            return (1,) * rank
        return tuple(self.size(each, *where, n, least=least) for n, each in enumerate(value))

    def _pairs(self, value: Any, where: Where) -> tuple[tuple[int, int], ...]:
        pairs = value if isinstance(value, (list, tuple)) else []
        if not pairs or not all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in pairs):
            self.wrong("filters are pairs of width and count, such as [[1, 32], [2, 64]]", *where)
            return ((1, 1),)
        return tuple(
            (self.size(width, *where, n, 0), self.size(filters, *where, n, 1))
            for n, (width, filters) in enumerate(pairs)
        )

    def inputs(self, value: Any, where: Where) -> tuple[str, ...]:
        """Names of layers or inputs."""
        if isinstance(value, str):
            return (value,)
        if not isinstance(value, (list, tuple)) or not value or not all(isinstance(each, str) for each in value):
            self.wrong("`inputs` is a list of names of earlier layers or inputs", *where)
            return ()
        return tuple(value)

    def choice(self, value: Any, known: tuple[str, ...], *where: Any, also: str = "") -> Any:
        """One of the known words."""
        if not (isinstance(value, str) and value in known):
            there = listed([*([also] if also else []), *known], "or")
            hint = suggest(value, known)
            self.wrong(f"{shown(value)} is not known here{hint + ' Write' if hint else '; write'} {there}", *where)
            return known[0]
        return value

    def size(self, value: Any, *where: Any, unit: str = "count", least: int = 1) -> int:
        """A whole number."""
        try:
            return size(value, unit, least)
        except ValueError as error:
            self.wrong(str(error), *where)
            return least or 1

    def flag(self, value: Any, *where: Any) -> bool:
        """True or false."""
        if not isinstance(value, bool):
            word = value.lower() if isinstance(value, str) else ""
            meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(word, "true or false")
            self.wrong(f"{shown(value)} is neither true nor false; write {meant}", *where)
        return value is True

    def text(self, value: Any, *where: Any) -> str:
        """A name."""
        if isinstance(value, str) and value.strip():
            return value
        self.wrong(f"{shown(value)} is not a name; write a text, in quotes where it looks like a number", *where)
        return ""
