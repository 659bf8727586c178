"""How a framework stores a cell: tensors that are block matrices of the trace's pieces.

A line of a layout names a tensor and says what is in it; rows are sources, columns are gates:

    "kernel": "x h -> i g f o"        a matrix: the rows of x above those of h, the gates side by side
    "weight_ih": "i f g o <- x"       its transpose
    "bias": "1x => i g f o"           a vector: row after row; `1x` is the bias beside the matrix of x
    "w_{gate}_diag": "c* => f i o"    a tensor a gate; `c*` is the diagonal of c; {source} likewise
    "scale": "1 := s"                 a single number, without axes
    "kernel": "x -> q / heads"        with its columns split into heads × what a head has
    "w": "x -> 1 d"                   with its rows side by side, as one row
    "bias": "1x => y 1..."            followed by an axis of length 1 for each position; before it, also for the batch
    "*"                               every gate that has the source; `@` every matrix source, `@*` and `1@` likewise

A source without a name is `_`, a map without sources `1`, a matrix that is read whole `#`. A column may be marked:
`f+1` where the framework adds 1 to what it stores (to the gate, where it stores no bias), `-z` where it stores the
negative, `(f)` where it stores what the step never reads (`(f=i)`: of the shape of i), `k@v` where it stands beside
another source than its row.
What the cell does not have is left out; a hole in a block matrix that no mark declares is an error, and so is a piece
that no tensor holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from rnncalc.algebra import Poly, symbol
from rnncalc.record import Record, cached_property

NONE: Mapping[str, Any] = {}
MOST_FOUND = 4096  # answers that a layout keeps


class Entry(Record):
    """One class of a framework: the cell that it is, its tensors, and what it lets one choose.

    An option that is neither `fixed` nor `free` holds the step's own default. `free` maps an option to the choices
    there are (a type stands for all of its values), or to None where every value will do; `default` is the
    framework's, where it differs from the step's.
    """

    cell: str
    name: str
    tensors: Mapping[str, str]
    bias: tuple[str, ...] = ("single",)
    fixed: Mapping[str, Any] = NONE
    free: Mapping[str, tuple[Any, ...] | None] = NONE
    default: Mapping[str, Any] = NONE
    words: Mapping[str, str] = NONE
    below: Mapping[str, str] = NONE  # a size that has to be below another
    scope: str = ""
    buffers: Mapping[str, str] = NONE  # what is stored and is no parameter

    derived: Mapping[str, str] = NONE  # a size that is not given is another one, or `one/other` or `one*other`
    products: Mapping[str, tuple[str, str]] = NONE  # a word of the framework for one size times another
    inner: str = ""  # what lies between the layer's path and its tensors
    equal_depths: bool | None = None  # of several inputs: whether their depths have to be equal, or different
    named: bool = False  # a form that is meant only where it is named
    ranks: tuple[int, ...] = ()  # of layers of several ranks, those that there are
    number: int = 0  # the rank of a class of several ranks where its window is one number; 0 as its input is
    whole: bool = False  # a list of a window's sizes has one for the depth, too
    ends: bool = False  # a list of paddings has those before all axes, then those after
    also: Mapping[str, str] = NONE  # a second word for a key

    @cached_property
    def plain(self) -> bool:
        """Whether it stores all that the cell has as parameters, and nothing else."""
        return not self.buffers and not any("(" in line for line in self.tensors.values())

    def has_rank(self, rank: int) -> bool:
        """Whether the class has this number of axes."""
        return not rank or not self.ranks or rank in self.ranks

    def class_name(self, rank: int) -> str:
        """The framework's name of the class: `Conv{rank}D` with its rank, a star where that is open."""
        return self.name.format(rank=rank or "*")

    def accepts(self, option: str, value: Any, step_default: Any) -> bool:
        """Whether this class can be built with this value of an option."""
        if option in self.free:
            choices = self.free[option]
            return choices is None or value in choices or type(value) in choices
        own = self.fixed.get(option, step_default)
        return bool(value == own) or (isinstance(value, tuple) and isinstance(own, tuple) and set(value) == set(own))


