"""The JSON Schema of a spec (draft 2020-12), read off what the reader accepts: catalogue, layouts, kinds of values.

What it cannot say is what one place of a spec has to do with another: names that exist and are not taken, shapes that
fit, options that a framework has only beside others. Those are errors of the reader alone.
"""

from __future__ import annotations

from rnncalc import layouts
from rnncalc.schema.layers import definitions, shared
from rnncalc.schema.values import DEFINITIONS, DIALECT, FLAG, Schema, limits, listed, ref
from rnncalc.schema.words import WORDS, described
from rnncalc.sizes import DTYPES
from rnncalc.spec.read import TOP


def schema(default: str = layouts.DEFAULT) -> Schema:
    """The schema of one document of a spec; `default` is the framework of those that name none.

    >>> schema()["properties"]["dtype"]["enum"][0]
    'float64'
    """
    known: dict[str, Schema] = {
        "name": ref("name"),
        "framework": {"enum": [*layouts.NAMES, *layouts.ALIASES]},
        "input": {"anyOf": [{"type": "null"}, ref("flow")]},
        "inputs": {"type": "object", "minProperties": 1, "additionalProperties": ref("flow")},
        "layers": {"type": "array"},
        "weights": {"type": ["object", "null"], "minProperties": 1, "additionalProperties": ref("weight")},
        "budget": ref("limits"),
        "expect": ref("limits"),
        "dtype": {"enum": list(DTYPES)},
    }
    layers = {"required": ["layers"], "properties": {"layers": {"minItems": 1}}}
    weights = {"required": ["weights"], "properties": {"weights": {"type": "object"}}}
    frameworks = {name: definitions(layouts.find(name)) for name in layouts.NAMES}
    return {
        "$schema": DIALECT,
        "title": "rnncalc model spec",
        "description": "One document of a spec: a model, layer by layer, with its budget.",
        "type": "object",
        "properties": {key: described(known.get(key, {}), WORDS.get(key, "")) for key in TOP},
        "patternProperties": {"^x-": {}},
        "additionalProperties": False,
        "anyOf": [layers, weights],
        "not": {"required": ["input", "inputs"]},
        "allOf": [_layers_of(name, name == default) for name in layouts.NAMES],
        "$defs": {
            **DEFINITIONS,
            "limits": limits(),
            **shared(),
            "flow": _flow(),
            "weight": _weight(),
            **{name: made for defined in frameworks.values() for name, made in defined.items()},
        },
    }


def _layers_of(framework: str, default: bool) -> Schema:
    words = [framework, *(alias for alias, name in layouts.ALIASES.items() if name == framework)]
    named: Schema = {"properties": {"framework": {"enum": words}}, "required": ["framework"]}
    chosen = {"anyOf": [named, {"not": {"required": ["framework"]}}]} if default else named
    return {"if": chosen, "then": {"properties": {"layers": ref(f"{framework}.layers")}}}


def _flow() -> Schema:
    steps = {"anyOf": [ref("size"), {"type": "null"}]}
    depth: Schema = {"properties": {"depth": ref("size"), "steps": steps}, "additionalProperties": False}
    shape: Schema = {"properties": {"shape": listed(steps)}, "additionalProperties": False}
    return {"type": "object", "if": {"required": ["shape"]}, "then": shape, "else": depth}


def _weight() -> Schema:
    shape = listed(ref("size"))
    named = {"type": "object", "properties": {"shape": shape, "trainable": FLAG}, "required": ["shape"]}
    return {"if": {"type": "object"}, "then": {**named, "additionalProperties": False}, "else": shape}
