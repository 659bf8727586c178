"""A real model's tensors, by what their names begin and end with.

A stem is what stands before the end of a name that some unit of a spec wants: `encoder.rnn` of
`encoder.rnn.weight_ih_l0`. The tensors of one layer share it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rnncalc.layout import Layout
from rnncalc.matching.saved import Shapes
from rnncalc.matching.wanted import Marks, Parts, Unit, parts_of

DEEPEST = 16  # parts of a name that are told apart
COLLECTIONS = {"params", "batch_stats"}  # what stands before all names in Flax


class Entry:
    """A tensor of the real model, and the unit that has taken it."""

    __slots__ = ("name", "parts", "shape", "unit")

    def __init__(self, name: str, shape: tuple[int, ...]) -> None:
        parts = parts_of(name)
        parts = parts[:-1] if parts[-1:] == ("value",) else parts  # as Flax NNX ends the path of a variable
        self.name, self.shape = name, shape
        self.parts = ("/".join(parts[:-DEEPEST]), *parts[-DEEPEST:]) if len(parts) > DEEPEST else parts
        self.unit: Unit | None = None

    @property
    def natural(self) -> list[tuple[bool, int, str]]:
        """By which `layers.10` comes after `layers.2`."""
        digits = [part if part.isascii() and part.isdecimal() else "" for part in self.parts]
        return [(not digit, int(digit[:18] or 0), part) for digit, part in zip(digits, self.parts)]


class Stem:
    """`held` are the tensors behind it that units want, by the end of their names; `size` how many there are in all.

    `claim` is the layer for which the caller has set it aside.
    """

    __slots__ = ("claim", "direction", "held", "parts", "place", "said", "size")

    def __init__(self, parts: Parts, marks: Marks, claim: str = "") -> None:
        self.parts, self.claim, self.size = parts, claim, 0
        self.direction, self.place, self.said = marks.read(parts)
        self.held: dict[Parts, Entry] = {}


class Stems:
    """All tensors of a real model, in order, and their stems by the tensors that units want of them.

    `aside` are those that the framework saves beside weights; `named` the stems with the name of a unit in them.
    """

    def __init__(self, units: Sequence[Unit], shapes: Shapes, layout: Layout, claims: Mapping[str, Parts]) -> None:
        entries = [Entry(name, shape) for name, shape in shapes.items()]
        if entries and all(COLLECTIONS.intersection(entry.parts[:1]) for entry in entries):
            for entry in entries:
                entry.parts = entry.parts[1:]
        if len(entries) > 1 and list(shapes) == sorted(shapes):  # an order that says nothing
            entries.sort(key=lambda entry: entry.natural)
        self.entries, self.marks, self.claims = entries, Marks(layout.names), claims
        tails = {tail for unit in units for tail in unit.wants}
        tails.update(tail for unit in units for piece in unit.pieces for tail in piece.required)
        longest = max(map(len, tails), default=0)
        beside = layout.beside | {"optimizer"}
        self.aside = [
            entry
            for entry in entries
            if not beside.isdisjoint(entry.parts)
            and not any(
                entry.parts[-n:] in tails and beside.isdisjoint(entry.parts[:-n]) for n in range(1, longest + 1)
            )
        ]
        self._index(tails, longest, {unit.name for unit in units})

    def _index(self, tails: set[Parts], longest: int, names: set[str]) -> None:
        stems: dict[Parts, Stem] = {}
        self.by_tensor: dict[tuple[Parts, tuple[int, ...]], list[Stem]] = {}
        self.by_tail: dict[Parts, list[Stem]] = {}
        self.named: dict[str, list[Stem]] = {}
        aside = set(map(id, self.aside))
        entries = [entry for entry in self.entries if id(entry) not in aside]
        for entry in entries:
            for n in range(1, min(longest, len(entry.parts)) + 1):
                tail, parts = entry.parts[-n:], entry.parts[:-n]
                if tail not in tails:
                    continue
                if parts not in stems:
                    stem = stems[parts] = Stem(parts, self.marks, self.claim(parts))
                    for part in names.intersection(parts):
                        self.named.setdefault(part, []).append(stem)
                stem = stems[parts]
                if tail not in stem.held:
                    stem.held[tail] = entry
                    self.by_tensor.setdefault((tail, entry.shape), []).append(stem)
                    self.by_tail.setdefault(tail, []).append(stem)
        for entry in entries:
            for n in range(len(entry.parts)):
                if entry.parts[:n] in stems:
                    stems[entry.parts[:n]].size += 1

    def claim(self, parts: Parts) -> str:
        """The layer whose prefix, as the caller gave it, is in these parts; the longest wins."""
        inside = [layer for layer, prefix in self.claims.items() if _contains(parts, prefix)]
        return max(inside, key=lambda layer: len(self.claims[layer]), default="")


def _contains(parts: Parts, prefix: Parts) -> bool:
    if not prefix:
        return not parts
    return any(parts[n : n + len(prefix)] == prefix for n in range(len(parts) - len(prefix) + 1))
