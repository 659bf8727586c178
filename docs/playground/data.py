"""The data of the page: for each framework, cell, choice of options and bias, what is known before any size.

A polynomial is a list of terms `[factor, {symbol: exponent}]`; factors are strings, since JavaScript's numbers are
not exact. Equal polynomials, texts and drawings are kept once, in pools, and named by their place there.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from itertools import product
from typing import Any

from rnncalc import layouts, parse
from rnncalc.algebra import Poly, poly
from rnncalc.arrangement import Stored
from rnncalc.cell import Cell, find, recurrent
from rnncalc.equations import lines
from rnncalc.errors import SpecError
from rnncalc.layer import Layer
from rnncalc.network import Model
from rnncalc.render.explain.figures import figure, shades
from rnncalc.sizes import DTYPES
from rnncalc.tensor import seen
from rnncalc.why.explain import explain

POLICIES = ("single", "double", "input", "none")
SIZES = {"input_depth": 5, "units": 8, "projection": 4}
COUNTED = {"depth": (1, 2, 3, 4, 5, 6)}  # what a step counts with, and so has to be known
FREE = {"chunk_size": 8}  # sizes that a count has but that have to divide the units
LAYERS = 3  # of a stack, whose second and third layer show what a name counts


class Pool:
    """Values, each once."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.places: dict[Hashable, int] = {}

    def __call__(self, value: Any, key: Hashable = None) -> int:
        """The place of a value."""
        key = value if key is None else key
        if key not in self.places:
            self.places[key] = len(self.values)
            self.values.append(value)
        return self.places[key]


class Pools:
    """The pools of the page."""

    def __init__(self) -> None:
        self.polys, self.texts, self.drawings, self.equations, self.grids = (Pool() for _ in range(5))

    def poly(self, value: Poly | int) -> int:
        """The place of a polynomial."""
        terms = [[str(factor), dict(monomial)] for monomial, factor in poly(value).terms.items()]
        return self.polys(terms, poly(value))


def data() -> dict[str, Any]:
    """All that the page knows."""
    pools = Pools()
    variants = {key: found for name in layouts.NAMES for key, found in _variants(name, pools)}
    return {
        "polys": pools.polys.values,
        "texts": pools.texts.values,
        "drawings": pools.drawings.values,
        "equations": pools.equations.values,
        "grids": pools.grids.values,
        "cells": {name: _cell(name) for name in recurrent()},
        "frameworks": {name: layouts.find(name).title for name in layouts.NAMES},
        "policies": POLICIES,
        "dtypes": DTYPES,
        "variants": variants,
    }


def switches(cell: Cell) -> list[str]:
    """The options of a cell that are on or off: its flags, and sizes that may be left out."""
    return [key for key, kind in cell.kinds.items() if kind in ("bool", "int | None")]


def _cell(name: str) -> dict[str, Any]:
    cell = find(name)
    assert cell is not None
    return {
        "title": cell.title,
        "switches": switches(cell),
        "sizes": [key for key, kind in cell.kinds.items() if kind == "int | None"],
        "counted": {key: list(COUNTED[key]) for key in COUNTED if key in cell.options},
        "free": {key: FREE[key] for key in FREE if key in cell.options},
        "states": list(cell.states),
    }


def _variants(framework: str, pools: Pools) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in recurrent():
        cell = find(name)
        assert cell is not None
        known = switches(cell)
        counted = [key for key in COUNTED if key in cell.options]
        own = _built(framework, name, {})
        for chosen in product((False, True), repeat=len(known)):
            for policy in POLICIES:
                for counts in product(*(COUNTED[key] for key in counted)):
                    options: dict[str, Any] = {"bias": policy, **dict(zip(counted, counts))}
                    for key, on in zip(known, chosen):
                        if cell.kinds[key] == "bool":
                            options[key] = on
                        elif on:
                            options[key] = SIZES[key]
                    models = [_built(framework, name, {**options, "bidirectional": both}) for both in (False, True)]
                    if models[0] is None:
                        continue
                    found = _variant(models[0], pools)
                    found["both"] = _stack(models[1], pools) if models[1] else None
                    found["default"] = own is not None and _same(own.layers[0], models[0].layers[0], known)
                    bits = "".join(str(int(on)) for on in chosen)
                    yield "/".join((framework, name, bits, policy, *map(str, counts))), found


def _built(framework: str, name: str, options: dict[str, Any]) -> Model | None:
    layer = {name: {"units": SIZES["units"], "num_layers": LAYERS, **options}}
    try:
        return parse({"framework": framework, "input": {"depth": SIZES["input_depth"]}, "layers": [layer]})
    except SpecError:
        return None


