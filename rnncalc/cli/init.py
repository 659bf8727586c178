"""`rnncalc init`: a spec to start from, with a word on each of its parts."""

from __future__ import annotations

import os

import click

from rnncalc.cli.options import framework_option

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


@click.command("init")
@click.argument("folder", default=".", metavar="[FOLDER]", type=click.Path(file_okay=False))
@framework_option
def command(folder: str, framework: str | None) -> int:
    """Write a spec to start from into a folder, the current one by default; nothing that is there is overwritten."""
    from rnncalc.cli.output import tell

    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, SPEC)
    if not _written(path, starter(framework or "keras")):
        raise click.UsageError(f"{path} is there already, and stays as it is: nothing to do")
    tell(f"note: wrote {path}; go on with  rnncalc count {path}")
    return 0


def starter(framework: str) -> str:
    """The spec of a framework."""
    from rnncalc.source import documents
    from rnncalc.spec import parse

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
