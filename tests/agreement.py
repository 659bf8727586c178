"""The JSON Schema beside the reader: what one takes the other takes, as far as a schema can say it."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import jsonschema

from rnncalc import layouts
from rnncalc.errors import SpecError
from rnncalc.schema import project, schema

# What the reader alone can say, in the words of its messages; docs/editors.md tells it.
BEYOND = (
    # names that are taken, or that are not there
    "two layers are named",
    "is the name of an input",
    "no layer is named",
    "no layer before .* is named",
    "which there is not",
    "comes after .*, so that reading it",
    "reads itself",
    # shapes: what a layer reads is what others give
    "the model has no input",
    "it reads [(]",
    "it needs a sequence",
    "it needs sequences of vectors",
    "it weighs the steps of a sequence",
    "it repeats a vector",
    "its input is",
    "do not fit together",
    "cannot add its input to its output",
    "is no stack",
    "has no layer above its first",
    "outputs of two directions are of different steps",
    "cannot be combined",
    "reads 2 inputs",
    "has different depths",
    "is larger than its input",
    "elements, which do not make",
    "do not name each axis",
    "has depth [0-9]+$",
    "do(es)? not divide",
    "leaves? (two outputs|apart)",
    # weights of other layers
    "cannot share weights with itself",
    "cannot be tied",
    "do not have one matrix each",
    "the matrices of",
    "would need other weights",
    "leave it out here",
    "is a .*, not a ",
    "nothing left to tie",
    # states of other layers
    "cannot start from its own",
    "has no states to start from",
    "cannot start where",
    "states that are learned, or from those",
    "has 1 to 3 axes, but its input",
    # one option beside another
    "has no (batch|group)_norm with (scale|center)",  # Equinox has both or none
    "the last of these sizes is the depth's",
    "the same before and after an axis",
    "needs .* below",
    "needs `.*` here",
    # the day that a text stands for
    "^'[0-9]{4}-[0-9]{2}-[0-9]{2}' is not a day",
    # the number that a text stands for, and how many layers there are
    "^'.*' is out of range",
    "^'[0-9]{50,}'[.]{3} is not a size",
    "is not a whole number; sizes",
    "a stack has at most",
    "a model has at most",
)


LONGEST = 20_000  # characters of a spec that is compared


@cache
def validator(default: str = layouts.DEFAULT) -> Any:
    """The schema's, for specs whose framework is this where they name none."""
    return jsonschema.Draft202012Validator(schema(default))


def told(value: Any, default: str = layouts.DEFAULT) -> list[str]:
    """What the schema finds wrong."""
    return [f"{error.json_path}: {error.message[:200]}" for error in validator(default).iter_errors(value)]


@cache
def _of_projects() -> Any:
    return jsonschema.Draft202012Validator(project.schema())


def told_of_project(value: Any) -> list[str]:
    """What the schema of a project file finds wrong."""
    return [f"{error.json_path}: {error.message[:200]}" for error in _of_projects().iter_errors(value)]


def beyond(error: SpecError) -> bool:
    """Whether a schema could say nothing of what is wrong."""
    return all(any(re.search(words, problem.message) for words in BEYOND) for problem in error.problems)


def plain(value: Any) -> Any:
    """The value as JSON has it; None where it has no such form, or is so large that comparing takes long."""
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):  # bytes, a key that is no text, a value in itself
        return None
    return json.loads(text) if len(text) < LONGEST else None
