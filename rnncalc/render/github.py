"""GitHub's workflow commands: an annotation at the line of each finding.

GitHub reads a line that starts with `::` as a command, so all that came from a user is escaped, and nothing of it
starts a line.
"""

from __future__ import annotations

from rnncalc.errors import printable
from rnncalc.gate.budget import Verdict
from rnncalc.render.findings import Finding, findings, outcome

_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def checks(verdict: Verdict, *, root: str = "") -> str:
    """`::error file=net.yaml,line=7,title=...::...` a finding, and a last line that counts."""
    found = "".join(map(_annotation, findings(verdict, root)))
    return f"{found}rnncalc: {outcome(verdict)}\n"


def _annotation(finding: Finding) -> str:
    places = {"file": finding.path, "line": finding.line, "col": finding.column, "title": finding.title}
    told = ",".join(f"{key}={_escaped(value, _PROPERTY)}" for key, value in places.items() if value is not None)
    return f"::{finding.level} {told}::{_escaped(finding.message, _DATA)}\n"


def _escaped(value: object, escapes: dict[str, str]) -> str:
    return "".join(escapes.get(char, char) for char in printable(str(value)))
