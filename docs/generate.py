"""Write the pages of docs/ that are read off the code: layouts, layers, cells, published.

Run it as `python docs/generate.py` after a change to a cell, a layer, a layout or a published model; with `--check`
it writes nothing, and exits 1 where a page is not current.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from textwrap import wrap
from typing import Any

import playground

from rnncalc import layout as notation
from rnncalc import layouts, load
from rnncalc.algebra import total
from rnncalc.catalogue import classes
from rnncalc.cell import GIVEN, Cell, find, names, recurrent
from rnncalc.equations import equations
from rnncalc.layout import Arrangement, Entry, Layout, Stored, formula
from rnncalc.render.words import number
from rnncalc.trace import Trace, trace

DOCS = Path(__file__).parent
ROOT = DOCS.parent
NOTE = "<!-- Written by docs/generate.py from the code: change that, and run `make docs`. -->"
WIDEST = 120
WHOLE: Any = {"break_long_words": False, "break_on_hyphens": False}
KINDS = {
    "int": "a size",
    "Count": "a size",
    "int | None": "a size",
    "bool": "true or false",
    "float": "a number from 0 to 1",
    "Activation": "the name of an activation",
    "Extent": "a size, or one an axis",
    "Extent | None": "a size, or one an axis",
    "Padding": "`valid`, `same`, or a whole number an axis",
    "Pairs": "pairs `[width, filters]`",
    "Target": "a list of sizes",
    "Shapes": "shapes by name",
}
KERNELS = {1: (3,), 2: (3, 5), 3: (3, 5, 7)}  # for the shapes that are shown
EXAMPLES: Mapping[str, Mapping[str, Any]] = {  # what a layer's step has to know before its shapes are
    "char_cnn": {"filters": ((1, 32), (2, 64))},
    "mixture_of_softmaxes": {"experts": 15},
    "weights": {"shapes": (("kernel", (10, 20), True),)},
}
SEQUENCES = ("additive_attention", "multiplicative_attention", "multi_head_attention", "attention_weighted_average")


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table of Markdown, its bars escaped."""
    lines = [columns, ["---"] * len(columns), *([str(cell).replace("|", "\\|") for cell in row] for row in rows)]
    return [*(f"| {' | '.join(line)} |" for line in lines), ""]


def code(words: Any) -> str:
    """`a`, `b`; nothing for none."""
    return ", ".join(f"`{word}`" for word in words)


def value(given: Any) -> str:
    """A value as one writes it in a spec."""
    if given is None or isinstance(given, bool):
        return {None: "none", True: "true", False: "false"}[given]
    return ", ".join(map(str, given)) if isinstance(given, tuple) else str(given)


def paragraphs(doc: str | None) -> list[str]:
    """A docstring without its indentation."""
    return [*inspect.cleandoc(doc or "").splitlines(), ""]


def module(cell: Cell) -> Any:
    """The file of a cell or layer."""
    return import_module(cell.step.__module__)


# layouts


def options_of(entry: Entry, cell: Cell) -> dict[str, Any]:
    """All options as the class has them where nothing is asked for."""
    kernel = {"kernel_size": KERNELS[cell.rank], "pool_size": KERNELS[cell.rank]} if cell.rank else {}
    given = {**cell.options, **kernel, **EXAMPLES.get(cell.base, {}), **entry.default, **entry.fixed}
    return {key: each for key, each in given.items() if key in cell.kinds}


def traced(entry: Entry, cell: Cell, asked: Mapping[str, Any]) -> Trace:
    """The step on symbols, its positions unknown."""
    steps = cell.base in (*SEQUENCES, "char_cnn", "crf", "instance_norm")
    axes: Any = ((None,) * (cell.rank or steps),)
    return trace(cell.name, {**options_of(entry, cell), **asked}, axes * len(cell.inputs))


def stored(layout: Layout, entry: Entry, cell: Cell, asked: Mapping[str, Any]) -> Iterator[tuple[str, Stored]]:
    """Each tensor of a class with its line in the layout, in the class's first bias policy."""
    arrangement = Arrangement(entry, traced(entry, cell, asked), entry.bias[0])
    for name, line in (*entry.tensors.items(), *entry.buffers.items()):
        for each in arrangement._expand(name, line):
            yield f"{name}: {line}", each


