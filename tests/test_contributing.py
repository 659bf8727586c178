"""CONTRIBUTING.md is true: its steps, done in a copy of the project, give what it promises."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"<!-- (rnncalc/\S+\.py) -->\n```python\n(.*?)```", TEXT, re.S))
READER = re.findall(r'^    ("org": lambda .*,)$', TEXT, re.M)
STEPS = (  # (file, what stands there, what is put behind it)
    ("rnncalc/layouts/__init__.py", '"haiku", "equinox", ', '"flux", '),
    ("rnncalc/cli/options.py", 'FORMATS = ("table", "json", ', '"org", '),
    ("rnncalc/cli/output.py", '    "csv": ".csv",\n', '    "org": ".org",\n'),
    ("docs/README.md", "| `rnncalc rnn`, `lstm`, ", "`ugrnn`, "),
    ("docs/README.md", "`flax-nnx`, `haiku`,\n", "`flux`, "),
    ("docs/spec.md", "A type is a [cell](cells.md) (rnn, lstm, ", "ugrnn, "),
    ("docs/spec.md", ", haiku, equinox, ", "flux, "),
    ("docs/spec.md", "| `global_max_pool*d` |  |  |\n", "| `glu` | `units` |  |\n"),
    ("docs/ci.md", "| the same for programs and pages |\n", "| `org` | `.org` | the same for Emacs |\n"),
    ("tests/test_hostile.py", '    "csv": of_csv,\n', f"    {''.join(READER)}\n"),
)
LEFT_OUT = (".git", ".venv", "build", "dist", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis")
HERE = "tests/test_contributing.py"
TESTS = ("ugrnn", "flux", "glu", "org", "test_compare")
UNFROZEN = "goldens"  # which the real framework is needed for
Call = Callable[..., str]


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Call:
    """Run Python in a copy of the project in which all of the steps are done, but for the freezing of Flux."""
    copy = tmp_path_factory.mktemp("contributed") / "rnncalc"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
    for name, text in EXAMPLES.items():
        (copy / name).write_text(text, "utf-8")
    for name, there, more in STEPS:
        old = (copy / name).read_text("utf-8")
        assert old.count(there) == 1, (name, there)
        (copy / name).write_text(old.replace(there, there + more), "utf-8")
    env = {key: value for key, value in os.environ.items() if not key.startswith(("RNNCALC", "PYTEST", "GITHUB"))}

    def run(*arguments: object, **more: str) -> str:
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=copy,
            env={**env, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", **more},
            capture_output=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
        return done.stdout

    run("docs/generate.py")
    return run


def counted(call: Call, tmp_path: Path, spec: dict[str, Any]) -> Any:
    (tmp_path / "spec.yaml").write_text(json.dumps(spec))
    (found,) = json.loads(call("-m", "rnncalc", "count", tmp_path / "spec.yaml", "-f", "json"))["models"]
    return found


def test_there_is_an_example_of_each() -> None:
    assert [name.split("/")[1] for name in EXAMPLES] == ["cells", "layouts", "layers", "render"]
    assert len(READER) == 1


def test_the_cell_is_a_command_counts_and_is_proven(call: Call) -> None:
    out = call("-m", "rnncalc", "ugrnn", "--input-depth", 10, "--units", 128, "-F", "paper")
    assert f"{2 * ((10 + 128) * 128 + 128):,}" == "35,584"
    assert "35,584" in out
    assert "35,584" in TEXT
    assert "proven" in call("-m", "rnncalc", "verify", "ugrnn", "-F", "paper")


def test_the_layout_counts_what_flux_prints(call: Call, tmp_path: Path) -> None:
    spec = {"framework": "flux", "input": {"depth": 2}, "layers": [{"RNNCell": {"out": 3}}]}
    found = counted(call, tmp_path, spec)
    assert found["params"]["total"] == 18
    assert [tensor["shape"] for tensor in found["layers"][0]["tensors"]] == [[3, 2], [3, 3], [3]]


def test_the_layer_counts(call: Call, tmp_path: Path) -> None:
    found = counted(call, tmp_path, {"framework": "paper", "input": {"depth": 10}, "layers": [{"glu": 128}]})
    assert found["params"]["total"] == 2 * (10 * 128 + 128) == 2816
    assert "2,816" in TEXT


def test_the_format_is_taken_and_implied_by_its_ending(call: Call, tmp_path: Path) -> None:
    shown = "| lstm | lstm | kernel | 70656 |\n| lstm | lstm | bias | 512 |\n"
    lstm = ("-m", "rnncalc", "lstm", "--input-depth", 10, "--units", 128)
    assert call(*lstm, "-f", "org") == shown
    call(*lstm, "-o", tmp_path / "lstm.org")
    assert (tmp_path / "lstm.org").read_text("utf-8") == shown
    assert call("-m", "rnncalc", "report", "configs", "-f", "org").startswith("| Model | Framework |")


def test_help_schema_and_completion_know_all_of_them(call: Call) -> None:
    known = " ".join(call("-m", "rnncalc", "report", "--help").split())
    assert "org" in known
    assert "ugrnn" in call("-m", "rnncalc", "--help")
    schema = call("-m", "rnncalc", "schema")
    assert all(f'"{name}"' in schema for name in ("ugrnn", "flux", "glu"))
    for words, word in (("rnncalc ug", "ugrnn"), ("rnncalc lstm -F fl", "flux"), ("rnncalc lstm -f o", "org")):
        asked = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1), "_RNNCALC_COMPLETE": "bash_complete"}
        assert f"plain,{word}" in call("-c", "from rnncalc.cli import main; main()", **asked).split()


def test_what_is_added_is_as_lint_wants_it(call: Call) -> None:
    call("-m", "ruff", "check", "--no-cache", *EXAMPLES)
    call("-m", "ruff", "format", "--no-cache", "--check", *EXAMPLES)


def test_the_tests_find_them_by_themselves_and_pass(call: Call) -> None:
    told = call(
        "-m", "pytest", "-p", "no:cacheprovider", "--ignore", HERE, "-k", f"({' or '.join(TESTS)}) and not {UNFROZEN}"
    )
    assert int(re.findall(r"(\d+) passed", told)[0]) > 500
