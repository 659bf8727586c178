"""`rnncalc schema`: what a spec may hold, for editors and other tools."""

from __future__ import annotations

import click

from rnncalc.cli.options import framework_option


@click.command("schema")
@click.option("--project", is_flag=True, help="The schema of a project file rnncalc.yaml instead.")
@framework_option
@click.option("-o", "--output", metavar="FILE", help="Write to this file.")
def command(project: bool, framework: str | None, output: str | None) -> int:
    """Print the JSON Schema of a spec, or of a project file, for an editor that completes and checks one.

    With --framework, a spec that names no framework is one of this.
    """
    import json

    from rnncalc import layouts
    from rnncalc.cli.output import output as make
    from rnncalc.schema import schema
    from rnncalc.schema.project import schema as of_project

    out = make("json", output, True, "never")
    found = of_project() if project else schema(framework or layouts.DEFAULT)
    definitions = ",\n".join(f"  {json.dumps(name)}: {json.dumps(made)}" for name, made in found.pop("$defs").items())
    whole = json.dumps(found, ensure_ascii=False, indent=1).removesuffix("\n}")
    out.text(f'{whole},\n "$defs": {{\n{definitions}\n }}\n}}\n')
    return 0
