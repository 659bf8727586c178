"""`rnncalc count`: every model of the specs, layer by layer and tensor by tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rnncalc.cli.candidates import files
from rnncalc.cli.options import framework_option, optimizer_option, output_options, set_option
from rnncalc.cli.project import project_option

if TYPE_CHECKING:
    from rnncalc.network import Model
    from rnncalc.report import ModelReport


@click.command("count")
@click.argument("paths", nargs=-1, required=True, metavar="SPEC...", shell_complete=files)
@set_option
@optimizer_option
@project_option
@framework_option
@output_options
def command(
    paths: tuple[str, ...],
    settings: tuple[Any, ...],
    optimizer: str | None,
    framework: str | None,
    form: Any,
    output: Any,
    quiet: bool,
    color: str,
) -> int:
    """Count every model of the specs, layer by layer and tensor by tensor.

    SPEC is a file, a folder, a pattern, or - for standard input.
    """
    from rnncalc.cli.batch import close, specs
    from rnncalc.cli.output import output as make
    from rnncalc.network import others

    out = make(form, output, quiet, color)
    found = specs(paths, framework, out, settings)
    shown = out.form in ("table", "markdown")
    out.write(
        "count",
        [_report(model, optimizer) for model in found.models],
        [others(model) if shown else [] for model in found.models],
        found.problems,
    )
    close(out, found, found.problems)
    return 2 if found.problems else 0


def _report(model: Model, optimizer: str | None) -> ModelReport:
    report = model.report()
    return report._replace(training=model.training(optimizer)) if optimizer else report
