"""The proof of a model: its forward pass against its formula, in the framework's own layout.

Small models are run as they are. Whatever the size, each layer is also proven for all sizes: its count is a polynomial
of known degree, so equality at a grid of enough small sizes (pairwise different primes) is equality everywhere; and the
whole model is run once with each of its sizes replaced by a prime, to prove how its layers are wired.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from math import prod
from typing import Any

import numpy as np

from rnncalc.errors import Problem, SpecError
from rnncalc.forward import Weights, combined, run, unchecked
from rnncalc.layer import Layer, Tensor
from rnncalc.network import Model, build
from rnncalc.packing import Array, matters, pack, reads, unpack
from rnncalc.plan import Flow, LayerPlan, Plan
from rnncalc.record import Record
from rnncalc.report import SCHEMA_VERSION
from rnncalc.witness import witnessed

PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97)
SMALL, MOST_WORK = 5_000_000, 200_000_000  # weights and multiplications of a model that is run at its own sizes
MOST_READING = 2_000_000_000  # weights × multiplications of a model each of whose weights is changed
STEPS, BATCH, SEEDS = 3, 4, 8
CHUNK = 2_000_000  # scalars of perturbed weights at once


class Step(Record):
    """One thing that was shown, or was not."""

    what: str
    passed: bool
    detail: str

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        return {"what": self.what, "passed": self.passed, "detail": self.detail}


class Proof(Record):
    """All that was done to prove one model."""

    model: str
    framework: str
    source: str | None
    steps: tuple[Step, ...]

    @property
    def passed(self) -> bool:
        """Whether all of it was shown."""
        return all(step.passed for step in self.steps)

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        return {
            "model": self.model,
            "framework": self.framework,
            "source": self.source,
            "passed": self.passed,
            "steps": [step.to_dict() for step in self.steps],
        }


class Proofs(Record):
    """The proofs of a run, and what could not be read."""

    proofs: tuple[Proof, ...]
    problems: tuple[Problem, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `verify`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "passed": not self.problems and all(proof.passed for proof in self.proofs),
            "proofs": [proof.to_dict() for proof in self.proofs],
            "errors": [problem.to_dict() for problem in self.problems],
        }


def prove(model: Model) -> Proof:
    """Prove a model; a fault is a step that did not pass, never an exception."""
    steps: list[Step] = []
    for act in (_layout, _formula, _forward, _wiring, _reading, witnessed):
        try:
            steps += [Step(*each) for each in act(model)]
        except (ValueError, KeyError, IndexError, StopIteration, TypeError) as error:
            steps.append(Step(_said(act), False, f"{type(error).__name__}: {error}"))
    return Proof(model.name, model.framework, model.plan.source, tuple(steps))


Shown = Iterator[tuple[str, bool, str]]


def _distinct(model: Model) -> list[Layer]:
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


def _alone(layer: Layer, sizes: Mapping[str, int], framework: str, thin: bool = False) -> Model:
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
        time_distributed=False,
    )
    return build(Plan("alone", framework, (small,), inputs))


def _thin(filters: Any) -> Any:
    return tuple((width, min(count, 2)) for width, count in filters)


def _grid(layer: Layer, degree: int | None = None) -> list[dict[str, int]]:
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


def _layout(model: Model) -> Shown:
    """The pieces of the cell go into the framework's tensors and come out again."""
    blocks = 0
    for layer in _distinct(model):
        small = _alone(layer, _grid(layer)[0], model.framework).layers[0]
        sizes, pieces = small.sizes[0], small.arrangement.pieces
        arrays = {
            key: np.random.default_rng(n).normal(size=[int(dim.at(sizes)) for dim in piece.shape])
            for n, (key, piece) in enumerate(pieces.items())
        }
        back: dict[tuple[str, str], Array] = {}
        for stored in (*small.arrangement.tensors, *small.arrangement.buffers):
            back.update(unpack(stored, sizes, pack(stored, sizes, arrays)))
        wrong = [key for key in arrays if key not in back or not np.allclose(back[key], arrays[key], atol=1e-12)]
        if wrong or set(back) != set(arrays):
            yield _said(_layout), False, f"{layer.plan.name}: gate {wrong[0][0]} beside {wrong[0][1]} is lost"
            return
        blocks += len(arrays)
    yield _said(_layout), True, f"{blocks} blocks"


