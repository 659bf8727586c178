"""CELL|SPEC: a command that takes a cell with its flags, or specs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from rnncalc import layouts
from rnncalc.cell import Cell, find, recurrent
from rnncalc.cli.batch import specs
from rnncalc.cli.cell import CellCommand, cell_options
from rnncalc.cli.output import Output
from rnncalc.errors import named, suggest

if TYPE_CHECKING:
    from rnncalc.batch.discover import Found


FILES = ("-o", "--output")  # what follows is no cell


class TargetCommand(CellCommand):
    """Has a cell's flags as soon as an argument is the name of a cell."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Look for the cell before the flags are parsed."""
        cell = next((arg for arg, before in zip(args, ["", *args]) if arg in recurrent() and before not in FILES), None)
        if cell is not None:
            ctx.meta["cell"] = find(cell)
        elif args:  # a name that is wrong is told before the flags that it would have had
            files_or_cells(args[:1])
        return super().parse_args(ctx, self.completed(ctx, args))

    def completed(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The arguments as they are to be parsed."""
        return args

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The command's own parameters, and the cell's."""
        cell = ctx.meta.get("cell")
        return [*super().get_params(ctx), *(cell_options(cell) if cell else [])]


def meant(word: str) -> str:
    """`; did you mean ...?` for a cell in other letters, a framework's class, or a near word; else nothing."""
    if word.lower() in recurrent():
        return f"; did you mean `{word.lower()}`?"
    for framework in layouts.NAMES:
        for entry in layouts.find(framework).entries:
            if entry.name == word and entry.cell in recurrent():
                return f"; it is {framework}'s {entry.cell}: write `{entry.cell} -F {framework}`"
    return suggest(word, recurrent())


def files_or_cells(paths: Sequence[str]) -> None:
    """Raise a click.UsageError where one is meant for the name of a cell, and no file."""
    for path in paths:
        if not os.path.lexists(path) and (hint := meant(path)):
            raise click.UsageError(f"{named(path)} is neither a cell nor a file{hint}")


def targets(
    paths: tuple[str, ...], framework: str | None, given: dict[str, Any], defaults: dict[str, int], out: Output
) -> Found:
    """The models that are meant; a cell's sizes have defaults where a command can do without."""
    from rnncalc.batch.discover import Found
    from rnncalc.cli.cell import model_of

    cell: Cell | None = click.get_current_context().meta.get("cell")
    settings = given.pop("settings", ())
    if cell is None:
        files_or_cells(paths)
        return specs(paths, framework, out, settings)
    if settings:
        raise click.UsageError(f"--set changes a spec; {cell.name} has flags of its own, such as --units")
    if len(paths) > 1:
        other = next((path for path in paths if path != cell.name), cell.name)
        raise click.UsageError(f"{named(other)} stands beside the cell {cell.name}; give a cell or specs, not both")
    for name, value in defaults.items():
        if given.get(name) is None:
            given[name] = value
    return Found([model_of(cell, {**given, "framework": framework, "dtype": None})], [], [], [])
