"""A spec's plain values to a plan: every key known, every size in range, every name found, or all that is wrong."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnncalc import layouts
from rnncalc.cell import ACTIVATIONS, Cell, find, names
from rnncalc.errors import Problem, SpecError, among, listed, named, shown, suggest
from rnncalc.layout import Entry, Layout
from rnncalc.network import MERGES, LayerPlan, Model, Plan, build
from rnncalc.report import METRICS
from rnncalc.sizes import DTYPES, MOST_STACKED, native, size
from rnncalc.trace import POLICIES

if TYPE_CHECKING:
    from rnncalc.source import Document

TOP = ("name", "framework", "input", "layers", "budget", "expect", "dtype", "description")
EVERY_LAYER = ("name", "residual", "trainable")
RECURRENT = ("num_layers", "bidirectional", "merge_mode", "return_sequences", "bias", "input_depth")
STATELESS = ("bias", "input_depth")


class Reader:
    """Reads one document, and goes on after each mistake so that all are told at once.

    `framework` overrides the document's own, `default` stands where it has none.
    """

    def __init__(self, default_name: str, framework: str | None = None, default: str = layouts.DEFAULT) -> None:
        self.default_name, self.override, self.default = default_name, framework, default
        self.problems: list[Problem] = []

    def wrong(self, message: str, *where: Any, at: str = "value") -> None:
        """One more problem."""
        self.problems.append(Problem(message, where, at))

    def plan(self, value: Any) -> Plan:
        """The plan of a document.

        Raises:
            SpecError: with all problems.
        """
        if not isinstance(value, Mapping):
            raise SpecError(Problem("a spec is a mapping with `layers:`"))
        for key in value:
            if key not in TOP and not _free(key):
                self.wrong(f"unknown key {named(key)}{suggest(key, TOP)}", key, at="key")
        layout = self._layout(value)
        name = self._text(value.get("name", self.default_name), "name")
        dtype = value.get("dtype", "float32")
        if not _one_of(dtype, DTYPES):
            self.wrong(f"unknown dtype {named(dtype)}{among(dtype, DTYPES)}", "dtype")
        given = value.get("layers")
        if not isinstance(given, (list, tuple)) or not given:
            self.wrong("`layers` must be a list with at least one layer", "layers" if "layers" in value else "")
            given = []
        layers = self._layers(given, layout)
        budget = self._limits(value.get("budget", {}), "budget", {layer.name for layer in layers})
        expect = self._limits(value.get("expect", {}), "expect", {layer.name for layer in layers})
        shape = self._input(value)
        if self.problems:
            raise SpecError(self.problems)
        return Plan(name, layout.name, layers, shape, dtype, budget=budget, expect=expect)

    def _layout(self, value: Mapping[str, Any]) -> Layout:
        name = self.override or value.get("framework", self.default)
        if _one_of(name, (*layouts.NAMES, *layouts.ALIASES)):
            return layouts.find(name)
        hint = among(name, layouts.NAMES, layouts.ALIASES)
        self.wrong(f"unknown framework {named(name)}{hint}", "framework")
        return layouts.find(layouts.DEFAULT)

    def _input(self, value: Mapping[str, Any]) -> tuple[int | None, ...] | None:
        given = value.get("input")
        if given is None:
            return None
        known = ("depth", "steps", "shape")
        unknown = [key for key in given if key not in known] if isinstance(given, Mapping) else []
        if unknown:
            for key in unknown:
                self.wrong(f"unknown key {named(key)}{suggest(key, known)}", "input", key, at="key")
        elif isinstance(given, Mapping) and set(given) == {"shape"}:
            axes = given["shape"]
            if isinstance(axes, (list, tuple)) and axes:
                return tuple(
                    None if axis is None else self._size(axis, "input", "shape", n) for n, axis in enumerate(axes)
                )
            self.wrong("`shape` is a list of sizes, without the batch", "input", "shape")
        elif isinstance(given, Mapping) and given and "shape" not in given:
            steps = self._size(given["steps"], "input", "steps") if given.get("steps") is not None else None
            return (steps, self._size(given["depth"], "input", "depth")) if "depth" in given else (steps,)
        else:
            self.wrong("`input` is {depth: 10, steps: 28} (steps may be left out) or {shape: [28, 10]}", "input")
        return None

    def _layers(self, given: Sequence[Any], layout: Layout) -> tuple[LayerPlan, ...]:
        read = [layer for n, entry in enumerate(given) if (layer := self._layer(entry, layout, ("layers", n)))]
        taken: set[str] = set()
        for layer in read:
            if layer.name in taken:
                self.wrong(f"two layers are named {named(layer.name)}", *layer.where, "name")
            elif layer.name:
                taken.add(layer.name)
        defaults = {layer.type: _numbered(layer.type, taken) for layer in read}
        return tuple(layer if layer.name else layer._replace(name=next(defaults[layer.type])) for layer in read)

    def _layer(self, given: Any, layout: Layout, where: tuple[Any, ...]) -> LayerPlan | None:
        if isinstance(given, str):
            given = {given: None}
        entry = {key: value for key, value in given.items() if not _free(key)} if isinstance(given, Mapping) else {}
        if "type" in entry:
            kind, options, inside = entry["type"], {key: entry[key] for key in entry if key != "type"}, where
        elif entry:
            kinds = [key for key in entry if self._known(key, layout)]
            kind = (kinds or list(entry))[0]
            options, inside = entry[kind], (*where, kind)
            beside = [key for key in entry if key != kind]
            if kinds and beside:
                self.wrong(_beside(kind, beside[0], beside[0] in kinds), *where, beside[0], at="key")
                return None
        else:
            self.wrong("a layer is `type: options`, such as `lstm: {units: 128}`", *where)
            return None
        found = self._type(kind, layout, inside)
        if found is None:
            return None
        cell, form, chosen = found
        if not isinstance(options, Mapping):
            options = {} if options is None else {main(cell): options}
        return self._options(cell, form, chosen, layout, options, inside)

    def _known(self, kind: Any, layout: Layout) -> bool:
        return isinstance(kind, str) and (_class(kind, layout) is not None or find(kind) is not None)

    def _type(self, kind: Any, layout: Layout, where: tuple[Any, ...]) -> tuple[Cell, str, Entry | None] | None:
        entry = _class(kind, layout)
        cell = find(entry.cell if entry else kind) if isinstance(kind, str) else None
        if cell is not None:
            plain = next((each for each in layout.entries if each.cell == cell.name), None)
            return cell, entry.name if entry else "", entry or plain
        known = [*names("rnncalc.cells"), *names("rnncalc.layers"), *(each.name for each in layout.entries)]
        owners = [name for name in layouts.NAMES if _class(kind, layouts.find(name))]
        hint = f"; it is a class of {listed(owners)}" if owners else suggest(kind, known)
        self.wrong(f"unknown layer type {named(kind)}{hint}", *where, at="key")
        return None

    def _options(
        self,
        cell: Cell,
        form: str,
        entry: Entry | None,
        layout: Layout,
        given: Mapping[str, Any],
        where: tuple[Any, ...],
    ) -> LayerPlan | None:
        words = {**layout.words, **(entry.words if entry else {})}
        keys = {**{word: key for key, word in words.items()}, **{key: key for key in layer_keys(cell)}}
        if entry:  # the framework's word wins where it is also one of ours
            keys.update({word: key for key, word in entry.words.items()})
        spelled: dict[str, str] = {}
        options: dict[str, Any] = {}
        fields: dict[str, Any] = {}
        for word, value in given.items():
            key = keys.get(word)
            if key not in layer_keys(cell):
                if word not in layout.ignored and not _free(word):
                    message = f"unknown key {named(word)} for {cell.name}{_hint(word, keys, cell, layout, entry)}"
                    self.wrong(message, *where, word, at="key")
                continue
            if key in options or key in fields:
                self.wrong(f"{named(word)} is given twice, in two words", *where, word, at="key")
            kept = options if key in (*cell.sizes, *cell.options, "input_depth") else fields
            spelled[key] = word
            kept[key] = self._value(key, native(value), cell, (*where, word))
        for missing in [key for key in cell.sizes if key not in options]:
            self.wrong(f"{cell.name} needs `{words.get(missing, missing)}`", *where, at="key")
        options = {key: value for key, value in options.items() if value is not None or key in cell.sizes}
        return LayerPlan(cell.name, str(fields.pop("name", "")), options, form, where=where, spelled=spelled, **fields)

    def _value(self, key: str, value: Any, cell: Cell, where: tuple[Any, ...]) -> Any:
        default = cell.options.get(key)
        if key in cell.sizes or key in ("input_depth", "num_layers") or (key in cell.options and default is None):
            if value is None and key in cell.options:
                return None
            number = self._size(value, *where)
            if key == "num_layers" and number > MOST_STACKED:
                self.wrong(f"a stack has at most {MOST_STACKED:,} layers", *where)
                return 1
            return number
        if key == "name":
            return self._text(value, *where)
        if key == "merge_mode":
            return self._choice("none" if value is None else value, MERGES, *where)
        if key == "bias":
            return value if isinstance(value, bool) else self._choice(value, POLICIES, *where, also="true or false")
        if isinstance(default, str):
            return self._choice("linear" if value is None else value, ACTIVATIONS, *where)
        if isinstance(default, float):
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
                self.wrong(f"{shown(value)} is not a rate; write a number from 0 to below 1, such as 0.2", *where)
            return value
        if not isinstance(value, bool):
            word = value.lower() if isinstance(value, str) else ""
            meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(word, "true or false")
            self.wrong(f"{shown(value)} is neither true nor false; write {meant}", *where)
        return value is True

    def _choice(self, value: Any, known: tuple[str, ...], *where: Any, also: str = "") -> Any:
        if not _one_of(value, known):
            there = listed([*([also] if also else []), *known], "or")
            hint = suggest(value, known)
            self.wrong(f"{shown(value)} is not known here{hint + ' Write' if hint else '; write'} {there}", *where)
            return known[0]
        return value

    def _size(self, value: Any, *where: Any, unit: str = "count", least: int = 1) -> int:
        try:
            return size(value, unit, least)
        except ValueError as error:
            self.wrong(str(error), *where)
            return least or 1

    def _text(self, value: Any, *where: Any) -> str:
        if isinstance(value, str) and value.strip():
            return value
        self.wrong(f"{shown(value)} is not a name; write a text, in quotes where it looks like a number", *where)
        return self.default_name

    def _limits(self, given: Any, key: str, known: set[str], *inside: Any) -> Mapping[str, Any]:
        if not isinstance(given, Mapping):
            self.wrong(f"`{key}` holds metrics, such as {{params: 450k}}", key, *inside)
            return {}
        limits: dict[str, Any] = {}
        for metric, value in given.items():
            if metric == "layers" and not inside:
                if not isinstance(value, Mapping):
                    self.wrong("`layers` holds the limits of each layer, such as {head: {params: 5k}}", key, "layers")
                    continue
                for layer in [name for name in value if name not in known]:
                    message = f"no layer is named {named(layer)}{suggest(layer, known)}"
                    self.wrong(message, key, "layers", layer, at="key")
                limits["layers"] = {
                    name: self._limits(each, key, known, "layers", name)
                    for name, each in value.items()
                    if name in known
                }
            elif metric in METRICS:
                unit = "bytes" if metric.endswith("bytes") else "count"
                limits[metric] = self._size(value, key, *inside, metric, unit=unit, least=0)
            else:
                hint = suggest(metric, METRICS) or f"; there are {listed(METRICS)}"
                self.wrong(f"unknown metric {named(metric)}{hint}", key, *inside, metric, at="key")
        return limits


def _free(key: object) -> bool:
    """Whether a key is the user's own, for remarks and anchors."""
    return key == "description" or (isinstance(key, str) and key.startswith("x-"))


