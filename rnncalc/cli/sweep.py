"""`rnncalc sweep`: a table over sizes and choices."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from rnncalc.cell import Cell
from rnncalc.cli.candidates import cells_or_files
from rnncalc.cli.cell import cell_options, flag, needed
from rnncalc.cli.options import FORMATS, FRAMEWORK, SIZE, VARIABLE, Said, limit_options, output_options, usage
from rnncalc.cli.project import defaults
from rnncalc.cli.target import TargetCommand, files_or_cells
from rnncalc.errors import SpecError, among, listed, named
from rnncalc.report import METRICS
from rnncalc.sizes import DTYPES, Sizes, sizes

if TYPE_CHECKING:
    from rnncalc.axes import Axis, Build
    from rnncalc.cli.output import Output
    from rnncalc.network import Model

WORDS = {"true": True, "false": False}
FORMS = (*FORMATS, "jsonl", "svg")


class Values(click.ParamType):  # type: ignore[type-arg]  # generic in new releases alone
    """One value of a kind, or several: `keras,pytorch`, and of sizes also `32:1024:32`."""

    name = "values"

    def __init__(self, kind: Any) -> None:
        self.kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value, or a tuple or Sizes where there are several; or a message that says what to write."""
        if not isinstance(value, str):
            return value
        if self.kind is SIZE and ("," in value or ":" in value):
            try:
                return sizes(value)
            except ValueError as error:
                self.fail(str(error), param, ctx)
        parts = tuple(WORDS.get(part, self.kind.convert(part, param, ctx)) for part in value.split(","))
        return parts if len(parts) > 1 else parts[0]


def _metric(text: str) -> tuple[str, ...]:
    found = tuple(text.split(","))
    for name in found:
        if name not in METRICS:
            raise ValueError(f"there is no metric {named(name)}{among(name, METRICS)}")
    return found


def _setting(text: str) -> Any:
    """A setting, or the settings of each value that is listed or in a range."""
    from rnncalc.spec.settings import setting

    left, _, right = text.partition("=")
    if not {",", ":"} & set(right) or {"[", "{", '"', "'"} & set(right):
        return setting(text)
    try:
        values: Any = sizes(right)
    except ValueError:
        if ":" in right:
            raise
        values = tuple(setting(f"{left}={part}").value for part in right.split(","))
    return setting(f"{left}={next(iter(values))}")._replace(text=left, value=values)


def _choices(kind: Any) -> tuple[str, ...]:
    return tuple(getattr(kind, "choices", ()))


