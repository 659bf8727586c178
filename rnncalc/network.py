"""A model: layers in a framework, each with the shape that it sees, its tensors and its costs.

A `Plan` is what was asked for, before a framework is chosen; `build` chooses the framework's class for each layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any

from rnncalc import layouts
from rnncalc.algebra import Poly
from rnncalc.cell import Cell, find
from rnncalc.errors import Problem, SpecError, listed
from rnncalc.layout import NONE, Arrangement, Entry, Layout, Stored, arrange, formula
from rnncalc.record import Record
from rnncalc.sizes import byte_count
from rnncalc.trace import Trace, trace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rnncalc.forward import States, Weights
    from rnncalc.report import ModelReport
    from rnncalc.source import Document

MERGES = ("concat", "sum", "mul", "ave", "none")
_MERGE_OPERATIONS = {"concat": 0, "sum": 1, "mul": 1, "ave": 2, "none": 0}  # an element


class LayerPlan(Record):
    """A layer as it was asked for. `options` hold what was given; the rest is the framework's choice."""

    type: str
    name: str
    options: Mapping[str, Any]
    form: str = ""  # the framework's class, where it was named
    bias: bool | str | None = None
    num_layers: int = 1
    bidirectional: bool = False
    merge_mode: str = "concat"
    return_sequences: bool = True
    residual: bool = False
    trainable: bool = True
    where: tuple[Any, ...] = ()
    spelled: Mapping[str, str] = NONE  # the word that the spec has for a key


class Plan(Record):
    """A model as it was asked for. `input` is a shape without the batch, None where an embedding comes first."""

    name: str
    framework: str
    layers: tuple[LayerPlan, ...]
    input: tuple[int | None, ...] | None = None
    dtype: str = "float32"
    batch: int | None = None
    budget: Mapping[str, Any] = NONE
    expect: Mapping[str, Any] = NONE
    source: str | None = None


class Flow(Record):
    """What leaves a layer for one sample: its axes, the depth last.

    `sequence`: the first axis is time; `numbers`: they are whole numbers without a depth, for an embedding.
    """

    axes: tuple[int | None, ...]
    sequence: bool
    numbers: bool = False


class Cost(Record):
    """Operations: so many a step, and so many once a sequence; None where a length is unknown."""

    per_step: int | None
    once: int | None

    def over(self, steps: int | None) -> int | None:
        """The cost of a whole sequence."""
        if self.once is None or self.per_step is None or (steps is None and self.per_step):
            return None
        return self.per_step * (steps or 0) + self.once


class Tensor(Record):
    """A tensor as the framework allocates it.

    `parts` are its (stack layer, direction): several where the directions are an axis of it.
    """

    name: str
    shape: tuple[int, ...]
    formula: str
    stored: Stored
    parts: tuple[tuple[int, int], ...]


