"""Truth from PyTorch: what torch.nn allocates and computes (`--save DIR`: the npz files)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from cell_cases import frozen, main, sample, save
from probe import fill
from torch import nn

RECURRENT = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
OPTIONS = {
    "num_layers": "num_layers",
    "bidirectional": "bidirectional",
    "bias": "bias",
    "projection": "proj_size",
    "activation": "nonlinearity",
}
Layer = dict[str, Any]


def layer(kind: str, units: int, name: str = "", **options: Any) -> Layer:
    """A recurrent or dense layer in the neutral description."""
    return {kind: {"units": units, **options, "name": name or kind}}


def embedding(vocab: int, depth: int) -> Layer:
    return {"embedding": {"vocab": vocab, "depth": depth, "name": "embedding"}}


def build(kind: str, spec: Any, depth: int) -> tuple[nn.Module, int]:
    """The module of one layer and the depth of its output."""
    if kind == "dropout":
        return nn.Dropout(spec), depth
    if kind == "embedding":
        return nn.Embedding(spec["vocab"], spec["depth"]), spec["depth"]
    if kind == "dense":
        return nn.Linear(depth, spec["units"], bias=spec.get("bias", True)), spec["units"]
    options = {OPTIONS[key]: value for key, value in spec.items() if key in OPTIONS}
    module = RECURRENT[kind](depth, spec["units"], batch_first=True, **options)
    return module, (module.proj_size or module.hidden_size) * (2 if module.bidirectional else 1)


def modules_of(model: Mapping[str, Any]) -> dict[str, tuple[Any, nn.Module]]:
    """Name of a layer -> (its description, its module), in order."""
    depth = model.get("input", {}).get("depth", 0)
    found = {}
    for entry in model["layers"]:
        ((kind, spec),) = entry.items()
        module, depth = build(kind, spec, depth)
        found[kind if kind == "dropout" else spec["name"]] = (spec, module)
    return found


def state_shapes(name: str, module: nn.RNNBase, batch: int) -> dict[str, list[int]]:
    rows = module.num_layers * (2 if module.bidirectional else 1)
    shapes = {f"{name}/h": [rows, batch, module.proj_size or module.hidden_size]}
    if isinstance(module, nn.LSTM):
        shapes[f"{name}/c"] = [rows, batch, module.hidden_size]
    return shapes


def forward(
    modules: Mapping[str, tuple[Any, nn.Module]], x: torch.Tensor, states: Mapping[str, torch.Tensor]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Output and final states; `return_sequences: false` is the last step of the output."""
    final = {}
    for name, (spec, module) in modules.items():
        if not isinstance(module, nn.RNNBase):
            x = module(x)
            continue
        given = [states[key] for key in state_shapes(name, module, len(x)) if key in states]
        lstm = isinstance(module, nn.LSTM)
        x, last = module(x, (tuple(given) if lstm else given[0]) if given else None)
        final.update(zip(state_shapes(name, module, len(x)), last if lstm else (last,), strict=True))
        if not spec.get("return_sequences", True):
            x = x[:, -1]
    return x.numpy(), {key: value.numpy() for key, value in final.items()}


def case(
    name: str,
    layers: list[Layer],
    depth: int = 5,
    batch: int = 2,
    steps: int = 3,
    state: bool = True,
    count_only: bool = False,
    random: Path | None = None,
) -> dict[str, Any]:
    """One case. With `random`: PyTorch's own initial weights, and all of it saved in that npz file."""
    torch.manual_seed(0)
    model: dict[str, Any] = {"framework": "pytorch", "layers": layers}
    ids = "embedding" in layers[0]
    if not ids:
        model = {"framework": "pytorch", "input": {"depth": depth}, "layers": layers}
    modules = modules_of(model)
    only = next(iter(modules.values()))[1]
    whole = only if len(modules) == 1 else nn.ModuleDict({key: module for key, (_, module) in modules.items()})
    whole.double().eval()
    tensors = {key: list(value.shape) for key, value in whole.state_dict().items()}
    if not random:
        values = zip(tensors, fill(tensors.values()), strict=True)
        whole.load_state_dict({key: torch.from_numpy(value) for key, value in values})
    weights = {key: value.numpy() for key, value in whole.state_dict().items()}
    trainable = sum(p.numel() for p in whole.parameters() if p.requires_grad)

    shape = [batch, steps] if ids else [batch, steps, depth]
    x = sample(shape, layers).astype(np.int64 if ids else np.float64)
    shapes: dict[str, list[int]] = {}
    for key, (_, module) in modules.items():
        if state and not count_only and isinstance(module, nn.RNNBase):
            shapes.update(state_shapes(key, module, batch))
    states = dict(zip(shapes, fill(shapes.values(), 2), strict=True))
    with torch.no_grad():
        given = {key: torch.from_numpy(value) for key, value in states.items()}
        outputs, final = forward(modules, torch.from_numpy(x), given)
    if random:
        save(random, model, weights, x, states, (outputs, final))
    types = [type(module).__name__ for _, module in modules.values()]
    results = None if count_only else (outputs, final)
    return frozen(name, model, types, list(tensors.items()), trainable, shape, shapes, results)


