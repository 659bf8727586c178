"""What of a layer is the framework's choice, and how many scalars are of which kind: read off the arrangement."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rnncalc.algebra import product
from rnncalc.errors import listed

if TYPE_CHECKING:
    from rnncalc.arrangement import Stored
    from rnncalc.layer import Layer

BIAS = {
    "single": "one bias a map",
    "double": "one bias a matrix",
    "input": "a bias beside the input alone",
    "none": "no bias",
}
OPTIONS = {"reset_after": {True: "reset after", False: "reset before"}}  # those that have a name either way


def scalars(layer: Layer) -> Counter[str]:
    """The layer's own scalars by what they are: `bias`, `unread`, `unread bias`, and the `rest`."""
    found: Counter[str] = Counter()
    times: Counter[tuple[Stored, int]] = Counter()  # from the second layer of a stack on they are alike
    for tensor in layer.tensors:
        if tensor.stored is None and not tensor.shared:
            found["rest"] += tensor.size
        elif tensor.stored is not None and not tensor.shared:
            times.update((tensor.stored, min(k, 1)) for k, _ in tensor.parts)
    for (stored, k), count in times.items():
        for block in stored.blocks:
            size = product((*block.kernel, block.rows, block.columns))
            kind = "unread" if (block.column.gate, block.term) in layer.arrangement.unread else ""
            kind = f"{kind} bias".strip() if _is_bias(block.term) else kind
            found[kind or "rest"] += count * int(size.at(layer.sizes[k]))
    return found


def _is_bias(term: str) -> bool:
    """Whether a term is a bias beside what a map reads: `1x`, but not `1`, a map without sources."""
    return term.startswith("1") and term != "1"


def facts(layer: Layer) -> tuple[str, ...]:
    """What of the layer is the framework's choice: its biases, its options, what is never read, what is a buffer."""
    found = []
    if any(_is_bias(term) for _, term in layer.trace.pieces("double")):
        calls = Counter(made.gate for made in layer.trace.maps if made.bias)
        twice = [gate for gate, times in calls.items() if times > 1] if layer.policy == "single" else []
        maps = f" ({listed(twice)} {'has' if len(twice) == 1 else 'have'} two maps)" if twice else ""
        found.append(BIAS[layer.policy] + maps)
    for key, default in layer.cell.options.items():
        value = layer.options.get(key, default)
        if key in OPTIONS:
            found.append(OPTIONS[key][value])
        elif value != default and not isinstance(value, float):
            found.append(f"{'' if value else 'no '}{key}" if isinstance(value, bool) else f"{key} {value}")
    if gates := dict.fromkeys(gate for gate, _ in sorted(layer.arrangement.unread)):
        parts = scalars(layer)
        unread = parts["unread"] + parts["unread bias"]
        found.append(f"gate {listed(gates)} is stored but never read ({unread:,})")
    if buffers := sum(tensor.size for tensor in layer.buffers):
        found.append(f"{buffers:,} more are buffers, no parameters")
    return tuple(found)
