"""What commands over specs share: the models that are meant, and what is said of the rest at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from rnncalc import layouts
from rnncalc.cli.output import Output, tell
from rnncalc.errors import Problem
from rnncalc.plan import DEFAULTS, Defaults

if TYPE_CHECKING:
    from rnncalc.discover import Found
    from rnncalc.settings import Setting


def specs(paths: Sequence[str], framework: str | None, out: Output, settings: Sequence[Setting] = ()) -> Found:
    """Every model of these paths, with what --set changes in them.

    Raises:
        click.UsageError: the output would replace one of the specs.
    """
    from rnncalc.discover import models
    from rnncalc.settings import Settings

    found = models(paths, *named(framework), Settings(settings) if settings else None)
    out.keep(found.files)
    return found


def named(framework: str | None) -> tuple[str | None, Defaults]:
    """The framework that overrides the specs' own, and the one that stands where they have none."""
    source = click.get_current_context().get_parameter_source("framework")
    if source == ParameterSource.ENVIRONMENT:  # a default, not an order
        return None, Defaults(framework or layouts.DEFAULT)
    return framework, DEFAULTS


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
