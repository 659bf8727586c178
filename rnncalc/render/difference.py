"""What changed, as tables: a row a model, and below it the layers of each that is another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rnncalc.changes.diff import RENAMED, Delta, Difference, ModelChange
from rnncalc.errors import counted, printable
from rnncalc.render.sheets import Sheet
from rnncalc.render.words import percent
from rnncalc.report import METRICS

COLUMNS = {"params": "Params", "macs": "MACs", "macs_per_step": "MACs/step", "weight_bytes": "Bytes"}
LARGEST_COMMENT = 60_000  # characters; GitHub takes 65,536
MOST_CAUSES = 12  # of one model, in a table
BUDGETS = {
    ("ok", "broken"): "now breaks a limit",
    ("", "broken"): "breaks a limit",
    ("broken", "broken"): "breaks a limit, as before",
    ("broken", "ok"): "keeps its limits again",
}


class Change(int):
    """A number that people read with its sign and its share of what was there, and programs as it is."""

    share: str

    def __format__(self, form: str) -> str:
        return f"{super().__format__(f'+{form}')}{self.share}" if self else "0"


def difference(found: Difference, marker: str) -> list[Sheet]:
    """A row a model; then, for each that is another, a row a layer."""
    if found.empty:
        return []
    return [_models(found, found.models), *(_layers(each) for each in found.models if each.layers)]


def difference_markdown(found: Difference, marker: str) -> list[Sheet]:
    """The same for a comment, which a bot finds again by its marker; the layers are folded up, the largest changes
    come first, and what a comment cannot hold is counted.
    """
    from rnncalc.render.markdown import sheet

    if found.empty and not found.problems:
        return []
    ordered = sorted(found.models, key=lambda each: -abs(each.figures["params"].change or 0))
    shown = len(ordered)
    while True:
        first = _models(found, ordered[:shown], causes=True)._replace(marker=marker)
        size = len(sheet(first, color=False, width=0))
        if size <= LARGEST_COMMENT or not shown:
            break
        shown //= 2
    rest = [_layers(each)._replace(folded=True) for each in ordered[:shown] if each.layers]
    kept = [first]
    for each in rest:
        size += len(sheet(each, color=False, width=0))
        if size > LARGEST_COMMENT:
            break
        kept.append(each)
    return kept


def difference_csv(found: Difference, marker: str) -> list[Sheet]:
    """A row a model and, under the layer's name, a row a layer that changed; every figure as it was and as it is."""
    figures = [f"{when} {metric}" for metric in METRICS for when in ("old", "new")]
    columns = ("change", "model", "old model", "source", "old source", "layer", "old layer", *figures, "causes")
    rows: list[tuple[Any, ...]] = []
    for model in found.models:
        start = (model.name, model.old_name, model.source, model.old_source)
        values = [value for metric in METRICS for value in model.figures[metric][:2]]
        rows.append((model.kind, *start, "", "", *values, model.causes))
        for layer in model.layers:
            values = [value for metric in METRICS for value in layer.figures[metric][:2]]
            rows.append((layer.kind, *start, layer.name, layer.old_name, *values, layer.causes))
    return [Sheet("", columns, tuple(rows))]


def _models(found: Difference, models: Sequence[ModelChange], causes: bool = False) -> Sheet:
    wanted = _metrics(found.models)
    columns = ["", "Model", *_heads(wanted), *(["Why"] if causes else [])]
    rows = []
    for each in models:
        moved = each.kind == RENAMED and each.old_name != each.name
        name = f"{each.old_name} -> {each.name}" if moved else each.name
        why: list[Any] = [_why(each)] if causes else []
        rows.append((each.kind, name, *_cells([each.figures[metric] for metric in wanted]), *why))
    total = found.figures["params"]
    notes = []
    if not causes:
        notes += [f"{each.name}: {'; '.join(_why(each))}" for each in models if each.causes]
    hidden = len(found.models) - len(models)
    notes += [f"and {counted(hidden, 'more model')}"] if hidden else []
    if total.old is not None and total.new is not None:
        change = f", {_change(total):,}" if total.change else ""
        notes.append(f"params of all models: {total.old:,} -> {total.new:,}{change}")
    kinds = [
        (sum(each.kind == kind for each in found.models), kind) for kind in ("changed", "added", "removed", "renamed")
    ]
    told = ", ".join(f"{number:,} {kind}" for number, kind in kinds if number)
    notes.append(f"{told or 'nothing changed'}, {found.unchanged:,} unchanged; {found.old} -> {found.new}")
    notes += [f"error: {printable(str(each).splitlines()[0])}" for each in found.problems]
    spare = [name for metric in ("weight_bytes", "macs_per_step", "macs") for name in _heads([metric])]
    return Sheet("", tuple(columns), tuple(rows), tuple(notes), tuple(name for name in spare if name in columns))


def _layers(model: ModelChange) -> Sheet:
    wanted = _metrics([model])
    columns = ("", "Layer", "Type", *_heads(wanted), "Why")
    rows = [
        (each.kind, each.name, each.framework_type, *_cells([each.figures[metric] for metric in wanted]), each.causes)
        for each in model.layers
    ]
    spare = [name for metric in ("weight_bytes", "macs_per_step", "macs") for name in _heads([metric])]
    return Sheet(model.name, columns, tuple(rows), (), tuple(name for name in ("Type", *spare) if name in columns))


def _metrics(models: Sequence[ModelChange]) -> list[str]:
    """The figures that are shown: those that are known of some model, the MACs of a step where those of all are not."""
    known = {metric for metric in COLUMNS if any(any(_told(each.figures[metric])) for each in models)}
    if "macs" in known and all(any(_told(each.figures["macs"])) for each in models):
        known.discard("macs_per_step")
    return [metric for metric in COLUMNS if metric in known or metric == "params"]


def _told(delta: Delta) -> list[bool]:
    return [value is not None for value in (delta.old, delta.new)]


def _heads(metrics: Sequence[str]) -> list[str]:
    return [head for metric in metrics for head in (COLUMNS[metric], f"{COLUMNS[metric]} change")]


def _cells(deltas: Sequence[Delta]) -> list[Any]:
    cells: list[Any] = []
    for delta in deltas:
        cells.append(delta.new if delta.new is not None or delta.change is None else "")
        cells.append("" if delta.change is None and not any(_told(delta)) else _change(delta))
    return cells


def _change(delta: Delta) -> Change | None:
    if delta.change is None:
        return None
    change = Change(delta.change)
    change.share = f" ({percent(delta.change, delta.old)})" if delta.old and delta.new is not None else ""
    return change


def _why(model: ModelChange) -> list[str]:
    causes = list(model.causes)
    if len(causes) > MOST_CAUSES:
        causes = [*causes[: MOST_CAUSES - 1], f"and {len(causes) - MOST_CAUSES + 1:,} more"]
    budget = BUDGETS.get((model.old_budget, model.budget))
    return [*causes, budget] if budget else causes
