"""Where the states of a recurrent layer start: at zero, at parameters, or where those of another layer have ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from rnncalc.algebra import poly
from rnncalc.errors import listed, suggest
from rnncalc.layout import formula
from rnncalc.plan import LayerPlan
from rnncalc.shapes import known, shown

if TYPE_CHECKING:
    from rnncalc.layer import Layer


def learned(layer: Layer) -> Iterator[tuple[str, tuple[int, ...], str]]:
    """Name, shape and formula of each initial state that is a parameter: a row a layer of the stack and direction."""
    rows = layer.plan.num_layers * layer.directions
    for state in layer.trace.states if layer.plan.learned_initial_state else ():
        space = known(state.axes, "a learned initial state")
        shape = (rows, *space, state.size.at(layer.sizes[0]))
        yield initial_name(state.name), shape, formula((poly(rows), *map(poly, space), state.size), layer.words)


def initial_name(state: str) -> str:
    """The name of the tensor that a state starts from."""
    return f"initial_{state}"


def origin(plan: LayerPlan, layers: Mapping[str, Layer]) -> Layer | None:
    """The layer from whose last states this one starts.

    Raises:
        SpecError: there is no recurrent layer of that name before it.
    """
    name = plan.initial_state
    if not name:
        return None
    if plan.learned_initial_state:
        message = f"`{plan.name}` starts from states that are learned, or from those of `{name}`: leave one out"
        raise plan.wrong("initial_state", message)
    if name == plan.name:
        raise plan.wrong("initial_state", f"`{name}` cannot start from its own last states")
    if name not in layers:
        recurrent = [each for each, layer in layers.items() if layer.cell.states]
        message = f"no layer before `{plan.name}` is named `{name}`{suggest(name, recurrent)}"
        raise plan.wrong("initial_state", message)
    if not layers[name].cell.states:
        message = f"`{name}` has no states to start from: a {layers[name].cell.name} is not recurrent"
        raise plan.wrong("initial_state", message)
    return layers[name]


def fit(layer: Layer, start: Layer) -> None:
    """Raise a SpecError where the states of `start` cannot be those of the layer."""
    here, there = _shapes(layer), _shapes(start)
    if list(here) != list(there):
        told = f"it has {listed(here)}, and there {'is' if len(there) == 1 else 'are'} {listed(there)}"
    elif here != there:
        state = next(state for state in here if here[state] != there[state])
        told = f"{state} is {shown(here[state])}, and there {shown(there[state])} (layers × directions, size)"
    else:
        return
    raise layer.plan.wrong("initial_state", f"`{layer.plan.name}` cannot start where `{start.plan.name}` ends: {told}")


def _shapes(layer: Layer) -> dict[str, tuple[int | None, ...]]:
    return {name.rpartition("/")[2]: shape for name, shape in layer.states.items()}