def rows_of(layout: Layout, entry: Entry, cell: Cell) -> Iterator[tuple[str, ...]]:
    """A row a tensor; what an option adds or changes comes after, once for each option."""
    words = {key: layout.word(key, entry) for key in ("input_depth", *cell.sizes, *cell.optional_sizes)}

    def told(line: str, each: Stored) -> tuple[str, ...]:
        shape = ", ".join(str(size) for size in each.shape)
        extra = "" if each.trainable else ", not trained"
        where = ", a buffer" if each.name in entry.buffers else ""
        return f"`{each.name}`{extra}{where}", f"`{line.partition(': ')[2]}`", f"[{shape}]", formula(each.shape, words)

    plain = [told(*each) for each in stored(layout, entry, cell, {})]
    yield from (("", *row) for row in plain)
    for key in entry.free:
        kind, default = cell.kinds.get(key), options_of(entry, cell).get(key)
        turned: Any = {"bool": not default, "int | None": True, "Count": 2 if key == "groups" else None}.get(str(kind))
        if turned is None or (kind == "int | None" and key in entry.derived) or turned == default:
            continue
        said = key if turned is True else f"{key} false" if turned is False else f"{key} of 2"
        for row in [told(*each) for each in stored(layout, entry, cell, {key: turned})]:
            if row not in plain:
                yield (said, *row)


def class_lines(layout: Layout, entry: Entry) -> Iterator[str]:
    """One class: what it is, what it lets one choose, and its tensors."""
    ranks = [rank for rank in (1, 2, 3) if find(f"{entry.cell}{rank}d") and entry.has_rank(rank)]
    cell = find(f"{entry.cell}{ranks[min(1, len(ranks) - 1)]}d" if ranks else entry.cell)
    if cell is None:
        return
    several = str(ranks[0]) if len(ranks) == 1 else f"{{{','.join(map(str, ranks or (1, 2, 3)))}}}"
    yield f"### {layout.name}: {entry.class_name(0).replace('*', several)}"
    yield ""
    called = f"{entry.cell}{several}d" if ranks else entry.cell
    facts = [f"`{called}`", f"bias {code(entry.bias)}"] if entry.bias != ("none",) else [f"`{called}`"]
    if entry.named:
        facts.append("meant only where it is named")
    if entry.fixed:
        facts.append("always " + ", ".join(f"`{key}` {value(each)}" for key, each in entry.fixed.items()))
    default = {key: each for key, each in entry.default.items() if key not in entry.fixed}
    if default:
        facts.append("by default " + ", ".join(f"`{key}` {value(each)}" for key, each in default.items()))
    if entry.free:
        free = [f"`{key}`{f' ({value(each)})' if each else ''}" for key, each in entry.free.items()]
        facts.append(f"takes {', '.join(free)}")
    if entry.below:
        facts.append(", ".join(f"`{small}` has to be below `{large}`" for small, large in entry.below.items()))
    if entry.derived:
        said = {key: other.replace("/", " / ").replace("*", " × ") for key, other in entry.derived.items()}
        derived = [f"`{key}` is {other}" for key, other in said.items()]
        facts.append(f"where it is not given, {', '.join(derived)}")
    if entry.equal_depths is not None:
        facts.append(f"for inputs of {'equal' if entry.equal_depths else 'different'} depths")
    if entry.words:
        facts.append("its words: " + ", ".join(f"`{word}` for {key}" for key, word in entry.words.items()))
    if entry.products:
        facts.append(", ".join(f"`{word}` is {' × '.join(sizes)}" for word, sizes in entry.products.items()))
    yield f"{'; '.join(facts)}."
    yield ""
    if not entry.tensors:
        yield "It stores nothing."
        yield ""
        return
    rows = list(rows_of(layout, entry, cell))
    with_option = any(row[0] for row in rows)
    columns = ("With", "Tensor", "Line", "Shape", "Formula in its words")
    yield from table(columns[not with_option :], [row[not with_option :] for row in rows])