class SweepCommand(TargetCommand):
    """A cell's flags take several values."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the flags, and remember in which order they stand."""
        rest = super().parse_args(ctx, args)
        ctx.meta["order"] = [param.name for param in self.make_parser(ctx).parse_args(ctx.meta["args"])[2]]
        return rest

    def completed(self, ctx: click.Context, args: list[str]) -> list[str]:
        """A flag that stands without a value has its own, and does not take the word behind it for one."""
        alone = {
            word: param.type.kind.choices
            for param in self.get_params(ctx)
            if isinstance(param, click.Option)
            and isinstance(param.type, Values)
            and "true" in _choices(param.type.kind)
            for word in param.opts
        }
        after = [*args[1:], ""]
        found = [
            f"{arg}=true" if arg in alone and not set(word.split(",")) & set(alone[arg]) else arg
            for arg, word in zip(args, after)
        ]
        ctx.meta["args"] = list(found)
        return found

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The command's own parameters, and the cell's, where what is on or off may be both."""
        cell = ctx.meta.get("cell")
        found = super(TargetCommand, self).get_params(ctx)
        for option in cell_options(cell) if cell else []:
            words = _choices(option.type)
            if option.name == "no_bias":
                found.append(option)
            elif option.is_flag or "true" in words:
                kind = Values(click.Choice(list(dict.fromkeys(("true", "false", *words)))))
                found.append(click.Option(option.opts, is_flag=False, flag_value="true", type=kind, help=option.help))
                if option.secondary_opts:
                    found.append(click.Option(option.secondary_opts, is_flag=True, hidden=True))
            elif option.name != "batch":
                found.append(click.Option(option.opts, type=Values(option.type), help=option.help))
        return found


@click.command("sweep", cls=SweepCommand)
@click.argument("targets", nargs=-1, required=True, metavar="CELL|SPEC", shell_complete=cells_or_files)
@click.option(
    "--set",
    "settings",
    multiple=True,
    type=Said("setting", _setting),
    metavar="LAYER.KEY=VALUES",
    help="A key of a spec and its values: encoder.units=32:1024:32, or framework=keras,pytorch.",
)
@click.option(
    "--metric", "metrics", multiple=True, type=Said("metrics", _metric), help="What to count; params if none."
)
@limit_options
@click.option("-F", "--framework", type=Values(FRAMEWORK), envvar=VARIABLE, help="A framework, or several with commas.")
@click.option(
    "--dtype", type=Values(click.Choice(list(DTYPES))), help="What a weight is stored as; one, or several with commas."
)
@partial(output_options, formats=FORMS)
def command(**given: Any) -> int:
    """Tabulate a cell or a spec over sizes, options and frameworks.

    \b
    rnncalc sweep lstm --input-depth 10 --units 32:1024:32 --num-layers 1,2,3 -F keras,pytorch
    rnncalc sweep SPEC --set encoder.units=32:1024:32 --metric params,macs_per_step -f csv
    rnncalc sweep gru --input-depth 40 --units 8:512:8 --bidirectional true,false -f svg -o gru.svg

    A range includes its end. Limits leave out the rows that are above them. JSON, JSON lines and CSV have every row
    and are written as they come; a plot has a line for each combination of all but the longest range.
    """
    from rnncalc.cli.output import output as make
    from rnncalc.gate.limits import Limit
    from rnncalc.render.sweep import pieces
    from rnncalc.sizing.sweep import Sweep

    form, output, quiet, color = (given.pop(name) for name in ("form", "output", "quiet", "color"))
    out = make(form, output, quiet, color, FORMS)
    limits = [Limit(layer, metric, limit) for metric in METRICS for layer, limit in given.pop(metric)]
    metrics = tuple(dict.fromkeys(name for each in given.pop("metrics") for name in each)) or ("params",)
    cell: Cell | None = click.get_current_context().meta.get("cell")
    build, axes = _of_cell(cell, given) if cell else _of_spec(given, out)
    if all(axis.number == 1 for axis in axes):
        told = f"{flag('units')} 32:1024:32" if cell else "--set LAYER.units=32:1024:32"
        raise click.UsageError(f"nothing is swept; write a range or several values, such as {told}")
    try:
        if out.form == "svg":
            from rnncalc.render.plot import svg
            from rnncalc.sizing.curves import panels, thinned

            sweep = Sweep(build, thinned(axes), metrics, limits)
            out.text(svg(f"{listed(metrics)} of {sweep.name}", panels(sweep)))
        else:
            sweep = Sweep(build, axes, metrics, limits)
            out.pieces(pieces(out.form, sweep, out.color, out.width))
    except SpecError as error:
        raise usage(error) from None
    if sweep.above:
        out.note(f"{sweep.above:,} of {sweep.number:,} rows are above a limit")
    if sweep.left_out:
        out.note(f"{sweep.left_out:,} of {sweep.number:,} rows cannot be built; the first: {sweep.reason}")
    return 0


def _several(value: Any) -> bool:
    return isinstance(value, (Sizes, tuple))


def _of_cell(cell: Cell, given: dict[str, Any]) -> tuple[Build, list[Axis]]:
    """What the flags of a cell say: a spec of one layer, and the axes in the order of the command line."""
    from rnncalc.axes import Axis
    from rnncalc.spec.read import parse

    if given.pop("settings"):
        raise click.UsageError(f"--set changes a spec; {cell.name} has flags of its own, such as --units")
    if others := [path for path in given.pop("targets") if path != cell.name]:
        raise click.UsageError(
            f"{named(others[0])} stands beside the cell {cell.name}; give a cell or a spec, not both"
        )
    no_bias = given.pop("no_bias")
    for key in [key for key in given if key.startswith("no_")]:
        if given.pop(key):
            if given[key[3:]] is not None:
                raise click.UsageError(f"{flag(key)} contradicts {flag(key[3:])}")
            given[key[3:]] = False
    if no_bias:
        if given["bias"] not in (None, "none"):
            raise click.UsageError(f"--bias {given['bias']} contradicts --no-bias")
        given["bias"] = "none"
    needed(cell, given)
    one = given["framework"] if isinstance(given["framework"], str) else None
    default = defaults(one)
    given["framework"] = given["framework"] or default.framework
    given["dtype"] = given["dtype"] or default.dtype
    inputs = {"input_depth": "depth", "steps": "steps"}
    top = ("framework", "dtype")
    axes = [_axis(given, "framework", "", "framework")]
    order = click.get_current_context().meta["order"]
    for key, value in sorted(given.items(), key=lambda each: order.index(each[0]) if each[0] in order else -1):
        if _several(value) and key != "framework":
            owner = "" if key in top else "input" if key in inputs else cell.name
            axes.append(Axis(key, value, owner, inputs.get(key, key)))
    fixed = {key: value for key, value in given.items() if value is not None}

    def build(at: Any) -> Model:
        values = {**fixed, **at}
        spec: dict[str, Any] = {key: values.pop(key) for key in top if key in values}
        spec["input"] = {inputs[key]: values.pop(key) for key in inputs if key in values}
        return parse({**spec, "layers": [{cell.name: values}]}, cell.name)

    return build, axes


def _axis(given: Any, name: str, owner: str, key: str) -> Axis:
    from rnncalc.axes import Axis

    value = given[name]
    return Axis(name, value if _several(value) else (value,), owner, key)


def _of_spec(given: dict[str, Any], out: Output) -> tuple[Build, list[Axis]]:
    """What --set says of the one model of a spec."""
    from rnncalc.axes import Axis
    from rnncalc.cli.batch import named as asked
    from rnncalc.cli.batch import only, specs, tell_all
    from rnncalc.spec.read import parse
    from rnncalc.spec.settings import Setting, Settings

    framework, dtype, paths = given.pop("framework"), given.pop("dtype"), given.pop("targets")
    files_or_cells(paths)
    found = specs(paths, framework if isinstance(framework, str) else None, out)
    if found.problems:
        tell_all(out, found.notes, found.problems)
        click.get_current_context().exit(2)
    model = only(found)
    settings = {each.text.partition("=")[0]: each for each in given.pop("settings")}
    if dtype is not None:
        settings["dtype"] = Setting("dtype", "", "dtype", dtype)
    chosen = settings.pop("framework", None)
    frameworks: Any = framework if _several(framework) else chosen.value if chosen else model.framework
    axes = [Axis("framework", frameworks if _several(frameworks) else (frameworks,))]
    axes += [Axis(name, each.value, each.owner, each.key) for name, each in settings.items() if _several(each.value)]
    value = model.document.value if model.document else {}
    _, default = asked(framework if isinstance(framework, str) else None)

    def changes(at: Any) -> Settings:
        every = {name: each if name not in at else each._replace(value=at[name]) for name, each in settings.items()}
        return Settings(each._replace(text=f"{name}={each.value}") for name, each in every.items())

    def build(at: Any) -> Model:
        set_now = changes(at)
        try:
            return parse(set_now.apply(model, value), model.name, at["framework"], default)
        except SpecError as error:
            raise set_now.told(model, error) from None

    tried = changes({axis.name: next(iter(axis.values)) for axis in axes})
    tried.apply(model, value)
    for problem in tried.unused([model]):
        raise usage(SpecError(problem))
    return build, axes
