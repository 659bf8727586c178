"""`rnncalc schema`: what a spec may hold, for editors and other tools."""

from __future__ import annotations

import click

from rnncalc.cli.options import framework_option


@click.command("schema")
@framework_option
@click.option("-o", "--output", metavar="FILE", help="Write to this file.")
def command(framework: str | None, output: str | None) -> int:
    """Print the JSON Schema of a spec (draft 2020-12), for an editor that completes and checks one.

    With --framework, a spec that names no framework is one of this.
    """
    import json

    from rnncalc import layouts
    from rnncalc.cli.output import output as make
    from rnncalc.schema import schema

    out = make("json", output, True, "never")
    found = schema(framework or layouts.DEFAULT)
    definitions = ",\n".join(f"  {json.dumps(name)}: {json.dumps(made)}" for name, made in found.pop("$defs").items())
    whole = json.dumps(found, ensure_ascii=False, indent=1).removesuffix("\n}")
    out.text(f'{whole},\n "$defs": {{\n{definitions}\n }}\n}}\n')
    return 0
