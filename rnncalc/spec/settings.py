"""What if: `encoder.units=160` put into a spec before it is read, and checked like the spec itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rnncalc.errors import Problem, SpecError, listed, named, suggest
from rnncalc.record import Record
from rnncalc.spec.keys import main

if TYPE_CHECKING:
    from rnncalc.layer import Layer
    from rnncalc.network import Model

OPEN = "?"  # the value of a size that is to be found
TOP = ("framework", "dtype", "name")  # keys of the model itself


class Setting(Record):
    """One key of one layer or input, or (where `owner` is empty) of the model, and its new value."""

    text: str
    owner: str
    key: str
    value: Any

    def told(self, problem: Problem) -> Problem:
        """The problem, with what caused it."""
        return problem._replace(message=f"--set {self.text}: {problem.message}")


class Settings:
    """The settings of a run; `used` are the texts of those that some model had a place for.

    Each model gets those whose owner it has: a layer by its name, `input` or an input by its name.
    """

    def __init__(self, settings: Iterable[Setting]) -> None:
        self.settings = tuple(settings)
        self.used: set[str] = set()

    def apply(self, model: Model, value: Mapping[str, Any]) -> dict[str, Any]:
        """The plain values of a document with the settings in their places; `value` stays as it is."""
        changed = dict(value)
        for each in self.settings:
            where = place(model, each)
            if where:
                self.used.add(each.text)
                changed = _with(changed, where, each.value, _main(model, each))
        return changed

    def told(self, model: Model, error: SpecError) -> SpecError:
        """The error, each problem at a place that was set with the setting that caused it."""
        places = [(place(model, each), each) for each in self.settings]
        return SpecError(
            next(
                (each.told(problem) for where, each in places if where and problem.where[: len(where)] == where),
                problem,
            )
            for problem in error.problems
        )

    def unused(self, models: Sequence[Model]) -> list[Problem]:
        """What no model had a place for; nothing where there is no model at all."""
        owners = [layer.plan.name for model in models for layer in model.layers]
        owners += [name for model in models for name in ("input", *model.inputs)]
        left = [each for each in self.settings if each.text not in self.used] if models else []
        return [each.told(Problem(_unknown(each, owners))) for each in left]


def _unknown(setting: Setting, owners: Sequence[str]) -> str:
    if not setting.owner:
        hint = suggest(setting.key, TOP)
        return f"{named(setting.key)} is no key of a model{hint or f'; write LAYER.KEY=VALUE, or set {listed(TOP)}'}"
    return f"no model has a layer or input named {named(setting.owner)}{suggest(setting.owner, owners)}"


def setting(text: str) -> Setting:
    """The setting that `encoder.units=160`, `input.depth=40` or `framework=keras` says; its value is read as YAML.

    Raises:
        ValueError: it says none; the message tells what to write.
    """
    from rnncalc.spec.source import documents

    left, equals, right = text.partition("=")
    owner, _, key = left.strip().rpartition(".")
    if not equals or not key or (not owner and "." in left):
        raise ValueError(f"{named(text)} is no setting; write LAYER.KEY=VALUE, such as encoder.units=160")
    if right.strip() == OPEN:  # which is no YAML
        return Setting(text, owner, key, OPEN)
    try:
        found = list(documents(right, ""))
        problems = [problem for document in found for problem in document.problems]
    except SpecError as error:
        problems = list(error.problems)
    if problems:
        raise ValueError(f"{named(text)}: {problems[0].message}")
    return Setting(text, owner, key, found[0].value if found else None)


def place(model: Model, setting: Setting) -> tuple[Any, ...]:
    """Where in the document of a model the key is; empty where the model has no such place."""
    if not setting.owner:
        return (setting.key,) if setting.key in TOP else ()
    layer = next((each for each in model.layers if each.plan.name == setting.owner), None)
    if layer is not None:
        return (*layer.plan.where, _spelling(layer, setting.key))
    if setting.owner not in ("input", *model.inputs):
        return ()
    several = setting.owner in model.plan.inputs and set(model.plan.inputs) != {"input"}
    return ("inputs", setting.owner, setting.key) if several else ("input", setting.key)


def _spelling(layer: Layer, word: str) -> str:
    """The key as the spec spells it, where it has it: `units` may stand there as `hidden_size`."""
    return layer.plan.spelled.get(word) or layer.plan.spelled.get(_key(layer, word), word)


def _key(layer: Layer, word: str) -> str:
    """Our word for a framework's."""
    words = (layer.layout.words, layer.entry.words)
    return {theirs: key for each in words for key, theirs in each.items()}.get(word, word)


def open_sizes(model: Model, settings: Iterable[Setting]) -> list[tuple[str, str]]:
    """The (layer or input, key) of each setting, by our words."""
    return [place_of(model, each.owner, each.key) for each in settings]


def place_of(model: Model, owner: str, key: str) -> tuple[str, str]:
    """The layer or input, and the key by our word for it."""
    layer = next((each for each in model.layers if each.plan.name == owner), None)
    return owner, key if layer is None else _key(layer, key)


def _main(model: Model, setting: Setting) -> str:
    """The key that a bare value stands for in the entry that is set."""
    return next((main(each.cell) for each in model.layers if each.plan.name == setting.owner), "depth")


def _with(value: Any, where: Sequence[Any], new: Any, bare: str) -> Any:
    """The value with `new` at a place; what lies on the way is copied, and made where it is not there."""
    if not where:
        return new
    step, *rest = where
    if isinstance(step, int):
        return [_with(each, rest, new, bare) if n == step else each for n, each in enumerate(value)]
    if isinstance(value, Mapping):
        if step not in value and isinstance(value.get("layer"), Mapping):  # time_distributed: {layer: {...}}
            return {**value, "layer": _with(value["layer"], where, new, bare)}
        return {**value, step: _with(value.get(step), rest, new, bare)}
    if value is None or value == step:  # options that were left out, with their colon or without
        return {step: _with(None, rest, new, bare)}
    return {bare: value, step: new}
