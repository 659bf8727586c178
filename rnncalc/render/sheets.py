"""What the tabular documents show: columns and rows, for any format to draw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rnncalc.errors import counted
from rnncalc.gate.budget import Check, Verdict
from rnncalc.record import Record
from rnncalc.render.findings import STANDING
from rnncalc.render.names import grouped
from rnncalc.render.words import share

if TYPE_CHECKING:
    from rnncalc.compare import Comparison, Comparisons
    from rnncalc.errors import Problem
    from rnncalc.sizing.identify import Identified
    from rnncalc.sizing.solve import Solution


class Sheet(Record):
    """A table. A cell is a text, a number, None for unknown, or a list of texts, one a line.

    `spare` names the columns that a narrow terminal does without, the first to go first. `marker` is what a program
    finds the document by, in a format that can hide it; `folded` asks to show no more than the title at first.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    notes: tuple[str, ...] = ()
    spare: tuple[str, ...] = ()
    marker: str = ""
    folded: bool = False


class Excess(int):
    """A number that people read with its sign, and programs as it is."""

    def __format__(self, form: str) -> str:
        return super().__format__(f"+{form}")


class Pinned(int):
    """A number that people read as the one that is expected, and programs as it is."""

    def __format__(self, form: str) -> str:
        return f"= {super().__format__(form)}"


def checks(verdict: Verdict) -> list[Sheet]:
    """A row a limit, what to do about each that is broken, and each error: nobody reads a page beside a terminal."""
    (sheet,) = checks_table(verdict)
    return [sheet._replace(notes=(*sheet.notes, *(f"error: {_first(each)}" for each in verdict.problems)))]


def checks_table(verdict: Verdict) -> list[Sheet]:
    """The same for a terminal, which has the errors already."""
    columns: tuple[str, ...] = ("", "Model", "Layer", "Metric", "Actual", "Limit", "Excess")
    rows = tuple(row for _, row in _checked(verdict))
    if any(check.kind == "growth" for check in verdict.checks):
        columns = (*columns[:5], "Base", *columns[5:])
        bases = [check.base if check.kind == "growth" else "" for check in verdict.checks]
        rows = tuple((*row[:5], base, *row[5:]) for row, base in zip(rows, bases))
    notes = [_told(check) for check in verdict.checks if not check.passed]
    failed, limits = sum(check.failed for check in verdict.checks), counted(len(rows), "limit")
    excused = len(notes) - failed
    if rows:
        told = f"{failed:,} of {limits} broken" if notes else f"{limits} kept"
        notes.append(f"{told}, {counted(excused, 'warning')}" if excused else told)
    if verdict.problems:
        notes.append(counted(len(verdict.problems), "error"))
    return [Sheet("", columns, rows, tuple(notes), ("Layer",) * (not any(row[2] for row in rows)))]


def checks_csv(verdict: Verdict) -> list[Sheet]:
    """A row a limit, with all that is known of it, and one for each error."""
    columns = (
        "",
        "Model",
        "Layer",
        "Metric",
        "Actual",
        "Limit",
        "Excess",
        "Kind",
        "Base",
        "Level",
        "Source",
        "Message",
    )
    rows = tuple(
        (*row, check.kind, check.base, "" if check.passed else check.level, check.source, check.message)
        for check, row in _checked(verdict)
    )
    empty = ("",) * 6
    errors = [("error", *empty, "spec", "", "error", each.path, _first(each)) for each in verdict.problems]
    return [Sheet("", columns, (*rows, *errors))]


def _first(problem: Problem) -> str:
    """What is wrong and where, without the line itself."""
    return str(problem._replace(text=""))


def _checked(verdict: Verdict) -> Iterator[tuple[Check, tuple[Any, ...]]]:
    for check in verdict.checks:
        mark = "ok" if check.passed else "FAIL" if check.failed else "warn"
        excess = "" if check.passed or check.kind == "exception" else Excess(check.excess)
        limit = Pinned(check.limit) if check.kind == "expect" else check.limit
        yield check, (mark, check.model, check.layer or "", check.metric, check.actual, limit, excess)


def _told(check: Check) -> str:
    """What to say of a limit that is broken."""
    inside = check.place and check.place.path == check.source
    place = check.place if inside else check.source
    advice = f"; {check.advice}" if check.advice else ""
    what = STANDING.get(check.kind, "limit")
    elsewhere = f"; the {what} is {check.place}" if check.place and not inside else ""
    return f"{f'{place} ({check.model})' if place else check.model}: {check.message}{advice}{elsewhere}"


def proofs(found: Any) -> list[Sheet]:
    """A row a step of each proof."""
    sheets = []
    for proof in found.proofs:
        rows = tuple(("ok" if step.passed else "FAIL", step.what, step.detail) for step in proof.steps)
        verdict = "proven" if proof.passed else "NOT proven"
        sheets.append(Sheet(f"{proof.model} · {proof.framework}: {verdict}", ("", "What was done", "Result"), rows))
    return sheets


