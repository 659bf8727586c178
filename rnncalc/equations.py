"""A trace as the paper would print it, in Unicode, in plain ASCII or in LaTeX; a prime marks the new states.

>>> from rnncalc.trace import trace
>>> print(*equations(trace("lstm")), sep="\\n")
i = σ(W_xi·x + W_hi·h + b_i)
f = σ(W_xf·x + W_hf·h + b_f)
g = tanh(W_xg·x + W_hg·h + b_g)
c' = f⊙c + i⊙g
o = σ(W_xo·x + W_ho·h + b_o)
h' = o⊙tanh(c')
>>> print(equations(trace("rnn"), notation=LATEX)[0])
h' = \\tanh\\left(W_{xh}\\,x + W_{hh}\\,h + b_{h}\\right)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rnncalc.record import Record
from rnncalc.recorder import Map, Symbolic
from rnncalc.trace import Trace


class Notation:
    """How a formula is written: its signs, its names, its functions and its brackets."""

    matrix, elementwise, window = "·", "⊙", "∗"
    functions: Mapping[str, str] = {"sigmoid": "σ"}

    def name(self, text: str) -> str:
        """A value's name, primed where it is a new state."""
        return text

    def weight(self, letter: str, below: str) -> str:
        """A weight with its index."""
        return f"{letter}_{below}" if below else letter

    def call(self, function: str, arguments: list[str]) -> str:
        """A function of its arguments."""
        return f"{self.functions.get(function, function)}({', '.join(arguments)})"

    def group(self, text: str) -> str:
        """Brackets."""
        return f"({text})"


class Ascii(Notation):
    """Only letters that every terminal has: `@` is a product with a matrix, `*` elementwise."""

    matrix, elementwise, window = " @ ", "*", " conv "
    functions: Mapping[str, str] = {}


class Latex(Notation):
    """For LaTeX and for Markdown as GitHub renders it, which knows no `operatorname`."""

    matrix, elementwise, window = r"\,", r" \odot ", " * "
    functions: Mapping[str, str] = {"sigmoid": r"\sigma", "tanh": r"\tanh"}

    def name(self, text: str) -> str:
        """`c'`, `h_{1}`; upright where it has several letters."""
        base, digits, prime = re.fullmatch("(.*?)([0-9]*)('?)", text).groups()  # type: ignore[union-attr]
        below = f"_{{{digits}}}" if digits else ""
        return f"{_upright(base)}{below}{prime}"

    def weight(self, letter: str, below: str) -> str:
        """`W_{xi}`."""
        return f"{letter}_{{{_upright(below) if len(below) > 2 else below}}}" if below else letter

    def call(self, function: str, arguments: list[str]) -> str:
        """A function, its brackets as high as what they hold."""
        known = self.functions.get(function) or _upright(function)
        return rf"{known}\left({', '.join(arguments)}\right)"

    def group(self, text: str) -> str:
        """Brackets as high as what they hold."""
        return rf"\left({text}\right)"


def _upright(text: str) -> str:
    return text if len(text) < 2 else rf"\mathrm{{{text}}}".replace("_", r"\_")


UNICODE, ASCII, LATEX = Notation(), Ascii(), Latex()


def equations(trace: Trace, policy: str = "single", notation: Notation = UNICODE) -> tuple[str, ...]:
    """A line for each named value, in the order of the step, with the biases of a policy."""
    names = named(trace)
    text = _Text(names, policy, notation)
    values = [(names[id(value)], value) for value in trace.values if names[id(value)]]
    return tuple(f"{notation.name(name)} = {text.of(value, top=True)}" for name, value in values)


class Equation(Record):
    """A line of the step in each notation; `means` says what a gate is for, "" where it is none."""

    name: str
    unicode: str
    ascii: str
    latex: str
    means: str


def lines(trace: Trace, policy: str = "single") -> tuple[Equation, ...]:
    """The equations in every notation, with what each gate is for; none of bare weights, of which no step is known."""
    if not trace.cell.inputs:
        return ()
    gates = {made.gate: trace.cell.gates.get(made.gate, "") for made in trace.maps}
    plain, ascii, latex = (equations(trace, policy, notation) for notation in (UNICODE, ASCII, LATEX))
    called = named(trace)
    names = [name for value in trace.values if (name := called[id(value)])]
    gates |= {f"{state}'": f"the new {state}" for state in trace.cell.states if state not in gates}
    means = [gates.get(name, gates.get(name.rstrip("'"), "")) for name in names]
    return tuple(map(Equation, names, plain, ascii, latex, means))


def named(trace: Trace) -> dict[int, str]:
    """What each value of the step, by its id, is called: a new state with a prime; "" where it has no name."""
    names = {id(value): value.name for value in trace.values}
    for state, value in zip(trace.cell.states or ("y",), trace.outputs):
        if value.making[0] != "input":
            names[id(value)] = f"{state}'" if trace.cell.states else state
    return names


class _Text:
    def __init__(self, names: dict[int, str], policy: str, notation: Notation) -> None:
        self.names, self.policy, self.notation = names, policy, notation

    def of(self, value: Any, top: bool = False) -> str:
        if not isinstance(value, Symbolic):
            return str(value)
        name = self.names.get(id(value), value.name)
        if name and not top:
            return self.notation.name(name)
        operation, *parts = value.making
        if operation == "map":
            return self.map(parts[0])
        if operation == "rsub":
            operation, parts = "sub", parts[::-1]
        texts = [self.of(part) for part in parts]
        if operation == "add":
            return " + ".join(texts)
        if operation == "sub":
            left, right = texts
            return f"{left} - {self._whole(right) if re.search(' [+-] ', _outside(right)) else right}"
        if operation == "mul":
            return self.notation.elementwise.join(self._whole(t) if re.search(" [+-] ", t) else t for t in texts)
        return self.notation.call(operation, texts)

    def _whole(self, text: str) -> str:
        return text if not re.search(" [+-] ", _outside(text)) else self.notation.group(text)

    def map(self, made: Map) -> str:
        terms, notation = [], self.notation
        for source in made.sources:
            weight = notation.weight("w" if source.kind == "diag" else "W", f"{source.name.strip('_#')}{made.gate}")
            if source.value is None:  # a matrix that is read whole
                terms.append(weight)
                continue
            read = self.of(source.value)
            plain = re.fullmatch(r"\w+'?|\\mathrm\{\w+\}", read)
            sign = {"diag": notation.elementwise, "window": notation.window}.get(source.kind, notation.matrix)
            terms.append(f"{weight}{sign}{read if plain else notation.group(read)}")
        for term in made.biases(self.policy):
            beside = term.strip("1_")
            if beside == "x" and self.policy == "single":
                beside = ""
            terms.append(notation.weight("b", f"{beside}{made.gate}"))
        return " + ".join(terms) or notation.weight("b", made.gate)


def _outside(text: str) -> str:
    """What of a formula stands outside of all brackets."""
    depth, kept = 0, []
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if not depth and letter != ")":
            kept.append(letter)
    return "".join(kept)
