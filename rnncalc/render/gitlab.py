"""GitLab's code quality report: a list of findings, whose fingerprints stay while lines and figures change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rnncalc.gate.budget import Verdict
from rnncalc.render.findings import STDIN, Finding, findings
from rnncalc.render.json import dumps

SEVERITY = {"error": "major", "warning": "minor"}


def checks(verdict: Verdict, *, root: str = "") -> str:
    """One JSON list; empty where nothing is wrong."""
    found = findings(verdict, root)
    issues = [_issue(finding, mark) for finding, mark in zip(found, fingerprints(found))]
    return dumps(issues, 2) + "\n"


def _issue(finding: Finding, mark: str) -> dict[str, Any]:
    return {
        "description": f"{finding.title}. {finding.message}",
        "check_name": f"rnncalc/{finding.rule}",
        "fingerprint": mark,
        "severity": SEVERITY[finding.level],
        "location": {"path": finding.path or STDIN, "lines": {"begin": finding.line or 1}},
    }


def fingerprints(found: list[Finding]) -> Iterator[str]:
    """A mark for each, the same in every run; those that are alike are numbered, since GitLab drops a second one."""
    from hashlib import sha256

    seen: dict[tuple[str, ...], int] = {}
    for finding in found:
        seen[finding.identity] = seen.get(finding.identity, 0) + 1
        yield sha256(json.dumps([*finding.identity, seen[finding.identity]]).encode()).hexdigest()
