"""The page to play with: every cell in every framework as polynomials, which the browser evaluates.

`page()` is the whole of docs/index.html: the words and the form of page.html, the style, the script, and the data.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playground.data import data
from rnncalc.render.explain.canvas import STYLE as DRAWN

HERE = Path(__file__).parent


def page() -> str:
    """One HTML file that loads nothing."""
    parts = {"DRAWN": DRAWN, "STYLE": _read("page.css"), "DATA": _lines(data()), "SCRIPT": _read("page.js")}
    text = _read("page.html")
    for name, part in parts.items():
        text = text.replace(f"/*{name}*/", part.strip())
    return text


def _lines(told: dict[str, Any]) -> str:
    """JSON with a line for each thing that the page knows, which a script element cannot be broken out of."""
    lines = []
    for key, value in told.items():
        if isinstance(value, dict):
            inner = ",\n".join(f"{_json(name)}:{_json(each)}" for name, each in value.items())
            lines.append(f"{_json(key)}:{{\n{inner}}}")
        else:
            inner = ",\n".join(map(_json, value))
            lines.append(f"{_json(key)}:[\n{inner}]")
    return "{" + ",\n".join(lines).replace("</", "<\\/") + "}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _read(name: str) -> str:
    return (HERE / name).read_text("utf-8")
