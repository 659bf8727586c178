"""`rnncalc diff --against REV`: the working tree and a git history, made here with git itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def lstm(depth: int, units: int) -> int:
    """The parameters of an LSTM of Keras, from its shapes."""
    return 4 * units * (depth + units + 1)


def spec(units: int, more: str = "") -> str:
    return f"framework: keras\ninput: {{depth: 10}}\nlayers:\n  - lstm: {units}\n{more}"


class Repository:
    """A git repository in which a test stands, and what `diff` says of it."""

    def __init__(self, run: Run, top: Path) -> None:
        self.run, self.top = run, top
        top.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *args: str) -> str:
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
            **dict.fromkeys(("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"), os.devnull),
            **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "A"),
            **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "a@b"),
        }
        done = subprocess.run(["git", *args], cwd=self.top, env=environment, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def put(self, path: str, text: str) -> None:
        (self.top / path).parent.mkdir(parents=True, exist_ok=True)
        (self.top / path).write_text(text, "utf-8")

    def commit(self, message: str, **files: str) -> str:
        """A commit of everything, with these specs in configs/."""
        for name, text in files.items():
            self.put(f"configs/{name}.yaml", text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def diff(self, *args: object) -> tuple[int, dict[str, Any], str]:
        status, out, err = self.run("diff", *args, "-f", "json")
        return status, json.loads(out or "{}"), err

    def told(self, revision: str, *paths: str) -> dict[str, tuple[str, int | None, list[str]]]:
        """By model: what happened, the change in parameters, and why."""
        status, found, err = self.diff(*(paths or ("configs",)), "--against", revision)
        assert (status, err) == (0, "" if found["models"] else err)
        return {each["name"]: (each["change"], each["params"]["change"], each["causes"]) for each in found["models"]}


@pytest.fixture
def repository(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    for key in [key for key in os.environ if key.startswith("GIT_")]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    found = Repository(run, tmp_path / "work")
    monkeypatch.chdir(found.top)
    return found


def test_a_history_that_grows_shrinks_renames_and_starts_over(repository: Repository) -> None:
    limit = f"budget: {{params: {lstm(10, 100)}}}\n"
    first = repository.commit("one", tagger=spec(128), reader=spec(64), heavy=spec(120, limit))
    assert repository.told("HEAD") == {}

    repository.commit("grow", tagger=spec(160, "  - dense: {units: 21, name: head}\n"))
    grown = ("changed", lstm(10, 160) + 161 * 21 - lstm(10, 128), ["layer head added", "units 128 -> 160 in lstm"])
    assert repository.told(first) == {"tagger": grown}
    assert repository.told("HEAD~1") == {"tagger": grown}

    repository.git("tag", "grown")
    repository.commit("shrink", tagger=spec(96))
    assert repository.told("grown")["tagger"][1:] == (
        lstm(10, 96) - lstm(10, 160) - 161 * 21,
        ["layer head removed", "units 160 -> 96 in lstm"],
    )

    repository.git("mv", "configs/reader.yaml", "configs/parser.yaml")
    repository.commit("rename")
    assert repository.told("HEAD~1") == {"parser": ("renamed", 0, [f"moved from {Path('configs/reader.yaml')}"])}

    # a base that is over its budget from the start, and a change that makes it no worse
    repository.commit("less", heavy=spec(110, limit))
    out = repository.run("diff", "configs", "--against", "HEAD~1").out
    assert "heavy: units 120 -> 110 in lstm; breaks a limit, as before" in out
    repository.commit("enough", heavy=spec(100, limit))
    assert "keeps its limits again" in repository.run("diff", "configs", "--against", "HEAD~1").out

    # a history that starts over has no commit in common with the first
    repository.git("checkout", "-q", "--orphan", "again")
    repository.git("rm", "-rqf", "configs")
    repository.commit("start over", tagger=spec(100), fresh=spec(3))
    assert repository.told("main") == {
        "tagger": ("changed", lstm(10, 100) - lstm(10, 96), ["units 96 -> 100 in lstm"]),
        "fresh": ("added", lstm(10, 3), []),
        "parser": ("removed", -lstm(10, 64), []),
        "heavy": ("removed", -lstm(10, 100), []),
    }


def test_the_working_tree_is_compared_and_not_what_is_committed(repository: Repository) -> None:
    repository.commit("one", a=spec(4))
    repository.put("configs/a.yaml", spec(5))
    repository.put("configs/new/b.yaml", spec(6))
    assert repository.told("HEAD") == {
        "a": ("changed", lstm(10, 5) - lstm(10, 4), ["units 4 -> 5 in lstm"]),
        "b": ("added", lstm(10, 6), []),
    }


@pytest.mark.parametrize("revision", ["HEAD", "main", "v1", "origin/main", "HEAD^0", ":/one", "@"])
def test_a_revision_is_whatever_git_takes_for_one(repository: Repository, revision: str) -> None:
    repository.commit("one", a=spec(4))
    repository.git("tag", "-a", "v1", "-m", "a tag with an object of its own")
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repository.put("configs/a.yaml", spec(5))
    assert list(repository.told(revision)) == ["a"]


def test_files_folders_and_patterns_are_found_from_where_one_stands(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.put("deep/er/c.yml", spec(3))
    repository.commit("one", a=spec(4), b=spec(7))
    for path in ("configs/a.yaml", "configs/b.yaml", "deep/er/c.yml"):
        repository.put(path, (repository.top / path).read_text().replace("lstm", "gru"))
    assert set(repository.told("HEAD", ".")) == {"a", "b", "c"}
    assert set(repository.told("HEAD", "configs/a.yaml", "deep")) == {"a", "c"}
    assert set(repository.told("HEAD", "configs/*.yaml")) == {"a", "b"}
    assert set(repository.told("HEAD", "**/[bc].y*ml")) == {"b", "c"}
    assert set(repository.told("HEAD", str(repository.top))) == {"a", "b", "c"}
    monkeypatch.chdir(repository.top / "deep")
    assert set(repository.told("HEAD", "../configs/a.yaml", "er")) == {"a", "c"}
    assert set(repository.told("HEAD", "../*/*.yaml")) == {"a", "b"}
    monkeypatch.chdir(repository.top.parent)
    assert set(repository.told("HEAD", "work/configs")) == {"a", "b"}


def test_a_path_that_only_one_side_has_is_new_or_gone(repository: Repository) -> None:
    repository.put("readme", "nothing\n")
    repository.commit("none")
    repository.commit("one", a=spec(4))
    assert repository.told("HEAD~1") == {"a": ("added", lstm(10, 4), [])}
    assert repository.told("HEAD~1", "configs/a.yaml") == {"a": ("added", lstm(10, 4), [])}
    shutil.rmtree(repository.top / "configs")
    assert repository.told("HEAD") == {"a": ("removed", -lstm(10, 4), [])}
    assert repository.told("HEAD", "configs/a.yaml") == {"a": ("removed", -lstm(10, 4), [])}
    status, found, err = repository.diff("configs/zzz.yaml", "--against", "HEAD")
    assert (status, found["models"]) == (2, [])
    assert "zzz.yaml: cannot be read" in err


def test_a_pattern_that_matches_on_one_side_alone_is_no_error(repository: Repository) -> None:
    repository.put("readme", "nothing\n")
    repository.commit("none")
    repository.commit("one", a=spec(4))
    assert repository.told("HEAD~1", "configs/*.yaml") == {"a": ("added", lstm(10, 4), [])}
    shutil.rmtree(repository.top / "configs")
    assert repository.told("HEAD", "configs/*.yaml") == {"a": ("removed", -lstm(10, 4), [])}
    status, found, err = repository.diff("zzz/*.yaml", "--against", "HEAD")
    assert (status, found["models"]) == (2, [])
    assert "error: zzz/*.yaml: nothing matches this pattern\n" in err
    assert "nothing changed" not in err


def test_a_file_without_the_ending_of_a_spec_is_read_where_it_is_named(repository: Repository) -> None:
    repository.put("model.txt", spec(4))
    repository.commit("one")
    repository.put("model.txt", spec(5))
    assert set(repository.told("HEAD", "model.txt")) == {"model"}
    assert repository.run("diff", ".", "--against", "HEAD").status == 2  # there is nothing else


def test_names_that_are_no_plain_words_are_found(repository: Repository) -> None:
    names = ("two words", "naïve-名前", "a:b", "#hash", "-dash", "quote'\"", "tab\tin")
    for name in names:
        repository.put(f"configs/{name}.yaml", spec(4))
    repository.commit("one")
    for name in names:
        repository.put(f"configs/{name}.yaml", spec(5))
    assert set(repository.told("HEAD")) == set(names)


def test_links_are_followed_within_the_revision(repository: Repository) -> None:
    repository.put("shared/base.yaml", spec(4))
    (repository.top / "configs").mkdir()
    (repository.top / "configs" / "linked.yaml").symlink_to("../shared/base.yaml")
    repository.commit("one")
    repository.put("shared/base.yaml", spec(5))
    assert set(repository.told("HEAD", "configs")) == {"linked"}
    assert len(repository.told("HEAD", ".")) == 1  # a file is read once
    outside = repository.top.parent / "outside.yaml"
    outside.write_text(spec(9))
    (repository.top / "configs" / "out.yaml").symlink_to(outside)
    repository.commit("two")
    assert repository.told("HEAD", "configs")["out"][0] == "added"  # no revision has what lies outside


def test_bad_specs_of_the_revision_are_listed_with_it(repository: Repository) -> None:
    repository.commit("one", a=spec(4), b=spec(0))
    repository.put("configs/a.yaml", spec(5))
    repository.put("configs/b.yaml", spec(6))
    status, found, err = repository.diff("configs", "--against", "HEAD", "--exit-code")
    assert status == 2
    assert [each["name"] for each in found["models"]] == ["a"]
    assert found["errors"][0]["path"] == f"HEAD:{Path('configs/b.yaml')}"
    assert (found["errors"][0]["line"], found["errors"][0]["column"]) == (4, 11)
    assert "error: HEAD:configs/b.yaml:4:11: 0 is out of range" in err


def test_a_file_that_is_no_spec_for_its_size_is_told_and_not_read(repository: Repository) -> None:
    repository.put("configs/huge.yaml", "layers: []\n" + "#" * 80 * 2**10 * 210)
    repository.commit("one", a=spec(4))
    status, found, _ = repository.diff("configs/a.yaml", "configs/huge.yaml", "--against", "HEAD")
    assert status == 2
    assert {each["path"] for each in found["errors"]} == {"HEAD:configs/huge.yaml", "configs/huge.yaml"}


def test_settings_and_frameworks_hold_as_without_a_revision(repository: Repository) -> None:
    repository.commit("one", a=spec(4))
    status, found, _ = repository.diff("configs", "--against", "HEAD", "--set", "lstm.units=6", "--exit-code")
    assert status == 1
    assert found["models"][0]["params"]["change"] == lstm(10, 6) - lstm(10, 4)
    repository.put("configs/a.yaml", spec(4).replace("keras", "pytorch"))
    assert repository.diff("configs", "--against", "HEAD", "--exit-code", "-F", "flax")[0] == 0


def test_the_sides_are_named(repository: Repository) -> None:
    repository.commit("one", a=spec(4))
    repository.put("configs/a.yaml", spec(5))
    found = repository.diff("configs", "--against", "main")[1]
    assert (found["old"], found["new"]) == ("main", "the working tree")
    assert (found["models"][0]["source"], found["models"][0]["old_source"]) == ("configs/a.yaml",) * 2


def test_each_side_is_read_with_the_project_file_of_its_time(repository: Repository) -> None:
    plain = spec(4).replace("framework: keras\n", "")
    repository.put("rnncalc.yaml", f"framework: keras\ninclude: [configs]\nbudget: {{params: {lstm(10, 4)}}}\n")
    repository.commit("one", a=plain, old=spec(3))
    repository.put("rnncalc.yaml", "framework: pytorch\ninclude: [configs]\nexclude: [old.yaml]\nbudget: {params: 1}\n")
    found = repository.told("HEAD", "configs")
    assert found["a"][1:] == (4 * 4, ["framework keras -> pytorch", "bias single -> double in lstm"])
    assert found["old"][0] == "removed"
    (changed,) = [each for each in repository.diff("--against", "HEAD")[1]["models"] if each["name"] == "a"]
    assert changed["budget"] == {"old": "ok", "new": "broken"}
    (repository.top / "rnncalc.yaml").unlink()
    assert repository.told("HEAD", "configs")["a"][2][0] == "framework keras -> tensorflow1"


def test_without_a_path_the_project_file_says_what_is_compared(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.put("rnncalc.yaml", "include: [configs]\n")
    repository.put("other/b.yaml", spec(4))
    repository.commit("one", a=spec(4))
    for path in ("configs/a.yaml", "other/b.yaml"):
        repository.put(path, spec(5))
    monkeypatch.chdir(repository.top / "other")
    assert [each["name"] for each in repository.diff("--against", "HEAD")[1]["models"]] == ["a"]
    (repository.top / "rnncalc.yaml").unlink()
    assert "no PATH is given" in refused(repository, "--against", "HEAD")


def test_what_is_ignored_at_either_time_is_left_out(repository: Repository) -> None:
    repository.put(".gitignore", "tmp/\n")
    repository.put("configs/.rnncalcignore", "b*\n")
    repository.commit("one", a=spec(4), b=spec(4))
    repository.put("configs/.rnncalcignore", "")
    repository.put("configs/a.yaml", spec(5))
    repository.put("configs/tmp/c.yaml", spec(5))
    assert {name: each[0] for name, each in repository.told("HEAD").items()} == {"a": "changed", "b": "added"}


def test_a_hook_to_which_git_says_the_repository_may_ask(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit("one", a=spec(4))
    repository.put("configs/a.yaml", spec(5))
    monkeypatch.setenv("GIT_DIR", ".git")
    assert set(repository.told("HEAD")) == {"a"}


# --- what cannot be done ----------------------------------------------------------------------------------------------


def refused(repository: Repository, *args: object) -> str:
    status, out, err = repository.run("diff", *args)
    assert (status, out) == (2, "")
    assert "Traceback" not in err
    return " ".join(err.split())


@pytest.mark.parametrize(
    "revision", ["nowhere", "origin/main", "HEAD~9", "a b", "HEAD:configs", "'; touch x", "..", ""]
)
def test_a_revision_that_is_not_there_is_told(repository: Repository, revision: str) -> None:
    repository.commit("one", a=spec(4))
    told = refused(repository, "configs", "--against", revision)
    assert f"no revision `{revision}`" in told or "is no revision" in told
    assert not (repository.top / "x").exists()


@pytest.mark.parametrize("revision", ["--output=pwned", "--help", "-h", "--upload-pack=touch pwned", "--", "-"])
def test_a_revision_is_never_taken_for_an_option(repository: Repository, revision: str) -> None:
    repository.commit("one", a=spec(4))
    told = refused(repository, "configs", f"--against={revision}")
    assert "is no revision" in told
    assert not (repository.top / "pwned").exists()


def test_a_branch_of_a_dash_does_no_harm(repository: Repository) -> None:
    commit = repository.commit("one", a=spec(4))
    repository.git("update-ref", "refs/heads/--output=pwned", commit)
    assert "is no revision" in refused(repository, "configs", "--against=--output=pwned")
    assert repository.told("refs/heads/--output=pwned") == {}
    assert not (repository.top / "pwned").exists()


def test_without_a_repository_that_is_told(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(spec(4))
    assert "--against needs a git repository: not a git repository" in refused(
        repository, tmp_path / "a.yaml", "--against", "HEAD"
    )


def test_a_repository_without_a_commit_has_no_revision(repository: Repository) -> None:
    repository.put("a.yaml", spec(4))
    assert "no revision `HEAD`" in refused(repository, "a.yaml", "--against", "HEAD")


def test_without_git_that_is_told(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.commit("one", a=spec(4))
    monkeypatch.setenv("PATH", str(repository.top))
    assert "needs git, which is not installed" in refused(repository, "configs", "--against", "HEAD")


def test_in_a_shallow_clone_it_is_told_how_to_get_the_revision(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit("one", a=spec(4))
    repository.commit("two", a=spec(5))
    clone = repository.top.parent / "clone"
    repository.git("clone", "-q", "--depth", "1", f"file://{repository.top}", str(clone))
    monkeypatch.chdir(clone)
    told = refused(repository, "configs", "--against", "HEAD~1")
    assert "this clone is shallow" in told
    assert "fetch-depth: 0" in told
    assert repository.told("origin/main") == {}


def test_a_path_of_another_repository_is_told(repository: Repository) -> None:
    repository.commit("one", a=spec(4))
    (repository.top.parent / "b.yaml").write_text(spec(4))
    assert "b.yaml is not in the repository" in refused(repository, "configs", "../b.yaml", "--against", "HEAD")


def test_standard_input_has_no_revisions(repository: Repository) -> None:
    repository.commit("one", a=spec(4))
    assert "standard input has no revisions" in refused(repository, "-", "--against", "HEAD")


def test_nothing_is_left_behind(repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import tempfile

    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    repository.commit("one", a=spec(4), b=spec(0))
    repository.diff("configs", "--against", "HEAD")
    repository.run("diff", "configs", "--against", "nowhere")
    assert list((tmp_path / "tmp").iterdir()) == []
    assert repository.git("status", "--porcelain") == ""


def test_what_the_project_file_excludes_is_left_out_on_both_sides(repository: Repository) -> None:
    repository.put("rnncalc.yaml", "exclude: [configs/old]\n")
    repository.put("configs/old/b.yaml", spec(4))
    repository.commit("one", a=spec(4))
    repository.put("configs/old/b.yaml", spec(5))
    repository.commit("two", a=spec(5))
    assert set(repository.told("HEAD~1")) == {"a"}
    assert set(repository.told("HEAD~1", ".")) == {"a"}
