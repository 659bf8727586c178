"""The words of a difference between two frameworks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rnncalc.errors import listed, quoted
from rnncalc.render.explain.parts import Equations, Heading, Part, Rows, Signed, Text
from rnncalc.render.explain.story import SAID
from rnncalc.render.names import braced
from rnncalc.why.pieces import Difference, LayerDifference, Piece


def parts(told: Difference) -> Iterator[Part]:
    """The parts of the text."""
    more = told.right_params - told.left_params
    if more:
        yield Heading(
            f"Why {told.right} has {abs(more):,} parameters {'more' if more > 0 else 'fewer'} than {told.left}", 1
        )
    else:
        yield Heading(f"{told.left} and {told.right} have the same number of parameters: {told.left_params:,}", 1)
    yield Text(f"{told.name}: {told.left_params:,} in `{told.left}`, {told.right_params:,} in `{told.right}`.")
    seen: dict[object, str] = {}
    alike = []
    for layer in told.layers:
        if not layer.pieces:
            continue
        same = layer._replace(name="", pieces=tuple(_nameless(each) for each in layer.pieces))
        if len(told.layers) > 1 and layer.left == layer.right and not (layer.left_why or layer.right_why):
            alike.append(layer.name)
        elif same in seen:
            yield Heading(f"{layer.name}: {layer.left_type} and {layer.right_type}")
            yield Text(f"As {quoted(seen[same])}.")
        else:
            seen[same] = layer.name
            yield from _layer(told, layer)
    if alike:
        yield Text(f"Alike in both: {listed(map(quoted, alike))}.")


def _nameless(piece: Piece) -> Piece:
    return piece._replace(left_tensors=(), right_tensors=())


def _layer(told: Difference, layer: LayerDifference) -> Iterator[Part]:
    yield Heading(f"{layer.name}: {layer.left_type} of {told.left}, {layer.right_type} of {told.right}")
    rows = [(each.what, each.left, each.right, Signed(each.right - each.left)) for each in layer.pieces]
    rows.append(("together", layer.left, layer.right, Signed(layer.right - layer.left)))
    yield Rows(("Piece", told.left, told.right, "Difference"), tuple(rows))
    for framework, why in ((told.left, layer.left_why), (told.right, layer.right_why)):
        if why:
            yield Text(f"Only in `{framework}`: {'; '.join(SAID.get(fact, fact) for fact in why)}.")
    for framework, lines in ((told.left, layer.left_equations), (told.right, layer.right_equations)):
        if lines:
            yield Text(f"`{framework}` computes:")
            yield Equations(lines)
    for each in layer.pieces:
        if each.left != each.right:
            yield Text(_said(told, each))
    yield Text("Where each piece is stored, and the order of its gates:")
    stored = tuple(
        (
            each.what.partition(":")[0],
            _where(each.left_tensors, each.left_gates),
            _where(each.right_tensors, each.right_gates),
        )
        for each in layer.pieces
    )
    yield Rows(("Piece", told.left, told.right), stored)


def _said(told: Difference, piece: Piece) -> str:
    """What of a piece is in one framework alone."""
    name, _, what = piece.what.partition(": ")
    if not piece.left or not piece.right:
        there, missing = (told.right, told.left) if piece.right else (told.left, told.right)
        count = piece.left or piece.right
        return f"`{there}` has {what or name}, {count:,} scalars in all; `{missing}` has none of these."
    return f"Of {what or name} `{told.left}` has {piece.left:,} and `{told.right}` {piece.right:,}."


def _where(tensors: Sequence[str], gates: Sequence[str]) -> str:
    if not tensors:
        return "none"
    name = braced(list(tensors)) or f"{tensors[0]} …"
    return f"{name} ({' '.join(gates)})" if gates else name
