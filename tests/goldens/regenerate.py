"""`make goldens`: each real framework in an environment of its own, its numbers frozen anew with the versions."""

from __future__ import annotations

import subprocess
import sys
import venv
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
}


def python(environment: str) -> Path:
    """The interpreter of an environment that has what its requirement file pins."""
    folder = ENVIRONMENTS / environment
    interpreter = folder / "bin" / "python"
    if not interpreter.exists():
        venv.create(folder, with_pip=True)
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
        subprocess.run([interpreter, script, "--save", HERE / "saved"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([sys.executable, HERE / "witnesses.py"], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
