"""How long commands take, as ratios measured in pairs within one run; `make bench` prints them."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench_batch import lines

ROOT = Path(__file__).parent.parent
PAIRS = 25
YAML_LOOP = (
    "import glob, yaml\nfor path in glob.glob('configs/**/*.yaml', recursive=True):\n"
    "    list(yaml.load_all(open(path, 'rb'), yaml.CSafeLoader))"
)
SWEEP = ("--input-depth", "1:1000", "--units", "1:1000")
BY_HAND = """
import sys, numpy as np
depth, units = (each.ravel() for each in np.meshgrid(np.arange(1, 1001), np.arange(1, 1001), indexing="ij"))
params = 4 * units * (depth + units + 1)
print("framework,input_depth,units,params")
for n in range(0, params.size, 100_000):
    rows = zip(*(each[n : n + 100_000].tolist() for each in (depth, units, params)))
    sys.stdout.write("".join(f"keras,{d},{u},{p}\\n" for d, u, p in rows))
"""
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
    (
        "sweep lstm over 1000 input depths and 1000 units, as CSV / the same by hand in NumPy",
        ("-m", "rnncalc", "sweep", "lstm", "-F", "keras", *SWEEP, "-f", "csv"),
        ("-c", BY_HAND),
    ),
)


def seconds(command: Sequence[str]) -> float:
    """Wall-clock time of one run of Python with these arguments."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env=environment)
    return time.perf_counter() - start


def swept(by_hand: bool) -> float:
    """Seconds for a column of ten million counts, and those of the two sizes: ours, or the polynomial in NumPy."""
    import numpy as np

    import rnncalc
    from rnncalc.axes import Axis
    from rnncalc.sizes import sizes
    from rnncalc.sizing.sweep import Sweep

    def build(at: Any) -> rnncalc.Model:
        spec = {"framework": "keras", "input": {"depth": at["depth"]}, "layers": [{"lstm": at["units"]}]}
        return rnncalc.parse(spec)

    start = time.perf_counter()
    if by_hand:
        depth = np.repeat(np.arange(1, 2001), 5000)
        units = np.tile(np.arange(1, 5001), 2000)
        total = int((4 * units * (depth + units + 1)).sum())
    else:
        axes = (Axis("depth", sizes("1:2000"), "input", "depth"), Axis("units", sizes("1:5000"), "lstm", "units"))
        total = sum(int(rows.figures[0].sum()) for rows in Sweep(build, axes, ("params",)).rows())
    assert total == sum(4 * n * (2000 * (n + 1) + 2000 * 2001 // 2) for n in range(1, 5001))
    return time.perf_counter() - start


def main() -> None:
    """Print the median, the least and the greatest ratio of each pair."""
    for what, command, other in BENCHES:
        seconds(command), seconds(other)
        _tell(what, [seconds(command) / seconds(other) for _ in range(PAIRS)])
    _tell(
        "a sweep's ten million counts / the same by hand in NumPy", [swept(False) / swept(True) for _ in range(PAIRS)]
    )

    for line in lines():
        print(line, flush=True)


def _tell(what: str, ratios: list[float]) -> None:
    print(f"{statistics.median(ratios):5.2f}  ({min(ratios):.2f} to {max(ratios):.2f})  {what}")


if __name__ == "__main__":
    main()
