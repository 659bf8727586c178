"""One entry of a spec's `layers`, to the layer plans that it stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rnncalc import layouts
from rnncalc.cell import Cell, find, names
from rnncalc.errors import LONGEST, Mistakes, listed, named, nearest, shown, suggest
from rnncalc.layout import Entry, Layout
from rnncalc.plan import MOST_LAYERS, LayerPlan
from rnncalc.sizes import LARGEST, native
from rnncalc.spec.keys import Meaning, class_of, free, hint, main, meaning
from rnncalc.spec.values import WINDOWS, ValueReader, Where

MOST_KNOWN, MOST_FILLED = 1024, 64  # plans that are kept, and sizes for each
_PLAIN = (int, str, bool, float, type(None))
Filled = dict[tuple[int, ...], Mapping[str, Any]]


class EntryReader(ValueReader):
    """Reads the entries of one document."""

    def __init__(self, layout: Layout, mistakes: Mistakes) -> None:
        super().__init__(mistakes)
        self.layout = layout
        # the plans of entries without a mistake, by what they ask for but their sizes, and the options at some sizes
        self.known: dict[Any, tuple[LayerPlan, Filled]] = layout.once(_plans)

    def layers(self, given: Sequence[Any], where: Where) -> list[LayerPlan]:
        """The plans of a list of entries, repeated ones written out; names may still be empty."""
        found: list[LayerPlan] = []
        for n, entry in enumerate(given):
            found += self._entry(entry, (*where, n)) or [LayerPlan("", "", {}, where=(*where, n))]
            if len(found) > MOST_LAYERS:
                self.wrong(f"a model has at most {MOST_LAYERS:,} layers", *where, n)
                return []
        return found

    def _entry(self, given: Any, where: Where) -> list[LayerPlan]:
        if isinstance(given, str):
            given = {given: None}
        entry = {key: value for key, value in given.items() if not free(key)} if isinstance(given, Mapping) else {}
        if "type" in entry:
            kind, options, inside = entry["type"], {key: entry[key] for key in entry if key != "type"}, where
        elif len(entry) == 1:
            ((kind, options),) = entry.items()
            inside = (*where, kind)
            if kind == "repeat":
                return self._group(options, inside)
        elif entry:
            kinds = [key for key in entry if key == "time_distributed" or self._known(key)]
            kind = (kinds or list(entry))[0]
            options, inside = entry[kind], (*where, kind)
            if kinds:
                beside = next(key for key in entry if key != kind)
                self.wrong(_beside(kind, beside, beside in kinds), *where, beside, at="key")
                return []
        else:
            self.wrong("a layer is `type: options`, such as `lstm: {units: 128}`", *where)
            return []
        if kind in ("time_distributed", "TimeDistributed"):
            return self._distributed(options, inside)
        found = meaning(self.layout, kind) if isinstance(kind, str) else None
        asked = _mapped(options, found.cell) if found else {}
        key, sizes = _asked(found, asked) if found else (None, {})
        known = self.known.get(key)
        if known:
            plan, filled = known
            name = self.text(asked["name"], *inside, "name") if plan.spelled.get("name") else ""
            return [plan._replace(name=name, where=inside, options=_filled(plan.options, sizes, filled))]
        mistakes = len(self.mistakes)
        found = self._type(kind, options, inside)
        if found is None:
            return []
        plan, times = self._options(found, _mapped(options, found.cell), inside)
        if times == 1:
            if key is not None and len(self.mistakes) == mistakes:
                if len(self.known) >= MOST_KNOWN:
                    self.known.clear()
                self.known[key] = plan, {tuple(sizes.values()): plan.options}
            return [plan]
        if times > MOST_LAYERS:
            self.wrong(f"a model has at most {MOST_LAYERS:,} layers", *inside, "repeat")
            return []
        return repeated([plan], times)

    def _group(self, given: Any, where: Where) -> list[LayerPlan]:
        """`repeat: {times: 3, layers: [...]}`."""
        if not isinstance(given, Mapping) or set(given) != {"times", "layers"} or not isinstance(given["layers"], list):
            self.wrong("a repeated group is `repeat: {times: 3, layers: [...]}`", *where)
            return []
        if not given["layers"]:
            self.wrong("a repeated group has at least one layer", *where, "layers")
            return []
        times = self.size(given["times"], *where, "times")
        inner = self.layers(given["layers"], (*where, "layers"))
        if times * len(inner) > MOST_LAYERS:
            self.wrong(f"{times:,} times {len(inner):,} layers are more than {MOST_LAYERS:,}", *where, "times")
            return []
        return repeated(inner, times)

    def _distributed(self, given: Any, where: Where) -> list[LayerPlan]:
        """`time_distributed: {dense: 12}`: the layer at each step, as it is anyway."""
        if isinstance(given, str):
            given = {given: None}
        if isinstance(given, Mapping) and isinstance(given.get("layer"), Mapping):
            given = {**{key: value for key, value in given.items() if key != "layer"}, **given["layer"]}
        if not isinstance(given, Mapping):
            self.wrong("time_distributed holds a layer, such as {dense: 12}", *where)
            return []
        outer = {key: value for key, value in given.items() if key in ("name", "inputs", "trainable")}
        found = self._entry({key: value for key, value in given.items() if key not in outer}, where)
        if not found:
            return []
        plan = found[0]._replace(time_distributed=True)
        if "name" in outer:
            plan = plan._replace(name=self.text(outer["name"], *where, "name"))
        if "inputs" in outer:
            plan = plan._replace(inputs=self.inputs(outer["inputs"], (*where, "inputs")))
        if "trainable" in outer:
            plan = plan._replace(trainable=self.flag(outer["trainable"], *where, "trainable"))
        return [plan, *(each._replace(time_distributed=True, trainable=plan.trainable) for each in found[1:])]

    def _known(self, kind: Any) -> bool:
        return isinstance(kind, str) and (class_of(kind, self.layout) is not None or find(kind) is not None)

    def _type(self, kind: Any, options: Any, where: Where) -> Meaning | None:
        if kind == "weights":
            self.wrong("bare weights stand beside `layers`: `weights: {kernel: [10, 20]}`", *where, at="key")
            return None
        layout = self.layout
        found = meaning(layout, kind) if isinstance(kind, str) else None
        if found is not None:
            rank = self._rank(found.cell, found.entry, _mapped(options, found.cell)) if found.open else 0
            return meaning(layout, kind, rank) if rank else found
        known = [*names("rnncalc.cells"), *names("rnncalc.layers")]
        known += [each.class_name(rank) for each in layout.entries for rank in (1, 2, 3) if each.cell != "*"]
        owners = [name for name in layouts.NAMES if class_of(kind, layouts.find(name))]
        hint = f"; it is a class of {listed(owners)}" if owners else suggest(kind, known)
        hint = hint or "; `rnncalc cells` and `rnncalc layers` tell what there is"
        self.wrong(f"unknown layer type {named(kind)}{hint}", *where, at="key")
        return None

    def _rank(self, cell: Cell, entry: Entry | None, options: Mapping[str, Any]) -> int:
        """The axes of a class of several ranks, as many as its window has; 0 where its input will tell."""
        for key in cell.required:
            if entry and cell.kinds[key] == "Extent":
                given = options.get(self.layout.word(key, entry), options.get(key))
                return max(1, len(given) - entry.whole) if isinstance(given, (list, tuple)) else entry.number
        return 0

    def _positions(self, value: Any, cell: Cell, where: Where) -> Any:
        """A window's sizes without that of the depth, which has to be 1."""
        if not isinstance(value, (list, tuple)) or len(value) != cell.rank + 1:
            return value
        if value[-1] != 1:
            self.wrong(f"the last of these sizes is the depth's, and has to be 1: {shown([*value, 1])}", *where)
        return value[:-1]

    def _ends(self, value: Any, cell: Cell, where: Where) -> Any:
        """The paddings before each axis, which have to be those after it."""
        if not isinstance(value, (list, tuple)) or len(value) != 2 * cell.rank:
            return value
        if value[: cell.rank] != value[cell.rank :]:
            self.wrong("a padding is known here that is the same before and after an axis", *where)
        return value[: cell.rank]

    def _options(self, meant: Meaning, given: Mapping[str, Any], where: Where) -> tuple[LayerPlan, int]:
        layout, cell, entry, keys = self.layout, meant.cell, meant.entry, meant.keys
        spelled: dict[str, str] = {}
        misspelt: set[str] = set()
        options: dict[str, Any] = {}
        fields: dict[str, Any] = {}
        products = {word: keyed for word, keyed in (entry.products if entry else {}).items() if word in given}
        for word, value in given.items():
            if word in products:
                continue
            key = keys.get(word, "")
            if key not in meant.kinds:
                if word not in layout.ignored and not free(word):
                    message = f"unknown key {named(word)} for {cell.name}{hint(word, keys, cell, layout, entry)}"
                    self.wrong(message, *where, word, at="key")
                    misspelt.add(keys.get(nearest(word, keys) or "", ""))
                continue
            if key in options or key in fields:
                self.wrong(f"{named(word)} is given twice, in two words", *where, word, at="key")
            kept = options if key in meant.options else fields
            spelled[key] = word
            value = self._positions(value, cell, (*where, word)) if entry and entry.whole and key in WINDOWS else value
            value = self._ends(value, cell, (*where, word)) if entry and entry.ends and key == "padding" else value
            kept[key] = self.of_kind(meant.kinds[key], native(value), cell, (*where, word))
        for word, (key, by) in products.items():
            whole, parts = self.size(given[word], *where, word), options.get(by, 1)
            if key in options:
                self.wrong(f"{named(word)} is given twice, in two words", *where, word, at="key")
            if whole % parts:
                told = f"{parts} {layout.word(by, entry)}" if entry else ""
                self.wrong(f"{told} do not divide {word} {whole}", *where, word)
            options[key], spelled[key] = whole // parts or 1, word
        if "same_as" not in fields:
            own = entry.default if entry else {}
            for missing in [
                key for key in cell.required if key not in options and key not in own and key not in misspelt
            ]:
                word = layout.word(missing, entry) if entry else layout.words.get(missing, missing)
                self.wrong(f"{cell.name} needs `{word}`", *where, at="key")
        if None in options.values():
            options = {key: value for key, value in options.items() if value is not None}
        times = fields.pop("repeat", 1)
        name = str(fields.pop("name", ""))
        return LayerPlan(meant.type, name, options, meant.form, where=where, spelled=spelled, **fields), times