def cases() -> Iterator[dict[str, Any]]:
    two, three, both = {"num_layers": 2}, {"num_layers": 3}, {"bidirectional": True}
    plain, last = {"bias": False}, {"return_sequences": False}
    for k in RECURRENT:
        yield case(f"{k}-default", [layer(k, 7)])
        yield case(f"{k}-10-128", [layer(k, 128)], 10, count_only=True)
        yield case(f"{k}-zero-state", [layer(k, 4)], 6, 3, 4, state=False)
        yield case(f"{k}-one", [layer(k, 1)], 1, 1, 1)
        yield case(f"{k}-no-bias", [layer(k, 8, **plain)], 3)
        yield case(f"{k}-layers-2", [layer(k, 6, **two)], 4)
        yield case(f"{k}-layers-3", [layer(k, 2, **three)], 9, 4, 5)
        yield case(f"{k}-layers-2-no-bias", [layer(k, 4, **two, **plain)], 7)
        yield case(f"{k}-bidirectional", [layer(k, 4, **both)], 5)
        yield case(f"{k}-bidirectional-no-bias", [layer(k, 5, **both, **plain)], 8)
        yield case(f"{k}-bidirectional-2", [layer(k, 7, **two, **both)])
        yield case(f"{k}-bidirectional-2-zero-state", [layer(k, 3, **two, **both)], 6, 3, 5, state=False)
        yield case(f"{k}-bidirectional-3-no-bias", [layer(k, 5, **three, **both, **plain)], 2)
        yield case(f"{k}-last", [layer(k, 3, **last)], 11, 2, 4)
        yield case(f"{k}-last-layers-2", [layer(k, 5, **two, **last)], 8, 3, 2)
        yield case(f"{k}-two-sizes", [layer(k, 6, "first"), layer(k, 4, "second")], 9)
        yield case(f"{k}-bidirectional-two-sizes", [layer(k, 3, "first", **both), layer(k, 5, "second", **both)], 4)
        yield case(f"embedding-{k}-dense", [embedding(11, 4), layer(k, 6, **last), layer("dense", 3)])
        yield case(
            f"embedding-{k}-bidirectional-2-dropout-dense-no-bias",
            [embedding(9, 5), layer(k, 4, **two, **both), {"dropout": 0.2}, layer("dense", 7, **plain)],
            steps=4,
            state=False,
        )
    relu = {"activation": "relu"}
    yield case("rnn-relu", [layer("rnn", 7, **relu)])
    yield case("rnn-relu-no-bias", [layer("rnn", 3, **relu, **plain)], 8)
    yield case("rnn-relu-layers-2", [layer("rnn", 6, **two, **relu)], 4)
    yield case("rnn-relu-bidirectional", [layer("rnn", 5, **both, **relu)], 3)
    yield case("rnn-relu-bidirectional-3", [layer("rnn", 4, **three, **both, **relu)], 7)
    for more, options, units, size, depth in (
        ("", {}, 7, 3, 5),
        ("-no-bias", plain, 6, 5, 4),
        ("-layers-2", two, 8, 2, 3),
        ("-layers-3", three, 5, 4, 9),
        ("-bidirectional", both, 6, 2, 7),
        ("-bidirectional-2", {**two, **both}, 9, 4, 6),
        ("-bidirectional-3-no-bias", {**three, **both, **plain}, 4, 3, 8),
        ("-last", last, 11, 6, 2),
    ):
        yield case(f"lstm-projection{more}", [layer("lstm", units, **options, projection=size)], depth)
    yield case("lstm-projection-10-128-64", [layer("lstm", 128, projection=64)], 10, count_only=True)
    yield case(
        "embedding-lstm-projection-dense",
        [embedding(10, 6), layer("lstm", 8, projection=3, **last), layer("dense", 2)],
    )
    yield case("gru-lstm-rnn-dense", [layer("gru", 4), layer("lstm", 6), layer("rnn", 3), layer("dense", 8)], 7)


def saves(folder: Path) -> None:
    for kind, units in (("rnn", 6), ("lstm", 7), ("gru", 8)):
        case(kind, [layer(kind, units)], random=folder / f"pytorch-{kind}.npz")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main("pytorch", {"torch": str(torch.__version__)}, cases, saves)
