"""What to write where a text is no YAML; libyaml's own words tell what it did not find."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import yaml

NO_COLON = "no `: ` can stand here; quote a text that has one, and give each key a line, indented as those beside it"
NO_KEY = "this is indented as none of the keys above"


def told(error: yaml.MarkedYAMLError, lines: Sequence[str]) -> tuple[str, Any]:
    """What is wrong in words that say what would be right, and the mark where it is."""
    problem, context, mark = error.problem or "", error.context or "", error.problem_mark or error.context_mark
    start: Any = error.context_mark or mark
    rest, char = _at(mark, lines), _at(mark, lines)[:1]
    if "any token" in problem or "tab character" in problem:
        return "a tab; YAML is indented by spaces" if char == "\t" else f"quote a text that begins with `{char}`", mark
    if "mapping values" in problem:
        return NO_COLON, mark
    if "sequence entries" in problem:
        return "a list begins on a line of its own, below its key", mark
    if "undefined alias" in problem:
        name = re.split(r"[\s,\]}]", rest[1:])[0]
        return f"no anchor `&{name[:40]}` stands before this", mark
    if "end of stream" in problem and "quoted" in context:
        return "the quote that opens here is not closed", start
    if "expected ':'" in problem:
        return "a `: ` is missing behind this key", start
    if "',' or" in problem:
        return _unclosed(char, _at(start, lines)[:1], mark, start)
    if "node content" in problem:
        return f"a value is missing before this `{char}`" if char else "a closing bracket is missing", mark
    if "block collection" in context:
        return f"a `- ` is missing, as {_entries(start)} have it, or a key is indented too far", mark
    if "block mapping" in context or "document start" in problem:
        return _no_key(char, mark, start, lines), mark
    return " ".join(part for part in (problem, context) if part) or "not YAML", mark


def _at(mark: Any, lines: Sequence[str]) -> str:
    """What stands at a mark, to the end of its line; nothing at the end of the text."""
    return lines[mark.line][mark.column :] if mark and mark.line < len(lines) else ""


def _unclosed(char: str, opening: str, mark: Any, start: Any) -> tuple[str, Any]:
    closing = {"{": "}", "[": "]"}.get(opening, opening)
    if char and char in "]}":
        return f"this `{char}` does not close the `{opening}` of line {start.line + 1}, column {start.column + 1}", mark
    if char == ":" and mark.line == start.line:
        return NO_COLON, mark
    if char and mark.line == start.line:
        return f"a comma or a `{closing}` is missing before this", mark
    return f"this `{opening}` is not closed" + (
        f", or a comma is missing by line {mark.line + 1}" if char else ""
    ), start


def _no_key(char: str, mark: Any, start: Any, lines: Sequence[str]) -> str:
    if char and char in "]}":
        return f"this `{char}` closes nothing"
    if lines[mark.line][: mark.column].strip():
        return "nothing more can follow on this line; quote the whole of a text"
    return f"an entry of a list cannot stand beside the keys of line {start.line + 1}" if char == "-" else NO_KEY


def _entries(start: Any) -> str:
    return f"the entries of the list of line {start.line + 1}"
