"""YAML text to plain values, by the YAML 1.2 core schema; positions are looked up only when something is wrong.

PyYAML's composer builds the nodes, with a depth limit (its recursion in C would end the process) and a resolver of our
own (its stock one reads `010` as 8, `1:30` as 90 and `no` as false). No tag constructs an object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from rnncalc.errors import Problem, SpecError
from rnncalc.record import Record

DEEPEST = 64  # nested collections
LARGEST_FILE = 16 * 2**20  # bytes
MOST_VALUES = 1_000_000  # of one document, aliases written out

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9]{1,4000}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,4})?")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_STR, _PLAIN = "tag:yaml.org,2002:str", "plain"
_TAGS = {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", _STR, _PLAIN, "!"}


class _Loader(_Base):  # type: ignore[misc]
    """Composes nodes; counts their depth; marks plain scalars and leaves their meaning for later."""

    depth = 0

    def descend_resolver(self, parent: Any, index: Any) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            mark = getattr(parent, "start_mark", None)
            raise yaml.MarkedYAMLError(problem=f"nested more than {DEEPEST} deep", problem_mark=mark)

    def ascend_resolver(self) -> None:
        self.depth -= 1

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        if kind is yaml.ScalarNode:
            return _PLAIN if implicit[0] else _STR
        return "tag:yaml.org,2002:map" if kind is yaml.MappingNode else "tag:yaml.org,2002:seq"


class Document(Record):
    """One YAML document: its plain value, and its nodes for the positions."""

    value: Any
    node: Any
    path: str
    text: str

    def locate(self, problem: Problem) -> Problem:
        """The problem with the line and column of what it is about."""
        node, found = self.node, self.node
        for step in problem.where:
            key, node = _child(node, step)
            if node is None:
                break
            found = key if key is not None and problem.at == "key" and step is problem.where[-1] else node
        return _placed(problem, found.start_mark, self.path, self.text)


def _child(node: Any, step: Any) -> tuple[Any, Any]:
    """The key's node (None in a sequence) and the value's. `type` options are looked through."""
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return None, node.value[step]
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if getattr(key, "value", None) == step:
                return key, value
    return None, None


def _placed(problem: Problem, mark: Any, path: str, text: str) -> Problem:
    if mark is None:
        return problem._replace(path=path)
    lines = text.splitlines() or [""]
    line = min(mark.line, len(lines) - 1)
    column = min(mark.column, len(lines[line]))
    return problem._replace(path=path, line=line + 1, column=column + 1, text=lines[line])


def read_text(data: bytes, path: str) -> str:
    """The text of a file; UTF-8, with or without a byte order mark.

    Raises:
        SpecError: it is binary, too large, or not UTF-8.
    """
    if len(data) > LARGEST_FILE:
        raise SpecError(Problem(f"larger than {LARGEST_FILE // 2**20} MiB; this is not a model spec", path=path))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SpecError(Problem("not UTF-8 text; a spec is a YAML file in UTF-8", path=path, line=line)) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise SpecError(Problem("a binary file; a spec is a YAML text", path=path, line=line))
    return text


def documents(text: str, path: str) -> Iterator[Document]:
    """The documents of a YAML text, each as plain values; empty ones are left out.

    Raises:
        SpecError: the text is no YAML, nested too deep, repeats a key, or holds itself.
    """
    try:
        loader = _Loader(text)
        try:
            while loader.check_node():
                node = loader.get_node()
                if not (isinstance(node, yaml.ScalarNode) and node.tag == _PLAIN and not node.value):
                    yield Document(_Values(path, text).of(node), node, path, text)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        message = " ".join(part for part in (error.problem, error.context) if part) or "not YAML"
        raise SpecError(_placed(Problem(message), error.problem_mark or error.context_mark, path, text)) from None
    except yaml.YAMLError as error:
        raise SpecError(Problem(f"not YAML: {str(error).splitlines()[0]}", path=path)) from None


class _Values:
    """Nodes to plain values; a node that is shared by aliases is read once."""

    def __init__(self, path: str, text: str) -> None:
        self.path, self.text = path, text
        self.done: dict[int, Any] = {}
        self.weight: dict[int, int] = {}
        self.open: set[int] = set()

    def of(self, node: Any) -> Any:
        if node.tag not in _TAGS:
            raise self._wrong(f"the tag `{node.tag}` is not allowed; a spec holds plain values alone", node)
        if isinstance(node, yaml.ScalarNode):
            return node.value if node.tag != _PLAIN else plain(node.value)
        key = id(node)
        if key in self.open:
            raise self._wrong("this contains itself", node)
        if key not in self.done:
            self.open.add(key)
            if isinstance(node, yaml.SequenceNode):
                self.done[key] = [self.of(each) for each in node.value]
                self.weight[key] = 1 + sum(self.weight.get(id(each), 1) for each in node.value)
            else:
                self.done[key] = self._mapping(node)
                self.weight[key] = 1 + sum(self.weight.get(id(value), 1) for _, value in node.value)
            self.open.discard(key)
            if self.weight[key] > MOST_VALUES:
                raise self._wrong("its aliases repeat too much", node)
        return self.done[key]

    def _mapping(self, node: Any) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        merged: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._wrong("a key must be a plain word", key_node)
            key, value = key_node.value, self.of(value_node)
            if key == "<<" and key_node.tag == _PLAIN:
                for each in reversed(value if isinstance(value, list) else [value]):
                    if not isinstance(each, dict):
                        raise self._wrong("`<<` merges mappings; this is none", value_node)
                    merged.update(each)
            elif key in found:
                raise self._wrong(f"the key `{key}` stands here twice", key_node)
            else:
                found[key] = value
        return {**merged, **found} if merged else found

    def _wrong(self, message: str, node: Any) -> SpecError:
        return SpecError(_placed(Problem(message), node.start_mark, self.path, self.text))


def plain(text: str) -> Any:
    """The value of a plain scalar in the YAML 1.2 core schema: `010` is 10, `1:30` and `no` are texts."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "0123456789+-.":
        if _INT.fullmatch(text):
            return int(text)
        if text[:2] in ("0x", "0o"):
            try:
                return int(text[:100], 0)
            except ValueError:
                return text
        if _FLOAT.fullmatch(text):
            return float(text)
    return text
