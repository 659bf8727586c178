"""The project file of a run, and the defaults that it sets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from rnncalc.cli.options import Decorated
from rnncalc.errors import SpecError
from rnncalc.plan import DEFAULTS, Defaults

if TYPE_CHECKING:
    from rnncalc.gate.project import Project

NAME = "rnncalc.yaml"
_GIVEN, _READ = "rnncalc.gate.project", "rnncalc.gate.project.read"


def project_option(function: Decorated) -> Decorated:
    """--project and --no-project."""

    def given(ctx: click.Context, param: click.Parameter, value: Any) -> None:
        if value:
            if _GIVEN in ctx.meta:
                raise click.UsageError("--project contradicts --no-project")
            ctx.meta[_GIVEN] = value if param.name == "project" else ""

    for option in (
        click.option("--no-project", is_flag=True, expose_value=False, callback=given, help="Without a project file."),
        click.option(
            "--project",
            metavar="FILE",
            expose_value=False,
            callback=given,
            help="The project file; else the nearest rnncalc.yaml, here or above.",
        ),
    ):
        function = option(function)
    return function


def find() -> str | None:
    """The project file here, or the next one above, no further than the root of a git repository."""
    try:
        here, folder = os.getcwd(), ""
    except OSError:  # the folder is gone
        return None
    while True:
        path = os.path.join(folder, NAME)
        if os.path.isfile(path):
            return path
        above = os.path.dirname(here)
        if above == here or os.path.exists(os.path.join(folder, ".git")):
            return None
        here, folder = above, os.path.join(folder, "..")


def _path() -> str | None:
    meta = click.get_current_context().meta
    return meta[_GIVEN] or None if _GIVEN in meta else find()


def project() -> Project | None:
    """The project of this run, read once; None where there is none.

    Raises:
        SpecError: its file is bad, or cannot be read.
    """
    meta = click.get_current_context().meta
    if _READ not in meta:
        path = _path()
        if path:
            from rnncalc.gate.project import load

            meta[_READ] = load(path)
    found: Project | None = meta.get(_READ)
    return found


@contextmanager
def another(path: str) -> Iterator[None]:
    """Meanwhile this is the project file; none where the path is empty."""
    meta = click.get_current_context().meta
    kept = {key: meta.pop(key) for key in (_GIVEN, _READ) if key in meta}
    meta[_GIVEN] = path
    try:
        yield
    finally:
        meta.pop(_READ, None)
        meta.pop(_GIVEN)
        meta.update(kept)


def defaults(framework: str | None = None) -> Defaults:
    """What stands where nothing is said: `framework`, as RNNCALC_FRAMEWORK has it, before the project's.

    Raises:
        click.UsageError: the project file is bad.
    """
    known = DEFAULTS
    path = _path()
    if path and _sets_defaults(path):
        try:
            found = project()
        except SpecError as error:
            raise click.UsageError("\n".join(str(problem) for problem in error.problems)) from None
        known = found.defaults if found else known
    return known._replace(framework=framework) if framework else known


def _sets_defaults(path: str) -> bool:
    """Whether a project file may: it is only then worth to load YAML for them."""
    try:
        with open(path, "rb") as file:
            data = file.read(2**24)
    except OSError:
        return True
    return b"framework" in data or b"dtype" in data
