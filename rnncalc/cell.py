"""The words in which cells and layers are written: a step function, as the paper has it.

A cell's step takes the weights `w`, the input `x` and the states, and returns the new states, its output first:

    w.i(x, h)             an affine map of the sources x and h into `units`, with one bias: gate i
    w.i(x, h, diag(c))    c enters elementwise, through a vector of weights and not a matrix
    w.p(h, to="projection", bias=False)    a map that leads elsewhere, or has no bias
    sigmoid tanh relu     activations; `activate(v, name)` where the name is an option
    + - *                 elementwise

A surrounding layer is the same without states; what follows `x` are further inputs. It has a few words more:

    w.y(window(x, kernel_size))    a convolution: the map reads a window of positions
    w.e(lookup(x, "vocab"))        whole numbers pick rows of the matrix
    w.mean(trainable=False)        a map without sources: a vector that is stored, here one that training leaves alone
    pool reduce flatten reshape norm split part concat match mix ...    operations without weights

The same function runs under several interpreters (symbols, arrays), so it must not branch on values; it may branch on
options, its keyword parameters, which are known before any value. A parameter without a default has to be given. Their
annotations say what they are: `int` and `int | None` sizes, `bool`, `float`, and the kinds below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any

from rnncalc.record import Record

ACTIVATIONS = ("tanh", "relu", "sigmoid", "linear", "softmax", "softplus", "softsign", "elu", "selu", "silu")

GIVEN = ("rank", "input_depth", "lead")  # keywords that a layer finds out for itself

Activation = str  # one of ACTIVATIONS
Extent = tuple[int, ...]  # a whole number for each axis; one for all will do
Padding = Any  # "valid", "same", or a whole number for each axis
Pairs = tuple[tuple[int, int], ...]  # [[width, filters], ...]
Target = tuple[int, ...]  # a shape
Shapes = tuple[tuple[str, tuple[int, ...], bool], ...]  # names, shapes, whether they are trained
Count = int  # a size that the step itself has to know, as the number of heads


class Value:
    """What flows through a step; each interpreter says what an operation does to it."""

    __slots__ = ()

    def apply(self, operation: str, *others: Any, **static: Any) -> Value:
        """The value of `operation` on this value and others."""
        raise NotImplementedError

    def named(self, name: str) -> Value:
        """The same value, which the equations write on a line of its own; arrays have no use for a name."""
        return self

    def __add__(self, other: Any) -> Value:
        return self.apply("add", other)

    def __sub__(self, other: Any) -> Value:
        return self.apply("sub", other)

    def __rsub__(self, other: Any) -> Value:
        return self.apply("rsub", other)

    def __mul__(self, other: Any) -> Value:
        return self.apply("mul", other)

    __radd__ = __add__
    __rmul__ = __mul__


class Diag(Record):
    """A source that enters a map elementwise."""

    value: Any


class Lookup(Record):
    """A source of whole numbers below `size`, each of which picks a row of the matrix: no multiplication."""

    value: Any
    size: str


class Table(Record):
    """A source that is a matrix and nothing else: it is read whole. `sizes` are those before the map's own."""

    sizes: tuple[str | int, ...]


class Window(Record):
    """A source of which a map reads a window of positions: a convolution over the last axes before the depth.

    Each of `groups` groups of channels is convolved by itself; with `multiplier`, each channel.
    """

    value: Any
    kernel: Extent
    stride: Extent
    padding: Padding
    dilation: Extent
    groups: int
    multiplier: str


class Weights:
    """`w` in a step: the attribute is the gate, the call is the map."""

    def __getattr__(self, gate: str) -> Callable[..., Value]:
        raise NotImplementedError


def diag(value: Any) -> Diag:
    """The source `value`, to enter elementwise."""
    return Diag(value)


def lookup(value: Any, size: str) -> Lookup:
    """The source `value`, whole numbers below the size named `size`."""
    return Lookup(value, size)


def window(
    value: Any,
    kernel: Extent,
    stride: Extent = (1,),
    padding: Padding = "valid",
    dilation: Extent = (1,),
    groups: int = 1,
    multiplier: str = "",
) -> Window:
    """The source `value`, to be read by windows of `kernel` positions."""
    rank = len(kernel)
    return Window(value, kernel, spread(stride, rank), padding, spread(dilation, rank), groups, multiplier)


def spread(extent: Sequence[int], rank: int) -> Extent:
    """A number for each of `rank` axes."""
    return tuple(extent) * rank if len(extent) == 1 else tuple(extent)


def activate(value: Value, name: str) -> Value:
    """`value` under the activation `name`; `linear` leaves it as it is."""
    return value if name == "linear" else value.apply(name)


def sigmoid(value: Value) -> Value:
    """1 / (1 + exp(-value))."""
    return value.apply("sigmoid")


def tanh(value: Value) -> Value:
    """The hyperbolic tangent."""
    return value.apply("tanh")


def relu(value: Value) -> Value:
    """The positive part."""
    return value.apply("relu")


def softmax(value: Value) -> Value:
    """Exponentials that sum to 1 over the depth."""
    return value.apply("softmax")


def table(*sizes: str | int) -> Table:
    """A source that is read whole: a matrix of as many rows as the size says."""
    return Table(sizes)