def _formula(model: Model) -> Shown:
    """The scalars allocated are those of the formula, at enough sizes to hold for all."""
    points = 0
    for layer in _distinct(model):
        for point in _grid(layer):
            small = _alone(layer, point, model.framework)
            inner = small.layers[0]
            allocated = sum(array.size for array in small.weights().values())
            unread = sum(tensor.unread for tensor in small.report().layers[0].tensors)
            pieces = sum(int(p.size.at(sizes)) for sizes in inner.sizes for p in inner.arrangement.pieces.values())
            needed = pieces * inner.directions + unread - sum(tensor.size for tensor in inner.buffers)
            formula = small.params
            for tensor in inner.tensors:
                if _worth(tensor.formula, inner) != tensor.size:
                    told = f"{tensor.name} of {tensor.size:,} says {tensor.formula} at {point}"
                    yield _said(_formula), False, f"{layer.plan.name}: {told}"
                    return
            if not allocated == formula == needed:
                told = f"allocated {allocated:,}, formula {formula:,}, pieces {needed:,} at {point}"
                yield _said(_formula), False, f"{layer.plan.name}: {told}"
                return
            points += 1
    yield _said(_formula), True, f"equal at {points} points of different primes, as many as the degrees need"


def _worth(text: str, layer: Layer) -> int:
    """The value of a printed formula, in the framework's words: a product of sums of products."""
    known = sorted(layer.sizes[0].items(), key=lambda item: item[0] != "input_depth")  # an embedding has its word, too
    sizes = {layer.words.get(name, name): value for name, value in known}
    sums = [factor.strip("()").split(" + ") for factor in text.split(" × ")]
    return prod(
        sum(prod(int(part) if part.isdigit() else sizes.get(part, 0) for part in term.split("·")) for term in terms)
        for terms in sums
    )


def _forward(model: Model) -> Shown:
    """The forward pass at the model's own sizes gives the declared shapes."""
    model = _measured(model)
    if model.params > SMALL or _work(model) > MOST_WORK:
        yield _said(_forward), True, f"left out: {model.params:,} weights; what follows holds for all sizes"
        return
    yield _said(_forward), *_shapes(model)


def _wiring(model: Model) -> Shown:
    """The same with each size replaced by a prime gives the declared shapes."""
    small = _shrunk(model)
    if small is None:
        yield _said(_wiring), True, "left out: its sizes depend on each other"
        return
    yield _said(_wiring), *_shapes(_measured(small))


def _measured(model: Model) -> Model:
    """The model with each unknown length replaced by the least that its windows leave something of."""
    for steps in (STEPS, 5, 9, 17, 33, 65, 129):
        shapes = {name: tuple(steps if axis is None else axis for axis in f.shape) for name, f in model.inputs.items()}
        inputs = {name: flow._replace(shape=shapes[name]) for name, flow in model.inputs.items()}
        try:
            return build(model.plan._replace(inputs=inputs))
        except SpecError:
            continue
    return model


def _work(model: Model) -> int:
    """About how many multiplications a forward pass takes."""
    return sum(layer.macs.total or (layer.macs.per_step or 0) * STEPS for layer in model.layers)


def _shapes(model: Model) -> tuple[bool, str]:
    if not any(layer.cell.inputs for layer in model.layers):
        return True, "left out: nothing is known of bare weights but their shapes"
    weights, x = model.weights(1), _inputs(model)
    batch = len(next(iter(x.values())))
    initial = _states(model, batch, 2)
    flows: dict[str, Any] = dict(x)
    finals: dict[str, Array] = {}
    for layer, wires in zip(model.layers, model.wires):
        if not layer.cell.inputs:
            continue
        last, states = run(layer, weights, combined(layer, [flows[name] for name in wires]), initial)
        flows[layer.plan.name] = last
        finals.update(states)
        declared = (batch, *layer.outflow.shape)
        for part in last if isinstance(last, tuple) else (last,):
            if part.ndim != len(declared) or any(b not in (None, a) for a, b in zip(part.shape, declared)):
                return False, f"{layer.plan.name}: output {part.shape}, declared {declared}"
            if not np.isfinite(part).all():
                return False, f"{layer.plan.name}: the output is not finite"
    for name, array in finals.items():
        if array.shape != initial[name].shape:
            return False, f"{name}: state {array.shape}, declared {initial[name].shape}"
    sizes = ", ".join(f"{name} {array.shape}" for name, array in x.items())
    return True, f"{model.params:,} weights, {sizes}, output {(last if not isinstance(last, tuple) else last[0]).shape}"