def _one_of(value: object, known: Collection[str]) -> bool:
    return isinstance(value, str) and value in known


def _numbered(type: str, taken: Container[str]) -> Iterator[str]:
    """`lstm`, `lstm_1`, ..., without those that are taken."""
    return (name for n in count() if (name := f"{type}_{n}" if n else type) not in taken)


def _class(kind: object, layout: Layout) -> Entry | None:
    """The framework's class of this name."""
    return next((entry for entry in layout.entries if entry.name == kind and entry.cell != "*"), None)


def _beside(kind: object, key: object, layer: bool) -> str:
    first, other = named(kind), named(key)
    if layer:
        return f"{other} stands beside {first}: two layers are two entries, each with a dash of its own"
    return f"{other} stands beside {first}: indent the options below it, or write `{kind}: {{{named(key)[1:-1]}: ...}}`"


def _hint(word: Any, keys: Mapping[str, str], cell: Cell, layout: Layout, entry: Entry | None) -> str:
    """Whose word it is: another framework's for one of this cell's keys, another cell's, or a typo."""
    for name in layouts.NAMES:
        other = layouts.find(name)
        for each in other.entries:
            for key, theirs in {**other.words, **each.words}.items():
                if theirs == word and each.cell == cell.name and key in layer_keys(cell):
                    return f"; that is {name}'s word for `{layout.word(key, entry) if entry else key}`"
    owners = [name for name in names("rnncalc.cells") if keys.get(word, word) in layer_keys(find(name))]
    return f"; {listed(owners)} {'has' if len(owners) == 1 else 'have'} it" if owners else suggest(word, keys)


