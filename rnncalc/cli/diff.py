"""`rnncalc diff`: what changed between two specs or folders, or since a git revision."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import click

from rnncalc.cli.candidates import files
from rnncalc.cli.options import framework_option, output_options, set_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rnncalc.batch.discover import Found
    from rnncalc.changes.sides import Side
    from rnncalc.cli.output import Output

MARKER = "rnncalc-diff"


@click.command("diff")
@click.argument("paths", nargs=-1, metavar="OLD NEW | PATH...", shell_complete=files)
@click.option("--against", metavar="REV", help="Compare with what the paths held at this git revision.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 where there is a difference.")
@click.option("--marker", metavar="ID", help="A name for the comment that Markdown is for, if there are several.")
@set_option
@framework_option
@output_options
def command(
    paths: tuple[str, ...],
    against: str | None,
    exit_code: bool,
    marker: str | None,
    settings: tuple[Any, ...],
    framework: str | None,
    form: Any,
    output: Any,
    quiet: bool,
    color: str,
) -> int:
    """Show what changed between two specs or folders, or since a git revision, and why.

    \b
    rnncalc diff old.yaml new.yaml
    rnncalc diff configs --against origin/main
    rnncalc diff spec.yaml spec.yaml --set encoder.units=160

    With --against, no PATH means the models that the project file includes. --set changes the new side. In Markdown,
    the first line is a hidden `<!-- rnncalc-diff -->`, by which a bot finds its comment again. Where nothing changed
    there is no output.
    """
    from rnncalc.changes.diff import difference
    from rnncalc.cli.batch import scope
    from rnncalc.cli.output import output as make
    from rnncalc.cli.output import tell
    from rnncalc.errors import counted

    if marker is not None and not re.fullmatch(r"[A-Za-z0-9_.]+(-[A-Za-z0-9_.]+)*", marker):
        raise click.BadParameter("a marker is of letters, digits, dots and single dashes", param_hint="--marker")
    if against is None and len(paths) != 2:
        raise click.UsageError("give OLD and NEW, or --against REV to compare with a git revision")
    out = make(form, output, quiet, color)
    if against is None:
        old, new = _specs(paths[0], framework, out), _specs(paths[1], framework, out, settings)
    else:
        old, new = _since(against, paths or tuple(scope(None).paths), framework, out, settings)
    if not (old.models or new.models or old.problems or new.problems):
        raise click.UsageError("there is no spec on either side: nothing to do")
    found = difference(old, new)
    out.write("difference", found, f"{MARKER}-{marker}" if marker else MARKER)
    for problem in found.problems:
        tell(f"error: {problem}")
    if found.empty and (found.unchanged or not found.problems):
        out.note(f"nothing changed in {counted(found.unchanged, 'model')}")
    return 2 if found.problems else int(exit_code and not found.empty)


def _specs(path: str, framework: str | None, out: Output, settings: tuple[Any, ...] = ()) -> Side:
    from rnncalc.changes.sides import side, within
    from rnncalc.cli.batch import gate, specs

    found = specs([path], framework, out, settings)
    for note in found.notes:
        out.note(note)
    return side(path, found.models, found.problems, within(path), gate().limits)


def _since(
    revision: str, paths: tuple[str, ...], framework: str | None, out: Output, settings: tuple[Any, ...]
) -> tuple[Side, Side]:
    """The paths at a revision, and as they are now; one that either side lacks was removed, or is new."""
    from glob import has_magic

    from rnncalc.batch.files import UNMATCHED
    from rnncalc.changes.revision import RevisionError, checked_out
    from rnncalc.changes.sides import side
    from rnncalc.cli.batch import gate, specs
    from rnncalc.cli.project import NAME, another
    from rnncalc.spec.text import LARGEST_FILE

    if "-" in paths:
        raise click.UsageError("standard input has no revisions; give files, folders or patterns")
    try:
        with checked_out(paths, revision, LARGEST_FILE, NAME) as tree, another(tree.beside):
            there = [path for path in tree.paths if has_magic(path) or os.path.lexists(path)]
            found = specs(there, framework, out)
            old_limits = gate().limits
            for model in found.models:
                model.plan = model.plan._replace(source=tree.asked(model.plan.source or ""))
    except RevisionError as error:
        raise click.UsageError(str(error)) from None
    problems = [problem._replace(path=problem.path and tree.asked(problem.path)) for problem in found.problems]
    now = _now(paths, there, tree.paths, framework, out, settings)
    unmatched = {problem.path for problem in problems if problem.message == UNMATCHED}
    unmatched ^= {problem.path for problem in now.problems if problem.message == UNMATCHED}
    problems, current = (
        [problem for problem in each if problem.message != UNMATCHED or problem.path not in unmatched]
        for each in (problems, now.problems)
    )
    old = side(revision, found.models, [*problems, *tree.problems], str, old_limits)
    told = [each._replace(path=each.path and f"{revision}:{each.path}") for each in old.problems]
    return old._replace(problems=told), side("the working tree", now.models, current, str, gate().limits)


def _now(
    paths: Sequence[str],
    there: Sequence[str],
    inside: Sequence[str],
    framework: str | None,
    out: Output,
    settings: tuple[Any, ...],
) -> Found:
    """The paths as they are now; one that is not here, but was `there`, is gone."""
    from glob import has_magic

    from rnncalc.cli.batch import specs

    here = [path for path, old in zip(paths, inside) if has_magic(path) or os.path.lexists(path) or old not in there]
    found = specs(here, framework, out, settings)
    for note in found.notes:
        out.note(note)
    return found
