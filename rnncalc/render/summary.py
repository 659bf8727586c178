"""A Markdown page of a check, for the page of a CI run: what is broken and what to do, then every limit, folded up."""

from __future__ import annotations

from collections.abc import Iterator

from rnncalc.errors import counted
from rnncalc.gate.budget import Check, Verdict
from rnncalc.render.findings import explained, located, outcome, spot, subject, within
from rnncalc.render.markdown import code, safe, table

MOST_BROKEN, MOST_ROWS = 100, 200  # GitHub takes 1 MiB of a step, and nobody reads more
LONGEST = 600  # characters of a message
COLUMNS = ("", "Model", "Figure", "Actual", "Limit", "Source")


def checks(verdict: Verdict, *, root: str = "") -> str:
    """The page: a heading with the outcome, an item for each thing that is wrong, a table of all limits."""
    wrong = [_item(check, root) for check in verdict.checks if not check.passed]
    wrong += [f"- {safe(_cut(located(problem, root), LONGEST))}\n" for problem in verdict.problems]
    heading = f"### {'✅' if verdict.passed else '❌'} rnncalc: {outcome(verdict)}\n\n"
    return "".join([heading, *_first(wrong, MOST_BROKEN), *_table(verdict, root)])


def _item(check: Check, root: str) -> str:
    place = spot(check)
    path = _cut(within(check.source, root) or "")
    where = f" ({code(f'{path}:{place.line}' if place else path)})" if path else ""
    return f"- **{safe(_cut(check.model))}**{where}: {safe(_cut(explained(check, root), LONGEST))}\n"


def _table(verdict: Verdict, root: str) -> Iterator[str]:
    if verdict.checks:
        rows = [
            (
                "ok" if check.passed else "FAIL" if check.failed else "warning",
                safe(_cut(check.model)),
                safe(_cut(subject(check))),
                f"{check.actual:,}",
                f"{check.limit:,}",
                safe(_cut(within(check.source, root) or "")),
            )
            for check in verdict.checks[:MOST_ROWS]
        ]
        shown = f", the first {MOST_ROWS:,} of them" if len(verdict.checks) > MOST_ROWS else ""
        yield f"\n<details><summary>{counted(len(verdict.checks), 'limit')}{shown}</summary>\n\n"
        yield table(COLUMNS, [False, False, False, True, True, False], rows)
        yield "\n</details>\n"


def _cut(text: str, longest: int = 100) -> str:
    """A text that is not without end; before it is escaped, so that no mark is torn."""
    return f"{text[:longest]}..." if len(text) > longest else text


def _first(items: list[str], most: int) -> Iterator[str]:
    yield from items[:most]
    if len(items) > most:
        yield f"\n{len(items) - most:,} more are not shown here.\n"
