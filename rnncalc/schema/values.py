"""The kinds of values of a spec, as JSON Schema: a definition for each that is used often."""

from __future__ import annotations

from typing import Any

from rnncalc.report import METRICS
from rnncalc.sizes import LARGEST, pattern, unit
from rnncalc.spec.values import CHOICES, MOST_COUNTED, OR_FLAGS, PADDINGS

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
FREE: Schema = {"anyOf": [{"const": "description"}, {"pattern": "^x-"}]}  # the keys that are the user's own
FLAG: Schema = {"type": "boolean"}


def size(of: str = "count", least: int = 1) -> Schema:
    """A whole number, or a text that stands for one."""
    number = {"type": "integer", "minimum": least, "maximum": LARGEST}
    return {"anyOf": [number, {"type": "string", "pattern": pattern(of)}]}


def listed(items: Schema, least: int = 1, most: int | None = None) -> Schema:
    """A list of so many items."""
    return {"type": "array", "items": items, "minItems": least, **({"maxItems": most} if most else {})}


def ref(name: str) -> Schema:
    """The definition of this name."""
    return {"$ref": f"#/$defs/{name}"}


_TEXT: Schema = {"type": "string", "pattern": "\\S"}
_COUNTED = {"if": {"type": "integer"}, "then": {"maximum": MOST_COUNTED}}

DEFINITIONS: dict[str, Schema] = {
    "size": {"description": "A whole number such as 128, 1_000, 10k or 1.5M.", **size()},
    "limit": {"description": "A whole number such as 450k or 1.5M.", **size(least=0)},
    "bytes": {"description": "Bytes, such as 2MiB or 500KB.", **size("bytes", 0)},
    "name": _TEXT,
    "names": {"anyOf": [_TEXT, listed({"type": "string"})]},
}
_KINDS: dict[str, Schema] = {
    "Name": ref("name"),
    "Names": ref("names"),
    "int": ref("size"),
    "Count": {**ref("size"), **_COUNTED},
    "Target": listed({"anyOf": [ref("size"), {"const": -1}]}),
    "Pairs": listed(listed(ref("size"), 2, 2)),
    "float": {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
    "bool": FLAG,
    **{kind: {"enum": list(words)} for kind, words in CHOICES.items()},
    **{kind: {"enum": [True, False, *words]} for kind, words in OR_FLAGS.items()},
}


def limit(metric: str) -> Schema:
    """A size in what the metric is written in."""
    return ref("bytes" if unit(metric) == "bytes" else "limit")


def limits(more: Schema | None = None) -> Schema:
    """Limits of the metrics, of layers by their names or patterns, and `more`."""
    metrics = {metric: limit(metric) for metric in METRICS}
    each: Schema = {"type": "object", "properties": metrics, "additionalProperties": False}
    layers = {"type": "object", "additionalProperties": each, "description": "The limits of layers, by their names."}
    return {**each, "properties": {**metrics, "layers": layers, **(more or {})}}


def of_kind(kind: str, rank: int) -> Schema:
    """The values of a kind; an extent has a size for each axis (of which there are one to three where rank is 0)."""
    if kind == "Padding":
        return {"anyOf": [{"enum": list(PADDINGS)}, extent("limit", rank)]}
    return extent("size", rank) if kind == "Extent" else _KINDS[kind]


def extent(each: str, rank: int, more: int = 0) -> Schema:
    """A size for all axes, or a list of one for each; `more` allows a last one, for the depth."""
    return {"anyOf": [ref(each), listed(ref(each), rank or 1, (rank or 3) + more)]}
