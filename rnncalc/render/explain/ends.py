"""What is told of a cell and of a model alike: its sums, what changes the count, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator

from rnncalc.render import words
from rnncalc.render.explain.parts import Heading, Part, Rows, Signed, Text
from rnncalc.render.names import braced
from rnncalc.why.told import Block, Explanation, LayerStory


def names(block: Block) -> str:
    """The names of its tensors in one word."""
    return braced(list(block.names)) or block.names[0] + (" …" if block.times > 1 else "")


def times(block: Block) -> str:
    """`(10 + 128) × 4·128 = 138 × 512`, the shape where it says more, so many times."""
    told = [block.numbers]
    shape = " × ".join(f"{axis:,}" for axis in block.shape)
    if shape != block.numbers and len(block.shape) > 1:
        told.append(shape)
    if block.times > 1:
        told = [f"{block.times} × ({each})" if " " in each else f"{block.times} × {each}" for each in told]
    return " = ".join(told)


def changes(told: Explanation) -> Iterator[Part]:
    """What changes the count, and what does not."""
    if told.influences:
        yield Heading("What changes the count")
        count = told.report.params
        rows = tuple((each.change, each.params, Signed(each.params - count), each.times) for each in told.influences)
        yield Rows(("Change", "Params", "Difference", "Times as many"), rows)
    yield Text(
        "What does not change it: the number of steps and of sequences in a batch (the same weights are used at every "
        "step and for every sequence), activations, dropout, and whether all outputs or the last are returned."
    )


def costs(told: Explanation) -> Iterator[Part]:
    """What it costs, and where it is another number."""
    report = told.report
    yield Heading("What it costs")
    lines = [line for line in words.summary(report, told.others) if line[0] != "Parameters"]
    yield Rows(("", ""), tuple(lines))
    used = ", and a step uses each number of a matrix once" if _once(told) else ""
    once = "" if report.macs is None else " What is done once a sequence is in its figure alone."
    yield Text(
        f"A MAC is a multiplication and an addition{used}; biases and what is done element by element are FLOPs alone."
        f"{once} The state is what is kept between two steps."
    )
    if told.others:
        alone = len(told.layers) == 1 and not report.source
        target = told.layers[0].report.type if alone else report.source or "SPEC"
        yield Text(f"`rnncalc explain {target} --diff {report.framework} {told.others[0][0]}` says why they differ.")


def _once(told: Explanation) -> bool:
    """Whether the MACs of a step are the scalars of the matrices."""
    matrices = sum(
        block.params for layer in told.layers for block in layer.blocks if any(row.name != "1" for row in block.rows)
    )
    return matrices == told.report.macs_per_step


def stacked(layer: LayerStory) -> Iterator[str]:
    """How many layers and directions there are."""
    parts = []
    if layer.num_layers > 1:
        parts.append(f"{layer.num_layers} layers, of which each reads the output of the one below")
    if layer.bidirectional:
        parts.append("two directions, each with weights of its own")
    if parts:
        yield f"There are {'; there are '.join(parts)}."
