"""Where a text is no YAML: the message says what to write, and its place is where to write it."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rnncalc.errors import SpecError
from rnncalc.spec.source import documents
from rnncalc.spec.syntax import told

MISTAKES = {
    # what is not closed is told where it opens, however far below the parser stumbles
    "layers:\n  - lstm: {units: 3\ninput: {depth: 3}\n": (
        2,
        11,
        "this `{` is not closed, or a comma is missing by line 3",
    ),
    "layers: [lstm: 3,\n  gru: 4\n  dense: 5]\n": (1, 9, "this `[` is not closed, or a comma is missing by line 3"),
    "a: [1, 2\n": (1, 4, "this `[` is not closed"),
    "a: [1, 2}": (1, 9, "this `}` does not close the `[` of line 1, column 4"),
    "a: {b: [1, 2}}": (1, 13, "this `}` does not close the `[` of line 1, column 8"),
    'a: "x\nb: 3\n': (1, 4, "the quote that opens here is not closed"),
    "layers: [lstm: 3]]": (1, 18, "this `]` closes nothing"),
    "a: [1, {": (1, 9, "a closing bracket is missing"),
    "a: {b: 1 c: 2}": (1, 11, "no `: ` can stand here"),
    "layers: [lstm: {units: 3} dense: 4]": (1, 27, "a comma or a `]` is missing before this"),
    "a: [1,, 2]": (1, 7, "a value is missing before this `,`"),
    # tabs, indentation, dashes and colons
    "layers:\n\t- lstm: 3\n": (2, 1, "a tab; YAML is indented by spaces"),
    "a: 3\n\tb: 4\n": (2, 1, "a tab; YAML is indented by spaces"),
    "a:\n  b: 1\n c: 2\n": (3, 2, "this is indented as none of the keys above"),
    "  a: 3\n b: 3\n": (2, 2, "this is indented as none of the keys above"),
    "layers:\n  - lstm: 3\n  gru: 4\n": (3, 3, "a `- ` is missing, as the entries of the list of line 2 have it"),
    "a: 1\n- b\n": (2, 1, "an entry of a list cannot stand beside the keys of line 1"),
    "layers: - lstm: 3\n": (1, 9, "a list begins on a line of its own, below its key"),
    "name: a: b\n": (1, 8, "no `: ` can stand here; quote a text that has one"),
    "a: 1\nb\n": (2, 1, "a `: ` is missing behind this key"),
    'a: "b" c\n': (1, 8, "nothing more can follow on this line"),
    # signs that mean something
    "name: @team\n": (1, 7, "quote a text that begins with `@`"),
    "name: %d\n": (1, 7, "quote a text that begins with `%`"),
    "layers: [*base]\n": (1, 10, "no anchor `&base` stands before this"),
}


@pytest.mark.parametrize(("text", "expected"), MISTAKES.items())
def test_a_text_that_is_no_yaml_is_told_in_words_that_say_what_to_write(
    text: str, expected: tuple[int, int, str]
) -> None:
    with pytest.raises(SpecError) as caught:
        list(documents(text, "net.yaml"))
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == expected[:2]
    assert problem.message.startswith(expected[2])


@given(st.text("ab:- \n\t{}[],&*!|>'\"%@`#?\\", max_size=30))
def test_whatever_is_no_yaml_has_words_and_a_place_in_either_parser(text: str) -> None:
    for loader in (yaml.SafeLoader, yaml.CSafeLoader):
        try:
            list(yaml.compose_all(text, loader))
        except yaml.MarkedYAMLError as error:
            message, mark = told(error, text.splitlines() or [""])
            assert message
            assert 0 <= mark.line <= text.count("\n") + 1
