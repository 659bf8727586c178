"""What a CI system is told of a verdict: a finding for each broken limit and each bad spec, at its line."""

from __future__ import annotations

import os
from collections.abc import Iterator

from rnncalc.errors import Place, Problem, counted, printable
from rnncalc.gate.budget import Check, Verdict
from rnncalc.record import Record
from rnncalc.render.words import against, short

# what each kind of finding is about; a kind of check that is not here has the words of a budget
RULES = {
    "budget": "A figure is above its limit.",
    "expect": "A figure is not the one that is pinned.",
    "growth": "A figure grew too far over its baseline.",
    "exception": "An exception from a limit has ended.",
    "spec": "A spec could not be read, or a figure of it is not known.",
}
STANDING = {"growth": "base", "exception": "exception"}  # what stands at the place of a check; else its limit
STDIN = "stdin"  # the name of standard input where a format needs one


class Finding(Record):
    """One thing to tell; its texts are printable. `path` is relative to the repository; None without a file.

    `level` is error or warning; `identity` stays the same while lines and figures change.
    """

    rule: str
    level: str
    title: str
    message: str
    identity: tuple[str, ...]
    path: str | None = None
    line: int | None = None
    column: int | None = None


def findings(verdict: Verdict, root: str = "") -> list[Finding]:
    """What is wrong, errors first; `root` is the folder of the repository (the current one, where it is empty)."""
    found = [*_broken(verdict, root), *_problems(verdict, root)]
    return sorted(found, key=lambda finding: finding.level != "error")


def _broken(verdict: Verdict, root: str) -> Iterator[Finding]:
    for check in verdict.checks:
        if not check.passed:
            path, place = within(check.source, root), spot(check)
            told = f"{short(check.actual, check.metric)} is within its limit"  # as where an exception has ended
            if check.kind == "expect" or check.actual > check.limit:
                relation = "is not" if check.kind == "expect" else "is above"
                told = against(check.actual, check.limit, check.metric, relation)
            identity = (check.kind, path or "", check.model, check.layer or "", check.metric)
            yield Finding(
                check.kind,
                check.level,
                f"{printable(check.model)}: {subject(check)} {told}",
                explained(check, root),
                identity,
                path,
                place.line if place else None,
                place.column if place else None,
            )


def _problems(verdict: Verdict, root: str) -> Iterator[Finding]:
    for problem in verdict.problems:
        path = within(problem.path, root)
        title = "this spec cannot be read" if problem.line else "this cannot be checked"
        identity = ("spec", path or "", problem.message)
        message = printable(problem.message)
        yield Finding("spec", "error", title, message, identity, path, problem.line, problem.column)


def outcome(verdict: Verdict) -> str:
    """`2 of 8 limits broken, 1 error`."""
    broken = sum(check.failed for check in verdict.checks)
    warned = sum(not check.passed and not check.failed for check in verdict.checks)
    limits = counted(len(verdict.checks), "limit")
    told = [f"{broken:,} of {limits} broken" if broken else f"{limits} kept" if verdict.checks else "no limit checked"]
    told += [counted(warned, "warning")] if warned else []
    return ", ".join([*told, *([counted(len(verdict.problems), "error")] if verdict.problems else [])])


def rules(found: list[Finding]) -> dict[str, str]:
    """The kinds of findings that there are, each with a sentence."""
    return {**RULES, **{each.rule: RULES.get(each.rule, RULES["budget"]) for each in found}}


def spot(check: Check) -> Place | None:
    """Where in the spec it is: at the limit, or at the layer where the limit stands elsewhere."""
    inside = check.place is not None and check.place.path == check.source
    return check.place if inside else check.origin


def subject(check: Check) -> str:
    """`head: params`, the layer where there is one, and the metric."""
    return printable(f"{check.layer}: {check.metric}" if check.layer else check.metric)


def titled(check: Check) -> str:
    """The same, and the kind where it is no budget: a model has several limits of one figure."""
    return subject(check) if check.kind == "budget" else f"{subject(check)} ({check.kind})"


def explained(check: Check, root: str = "") -> str:
    """The exact figures, the excess, the largest size that fits, and the file of the limit where it is another."""
    told = [check.message, *([check.advice] if check.advice else [])]
    if check.place is not None and check.place.path != check.source:
        told.append(f"the {STANDING.get(check.kind, 'limit')} is {within(check.place.path, root)}:{check.place.line}")
    return printable("; ".join(told))


def located(problem: Problem, root: str = "") -> str:
    """`net.yaml:3:7: message`."""
    places = (within(problem.path, root), problem.line, problem.column)
    place = ":".join(str(part) for part in places if part is not None)
    return printable(f"{place}: {problem.message}" if place else problem.message)


def within(path: str | None, root: str = "") -> str | None:
    """The path as the repository's own tools name it: relative to its root, with slashes; None for standard input."""
    if path is None or path == "<stdin>":
        return None
    inside = os.path.relpath(path, root or None)
    return path if inside.startswith("..") else inside.replace(os.sep, "/")
