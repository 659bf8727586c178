"""Whether the sizes of a layer fit what it reads and each other, and what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rnncalc.kind import sizes_of

if TYPE_CHECKING:
    from rnncalc.layer import Layer


def agree(layer: Layer) -> None:
    """Raise a SpecError where the depth of what a layer reads is not what it says of it, or not so many parts."""
    plan, depth = layer.plan, layer.depths[0] if layer.depths else None
    if plan.options.get("input_depth", depth) != depth and layer.inflows:
        message = f"{layer.words['input_depth']} is {plan.options['input_depth']}, but the input of `{plan.name}`"
        raise plan.wrong("input_depth", f"{message} has depth {depth}")
    if layer.kind.divides:
        _divide(layer)


def _divide(layer: Layer) -> None:
    plan = layer.plan
    options: dict[str, Any] = {**layer.kind.options, **plan.options, "input_depth": layer.depths[0]}
    groups = options.get("groups", 1)
    for size in ("input_depth", "filters") if groups != 1 else ():
        if isinstance(options.get(size), int) and options[size] % groups:
            word = layer.words.get(size, size)
            raise plan.wrong("groups", f"{groups} groups do not divide {word} {options[size]}")
    if options.get("chunk_size") and options["units"] % options["chunk_size"]:
        told = f"chunks of {options['chunk_size']} do not divide {options['units']} units"
        raise plan.wrong("chunk_size", told)
    heads, depth = options.get("heads", 1), options.get("input_depth") or 0
    if options.get("key_depth") is None and "heads" in options and depth % heads:
        raise plan.wrong("heads", f"{heads} heads do not divide the depth {depth}")


def first_sizes(layer: Layer) -> dict[str, int]:
    """The sizes of the first layer of a stack.

    Raises:
        SpecError: one is missing, or two differ that have to be equal.
    """
    plan, cell = layer.plan, layer.cell
    base = {**layer.kind.sizes, **sizes_of(cell, plan.options)}
    base["input_depth"] = (layer.depths or (1,))[0] or 1
    base.update({f"{name}_depth": d for name, d in zip(cell.inputs[1:], layer.depths[1:]) if d is not None})
    for key, other in layer.entry.derived.items():
        if base.get(key) is None:
            whole, _, parts = other.partition("/")
            one, _, times = whole.partition("*")
            if one in base:
                base[key] = base[one] * base.get(times, 1) // base.get(parts, 1)
    for left, right in layer.known.equal:
        if left.symbols | right.symbols <= set(base) and left.at(base) != right.at(base):
            told = f"{left.at(base)} and {right.at(base)}"
            raise plan.wrong("", f"`{plan.name}`: what it compares has different depths, {told}")
    for name in sorted(layer.known.needs - base.keys()):
        raise plan.wrong("", f"{cell.name} needs `{layer.layout.word(name, layer.entry)}` here")
    return base
