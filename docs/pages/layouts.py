"""How each framework stores each cell and layer."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from pages.text import NOTE, code, finished, paragraphs, table, value
from rnncalc import layout as notation
from rnncalc import layouts
from rnncalc.arrangement import Arrangement, Stored
from rnncalc.cell import Cell, find
from rnncalc.layout import Entry, Layout, formula
from rnncalc.trace import Trace, trace

KERNELS = {1: (3,), 2: (3, 5), 3: (3, 5, 7)}  # for the shapes that are shown
EXAMPLES: Mapping[str, Mapping[str, Any]] = {  # what a layer's step has to know before its shapes are
    "char_cnn": {"filters": ((1, 32), (2, 64))},
    "mixture_of_softmaxes": {"experts": 15},
    "weights": {"shapes": (("kernel", (10, 20), True),)},
}
SEQUENCES = ("additive_attention", "multiplicative_attention", "multi_head_attention", "attention_weighted_average")


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
        for each in arrangement.expand(name, line):
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
        own = import_module(f"rnncalc.layouts.{name.replace('-', '_')}")
        lines += [f"## {name}", "", *paragraphs(own.__doc__)]
        for part in (each for each in vars(own).values() if inspect.ismodule(each)):
            lines += paragraphs(part.__doc__)
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
