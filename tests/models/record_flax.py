"""Record what real Flax, Haiku and Equinox models store: `python record_flax.py`, in this folder."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import equinox
import flax.linen as nn
import haiku
import jax
from flax import nnx
from jax import numpy as jnp

HERE = Path(__file__).parent


class Linen(nn.Module):
    """A stack that is called in one method."""

    @nn.compact
    def __call__(self, x: Any) -> Any:
        """Run it."""
        x = nn.Embed(30, 6)(x)
        x = nn.RNN(nn.OptimizedLSTMCell(8))(x)
        x = nn.Bidirectional(nn.RNN(nn.GRUCell(5)), nn.RNN(nn.GRUCell(5)))(x)
        x = nn.RNN(nn.SimpleCell(4), name="last")(x)
        return nn.Dense(3, name="head")(x)


class Setup(nn.Module):
    """The same in `setup`."""

    def setup(self) -> None:
        """Make the layers."""
        self.encoder = nn.RNN(nn.LSTMCell(8))
        self.both = nn.Bidirectional(nn.RNN(nn.LSTMCell(5)), nn.RNN(nn.LSTMCell(5)))
        self.head = nn.Dense(3)

    def __call__(self, x: Any) -> Any:
        """Run it."""
        return self.head(self.both(self.encoder(x)))


class Nnx(nnx.Module):
    """An NNX model."""

    def __init__(self) -> None:
        rngs = nnx.Rngs(0)
        self.encoder = nnx.RNN(nnx.GRUCell(6, 8, rngs=rngs))
        self.both = nnx.Bidirectional(nnx.RNN(nnx.LSTMCell(8, 5, rngs=rngs)), nnx.RNN(nnx.LSTMCell(8, 5, rngs=rngs)))
        self.head = nnx.Linear(10, 3, rngs=rngs)


class Equinox(equinox.Module):
    """An Equinox model."""

    cells: list[Any]
    head: Any

    def __init__(self) -> None:
        keys = jax.random.split(jax.random.PRNGKey(0), 3)
        self.cells = [equinox.nn.LSTMCell(6, 8, key=keys[0]), equinox.nn.LSTMCell(8, 8, key=keys[1])]
        self.head = equinox.nn.Linear(8, 3, key=keys[2])


def hk(x: Any) -> Any:
    """A Haiku function with a module inside a module."""

    class Core(haiku.Module):
        def __init__(self) -> None:
            super().__init__(name="core")
            self.first = haiku.LSTM(8)
            self.second = haiku.GRU(5)

        def __call__(self, x: Any) -> Any:
            out, _ = self.first(x, self.first.initial_state(2))
            return self.second(out, self.second.initial_state(2))[0]

    return haiku.Linear(3)(Core()(x))


def nested(tree: Any) -> Any:
    """The tree with the shapes of its arrays."""
    return {key: nested(value) if isinstance(value, dict) else list(value.shape) for key, value in tree.items()}


def paths(tree: Any) -> dict[str, list[int]]:
    """The paths of a tree as jax writes them."""
    return {
        jax.tree_util.keystr(path): list(leaf.shape)
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
        if hasattr(leaf, "shape")
    }


def main() -> None:
    """Write the shapes of each model."""
    key = jax.random.PRNGKey(0)
    x = jnp.zeros((2, 4, 6))
    found = {
        "linen": nested(Linen().init(key, jnp.zeros((2, 4), int))),
        "setup": nested(Setup().init(key, x)),
        "setup-paths": paths(Setup().init(key, x)),
        "nnx": paths(nnx.state(Nnx(), nnx.Param)),
        "nnx-pure": nested(nnx.to_pure_dict(nnx.state(Nnx(), nnx.Param))),
        "haiku": nested(haiku.transform(hk).init(key, jnp.zeros((2, 6)))),
        "equinox": paths(Equinox()),
    }
    versions = {name: version(name) for name in ("flax", "dm-haiku", "equinox", "jax")}
    lines = json.dumps({"versions": versions, "models": found}).replace("}}, ", "}},\n")
    (HERE / "flax.json").write_text(lines + "\n", "utf-8")


if __name__ == "__main__":
    main()
