"""`rnncalc compare`: the same model as each framework stores it."""

from __future__ import annotations

from typing import Any

import click
from click.core import ParameterSource

from rnncalc.cli.candidates import cells_or_files
from rnncalc.cli.options import framework_option, output_options
from rnncalc.cli.project import defaults
from rnncalc.cli.target import TargetCommand, targets


@click.command("compare", cls=TargetCommand)
@click.argument("targets", nargs=-1, required=True, metavar="CELL|SPEC...", shell_complete=cells_or_files)
@framework_option
@output_options
def command(**given: Any) -> int:
    """Show the same model as each framework stores it, and why the counts differ.

    A cell takes the flags of its own command. Differences are to --framework, or else to the model's own.
    """
    from rnncalc.batch.discover import models
    from rnncalc.cli.batch import close
    from rnncalc.cli.output import output as make
    from rnncalc.compare import Comparisons, compare

    out = make(*(given.pop(name) for name in ("form", "output", "quiet", "color")))
    paths, framework = given.pop("targets"), given.pop("framework")
    context = click.get_current_context()
    if context.meta.get("cell"):
        # papers have every option of a cell, so that what a framework lacks is said in its row
        found, against = targets(paths, "paper", given, {}, out), framework or defaults().framework
    else:
        # a spec is read in its own words, and then compared
        found = models(paths, default=defaults(framework))
        out.keep(found.files)
        asked = context.get_parameter_source("framework") == ParameterSource.COMMANDLINE
        against = framework if asked else None
    comparisons = Comparisons(tuple(compare(model, against) for model in found.models), tuple(found.problems))
    out.write("comparisons", comparisons)
    close(out, found, found.problems)
    return 2 if found.problems else 0
