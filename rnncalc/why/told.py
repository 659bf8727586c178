"""What is told of a model: immutable records, which renderers draw and which are the JSON of `explain`."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from rnncalc.equations import Equation
from rnncalc.errors import Problem
from rnncalc.record import Record
from rnncalc.report import SCHEMA_VERSION, LayerReport, ModelReport
from rnncalc.why import formulas
from rnncalc.why.influence import Influence

if TYPE_CHECKING:
    from rnncalc.trace import Trace


class Length(Record):
    """A vector of the step: the input, a state or what a map gives, how long it is, and that in the framework's words.

    `reads` are what the map multiplies with matrices.
    """

    name: str
    kind: str
    size: int
    formula: str
    reads: tuple[str, ...] = ()


class Side(Record):
    """One strip of a tensor's rows or columns: what stands there, and how many of them. `read`: the step reads it.

    A row is a source, a source that enters elementwise (`c⊙`), or a bias (`1`; `b_x` and `b_h` where there are two).
    """

    name: str
    size: int
    read: bool = True

    @property
    def label(self) -> str:
        """`h 128`; the bare name of what is one row by its nature."""
        single = self.name == "1" or self.name.startswith("b_") or self.name.endswith("⊙")
        return self.name if single else f"{self.name} {self.size:,}"


class Block(Record):
    """Tensors of one shape and content: their names, the grid that they are, and their scalars.

    `rows` are what is read, `columns` the gates, of which each may have a tensor `apart`; `form` is the layout's, as
    `transposed`, and `kernel` the window of a convolution. `layer` counts in the stack: 1 stands for all but the
    first. `added` is what the framework adds to a gate's bias when it runs, `negated` the gates whose sign it turns.
    """

    names: tuple[str, ...]
    shape: tuple[int, ...]
    formula: str
    numbers: str
    size: int
    rows: tuple[Side, ...]
    columns: tuple[Side, ...]
    kernel: tuple[int, ...]
    form: str
    apart: bool
    layer: int
    added: tuple[tuple[str, int], ...]
    negated: tuple[str, ...]
    shared: str | None

    def scalars(self, row: Side, column: Side) -> int:
        """The weights of one gate beside one source, at all places of a window."""
        return row.size * column.size * prod(self.kernel)

    @property
    def times(self) -> int:
        """How many tensors there are of it."""
        return len(self.names)

    @property
    def params(self) -> int:
        """The scalars of them all; none where they are another layer's."""
        return 0 if self.shared else self.size * self.times


class LayerStory(Record):
    """One layer: what it computes, what it reads and why that is so long, and what it stores.

    `symbols` is its count in the framework's words, `numbers` the same with numbers. `cell` is the step's name.
    """

    report: LayerReport
    title: str
    recurrent: bool
    num_layers: int
    bidirectional: bool
    merge_mode: str
    words: dict[str, str]
    equations: tuple[Equation, ...]
    lengths: tuple[Length, ...]
    depths: tuple[str, ...]
    blocks: tuple[Block, ...]
    units: tuple[tuple[str, str, int], ...]  # the scalars of a unit, of the first layer and of those above it
    facts: tuple[str, ...]
    symbols: str
    numbers: str
    same_as: str


class Explanation(Record):
    """A model, told layer by layer; `trace` is the first recurrent layer's, for the pictures of its step."""

    report: ModelReport
    layers: tuple[LayerStory, ...]
    total: formulas.Total
    influences: tuple[Influence, ...]
    others: tuple[tuple[str, int], ...]
    trace: Trace | None

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        return {
            "schema_version": SCHEMA_VERSION,
            "name": self.report.name,
            "framework": self.report.framework,
            "source": self.report.source,
            "params": self.report.params,
            "formula": self.total.symbols,
            "numbers": self.total.numbers,
            "sizes": dict(self.total.sizes),
            "layers": [_layer_dict(layer) for layer in self.layers],
            "influences": [{"change": each.change, "params": each.params} for each in self.influences],
            "elsewhere": dict(self.others),
        }


class Explanations(Record):
    """All that was explained, or set beside each other, and what could not be read."""

    records: tuple[Any, ...]
    problems: tuple[Problem, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `explain` for specs."""
        return {
            "schema_version": SCHEMA_VERSION,
            "explanations": [each.to_dict() for each in self.records],
            "errors": [problem.to_dict() for problem in self.problems],
        }


def _layer_dict(layer: LayerStory) -> dict[str, Any]:
    return {
        "name": layer.report.name,
        "type": layer.report.type,
        "framework_type": layer.report.framework_type,
        "params": layer.report.params,
        "formula": layer.symbols,
        "numbers": layer.numbers,
        "input_depth": list(layer.depths),
        "equations": [
            {"name": each.name, "text": each.unicode, "latex": each.latex, "means": each.means}
            for each in layer.equations
        ],
        "lengths": [{"name": each.name, "kind": each.kind, "size": each.size} for each in layer.lengths],
        "tensors": [
            {
                "names": list(each.names),
                "shape": list(each.shape),
                "rows": [[side.name, side.size] for side in each.rows],
                "columns": [[side.name, side.size] for side in each.columns],
                "transposed": each.form == "transposed",
                "formula": each.formula,
                "numbers": each.numbers,
                "params": each.params,
            }
            for each in layer.blocks
        ],
    }
