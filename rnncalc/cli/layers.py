"""`rnncalc layers`: what stands around the recurrent cells."""

from __future__ import annotations

from typing import Any

import click

from rnncalc.cli.options import output_options


@click.command("layers")
@output_options
def command(form: Any, output: Any, quiet: bool, color: str) -> int:
    """List the layers around the cells: their options, and who has them."""
    from rnncalc.catalogue import layers
    from rnncalc.cli.output import output as make

    make(form, output, quiet, color).write("listing", layers())
    return 0
