"""What was asked for, before a framework is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rnncalc import layouts
from rnncalc.errors import Problem, SpecError
from rnncalc.record import Record

NONE: Mapping[str, Any] = {}
MERGES = ("concat", "sum", "mul", "ave", "none")
RESIDUALS = ("each", "upper")  # beside true and false
COMBINES = ("concat", "add", "mul", "ave")
MOST_LAYERS, MOST_STACKED = 100_000, 10_000  # of a model, and of one stack


class LayerPlan(Record):
    """A layer as it was asked for. `options` hold what was given; the rest is the framework's choice."""

    type: str
    name: str
    options: Mapping[str, Any]
    form: str = ""  # the framework's class, where it was named
    bias: bool | str | None = None
    num_layers: int = 1
    bidirectional: bool = False
    merge_mode: str = "concat"
    return_sequences: bool = True
    independent_directions: bool = False
    learned_initial_state: bool = False
    initial_state: str = ""  # the layer whose last states it starts from
    residual: bool | str = False
    trainable: bool = True
    inputs: tuple[str, ...] = ()  # the layer before, where none is named
    combine: str = "concat"
    tied_to: str = ""
    same_as: str = ""
    time_distributed: bool = False
    where: tuple[Any, ...] = ()
    spelled: Mapping[str, str] = NONE  # the word that the spec has for a key

    def wrong(self, key: str, message: str) -> SpecError:
        """What is wrong with one key of the layer, or with all of it."""
        where = (*self.where, self.spelled.get(key, key)) if key else self.where
        return SpecError(Problem(message, where, "value" if key else "key"))


class Flow(Record):
    """What flows between layers for one sample: its shape, in the framework's own order, without the batch.

    `sequence`: an axis of it is time; `numbers`: it is whole numbers, which have no depth; None: it may be.
    """

    shape: tuple[int | None, ...]
    sequence: bool
    numbers: bool | None = False


class Defaults(Record):
    """What stands where a spec says nothing."""

    framework: str = layouts.DEFAULT
    dtype: str = "float32"


DEFAULTS = Defaults()


class Plan(Record):
    """A model as it was asked for: its inputs by name, and its layers in order."""

    name: str
    framework: str
    layers: tuple[LayerPlan, ...]
    inputs: Mapping[str, Flow] = NONE
    dtype: str = DEFAULTS.dtype
    batch: int | None = None
    budget: Mapping[str, Any] = NONE
    expect: Mapping[str, Any] = NONE
    source: str | None = None
