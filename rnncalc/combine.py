"""Several inputs that become one, as the shapes that flow into a layer."""

from __future__ import annotations

from collections.abc import Sequence

from rnncalc.cell import Cell
from rnncalc.plan import Flow, LayerPlan
from rnncalc.shapes import ShapeError, shown


def combined(cell: Cell, plan: LayerPlan, flows: Sequence[Flow], first: bool) -> tuple[Flow, ...]:
    """The flow for each input of the step: several for one input are combined.

    `first` tells whether the depth is the first axis.

    Raises:
        ShapeError: they do not fit together.
    """
    wanted = len(cell.inputs)
    if not wanted:
        return ()
    if len(flows) == 1:
        return (flows[0],) * wanted
    if len(flows) == wanted:
        return tuple(flows)
    if wanted > 1:
        raise ShapeError(f"{cell.name} reads {wanted} inputs, or one for all, but {len(flows)} are named")
    if any(flow.numbers for flow in flows):
        raise ShapeError("whole numbers cannot be combined; look each up in an embedding first")
    shapes = [flow.shape for flow in flows]
    sequence = any(flow.sequence for flow in flows)
    axis = 0 if first else -1
    longest = max(shapes, key=len)
    spread = [shape if len(shape) == len(longest) else (*longest[:-1], *shape) for shape in shapes]
    if plan.combine == "concat":
        found = list(longest)
        found[axis] = None if None in [s[axis] for s in spread] else sum(s[axis] or 0 for s in spread)
        others = [n for n in range(len(longest)) if n != axis % len(longest)]
    else:
        found, others = list(longest), list(range(len(longest)))
    for n in others:
        sizes = {shape[n] for shape in spread} - {None}
        if len(sizes) > 1 or any(len(shape) != len(longest) for shape in spread):
            told = " and ".join(shown(shape) for shape in shapes)
            raise ShapeError(f"its inputs {told} do not fit together to {plan.combine}")
        found[n] = next(iter(sizes), None)
    return (Flow(tuple(found), sequence),)
