"""A layer in its place: a step function in a framework's layout, between known shapes, with all sizes known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rnncalc import costs, residual, sharing
from rnncalc.algebra import Poly
from rnncalc.arrangement import Arrangement, arrange
from rnncalc.cell import Cell
from rnncalc.choice import Refusal, choose, pick
from rnncalc.combine import combined
from rnncalc.costs import Cost
from rnncalc.layout import Layout
from rnncalc.plan import Flow, LayerPlan
from rnncalc.record import cached_property
from rnncalc.shapes import Axes, ShapeError, shown
from rnncalc.tensor import Tensor, allocated, initial
from rnncalc.trace import Trace, trace

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
        self.first_made = self  # of layers that differ in their names alone
        self.trace: Trace
        self.options: dict[str, Any]
        self.equal_depths = len({flow.shape[-1] for flow in flows}) == 1
        self.entry, options, self.policy = choose(layout, plan, cell, self.equal_depths)
        self.flows = tuple(flows)
        self.first = options["axis"] == 1 if "axis" in options else cell.base in layout.channels_first
        try:
            self.inflows = combined(cell, plan, flows, self.first)
            self._trace(options)
        except ShapeError as error:
            open_ends = [shown(flow.shape) for flow in flows if None in flow.shape]
            told = f"; its input is {' and '.join(open_ends)}" if open_ends else ""
            raise plan.wrong("", f"`{plan.name}`: {error}{told}") from None
        self._stack({key: value for key, value in options.items() if type(value) in (int, Poly)})
        if shared is not None:
            sharing.check(self, shared)
        residual.check(self)
        if plan.bidirectional and plan.merge_mode == "none" and plan.num_layers > 1:
            raise plan.wrong("merge_mode", "merge_mode none leaves two outputs, which cannot be read as one")

    def again(self, plan: LayerPlan) -> Layer:
        """The layer once more, for another plan that asks for the same under its own name."""
        if plan.name == self.plan.name:
            return self
        twin: Layer = object.__new__(Layer)
        twin.__dict__.update(self.__dict__)
        twin.plan = plan
        for own in ("states", "tensors", "buffers"):  # have the name in theirs
            twin.__dict__.pop(own, None)
        return twin

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
        if flow.numbers:
            return flow.shape, None
        return (flow.shape[1:], flow.shape[0]) if self.first else (flow.shape[:-1], flow.shape[-1])

    def _joined(self, axes: Axes, depth: int) -> tuple[int | None, ...]:
        return (depth, *axes) if self.first else (*axes, depth)

    def _trace(self, options: dict[str, Any]) -> None:
        """Run the step on symbols, with the positions of its inputs."""
        cell, plan = self.cell, self.plan
        self.depths: list[int | None] = []
        if not cell.inputs:
            self.options = options
            self.trace = trace(cell.name, options, ())
            return
        looks_up = cell.base == "embedding"
        if looks_up and self.inflows[0].numbers is False:
            raise ShapeError("an embedding reads whole numbers, so it comes first; give the input no depth")
        if looks_up:
            self.inflows = (self.inflows[0]._replace(numbers=True),)
        elif any(flow.numbers for flow in self.inflows):
            raise plan.wrong("", "the model has no input; write `input: {depth: 10}`, or begin with an embedding")
        split = [self.split(flow) for flow in self.inflows]
        self.depths += [depth for _, depth in split]
        if None in self.depths and not looks_up:
            where = "the first axis in this framework" if self.first else "the last axis"
            raise ShapeError(f"the depth of its input, {where}, has to be known")
        axes = [axes for axes, _ in split]
        if cell.states:
            if not self.inflows[0].sequence:
                told = f"it needs a sequence, but its input {shown(self.inflows[0].shape)} has no steps"
                raise ShapeError(f"{told}; does the layer before it need `return_sequences: true`?")
            if len(axes[0]) != 1 + cell.rank:
                reads = ("steps", *("space",) * cell.rank, "depth")
                raise ShapeError(f"it reads ({', '.join(reads)}), but its input is {shown(self.inflows[0].shape)}")
            axes = [axes[0][1:]]
        declared = options.get("input_depth", self.depths[0])
        if declared != self.depths[0]:
            word = self.words["input_depth"]
            message = f"{word} is {declared}, but the input of `{plan.name}` has depth {self.depths[0]}"
            raise plan.wrong("input_depth", message)
        options["input_depth"] = self.depths[0]
        options["lead"] = int(plan.time_distributed)
        self.options = {key: value for key, value in options.items() if key in cell.chosen}
        self._divides(options)
        self.trace = trace(cell.name, self.options, tuple(axes))

    def _divides(self, options: Mapping[str, Any]) -> None:
        groups = options.get("groups", 1)
        for size in ("input_depth", "filters") if groups != 1 else ():
            if isinstance(options.get(size), int) and options[size] % groups:
                word = self.words.get(size, size)
                raise self.plan.wrong("groups", f"{groups} groups do not divide {word} {options[size]}")
        if options.get("chunk_size") and options["units"] % options["chunk_size"]:
            told = f"chunks of {options['chunk_size']} do not divide {options['units']} units"
            raise self.plan.wrong("chunk_size", told)
        heads, depth = options.get("heads", 1), options.get("input_depth") or 0
        if options.get("key_depth") is None and "heads" in options and depth % heads:
            raise self.plan.wrong("heads", f"{heads} heads do not divide the depth {depth}")

    def _stack(self, given: dict[str, int]) -> None:
        """The sizes of each layer of the stack, and what comes out of the last."""
        plan, cell = self.plan, self.cell
        self.directions = 2 if plan.bidirectional else 1
        base = {key: value for key, value in given.items() if key in cell.sized}
        base["input_depth"] = (self.depths or [1])[0] or 1
        base.update({f"{name}_depth": d for name, d in zip(cell.inputs[1:], self.depths[1:]) if d is not None})
        for key, other in self.entry.derived.items():
            if base.get(key) is None:
                whole, _, parts = other.partition("/")
                one, _, times = whole.partition("*")
                if one in base:
                    base[key] = base[one] * base.get(times, 1) // base.get(parts, 1)
        for left, right in self.trace.equal:
            if left.symbols | right.symbols <= set(base) and left.at(base) != right.at(base):
                told = f"{left.at(base)} and {right.at(base)}"
                raise plan.wrong("", f"`{plan.name}`: what it compares has different depths, {told}")
        for name in sorted(self.trace.needs - set(base) - {"input_depth"}):
            raise plan.wrong("", f"{cell.name} needs `{self.layout.word(name, self.entry)}` here")
        depth = base["input_depth"]
        self.sizes: list[dict[str, int]] = []
        self.mixed = plan.merge_mode == "concat" and not plan.independent_directions
        for _ in range(plan.num_layers):
            sizes = {**base, "input_depth": depth}
            for ratio in self.trace.ratios:
                whole, parts = ratio.split("/")
                sizes[ratio] = sizes[whole] // sizes[parts]
            self.sizes.append(sizes)
            width = self.trace.output.at(self.sizes[-1])
            depth = width * (self.directions if self.mixed else 1)
        if plan.bidirectional and plan.merge_mode == "concat":
            depth = width * self.directions
        self.outflow = self._outflow(depth)

    def _outflow(self, depth: int) -> Flow:
        out = self.trace.outputs[0].axes
        if not self.cell.states:
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
    def steps(self) -> int | None:
        """The number of steps that the layer goes through; None while unknown."""
        axes, _ = self.split(self.inflows[0]) if self.inflows else ((), None)
        return axes[0] if axes and self.inflows[0].sequence else None

    @property
    def framework_type(self) -> str:
        """The framework's class, `Bidirectional(LSTM)` where it wraps it."""
        rank = self.cell.rank or max(1, len(self.trace.outputs[0].axes))
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