def main(cell: Cell) -> str:
    """The size that a bare value stands for: `dense: 64`."""
    return next(iter((*cell.sizes, *cell.options)))


def layer_keys(cell: Cell | None) -> tuple[str, ...]:
    """Every key that a layer of this type takes."""
    if cell is None:
        return ()
    return (*cell.sizes, *cell.options, *(RECURRENT if cell.states else STATELESS), *EVERY_LAYER)


def parse(
    mapping: Mapping[str, Any], name: str = "model", framework: str | None = None, default: str = layouts.DEFAULT
) -> Model:
    """The model that a mapping describes, with the keys of a spec.

    `framework` overrides its own, `default` stands where it has none.

    >>> parse({"framework": "keras", "input": {"depth": 10}, "layers": [{"lstm": {"units": 128}}]}).params
    71168

    Raises:
        SpecError: all that is wrong with it.
    """
    return build(Reader(name, framework, default).plan(mapping))


def read(
    data: bytes,
    path: str,
    stem: str,
    framework: str | None = None,
    every: bool = True,
    default: str = layouts.DEFAULT,
) -> Iterator[Model | SpecError | None]:
    """Each document of a file as a model, or what is wrong with it.

    Where not `every` document has to be a spec, None stands for one that is none.
    """
    from rnncalc.source import documents, read_text

    documents_read = 0
    try:
        for document in documents(read_text(data, path), path):
            if not every and not (isinstance(document.value, dict) and {"layers", "weights"} & set(document.value)):
                yield None
                continue
            documents_read += 1
            name = stem if documents_read == 1 else f"{stem}#{documents_read}"
            yield _read(document, path, name, framework, default)
    except SpecError as error:
        yield error
        return
    if not documents_read and every:
        yield SpecError(Problem("empty: a spec is a mapping with `layers:`", path=path))


