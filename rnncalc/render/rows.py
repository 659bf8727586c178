"""What the batch report shows where a program does not read it: folders, models, sums and bars."""

from __future__ import annotations

from collections.abc import Sequence
from os.path import basename
from typing import Any

from rnncalc.batch.rows import Row, Total, by_folder, total
from rnncalc.errors import Problem, counted
from rnncalc.render.sheets import Sheet

BAR = 8  # characters of the longest bar


def batch(rows: Sequence[Row], problems: Sequence[Problem]) -> list[Sheet]:
    """A row a model, folder by folder with their sums, and the sum of all; the bars are for the parameters."""
    columns = ("Model", "Framework", "Layers", "Params", "Trainable", "MACs/step", "Weight bytes", "", "Budget", "File")
    whole, most = total(rows), max([1, *(row.params for row in rows)])
    groups = by_folder(rows)
    many = len(groups) > 1
    lines: list[tuple[Any, ...]] = []
    for group in groups:
        if many:
            lines.append(_sum(f"{group.folder or '.'}/".replace("//", "/"), total(group.rows)))
        for row in group.rows:
            figures = (row.layers, row.params, row.trainable_params, row.macs_per_step, row.weight_bytes)
            name = f"{'  ' * many}{row.name}"
            lines.append((name, row.framework, *figures, _bar(row.params, most), row.budget, basename(row.path)))
    if len(rows) > 1:
        lines.append(_sum("Total", whole))
    notes = [f"{counted(len(rows), 'model')}, {counted(whole.params, 'parameter')}"]
    notes += [f"{counted(whole.broken, 'model')} over budget"] if whole.broken else []
    notes += [counted(len(problems), "error")] if problems else []
    spare = ("File", "Trainable", "Layers", "MACs/step", "", "Weight bytes", "Framework", "Budget")
    return [Sheet("", columns, tuple(lines), tuple(notes), spare)]


def _sum(name: str, sums: Total) -> tuple[Any, ...]:
    figures = ("", sums.params, sums.trainable_params, "", sums.weight_bytes)
    return (name, counted(sums.models, "model"), *figures, "", "", "")


def _bar(part: int, whole: int) -> str:
    return "█" * max(1, (2 * BAR * part + whole) // (2 * whole)) if part else ""
