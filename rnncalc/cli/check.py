"""`rnncalc check`: the gate for continuous integration."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from rnncalc.cli.candidates import files
from rnncalc.cli.gate import Asked, gate_options
from rnncalc.cli.options import (
    CHECK_FORMATS,
    framework_option,
    limit_flag,
    limit_options,
    output_options,
    set_option,
)
from rnncalc.cli.project import project_option
from rnncalc.report import METRICS


@click.command("check")
@click.argument("paths", nargs=-1, metavar="[PATH...]", shell_complete=files)
@limit_options
@set_option
@gate_options
@project_option
@framework_option
@click.option("--summary", metavar="FILE", help="Add a page in Markdown to FILE, such as $GITHUB_STEP_SUMMARY.")
@partial(output_options, formats=CHECK_FORMATS)
def command(
    paths: tuple[str, ...],
    settings: tuple[Any, ...],
    framework: str | None,
    summary: str | None,
    baseline: str | None,
    update: bool,
    tighten: bool,
    shares: Any,
    floors: Any,
    form: Any,
    output: Any,
    quiet: bool,
    color: str,
    **limits: Any,
) -> int:
    """Check every model against its `budget` and `expect`, the project's limits, and those given here.

    Without a PATH, the models that the project file includes. Exit status 1 where a limit is broken, 2 where something
    could not be checked.

    With a baseline, growth over it is limited too: in params to 5 % and 1,000, whichever is more, where nothing else is
    said.
    """
    from rnncalc.cli.batch import close, specs
    from rnncalc.cli.gate import gate, tell, write
    from rnncalc.cli.output import append, repository
    from rnncalc.cli.output import output as make
    from rnncalc.errors import Problem
    from rnncalc.gate.budget import Verdict
    from rnncalc.gate.limits import Limit, matching, unmatched
    from rnncalc.render import render

    out = make(form, output, quiet, color, CHECK_FORMATS)
    found = specs(paths or None, framework, out, settings)
    extra = [Limit(layer, metric, limit) for metric in METRICS for layer, limit in limits[metric]]
    checks, problems = [], list(found.problems)
    asked = Asked(baseline, update, tighten, shares, floors)
    if asked.writes and settings:
        raise click.UsageError("--set asks what if; a baseline is of what is")
    judge = gate(asked, extra, found.models, problems)
    if asked.writes:
        judge = write(judge, asked, found, paths, out, problems)
    for model in found.models:
        kept, unknown = judge.check(model)
        checks += kept
        problems += unknown
    layers = {layer.plan.name for model in found.models for layer in model.layers}
    for each in extra if found.models else ():
        if each.layer and not matching(each.layer, layers):
            problems.append(Problem(f"{limit_flag(each.metric)} {each.layer}=...: {unmatched(each.layer, layers)}"))
    problems += judge.unused(found.models) if not paths and not found.problems else []
    verdict = Verdict(tuple(checks), tuple(problems))
    out.write("checks", verdict)
    if summary:
        append(summary, render("summary", "checks", verdict, root=repository()))
    tell(judge, found, paths, out)
    close(out, found, problems)
    if not checks and not problems:
        raise click.UsageError("no model has a budget; give it `budget:`, or --max-params: nothing to check")
    return 2 if problems else 0 if verdict.passed else 1
