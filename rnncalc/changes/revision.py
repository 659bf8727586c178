"""What some paths held at a git revision, put into a folder for a while, to be read like any other.

Git is run as a process, with lists of arguments. A revision is made a commit's name first, and never taken for an
option.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from glob import has_magic
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any

from rnncalc.changes.sides import root
from rnncalc.errors import Problem, RnncalcError, named
from rnncalc.record import Record

IGNORES = (".gitignore", ".rnncalcignore")
KEPT = (".yaml", ".yml", *IGNORES)  # endings
LINK, MODULE = "120000", "160000"  # git's modes


class RevisionError(RnncalcError):
    """A revision that cannot be read."""


class Tree(Record):
    """A revision's files in a folder: `paths` are what was asked for, `beside` the file that was looked for."""

    commit: str
    paths: tuple[str, ...]
    beside: str
    places: tuple[tuple[str, str], ...]  # (there, as it was asked for)
    problems: tuple[Problem, ...]

    def asked(self, path: str) -> str:
        """A path in the folder, as it would read in the working tree."""
        for there, given in self.places:
            if path == there or path.startswith(there.rstrip(os.sep) + os.sep):
                rest = path[len(there) :].lstrip(os.sep)
                return os.path.join(given, rest) if rest else given
        return path


class _Entry(Record):
    """A file of a revision."""

    mode: str
    object: str
    size: int
    path: str


@contextmanager
def checked_out(paths: Sequence[str], revision: str, largest: int, beside: str) -> Iterator[Tree]:
    """The specs of files, folders and patterns as they were at a revision; of larger files no more than their size.

    A file of the name `beside` is looked for in the current folder and those above it.

    Raises:
        RevisionError: there is no git, no repository, or no such revision.
    """
    # where git says itself which repository is meant, as it does to a hook, that counts from the current folder
    git = _Git("." if "GIT_DIR" in os.environ else _existing(root(paths[0])))
    top = os.path.realpath(git.line("rev-parse", "--show-toplevel"))
    commit = _commit(git, revision)
    inside = [_inside(path, top) for path in paths]
    here = os.path.relpath(os.path.realpath(os.curdir), top)
    above = [] if here.startswith(os.pardir) else [os.path.normpath(here), *map(str, PurePath(here).parents)]
    candidates = [os.path.normpath(os.path.join(folder, beside)) for folder in dict.fromkeys(above)]
    entries = _entries(git, commit, [root(path) for path in inside], candidates)
    named_files = {*candidates, *(path for path in inside if not has_magic(path))}
    wanted = [each for each in entries if each.path.endswith(KEPT) or each.path in named_files]
    with TemporaryDirectory(prefix="rnncalc-") as folder:
        os.mkdir(os.path.join(folder, ".git"))  # where a search for ignore files ends
        problems = _write(git, wanted, folder, largest)
        there = tuple(os.path.normpath(os.path.join(folder, path)) for path in inside)
        places = [(root(path), root(given)) for path, given in zip(there, paths)]
        places = [(a, "" if b == "." and has_magic(given) else b) for (a, b), given in zip(places, paths)]
        places.append((folder, os.path.relpath(top)))
        beside = next((each for path in candidates if os.path.isfile(each := os.path.join(folder, path))), "")
        told = tuple(problem._replace(path=f"{revision}:{problem.path}") for problem in problems)
        yield Tree(commit, there, beside, tuple(places), told)


def _commit(git: _Git, revision: str) -> str:
    if revision.startswith("-") or not revision:
        raise RevisionError(f"{named(revision)} is no revision; write a branch, a tag or a commit, such as origin/main")
    found = git.run("rev-parse", "--verify", "--quiet", "--end-of-options", revision)
    if found.returncode == 0:
        name = _text(found.stdout).split()[-1]
        commit = git.run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")  # what a tag is of
        if commit.returncode == 0:
            return _text(commit.stdout)
    message = f"git knows no revision {named(revision)}"
    if _text(git.run("rev-parse", "--is-shallow-repository").stdout) == "true":
        message += "; this clone is shallow, so fetch it first: `git fetch origin BRANCH`, or `fetch-depth: 0` in CI"
    raise RevisionError(message)


def _existing(path: str) -> str:
    """The nearest folder that there is."""
    place = os.path.abspath(path)
    while not os.path.isdir(place):
        place = os.path.dirname(place)
    return place


