"""The operations of a step on arrays [..., batch, positions, depth]; what they do to shapes is in `rnncalc.shapes`.

Leading axes (many sets of weights at once) are let through. NaN is let through too: `np.where` would swallow it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from rnncalc.cell import Value, Window
from rnncalc.shapes import paddings, pads, reshaped

Array = NDArray[Any]

_SCALE, _ALPHA = 1.0507009873554805, 1.6732632423543772  # of selu (Klambauer et al. 2017)


def _sigmoid(v: Array) -> Array:
    return 0.5 * (1.0 + np.tanh(0.5 * v))


def _softmax(v: Array) -> Array:
    e = np.exp(v - v.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


class Numeric(Value):
    """An array [..., batch, positions, depth] with `rank` axes of positions."""

    __slots__ = ("array", "rank")

    def __init__(self, array: Array, rank: int = 0) -> None:
        self.array, self.rank = array, rank

    def apply(self, operation: str, *others: Any, **static: Any) -> Numeric:
        """The operation on arrays."""
        if operation in SHAPED:
            return SHAPED[operation](self, *others, **static)
        ranks = [self.rank, *(other.rank for other in others if isinstance(other, Numeric))]
        rank = max(ranks)
        arrays = [_widened(v, rank) if isinstance(v, Numeric) else v for v in (self, *others)]
        return Numeric(ELEMENTWISE[operation](*arrays), rank)


def _widened(value: Numeric, rank: int) -> Array:
    """The array with axes of positions of length 1, so that it fits one with `rank` of them."""
    array = value.array
    for _ in range(rank - value.rank):
        array = np.expand_dims(array, -2 - value.rank if value.rank else -2)
    return array


ELEMENTWISE: Mapping[str, Callable[..., Array]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "rsub": lambda a, b: b - a,
    "mul": lambda a, b: a * b,
    "sigmoid": _sigmoid,
    "tanh": np.tanh,
    "relu": lambda v: np.maximum(v, 0.0),
    "softmax": _softmax,
    "softplus": lambda v: np.logaddexp(v, 0.0),
    "softsign": lambda v: v / (1.0 + np.abs(v)),
    "elu": lambda v: np.maximum(v, 0.0) + np.expm1(np.minimum(v, 0.0)),
    "selu": lambda v: _SCALE * (np.maximum(v, 0.0) + _ALPHA * np.expm1(np.minimum(v, 0.0))),
    "silu": lambda v: v * _sigmoid(v),
    "cumax": lambda v: np.cumsum(_softmax(v), axis=-1),
    "inner": lambda v: v.sum(axis=-1, keepdims=True),
    "rsqrt": lambda v: 1.0 / np.sqrt(v),
}


def patches(
    array: Array, kernel: Sequence[int], stride: Sequence[int], padding: Any, dilation: Sequence[int], fill: float
) -> Array:
    """The windows of an array [..., positions, depth]: [..., positions, kernel axes, depth]."""
    rank = len(kernel)
    lengths = array.shape[-1 - rank : -1]
    added = [pads(*each) for each in zip(lengths, kernel, stride, paddings(padding, rank), dilation)]
    widths = [(0, 0)] * (array.ndim - 1 - rank) + added + [(0, 0)]
    padded = np.pad(array, widths, constant_values=fill) if any(sum(pair) for pair in added) else array
    reach = tuple((k - 1) * d + 1 for k, d in zip(kernel, dilation))
    axes = tuple(range(padded.ndim - 1 - rank, padded.ndim - 1))
    seen = sliding_window_view(padded, reach, axis=axes)  # [..., positions, depth, kernel axes]
    lead = (slice(None),) * (padded.ndim - 1 - rank)
    seen = seen[
        (*lead, *(slice(None, None, s) for s in stride), slice(None), *(slice(None, None, d) for d in dilation))
    ]
    return np.moveaxis(seen, -1 - rank, -1)


def convolve(value: Numeric, window: Window, weight: Array) -> Array:
    """A map over windows: `weight` is [..., kernel axes, rows, columns]."""
    rank = len(window.kernel)
    seen = patches(value.array, window.kernel, window.stride, window.padding, window.dilation, 0.0)
    flat = seen.reshape(*seen.shape[: -1 - rank], prod(window.kernel), seen.shape[-1])
    kernel = weight.reshape(*weight.shape[: -2 - rank], prod(window.kernel), *weight.shape[-2:])
    if window.multiplier:
        product: Array = (flat[..., None] * _against(kernel, value.rank)).sum(axis=-3)
        return product.reshape(*product.shape[:-2], -1)
    outputs = []
    depth, columns = flat.shape[-1] // window.groups, weight.shape[-1] // window.groups
    for group in range(window.groups):
        rows = flat[..., group * depth : (group + 1) * depth]
        matrix = kernel[..., group * columns : (group + 1) * columns]
        matrix = matrix.reshape(*matrix.shape[:-3], -1, columns)
        outputs.append(rows.reshape(*rows.shape[:-2], -1) @ _spread(matrix, value.rank))
    return np.concatenate(outputs, axis=-1)


def _spread(matrix: Array, rank: int) -> Array:
    """Weights [..., rows, columns] against values [..., batch, positions, rows]."""
    return matrix.reshape(*matrix.shape[:-2], *(1,) * rank, *matrix.shape[-2:]) if matrix.ndim > 2 else matrix


def _against(kernel: Array, rank: int) -> Array:
    lead = kernel.shape[:-3]
    return kernel.reshape(*lead, *(1,) * (rank + 1), *kernel.shape[-3:]) if lead else kernel


def multiply(value: Numeric, matrix: Array) -> Array:
    """The product with a matrix [..., rows, columns]."""
    return np.asarray(value.array @ _spread(matrix, value.rank))


def vector(weight: Array, rank: int) -> Array:
    """Weights [..., size] against values [..., batch, positions, size]."""
    return weight.reshape(*weight.shape[:-1], *(1,) * (rank + 1), weight.shape[-1])


def _pool(value: Numeric, *, kind: str, kernel: Any, stride: Any, padding: Any, padded: bool) -> Numeric:
    rank = len(kernel)
    axes = tuple(range(-1 - rank, -1))
    still = (1,) * rank
    if kind == "max":
        seen = patches(value.array, kernel, stride, padding, still, -np.inf)
        return Numeric(seen.max(axis=axes), value.rank)
    seen = patches(value.array, kernel, stride, padding, still, 0.0)
    if padded:
        return Numeric(seen.mean(axis=axes), value.rank)
    there = patches(np.ones_like(value.array), kernel, stride, padding, still, 0.0)
    return Numeric(seen.sum(axis=axes) / there.sum(axis=axes), value.rank)


def _reduce(value: Numeric, *, kind: str, rank: int) -> Numeric:
    act: Any = {"max": np.max, "mean": np.mean, "sum": np.sum}[kind]
    return Numeric(act(value.array, axis=tuple(range(-1 - rank, -1))), value.rank - rank)


def _flatten(value: Numeric, *, lead: int) -> Numeric:
    array = value.array
    return Numeric(array.reshape(*array.shape[: array.ndim - 1 - value.rank + lead], -1), lead)


def _reshape(value: Numeric, *, shape: Any, depth: int, lead: int) -> Numeric:
    array = value.array
    kept = array.shape[: array.ndim - 1 - value.rank + lead]
    axes, size = reshaped(array.shape[len(kept) : -1], depth, shape)
    return Numeric(array.reshape(*kept, *(axis or -1 for axis in axes), size), lead + len(axes))


def _norm(value: Numeric, *, over: str, epsilon: float, groups: int) -> Numeric:
    array = value.array
    if over == "rms":
        return Numeric(array / np.sqrt((array**2).mean(axis=-1, keepdims=True) + epsilon), value.rank)
    shape = array.shape
    axes: tuple[int, ...] = (-1,)
    if over == "groups":
        array = array.reshape(*shape[:-1], groups, shape[-1] // groups)
        axes = (*range(-2 - value.rank, -2), -1)
    elif over == "positions":
        axes = tuple(range(-1 - value.rank, -1))
    mean, deviation = array.mean(axis=axes, keepdims=True), np.sqrt(array.var(axis=axes, keepdims=True) + epsilon)
    return Numeric(((array - mean) / deviation).reshape(shape), value.rank)


def _again(value: Numeric, *, times: int) -> Numeric:
    return Numeric(np.repeat(value.array[..., None, :], times, axis=-2), 1)


def _permute(value: Numeric, *, dims: Any, depth: int) -> Numeric:
    array, count = value.array, len(dims)
    lead = array.ndim - count
    return Numeric(array.transpose(*range(lead), *(lead + dim - 1 for dim in dims)), value.rank)


def _stretch(value: Numeric, *, times: int, size: str) -> Numeric:
    return Numeric(np.repeat(value.array, times, axis=-1), value.rank)


def _split(value: Numeric, *, parts: int, depth: str | int) -> Numeric:
    return Numeric(value.array.reshape(*value.array.shape[:-1], parts, -1), value.rank + 1)


def _part(value: Numeric, n: int, *, parts: int, size: str) -> Numeric:
    each = value.array.shape[-1] // parts
    return Numeric(value.array[..., n * each : (n + 1) * each], value.rank)


def _concat(*values: Numeric) -> Numeric:
    arrays = np.broadcast_arrays(*(each.array[..., :1] for each in values))
    wide = [np.broadcast_to(v.array, (*a.shape[:-1], v.array.shape[-1])) for a, v in zip(arrays, values)]
    return Numeric(np.concatenate(wide, axis=-1), values[0].rank)


def _heads(array: Array, heads: int) -> Array:
    return array.reshape(*array.shape[:-1], heads, -1)


def _match(query: Numeric, key: Numeric, *, heads: int, scale: bool) -> Numeric:
    q, k = _heads(query.array, heads), _heads(key.array, heads)
    scores = np.einsum("...qhd,...khd->...qkh", q, k)
    return Numeric(scores / np.sqrt(q.shape[-1]) if scale else scores, query.rank + 1)


def _attend(scores: Numeric) -> Numeric:
    """Softmax over the last axis of positions."""
    return Numeric(np.swapaxes(_softmax(np.swapaxes(scores.array, -1, -2)), -1, -2), scores.rank)


def _mix(weights: Numeric, value: Numeric) -> Numeric:
    heads = weights.array.shape[-1]
    mixed = np.einsum("...qkh,...khd->...qhd", weights.array, _heads(value.array, heads))
    return Numeric(mixed.reshape(*mixed.shape[:-2], -1), weights.rank - 1)


def _across(query: Numeric, key: Numeric) -> Numeric:
    return Numeric(query.array[..., :, None, :] + key.array[..., None, :, :], query.rank + 1)


def _weigh(weights: Numeric, value: Numeric) -> Numeric:
    return Numeric((weights.array * value.array).sum(axis=-2), value.rank - 1)


def _chain(
    energies: Numeric, transitions: Numeric, left: Numeric | None = None, right: Numeric | None = None
) -> Numeric:
    """The forward algorithm of a chain: log-sums over all paths that end in each tag."""
    y, t = energies.array, transitions.array
    if left is not None:
        y = np.concatenate([y[..., :1, :] + left.array[..., None, :], y[..., 1:, :]], axis=-2)
    sums = [y[..., 0, :]]
    for n in range(1, y.shape[-2]):
        scores = sums[-1][..., :, None] + t[..., None, :, :]
        sums.append(np.logaddexp.reduce(scores, axis=-2) + y[..., n, :])
    if right is not None:
        sums[-1] = sums[-1] + right.array
    return Numeric(np.stack(np.broadcast_arrays(*sums), axis=-2), energies.rank)


SHAPED: Mapping[str, Callable[..., Numeric]] = {
    "pool": _pool,
    "reduce": _reduce,
    "flatten": _flatten,
    "reshape": _reshape,
    "norm": _norm,
    "split": _split,
    "part": _part,
    "again": _again,
    "permute": _permute,
    "stretch": _stretch,
    "concat": _concat,
    "match": _match,
    "attend": _attend,
    "mix": _mix,
    "across": _across,
    "weigh": _weigh,
    "chain": _chain,
}
