"""`make goldens`: what it freezes, what it leaves as it is, and what it says of a framework that it cannot run."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.goldens import regenerate

CASE = {"id": "a", "x": [2, 3], "outputs": {"shape": [2], "values": [0.1, 0.25]}}
SCRIPT = """\
import json, sys
from pathlib import Path
import numpy as np
print(json.dumps({content}))
if "--save" in sys.argv:
    folder = Path(sys.argv[2])
    folder.mkdir()
    np.savez(folder / "one-rnn.npz", x=np.array({saved}), model=np.array("m"))
"""


@pytest.fixture
def goldens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with scripts of two frameworks, `one` and `old`, the second of which no interpreter here can run."""
    monkeypatch.setattr(regenerate, "HERE", tmp_path)
    monkeypatch.setattr(regenerate, "ENVIRONMENTS", tmp_path / "environments")
    monkeypatch.setattr(regenerate, "SCRIPTS", {"old": "old", "one": "one"})
    monkeypatch.setattr(regenerate, "PYTHONS", {"old": "python0.1"})
    interpreter = tmp_path / "environments/one/bin/python"
    interpreter.parent.mkdir(parents=True)
    interpreter.symlink_to(sys.executable)
    real = regenerate.run
    monkeypatch.setattr(
        regenerate,
        "run",
        lambda what, command, *rest: (
            real(what, sys.executable if command == interpreter else command, *rest) if "pip" not in rest else ""
        ),
    )
    (tmp_path / "one.txt").write_text("")
    (tmp_path / "witnesses.py").write_text("")
    script(tmp_path)
    return tmp_path


def script(folder: Path, moved: float = 0.0, **more: Any) -> None:
    """The script of `one`, whose numbers are moved by this much."""
    outputs = {"shape": [2], "values": [0.1, 0.25 + moved]}
    content = {"tolerance": 1e-12, "cases": [{**CASE, "outputs": outputs, **more}]}
    (folder / "golden_one.py").write_text(SCRIPT.format(content=content, saved=[1.0 + moved, 2.0]))


def frozen(folder: Path) -> Any:
    return json.loads((folder / "one.json").read_text())["cases"][0]


def test_what_a_framework_computes_is_frozen(goldens: Path) -> None:
    assert regenerate.main(["one"]) == 0
    assert frozen(goldens) == CASE
    assert np.load(goldens / "saved/one-rnn.npz")["x"].tolist() == [1, 2]


def test_the_last_digits_of_another_processor_change_no_file(goldens: Path, capsys: pytest.CaptureFixture[str]) -> None:
    regenerate.main(["one"])
    before = [(path, path.read_bytes()) for path in (goldens / "one.json", goldens / "saved/one-rnn.npz")]
    script(goldens, moved=4e-16)
    assert regenerate.main(["one"]) == 0
    assert [(path, path.read_bytes()) for path, _ in before] == before
    assert "one: 2 the same but for rounding, and left\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change", [{"moved": 1e-9}, {"x": [2, 4]}, {"id": "b"}, {"more": None}, {"outputs": None}], ids=str
)
def test_whatever_else_changes_is_written(goldens: Path, change: dict[str, Any]) -> None:
    regenerate.main(["one"])
    script(goldens, **change)
    assert regenerate.main(["one"]) == 0
    assert frozen(goldens) != CASE


def test_a_case_of_a_wider_tolerance_may_move_further(goldens: Path) -> None:
    script(goldens, tolerance=1e-5)
    regenerate.main(["one"])
    script(goldens, moved=1e-9, tolerance=1e-5)
    regenerate.main(["one"])
    assert frozen(goldens)["outputs"]["values"] == [0.1, 0.25]


def test_a_framework_without_an_interpreter_is_skipped_and_the_rest_goes_on(
    goldens: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert regenerate.main([]) == 0
    assert frozen(goldens) == CASE
    assert "old: skipped: it needs a python0.1 in the PATH, and none runs here\n" in capsys.readouterr().err


def test_to_skip_what_was_asked_for_is_no_success(goldens: Path) -> None:
    assert regenerate.main(["old"]) == 1


def test_a_script_that_fails_is_told_with_its_last_lines(goldens: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (goldens / "golden_one.py").write_text("raise ValueError('no such cell')")
    assert regenerate.main([]) == 1
    told = capsys.readouterr().err
    assert "one: failed: golden_one.py:\n" in told
    assert "ValueError: no such cell" in told
    assert not (goldens / "one.json").exists()


def test_an_unknown_framework_is_told_those_that_there_are(goldens: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert regenerate.main(["on"]) == 2
    assert capsys.readouterr().err == "there is no on; there are old, one\n"


def test_every_framework_has_its_script_and_its_requirements() -> None:
    here = Path(regenerate.__file__).parent
    for framework, environment in regenerate.SCRIPTS.items():
        assert (here / f"golden_{framework.replace('-', '_')}.py").exists()
        assert (here / f"{environment}.txt").exists()
        assert (here / f"{framework}.json").exists()
