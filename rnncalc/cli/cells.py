"""`rnncalc cells`: the catalogue."""

from __future__ import annotations

from typing import Any

import click

from rnncalc.cell import recurrent
from rnncalc.cli.candidates import cells
from rnncalc.cli.options import output_options
from rnncalc.errors import named, suggest


@click.command("cells")
@click.argument("chosen", nargs=-1, metavar="[CELL]...", shell_complete=cells)
@output_options
def command(chosen: tuple[str, ...], form: Any, output: Any, quiet: bool, color: str) -> int:
    """List the cells: their equations, options and parameters, and who has them."""
    from rnncalc.catalogue import cells
    from rnncalc.cli.output import output as make

    known = recurrent()
    for name in chosen:
        if name not in known:
            raise click.UsageError(f"there is no cell {named(name)}{suggest(name, known)}")
    make(form, output, quiet, color).write("listing", cells(chosen))
    return 0