class Layer:
    """A layer in its place: a step function in a framework's layout, with all sizes known.

    `inflow` and `outflow` are the shapes around it, `sizes` the value of each symbol for each layer of the stack.
    """

    def __init__(self, plan: LayerPlan, cell: Cell, layout: Layout, inflow: Flow) -> None:
        self.plan, self.cell, self.layout, self.inflow = plan, cell, layout, inflow
        self.entry, options, self.policy = choose(layout, plan, cell)
        self.options = {key: value for key, value in options.items() if key in cell.options}
        self.trace: Trace = trace(cell.name, self.options)
        self.arrangement: Arrangement = arrange(layout, self.entry, self.trace, self.policy)
        given = {key: value for key, value in options.items() if key in cell.sizes or key in cell.optional_sizes}
        self.words = {name: self.layout.word(name, self.entry) for name in ("input_depth", *given)}
        depth = self._depth()
        self.directions = 2 if plan.bidirectional else 1
        self.sizes: list[dict[str, int]] = []
        for _ in range(plan.num_layers):
            self.sizes.append({**given, "input_depth": depth})
            depth = self.trace.output.at(self.sizes[-1]) * (self.directions if plan.merge_mode == "concat" else 1)
        self.outflow = self._outflow(depth)
        if plan.residual and self.outflow.axes != inflow.axes:
            shapes = f"{_shape(inflow.axes)} in, {_shape(self.outflow.axes)} out"
            raise _wrong(plan, "residual", f"`{plan.name}` cannot add its input to its output: {shapes}")

    def _depth(self) -> int:
        """The depth of what the layer reads; 1 where it reads whole numbers."""
        flow = self.inflow
        looks_up = any(source.kind == "lookup" for made in self.trace.maps for source in made.sources)
        if looks_up:
            if not flow.numbers:
                raise _wrong(
                    self.plan, "", f"`{self.plan.name}` reads whole numbers, so it comes first: give no input depth"
                )
            return 1
        if flow.numbers:
            message = "the model has no input; write `input: {depth: 10}` or begin with an embedding"
            raise SpecError(Problem(message, self.plan.where, "key"))
        if self.cell.states and not flow.sequence:
            message = f"`{self.plan.name}` needs a sequence, but its input {_shape(flow.axes)} has no steps"
            raise _wrong(self.plan, "", message + "; does the layer before it need `return_sequences: true`?")
        if self.cell.states and len(flow.axes) != 2:
            raise _wrong(
                self.plan, "", f"`{self.plan.name}` reads (steps, depth), but its input is {_shape(flow.axes)}"
            )
        depth = flow.axes[-1]
        if depth is None:
            raise _wrong(self.plan, "", f"`{self.plan.name}` needs to know the depth of its input")
        declared = self.plan.options.get("input_depth", depth)
        if declared != depth:
            message = (
                f"{self.words['input_depth']} is {declared}, but the input of `{self.plan.name}` has depth {depth}"
            )
            raise _wrong(self.plan, "input_depth", message)
        return depth

    def _outflow(self, depth: int) -> Flow:
        plan, flow = self.plan, self.inflow
        if not self.cell.states:
            return Flow((*flow.axes, depth) if flow.numbers else (*flow.axes[:-1], depth), flow.sequence)
        return Flow((flow.axes[0], depth), True) if plan.return_sequences else Flow((depth,), False)

    @property
    def framework_type(self) -> str:
        """The framework's class, `Bidirectional(LSTM)` where it wraps it."""
        name = self.cell.name if self.entry.name == "*" else self.entry.name
        return self.layout.wrapper.format(name=name) if self.plan.bidirectional else name

    @cached_property
    def tensors(self) -> tuple[Tensor, ...]:
        """The tensors in the framework's order."""
        names, plan = self.layout.names, self.plan
        template = names.of(plan.num_layers > 1, plan.bidirectional) if self.cell.states else "{tensor}"
        found = []
        for k, sizes in enumerate(self.sizes):
            words = self._words_of(k)
            sides = range(self.directions)
            for group in [tuple(sides)] if names.axis else [(side,) for side in sides]:
                for stored in self.arrangement.tensors:
                    name = template.format(
                        tensor=stored.name,
                        layer=k,
                        nth=f"_{k}" if k else "",
                        direction=names.directions[group[0]] if plan.bidirectional else "",
                        scope=self.entry.scope,
                        name=plan.name,
                    )
                    shape = tuple(dim.at(sizes) for dim in stored.shape)
                    text = formula(words(stored.shape), self.words)
                    if names.axis and self.cell.states:
                        shape, text = (len(group), *shape), f"{len(group)} × {text}"
                    found.append(Tensor(name, shape, text, stored, tuple((k, side) for side in group)))
        return tuple(found)

    def _words_of(self, k: int) -> Any:
        """In a stack, what a layer after the first reads is the output of the one before."""
        if not k:
            return lambda shape: shape
        below = self.trace.output * (self.directions if self.plan.merge_mode == "concat" else 1)
        return lambda shape: tuple(size.replace({"input_depth": below}) for size in shape)

    def _each(self, count: Poly) -> int:
        """A polynomial summed over the stack and its directions."""
        return sum(int(count.at(sizes)) for sizes in self.sizes) * self.directions

    @cached_property
    def params(self) -> int:
        """Scalars that the framework allocates: the polynomial's value."""
        return self._each(self.arrangement.params)

    @cached_property
    def states(self) -> dict[str, tuple[int, int]]:
        """Each state's shape without the batch: (num_layers × directions, size)."""
        rows = self.plan.num_layers * self.directions
        return {f"{self.plan.name}/{s.name}": (rows, int(s.size.at(self.sizes[0]))) for s in self.trace.states}

    @cached_property
    def macs(self) -> Cost:
        """Multiply-accumulates of the matrix products."""
        return self._cost(self._each(self.trace.macs), 0, 0)

    @cached_property
    def flops(self) -> Cost:
        """2 a MAC, and what biases, diagonals, elementwise results, merging and residuals add."""
        plan = self.plan
        merging = inner = last = 0
        if plan.bidirectional:
            merging = _MERGE_OPERATIONS[plan.merge_mode]
            widths = [int(self.trace.output.at(sizes)) for sizes in self.sizes]
            inner, last = merging * sum(widths[:-1]), merging * widths[-1]
        if plan.residual:
            last += self.outflow.axes[-1] or 0
        return self._cost(self._each(self.trace.flops(self.policy)), inner, last)

    def _cost(self, step: int, inner: int, last: int) -> Cost:
        """The cost where one step takes `step` and `inner`, and each vector of the output takes `last`."""
        if self.cell.states:
            return Cost(step + inner + last, 0) if self.plan.return_sequences else Cost(step + inner, last)
        axes = self.inflow.axes if self.inflow.numbers else self.inflow.axes[:-1]
        around = _product(axes[1:] if self.inflow.sequence else axes)
        vectors = None if around is None else (step + last) * around
        return Cost(vectors, 0) if self.inflow.sequence else Cost(0, vectors)

    @property
    def steps(self) -> int | None:
        """The number of steps that the layer goes through, None while unknown."""
        return self.inflow.axes[0] if self.inflow.sequence else None


