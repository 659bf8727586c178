"""What an operation does to the positions of a value: the axes between the batch and the depth. None is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

Axes = tuple[int | None, ...]


class ShapeError(ValueError):
    """Shapes that do not fit."""


def shown(axes: Sequence[object]) -> str:
    """`(28, ?, 10)`."""
    return f"({', '.join('?' if axis is None else str(axis) for axis in axes)})"


def together(*shapes: Axes) -> Axes:
    """The axes of an elementwise result: of the longest, and known where any of them is.

    Raises:
        ShapeError: two lengths differ.
    """
    longest = max(shapes, key=len)
    found = list(longest)
    for shape in shapes:
        for n in range(1, len(shape) + 1):
            if found[-n] is None or found[-n] == 1:
                found[-n] = shape[-n] if shape[-n] is not None else found[-n]
            elif shape[-n] not in (None, 1, found[-n]):
                raise ShapeError(f"{' and '.join(shown(each) for each in shapes)} do not fit together")
    return tuple(found)


def known(axes: Axes, what: str) -> tuple[int, ...]:
    """The axes, all known.

    Raises:
        ShapeError: one is not.
    """
    if None in axes:
        raise ShapeError(f"{what} has to know the length of each axis")
    return tuple(axis for axis in axes if axis is not None)


def pads(length: int, kernel: int, stride: int, padding: Any, dilation: int) -> tuple[int, int]:
    """How many positions are added before and after: by `same`, so that ceil(length / stride) windows fit."""
    if padding == "valid":
        return 0, 0
    if padding == "same":
        reach = (kernel - 1) * dilation + 1
        total = max((-(-length // stride) - 1) * stride + reach - length, 0)
        return total // 2, total - total // 2
    return padding, padding


def paddings(padding: Any, rank: int) -> tuple[Any, ...]:
    """The padding of each axis."""
    if isinstance(padding, tuple):
        return padding * rank if len(padding) == 1 else padding
    return (padding,) * rank


def windowed(axes: Axes, kernel: Sequence[int], stride: Sequence[int], padding: Any, dilation: Sequence[int]) -> Axes:
    """The axes that are left when a window slides over the last ones.

    Raises:
        ShapeError: the window is larger than its input, or there are too few axes.
    """
    rank = len(kernel)
    if len(axes) < rank:
        raise ShapeError(f"a window of {rank} axes needs as many before the depth, but there are {len(axes)}")
    found: list[int | None] = list(axes[: len(axes) - rank])
    for length, k, s, p, d in zip(axes[len(axes) - rank :], kernel, stride, paddings(padding, rank), dilation):
        if length is None:
            found.append(None)
            continue
        reach = (k - 1) * d + 1
        room = length + sum(pads(length, k, s, p, d))
        if reach > room:
            raise ShapeError(f"the window of {reach} is larger than its input of {room}")
        found.append((room - reach) // s + 1)
    return tuple(found)


def reshaped(axes: Axes, depth: int, target: Sequence[int]) -> tuple[Axes, int]:
    """The axes and the depth of the same elements in another shape; -1 stands for what is left.

    Raises:
        ShapeError: elements would be lost or made up.
    """
    if len(axes) and axes[0] is None and len(target) > 1 and target[0] == -1:
        inner, wanted = prod(known(axes[1:], "reshape")) * depth, prod(target[1:])
        if wanted > 0 and inner == wanted:
            return (None, *target[1:-1]), target[-1]
    total = prod(known(axes, "reshape")) * depth
    sizes = list(target)
    if sizes.count(-1) == 1:
        rest = prod(size for size in sizes if size != -1)
        sizes[sizes.index(-1)] = total // rest if rest and total % rest == 0 else -1
    if prod(sizes) != total or min(sizes) < 1:
        raise ShapeError(f"{shown((*axes, depth))} has {total:,} elements, which do not make {shown(target)}")
    return tuple(sizes[:-1]), sizes[-1]
