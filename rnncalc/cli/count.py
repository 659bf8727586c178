"""`rnncalc count`: every model of the specs, layer by layer and tensor by tensor."""

from __future__ import annotations

from typing import Any

import click

from rnncalc.cli.options import framework_option, output_options


@click.command("count")
@click.argument("paths", nargs=-1, required=True, metavar="SPEC...")
@framework_option
@output_options
def command(paths: tuple[str, ...], framework: str | None, form: Any, output: Any, quiet: bool, color: str) -> int:
    """Count every model of the specs, layer by layer and tensor by tensor.

    SPEC is a file, a folder, a pattern, or - for standard input.
    """
    from rnncalc.cli.batch import close, specs
    from rnncalc.cli.output import output as make
    from rnncalc.network import others

    out = make(form, output, quiet, color)
    found = specs(paths, framework, out)
    shown = out.form in ("table", "markdown")
    out.write(
        "count",
        [model.report() for model in found.models],
        [others(model) if shown else [] for model in found.models],
        found.problems,
    )
    close(out, found, found.problems)
    return 2 if found.problems else 0
