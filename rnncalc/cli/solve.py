"""`rnncalc solve`: the largest size that fits."""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm
from typing import TYPE_CHECKING, Any

import click

from rnncalc.cell import Cell
from rnncalc.cli.candidates import cells_or_files
from rnncalc.cli.cell import flag
from rnncalc.cli.options import SIZE, Span, framework_option, limit_options, output_options, set_option, usage
from rnncalc.cli.target import TargetCommand, targets
from rnncalc.errors import SpecError, listed
from rnncalc.report import METRICS

if TYPE_CHECKING:
    from rnncalc.sizing.solve import Place
    from rnncalc.spec.settings import Setting


@click.command("solve", cls=TargetCommand)
@click.argument("targets", nargs=-1, required=True, metavar="CELL|SPEC", shell_complete=cells_or_files)
@limit_options
@click.option("--multiple-of", type=SIZE, default=1, help="Only multiples of this size.")
@click.option("--range", "span", type=Span(), metavar="LOW:HIGH[:STEP]", help="Only sizes of this range.")
@set_option
@framework_option
@output_options
def command(**given: Any) -> int:
    """Find the largest size that keeps every limit.

    \b
    rnncalc solve lstm --input-depth 10 --max-params 100k
    rnncalc solve SPEC --set encoder.units=? --max-weight-bytes 2MiB --multiple-of 8

    A cell takes the flags of its own command: the size that is not given is solved for. In a spec, `?` marks it.
    """
    from rnncalc.cli.batch import close, only
    from rnncalc.cli.output import output as make
    from rnncalc.sizing.solve import solve
    from rnncalc.spec.settings import OPEN, open_sizes

    out = make(*(given.pop(name) for name in ("form", "output", "quiet", "color")))
    paths, framework, settings = given.pop("targets"), given.pop("framework"), given.pop("settings")
    multiple, span = given.pop("multiple_of"), given.pop("span")
    limits = [(layer, metric, limit) for metric in METRICS for layer, limit in given.pop(metric)]
    if not limits:
        raise click.UsageError("no limit is given, such as --max-params 100k")
    unknown: Sequence[Setting] = [each for each in settings if each.value == OPEN]
    cell: Cell | None = click.get_current_context().meta.get("cell")
    places: list[Place] = [_open_size(cell, given)] if cell else []
    known = {"settings": tuple(each for each in settings if each.value != OPEN)}
    found = targets(paths, framework, {**given, **known}, {}, out)
    if found.problems:
        close(out, found, found.problems)
        return 2
    model = only(found)
    places += open_sizes(model, unknown)
    if not places:
        raise click.UsageError("no size is open; write --set LAYER.KEY=?")
    try:
        out.write("solution", solve(model, places, limits, multiple, span))
    except SpecError as error:
        raise usage(error) from None
    close(out, found, found.problems)
    return 0


def _open_size(cell: Cell, given: dict[str, Any]) -> Place:
    """The size of a cell that is not given; in its place stands one that every other one divides and stays below."""
    names = ("input_depth", *cell.sizes)
    missing = [name for name in names if given.get(name) is None]
    if not missing:
        raise click.UsageError(f"every size of {cell.name} is given; leave out the one to solve for")
    if len(missing) > 1:
        raise click.UsageError(f"{listed([flag(name) for name in missing])} are open; give all but one")
    options = {**cell.options, **{key: value for key, value in given.items() if value is not None}}
    sizes = [options.get(name) for name in (*names, *cell.kinds)]
    given[missing[0]] = 2 * lcm(*(size for size in sizes if type(size) is int))
    return ("input", "depth") if missing[0] == "input_depth" else (cell.name, missing[0])
