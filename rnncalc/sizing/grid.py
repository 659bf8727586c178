"""Polynomials over grids of sizes, in NumPy, block by block: exact, in memory that does not grow with the grid.

>>> from rnncalc.algebra import symbol
>>> from rnncalc.sizes import sizes
>>> n = symbol("n")
>>> [block.figures[0].tolist() for block in blocks({"n": sizes("1:3")}, [n * n + 1])]
[[2, 5, 10]]

NumPy's whole numbers wrap silently, so a block is evaluated in int64 only where the sum of all terms' magnitudes at
its largest sizes, taken in Python's integers, is below 2^63: no value on the way can then be larger. Elsewhere the
arrays hold Python's integers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnncalc.algebra import Monomial, Poly, poly
from rnncalc.record import Record
from rnncalc.sizes import LARGEST, Sizes

BLOCK = 1 << 16  # rows at once: what a processor's cache holds

Array = NDArray[Any]  # int64, or objects that are Python's integers


class Block(Record):
    """Some rows: a column of sizes for each symbol, and one of values for each polynomial."""

    sizes: tuple[Array, ...]
    figures: tuple[Array, ...]


def blocks(axes: Mapping[str, Sizes], figures: Sequence[Poly | int], most: int = BLOCK) -> Iterator[Block]:
    """The values of the polynomials at all combinations of sizes, the last axis changing fastest.

    Each axis has a symbol's name. A block has at most `most` rows.
    """
    names = list(axes)
    inner, rows = len(names), 1  # the axes from here on fit into a block as a whole
    while inner and rows * axes[names[inner - 1]].number <= most:
        inner -= 1
        rows *= axes[names[inner]].number
    whole = [_column(axes[name]) for name in names[inner:]]
    if not inner:
        yield _block({}, names, whole, figures)
        return
    cut = axes[names[inner - 1]]
    for outer in combinations([axes[name] for name in names[: inner - 1]]):
        fixed = dict(zip(names, outer))
        left = [poly(figure).replace(fixed) for figure in figures]
        for part in _slices(cut, max(1, most // rows)):
            yield _block(fixed, names[inner - 1 :], [part, *whole], left)


def combinations(axes: Sequence[Iterable[Any]]) -> Iterator[tuple[Any, ...]]:
    """All combinations, as itertools.product has them, which would write out each axis."""
    if not axes:
        yield ()
        return
    for first in axes[0]:
        for rest in combinations(axes[1:]):
            yield (first, *rest)


def columns(rows: Sequence[Sequence[int]]) -> tuple[Array, ...]:
    """The columns of some rows, in int64 where that holds them."""
    return tuple(np.array(each, dtype=np.int64 if max(each) <= LARGEST else object) for each in zip(*rows))


def _column(axis: Sizes) -> Array:
    return np.concatenate([_range(span) for span in axis.ranges])


def _slices(axis: Sizes, most: int) -> Iterator[Array]:
    """The values of an axis, so many at once."""
    for span in axis.ranges:
        for start in range(0, len(span), most):
            yield _range(span[start : start + most])


def _range(span: range) -> Array:
    return span.start + span.step * np.arange(len(span), dtype=np.int64)


def _block(fixed: Mapping[str, int], names: Sequence[str], columns: Sequence[Array], figures: Sequence[Any]) -> Block:
    shape = tuple(len(column) for column in columns)
    spread = {
        name: column.reshape([-1 if k == n else 1 for k in range(len(shape))])
        for n, (name, column) in enumerate(zip(names, columns))
    }
    rows = int(np.prod(shape, dtype=np.int64))
    constant = [np.full(rows, size, dtype=np.int64) for size in fixed.values()]
    moving = [np.broadcast_to(each, shape).reshape(-1) for each in spread.values()]
    found = [np.broadcast_to(evaluated(figure, spread), shape).reshape(-1) for figure in figures]
    return Block((*constant, *moving), tuple(found))


def evaluated(figure: Poly | int, arrays: Mapping[str, Array]) -> Array:
    """The exact value of a polynomial at arrays of sizes, which may be broadcast against each other.

    >>> from rnncalc.algebra import symbol
    >>> evaluated(symbol("n") ** 3, {"n": np.array([2, 2**21, 2**40])}).tolist()
    [8, 9223372036854775808, 1329227995784915872903807060280344576]
    """
    figure = poly(figure)
    largest = {name: int(column.max()) for name, column in arrays.items() if column.size}
    bound = Poly({monomial: abs(factor) for monomial, factor in figure.terms.items()}).at(largest)
    if bound > LARGEST:
        arrays = {name: column.astype(object) for name, column in arrays.items()}
    # the axis that comes last has the longest arrays, so what is done along the others is done on short ones
    names = sorted(arrays, key=lambda name: arrays[name].size)
    found = _horner(figure.terms, names, arrays)
    return np.asarray(found, dtype=object if bound > LARGEST else np.int64)


def _horner(terms: Mapping[Monomial, int], names: Sequence[str], arrays: Mapping[str, Array]) -> Any:
    """A number where no array is involved."""
    if not names:
        return sum(terms.values())
    *rest, name = names
    by_power: dict[int, dict[Monomial, int]] = {}
    for monomial, factor in terms.items():
        power = next((exponent for symbol, exponent in monomial if symbol == name), 0)
        others = tuple(each for each in monomial if each[0] != name)
        by_power.setdefault(power, {})[others] = factor
    highest = max(by_power, default=0)
    found: Any = _horner(by_power.get(highest, {}), rest, arrays)
    for power in range(highest - 1, -1, -1):
        found = _into(np.multiply, found, arrays[name])
        if power in by_power:
            found = _into(np.add, found, _horner(by_power[power], rest, arrays))
    return found


def _into(operation: Any, left: Any, right: Any) -> Any:
    """The result in the place of the left operand, where it is an array of our own that is large enough."""
    own = isinstance(left, np.ndarray) and np.broadcast_shapes(left.shape, np.shape(right)) == left.shape
    return operation(left, right, out=left) if own else operation(left, right)