def layouts_page() -> str:
    """How each framework stores each cell and layer."""
    lines = ["# How the frameworks store a cell", "", NOTE, ""]
    first, *rest = paragraphs(notation.__doc__)
    lines += [first, *rest]
    lines += [
        "Bias policies: `single` is one bias a map, `double` one a matrix of a biased map, `input` one a matrix that",
        "reads the input, `none` none. The first that a class lists is its own; `bias: none` or `bias: false` leaves",
        "the biases out where it lists `none`. The tables show the first policy. A column `With` names the option that",
        "adds a tensor or changes its shape. Kernels are shown at 3, or 3 × 5; a class in braces has several ranks.",
        "Gates are named as in [cells](cells.md) and [layers](layers.md).",
        "",
        f"Frameworks: {', '.join(f'[{name}](#{name})' for name in layouts.NAMES)}.",
        "",
    ]
    for name in layouts.NAMES:
        layout = layouts.find(name)
        lines += [f"## {name}", "", *paragraphs(import_module(f"rnncalc.layouts.{name.replace('-', '_')}").__doc__)]
        facts = [("Title", layout.title)]
        if layout.aliases:
            facts.append(("Also", code(layout.aliases)))
        if layout.words:
            facts.append(("Words", ", ".join(f"`{word}` for {key}" for key, word in layout.words.items())))
        templates = [("one layer", layout.names.single), ("a stack", layout.names.stacked)]
        templates += [("both directions", layout.names.bidirectional), ("a stack of both", layout.names.both)]
        facts.append(("Names", ", ".join(f"{what} `{template}`" for what, template in templates)))
        directions = [f"`{each}`" if each else "nothing" for each in layout.names.directions]
        axis = ", as the first axis of each tensor" if layout.names.axis else ""
        facts.append(("Directions", " and ".join(directions) if not axis else f"forward and backward{axis}"))
        facts.append(("merge_mode", code(layout.merges)))
        if layout.channels_first:
            facts.append(("Depth first", code(sorted(layout.channels_first))))
        if layout.ignored:
            facts.append(("Accepted, and of no effect here", code(sorted(layout.ignored))))
        lines += table(("", ""), facts)
        for entry in layout.entries:
            if entry.cell == "*":
                rows = [(f"`{tensor}`", f"`{line}`") for tensor, line in entry.tensors.items()]
                lines += [f"### {name}: every cell and layer", "", f"bias {code(entry.bias)}; every option.", ""]
                lines += table(("Tensor", "Line"), rows)
            elif entry not in layouts.COMMON:
                lines += class_lines(layout, entry)
        common = [entry.cell for entry in layout.entries if entry in layouts.COMMON and entry.cell != "weights"]
        stores = f"; and with nothing stored, {code(common)}" if common else ""
        lines += [f"Besides: `weights`, a tensor a shape{stores}.", ""]
    return finished(lines)


# layers and cells


def keys_of(cell: Cell) -> list[str]:
    """A table of the keys that a layer has of its own."""
    rows = []
    for key in (*cell.required, *cell.options):
        if key in GIVEN:
            continue
        kind = cell.kinds.get(key, "int")
        needed = "needed" if key in cell.required else value(cell.options[key])
        if kind.endswith("None") and key not in cell.required:
            needed = "none"
        told = "-1 or 1" if key == "axis" else KINDS[kind]
        rows.append((f"`{key}`", told, needed))
    return table(("Key", "What it is", "Default"), rows) if rows else ["It has no keys of its own.", ""]


def who(*alike: Cell) -> list[str]:
    """The frameworks' classes that are these cells or layers."""
    found: dict[str, dict[str, None]] = {}
    for cell in alike:
        for name, each in classes(cell).items():
            if name != "paper":
                found.setdefault(name, {}).update(dict.fromkeys(each))
    told = "; ".join(f"{name} {code(each)}" for name, each in found.items())
    return [f"Who has it: {told or 'no framework'}; and `paper`, as every one.", ""]


def layers_page() -> str:
    """The layers around the cells."""
    lines = ["# The layers around the cells", "", NOTE, ""]
    lines += paragraphs(import_module("rnncalc.layers").__doc__)
    lines += [
        "Every layer also takes the keys that [a spec](spec.md) has for all. The frameworks' own words for a key,",
        "and their own defaults where they have others, as `padding` same in Flax, are in [layouts](layouts.md).",
        "A layer of several ranks is written with its rank: `conv2d`.",
        "",
    ]
    known = [*names("rnncalc.layers"), *(name for name in names("rnncalc.cells") if name not in recurrent())]
    seen: set[str] = set()
    for name in known:
        cell = find(name)
        if cell is None or cell.base in seen:
            continue
        seen.add(cell.base)
        alike = [other for each in known if (other := find(each)) and other.base == cell.base]
        lines += [f"## {', '.join(each.name for each in alike)}", "", *paragraphs(module(cell).__doc__)]
        lines += [*paragraphs(cell.step.__doc__), *keys_of(cell)]
        if len(cell.inputs) > 1:
            lines += ["It reads two inputs, the query and the values; one that is named alone is both.", ""]
        lines += who(*alike)
    return finished(lines)


