"""What can be wrong with what a user gave, and how it is said: what, where, and what would be right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from rnncalc.record import Record

LONGEST = 60  # characters of a value in a message


class Problem(Record):
    """One thing that is wrong.

    `where` is the way to it in the spec, such as ("layers", 2, "units"); `at` tells whether the key there is wrong or
    its value. A spec read from a file has `path`, `line` and `column` (from 1) and the line's `text` too.
    """

    message: str
    where: tuple[Any, ...] = ()
    at: str = "value"
    path: str | None = None
    line: int | None = None
    column: int | None = None
    text: str = ""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.path, self.line, self.column) if part is not None)
        if not place:
            place = "".join(f"[{part}]" if isinstance(part, int) else f".{_cut(str(part))}" for part in self.where)
            place = place.lstrip(".")
        first = f"{place}: {self.message}" if place else self.message
        return f"{first}\n{self.excerpt()}" if self.text and self.line else first

    def excerpt(self) -> str:
        """The line with a caret below the place, cut where it is long."""
        column = self.column or 1
        start = max(0, column - 60) if len(self.text) > 100 else 0
        shown = self.text[start : start + 100].replace("\t", " ")
        number = f"{self.line:>5} | "
        return f"{number}{printable(shown)}\n{' ' * (len(number) - 2)}| {' ' * width(shown[: column - 1 - start])}^"

    def to_dict(self) -> dict[str, Any]:
        """The record in the JSON output."""
        return {"path": self.path, "line": self.line, "column": self.column, "message": self.message}


class Place(Record):
    """A line and column, from 1, of a file."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        return {"path": self.path, "line": self.line, "column": self.column}


class RnncalcError(Exception):
    """Every error of this package that a user can cause."""


class Mistakes(list[Problem]):
    """Problems, one after the other."""

    def wrong(self, message: str, *where: Any, at: str = "value") -> None:
        """One more of them."""
        self.append(Problem(message, where, at))


class SpecError(RnncalcError, ValueError):
    """A model that cannot be built as described; `problems` says all that is wrong with it."""

    def __init__(self, problems: Iterable[Problem] | Problem | str) -> None:
        if isinstance(problems, str):
            problems = Problem(problems)
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class _Shown(dict[int, str]):
    """What stands for each character: itself, or its number where it would do more than be seen."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = shown = char if char.isprintable() else "�" if code < 0x20 else f"\\u{code:04x}"
        return shown


_SHOWN = _Shown()


def printable(text: str) -> str:
    """The text without what would move a terminal's cursor or turn the direction of writing."""
    return text if text.isprintable() else text.translate(_SHOWN)


def width(text: str) -> int:
    """The terminal columns that a text takes: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def shown(value: object, depth: int = 2) -> str:
    """A value as one writes it in a spec, cut off where it is long: `true`, `null`, `.nan`, `'10x'`, `[1, 2]`.

    Reads no more of the value than it shows: a few lines of aliases can stand for millions of values.
    """
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, str):
        return repr(value) if len(value) <= LONGEST else f"{value[: LONGEST - 3]!r}..."
    if isinstance(value, int):  # Python writes no more than 4,300 digits
        digits = value.bit_length() * 3 // 10
        return _cut(str(value)) if digits < 1000 else f"a number of about {digits:,} digits"
    if isinstance(value, float):
        return {"nan": ".nan", "inf": ".inf", "-inf": "-.inf"}.get(repr(value), repr(value))
    if isinstance(value, Mapping):
        pairs = [
            f"{_word(key) if isinstance(key, str) else shown(key, 0)}: {shown(each, depth - 1)}"
            for key, each in islice(value.items(), 4 if depth else 0)
        ]
        return _cut(f"{{{_joined(pairs, len(value))}}}")
    if isinstance(value, (list, tuple)):
        return _cut(f"[{_joined([shown(each, depth - 1) for each in value[: 4 if depth else 0]], len(value))}]")
    return f"a value of type {type(value).__name__}"


def named(word: object) -> str:
    """A word of the user's, such as a key: in backticks, and cut off where it is long."""
    return f"`{_word(word)}`" if isinstance(word, str) else shown(word)


def quoted(name: str) -> str:
    """A name in backticks, whole, without any of its own."""
    return f"`{name.replace('`', chr(39))}`"


def _word(word: str) -> str:
    return _cut(printable(word[: LONGEST + 1]))


def _cut(text: str) -> str:
    return f"{text[: LONGEST - 3]}..." if len(text) > LONGEST else text


def _joined(parts: list[str], count: int) -> str:
    return ", ".join([*parts, "..."] if len(parts) < count else parts)


def nearest(word: object, known: Iterable[str]) -> str | None:
    """The known word that is nearest, where one is near."""
    from difflib import get_close_matches

    found = get_close_matches(word, list(known), n=1, cutoff=0.6) if isinstance(word, str) else []
    return found[0] if found else None


def suggest(word: object, known: Iterable[str]) -> str:
    """`; did you mean ...?` for the nearest known word, else nothing."""
    found = nearest(word, known)
    return f"; did you mean `{found}`?" if found else ""


def among(word: object, known: Iterable[str], also: Iterable[str] = ()) -> str:
    """`; did you mean ...? There are ...`, or `; there are ...` where no word is near; `also` are other spellings."""
    known = tuple(known)
    hint = suggest(word, (*known, *also))
    return f"{hint} There are {listed(known)}" if hint else f"; there are {listed(known)}"


def listed(words: Iterable[str], last: str = "and") -> str:
    """`a, b and c`."""
    *rest, final = list(words)
    return f"{', '.join(rest)} {last} {final}" if rest else final


def counted(number: int, noun: str, plural: str = "s") -> str:
    """`1 error`, `1,000 errors`."""
    return f"{number:,} {noun}{'' if number == 1 else plural}"
