"""A sweep as lines over its longest range of sizes, one for each combination of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from rnncalc.axes import Axis
from rnncalc.errors import Problem, SpecError, listed
from rnncalc.record import Record
from rnncalc.sizes import Sizes
from rnncalc.sizing.sweep import Sweep

MOST_LINES, MOST_POINTS = 10, 400


class Line(Record):
    """A line: its label, and its points from left to right."""

    label: str
    xs: Sequence[int]
    ys: Sequence[int]


class Panel(Record):
    """The lines of one metric over one size, and the limits that are drawn beside them."""

    metric: str
    size: str
    lines: Sequence[Line]
    limits: Sequence[int] = ()


def thinned(axes: Sequence[Axis]) -> list[Axis]:
    """The axes of a plot: those that are given, with no more values of the longest one than an eye can tell apart.

    Raises:
        SpecError: there is no range, or there would be too many lines.
    """
    longest = _longest(axes)
    lines = prod(axis.number for axis in axes if axis is not longest)
    if lines > MOST_LINES:
        others = listed([axis.name for axis in axes if axis is not longest and axis.number > 1])
        told = f"a plot of {lines:,} lines cannot be read; at most {MOST_LINES}, so fewer values of {others}"
        raise SpecError(Problem(told))
    return [axis._replace(values=_thin(axis.values)) if axis is longest else axis for axis in axes]


def _longest(axes: Sequence[Axis]) -> Axis:
    numbers = [axis for axis in axes if isinstance(axis.values, Sizes) and axis.number > 1]
    if not numbers:
        raise SpecError(Problem("a plot needs a size of several values, such as 32:1024:32"))
    return max(numbers, key=lambda axis: axis.number)


def _thin(values: Any) -> Sizes:
    every = -(-values.number // MOST_POINTS)
    if every == 1:
        return Sizes(tuple(values.ranges))
    kept = [span[::every] for span in values.ranges]
    last = values.ranges[-1][-1]
    return Sizes((*kept, *([range(last, last + 1)] if kept[-1][-1] != last else [])))


def panels(sweep: Sweep) -> list[Panel]:
    """A panel for each metric."""
    axes = (*sweep.choices, *sweep.sizes)
    at = axes.index(_longest(axes))
    told = [n for n, axis in enumerate(axes) if n != at and axis.number > 1]
    points: dict[str, list[tuple[int, ...]]] = {}
    for rows in sweep.rows():
        columns = [column.tolist() for column in (*rows.sizes, *rows.figures)]
        for row in zip(*columns):
            whole = (*rows.choices, *row)
            label = ", ".join(_label(axes[n], whole[n]) for n in told)
            points.setdefault(label, []).append((whole[at], *whole[len(axes) :]))
    found = []
    for n, metric in enumerate(sweep.metrics, 1):
        lines = [_line(label, every, n) for label, every in points.items()]
        limits = sorted({limit.limit for limit in sweep.limits if limit.metric == metric and not limit.layer})
        found.append(Panel(metric, axes[at].name, lines, limits))
    return found


def _line(label: str, points: Sequence[tuple[int, ...]], n: int) -> Line:
    ordered = sorted(points)
    return Line(label, [point[0] for point in ordered], [point[n] for point in ordered])


def _label(axis: Axis, value: Any) -> str:
    if isinstance(value, bool):
        return axis.name if value else f"no {axis.name}"
    told = f"{value:,}" if isinstance(value, int) else str(value)
    return told if axis.name == "framework" else f"{axis.name} {told}"
