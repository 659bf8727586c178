"""Which layers have exactly so many parameters: every cell, size, stack and framework within stated bounds.

A count is linear in the input depth, so that each number of units leaves one division; and most counts are a multiple
of the units, so that only divisors of the total can be units at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import isqrt
from typing import Any, cast

from rnncalc import layouts
from rnncalc.algebra import NotPolynomial, Poly, poly, symbol
from rnncalc.cell import Cell, find
from rnncalc.errors import SpecError
from rnncalc.network import Model, build
from rnncalc.plan import Flow, LayerPlan, Plan
from rnncalc.record import Record
from rnncalc.report import SCHEMA_VERSION

DEPTHS = range(1, 11)  # of a cell that has layers in each step


class Bounds(Record):
    """What is looked through. A range of one number is that number."""

    cells: tuple[str, ...]
    frameworks: tuple[str, ...] = layouts.NAMES
    units: range = range(1, 65_537)
    input_depth: range = range(1, 65_537)
    num_layers: range = range(1, 5)
    directions: tuple[bool, ...] = (False, True)


class Match(Record):
    """One layer or stack of the wanted count, and the frameworks that have it so.

    `asked` is how many of its options are no framework's default.
    """

    cell: str
    units: int
    input_depth: int
    num_layers: int
    bidirectional: bool
    options: tuple[tuple[str, Any], ...]
    bias: bool
    frameworks: tuple[str, ...]
    asked: int

    def to_dict(self) -> dict[str, Any]:
        """Its JSON: the keys of a spec."""
        return {
            "cell": self.cell,
            "units": self.units,
            "input_depth": self.input_depth,
            "num_layers": self.num_layers,
            "bidirectional": self.bidirectional,
            "options": dict(self.options),
            "bias": self.bias,
            "frameworks": list(self.frameworks),
        }


Shape = tuple[str, int, int, int, bool, tuple[tuple[str, Any], ...], bool]  # a match up to its frameworks


class Identified(Record):
    """All matches, the plainest first, and the bounds within which there are no others."""

    params: int
    bounds: Bounds
    matches: tuple[Match, ...]

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        spans = {key: getattr(self.bounds, key) for key in ("units", "input_depth", "num_layers")}
        return {
            "schema_version": SCHEMA_VERSION,
            "params": self.params,
            "bounds": {
                "cells": list(self.bounds.cells),
                "frameworks": list(self.bounds.frameworks),
                **{key: [span[0], span[-1]] for key, span in spans.items()},
                "bidirectional": list(self.bounds.directions),
            },
            "matches": [match.to_dict() for match in self.matches],
        }


def identify(total: int, bounds: Bounds) -> Identified:
    """Every layer and stack within the bounds that has exactly `total` parameters.

    >>> found = identify(71_168, Bounds(("lstm",), input_depth=range(10, 11)))
    >>> found.matches[0].units, found.matches[0].frameworks[:2]
    (128, ('tensorflow1', 'keras'))
    """
    units = [n for n in bounds.units if n <= isqrt(total) + 1]
    dividing = [n for n in units if not total % n]
    by_shape: dict[Shape, list[Variant]] = {}
    for name, both in product(bounds.cells, bounds.directions):
        for variant in _variants(name, bounds.frameworks, both):
            for layers in bounds.num_layers:
                count = variant.first + variant.inner * (layers - 1)
                tried = dividing if all("units" in dict(monomial) for monomial in count.terms) else units
                for n, depth in _solved(count, total, tried, bounds.input_depth):
                    shape: Shape = (name, n, depth, layers, both, variant.options, variant.bias)
                    by_shape.setdefault(shape, []).append(variant)
    matches = [
        Match(
            *shape,
            tuple(dict.fromkeys(each.framework for each in found)),
            min(each.asked for each in found),
        )
        for shape, found in by_shape.items()
    ]
    return Identified(total, bounds, tuple(sorted(matches, key=_plainness)))


def _solved(count: Poly, total: int, units: Sequence[int], depths: range) -> Iterator[tuple[int, int]]:
    """Each (units, input depth) at which the count is the total."""
    slope, rest = _linear(count)
    for n in units:
        at = {"units": n}
        left = total - rest.at(at)
        if left <= 0:
            break  # the rest grows with the units
        depth, remainder = divmod(left, slope.at(at))
        if not remainder and depth in depths:
            yield n, depth


def _linear(count: Poly) -> tuple[Poly, Poly]:
    """The factor of the input depth, and what is left."""
    with_depth = {monomial: factor for monomial, factor in count.terms.items() if "input_depth" in dict(monomial)}
    rest = {monomial: factor for monomial, factor in count.terms.items() if monomial not in with_depth}
    return Poly(with_depth).over("input_depth"), Poly(rest)


class Variant(Record):
    """A form of a cell in a framework, and the parameters of its first layer and of each one above it."""

    options: tuple[tuple[str, Any], ...]
    asked: int
    bias: bool
    framework: str
    first: Poly
    inner: Poly


def _variants(name: str, frameworks: Sequence[str], both: bool) -> Iterator[Variant]:
    """Each form of a cell in each framework."""
    cell = find(name)
    if cell is None:
        return
    for framework, bias, chosen in product(frameworks, (True, False), _options(cell)):
        layer = LayerPlan(name, name, chosen, bias=None if bias else False, bidirectional=both)
        try:
            one, two = (_model(layer._replace(num_layers=n), framework) for n in (1, 2))
        except (SpecError, NotPolynomial):
            continue
        built = one.layers[0]
        options = tuple((key, built.options[key]) for key, value in cell.options.items() if built.options[key] != value)
        usual = {**cell.options, **built.entry.default}
        asked = sum(value != usual.get(key, value) for key, value in chosen.items())
        first = poly(one.params)
        yield Variant(options, asked, bias, framework, first, two.params - first)


def _options(cell: Cell) -> Iterator[dict[str, Any]]:
    """Each choice of the options that are on or off, and of the layers in a step."""
    choices: dict[str, Sequence[Any]] = {key: (False, True) for key, kind in cell.kinds.items() if kind == "bool"}
    choices |= {key: DEPTHS for key in cell.kinds if key == "depth"}
    for values in product(*choices.values()):
        yield dict(zip(choices, values))


def _model(layer: LayerPlan, framework: str) -> Model:
    """A model of one layer whose units and input depth are symbols."""
    units, depth = (cast(int, symbol(word)) for word in ("units", "input_depth"))
    layer = layer._replace(options={"units": units, **layer.options})
    return build(Plan("", framework, (layer,), {"input": Flow((None, depth), True)}))


def _plainness(match: Match) -> tuple[Any, ...]:
    """Fewer layers, directions and options first, then rounder sizes, then cells as people ask for them."""
    asked = ("lstm", "gru", "rnn")
    order = asked.index(match.cell) if match.cell in asked else len(asked)
    extra = match.asked + (not match.bias)
    sizes = 2 * _roughness(match.units) + _roughness(match.input_depth)
    return (match.num_layers, match.bidirectional, extra, order > 2, sizes, -len(match.frameworks), order, match[1:])


def _roughness(size: int) -> int:
    """How far a number is from being round: its significant binary digits, or twice its decimal ones."""
    binary, decimal = f"{size:b}".rstrip("0"), str(size).rstrip("0")
    return min(len(binary), 2 * len(decimal))
