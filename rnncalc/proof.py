"""The proof of a model: its forward pass against its formula, in the framework's own layout.

Small models are run as they are. Whatever the size, each layer is also proven for all sizes: its count is a polynomial
of known degree, so equality at a grid of enough small sizes (pairwise different primes) is equality everywhere; and the
whole model is run once with each of its sizes replaced by a prime, to prove how its layers are wired.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np

from rnncalc.errors import Problem, SpecError
from rnncalc.forward import Weights, run, unchecked
from rnncalc.network import Flow, Layer, LayerPlan, Model, Plan, build
from rnncalc.packing import Array, pack, reads, unpack
from rnncalc.record import Record
from rnncalc.report import SCHEMA_VERSION
from rnncalc.witness import witnessed

PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97)
SMALL = 100_000  # weights of a model that is run at its own sizes
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
            steps.append(Step((act.__doc__ or "").split(".")[0].rstrip(), False, f"{type(error).__name__}: {error}"))
    return Proof(model.name, model.framework, model.plan.source, tuple(steps))


Shown = Iterator[tuple[str, bool, str]]


def _distinct(model: Model) -> list[Layer]:
    """The layers that are not alike but for their sizes."""
    found: dict[Any, Layer] = {}
    for layer in model.layers:
        plan = layer.plan
        key = (
            layer.entry.name,
            layer.trace,
            layer.policy,
            min(plan.num_layers, 3),
            plan.bidirectional,
            plan.merge_mode,
        )
        found.setdefault(key, layer)
    return list(found.values())


def _alone(layer: Layer, sizes: Mapping[str, int], framework: str) -> Model:
    """A model of this layer alone, at other sizes; of a deep stack the first three, since the others are alike."""
    plan = layer.plan
    options = {key: sizes.get(key, value) for key, value in plan.options.items() if key != "input_depth"}
    small = plan._replace(options=options, num_layers=min(plan.num_layers, 3), residual=False)
    flow = None if layer.inflow.numbers else (STEPS, sizes.get("input_depth", 2))
    return build(Plan(plan.name, framework, (small,), flow))


def _grid(layer: Layer) -> list[dict[str, int]]:
    """Enough sizes to prove the count: one more value of each symbol than its degree, all of them different primes."""
    count = layer.arrangement.params
    symbols = sorted(layer.trace.symbols | {"input_depth"}, key=lambda name: (name == "units", name))
    primes = iter(PRIMES)
    values = [[next(primes) for _ in range(max(1, count.degree(name) + 1))] for name in symbols]
    return [dict(zip(symbols, point)) for point in product(*values)]


def _layout(model: Model) -> Shown:
    """The pieces of the cell go into the framework's tensors and come out again."""
    blocks = 0
    for layer in _distinct(model):
        point = _grid(layer)[0]
        small = _alone(layer, point, model.framework).layers[0]
        sizes, pieces = small.sizes[0], small.arrangement.pieces
        arrays = {
            key: np.random.default_rng(n).normal(size=[int(dim.at(sizes)) for dim in piece.shape])
            for n, (key, piece) in enumerate(pieces.items())
        }
        back: dict[tuple[str, str], Array] = {}
        for stored in small.arrangement.tensors:
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
            needed = (
                unread
                + sum(
                    int(np.prod([int(dim.at(sizes)) for dim in piece.shape]))
                    for sizes in inner.sizes
                    for piece in inner.trace.pieces(inner.policy).values()
                )
                * inner.directions
            )
            formula = small.params
            if not allocated == formula == needed:
                told = f"allocated {allocated:,}, formula {formula:,}, pieces {needed:,} at {point}"
                yield _said(_formula), False, f"{layer.plan.name}: {told}"
                return
            points += 1
    yield _said(_formula), True, f"equal at {points} points of different primes, as many as the degrees need"


def _forward(model: Model) -> Shown:
    """The forward pass at the model's own sizes gives the declared shapes."""
    if model.params > SMALL:
        yield _said(_forward), True, f"left out: {model.params:,} weights; what follows holds for all sizes"
        return
    x, steps = _input(model, STEPS)
    yield _said(_forward), *_shapes(model, x, steps)