def _read(document: Document, path: str, name: str, framework: str | None, default: str) -> Model | SpecError:
    problems = list(document.problems)
    if document.value is None and problems:
        return SpecError(problems)
    try:
        model = parse(document.value, name, framework, default)
    except SpecError as error:
        told = {(each.line, each.column) for each in problems}
        found = [document.locate(problem) for problem in error.problems]
        problems += [each for each in found if (each.line, each.column) not in told]
    if problems:
        return SpecError(sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0)))
    model.plan, model.document = model.plan._replace(source=path), document
    return model


def load_all(path: str | Path, framework: str | None = None) -> list[Model]:
    """Every model of a YAML file.

    Raises:
        SpecError: all that is wrong with the file.
        OSError: it cannot be read.
    """
    from rnncalc.source import read_bytes

    path = Path(path)
    with path.open("rb") as file:
        data = read_bytes(file)
    found = list(read(data, str(path), path.stem, framework))
    problems = [problem for each in found if isinstance(each, SpecError) for problem in each.problems]
    if problems:
        raise SpecError(problems)
    return [each for each in found if isinstance(each, Model)]


def load(path: str | Path, framework: str | None = None) -> Model:
    """The model of a YAML file.

    Raises:
        SpecError: all that is wrong with the file, or that it holds several models.
        OSError: it cannot be read.
    """
    models = load_all(path, framework)
    if len(models) != 1:
        raise SpecError(Problem(f"holds {len(models)} models; read them with load_all", path=str(path)))
    return models[0]
