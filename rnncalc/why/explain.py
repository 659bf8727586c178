"""Why a model has so many parameters: what is told of it, read off the trace, the arrangement and the wires.

>>> import rnncalc
>>> found = explain(rnncalc.parse({"input": {"depth": 10}, "layers": [{"lstm": {"units": 128}}]}))
>>> f"{found.total.symbols} = {found.total.numbers} = {found.report.params:,}"
'(input_depth + num_units) × 4·num_units + 4·num_units = (10 + 128) × 4·128 + 4·128 = 71,168'
>>> [(each.name, each.means) for each in found.layers[0].equations][0]
('i', 'input gate: how much of the candidate is written')
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rnncalc.algebra import Poly, symbol
from rnncalc.equations import lines
from rnncalc.layout import formula
from rnncalc.remarks import facts
from rnncalc.report import LayerReport
from rnncalc.tensor import seen
from rnncalc.why import formulas
from rnncalc.why.influence import influences
from rnncalc.why.origin import depths
from rnncalc.why.told import Block, Explanation, LayerStory, Length, Side

if TYPE_CHECKING:
    from rnncalc.arrangement import Block as Cell
    from rnncalc.layer import Layer
    from rnncalc.network import Model
    from rnncalc.tensor import Tensor


def explain(model: Model, others: Sequence[tuple[str, int]] = ()) -> Explanation:
    """What is told of a model; `others` are the frameworks that store it in another number of scalars."""
    report = model.report()
    stories = tuple(_story(model, layer, told) for layer, told in zip(model.layers, report.layers))
    recurrent = [layer.trace for layer in model.layers if layer.cell.states]
    return Explanation(
        report,
        stories,
        formulas.total(model),
        influences(model),
        tuple(others),
        recurrent[0] if recurrent else None,
    )


def _story(model: Model, layer: Layer, told: LayerReport) -> LayerStory:
    blocks = _blocks(layer)
    counts: Counter[str] = Counter()
    numbers: Counter[str] = Counter()
    for block in blocks:
        if not block.shared:
            counts[block.formula] += block.times
            numbers[block.numbers] += block.times
    plan = layer.plan
    return LayerStory(
        told,
        layer.cell.title,
        bool(layer.cell.states),
        plan.num_layers,
        plan.bidirectional,
        plan.merge_mode,
        layer.words,
        lines(layer.trace, layer.policy),
        _lengths(layer),
        depths(model, layer),
        blocks,
        _units(layer),
        facts(layer),
        formulas.summed(counts),
        formulas.summed(numbers),
        plan.same_as,
    )


def _lengths(layer: Layer) -> tuple[Length, ...]:
    """The input, the states and the maps, in this order."""
    if not layer.cell.states:
        return ()
    found: list[tuple[str, str, Poly, tuple[str, ...]]] = [("x", "input", symbol("input_depth"), ())]
    found += [(state.name, "state", state.size, ()) for state in layer.trace.states]
    reads: dict[str, dict[str, None]] = {}
    sizes: dict[str, Poly] = {}
    for made in layer.trace.maps:
        matrices = [source.name for source in made.sources if source.kind in ("matrix", "window")]
        if matrices:
            reads.setdefault(made.gate, {}).update(dict.fromkeys(matrices))
            sizes[made.gate] = made.to
    found += [(gate, "map", sizes[gate], tuple(sources)) for gate, sources in reads.items()]
    return tuple(
        Length(name, kind, size.at(layer.sizes[0]), formula((size,), layer.words), sources)
        for name, kind, size, sources in found
    )


def _units(layer: Layer) -> tuple[tuple[str, str, int], ...]:
    """The scalars of one unit in one direction, where the count is so many for each: in words, in numbers, how many."""
    count = layer.count
    if not layer.cell.states or layer.shared or layer.trace.output != symbol("units"):
        return ()
    if any("units" not in dict(monomial) for monomial in count.terms):
        return ()
    found = []
    for k, sizes in enumerate(layer.sizes[:2]):
        told = formula(seen(layer, k)((count.over("units"),)), layer.words)
        found.append((told, formulas.in_numbers(told, _values(layer, sizes)), int(count.over("units").at(sizes))))
    return tuple(found)


def _values(layer: Layer, sizes: dict[str, int]) -> dict[str, int]:
    """The number that each of the framework's words stands for; an embedding has no depth of its input."""
    own = {key: size for key, size in sizes.items() if key != "input_depth" or (layer.depths or [None])[0] is not None}
    return {layer.words.get(key, key): size for key, size in own.items()}


def _blocks(layer: Layer) -> tuple[Block, ...]:
    """The tensors, those together that differ in their names alone, or that have a gate each."""
    alike: dict[Any, list[Tensor]] = {}
    for tensor in layer.tensors:
        stored, k = tensor.stored, _nth(tensor)
        content: Any = tensor.name
        if stored is not None:
            rows = tuple(row[0].term for row in stored.grid)
            content = (k, stored.form, rows, stored if len(stored.grid[0]) > 1 else "")
        alike.setdefault((tensor.shape, tensor.formula, tensor.shared, content), []).append(tensor)
    return tuple(_block(layer, tensors) for tensors in alike.values())


def _nth(tensor: Tensor) -> int:
    """The layer of a stack that it belongs to: 0, or 1 for all that follow, since they are alike."""
    return min(tensor.parts[0][0], 1) if tensor.parts else 0


def _block(layer: Layer, tensors: Sequence[Tensor]) -> Block:
    first = tensors[0]
    sizes = layer.sizes[min(_nth(first), len(layer.sizes) - 1)]
    grids = list(dict.fromkeys(tensor.stored for tensor in tensors if tensor.stored))
    rows: tuple[Side, ...] = ()
    columns: list[Side] = []
    for stored in grids:
        terms = [row[0].term for row in stored.grid]
        biases = sum(term.startswith("1") for term in terms)
        rows = tuple(Side(_term(row[0].term, biases), row[0].rows.at(sizes)) for row in stored.grid)
        columns += [_column(layer, block, sizes) for block in stored.grid[0]]
    cells = [block for stored in grids for block in stored.blocks]
    return Block(
        tuple(tensor.name for tensor in tensors),
        first.shape,
        first.formula,
        formulas.in_numbers(first.formula, _values(layer, sizes)),
        first.size,
        rows,
        tuple(columns),
        tuple(axis.at(sizes) for axis in grids[0].grid[0][0].kernel) if grids else (),
        grids[0].form if grids else "vector",
        len(grids) > 1,
        _nth(first),
        tuple(dict.fromkeys((cell.column.gate, cell.column.added) for cell in cells if cell.column.added)),
        tuple(dict.fromkeys(cell.column.gate for cell in cells if cell.column.sign < 0)),
        first.shared,
    )


def _column(layer: Layer, block: Cell, sizes: dict[str, int]) -> Side:
    read = (block.column.gate, block.term) not in layer.arrangement.unread
    return Side(block.column.gate, block.columns.at(sizes), read)


def _term(term: str, biases: int) -> str:
    """What a row of a tensor is multiplied with."""
    if term.startswith("1"):
        return f"b_{term[1:]}" if biases > 1 else "1"
    return f"{term[:-1]}⊙" if term.endswith("*") else term
