"""SVG by hand: what is put on a canvas, in colours that are legible on white, in the dark and in print."""

from __future__ import annotations

from collections.abc import Iterable

from rnncalc.errors import printable
from rnncalc.errors import width as columns_of
from rnncalc.render.markup import escaped

LETTER = 7.3  # the width of a character, generously

STYLE = """
.rnncalc { --ink: #1f2430; --soft: #667085; --paper: #ffffff; --map: #fde9b8; --mapline: #b7791f; --sign: #fbd5d5;
  --signline: #b83232; --state: #d3e6fb; --stateline: #2b6cb0; --in: #d8f0dd; --inline: #2f7d4a; --line: #8a93a5;
  --a: #9ec5f4; --b: #f7c98b; --c: #a9dbb8; --d: #d9b8ee; --e: #f2b0b0; --f: #b9d3d6;
  font: 13px system-ui, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", sans-serif; background: var(--paper); }
@media (prefers-color-scheme: dark) { .rnncalc { --ink: #e6e9f0; --soft: #a3acbd; --paper: #14171f; --map: #4a3a12;
  --mapline: #e0b04c; --sign: #4b2023; --signline: #f08a8a; --state: #17344f; --stateline: #7fb4ea; --in: #163524;
  --inline: #74c493; --line: #7c869a; --a: #24507f; --b: #7a531d; --c: #235a38; --d: #54346b; --e: #73312f;
  --f: #2f5358; } }
@media print { .rnncalc { --ink: #000; --soft: #333; --paper: #fff; } }
.rnncalc text { fill: var(--ink); } .rnncalc .soft { fill: var(--soft); font-size: 12px; }
.rnncalc .title { font-size: 15px; font-weight: 600; } .rnncalc .small { font-size: 11px; }
.rnncalc .wire { fill: none; stroke: var(--line); stroke-width: 1.4; } .rnncalc .faint { stroke-opacity: .35; }
.rnncalc .map { fill: var(--map); stroke: var(--mapline); }
.rnncalc .sign { fill: var(--sign); stroke: var(--signline); }
.rnncalc .function { fill: var(--paper); stroke: var(--signline); }
.rnncalc .input { fill: var(--in); stroke: var(--inline); }
.rnncalc .state { fill: var(--state); stroke: var(--stateline); }
.rnncalc .cell { fill: var(--paper); stroke: var(--ink); }
.rnncalc .a { fill: var(--a); } .rnncalc .b { fill: var(--b); } .rnncalc .c { fill: var(--c); }
.rnncalc .d { fill: var(--d); } .rnncalc .e { fill: var(--e); } .rnncalc .f { fill: var(--f); }
.rnncalc .block { stroke: var(--ink); stroke-width: .8; }
"""


class Canvas:
    """A drawing that grows to the right and downwards; lengths are pixels."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.width = self.height = 0.0

    def _reach(self, x: float, y: float) -> None:
        self.width, self.height = max(self.width, x), max(self.height, y)

    def text(self, x: float, y: float, text: str, kind: str = "", anchor: str = "middle") -> None:
        """A text whose middle line is at y."""
        long = columns_of(printable(text)) * LETTER
        self._reach(x + (long if anchor == "start" else long / 2 if anchor == "middle" else 0), y + 8)
        role = f' class="{kind}"' if kind else ""
        self.parts.append(f'<text x="{x:.1f}" y="{y + 4.5:.1f}" text-anchor="{anchor}"{role}>{escaped(text)}</text>')

    def box(self, x: float, y: float, width: float, height: float, kind: str, radius: float = 4) -> None:
        """A rectangle from its upper left corner."""
        self._reach(x + width + 1, y + height + 1)
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius}" class="{kind}"/>'
        )

    def circle(self, x: float, y: float, radius: float, kind: str) -> None:
        """A circle around its centre."""
        self._reach(x + radius + 1, y + radius + 1)
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" class="{kind}"/>')

    def line(self, points: Iterable[tuple[float, float]], kind: str = "wire", arrow: bool = True) -> None:
        """A smooth line through points, from left to right, with a head."""
        first, *rest = points
        self._reach(*first)
        path, last = f"M{first[0]:.1f} {first[1]:.1f}", first
        for point in rest:
            middle = (last[0] + point[0]) / 2
            path += f" C{middle:.1f} {last[1]:.1f} {middle:.1f} {point[1]:.1f} {point[0]:.1f} {point[1]:.1f}"
            last = point
            self._reach(*point)
        head = ' marker-end="url(#rnncalc-head)"' if arrow else ""
        self.parts.append(f'<path d="{path}" class="{kind}"{head}/>')

    def straight(self, x: float, y: float, to_x: float, to_y: float, kind: str = "wire", arrow: bool = True) -> None:
        """A straight line with a head."""
        self._reach(max(x, to_x), max(y, to_y))
        head = ' marker-end="url(#rnncalc-head)"' if arrow else ""
        self.parts.append(f'<path d="M{x:.1f} {y:.1f} L{to_x:.1f} {to_y:.1f}" class="{kind}"{head}/>')

    def place(self, other: Canvas, x: float, y: float) -> None:
        """Another drawing, moved."""
        self._reach(x + other.width, y + other.height)
        self.parts.append(f'<g transform="translate({x:.1f} {y:.1f})">{"".join(other.parts)}</g>')

    def svg(self, title: str, described: str = "") -> str:
        """The whole as one SVG, which needs nothing from elsewhere."""
        wide, high = self.width + 16, self.height + 16
        head = (
            '<marker id="rnncalc-head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            'orient="auto-start-reverse"><path d="M0 0 L8 4 L0 8 z" style="fill: var(--line)"/></marker>'
        )
        told = f"<desc>{escaped(described)}</desc>" if described else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="rnncalc" role="img" viewBox="-8 -8 {wide:.0f} {high:.0f}" '
            f'width="{wide:.0f}" height="{high:.0f}"><title>{escaped(title)}</title>{told}<style>{STYLE}</style>'
            f"<defs>{head}</defs>"
            f'<rect x="-8" y="-8" width="{wide:.0f}" height="{high:.0f}" style="fill: var(--paper)"/>'
            f"{''.join(self.parts)}</svg>\n"
        )


def long(text: str) -> float:
    """About how wide a text is."""
    return columns_of(text) * LETTER
