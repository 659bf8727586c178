"""A table over sizes and choices: one polynomial for each combination of choices, evaluated over the grid of sizes.

>>> import rnncalc
>>> from rnncalc.sizes import sizes
>>> def build(at):
...     spec = {"framework": at["framework"], "input": {"depth": 10}, "layers": [{"lstm": at["units"]}]}
...     return rnncalc.parse(spec)
>>> axes = (Axis("framework", ("keras", "pytorch")), Axis("units", sizes("64:128:64"), "lstm", "units"))
>>> for rows in Sweep(build, axes, ("params",)).rows():
...     print(rows.choices, [column.tolist() for column in (*rows.sizes, *rows.figures)])
('keras',) [[64, 128], [19200, 71168]]
('pytorch',) [[64, 128], [19456, 71680]]

Where a figure is no polynomial in a size, as where a length is divided, each row is a model of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from math import prod
from typing import Any

import numpy as np

from rnncalc.algebra import poly
from rnncalc.axes import SEARCHED, Axis, Build, NoModel, few, is_size, some
from rnncalc.errors import Problem, SpecError
from rnncalc.gate.limits import Limit, applied, matching, unmatched
from rnncalc.record import Record, cached_property
from rnncalc.report import ModelReport
from rnncalc.sizes import Sizes
from rnncalc.sizing.figures import Formula, formula
from rnncalc.sizing.grid import Array, Block, blocks, columns, combinations
from rnncalc.spec.settings import place_of

ROWS = 1024  # of a block whose rows are models


class Rows(Record):
    """Rows that share their choices: a column for each size and for each figure."""

    choices: tuple[Any, ...]
    sizes: tuple[Array, ...]
    figures: tuple[Array, ...]


class Sweep:
    """All combinations of some axes: choices change more slowly than sizes, and of each kind the last one fastest.

    After `rows`, `left_out` counts those that are no model, `reason` tells why the first of them is none, and `above`
    counts those that break a limit.

    Raises:
        SpecError: no model can be built, a figure is unknown, a limit is of a layer that there is not, or there are
            too many choices.
    """

    def __init__(
        self, build: Build, axes: Sequence[Axis], metrics: Sequence[str], limits: Sequence[Limit] = ()
    ) -> None:
        self.build, self.metrics, self.limits = build, tuple(metrics), tuple(limits)
        model = some(self.build, axes, {}, SEARCHED)
        self.name = model.name
        self.sizes = tuple(axis for axis in axes if is_size(model, axis))
        self.choices = tuple(axis for axis in axes if axis not in self.sizes)
        self.left_out = self.above = 0
        self.reason = ""
        layers = [layer.plan.name for layer in model.layers]
        for limit in limits:
            if limit.layer and not matching(limit.layer, layers):
                raise SpecError(Problem(unmatched(limit.layer, layers)))
        self._wanted(model.report())
        few(self.choices)

    @property
    def columns(self) -> tuple[str, ...]:
        """The choices, the sizes and the metrics, in the order of a row."""
        return (*(axis.name for axis in (*self.choices, *self.sizes)), *self.metrics)

    @property
    def number(self) -> int:
        """How many combinations there are."""
        return prod(axis.number for axis in (*self.choices, *self.sizes))

    @cached_property
    def _spans(self) -> list[Sizes]:
        return [axis.values for axis in self.sizes if isinstance(axis.values, Sizes)]

    def rows(self) -> Iterator[Rows]:
        """The rows that are models and keep every limit, block by block."""
        self.left_out = self.above = 0
        for values in combinations([axis.values for axis in self.choices]):
            choices = {axis.name: value for axis, value in zip(self.choices, values)}
            for block, limits in self._blocks(choices):
                kept = self._within(block, limits)
                if kept.figures[0].size:
                    yield Rows(values, kept.sizes, kept.figures[: len(self.metrics)])

    def _wanted(self, report: ModelReport) -> tuple[list[Any], list[int]]:
        """The metrics, then what is limited; and the limits."""
        layers = {layer.name: layer for layer in report.layers}
        limits = list(applied(self.limits, layers))
        names = [*((None, metric) for metric in self.metrics), *((layer, limit.metric) for layer, limit in limits)]
        found = [getattr(layers[layer] if layer else report, metric) for layer, metric in names]
        for (layer, metric), figure in zip(names, found):
            if figure is None:
                what = f"{layer}: {metric}" if layer else metric
                raise SpecError(Problem(f"{what} is unknown while a length is; give the input its steps"))
        return found, [limit.limit for _, limit in limits]

    def _blocks(self, choices: Mapping[str, Any]) -> Iterator[tuple[Block, list[int]]]:
        """The rows of some choices that are models; behind the metrics they have what is limited, with the limits."""
        number = prod(axis.number for axis in self.sizes)
        try:
            model = some(self.build, self.sizes, choices)
            _, limits = self._wanted(model.report())
        except NoModel as error:
            if error.alike and number > SEARCHED:  # it is not for the sizes
                self._leave_out(number, error)
            else:
                yield from self._each(choices)
            return
        except SpecError as error:
            self._leave_out(number, error)
            return
        if not self.sizes:
            yield from self._each(choices)
            return
        bytes_too = any(metric.endswith("bytes") for metric in (*self.metrics, *(each.metric for each in self.limits)))
        places = [place_of(model, axis.owner, axis.key) for axis in self.sizes]
        found = formula(model, places, self._spans, lambda report: self._wanted(report)[0], bytes_too)
        if found and self._holds(found, choices):
            yield from ((block, limits) for block in self._by_formula(found, choices))
        else:
            yield from self._each(choices)

    def _at(self, choices: Mapping[str, Any], sizes: Sequence[int]) -> tuple[list[int], list[int]]:
        """The figures of one row, from a model of numbers, and the limits."""
        model = self.build({**choices, **{axis.name: size for axis, size in zip(self.sizes, sizes)}})
        return self._wanted(model.report())

    def _holds(self, found: Formula, choices: Mapping[str, Any]) -> bool:
        """Whether models of numbers agree, in the first and the last row."""
        for end in (0, -1):
            sizes = [span.ranges[end][end] for span in self._spans]
            values = {name: size // by for name, size, by in zip(found.names, sizes, found.multiples)}
            try:
                figures, _ = self._at(choices, sizes)
            except SpecError:
                if all(poly(small).at(values) < poly(large).at(values) for small, large in found.below):
                    return False
                continue
            if figures != [poly(figure).at(values) for figure in found.figures]:
                return False
        return True

    def _by_formula(self, found: Formula, choices: Mapping[str, Any]) -> Iterator[Block]:
        axes = dict(zip(found.names, found.scaled(self._spans)))
        below = [side for pair in found.below for side in pair]
        for block in blocks(axes, [*found.figures, *below]):
            sizes = tuple(column * by if by > 1 else column for column, by in zip(block.sizes, found.multiples))
            figures, ordered = block.figures[: len(found.figures)], block.figures[len(found.figures) :]
            kept = Block(sizes, figures)
            if ordered:
                fits = [small < large for small, large in zip(ordered[::2], ordered[1::2])]
                kept = self._fitting(kept, np.logical_and.reduce(fits).astype(bool), choices)
            yield kept

    def _fitting(self, block: Block, fits: Array, choices: Mapping[str, Any]) -> Block:
        if not fits.all():
            row = int(np.argmin(fits))
            try:
                self._at(choices, [int(column[row]) for column in block.sizes])
            except SpecError as error:
                self._leave_out(int(fits.size - np.count_nonzero(fits)), error)
        return _filtered(block, fits)

    def _each(self, choices: Mapping[str, Any]) -> Iterator[tuple[Block, list[int]]]:
        """The rows, each a model of its own."""
        few(self.sizes)
        every = combinations(self._spans)
        limits: list[int] = []
        width = len(self.sizes)
        while taken := list(islice(every, ROWS)):
            rows = []
            for sizes in taken:
                try:
                    figures, limits = self._at(choices, sizes)
                    rows.append((*sizes, *figures))
                except SpecError as error:
                    self._leave_out(1, error)
            if rows:
                found = columns(rows)
                yield Block(found[:width], found[width:]), limits

    def _within(self, block: Block, limits: Sequence[int]) -> Block:
        """The rows that keep every limit."""
        if not limits:
            return block
        over = [figure > limit for figure, limit in zip(block.figures[len(self.metrics) :], limits)]
        within = ~np.logical_or.reduce(over).astype(bool)
        self.above += int(within.size - np.count_nonzero(within))
        return _filtered(block, within)

    def _leave_out(self, number: int, error: SpecError) -> None:
        self.left_out += number
        self.reason = self.reason or error.problems[0].message


def _filtered(block: Block, kept: Array) -> Block:
    if kept.all():
        return block
    return Block(tuple(each[kept] for each in block.sizes), tuple(each[kept] for each in block.figures))