def _reading(model: Model) -> Shown:
    """Each weight is read, and each matters."""
    small = _shrunk(model)
    if small is None or small.params * _work(small) > MOST_READING:
        models = [_alone(layer, _grid(layer, 0)[0], model.framework, thin=True) for layer in _distinct(model)]
    else:
        models = [small]
    models = [_measured(each) for each in models]
    count = unread = dead = 0
    for each in models:
        names, masks = _masks(each)
        if not masks.size:
            continue
        live = _masks(each, idle=True)[1]
        read, moved = np.zeros(masks.size, bool), np.zeros(masks.size, bool)
        for seed in range(SEEDS):  # a unit that is off for one input may be on for another
            todo = np.flatnonzero((masks & ~read) | (live & ~moved)) if seed else np.arange(masks.size)
            if not todo.size:
                break
            reached, changed = _perturb(each, names, todo, seed)
            read[todo] |= reached
            moved[todo] |= changed
        more = "is read" if (read & ~masks).any() else "is not read"
        for verdict, text in ((read != masks, more), (moved != live, "does not matter")):
            if verdict.any():
                yield _said(_reading), False, f"{_name_of(each, int(np.flatnonzero(verdict)[0]))} {text}"
                return
        count, unread = count + int(masks.sum()), unread + int((~masks).sum())
        dead += int((masks & ~live).sum())
    more = f"; {unread:,} that the framework allocates but never uses are not" if unread else ""
    still = f"; {dead:,} cannot, by the equations" if dead else ""
    yield "each weight is read (a NaN in it reaches the output)", True, f"{count:,} weights{more}"
    yield "each weight matters (a finite change moves the output)", True, f"{count - dead:,} weights{still}"


def _own(model: Model) -> Iterator[tuple[Layer, Tensor]]:
    """The tensors that the model allocates, shared ones once."""
    for layer in model.layers:
        for tensor in layer.tensors:
            if tensor.shared is None and layer.cell.inputs:
                yield layer, tensor


def _masks(model: Model, idle: bool = False) -> tuple[list[str], Array]:
    """The tensors' names, and for each scalar of all whether it is declared to be read, or with `idle` to matter."""
    names, masks = [], []
    for layer, tensor in _own(model):
        names.append(f"{layer.plan.name}/{tensor.name}")
        if tensor.stored is None:
            masks.append(np.ones(tensor.size, bool))
        else:
            sizes = layer.sizes[tensor.parts[0][0]]
            one = matters(tensor.stored, sizes, layer.cell.idle) if idle else reads(tensor.stored, sizes)
            masks.append(np.broadcast_to(one, tensor.shape).ravel())
    return names, np.concatenate(masks) if masks else np.zeros(0, bool)


def _name_of(model: Model, scalar: int) -> str:
    for layer, tensor in _own(model):
        if scalar < tensor.size:
            place = [int(index) for index in np.unravel_index(scalar, tensor.shape)]
            return f"{layer.plan.name}/{tensor.name}{place}"
        scalar -= tensor.size
    return "?"


