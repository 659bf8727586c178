"""`make goldens`: each real framework in an environment of its own, its numbers frozen anew with the versions.

TensorFlow 1 needs a `python3.7` beside this interpreter: it was never built for a newer one.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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


def python(environment: str) -> Path:
    """The interpreter of an environment that has what its requirement file pins."""
    folder = ENVIRONMENTS / environment
    interpreter = folder / "bin" / "python"
    if not interpreter.exists():
        subprocess.run([PYTHONS.get(environment, sys.executable), "-m", "venv", folder], check=True)
    requirements = str(HERE / f"{environment}.txt")
    subprocess.run([interpreter, "-m", "pip", "install", "--quiet", "-r", requirements], check=True)
    return interpreter


def main(chosen: list[str]) -> None:
    """Regenerate the chosen frameworks, or all."""
    for framework in chosen or SCRIPTS:
        print(framework, file=sys.stderr)
        script = HERE / f"golden_{framework.replace('-', '_')}.py"
        interpreter = python(SCRIPTS[framework])
        done = subprocess.run([interpreter, script], check=True, capture_output=True)
        (HERE / f"{framework}.json").write_bytes(done.stdout)
        if "--save" in script.read_text("utf-8"):
            subprocess.run([interpreter, script, "--save", HERE / "saved"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([sys.executable, HERE / "witnesses.py"], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
