"""Hostile names: whatever a spec, a file or a real model is called, every format of every command holds it as data.

The commands and their formats are read off the command line, so that a new one is tested by existing. Each document is
made twice, of hostile names and of plain ones as long, and both have to have one structure.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from rnncalc.cli import COMMANDS, cli
from rnncalc.cli.options import Format
from rnncalc.errors import printable
from tests.test_ci_formats import commands

Run = Callable[..., Any]

NAMES = (
    "\u202eright to left\u202c",
    "\u2066isolated\u2069",
    "zero\u200bwidth\u200d\u2060\ufeff",
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x9b31mC1",
    "back\b\b\bspace",
    "carriage\rreturn",
    "\n::error file=a,line=1::two lines",
    "::error::one line",
    "::add-mask::secret",
    "##[error]older",
    "%0A::error::encoded",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "+1;=1+1",
    "-2+3",
    "\t=1+1",
    "\uff1d1+1",
    '"=1+1',
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "<!--",
    "]]>",
    "--></style><img src=x onerror=alert(3)>",
    '" onmouseover="alert(4)" x=\'',
    "' onmouseover='alert(5)'",
    "&lt;b&gt;&amp;",
    "a|b|c",
    "`code`",
    "``` \n# heading",
    "**bold** _em_ ~~del~~",
    "[link](javascript:alert(6)) ![img](x)",
    "<https://example.org>",
    "- item",
    "\\",
    "\\input{/etc/passwd}$x$%{}#&_^~",
    "{{ jinja }} ${shell} $(shell)",
    "[bold red]markup[/]",
    "\ufffe\uffff",
    "\u2028line\u2029paragraph",
)
PLAIN = tuple(f"n{n:02}".ljust(len(printable(name)), "x") for n, name in enumerate(NAMES))
LEFT_OUT = {  # commands that read no spec, or print a program
    "cells",
    "layers",
    "frameworks",
    "identify",
    "schema",
    "init",
    "completion",
}


def document(names: tuple[str, ...], units: int = 3, bare: bool = False) -> str:
    """A spec in which every name is one of these; JSON is YAML."""
    model, source, described, *layers = names
    spec = {
        "name": model,
        "framework": "pytorch",
        "description": described,
        "inputs": {source: {"depth": 4, "steps": 2}},
        "layers": [
            {"lstm": {"units": units, "name": layers[0]}},
            *({"dense": {"units": 4, "name": name}} for name in layers[1:]),
            {"dense": {"units": 2, "name": "tied", "inputs": layers[:2]}},
        ],
        "weights": {name: [2, 3] for name in names},
        "budget": {"layers": {layers[1]: {"params": 3}}},
        "expect": {"layers": {name: {"params": 3} for name in layers}},
    }
    if bare:
        del spec["weights"]
    return json.dumps(spec, indent=1)


def bad(names: tuple[str, ...]) -> str:
    """A spec with a mistake of each name."""
    layers = [{name: 3} for name in names] + [{"lstm": {"units": name, "inputs": name}} for name in names]
    return json.dumps({"framework": names[0], names[1]: 3, "input": {"depth": 4}, "layers": layers}, indent=1)


def files(folder: Path, names: tuple[str, ...]) -> None:
    """Specs of these names, under names of their own, and a real model of other shapes."""
    stems = [f"{n:02}{name.replace('/', '_')}" for n, name in enumerate(names)]
    (folder / f"{stems[0]}.yaml").write_text(document(names), "utf-8")
    (folder / "bare.spec").write_text(document(names, bare=True), "utf-8")
    inside = folder / stems[1]
    inside.mkdir()
    for stem in stems[2:]:
        (inside / f"{stem}.yaml").write_text("input: {depth: 3}\nlayers: [dense: 2]\nexpect: {params: 5}\n")
    (folder / "new.yaml").write_text(document(names, 5), "utf-8")
    (folder / "bad.yaml").write_text(bad(names), "utf-8")
    (folder / "shapes.json").write_text(json.dumps({f"{name}.weight": [3, 2] for name in names}), "utf-8")


def arguments(command: str, folder: Path, names: tuple[str, ...]) -> list[tuple[object, ...]]:
    """The ways in which a command meets names."""
    one = next(path for path in folder.iterdir() if path.suffix == ".yaml" and path.stem not in ("new", "bad"))
    return {
        "verify": [
            (one, "--against", folder / "shapes.json"),
            (folder / "bad.yaml", "--against", folder / "shapes.json"),
        ],
        "diff": [(one, folder / "new.yaml")],
        "solve": [(one, "--set", "tied.units=?", "--max-params", "100k")],
        "explain": [(one,)],
        "sweep": [(one, "--set", "tied.units=2:4")],
        "compare": [(folder / "bare.spec", folder / "bad.yaml")],  # tensors that are named alike share a row
        "check": [(folder,), (one, "--max-params", f"{names[5]}*=3")],
    }.get(command, [(folder,), (one, folder / "bad.yaml")])


def cases() -> Iterator[Any]:
    """Every command that reads specs, in every format that it takes."""
    for command in COMMANDS:
        if command in LEFT_OUT:
            continue
        found = cli.get_command(None, command)  # type: ignore[arg-type]
        (formats,) = (each.type.formats for each in found.params if isinstance(each.type, Format))
        for form in formats:
            yield pytest.param(command, form, id=f"{command}-{form}")


# how each format is read


class Tags(HTMLParser):
    """The tags, attributes and comments of a page, as a browser sees them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[object] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(
            (tag, [key for key, _ in attrs], [v for k, v in attrs if k in ("href", "src", "style", "on")])
        )
        assert not [key for key, _ in attrs if key.startswith("on")]
        assert not [v for k, v in attrs if k in ("href", "src") and v and not v.startswith("#")]

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"/{tag}")

    def handle_comment(self, data: str) -> None:
        self.found.append(f"<!--{data}")

    def handle_decl(self, decl: str) -> None:
        self.found.append(f"<!{decl}")


