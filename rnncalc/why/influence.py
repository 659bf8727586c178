"""What changes a count and what does not: the same model with one thing changed, built and counted.

>>> import rnncalc
>>> for each in influences(rnncalc.parse({"input": {"depth": 10}, "layers": [{"lstm": {"units": 128}}]}))[:2]:
...     print(each.change, each.params, round(each.times, 2))
num_units doubled: 256 273408 3.84
input_depth doubled: 20 76288 1.07
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rnncalc.algebra import NotPolynomial
from rnncalc.errors import SpecError, quoted
from rnncalc.network import Model, build
from rnncalc.record import Record
from rnncalc.symbolic import free_sizes, symbolic

if TYPE_CHECKING:
    from rnncalc.layer import Layer
    from rnncalc.plan import LayerPlan

MOST = 12  # sizes of a model that are doubled


class Influence(Record):
    """One change, the count after it, and how many times the count before that is."""

    change: str
    params: int
    times: float


def influences(model: Model) -> tuple[Influence, ...]:
    """Each size of the recurrent layers doubled, and where there is one layer, each of its options changed."""
    recurrent = [layer for layer in model.layers if layer.cell.states and not layer.plan.same_as]
    alone = len(model.layers) == 1
    found = []
    for change, made in (
        *_doubled(model, recurrent, alone),
        *(_changed(model, recurrent[0]) if recurrent and alone else ()),
    ):
        if made is not None:
            found.append(Influence(change, made.params, made.params / model.params if model.params else 0.0))
    return tuple(found)


def _doubled(model: Model, layers: list[Layer], alone: bool) -> Iterator[tuple[str, Model | None]]:
    places = [
        (layer.plan.name, key, layer.words[key], value)
        for layer in layers
        for key, value in free_sizes(layer).items()
        if value is not None
    ]
    for name, flow in model.inputs.items():
        depth = flow.shape[-1]
        if len(flow.shape) == 2 and not flow.numbers and depth is not None:
            places.append((name, "depth", model.layers[0].words["input_depth"] if alone else "depth", depth))
    for owner, key, word, value in places[:MOST]:
        where = "" if alone else f" of {quoted(owner)}"
        try:
            yield f"{word}{where} doubled: {2 * value:,}", symbolic(model, {(owner, key): 2 * value})
        except (SpecError, NotPolynomial):
            continue


def _changed(model: Model, layer: Layer) -> Iterator[tuple[str, Model | None]]:
    plan = layer.plan
    yield "one more layer in the stack", _with(model, plan._replace(num_layers=plan.num_layers + 1))
    other = "one direction" if plan.bidirectional else "both directions"
    yield other, _with(model, plan._replace(bidirectional=not plan.bidirectional))
    if layer.policy != "none":
        yield "without biases", _with(model, plan._replace(bias=False))
    for key, kind in layer.cell.kinds.items():
        if kind == "bool":
            value = not layer.options.get(key, False)
            word = key.replace("_", " ")
            yield (
                f"{'with' if value else 'without'} {word}",
                _with(model, plan._replace(options={**plan.options, key: value})),
            )


def _with(model: Model, plan: LayerPlan) -> Model | None:
    try:
        return build(model.plan._replace(layers=(plan,)))
    except SpecError:
        return None
