"""A model: layers wired into a graph, in a framework; what it allocates, what it costs, and what it computes."""

from __future__ import annotations

from collections.abc import Container, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rnncalc import layouts, starts
from rnncalc.cell import find
from rnncalc.choice import choose, entries
from rnncalc.errors import Problem, SpecError, suggest
from rnncalc.layer import Layer
from rnncalc.layout import Layout
from rnncalc.plan import MOST_LAYERS, MOST_STACKED, Flow, LayerPlan, Plan
from rnncalc.record import cached_property
from rnncalc.shapes import shown
from rnncalc.sharing import tie

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rnncalc.forward import Weights
    from rnncalc.report import ModelReport
    from rnncalc.spec.source import Document
    from rnncalc.training import Training
    from rnncalc.unroll import States


# layers that do the same whether their depth is the first axis or the last
_EITHER_ORDER = frozenset(
    "conv max_pool avg_pool global_max_pool global_avg_pool batch_norm group_norm instance_norm activation dropout "
    "flatten".split()
)


class Model:
    """A model in a framework. `inputs` are the shapes that go in, by name; `wires` the names that each layer reads."""

    def __init__(self, plan: Plan, layout: Layout, layers: Sequence[Layer], wires: Sequence[tuple[str, ...]]) -> None:
        self.plan, self.layout, self.layers, self.wires = plan, layout, tuple(layers), tuple(wires)
        self.inputs: Mapping[str, Flow] = plan.inputs or {"input": Flow((None,), True, True)}
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
        """Scalars that the framework allocates as weights, shared ones once."""
        return sum(layer.params for layer in self.layers)

    def in_framework(self, framework: str) -> Model:
        """The same model as another framework builds it.

        Raises:
            SpecError: it cannot.
        """
        layout = layouts.find(framework)
        bases, inputs = self._bases, dict(self.plan.inputs)
        if self._turned(layout):
            if not all(layer.cell.base in _EITHER_ORDER or layer.reads_vectors for layer in self.layers):
                message = f"{framework} has its axes in another order than {self.framework}; write a spec for it"
                raise SpecError(Problem(message))
            first = bool(bases & layout.channels_first)
            for name, flow in inputs.items():
                shape = (flow.shape[-1], *flow.shape[:-1]) if first else (*flow.shape[1:], flow.shape[0])
                inputs[name] = flow._replace(shape=shape)
        forms = tuple(layer.elsewhere(each) for each, layer in zip(self.plan.layers, self.layers))
        return build(self.plan._replace(framework=framework, layers=forms, inputs=inputs))

    @cached_property
    def _bases(self) -> frozenset[str]:
        return frozenset(layer.cell.base for layer in self.layers if layer.cell.inputs)

    def _turned(self, layout: Layout) -> bool:
        """Whether another framework has the depth of some layer at another place."""
        return self._bases & layout.channels_first != self._bases & self.layout.channels_first

    def params_in(self, framework: str) -> int | None:
        """The scalars of the same model in another framework, by its layers alone where these say it.

        None where the framework cannot build it.
        """
        layout = layouts.find(framework)
        if not all(entries(layout, layer.cell) for layer in self.layers):
            return None
        try:
            if not self._turned(layout) and not any(layer.shared for layer in self.layers):
                params = [layer.params_in(layout) for layer in self.layers]
                if None not in params:
                    return sum(each or 0 for each in params)
            return self.in_framework(framework).params
        except SpecError:
            return None

    def report(self) -> ModelReport:
        """The record that every output is rendered from; `.to_dict()` is its JSON."""
        from rnncalc.figures import report

        return report(self)

    def training(self, optimizer: str = "adam") -> Training:
        """The memory that a step of training takes with `sgd`, `momentum` or `adam`."""
        from rnncalc.training import training

        return training(self, optimizer)

    def weights(self, seed: int = 0, dtype: str = "float64") -> Weights:
        """Random weights `{"layer/tensor": array}` in the framework's shapes, uniform in (-0.5, 0.5)."""
        from rnncalc.forward import random_weights

        return random_weights(self, seed, dtype)

    def forward(
        self, weights: Weights, x: NDArray[Any] | Mapping[str, NDArray[Any]], initial_state: States | None = None
    ) -> tuple[Any, States]:
        """Run the model on x of shape (batch, steps, depth); a mapping by name where there are several inputs.

        Returns outputs of shape (batch, steps, output_depth), and the final states `{"layer/h": array}` of shape
        (num_layers × directions, batch, size), which is also the form of `initial_state` (zeros where not given).

        Raises:
            SpecError: an array is missing, unknown, or of the wrong shape or kind.
        """
        from rnncalc.forward import forward

        return forward(self, weights, x, initial_state)