def _plans(layout: Layout) -> dict[Any, tuple[LayerPlan, Filled]]:
    return {}


def _asked(meant: Meaning, given: Mapping[str, Any]) -> tuple[Any, dict[str, int]]:
    """What an entry asks for, without its name, and its sizes; None where that cannot be compared, or is long.

    1 and true are not the same, nor are lists that differ in these alone.
    """
    sizes: dict[str, int] = {}
    asked: list[Any] = [meant.form or meant.type, "name" in given]
    for word, each in given.items():
        if type(each) is int and word in meant.sizes and 0 < each <= LARGEST:
            sizes[meant.sizes[word]] = each
            asked.append(word)
        elif type(each) not in _PLAIN or (type(each) is str and len(each) > LONGEST):
            return None, sizes
        elif word != "name":
            asked.append((word, type(each), each))
    return tuple(asked), sizes


def _filled(options: Mapping[str, Any], sizes: Mapping[str, int], filled: Filled) -> Mapping[str, Any]:
    """The options with these sizes; those of entries that are alike are the same."""
    values = tuple(sizes.values())
    found = filled.get(values)
    if found is None:
        if len(filled) >= MOST_FILLED:
            filled.clear()
        found = filled[values] = {**options, **sizes}
    return found


def repeated(plans: list[LayerPlan], times: int) -> list[LayerPlan]:
    """The plans so many times; from the second time on, names and what refers to them have a number."""
    own = {plan.name for plan in plans if plan.name}

    def numbered(name: str, k: int) -> str:
        if not k or name not in own:
            return name
        return f"{name}_{k}" if not any(f"{each}_{k}" in own for each in own) else f"{name}.{k}"

    return [
        plan._replace(
            name=numbered(plan.name, k),
            inputs=tuple(numbered(name, k) for name in plan.inputs) if len(plans) > 1 or not k else (),
            tied_to=numbered(plan.tied_to, k),
            initial_state=numbered(plan.initial_state, k),
        )
        for k in range(min(times, MOST_LAYERS + 1))
        for plan in plans
    ]


