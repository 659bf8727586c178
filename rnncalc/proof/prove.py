"""The proof of a model: its forward pass against its formula, in the framework's own layout.

Small models are run as they are. Whatever the size, each layer is also proven for all sizes: its count is a polynomial
of known degree, so equality at a grid of enough small sizes (pairwise different primes) is equality everywhere; and the
whole model is run once with each of its sizes replaced by a prime, to prove how its layers are wired.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from rnncalc.errors import Problem
from rnncalc.forward import passes
from rnncalc.layer import Layer
from rnncalc.network import Model
from rnncalc.packing import Array, pack, unpack
from rnncalc.proof.perturb import inputs, masks, name_of, perturb, states
from rnncalc.proof.small import alone, distinct, grid, measured, shrunk, work
from rnncalc.proof.witness import witnessed
from rnncalc.record import Record
from rnncalc.report import SCHEMA_VERSION
from rnncalc.tensor import Tensor

SMALL, MOST_WORK = 5_000_000, 200_000_000  # weights and multiplications of a model that is run at its own sizes
MOST_READING = 2_000_000_000  # weights × multiplications of a model each of whose weights is changed
SEEDS = 8


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


def _layout(model: Model) -> Shown:
    """The pieces of the cell go into the framework's tensors and come out again."""
    blocks = 0
    for layer in distinct(model):
        small = alone(layer, grid(layer)[0], model.framework).layers[0]
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
    for layer in distinct(model):
        for point in grid(layer):
            small = alone(layer, point, model.framework)
            inner = small.layers[0]
            allocated = sum(array.size for array in small.weights().values())
            unread = sum(tensor.unread for tensor in small.report().layers[0].tensors)
            pieces = sum(int(p.size.at(sizes)) for sizes in inner.sizes for p in inner.arrangement.pieces.values())
            needed = pieces * inner.directions + unread - sum(tensor.size for tensor in inner.buffers if _read(tensor))
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


def _read(tensor: Tensor) -> bool:
    """Whether the step reads it: a moving average may be stored twice."""
    return tensor.stored is not None and any(block.column.read for block in tensor.stored.blocks)


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
    model = measured(model)
    if model.params > SMALL or work(model) > MOST_WORK:
        yield _said(_forward), True, f"left out: {model.params:,} weights; what follows holds for all sizes"
        return
    yield _said(_forward), *_shapes(model)


def _wiring(model: Model) -> Shown:
    """The same with each size replaced by a prime gives the declared shapes."""
    small = shrunk(model)
    if small is None:
        yield _said(_wiring), True, "left out: its sizes depend on each other"
        return
    yield _said(_wiring), *_shapes(measured(small))


def _shapes(model: Model) -> tuple[bool, str]:
    if not any(layer.cell.inputs for layer in model.layers):
        return True, "left out: nothing is known of bare weights but their shapes"
    weights, x = model.weights(1), inputs(model)
    batch = len(next(iter(x.values())))
    initial = states(model, batch, 2)
    finals: dict[str, Array] = {}
    for layer, last, ends in passes(model, weights, x, initial, {}):
        finals.update(ends)
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
    small = shrunk(model)
    if small is None or small.params * work(small) > MOST_READING:
        models = [alone(layer, grid(layer, 0)[0], model.framework, thin=True) for layer in distinct(model)]
    else:
        models = [small]
    models = [measured(each) for each in models]
    count = unread = dead = 0
    for each in models:
        names, read_at = masks(each)
        if not read_at.size:
            continue
        live = masks(each, idle=True)[1]
        read, moved = np.zeros(read_at.size, bool), np.zeros(read_at.size, bool)
        for seed in range(SEEDS):  # a unit that is off for one input may be on for another
            todo = np.flatnonzero((read_at & ~read) | (live & ~moved)) if seed else np.arange(read_at.size)
            if not todo.size:
                break
            reached, changed = perturb(each, names, todo, seed)
            read[todo] |= reached
            moved[todo] |= changed
        more = "is read" if (read & ~read_at).any() else "is not read"
        for verdict, text in ((read != read_at, more), (moved != live, "does not matter")):
            if verdict.any():
                yield _said(_reading), False, f"{name_of(each, int(np.flatnonzero(verdict)[0]))} {text}"
                return
        count, unread = count + int(read_at.sum()), unread + int((~read_at).sum())
        dead += int((read_at & ~live).sum())
    more = f"; {unread:,} that the framework allocates but never uses are not" if unread else ""
    still = f"; {dead:,} cannot, by the equations" if dead else ""
    yield "each weight is read (a NaN in it reaches the output)", True, f"{count:,} weights{more}"
    yield "each weight matters (a finite change moves the output)", True, f"{count - dead:,} weights{still}"


def _said(act: Any) -> str:
    text = (act.__doc__ or "").split(".")[0].rstrip()
    return text[:1].lower() + text[1:]
