"""docs/matching.md is true: its examples run, against what real models store."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import rnncalc
import rnncalc.matching.saved

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "docs/examples"
PAGE = (ROOT / "docs/matching.md").read_text("utf-8")
BLOCKS = dict(re.findall(r"<!-- (.*?) -->\n```\w+\n(.*?)```", PAGE, re.S))
PLAIN = re.findall(r"\n\n```python\n(.*?)```", PAGE, re.S)
PYTORCH, KERAS = (
    json.loads((ROOT / f"tests/models/{name}.json").read_text("utf-8"))["models"] for name in ("pytorch", "keras")
)
# a module that has what a real model's tensors have, with a real model's names and shapes
STAND_IN = """
class Array:
    def __init__(self, path, shape):
        self.path, self.shape = path, tuple(shape)

class Tagger:
    def state_dict(self):
        return {{name: Array(name, shape) for name, shape in {pytorch!r}.items()}}

def make_model():
    model = Tagger()
    model.weights = [Array(path, shape) for path, shape in {keras!r}]
    return model
"""


def outcome(tmp_path: Path, example: str, pytorch: Any) -> subprocess.CompletedProcess[str]:
    """Run an example of the page as a team would, beside its model and its specs."""
    (tmp_path / "tagger.py").write_text(STAND_IN.format(pytorch=pytorch, keras=KERAS["tagger"]))
    (tmp_path / example).write_text(BLOCKS[example])
    for spec in ("tagger.yaml", "tagger-keras.yaml"):
        (tmp_path / spec).write_text((EXAMPLES / spec).read_text("utf-8"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", example]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.mark.parametrize("example", ["test_model.py", "test_model_keras.py"])
def test_the_tests_that_the_page_shows_pass_for_the_real_models(tmp_path: Path, example: str) -> None:
    done = outcome(tmp_path, example, PYTORCH["tagger"])
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_the_message_that_the_page_shows_is_what_pytest_shows(tmp_path: Path) -> None:
    tags = {"head.weight": [10, 48], "head.bias": [10]}
    done = outcome(tmp_path, "test_model.py", {**PYTORCH["tagger"], **tags})
    assert done.returncode == 1
    said = [line[1:].strip() for line in done.stdout.splitlines() if line.startswith("E ")]
    assert said[0].startswith(
        "rnncalc.matching.matched.MismatchError: tagger.yaml (tagger, pytorch) does not match the model"
    )
    shown = [line.strip() for line in BLOCKS["output of test_model.py"].splitlines()]
    assert [said[0].partition(": ")[2], *said[1:]] == shown


@pytest.mark.parametrize("code", PLAIN)
def test_the_other_code_of_the_page_runs(code: str) -> None:
    exec(code, {})


def test_the_lines_that_write_json_write_what_verify_reads(tmp_path: Path) -> None:
    scope: dict[str, Any] = {"json": json}
    exec(STAND_IN.format(pytorch=PYTORCH["tagger"], keras=KERAS["tagger"]), scope)
    scope["model"] = scope["make_model"]()
    for line, spec in zip(BLOCKS["write.py"].splitlines(), ("tagger.yaml", "tagger-keras.yaml"), strict=True):
        scope["file"] = io.StringIO()
        exec(line, scope)
        (tmp_path / "shapes.json").write_text(scope["file"].getvalue())
        assert rnncalc.match(EXAMPLES / spec, rnncalc.matching.saved.read_shapes(str(tmp_path / "shapes.json")))


def test_the_shapes_of_the_page_are_those_of_a_real_model() -> None:
    assert json.loads((EXAMPLES / "tagger.json").read_text("utf-8")) == PYTORCH["tagger"]