def drawing(tag: object) -> str:
    """The name of a tag that a picture has, where what is drawn depends on the room for it; else nothing."""
    name = str(tag[0] if isinstance(tag, tuple) else tag).lstrip("/")
    return name if name in ("rect", "tspan", "text", "g", "line", "path", "circle", "title", "br", "sub") else ""


def of_html(text: str) -> object:
    tags = Tags()
    tags.feed(text)
    tags.close()
    drawn = {*map(drawing, tags.found)}
    return [each for each in tags.found if not drawing(each)] + sorted(drawn)


def of_xml(text: str) -> object:
    tags = [
        (each.tag.rpartition("}")[2], sorted(set(each.attrib) - {"class"}))
        for each in ElementTree.fromstring(text).iter()
    ]
    return [each for each in tags if not drawing(each)] + sorted({*map(drawing, tags)})


def of_json(text: str) -> object:
    def kinds(value: Any) -> object:
        if isinstance(value, dict):
            return [kinds(each) for each in value.values()]
        return [kinds(each) for each in value] if isinstance(value, list) else type(value)

    return kinds(json.loads(text))


def of_lines_of_json(text: str) -> object:
    return [of_json(line) for line in text.split("\n") if line]


def of_csv(text: str) -> object:
    rows = list(csv.reader(io.StringIO(text)))
    formula = re.compile("(?:^|[;\n])\\s*(?:[=@\uff0b\uff0d\uff1d\uff20]|[-+](?![0-9]+$))")
    assert [cell for row in rows for cell in row if formula.search(cell)] == []
    return [len(row) for row in rows]


def of_markdown(text: str) -> object:
    """The structure that GitHub's Markdown has, and the HTML in it."""
    found: list[object] = []
    for token in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text):
        found += [token.type, of_html(token.content) if token.type == "html_block" else ""]
        for child in token.children or ():
            if child.type == "html_inline":
                found += [child.type, of_html(child.content)]
            elif child.type not in ("text", "text_special"):
                found.append(child.type)
    return found


def of_github(text: str) -> object:
    return [(each["command"], sorted(each)) for each in commands(text)]


def of_latex(text: str) -> object:
    """The commands and groups, without those that write a character."""
    text = re.sub(r"\\text[a-z]+\{\}", "", text)
    text = re.sub(r"\\[&%$#_{}]", "", text)
    assert text.count("{") == text.count("}")
    return sorted(set(re.findall(r"\\[a-zA-Z]+|[{}$&%#^]", text)))  # a name with signs in it is a formula of more parts


def of_text(text: str) -> object:
    """Nothing: how many lines there are depends on where they break."""
    return None


READERS: dict[str, Callable[[str], object]] = {
    "json": of_json,
    "jsonl": of_lines_of_json,
    "gitlab": of_json,
    "sarif": of_json,
    "csv": of_csv,
    "markdown": of_markdown,
    "github": of_github,
    "junit": of_xml,
    "html": of_html,
    "svg": of_xml,
    "latex": of_latex,
    "table": of_text,
    "text": of_text,
}


def structure(form: str, text: str) -> object:
    """What a format says beside its texts."""
    return READERS[form](text)


def raw(form: str, text: str) -> list[str]:
    """The characters that play with a terminal or with the direction of writing; a CSV cell may have lines."""
    return [char for char in text if not char.isprintable() and char != "\n"]


def first_difference(one: Any, other: Any) -> object:
    """The first place where two structures differ, with what stands there; None where they are equal."""
    if isinstance(one, list) and isinstance(other, list):
        for n, pair in enumerate(zip(one, other)):
            if pair[0] != pair[1]:
                return n, first_difference(*pair)
        return None if len(one) == len(other) else (len(one), len(other))
    return None if one == other else (one, other)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, ...], Path]:
    """A folder for the hostile names, and one for the plain ones."""
    found = {names: tmp_path_factory.mktemp("specs") for names in (NAMES, PLAIN)}
    for names, folder in found.items():
        files(folder, names)
    return found


@pytest.mark.parametrize(("command", "form"), list(cases()))
def test_a_name_is_data_in_every_format_of_every_command(
    run: Run, folders: dict[tuple[str, ...], Path], monkeypatch: pytest.MonkeyPatch, command: str, form: str
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    ways = {names: arguments(command, folder, names) for names, folder in folders.items()}
    for hostile, plain in zip(ways[NAMES], ways[PLAIN], strict=True):
        evil, good = run(command, *hostile, "-f", form), run(command, *plain, "-f", form)
        assert evil.status == good.status
        assert "Traceback" not in evil.err
        assert raw(form, evil.out) == []
        assert raw("", evil.err) == []
        assert first_difference(structure(form, evil.out), structure(form, good.out)) is None


@pytest.mark.parametrize(("command", "form"), list(cases()))
def test_no_name_gives_a_ci_runner_a_command(
    run: Run, folders: dict[tuple[str, ...], Path], monkeypatch: pytest.MonkeyPatch, command: str, form: str
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    ways = {names: arguments(command, folder, names) for names, folder in folders.items()}
    for hostile, plain in zip(ways[NAMES], ways[PLAIN], strict=True):
        evil, good = run(command, *hostile, "-f", form), run(command, *plain, "-f", form)
        for out, expected in ((evil.out, good.out), (evil.err, good.err)):
            assert [each["command"] for each in commands(out)] == [each["command"] for each in commands(expected)]


def test_every_format_has_a_reader_here() -> None:
    forms = {case.values[1] for case in cases()}
    assert forms <= set(READERS)
