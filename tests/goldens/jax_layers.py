"""The layers around the recurrent ones, as cases that the JAX frameworks share; each script makes its own of them.

A case names the frameworks that cannot build it. Shapes are written with their channels last; `first` turns those
of a framework that has them first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jax_cases import Case, Spec

FIRST = ("conv", "max_pool", "avg_pool", "batch_norm", "group_norm")
ROUNDED = ("flax-nnx",)  # whose attention takes its softmax in float32
WIRING = ("name", "inputs", "return_sequences")
Options = dict[str, Any]


def rank_of(kind: str) -> int:
    """The axes of `conv2d`; 0 of what has none in its name."""
    return int(kind[-2]) if kind.endswith("d") and kind[-2].isdigit() else 0


def renamed(kind: str, spec: Spec, words: Mapping[str, str], pairs: bool = False) -> Options:
    """The options under a framework's words; `pairs` writes each number of a padding as (before, after)."""
    rank = rank_of(kind)
    found: Options = {}
    for key, value in spec.items():
        if key in WIRING:
            continue
        if key == "padding":
            value = value.upper() if isinstance(value, str) else extent(value, rank)
            if pairs and not isinstance(value, str):
                value = [(n, n) for n in value]
        elif key in ("kernel_size", "pool_size", "stride", "dilation"):
            value = extent(value, rank)
        found[words.get(key, key)] = value
    return found


def extent(value: int | Sequence[int], rank: int) -> tuple[int, ...]:
    return (value,) * rank if isinstance(value, int) else tuple(value)


def layer(kind: str, name: str = "", **options: Any) -> Options:
    return {kind: {"name": name or kind.lower(), **options}}


def layer_cases(framework: str, first: bool = False) -> list[Case]:
    """The cases that a framework has."""
    found = []
    for ident, shape, layers, without in every_case():
        if framework in without.split():
            continue
        x = shape
        if first and next(iter(layers[0])).startswith(FIRST):
            x = (shape[0], shape[-1], *shape[1:-1])
        rounded = framework in ROUNDED and any("multi_head_attention" in each for each in layers)
        found.append(Case(ident, layers, x, shaped=True, tolerance=1e-6 if rounded else 0.0))
    return found


Shared = tuple[str, Any, list[Options], str]


def every_case() -> Iterator[Shared]:
    yield from convolutions()
    yield from pooling()
    yield from normalisation()
    yield from attention()
    yield from chains()


