"""The layers of one framework as JSON Schema: its types and classes, in our words and its own, as it can build them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from typing import Any

from rnncalc.cell import Cell, find, names
from rnncalc.choice import entries
from rnncalc.layout import Entry, Layout
from rnncalc.schema.values import FLAG, FREE, Schema, extent, of_kind, ref
from rnncalc.schema.words import WORDS, described
from rnncalc.spec.keys import RECURRENT, kind_of, layer_keys, main, spellings
from rnncalc.spec.values import NULLS, PADDINGS, WINDOWS

ALIKE = tuple(key for key in RECURRENT if key != "bias")
DISTRIBUTED = ("time_distributed", "TimeDistributed")


def definitions(layout: Layout) -> dict[str, Schema]:
    """`keras.layers`, a list of `keras.layer`, and `keras.lstm`, ... with `keras.lstm.keys`."""
    framework = _Framework(layout)
    return {f"{layout.name}.{name}": made for name, made in framework.definitions()}


class _Framework:
    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.same: dict[str, str] = {}  # a type -> the one whose definition it shares
        self.types = dict(self._words())
        self.types.update({word: found for word, found in self._classes() if word not in self.types})

    def definitions(self) -> Iterator[tuple[str, Schema]]:
        made: dict[str, str] = {}
        for word, (cell, entry, forms) in self.types.items():
            options, keys = self._options(cell, entry, forms)
            first = made.setdefault(repr((options, keys)), word)
            self.same[word] = first
            if first == word:
                yield word, {"description": f"{cell.title}.", **options}
                yield f"{word}.keys", keys
        yield "ignored", {"anyOf": [{"enum": sorted(self.layout.ignored)}, *FREE["anyOf"]]}
        yield "types", self._types()
        yield "types.typed", self._typed()
        yield "types.names", {"anyOf": [{"enum": [*self.types, *DISTRIBUTED, "repeat"]}, FREE]}
        yield "layers", {"type": "array", "items": self._ref("layer")}
        yield "layer", self._layer({**self._ref("types"), "propertyNames": self._ref("types.names")})
        beside = {"name": ref("name"), "inputs": ref("names"), "trainable": FLAG}
        names = {"anyOf": [{"enum": [*beside, "layer"]}, self._ref("types.names")]}
        keyed: Schema = {**self._ref("types"), "properties": beside, "propertyNames": names}
        inner: Schema = {"properties": {**beside, "layer": keyed}, "required": ["layer"], "propertyNames": names}
        yield "distributed", self._layer({"if": {"required": ["layer"]}, "then": inner, "else": keyed})

    def _words(self) -> Iterator[tuple[str, tuple[Cell, Entry | None, list[Entry]]]]:
        """Our words for what the framework has."""
        for name in (*names("rnncalc.cells"), *names("rnncalc.layers")):
            cell = find(name)
            forms = [each for each in entries(self.layout, cell) if not each.named] if cell else []
            if cell and forms:
                yield name, (cell, next((each for each in forms if each.cell != "*"), None), forms)

    def _classes(self) -> Iterator[tuple[str, tuple[Cell, Entry, list[Entry]]]]:
        """The framework's classes, all forms of one together."""
        for entry in self.layout.entries:
            for rank in (1, 2, 3) if "{" in entry.name else (0,):
                cell = find(f"{entry.cell}{rank}d") if rank else None
                cell = cell or find(entry.cell) or _open(entry.cell)
                if cell and cell.inputs and entry.has_rank(rank):
                    word = entry.class_name(rank)
                    forms = [each for each in self.layout.entries if each.class_name(rank) == word]
                    yield word, (cell, forms[0], forms)

    def _options(self, cell: Cell, entry: Entry | None, forms: list[Entry]) -> tuple[Schema, Schema]:
        """What the options of a type hold, and the names of its keys."""
        known = {word: key for word, key in spellings(cell, self.layout, entry).items() if key in layer_keys(cell)}
        spelled: dict[str, list[str]] = {}
        for word, key in known.items():
            spelled.setdefault(key, []).append(word)
        for word, (key, _) in (entry.products if entry else {}).items():
            spelled[key].append(word)
        needed = [_one_of(spelled[key]) for key in _needed(cell, entry)]
        rules: list[Schema] = [{"anyOf": [{"required": ["same_as"]}, {"allOf": needed}]}] if needed else []
        rules += [{"not": {"required": words}} for words in spelled.values() if len(words) > 1]
        if "bidirectional" in known:
            merges = {"merge_mode": {"enum": [*self.layout.merges, *([None] if "none" in self.layout.merges else [])]}}
            rules.append({"if": _is("bidirectional", True), "then": {"properties": merges}})
        properties = {word: _property(word, key, cell, forms) for word, key in known.items()}
        for word, sizes in (entry.products if entry else {}).items():
            properties[word] = described(ref("size"), f"In our words {' × '.join(sizes)}.")
        options = {"type": "object", "properties": properties, **({"allOf": rules} if rules else {})}
        return options, {"anyOf": [{"enum": list(properties)}, self._ref("ignored")]}

    def _layer(self, keyed: Schema) -> Schema:
        """An entry: a type alone, a mapping with `type`, or one with a type for its key."""
        ready = [word for word, (cell, entry, _) in self.types.items() if not _needed(cell, entry)]
        mapping = {"type": "object", "if": {"required": ["type"]}, "then": self._ref("types.typed"), "else": keyed}
        return {"if": {"type": "string"}, "then": {"enum": ready}, "else": mapping}

    def _types(self) -> Schema:
        """Exactly one key is a type, or `repeat`."""
        group = {"times": ref("size"), "layers": {**self._ref("layers"), "minItems": 1}}
        kinds: dict[str, Schema] = {word: self._given(word) for word in self.types}
        kinds |= dict.fromkeys(DISTRIBUTED, self._ref("distributed"))
        kinds["repeat"] = {"type": "object", "properties": group, "required": [*group], "additionalProperties": False}
        return {"properties": kinds, "oneOf": [{"required": [word]} for word in kinds]}

    def _typed(self) -> Schema:
        """The options beside `type`."""
        alike: dict[str, list[str]] = {}
        for word, first in self.same.items():
            alike.setdefault(first, []).append(word)
        rules: list[Schema] = []
        for first, words in alike.items():
            keys = {"anyOf": [{"const": "type"}, self._ref(f"{first}.keys")]}
            chosen = {"properties": {"type": {"enum": words}}}
            rules.append({"if": chosen, "then": {**self._ref(first), "propertyNames": keys}})
        return {"properties": {"type": {"enum": [*self.types, *DISTRIBUTED]}}, "allOf": rules}

    def _given(self, word: str) -> Schema:
        """What stands behind a type: options, the main value, or nothing."""
        cell, entry, forms = self.types[word]
        key, first, needed = main(cell), self.same[word], _needed(cell, entry)
        bare: list[Schema] = [{"type": "null"}] if not needed else []
        bare += [_value(key, cell, forms)] if not set(needed) - {key} else []
        closed = {**self._ref(first), "propertyNames": self._ref(f"{first}.keys")}
        return {"if": {"type": "object"}, "then": closed, "else": {"anyOf": bare} if bare else closed}

    def _ref(self, word: str) -> Schema:
        return ref(f"{self.layout.name}.{word}")


