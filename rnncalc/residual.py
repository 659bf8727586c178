"""Where a layer adds what it reads to what it gives: around all of it, or inside a stack.

`residual: true` goes around the whole layer, `each` around every layer of a stack, `upper` around each but the first.
Inside a stack, directions that never mix each add what they read themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnncalc.plan import LayerPlan
from rnncalc.shapes import shown

if TYPE_CHECKING:
    from rnncalc.layer import Layer


def inside(plan: LayerPlan, k: int) -> bool:
    """Whether layer k of the stack, from 0, adds its own input to its output."""
    return plan.residual == "each" or (plan.residual == "upper" and k > 0)


def apart(plan: LayerPlan) -> bool:
    """Whether each direction of a stack has an input and an output of its own."""
    return plan.independent_directions or not plan.bidirectional


def check(layer: Layer) -> None:
    """Raise a SpecError where what a layer reads cannot be added to what it gives."""
    plan, name = layer.plan, layer.plan.name
    if plan.residual and plan.bidirectional and plan.merge_mode == "none":
        raise plan.wrong("residual", "merge_mode none leaves two outputs, which cannot be read as one")
    if plan.residual is True:
        here, there = layer.inflows[0].shape, layer.outflow.shape
        if here != there:
            told = f"{shown(here)} in, {shown(there)} out"
            raise plan.wrong("residual", f"`{name}` cannot add its input to its output: {told}")
    elif plan.residual:
        _check_stack(layer)


def _check_stack(layer: Layer) -> None:
    plan, name = layer.plan, layer.plan.name
    if not layer.cell.states:
        raise plan.wrong("residual", f"a {layer.cell.name} is no stack; write `residual: true`")
    if plan.residual == "upper" and plan.num_layers == 1:
        raise plan.wrong("residual", f"`{name}` has no layer above its first; give it `num_layers`")
    if not apart(plan) and not plan.return_sequences:
        told = "the last outputs of two directions are of different steps, so that no input can be added to both"
        raise plan.wrong("residual", f"`{name}`: {told}")
    if layer.trace.axes[0] != layer.trace.outputs[0].axes:
        told = f"{shown(layer.trace.axes[0])} in, {shown(layer.trace.outputs[0].axes)} out"
        raise plan.wrong("residual", f"`{name}` cannot add its input to its output: positions {told}")
    for k, sizes in enumerate(layer.sizes[:2]):  # from the second layer on they are alike
        depth, width = sizes["input_depth"], _width(layer, k, layer.mixed)
        if inside(plan, k) and depth != width:
            which = "first" if k == 0 else "second"
            told = f"depth {depth} in, {width} out"
            raise plan.wrong("residual", f"the {which} layer of `{name}` cannot add its input to its output: {told}")


def operations(layer: Layer) -> tuple[int, int]:
    """The sums of a residual: below the last layer of a stack at each step, and at each output."""
    plan = layer.plan
    if plan.residual is True:
        return 0, layer.outflow.shape[0 if layer.first else -1] or 0
    both = layer.mixed or plan.independent_directions
    sums = [_width(layer, k, both) if inside(plan, k) else 0 for k in range(plan.num_layers)]
    return sum(sums[:-1]), sums[-1]


def _width(layer: Layer, k: int, both: bool) -> int:
    """The elements of what layer k of the stack gives in one direction, or in both."""
    width: int = layer.trace.output.at(layer.sizes[k])
    return width * (layer.directions if both else 1)