def convolutions() -> Iterator[Shared]:
    c1, c2, c3 = "conv1d", "conv2d", "conv3d"
    same: Options = {"padding": "same"}
    valid: Options = {"padding": "valid"}
    yield "conv1d", (2, 7, 5), [layer(c1, filters=4, kernel_size=3)], ""
    yield "conv1d-stride-no-bias", (2, 11, 3), [layer(c1, filters=5, kernel_size=4, stride=2, bias=False)], ""
    yield "conv1d-valid", (2, 9, 2), [layer(c1, filters=3, kernel_size=4, stride=3, **valid)], ""
    yield "conv1d-dilation", (2, 9, 3), [layer(c1, filters=4, kernel_size=4, dilation=3, **same)], ""
    yield "conv1d-same-stride-odd", (2, 8, 3), [layer(c1, filters=4, kernel_size=5, stride=2, **same)], ""
    yield "conv1d-same-stride-even", (2, 9, 2), [layer(c1, filters=3, kernel_size=4, stride=2, **same)], ""
    yield "conv1d-padding", (2, 8, 3), [layer(c1, filters=4, kernel_size=4, stride=2, padding=3)], ""
    yield "conv1d-groups", (2, 7, 6), [layer(c1, filters=9, kernel_size=4, groups=3, stride=2)], ""
    yield "conv2d", (2, 7, 8, 2), [layer(c2, filters=5, kernel_size=[2, 3], stride=[3, 2])], ""
    yield "conv2d-valid", (2, 7, 8, 3), [layer(c2, filters=4, kernel_size=[4, 3], **valid)], ""
    yield "conv2d-padding", (2, 6, 5, 3), [layer(c2, filters=4, kernel_size=3, padding=[2, 1], stride=2)], ""
    yield (
        "conv2d-dilation",
        (2, 9, 8, 2),
        [layer(c2, filters=3, kernel_size=[3, 2], dilation=[2, 3], bias=False, **valid)],
        "",
    )
    yield "conv2d-same-stride", (2, 7, 8, 3), [layer(c2, filters=4, kernel_size=[4, 5], stride=2, **same)], ""
    yield "conv2d-groups", (2, 5, 6, 4), [layer(c2, filters=6, kernel_size=[4, 3], groups=2, **same)], ""
    yield "conv2d-depthwise", (2, 6, 5, 3), [layer(c2, filters=6, kernel_size=2, groups=3, bias=False)], ""
    yield "conv3d", (2, 4, 5, 6, 2), [layer(c3, filters=3, kernel_size=[2, 3, 4])], ""
    yield (
        "conv3d-same-stride",
        (2, 5, 4, 6, 3),
        [layer(c3, filters=4, kernel_size=[3, 2, 4], stride=2, bias=False, **same)],
        "",
    )
    d1, d2, d3 = "depthwise_conv1d", "depthwise_conv2d", "depthwise_conv3d"
    twice: Options = {"depth_multiplier": 2, "stride": 2}
    only = "flax flax-nnx equinox"
    yield "depthwise1d", (2, 9, 3), [layer(d1, kernel_size=4, **twice)], only
    yield "depthwise2d", (2, 7, 8, 2), [layer(d2, kernel_size=[4, 3], **twice, **valid)], only
    yield (
        "depthwise2d-dilation-no-bias",
        (2, 7, 6, 3),
        [layer(d2, kernel_size=[2, 3], depth_multiplier=1, dilation=2, bias=False)],
        only,
    )
    yield "depthwise3d", (2, 4, 5, 3, 2), [layer(d3, kernel_size=[2, 3, 1], depth_multiplier=3)], only


def pooling() -> Iterator[Shared]:
    shapes = {1: (2, 9, 3), 2: (2, 7, 8, 3), 3: (2, 5, 6, 4, 2)}
    for rank, shape in shapes.items():
        for kind in (f"max_pool{rank}d", f"avg_pool{rank}d"):
            name = kind.replace("_", "-")
            sizes: Any = 4 if rank == 1 else [4, 3, 2][:rank]
            inner: Any = 2 if rank == 1 else [1, 1, 0][:rank]
            yield name, shape, [layer(kind, pool_size=sizes)], "haiku"  # which has no default
            yield f"{name}-stride", shape, [layer(kind, pool_size=sizes, stride=2, padding="valid")], "equinox"
            same = [layer(kind, pool_size=sizes, stride=3, padding="same")]
            yield f"{name}-same", shape, same, "equinox"
            padded = [layer(kind, pool_size=sizes, stride=3, padding=inner)]
            yield f"{name}-padding", shape, padded, "haiku"
    own = [layer("avg_pool2d", pool_size=[3, 2], stride=2, padding="same", count_padding=False)]
    yield "avg-pool2d-count-own", (2, 6, 5, 3), own, "haiku equinox"


