"""How figures read: grouped digits, shapes, shares, bytes. Shared by the formats that people read."""

from __future__ import annotations

from collections.abc import Sequence

from rnncalc.errors import printable
from rnncalc.report import ModelReport

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


def byte_text(value: int) -> str:
    """`278.0 KiB`."""
    if value < 1024:
        return f"{value} bytes"
    power = min((value.bit_length() - 1) // 10, 6)
    return f"{value / 1024**power:,.1f} {('KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB')[power - 1]}"


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
    lines = [
        ("Parameters", number(model.params)),
        ("", f"{number(model.trainable_params)} trainable + {number(model.non_trainable_params)} not trainable"),
        ("MACs", f"{number(model.macs_per_step)} a step{sequence}"),
        ("FLOPs", f"{number(model.flops_per_step)} a step{flops}"),
        ("Weights", f"{model.weight_bytes:,} bytes ({byte_text(model.weight_bytes)}, {model.dtype})"),
        ("State", f"{model.state_bytes:,} bytes a sequence"),
    ]
    unread = sum(tensor.unread for layer in model.layers for tensor in layer.tensors)
    if unread:
        lines.insert(2, ("", f"{number(unread)} of them are allocated but never read"))
    if others:
        lines.append(("Elsewhere", elsewhere(model, others)))
    return lines


def title(model: ModelReport) -> str:
    """The model's name and framework."""
    return f"{printable(model.name)} · {model.framework}"