class Model:
    """A model in a framework: what it allocates, what it costs, and what it computes."""

    def __init__(self, plan: Plan, layout: Layout, layers: Sequence[Layer]) -> None:
        self.plan, self.layout, self.layers = plan, layout, tuple(layers)
        self.document: Document | None = None  # where it was read from

    def locate(self, problem: Problem) -> Problem:
        """The problem with its line in the spec, where the model was read from one."""
        return self.document.locate(problem) if self.document else problem

    @property
    def name(self) -> str:
        """The model's name."""
        return self.plan.name

    @property
    def framework(self) -> str:
        """The framework's name."""
        return self.layout.name

    @cached_property
    def params(self) -> int:
        """Scalars that the framework allocates as weights."""
        return sum(layer.params for layer in self.layers)

    @cached_property
    def input(self) -> Flow:
        """The shape that goes in."""
        return self.layers[0].inflow

    def in_framework(self, framework: str) -> Model:
        """The same model as another framework builds it.

        Raises:
            SpecError: it cannot.
        """
        forms = tuple(layer._replace(form="") for layer in self.plan.layers)
        return build(self.plan._replace(framework=framework, layers=forms))

    def report(self) -> ModelReport:
        """The record that every output is rendered from; `.to_dict()` is its JSON."""
        from rnncalc.report import report

        return report(self)

    def weights(self, seed: int = 0, dtype: str = "float64") -> Weights:
        """Random weights `{"layer/tensor": array}` in the framework's shapes, uniform in (-0.5, 0.5)."""
        from rnncalc.forward import random_weights

        return random_weights(self, seed, dtype)

    def forward(self, weights: Weights, x: NDArray[Any], initial_state: States | None = None) -> tuple[Any, States]:
        """Run the model on x of shape (batch, steps, depth).

        Returns outputs of shape (batch, steps, output_depth), and the final states `{"layer/h": array}` of shape
        (num_layers × directions, batch, size), which is also the form of `initial_state` (zeros where not given).

        Raises:
            SpecError: an array is missing, unknown, or of the wrong shape.
        """
        from rnncalc.forward import forward

        return forward(self, weights, x, initial_state)


def build(plan: Plan) -> Model:
    """The plan in its framework.

    Raises:
        SpecError: all that does not fit, each with its place in the spec.
    """
    layout = layouts.find(plan.framework)
    flow = Flow((None,), True, numbers=True) if plan.input is None else Flow(plan.input, len(plan.input) > 1)
    if plan.layers and plan.input and plan.layers[0].type == "embedding":
        flow = Flow(plan.input, True, numbers=True)
    layers: list[Layer] = []
    for each in plan.layers:
        cell = find(each.type)
        if cell is None:
            raise SpecError(Problem(f"unknown layer type `{each.type}`", each.where, "key"))
        if layers and layers[-1].plan.bidirectional and layers[-1].plan.merge_mode == "none":
            raise _wrong(each, "", f"`{each.name}` cannot read the two outputs that merge_mode none leaves apart")
        layers.append(Layer(each, cell, layout, flow))
        flow = layers[-1].outflow
    return Model(plan, layout, layers)


