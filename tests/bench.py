"""How long commands take, as ratios measured in pairs within one run; `make bench` prints them."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAIRS = 25
YAML_LOOP = (
    "import glob, yaml\nfor path in glob.glob('configs/**/*.yaml', recursive=True):\n"
    "    list(yaml.load_all(open(path, 'rb'), yaml.CSafeLoader))"
)
BENCHES = (  # what, the command, what it is compared with
    (
        "lstm --input-depth 10 --units 128 / import click, rich.console, rich.table",
        ("-m", "rnncalc", "lstm", "--input-depth", "10", "--units", "128"),
        ("-c", "import click, rich.console, rich.table"),
    ),
    (
        "the same with -f json",
        ("-m", "rnncalc", "lstm", "--input-depth", "10", "--units", "128", "-f", "json"),
        ("-c", "import click, rich.console, rich.table"),
    ),
    (
        "count configs, as a table / the same imports, and reading them with yaml's C loader",
        ("-m", "rnncalc", "count", "configs", "--quiet"),
        ("-c", f"import click, rich.console, rich.table\n{YAML_LOOP}"),
    ),
    (
        "count configs -f json / the same imports, and reading them with yaml's C loader",
        ("-m", "rnncalc", "count", "configs", "-f", "json", "--quiet"),
        ("-c", f"import click, rich.console, rich.table\n{YAML_LOOP}"),
    ),
)


def seconds(command: Sequence[str]) -> float:
    """Wall-clock time of one run of Python with these arguments."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env=environment)
    return time.perf_counter() - start


def main() -> None:
    """Print the median, the least and the greatest ratio of each pair."""
    for what, command, other in BENCHES:
        seconds(command), seconds(other)
        ratios = sorted(seconds(command) / seconds(other) for _ in range(PAIRS))
        print(f"{statistics.median(ratios):5.2f}  ({ratios[0]:.2f} to {ratios[-1]:.2f})  {what}")


if __name__ == "__main__":
    main()
