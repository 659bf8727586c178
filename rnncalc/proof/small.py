"""Smaller models that a proof is made with: a layer alone, or all of a model, at sizes that are primes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from rnncalc.errors import SpecError
from rnncalc.layer import Layer
from rnncalc.network import Model, build
from rnncalc.plan import Flow, LayerPlan, Plan

PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97)
STEPS = 3


def distinct(model: Model) -> list[Layer]:
    """The layers with weights that are not alike but for their sizes."""
    found: dict[Any, Layer] = {}
    for layer in model.layers:
        plan = layer.plan
        if not layer.cell.inputs or not layer.arrangement.tensors:
            continue
        kind = layer.trace if layer.cell.states and not layer.cell.rank else (layer.cell.name, *_static(layer))
        key = (layer.entry.name, kind, layer.policy, min(plan.num_layers, 3), plan.bidirectional, plan.merge_mode)
        found.setdefault(key, layer)
    return list(found.values())


def _static(layer: Layer) -> tuple[Any, ...]:
    """The options of a layer that are no sizes."""
    return tuple((key, str(value)) for key, value in layer.options.items() if key not in _varied(layer))


def _varied(layer: Layer) -> tuple[str, ...]:
    """The sizes that can be others: what was given, and the depths of the inputs."""
    kinds = layer.cell.kinds
    own = [key for key in (*layer.cell.sizes, *layer.cell.optional_sizes) if key in layer.plan.options]
    own = [key for key in own if kinds.get(key) != "Count"]
    others = [f"{name}_depth" for name in layer.cell.inputs[1:] if layer.entry.equal_depths is False]
    return (*sorted(own), *others, *(() if layer.inflows[0].numbers else ("input_depth",)))


def alone(layer: Layer, sizes: Mapping[str, int], framework: str, thin: bool = False) -> Model:
    """A model of this layer alone, at other sizes and few positions; of a deep stack the first three.

    `thin` leaves a list of filters only two of each width.
    """
    plan = layer.plan
    options = {key: sizes.get(key, value) for key, value in plan.options.items() if key != "input_depth"}
    if thin:
        options = {
            key: _thin(value) if layer.cell.kinds.get(key) == "Pairs" else value for key, value in options.items()
        }
    inputs = {}
    windows = [source.window for made in layer.trace.maps for source in made.sources if source.window is not None]
    reaches = [[(k - 1) * d + 1 for k, d in zip(w.kernel, w.dilation)] for w in windows]
    reach = [max(axis) for axis in zip(*reaches)]
    for name, flow in zip(layer.cell.inputs, layer.inflows):
        axes, depth = layer.split(flow)
        few = [STEPS] * (len(axes) - len(reach)) + reach
        if depth is None:
            inputs[name] = flow._replace(shape=(STEPS,) * len(axes))
            continue
        key = "input_depth" if name == "x" or layer.entry.equal_depths is not False else f"{name}_depth"
        depth = sizes.get(key, depth)
        inputs[name] = flow._replace(shape=(depth, *few) if layer.first else (*few, depth))
    small = plan._replace(
        options=options,
        num_layers=min(plan.num_layers, 3),
        inputs=tuple(inputs),
        residual=False,
        tied_to="",
        same_as="",
        learned_initial_state=False,
        initial_state="",
        time_distributed=False,
    )
    return build(Plan("alone", framework, (small,), inputs))


def _thin(filters: Any) -> Any:
    return tuple((width, min(count, 2)) for width, count in filters)


def grid(layer: Layer, degree: int | None = None) -> list[dict[str, int]]:
    """Enough sizes to prove the count: one more value of each than the count's degree, all of different primes."""
    names = _varied(layer)
    if degree is None:
        degree = max((sum(e for _, e in monomial) for monomial in layer.arrangement.params.terms), default=0)
    primes = iter(PRIMES)
    factor = {"input_depth": layer.options.get("groups", 1), "filters": layer.options.get("groups", 1)}
    factor["units"] = layer.options.get("chunk_size", 1)
    if "heads" in layer.options and "key_depth" not in layer.plan.options:
        factor["input_depth"] = layer.options["heads"]
    order = sorted(names, key=lambda name: (name in layer.entry.below.values(), name == "units", name))
    values = {name: [next(primes) * factor.get(name, 1) for _ in range(degree + 1)] for name in order}
    if layer.cell.base == "crf" and not layer.options["kernel"]:  # the energies are its input
        return [{"input_depth": size, "tags": size} for size in values["tags"]]
    return [dict(zip(names, point)) for point in product(*(values[name] for name in names))]


def measured(model: Model) -> Model:
    """The model with each unknown length replaced by the least that its windows leave something of."""
    for steps in (STEPS, 5, 9, 17, 33, 65, 129):
        shapes = {name: tuple(steps if axis is None else axis for axis in f.shape) for name, f in model.inputs.items()}
        inputs = {name: flow._replace(shape=shapes[name]) for name, flow in model.inputs.items()}
        try:
            return build(model.plan._replace(inputs=inputs))
        except SpecError:
            continue
    return model


def work(model: Model) -> int:
    """About how many multiplications a forward pass takes."""
    return sum(layer.macs.total or (layer.macs.per_step or 0) * STEPS for layer in model.layers)


def shrunk(model: Model) -> Model | None:
    """The model with its sizes replaced by primes, equal ones by equal ones, smaller ones by smaller ones."""
    keys = {layer.plan.name: [key for key in _varied(layer) if key in layer.plan.options] for layer in model.layers}
    plain = all(not flow.numbers or len(flow.shape) == 1 for flow in model.inputs.values())
    depths = {flow.shape[-1] for flow in model.inputs.values() if not flow.numbers and plain}
    sizes = {layer.plan.options[key] for layer in model.layers for key in keys[layer.plan.name]} | depths
    ordered = sorted(size for size in sizes if size)
    if len(ordered) > len(PRIMES):
        return None
    primes = dict(zip(ordered, PRIMES))

    def shrink(plan: LayerPlan) -> LayerPlan:
        options = {k: primes[v] if k in keys[plan.name] else v for k, v in plan.options.items() if k != "input_depth"}
        return plan._replace(options=options, num_layers=min(plan.num_layers, 3))

    def shortened(flow: Flow) -> Flow:
        if len(flow.shape) > 2:
            return flow
        steps = tuple(min(axis, STEPS) if axis else None for axis in flow.shape[:-1])
        last = flow.shape[-1]
        if flow.numbers:
            return flow._replace(shape=(min(last, STEPS) if last else None,))
        return flow._replace(shape=(*steps, primes.get(last or 0, last)))

    inputs = {name: shortened(flow) for name, flow in model.plan.inputs.items()}
    try:
        return build(model.plan._replace(layers=tuple(map(shrink, model.plan.layers)), inputs=inputs))
    except SpecError:
        return None
