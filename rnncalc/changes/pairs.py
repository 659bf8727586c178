"""Which is which: the layers of a model, or the models of a folder, as they were and as they are.

What has a name of its own is found by it; the rest by what it is, in order; and last what is alike but for its name,
which was renamed.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Sequence
from difflib import SequenceMatcher
from typing import TypeVar

from rnncalc.layer import Layer

T = TypeVar("T")
Pairs = list[tuple[int, int]]  # places in the old and in the new sequence

REFERENCES = ("inputs", "tied_to", "same_as", "initial_state")  # what names other layers in a plan
MOST_ALIGNED = 1_000_000  # old × new that are aligned at their best; more are aligned one after the other


def named(layer: Layer) -> bool:
    """Whether a layer has a name of its own: one that the spec gives, not `lstm_1`."""
    return "name" in layer.plan.spelled or not re.fullmatch(rf"{re.escape(layer.plan.type)}(_\d+)?", layer.plan.name)


def likeness(layer: Layer) -> Hashable:
    """What a layer is, but for its name and the names it refers to."""
    plan = layer.plan
    references = [getattr(plan, key) for key in REFERENCES]
    blank = {key: type(value)() for key, value in zip(REFERENCES, references)}
    own = plan._replace(name="", options={}, where=(), spelled={}, **blank)
    return (repr(sorted(plan.options.items())), repr(own), *map(bool, references))


def layer_pairs(old: Sequence[Layer], new: Sequence[Layer]) -> list[tuple[Layer | None, Layer | None]]:
    """The layers of two models in the order of the new one; what was removed stands where it was."""
    found: Pairs = []
    alike = [[likeness(layer) for layer in layers] for layers in (old, new)]
    kinds = [[layer.plan.type for layer in layers] for layers in (old, new)]
    own = [[named(layer) for layer in layers] for layers in (old, new)]
    places = {layer.plan.name: n for n, layer in enumerate(old) if own[0][n]}
    found += [(places[each.plan.name], n) for n, each in enumerate(new) if own[1][n] and each.plan.name in places]
    unnamed = [[n for n, is_named in enumerate(each) if not is_named] for each in own]
    found += _aligned(unnamed[0], unnamed[1], (alike, kinds))
    left = remaining(len(old), len(new), found)
    found += _aligned(left[0], left[1], (alike,))
    left = remaining(len(old), len(new), found)
    some = _aligned(left[0], left[1], (kinds,))  # one of them got a name, or lost it
    found += [(a, b) for a, b in some if not (own[0][a] and own[1][b])]
    return _ordered(old, new, found)


def remaining(old: int, new: int, found: Pairs) -> tuple[list[int], list[int]]:
    """The places of two sequences that no pair has."""
    taken = {a for a, _ in found}, {b for _, b in found}
    return [n for n in range(old) if n not in taken[0]], [n for n in range(new) if n not in taken[1]]


def _aligned(old: list[int], new: list[int], keys: Sequence[Sequence[Sequence[Hashable]]]) -> Pairs:
    """Pairs in order that have the first key in common, and between those the ones that have the next."""
    if not keys or not old or not new:
        return []
    (mine, theirs), *rest = keys
    found: Pairs = []
    last = (0, 0)
    blocks = [*_blocks([mine[n] for n in old], [theirs[n] for n in new]), (len(old), len(new), 0)]
    for a, b, size in blocks:
        found += _aligned(old[last[0] : a], new[last[1] : b], rest)
        found += zip(old[a : a + size], new[b : b + size])
        last = (a + size, b + size)
    return found


def _blocks(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int, int]]:
    """What two sequences have in common, as (place in the old, place in the new, length)."""
    short = min(len(old), len(new))
    start = next((n for n in range(short) if old[n] != new[n]), short)
    end = next((n for n in range(short - start) if old[-1 - n] != new[-1 - n]), short - start)
    middle = old[start : len(old) - end], new[start : len(new) - end]
    if len(middle[0]) * len(middle[1]) <= MOST_ALIGNED:
        blocks = SequenceMatcher(None, *middle, autojunk=False).get_matching_blocks()
        matched = [(block.a, block.b, block.size) for block in blocks]
    else:
        matched = _one_by_one(*middle)
    inner = [(a + start, b + start, size) for a, b, size in matched if size]
    return [(0, 0, start), *inner, (len(old) - end, len(new) - end, end)]


def _one_by_one(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int, int]]:
    places: dict[Hashable, deque[int]] = defaultdict(deque)
    for n, key in enumerate(old):
        places[key].append(n)
    found, last = [], -1
    for n, key in enumerate(new):
        queue = places[key]
        while queue and queue[0] <= last:
            queue.popleft()
        if queue:
            last = queue.popleft()
            found.append((last, n, 1))
    return found


def _ordered(old: Sequence[T], new: Sequence[T], found: Pairs) -> list[tuple[T | None, T | None]]:
    partner = {b: a for a, b in found}
    kept = set(partner.values())
    removed = deque(n for n in range(len(old)) if n not in kept)
    ordered: list[tuple[T | None, T | None]] = []
    for n, each in enumerate(new):
        while removed and n in partner and removed[0] < partner[n]:
            ordered.append((old[removed.popleft()], None))
        ordered.append((old[partner[n]] if n in partner else None, each))
    return [*ordered, *((old[n], None) for n in removed)]


def paired(old: Sequence[T], new: Sequence[T], keys: Sequence[Callable[[T], Hashable]]) -> Pairs:
    """Pairs of what has one key in common, by the first key and then, of those that are left, by the next.

    Where several have a key in common, the first goes with the first. A key of None has nothing in common.
    """
    found: Pairs = []
    for key in keys:
        left = remaining(len(old), len(new), found)
        places: dict[Hashable, deque[int]] = defaultdict(deque)
        for n in left[0]:
            places[key(old[n])].append(n)
        for n in left[1]:
            wanted = key(new[n])
            if wanted is not None and places.get(wanted):
                found.append((places[wanted].popleft(), n))
    return found
