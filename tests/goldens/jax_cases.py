"""What the golden scripts of the JAX frameworks share: neutral models in, frozen numbers out.

A script gives `main` its cases and a `build`, which makes a `Net` of the real framework from a model.
"""

from __future__ import annotations

import argparse
import json
import re
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

VARIANCE = re.compile(r"/var$|/var_ema/|ema_state_index/1$")  # of Flax, Haiku and Equinox
RECURRENT = ("rnn", "lstm", "gru", "mgu")
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
    """One model and the shape of its input, or of its inputs by name.

    `zeros`: no initial states given; `count`: shapes only; `shaped`: the spec has the shape, and not only the depth;
    `tolerance`: how far the framework falls short of float64, where it does.
    """

    id: str
    layers: Sequence[Mapping[str, Spec]]
    x: Any = (2, 3, 5)
    zeros: bool = False
    count: bool = False
    shaped: bool = False
    tolerance: float = 0.0

    @property
    def ids(self) -> bool:
        return "embedding" in self.layers[0]

    def model(self, framework: str) -> dict[str, Any]:
        head: dict[str, Any] = {"framework": framework}
        if isinstance(self.x, Mapping):
            head["inputs"] = {name: {"depth": shape[-1]} for name, shape in self.x.items()}
        elif len(self.x) > 3 or self.shaped:
            head["input"] = {"shape": list(self.x[1:])}
        elif not self.ids:
            head["input"] = {"depth": self.x[-1]}
        return {**head, "layers": list(self.layers)}


@dataclass
class Net:
    """A real net: its tensors as initialised, in its own order, and its forward pass with other ones.

    `statistics` are the paths of those that training leaves alone, `buffers` of those that are no parameters.
    """

    tensors: list[tuple[str, jax.Array]]
    apply: Callable[[list[jax.Array], Any, States | None], tuple[jax.Array, States]]
    statistics: Sequence[str] = ()
    buffers: Sequence[str] = ()


def items(layers: Sequence[Mapping[str, Spec]]) -> Iterator[tuple[str, Spec]]:
    """Type and options of each layer; a bare number is a dropout's rate."""
    for layer in layers:
        for kind, spec in layer.items():
            yield kind, spec if isinstance(spec, Mapping) else {"rate": spec, "name": kind}


def names(spec: Spec) -> list[str]:
    """Names of the cells of a stack: lstm, lstm_1, lstm_2."""
    return [f"{spec['name']}_{k}" if k else spec["name"] for k in range(spec.get("num_layers", 1))]


def is_recurrent(kind: str) -> bool:
    """Whether a type or class is a recurrent cell."""
    return any(name in kind.lower() for name in RECURRENT)


def forward(
    layers: Sequence[Mapping[str, Spec]],
    inputs: Any,
    states: States | None,
    plain: Callable[..., jax.Array],
    recur: Callable[[str, Spec, jax.Array, list[Carry] | None], Unrolled],
) -> tuple[jax.Array, States]:
    """Layer after layer: `plain` runs one without, `recur` one with states, one carry a cell."""
    final = {}
    values = dict(inputs) if isinstance(inputs, Mapping) else {"input": inputs}
    x = next(iter(values.values()))
    for kind, spec in items(layers):
        given = [values[name] for name in spec.get("inputs", ())] or [x]
        x = given[0]
        if not is_recurrent(kind):
            x = values[spec["name"]] = plain(kind, spec, *given)
            continue
        keys = [f"{spec['name']}/{s}" for s in ("h", "c")[: 2 if "lstm" in kind.lower() else 1]]
        carries = None if states is None else list(zip(*(states[key] for key in keys)))
        x, carries = recur(kind, spec, x, carries)
        final.update((key, jnp.stack(values)) for key, values in zip(keys, zip(*carries)))
        if not spec.get("return_sequences", True):
            x = x[:, -1]
        values[spec["name"]] = x
    return x, final


def reshape(spec: Spec, x: jax.Array) -> jax.Array:
    """What is a method of arrays in most frameworks."""
    return x.reshape(len(x), *spec["shape"])


def flatten(_: Spec, x: jax.Array) -> jax.Array:
    return x.reshape(len(x), -1)


def sample(case: Case) -> Any:
    """The input of a case: the probe, or integer ids from it."""
    if isinstance(case.x, Mapping):
        return {name: jnp.asarray(x) for name, x in zip(case.x, fill(case.x.values(), 1))}
    x = probe(case.x, 1)
    if case.ids:
        x = np.floor((x + 0.5) * case.layers[0]["embedding"]["vocab"]).astype(int)
    return jnp.asarray(x)


def flat(array: jax.Array) -> dict[str, Any]:
    assert array.dtype == jnp.float64
    assert jnp.isfinite(array).all()
    return {"shape": list(array.shape), "values": np.asarray(array).ravel().tolist()}


def freeze(case: Case, net: Net, model: Mapping[str, Any], classes: Mapping[str, type]) -> dict[str, Any]:
    """The case as it stands in the golden file."""
    shapes = [value.shape for _, value in net.tensors]
    aside = (*net.statistics, *net.buffers)
    positive = [name for name in aside if VARIANCE.search(name)]
    frozen = {
        "id": case.id,
        "model": model,
        "framework_type": "+".join(classes[kind].__name__ for kind, _ in items(case.layers)),
        "tensors": [[name, list(value.shape)] for name, value in net.tensors],
        **({"positive": positive} if positive else {}),
        **({"buffers": list(net.buffers)} if net.buffers else {}),
        "trainable": sum(value.size for name, value in net.tensors if name not in aside),
        "non_trainable": sum(value.size for name, value in net.tensors if name in net.statistics),
        "x": dict(case.x) if isinstance(case.x, Mapping) else list(case.x),
        **({"ids": True} if case.ids else {}),
        **({"tolerance": case.tolerance} if case.tolerance else {}),
        "initial_state": None,
        "outputs": None,
        "states": None,
    }
    if case.count:
        return frozen
    names = [name for name, _ in net.tensors]
    weights = [jnp.asarray(value + (name in positive)) for name, value in zip(names, fill(shapes))]
    outputs, final = net.apply(weights, sample(case), None)
    if final and not case.zeros:
        frozen["initial_state"] = {key: list(value.shape) for key, value in final.items()}
        values = fill([value.shape for value in final.values()], 2)
        states = {key: jnp.asarray(value) for key, value in zip(final, values)}
        outputs, final = net.apply(weights, sample(case), states)
    frozen["outputs"] = flat(outputs)
    frozen["states"] = {key: flat(value) for key, value in final.items()} or None
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
