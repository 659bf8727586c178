"""What layers have in common that ask for the same but for their sizes: found once, and kept for those that follow."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any, cast

from rnncalc.algebra import NotPolynomial, Poly, symbol
from rnncalc.cell import Cell
from rnncalc.choice import Choice, below, choose
from rnncalc.layout import Layout
from rnncalc.plan import LayerPlan
from rnncalc.shapes import Axes, ShapeError
from rnncalc.trace import Trace, trace

if TYPE_CHECKING:
    from rnncalc.layer import Layer

STEPS = "?steps"  # stands for a number of steps, where that is left open; no name that a user's symbol may have
RETURNS = 2  # numbers of steps, after which another one is to be expected
MOST_KINDS, MOST_TRACES = 1024, 256  # of a framework, and of a kind


class Kind:
    """The framework's class and the options of a layer, and what is known of the layers of this kind.

    `first` tells whether the depth is the first axis; `forms` are the figures of those that have one form.
    """

    def __init__(self, cell: Cell, layout: Layout, choice: Choice) -> None:
        self.cell = cell
        self.entry, self.options, self.policy = choice
        options = self.options
        self.first: bool = options["axis"] == 1 if "axis" in options else cell.base in layout.channels_first
        self.sizes = sizes_of(cell, options)  # among them those of the first of its layers
        self.divides = bool(options.get("groups", 1) != 1 or options.get("chunk_size") or "heads" in options)
        self.traces: dict[tuple[Axes, ...], Any] = {}  # or how often one was asked for; None where it cannot be opened
        self.forms: dict[Hashable, Any] = {}

    def trace(self, layer: Layer, steps: int | None) -> tuple[Trace, bool]:
        """The trace of a layer, and whether its number of `steps`, where it is given, is a symbol in it.

        Raises:
            ShapeError: the inputs do not fit.
        """
        if "input_depth" in self.cell.kinds:  # a step that is told the depth makes positions of it
            return trace(self.cell.name, layer.options, layer.axes), False
        axes = tuple([opened(each, steps) for each in layer.axes]) if steps else layer.axes
        found = self.traces.get(axes, 0)
        if found.__class__ is Trace:
            return found, axes != layer.axes
        if len(self.traces) >= MOST_TRACES:
            self.traces.clear()
        if axes != layer.axes:
            if found == RETURNS:
                found = self.traces[axes] = self._open(layer.options, axes)
                if found:
                    return found, True
            if found is not None:
                self.traces[axes] = found + 1
            return trace(self.cell.name, layer.options, layer.axes), False
        found = self.traces[axes] = trace(self.cell.name, layer.options, axes)
        return found, False

    def _open(self, options: Mapping[str, Any], axes: tuple[Axes, ...]) -> Trace | None:
        try:
            found = trace(self.cell.name, options, axes)
        except (NotPolynomial, ShapeError, TypeError):  # the steps are compared or counted with
            return None
        return None if STEPS in found.output.symbols else found


def sizes_of(cell: Cell, options: Mapping[str, Any]) -> dict[str, int]:
    """Those of the options that are sizes."""
    return {key: size for key, size in options.items() if type(size) in (int, Poly) and key in cell.sized}


def opened(axes: Axes, steps: int | None) -> Axes:
    """The axes with the number of steps left open, where they begin with it."""
    if not steps or axes[:1] != (steps,):
        return axes
    return (cast(int, symbol(STEPS)), *axes[1:])  # what is written for numbers holds for symbols


def closed(axes: Axes, steps: int | None) -> Axes:
    """The axes with this number of steps."""
    at = {STEPS: steps}
    return tuple([axis.at(at) if isinstance(axis, Poly) and STEPS in axis.symbols else axis for axis in axes])


def kind_of(layout: Layout, plan: LayerPlan, cell: Cell, equal: bool) -> Kind:
    """The kind of a layer; `equal` tells whether its inputs have equal depths.

    Raises:
        SpecError: the framework has no such thing; the message says which frameworks can.
    """
    if not cell.inputs:
        return Kind(cell, layout, choose(layout, plan, cell, equal))
    asked = tuple([(key, type(value) if key in cell.open else value) for key, value in plan.options.items()])
    key = (cell.name, plan.form, plan.bias, plan.bidirectional, plan.merge_mode, plan.time_distributed, equal, asked)
    kinds: dict[Hashable, Kind] = layout.once(_kinds)
    kind = kinds.get(key)
    if kind is None or below(layout, kind.entry, {**kind.options, **plan.options}):
        kind = Kind(cell, layout, choose(layout, plan, cell, equal))
        if len(kinds) >= MOST_KINDS:
            kinds.clear()
        kinds[key] = kind
    return kind


def _kinds(layout: Layout) -> dict[Hashable, Kind]:
    return {}
