"""How figures read: grouped digits, shapes, shares, bytes. Shared by the formats that people read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rnncalc.errors import printable
from rnncalc.report import ModelReport

if TYPE_CHECKING:
    from rnncalc.training import Training

UNKNOWN = "?"


def number(value: int | None) -> str:
    """`71,168`; a question mark for what is not known."""
    return UNKNOWN if value is None else f"{value:,}"


def shape(axes: Sequence[int | None]) -> str:
    """`138 × 512`."""
    return " × ".join(UNKNOWN if axis is None else str(axis) for axis in axes)


def output_shape(axes: Sequence[int | None]) -> str:
    """`(batch, steps, 128)`, the batch and an unknown length by name."""
    names = ["batch", *["steps"] * (len(axes) - 1)]
    return f"({', '.join(name if axis is None else str(axis) for name, axis in zip(names, axes))})"


def share(part: int, whole: int) -> str:
    """`99.3 %`, never 100.0 of a part nor 0.0 of something."""
    if not whole:
        return ""
    tenths = (2000 * part + whole) // (2 * whole)
    tenths = max(1, min(tenths, 999)) if 0 < part < whole else tenths
    return f"{tenths // 10}.{tenths % 10} %"


def percent(change: int, whole: int) -> str:
    """`+16.5 %`, never 0.0 of a change."""
    tenths = (2000 * abs(change) + whole) // (2 * whole)
    return f"{'+' if change > 0 else '-'}{max(1, tenths) // 10:,}.{max(1, tenths) % 10} %"


def byte_text(value: int) -> str:
    """`278.0 KiB`; nothing where the bytes say it as well."""
    units = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
    power = (value.bit_length() - 1) // 10
    return f"{value / 1024**power:,.1f} {units[power - 1]}" if 1 <= power <= len(units) else ""


def short(value: int, metric: str) -> str:
    """`432.7k`, or `1.7 MiB` of a metric in bytes; the number itself where it is small."""
    if metric.endswith("bytes"):
        return byte_text(value) or f"{value:,} bytes"
    power = min((len(str(abs(value))) - 1) // 3, 4)
    tenths = (20 * abs(value) // 1000**power + 1) // 2 if power else 0
    return f"{tenths // 10:,}.{tenths % 10}{' kMBT'[power]}" if power else str(value)


def against(actual: int, limit: int, metric: str, relation: str) -> str:
    """`432.7k is above 430.0k`; exact where both would read the same."""
    texts = [short(value, metric) for value in (actual, limit)]
    if texts[0] == texts[1]:
        texts = [f"{value:,}" for value in (actual, limit)]
    return f"{texts[0]} {relation} {texts[1]}"


def elsewhere(model: ModelReport, others: Sequence[tuple[str, int]]) -> str:
    """`keras, pytorch: 53,760 (+384)`, frameworks of one total together."""
    totals: dict[int, list[str]] = {}
    for name, total in others:
        totals.setdefault(total, []).append(name)
    return "; ".join(f"{', '.join(names)}: {total:,} ({total - model.params:+,})" for total, names in totals.items())


def summary(model: ModelReport, others: Sequence[tuple[str, int]]) -> list[tuple[str, str]]:
    """What stands below a model's tensors."""
    sequence = "" if model.macs is None else f", {number(model.macs)} a sequence"
    flops = "" if model.flops is None else f", {number(model.flops)} a sequence"
    trained, left = number(model.trainable_params), number(model.non_trainable_params)
    size = byte_text(model.weight_bytes)
    lines = [
        ("Parameters", f"{number(model.params)} = {trained} trainable + {left} not trainable"),
        ("MACs", f"{number(model.macs_per_step)} a step{sequence}"),
        ("FLOPs", f"{number(model.flops_per_step)} a step{flops}"),
        ("Weights", f"{f'{size} = ' if size else ''}{model.weight_bytes:,} bytes as {model.dtype}"),
        ("State", f"{number(model.state_bytes)} bytes a sequence"),
    ]
    if model.training:
        lines.append(("Training", training(model.training)))
    unread = sum(tensor.unread for layer in model.layers for tensor in layer.tensors)
    if unread:
        lines.insert(1, ("", f"{number(unread)} of them are allocated but never read"))
    if others:
        lines.append(("Elsewhere", elsewhere(model, others)))
    return lines


def training(memory: Training) -> str:
    """`1.2 MiB = ...`: what a step of training takes."""
    if memory.total is None:
        return "unknown while the steps are"
    parts = ((memory.weights, "weights"), (memory.gradients, "gradients"), (memory.slots, f"{memory.optimizer} slots"))
    told = " + ".join(f"{size:,} {name}" for size, name in (*parts, (memory.activations, "activations")))
    batch = f", {memory.batch:,} sequences at once" if memory.batch > 1 else ""
    return f"{memory.total:,} bytes = {told}{batch}"


def title(model: ModelReport) -> str:
    """The model's name and framework."""
    return f"{printable(model.name)} · {model.framework}"
