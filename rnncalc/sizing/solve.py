"""The largest size that fits: an integer bisection on a polynomial that is shown to grow.

The polynomial is the model's own figure with one size left open (`rnncalc.symbolic`). The answer is certified by two
models of numbers: the one of that size keeps every limit, the next larger one does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm
from typing import Any

from rnncalc.algebra import NotPolynomial, Poly, poly, symbol
from rnncalc.errors import Problem, SpecError, named
from rnncalc.layer import Layer
from rnncalc.network import Model
from rnncalc.record import Record
from rnncalc.report import SCHEMA_VERSION, LayerReport, ModelReport
from rnncalc.sizes import DTYPES, LARGEST
from rnncalc.symbolic import free_sizes, grows, symbolic

Limit = tuple[str | None, str, int]  # (layer or None, metric, limit)
Place = tuple[str, str]  # (layer or input, key)

AROUND = 2  # neighbours that are shown on either side
MOST_SCANNED = 100_000


class Tried(Record):
    """A size, and its figure under the limit that is nearest to being broken."""

    size: int
    figure: int
    fits: bool


class Solution(Record):
    """The largest size at which every limit is kept; None where not even the smallest does.

    `metric` and `limit` are those that bind it, of `layer` or of the model; `growth` is the figure as a polynomial in
    the size, or what was scanned; `tried` the sizes around.
    """

    model: str
    framework: str
    source: str | None
    owner: str
    key: str
    word: str
    size: int | None
    figure: int | None
    layer: str | None
    metric: str
    limit: int
    multiple: int
    growth: str
    tried: tuple[Tried, ...]

    def to_dict(self) -> dict[str, Any]:
        """Its JSON; the size and the figure stand under their own names."""
        return {
            "schema_version": SCHEMA_VERSION,
            "model": self.model,
            "framework": self.framework,
            "source": self.source,
            "owner": self.owner,
            self.key: self.size,
            "layer": self.layer,
            "metric": self.metric,
            self.metric: self.figure,
            "limit": self.limit,
            "share": None if self.figure is None else self.figure / self.limit if self.limit else 1.0,
            "multiple_of": self.multiple,
            "growth": self.growth,
            "neighbours": [{self.key: each.size, self.metric: each.figure, "fits": each.fits} for each in self.tried],
        }


def resizable(layer: Layer) -> bool:
    """Whether the layer has a size of its own."""
    return bool(free_sizes(layer))


def resized(model: Model, places: Sequence[Place], size: int) -> Model:
    """The model with these sizes changed.

    Raises:
        SpecError: it does not fit together any more.
    """
    return symbolic(model, dict.fromkeys(places, size))


def solve(
    model: Model,
    places: Sequence[Place],
    limits: Sequence[Limit],
    multiple: int = 1,
    span: range | None = None,
) -> Solution:
    """The largest value of one size (that several keys may share) at which all limits are kept.

    `multiple`: only its multiples; `span`: only sizes of this range, which are tried one by one where the figures
    cannot be shown to grow.

    Raises:
        SpecError: there is no such size, a figure is unknown, or it is not shown to grow and there is no span.
    """
    question = _Question(model, places, limits)
    try:
        multiple, figures = question.polynomials(multiple)
        steps = _within(model, places, multiple, span)
        best = _bisect(figures, [question.scaled(each) for each in limits], multiple, steps)
        best = question.exact(best, multiple, steps)
        growth = [str(each) for each in figures]
    except NotPolynomial as error:
        if span is None:
            told = f"no figure shows that more {places[0][1]} of `{places[0][0]}` is more: {error}; give a range to try"
            raise SpecError(Problem(told)) from None
        sizes = [size for size in span if not size % multiple]
        if len(sizes) > MOST_SCANNED:
            raise SpecError(Problem(f"{len(sizes):,} sizes are too many to try one by one")) from None
        best = max((size for size in sizes if question.fits(size)), default=None)
        steps, growth = span, [f"each size from {span[0]:,} to {span[-1]:,} was tried"] * len(limits)
    return question.answer(best, multiple, steps, growth)


def _within(model: Model, places: Sequence[Place], multiple: int, span: range | None) -> range:
    """The sizes to look at, multiples of `multiple`, within what the framework and the user allow."""
    low, high = 1, LARGEST
    for layer in model.layers:
        for small, large in layer.entry.below.items():
            sizes = (layer.options.get(small), layer.options.get(large))
            if (layer.plan.name, large) in places and sizes[0]:
                low = max(low, sizes[0] + 1)
            if (layer.plan.name, small) in places and sizes[1]:
                high = min(high, sizes[1] - 1)
    if span is not None:
        low, high = max(low, span[0]), min(high, span[-1])
    return range(-(-low // multiple) * multiple, high + 1, multiple)


def _bisect(figures: Sequence[Poly], limits: Sequence[int], multiple: int, steps: range) -> int | None:
    def fits(n: int) -> bool:
        at = {"n": steps[n] // multiple}
        return all(figure.at(at) <= limit for figure, limit in zip(figures, limits))

    length = (steps.stop - steps.start + multiple - 1) // multiple  # len() stops at the machine's word
    if length < 1 or not fits(0):
        return None
    low, high = 0, length
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return steps[low]


class _Question:
    """A model, the size that is open, and the limits."""

    def __init__(self, model: Model, places: Sequence[Place], limits: Sequence[Limit]) -> None:
        self.model, self.places, self.limits = model, places, limits
        self.bits = DTYPES[
            model.plan.dtype
        ]  # where a byte holds several scalars, limits of bytes become ones of scalars
        self.cache: dict[int, list[int] | None] = {}
        for layer, metric, _ in limits:
            if _figure(model.report(), layer, metric) is None:
                raise SpecError(Problem(f"{metric} is unknown while a length is; give `input` its `steps`"))

    def polynomials(self, multiple: int) -> tuple[int, list[Poly]]:
        """Each limit's figure in the symbol n, for sizes multiple·n; the multiple may have to be a larger one.

        Raises:
            NotPolynomial: there are none, or they are not shown to grow.
        """
        plan = self.model.plan if self.bits >= 8 else self.model.plan._replace(dtype="int8")
        model = Model(plan, self.model.layout, self.model.layers, self.model.wires)
        while True:
            try:
                report = symbolic(model, {place: symbol("n") * multiple for place in self.places}).report()
                break
            except NotPolynomial as error:
                if not error.multiple or lcm(multiple, error.multiple) == multiple:
                    raise
                multiple = lcm(multiple, multiple * error.multiple)
        figures = [poly(_figure(report, layer, metric) or 0) for layer, metric, _ in self.limits]
        for figure in figures:
            if not grows(figure):
                raise NotPolynomial(f"{figure} may fall")
        return multiple, figures

    def scaled(self, limit: Limit) -> int:
        """A limit as one of what the polynomial counts."""
        return limit[2] * 8 // self.bits if self.bits < 8 and limit[1].endswith("bytes") else limit[2]

    def figures(self, size: int) -> list[int] | None:
        """The figures at a size; None where the model cannot be built."""
        if size not in self.cache:
            try:
                report = resized(self.model, self.places, size).report()
                self.cache[size] = [_figure(report, layer, metric) or 0 for layer, metric, _ in self.limits]
            except SpecError:
                self.cache[size] = None
        return self.cache[size]

    def fits(self, size: int) -> bool:
        """Whether a model of numbers keeps every limit."""
        found = self.figures(size)
        return found is not None and all(figure <= limit[2] for figure, limit in zip(found, self.limits))

    def exact(self, best: int | None, multiple: int, steps: range) -> int | None:
        """The size that numbers certify: states that fill up their last bytes may move it by a step."""
        if best is not None and not self.fits(best):
            below = best - multiple
            return self.exact(below, multiple, steps) if below >= steps.start else None
        above = steps.start if best is None else best + multiple
        return self.exact(above, multiple, steps) if above in steps and self.fits(above) else best

    def answer(self, best: int | None, multiple: int, steps: range, growth: Sequence[str]) -> Solution:
        """The record, with the sizes around the best."""
        at = best if best is not None else steps.start
        around = [at + n * multiple for n in range(-AROUND, AROUND + 1) if at + n * multiple in steps]
        beyond = self.figures(at + multiple) or self.figures(at) or [0] * len(self.limits)
        tight = max(range(len(self.limits)), key=lambda n: beyond[n] / (self.limits[n][2] or 1))
        layer, metric, limit = self.limits[tight]
        found = self.figures(best) if best is not None else None
        tried = [(size, self.figures(size)) for size in around]
        owner, key = self.places[0]
        return Solution(
            self.model.name,
            self.model.framework,
            self.model.plan.source,
            owner,
            "input_depth" if owner in self.model.inputs and key == "depth" else key,
            _word(self.model, owner, key),
            best,
            found[tight] if found else None,
            layer,
            metric,
            limit,
            multiple,
            growth[tight],
            tuple(Tried(size, each[tight], self.fits(size)) for size, each in tried if each),
        )


def _word(model: Model, owner: str, key: str) -> str:
    return next((layer.layout.word(key, layer.entry) for layer in model.layers if layer.plan.name == owner), key)


def _figure(report: ModelReport, layer: str | None, metric: str) -> int | None:
    found: ModelReport | LayerReport = report
    if layer is not None:
        inner = [each for each in report.layers if each.name == layer]
        if not inner:
            raise SpecError(Problem(f"no layer is named {named(layer)}"))
        found = inner[0]
    value: int | None = getattr(found, metric)
    return value
