"""A cell's own command, made from its step function: a flag for each of its sizes and options, and no other."""

from __future__ import annotations

from typing import Any

import click

from rnncalc import layouts
from rnncalc.cell import ACTIVATIONS, Cell, find, recurrent
from rnncalc.choice import entries
from rnncalc.cli.options import (
    FRACTION,
    SIZE,
    Help,
    dtype_option,
    framework_option,
    optimizer_option,
    output_options,
    usage,
)
from rnncalc.cli.project import defaults
from rnncalc.errors import SpecError, listed
from rnncalc.network import Model, build, others
from rnncalc.plan import MERGES, RESIDUALS, Flow, LayerPlan, Plan

POLICIES = ("single", "double", "input", "none")
WORDS = {  # what frameworks call a size
    "input_depth": ("--input-size", "--input-dim"),
    "units": ("--num-units", "--hidden-size", "--features"),
    "projection": ("--proj-size", "--num-proj"),
}
MEANING = {
    "input_depth": "Length of the input vector x of a step.",
    "units": "Length of the state h, and so of each gate.",
    "peephole": "The gates see the cell state, through a diagonal.",
    "projection": "Length of the output after a projection.",
    "coupled_gates": "What is forgotten is what is written: f = 1 - i.",
    "reset_after": "The reset gate acts after the product.",
    "activation": "Activation of the candidate.",
    "epsilon": "What the normalisation adds to a variance.",
    "depth": "Layers in each step.",
    "chunk_size": "Elements of the state for each of the master gates.",
    "reset_gate": "The candidate sees the state through the gate.",
}
STACK = ("num_layers", "bidirectional", "merge_mode", "return_sequences", "residual")


def flag(name: str) -> str:
    """A key as a flag: `--num-layers`."""
    return "--" + name.replace("_", "-")


def cell_options(cell: Cell) -> list[click.Option]:
    """The flags that describe one layer or stack of this cell."""
    made = []
    for name in ("input_depth", *cell.sizes):
        made.append(click.Option([flag(name), *WORDS.get(name, ())], type=SIZE, help=MEANING.get(name)))
    for name, kind in cell.kinds.items():
        told = MEANING.get(name)
        if kind == "bool":
            made.append(click.Option([f"{flag(name)}/--no-{flag(name)[2:]}"], default=None, help=told))
        elif kind == "Activation":
            made.append(click.Option([flag(name)], type=click.Choice(ACTIVATIONS), help=told))
        elif kind == "float":
            made.append(click.Option([flag(name)], type=FRACTION, help=told))
        elif name not in cell.sizes:
            made.append(click.Option([flag(name), *WORDS.get(name, ())], type=SIZE, help=told))
    made += [
        click.Option(["--num-layers"], type=SIZE, default=1, help="Layers of the stack."),
        click.Option(["--bidirectional"], is_flag=True, help="A second layer that reads backwards."),
        click.Option(
            ["--merge-mode"], type=click.Choice(MERGES), default="concat", help="How the two directions meet."
        ),
        click.Option(["--return-sequences/--no-return-sequences"], default=True, help="All steps, or the last alone."),
        click.Option(
            ["--residual"],
            is_flag=False,
            flag_value="true",
            type=click.Choice(["true", *RESIDUALS]),
            callback=lambda _, __, value: value == "true" or value or False,
            help="Add the input to the output: around all, each layer, or each but the first.",
        ),
        click.Option(
            ["--bias"], type=click.Choice(POLICIES), help="One a map, one a matrix, beside the input, or none."
        ),
        click.Option(["--no-bias"], is_flag=True, help="The same as --bias none."),
        click.Option(["--steps"], type=SIZE, help="Length of a sequence, for its cost."),
        click.Option(["--batch"], type=SIZE, help="Sequences at once, for the shapes."),
    ]
    return made


def model_of(cell: Cell, given: dict[str, Any]) -> Model:
    """The model that a cell's flags describe; takes them out of `given`.

    Raises:
        click.UsageError: a size is missing, or the framework cannot build it.
    """
    options = {name: given.pop(name) for name in (*cell.sizes, *cell.options)}
    depth, steps, batch = given.pop("input_depth"), given.pop("steps"), given.pop("batch")
    needed(cell, {**options, "input_depth": depth})
    bias, no_bias = given.pop("bias"), given.pop("no_bias")
    if no_bias and bias not in (None, "none"):
        raise click.UsageError(f"--bias {bias} contradicts --no-bias")
    layer = LayerPlan(
        cell.name,
        cell.name,
        {name: value for name, value in options.items() if value is not None},
        bias=False if no_bias or bias == "none" else bias,
        **{name: given.pop(name) for name in STACK},
    )
    default = defaults(given.pop("framework"))
    inputs = {"input": Flow((steps, depth), True)}
    plan = Plan(cell.name, default.framework, (layer,), inputs, given.pop("dtype") or default.dtype, batch)
    try:
        return build(plan)
    except SpecError as error:
        raise usage(error) from None


def needed(cell: Cell, given: dict[str, Any]) -> None:
    """Raise a click.UsageError where a size is missing."""
    missing = [flag(name) for name in ("input_depth", *cell.sizes) if not given.get(name)]
    if missing:
        raise click.UsageError(f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} needed")


class CellCommand(Help, click.Command):
    """A command with a cell's flags; one that other cells have is told whose it is."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the flags."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            owners = [name for name in recurrent() if error.option_name in _flags(name)]
            if not owners:
                raise
            have = "has" if len(owners) == 1 else "have"
            raise click.UsageError(
                f"no such option here: {error.option_name}; {listed(owners)} {have} it", ctx
            ) from None


def _flags(name: str) -> set[str]:
    cell = find(name)
    return {each for option in cell_options(cell) for each in option.opts} if cell else set()


def cell_command(cell: Cell) -> click.Command:
    """The command that counts one layer, or one stack, of this cell."""

    def count(
        form: str | None, output: str | None, quiet: bool, color: str, optimizer: str | None, **given: Any
    ) -> None:
        from rnncalc.cli.output import output as make

        out = make(form, output, quiet, color)
        model = model_of(cell, given)
        report = model.report()
        if optimizer:
            report = report._replace(training=model.training(optimizer))
        out.write("model", report, others(model) if out.form in ("table", "markdown") else [])

    name = cell.name
    shown = "".join(f"  rnncalc {name} --input-depth 10 --units 128 {each}".rstrip() + "\n" for each in _examples(cell))
    command = CellCommand(
        name,
        callback=count,
        params=list(cell_options(cell)),
        help=f"{cell.title}.\n\nOne layer, or one stack: its tensors, their formulas, its parameters and its costs.",
        short_help=cell.title,
        epilog=f"\b\nExamples:\n{shown}",
    )
    for add in (dtype_option, optimizer_option, framework_option, output_options):
        _extend(command, add)
    return command


def _extend(command: click.Command, add: Any) -> None:
    def carrier() -> None: ...

    add(carrier)
    command.params.extend(reversed(carrier.__click_params__))  # type: ignore[attr-defined]


def _examples(cell: Cell) -> list[str]:
    shown = {"bool": "{} -F paper", "int | None": "{} 64", "Activation": "{} relu -F paper"}
    own = [shown[kind].format(flag(name)) for name, kind in cell.kinds.items() if kind in shown]
    known = bool(entries(layouts.find(layouts.DEFAULT), cell))
    examples = ["", "--num-layers 2 --bidirectional -F paper", *own[:2], "-f json"]
    return examples if known else [f"{each} -F paper".strip() for each in examples if "paper" not in each]
