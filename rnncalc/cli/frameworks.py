"""`rnncalc frameworks`: whose conventions there are."""

from __future__ import annotations

from typing import Any

import click

from rnncalc.cli.options import output_options


@click.command("frameworks")
@output_options
def command(form: Any, output: Any, quiet: bool, color: str) -> int:
    """List the frameworks: their classes, their biases, and their words for the sizes."""
    from rnncalc.catalogue import frameworks
    from rnncalc.cli.output import output as make

    make(form, output, quiet, color).write("listing", frameworks())
    return 0
