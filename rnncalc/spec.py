"""A spec's plain values to a plan: every key known, every size in range, every name found, or all that is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rnncalc import layouts
from rnncalc.cell import ACTIVATIONS, Cell, find, names
from rnncalc.errors import Problem, SpecError, listed, suggest
from rnncalc.layout import Entry, Layout
from rnncalc.network import MERGES, LayerPlan, Model, Plan, build
from rnncalc.report import METRICS
from rnncalc.sizes import DTYPES, size
from rnncalc.trace import POLICIES

TOP = ("name", "framework", "input", "layers", "budget", "expect", "dtype", "description")
EVERY_LAYER = ("type", "name", "residual", "trainable")
RECURRENT = ("num_layers", "bidirectional", "merge_mode", "return_sequences", "bias", "input_depth")
STATELESS = ("bias", "input_depth")
MOST_STACKED = 100_000  # layers of one stack


class Reader:
    """Reads one document, and goes on after each mistake so that all are told at once."""

    def __init__(self, default_name: str, framework: str | None = None) -> None:
        self.default_name, self.override = default_name, framework
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
            if key not in TOP and not str(key).startswith("x-"):
                self.wrong(f"unknown key `{key}`{suggest(key, TOP)}", key, at="key")
        layout = self._layout(value)
        name = self._text(value.get("name", self.default_name), "name")
        dtype = value.get("dtype", "float32")
        if dtype not in DTYPES:
            self.wrong(f"unknown dtype `{dtype}`{suggest(dtype, DTYPES)}; there are {listed(DTYPES)}", "dtype")
        given = value.get("layers")
        if not isinstance(given, list) or not given:
            self.wrong("`layers` must be a list with at least one layer", "layers" if "layers" in value else "")
            given = []
        layers = self._layers(given, layout)
        budget = self._limits(value.get("budget", {}), "budget", {layer.name for layer in layers})
        expect = self._limits(value.get("expect", {}), "expect", {layer.name for layer in layers})
        plan = Plan(name, layout.name, layers, self._input(value), str(dtype), budget=budget, expect=expect)
        if self.problems:
            raise SpecError(self.problems)
        return plan

    def _layout(self, value: Mapping[str, Any]) -> Layout:
        name = self.override or value.get("framework", layouts.DEFAULT)
        try:
            return layouts.find(str(name))
        except KeyError:
            known = (*layouts.NAMES, *layouts.ALIASES)
            there = f"there are {listed(layouts.NAMES)}"
            self.wrong(f"unknown framework `{name}`{suggest(name, known)}; {there}", "framework")
            return layouts.find(layouts.DEFAULT)

    def _input(self, value: Mapping[str, Any]) -> tuple[int | None, ...] | None:
        given = value.get("input")
        if given is None:
            return None
        if isinstance(given, Mapping) and "shape" in given and set(given) == {"shape"}:
            axes = given["shape"]
            if isinstance(axes, list) and axes:
                return tuple(
                    None if axis is None else self._size(axis, "input", "shape", n) for n, axis in enumerate(axes)
                )
            self.wrong("`shape` is a list of sizes, without the batch", "input", "shape")
        elif isinstance(given, Mapping) and given and set(given) <= {"depth", "steps"}:
            steps = self._size(given["steps"], "input", "steps") if given.get("steps") is not None else None
            return (steps, self._size(given["depth"], "input", "depth")) if "depth" in given else (steps,)
        elif isinstance(given, Mapping) and set(given) - {"depth", "steps", "shape"}:
            for key in set(given) - {"depth", "steps", "shape"}:
                self.wrong(f"unknown key `{key}`{suggest(key, ('depth', 'steps', 'shape'))}", "input", key, at="key")
        else:
            self.wrong("`input` is {depth: 10, steps: 28} (steps may be left out) or {shape: [28, 10]}", "input")
        return None

    def _layers(self, given: list[Any], layout: Layout) -> tuple[LayerPlan, ...]:
        layers: list[LayerPlan] = []
        taken: set[str] = set()
        for n, entry in enumerate(given):
            layer = self._layer(entry, layout, ("layers", n))
            if layer is None:
                continue
            if not layer.name:
                count, name = 0, layer.type
                while name in taken:
                    count += 1
                    name = f"{layer.type}_{count}"
                layer = layer._replace(name=name)
            elif layer.name in taken:
                self.wrong(f"two layers are named `{layer.name}`", *layer.where, "name")
            taken.add(layer.name)
            layers.append(layer)
        return tuple(layers)

    def _layer(self, given: Any, layout: Layout, where: tuple[Any, ...]) -> LayerPlan | None:
        if isinstance(given, str):
            given = {given: None}
        if not isinstance(given, Mapping) or not given:
            self.wrong("a layer is `type: options`, such as `lstm: {units: 128}`", *where)
            return None
        if "type" in given:
            kind, options, inside = str(given["type"]), {k: v for k, v in given.items() if k != "type"}, where
        else:
            kind, options = next(iter(given.items()))
            kind, inside = str(kind), (*where, kind)
            if len(given) > 1:
                key = list(given)[1]
                message = (
                    f"`{key}` stands beside `{kind}`: indent the options below it, or write `{kind}: {{{key}: ...}}`"
                )
                self.wrong(message, *where, key, at="key")
                return None
        found = self._type(kind, layout, inside)
        if found is None:
            return None
        cell, form, entry = found
        if not isinstance(options, Mapping):
            options = {} if options is None else {main(cell): options}
        return self._options(cell, form, entry, layout, options, inside)

    def _type(self, kind: str, layout: Layout, where: tuple[Any, ...]) -> tuple[Cell, str, Entry | None] | None:
        named = next((entry for entry in layout.entries if entry.name == kind and entry.cell != "*"), None)
        cell = find(named.cell if named else kind)
        if cell is not None:
            entry = named or next((entry for entry in layout.entries if entry.cell == cell.name), None)
            return cell, named.name if named else "", entry
        known = [*names("rnncalc.cells"), *names("rnncalc.layers"), *(entry.name for entry in layout.entries)]
        owners = [n for n in layouts.NAMES if any(entry.name == kind for entry in layouts.find(n).entries)]
        hint = f"; it is a class of {listed(owners)}" if owners else suggest(kind, known)
        self.wrong(f"unknown layer type `{kind}`{hint}", *where, at="key")
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
                if word not in layout.ignored and not str(word).startswith("x-"):
                    self.wrong(
                        f"unknown key `{word}` for {cell.name}{self._hint(word, keys, cell)}", *where, word, at="key"
                    )
                continue
            if key in options or key in fields:
                self.wrong(f"`{word}` is given twice, in two words", *where, word, at="key")
            kept = options if key in (*cell.sizes, *cell.options, "input_depth") else fields
            spelled[key] = word
            kept[key] = self._value(key, value, cell, (*where, word))
        for missing in [key for key in cell.sizes if key not in options]:
            self.wrong(f"{cell.name} needs `{words.get(missing, missing)}`", *where, at="key")
        options = {key: value for key, value in options.items() if value is not None or key in cell.sizes}
        return LayerPlan(cell.name, str(fields.pop("name", "")), options, form, where=where, spelled=spelled, **fields)

    def _hint(self, word: str, keys: Mapping[str, str], cell: Cell) -> str:
        owners = [name for name in names("rnncalc.cells") if word in layer_keys(find(name)) and name != cell.name]
        return f"; {listed(owners)} has it" if owners else suggest(word, keys)

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
            return (
                value
                if value is True or value is False
                else self._choice(value, POLICIES, *where, also="true or false")
            )
        if isinstance(default, str):
            return self._choice("linear" if value is None else value, ACTIVATIONS, *where)
        if isinstance(default, float):
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
                self.wrong(f"{value!r} is not a rate; write a number from 0 to below 1, such as 0.2", *where)
            return value
        if not isinstance(value, bool):
            meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(
                str(value).lower(), "true or false"
            )
            self.wrong(f"{value!r} is neither true nor false; write {meant}", *where)
        return value is True

    def _choice(self, value: Any, known: tuple[str, ...], *where: Any, also: str = "") -> Any:
        if value not in known:
            there = listed([*([also] if also else []), *known], "or")
            self.wrong(f"{value!r} is not known here{suggest(value, known)}; write {there}", *where)
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
        self.wrong(f"{value!r} is not a name; write a text, in quotes where it looks like a number", *where)
        return self.default_name

    def _limits(self, given: Any, key: str, known: set[str], *inside: Any) -> Mapping[str, Any]:
        if not isinstance(given, Mapping):
            self.wrong(f"`{key}` holds metrics, such as {{params: 450k}}", key, *inside)
            return {}
        limits: dict[str, Any] = {}
        for metric, value in given.items():
            if metric == "layers" and not inside and isinstance(value, Mapping):
                for layer in [name for name in value if name not in known]:
                    self.wrong(f"no layer is named `{layer}`{suggest(layer, known)}", key, "layers", layer, at="key")
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
                self.wrong(f"unknown metric `{metric}`{hint}", key, *inside, metric, at="key")
        return limits


def main(cell: Cell) -> str:
    """The size that a bare value stands for: `dense: 64`."""
    return next(iter((*cell.sizes, *cell.options)))


def layer_keys(cell: Cell | None) -> tuple[str, ...]:
    """Every key that a layer of this type takes."""
    if cell is None:
        return ()
    return (*cell.sizes, *cell.options, *(RECURRENT if cell.states else STATELESS), *EVERY_LAYER)


def parse(mapping: Mapping[str, Any], name: str = "model", framework: str | None = None) -> Model:
    """The model that a mapping describes, with the keys of a spec; `framework` overrides its own.

    >>> parse({"framework": "keras", "input": {"depth": 10}, "layers": [{"lstm": {"units": 128}}]}).params
    71168

    Raises:
        SpecError: all that is wrong with it.
    """
    return build(Reader(name, framework).plan(mapping))


def read(
    data: bytes, path: str, stem: str, framework: str | None = None, every: bool = True
) -> Iterator[Model | SpecError | None]:
    """Each document of a file as a model, or what is wrong with it.

    Where not `every` document has to be a spec, None stands for one that is none.
    """
    from rnncalc.source import documents, read_text

    count = 0
    try:
        for document in documents(read_text(data, path), path):
            if not every and not (isinstance(document.value, dict) and {"layers", "weights"} & set(document.value)):
                yield None
                continue
            count += 1
            try:
                model = parse(document.value, stem if count == 1 else f"{stem}#{count}", framework)
                model.plan, model.document = model.plan._replace(source=path), document
                yield model
            except SpecError as error:
                yield SpecError(document.locate(problem) for problem in error.problems)
    except SpecError as error:
        yield error
        return
    if not count and every:
        yield SpecError(Problem("empty: a spec is a mapping with `layers:`", path=path))


def load_all(path: str | Path, framework: str | None = None) -> list[Model]:
    """Every model of a YAML file.

    Raises:
        SpecError: all that is wrong with the file.
        OSError: it cannot be read.
    """
    path = Path(path)
    found = list(read(path.read_bytes(), str(path), path.stem, framework))
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
