"""The words in which a cell is written: its step function, as the paper has it.

A step takes the weights `w`, the input `x` and the states, and returns the new states, its output first:

    w.i(x, h)             an affine map of the sources x and h into `units`, with one bias: gate i
    w.i(x, h, diag(c))    c enters elementwise, through a vector of weights and not a matrix
    w.p(h, to="projection", bias=False)    a map that leads elsewhere, or has no bias
    sigmoid tanh relu     activations; `activate(v, name)` where the name is an option
    + - *                 elementwise

The same function runs under several interpreters (symbols, arrays), so it must not branch on values; it may
branch on options, its keyword parameters, which are known before any value:

    flag=False            yes or no
    size=None             a size, or none
    activation="tanh"     the name of an activation

Parameters without a default are sizes that have to be given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any, Protocol

from rnncalc.record import Record

ACTIVATIONS = ("tanh", "relu", "sigmoid", "linear", "softmax", "softplus", "softsign", "elu", "selu", "silu")


class Value:
    """What flows through a step; each interpreter says what an operation does to it."""

    __slots__ = ()

    def apply(self, operation: str, *others: Any) -> Value:
        """The value of `operation` (add, sub, rsub, mul, or an activation) on this value and others."""
        raise NotImplementedError

    def __add__(self, other: Any) -> Value:
        return self.apply("add", other)

    def __sub__(self, other: Any) -> Value:
        return self.apply("sub", other)

    def __rsub__(self, other: Any) -> Value:
        return self.apply("rsub", other)

    def __mul__(self, other: Any) -> Value:
        return self.apply("mul", other)


class Diag(Record):
    """A source that enters a map elementwise."""

    value: Any


class Lookup(Record):
    """A source of whole numbers below `size`, each of which picks a row of the matrix: no multiplication."""

    value: Any
    size: str


class Weights(Protocol):
    """`w` in a step: the attribute is the gate, the call is the map."""

    def __getattr__(self, gate: str) -> Callable[..., Value]: ...


def diag(value: Any) -> Diag:
    """The source `value`, to enter elementwise."""
    return Diag(value)


def lookup(value: Any, size: str) -> Lookup:
    """The source `value`, whole numbers below the size named `size`."""
    return Lookup(value, size)


def activate(value: Value, name: str) -> Value:
    """`value` under the activation `name`; `linear` leaves it as it is."""
    return value if name == "linear" else value.apply(name)


def sigmoid(value: Value) -> Value:
    """1 / (1 + exp(-value))."""
    return value.apply("sigmoid")


def tanh(value: Value) -> Value:
    """The hyperbolic tangent."""
    return value.apply("tanh")


class Cell:
    """A step function and what its signature says.

    `states` are the parameters after `w` and `x`; `sizes` must be given; `options` have defaults, and those whose
    default is None are `optional_sizes`.
    """

    def __init__(self, name: str, step: Callable[..., Any], module: Any) -> None:
        code = step.__code__
        positional = code.co_varnames[: code.co_argcount]
        keywords = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
        self.name = name
        self.step = step
        self.states: tuple[str, ...] = positional[2:]
        self.options: Mapping[str, Any] = dict(step.__kwdefaults__ or {})
        required = tuple(word for word in keywords if word not in self.options)
        self.sizes: tuple[str, ...] = (("units",) if self.states else ()) + required
        self.optional_sizes = tuple(word for word, default in self.options.items() if default is None)
        self.title: str = (module.__doc__ or name).strip().splitlines()[0].rstrip(".")
        self.doc: str = module.__doc__ or ""
        self.gates: Mapping[str, str] = getattr(module, "GATES", {})

    def __repr__(self) -> str:
        return f"Cell({self.name})"


@cache
def find(name: str) -> Cell | None:
    """The cell or surrounding layer of this name, from its file in cells/ or layers/; None if there is none."""
    if not name.isidentifier():
        return None
    for package in ("rnncalc.cells", "rnncalc.layers"):
        try:
            module = import_module(f"{package}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{package}.{name}":
                raise
            continue
        return Cell(name, getattr(module, name), module)
    return None


@cache
def names(package: str) -> tuple[str, ...]:
    """The names in `rnncalc.cells` or `rnncalc.layers`: one for each file."""
    import pkgutil

    return tuple(module.name for module in pkgutil.iter_modules(import_module(package).__path__))
