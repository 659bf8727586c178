"""Weights that are another layer's: all of them, or one matrix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rnncalc.errors import suggest
from rnncalc.plan import LayerPlan
from rnncalc.shapes import shown
from rnncalc.tensor import Tensor

if TYPE_CHECKING:
    from rnncalc.layer import Layer


def tie(plan: LayerPlan, layers: Mapping[str, Layer]) -> Layer | None:
    """The layer whose weights this one shares.

    Raises:
        SpecError: there is none of that name before it.
    """
    key = "tied_to" if plan.tied_to else "same_as"
    name = plan.tied_to or plan.same_as
    if not name:
        return None
    if plan.tied_to and plan.same_as:
        raise plan.wrong("tied_to", f"`{plan.name}` is `same_as` another layer, so that there is nothing left to tie")
    if name == plan.name:
        raise plan.wrong(key, f"`{plan.name}` cannot share weights with itself")
    if name not in layers:
        raise plan.wrong(key, f"no layer before `{plan.name}` is named `{name}`{suggest(name, layers)}")
    return layers[name]


def check(layer: Layer, owner: Layer) -> None:
    """Raise a SpecError where the weights of another layer cannot be this one's."""
    if layer.plan.tied_to:
        _ = layer.tensors  # which says what does not fit
    mine, theirs = ([tensor.shape for tensor in each.tensors] for each in (layer, owner))
    if layer.plan.same_as and mine != theirs:
        message = f"`{layer.plan.name}` would need other weights than `{owner.plan.name}` has: {mine} and {theirs}"
        raise layer.plan.wrong("same_as", message)


def shared(layer: Layer, tensors: list[Tensor], owner: Layer) -> list[Tensor]:
    """The tensors of a layer, each that is the owner's under the owner's name."""
    if not layer.plan.same_as:
        return _tied(layer, tensors, owner)
    return [
        mine._replace(shared=tensor.shared or f"{owner.plan.name}/{tensor.name}", transposed=tensor.transposed)
        for mine, tensor in zip(tensors, owner.tensors)
    ]


def _tied(layer: Layer, tensors: list[Tensor], owner: Layer) -> list[Tensor]:
    """The tensors, the layer's last matrix being the matrix of another layer, transposed where needed."""
    if layer.cell.states:
        raise layer.plan.wrong("tied_to", f"the matrices of a {layer.cell.name} cannot be tied; share all with same_as")
    matrices = [tensor for tensor in owner.tensors if len(tensor.shape) == 2]
    mine = [n for n, tensor in enumerate(tensors) if len(tensor.shape) == 2]
    if len(matrices) != 1 or not mine:
        raise layer.plan.wrong("tied_to", f"`{owner.plan.name}` and `{layer.plan.name}` do not have one matrix each")
    theirs, tensor = matrices[0], tensors[mine[-1]]
    if tensor.shape not in (theirs.shape, theirs.shape[::-1]):
        shapes = f"{shown(theirs.shape)} and {shown(tensor.shape)}"
        raise layer.plan.wrong("tied_to", f"the matrices of `{owner.plan.name}` and `{layer.plan.name}`: {shapes}")
    shared = theirs.shared or f"{owner.plan.name}/{theirs.name}"
    turned = (tensor.shape != theirs.shape) != theirs.transposed
    tensors[mine[-1]] = tensor._replace(shared=shared, transposed=turned)
    return tensors
