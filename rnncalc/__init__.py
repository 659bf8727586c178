"""How many parameters does a recurrent model have, why, and does it still fit the budget?

>>> import rnncalc
>>> model = rnncalc.parse({"input": {"depth": 10}, "layers": [{"lstm": {"units": 128}}]})
>>> model.report().params
71168
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rnncalc.errors import Problem, RnncalcError, SpecError
    from rnncalc.matching.match import match
    from rnncalc.matching.matched import Match, MismatchError
    from rnncalc.network import Model
    from rnncalc.report import LayerReport, ModelReport, TensorReport
    from rnncalc.spec.read import load, load_all, parse

__version__ = "0.1.0"

_HOMES = {
    "load": "spec.read",
    "load_all": "spec.read",
    "parse": "spec.read",
    "match": "matching.match",
    "Match": "matching.matched",
    "MismatchError": "matching.matched",
    "Model": "network",
    "ModelReport": "report",
    "LayerReport": "report",
    "TensorReport": "report",
    "Problem": "errors",
    "RnncalcError": "errors",
    "SpecError": "errors",
}

__all__ = [
    "LayerReport",
    "Match",
    "MismatchError",
    "Model",
    "ModelReport",
    "Problem",
    "RnncalcError",
    "SpecError",
    "TensorReport",
    "load",
    "load_all",
    "match",
    "parse",
]


def __getattr__(name: str) -> Any:
    """Public names are imported when they are first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'rnncalc' has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f"rnncalc.{_HOMES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
