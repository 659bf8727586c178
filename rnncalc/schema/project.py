"""The JSON Schema of a project file, read off what its reader accepts."""

from __future__ import annotations

from rnncalc import layouts
from rnncalc.gate import exemption, growth, project
from rnncalc.report import METRICS
from rnncalc.schema.values import DEFINITIONS, DIALECT, FREE, Schema, limit, limits, listed, ref
from rnncalc.schema.words import PROJECT, described
from rnncalc.sizes import DTYPES


def schema() -> Schema:
    """The schema of a project file.

    >>> list(schema()["properties"])[:2]
    ['include', 'exclude']
    """
    names = {"additionalProperties": ref("limits")}
    models: Schema = {"type": "object", **names}
    known: dict[str, Schema] = {
        "include": {"anyOf": [ref("name"), listed(ref("name"))]},
        "exclude": {"anyOf": [ref("name"), listed(ref("name"), 0)]},
        "framework": {"enum": [*layouts.NAMES, *layouts.ALIASES]},
        "dtype": {"enum": list(DTYPES)},
        "budget": limits({"models": models}),
        "growth": ref("growth"),
        "baseline": ref("name"),
        "exceptions": listed(ref("exception"), 0),
    }
    properties = {
        key: described({"anyOf": [known[key], {"type": "null"}]} if key in known else {}, PROJECT.get(key, ""))
        for key in project.KEYS
    }
    return {
        "$schema": DIALECT,
        "title": "rnncalc project file",
        "description": "Which specs there are, their defaults, and the limits that hold for all of them.",
        "type": ["object", "null"],
        "properties": properties,
        "propertyNames": {"anyOf": [{"enum": list(properties)}, FREE]},
        "$defs": {
            **{name: DEFINITIONS[name] for name in ("name", "limit", "bytes")},
            "limits": limits(),
            "growth": _growth(),
            "exception": _exception(),
        },
    }


def _growth() -> Schema:
    percent = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": growth.PATTERN}]}
    each: Schema = {"type": "object", "additionalProperties": False}
    metrics = {
        metric: {**each, "properties": {"percent": percent, "floor": limit(metric)}, "required": list(growth.KEYS)}
        for metric in METRICS
    }
    inner = {**each, "properties": metrics}
    return {**each, "properties": {**metrics, "layers": {"type": "object", "additionalProperties": inner}}}


def _exception() -> Schema:
    optional = {"anyOf": [ref("name"), {"type": "null"}]}
    known = {
        "metric": {"enum": list(METRICS)},
        "until": {"type": "string", "pattern": exemption.PATTERN},
        "limit": {"anyOf": [ref("limit"), ref("bytes"), {"type": "null"}]},
        **dict.fromkeys(("layer", "path"), optional),
    }
    properties = {key: known.get(key, ref("name")) for key in exemption.KEYS}
    return {
        "type": "object",
        "properties": properties,
        "required": list(exemption.NEEDED),
        "additionalProperties": False,
    }
