"""The examples in the docstrings are true."""

from __future__ import annotations

import doctest
import pkgutil
from importlib import import_module

import pytest

import rnncalc

MODULES = [each.name for each in pkgutil.walk_packages(rnncalc.__path__, "rnncalc.") if "__main__" not in each.name]


@pytest.mark.parametrize("name", MODULES)
def test_every_example_runs(name: str) -> None:
    assert doctest.testmod(import_module(name)).failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_it_is(name: str) -> None:
    assert import_module(name).__doc__
