"""The figures of an explanation: a layer unrolled, the units of a step, the step itself, and the tensors to scale."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rnncalc.errors import listed
from rnncalc.render import words
from rnncalc.render.explain.canvas import Canvas, long
from rnncalc.render.explain.graph import Node, laid_out
from rnncalc.render.names import braced
from rnncalc.why.told import Block, Explanation, LayerStory

MOST_LAYERS, MOST_CIRCLES = 3, 5
COLUMN, ROW, NODE = 86, 46, 30  # of the step's graph: distances, and the height of a node
FUNCTIONS = {"sigmoid": "σ"}
FILLS = "abcdef"
STEPS = ("1", "2", "3", "…", "t")


def shades(layer: LayerStory) -> dict[str, str]:
    """The colour of each gate, in the step and in the tensors."""
    gates = [each.name for each in layer.lengths if each.kind == "map"]
    return {gate: FILLS[n % len(FILLS)] for n, gate in enumerate(gates)}


def figure(kind: str, told: Explanation) -> Canvas | None:
    """The figure of this kind; None where the model has nothing to show in it."""
    return _KINDS[kind](told)


def _first(told: Explanation) -> LayerStory | None:
    return next((layer for layer in told.layers if layer.recurrent), None)


def unrolled(told: Explanation) -> Canvas | None:
    """The same layer at each step: what it reads, what it gives, and what it passes on."""
    layer = _first(told)
    if layer is None:
        return None
    states = [each for each in layer.lengths if each.kind == "state"]
    depth = next(each for each in layer.lengths if each.kind == "input")
    levels, both = min(layer.num_layers, MOST_LAYERS), layer.bidirectional
    wide = max(92.0, long(layer.report.type) + 16)
    shift = 26.0 if both else 0.0  # of the second cell, to the right
    across, high = wide + 80 + shift, 126.0 if both else 76.0
    names = ", ".join(each.name for each in states)
    drawing = Canvas()
    foot = 40 + levels * high
    rows = [(40 + level * high + down, forward) for level in range(levels) for down, forward in _cells(both)]
    for n, step in enumerate(STEPS):
        x = 60 + n * across
        for y, forward in rows:
            left = x if forward else x + shift
            if step == "…":
                drawing.text(left + wide / 2, y + 20, "…", "title")
                continue
            drawing.box(left, y, wide, 40, "cell", 8)
            drawing.text(left + wide / 2, y + 20, layer.report.type)
        if step != "…":
            drawing.text(x + (wide + shift) / 2, 8, f"{'y' if both else states[0].name}{_index(step)}")
            drawing.text(x + (wide + shift) / 2, foot + 10, f"x{_index(step)}")
            drawing.text(x + (wide + shift) / 2, foot + 30, f"step {step}", "soft")
            if both:
                drawing.straight(x + (wide + shift) / 2, foot, x + (wide + shift) / 2, foot - 18, arrow=False)
            for level in range(levels):
                _through(drawing, x, 40 + level * high, wide, shift, high)
        if n:
            for y, forward in rows:
                start, end = x - across + wide + (0 if forward else shift), x + (0 if forward else shift)
                start, end = start - (26 if STEPS[n - 1] == "…" else 0), end + (26 if step == "…" else 0)
                drawing.straight(*((start, y + 20, end, y + 20) if forward else (end, y + 20, start, y + 20)))
                drawing.text((start + end) / 2, y + 10, names, "small")
    told_states = ", ".join(f"{each.name}: {each.size:,} numbers" for each in states)
    note = f"x: {depth.size:,} numbers; {told_states}. The weights are the same at every step."
    note += " y: what both directions give, side by side." if both and layer.merge_mode == "concat" else ""
    if layer.num_layers > levels:
        note += f" {layer.num_layers} layers, of which {levels} are drawn."
    drawing.text(60, foot + 56, note, "soft", "start")
    return drawing


def _cells(both: bool) -> tuple[tuple[float, bool], ...]:
    """How far down each cell of a layer stands, and whether it reads forwards."""
    return ((0.0, True), (48.0, False)) if both else ((0.0, True),)


def _through(drawing: Canvas, x: float, y: float, wide: float, shift: float, high: float) -> None:
    """The arrows of one layer at one step: into its cells from below, and out of them at the top."""
    below = y + high  # where what it reads comes from
    if not shift:
        drawing.straight(x + wide / 2, below, x + wide / 2, y + 40)
        drawing.straight(x + wide / 2, y, x + wide / 2, y - 22)
        return
    left, right = x + shift / 2, x + wide + shift / 2
    drawing.straight(left, below - 18, left, y + 40)
    drawing.straight(x + shift + wide / 2, below - 18, x + shift + wide / 2, y + 88)
    for start, end in ((below, below - 18), (y, y - 18)):  # what is read is shared, what is given stands side by side
        drawing.straight(left, min(start, end), right, min(start, end), arrow=False)
    drawing.straight(x + wide / 2, y, x + wide / 2, y - 18, arrow=False)
    drawing.straight(right, y + 48, right, y - 18, arrow=False)


def _index(step: str) -> str:
    return step.translate(str.maketrans("123t", "₁₂₃ₜ"))


def units(told: Explanation) -> Canvas | None:
    """Inside one step: the units, of which each reads all of the input and all of the state."""
    layer = _first(told)
    if layer is None or not layer.units:
        return None
    first = next(each for each in layer.lengths if each.kind == "state")
    depth = next(each for each in layer.lengths if each.kind == "input")
    maps = [each.name for each in layer.lengths if each.kind == "map"]
    drawing = Canvas()
    x_rows, h_rows, out_rows = _circles(depth.size), _circles(first.size), _circles(first.size)
    gap, radius, left, right = 34.0, 11.0, 190.0, 440.0
    starts = [20 + n * gap for n in range(len(x_rows) + len(h_rows))]
    starts[len(x_rows) :] = [y + 24 for y in starts[len(x_rows) :]]
    middle = (starts[0] + starts[-1]) / 2
    ends = [middle + (n - (len(out_rows) - 1) / 2) * gap * 1.3 for n in range(len(out_rows))]
    shown = [y for y, row in zip(starts, (*x_rows, *h_rows)) if row]
    for n, (y, row) in enumerate(zip(ends, out_rows)):
        for start in shown if row else ():
            drawing.straight(left + radius, start, right - radius, y, "wire" if not n else "wire faint", False)
    for y, row, kind, name in (
        *((y, row, "input", depth.name) for y, row in zip(starts, x_rows)),
        *((y, row, "state", first.name) for y, row in zip(starts[len(x_rows) :], h_rows)),
    ):
        _unit(drawing, left, y, row, radius, kind, name, "end")
    for y, row in zip(ends, out_rows):
        _unit(drawing, right, y, row, radius, "map", f"{first.name}'", "start")
    drawing.text(150, (starts[0] + starts[len(x_rows) - 1]) / 2, f"x: {depth.size:,}", "", "end")
    drawing.text(150, (starts[len(x_rows)] + starts[-1]) / 2, f"{first.name}: {first.size:,}", "", "end")
    drawing.text(right + 50, middle - 10, f"{first.size:,} units = {first.formula}", "", "start")
    together = f", those of {listed(maps)} together" if len(maps) > 1 else ""
    drawing.text(right + 50, middle + 12, f"{layer.units[0][2]:,} weights each{together}", "soft", "start")
    return drawing


def _circles(size: int) -> list[str]:
    """A label for each circle that is drawn; an empty one stands for those that are left out."""
    if size <= MOST_CIRCLES:
        return [str(n + 1) for n in range(size)]
    return ["1", "2", "3", "", f"{size:,}"]


def _unit(drawing: Canvas, x: float, y: float, row: str, radius: float, kind: str, name: str, anchor: str) -> None:
    if not row:
        drawing.text(x, y, "⋮", "title")
        return
    drawing.circle(x, y, radius, kind)


def step(told: Explanation) -> Canvas | None:
    """One step as a graph: what is read on the left, what is passed on at the right."""
    if told.trace is None:
        return None
    drawn = laid_out(told.trace)
    drawing = Canvas()

    def centre(column: float, row: float) -> tuple[float, float]:
        return 50 + column * COLUMN, 20 + row * ROW

    half = {n: _half(node) for n, node in enumerate(drawn.nodes)}
    for edge in drawn.edges:
        start, end = drawn.nodes[edge.start], drawn.nodes[edge.end]
        x, y = centre(start.column, start.row)
        points = [(x + half[edge.start], y)]
        for k, row in enumerate(edge.rows, start.column + 1):
            at, level = centre(k, row)
            points += [(at - 18, level), (at + 18, level)]
        x, y = centre(end.column, end.row)
        points.append((x - half[edge.end] - 1, y))
        drawing.line(points)
        if edge.label:
            drawing.text(points[-1][0] - 12, points[-1][1] - 8, edge.label, "small")
    colours = shades(told.layers[0])
    for n, node in enumerate(drawn.nodes):
        x, y = centre(node.column, node.row)
        _node(drawing, node, x, y, half[n], colours.get(node.label, "") if node.kind == "map" else "")
    return drawing


def _half(node: Node) -> float:
    if node.kind == "sign":
        return 13 if len(node.label) < 2 else 19
    return max(20, long(_label(node)) / 2 + 8)


def _label(node: Node) -> str:
    inner = FUNCTIONS.get(node.inner, node.inner)
    label = FUNCTIONS.get(node.label, node.label) if node.kind == "function" else node.label
    return f"{label}: {inner}" if inner else label


def _node(drawing: Canvas, node: Node, x: float, y: float, half: float, shade: str) -> None:
    kind = {"output": "state", "input": "input" if node.label == "x" else "state"}.get(node.kind, node.kind)
    kind = f"{kind} {shade}" if shade else kind
    if node.kind == "sign" and half < 14:
        drawing.circle(x, y, half, kind)
    else:
        drawing.box(x - half, y - NODE / 2, 2 * half, NODE, kind, NODE / 2 if node.kind in ("input", "output") else 4)
    drawing.text(x, y, _label(node))


def weights(told: Explanation) -> Canvas | None:
    """Every tensor as a block to scale: rows are what is read, columns the gates."""
    drawing = Canvas()
    y = 0.0
    for layer in told.layers:
        blocks = [block for block in layer.blocks if block.rows and not block.shared]
        if not blocks:
            continue
        if len(told.layers) > 1:
            drawing.text(0, y + 8, f"{layer.report.name}: {layer.report.params:,}", "title", "start")
            y += 30
        widest = max(sum(side.size for side in block.columns) for block in blocks)
        tallest = max(sum(side.size for side in block.rows) for block in blocks)
        scale, colours = min(520 / widest, 260 / tallest), shades(layer)
        for block in blocks:
            y += _tensor(drawing, block, y, scale, colours) + 22
    return drawing if drawing.parts else None


def _tensor(drawing: Canvas, block: Block, y: float, scale: float, colours: Mapping[str, str]) -> float:
    """Draw one tensor; how high it is."""
    start, left = y, 90.0
    name = braced(list(block.names)) or f"{block.names[0]} …"
    times = f"{block.times} × " if block.times > 1 else ""
    drawing.text(0, y + 8, f"{name}   {times}[{words.shape(block.shape)}] = {block.formula}", "", "start")
    y += 26
    widths = _parts([side.size for side in block.columns], scale, 9)
    heights = _parts([side.size for side in block.rows], scale, 14)
    x = left
    for side, wide in zip(block.columns, widths):
        if wide > long(side.name) + 4:
            drawing.text(x + wide / 2, y + 4, side.name, "soft")
        x += wide
    y += 16
    for row, high in zip(block.rows, heights):
        drawing.text(left - 8, y + high / 2, row.label, "soft", "end")
        x = left
        for k, (side, wide) in enumerate(zip(block.columns, widths)):
            shade = colours.get(side.name, FILLS[k % len(FILLS)])
            drawing.box(x, y, wide, high, f"block {shade if side.read else 'cell'}", 0)
            count = block.scalars(row, side)
            if long(f"{count:,}") < wide and high >= 14:
                drawing.text(x + wide / 2, y + high / 2, f"{count:,}", "small")
            x += wide
        y += high
    return y - start


def _parts(sizes: Sequence[int], scale: float, least: float) -> list[float]:
    return [max(least, size * scale) for size in sizes]


_KINDS: dict[str, Callable[[Explanation], Canvas | None]] = {
    "unrolled": unrolled,
    "units": units,
    "step": step,
    "weights": weights,
}
