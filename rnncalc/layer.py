"""A layer in its place: a step function in a framework's layout, between known shapes, with all sizes known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rnncalc import costs, residual, sharing
from rnncalc.algebra import NotPolynomial, Poly, symbol
from rnncalc.arrangement import Arrangement, arrange
from rnncalc.cell import Cell
from rnncalc.choice import Refusal, pick
from rnncalc.costs import Cost
from rnncalc.fit import agree, first_sizes
from rnncalc.inflow import inflow, split
from rnncalc.kind import STEPS, closed, kind_of, opened
from rnncalc.layout import Layout
from rnncalc.plan import Flow, LayerPlan
from rnncalc.record import cached_property
from rnncalc.shapes import Axes, ShapeError, known, shown
from rnncalc.tensor import Tensor, allocated, initial
from rnncalc.trace import Trace, trace

# what is computed once of a layer, and hangs on its name or sizes
_FIGURES = (
    "options",
    "trace",
    "arrangement",
    "count",
    "changes_steps",
    "states",
    "tensors",
    "buffers",
    "params",
    "macs",
    "flops",
    "_initial_params",
    "_elsewhere",
)
GEOMETRY = ("Extent", "Extent | None", "Padding")  # the kinds of what a window does to positions


class Layer:
    """A layer, from what was asked for to what it allocates and costs.

    `inflows` are the shapes that it reads, one for each input of the step; `outflow` what it gives; `sizes` the value
    of each symbol, for each layer of the stack.

    Raises:
        SpecError: the framework has no such layer, or the shapes do not fit.
    """

    def __init__(
        self, plan: LayerPlan, cell: Cell, layout: Layout, flows: Sequence[Flow], shared: Layer | None = None
    ) -> None:
        self.plan, self.cell, self.layout, self.shared = plan, cell, layout, shared
        self.made = object()  # layers that differ in their names alone have the same
        self.flows = tuple(flows)
        self.equal_depths = len(flows) == 1 or len({flow.shape[-1] for flow in flows}) == 1
        self.kind = kind = kind_of(layout, plan, cell, self.equal_depths)
        self.entry, self.policy, self.first = kind.entry, kind.policy, kind.first
        try:
            self.inflows, self.axes, self.positions, self.depths, steps = inflow(cell, plan, flows, self.first)
            self.steps: Any = steps
            agree(self)
            loose = self.steps if type(self.steps) is int and self.steps > 1 else None
            self.known, is_open = kind.trace(self, None if cell.states else loose)
            # the number of steps, where all that is known of the kind hangs on no number of them
            self.loose = loose if cell.states or is_open else None
            for state in self.known.states if plan.learned_initial_state else ():
                known(state.axes, "a learned initial state")
        except ShapeError as error:
            open_ends = [shown(flow.shape) for flow in flows if None in flow.shape]
            told = f"; its input is {' and '.join(open_ends)}" if open_ends else ""
            raise plan.wrong("", f"`{plan.name}`: {error}{told}") from None
        self._stack(first_sizes(self))
        if shared is not None:
            sharing.check(self, shared)
        residual.check(self)
        if plan.bidirectional and plan.merge_mode == "none" and plan.num_layers > 1:
            raise plan.wrong("merge_mode", "merge_mode none leaves two outputs, which cannot be read as one")

    def again(self, plan: LayerPlan) -> Layer:
        """The layer once more, for another plan that asks for the same under its own name."""
        if plan.name == self.plan.name:
            return self
        twin = self._twin("states", "tensors", "buffers")  # which have the name in theirs
        twin.plan = plan._replace(type=self.plan.type, options=self.plan.options)  # with the axes of its input
        return twin

    def opened(self) -> Layer:
        """The layer with a symbol for each of its sizes, so that its figures are polynomials.

        Raises:
            NotPolynomial: sizes in its stack are quotients of others.
        """
        if len(self.sizes) > 1 and any(ratio.startswith("input_depth/") for ratio in self.known.ratios):
            raise NotPolynomial("what the layers of a stack read has to be divided")
        twin = self._twin(*_FIGURES)
        base: dict[str, Any] = {name: symbol(name) for name in self.sizes[0]}
        depths = (base.get(f"{name}_depth", base["input_depth"]) for name in ("", *self.cell.inputs[1:]))
        twin.depths = tuple([depth and symbolic for depth, symbolic in zip(self.depths, depths)])
        twin.inflows = tuple(
            [
                flow._replace(shape=self._joined(axes, depth) if depth else axes)
                for flow, (axes, _), depth in zip(self.inflows, self.form, twin.depths)
            ]
        )
        twin.positions, twin.trace, twin.loose = self.form, self.known, None
        twin.steps = symbol(STEPS) if self.loose else self.steps
        twin._stack(base)
        return twin

    def _twin(self, *without: str) -> Layer:
        twin: Layer = object.__new__(Layer)
        own = twin.__dict__
        own.update(self.__dict__)
        for name in without:
            own.pop(name, None)
        return twin

    @property
    def form(self) -> tuple[tuple[Axes, bool], ...]:
        """The positions of its inputs, and whether one of them is time; what is loose is left open."""
        return tuple([(opened(axes, self.loose), sequence) for axes, sequence in self.positions])

    @cached_property
    def trace(self) -> Trace:
        """The step run on symbols, with the positions of its inputs."""
        if self.cell.states or not self.loose:
            return self.known
        return trace(self.cell.name, self.options, self.axes)

    def params_in(self, layout: Layout) -> int | None:
        """Scalars that another framework allocates for the layer; None where its output would have another shape.

        Raises:
            SpecError: the framework cannot build it.
        """
        plan = self._elsewhere
        found = pick(layout, plan, self.cell, self.equal_depths)
        if isinstance(found, Refusal):
            raise plan.wrong(found.key, found.message)
        plain = found.entry.plain and self.entry.plain and found.entry.derived == self.entry.derived
        if plain and all(found.options.get(key) == self.options.get(key) for key in self.cell.options):
            return self.each(self.trace.count(found.policy)) + self._initial_params
        other = Layer(plan, self.cell, layout, self.flows)
        return other.params if other.outflow == self.outflow else None

    @cached_property
    def _elsewhere(self) -> LayerPlan:
        return self.elsewhere(self.plan)

    def elsewhere(self, plan: LayerPlan) -> LayerPlan:
        """The layer's plan for another framework, without what this one calls it, and with what it chose of its own
        that decides which positions come out, so that they are the same there."""
        kinds, needed = self.cell.kinds, self.cell.required
        chosen = {key: own for key, own in self.options.items() if key in needed or kinds.get(key) in GEOMETRY}
        return plan._replace(form="", options={**chosen, **plan.options}) if plan.form or chosen else plan

    @cached_property
    def words(self) -> dict[str, str]:
        """The framework's words for the sizes."""
        return {key: self.layout.word(key, self.entry) for key in ("input_depth", *self.cell.sizes, *self.cell.kinds)}

    def split(self, flow: Flow) -> tuple[Axes, int | None]:
        """Positions and depth of a shape."""
        return split(flow, self.first)

    def _joined(self, axes: Axes, depth: int) -> tuple[int | None, ...]:
        return (depth, *axes) if self.first else (*axes, depth)

    @cached_property
    def options(self) -> dict[str, Any]:
        """All that is chosen for it, with what its input says."""
        options = {**self.kind.options, **self.plan.options}
        if not self.inflows:
            return options
        options |= {"input_depth": self.depths[0], "lead": int(self.plan.time_distributed)}
        return {key: value for key, value in options.items() if key in self.cell.chosen}

    def _stack(self, base: Mapping[str, int]) -> None:
        """The sizes of each layer of the stack, and what comes out of the last."""
        plan, trace = self.plan, self.known
        self.directions = 2 if plan.bidirectional else 1
        depth = base["input_depth"]
        self.sizes: list[dict[str, int]] = []
        self.mixed = plan.merge_mode == "concat" and not plan.independent_directions
        for _ in range(plan.num_layers):
            sizes = {**base, "input_depth": depth}
            for ratio in trace.ratios:
                if ratio not in base:
                    whole, parts = ratio.split("/")
                    sizes[ratio] = sizes[whole] // sizes[parts]
            self.sizes.append(sizes)
            width = trace.output.at(sizes)
            depth = width * (self.directions if self.mixed else 1)
        if plan.bidirectional and plan.merge_mode == "concat":
            depth = width * self.directions
        self.outflow = self._outflow(depth)

    def _outflow(self, depth: int) -> Flow:
        out = self.known.outputs[0].axes
        if not self.cell.states:
            out = closed(out, self.loose) if self.loose else out
            return Flow(self._joined(out, depth), bool(out))
        steps = self.inflows[0].shape[:1] if self.plan.return_sequences else ()
        return Flow((*steps, *out, depth), self.plan.return_sequences or bool(out))

    @cached_property
    def arrangement(self) -> Arrangement:
        """The cell's pieces in the framework's tensors."""
        return arrange(self.layout, self.entry, self.trace, self.policy)

    @cached_property
    def count(self) -> Poly:
        """The scalars of one layer and direction: all pieces, and what the framework stores or leaves out besides."""
        return self.trace.count(self.policy) if self.entry.plain else self.arrangement.params

    @property
    def reads_vectors(self) -> bool:
        """Whether what it reads has a depth and nothing else."""
        return all(len(flow.shape) == 1 for flow in self.inflows)

    @property
    def framework_type(self) -> str:
        """The framework's class, `Bidirectional(LSTM)` where it wraps it."""
        rank = self.cell.rank or max(1, len(self.known.outputs[0].axes))
        name = self.cell.name if self.entry.name == "*" else self.entry.class_name(rank)
        name = f"TimeDistributed({name})" if self.plan.time_distributed else name
        return self.layout.wrapper.format(name=name) if self.plan.bidirectional else name

    @cached_property
    def template(self) -> str:
        """What names its tensors."""
        plan, names = self.plan, self.layout.names
        return names.of(plan.num_layers > 1, plan.bidirectional) if self.cell.states else "{tensor}"

    @property
    def personal(self) -> bool:
        """Whether its tensors have its own name in theirs."""
        return "{name}" in self.template

    @cached_property
    def tensors(self) -> tuple[Tensor, ...]:
        """The tensors in the framework's order, those that are another layer's among them."""
        found = [*allocated(self, self.arrangement.tensors), *initial(self)]
        return tuple(sharing.shared(self, found, self.shared) if self.shared else found)

    @cached_property
    def buffers(self) -> tuple[Tensor, ...]:
        """What the framework stores beside its parameters, as the statistics of a batch normalisation in PyTorch."""
        return tuple(allocated(self, self.arrangement.buffers))

    @cached_property
    def _initial_params(self) -> int:
        return sum(tensor.size for tensor in initial(self))

    @cached_property
    def params(self) -> int:
        """Scalars that the framework allocates for this layer: the polynomial's value, without what is shared."""
        if self.plan.same_as:
            return 0
        count = self.each(self.count) + self._initial_params
        return count - sum(tensor.size for tensor in self.tensors if tensor.shared) if self.plan.tied_to else count

    def each(self, count: Poly) -> int:
        """A polynomial summed over the stack and its directions."""
        if len(self.sizes) > 2:  # from the second layer on they are alike
            found: int = count.at(self.sizes[0]) + count.at(self.sizes[1]) * (len(self.sizes) - 1)
        else:
            found = sum(count.at(sizes) for sizes in self.sizes)
        return found * self.directions

    @cached_property
    def states(self) -> dict[str, tuple[int | None, ...]]:
        """Each state's shape without the batch: (num_layers × directions, size)."""
        rows = self.plan.num_layers * self.directions
        return {
            f"{self.plan.name}/{state.name}": (rows, *state.axes, state.size.at(self.sizes[0]))
            for state in self.trace.states
        }

    @cached_property
    def macs(self) -> Cost:
        """Multiply-accumulates of the products with matrices and, in attention, of values with each other."""
        return costs.macs(self)

    @cached_property
    def flops(self) -> Cost:
        """2 a MAC, and what biases, diagonals, elementwise results, merging, combining and residuals add."""
        return costs.flops(self)

    @cached_property
    def changes_steps(self) -> bool:
        """Whether its output has other steps than its input, so that the cost of one more step has no meaning."""
        return costs.changes_steps(self)
