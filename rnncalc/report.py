"""The report: immutable records of all that is shown of a model. Renderers draw them and compute nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rnncalc.record import Record

if TYPE_CHECKING:
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
    trainable_params: int
    trainable: bool
    macs: int | None
    macs_per_step: int | None
    flops: int | None
    flops_per_step: int | None
    weight_bytes: int
    state_bytes: int | None
    tensors: Sequence[TensorReport]
    changes_steps: bool = False  # so that the cost of one more step of the model has no meaning

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

    def head(self) -> dict[str, Any]:
        """The JSON of the model but for its layers."""
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
        }

    def to_dict(self) -> dict[str, Any]:
        """The JSON of the model."""
        return {**self.head(), "layers": [layer.to_dict() for layer in self.layers]}