def _inside(path: str, top: str) -> str:
    """The path from the top of the repository."""
    start = root(path)
    rest = os.path.relpath(path, start) if has_magic(path) and start != path else ""
    whole = os.path.abspath(start)
    there = (
        os.path.realpath(whole)
        if os.path.isdir(whole)
        else os.path.join(os.path.realpath(os.path.dirname(whole)), os.path.basename(whole))
    )
    found = os.path.relpath(there, top)
    if found == os.pardir or found.startswith(os.pardir + os.sep):
        raise RevisionError(f"{path} is not in the repository {top}")
    return os.path.normpath(os.path.join(found, rest))


def _entries(git: _Git, commit: str, folders: Sequence[str], files: Sequence[str]) -> list[_Entry]:
    """Some files, those below some folders, and the ignore files above these; where there is a link, which may lead
    anywhere, all files.
    """
    above = {str(parent) for folder in folders for parent in PurePath(folder).parents}
    limits = ["--", *folders, *files, *(os.path.join(parent, name) for parent in above for name in IGNORES)]
    found = _listed(git, commit, [] if "." in folders else limits)
    links = "." not in folders and any(entry.mode == LINK for entry in found)
    return _listed(git, commit, []) if links else found


def _listed(git: _Git, commit: str, limits: Sequence[str]) -> list[_Entry]:
    listed = git.checked("ls-tree", "-r", "-l", "-z", "--full-tree", commit, *limits)
    found = []
    for line in listed.split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        mode, _, name, size = about.split()
        if mode.decode() != MODULE:
            found.append(_Entry(mode.decode(), name.decode(), int(size), os.fsdecode(path)))
    return found


def _write(git: _Git, entries: Sequence[_Entry], folder: str, largest: int) -> list[Problem]:
    """The files, in one process; what they are read from is fed as a file, so that neither side waits for the other."""
    problems = []
    with TemporaryFile() as names:
        small = [entry for entry in entries if entry.size <= largest and _proper(entry.path)]
        names.write(b"".join(f"{entry.object}\n".encode() for entry in small))
        names.seek(0)
        with git.start("cat-file", "--batch", stdin=names) as process:
            assert process.stdout
            for entry in small:
                data = _next(process.stdout)
                target = os.path.join(folder, entry.path)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                if data is None:
                    problems.append(Problem("its content is not in this clone", path=entry.path))
                elif entry.mode != LINK:
                    Path(target).write_bytes(data)
                elif _stays(entry.path, data):
                    os.symlink(os.fsdecode(data), target)
    for entry in entries:
        if entry.size > largest and _proper(entry.path):
            target = os.path.join(folder, entry.path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as file:
                file.truncate(largest + 1)  # which is what tells that it is too large
    return problems


def _next(stream: IO[bytes]) -> bytes | None:
    """The next object of `cat-file --batch`; None where it is missing."""
    header = stream.readline().split()
    if len(header) != 3:
        return None
    data = stream.read(int(header[2]))
    stream.read(1)
    return data


def _proper(path: str) -> bool:
    """Whether a path stays where it is put; a hand-made tree may say otherwise."""
    return not {"", ".", ".."} & set(path.split("/"))


def _stays(path: str, target: bytes) -> bool:
    """Whether a link leads to a place in the same tree."""
    to = os.fsdecode(target)
    where = os.path.normpath(os.path.join(os.path.dirname(path), to))
    return not os.path.isabs(to) and where != os.pardir and not where.startswith(os.pardir + os.sep)


class _Git:
    """Git in a folder."""

    def __init__(self, folder: str) -> None:
        self.start_of = ["git", "--literal-pathspecs", "-C", folder]

    def run(self, *args: str) -> subprocess.CompletedProcess[bytes]:
        """A command's result, whatever it is."""
        try:
            return subprocess.run([*self.start_of, *args], stdin=subprocess.DEVNULL, capture_output=True)
        except FileNotFoundError:
            raise RevisionError("--against needs git, which is not installed here") from None

    def checked(self, *args: str) -> bytes:
        """What a command says.

        Raises:
            RevisionError: it failed; with git's own words.
        """
        done = self.run(*args)
        if done.returncode:
            told = [line for line in _text(done.stderr).splitlines() if line] or ["git failed"]
            raise RevisionError(f"--against needs a git repository: {told[0].removeprefix('fatal: ')}")
        return done.stdout

    def line(self, *args: str) -> str:
        """The line that a command says."""
        return _text(self.checked(*args))

    def start(self, *args: str, stdin: Any) -> subprocess.Popen[bytes]:
        """A command that is read while it runs."""
        return subprocess.Popen([*self.start_of, *args], stdin=stdin, stdout=subprocess.PIPE)


def _text(data: bytes) -> str:
    return os.fsdecode(data).rstrip("\n")
