"""YAML text to plain values, by the YAML 1.2 core schema; positions are looked up only when something is wrong.

PyYAML's composer builds the nodes, with a depth limit (its recursion in C would end the process) and a resolver of our
own (its stock one reads `010` as 8, `1:30` as 90 and `no` as false). No tag constructs an object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import yaml

from rnncalc.errors import Problem, SpecError, named, shown
from rnncalc.record import Record

if TYPE_CHECKING:
    pass

DEEPEST = 64  # nested collections
TOO_DEEP = f"nested more than {DEEPEST} deep"
MOST_VALUES = 1_000_000  # of one document, aliases written out

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9]{1,4000}")  # Python reads no more than 4,300 digits
_NUMERIC = frozenset("0123456789+-.")  # what a number begins with
_BASES = ((re.compile(r"0x[0-9a-fA-F]+"), 16), (re.compile(r"0o[0-7]+"), 8))
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,4})?")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_CORE = "tag:yaml.org,2002:"
_MAP, _SEQ, _STR, _PLAIN = f"{_CORE}map", f"{_CORE}seq", f"{_CORE}str", "plain"
_KINDS: dict[str, tuple[type, ...]] = {
    f"{_CORE}null": (type(None),),
    f"{_CORE}bool": (bool,),
    f"{_CORE}int": (int,),
    f"{_CORE}float": (float, int),
}
# what no YAML text may hold as it is
_FORBIDDEN = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"


class _Loader(_Base):  # type: ignore[misc]
    """Composes nodes; counts their depth; marks plain scalars and leaves their meaning for later."""

    depth = 0

    def descend_resolver(self, parent: Any, index: Any) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            mark = getattr(parent, "start_mark", None)
            raise yaml.MarkedYAMLError(problem=TOO_DEEP, problem_mark=mark)

    def ascend_resolver(self) -> None:
        self.depth -= 1

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        if kind is yaml.ScalarNode:
            return _PLAIN if implicit[0] else _STR
        return _MAP if kind is yaml.MappingNode else _SEQ


class _Shallow(_Loader):
    """For texts that cannot be deep; what it calls at each node does nothing, which takes a fifth of the time."""

    descend_resolver: Any = staticmethod({}.get)
    ascend_resolver: Any = staticmethod(().__len__)


def _loader(text: str) -> Any:
    # a collection begins with one of these
    return (_Shallow if sum(map(text.count, "-:?[{")) < DEEPEST else _Loader)(text)


class Document(Record):
    """One YAML document: its plain value, its nodes for the positions, and what is wrong with it as YAML."""

    value: Any
    node: Any
    path: str
    text: str
    problems: tuple[Problem, ...] = ()

    def locate(self, problem: Problem) -> Problem:
        """The problem with the line and column of what it is about."""
        node, found = self.node, self.node
        for n, step in enumerate(problem.where, 1):
            key, node = _child(node, step)
            if node is None:
                break
            found = key if key is not None and problem.at == "key" and n == len(problem.where) else node
        return _placed(problem, found.start_mark, self.path, self.text)


def _child(node: Any, step: Any) -> tuple[Any, Any]:
    """The key's node (None in a sequence) and the value's."""
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return None, node.value[step]
    if isinstance(node, yaml.MappingNode):
        found: tuple[Any, Any] = _children(node).get(step, (None, None))
        return found
    return None, None


@lru_cache(16)
def _children(node: Any) -> dict[Any, tuple[Any, Any]]:
    """The first of each key; kept, since many problems may have their place in one mapping."""
    return {key.value: (key, value) for key, value in reversed(node.value) if isinstance(key, yaml.ScalarNode)}


@lru_cache(1)
def _lines(text: str) -> list[str]:
    return text.splitlines() or [""]


def _placed(problem: Problem, mark: Any, path: str, text: str) -> Problem:
    if mark is None:
        return problem._replace(path=path)
    lines = _lines(text)
    line, column = mark.line, mark.column
    if line >= len(lines):  # the end of the text, which is also the end of its last line
        line, column = len(lines) - 1, len(lines[-1])
    return problem._replace(path=path, line=line + 1, column=min(column, len(lines[line])) + 1, text=lines[line])


def documents(text: str, path: str) -> Iterator[Document]:
    """The documents of a YAML text, each as plain values; empty ones are left out.

    Raises:
        SpecError: the text is no YAML, nested too deep, or of too many values.
    """
    if len(text) > MOST_VALUES and sum(map(text.count, "\n,:[{")) > MOST_VALUES:  # each takes hundreds of bytes
        raise SpecError(Problem(f"more than {MOST_VALUES:,} values; this is not a model spec", path=path))
    try:
        loader = _loader(text)
        try:
            while loader.check_node():
                node = loader.get_node()
                if not (isinstance(node, yaml.ScalarNode) and node.tag == _PLAIN and not node.value):
                    yield _document(node, path, text)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        from rnncalc.spec.syntax import told

        message, mark = told(error, _lines(text))
        if "maximum nesting depth" in message:  # the scanner's own limit, since libyaml 0.2.6
            message = TOO_DEEP
        raise SpecError(_placed(Problem(message), mark, path, text)) from None
    except yaml.YAMLError as error:  # of the reader, which counts bytes
        raise SpecError(_unreadable(text, path, error)) from None


def _unreadable(text: str, path: str, error: Exception) -> Problem:
    found = re.search(_FORBIDDEN, text)
    if not found:
        return Problem(f"not YAML: {str(error).splitlines()[0]}", path=path)
    before = _lines(f"{text[: found.start()]}.")
    problem = Problem(f"the control character U+{ord(found[0]):04X}; YAML has it only as an escape, in double quotes")
    return problem._replace(path=path, line=len(before), column=len(before[-1]), text=_lines(text)[len(before) - 1])


def _document(node: Any, path: str, text: str) -> Document:
    values = _Values("&" in text)
    try:
        value = values.of(node)
    except _Endless as error:
        value = None
        values.wrong(*error.args)
    problems = tuple(_placed(Problem(message), each.start_mark, path, text) for message, each in values.problems)
    return Document(value, node, path, text, problems)


class _Endless(Exception):
    """A value that has no end, or as good as none: no use to read on."""


class _Values:
    """Nodes to plain values; a node that is shared by aliases is read once. `problems` are (message, node).

    Where there is no anchor, nothing is `shared`.
    """

    def __init__(self, shared: bool) -> None:
        self.shared = shared
        self.problems: list[tuple[str, Any]] = []
        self.done: dict[int, Any] = {}
        self.weight: dict[int, int] = {}
        self.open: set[int] = set()
        self.merged = 0

    def wrong(self, message: str, node: Any) -> None:
        self.problems.append((message, node))

    def of(self, node: Any) -> Any:
        if node.__class__ is yaml.ScalarNode:
            return plain(node.value) if node.tag is _PLAIN else self._scalar(node)
        if not self.shared:
            return self._collection(node)
        key = id(node)
        if key in self.open:
            raise _Endless("this contains itself", node)
        if key not in self.done:
            self.open.add(key)
            self.done[key] = self._collection(node)
            inside = node.value if isinstance(node, yaml.SequenceNode) else [value for _, value in node.value]
            self.weight[key] = 1 + sum(self.weight.get(id(each), 1) for each in inside)
            self.open.discard(key)
            if self.weight[key] > MOST_VALUES:
                raise _Endless("its aliases repeat too much", node)
        return self.done[key]

    def _collection(self, node: Any) -> Any:
        if isinstance(node, yaml.SequenceNode):
            self._tagged(node, _SEQ)
            return [self.of(each) for each in node.value]
        self._tagged(node, _MAP)
        return self._mapping(node)

    def _scalar(self, node: Any) -> Any:
        if node.tag not in _KINDS:
            self._tagged(node, _STR)
            return node.value
        value = plain(node.value)
        kinds = _KINDS[node.tag]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            self.wrong(f"{shown(node.value)} is no {node.tag.removeprefix(_CORE)}", node)
        return value

    def _tagged(self, node: Any, expected: str) -> None:
        if node.tag not in (expected, "!"):
            tag = node.tag.replace(_CORE, "!!", 1)
            self.wrong(f"the tag {named(tag)} is not allowed; a spec holds plain values alone", node)

    def _mapping(self, node: Any) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        merged: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if key_node.__class__ is not yaml.ScalarNode:
                self.wrong("a key must be a plain word", key_node)
                continue
            if key_node.tag is not _PLAIN:
                self._scalar(key_node)
            key, value = key_node.value, self.of(value_node)
            if key == "<<" and key_node.tag is _PLAIN:
                merged.update(self._merge(value, value_node))
            elif key in found:
                self.wrong(f"the key {named(key)} stands here twice", key_node)
            else:
                found[key] = value
        return {**merged, **found} if merged else found

    def _merge(self, value: Any, node: Any) -> dict[Any, Any]:
        merged: dict[Any, Any] = {}
        for each in reversed(value if isinstance(value, list) else [value]):
            if not isinstance(each, dict):
                self.wrong("`<<` merges mappings; this is none", node)
                break
            self.merged += len(each)
            if self.merged > MOST_VALUES:
                raise _Endless("its aliases repeat too much", node)
            merged.update(each)
        return merged


def plain(text: str) -> Any:
    """The value of a plain scalar in the YAML 1.2 core schema: `010` is 10, `1:30` and `no` are texts.

    A number that is too large to be read stays the text that it is.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _NUMERIC:
        if len(text) < 20 and text.isdecimal() and text.isascii():
            return int(text)
        if _INT.fullmatch(text):
            return int(text)
        for pattern, base in _BASES:
            if pattern.fullmatch(text):
                return int(text[2:], base)
        if _FLOAT.fullmatch(text):
            value = float(text)
            return text if value in (float("inf"), float("-inf")) else value
    return text
