"""`rnncalc verify`: the NumPy forward pass against the formula."""

from __future__ import annotations

from typing import Any

import click

from rnncalc.cli.candidates import cells_or_files
from rnncalc.cli.options import framework_option, output_options, set_option
from rnncalc.cli.target import TargetCommand, targets


@click.command("verify", cls=TargetCommand)
@click.argument("targets", nargs=-1, required=True, metavar="CELL|SPEC...", shell_complete=cells_or_files)
@set_option
@framework_option
@output_options
def command(**given: Any) -> int:
    """Prove a cell, or every model of the specs: the NumPy forward pass against the formula.

    A cell takes the flags of its own command; without sizes, small primes stand in. Exit status 1 where a proof fails.
    """
    from rnncalc.cli.batch import close
    from rnncalc.cli.output import output as make
    from rnncalc.proof import Proofs, prove

    out = make(*(given.pop(name) for name in ("form", "output", "quiet", "color")))
    paths, framework = given.pop("targets"), given.pop("framework")
    found = targets(paths, framework, given, {"input_depth": 5, "units": 7}, out)
    proofs = Proofs(tuple(prove(model) for model in found.models), tuple(found.problems))
    out.write("proofs", proofs)
    close(out, found, found.problems)
    return 2 if found.problems else 0 if all(proof.passed for proof in proofs.proofs) else 1
