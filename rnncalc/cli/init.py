"""`rnncalc init`: a spec and a project file to start from, with a word on each of their parts."""

from __future__ import annotations

import os

import click

from rnncalc.cli.options import framework_option
from rnncalc.cli.project import NAME

SPEC = "model.yaml"
STARTER = """\
# A model for rnncalc: its layers in order, and what it may cost.
#   rnncalc count {spec}    every layer and tensor
#   rnncalc check {spec}    exit status 1 where a limit is broken, for CI
#   rnncalc verify {spec}   the count against a real forward pass
# An editor completes and checks this file with the schema that `rnncalc schema -o rnncalc-schema.json` writes, and
# this as the first line:  # yaml-language-server: $schema=rnncalc-schema.json

name: example
framework: {framework}  # whose weights are counted; `rnncalc frameworks` lists them
input: {{depth: 40, steps: 100}}  # what a step holds; leave out `steps` where every sequence has another length

layers:  # each reads the one before; `rnncalc cells` and `rnncalc layers` list what there is
  - lstm: {{units: 64, bidirectional: true, name: encoder}}
  - dropout: 0.2
  - dense: {{units: 10, name: head}}  # `- dense: 10` would do as well

budget:  # a figure above its limit fails `rnncalc check`
  params: 60k
  weight_bytes: 240KiB
  layers:
    head: {{params: 2k}}

# A pinned figure fails at any change, so that none goes unseen:
# expect: {{params: {params}}}
"""


PROJECT = """\
# What holds for all model specs at or below this folder. `rnncalc check` finds this file from any folder below.
# Its schema for an editor is written by `rnncalc schema --project -o rnncalc-project-schema.json`.

include: [.]  # folders, files and patterns; `exclude: [drafts]` leaves some out
framework: {framework}  # of specs that name none

budget:  # for every model; its own `budget` holds beside it
  params: 10M
  # models:
  #   "exam*": {{weight_bytes: 1MiB}}  # of models by name or pattern

# `rnncalc check --update-baseline` writes a baseline to commit; from then on growth over it is limited too:
# growth:
#   params: {{percent: 5, floor: 1k}}  # 5 % or 1,000, whichever is more

# What may be above its limit, for a reason and a time:
# exceptions:
#   - {{model: example, metric: params, until: 2030-12-31, reason: "until the encoder is pruned"}}
"""


@click.command("init")
@click.argument("folder", default=".", metavar="[FOLDER]", type=click.Path(file_okay=False))
@framework_option
@click.option("-q", "--quiet", is_flag=True, help="No notes on standard error.")
def command(folder: str, framework: str | None, quiet: bool) -> int:
    """Write a spec and a project file to start from into a folder, the current one by default.

    What is there stays as it is.
    """
    from rnncalc.cli.output import tell

    os.makedirs(folder, exist_ok=True)
    framework = framework or "keras"
    wanted = {SPEC: starter(framework), NAME: PROJECT.format(framework=framework)}
    written = 0
    for name, text in wanted.items():
        path = os.path.join(folder, name)
        new = _written(path, text)
        written += new
        if not quiet:
            tell(f"note: wrote {path}" if new else f"note: {path} is there already, and stays as it is")
    if not written:
        raise click.UsageError("nothing to do")
    return 0


def starter(framework: str) -> str:
    """The spec of a framework."""
    from rnncalc.spec.read import parse
    from rnncalc.spec.source import documents

    text = STARTER.format(spec=SPEC, framework=framework, params=0)
    (document,) = documents(text, SPEC)
    return STARTER.format(spec=SPEC, framework=framework, params=parse(document.value).params)


def _written(path: str, text: str) -> bool:
    """Whether the file was not there, and is now."""
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True
