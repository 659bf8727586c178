"""What flows into a layer: positions and a depth for each input of its step, and several inputs that become one."""

from __future__ import annotations

from collections.abc import Sequence

from rnncalc.cell import Cell
from rnncalc.plan import Flow, LayerPlan
from rnncalc.record import Record
from rnncalc.shapes import Axes, ShapeError, shown


class Inflow(Record):
    """What a layer reads: a flow for each input of its step, each with its positions and its depth.

    `axes` are the positions that one step is run on, `positions` all of them and whether one is time, `steps` how many
    steps there are to go through; None where that is unknown.
    """

    flows: tuple[Flow, ...]
    axes: tuple[Axes, ...] = ()
    positions: tuple[tuple[Axes, bool], ...] = ()
    depths: tuple[int | None, ...] = ()
    steps: int | None = None


def split(flow: Flow, first: bool) -> tuple[Axes, int | None]:
    """Positions and depth of a shape, in which the depth is the first axis or the last."""
    if flow.numbers:
        return flow.shape, None
    return (flow.shape[1:], flow.shape[0]) if first else (flow.shape[:-1], flow.shape[-1])


def inflow(cell: Cell, plan: LayerPlan, flows: Sequence[Flow], first: bool) -> Inflow:
    """What a layer reads of these flows; `first` tells whether the depth is the first axis.

    Raises:
        ShapeError: it cannot read them.
        SpecError: there is nothing to read.
    """
    read = combined(cell, plan, flows, first)
    if not read:
        return Inflow(())
    looks_up = cell.base == "embedding"
    if looks_up and read[0].numbers is False:
        raise ShapeError("an embedding reads whole numbers, so it comes first; give the input no depth")
    if looks_up:
        read = (read[0]._replace(numbers=True),)
    elif any(flow.numbers for flow in read):
        raise plan.wrong("", "the model has no input; write `input: {depth: 10}`, or begin with an embedding")
    parts = [split(flow, first) for flow in read]
    axes, depths = tuple([part[0] for part in parts]), tuple([part[1] for part in parts])
    positions = tuple([(part, flow.sequence) for part, flow in zip(axes, read)])
    if None in depths and not looks_up:
        where = "the first axis in this framework" if first else "the last axis"
        raise ShapeError(f"the depth of its input, {where}, has to be known")
    steps = axes[0][0] if axes[0] and read[0].sequence else None
    if cell.states:
        if not read[0].sequence:
            told = f"it needs a sequence, but its input {shown(read[0].shape)} has no steps"
            raise ShapeError(f"{told}; does the layer before it need `return_sequences: true`?")
        if len(axes[0]) != 1 + cell.rank:
            reads = ("steps", *("space",) * cell.rank, "depth")
            raise ShapeError(f"it reads ({', '.join(reads)}), but its input is {shown(read[0].shape)}")
        axes = (axes[0][1:],)
    return Inflow(read, axes, positions, depths, steps)


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
