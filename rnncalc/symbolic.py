"""A model with sizes left open: the same network over symbols, so that each of its figures is a polynomial.

>>> import rnncalc
>>> from rnncalc.algebra import symbol
>>> model = rnncalc.parse({"input": {"depth": 10}, "layers": [{"lstm": 128}]})
>>> figures = symbolic(model, {("lstm", "units"): symbol("n")}).report()
>>> str(figures.params), str(figures.macs_per_step)
('4·n² + 44·n', '4·n² + 40·n')

A polynomial without a negative factor grows with each of its symbols. Kernels, strides, groups and what a step counts
are whole numbers, never symbols.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from rnncalc.algebra import NotPolynomial, Poly, poly
from rnncalc.errors import Problem, SpecError, listed, named, suggest
from rnncalc.layer import Layer
from rnncalc.network import Model, build
from rnncalc.plan import Flow

Free = Mapping[tuple[str, str], Poly | int]  # (layer or input, key) -> what its size is


def free_sizes(layer: Layer) -> dict[str, int | None]:
    """The sizes of a layer that may be symbols, by our names, with their values; None where one is not chosen."""
    kinds = {key: layer.cell.kinds.get(key, "int") for key in (*layer.cell.sizes, *layer.cell.optional_sizes)}
    return {key: layer.plan.options.get(key) for key, kind in kinds.items() if kind in ("int", "int | None")}


def symbolic(model: Model, free: Free) -> Model:
    """The model with these sizes as the polynomials that are given, such as `symbol("units")` or `8 * symbol("n")`.

    An input is named as in `model.inputs`; its keys are `depth` and `steps`. The model's figures are then polynomials;
    it has no forward pass.

    Raises:
        SpecError: there is no such size, or the layers do not fit together at other sizes.
        NotPolynomial: a size is divided, compared or counted with.
    """
    layers = {layer.plan.name: layer for layer in model.layers}
    plans = {layer.name: layer for layer in model.plan.layers}
    inputs = dict(model.inputs)
    for (owner, key), size in free.items():
        # what is written for numbers holds for symbols; a polynomial without any is a number, and taken for one
        number = cast(int, size if poly(size).symbols else poly(size).at({}))
        if owner in layers:
            _known(key, free_sizes(layers[owner]), f"`{owner}`")
            plans[owner] = plans[owner]._replace(options={**plans[owner].options, key: number})
        elif owner in inputs:
            _known(key, ("depth", "steps"), f"the input `{owner}`")
            inputs[owner] = _input(inputs[owner], key, number)
        else:
            raise SpecError(Problem(f"no layer or input is named {named(owner)}{suggest(owner, (*layers, *inputs))}"))
    try:
        return build(model.plan._replace(layers=tuple(plans.values()), inputs=inputs))
    except TypeError as error:  # a step that takes the size for a number
        told = listed([f"{owner}.{key}" for owner, key in free])
        raise NotPolynomial(f"{told} is taken for a number") from error


def _known(key: str, known: Any, owner: str) -> None:
    if key not in known:
        there = f"; it has {listed(known)}" if known else ""
        raise SpecError(Problem(f"{owner} has no size {named(key)} that can be left open{there}"))


def _input(flow: Flow, key: str, size: int) -> Flow:
    if key == "steps":
        return flow._replace(shape=(size, *flow.shape[1:]))
    if flow.numbers:
        raise SpecError(Problem("the input is whole numbers: it has no depth"))
    return flow._replace(shape=(*flow.shape[:-1], size))


def grows(figure: Poly | int) -> bool:
    """Whether a figure is shown to grow, or stay, with each of its symbols: none of its factors is negative."""
    return all(factor >= 0 for factor in poly(figure).terms.values())
