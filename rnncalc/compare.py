"""The same model as each framework stores it, and why the counts differ, read off the arrangements themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rnncalc import layouts
from rnncalc.errors import Problem, SpecError, listed
from rnncalc.record import Record
from rnncalc.remarks import facts, scalars
from rnncalc.report import SCHEMA_VERSION, TensorReport

if TYPE_CHECKING:
    from rnncalc.network import Model

NAMED_LAYERS = 3  # in one remark


class StoredLayer(Record):
    """One layer in one framework.

    Scalars: `params` all, `bias_params` those beside a matrix's product, `unread_params` those that the step never
    reads, `buffers` those that are stored and are no parameters. `difference` is to the framework that is compared
    with, None where that has no such model. `why` holds what is not so in every framework.
    """

    name: str
    type: str
    framework_type: str
    params: int
    difference: int | None
    bias_params: int
    unread_params: int
    buffers: int
    rest: int
    why: tuple[str, ...]
    tensors: Sequence[TensorReport]

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        return {
            "name": self.name,
            "type": self.type,
            "framework_type": self.framework_type,
            "params": self.params,
            "difference": self.difference,
            "bias_params": self.bias_params,
            "unread_params": self.unread_params,
            "buffers": self.buffers,
            "why": list(self.why),
            "tensors": [tensor.to_dict() for tensor in self.tensors],
        }


class Storage(Record):
    """The model in one framework, or the `error` that says why it cannot be built there; the figures are None then."""

    framework: str
    params: int | None
    difference: int | None
    bias_params: int | None
    why: str
    layers: tuple[StoredLayer, ...] = ()
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        return {
            "framework": self.framework,
            "params": self.params,
            "difference": self.difference,
            "bias_params": self.bias_params,
            "why": self.why,
            "error": self.error,
            "layers": [layer.to_dict() for layer in self.layers],
        }


class Comparison(Record):
    """One model in every framework, first in the one that the differences are to; `why` is one line on all of them."""

    name: str
    framework: str
    source: str | None
    why: str
    rows: tuple[Storage, ...]

    @property
    def built(self) -> tuple[Storage, ...]:
        """The frameworks that have it."""
        return tuple(row for row in self.rows if row.error is None)

    def differing(self) -> tuple[str, ...]:
        """The names of the layers that are not of one count everywhere."""
        counts: dict[str, set[int]] = {}
        for row in self.built:
            for layer in row.layers:
                counts.setdefault(layer.name, set()).add(layer.params)
        return tuple(name for name, found in counts.items() if len(found) > 1)

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        return {
            "name": self.name,
            "framework": self.framework,
            "source": self.source,
            "why": self.why,
            "frameworks": [row.to_dict() for row in self.rows],
        }


class Comparisons(Record):
    """All that was compared, and what could not be read."""

    comparisons: tuple[Comparison, ...]
    problems: tuple[Problem, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `compare`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "comparisons": [each.to_dict() for each in self.comparisons],
            "errors": [problem.to_dict() for problem in self.problems],
        }


def compare(model: Model, framework: str | None = None) -> Comparison:
    """The model in every framework, against its own or against `framework`.

    >>> from rnncalc import parse
    >>> found = compare(parse({"input": {"depth": 10}, "layers": [{"lstm": {"units": 128}}]}))
    >>> [(row.framework, row.params, row.difference, row.why) for row in found.rows[:3]]  # doctest: +ELLIPSIS
    [('tensorflow1', 71168, 0, 'one bias a map'), ('keras', ...), ('pytorch', 71680, 512, 'one bias a matrix')]
    """
    against = framework or model.framework
    found: dict[str, Model | SpecError] = {}
    for name in (against, *(name for name in layouts.NAMES if name != against)):
        try:
            found[name] = model if name == model.framework else model.in_framework(name)
        except SpecError as error:
            found[name] = error
    built = {name: each for name, each in found.items() if not isinstance(each, SpecError)}
    told = {name: [facts(layer) for layer in each.layers] for name, each in built.items()}
    shared = [frozenset.intersection(*map(frozenset, each)) for each in zip(*told.values())]
    counts = [layer.params for layer in built[against].layers] if against in built else None
    layers = {name: _layers(each, counts, told[name], shared) for name, each in built.items()}
    telling = _telling(list(layers.values()))
    rows = []
    for name, each in found.items():
        if isinstance(each, SpecError):
            rows.append(Storage(name, None, None, None, "", error=_said(each)))
            continue
        difference = None if counts is None else each.params - sum(counts)
        biases = sum(layer.bias_params for layer in layers[name])
        why = _why([layer for layer, tells in zip(layers[name], telling) if tells])
        rows.append(Storage(name, each.params, difference, biases, why, layers[name]))
    made = Comparison(model.name, against, model.plan.source, "", tuple(rows))
    return made._replace(why=_summary(made))


def _layers(
    model: Model, counts: Sequence[int] | None, remarks: Sequence[Sequence[str]], shared: Sequence[frozenset[str]]
) -> tuple[StoredLayer, ...]:
    """The layers, with the remarks that are not shared by all frameworks; `counts` are those compared with."""
    found = []
    for n, (layer, told) in enumerate(zip(model.layers, model.report().layers)):
        parts = scalars(layer)
        found.append(
            StoredLayer(
                told.name,
                told.type,
                told.framework_type,
                told.params,
                None if counts is None else told.params - counts[n],
                parts["bias"] + parts["unread bias"],
                parts["unread"] + parts["unread bias"],
                sum(tensor.size for tensor in layer.buffers),
                parts["rest"],
                tuple(remark for remark in remarks[n] if remark not in shared[n]),
                told.tensors,
            )
        )
    return tuple(found)


def _telling(built: Sequence[Sequence[StoredLayer]]) -> list[bool]:
    """For each layer, whether its remarks tell something: they are all that is said of a model of one layer."""
    layers = list(zip(*built))
    return [len(layers) == 1 or len({layer.params for layer in each}) > 1 for each in layers]


def _why(layers: Sequence[StoredLayer]) -> str:
    """The remarks on the layers; with their names where they are not the same for all."""
    remarks: dict[tuple[str, ...], list[str]] = {}
    for layer in layers:
        remarks.setdefault(layer.why, []).append(layer.name)
    if len(remarks) == 1:
        return "; ".join(layers[0].why)
    return "; ".join(f"{_few(names)}: {', '.join(why)}" for why, names in remarks.items() if why)


def _few(names: Sequence[str]) -> str:
    more = len(names) - NAMED_LAYERS
    return ", ".join([*names[:NAMED_LAYERS], *([f"{more} more"] if more > 0 else [])])


def _said(error: SpecError) -> str:
    """What is wrong, each thing once, however many layers have it."""
    return "; ".join(dict.fromkeys(problem.message for problem in error.problems))


def _summary(found: Comparison) -> str:
    """One line on what the frameworks have in common, and so on what they differ in."""
    built = found.built
    if len(built) < 2:
        return f"only {built[0].framework} can build it" if built else "no framework here can build it"
    layers = [layer for row in built for layer in row.layers]
    if len({row.params for row in built}) == 1:
        return f"no difference: {built[0].params:,} in every framework that can build it"
    biases = "the biases" if len({row.bias_params for row in built}) > 1 else ""
    unread = "what is never read" if any(layer.unread_params for layer in layers) else ""
    rest = {sum(layer.rest for layer in row.layers) for row in built}
    if len(rest) == 1:
        differ = listed([each for each in (biases, unread) if each])
        return f"all but {differ} is the same everywhere: {rest.pop():,} parameters"
    return f"they differ in {_few(found.differing())}"
