"""Limits as people write them: sizes of metrics, of a model, and of its layers by name or pattern."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Protocol, TypeVar

from rnncalc.errors import Place, listed, named, suggest
from rnncalc.record import Record
from rnncalc.report import METRICS
from rnncalc.sizes import size, unit


class Ruling(Protocol):
    """What limits a metric."""

    @property
    def layer(self) -> str | None:
        """The layers that are meant; None for the model."""

    @property
    def metric(self) -> str:
        """The metric."""


Rule = TypeVar("Rule", bound=Ruling)


class Limit(Record):
    """A limit of a metric, of the model or of the layers that a name or pattern means.

    `where` it stands in a spec, or `place` in another file; neither for one of the command line.
    """

    layer: str | None
    metric: str
    limit: int
    where: tuple[Any, ...] = ()
    place: Place | None = None


def matching(pattern: str, names: Collection[str]) -> list[str]:
    """The names that are meant: the one that is just so, or else those that the pattern matches.

    >>> matching("enc*", ["encoder", "head"]), matching("a[1]", ["a[1]", "a1"])
    (['encoder'], ['a[1]'])
    """
    if pattern in names:
        return [pattern]
    return [name for name in names if fnmatchcase(name, pattern)] if is_pattern(pattern) else []


def is_pattern(text: str) -> bool:
    """Whether it has what makes a pattern: `*`, `?` or `[`."""
    return any(char in text for char in "*?[")


def unmatched(pattern: object, names: Collection[str], what: str = "layer") -> str:
    """What to say where nothing is meant."""
    if isinstance(pattern, str) and is_pattern(pattern):
        return f"no {what} matches {named(pattern)}"
    return f"no {what} is named {named(pattern)}{suggest(pattern, names)}"


def flat(limits: Mapping[str, Any], *where: Any) -> Iterator[Limit]:
    """Each limit of a mapping that was read, the model's before those of its layers."""
    for metric, limit in limits.items():
        if metric != "layers":
            yield Limit(None, metric, limit, (*where, metric))
    for layer, inner in limits.get("layers", {}).items():
        for metric, limit in inner.items():
            yield Limit(layer, metric, limit, (*where, "layers", layer, metric))


def applied(limits: Collection[Rule], layers: Collection[str]) -> Iterator[tuple[str | None, Rule]]:
    """The limits that concern a model of these layers, each with its layer; the layer's own go before a pattern's."""
    own = {(each.layer, each.metric) for each in limits if each.layer in layers}
    for each in limits:
        if each.layer is None:
            yield None, each
            continue
        for name in matching(each.layer, layers):
            if name == each.layer or (name, each.metric) not in own:
                yield name, each


class LimitReader:
    """Reads limits, and tells what is wrong with them; `layers`, where known, are those that there are."""

    def __init__(self, wrong: Callable[..., None], layers: Collection[str] | None = None) -> None:
        self.wrong, self.layers = wrong, layers

    def read(self, given: Any, *where: Any, inside: bool = False) -> Mapping[str, Any]:
        """{metric: limit}, and under `layers` the same for each name or pattern."""
        if not isinstance(given, Mapping):
            key = f"`{where[0]}`" if not inside else "a layer"
            self.wrong(f"{key} holds metrics, such as {{params: 450k}}", *where)
            return {}
        limits: dict[str, Any] = {}
        for metric, value in given.items():
            if metric == "layers" and not inside:
                limits["layers"] = self._layers(value, *where, "layers")
            elif metric in METRICS:
                limits[metric] = self.size(value, metric, *where, metric)
            else:
                hint = suggest(metric, METRICS) or f"; there are {listed(METRICS)}"
                self.wrong(f"unknown metric {named(metric)}{hint}", *where, metric, at="key")
        return limits

    def size(self, value: Any, metric: str, *where: Any) -> int:
        """A limit of a metric."""
        try:
            return size(value, unit(metric), least=0)
        except ValueError as error:
            self.wrong(str(error), *where)
            return 0

    def _layers(self, given: Any, *where: Any) -> Mapping[str, Any]:
        if not isinstance(given, Mapping):
            self.wrong("`layers` holds the limits of each layer, such as {head: {params: 5k}}", *where)
            return {}
        found = {}
        for name, each in given.items():
            if self.layers is not None and not matching(name, self.layers):
                self.wrong(unmatched(name, self.layers), *where, name, at="key")
            else:
                found[name] = self.read(each, *where, name, inside=True)
        return found
