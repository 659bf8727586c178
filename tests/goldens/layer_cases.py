"""What the golden scripts of the layers share: models in a neutral description, frozen numbers out.

A script has a `build` that makes a `Net` of its framework. A case is an id, the inputs of the model, and its layers.
Inputs are a depth, a shape, or a mapping of those by name; None stands for whole numbers. Lengths that are None are
chosen here. An image is written with its depth last, and an `order` puts it where the framework has it.

It runs in each framework's own environment, the oldest of which has Python 3.7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from probe import fill

ONE_INPUT = "input"
BATCH, STEPS = 2, 3
SINGLE = 1e-5
FUNCTIONS = ("relu", "tanh", "sigmoid", "softmax", "softplus", "softsign", "elu", "selu", "silu")
Options = dict
Layer = dict
Arrays = dict  # name: array
Case = tuple  # id, inputs, layers..., and how it is frozen


class Inputs:
    """The inputs of a model by name: their shapes without the batch, None where open, and their arrays."""

    def __init__(self, inputs: Any, layers: Sequence[Layer], shape: Sequence[int] | None) -> None:
        self.ids = inputs is None
        several = isinstance(inputs, Mapping)
        named = inputs if several else {ONE_INPUT: inputs}
        described = {n: {"depth": each} if isinstance(each, int) else {"shape": each} for n, each in named.items()}
        self.described = {"inputs": described} if several else {} if self.ids else {"input": described[ONE_INPUT]}
        self.open = {
            name: (None,) if self.ids else tuple(each.get("shape") or (None, each["depth"]))
            for name, each in described.items()
        }
        self.shapes = {
            name: [BATCH, *(shape or [STEPS + i if n is None else n for n in each])]
            for i, (name, each) in enumerate(self.open.items())
        }
        self.arrays = dict(zip(self.shapes, fill(self.shapes.values(), 1)))
        if self.ids:
            vocab = layers[0]["embedding"]["vocab"]
            self.arrays = {name: np.floor((x + 0.5) * vocab) for name, x in self.arrays.items()}
        self.shown = self.shapes if several else self.shapes[ONE_INPUT]


class Net:
    """A model of the real framework: what it stores, in its order, and what it computes."""

    types: Sequence[str]
    tensors: Mapping[str, Sequence[int]]
    trainable: int
    non_trainable: int
    positive: Sequence[str] = ()  # tensors that have to be above 0
    buffers: Sequence[str] = ()  # tensors that are no parameters
    states: Mapping[str, Sequence[int]] = {}  # of shape (num_layers * directions, batch, ...)
    tolerance = 0.0  # where it does not reach that of the file

    def run(self, weights: Arrays, x: Arrays, initial: Arrays) -> tuple[np.ndarray, Arrays]:
        """The output and the final states; without initial ones they are zeros."""
        raise NotImplementedError


def pack(array: Any) -> dict[str, Any]:
    return {"shape": list(array.shape), "values": np.asarray(array, np.float64).ravel().tolist()}


def freeze(
    framework: str,
    build: Callable[[Sequence[Layer], Inputs], Net],
    ident: str,
    inputs: Any,
    *layers: Layer,
    shape: Sequence[int] | None = None,
    stateful: bool = True,
    computed: bool = True,
) -> dict[str, Any]:
    """A case as it stands in a golden file.

    `shape` is that of x without the batch; the states start from zero where it is not `stateful`; where it is not
    `computed`, it counts alone.
    """
    given = Inputs(inputs, layers, shape)
    net = build(layers, given)
    weights = {path: array + (path in net.positive) for path, array in zip(net.tensors, fill(net.tensors.values()))}
    states = net.states if stateful else {}
    outputs, final = None, {}
    if computed:
        outputs, final = net.run(weights, given.arrays, dict(zip(states, fill(states.values(), 2))))
    return {
        "id": ident,
        "model": {"framework": framework, **given.described, "layers": list(layers)},
        "framework_type": "+".join(net.types),
        "tensors": [[path, list(each)] for path, each in net.tensors.items()],
        **({"positive": list(net.positive)} if net.positive else {}),
        **({"buffers": list(net.buffers)} if net.buffers else {}),
        "trainable": net.trainable,
        "non_trainable": net.non_trainable,
        "x": given.shown,
        **({"ids": True} if given.ids else {}),
        "initial_state": {name: list(each) for name, each in states.items()} or None,
        **({"tolerance": net.tolerance} if net.tolerance else {}),
        "outputs": None if outputs is None else pack(outputs),
        "states": {name: pack(each) for name, each in final.items()} or None,
    }


def case(ident: str, inputs: Any, *layers: Layer, **how: Any) -> Case:
    """A case, to be frozen as it says: `shape`, `stateful`, `computed`."""
    return (ident, inputs, *layers), how


def layer(kind: str, name: str = "", **options: Any) -> Layer:
    return {kind: {"name": name or kind.lower(), **options}}


def entry(given: Layer) -> tuple[str, str, Options]:
    """The kind, the name and the options of a layer; a bare value is none."""
    ((kind, options),) = given.items()
    return (kind, options["name"], options) if isinstance(options, Mapping) else (kind, "", {})


def last(*shape: int | None) -> list:
    """The order of axes in which the depth is the last one."""
    return list(shape)


def first(*shape: int | None) -> list:
    """The order of axes in which the depth is the first one."""
    return [shape[-1], *shape[:-1]]


# cases


def windows(order: Callable[..., list]) -> Iterator[Case]:
    """Convolutions that every framework has: with strides, dilation, without bias, over lengths that are open."""
    c1, c2, c3 = "conv1d", "conv2d", "conv3d"
    yield case("conv1d", order(7, 5), layer(c1, filters=4, kernel_size=3))
    yield case("conv1d-stride-no-bias", order(11, 3), layer(c1, filters=5, kernel_size=4, stride=2, bias=False))
    yield case("conv1d-dilation", order(10, 4), layer(c1, filters=3, kernel_size=3, dilation=2))
    yield case("conv2d", order(7, 8, 2), layer(c2, filters=5, kernel_size=[2, 3], stride=[3, 2]))
    yield case("conv2d-dilation", order(9, 8, 2), layer(c2, filters=3, kernel_size=[3, 2], dilation=[2, 3], bias=False))
    yield case("conv3d", order(4, 5, 6, 2), layer(c3, filters=3, kernel_size=[2, 3, 4]))


def padded_windows(order: Callable[..., list]) -> Iterator[Case]:
    """Convolutions that keep ceil(length / stride) positions."""
    c1, c2, c3 = "conv1d", "conv2d", "conv3d"
    same: dict[str, Any] = {"padding": "same"}
    twice: dict[str, Any] = {"stride": 2, **same}
    dilated: dict[str, Any] = {"dilation": 3, "activation": "relu", **same}
    yield case("conv1d-same-dilation", order(9, 3), layer(c1, filters=4, kernel_size=4, **dilated))
    yield case("conv1d-same-stride-odd", order(8, 3), layer(c1, filters=4, kernel_size=5, **twice))
    yield case("conv1d-same-stride-even", order(9, 2), layer(c1, filters=3, kernel_size=4, **twice))
    yield case("conv2d-same-stride", order(7, 8, 3), layer(c2, filters=4, kernel_size=[4, 5], **twice))
    yield case(
        "conv3d-same-stride", order(5, 4, 6, 3), layer(c3, filters=4, kernel_size=[3, 2, 4], bias=False, **twice)
    )


def grouped_windows(order: Callable[..., list]) -> Iterator[Case]:
    """Convolutions of groups of channels."""
    c1, c2 = "conv1d", "conv2d"
    yield case("conv1d-groups", order(8, 6), layer(c1, filters=9, kernel_size=3, groups=3, stride=2))
    yield case("conv2d-groups", order(5, 6, 4), layer(c2, filters=6, kernel_size=[4, 3], groups=2))


def pools(order: Callable[..., list], padding: Mapping[str, Any], across: bool = False) -> Iterator[Case]:
    """Pooling side by side, and with strides and padding; `across` all positions, too."""
    for rank, shape in enumerate((order(9, 3), order(7, 8, 3), order(5, 6, 4, 2)), 1):
        sizes = [4, 3, 2][:rank]
        ways = [("", {"pool_size": [3, 2, 2][:rank]}), ("-stride", {"pool_size": sizes, "stride": 2, **padding})]
        for way, options in ways:
            for kind in (f"max_pool{rank}d", f"avg_pool{rank}d"):
                yield case(f"{kind.replace('_', '-')}{way}", shape, layer(kind, **options))
        for kind in (f"global_max_pool{rank}d", f"global_avg_pool{rank}d") if across else ():
            yield case(kind.replace("_", "-"), shape, layer(kind))


def functions(names: Sequence[str]) -> Case:
    """Every activation."""
    return case(
        "activations",
        4,
        layer("dense", "first", units=7),
        *(layer("activation", name, function=name, inputs=["first"]) for name in names),
        layer("dense", "last", units=11, inputs=list(names)),
    )


def chains(order: Callable[..., list], same: Any) -> Iterator[Case]:
    """Layers in a row and side by side; `same`: the padding of a window of 3 that keeps each position."""
    yield case(
        "dense-on-image-reshape-flatten",
        [4, 6, 3],
        layer("dense", "on_image", units=2),
        layer("reshape", shape=[8, 6]),
        layer("dense", "on_rows", units=3, bias=False),
        layer("flatten"),
        layer("dense", "on_all", units=5),
    )
    yield case(
        "conv2d-batch-norm-flatten-dense",
        order(8, 6, 1),
        layer("conv2d", filters=3, kernel_size=3, padding=same),
        layer("batch_norm"),
        layer("activation", function="relu"),
        layer("max_pool2d", pool_size=2),
        layer("flatten"),
        {"dropout": 0.2},
        layer("dense", units=4),
    )
    yield case(
        "residual-conv2d",
        order(5, 4, 3),
        layer("conv2d", "a", filters=3, kernel_size=3, padding=same),
        layer("batch_norm", "b"),
        layer("conv2d", "c", filters=2, kernel_size=2, inputs=["b", "input"], combine="add"),
        layer("flatten", "d"),
        layer("dense", "e", units=6),
    )
