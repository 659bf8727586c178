"""What a baseline becomes: figures are accepted as they are, or only where they shrank.

To accept growth is not to accept a broken limit: a figure that came above its limit since the last baseline is recorded
as `over`, so that the limit goes on to fail until it is raised or kept. What a first baseline finds above its limits is
accepted, and so is what was above them before: the gate starts from what there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rnncalc.errors import counted
from rnncalc.gate.baseline import Base, Baseline, Figure
from rnncalc.gate.budget import figure, held
from rnncalc.gate.judge import Gate
from rnncalc.gate.limits import applied
from rnncalc.gate.project import placed
from rnncalc.network import Model
from rnncalc.report import METRICS


def accepted(gate: Gate, model: Model, path: str) -> Base:
    """A model as it is now: its own figures, and those of the layers that something limits."""
    report = model.report()
    layers = {layer.name: layer for layer in report.layers}
    limits = list(held(model, layers, gate.limits(model.name)))
    wanted: list[Figure] = [(None, metric) for metric in METRICS]
    wanted += [(layer, each.metric) for _, layer, each in limits if layer]
    wanted += [(layer, each.metric) for layer, each in applied(gate.growth, layers) if layer]
    found = {(layer, metric): figure(layers[layer] if layer else report, metric) for layer, metric in wanted}
    figures = {key: value for key, value in found.items() if value is not None}
    old, new = gate.base(model), gate.baseline is None or gate.baseline.new
    over = set()
    for kind, layer, each in limits:
        key = (layer, each.metric)
        if kind == "budget" and not new and figures.get(key, 0) > each.limit:
            was = old.figures.get(key) if old and key not in old.over else None
            if was is None or was <= each.limit or figures[key] > was:
                over.add(key)
    return Base(path, model.name, model.framework, figures, frozenset(over))


def updated(gate: Gate, models: Sequence[Model], gone: Callable[[Base], bool]) -> Baseline:
    """The gate's baseline with these models as they are now, and without those that are `gone`."""
    assert gate.baseline
    old = gate.baseline
    found = {base.key: base for base in (accepted(gate, model, placed(_source(model), old.folder)) for model in models)}
    kept = [base for base in old.bases.values() if base.key not in found and not gone(base)]
    return Baseline(old.path, [*kept, *found.values()])


def tightened(gate: Gate, models: Sequence[Model]) -> Baseline:
    """The gate's baseline with what is smaller now; nothing in it grows, comes or goes."""
    assert gate.baseline
    old = gate.baseline
    bases = dict(old.bases)
    for model in models:
        path = placed(_source(model), old.folder)
        base = bases.get((path, model.name))
        if base:
            now = accepted(gate, model, path)
            figures = {key: min(value, now.figures.get(key, value)) for key, value in base.figures.items()}
            bases[base.key] = base._replace(figures=figures, over=base.over & now.over)
    return Baseline(old.path, bases.values())


def _source(model: Model) -> str:
    return model.plan.source or ""


def changes(old: Baseline, new: Baseline) -> list[str]:
    """What happened to each model, in words."""
    told = []
    for key in sorted({*old.bases, *new.bases}):
        before, after = old.bases.get(key), new.bases.get(key)
        name = f"{key[0]} ({key[1]})"
        if before and after:
            parts = list(_changed(before, after))
            more = f", and {counted(len(parts) - 1, 'more change')}" if len(parts) > 1 else ""
            told += [f"{name}: {parts[0]}{more}"] if parts else []
        else:
            told.append(f"{name}: {'added' if after else 'removed'}")
    return told


def _changed(before: Base, after: Base) -> Iterator[str]:
    """What differs between two lines of one model: grown or shrunk figures first."""
    for shared in (True, False):
        for key in dict.fromkeys((*before.figures, *after.figures)):
            was, now = before.figures.get(key), after.figures.get(key)
            if was != now and (was is not None and now is not None) == shared:
                change = f" ({now - was:+,})" if was is not None and now is not None else ""
                yield f"{_named(key)} {_shown(was)} -> {_shown(now)}{change}"
    if before.framework != after.framework:
        yield f"counted as {before.framework} -> {after.framework}"
    for key in after.figures:
        if (key in before.over) != (key in after.over):
            yield f"{_named(key)} is {'over' if key in after.over else 'no longer over'} its limit"


def _named(key: Figure) -> str:
    layer, metric = key
    return f"{layer}: {metric}" if layer else metric


def _shown(value: int | None) -> str:
    return "none" if value is None else f"{value:,}"
