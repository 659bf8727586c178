"""The report: immutable records of all that is shown of a model. Renderers draw them and compute nothing."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from rnncalc.algebra import product
from rnncalc.record import Record
from rnncalc.sizes import byte_count

if TYPE_CHECKING:
    from rnncalc.layer import Layer
    from rnncalc.network import Model
    from rnncalc.training import Training

SCHEMA_VERSION = 1
METRICS = (
    "params",
    "trainable_params",
    "macs",
    "macs_per_step",
    "flops",
    "flops_per_step",
    "weight_bytes",
    "state_bytes",
)


class TensorReport(Record):
    """One tensor as the framework allocates it. `unread` counts its scalars that the step never reads."""

    name: str
    shape: tuple[int, ...]
    params: int
    trainable: bool
    shared_with: str | None
    formula: str
    unread: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        record: dict[str, Any] = {
            "name": self.name,
            "shape": list(self.shape),
            "params": self.params,
            "trainable": self.trainable,
            "shared_with": self.shared_with,
            "formula": self.formula,
        }
        return {**record, "unread": self.unread} if self.unread else record


class LayerReport(Record):
    """One layer. Costs are None while a length is unknown; `output_shape` leads with the batch."""

    name: str
    type: str
    framework_type: str
    inputs: tuple[str, ...]
    output_shape: tuple[int | None, ...]
    params: int
    trainable: bool
    macs: int | None
    macs_per_step: int | None
    flops: int | None
    flops_per_step: int | None
    weight_bytes: int
    state_bytes: int | None
    tensors: tuple[TensorReport, ...]

    @property
    def trainable_params(self) -> int:
        """Scalars that training changes."""
        return sum([tensor.params for tensor in self.tensors if tensor.trainable])

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        return {
            "name": self.name,
            "type": self.type,
            "framework_type": self.framework_type,
            "inputs": list(self.inputs),
            "output_shape": list(self.output_shape),
            "params": self.params,
            "trainable": self.trainable,
            "macs": self.macs,
            "macs_per_step": self.macs_per_step,
            "flops": self.flops,
            "flops_per_step": self.flops_per_step,
            "weight_bytes": self.weight_bytes,
            "state_bytes": self.state_bytes,
            "tensors": [tensor.to_dict() for tensor in self.tensors],
        }


class ModelReport(Record):
    """One model: totals, costs of a sequence and of a step, and its layers."""

    name: str
    framework: str
    source: str | None
    dtype: str
    params: int
    trainable_params: int
    macs: int | None
    macs_per_step: int | None
    flops: int | None
    flops_per_step: int | None
    weight_bytes: int
    state_bytes: int | None
    layers: tuple[LayerReport, ...]
    training: Training | None = None  # where an optimizer was named

    @property
    def non_trainable_params(self) -> int:
        """Scalars that training leaves alone."""
        return self.params - self.trainable_params

    def to_dict(self) -> dict[str, Any]:
        """The JSON of the model."""
        return {
            "schema_version": SCHEMA_VERSION,
            "name": self.name,
            "framework": self.framework,
            "source": self.source,
            "dtype": self.dtype,
            "params": {
                "total": self.params,
                "trainable": self.trainable_params,
                "non_trainable": self.non_trainable_params,
            },
            "macs": self.macs,
            "macs_per_step": self.macs_per_step,
            "flops": self.flops,
            "flops_per_step": self.flops_per_step,
            "weight_bytes": self.weight_bytes,
            "state_bytes": self.state_bytes,
            **({"training": self.training.to_dict()} if self.training else {}),
            "layers": [layer.to_dict() for layer in self.layers],
        }


def _tensors(layer: Layer) -> tuple[TensorReport, ...]:
    unread = layer.arrangement.unread
    found = []
    for tensor in layer.tensors:
        idle = 0
        if unread and tensor.stored:
            idle = sum(
                product((block.rows, block.columns, *block.kernel)).at(layer.sizes[k])
                for k, _ in tensor.parts
                for block in tensor.stored.blocks
                if (block.column.gate, block.term) in unread
            )
        params = 0 if tensor.shared else tensor.size
        found.append(
            TensorReport(tensor.name, tensor.shape, params, tensor.trainable, tensor.shared, tensor.formula, idle)
        )
    return tuple(found)


def layer_report(layer: Layer, inputs: tuple[str, ...], batch: int | None, dtype: str) -> LayerReport:
    """The record of one layer that reads `inputs`."""
    states: int | None = 0
    for shape in layer.states.values():
        states = None if states is None or None in shape else states + prod(axis or 0 for axis in shape)
    return LayerReport(
        layer.plan.name,
        layer.cell.name,
        layer.framework_type,
        inputs,
        (batch, *layer.outflow.shape),
        layer.params,
        layer.plan.trainable,
        layer.macs.total,
        layer.macs.per_step,
        layer.flops.total,
        layer.flops.per_step,
        byte_count(layer.params, dtype),
        None if states is None else byte_count(states, dtype),
        _tensors(layer),
    )


def _sum(values: list[int | None]) -> int | None:
    return None if None in values else sum(values)  # type: ignore[arg-type]


def report(model: Model) -> ModelReport:
    """The record of a model."""
    plan = model.plan
    made: dict[int, LayerReport] = {}  # by the layer of which others differ in their names alone
    layers = []
    for layer, wires in zip(model.layers, model.wires):
        key = id(layer if layer.personal else layer.first_made)
        if key not in made:
            made[key] = layer_report(layer, wires, plan.batch, plan.dtype)
        layers.append(made[key]._replace(name=layer.plan.name, inputs=wires))
    params = sum([layer.params for layer in layers])
    changed = any(layer.changes_steps for layer in model.layers)
    return ModelReport(
        plan.name,
        model.framework,
        plan.source,
        plan.dtype,
        params,
        sum(layer.trainable_params for layer in layers),
        _sum([layer.macs for layer in layers]),
        None if changed else _sum([layer.macs_per_step for layer in layers]),
        _sum([layer.flops for layer in layers]),
        None if changed else _sum([layer.flops_per_step for layer in layers]),
        byte_count(params, plan.dtype),
        _sum([layer.state_bytes for layer in layers]),
        tuple(layers),
    )