def solution(found: Solution) -> list[Sheet]:
    """A row a size around the largest that fits, and how it is known that no larger one does."""
    what = f"{found.layer}: {found.metric}" if found.layer else found.metric
    rows = tuple(
        (
            "<" if each.size == found.size else "",
            each.size,
            each.figure,
            share(each.figure, found.limit),
            "fits" if each.fits else "too much",
        )
        for each in found.tried
    )
    sizes = f"{found.word} of {found.owner}"
    if found.size is None:
        least = found.tried[0]
        note = f"no {sizes} fits: {least.size:,} already has {what} {least.figure:,}, above {found.limit:,}"
    else:
        note = f"the largest {sizes} within {what} {found.limit:,} is {found.size:,}: {found.figure:,}"
    n = "n" if found.multiple == 1 else f"n = {found.word} / {found.multiple}"
    grows = "" if found.growth.startswith("each") else f"{what} grows with {n}: "
    columns = ("", found.word, what, "of the limit", "")
    return [Sheet(f"{found.model} · {found.framework}", columns, rows, (note, f"{grows}{found.growth}"))]


def identified(found: Identified, most: int | None) -> list[Sheet]:
    """A row a match, and within which bounds there are no others."""
    rows = []
    for match in found.matches[:most]:
        words = {"True": "{}", "False": "no {}"}
        options = [
            words.get(str(value), "{} {}").format(key, value) for key, value in match.options if value is not None
        ]
        stack = [counted(match.num_layers, "layer")] * (match.num_layers > 1) + ["bidirectional"] * match.bidirectional
        told = ", ".join([*stack, *options, *(["no bias"] if not match.bias else [])])
        rows.append((match.cell, match.units, match.input_depth, told, ", ".join(match.frameworks)))
    bounds = found.bounds
    spans = (("units", bounds.units), ("input depth", bounds.input_depth), ("layers", bounds.num_layers))
    limits = ", ".join(f"{name} {span[0]:,}" + (f" to {span[-1]:,}" if len(span) > 1 else "") for name, span in spans)
    hidden = len(found.matches) - len(rows)
    there = counted(len(found.matches), "match", "es") if found.matches else "nothing there"
    shown = f"; the plainest {len(rows)} are shown, --all shows the rest" if hidden else ""
    cells = f"{', '.join(bounds.cells)}, each with its options that are on or off, with bias and without"
    notes = (f"{there} with exactly {counted(found.params, 'parameter')}{shown}", f"looked through: {limits}; {cells}")
    columns = ("Cell", "Units", "Input depth", "Stack and options", "Frameworks")
    return [Sheet("", columns, tuple(rows), notes)]


def comparisons(found: Comparisons) -> list[Sheet]:
    """A row a framework; below it the tensors of a model of one layer, or the layers that are not alike everywhere."""
    sheets = []
    for each in found.comparisons:
        rows = tuple(
            (row.framework, row.params, _more(row.difference), row.bias_params, row.why)
            if row.error is None
            else (row.framework, "", "", "", row.error)
            for row in each.rows
        )
        columns = ("Framework", "Params", "Diff", "Biases", "Why")
        sheets.append(Sheet(f"{each.name}, against {each.framework}", columns, rows, (each.why,)))
        single = all(len(row.layers) == 1 for row in each.built)
        sheets += [_tensors_of(each)] if single else [_layers_of(each)] if each.differing() else []
    return sheets


def comparisons_csv(found: Comparisons) -> list[Sheet]:
    """A row a framework and layer of every model, with all that is known of it."""
    columns = ("Model", "Source", "Framework", "Layer", "Class", "Params", "Difference", "Biases", "Never read")
    rows: list[tuple[Any, ...]] = []
    for each in found.comparisons:
        for row in each.rows:
            start = (each.name, each.source, row.framework)
            for layer in row.layers:
                tensors = [f"{tensor.name} {'x'.join(map(str, tensor.shape))}" for tensor in layer.tensors]
                figures = (layer.params, layer.difference, layer.bias_params, layer.unread_params)
                rows.append((*start, layer.name, layer.framework_type, *figures, "; ".join(layer.why), tensors, ""))
            if row.error is not None:
                rows.append((*start, *(None,) * 8, row.error))
    return [Sheet("", (*columns, "Why", "Tensors", "Error"), tuple(rows))]


def _tensors_of(found: Comparison) -> Sheet:
    rows: list[tuple[str, ...]] = []
    for row in found.built:
        for layer in row.layers:
            start = (row.framework, layer.framework_type)
            for name, shape in grouped(layer.tensors) or [("none", "")]:
                rows.append((*start, name, shape))
                start = ("", "")
    return Sheet("Tensors", ("Framework", "Class", "Tensors", "Shape"), tuple(rows), (), ("Class",))


def _layers_of(found: Comparison) -> Sheet:
    """A row a layer and count: those who have it, and why."""
    rows: list[tuple[Any, ...]] = []
    for n, layer in enumerate(found.built[0].layers):
        alike: dict[tuple[Any, ...], list[str]] = {}
        for row in found.built:
            stored = row.layers[n]
            alike.setdefault((stored.params, stored.difference, stored.why), []).append(row.framework)
        if layer.name in found.differing():
            name = layer.name
            for (params, difference, why), names in alike.items():
                rows.append((name, params, _more(difference), "; ".join(why), ", ".join(names)))
                name = ""
    return Sheet("Layers that differ", ("Layer", "Params", "Diff", "Why", "Frameworks"), tuple(rows))


def _more(difference: int | None) -> str:
    return f"{difference:+,}" if difference else ""


def listing(catalogue: Any) -> list[Sheet]:
    """Cells or frameworks: a row each."""
    return [Sheet("", catalogue.columns, catalogue.rows, catalogue.notes)]
