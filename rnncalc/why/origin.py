"""Why the input of a layer is as deep as it is: what it reads, followed back to the layer that made it.

>>> import rnncalc
>>> layers = [{"lstm": {"units": 64, "bidirectional": True, "name": "encoder"}}, {"dropout": 0.1}, {"dense": 5}]
>>> model = rnncalc.parse({"framework": "keras", "input": {"depth": 10}, "layers": layers})
>>> print(*depths(model, model.layers[2]))
input_dim = 128: 2 × units of `encoder` (both directions; kept by `dropout`)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnncalc.algebra import symbol
from rnncalc.errors import listed, quoted
from rnncalc.layout import formula

if TYPE_CHECKING:
    from rnncalc.layer import Layer
    from rnncalc.network import Model


def depths(model: Model, layer: Layer) -> tuple[str, ...]:
    """Why the input of a layer, and of the layers of its stack, is as deep as it is."""
    wires = dict(zip((each.plan.name for each in model.layers), model.wires))
    names, word, found = wires[layer.plan.name], layer.words["input_depth"], []
    depth = layer.depths[0] if layer.depths else None
    if depth is not None:
        added = layer.plan.combine == "concat" and len(layer.cell.inputs) == 1
        told = (" + " if added else ", ").join(_origin(model, name, wires, ()) for name in names)
        found.append(f"{word} = {depth:,}: {told}")
    if layer.plan.num_layers > 1:
        both = layer.directions if layer.mixed else 1
        below = formula((layer.trace.output * both,), layer.words)
        how = " (both directions)" if both > 1 else ""
        deep = layer.sizes[1]["input_depth"]
        found.append(f"in the layers above the first of the stack {word} = {deep:,}: {below} of the layer below{how}")
    return tuple(found)


def _origin(model: Model, name: str, wires: dict[str, tuple[str, ...]], kept: tuple[str, ...]) -> str:
    """Where the depth of what flows under a name comes from; `kept` are layers after it that leave it as it is."""
    notes = [f"kept by {listed(map(quoted, kept))}"] if kept else []
    layer = next((each for each in model.layers if each.plan.name == name), None)
    if layer is None:
        text = "the depth of the input" + (f" {quoted(name)}" if name != "input" else "")
    elif layer.trace.output == symbol("input_depth") and len(wires[name]) == 1:
        return _origin(model, wires[name][0], wires, (name, *kept))
    elif not layer.trace.output.symbols:
        text = f"what {quoted(name)} gives"
    else:
        text = f"{formula((layer.trace.output,), layer.words)} of {quoted(name)}"
        if layer.options.get("projection"):
            notes.insert(0, "what h is projected to")
        if layer.cell.states and not layer.plan.return_sequences:
            notes.append("its last step alone")
        if layer.plan.bidirectional:
            mode = layer.plan.merge_mode
            text = f"2 × {text}" if mode == "concat" else text
            notes.insert(0, "both directions" if mode == "concat" else f"both directions, merged by {mode}")
    return f"{text} ({'; '.join(notes)})" if notes else text
