"""Pictures of where the parameters are, as SVG: areas as large as the counts are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rnncalc.errors import width
from rnncalc.record import Record
from rnncalc.render import words
from rnncalc.render.markup import escaped
from rnncalc.report import ModelReport

COLORS = 8
WIDE, HIGH = 1000, 260
LABELS = (("small", 8, 18), ("large", 17, 34))  # of a wide and a narrow window: a letter's width, a line's height
SMALLEST = 0.5  # what would be narrower is not drawn by itself


class Area(Record):
    """A rectangle that stands for something."""

    number: int
    x: float
    y: float
    width: float
    height: float


def parts(model: ModelReport) -> str:
    """The layers of a model side by side, and their tensors below them."""
    whole = model.params
    shapes, x = [], 0
    for n, layer in enumerate(model.layers):
        told = f"{layer.name}: {layer.params:,}, {words.share(layer.params, whole)}"
        shapes.append(_rectangle(x, 0, layer.params, 2, whole, f"part c{n % COLORS}", told))
        inner = x
        for tensor in layer.tensors:
            told = f"{layer.name}/{tensor.name}: {tensor.params:,}, {words.share(tensor.params, whole)}"
            shapes.append(_rectangle(inner, 2, tensor.params, 1, whole, f"part inner c{n % COLORS}", told))
            inner += tensor.params
        x += layer.params
    largest = sorted(model.layers, key=lambda layer: -layer.params)[:5]
    told = ", ".join(f"{layer.name} {words.share(layer.params, whole)}" for layer in largest if layer.params)
    label = f"Where the parameters of {model.name} are: {told}"
    head = (
        f'<svg class="parts" viewBox="0 0 1000 3" preserveAspectRatio="none" role="img" aria-label="{escaped(label)}">'
    )
    return f"{head}{''.join(shapes)}</svg>" if whole else ""


def _rectangle(x: int, y: int, width: int, height: int, whole: int, kind: str, told: str) -> str:
    if 1000 * width < whole * SMALLEST:
        return ""
    place = f'x="{1000 * x / whole:.3g}" width="{1000 * width / whole:.4g}"'
    return f'<rect class="{kind}" {place} y="{y}" height="{height}"><title>{escaped(told)}</title></rect>'


def bar(part: int, whole: int) -> str:
    """A bar that is as long as the part is large; it says nothing that the figure beside it does not."""
    length = max(2.0, 100 * part / whole) if part else 0
    return f'<svg class="bar" viewBox="0 0 100 12" aria-hidden="true"><rect width="{length:.4g}" height="12"/></svg>'


def treemap(names: Sequence[str], sizes: Sequence[int]) -> str:
    """Everything side by side, the largest first, in areas that are nearly square."""
    order = sorted((n for n in range(len(sizes)) if sizes[n]), key=lambda n: -sizes[n])
    whole = sum(sizes)
    shapes = []
    for area in squarified([sizes[n] for n in order], WIDE, HIGH):
        if min(area.width, area.height) < SMALLEST:
            continue
        n = order[area.number]
        place = f'x="{area.x:.5g}" y="{area.y:.5g}" width="{area.width:.5g}" height="{area.height:.5g}"'
        told = escaped(f"{names[n]}: {sizes[n]:,}, {words.share(sizes[n], whole)}")
        shapes.append(f'<rect class="part c{area.number % COLORS}" {place}><title>{told}</title></rect>')
        for kind, letter, line in LABELS:
            if (width(names[n]) + 1) * letter <= area.width and area.height >= line * 1.25:
                place = f'x="{area.x + letter / 2:.5g}" y="{area.y + line:.5g}"'
                shapes.append(f'<text class="{kind}" {place}>{escaped(names[n])}</text>')
    told = ", ".join(f"{names[n]} {words.share(sizes[n], whole)}" for n in order[:5])
    label = escaped(f"Where the parameters are, the largest models first: {told}")
    return f'<svg class="map" viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{label}">{"".join(shapes)}</svg>'


def squarified(sizes: Sequence[int], wide: float, high: float) -> Iterator[Area]:
    """Rectangles as large as the sizes, which are sorted, the greatest first (Bruls, Huizing, van Wijk 2000).

    They go in rows along the shorter side; one more goes into a row as long as it makes the worst shape no worse.
    """
    x = y = 0.0
    start, left = 0, sum(sizes)
    while start < len(sizes):
        scale = wide * high / left
        side = min(wide, high)
        if side <= 0:
            return
        row, end, worst = 0.0, start, float("inf")
        while end < len(sizes):
            more = row + sizes[end] * scale
            ratio = max(side**2 * sizes[start] * scale / more**2, more**2 / (side**2 * sizes[end] * scale))
            if ratio > worst:
                break
            row, worst, end = more, ratio, end + 1
        depth, along = row / side, 0.0
        for n in range(start, end):
            length = sizes[n] * scale / depth
            area = (x, y + along, depth, length) if wide >= high else (x + along, y, length, depth)
            yield Area(n, *area)
            along += length
        left -= sum(sizes[start:end])
        if wide >= high:
            x, wide = x + depth, wide - depth
        else:
            y, high = y + depth, high - depth
        start = end
