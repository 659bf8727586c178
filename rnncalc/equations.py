"""A trace as the paper would print it; a prime marks the new states.

>>> from rnncalc.trace import trace
>>> print(*equations(trace("lstm")), sep="\\n")
i = σ(W_xi·x + W_hi·h + b_i)
f = σ(W_xf·x + W_hf·h + b_f)
g = tanh(W_xg·x + W_hg·h + b_g)
c' = f⊙c + i⊙g
o = σ(W_xo·x + W_ho·h + b_o)
h' = o⊙tanh(c')
"""

from __future__ import annotations

from typing import Any

from rnncalc.recorder import Map, Symbolic
from rnncalc.trace import Trace

_SIGNS = {"add": " + ", "sub": " - ", "mul": "⊙"}


def equations(trace: Trace) -> tuple[str, ...]:
    """A line for each named value, in the order of the step."""
    names = {id(value): value.name for value in trace.values}
    for state, value in zip(trace.cell.states or ("y",), trace.outputs):
        if value.making[0] != "input":
            names[id(value)] = f"{state}'" if trace.cell.states else state
    text = _Text(names)
    return tuple(f"{names[id(value)]} = {text.of(value, top=True)}" for value in trace.values if names[id(value)])


class _Text:
    def __init__(self, names: dict[int, str]) -> None:
        self.names = names

    def of(self, value: Any, top: bool = False) -> str:
        if not isinstance(value, Symbolic):
            return str(value)
        name = self.names.get(id(value), value.name)
        if name and not top:
            return name
        operation, *parts = value.making
        if operation == "map":
            return self.map(parts[0])
        if operation == "rsub":
            operation, parts = "sub", parts[::-1]
        if operation in _SIGNS:
            texts = [self.of(part) for part in parts]
            if operation == "mul":
                texts = [f"({text})" if " " in text else text for text in texts]
            return _SIGNS[operation].join(texts)
        return f"{'σ' if operation == 'sigmoid' else operation}({', '.join(self.of(part) for part in parts)})"

    def map(self, made: Map) -> str:
        terms = []
        for source in made.sources:
            read = self.of(source.value)
            read = f"({read})" if "⊙" in read or " " in read else read
            weight = "w" if source.kind == "diag" else "W"
            sign = {"diag": "⊙", "window": "∗"}.get(source.kind, "·")
            terms.append(f"{weight}_{source.name.strip('_')}{made.gate}{sign}{read}")
        terms += [f"b_{term.strip('1_') if term != '1x' else ''}{made.gate}" for term in made.biases("single")]
        return " + ".join(terms) or f"b_{made.gate}"
