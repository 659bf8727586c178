"""A bar on standard error for what takes long: where somebody looks at a terminal, and nowhere else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rnncalc.batch.discover import Search

LONG = 1.0  # seconds
OFTEN = 0.1


def watched(search: Search[Any], quiet: bool) -> Iterator[Any]:
    """What the search finds, with a bar as soon as it takes long."""
    if quiet or not seen():
        yield from search
        return
    bar: Any = None
    last = monotonic() + LONG - OFTEN
    try:
        for each in search:
            if monotonic() - last > OFTEN:
                bar = bar or _bar(len(search.places))
                bar.update(bar.task_ids[0], completed=search.done, refresh=True)
                last = monotonic()
            yield each
    finally:
        if bar:
            bar.stop()


def seen() -> bool:
    """Whether standard error is a terminal that can draw, and no log of continuous integration."""
    stream = sys.stderr
    there = stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"
    return there and os.environ.get("CI", "").lower() in ("", "false", "0")


def _bar(total: int) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), "specs", TimeRemainingColumn())
    # drawn when it is told to: a thread of its own would not survive a fork; and what goes to standard output stays
    # there: rich would print it above the bar, into the terminal
    bar = Progress(
        *columns,
        console=Console(stderr=True),
        transient=True,
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    bar.start()
    bar.add_task("", total=total)
    return bar