def choose(layout: Layout, plan: LayerPlan, cell: Cell) -> tuple[Entry, dict[str, Any], str]:
    """The framework's class for a layer, all its options, and its bias policy.

    Raises:
        SpecError: the framework has no such thing; the message says which frameworks can.
    """
    candidates = [entry for entry in layout.entries if entry.cell in (cell.name, "*")]
    candidates = [entry for entry in candidates if plan.form in ("", entry.name)] or candidates
    for entry in candidates:
        refused = [key for key, value in plan.options.items() if _refuses(entry, cell, key, value)]
        if not refused:
            break
    else:
        if not candidates:
            raise _unable(layout, plan, cell, "", f"{layout.name} has no {cell.name}")
        key = refused[0]
        raise _unable(layout, plan, cell, key, f"{layout.name} has no {cell.name} with {_said(key, plan.options[key])}")
    options = {**cell.options, **entry.default, **entry.fixed, **plan.options}
    if plan.bias is False:
        policy = "none"
    else:
        policy = entry.bias[0] if plan.bias in (None, True) else str(plan.bias)
    if policy not in entry.bias:
        has = f"it has {listed(entry.bias)}"
        what = "without bias" if policy == "none" else f"with bias {policy}"
        raise _unable(layout, plan, cell, "bias", f"{layout.name} has no {entry.name} {what} ({has})")
    if plan.bidirectional and plan.merge_mode not in layout.merges:
        message = f"{layout.name} has no merge_mode {plan.merge_mode} (it has {listed(layout.merges)})"
        raise _unable(layout, plan, cell, "merge_mode", message)
    if plan.num_layers > 1 and plan.bidirectional and plan.merge_mode == "none":
        raise _wrong(
            plan, "merge_mode", "merge_mode none leaves two outputs, which the next layer of a stack cannot read"
        )
    for small, large in entry.below.items():
        if options.get(small) and options[small] >= options[large]:
            words = [layout.word(word, entry) for word in (small, large)]
            message = (
                f"{layout.name} needs {words[0]} below {words[1]}, but {options[small]} is not below {options[large]}"
            )
            raise _unable(layout, plan, cell, small, message)
    return entry, options, policy


def able(plan: LayerPlan, cell: Cell) -> Iterator[str]:
    """The frameworks that can build a layer."""
    for name in layouts.NAMES:
        layout = layouts.find(name)
        for entry in layout.entries:
            policy = "none" if plan.bias is False else entry.bias[0] if plan.bias in (None, True) else plan.bias
            fits = entry.cell in (cell.name, "*") and policy in entry.bias
            merges = not plan.bidirectional or plan.merge_mode in layout.merges
            small = any((plan.options.get(a) or 0) >= plan.options.get(b, 0) > 0 for a, b in entry.below.items())
            refused = any(_refuses(entry, cell, key, value) for key, value in plan.options.items())
            if fits and merges and not small and not refused:
                yield name
                break


def _refuses(entry: Entry, cell: Cell, key: str, value: Any) -> bool:
    return key in cell.options and entry.cell != "*" and not entry.accepts(key, value, cell.options[key])


def _said(key: str, value: Any) -> str:
    return key if value is True else f"{key} {str(value).lower() if isinstance(value, bool) else value}"


def _unable(layout: Layout, plan: LayerPlan, cell: Cell, key: str, message: str) -> SpecError:
    others = [name for name in able(plan._replace(form=""), cell) if name != layout.name]
    can = f"{listed(others)} {'has' if len(others) == 1 else 'have'} it" if others else "no framework here has it"
    return _wrong(plan, key, f"{message}; {can}")


def _wrong(plan: LayerPlan, key: str, message: str) -> SpecError:
    where = (*plan.where, plan.spelled.get(key, key)) if key else plan.where
    return SpecError(Problem(message, where, "value" if key else "key"))


def _product(axes: Sequence[int | None]) -> int | None:
    return None if None in axes else prod(axis for axis in axes if axis is not None)


def _shape(axes: Sequence[int | None]) -> str:
    return f"({', '.join('?' if axis is None else str(axis) for axis in axes)})"


def others(model: Model) -> list[tuple[str, int]]:
    """The frameworks that store the model in another number of scalars, with that number."""
    found = []
    for name in layouts.NAMES:
        if name != model.framework:
            try:
                params = model.in_framework(name).params
            except SpecError:
                continue
            if params != model.params:
                found.append((name, params))
    return found


def weight_bytes(model: Model, params: int) -> int:
    """Bytes of so many weights in the model's dtype."""
    return byte_count(params, model.plan.dtype)
