"""`rnncalc report`: the batch report."""

from __future__ import annotations

from typing import Any

import click

from rnncalc.cli.options import framework_option, output_options


@click.command("report")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@framework_option
@output_options
def command(paths: tuple[str, ...], framework: str | None, form: Any, output: Any, quiet: bool, color: str) -> int:
    """One row a model over files, folders and patterns.

    PATH is a file, a folder, a pattern such as 'configs/**/*.yaml', or - for standard input.
    """
    from rnncalc.budget import state
    from rnncalc.cli.batch import close, specs
    from rnncalc.cli.output import output as make

    out = make(form, output, quiet, color)
    found = specs(paths, framework, out)
    reports = [model.report() for model in found.models]
    states = [] if out.form == "json" else [state(model) for model in found.models]
    out.write("batch", reports, states, found.problems)
    close(out, found, found.problems)
    return 2 if found.problems else 0
