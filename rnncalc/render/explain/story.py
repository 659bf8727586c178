"""The words of an explanation, part by part. Nothing is computed here; the figures are in the records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rnncalc.errors import counted, listed, quoted
from rnncalc.render import words
from rnncalc.render.explain.parts import (
    Bars,
    Equations,
    Figure,
    Formula,
    Heading,
    Part,
    Pictures,
    Rows,
    Story,
    Sums,
    Text,
)
from rnncalc.render.names import braced
from rnncalc.why.explain import Block, Explanation, LayerStory, Length

UNITS = ("units", "filters")  # what is asked for most: the length of h


def story(record: Any) -> Story:
    """The story of an explanation, or of a difference."""
    if not isinstance(record, Explanation):
        from rnncalc.render.explain.differ import parts

        return Story(tuple(parts(record)), record)
    alone = len(record.layers) == 1 and record.layers[0].recurrent
    return Story(tuple(_cell(record) if alone else _model(record)), record)


def _cell(told: Explanation) -> Iterator[Part]:
    """One recurrent layer, or one stack."""
    layer, report = told.layers[0], told.report
    yield Heading(f"Why {_called(layer)} has {report.params:,} parameters", 1)
    yield Text(f"{layer.title}, as `{report.framework}` stores it: {layer.report.framework_type}.")
    yield Heading("What it computes")
    yield from _step(layer)
    yield Figure("unrolled", "The same cell at every step, with the same weights")
    yield from _units(layer)
    yield Heading("What is stored")
    yield from _stored(layer)
    yield Figure("weights", "Each tensor to scale: rows are what is read, columns the gates")
    yield Heading("The count")
    yield Sums(tuple((_names(block), _times(block), block.params) for block in layer.blocks if not block.shared))
    yield Formula(told.total.symbols, told.total.numbers, report.params)
    yield from _changes(told)
    yield from _costs(told)


def _called(layer: LayerStory) -> str:
    name = layer.report.type.upper() if len(layer.report.type) < 4 or layer.report.type == "lstm" else layer.report.type
    article = "an" if name[0] in "aeioAEIOLMR" and name != "mgu" else "a"
    sizes = layer.lengths
    depth = next(each.size for each in sizes if each.kind == "input")
    state = next(each for each in sizes if each.kind == "state")
    return f"{article} {name} of {state.size:,} units on {depth:,} inputs"


def _step(layer: LayerStory) -> Iterator[Part]:
    states = [each.name for each in layer.lengths if each.kind == "state"]
    kept, new = listed(states), listed([name + "'" for name in states])
    yield Text(
        f"A recurrent layer goes through a sequence step by step. At each step it reads x, the input of that step, and "
        f"{kept}, what it kept from the step before. It passes on {new}, "
        f"which the next step reads as {kept}."
    )
    yield Equations(layer.equations)
    maps = [each for each in layer.lengths if each.kind == "map"]
    if len(maps) > 1:
        yield Text(_told(maps, states))
    yield Text(_legend(layer))
    yield Figure("step", "One step, from what is read on the left to what is passed on to the right")


def _legend(layer: LayerStory) -> str:
    told = ["W and b are the weights, which training finds and which are counted here"]
    text = " ".join(each.unicode for each in layer.equations)
    if "·" in text:
        told.append("W·x is a matrix times a vector")
    if "⊙" in text:
        told.append("⊙ multiplies element by element")
    if "σ" in text:
        told.append("σ brings each number between 0 and 1")
    if "tanh" in text:
        told.append("tanh brings each number between -1 and 1")
    return f"{'; '.join(told)}."


def _told(maps: Sequence[Length], states: Sequence[str]) -> str:
    names = [each.name for each in maps]
    if all(set(each.reads) >= {"x", states[0]} for each in maps):
        return (
            f"So there are {len(maps)} gates, {listed(names)}. Each has weights of its own: that is where a factor of "
            f"{len(maps)} comes from."
        )
    sources = dict.fromkeys(source for each in maps for source in each.reads)
    readers = {source: [each.name for each in maps if source in each.reads] for source in sources}
    read = [f"{listed(names)} read{'s' if len(names) == 1 else ''} {source}" for source, names in readers.items()]
    return f"So there are {len(maps)} maps with weights of their own: {listed(names)}. {'; '.join(read)}."


def _units(layer: LayerStory) -> Iterator[Part]:
    states = [each for each in layer.lengths if each.kind == "state"]
    maps = [each for each in layer.lengths if each.kind == "map"]
    word = next((layer.words[key] for key in UNITS if key in layer.words), None)
    long = [each for each in (*states, *maps) if each.formula == word]
    if word is None or not long:
        return
    first = states[0]
    yield Heading(f"What {word} is")
    names = list(dict.fromkeys(each.name for each in long))
    text = f"{word} = {long[0].size:,} is the length of {listed(names)}"
    if first in long:
        others = [name for name in names if name != first.name]
        text = (
            f"{word} = {first.size:,} is the length of {first.name}: so many numbers does one step pass on to the next"
        )
        if others:
            are = "is" if len(others) == 1 else "are"
            text += f". {listed(others)} {are} as long, since they meet it element by element"
    else:
        text += f"; {first.name} itself has {first.size:,} = {first.formula}"
    every = " in each layer and direction" if layer.num_layers > 1 or layer.bidirectional else ""
    yield Text(f"{text}. It is not the number of steps, nor of cells: there is one cell{every}, used at every step.")
    yield Bars(tuple(each for each in layer.lengths if each.kind != "map" or each.name != first.name))
    if layer.unit:
        told, numbers, each = layer.unit
        gates = listed([made.name for made in maps])
        every = f"each of the {len(maps)} gates {gates} reads" if len(maps) > 1 else "the cell reads"
        if all(set(made.reads) >= {"x", first.name} for made in maps):
            how = f"For it, {every} all of x and all of {first.name}, each of these numbers with a weight of its own: "
        else:
            how = "All weights together, counted for one of them: "
        sized = f"`{told} = {numbers} = {each:,}` weights a unit"
        one = " of one layer and direction" if layer.num_layers > 1 or layer.bidirectional else ""
        yield Text(
            f"One unit{one} is one number of {first.name}. {how}{sized}, and {first.size:,} units have "
            f"`{first.size:,} × {each:,} = {first.size * each:,}`."
        )
    yield Figure("units", "Inside one step: every unit reads all of x and all of the state")


def _stored(layer: LayerStory) -> Iterator[Part]:
    own = tuple(block for block in layer.blocks if block.rows)
    yield Text(
        f"{layer.report.framework_type} has {counted(len(layer.report.tensors), 'tensor')}. A row of a block belongs "
        "to a number that is read, a column to a number of a gate; in each field stands how many weights it has."
    )
    yield Pictures(own)
    yield from (Text(note) for note in _notes(layer))


def _notes(layer: LayerStory) -> Iterator[str]:
    if layer.num_layers > 1 or layer.bidirectional:
        parts = []
        if layer.num_layers > 1:
            parts.append(f"{layer.num_layers} layers, of which each reads the output of the one below")
        if layer.bidirectional:
            parts.append("two directions, each with weights of its own")
        yield f"There are {'; there are '.join(parts)}."
        yield from (f"{each[0].upper()}{each[1:]}." for each in layer.depths[1:])
    name = layer.report.framework_type
    for gate, added in dict.fromkeys(each for block in layer.blocks for each in block.added):
        yield f"{name} adds {added} to the bias of {gate} when it runs; that is not stored, and so not counted."
    for gate in dict.fromkeys(gate for block in layer.blocks for gate in block.negated):
        yield f"{name} stores {gate} with its sign turned: its {gate} is 1 - {gate} of the equations above."
    idle = [block for block in layer.blocks if any(not side.read for side in block.columns)]
    if idle:
        gates = listed(dict.fromkeys(side.name for block in idle for side in block.columns if not side.read))
        yield f"{gates} is allocated, and so counted, but the step never reads it."


def _names(block: Block) -> str:
    return braced(list(block.names)) or block.names[0] + (" …" if block.times > 1 else "")


def _times(block: Block) -> str:
    """`(10 + 128) × 4·128 = 138 × 512`, the shape where it says more, so many times."""
    told = [block.numbers]
    shape = " × ".join(f"{axis:,}" for axis in block.shape)
    if shape != block.numbers and len(block.shape) > 1:
        told.append(shape)
    if block.times > 1:
        told = [f"{block.times} × ({each})" if " " in each else f"{block.times} × {each}" for each in told]
    return " = ".join(told)


def _changes(told: Explanation) -> Iterator[Part]:
    if told.influences:
        yield Heading("What changes the count")
        rows = tuple((each.change, each.params, each.times) for each in told.influences)
        yield Rows(("Change", "Params", "Times as many"), rows)
    yield Text(
        "What does not change it: the number of steps and of sequences in a batch (the same weights are used at every "
        "step and for every sequence), activations, dropout, and whether all outputs or the last are returned."
    )


def _costs(told: Explanation) -> Iterator[Part]:
    report = told.report
    yield Heading("What it costs")
    lines = [line for line in words.summary(report, told.others) if line[0] != "Parameters"]
    yield Rows(("", ""), tuple(lines))
    used = "each number of a matrix is multiplied once a step; " if _once(told) else ""
    yield Text(
        f"MACs are multiplications with a sum: {used}biases and what is done element by element count as FLOPs alone. "
        "The state is what is kept between two steps."
    )


def _once(told: Explanation) -> bool:
    """Whether the MACs of a step are the scalars of the matrices."""
    matrices = sum(
        block.params for layer in told.layers for block in layer.blocks if any(row.name != "1" for row in block.rows)
    )
    return matrices == told.report.macs_per_step


def _model(told: Explanation) -> Iterator[Part]:
    """A whole model, layer by layer."""
    report = told.report
    yield Heading(f"Why {report.name} has {report.params:,} parameters", 1)
    yield Text(f"{counted(len(told.layers), 'layer')}, as `{report.framework}` stores them.")
    seen: dict[Any, str] = {}
    drawn = False
    for n, layer in enumerate(told.layers, 1):
        yield Heading(f"{n}. {layer.report.name}: {layer.report.framework_type}, {layer.report.params:,}")
        yield from _layer(layer, seen)
        if layer.recurrent and not drawn:
            drawn = True
            yield Figure("step", f"One step of {layer.report.name}, from what is read on the left to what is passed on")
            yield Figure("unrolled", f"{layer.report.name} at every step, with the same weights")
    yield Heading("The count")
    yield Sums(
        tuple((layer.report.name, layer.numbers, layer.report.params) for layer in told.layers if layer.report.params)
    )
    yield Formula(told.total.symbols, told.total.numbers, report.params)
    yield Figure("weights", "Each tensor to scale: rows are what is read, columns the gates or outputs")
    yield from _changes(told)
    yield from _costs(told)


def _layer(layer: LayerStory, seen: dict[Any, str]) -> Iterator[Part]:
    for told in layer.depths[:1] if not layer.blocks and not layer.recurrent else layer.depths:
        word, _, why = told.partition(":")
        yield Text(f"`{word}`:{why}.")
    if layer.same_as:
        yield Text(f"It has the weights of {quoted(layer.same_as)}, which are counted there.")
        return
    if not layer.blocks:
        yield Text("It has no weights.")
        return
    lines = tuple(each.unicode for each in layer.equations)
    if lines in seen:
        yield Text(f"It computes what {quoted(seen[lines])} does.")
    elif lines:
        seen[lines] = layer.report.name
        yield Equations(layer.equations)
    yield Sums(tuple((_names(block), _times(block), block.params) for block in layer.blocks))
    for block in layer.blocks:
        if block.shared:
            yield Text(f"{quoted(block.names[0])} is {quoted(block.shared)}: counted there, not here.")
    if layer.recurrent and (layer.num_layers > 1 or layer.bidirectional):
        yield from (Text(note) for note in list(_notes(layer))[:1])
