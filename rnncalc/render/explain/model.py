"""The words on a whole model, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rnncalc.errors import counted, quoted
from rnncalc.render.explain.ends import changes, costs, names, stacked, times
from rnncalc.render.explain.parts import Equations, Figure, Formula, Heading, Part, Sums, Text
from rnncalc.why.told import Explanation, LayerStory


def whole(told: Explanation) -> Iterator[Part]:
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
    yield from changes(told)
    yield from costs(told)


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
        yield Text(f"The equations of {quoted(seen[lines])}.")
    elif lines:
        seen[lines] = layer.report.name
        yield Equations(layer.equations)
    yield Sums(tuple((names(block), times(block), block.params) for block in layer.blocks))
    for block in layer.blocks:
        if block.shared:
            yield Text(f"{quoted(block.names[0])} is {quoted(block.shared)}: counted there, not here.")
    if layer.recurrent:
        yield from map(Text, stacked(layer))