def _wiring(model: Model) -> Shown:
    """The same with each size replaced by a prime gives the declared shapes."""
    small = _shrunk(model)
    if small is None:
        yield _said(_wiring), True, "left out: its sizes depend on each other"
        return
    x, steps = _input(small, STEPS)
    yield _said(_wiring), *_shapes(small, x, steps)


def _shapes(model: Model, x: Array, steps: int) -> tuple[bool, str]:
    weights, initial = model.weights(1), _states(model, len(x), 2)
    flow: Any = x
    finals: dict[str, Array] = {}
    for layer in model.layers:
        flow, states = run(layer, weights, flow, initial)
        finals.update(states)
        declared = (len(x), *(steps if axis is None else axis for axis in layer.outflow.axes))
        for part in flow if isinstance(flow, tuple) else (flow,):
            if part.shape != declared:
                return False, f"{layer.plan.name}: output {part.shape}, declared {declared}"
    for name, array in finals.items():
        if array.shape != initial[name].shape:
            return False, f"{name}: state {array.shape}, declared {initial[name].shape}"
    outputs = flow if isinstance(flow, tuple) else (flow,)
    if not all(np.isfinite(part).all() for part in outputs):
        return False, "the output is not finite"
    return True, f"{model.params:,} weights, {x.shape[0]} sequences of {steps} steps, output {outputs[0].shape}"


