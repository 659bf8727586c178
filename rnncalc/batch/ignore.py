"""Which files an ignore file leaves out, by git's rules.

A line is a pattern. The last one that matches decides; `!` takes back. A pattern with a slash before its end counts
from the folder of its file, any other is for names at any depth; a slash at its end means folders alone. `*` and `?`
stop at slashes, `**/`, `/**/` and `/**` do not.

>>> rules = Rules(parse(b"build/\\n*.yaml\\n!keep.yaml\\n/old/**/x.yml"))
>>> [rules.says(path) for path in ("a.yaml", "sub/keep.yaml", "old/2/x.yml", "a.yml")]
[True, False, True, None]
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import count

from rnncalc.record import Record

NAMES = (".gitignore", ".rnncalcignore")  # those that come later decide
_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": " \\t",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": " \\t\\n\\r\\f\\v",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}


class Pattern(Record):
    """One line: a regular expression for paths from the folder of its file, and what it says of them."""

    regex: str
    ignored: bool
    folders: bool  # of folders alone


def parse(data: bytes) -> list[Pattern]:
    """The patterns of an ignore file."""
    number = count()
    lines = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").split("\n")
    found = []
    for n, line in enumerate(lines):
        line = _stripped(line.removesuffix("\r") if n < len(lines) - 1 else line)
        if not line or line.startswith("#"):
            continue
        ignored = not line.startswith("!")
        line = line if ignored else line[1:]
        folders = line.endswith("/")
        line = line[:-1] if folders else line
        anchored = "/" in line
        regex = _regex(line.removeprefix("/"), anchored, number) if line.strip("/") else None
        if regex is not None:
            found.append(Pattern(regex if anchored else f"(?:.*/)?{regex}", ignored, folders))
    return found


def _stripped(line: str) -> str:
    """Without spaces at its end, but for those behind a backslash."""
    bare = line.rstrip(" ")
    slashes = len(bare) - len(bare.rstrip("\\"))
    return f"{bare} " if slashes % 2 and len(bare) < len(line) else bare


def _regex(pattern: str, slashes: bool, number: Iterator[int]) -> str | None:
    """A regular expression for a pattern; None where it can match nothing.

    A star takes as little as lets what follows it up to the next star match, and is then done: looking for another
    place would find no more, and could take for ever.
    """
    if not slashes:
        return _segment(pattern, number)
    parts: list[str] = []
    words = pattern.split("/")
    for n, word in enumerate(words):
        last = n == len(words) - 1
        if word == "**":
            part: str | None = ".+" if last else "(?:.*/)?"
            if not last and parts[-1:] == [part]:
                continue
        else:
            part = _segment(word, number)
            part = part if last or part is None else f"{part}/"
        if part is None:
            return None
        parts.append(part)
    return "".join(parts)


def _segment(word: str, number: Iterator[int]) -> str | None:
    """The part of a pattern between two slashes."""
    chunks, place = [""], 0
    while place < len(word):
        char, place = word[place], place + 1
        if char == "*":
            chunks.append("")
        elif char == "?":
            chunks[-1] += "[^/]"
        elif char == "[":
            bracket = _bracket(word, place)
            if bracket is None:
                return None
            text, place = bracket
            chunks[-1] += text
        else:
            if char == "\\":
                if place == len(word):
                    return None
                char, place = word[place], place + 1
            chunks[-1] += re.escape(char)
    first, *rest = chunks
    if not rest:
        return first
    *middle, last = rest
    lazy = "".join(f"(?=(?P<g{(n := next(number))}>[^/]*?{chunk}))(?P=g{n})" for chunk in middle if chunk)
    return f"{first}{lazy}[^/]*{last}"


def _bracket(word: str, place: int) -> tuple[str, int] | None:
    """The set that begins at a place, and the place behind it; None where it has no end."""
    negated = word[place : place + 1] in ("!", "^") and place < len(word)
    place += negated
    first, items = True, ""
    while place < len(word) and (first or word[place] != "]"):
        first = False
        named = re.match(r"\[:([a-z]*):\]", word[place:])
        if named:
            if named[1] not in _CLASSES:
                return None
            items += _CLASSES[named[1]]
            place += len(named[0])
            continue
        start, place = _literal(word, place)
        if word[place : place + 1] == "-" and word[place + 1 : place + 2] not in ("", "]"):
            end, place = _literal(word, place + 1)
            if start and end and start <= end:
                items += f"{re.escape(start)}-{re.escape(end)}"
        else:
            items += re.escape(start)
    if place >= len(word):
        return None
    inside = f"[^{items}]" if negated and items else f"[{items}]" if items else "[^/]" if negated else "(?!)"
    return f"(?!/){inside}", place + 1


def _literal(word: str, place: int) -> tuple[str, int]:
    if word[place] == "\\" and place + 1 < len(word):
        place += 1
    return word[place], place + 1


class Rules:
    """The patterns of one ignore file."""

    def __init__(self, patterns: list[Pattern]) -> None:
        self.patterns = [(re.compile(each.regex, re.DOTALL), each) for each in patterns]
        joined = "|".join(each.regex for each in patterns)
        self.any = re.compile(joined or "(?!)", re.DOTALL)  # most paths match none

    def says(self, path: str, folder: bool = False) -> bool | None:
        """Whether a path from the folder of the file is ignored; None where the file does not say."""
        if self.any.fullmatch(path):
            for regex, pattern in reversed(self.patterns):
                if (folder or not pattern.folders) and regex.fullmatch(path):
                    return pattern.ignored
        return None


class Ignored(Record):
    """The rules that hold in a folder: its own, and those of the folders above.

    `depth` counts the parts of a path that lie above the folder of the rules.
    """

    rules: tuple[tuple[Rules, int], ...] = ()  # the last decide
    parts: tuple[str, ...] = ()  # of the folder, from the top

    def enter(self, name: str, folder: str) -> Ignored:
        """What holds in the folder `name` of this one, at the path `folder`."""
        parts = (*self.parts, name)
        own = [(Rules(found), len(parts)) for each in NAMES if (found := read(os.path.join(folder, each)))]
        return Ignored((*self.rules, *own), parts)

    def says(self, name: str, folder: bool) -> bool:
        """Whether what has this name in the folder is ignored."""
        for rules, depth in reversed(self.rules):
            said = rules.says("/".join((*self.parts[depth:], name)), folder)
            if said is not None:
                return said
        return False


def above(folder: str) -> Ignored:
    """What holds in a folder by itself and by the repository that it lies in."""
    whole = os.path.realpath(folder)
    chain = [whole]
    while not os.path.exists(os.path.join(chain[-1], ".git")):
        parent = os.path.dirname(chain[-1])
        if parent == chain[-1]:
            chain = [whole]  # no repository: nothing above counts
            break
        chain.append(parent)
    patterns = read(os.path.join(chain[-1], ".git", "info", "exclude"))
    found = Ignored(((Rules(patterns), 1),) if patterns else ())
    for each in reversed(chain):
        found = found.enter(os.path.basename(each), each)
    return found


def read(path: str) -> list[Pattern]:
    """The patterns of a file; none where there is no such file."""
    try:
        with open(path, "rb") as file:
            return parse(file.read(2**20))
    except OSError:
        return []
