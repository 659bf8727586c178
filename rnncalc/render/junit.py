"""JUnit XML: a suite a spec, a test a limit; Jenkins, GitLab, Azure, CircleCI and others show it."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from rnncalc.errors import Problem, printable
from rnncalc.gate.budget import Check, Verdict
from rnncalc.render.findings import STDIN, explained, located, spot, titled, within


def checks(verdict: Verdict, *, root: str = "") -> str:
    """One document; without tests where there is no model."""
    suites: dict[str, list[Check | Problem]] = {}
    for check in verdict.checks:
        suites.setdefault(within(check.source, root) or STDIN, []).append(check)
    for problem in verdict.problems:
        suites.setdefault(within(problem.path, root) or STDIN, []).append(problem)
    tests = [test for suite in suites.values() for test in suite]
    parts = (part for name, suite in suites.items() for part in _suite(name, suite, root))
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="rnncalc" {_counts(tests)}>\n'
    return "".join([head, *parts, "</testsuites>\n"])


def _suite(name: str, tests: list[Check | Problem], root: str) -> Iterator[str]:
    yield f"  <testsuite name={_quoted(name)} {_counts(tests)}>\n"
    for test in tests:
        yield from _check(test, name, root) if isinstance(test, Check) else _problem(test, name, root)
    yield "  </testsuite>\n"


def _counts(tests: list[Check | Problem]) -> str:
    failures = sum(test.failed for test in tests if isinstance(test, Check))
    errors = sum(isinstance(test, Problem) for test in tests)
    return f'tests="{len(tests)}" failures="{failures}" errors="{errors}" skipped="0"'


def _check(check: Check, path: str, root: str) -> Iterator[str]:
    place = spot(check)
    start = f"    <testcase classname={_quoted(check.model)} name={_quoted(titled(check))} {_place(path, place)}"
    told = explained(check, root)
    if check.failed:
        yield f"{start}>\n      <failure type={_quoted(check.kind)} message={_quoted(told)}>{_text(told)}</failure>\n"
        yield "    </testcase>\n"
    elif not check.passed:  # a warning fails no test
        yield f"{start}>\n      <system-out>{_text(told)}</system-out>\n    </testcase>\n"
    else:
        yield f"{start}/>\n"


def _problem(problem: Problem, path: str, root: str) -> Iterator[str]:
    name = _quoted(located(problem, root))
    yield f"    <testcase classname={_quoted(path)} name={name} {_place(path, problem)}>\n"
    yield f'      <error type="spec" message={_quoted(problem.message)}>{_text(str(problem))}</error>\n'
    yield "    </testcase>\n"


def _place(path: str, place: object) -> str:
    line = getattr(place, "line", None)
    return f"file={_quoted(path)}" + (f' line="{line}"' if line else "")


def _text(text: str) -> str:
    return escape("\n".join(map(printable, text.split("\n"))))  # what is printable is allowed in XML


def _quoted(text: str) -> str:
    return f'"{escape(printable(text))}"'
