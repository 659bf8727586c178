"""A spec's plain values to a plan: every key known, every size in range, every name found, or all that is wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from os import fspath
from os.path import basename, splitext
from typing import TYPE_CHECKING, Any

from rnncalc import layouts
from rnncalc.errors import Mistakes, Problem, SpecError, among, named, suggest
from rnncalc.gate.limits import LimitReader
from rnncalc.layout import Layout
from rnncalc.network import Model, build
from rnncalc.plan import DEFAULTS, Defaults, Flow, LayerPlan, Plan
from rnncalc.sizes import DTYPES
from rnncalc.spec.entries import EntryReader, with_names
from rnncalc.spec.keys import free

if TYPE_CHECKING:
    from pathlib import Path

    from rnncalc.spec.settings import Settings
    from rnncalc.spec.source import Document

TOP = ("name", "framework", "input", "inputs", "layers", "weights", "budget", "expect", "dtype", "description")


class Reader:
    """Reads one document, and goes on after each mistake so that all are told at once.

    `framework` overrides the document's own, `default` stands where it has none.
    """

    def __init__(
        self, default_name: str, framework: str | None = None, default: Defaults = DEFAULTS, source: str | None = None
    ) -> None:
        self.default_name, self.override, self.default, self.source = default_name, framework, default, source
        self.problems = Mistakes()
        self.wrong = self.problems.wrong

    def plan(self, value: Any) -> Plan:
        """The plan of a document.

        Raises:
            SpecError: with all problems.
        """
        if not isinstance(value, Mapping):
            raise SpecError(Problem("a spec is a mapping with `layers:`"))
        for key in value:
            if key not in TOP and not free(key):
                self.wrong(f"unknown key {named(key)}{suggest(key, TOP)}", key, at="key")
        layout = self._layout(value)
        self.entries = EntryReader(layout, self.problems)
        name = self.entries.text(value.get("name", self.default_name), "name")
        dtype = value.get("dtype", self.default.dtype)
        if not _one_of(dtype, DTYPES):
            self.wrong(f"unknown dtype {named(dtype)}{among(dtype, DTYPES)}", "dtype")
        given = value.get("layers", [] if value.get("weights") else None)
        if not isinstance(given, (list, tuple)) or not (given or value.get("weights")):
            self.wrong("`layers` must be a list with at least one layer", "layers" if "layers" in value else "")
            given = []
        bare = self._weights(value.get("weights"))
        more = [LayerPlan("weights", "weights", {"shapes": bare}, where=("weights",))] if bare else []
        layers = with_names([*self.entries.layers(given, ("layers",)), *more], self.wrong)
        budget, expect = self._limits(value, "budget", layers), self._limits(value, "expect", layers)
        inputs = self._inputs(value)
        for layer in layers:
            if layer.name in (inputs or ("input",)):
                self.wrong(f"{named(layer.name)} is the name of an input", *layer.where, "name")
        plan = Plan(name, layout.name, layers, inputs, dtype, None, budget, expect, self.source)
        if self.problems:
            raise SpecError([*self.problems, *self._more(plan)])
        return plan

    def _limits(self, value: Mapping[str, Any], key: str, layers: Sequence[LayerPlan]) -> Mapping[str, Any]:
        if key not in value:
            return {}
        return LimitReader(self.wrong, [layer.name for layer in layers]).read(value[key], key)

    def _more(self, plan: Plan) -> Sequence[Problem]:
        """What is wrong with the layers that could be read, where framework and inputs could."""
        if any(problem.where[:1] not in (("layers",), ("budget",), ("expect",)) for problem in self.problems):
            return ()
        try:
            build(plan, {problem.where[:2] for problem in self.problems})
        except SpecError as error:
            return error.problems
        return ()

    def _layout(self, value: Mapping[str, Any]) -> Layout:
        name = self.override or value.get("framework", self.default.framework)
        if _one_of(name, layouts.NAMES) or _one_of(name, layouts.ALIASES):
            return layouts.find(name)
        hint = among(name, layouts.NAMES, layouts.ALIASES)
        self.wrong(f"unknown framework {named(name)}{hint}", "framework")
        return layouts.find(layouts.DEFAULT)

    def _inputs(self, value: Mapping[str, Any]) -> Mapping[str, Flow]:
        """The inputs by name; the only one is called `input`."""
        if "inputs" in value:
            given = value["inputs"]
            if "input" in value or not isinstance(given, Mapping) or not given:
                self.wrong("several inputs are `inputs: {source: {depth: 10}, target: {depth: 8}}`", "inputs")
                return {}
            found = {str(name): self._input(each, "inputs", name) for name, each in given.items()}
            return {name: flow for name, flow in found.items() if flow is not None}
        found = {"input": self._input(value["input"], "input")} if value.get("input") is not None else {}
        return {name: flow for name, flow in found.items() if flow is not None}

    def _input(self, given: Any, *where: Any) -> Flow | None:
        known = ("depth", "steps", "shape")
        unknown = [key for key in given if key not in known] if isinstance(given, Mapping) else []
        if unknown:
            for key in unknown:
                self.wrong(f"unknown key {named(key)}{suggest(key, known)}", *where, key, at="key")
        elif isinstance(given, Mapping) and set(given) == {"shape"}:
            axes = given["shape"]
            if isinstance(axes, (list, tuple)) and axes:
                sizes = [None if a is None else self.entries.size(a, *where, "shape", n) for n, a in enumerate(axes)]
                return Flow(tuple(sizes), len(axes) > 1, None)
            self.wrong("`shape` is a list of sizes, without the batch", *where, "shape")
        elif isinstance(given, Mapping) and "shape" not in given:
            steps = self.entries.size(given["steps"], *where, "steps") if given.get("steps") is not None else None
            if "depth" not in given:
                return Flow((steps,), True, True)
            return Flow((steps, self.entries.size(given["depth"], *where, "depth")), True)
        else:
            self.wrong("an input is {depth: 10, steps: 28} (steps may be left out) or {shape: [28, 10]}", *where)
        return None

    def _weights(self, given: Any) -> tuple[tuple[str, tuple[int, ...], bool], ...]:
        """A bare list of shapes: `weights: {kernel: [10, 20]}`, or `{kernel: {shape: [10, 20], trainable: false}}`."""
        if given is None:
            return ()
        if not isinstance(given, Mapping) or not given:
            self.wrong("`weights` names shapes, such as {kernel: [10, 20]}", "weights")
            return ()
        found = []
        for name, each in given.items():
            options = each if isinstance(each, Mapping) else {"shape": each}
            shape = options.get("shape")
            if set(options) - {"shape", "trainable"} or not isinstance(shape, (list, tuple)) or not shape:
                self.wrong("a weight is a shape, or {shape: [10, 20], trainable: false}", "weights", name)
                continue
            sizes = tuple(self.entries.size(axis, "weights", name) for axis in shape)
            found.append((str(name), sizes, self.entries.flag(options.get("trainable", True), "weights", name)))
        return tuple(found)


def _one_of(value: object, known: Collection[str]) -> bool:
    return isinstance(value, str) and value in known


def parse(
    mapping: Mapping[str, Any], name: str = "model", framework: str | None = None, default: Defaults = DEFAULTS
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
    framework: str | None = None,
    every: bool = True,
    default: Defaults = DEFAULTS,
    settings: Settings | None = None,
) -> Iterator[Model | SpecError | None]:
    """Each document of a file as a model, or what is wrong with it; those without a name are named after the file.

    Where not `every` document has to be a spec, None stands for one that is none. `settings` change what they name.
    """
    from rnncalc.spec.source import documents
    from rnncalc.spec.text import read_text

    documents_read = 0
    try:
        for document in documents(read_text(data, path), path):
            if not every and not (isinstance(document.value, dict) and {"layers", "weights"} & set(document.value)):
                yield None
                continue
            documents_read += 1
            yield _read(document, path, documents_read, framework, default, settings)
    except SpecError as error:
        yield error
        return
    if not documents_read and every:
        yield SpecError(Problem("empty: a spec is a mapping with `layers:`", path=path))


def _read(
    document: Document, path: str, number: int, framework: str | None, default: Defaults, settings: Settings | None
) -> Model | SpecError:
    problems, value = list(document.problems), document.value
    if value is None and problems:
        return SpecError(problems)
    name = "" if isinstance(value, dict) and "name" in value else _name(path, number)
    try:
        model = build(Reader(name, framework, default, path).plan(value))
        if settings:
            model = _changed(model, value, settings, Reader(name, framework, default, path))
    except SpecError as error:
        told = {(each.line, each.column) for each in problems}
        found = [document.locate(problem) for problem in error.problems]
        problems += [each for each in found if (each.line, each.column) not in told]
    if problems:
        return SpecError(sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0)))
    model.document = document
    return model


def _changed(model: Model, value: Mapping[str, Any], settings: Settings, reader: Reader) -> Model:
    """The model with the settings, read like the spec itself."""
    try:
        return build(reader.plan(settings.apply(model, value)))
    except SpecError as error:
        raise settings.told(model, error) from None


def _name(path: str, number: int) -> str:
    """The name of a document that has none, by its number in the file."""
    stem = "stdin" if path == "<stdin>" else splitext(basename(path))[0]
    return stem if number == 1 else f"{stem}#{number}"


def load_all(path: str | Path, framework: str | None = None) -> list[Model]:
    """Every model of a YAML file.

    Raises:
        SpecError: all that is wrong with the file.
        OSError: it cannot be read.
    """
    from rnncalc.spec.text import read_file

    found = list(read(read_file(path), fspath(path), framework))
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
