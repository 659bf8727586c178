"""Options that commands share, and the types of their values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from rnncalc import layouts
from rnncalc.cli.candidates import files, limits, settings, starting
from rnncalc.errors import SpecError, among, listed, named, shown
from rnncalc.report import METRICS
from rnncalc.sizes import DTYPES, size, span, unit

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
VARIABLE = "RNNCALC_FRAMEWORK"
FORMATS = ("table", "json", "markdown", "csv")
CHECK_FORMATS = (*FORMATS, "github", "gitlab", "junit", "sarif")


class Help:
    """A command whose help option is ours: click translates the text of its own, and loads `locale` for that."""

    def get_help_option(self, ctx: click.Context) -> click.Option:
        """-h and --help."""

        def show(ctx: click.Context, _: click.Parameter, value: bool) -> None:
            if value and not ctx.resilient_parsing:
                click.echo(ctx.get_help(), color=ctx.color)
                ctx.exit()

        return click.Option(
            ["-h", "--help"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=show,
            help="Show this message and exit.",
        )


class Size(click.ParamType):  # type: ignore[type-arg]  # generic in new releases alone
    """A size such as 128 or 10k."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The value, or a message that says what to write."""
        try:
            return size(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Framework(click.ParamType):  # type: ignore[type-arg]  # generic in new releases alone
    """A framework's name or alias."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The value, or a message that says what to write."""
        if value in layouts.NAMES:
            return str(value)
        if value in layouts.ALIASES:
            return layouts.ALIASES[value]
        error = click.BadParameter(
            f"unknown framework {named(value)}{among(value, layouts.NAMES, layouts.ALIASES)}", ctx, param
        )
        if ctx and param and ctx.get_parameter_source(str(param.name)) == ParameterSource.ENVIRONMENT:
            error.param_hint = VARIABLE
        raise error

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The frameworks."""
        return starting(incomplete, layouts.NAMES)


class Format(click.ParamType):  # type: ignore[type-arg]  # generic in new releases alone
    """An output format."""

    name = "format"

    def __init__(self, formats: tuple[str, ...]) -> None:
        self.formats = formats

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The value, or a message that says what to write."""
        if value in self.formats:
            return str(value)
        if value in layouts.NAMES or value in layouts.ALIASES:
            self.fail(f"`{value}` is a framework; did you mean --framework {value} (-F)?", param, ctx)
        self.fail(f"unknown format {named(value)}{among(value, self.formats)}", param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The formats."""
        return starting(incomplete, self.formats)


class Limit(click.ParamType):  # type: ignore[type-arg]  # generic in new releases alone
    """A limit such as 450k or 2MiB, or one of a layer: `encoder=5k`."""

    name = "limit"

    def __init__(self, unit: str) -> None:
        self.unit = unit

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str | None, int]:
        """The value, or a message that says what to write."""
        layer, equals, limit = value.rpartition("=")
        if equals and not layer:
            self.fail("the name of a layer is missing before the `=`", param, ctx)
        try:
            return layer or None, size(limit, self.unit, least=0)
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The layers of the specs on the line."""
        return limits(incomplete)


class Fraction(click.ParamType):  # type: ignore[type-arg]  # generic in new releases alone
    """A number from 0 to 1."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The value, or a message that says what to write."""
        try:
            found = float(value)
        except ValueError:
            found = -1.0
        if not 0 <= found <= 1:
            self.fail(f"{shown(value)} is not a number from 0 to 1", param, ctx)
        return found


class Set(click.ParamType):  # type: ignore[type-arg]  # generic in new releases alone
    """A setting such as `encoder.units=160`."""

    name = "setting"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value, or a message that says what to write."""
        from rnncalc.spec.settings import setting

        try:
            return setting(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The layers of the specs on the line, and their keys."""
        return settings(incomplete)


class Span(click.ParamType):  # type: ignore[type-arg]  # generic in new releases alone
    """A range of sizes such as `32:1024:32`, its end included."""

    name = "range"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> range:
        """The value, or a message that says what to write."""
        try:
            return span(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Said(click.ParamType):  # type: ignore[type-arg]  # generic in new releases alone
    """What `reader` makes of a text; a ValueError of it says what to write."""

    def __init__(self, name: str, reader: Callable[[str], Any]) -> None:
        self.name, self.reader = name, reader

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value, or a message that says what to write."""
        try:
            return self.reader(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


SIZE = Size()
FRACTION = Fraction()
FRAMEWORK = Framework()


def framework_option(function: Decorated) -> Decorated:
    """-F/--framework, whose default is RNNCALC_FRAMEWORK."""
    return click.option(
        "-F",
        "--framework",
        type=FRAMEWORK,
        envvar=VARIABLE,
        help=f"{listed(layouts.NAMES, 'or')}.",
    )(function)


def limit_options(function: Decorated) -> Decorated:
    """--max-params and the like, one for each metric."""
    for metric in reversed(METRICS):
        told = f"Limit of {metric}, such as {'2MiB' if unit(metric) == 'bytes' else '450k'}, or LAYER=LIMIT."
        function = click.option(limit_flag(metric), metric, multiple=True, type=Limit(unit(metric)), help=told)(
            function
        )
    return function


def limit_flag(metric: str) -> str:
    """The flag that limits a metric."""
    return "--max-" + metric.replace("_", "-")


def set_option(function: Decorated) -> Decorated:
    """--set, once for each key."""
    told = "What if: a key of a layer, an input or the model, such as encoder.units=160."
    return click.option("--set", "settings", multiple=True, type=Set(), metavar="LAYER.KEY=VALUE", help=told)(function)


def output_options(function: Decorated, formats: tuple[str, ...] = FORMATS) -> Decorated:
    """-f, -o, -q and --color."""
    for option in reversed(
        (
            click.option("-f", "--format", "form", type=Format(formats), help=f"{listed(formats, 'or')}."),
            click.option(
                "-o",
                "--output",
                metavar="FILE",
                shell_complete=files,
                help="Write to this file; its ending implies the format.",
            ),
            click.option("-q", "--quiet", is_flag=True, help="No notes on standard error."),
            click.option(
                "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="When to use colour."
            ),
        )
    ):
        function = option(function)
    return function


def optimizer_option(function: Decorated) -> Decorated:
    """--optimizer, for the memory of training."""
    told = "Show what training with it takes in memory."
    return click.option("--optimizer", type=click.Choice(["sgd", "momentum", "adam"]), help=told)(function)


def dtype_option(function: Decorated) -> Decorated:
    """--dtype, for the bytes."""
    return click.option("--dtype", type=click.Choice(list(DTYPES)), help="What a weight is stored as.")(function)


def usage(error: SpecError) -> click.UsageError:
    """What is wrong with the flags, as click reports it."""
    return click.UsageError("\n".join(problem.message for problem in error.problems))
