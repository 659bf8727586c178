"""Which class of a framework a layer is, with which options and which bias; or who could build it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rnncalc import layouts
from rnncalc.cell import Cell, find
from rnncalc.errors import listed
from rnncalc.layout import Entry, Layout
from rnncalc.plan import LayerPlan
from rnncalc.record import Record


class Choice(Record):
    """The framework's class, all options, and the bias policy."""

    entry: Entry
    options: dict[str, Any]
    policy: str


class Refusal(Record):
    """Why a framework cannot build a layer, and the key that it fails at."""

    key: str
    message: str


def entries(layout: Layout, cell: Cell) -> tuple[Entry, ...]:
    """The framework's classes that are this cell or layer."""
    return layout.classes(cell.base, cell.rank)


def choose(layout: Layout, plan: LayerPlan, cell: Cell, equal: bool = True) -> Choice:
    """The framework's class for a layer; `equal` tells whether its inputs have equal depths.

    Raises:
        SpecError: the framework has no such thing; the message says which frameworks can.
    """
    found = pick(layout, plan, cell, equal)
    if isinstance(found, Choice):
        return found
    others = [name for name in able(plan._replace(form=""), cell, equal) if name != layout.name]
    can = f"{listed(others)} {'has' if len(others) == 1 else 'have'} it" if others else "no framework here has it"
    raise plan.wrong(found.key, f"{found.message}; {can}")


def able(plan: LayerPlan, cell: Cell, equal: bool = True) -> Iterator[str]:
    """The frameworks that can build a layer."""
    for name in layouts.NAMES:
        if isinstance(pick(layouts.find(name), plan, cell, equal), Choice):
            yield name


def pick(layout: Layout, plan: LayerPlan, cell: Cell, equal: bool = True) -> Choice | Refusal:
    """The framework's class for a layer, or why it has none."""
    own, kinds = cell.options, cell.kinds
    asked = tuple((key, value) for key, value in plan.options.items() if key in own or kinds.get(key) == "Activation")
    merge = plan.merge_mode if plan.bidirectional else ""
    found: tuple[Entry, str] | Refusal
    found = layout.once(_fitting, cell.name, plan.form, plan.bias, merge, equal, asked)
    if isinstance(found, Refusal):
        return found
    entry, policy = found
    options = {**cell.options, **entry.default, **entry.fixed, **plan.options}
    return below(layout, entry, options) or Choice(entry, options, policy)


def below(layout: Layout, entry: Entry, options: Mapping[str, Any]) -> Refusal | None:
    """What is wrong with sizes of which the class needs one below another."""
    for small, large in entry.below.items():
        sizes: tuple[Any, Any] = (options.get(small), options.get(large))
        if all(type(size) is int for size in sizes) and not sizes[0] < sizes[1]:
            words = [layout.word(word, entry) for word in (small, large)]
            message = f"{layout.name} needs {words[0]} below {words[1]}; {sizes[0]} is not below {sizes[1]}"
            return Refusal(small, message)
    return None


def _fitting(
    layout: Layout, name: str, form: str, bias: bool | str | None, merge: str, equal: bool, asked: tuple[Any, ...]
) -> tuple[Entry, str] | Refusal:
    """The class and its bias policy, by all that they hang on: many layers ask for the same."""
    cell = find(name)
    assert cell
    plan = LayerPlan(name, "", dict(asked), form, bias)
    known = entries(layout, cell)
    if not known:
        what = (
            f"{layout.name} has no {cell.name}" if cell.states else f"{cell.name} is not known here for {layout.name}"
        )
        return Refusal("", what)
    candidates = _candidates(known, plan.form, cell.rank, equal)
    fitting = [entry for entry in candidates if not refused(entry, cell, plan)]
    if not fitting:
        key = refused(candidates[-1], cell, plan)[0]
        return Refusal(key, f"{layout.name} has no {cell.name} with {_said(key, plan.options[key])}")
    entry = next((each for each in fitting if policy_of(each, plan) in each.bias), None)
    if entry is None:
        entry, policy = fitting[0], policy_of(fitting[0], plan)
        what = "without bias" if policy == "none" else f"with bias {policy}"
        named = entry.class_name(cell.rank)
        return Refusal("bias", f"{layout.name} has no {named} {what} (it has {listed(entry.bias)})")
    if merge and merge not in layout.merges:
        return Refusal("merge_mode", f"{layout.name} has no merge_mode {merge} (it has {listed(layout.merges)})")
    return entry, policy_of(entry, plan)


def _candidates(known: Sequence[Entry], form: str, rank: int, equal: bool) -> Sequence[Entry]:
    """The classes that were named, or else those that need not be, for inputs of equal depths or of others."""
    known = [entry for entry in known if entry.equal_depths in (None, equal)]
    forms = [entry for entry in known if form in map(entry.class_name, (rank, 1, 2, 3))] if form else ()
    return forms or [entry for entry in known if not entry.named]


def policy_of(entry: Entry, plan: LayerPlan) -> str:
    """The bias policy that is asked for; the framework's own where none is, or where there shall be one."""
    if plan.bias is False:
        return "none"
    if plan.bias is True:
        return next((policy for policy in entry.bias if policy != "none"), "none")
    return entry.bias[0] if plan.bias is None else plan.bias


def refused(entry: Entry, cell: Cell, plan: LayerPlan) -> list[str]:
    """The options that this class cannot have as they are asked for."""
    if entry.cell == "*":
        return []
    asked = [(key, value) for key, value in plan.options.items() if key in cell.options or key in entry.fixed]
    return [key for key, value in asked if not entry.accepts(key, value, cell.options.get(key))]


def _said(key: str, value: Any) -> str:
    return key if value is True else f"{key} {str(value).lower() if isinstance(value, bool) else value}"
