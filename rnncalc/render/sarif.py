"""SARIF 2.1.0, for GitHub's code scanning and other tools that collect findings."""

from __future__ import annotations

from typing import Any

from rnncalc import __version__
from rnncalc.gate.budget import Verdict
from rnncalc.render.findings import Finding, findings, rules
from rnncalc.render.gitlab import fingerprints
from rnncalc.render.json import dumps

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def checks(verdict: Verdict, *, root: str = "") -> str:
    """One log of one run; without results where nothing is wrong."""
    found = findings(verdict, root)
    known = rules(found)
    ids = list(known)
    described = [{"id": rule, "shortDescription": {"text": text}} for rule, text in known.items()]
    run = {
        "tool": {"driver": {"name": "rnncalc", "version": __version__, "rules": described}},
        "invocations": [{"executionSuccessful": not verdict.problems}],
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, ids, mark) for finding, mark in zip(found, fingerprints(found))],
    }
    return dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, 2) + "\n"


def _result(finding: Finding, ids: list[str], mark: str) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": ids.index(finding.rule),
        "level": finding.level,
        "message": {"text": f"{finding.title}. {finding.message}"},
        "partialFingerprints": {"rnncalc/v1": mark},
    }
    if finding.path is not None:
        from urllib.parse import quote

        place: dict[str, Any] = {"artifactLocation": {"uri": quote(finding.path.encode("utf-8", "surrogateescape"))}}
        region = {"startLine": finding.line, "startColumn": finding.column}
        if finding.line:
            place["region"] = {key: value for key, value in region.items() if value}
        result["locations"] = [{"physicalLocation": place}]
    return result
