"""What the operations of a step do to size and positions; those that are not named here are elementwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from rnncalc.algebra import Poly, poly, symbol, total
from rnncalc.shapes import Axes, ShapeError, known, reshaped, shown, together, windowed

if TYPE_CHECKING:
    from rnncalc.recorder import Recorder, Symbolic

Effect = tuple[Poly, Axes]


def elementwise(_: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    """The size of the first value, at the positions of all."""
    return values[0].size, together(*(value.axes for value in values))


def _pool(_: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    rank = len(static["kernel"])
    return values[0].size, windowed(values[0].axes, static["kernel"], static["stride"], static["padding"], (1,) * rank)


def _reduce(_: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    axes, rank = values[0].axes, static["rank"]
    if len(axes) < rank:
        raise ShapeError(f"{rank} axes before the depth are needed, but there are {len(axes)}")
    return values[0].size, axes[: len(axes) - rank]


def _norm(_: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    if static["over"] == "positions" and not values[0].axes:
        raise ShapeError("it normalises over positions, but its input is one vector")
    return values[0].size, values[0].axes


def _flatten(_: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    size, axes, lead = values[0].size, values[0].axes, static["lead"]
    for axis in known(axes[lead:], "flatten"):
        size = size * axis
    return size, axes[:lead]


def _reshape(recorder: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    lead = values[0].axes[: static["lead"]]
    axes, depth = reshaped(values[0].axes[len(lead) :], static["depth"], static["shape"])
    return poly(depth), (*lead, *axes)


def _split(_: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    depth = static["depth"]
    return symbol(depth) if isinstance(depth, str) else poly(depth), (*values[0].axes, static["parts"])


def _permute(_: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    shape, dims = (*values[0].axes, static["depth"]), static["dims"]
    if sorted(dims) != list(range(1, len(shape) + 1)):
        raise ShapeError(f"dims {shown(dims)} do not name each axis of {shown(shape)} once, from 1")
    *axes, depth = (shape[dim - 1] for dim in dims)
    return poly(known((depth,), "permute")[0]), tuple(axes)


def _stretch(_: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    return symbol(static["size"]), values[0].axes


def _part(_: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    return symbol(static["size"]), values[0].axes


def _inner(_: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    return poly(1), values[0].axes


def _chain(recorder: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    energies, transitions = values[:2]
    _steps(energies)
    recorder.equal.append((energies.size, transitions.size))
    recorder.work.append((energies.axes, transitions.size * transitions.size))  # from each tag to each
    return energies.size, energies.axes


def _again(_: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    if values[0].axes:
        raise ShapeError(f"it repeats a vector, but its input has positions {shown(values[0].axes)}")
    return values[0].size, (static["times"],)


def _concat(_: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    return total(value.size for value in values), together(*(value.axes for value in values))


def _steps(*values: Symbolic) -> None:
    """Raise a ShapeError where one of the values is no sequence of vectors."""
    for value in values:
        if len(value.axes) != 1:
            raise ShapeError(f"it needs sequences of vectors, but one has the positions {shown(value.axes)}")


def _match(recorder: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    query, key = values
    _steps(query, key)
    recorder.equal.append((query.size, key.size))
    axes = (*query.axes, key.axes[-1])
    recorder.products.append((axes, query.size))
    return poly(static["heads"]), axes


def _mix(recorder: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    scores, value = values
    recorder.products.append((scores.axes, value.size))
    return value.size, scores.axes[:-1]


def _across(recorder: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    query, key = values
    _steps(query, key)
    recorder.equal.append((query.size, key.size))
    return query.size, (*query.axes, key.axes[-1])


def _weigh(recorder: Recorder, values: list[Symbolic], static: Mapping[str, Any]) -> Effect:
    _, value = values
    if not value.axes:
        raise ShapeError("it weighs the steps of a sequence, but its input is one vector")
    recorder.products.append((value.axes, value.size))
    return value.size, value.axes[:-1]


OPERATIONS: Mapping[str, Callable[[Recorder, list[Symbolic], Mapping[str, Any]], Effect]] = {
    "pool": _pool,
    "reduce": _reduce,
    "norm": _norm,
    "flatten": _flatten,
    "reshape": _reshape,
    "split": _split,
    "part": _part,
    "again": _again,
    "permute": _permute,
    "stretch": _stretch,
    "chain": _chain,
    "inner": _inner,
    "concat": _concat,
    "match": _match,
    "mix": _mix,
    "across": _across,
    "weigh": _weigh,
}
WEIGHTLESS = frozenset(
    ("chain", "again", "flatten", "reshape", "permute", "stretch", "split", "part", "concat", "match", "mix", "weigh")
)  # no elementwise result
