"""`rnncalc report`: the batch report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from rnncalc.cli.candidates import files
from rnncalc.cli.options import FORMATS, Said, framework_option, output_options
from rnncalc.cli.project import project_option

if TYPE_CHECKING:
    from rnncalc.batch.discover import Search
    from rnncalc.batch.rows import Filter, Row

FORMS = (*FORMATS, "jsonl", "html")


def _order(text: str) -> Any:
    from rnncalc.batch.rows import order

    return order(text)


def _where(text: str) -> Any:
    from rnncalc.batch.rows import where

    return where(text)


@click.command("report")
@click.argument("paths", nargs=-1, metavar="[PATH...]", shell_complete=files)
@click.option("--sort", "orders", multiple=True, type=Said("key", _order), help="Such as params, or -params, or path.")
@click.option(
    "--filter",
    "filters",
    multiple=True,
    type=Said("condition", _where),
    help="Such as 'params>100k', framework=keras, budget=broken, or a pattern for names. All must hold.",
)
@project_option
@framework_option
@partial(output_options, formats=FORMS)
def command(
    paths: tuple[str, ...],
    orders: Sequence[tuple[str, bool]],
    filters: Sequence[Filter],
    framework: str | None,
    form: Any,
    output: Any,
    quiet: bool,
    color: str,
) -> int:
    """Show one row a model over files, folders and patterns, or over what the project file includes.

    PATH is a file, a folder, a pattern such as 'configs/**/*.yaml', or - for standard input. What .gitignore and
    .rnncalcignore name is left out, unless it is a PATH itself.
    """
    from rnncalc.batch import rows as batch
    from rnncalc.batch.discover import Search
    from rnncalc.cli.batch import gate, named, scope, tell_all
    from rnncalc.cli.output import output as make
    from rnncalc.render import batch as pieces
    from rnncalc.render import detail, streams

    out = make(form, output, quiet, color, FORMS)
    meant = scope(paths or None)
    keep = batch.keep(filters, detail(out.form), gate().limits)
    search: Search[Row | None] = Search(meant.paths, keep, *named(framework), shared=True, excludes=meant.excludes)
    search.problems.extend(meant.problems)
    counted = _Counted()
    scrolls = streams(out.form) and not orders and out.to_terminal  # which shows how far it is, and would break a bar
    rows = counted.rows(_watched(search, quiet or scrolls), lambda: out.keep([*search.files, *meant.files]))
    out.pieces(pieces(out.form, batch.ordered(rows, orders) if orders else rows, search.problems, out.color, out.width))
    tell_all(out, search.notes, search.problems)
    if not counted.models and not search.problems:
        raise click.UsageError("there is no spec here: nothing to do")
    if not counted.shown and counted.models:
        out.note(f"none of {counted.models:,} models is as --filter asks")
    return 2 if search.problems else 0


class _Counted:
    """How many models there were, and how many of them are shown."""

    models = shown = 0

    def rows(self, found: Iterator[Row | None], end: Callable[[], None]) -> Iterator[Row]:
        """Those that pass the filters; `end` is called behind the last."""
        for row in found:
            self.models += 1
            if row is not None:
                self.shown += 1
                yield row
        end()


def _watched(search: Search[Any], quiet: bool) -> Iterator[Any]:
    from rnncalc.cli.progress import watched

    return watched(search, quiet)
