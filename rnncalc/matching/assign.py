"""Which unit of a spec takes which stem of a real model's names: one to one, by name and shape.

Units take stems pass by pass, the plainest first: all that they want and nothing else, then all with more beside it,
then the same where the names say no direction, then by shape alone where the framework does not name a layer, and last
what is most alike. Among equals a stem that has the layer's name is taken by it, and the rest in order. So what can
match does, whatever stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from rnncalc.layout import Layout
from rnncalc.matching.saved import Shapes
from rnncalc.matching.stems import Entry, Stem, Stems
from rnncalc.matching.wanted import Parts, Unit

MOST_TRIED = 32  # stems that are compared with a unit that none fits


class Assignment:
    """Units and the stems that they have taken: `taken[n]` is that of `units[n]`."""

    def __init__(
        self, units: Sequence[Unit], shapes: Shapes, layout: Layout, claims: Mapping[str, Parts] | None = None
    ) -> None:
        self.units = list(units)
        self.stems = Stems(units, shapes, layout, claims or {})
        self.taken: dict[int, Stem] = {}
        for strict in (True, False):
            for more in (False, True):
                self._whole(self._left(lambda unit: unit.required), strict, more)
        self._in_pieces()
        for more in (False, True):
            self._whole(self._left(lambda unit: unit.required), False, more)
        self._by_shape()
        self._most_alike()
        self._scattered()
        for strict in (True, False):
            for more in (False, True):
                self._whole(self._left(lambda unit: not unit.required), strict, more)

    def _left(self, wanted: Callable[[Unit], object]) -> list[int]:
        return [n for n, unit in enumerate(self.units) if n not in self.taken and wanted(unit)]

    def _take(self, n: int, stem: Stem) -> None:
        self.taken[n] = stem
        for tail in self.units[n].wants:
            entry = stem.held.get(tail)
            if entry is not None and entry.unit is None:
                entry.unit = self.units[n]

    def _fits(self, unit: Unit, stem: Stem, more: bool) -> bool:
        """Whether all that the unit requires is there and free, and, where not `more`, nothing else."""
        held = 0
        for tail, want in unit.wants.items():
            entry = stem.held.get(tail)
            if entry is not None and (entry.unit is not None or entry.shape != want.shape):
                return False
            if entry is None and tail in unit.required:
                return False
            held += entry is not None
        return held > 0 and (more or held == stem.size)

    def _agrees(self, unit: Unit, stem: Stem, strict: bool) -> bool:
        """Whether direction and place are the unit's, or, where not `strict`, the names do not say them."""
        if stem.claim != self._claim(unit):
            return False
        direction = "" if stem.said == unit.name else stem.direction
        if strict:
            return direction == unit.direction and stem.place == unit.place
        return direction in ("", unit.direction) and (None in (stem.place, unit.place) or stem.place == unit.place)

    def _claim(self, unit: Unit) -> str:
        claims = self.stems.claims
        return unit.name if unit.name in claims else unit.owner if unit.owner in claims else ""

    # what fits

    def _whole(self, left: Iterable[int], strict: bool, more: bool) -> None:
        """Units that want the same, and all stems that have it."""
        kinds: dict[object, list[int]] = {}
        for n in left:
            unit = self.units[n]
            wants = frozenset((tail, want.shape, tail in unit.required) for tail, want in unit.wants.items())
            kinds.setdefault((unit.direction, unit.place, wants) if strict else wants, []).append(n)
        # what is named in more parts first: the matrix inside of Haiku's LSTM is not a linear layer
        for alike in sorted(kinds.values(), key=lambda each: -max(map(len, self.units[each[0]].wants))):
            unit = self.units[alike[0]]
            stems = [stem for stem in self._nearest(unit) if self._fits(unit, stem, more)]
            self._pair(alike, stems, strict)

    def _nearest(self, unit: Unit) -> list[Stem]:
        """The stems that have the rarest of the unit's tensors."""
        wants = unit.required or unit.optional
        return min((self.stems.by_tensor.get((tail, want.shape), []) for tail, want in wants.items()), key=len)

    def _pair(self, alike: Sequence[int], stems: Sequence[Stem], strict: bool) -> None:
        """Stems with the unit's name first, then in order."""
        free = dict(zip(map(id, stems), stems))
        for by_name in (True, False):
            for n in alike:
                unit = self.units[n]
                wanted: Iterable[Stem] = self.stems.named.get(unit.name, ()) if by_name else free.values()
                if n in self.taken or not free:
                    continue
                stem = next((s for s in wanted if id(s) in free and self._agrees(unit, s, strict)), None)
                if stem is not None:
                    del free[id(stem)]
                    self._take(n, stem)

    def _in_pieces(self) -> None:
        """A stack that is one unit may have been written by hand, cell by cell."""
        for n in self._left(lambda unit: unit.pieces):
            unit = self.units[n]
            if not self._is_open(unit) and self._is_open(unit.pieces[0]):
                self.units[n : n + 1] = unit.pieces[:1]
                self.units.extend(unit.pieces[1:])

    def _is_open(self, unit: Unit) -> bool:
        """Whether a tensor with a name that the unit wants is still free."""
        by_tail = self.stems.by_tail
        return any(stem.held[tail].unit is None for tail in unit.required for stem in by_tail.get(tail, ()))

    def _by_shape(self) -> None:
        """What the framework does not name is told by its shape alone, in order; axes of one do not count."""
        nameless = self._left(lambda unit: unit.nameless)
        aside = set(map(id, self.stems.aside))
        free: dict[object, list[Entry]] = {}
        for entry in self.stems.entries if nameless else ():
            if entry.unit is None and id(entry) not in aside:
                free.setdefault((self.stems.claim(entry.parts[:-1]), squeezed(entry.shape)), []).append(entry)
        for n in nameless:
            unit, stem = self.units[n], Stem((), self.stems.marks)
            for tail, want in unit.wants.items():
                alike = free.get((self._claim(unit), squeezed(want.shape)))
                if alike:
                    found = next((entry for entry in alike[:MOST_TRIED] if entry.shape == want.shape), alike[0])
                    alike.remove(found)
                    stem.held[tail], found.unit = found, unit
            if stem.held:
                self.taken[n] = stem

    # what does not fit

    def _most_alike(self) -> None:
        """A stem of the unit's name, then one that has one of its tensors, then one with the same names."""
        for wanted in (self._of_name, self._of_tensors, self._of_names):
            for n in self._left(lambda unit: unit.required and not unit.nameless):
                unit = self.units[n]
                best, most = None, (0, 0, 0)
                for stem in wanted(unit):
                    likeness = self._likeness(unit, stem)
                    if likeness > most:
                        best, most = stem, likeness
                    if wanted == self._of_names and likeness[::2] == (2, len(unit.required)):
                        break  # no other can be more alike
                if best is not None:
                    self._take(n, best)

    def _scattered(self) -> None:
        """What a unit lacks may lie one scope further in or out, as a part of TensorFlow 1's attention does."""
        for n, stem in self.taken.items():
            unit = self.units[n]
            for tail, want in unit.required.items():
                if tail in stem.held or unit.nameless:
                    continue
                for other in _open(self.stems.by_tensor.get((tail, want.shape), [])):
                    short = min(len(stem.parts), len(other.parts))
                    near = short and abs(len(stem.parts) - len(other.parts)) == 1
                    if near and stem.parts[:short] == other.parts[:short] and other.held[tail].unit is None:
                        stem.held[tail] = other.held[tail]
                        stem.held[tail].unit = unit
                        break

    def _likeness(self, unit: Unit, stem: Stem) -> tuple[int, int, int]:
        free = {t: stem.held[t] for t in unit.required if t in stem.held and stem.held[t].unit is None}
        first = stem.direction == self.stems.marks.directions[0] and not unit.direction
        if not free or not (self._agrees(unit, stem, False) or (first and stem.claim == self._claim(unit))):
            return 0, 0, 0
        same = sum(entry.shape == unit.required[tail].shape for tail, entry in free.items())
        return 1 + self._agrees(unit, stem, True), same, 2 * len(free) - len(stem.held)

    def _of_name(self, unit: Unit) -> Iterator[Stem]:
        yield from self.stems.named.get(unit.name, ())[:MOST_TRIED]
        if self._claim(unit):
            yield from (s for tail in unit.required for s in self.stems.by_tail.get(tail, ()) if s.claim)

    def _of_tensors(self, unit: Unit) -> Iterator[Stem]:
        for tail, want in unit.required.items():
            yield from _open(self.stems.by_tensor.get((tail, want.shape), []))

    def _of_names(self, unit: Unit) -> Iterator[Stem]:
        """Stems whose matrices are named as the unit's are: a dense layer is no LSTM that lost a kernel."""
        matrices = {(tail, len(want.shape)) for tail, want in unit.required.items() if len(want.shape) > 1}
        for tail in unit.required:
            for stem in _open(self.stems.by_tail.get(tail, [])):
                if {(other, len(each.shape)) for other, each in stem.held.items() if len(each.shape) > 1} == matrices:
                    yield stem


def _open(stems: list[Stem]) -> list[Stem]:
    """The first stems that have something left; those that have nothing are forgotten."""
    stems[:MOST_TRIED] = [s for s in stems[:MOST_TRIED] if any(e.unit is None for e in s.held.values())]
    return stems[:MOST_TRIED]


def squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape without its axes of one."""
    return tuple(axis for axis in shape if axis != 1)