class Names(Record):
    """How a framework names the tensors of a stack: {tensor}, {layer}, {direction}, {scope}, {name}, {nth}, {inner}.

    {name} is the layer's own, {scope} and {inner} the entry's, {layer} counts from 0, and {nth} is "", "_1", "_2", ...
    """

    single: str = "{tensor}"
    stacked: str = "cell_{layer}/{tensor}"
    bidirectional: str = "{direction}/{tensor}"
    both: str = "cell_{layer}/{direction}/{tensor}"
    directions: tuple[str, str] = ("fw", "bw")
    axis: bool = False  # the directions are the first axis of each tensor instead
    ordered: bool = False  # the tensors are sorted by name

    def of(self, stacked: bool, bidirectional: bool) -> str:
        """The template that names this stack."""
        if stacked:
            return self.both if bidirectional else self.stacked
        return self.bidirectional if bidirectional else self.single


class Layout(Record):
    """A framework: its classes, its names, its words for the sizes, and its habits."""

    name: str
    title: str
    entries: tuple[Entry, ...]
    aliases: tuple[str, ...] = ()
    names: Names = Names()
    words: Mapping[str, str] = NONE  # symbol or key -> the framework's word for it
    merges: tuple[str, ...] = ("concat",)
    wrapper: str = "{name}"  # the type that is shown for a bidirectional layer
    ignored: frozenset[str] = frozenset()  # arguments that change no figure
    channels_first: frozenset[str] = frozenset()  # layers whose depth is the first axis behind the batch
    beside: frozenset[str] = frozenset()  # names of what it saves beside weights: counters, seeds, an optimizer's
    nameless: frozenset[str] = frozenset()  # layers whose tensors it does not name; `*` all

    def classes(self, base: str, rank: int) -> tuple[Entry, ...]:
        """The entries of a cell or layer."""
        if (base, rank) not in self._classes:
            own = (entry for entry in self.entries if entry.cell in (base, "*") and entry.has_rank(rank))
            self._classes[base, rank] = tuple(own)
        return self._classes[base, rank]

    @cached_property
    def _found(self) -> dict[tuple[Any, ...], Any]:
        return {}

    def once(self, find: Callable[..., Any], *asked: Any) -> Any:
        """find(self, *asked), which is the same whenever it is asked."""
        key = (find, *asked)
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= MOST_FOUND:
                self._found.clear()
            found = self._found[key] = find(self, *asked)
        return found

    @cached_property
    def _classes(self) -> dict[tuple[str, int], tuple[Entry, ...]]:
        return {}

    def word(self, name: str, entry: Entry) -> str:
        """The framework's word for a symbol."""
        return entry.words.get(name, self.words.get(name, name))


def formula(shape: tuple[Poly, ...], words: Mapping[str, str]) -> str:
    """A shape as people read it: `(input_depth + num_units) × 4·num_units`."""
    return _formula(shape, tuple(words.items()))


@lru_cache(maxsize=4096)
def _formula(shape: tuple[Poly, ...], pairs: tuple[tuple[str, str], ...]) -> str:
    words = dict(pairs)
    names = {name: symbol(word) for name, word in pairs}
    renamed = [size.replace(names) for size in shape]
    # what the cell reads comes before what it has
    if not shape:
        return "1"
    texts = [str(size) if len(size.terms) < 2 else f"({_linear(size, words)})" for size in renamed]
    if len(texts) == 1 and len(renamed[0].terms) > 1:
        return _linear(renamed[0], words)
    return " × ".join(texts)


def _linear(size: Poly, words: Mapping[str, str]) -> str:
    first = words.get("input_depth", "input_depth")
    terms = sorted(
        size.terms.items(), key=lambda term: (not term[0], all(name != first for name, _ in term[0]), term[0])
    )
    return " + ".join(str(Poly(dict([term]))) for term in terms)
