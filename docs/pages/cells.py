"""The recurrent cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pages.keys import keys_of, who
from pages.text import NOTE, code, finished, module, paragraphs, table
from rnncalc.algebra import total
from rnncalc.cell import find, recurrent
from rnncalc.equations import LATEX, equations
from rnncalc.trace import trace


def aligned(told: Sequence[str]) -> list[str]:
    """Equations in LaTeX, aligned at their equals signs."""
    return [f"{line.replace(' = ', ' &= ', 1)} \\\\" for line in told]


def cells_page() -> str:
    """The recurrent cells."""
    lines = ["# The cells", "", NOTE, ""]
    lines += [
        "A cell is its step function in `rnncalc/cells/`; all of this is read off it. $`x`$ is the input of a step, a",
        "prime marks the new state, $`\\odot`$ is a product element by element, $`W`$ a matrix, $`w`$ a vector and",
        "$`b`$ a bias. The pictures show one step, from what is read on the left to what is passed on at the right.",
        "Counts are those of `paper`, with one bias a map. [layouts](layouts.md) has the frameworks' tensors.",
        "",
    ]
    for name in recurrent():
        cell = find(name)
        if cell is None:
            continue
        run = trace(name)
        lines += [f"## {name}", "", *paragraphs(module(cell).__doc__), *paragraphs(cell.step.__doc__)]
        lines += ["```math", r"\begin{aligned}", *aligned(equations(run, notation=LATEX)), r"\end{aligned}", "```", ""]
        lines += [f"![One step of {name}](figures/{name}-step.svg)", "", *keys_of(cell)]
        gates = {made.gate: cell.gates.get(made.gate, "") for made in run.maps}
        every = {**gates, **{gate: told for gate, told in cell.gates.items() if gate not in gates}}
        if any(every.values()):
            lines += table(("Gate", "What it does"), [(f"`{gate}`", told) for gate, told in every.items()])
        variants: list[tuple[str, dict[str, Any]]] = [("as above", {})]
        for key, default in cell.options.items():
            kind = cell.kinds[key]
            if kind in ("bool", "int | None"):
                variants.append((f"`{key}`{' false' if default is True else ''}", {key: not default}))
            elif kind == "Count":
                variants.append((f"`{key}` 2", {key: 2}))
        rows = []
        for told, asked in variants:
            run = trace(name, asked)
            params = total(piece.size for piece in run.pieces("single").values())
            rows.append((told, str(params), str(run.macs.per_step), str(run.flops("single").per_step)))
        lines += table(("Option", "Parameters", "MACs a step", "FLOPs a step"), rows)
        lines += [f"States: {code(cell.states)}, the output first.", "", *who(cell)]
    return finished(lines)
