"""A spec against a real model: whose tensors are missing, extra, or of another shape, layer by layer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import takewhile
from pathlib import Path
from typing import Any

from rnncalc import layouts
from rnncalc.errors import Problem, SpecError, named, suggest
from rnncalc.matching.assign import Assignment, squeezed
from rnncalc.matching.fitting import fitting
from rnncalc.matching.matched import EXTRA, MISSING, RESHAPED, Difference, LayerMatch, Match, MismatchError
from rnncalc.matching.saved import Shapes, shapes_of
from rnncalc.matching.stems import Entry, Stem
from rnncalc.matching.wanted import Parts, Unit, parts_of, units
from rnncalc.network import Model

MOST_HINTED = 1000  # layers


def match(
    spec: Model | Mapping[str, Any] | str | Path,
    tensors: Any,
    *,
    prefixes: Mapping[str, str] | None = None,
    ignore: Iterable[str] = (),
) -> Match:
    """Hold a spec against a real model's tensors; which layer took which prefix is in the result.

    `spec` is a model, a mapping with the keys of a spec, or the path of a YAML file. `tensors` is `{name: array}` or
    `{name: shape}`, such as `model.state_dict()`, also nested, the `model.weights` of Keras, or pairs of a name and a
    shape. `prefixes` says where a layer is, such as `{"encoder": "rnn.0"}`; `ignore` are patterns of names that the
    spec does not describe.

    >>> spec = {"framework": "keras", "input": {"depth": 10}, "layers": [{"lstm": 128}]}
    >>> shapes = {"rnn/kernel": (10, 512), "rnn/recurrent_kernel": (128, 512), "rnn/bias": (512,)}
    >>> match(spec, shapes).layers[0].prefixes
    ('rnn',)

    Raises:
        MismatchError: they differ; its text says how, layer by layer, and its `match` too.
        SpecError: the spec is bad, or what is given has no names and shapes.
    """
    from rnncalc.spec.read import load, parse

    __tracebackhide__ = True  # pytest then shows the line of the test, and none of this
    try:
        shapes = shapes_of(tensors)
    except ValueError as error:
        raise SpecError(str(error)) from None
    if isinstance(spec, Mapping):
        spec = parse(spec)
    found = compare(spec if isinstance(spec, Model) else load(spec), shapes, "", prefixes or {}, tuple(ignore))
    if not found.passed:
        raise MismatchError(found)
    return found


def compare(
    model: Model, shapes: Shapes, against: str, prefixes: Mapping[str, str] | None = None, ignore: Sequence[str] = ()
) -> Match:
    """What a model and a real one share, and what not.

    Raises:
        SpecError: `prefixes` names a layer that there is not, or a prefix that no name has.
    """
    ignored = [name for name in shapes if any(fnmatchcase(name, pattern) for pattern in ignore)]
    kept = {name: shape for name, shape in shapes.items() if name not in set(ignored)} if ignored else shapes
    wanted = units(model)
    claims = _claims(wanted, kept, prefixes or {})
    assignment = Assignment(wanted, kept, model.layout, claims)
    layers, differences = _Result(model, assignment).read()
    aside = (*ignored, *(entry.name for entry in assignment.stems.aside))
    found = 2 * sum(layer.matched for layer in layers) >= sum(layer.tensors for layer in layers)
    hint = "" if found else _hint(model, kept)
    return Match(
        model.name, model.framework, model.plan.source, against, tuple(layers), tuple(differences), aside, hint
    )


def _claims(wanted: Sequence[Unit], shapes: Shapes, prefixes: Mapping[str, str]) -> dict[str, Parts]:
    names = dict.fromkeys(name for unit in wanted for name in (unit.owner, unit.name))
    claims = {}
    for layer, prefix in prefixes.items():
        if layer not in names:
            raise SpecError(f"no layer with weights is named {named(layer)}{suggest(layer, names)}")
        claims[layer] = parts = parts_of(prefix)
        if parts and not any(f"\0{chr(0).join(parts)}\0" in f"\0{chr(0).join(parts_of(name))}" for name in shapes):
            raise SpecError(f"the prefix {named(prefix)} of {named(layer)} is that of no tensor")
    return claims


class _Result:
    """What an assignment says of each layer."""

    def __init__(self, model: Model, assignment: Assignment) -> None:
        self.model, self.assignment = model, assignment
        self.of_layer: dict[int, list[tuple[Unit, Stem | None]]] = {}
        for n, unit in enumerate(assignment.units):
            self.of_layer.setdefault(unit.layer, []).append((unit, assignment.taken.get(n)))
        self.there: set[str] = set()  # `layer/tensor` of all that was found, the scalars' owner too
        for n, stem in assignment.taken.items():
            unit = assignment.units[n]
            for tail, want in unit.wants.items():
                if self._entry(unit, stem, tail):
                    self.there.update((f"{unit.owner}/{want.name}", want.shared or ""))

    def _entry(self, unit: Unit, stem: Stem | None, tail: Parts) -> Entry | None:
        entry = stem.held.get(tail) if stem else None
        return entry if entry is not None and entry.unit is unit else None

    def read(self) -> tuple[list[LayerMatch], list[Difference]]:
        """The layers with weights, in order, and all differences: layer by layer, then what belongs to none."""
        extra = self._extra()
        layers, differences = [], []
        for n, layer in enumerate(self.model.layers):
            count = matched = 0
            found: dict[str, tuple[int, ...]] = {}
            for unit, stem in self.of_layer.get(n, ()):
                for tail, want in unit.wants.items():
                    entry = self._entry(unit, stem, tail)
                    same = entry is not None and self._same(unit, entry.shape, want.shape)
                    counts = entry is not None or tail in unit.required
                    count, matched = count + counts, matched + same
                    if entry is not None:
                        found[want.name] = entry.shape
                    if entry is not None and not same:
                        there = (entry.name, entry.shape)
                        differences.append(Difference(RESHAPED, unit.owner, want.name, want.shape, *there))
                    elif entry is None and counts and f"{unit.owner}/{want.name}" not in self.there:
                        differences.append(Difference(MISSING, unit.owner, want.name, want.shape, None, None))
            if n in self.of_layer:
                place = self.model.locate(Problem("", layer.plan.where, "key"))
                advice = fitting(layer, found) if matched < len(found) else ""
                layers.append(LayerMatch(layer.plan.name, place.line, self._prefixes(n), count, matched, advice))
            for entry in extra.get(n, ()):
                differences.append(Difference(EXTRA, layer.plan.name, None, None, entry.name, entry.shape))
        differences += [Difference(EXTRA, None, None, None, entry.name, entry.shape) for entry in extra.get(-1, ())]
        return layers, differences

    def _same(self, unit: Unit, one: tuple[int, ...], other: tuple[int, ...]) -> bool:
        return squeezed(one) == squeezed(other) if unit.nameless else one == other

    def _extra(self) -> dict[int, list[Entry]]:
        """What no unit took, by the layer whose stem it stands behind; -1 where that is none."""
        taken = self.assignment.taken.items()
        owners = {stem.parts: self.assignment.units[n].layer for n, stem in taken if stem.parts or len(taken) == 1}
        aside = set(map(id, self.assignment.stems.aside))
        found: dict[int, list[Entry]] = {}
        for entry in self.assignment.stems.entries:
            if entry.unit is None and id(entry) not in aside:
                lengths = range(len(entry.parts), -1, -1)
                stem = next((entry.parts[:n] for n in lengths if entry.parts[:n] in owners), None)
                found.setdefault(-1 if stem is None else owners[stem], []).append(entry)
        return found

    def _prefixes(self, n: int) -> tuple[str, ...]:
        """What the names of each part of the layer begin with, as they are written."""
        found: dict[str, list[tuple[str, Parts]]] = {}
        for unit, stem in self.of_layer[n]:
            for tail in unit.wants:
                entry = self._entry(unit, stem, tail)
                if entry:
                    written = parts_of(entry.name)
                    behind = len(tail) + (written[-1:] != entry.parts[-1:])
                    found.setdefault(unit.name, []).append((entry.name, written[: len(written) - behind]))
        return tuple(_shared(each) for each in found.values())


def _shared(names: Sequence[tuple[str, Parts]]) -> str:
    """What several names begin with, in whole parts, as the first one is written."""
    count = len(list(takewhile(lambda parts: len(set(parts)) == 1, zip(*(parts for _, parts in names)))))
    ends = [found.end() for found in re.finditer(r"[^/.\[\]'\"]+['\"]?\]?", names[0][0])]
    return names[0][0][: ends[count - 1]] if count else ""


def _hint(model: Model, shapes: Shapes) -> str:
    """Why nothing matches: whose names they look like, by the share of the layers' tensors that are there in name."""
    if len(model.layers) > MOST_HINTED:  # to build it as all frameworks would takes long
        return ""
    names = [parts_of(name) for name in shapes]
    ends = {parts[-n:] for parts in names for n in range(1, len(parts) + 1)}
    fits = {}
    for framework in layouts.NAMES:
        try:
            tails = {tail for unit in units(model.in_framework(framework)) for tail in unit.required}
        except SpecError:
            continue
        if "*" not in layouts.find(framework).nameless:
            fits[framework] = len(tails & ends) / max(len(tails), 1)
    best = max(fits, key=lambda framework: (fits[framework], framework == model.framework), default=model.framework)
    if best == model.framework or not fits[best]:
        return ""
    return f"the names are as {best} has them, but the spec is read as {model.framework}"
