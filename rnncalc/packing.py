"""Between the cell's pieces and the framework's tensors, in both directions, with real arrays.

Leading axes are let through: a stack of weights is packed and unpacked as one. Where the directions share a tensor,
they are its first axis behind those.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnncalc.algebra import Poly
from rnncalc.arrangement import Block, Stored

Array = NDArray[Any]
Pieces = dict[tuple[str, str], Array]


def _places(stored: Stored, sizes: Mapping[str, int]) -> Iterator[tuple[Block, tuple[Any, ...]]]:
    """Each block and where it lies in the tensor, seen as [..., rows, columns] or, for a vector, [..., scalars]."""
    top = 0
    for row in stored.grid:
        height, left = int(row[0].rows.at(sizes)), 0
        for block in row:
            width = int(block.columns.at(sizes))
            if stored.form in ("vector", "scalar"):
                width *= height
                yield block, (..., slice(top + left, top + left + width))
            else:
                yield block, (..., slice(top, top + height), slice(left, left + width))
            left += width
        top += left if stored.form == "vector" else height


def _view(stored: Stored, sizes: Mapping[str, int], tensor: Array) -> Array:
    """The tensor as [..., kernel axes, rows, columns]; a vector as it is."""
    if stored.shape != stored.flat:
        lead = tensor.ndim - len(stored.shape)
        tensor = tensor.reshape(*tensor.shape[:lead], *_sizes(stored.flat, sizes))
    if stored.form == "scalar":
        return tensor[..., None]
    if stored.form != "transposed":
        return tensor
    rank = len(stored.shape)
    return np.moveaxis(tensor, (-rank, 1 - rank), (-1, -2))


def _sizes(shape: tuple[Poly, ...], sizes: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(int(size.at(sizes)) for size in shape)


def pack(stored: Stored, sizes: Mapping[str, int], pieces: Mapping[tuple[str, str], Array]) -> Array:
    """The framework's tensor that holds these pieces; what the step never reads is filled with zeros."""
    gates = {block.column.gate for block in stored.blocks}
    some = next((array.dtype for (gate, _), array in pieces.items() if gate in gates), float)
    tensor = np.zeros(_sizes(stored.shape, sizes), some)
    seen = _view(stored, sizes, tensor)
    for block, place in _places(stored, sizes):
        piece = pieces.get((block.column.gate, block.term))
        if piece is not None:
            seen[place] = (block.column.sign * (piece - block.column.added)).reshape(seen[place].shape)
    return tensor


def reads(stored: Stored, sizes: Mapping[str, int]) -> Array:
    """For each scalar of the tensor, whether the step reads it."""
    mask = np.zeros(_sizes(stored.shape, sizes), bool)
    seen = _view(stored, sizes, mask)
    for block, place in _places(stored, sizes):
        seen[place] = block.column.read
    return mask


def matters(stored: Stored, sizes: Mapping[str, int], idle: Mapping[str, str]) -> Array:
    """For each scalar of the tensor, whether it can move the output; `idle` pieces have last columns that cannot."""
    mask = reads(stored, sizes)
    seen = _view(stored, sizes, mask)
    for block, place in _places(stored, sizes):
        for piece in {block.column.gate, f"{block.column.gate}@{block.term}"} & idle.keys():
            last = -sizes[idle[piece]] if idle[piece] else 0
            seen[place][..., last:] = False
    return mask


def unpack(stored: Stored, sizes: Mapping[str, int], tensor: Array) -> Pieces:
    """The pieces that the framework's tensor holds, with what the framework adds to them at run time."""
    seen = _view(stored, sizes, tensor)
    pieces: Pieces = {}
    for block, place in _places(stored, sizes):
        if block.column.read:
            piece = seen[place]
            if (block.term.startswith("1") or block.term.endswith("*")) and stored.form not in ("vector", "scalar"):
                piece = piece[..., 0, :]
            elif block.rows != 1 and stored.form == "vector":
                piece = piece.reshape(*piece.shape[:-1], -1, int(block.columns.at(sizes)))
            pieces[block.column.gate, block.term] = block.column.sign * piece + block.column.added
    return pieces


def split_directions(tensor: Array, rank: int, count: int) -> list[Array]:
    """The directions' tensors out of one, each of `rank` axes without leading ones."""
    return [np.take(tensor, side, axis=-rank - 1) for side in range(count)]
