"""What a comparison of a spec with a real model found: immutable records, and the error that tells them."""

from __future__ import annotations

from typing import Any

from rnncalc.errors import Problem, RnncalcError, counted, printable
from rnncalc.record import Record
from rnncalc.report import SCHEMA_VERSION

MISSING, EXTRA, RESHAPED = "missing", "extra", "shape"
MOST_TOLD = 40  # differences in a message


class Difference(Record):
    """One tensor that spec and model do not share: of the spec its name and shape, of the model likewise."""

    kind: str
    layer: str | None
    tensor: str | None
    shape: tuple[int, ...] | None
    entry: str | None
    found: tuple[int, ...] | None

    def __str__(self) -> str:
        where = f"{printable(self.layer)}: " if self.layer is not None else ""
        if self.kind == MISSING:
            return f"{where}{printable(self.tensor or '')} {axes(self.shape)} is missing from the model"
        if self.kind == EXTRA:
            return f"{where}{printable(self.entry or '')} {axes(self.found)} is not in the spec"
        ours, theirs = f"{printable(self.tensor or '')} {axes(self.shape)}", printable(self.entry or "")
        return f"{where}{ours} is {axes(self.found)} in the model ({theirs})"

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        record = dict(zip(self._fields, self))
        return {key: list(value) if isinstance(value, tuple) else value for key, value in record.items()}


class LayerMatch(Record):
    """A layer, the prefixes of the names that it took, and how many of its tensors were found as they should be.

    `advice` is the size that would have been found, where there is one.
    """

    name: str
    line: int | None
    prefixes: tuple[str, ...]
    tensors: int
    matched: int
    advice: str = ""

    @property
    def told(self) -> str:
        """`encoder (line 5): units 160 would fit (now 128)`."""
        return f"{printable(self.name)}{f' (line {self.line})' if self.line else ''}: {self.advice}"

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        return {**dict(zip(self._fields, self)), "prefixes": list(self.prefixes), "advice": self.advice or None}


class Match(Record):
    """A spec and a real model, compared. `aside` are tensors that are no weights, or were to be ignored."""

    model: str
    framework: str
    source: str | None
    against: str
    layers: tuple[LayerMatch, ...]
    differences: tuple[Difference, ...]
    aside: tuple[str, ...]
    hint: str = ""

    @property
    def passed(self) -> bool:
        """Whether nothing differs."""
        return not self.differences

    def __str__(self) -> str:
        source = f"{printable(self.source)} " if self.source else ""
        verdict = "matches" if self.passed else "does not match"
        against = printable(self.against) or "the model"
        lines = [f"{source}({printable(self.model)}, {self.framework}) {verdict} {against}"]
        lines += [f"  {each.told}" for each in self.layers if each.advice]
        lines += [f"  {each}" for each in self.differences[:MOST_TOLD]]
        if len(self.differences) > MOST_TOLD:
            lines.append(f"  and {counted(len(self.differences) - MOST_TOLD, 'more difference')}")
        return "\n".join([*lines, *([f"  {self.hint}"] if self.hint else [])])

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        return {
            "model": self.model,
            "framework": self.framework,
            "source": self.source,
            "against": self.against,
            "passed": self.passed,
            "layers": [layer.to_dict() for layer in self.layers],
            "differences": [each.to_dict() for each in self.differences],
            "aside": list(self.aside),
        }


class Matches(Record):
    """The matches of a run, and what could not be read."""

    matches: tuple[Match, ...]
    problems: tuple[Problem, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `verify --against`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "passed": not self.problems and all(match.passed for match in self.matches),
            "matches": [match.to_dict() for match in self.matches],
            "errors": [problem.to_dict() for problem in self.problems],
        }


class MismatchError(RnncalcError, AssertionError):
    """A spec that does not match the model; `match` says all that differs."""

    def __init__(self, match: Match) -> None:
        self.match = match
        super().__init__(str(match))


def axes(shape: tuple[int, ...] | None) -> str:
    """`138 × 512`, `(512)`, `()`."""
    return "()" if not shape else " × ".join(map(str, shape)) if len(shape) > 1 else f"({shape[0]})"