def normalisation() -> Iterator[Shared]:
    bare = {"scale": False, "center": False}
    b, n, r, g, i = "batch_norm", "layer_norm", "rms_norm", "group_norm", "instance_norm"
    yield "batch-norm", (3, 5), [layer(b)], ""
    yield "batch-norm-steps", (2, 3, 5), [layer(b)], ""
    yield "batch-norm-image", (2, 4, 3, 6), [layer(b)], ""
    yield "batch-norm-no-scale", (2, 3, 4), [layer(b, scale=False)], "equinox"
    yield "batch-norm-no-center", (2, 3, 7), [layer(b, center=False)], "equinox"
    yield "batch-norm-volume-bare", (2, 4, 2, 3, 5), [layer(b, **bare)], ""
    yield "layer-norm", (2, 3, 5), [layer(n)], ""
    yield "layer-norm-image-no-scale", (2, 4, 3, 6), [layer(n, scale=False)], ""
    yield "layer-norm-no-center", (2, 3, 7), [layer(n, center=False)], ""
    yield "layer-norm-bare", (2, 3, 4), [layer(n, **bare)], ""
    yield "rms-norm", (2, 3, 5), [layer(r)], ""
    yield "rms-norm-no-scale", (2, 3, 6), [layer(r, scale=False)], ""
    yield "group-norm", (3, 6), [layer(g, groups=3)], ""
    yield "group-norm-steps", (2, 3, 8), [layer(g, groups=2)], ""
    yield "group-norm-image-bare", (2, 3, 5, 8), [layer(g, groups=4, **bare)], ""
    yield "group-norm-no-center", (2, 3, 6), [layer(g, groups=2, center=False)], "equinox"
    yield "instance-norm", (2, 4, 5), [layer(i)], "equinox"
    yield "instance-norm-image-no-scale", (2, 4, 3, 6), [layer(i, scale=False)], "equinox"
    yield "instance-norm-bare", (2, 7, 3), [layer(i, **bare)], "equinox"


def attention() -> Iterator[Shared]:
    m = "multi_head_attention"
    pair = {"inputs": ["query", "value"]}
    unlike, alike = {"query": (2, 3, 6), "value": (2, 4, 5)}, {"query": (2, 3, 4), "value": (2, 5, 4)}
    yield "mha-self", (2, 3, 6), [layer(m, heads=2)], "haiku"
    yield "mha-self-no-bias", (2, 4, 9), [layer(m, heads=3, bias=False)], "haiku"
    yield "mha-key-depth", (2, 3, 5), [layer(m, heads=2, key_depth=3)], ""
    yield "mha-query-value", alike, [layer(m, heads=2, key_depth=3, **pair)], ""
    yield "mha-unlike", unlike, [layer(m, heads=3, key_depth=4, output_depth=7, **pair)], ""
    value = [layer(m, heads=3, key_depth=4, value_depth=2, output_depth=8, bias=False, **pair)]
    yield "mha-value-depth-no-bias", unlike, value, "flax flax-nnx"
    yield (
        "encoder-decoder",
        {"source": (2, 3, 5), "target": (2, 4, 3)},
        [
            layer("gru", "encoder", units=6, inputs=["source"]),
            layer("gru", "decoder", units=6, inputs=["target"]),
            layer(m, "attention", heads=2, key_depth=3, inputs=["decoder", "encoder"]),
            layer("layer_norm", "norm"),
            layer("dense", "head", units=7),
        ],
        "",
    )


def chains() -> Iterator[Shared]:
    yield (
        "conv2d-batch-norm-pool-reshape-lstm-dense",
        (2, 8, 6, 1),
        [
            layer("conv2d", filters=3, kernel_size=3, padding="same"),
            layer("batch_norm"),
            layer("max_pool2d", pool_size=2, stride=2, padding="valid"),
            layer("reshape", shape=[4, 9]),
            layer("lstm", units=5),
            layer("dense", units=4),
        ],
        "equinox",
    )
    yield (
        "conv1d-layer-norm-gru-dense",
        (2, 9, 4),
        [
            layer("conv1d", filters=6, kernel_size=3, stride=2),
            layer("layer_norm"),
            layer("gru", units=5),
            layer("dense", units=3),
        ],
        "equinox",
    )
    yield (
        "conv2d-group-norm-conv2d-flatten-dense",
        (2, 4, 5, 2),
        [
            layer("conv2d", "a", filters=4, kernel_size=2),
            layer("group_norm", "b", groups=2),
            layer("conv2d", "c", filters=3, kernel_size=2, padding="valid"),
            layer("flatten", "d"),
            layer("dense", "e", units=6),
        ],
        "",
    )
