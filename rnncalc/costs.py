"""What a layer costs: operations of one more step, and of a whole sequence."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from rnncalc import residual
from rnncalc.cell import Window
from rnncalc.record import Record
from rnncalc.shapes import Axes, paddings
from rnncalc.trace import Work

if TYPE_CHECKING:
    from rnncalc.layer import Layer

_MERGE_OPERATIONS = {"concat": 0, "sum": 1, "mul": 1, "ave": 2, "none": 0}  # an element
_COMBINE_OPERATIONS = {"concat": 0, "add": 1, "mul": 1, "ave": 1}


class Cost(Record):
    """Operations: what one more step adds, and all of a sequence; None where it is not known."""

    per_step: int | None
    total: int | None


def macs(layer: Layer) -> Cost:
    """Multiply-accumulates of the products with matrices and, in attention, of values with each other."""
    return _cost(layer, layer.trace.macs, 0, 0)


def flops(layer: Layer) -> Cost:
    """2 a MAC, and what biases, diagonals, elementwise results, merging, combining and residuals add."""
    plan = layer.plan
    inner = last = 0
    if plan.bidirectional:
        merging = _MERGE_OPERATIONS[plan.merge_mode]
        widths = [layer.trace.output.at(sizes) for sizes in layer.sizes]
        inner, last = merging * sum(widths[:-1]) * (not plan.independent_directions), merging * widths[-1]
    below, above = residual.operations(layer)
    inner, last = inner + below, last + above
    combined = len(plan.inputs) - 1 if len(layer.cell.inputs) == 1 and len(plan.inputs) > 1 else 0
    inner += combined * _COMBINE_OPERATIONS[plan.combine] * ((layer.depths or (0,))[0] or 0)
    return _cost(layer, layer.trace.flops(layer.policy), inner, last)


def _cost(layer: Layer, work: Work, inner: int, last: int) -> Cost:
    """The cost where each position of the input takes `inner` more, and each of the output `last`."""
    if not layer.cell.inputs:  # bare weights: nobody knows what is done with them
        return Cost(None, None)
    out = layer.trace.outputs[0].axes
    parts = [(axes, layer.each(count)) for axes, count in work.parts]
    if layer.cell.states:
        step = _times([*parts, (out, inner)])
        ends = _times([(out, last)]) if last else 0
        if step is None or ends is None:
            return Cost(None, None)
        steps = layer.steps
        if layer.plan.return_sequences:
            return Cost(step + ends, None if steps is None else (step + ends) * steps)
        return Cost(step, None if steps is None else step * steps + ends)
    into, _ = layer.split(layer.inflows[0])
    parts = [part for part in (*parts, (into, inner), (out, last)) if part[1]]
    if not parts:
        return Cost(0, 0)
    total = _times(parts)
    if not any(flow.sequence for flow in layer.inflows):
        return Cost(0, total)
    moving = [(axes, count) for axes, count in parts if axes]  # the rest is done once a sequence
    changed = len({axes[:1] for axes, _ in moving}) > 1 or layer.changes_steps
    return Cost(None if changed else _times([(axes[1:], count) for axes, count in moving]), total)


def changes_steps(layer: Layer) -> bool:
    """Whether its output has other steps than its input, so that the cost of one more step has no meaning."""
    if layer.cell.states:
        return False
    ways = {layer.split(flow)[0][:1] for flow in layer.inflows if flow.sequence}
    out = layer.trace.outputs[0].axes
    windows = [s.window for made in layer.trace.maps for s in made.sources if s.window is not None]
    axes, _ = layer.split(layer.inflows[0]) if layer.inflows else ((), None)
    over = [w for w in windows if len(w.kernel) == len(axes)]  # those that slide over the steps, too
    slides = not all(_keeps_steps(w) for w in over)
    slides = slides or (layer.cell.base.endswith("pool") and layer.cell.rank == len(axes))
    moved = bool(ways) and layer.outflow.sequence and {out[:1]} != ways and None not in out[:1]
    turned = layer.cell.base in ("reshape", "flatten", "permute", "repeat_vector")
    return len(ways) > 1 or len(layer.inflows) > 1 or slides or moved or turned


def _keeps_steps(window: Window) -> bool:
    """Whether as many steps come out of a window that slides over them as go in."""
    padding = paddings(window.padding, len(window.kernel))[0]
    added = (
        0 if padding == "valid" else (window.kernel[0] - 1) * window.dilation[0] if padding == "same" else 2 * padding
    )
    return window.stride[0] == 1 and added == (window.kernel[0] - 1) * window.dilation[0]


def _times(parts: Sequence[tuple[Axes, int]]) -> int | None:
    """Counts at all their positions; None where a length is unknown."""
    total = 0
    for axes, count in parts:
        if count and None in axes:
            return None
        total += (count * prod(axis or 0 for axis in axes) if axes else count) if count else 0
    return total
