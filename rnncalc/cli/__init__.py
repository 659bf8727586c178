"""The command line: a command parses, makes one call into the library, renders, and sets the exit status.

Each command is a file here, imported when it is used; every cell of the catalogue is a command too.
"""

from __future__ import annotations

import gc

gc.disable()  # a command is over before a collection would pay; the imports alone would cause several

import os  # noqa: E402
import sys  # noqa: E402
from contextlib import suppress  # noqa: E402
from importlib import import_module  # noqa: E402
from typing import Any  # noqa: E402

import click  # noqa: E402

from rnncalc.cell import recurrent  # noqa: E402
from rnncalc.cli.options import Help  # noqa: E402

COMMANDS = (
    "count",
    "report",
    "check",
    "diff",
    "compare",
    "verify",
    "explain",
    "solve",
    "sweep",
    "identify",
    "cells",
    "layers",
    "frameworks",
    "schema",
    "init",
    "completion",
)
BAD, INTERRUPTED, CLOSED_PIPE = 2, 130, 141

EXAMPLES = """\b
Examples:
  rnncalc lstm --input-depth 10 --units 128           an LSTM's 71,168 parameters, tensor by tensor
  rnncalc explain lstm --input-depth 10 --units 128   why they are so many
  rnncalc gru --input-depth 40 --units 64 -F pytorch  another cell and framework
  rnncalc count configs/keyword-spotter.yaml          a whole model, layer by layer
  rnncalc report configs/                             a row for each model of a folder
  rnncalc check configs/ --max-params 500k            exit 1 where a model grew too large
  rnncalc verify lstm --input-depth 10 --units 128    the forward pass against the formula
"""


class Commands(Help, click.Group):
    """The commands, each loaded when it is called; a cell's command is made from its step function."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The cells, then the commands."""
        return [*recurrent(), *COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if cmd_name in COMMANDS:
            found: click.Command = import_module(f"rnncalc.cli.{cmd_name}").command
            return found
        from rnncalc.cell import find
        from rnncalc.cli.cell import cell_command

        cell = find(cmd_name)
        return cell_command(cell) if cell and cell.states and not cell.rank else None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """The command that the first argument names; a typo is told."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            from rnncalc.errors import named, suggest

            hint = suggest(args[0], self.list_commands(ctx))
            raise click.UsageError(f"there is no command {named(args[0])}{hint}", ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands in the help, the cells apart."""
        loaded = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        for title, wanted in (("Cells", recurrent()), ("Commands", COMMANDS)):
            with formatter.section(title):
                rows = [(name, command.get_short_help_str(160)) for name in wanted if (command := loaded[name])]
                formatter.write_dl(rows)


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from rnncalc import __version__

        click.echo(f"rnncalc {__version__}")
        ctx.exit()


@click.group(
    cls=Commands,
    invoke_without_command=True,
    epilog=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """How many parameters does a recurrent model have, why, and does it still fit the budget?"""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def run() -> int:
    """Run the command that was asked for; click's own main would end with 1 where a pipe is closed."""
    if "_RNNCALC_COMPLETE" in os.environ:  # a shell asks how a word goes on
        cli.main(prog_name="rnncalc")
    try:
        with cli.make_context("rnncalc", sys.argv[1:]) as context:
            status = cli.invoke(context)
    except click.exceptions.Exit as left:
        status = left.exit_code
    if sys.stdout is not None:
        sys.stdout.flush()
    return status if isinstance(status, int) else 0


def main() -> None:
    """The entry point: turns whatever a user can cause into a message and an exit status."""
    try:
        status = _guarded()
    except BrokenPipeError:
        status = CLOSED_PIPE
        _silence()
    sys.exit(status)


def _guarded() -> int:
    from io import StringIO

    try:
        return run()
    except click.ClickException as error:
        if isinstance(error, click.BadParameter) and error.param and not error.param_hint:
            typed = {arg.partition("=")[0] for arg in sys.argv}
            error.param_hint = [each for each in error.param.opts if each in typed] or None
        message = StringIO()
        error.show(message)
        _tell(message.getvalue().expandtabs(2))  # click lists choices behind tabs
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except OSError as error:
        _tell(f"Error: {f'{error.filename}: ' if error.filename else ''}{error.strerror or error}")
        _silence()
    return BAD


def _tell(text: str) -> None:
    from rnncalc.cli.output import tell

    tell(text)


def _silence() -> None:
    """Give what is left in a buffer to nobody; Python would complain at its exit that it cannot be written."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError):  # None, or no file
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