def shared() -> dict[str, Schema]:
    """The keys that every layer has, in every framework alike."""
    lstm = find("lstm")
    return {f"key.{key}": described(_value(key, lstm, ()), WORDS.get(key, "")) for key in ALIKE} if lstm else {}


def _open(base: str) -> Cell | None:
    """A cell of several ranks as one of any rank: its window, or its input, will tell."""
    found = copy(find(f"{base}2d"))
    if found:
        found.rank = 0
    return found


def _needed(cell: Cell, entry: Entry | None) -> list[str]:
    """The keys that have to be given."""
    return [key for key in cell.required if not (entry and key in entry.default)]


def _property(word: str, key: str, cell: Cell, forms: list[Entry]) -> Schema:
    if key in ALIKE:
        return ref(f"key.{key}")
    return described(_value(key, cell, forms), WORDS.get(key, "") if word == key else f"In our words `{key}`.")


def _one_of(words: list[str]) -> Schema:
    return {"anyOf": [{"required": [word]} for word in words]} if len(words) > 1 else {"required": words}


def _is(key: str, value: Any) -> Schema:
    return {"properties": {key: {"const": value}}, "required": [key]}


def _value(key: str, cell: Cell, forms: Iterable[Entry]) -> Schema:
    """What a key may be in one of the forms of a class."""
    kind, found = kind_of(key, cell), tuple(forms)
    if key == "bias":
        policies = list(dict.fromkeys(policy for each in found for policy in each.bias))
        return {"enum": [True, *([False] if "none" in policies else []), *policies]}
    plain, optional = kind.removesuffix(" | None"), kind.endswith(" | None")
    choices = _choices(key, cell, found)
    if choices and tuple in choices:
        words = [each for each in choices if each is not tuple]
        return {"anyOf": [{"enum": words}, extent("limit" if plain == "Padding" else "size", cell.rank)]}
    if choices is None:
        schema: Schema = {"enum": [1, -1]} if key == "axis" else of_kind(plain, cell.rank)
        if key in WINDOWS and any(each.whole for each in found):
            schema = extent("size", cell.rank, more=1)
        if plain == "Padding" and any(each.ends for each in found):
            schema["anyOf"].append(extent("limit", 2 * cell.rank, more=0 if cell.rank else 3))
        return {"anyOf": [schema, {"type": "null"}]} if optional or plain in NULLS else schema
    if plain in NULLS and NULLS[plain] in choices:
        choices.append(None)
    return {"enum": choices}


def _choices(key: str, cell: Cell, forms: Iterable[Entry]) -> list[Any] | None:
    """The values that the forms leave to choose from, as a spec has them; None where every one will do."""
    if key not in cell.options and not any(key in each.fixed for each in forms):
        return None
    found: list[Any] = []
    for each in forms:
        if each.cell == "*" or each.free.get(key, ()) is None:
            return None
        found += each.free.get(key) or [each.fixed.get(key, cell.options.get(key))]
    written = [each for value in found for each in _written(value, cell.rank)]
    return [value for n, value in enumerate(written) if (type(value), value) not in [(type(v), v) for v in written[:n]]]


def _written(value: Any, rank: int) -> list[Any]:
    """A value as a spec may have it: an extent is a list, or one size for all axes."""
    if not isinstance(value, tuple):
        return [word for word, meant in PADDINGS.items() if meant == value] or [value]
    if len(set(value)) > 1:
        return [list(value)]
    return [value[0], *([value[0]] * axes for axes in ((rank,) if rank else (1, 2, 3)))]
