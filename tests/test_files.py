"""Which files are meant: ignore files as git has them, links, loops and patterns."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnncalc.batch.files import files
from rnncalc.batch.ignore import Rules, parse
from rnncalc.errors import Problem

NAMES = ("a", "b", "ab", "a b", "build", "x[1]", "old")
FOLDERS = ("", "a/", "b/", "a/b/", "a/b/a/", "build/", "old/x/", "a b/", "x[1]/")
FILES = tuple(f"{folder}{name}.yaml" for folder in FOLDERS for name in NAMES)
PATTERNS = (
    "*.yaml",
    "a*",
    "a*b*",
    "?",
    "[ab].yaml",
    "[!ab].yaml",
    "[^a]*",
    "[a-b]",
    "[]-a]b",
    "[[:alpha:]].yaml",
    "[[:digit:]]",
    "[",
    "a[",
    "x[1]",
    "x\\[1\\]",
    "build",
    "build/",
    "/build",
    "/a",
    "a/",
    "/a/",
    "a/b",
    "a/b/",
    "/a/b/*.yaml",
    "a/*",
    "a/*/",
    "a/**",
    "**/b",
    "**/b/",
    "a/**/a.yaml",
    "**/a/**",
    "**",
    "a**.yaml",
    "a/b/**/",
    "**/**/b.yaml",
    "/*",
    "/*/",
    "*",
    "*/",
    "b.yaml",
    "a.yaml ",
    "a.yaml\\ ",
    "a b/",
    "a\\ b",
    "\\a.yaml",
    "\\!a",
    "\\#a",
    "#a.yaml",
    "a\\",
    "/",
    "//",
    "",
    "  ",
    "old/x",
    "x",
    "*[1]*",
    "a.yaml\r",
    "*a*b*.yaml",
    "*.y?ml",
)
lines = st.lists(
    st.tuples(st.sampled_from(("", "", "!")), st.sampled_from(PATTERNS)).map("".join), min_size=1, max_size=6
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("repository")
    for file in FILES:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text("layers: []\n")
    subprocess.run(["git", "init", "-q", "."], cwd=root, check=True)
    return root


def left_by_git(root: Path) -> set[str]:
    """The files that git does not ignore."""
    command = ["git", "-c", "core.excludesFile=/dev/null", "check-ignore", "--no-index", "-z", "--stdin"]
    done = subprocess.run(command, input="\0".join(FILES), cwd=root, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    return set(FILES) - set(done.stdout.split("\0"))


def found(root: Path, *paths: str) -> list[str]:
    """The files that we find, from the root."""
    problems: list[Problem] = []
    there, _ = files([str(root / path) for path in paths or ("",)], problems)
    assert problems == []
    return [os.path.relpath(place.path, root) for place in there]


def write(root: Path, ignore: dict[str, list[str]]) -> None:
    for folder in ("", "a", "a/b", "old"):
        file = root / folder / ".gitignore"
        file.unlink(missing_ok=True)
        if folder in ignore:
            file.write_bytes(b"".join(line.encode() + b"\n" for line in ignore[folder]))


@given(ignore=st.dictionaries(st.sampled_from(("", "a", "a/b", "old")), lines, min_size=1, max_size=3))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_git_ignores_is_not_found_and_all_else_is(repository: Path, ignore: dict[str, list[str]]) -> None:
    write(repository, ignore)
    assert set(found(repository)) == left_by_git(repository)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_each_form_of_a_pattern_means_what_it_means_to_git(repository: Path, pattern: str) -> None:
    write(repository, {"": [pattern]})
    assert set(found(repository)) == left_by_git(repository)
    write(repository, {"": ["*", "!*/", f"!{pattern}"], "a": [pattern]})
    assert set(found(repository)) == left_by_git(repository)


def tree(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("layers: []\n")


# --- ignore files -----------------------------------------------------------------------------------------------------


def test_the_ignore_files_above_count_up_to_the_root_of_the_repository(tmp_path: Path) -> None:
    tree(tmp_path, "in/.git/HEAD", "in/sub/a.yaml", "in/sub/b.yaml", "in/sub/c.yaml", "in/sub/d.yaml")
    (tmp_path / ".gitignore").write_text("d.yaml\n")
    (tmp_path / "in" / ".gitignore").write_text("/sub/a.yaml\n")
    (tmp_path / "in" / ".git" / "info").mkdir()
    (tmp_path / "in" / ".git" / "info" / "exclude").write_text("sub/b.yaml\n")
    assert found(tmp_path, "in/sub") == ["in/sub/c.yaml", "in/sub/d.yaml"]


def test_without_a_repository_the_ignore_files_of_the_folder_count_and_none_above(tmp_path: Path) -> None:
    tree(tmp_path, "sub/a.yaml", "sub/b.yaml", "sub/deep/a.yaml")
    (tmp_path / ".gitignore").write_text("b.yaml\n")
    (tmp_path / "sub" / ".gitignore").write_text("/a.yaml\n")
    assert found(tmp_path, "sub") == ["sub/b.yaml", "sub/deep/a.yaml"]


def test_rnncalcignore_has_the_last_word(tmp_path: Path) -> None:
    tree(tmp_path, "a.yaml", "b.yaml", "old/c.yaml")
    (tmp_path / ".gitignore").write_text("a.yaml\n")
    (tmp_path / ".rnncalcignore").write_text("!a.yaml\nold/\n")
    assert found(tmp_path) == ["a.yaml", "b.yaml"]


def test_what_is_named_is_never_ignored(tmp_path: Path) -> None:
    tree(tmp_path, "build/a.yaml", "build/b.yaml", "c.yaml")
    (tmp_path / ".gitignore").write_text("build/\nc.yaml\n")
    assert found(tmp_path) == []
    assert found(tmp_path, "build", "c.yaml") == ["build/a.yaml", "build/b.yaml", "c.yaml"]


def test_what_a_pattern_matches_may_be_ignored(tmp_path: Path) -> None:
    tree(tmp_path, "a/x.yaml", "b/x.yaml", "b/y.yaml")
    (tmp_path / ".gitignore").write_text("/a/\ny.yaml\n")
    assert found(tmp_path, "*/*.yaml") == found(tmp_path, "**/*.yaml") == found(tmp_path, "*") == ["b/x.yaml"]


def test_an_ignore_file_that_is_no_text_ignores_nothing_else(tmp_path: Path) -> None:
    tree(tmp_path, "a.yaml", "b.yaml")
    (tmp_path / ".gitignore").write_bytes(b"\xff\xfe\0\n\xef\xbb\xbf\na.yaml\n")
    assert found(tmp_path) == ["b.yaml"]


def test_a_pattern_of_many_stars_comes_to_an_end() -> None:
    rules = Rules(parse(b"*a" * 100 + b"b\n" + b"**/" * 100 + b"x/*a*a*a*a*a*a*b\n"))
    assert rules.says("a" * 250) is None
    assert rules.says("a/" * 100 + "x/" + "a" * 250) is None


# --- links ------------------------------------------------------------------------------------------------------------


def test_links_in_a_circle_are_survived(tmp_path: Path) -> None:
    tree(tmp_path, "a/x.yaml")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "self").symlink_to("self")
    (tmp_path / "a" / "here").symlink_to(".")
    (tmp_path / "a" / "one").symlink_to("two")
    (tmp_path / "a" / "two").symlink_to("one")
    assert found(tmp_path) == ["a/x.yaml"]
    assert found(tmp_path, "**/*.yaml") == ["a/x.yaml"]
    assert len(found(tmp_path, "a/*/*/*/*.yaml")) <= 1


def test_a_link_to_a_folder_is_followed_where_it_is_named_and_not_below_another(tmp_path: Path) -> None:
    tree(tmp_path, "there/x.yaml")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "link").symlink_to(tmp_path / "there")
    assert found(tmp_path, "here") == []
    assert found(tmp_path, "here/link") == found(tmp_path, "here/*/*.yaml") == ["here/link/x.yaml"]


def test_a_file_that_links_lead_to_is_found_once(tmp_path: Path) -> None:
    tree(tmp_path, "b.yaml")
    (tmp_path / "a.yaml").symlink_to("b.yaml")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "c.yaml").symlink_to("../b.yaml")
    assert found(tmp_path, "a*.yaml") == found(tmp_path, "a*.yaml", "sub") == ["a.yaml"]
    assert found(tmp_path, "sub") == ["sub/c.yaml"]


def test_a_file_has_its_own_path_whatever_link_was_found_before(tmp_path: Path) -> None:
    tree(tmp_path, "b.yaml", "c.yaml", "z.yaml")
    (tmp_path / "a.yaml").symlink_to("c.yaml")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "c.yaml").symlink_to("../b.yaml")
    assert found(tmp_path) == found(tmp_path, "sub", "") == ["b.yaml", "c.yaml", "z.yaml"]
    assert found(tmp_path, "*.yaml") == found(tmp_path, "*.yaml", "c.yaml") == ["b.yaml", "c.yaml", "z.yaml"]
    assert found(tmp_path, "sub/c.yaml", "")[0] == "sub/c.yaml"  # named itself


# --- folders and patterns ---------------------------------------------------------------------------------------------


def test_files_come_folder_by_folder_in_the_order_of_their_names(tmp_path: Path) -> None:
    tree(tmp_path, "z.yaml", "b/x.yml", "b/c/a.yaml", "a.yaml", "a/q.yaml", "a/n.txt", ".hidden/x.yaml")
    assert found(tmp_path) == ["a.yaml", "z.yaml", "a/q.yaml", "b/x.yml", "b/c/a.yaml"]


def test_a_pattern_matches_level_by_level(tmp_path: Path) -> None:
    tree(tmp_path, "a/x1.yaml", "a/x2.yml", "a/b/x1.yaml", "c/b/y.yaml", "c/d[1].yaml", ".h/x1.yaml")
    assert found(tmp_path, "a/x?.y*ml") == ["a/x1.yaml", "a/x2.yml"]
    assert found(tmp_path, "**/x1.yaml") == ["a/x1.yaml", "a/b/x1.yaml"]
    assert found(tmp_path, "**/b/*") == ["a/b/x1.yaml", "c/b/y.yaml"]
    assert found(tmp_path, "*/b") == ["a/b/x1.yaml", "c/b/y.yaml"]
    assert found(tmp_path, ".h/*.yaml") == [".h/x1.yaml"]
    assert found(tmp_path, "c/d[1].yaml") == ["c/d[1].yaml"]  # a file of that name is no pattern


def test_a_pattern_that_matches_nothing_is_told(tmp_path: Path) -> None:
    problems: list[Problem] = []
    assert files([str(tmp_path / "*.yaml"), str(tmp_path / "none" / "*.yaml")], problems) == ([], {0, 1})
    assert [problem.message for problem in problems] == ["nothing matches this pattern"] * 2
