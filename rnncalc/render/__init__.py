"""Documents in every format: one file a format, none of which computes.

A document has a kind and its records. The kinds `model` and `count` show models tensor by tensor; every other kind
is a `Sheet` (columns and rows), laid out in `rnncalc.render.sheets` (or in a home of its own) by the function of its
name, or by `kind_format` where one format reads otherwise. The formats of `CI` have a verdict alone, through
`checks(verdict, root=...)`; what they tell is in `rnncalc.render.findings`. To add a format, add a file with
`models(reports, others, **look)` and `sheet(sheet, **look)`, each of which returns the text. A format that shows the
batch report row by row has `batch(rows, problems)`, and `detail(report, budget)` for what it shows of a model besides
its row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rnncalc.batch.rows import Row
    from rnncalc.errors import Problem

CI = ("github", "gitlab", "junit", "sarif", "summary")  # formats of a verdict alone
HOMES = {"difference": "difference", "batch": "rows", "matches": "matches"}  # kinds that have a file of their own


def render(form: str, kind: str, *records: Any, color: bool = False, width: int = 100, root: str = "") -> str:
    """The text of a document of this kind in this format; `root` is the repository's folder, for those of CI."""
    if form == "json":
        from rnncalc.render import json

        return json.document(kind, *records)
    module = import_module(f"rnncalc.render.{form}")
    look = {"color": color, "width": width}
    text: str
    if form in CI:
        text = module.checks(*records, root=root)
        return text
    if kind == "model":
        report, others = records
        text = module.models([report], [others], **look)
    elif kind == "count":
        reports, others, _ = records
        text = module.models(reports, others, **look)
    else:
        home = import_module(f"rnncalc.render.{HOMES.get(kind, 'sheets')}")
        laid_out = getattr(home, f"{kind}_{form}", None) or getattr(home, kind)
        parts = [module.sheet(sheet, **look) for sheet in laid_out(*records)]
        if form in ("table", "markdown"):
            parts[:-1] = [part.rstrip("\n") + "\n\n" for part in parts[:-1]]
        text = "".join(parts)
    return text


def detail(form: str) -> Callable[..., Any] | None:
    """What makes all that a format shows of a model in the batch report; None where it shows the row alone."""
    found: Callable[..., Any] | None = getattr(import_module(f"rnncalc.render.{form}"), "detail", None)
    return found


def streams(form: str) -> bool:
    """Whether a format shows each row of the batch report as soon as it comes."""
    return hasattr(import_module(f"rnncalc.render.{form}"), "batch")


def batch(
    form: str, rows: Iterable[Row], problems: Sequence[Problem], color: bool = False, width: int = 100
) -> Iterator[str]:
    """The batch report in pieces; where the format can do so, each row as soon as it comes."""
    if streams(form):
        yield from import_module(f"rnncalc.render.{form}").batch(rows, problems)
    else:
        every = list(rows)  # which also ends the list of problems
        yield render(form, "batch", every, problems, color=color, width=width)
