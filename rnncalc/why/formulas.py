"""Formulas as people read them: a sum of tensors' sizes, in symbols and with the numbers put in.

>>> told = summed({"(input_depth + num_units) × 4·num_units": 1, "4·num_units": 1})
>>> told
'(input_depth + num_units) × 4·num_units + 4·num_units'
>>> in_numbers(told, {"input_depth": 10, "num_units": 128})
'(10 + 128) × 4·128 + 4·128'
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, cast

from rnncalc.algebra import NotPolynomial, Poly, poly, symbol
from rnncalc.errors import SpecError
from rnncalc.layout import formula
from rnncalc.record import Record
from rnncalc.symbolic import free_sizes, symbolic

if TYPE_CHECKING:
    from rnncalc.layer import Layer
    from rnncalc.network import Model

MOST_OPEN = 60  # sizes that the formula of one model names

Place = tuple[str, str]


class Total(Record):
    """A model's count as one formula in symbols, the same in numbers, and what the symbols stand for."""

    symbols: str
    numbers: str
    sizes: Mapping[str, int]


def in_numbers(told: str, values: Mapping[str, int]) -> str:
    """A formula with each name replaced by its number, and the digits of all numbers grouped."""
    return _rewritten(told, values, lambda name: f"{values[name]:,}")


def _rewritten(told: str, names: Iterable[str], word: Callable[[str], str]) -> str:
    listed = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    named = rf"(?<![\w.])(?:{listed})(?![\w./])|" if listed else ""
    known = set(names)
    return re.sub(
        rf"{named}(?<![\w.,])[0-9]{{4,}}(?![\w.])",
        lambda found: word(found[0]) if found[0] in known else f"{int(found[0]):,}",
        told,
    )


def summed(counts: Mapping[str, int]) -> str:
    """The sum of formulas, each so many times; `0` for none."""
    terms = []
    for told, times in counts.items():
        several = " " in told
        terms.append(told if times == 1 else f"{times} × ({told})" if several else f"{times} × {told}")
    return " + ".join(terms) or "0"


def of_layer(layer: Layer, first: str = "") -> Counter[str]:
    """The formulas of the tensors that a layer of symbolic sizes allocates, with how often each is there."""
    words = {"input_depth": first} if first else {}
    found: Counter[str] = Counter()
    for tensor in layer.tensors:
        if not tensor.shared:
            found[formula(tuple(poly(axis) for axis in tensor.shape), words)] += 1
    return found


def total(model: Model) -> Total:
    """The count of a model as one formula in the names of its sizes, such as `encoder.units`.

    A size that is divided, compared or has to equal another one stands there as its number.
    """
    names = named_sizes(model)
    opened = _opened(model, names)
    free = {place: symbol(names[place][0]) for place in opened}
    made = symbolic(model, free) if free else model
    found: Counter[str] = Counter()
    for layer in made.layers:
        depth = cast("int | Poly", (layer.depths or [None])[0] or 0)
        found.update(of_layer(layer, next(iter(sorted(poly(depth).symbols)), "")))
    told = summed(found)
    sizes = {names[place][0]: names[place][1] for place in opened}
    return Total(_rewritten(told, sizes, str), in_numbers(told, sizes), sizes)


def named_sizes(model: Model) -> dict[Place, tuple[str, int]]:
    """What each size that may be open is called, and its value; in a model of one layer, by the bare word."""
    alone = len(model.layers) == 1 and len(model.inputs) == 1
    found: dict[Place, tuple[str, int]] = {}
    for name, flow in model.inputs.items():
        depth = flow.shape[-1]
        if not flow.numbers and depth is not None and len(flow.shape) == 2:
            word = model.layers[0].words["input_depth"] if alone else f"{name}.depth"
            found[name, "depth"] = (word, depth)
    for layer in model.layers:
        for key, value in free_sizes(layer).items():
            if value is not None:
                owner = layer.plan.same_as or layer.plan.name
                word = layer.words[key]
                found[layer.plan.name, key] = (word if alone else f"{owner}.{word}", value)
    return found


def _opened(model: Model, names: Mapping[Place, tuple[str, int]]) -> list[Place]:
    """The sizes that can be symbols all at once: all of them, or as many as fit, the first first."""
    if len(names) > MOST_OPEN:
        return []
    if _builds(model, {place: name for place, (name, _) in names.items()}):
        return list(names)
    kept: dict[Place, str] = {}
    for name in dict.fromkeys(name for name, _ in names.values()):
        more = {place: name for place, (own, _) in names.items() if own == name}
        if _builds(model, {**kept, **more}):
            kept.update(more)
    return list(kept)


def _builds(model: Model, free: Mapping[Place, str]) -> bool:
    try:
        _ = symbolic(model, {place: symbol(name) for place, name in free.items()}).params
    except (SpecError, NotPolynomial):
        return False
    return True
