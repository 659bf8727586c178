"""`make goldens`: each real framework in an environment of its own, its numbers frozen anew with the versions.

The last digits of a framework's numbers are the processor's. A file that comes out as it is but for those, that is
within the tolerance of its cases, stays as it is, so that whatever git shows afterwards is a difference.

TensorFlow 1 needs a `python3.7` beside this interpreter: it was never built for a newer one. Without one it is skipped.
The exit status is 1 where a script or an installation failed, or where a framework that was named was skipped.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parent.parent / "build" / "goldens"
SCRIPTS = {  # framework: its requirement file
    "tensorflow1": "tensorflow1",
    "keras": "keras",
    "pytorch": "pytorch",
    "onnx": "onnx",
    "flax": "flax",
    "flax-nnx": "flax",
    "haiku": "haiku",
    "equinox": "equinox",
    "keras-layers": "keras",
    "pytorch-layers": "pytorch",
    "tensorflow-addons": "tensorflow-addons",
    "tensorflow1-layers": "tensorflow1-layers",
    "onnx-layers": "onnx",
}
PYTHONS = {"tensorflow1-layers": "python3.7"}
ROUNDING = 1e-12  # of what is saved: as of the cases in float64


class Skipped(Exception):
    """Why a framework cannot be run here."""


class Failed(Exception):
    """What went wrong."""


def run(what: str, *command: object) -> str:
    """What a command prints.

    Raises:
        Failed: its exit status is not 0; the last lines that it wrote.
    """
    done = subprocess.run(list(map(str, command)), capture_output=True, encoding="utf-8", errors="replace")
    if done.returncode:
        raise Failed("\n  ".join([f"{what}:", *(done.stderr or done.stdout).strip().splitlines()[-5:]]))
    return done.stdout


def python(environment: str) -> Path:
    """The interpreter of an environment that has what its requirement file pins."""
    folder = ENVIRONMENTS / environment
    interpreter = folder / "bin" / "python"
    if not interpreter.exists():
        base = PYTHONS.get(environment, sys.executable)
        try:
            run(f"no {base} runs here", base, "-c", "import ensurepip, venv")
        except (Failed, OSError):  # also one that a version manager names without having chosen it
            raise Skipped(f"it needs a {base} in the PATH, and none runs here") from None
        run("no environment could be made", base, "-m", "venv", folder)
    requirements = HERE / f"{environment}.txt"
    run(f"{requirements.name} could not be installed", interpreter, "-m", "pip", "install", "-q", "-r", requirements)
    return interpreter


def freeze(framework: str) -> str:
    """Run the script of a framework, and keep what it gives where that is new.

    Returns:
        What became of it, in words.
    """
    script = HERE / f"golden_{framework.replace('-', '_')}.py"
    interpreter = python(SCRIPTS[framework])
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        saves = () if framework.endswith("-layers") else ("--save", folder / "saved")
        (folder / f"{framework}.json").write_text(run(script.name, interpreter, script, *saves), "utf-8")
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        found = [keep(path, HERE / path.relative_to(folder)) for path in files]
    same, rounded = found.count("same"), found.count("rounded")
    told = {"the same": same, "the same but for rounding, and left": rounded, "written": len(found) - same - rounded}
    return ", ".join(f"{n} {words}" for words, n in told.items() if n)


def keep(new: Path, old: Path) -> str:
    """Put a file into its place, unless what is there is the same."""
    if old.exists():
        if old.read_bytes() == new.read_bytes():
            return "same"
        if alike(contents(old), contents(new)):
            return "rounded"
    old.parent.mkdir(exist_ok=True)
    shutil.copyfile(new, old)
    return "written"


def contents(path: Path) -> Any:
    """What is in a golden file, or in a real save."""
    if path.suffix == ".npz":
        with np.load(path) as saved:
            return {name: saved[name] for name in saved.files}
    return json.loads(path.read_text("utf-8"))


def alike(old: Any, new: Any, tolerance: float = ROUNDING) -> bool:
    """Whether two contents are one but for the last digits of numbers with a point; all else is exact."""
    if isinstance(old, np.ndarray):
        exact = (old.shape, old.dtype) == (new.shape, new.dtype)
        close = np.allclose(old, new, rtol=0, atol=tolerance) if old.dtype.kind == "f" else np.array_equal(old, new)
        return bool(exact and close)
    if isinstance(old, dict):
        tolerance = old.get("tolerance", tolerance)
        return isinstance(new, dict) and list(old) == list(new) and all(alike(old[k], new[k], tolerance) for k in old)
    if isinstance(old, list):
        both = isinstance(new, list) and len(old) == len(new)
        return both and all(alike(a, b, tolerance) for a, b in zip(old, new))
    if isinstance(old, float) and isinstance(new, float):
        return abs(old - new) <= tolerance
    return type(old) is type(new) and bool(old == new)


def main(chosen: list[str]) -> int:
    """Regenerate the chosen frameworks, or all; the exit status."""
    if unknown := [name for name in chosen if name not in SCRIPTS]:
        print(f"there is no {unknown[0]}; there are {', '.join(SCRIPTS)}", file=sys.stderr)
        return 2
    status = 0
    for framework in chosen or SCRIPTS:
        try:
            told = freeze(framework)
        except Skipped as why:
            told = f"skipped: {why}"
            status = max(status, int(framework in chosen))
        except Failed as why:
            told = f"failed: {why}"
            status = 1
        print(f"{framework}: {told}", file=sys.stderr, flush=True)
    run("witnesses.py", sys.executable, HERE / "witnesses.py")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