def cells_page() -> str:
    """The recurrent cells."""
    lines = ["# The cells", "", NOTE, ""]
    lines += [
        "A cell is its step function in `rnncalc/cells/`; all of this is read off it. `x` is the input of a step, a",
        "prime marks the new state, `⊙` is a product element by element, `W` a matrix, `w` a vector, `b` a bias.",
        "Counts are those of `paper`, with one bias a map. [layouts](layouts.md) has the frameworks' tensors.",
        "",
    ]
    for name in recurrent():
        cell = find(name)
        if cell is None:
            continue
        run = trace(name)
        lines += [f"## {name}", "", *paragraphs(module(cell).__doc__), *paragraphs(cell.step.__doc__)]
        lines += ["```text", *equations(run), "```", "", *keys_of(cell)]
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


# the published models


def published_page() -> str:
    """The figures that others printed, and ours."""
    cases = json.loads((ROOT / "tests/published.json").read_text("utf-8"))["cases"]
    lines = ["# Published models", "", NOTE, ""]
    lines += [
        "Figures that others printed, against a count of the same model from its description. Each spec names its",
        "source and what was worked out from the counts. Where a source rounds, its figure stands for a range,",
        "and ours has to lie in it. `tests/test_published.py` compares totals, layers and what is trainable.",
        "",
    ]
    rows, doubts = [], []
    for case in cases:
        path = ROOT / "configs/published" / f"{case['id']}.yaml"
        text = path.read_text("utf-8") if path.exists() else ""
        printed: Any = case["published_total"]
        if not case["exact"]:
            printed = f"{printed[0]:,} to {printed[1]:,}"
        ours = load(path).report().params if path.exists() else None
        name = f"[{case['id']}](../configs/published/{case['id']}.yaml)" if path.exists() else case["id"]
        verdict = ("exact" if case["exact"] else "in the range") if case["matches"] and path.exists() else "no match"
        if case["matches"] and not path.exists():
            verdict = "no spec"
        verdict = "weak evidence" if "weak evidence" in text else verdict
        rows.append((name, case["source"], printed if isinstance(printed, str) else f"{printed:,}",
                     number(ours) if ours is not None else "none", verdict))  # fmt: skip
        if verdict in ("no match", "weak evidence", "no spec"):
            derived = sum(layer["params"] for layer in case["derived_layers"] or ())
            added = f" The derivation gives {derived:,}." if derived and ours is None else ""
            weak = (
                " The figure was not checked against the source's own table, and the inputs, outputs and peepholes"
                " are inferred: that it lies in the range shows little."
            )
            doubts.append(f"- **{case['id']}** ({verdict}): {case['note']}{added}{weak if verdict[0] == 'w' else ''}")
    exact = sum(row[-1] == "exact" for row in rows)
    inside = sum(row[-1] == "in the range" for row in rows)
    lines += [f"{len(rows)} models: {exact} exact to the last digit, {inside} within what the source rounds to.", ""]
    lines += ["## What does not match, or is weak", "", *doubts, "", "## All of them", ""]
    lines += table(("Model", "Source", "Printed", "Ours", ""), rows)
    inferred = [(case["id"], case["inferred"]) for case in cases if case["inferred"]]
    lines += ["## What was worked out from the counts", ""]
    lines += ["A match says less where a size was chosen so that it fits.", ""]
    lines += table(("Model", "What"), inferred)
    return finished(lines)


def finished(lines: Sequence[str]) -> str:
    """The text of a page, long lines of prose wrapped, without empty lines in a row."""
    kept: list[str] = []
    for n, line in enumerate(lines):
        if len(line) > WIDEST and line[0] not in "|# ":
            kept += wrap(line, WIDEST, subsequent_indent="  " * line.startswith("- "), **WHOLE)
        elif line or (n and lines[n - 1]):
            kept.append(line.rstrip())
    return "\n".join(kept).rstrip("\n") + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "layouts.md": layouts_page,
    "layers.md": layers_page,
    "cells.md": cells_page,
    "published.md": published_page,
    "index.html": playground.page,
}


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or tell which are not current."""
    if unknown := [each for each in arguments if each != "--check"]:
        print(f"unknown argument {unknown[0]}; there is --check", file=sys.stderr)
        return 2
    old = 0
    for name, page in PAGES.items():
        path, text = DOCS / name, page()
        if path.exists() and path.read_text("utf-8") == text:
            continue
        if arguments:
            print(f"docs/{name} is not current; run `python docs/generate.py`", file=sys.stderr)
            old = 1
        else:
            path.write_text(text, "utf-8")
            print(f"docs/{name}")
    return old


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