def pool(value: Value, kind: str, kernel: Extent, stride: Extent, padding: Padding, padded: bool = False) -> Value:
    """The greatest (`max`) or the mean (`mean`) of each window; `padded` positions count in a mean as zeros."""
    rank = len(kernel)
    return value.apply("pool", kind=kind, kernel=kernel, stride=spread(stride, rank), padding=padding, padded=padded)


def reduce(value: Value, kind: str, rank: int) -> Value:
    """The greatest (`max`), the mean or the sum over the last `rank` axes before the depth."""
    return value.apply("reduce", kind=kind, rank=rank)


def norm(value: Value, over: str, epsilon: float, groups: int = 1) -> Value:
    """Without mean and with deviation 1 over `depth`, `positions` or `groups` with all positions; `rms` only scales."""
    return value.apply("norm", over=over, epsilon=epsilon, groups=groups)


def split(value: Value, parts: int, depth: str | int) -> Value:
    """The depth in `parts`, which become a new last axis; each has the size `depth`."""
    return value.apply("split", parts=parts, depth=depth)


def part(value: Value, n: int, parts: int, size: str) -> Value:
    """Part n of a depth that consists of `parts` of the same size, which is named `size`."""
    return value.apply("part", n, parts=parts, size=size)


def concat(values: Sequence[Value]) -> Value:
    """The values side by side."""
    return values[0].apply("concat", *values[1:])


class Cell:
    """A step function and what its signature says.

    `inputs` are `x` and, for a layer, what follows; `states` are a recurrent cell's; `sizes` are the symbols that have
    to be given, `required` all keywords without a default, `options` those with one, `kinds` what each of them is.
    """

    def __init__(self, name: str, base: str, rank: int, module: Any, recurrent: bool) -> None:
        step = getattr(module, base)
        code = step.__code__
        positional = code.co_varnames[1 : code.co_argcount]
        keywords = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
        self.name, self.base, self.rank, self.step = name, base, rank, step
        self.inputs: tuple[str, ...] = positional[:1] if recurrent else positional
        self.states: tuple[str, ...] = positional[1:] if recurrent else ()
        self.kinds: Mapping[str, str] = {word: step.__annotations__[word] for word in keywords}
        self.options: Mapping[str, Any] = dict(step.__kwdefaults__ or {})
        self.required = tuple(word for word in keywords if word not in self.options and word not in GIVEN)
        if recurrent and not rank:
            self.required = ("units", *self.required)
        self.sizes = tuple(word for word in self.required if self.kinds.get(word, "int") in ("int", "Count"))
        # the sizes of which a step knows no more than that they are there
        self.open = frozenset(word for word in self.sizes if self.kinds.get(word, "int") == "int" and word != "axis")
        self.optional_sizes = tuple(word for word, kind in self.kinds.items() if kind == "int | None")
        self.title: str = (module.__doc__ or name).strip().splitlines()[0].rstrip(".")
        self.gates: Mapping[str, str] = getattr(module, "GATES", {})
        # gates, or a gate@term, whose last columns never matter: as many as the size says, or all
        self.idle: Mapping[str, str] = getattr(module, "IDLE", {})
        self.chosen = frozenset((*self.options, *self.kinds))
        self.sized = frozenset((*self.sizes, *self.kinds))
        given = {**dict.fromkeys(GIVEN, 0), **dict.fromkeys(self.required, 1), **self.options}
        # what the step gets for each keyword where nothing is said: a size counts as a yes or no
        self.blank = {
            key: bool(given[key]) if kind == "int | None" else 1 if kind == "int" and key not in GIVEN else given[key]
            for key, kind in self.kinds.items()
        }

    def __repr__(self) -> str:
        return f"Cell({self.name})"

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The keywords of a call of the step."""
        return {word: self.rank if word == "rank" else given[word] for word in self.kinds}


@cache
def find(name: str) -> Cell | None:
    """The cell or surrounding layer of this name, from its file in cells/ or layers/; None if there is none.

    A file that names its RANKS has a layer for each: `conv.py` has conv1d, conv2d and conv3d.
    """
    ranked = name[-2:-1].isdigit() and name.endswith("d")
    base, rank = (name[:-2], int(name[-2])) if ranked else (name, 0)
    if not base.isidentifier() or base.startswith("_"):
        return None
    for package in ("rnncalc.cells", "rnncalc.layers"):
        try:
            module = import_module(f"{package}.{base}")
        except ModuleNotFoundError as error:
            if error.name != f"{package}.{base}":
                raise
            continue
        if rank in getattr(module, "RANKS", (0,)):
            return Cell(name, base, rank, module, package == "rnncalc.cells")
    return None


def recurrent() -> tuple[str, ...]:
    """The recurrent cells that read a vector at each step: those that are commands."""
    return tuple(name for name in names("rnncalc.cells") if not name[-2:-1].isdigit())


@cache
def names(package: str) -> tuple[str, ...]:
    """The names in `rnncalc.cells` or `rnncalc.layers`, from one file each."""
    import pkgutil

    found = []
    for each in pkgutil.iter_modules(import_module(package).__path__):
        module = import_module(f"{package}.{each.name}")
        ranks = getattr(module, "RANKS", ())
        if getattr(module, each.name).__code__.co_argcount > 1:  # bare weights read nothing: they are no layer
            found += [f"{each.name}{rank}d" for rank in ranks] or [each.name]
    return tuple(found)
