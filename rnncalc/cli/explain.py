"""`rnncalc explain`: why a model has so many parameters."""

from __future__ import annotations

from typing import Any

import click

from rnncalc.cli.candidates import cells_or_files
from rnncalc.cli.options import FRAMEWORK, framework_option, output_options, set_option, usage
from rnncalc.cli.target import TargetCommand, targets
from rnncalc.errors import SpecError, listed
from rnncalc.render.explain import FIGURES, FORMATS

SIZES = {"input_depth": 10, "units": 128}
UNDRAWN = ("svg",)
DIFFERENCES = tuple(form for form in FORMATS if form not in UNDRAWN)


@click.command("explain", cls=TargetCommand)
@click.argument("targets", nargs=-1, required=True, metavar="CELL|SPEC...", shell_complete=cells_or_files)
@click.option("--ascii", "plain", is_flag=True, help="Only the characters that every terminal has.")
@click.option("--diff", nargs=2, type=FRAMEWORK, metavar="A B", help="Why two frameworks differ, piece by piece.")
@click.option("--figure", type=click.Choice(FIGURES), help="Only this picture, with -f svg.")
@set_option
@framework_option
@lambda function: output_options(function, FORMATS)
def command(**given: Any) -> int:
    """Explain why a model has so many parameters: in words, equations and pictures.

    A cell takes the flags of its own command; without sizes it is explained with 128 units on 10 inputs.
    """
    from rnncalc.cli.batch import close
    from rnncalc.cli.output import output as make
    from rnncalc.network import others
    from rnncalc.render.explain import render
    from rnncalc.why.explain import explain
    from rnncalc.why.pieces import differ
    from rnncalc.why.told import Explanations

    out = make(given.pop("form"), given.pop("output"), given.pop("quiet"), given.pop("color"), FORMATS)
    plain, diff, only = given.pop("plain"), given.pop("diff"), given.pop("figure")
    paths, framework = given.pop("targets"), given.pop("framework")
    if diff and out.form in UNDRAWN:
        raise click.UsageError(f"--diff has no pictures for {out.form}; it has {listed(DIFFERENCES)}")
    if only and out.form != "svg":
        raise click.UsageError("--figure is a picture: it needs -f svg, or an --output that ends in .svg")
    cell = click.get_current_context().meta.get("cell")
    found = targets(paths, framework or (diff[0] if diff and cell else None), given, SIZES, out)
    records: list[Any] = []
    problems = list(found.problems)
    for model in found.models:
        if not diff:
            records.append(explain(model, others(model)))
            continue
        try:
            records.append(differ(model, *diff))
        except SpecError as error:
            if cell:
                raise usage(error) from None
            problems += [model.locate(problem) for problem in error.problems]
    if out.form == "json":
        out.write("explanations", Explanations(tuple(records), tuple(problems)) if not cell else records[0])
    elif records:
        look = {"color": out.color, "width": out.width, "ascii": plain, "only": only or ""}
        out.text(render(out.form, records, **look))
    close(out, found, problems)
    return 2 if problems else 0