def _reading(model: Model) -> Shown:
    """Each weight is read, and each matters."""
    small = _shrunk(model) or (model if model.params <= SMALL // 10 else None)
    if small is None:
        models = [_alone(layer, _grid(layer)[0], model.framework) for layer in _distinct(model)]
    else:
        models = [small]
    count = unread = 0
    for each in models:
        names, masks = _masks(each)
        read, moved = np.zeros(masks.size, bool), np.zeros(masks.size, bool)
        for seed in range(SEEDS):  # a unit that is off for one input may be on for another
            todo = np.flatnonzero(masks & ~(read & moved)) if seed else np.arange(masks.size)
            if not todo.size:
                break
            reached, changed = _perturb(each, names, todo, seed)
            read[todo] |= reached
            moved[todo] |= changed
        for verdict, text in (
            (read != masks, "is read" if (read & ~masks).any() else "is not read"),
            (moved != masks, "does not matter"),
        ):
            if verdict.any():
                yield _said(_reading), False, f"{_name_of(each, int(np.flatnonzero(verdict)[0]))} {text}"
                return
        count, unread = count + int(masks.sum()), unread + int((~masks).sum())
    more = f"; {unread:,} that the framework allocates but never uses are not" if unread else ""
    yield "each weight is read (a NaN in it reaches the output)", True, f"{count:,} weights{more}"
    yield "each weight matters (a finite change moves the output)", True, f"{count:,} weights"


def _masks(model: Model) -> tuple[list[str], Array]:
    """The tensors' names, and for each scalar of all of them whether it is declared to be read."""
    names, masks = [], []
    for layer in model.layers:
        for tensor in layer.tensors:
            names.append(f"{layer.plan.name}/{tensor.name}")
            one = reads(tensor.stored, layer.sizes[tensor.parts[0][0]])
            masks.append(np.broadcast_to(one, tensor.shape).ravel())
    return names, np.concatenate(masks) if masks else np.zeros(0, bool)


def _name_of(model: Model, scalar: int) -> str:
    for layer in model.layers:
        for tensor in layer.tensors:
            size = int(np.prod(tensor.shape))
            if scalar < size:
                place = [int(index) for index in np.unravel_index(scalar, tensor.shape)]
                return f"{layer.plan.name}/{tensor.name}{place}"
            scalar -= size
    return "?"


def _perturb(model: Model, names: list[str], scalars: Array, seed: int) -> tuple[Array, Array]:
    """For each of these scalars: does a NaN in it reach the outputs, and does a finite change move them?"""
    weights = model.weights(seed)
    x, _ = _input(model, STEPS, seed)
    initial = _states(model, len(x), seed + 1)
    flat = np.concatenate([weights[name].ravel() for name in names])
    base = _outcome(model, weights, x, initial)
    reached, moved = np.zeros(len(scalars), bool), np.zeros(len(scalars), bool)
    chunk = max(1, CHUNK // max(1, flat.size))
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
            outcome = _outcome(model, stacked, x, initial)
            difference = np.broadcast_to(outcome, (len(part), base.shape[-1])) - base
            found[start : start + chunk] = (
                np.isnan(difference).any(axis=1) if np.isnan(value) else (np.abs(difference) > 1e-12).any(axis=1)
            )
    return reached, moved


def _outcome(model: Model, weights: Weights, x: Array, initial: dict[str, Array]) -> Array:
    """Outputs and final states, side by side, for each set of weights."""
    with np.errstate(invalid="ignore", over="ignore"):
        outputs, states = unchecked(model, weights, x, initial)
    arrays = [*(outputs if isinstance(outputs, tuple) else (outputs,)), *states.values()]
    flow = model.layers[-1].outflow
    ranks = [len(flow.axes) + 1] * (len(arrays) - len(states)) + [3] * len(states)
    lead = next((a.shape[: a.ndim - rank] for a, rank in zip(arrays, ranks) if a.ndim > rank), ())
    flat = []
    for array, rank in zip(arrays, ranks):
        wide = np.broadcast_to(array, (*lead, *array.shape[array.ndim - rank :]))
        flat.append(wide.reshape(*lead, -1))
    return np.concatenate(flat, axis=-1)


def _input(model: Model, steps: int, seed: int = 0) -> tuple[Array, int]:
    """A random input, and its number of steps; an embedding is asked for each of its rows."""
    flow: Flow = model.input
    axes = [steps if axis is None else axis for axis in flow.axes]
    steps = axes[0] if flow.sequence else 1
    if flow.numbers:
        vocab = model.layers[0].sizes[0]["vocab"]
        batch = max(BATCH, -(-vocab // int(np.prod(axes)))) if vocab <= SMALL else BATCH
        ids = np.arange(batch * int(np.prod(axes))) % vocab
        return ids.reshape(batch, *axes), steps
    return np.random.default_rng(seed + 100).uniform(-1, 1, (BATCH, *axes)), steps


def _states(model: Model, batch: int, seed: int) -> dict[str, Array]:
    """Random initial states, none of them zero."""
    random = np.random.default_rng(seed + 200)
    shapes = {name: (rows, batch, size) for each in model.layers for name, (rows, size) in each.states.items()}
    return {name: random.uniform(0.1, 0.9, shape) * random.choice([-1, 1], shape) for name, shape in shapes.items()}


def _shrunk(model: Model) -> Model | None:
    """The model with its sizes replaced by primes, equal ones by equal ones, smaller ones by smaller ones."""
    sizes = {axis for axis in ((model.plan.input or ())[1:]) if axis}
    for layer in model.layers:
        keys = (*layer.cell.sizes, *layer.cell.optional_sizes)
        sizes |= {value for key, value in layer.plan.options.items() if key in keys}
    ordered = sorted(sizes)
    if len(ordered) > len(PRIMES):
        return None
    primes = dict(zip(ordered, PRIMES))

    def shrink(layer: LayerPlan, cell: Any) -> LayerPlan:
        keys = (*cell.sizes, *cell.optional_sizes)
        options = {k: primes[v] if k in keys else v for k, v in layer.options.items() if k != "input_depth"}
        return layer._replace(options=options, num_layers=min(layer.num_layers, 3))

    layers = tuple(shrink(layer.plan, layer.cell) for layer in model.layers)
    axes = model.plan.input
    if axes is not None:
        sequence = model.input.sequence
        first = (min(axes[0], STEPS) if axes[0] else None,) if sequence else (primes.get(axes[0] or 0, axes[0]),)
        axes = (*first, *(primes.get(axis or 0, axis) for axis in axes[1:]))
    try:
        return build(model.plan._replace(layers=layers, input=axes))
    except SpecError:
        return None


def _said(act: Any) -> str:
    text = (act.__doc__ or "").split(".")[0].rstrip()
    return text[:1].lower() + text[1:]