def with_names(plans: Sequence[LayerPlan], wrong: Callable[..., None]) -> tuple[LayerPlan, ...]:
    """The plans with a name each: `lstm`, `lstm_1`, ... where none was given."""
    taken: set[str] = set()
    for plan in plans:
        name = plan.name
        if name in taken:
            wrong(f"two layers are named {named(name)}", *plan.where, "name")
        elif name:
            taken.add(name)
    found, last = [], dict[str, int]()
    for plan in plans:
        if not plan.name:
            number, name = last.get(plan.type, 0), plan.type or "?"
            while name in taken:
                number += 1
                name = f"{plan.type or '?'}_{number}"
            taken.add(name)
            last[plan.type] = number
            plan = plan._replace(name=name)
        found.append(plan)
    return tuple(found)


def _beside(kind: object, key: object, layer: bool) -> str:
    first, other = named(kind), named(key)
    if layer:
        return f"{other} stands beside {first}: two layers are two entries, each with a dash of its own"
    return f"{other} stands beside {first}: indent the options below it, or write `{kind}: {{{named(key)[1:-1]}: ...}}`"


def _mapped(options: Any, cell: Cell) -> Mapping[str, Any]:
    """Options as a mapping; a bare value is the layer's main size."""
    if isinstance(options, Mapping):
        return options
    return {} if options is None else {main(cell): options}
