"""JSON lines: a model a line, each written as it comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rnncalc.render.json import detail

if TYPE_CHECKING:
    from rnncalc.batch.rows import Row
    from rnncalc.errors import Problem

__all__ = ["batch", "detail"]


def batch(rows: Iterable[Row], problems: Sequence[Problem]) -> Iterator[str]:
    """The models as they come; what is wrong with the others is told elsewhere."""
    for row in rows:
        yield f"{row.detail}\n"
