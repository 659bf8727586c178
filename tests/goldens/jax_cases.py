"""What the golden scripts of the JAX frameworks share: neutral models in, frozen numbers out.

A script gives `main` its cases and a `build`, which makes a `Net` of the real framework from a model.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from probe import fill, probe, write

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_disable_most_optimizations", True)  # compiling takes longer than computing

PLAIN = ("embedding", "dense", "dropout")
MERGES: dict[str, Callable[[Any, Any], Any]] = {
    "concat": lambda a, b: jnp.concatenate([a, b], axis=-1),
    "sum": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "ave": lambda a, b: (a + b) / 2,
}

Spec = Mapping[str, Any]
States = Mapping[str, Any]
Carry = tuple[Any, ...]  # (h,) or (h, c)
Unrolled = tuple[jax.Array, list[Carry]]  # outputs, and the last carry of each cell


@dataclass
class Case:
    """One model and the shape of its input; `zeros`: no initial states given; `count`: shapes only."""

    id: str
    layers: Sequence[Mapping[str, Spec]]
    x: Sequence[int] = (2, 3, 5)
    zeros: bool = False
    count: bool = False

    @property
    def ids(self) -> bool:
        return "embedding" in self.layers[0]

    def model(self, framework: str) -> dict[str, Any]:
        head: dict[str, Any] = {"framework": framework}
        if len(self.x) > 3:
            head["input"] = {"shape": list(self.x[1:])}
        elif not self.ids:
            head["input"] = {"depth": self.x[-1]}
        return {**head, "layers": list(self.layers)}


@dataclass
class Net:
    """A real net: its tensors as initialised, in its own order, and its forward pass with other weights."""

    tensors: list[tuple[str, jax.Array]]
    non_trainable: int
    apply: Callable[[list[jax.Array], jax.Array, States | None], tuple[jax.Array, States]]


def items(layers: Sequence[Mapping[str, Spec]]) -> Iterator[tuple[str, Spec]]:
    """Type and options of each layer; a bare number is a dropout's rate."""
    for layer in layers:
        for kind, spec in layer.items():
            yield kind, spec if isinstance(spec, Mapping) else {"rate": spec, "name": kind}


def names(spec: Spec) -> list[str]:
    """Names of the cells of a stack: lstm, lstm_1, lstm_2."""
    return [f"{spec['name']}_{k}" if k else spec["name"] for k in range(spec.get("num_layers", 1))]


def forward(
    layers: Sequence[Mapping[str, Spec]],
    x: jax.Array,
    states: States | None,
    plain: Callable[[str, Spec, jax.Array], jax.Array],
    recur: Callable[[str, Spec, jax.Array, list[Carry] | None], Unrolled],
) -> tuple[jax.Array, States]:
    """Layer after layer: `plain` runs one without, `recur` one with states, one carry a cell."""
    final = {}
    for kind, spec in items(layers):
        if kind in PLAIN:
            x = plain(kind, spec, x)
            continue
        keys = [f"{spec['name']}/{s}" for s in ("h", "c")[: 2 if "lstm" in kind.lower() else 1]]
        carries = None if states is None else list(zip(*(states[key] for key in keys)))
        x, carries = recur(kind, spec, x, carries)
        final.update((key, jnp.stack(values)) for key, values in zip(keys, zip(*carries)))
        if not spec.get("return_sequences", True):
            x = x[:, -1]
    return x, final


def sample(case: Case) -> jax.Array:
    """The input of a case: the probe, or integer ids from it."""
    x = probe(case.x, 1)
    if case.ids:
        x = np.floor((x + 0.5) * case.layers[0]["embedding"]["vocab"]).astype(int)
    return jnp.asarray(x)


def flat(array: jax.Array) -> dict[str, Any]:
    assert array.dtype == jnp.float64
    return {"shape": list(array.shape), "values": np.asarray(array).ravel().tolist()}


def freeze(case: Case, net: Net, model: Mapping[str, Any], classes: Mapping[str, type]) -> dict[str, Any]:
    """The case as it stands in the golden file."""
    shapes = [value.shape for _, value in net.tensors]
    frozen = {
        "id": case.id,
        "model": model,
        "framework_type": "+".join(classes[kind].__name__ for kind, _ in items(case.layers)),
        "tensors": [[name, list(value.shape)] for name, value in net.tensors],
        "trainable": sum(value.size for _, value in net.tensors),
        "non_trainable": net.non_trainable,
        "x": list(case.x),
        **({"ids": True} if case.ids else {}),
        "initial_state": None,
        "outputs": None,
        "states": None,
    }
    if case.count:
        return frozen
    weights = [jnp.asarray(value) for value in fill(shapes)]
    outputs, final = net.apply(weights, sample(case), None)
    if not case.zeros:
        frozen["initial_state"] = {key: list(value.shape) for key, value in final.items()}
        values = fill([value.shape for value in final.values()], 2)
        states = {key: jnp.asarray(value) for key, value in zip(final, values)}
        outputs, final = net.apply(weights, sample(case), states)
    frozen["outputs"] = flat(outputs)
    frozen["states"] = {key: flat(value) for key, value in final.items()}
    return frozen


def save(path: Path, case: Case, net: Net, model: Mapping[str, Any]) -> None:
    """A real save: weights as the framework draws them, vectors moved off their constants."""
    rng = np.random.default_rng(len(net.tensors))
    weights = {name: np.asarray(value) for name, value in net.tensors}
    weights = {k: v + rng.normal(0, 0.2, v.shape) if v.ndim == 1 else v for k, v in weights.items()}
    values = [jnp.asarray(value) for value in weights.values()]
    x = jnp.asarray(rng.normal(size=case.x))
    states = {k: jnp.asarray(rng.normal(0, 0.5, v.shape)) for k, v in net.apply(values, x, None)[1].items()}
    outputs, final = net.apply(values, x, states)
    arrays = {
        **{f"weights/{name}": value for name, value in weights.items()},
        "x": x,
        **{f"state/{name}": value for name, value in states.items()},
        "outputs": outputs,
        **{f"final/{name}": value for name, value in final.items()},
    }
    arrays = {name: np.asarray(value) for name, value in arrays.items()}
    assert all(value.dtype == np.float64 for value in arrays.values())
    np.savez(path, **arrays, model=np.array(json.dumps(model)))


def main(
    framework: str,
    package: str,
    classes: Mapping[str, type],
    build: Callable[[Sequence[Mapping[str, Spec]], jax.Array], Net],
    cases: Sequence[Case],
    saves: Mapping[str, Case],
) -> None:
    parser = argparse.ArgumentParser(description=f"Goldens of {framework} on standard output.")
    parser.add_argument("--save", metavar="DIR", type=Path, help="folder for the real saves (npz)")
    folder = parser.parse_args().save
    versions = {name: version(name) for name in (package, "jax", "jaxlib", "numpy")}
    frozen = [freeze(c, build(c.layers, sample(c)), c.model(framework), classes) for c in cases]
    write(framework, versions, 1e-12, frozen)
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        for cell, case in saves.items():
            net = build(case.layers, sample(case))
            save(folder / f"{framework}-{cell}.npz", case, net, case.model(framework))