def _perturb(model: Model, names: list[str], scalars: Array, seed: int) -> tuple[Array, Array]:
    """For each of these scalars: does a NaN in it reach the outputs, and does a finite change move them?"""
    weights = model.weights(seed)
    x = _inputs(model, seed)
    initial = _states(model, len(next(iter(x.values()))), seed + 1)
    flat = np.concatenate([weights[name].ravel() for name in names])
    base = _outcome(model, weights, x, initial)[0]
    reached, moved = np.zeros(len(scalars), bool), np.zeros(len(scalars), bool)
    chunk = max(1, min(CHUNK // max(1, flat.size), 50 * CHUNK // max(1, _work(model) * BATCH)))
    for start in range(0, len(scalars), chunk):
        part = scalars[start : start + chunk]
        for found, value in ((reached, np.nan), (moved, 0.4375)):
            many = np.repeat(flat[None], len(part), axis=0)
            rows = np.arange(len(part))
            many[rows, part] = value if np.isnan(value) else many[rows, part] + value
            cut, stacked = 0, {}
            for name in names:
                size = weights[name].size
                stacked[name] = many[:, cut : cut + size].reshape(-1, *weights[name].shape)
                cut += size
            difference = _outcome(model, stacked, x, initial) - base
            found[start : start + chunk] = (
                np.isnan(difference).any(axis=1) if np.isnan(value) else (np.abs(difference) > 1e-12).any(axis=1)
            )
    return reached, moved


def _outcome(model: Model, weights: Weights, x: Mapping[str, Array], initial: dict[str, Array]) -> Array:
    """Outputs and final states, side by side, a row for each set of weights."""
    starts = dict(initial)
    for layer in model.layers:
        if layer.plan.learned_initial_state:
            for state in layer.trace.states:
                learned = weights[f"{layer.plan.name}/initial_{state.name}"]
                name = f"{layer.plan.name}/{state.name}"
                starts[name] = np.repeat(learned[..., None, :], initial[name].shape[1], axis=-2)
    with np.errstate(all="ignore"):
        outputs, states = unchecked(model, weights, x, starts)
    ranks = [len(model.layers[-1].outflow.shape) + 1] * (2 if isinstance(outputs, tuple) else 1)
    ranks += [array.ndim for array in initial.values()]
    arrays = [*(outputs if isinstance(outputs, tuple) else (outputs,)), *(states[name] for name in initial)]
    lead = next((a.shape[: a.ndim - rank] for a, rank in zip(arrays, ranks) if a.ndim > rank), (1,))
    flat = []
    for array, rank in zip(arrays, ranks):
        wide = np.broadcast_to(array, (*lead, *array.shape[array.ndim - rank :]))
        flat.append(wide.reshape(*lead, -1))
    return np.concatenate(flat, axis=-1)


def _inputs(model: Model, seed: int = 0) -> dict[str, Array]:
    """Random inputs of few steps; an embedding is asked for each of its rows."""
    readers = {name: layer for layer, wires in zip(model.layers, model.wires) for name in reversed(wires)}
    axes = {name: [STEPS if axis is None else axis for axis in flow.shape] for name, flow in model.inputs.items()}
    vocabs = {
        name: reader.sizes[0]["vocab"] for name, reader in readers.items() if name in axes and reader.inflows[0].numbers
    }
    rows = [-(-vocab // prod(axes[name])) for name, vocab in vocabs.items() if vocab <= 200]
    batch = max([BATCH, *rows])
    found: dict[str, Array] = {}
    for n, name in enumerate(model.inputs):
        shape = (batch, *axes[name])
        if name in vocabs:
            found[name] = (np.arange(prod(shape)) % vocabs[name]).reshape(shape)
        else:
            found[name] = np.random.default_rng(seed + 100 + n).uniform(-1, 1, shape)
    return found


def _states(model: Model, batch: int, seed: int) -> dict[str, Array]:
    """Random initial states, none of them zero."""
    random = np.random.default_rng(seed + 200)
    shapes = {
        name: (shape[0] or 1, batch, *(axis or STEPS for axis in shape[1:]))
        for each in model.layers
        for name, shape in each.states.items()
    }
    return {name: random.uniform(0.1, 0.9, shape) * random.choice([-1, 1], shape) for name, shape in shapes.items()}


def _shrunk(model: Model) -> Model | None:
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


def _said(act: Any) -> str:
    text = (act.__doc__ or "").split(".")[0].rstrip()
    return text[:1].lower() + text[1:]
