"""The words of an explanation, part by part. Nothing is computed here; the figures are in the records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rnncalc.errors import counted, listed
from rnncalc.render.explain.ends import changes, costs, names, stacked, times
from rnncalc.render.explain.model import whole
from rnncalc.render.explain.parts import (
    Bars,
    Equations,
    Figure,
    Formula,
    Heading,
    Part,
    Pictures,
    Story,
    Sums,
    Text,
)
from rnncalc.why.told import Explanation, LayerStory, Length

UNITS = ("units", "filters")  # what is asked for most: the length of h


SAID = {  # what is the framework's choice, for those who do not know the words yet
    "reset before": "the reset gate multiplies the state before the matrix does (reset before)",
    "reset after": "the matrix comes first, and the reset gate multiplies what it gives (reset after)",
    "one bias a map": "one bias for each sum of products",
    "one bias a matrix": "a bias beside each matrix",
}


def story(record: Any) -> Story:
    """The story of an explanation, or of a difference."""
    if not isinstance(record, Explanation):
        from rnncalc.render.explain.differ import parts

        return Story(tuple(parts(record)), record)
    alone = len(record.layers) == 1 and record.layers[0].recurrent
    return Story(tuple(_cell(record) if alone else whole(record)), record)


def _cell(told: Explanation) -> Iterator[Part]:
    """One recurrent layer, or one stack."""
    layer, report = told.layers[0], told.report
    yield Heading(f"Why {_called(layer)} has {report.params:,} parameters", 1)
    here = f" Here: {'; '.join(SAID.get(fact, fact) for fact in layer.facts)}." if layer.facts else ""
    yield Text(f"{layer.title}, as `{report.framework}` stores it: {layer.report.framework_type}.{here}")
    yield Heading("What it computes")
    yield from _step(layer)
    yield Figure("unrolled", "The same cell at every step, with the same weights")
    yield from _units(layer)
    yield Heading("What is stored")
    yield from _stored(layer)
    yield Figure("weights", "Each tensor to scale: rows are what is read, columns the gates")
    yield Heading("The count")
    yield Sums(tuple((names(block), times(block), block.params) for block in layer.blocks if not block.shared))
    yield Formula(told.total.symbols, told.total.numbers, report.params)
    yield from changes(told)
    yield from costs(told)


def _called(layer: LayerStory) -> str:
    name = layer.report.type.upper() if len(layer.report.type) < 4 or layer.report.type == "lstm" else layer.report.type
    article = "an" if name[0] in "aeioAEIOLMR" and name != "mgu" else "a"
    depth = next(each.size for each in layer.lengths if each.kind == "input")
    state = next(each.size for each in layer.lengths if each.kind == "state")
    stack = f"a stack of {layer.num_layers} {name}s" if layer.num_layers > 1 else f"{article} {name}"
    both = " in both directions" if layer.bidirectional else ""
    return f"{stack} of {counted(state, 'unit')}{both} on {counted(depth, 'input')}"


def _step(layer: LayerStory) -> Iterator[Part]:
    states = [each.name for each in layer.lengths if each.kind == "state"]
    kept, new = listed(states), listed([name + "'" for name in states])
    yield Text(
        f"A recurrent layer goes through a sequence step by step. At each step it reads x, the input of that step, and "
        f"{kept}, what it kept from the step before (zeros at the first). It makes {new}, which the next step reads as "
        f"{kept}; {states[0]}' is what the layer gives out, too."
    )
    yield Equations(layer.equations)
    yield Text(_legend(layer))
    maps = [each for each in layer.lengths if each.kind == "map"]
    if len(maps) > 1:
        yield Text(_told(layer, maps, states))
    yield Figure("step", "One step, from what is read on the left to what is passed on to the right")


def _told(layer: LayerStory, maps: Sequence[Length], states: Sequence[str]) -> str:
    """Which maps have weights, what they are called, and what they read."""
    kinds: dict[str, list[str]] = {}
    means = {line.name: line.means.partition(":")[0] for line in layer.equations}
    for each in maps:
        kind = means.get(each.name, "")
        kinds.setdefault("gate" if kind.endswith("gate") else kind if kind.isalpha() else "", []).append(each.name)
    named = [
        f"the {kind}{'s' if len(names) > 1 else ''} {listed(names)}" if kind else listed(names)
        for kind, names in kinds.items()
    ]
    gate = "A gate is a vector of numbers between 0 and 1: multiplying by it lets so much of another vector through. "
    gate = gate if "gate" in kinds else ""
    if all(set(each.reads) >= {"x", states[0]} for each in maps):
        return (
            f"{gate}So there are {len(maps)} blocks of weights, {listed(named)}. Each reads x and {states[0]} with "
            f"weights of its own: that is where a factor of {len(maps)} comes from."
        )
    sources = dict.fromkeys(source for each in maps for source in each.reads)
    readers = {source: [each.name for each in maps if source in each.reads] for source in sources}
    read = [f"{listed(names)} read{'s' if len(names) == 1 else ''} {source}" for source, names in readers.items()]
    return f"{gate}So there are {len(maps)} blocks of weights: {listed(named)}. {'; '.join(read)}."


def _legend(layer: LayerStory) -> str:
    told = ["W (weights) and b (biases) are the parameters, which training sets and which are counted here"]
    text = " ".join(each.unicode for each in layer.equations)
    if "·" in text:
        told.append("W·x is a matrix times a vector; between numbers, · and × both mean times")
    if "⊙" in text:
        told.append("⊙ multiplies element by element")
    if "σ" in text:
        told.append("σ brings each number between 0 and 1")
    if "tanh" in text:
        told.append("tanh brings each number between -1 and 1")
    return f"{'; '.join(told)}."


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
        text = f"{word} = {first.size:,} is the length of {first.name}: how many numbers it has"
        if others:
            are = "is" if len(others) == 1 else "are"
            text += f". {listed(others)} {are} as long, because they are multiplied or added element by element"
    else:
        text += f"; {first.name} itself has {first.size:,} = {first.formula}"
    every = " in each layer and direction" if layer.num_layers > 1 or layer.bidirectional else ""
    yield Text(
        f"{text}. It is not the number of steps, nor of cells: there is one cell{every}, used at every step with the "
        "same weights, so that a longer sequence needs no more of them."
    )
    yield Bars(tuple(each for each in layer.lengths if each.kind != "map" or each.name != first.name))
    if layer.units:
        yield Text(_unit(layer, first, maps))
    yield Figure("units", "Inside one step: every unit reads all of x and all of the state")


def _unit(layer: LayerStory, first: Length, maps: Sequence[Length]) -> str:
    """The count, unit by unit."""
    told, numbers, each = layer.units[0]
    blocks = f"each of the {len(maps)} blocks {listed([made.name for made in maps])} reads"
    how = "All weights together, counted for one of them: "
    if all(set(made.reads) >= {"x", first.name} for made in maps):
        how = (
            f"For it, {blocks if len(maps) > 1 else 'the cell reads'} all of x and all of {first.name}, each of these "
        )
        how += "numbers with a weight of its own: "
    where = " of the first layer" if layer.num_layers > 1 else ""
    where += f"{' and' if where else ' of'} one direction" if layer.bidirectional else ""
    text = f"One unit{where} makes one number of {first.name}. {how}`{told} = {numbers} = {each:,}` weights and biases."
    factors = ["2"] if layer.bidirectional else []
    terms = [" × ".join([*factors, f"{first.size:,}", f"{each:,}"])]
    if len(layer.units) > 1:
        more, figures, above = layer.units[1]
        text += f" In a layer above it reads the layer below: `{more} = {figures} = {above:,}`."
        times = [str(layer.num_layers - 1)] if layer.num_layers > 2 else []
        terms.append(" × ".join([*times, *factors, f"{first.size:,}", f"{above:,}"]))
    return f"{text} All units together have `{' + '.join(terms)} = {layer.report.params:,}`."


def _stored(layer: LayerStory) -> Iterator[Part]:
    own = tuple(block for block in layer.blocks if block.rows)
    tensors = counted(len(layer.report.tensors), "tensor")
    yield Text(
        f"{layer.report.framework_type} has {tensors}. A picture has a row for each "
        "number that is read and a column for each number that is made; the figure in a block is how many weights it "
        f"has. {_example(layer)}The blocks stand in the order in which they are stored."
    )
    yield Pictures(own)
    yield from (Text(note) for note in _notes(layer))


def _example(layer: LayerStory) -> str:
    """Which block is which weight of the equations."""
    made = next((each for each in layer.lengths if each.kind == "map" and each.reads), None)
    source = made.reads[0].strip("_") if made else ""
    return f"The block of {made.name} beside {source} is W_{source}{made.name}, and so on. " if made and source else ""


def _notes(layer: LayerStory) -> Iterator[str]:
    yield from stacked(layer)
    yield from (f"{each[0].upper()}{each[1:]}." for each in layer.depths[1:])
    name = layer.report.framework_type
    for gate, added in dict.fromkeys(each for block in layer.blocks for each in block.added):
        why = " (so that it begins open)" if added > 0 else ""
        yield f"{name} adds {added} to the bias of {gate} when it runs{why}; that is not stored, and so not counted."
    for gate in dict.fromkeys(gate for block in layer.blocks for gate in block.negated):
        yield f"{name} stores {gate} with its sign turned: its {gate} is 1 - {gate} of the equations above."
    idle = [block for block in layer.blocks if any(not side.read for side in block.columns)]
    if idle:
        gates = listed(dict.fromkeys(side.name for block in idle for side in block.columns if not side.read))
        yield f"{gates} is allocated, and so counted, but the step never reads it."
