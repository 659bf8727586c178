"""`rnncalc verify`: the NumPy forward pass against the formula, or a spec against a real model's tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rnncalc.cli.candidates import cells_or_files
from rnncalc.cli.options import framework_option, output_options, set_option
from rnncalc.cli.target import TargetCommand, targets

if TYPE_CHECKING:
    from rnncalc.cli.output import Output


@click.command("verify", cls=TargetCommand)
@click.argument("targets", nargs=-1, required=True, metavar="CELL|SPEC...", shell_complete=cells_or_files)
@click.option("--against", metavar="FILE", help="A real model: its .safetensors file, or JSON of {name: shape}.")
@click.option(
    "--map",
    "prefixes",
    multiple=True,
    metavar="LAYER=PREFIX",
    help="Where in FILE a layer is; may be given several times.",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="PATTERN",
    help="Names in FILE that the spec does not describe; may be given several times.",
)
@set_option
@framework_option
@output_options
def command(**given: Any) -> int:
    """Prove a cell, or every model of the specs: the NumPy forward pass against the formula.

    A cell takes the flags of its own command; without sizes, small primes stand in. With --against, one model is
    compared with the names and shapes of a real model's tensors instead. Exit status 1 where a proof fails, or a
    tensor is missing, extra, or of another shape.
    """
    from rnncalc.cli.batch import close
    from rnncalc.cli.output import output as make

    out = make(*(given.pop(name) for name in ("form", "output", "quiet", "color")))
    paths, framework = given.pop("targets"), given.pop("framework")
    against, prefixes, ignore = (given.pop(name) for name in ("against", "prefixes", "ignore"))
    if against is not None:
        return _against(against, prefixes, ignore, (paths, framework, given, {}, out))
    if prefixes or ignore:
        raise click.UsageError(f"{'--map' if prefixes else '--ignore'} says something of the FILE of --against")
    from rnncalc.proof.prove import Proofs, prove

    found = targets(paths, framework, given, {"input_depth": 5, "units": 7}, out)
    proofs = Proofs(tuple(prove(model) for model in found.models), tuple(found.problems))
    out.write("proofs", proofs)
    close(out, found, found.problems)
    return 2 if found.problems else 0 if all(proof.passed for proof in proofs.proofs) else 1


def _against(path: str, prefixes: tuple[str, ...], ignore: tuple[str, ...], asked: Any) -> int:
    from rnncalc.cli.batch import close
    from rnncalc.errors import Problem, SpecError
    from rnncalc.matching.match import compare
    from rnncalc.matching.matched import Match, Matches
    from rnncalc.matching.saved import read_shapes

    claims = dict(_claim(each) for each in prefixes)
    out: Output = asked[-1]
    out.keep([path])
    if path == "-" and "-" in asked[0]:
        raise click.UsageError("the spec and --against cannot both be standard input")
    found = targets(*asked)
    if len(found.models) > 1:
        raise click.UsageError(
            f"--against is one model, but {len(found.models):,} are here; name one spec of one model"
        )
    problems, matches = list(found.problems), list[Match]()
    for model in found.models:
        try:
            matches.append(compare(model, read_shapes(path), path, claims, ignore))
        except OSError as error:
            problems.append(Problem(f"cannot be read: {error.strerror}", path=path))
        except SpecError as error:
            problems += error.problems
    out.write("matches", Matches(tuple(matches), tuple(problems)))
    close(out, found, problems)
    return 2 if problems else 0 if all(match.passed for match in matches) else 1


def _claim(text: str) -> tuple[str, str]:
    layer, equals, prefix = text.partition("=")
    if not layer or not equals:
        raise click.UsageError(f"--map is LAYER=PREFIX, such as encoder=model.rnn, not {text!r}")
    return layer, prefix