def _same(own: Layer, other: Layer, known: list[str]) -> bool:
    """Whether a layer has the framework's own policy and options."""
    return own.policy == other.policy and all(own.options.get(key) == other.options.get(key) for key in known)


def _variant(model: Model, pools: Pools) -> dict[str, Any]:
    (layer,) = model.layers
    trace = layer.trace
    told = tuple((line.unicode, line.means) for line in lines(trace, layer.policy))
    explained = explain(model)
    drawing = figure("step", explained)
    assert drawing is not None
    return {
        "type": pools.texts(layer.entry.class_name(0) if layer.entry.name != "*" else layer.cell.name),
        "words": {key: pools.texts(word) for key, word in layer.words.items()},
        "equations": pools.equations([list(line) for line in told], told),
        "drawing": pools.drawings((round(drawing.width), round(drawing.height), "".join(drawing.parts))),
        "states": [[state.name, pools.poly(state.size)] for state in trace.states],
        "gates": [[made.gate, pools.poly(made.to)] for made in trace.maps],
        "shades": shades(explained.layers[0]),
        "below": dict(layer.entry.below),
        "one": _stack(model, pools),
    }


def _stack(model: Model, pools: Pools) -> dict[str, Any]:
    """A stack in one or both directions: its first layer, and each that follows; both directions counted."""
    (layer,) = model.layers
    below = layer.trace.output * (layer.directions if layer.mixed else 1)
    flops, macs = layer.trace.flops(layer.policy).per_step, layer.trace.macs.per_step
    figures: dict[str, Poly] = {"params": layer.count, "macs": macs, "flops": flops}
    alone = _built(model.framework, layer.cell.name, {**_asked(layer), "num_layers": 1})
    assert alone is not None
    return {
        "wrapped": pools.texts(layer.framework_type),
        "first": {key: pools.poly(value * layer.directions) for key, value in figures.items()},
        "next": {
            key: pools.poly(value.replace({"input_depth": below}) * layer.directions) for key, value in figures.items()
        },
        "directions": layer.directions,
        "alone": [_tensor(layer, tensor, tensor.name, 0, pools) for tensor in alone.layers[0].tensors],
        "stacked": [
            *(_tensor(layer, tensor, tensor.name, 0, pools) for tensor in layer.tensors if tensor.parts[0][0] == 0),
            *(_tensor(layer, tensor, name, 1, pools) for tensor, name in _following(layer)),
        ],
    }


def _asked(layer: Layer) -> dict[str, Any]:
    plan = layer.plan
    bias = {} if plan.bias is None else {"bias": "none" if plan.bias is False else plan.bias}
    return {**plan.options, **bias, "bidirectional": plan.bidirectional}


def _following(layer: Layer) -> Iterator[tuple[Any, str]]:
    """The tensors of the second layer, the number of the layer in their names as {k}."""
    by_layer = {k: {(t.stored, t.parts[0][1]): t for t in layer.tensors if t.parts[0][0] == k} for k in (1, 2)}
    for key, tensor in by_layer[1].items():
        yield tensor, _template(tensor.name, by_layer[2][key].name)


def _template(one: str, two: str) -> str:
    """The name of the second and of the third layer, which differ in the digit that counts them.

    >>> _template("gru_1/fw_gru_1/kernel", "gru_2/fw_gru_2/kernel")
    'gru_{k}/fw_gru_{k}/kernel'
    """
    assert len(one) == len(two), (one, two)
    return "".join(a if a == b else "{k}" for a, b in zip(one, two))


def _tensor(layer: Layer, tensor: Any, name: str, k: int, pools: Pools) -> list[Any]:
    """Its layer (1 for all that follow the first), its name, and a grid: form, formula, shape, rows and columns."""
    stored: Stored = tensor.stored
    turned = seen(layer, k)
    shape: list[Poly | int] = list(turned(stored.shape))
    if len(tensor.parts) > 1 or layer.layout.names.axis:
        shape.insert(0, len(tensor.parts))
    grid = [
        stored.form,
        pools.texts(tensor.formula),
        [pools.poly(axis) for axis in shape],
        [[_term(row[0].term), pools.poly(turned((row[0].rows,))[0])] for row in stored.grid],
        [[block.column.gate, pools.poly(block.columns)] for block in stored.grid[0]],
    ]
    return [k, pools.texts(name), pools.grids(grid, repr(grid))]


def _term(term: str) -> str:
    return "1" if term.startswith("1") else term
