"""What commands over specs share: the models that are meant, and what is said of the rest at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from rnncalc.cli.output import Output, tell
from rnncalc.cli.project import defaults, project
from rnncalc.errors import Problem, SpecError, counted
from rnncalc.plan import DEFAULTS, Defaults
from rnncalc.record import Record

if TYPE_CHECKING:
    from rnncalc.batch.discover import Found
    from rnncalc.gate.judge import Gate
    from rnncalc.gate.limits import Limit
    from rnncalc.network import Model
    from rnncalc.spec.settings import Setting


class Scope(Record):
    """The paths that are meant, which files in them are not, and what is wrong with the project file."""

    paths: Sequence[str]
    excludes: Callable[[str], bool] | None
    problems: tuple[Problem, ...]
    files: tuple[str, ...]


def scope(paths: Sequence[str] | None) -> Scope:
    """These paths, or where none are given what the project file includes.

    Raises:
        click.UsageError: there is neither.
    """
    try:
        there = project()
    except SpecError as error:
        return Scope((), None, error.problems, ())
    if there is None:
        if paths is None:
            raise click.UsageError("no PATH is given, and there is no project file rnncalc.yaml here or above")
        return Scope(paths, None, (), ())
    paths = [there.inside(path) for path in there.include] if paths is None else paths
    return Scope(paths, there.excludes, (), (there.path,))


def specs(
    paths: Sequence[str] | None,
    framework: str | None,
    out: Output,
    settings: Sequence[Setting] = (),
) -> Found:
    """Every model of these paths, or of the project's where none are given, with what --set changes in them.

    Raises:
        click.UsageError: there are no paths, or the output would replace a file that was read.
    """
    from rnncalc.batch.discover import Found, models
    from rnncalc.spec.settings import Settings

    meant = scope(paths)
    if meant.problems:
        return Found([], list(meant.problems), [], [])
    found = models(meant.paths, *named(framework), Settings(settings) if settings else None, meant.excludes)
    out.keep([*found.files, *meant.files])
    return found


def named(framework: str | None) -> tuple[str | None, Defaults]:
    """The framework that overrides the specs' own, and what stands where they say nothing."""
    source = click.get_current_context().get_parameter_source("framework")
    asked = source != ParameterSource.ENVIRONMENT  # which is a default, not an order
    try:
        known = defaults(None if asked else framework)
    except click.UsageError:  # the project file is bad, and that is told with the specs
        known = DEFAULTS
    return framework if asked else None, known


def gate(flags: Sequence[Limit] = ()) -> Gate:
    """What the models are held to."""
    from rnncalc.gate.judge import Gate

    try:
        return Gate(project(), flags)
    except SpecError:  # it is told with the specs
        return Gate(None, flags)


def only(found: Found) -> Model:
    """The one model that there is.

    Raises:
        click.UsageError: there is none, or there are several.
    """
    if len(found.models) != 1:
        there = counted(len(found.models), "model") if found.models else "no spec"
        raise click.UsageError(f"one model at a time; there {'is' if not found.models else 'are'} {there}")
    return found.models[0]


def close(out: Output, found: Found, problems: Sequence[Problem], nothing: str = "there is no spec here") -> None:
    """Notes and errors.

    Raises:
        click.UsageError: there was nothing to do.
    """
    tell_all(out, found.notes, problems)
    if not found.models and not problems:
        raise click.UsageError(f"{nothing}: nothing to do")


def tell_all(out: Output, notes: Sequence[str], problems: Sequence[Problem]) -> None:
    """What is said at the end."""
    for note in notes:
        out.note(note)
    for problem in problems:
        tell(f"error: {problem}")
