"""A sweep as a picture: lines over one size, in SVG of our own, legible in the dark, in print and without colour.

Lines differ in colour, in their dashes and in their marks; the legend lists them from the highest to the lowest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rnncalc.errors import printable, width
from rnncalc.render.markup import escaped
from rnncalc.sizing.curves import Panel

PLOT, TALL, LEFT, TOP, BETWEEN = 560, 300, 78, 34, 74  # pixels: the plot's width and height, and what is around it
CHARACTER = 6.8  # of a label, roughly
DASHES = ("", "8 3", "2 3", "8 3 2 3", "14 4", "5 5", "1 5", "10 3 2 3 2 3", "16 3 4 3", "3 1")
MARKS = (
    "M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0Z",
    "M-3 -3H3V3H-3Z",
    "M0 -4L4 3H-4Z",
    "M0 -4L4 0L0 4L-4 0Z",
    "M-4 -3H4L0 4Z",
)
LIGHT = ("#0062a8", "#b34700", "#00704f", "#9b2f72", "#6b5200", "#4b5563", "#3730a3", "#9f1239", "#166534", "#7c2d12")
DARK = ("#6cb8ff", "#ffab6b", "#4fd6a8", "#f59ad0", "#e6c84f", "#c3cad4", "#b4b8ff", "#ff9aa8", "#8fe09a", "#f0b596")
MARKED = 8  # marks of a line, where it has many points


def svg(title: str, panels: Sequence[Panel]) -> str:
    """The picture of some panels, one below the other."""
    labels = [line.label for panel in panels for line in panel.lines]
    legend = max((width(printable(label)) for label in labels), default=0) * CHARACTER + 62 if any(labels) else 20
    wide, high = round(LEFT + PLOT + legend), TOP + len(panels) * (TALL + BETWEEN)
    told = "; ".join(_told(panel) for panel in panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" '
        f'role="img" aria-labelledby="title told">',
        f'<title id="title">{escaped(title)}</title>',
        f'<desc id="told">{escaped(told)}</desc>',
        _style(),
        f'<rect class="ground" width="{wide}" height="{high}"/>',
        f'<text class="title" x="{LEFT}" y="22">{escaped(title)}</text>',
    ]
    for n, panel in enumerate(panels):
        parts.append(f'<g transform="translate({LEFT} {TOP + 14 + n * (TALL + BETWEEN)})">')
        parts += _panel(panel)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>\n"])


def _style() -> str:
    def colors(palette: Sequence[str], ground: str, ink: str, faint: str) -> str:
        lines = "".join(f".l{n}{{stroke:{color}}}.m{n}{{fill:{color}}}" for n, color in enumerate(palette))
        return f".ground{{fill:{ground}}}text{{fill:{ink}}}.axis{{stroke:{ink}}}.grid{{stroke:{faint}}}{lines}"

    plain = (
        "text{font:12px system-ui,sans-serif}.title{font-size:15px;font-weight:600}.right{text-anchor:end}"
        ".middle{text-anchor:middle}path,line{fill:none}.line{stroke-width:2}"
        ".limit{stroke-width:1.5;stroke-dasharray:4 2}"
    )
    dark = colors(DARK, "#14171c", "#e8eaed", "#3a404a")
    return (
        f"<style>{plain}{colors(LIGHT, '#ffffff', '#1d2129', '#d7dbe0')}"
        f"@media screen and (prefers-color-scheme: dark){{{dark}}}</style>"
    )


def _panel(panel: Panel) -> Iterator[str]:
    xs = [x for line in panel.lines for x in line.xs]
    ys = [y for line in panel.lines for y in line.ys]
    low, high = min(xs, default=0), max(xs, default=1)
    across, up = _ticks(low, high), _ticks(0, max([1, *ys, *panel.limits]))
    across = [tick for tick in across if tick <= high]
    left, right, top = min([low, *across]), high, up[-1]

    def x_of(x: int) -> float:
        return round(PLOT * ((x - left) / (right - left) if right > left else 0.5), 2)

    def y_of(y: int) -> float:
        return round(TALL - TALL * (y / top), 2)

    for tick in up:
        yield f'<line class="grid" x1="0" x2="{PLOT}" y1="{y_of(tick)}" y2="{y_of(tick)}"/>'
        yield f'<text class="right" x="-8" y="{y_of(tick) + 4}">{_number(tick)}</text>'
    for tick in across:
        yield f'<line class="axis" x1="{x_of(tick)}" x2="{x_of(tick)}" y1="{TALL}" y2="{TALL + 5}"/>'
        yield f'<text class="middle" x="{x_of(tick)}" y="{TALL + 19}">{_number(tick)}</text>'
    yield f'<path class="axis" d="M0 0V{TALL}H{PLOT}"/>'
    yield f'<text x="{8 - LEFT}" y="-10">{escaped(panel.metric)}</text>'
    yield f'<text class="middle" x="{PLOT / 2}" y="{TALL + 38}">{escaped(panel.size)}</text>'
    for limit in panel.limits:
        yield f'<line class="axis limit" x1="0" x2="{PLOT}" y1="{y_of(limit)}" y2="{y_of(limit)}"/>'
        yield f'<text x="6" y="{y_of(limit) - 5}">limit {limit:,}</text>'
    for n, line in enumerate(panel.lines):
        points = [(x_of(x), y_of(y)) for x, y in zip(line.xs, line.ys)]
        path = "L".join(f"{x} {y}" for x, y in points)
        yield f'<path {_stroke(n)} d="M{path}"/>'
        every = len(points) // MARKED if len(points) > 3 * MARKED else 1
        for x, y in points[n * every // len(panel.lines) :: every]:  # not where another line has its own
            yield f'<path class="m{n}" transform="translate({x} {y})" d="{MARKS[n % len(MARKS)]}"/>'
    yield from _legend(panel)


def _legend(panel: Panel) -> Iterator[str]:
    """What each line is, in the order in which they end."""
    order = sorted(range(len(panel.lines)), key=lambda n: -panel.lines[n].ys[-1])
    for row, n in enumerate(order if any(line.label for line in panel.lines) else ()):
        x, y = PLOT + 20, 8 + 20 * row
        yield f'<line {_stroke(n)} x1="{x}" x2="{x + 28}" y1="{y}" y2="{y}"/>'
        yield f'<path class="m{n}" transform="translate({x + 14} {y})" d="{MARKS[n % len(MARKS)]}"/>'
        yield f'<text x="{x + 36}" y="{y + 4}">{escaped(panel.lines[n].label)}</text>'


def _stroke(n: int) -> str:
    return f'class="line l{n}" stroke-dasharray="{DASHES[n % len(DASHES)]}"'


def _ticks(low: int, high: int) -> list[int]:
    """Round numbers from at most `low` to at least `high`, about six of them.

    >>> _ticks(0, 71168), _ticks(32, 1024)
    ([0, 20000, 40000, 60000, 80000], [0, 200, 400, 600, 800, 1000, 1200])
    """
    step = 1
    for power in range(len(str(high)) + 1):
        for digit in (1, 2, 5):
            step = digit * 10**power
            if (high - low) <= 6 * step:
                break
        else:
            continue
        break
    first = low // step * step
    return list(range(first, -(-high // step) * step + 1, step))


def _number(value: int) -> str:
    """`20k`, `1.5M`: a tick."""
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "k")):
        if value >= size and (size > 1000 or value >= 10_000):
            return f"{value / size:.3g}{letter}" if value < 10**13 else f"{value:.1e}".replace("e+", "e")
    return f"{value:,}"


def _told(panel: Panel) -> str:
    """The picture in words."""
    lines = [
        f"{line.label or panel.metric} from {line.ys[0]:,} at {line.xs[0]:,} to {line.ys[-1]:,} at {line.xs[-1]:,}"
        for line in panel.lines
    ]
    return f"{panel.metric} over {panel.size}: {', '.join(lines)}"
