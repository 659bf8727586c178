"""`rnncalc identify`: what has so many parameters."""

from __future__ import annotations

from typing import Any

import click

from rnncalc import layouts
from rnncalc.cell import recurrent
from rnncalc.cli.options import FRAMEWORK, SIZE, Span, output_options
from rnncalc.errors import among, named

SHOWN = 20


class Bound(Span):
    """A size, or a range of sizes."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> range:
        """The value as a range, or a message that says what to write."""
        if isinstance(value, str) and ":" in value:
            return super().convert(value, param, ctx)
        one: int = SIZE.convert(value, param, ctx)
        return range(one, one + 1)


def _cells(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    for name in value:
        if name not in recurrent():
            raise click.BadParameter(f"there is no cell {named(name)}{among(name, recurrent())}", ctx, param)
    return value


@click.command("identify")
@click.argument("total", type=SIZE)
@click.option(
    "--cell",
    "cells",
    metavar="CELL",
    multiple=True,
    callback=_cells,
    help="Only this cell; may be given several times.",
)
@click.option("--input-depth", type=Bound(), help="Length of the input vector, or a range: 1:512.")
@click.option("--units", type=Bound(), help="Length of the state, or a range.")
@click.option("--num-layers", type=Bound(), help="Layers of the stack, or a range; up to 4 where it is not given.")
@click.option("--bidirectional/--no-bidirectional", default=None, help="Only with, or only without, two directions.")
@click.option(
    "-F",
    "--framework",
    "frameworks",
    multiple=True,
    type=FRAMEWORK,
    help="Only this framework; may be given several times.",
)
@click.option("--all", "every", is_flag=True, help=f"Show every match, not the plainest {SHOWN} alone.")
@output_options
def command(
    total: int,
    cells: tuple[str, ...],
    input_depth: range | None,
    units: range | None,
    num_layers: range | None,
    bidirectional: bool | None,
    frameworks: tuple[str, ...],
    every: bool,
    form: Any,
    output: Any,
    quiet: bool,
    color: str,
) -> int:
    """Find the layers and stacks that have exactly TOTAL parameters, the plainest first.

    \b
    rnncalc identify 71168
    rnncalc identify 71168 --input-depth 10
    rnncalc identify 1.2M --cell gru --units 64:512 -F pytorch

    All are found within the bounds that are named at the end; JSON and CSV have them all.
    """
    from rnncalc.cli.output import output as make
    from rnncalc.sizing.identify import Bounds, identify

    out = make(form, output, quiet, color)
    spans = {"units": units, "input_depth": input_depth, "num_layers": num_layers}
    bounds = Bounds(
        cells or recurrent(),
        tuple(dict.fromkeys(frameworks)) or layouts.NAMES,
        directions=(False, True) if bidirectional is None else (bidirectional,),
        **{key: span for key, span in spans.items() if span is not None},
    )
    found = identify(total, bounds)
    out.write("identified", found, SHOWN if out.form in ("table", "markdown") and not every else None)
    return 0
