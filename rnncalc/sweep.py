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

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, product
from math import prod
from typing import Any

import numpy as np

from rnncalc.algebra import poly
from rnncalc.errors import Problem, SpecError, listed
from rnncalc.figures import Formula, formula
from rnncalc.grid import Array, Block, blocks, columns, combinations
from rnncalc.limits import Limit, applied, matching, unmatched
from rnncalc.network import Model
from rnncalc.record import Record, cached_property
from rnncalc.report import ModelReport
from rnncalc.settings import place_of
from rnncalc.sizes import Sizes
from rnncalc.symbolic import free_sizes

HEADS, TRIED = 12, 2000  # values of each axis, and combinations of them, of which one has to be a model
ROWS = 1024  # of a block whose rows are models
MOST_MODELS = 1_000_000  # that are gone through one by one

Build = Callable[[Mapping[str, Any]], Model]  # of values by the axes' names; raises SpecError


class Axis(Record):
    """What is swept: the key of a layer, of an input or (without `owner`) of the model, under the name of a column."""

    name: str
    values: Sizes | tuple[Any, ...]
    owner: str = ""
    key: str = ""

    @property
    def number(self) -> int:
        """How many values it has."""
        return self.values.number if isinstance(self.values, Sizes) else len(self.values)


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
        model = self._some(axes, {})
        self.name = model.name
        self.sizes = tuple(axis for axis in axes if _is_size(model, axis))
        self.choices = tuple(axis for axis in axes if axis not in self.sizes)
        self.left_out = self.above = 0
        self.reason = ""
        layers = [layer.plan.name for layer in model.layers]
        for limit in limits:
            if limit.layer and not matching(limit.layer, layers):
                raise SpecError(Problem(unmatched(limit.layer, layers)))
        self._wanted(model.report())
        _few(self.choices)

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

    def _some(self, axes: Sequence[Axis], given: Mapping[str, Any]) -> Model:
        """The model of the first combination that is one."""
        heads = [list(islice(axis.values, HEADS)) for axis in axes]
        first: SpecError | None = None
        for values in islice(product(*heads), TRIED):
            try:
                return self.build({**given, **{axis.name: value for axis, value in zip(axes, values)}})
            except SpecError as error:
                first = first or error
        assert first
        raise first

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
        try:
            model = self._some(self.sizes, choices)
            _, limits = self._wanted(model.report())
        except SpecError as error:
            self._leave_out(prod(axis.number for axis in self.sizes), error)
            return
        if not self.sizes:
            yield from ((block, limits) for block in self._each(choices))
            return
        bytes_too = any(metric.endswith("bytes") for metric in (*self.metrics, *(each.metric for each in self.limits)))
        places = [place_of(model, axis.owner, axis.key) for axis in self.sizes]
        found = formula(model, places, self._spans, lambda report: self._wanted(report)[0], bytes_too)
        every = self._by_formula(found, choices) if found and self._holds(found, choices) else self._each(choices)
        yield from ((block, limits) for block in every)

    def _at(self, choices: Mapping[str, Any], sizes: Sequence[int]) -> list[int]:
        """The figures of one row, from a model of numbers."""
        model = self.build({**choices, **{axis.name: size for axis, size in zip(self.sizes, sizes)}})
        return self._wanted(model.report())[0]

    def _holds(self, found: Formula, choices: Mapping[str, Any]) -> bool:
        """Whether models of numbers agree, in the first and the last row."""
        for end in (0, -1):
            sizes = [span.ranges[end][end] for span in self._spans]
            values = {name: size // by for name, size, by in zip(found.names, sizes, found.multiples)}
            try:
                figures = self._at(choices, sizes)
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

    def _each(self, choices: Mapping[str, Any]) -> Iterator[Block]:
        """The rows, each a model of its own."""
        _few(self.sizes)
        every = combinations(self._spans)
        width = len(self.sizes)
        while taken := list(islice(every, ROWS)):
            rows = []
            for sizes in taken:
                try:
                    rows.append((*sizes, *self._at(choices, sizes)))
                except SpecError as error:
                    self._leave_out(1, error)
            if rows:
                found = columns(rows)
                yield Block(found[:width], found[width:])

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


def _few(axes: Sequence[Axis]) -> None:
    """Raise a SpecError where there are too many combinations to build a model for each."""
    number = prod(axis.number for axis in axes)
    if number > MOST_MODELS:
        names = listed([axis.name for axis in axes if axis.number > 1])
        told = f"{number:,} combinations of {names} would each be a model of its own; there can be {MOST_MODELS:,}"
        raise SpecError(Problem(told))


def _is_size(model: Model, axis: Axis) -> bool:
    """Whether an axis is one of the sizes that a figure may be a polynomial in."""
    if not axis.owner or not isinstance(axis.values, Sizes):
        return False
    owner, key = place_of(model, axis.owner, axis.key)
    layer = next((each for each in model.layers if each.plan.name == owner), None)
    if layer is not None:
        return key in free_sizes(layer)
    flow = model.inputs.get(owner)
    return flow is not None and flow.sequence and len(flow.shape) <= 2 and key in ("depth", "steps")
