"""Why two frameworks differ for one model: the pieces of each step, where each of the two stores them, or does not.

>>> import rnncalc
>>> model = rnncalc.parse({"input": {"depth": 10}, "layers": [{"lstm": {"units": 128}}]})
>>> found = differ(model, "keras", "pytorch")
>>> for each in found.layers[0].pieces:
...     print(each.what, each.left, each.right)
W_x: from x to i, f, g and o 5120 5120
W_h: from h to i, f, g and o 65536 65536
b: biases beside x, of i, f, g and o 512 512
b_h: biases beside h, of i, f, g and o 0 512
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rnncalc.algebra import product
from rnncalc.equations import Equation, lines
from rnncalc.errors import Problem, SpecError, listed
from rnncalc.record import Record
from rnncalc.remarks import facts
from rnncalc.report import SCHEMA_VERSION

if TYPE_CHECKING:
    from rnncalc.layer import Layer
    from rnncalc.network import Model


class Piece(Record):
    """Weights of one kind in both frameworks: how many scalars, in which tensors, and the gates in their order."""

    what: str
    left: int
    right: int
    left_tensors: tuple[str, ...]
    right_tensors: tuple[str, ...]
    left_gates: tuple[str, ...]
    right_gates: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        return {
            "what": self.what,
            "params": [self.left, self.right],
            "tensors": [list(self.left_tensors), list(self.right_tensors)],
            "gates": [list(self.left_gates), list(self.right_gates)],
        }


class LayerDifference(Record):
    """One layer in both frameworks, piece by piece.

    `why` are the facts that hold in one of them alone, `equations` the lines of the step that it writes otherwise.
    """

    name: str
    left_type: str
    right_type: str
    left: int
    right: int
    pieces: tuple[Piece, ...]
    left_why: tuple[str, ...]
    right_why: tuple[str, ...]
    left_equations: tuple[Equation, ...]
    right_equations: tuple[Equation, ...]

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        return {
            "name": self.name,
            "framework_types": [self.left_type, self.right_type],
            "params": [self.left, self.right],
            "pieces": [each.to_dict() for each in self.pieces],
            "why": [list(self.left_why), list(self.right_why)],
            "equations": [[line.unicode for line in side] for side in (self.left_equations, self.right_equations)],
        }


class Difference(Record):
    """One model in two frameworks."""

    name: str
    source: str | None
    left: str
    right: str
    left_params: int
    right_params: int
    layers: tuple[LayerDifference, ...]

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        return {
            "schema_version": SCHEMA_VERSION,
            "name": self.name,
            "source": self.source,
            "frameworks": [self.left, self.right],
            "params": [self.left_params, self.right_params],
            "difference": self.right_params - self.left_params,
            "layers": [each.to_dict() for each in self.layers],
        }


def differ(model: Model, left: str, right: str) -> Difference:
    """The model in two frameworks, layer by layer and piece by piece.

    Raises:
        SpecError: one of them cannot build it.
    """
    built = []
    for name in (left, right):
        try:
            built.append(model if name == model.framework else model.in_framework(name))
        except SpecError as error:
            told = "; ".join(dict.fromkeys(problem.message for problem in error.problems))
            raise SpecError(Problem(f"{name} cannot build {model.name}: {told}")) from None
    one, two = built
    layers = tuple(_layer(a, b) for a, b in zip(one.layers, two.layers))
    return Difference(model.name, model.plan.source, left, right, one.params, two.params, layers)


def _layer(one: Layer, two: Layer) -> LayerDifference:
    kinds = [_kinds(layer) for layer in (one, two)]
    names = dict.fromkeys(kind for each in kinds for kind in each)
    pieces = []
    for term in sorted(names, key=lambda term: (term.startswith("?"), term.startswith("1"), list(names).index(term))):
        a, b = (each.get(term, _Kind()) for each in kinds)
        gates = list(dict.fromkeys((*a.gates, *b.gates)))
        first = [gate for gate in _order(one) if gate in gates] or gates
        gates_of = [tuple(each.gates.values()) for each in (a, b)]
        pieces.append(Piece(_what(term, first), a.size, b.size, tuple(a.tensors), tuple(b.tensors), *gates_of))
    mine, theirs = ([part for fact in facts(layer) for part in _apart(fact)] for layer in (one, two))
    told, other = (lines(layer.trace, layer.policy) for layer in (one, two))
    return LayerDifference(
        one.plan.name,
        one.framework_type,
        two.framework_type,
        one.params,
        two.params,
        tuple(pieces),
        tuple(fact for fact in mine if fact not in theirs),
        tuple(fact for fact in theirs if fact not in mine),
        tuple(line for line in told if line not in other),
        tuple(line for line in other if line not in told),
    )


def _apart(fact: str) -> list[str]:
    """`one bias a map (n has two maps)` as two facts, of which one may hold in both frameworks."""
    found = re.fullmatch(r"(.*) \((.*) two maps\)", fact)
    if not found:
        return [fact]
    why = "what multiplies the one does not multiply the other, so that each needs a bias of its own"
    return [found[1], f"{found[2]} two maps: {why}"]


class _Kind:
    """What a framework stores beside one term: so many scalars, of these gates, in these tensors."""

    def __init__(self) -> None:
        self.size = 0
        self.gates: dict[str, str] = {}  # with a minus before those whose sign it turns
        self.tensors: dict[str, None] = {}


def _kinds(layer: Layer) -> dict[str, _Kind]:
    found: dict[str, _Kind] = {}
    for tensor in layer.tensors:
        if tensor.shared:
            continue
        if tensor.stored is None:
            kind = found.setdefault("initial", _Kind())
            kind.size += tensor.size
            kind.tensors[tensor.name] = None
            continue
        for k, _ in tensor.parts:
            for block in tensor.stored.blocks:
                unread = (block.column.gate, block.term) in layer.arrangement.unread
                kind = found.setdefault(f"?{block.term}" if unread else block.term, _Kind())
                size = product((*block.kernel, block.rows, block.columns))
                kind.size += int(size.at(layer.sizes[k]))
                gate = block.column.gate
                kind.gates[gate] = f"-{gate}" if block.column.sign < 0 else gate
                kind.tensors[tensor.name] = None
    return found


def _order(layer: Layer) -> list[str]:
    return list(dict.fromkeys(made.gate for made in layer.trace.maps))


def _what(term: str, gates: list[str]) -> str:
    """`W_x: from x to i, f, g and o`."""
    if term == "initial":
        return "the learned initial states"
    of = listed(gates)
    if term.startswith("?"):
        kind = "biases" if term.startswith("?1") else f"weights of {term[1:].rstrip('*')}"
        return f"{kind} of {of} that are never read"
    if term == "1":
        return f"{of}: a vector of its own"
    if term.startswith("1"):
        beside = term.strip("1_*#")
        return f"b{'' if beside == 'x' else f'_{beside}'}: biases beside {beside or 'it'}, of {of}"
    if term.endswith("*"):
        return f"w_{term[:-1]}: from {term[:-1]} elementwise to {of}"
    if term == "#":
        return f"W: {of}, read whole"
    return f"W_{term.strip('_')}: from {term if term != '_' else 'inside'} to {of}"