def build(plan: Plan, broken: Container[tuple[Any, ...]] = ()) -> Model:
    """The plan in its framework. Entries that could not be read are `broken`; what reads them is left out.

    Raises:
        SpecError: all that does not fit, each with its place in the spec.
    """
    layout = layouts.find(plan.framework)
    flows: dict[str, Flow | None] = dict(plan.inputs or {"input": Flow((None,), True, True)})
    before = next(iter(flows))
    layers: dict[str, Layer] = {}
    wires: list[tuple[str, ...]] = []
    problems: list[Problem] = []
    made: dict[Hashable, Layer] = {}  # by all that they are made of but their names
    count = 0
    for each in plan.layers:
        count += min(each.num_layers, MOST_STACKED)
        if count > MOST_LAYERS:
            raise each.wrong("", f"a model has at most {MOST_LAYERS:,} layers, those of its stacks counted")
    for each in plan.layers:
        names = () if each.type == "weights" else each.inputs or (before,)
        before = before if each.type == "weights" else each.name
        if each.where[:2] in broken:
            flows[each.name] = None
            continue
        try:
            read = [_flow(each, name, flows, plan) for name in names]
            flows[each.name] = None
            shared = each.tied_to or each.same_as
            owner = tie(each, layers) if shared and not _failed(each, shared, flows) else None
            start = each.initial_state and not _failed(each, each.initial_state, flows) and starts.origin(each, layers)
            if None in read:  # whether the framework has it can be said all the same
                cell = find(each.type)
                choose(layout, each, cell) if cell else None
            if None not in read and (owner or not shared):
                key = _made_of(each, read)
                if key not in made or owner or start:
                    made[key] = _layer(each, layout, [flow for flow in read if flow is not None], owner)
                layer = made[key].again(each)
                if start:
                    starts.fit(layer, start)
                flows[each.name], layers[each.name] = layer.outflow, layer
                wires.append(names)
                _readable(each, names, layers)
        except SpecError as error:
            problems += error.problems
            flows[each.name] = None
    if problems:
        raise SpecError(problems)
    return Model(plan, layout, list(layers.values()), wires)


def _made_of(plan: LayerPlan, flows: Sequence[Flow | None]) -> Hashable:
    """All that a layer is made of but its name; entries that ask for the same have the same options."""
    _, _, options, *others, inputs, combine, tied_to, same_as, distributed, _, _ = plan
    # how many inputs there are tells what it takes to combine them
    return (plan.type, id(options), *others, len(inputs), combine, tied_to, same_as, distributed, *flows)


def _failed(plan: LayerPlan, name: str, flows: Mapping[str, Flow | None]) -> bool:
    """Whether another layer that this one names could not be built."""
    return name != plan.name and name in flows and flows[name] is None


def _flow(plan: LayerPlan, name: str, flows: Mapping[str, Flow | None], whole: Plan) -> Flow | None:
    """What the layer reads under this name; None where that failed before."""
    if name in flows:
        return flows[name]
    if any(other.name == name for other in whole.layers):
        if name == plan.name:
            raise plan.wrong("inputs", f"`{plan.name}` reads itself; a cycle is what a recurrent layer is for")
        raise plan.wrong("inputs", f"`{name}` comes after `{plan.name}`, so that reading it would be a cycle")
    raise plan.wrong("inputs", f"`{plan.name}` reads `{name}`, which there is not{suggest(name, flows)}")


def _readable(plan: LayerPlan, names: Sequence[str], layers: Mapping[str, Layer]) -> None:
    for name in names:
        layer = layers.get(name)
        if layer and name != plan.name and layer.plan.bidirectional and layer.plan.merge_mode == "none":
            raise plan.wrong("", f"`{plan.name}` cannot read the two outputs that merge_mode none leaves apart")


def _ranked(plan: LayerPlan, flow: Flow) -> LayerPlan:
    """The plan of a class of several ranks, with as many axes as its input has."""
    one = find(f"{plan.type}1d")
    if one is None:
        return plan
    rank = len(flow.shape) - 1 - bool(one.states) - plan.time_distributed
    cell = find(f"{plan.type}{rank}d")
    if cell is None:
        raise plan.wrong("", f"`{plan.name}` has 1 to 3 axes, but its input {shown(flow.shape)} has {max(0, rank)}")
    extents = {key: value for key, value in plan.options.items() if cell.kinds.get(key, "")[:6] == "Extent"}
    spread = {key: value and value * rank for key, value in extents.items()}
    return plan._replace(type=cell.name, options={**plan.options, **spread})


def _layer(plan: LayerPlan, layout: Layout, flows: Sequence[Flow], owner: Layer | None) -> Layer:
    plan = _ranked(plan, flows[0]) if flows and find(plan.type) is None else plan
    if plan.same_as and owner:
        other = {key: value for key, value in plan.options.items() if owner.plan.options.get(key, value) != value}
        if plan.type != owner.plan.type:
            raise plan.wrong("same_as", f"`{owner.plan.name}` is a {owner.plan.type}, not a {plan.type}")
        if other:
            key = next(iter(other))
            raise plan.wrong(key, f"`{owner.plan.name}` has {key} {owner.plan.options.get(key)}; leave it out here")
        plan = owner.plan._replace(
            name=plan.name,
            inputs=plan.inputs,
            combine=plan.combine,
            same_as=plan.same_as,
            tied_to="",
            initial_state=plan.initial_state,
            where=plan.where,
            spelled=plan.spelled,
        )
    cell = find(plan.type)
    if cell is None:
        raise plan.wrong("", f"unknown layer type `{plan.type}`")
    if plan.num_layers > MOST_STACKED:
        raise plan.wrong("num_layers", f"a stack has at most {MOST_STACKED:,} layers, not {plan.num_layers:,}")
    return Layer(plan, cell, layout, flows, owner)


def others(model: Model) -> list[tuple[str, int]]:
    """The frameworks that store the model in another number of scalars, with that number."""
    found = ((name, model.params_in(name)) for name in layouts.NAMES if name != model.framework)
    return [(name, params) for name, params in found if params not in (None, model.params)]
