"""Write the pages of docs/ that are read off the code: layouts, layers, cells, pictures, and the rest.

Run it as `python docs/generate.py` after a change to a cell, a layer, a layout or a published model; with `--check`
it writes nothing, and exits 1 where a page is not current.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import playground
from pages.cells import cells_page
from pages.figures import FIGURES
from pages.glossary import glossary_page
from pages.layers import layers_page
from pages.layouts import layouts_page
from pages.published import published_page

DOCS = Path(__file__).parent

PAGES: Mapping[str, Callable[[], str]] = {
    "layouts.md": layouts_page,
    "layers.md": layers_page,
    "cells.md": cells_page,
    "published.md": published_page,
    "glossary.md": glossary_page,
    "index.html": playground.page,
    **FIGURES,
}


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or tell which are not current."""
    if unknown := [each for each in arguments if each != "--check"]:
        print(f"unknown argument {unknown[0]}; there is --check", file=sys.stderr)
        return 2
    old = 0
    for name, page in PAGES.items():
        path, text = DOCS / name, page()
        if path.exists() and path.read_text("utf-8") == text:
            continue
        if arguments:
            print(f"docs/{name} is not current; run `python docs/generate.py`", file=sys.stderr)
            old = 1
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
            print(f"docs/{name}")
    return old


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
