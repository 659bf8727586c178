"""Why a model is another than it was, in words: `units 128 -> 160 in encoder`.

What is compared is what the reader made of the specs, so that a default that is written out is no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rnncalc.cell import GIVEN
from rnncalc.changes.pairs import REFERENCES, named
from rnncalc.errors import listed
from rnncalc.layer import Layer
from rnncalc.network import Model
from rnncalc.plan import Flow
from rnncalc.record import Record

FIELDS = (
    "num_layers",
    "bidirectional",
    "merge_mode",
    "return_sequences",
    "independent_directions",
    "learned_initial_state",
    "residual",
    "trainable",
    "combine",
    "time_distributed",
)
MOST_NAMED = 3  # layers in one sentence


class Cause(Record):
    """One thing that was changed, of a layer, an input, or (where `owner` is empty) of the model."""

    text: str
    owner: str = ""


def layer_causes(old: Layer, new: Layer, names: Mapping[str, str]) -> list[Cause]:
    """What was changed about a layer itself; `names` are the new names of the old layers."""
    words = {**old.plan.spelled, **new.plan.spelled}
    found: list[str] = []
    for key, values in _options(old, new).items():
        found += _weights(*values) if key == "shapes" else [_changed(words.get(key, key), *values)]
    for key in FIELDS:
        values = getattr(old.plan, key), getattr(new.plan, key)
        if values[0] != values[1] and _matters(key, old, new):
            found.append(_changed(key, *values))
    for key in REFERENCES:
        was, now = getattr(old.plan, key), getattr(new.plan, key)
        was = tuple(names.get(name, name) for name in was) if key == "inputs" else names.get(was, was)
        if was != now:
            found.append(_changed(key, was or None, now or None))
    causes = [Cause(text, new.plan.name) for text in found]
    if old.plan.name != new.plan.name and (named(old) or named(new)):
        causes.append(Cause(f"{old.plan.name} renamed to {new.plan.name}"))
    return causes


def _options(old: Layer, new: Layer) -> dict[str, tuple[Any, Any]]:
    """The type, class, options and biases that are not the same."""
    found: dict[str, tuple[Any, Any]] = {}
    if old.plan.type != new.plan.type:
        found["type"] = old.plan.type, new.plan.type
    elif old.layout is new.layout and old.entry.name != new.entry.name and old.plan.form != new.plan.form:
        found["class"] = old.entry.class_name(old.cell.rank), new.entry.class_name(new.cell.rank)
    keys = [key for key in (*new.cell.sizes, *new.cell.kinds, *new.cell.options) if key not in GIVEN]
    for key in dict.fromkeys(keys):
        if key not in (*old.cell.sizes, *old.cell.kinds, *old.cell.options):
            continue
        values = _value(old, key), _value(new, key)
        # a framework's own defaults are its own affair, but for what it switches on or off
        asked = key in old.plan.options or key in new.plan.options or bool in map(type, values)
        if values[0] != values[1] and (asked or old.layout is new.layout):
            found[key] = values
    biased = all(any(made.biases("single") for made in layer.trace.maps) for layer in (old, new))
    if biased and old.policy != new.policy:
        found["bias"] = old.policy, new.policy
    return found


def _weights(old: Any, new: Any) -> Iterator[str]:
    """What changed about bare weights, by their names."""
    was, now = ({name: (list(shape), trainable) for name, shape, trainable in each or ()} for each in (old, new))
    for name in {**was, **now}:
        if name not in was or name not in now:
            yield f"weight {name} {'added' if name in now else 'removed'}"
            continue
        for told, a, b in zip((name, f"trainable of {name}"), was[name], now[name]):
            if a != b:
                yield _changed(told, a, b)


def _value(layer: Layer, key: str) -> Any:
    return layer.plan.options.get(key, layer.options.get(key))


def _matters(key: str, old: Layer, new: Layer) -> bool:
    if key == "merge_mode":
        return old.plan.bidirectional and new.plan.bidirectional
    return key != "combine" or (len(old.flows) > 1 and len(new.flows) > 1)


def model_causes(old: Model, new: Model) -> list[Cause]:
    """What was changed about a model beside its layers."""
    found = []
    for key in ("framework", "dtype"):
        was, now = getattr(old.plan, key), getattr(new.plan, key)
        if was != now:
            found.append(Cause(_changed(key, was, now)))
    found += _inputs(old.inputs, new.inputs)
    for key in ("budget", "expect"):
        found += [Cause(each) for each in _limits(key, getattr(old.plan, key), getattr(new.plan, key))]
    return found


def _inputs(old: Mapping[str, Flow], new: Mapping[str, Flow]) -> Iterator[Cause]:
    for name in [*old, *(name for name in new if name not in old)]:
        if name not in old or name not in new:
            yield Cause(f"input {name} {'added' if name in new else 'removed'}")
            continue
        was, now = old[name], new[name]
        if was != now and _plain(was) and _plain(now) and was.numbers == now.numbers:
            keys = zip(("steps", "depth"), was.shape, now.shape)
            yield from (Cause(_changed(key, a, b), name) for key, a, b in keys if a != b)
        elif was != now:
            yield Cause(_changed("shape", _axes(was), _axes(now)), name)


def _plain(flow: Flow) -> bool:
    """Whether it is what `{depth: 10, steps: 28}` says, or `{steps: 28}`."""
    return flow.sequence and len(flow.shape) == (1 if flow.numbers else 2)


def _axes(flow: Flow) -> str:
    axes = ", ".join("?" if axis is None else str(axis) for axis in flow.shape)
    return f"({axes}) of whole numbers" if flow.numbers else f"({axes})"


def _limits(key: str, old: Mapping[str, Any], new: Mapping[str, Any], owner: str = "") -> Iterator[str]:
    for metric in [*old, *(each for each in new if each not in old)]:
        was, now = old.get(metric), new.get(metric)
        if metric == "layers":
            for layer in {**(was or {}), **(now or {})}:
                yield from _limits(key, (was or {}).get(layer, {}), (now or {}).get(layer, {}), f" of {layer}")
        elif was != now:
            yield _changed(f"{key} {metric}{owner}", was, now)


def _changed(key: str, old: Any, new: Any) -> str:
    return f"{key} {_said(old)} -> {_said(new)}"


def _said(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "none" if value is None else str(value).lower()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_said(each) for each in value)}]"
    return f"{value:,}" if isinstance(value, int) else str(value)


def sentences(causes: Iterable[Cause]) -> list[str]:
    """The causes in words, those of several layers in one."""
    owners: dict[str, list[str]] = {}
    for cause in causes:
        owners.setdefault(cause.text, []).append(cause.owner)
    return [f"{text} in {_few(names)}" if any(names) else text for text, names in owners.items()]


def gone_or_new(names: Sequence[str], what: str) -> list[str]:
    """`layer head added`, `layers a and b removed`."""
    return [f"layer{'s' if len(names) > 1 else ''} {_few(names)} {what}"] if names else []


def _few(names: Sequence[str]) -> str:
    hidden = len(names) - MOST_NAMED
    shown = [*names[:MOST_NAMED], f"{hidden:,} more"] if hidden > 1 else names
    return listed(shown)
