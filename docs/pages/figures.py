"""The pictures of the documentation: what `rnncalc explain CELL -f svg --figure KIND` draws, and a plot of `sweep`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from rnncalc import parse
from rnncalc.axes import Axis
from rnncalc.cell import find, recurrent
from rnncalc.network import Model
from rnncalc.render.explain import render
from rnncalc.render.plot import svg
from rnncalc.sizes import sizes
from rnncalc.sizing.curves import panels
from rnncalc.sizing.sweep import Sweep
from rnncalc.why.explain import explain

GUIDE: Mapping[str, tuple[str, dict[str, Any], str]] = {
    "rnn-unrolled": ("rnn", {}, "unrolled"),
    "rnn-units": ("rnn", {}, "units"),
    "rnn-weights": ("rnn", {}, "weights"),
    "lstm-unrolled": ("lstm", {}, "unrolled"),
    "lstm-weights": ("lstm", {}, "weights"),
    "stack-unrolled": ("lstm", {"num_layers": 2, "bidirectional": True}, "unrolled"),
}


def model(cell: str, options: Mapping[str, Any]) -> Model:
    """A layer of 128 units on 10 inputs, in the first framework that has it."""
    found = find(cell)
    sizes = {"chunk_size": 8} if found and "chunk_size" in found.options else {}
    framework = "tensorflow1" if cell in ("rnn", "lstm", "gru") else "paper"
    layer = {cell: {"units": 128, **sizes, **options}}
    return parse({"framework": framework, "input": {"depth": 10}, "layers": [layer]})


def drawn(cell: str, options: Mapping[str, Any], kind: str) -> str:
    """One figure."""
    return render("svg", [explain(model(cell, options))], only=kind)


def plotted() -> str:
    """`rnncalc sweep lstm --input-depth 10 --units 32:1024:32 --num-layers 1,2,3 -f svg`."""

    def build(at: Mapping[str, Any]) -> Model:
        layer = {"lstm": {"units": at["units"], "num_layers": at["num_layers"]}}
        return parse({"input": {"depth": 10}, "layers": [layer]})

    axes = (Axis("num_layers", (1, 2, 3)), Axis("units", sizes("32:1024:32"), "lstm", "units"))
    return svg("params of lstm", panels(Sweep(build, axes, ("params",))))


FIGURES: Mapping[str, Callable[[], str]] = {
    **{f"figures/{name}.svg": partial(drawn, *asked) for name, asked in GUIDE.items()},
    "figures/sweep.svg": plotted,
    **{f"figures/{name}-step.svg": partial(drawn, name, {}, "step") for name in recurrent()},
}
