"""The names and shapes of a real model's tensors: a safetensors file's header, a JSON file, or values in Python.

Nothing of a file is trusted: its lengths are bounded, its text is checked, and no array is ever read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from math import prod
from operator import index
from pathlib import Path
from typing import Any, BinaryIO

from rnncalc.errors import Problem, SpecError, counted, named, shown

Shapes = dict[str, tuple[int, ...]]
LARGEST = 32 * 2**20  # bytes of a JSON file, or of a header
MOST_TENSORS, MOST_AXES, LARGEST_AXIS, LONGEST_NAME = 1_000_000, 64, 2**63 - 1, 10_000
BITS = {"BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E5M2FNUZ": 8, "F8_E4M3FNUZ": 8}
BITS |= {"I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32}
BITS |= {"I64": 64, "U64": 64, "F64": 64, "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6}
KINDS = (
    (b"PK\x03\x04", "a zip archive, as torch.save and Keras write"),
    (b"\x89HDF", "an HDF5 file, as Keras writes"),
    (b"\x80", "a pickle"),
    (b"\x93NUMPY", "a NumPy array"),
)
MODELS = {"weights": "its weights", "state_dict": "its state_dict()"}  # what a whole model has instead
HOW = "write {name: shape} as JSON, such as json.dump({k: list(v.shape) for k, v in model.state_dict().items()}, file)"


def read_shapes(path: str) -> Shapes:
    """The names and shapes in a `.safetensors` file, whose header alone is read, or in a JSON file; `-` reads stdin.

    Raises:
        SpecError: it is neither, or not sound.
        OSError: it cannot be read.
    """
    import sys

    try:
        if path == "-":
            if sys.stdin is None:
                raise OSError(0, "it is closed")
            return _read(sys.stdin.buffer, path, None)
        with Path(path).open("rb") as file:
            size = file.seek(0, 2) if file.seekable() else None
            if size is not None:
                file.seek(0)
            return _read(file, path, size)
    except _Unsound as error:
        raise SpecError(Problem(str(error), path="<stdin>" if path == "-" else path)) from None


class _Unsound(ValueError):
    """What is wrong with the file."""


def _read(file: BinaryIO, path: str, size: int | None) -> Shapes:
    start = file.read(9)
    if not path.endswith(".safetensors") and start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[", b""):
        return _json(start + file.read(LARGEST + 1 - len(start)))
    if path.endswith(".safetensors") or start[8:] == b"{":
        return _header(file, start, size)
    kind = next((told for magic, told in KINDS if start.startswith(magic)), "")
    raise _Unsound(f"{kind or 'neither a safetensors file nor JSON'}; {HOW}")


def _json(data: bytes) -> Shapes:
    if len(data) > LARGEST:
        raise _Unsound(f"larger than {LARGEST // 2**20} MiB; a JSON file of names and shapes is not that long")
    value = _loaded(data, "JSON")
    if isinstance(value, dict) and "weight_map" in value:
        raise _Unsound("an index of safetensors files, which holds no shapes; name one of the files themselves")
    try:
        return shapes_of(value)
    except ValueError as error:
        raise _Unsound(str(error)) from None


def _loaded(data: bytes, what: str) -> Any:
    """The value of a JSON text, in which no key stands twice and no number is anything but a number."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Unsound(f"not {what}: byte {error.start:,} is not UTF-8") from None
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_refuse, parse_int=_int)
    except json.JSONDecodeError as error:
        raise _Unsound(f"not {what}: {error.msg} (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise _Unsound(f"not {what} of names and shapes: nested too deep") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _Unsound(f"the key {named(twice)} stands there twice")
    return found


def _refuse(word: str) -> Any:
    raise _Unsound(f"{word} is no number of JSON")


def _int(digits: str) -> int:
    if len(digits) > 20:  # no size is that large, and to read it takes long
        raise _Unsound(f"a number of {len(digits):,} digits is no size")
    return int(digits)


def _header(file: BinaryIO, start: bytes, size: int | None) -> Shapes:
    """The names and shapes in the header of a safetensors file: 8 bytes for its length, then JSON."""
    if len(start) < 9:
        raise _Unsound("too short for a safetensors file")
    length = int.from_bytes(start[:8], "little")
    if length > LARGEST:
        raise _Unsound(
            f"a header of {length:,} bytes; no safetensors file, or more than {LARGEST // 2**20} MiB of names"
        )
    if length < 2 or (size is not None and 8 + length > size):
        raise _Unsound(
            f"a header of {length:,} bytes does not fit into the file; it was cut, or is no safetensors file"
        )
    data = start[8:] + file.read(length - 1)
    if len(data) < length:
        raise _Unsound(f"it ends after {len(data):,} of the {length:,} bytes of its header")
    if data[:1] != b"{":
        raise _Unsound("its header does not begin with `{`; no safetensors file")
    value = _loaded(data, "a safetensors header")
    found: Shapes = {}
    spans = []
    for name, entry in value.items():
        if name != "__metadata__":
            spans.append(_entry(name, entry, found))
    _laid_out(sorted(spans), None if size is None else size - 8 - length)
    return found


def _entry(name: str, entry: Any, found: Shapes) -> tuple[int, int, str]:
    """Where the tensor's bytes lie; its shape goes into `found`."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise _Unsound(f"{named(name)} is not described by dtype, shape and data_offsets")
    _keep(name, entry["shape"], found)
    offsets, dtype = entry["data_offsets"], entry["dtype"]
    if not isinstance(offsets, list) or len(offsets) != 2 or not all(_whole(each) for each in offsets):
        raise _Unsound(f"the data_offsets of {named(name)} are {shown(offsets)}, not where its bytes begin and end")
    if not isinstance(dtype, str):
        raise _Unsound(f"the dtype of {named(name)} is {shown(dtype)}, not a word such as F32")
    begin, end = offsets
    bits = BITS.get(dtype)  # a later version's dtype has a size that is not known
    if begin > end or (bits and (end - begin) * 8 != prod(found[name]) * bits):
        raise _Unsound(f"{named(name)}: {end - begin:,} bytes are not the {dtype} scalars of {list(found[name])}")
    return begin, end, name


def _laid_out(spans: list[tuple[int, int, str]], room: int | None) -> None:
    """Each tensor begins where the one before ends, and the last one ends with the file."""
    at = 0
    for begin, end, name in spans:
        if begin != at:
            raise _Unsound(f"the bytes of {named(name)} begin at {begin:,}, where those before end at {at:,}")
        at = end
    if room is not None and at != room:
        raise _Unsound(
            f"its tensors take {at:,} bytes, but {room:,} follow the header; it was cut, or something follows"
        )


def shapes_of(value: Any) -> Shapes:
    """The names and shapes of `{name: array or shape}`, of such mappings in each other, of pairs, or of Keras' weights.

    >>> shapes_of({"lstm": {"kernel": [10, 512], "bias": (512,)}})
    {'lstm/kernel': (10, 512), 'lstm/bias': (512,)}

    Raises:
        ValueError: a name stands there twice, or something has no shape.
    """
    found: Shapes = {}
    for name, each in _pairs(value):
        _keep(name, getattr(each, "shape", each), found)
    return found


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """Names and what has a shape; a nested mapping's names are joined by slashes."""
    if not isinstance(value, Mapping):
        yield from _listed(value)
        return
    open_maps = [("", iter(value.items()))]
    while open_maps:
        start, items = open_maps[-1]
        for key, each in items:
            if not isinstance(key, (str, int)):
                raise ValueError(f"{shown(key)} is no name of a tensor")
            if isinstance(each, Mapping):
                if len(open_maps) > MOST_AXES:
                    raise ValueError("names and shapes that are nested too deep")
                open_maps.append((f"{start}{key}/", iter(each.items())))
                break
            yield f"{start}{key}", each
        else:
            open_maps.pop()


def _listed(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        has = next((told for part, told in MODELS.items() if hasattr(value, part)), "{name: shape}")
        raise ValueError(f"{shown(value)} does not say names and shapes; give {has}")
    for pair in value:
        path = getattr(pair, "path", None)  # of a variable of Keras
        if isinstance(path, str) and hasattr(pair, "shape"):
            yield path, pair
            continue
        if not isinstance(pair, (list, tuple)) or len(pair) != 2 or not isinstance(pair[0], str):
            raise ValueError(f"{shown(pair)} is not a name and its shape, such as (w.path, w.shape)")
        yield pair[0], pair[1]


def _keep(name: str, shape: Any, found: Shapes) -> None:
    if len(found) >= MOST_TENSORS:
        raise _Unsound(f"more than {counted(MOST_TENSORS, 'tensor')}")
    if len(name) > LONGEST_NAME:
        raise _Unsound(f"{named(name)}: a name of {len(name):,} characters")
    try:
        axes = tuple(shape)
    except TypeError:
        raise _Unsound(
            f"{named(name)} has no shape, but is {shown(shape)}; a shape is a list such as [10, 512]"
        ) from None
    if isinstance(shape, (str, bytes, Mapping)) or len(axes) > MOST_AXES or not all(map(_whole, axes)):
        axis = next((each for each in axes if not _whole(each)), shape)
        raise _Unsound(f"the shape of {named(name)} is no list of sizes: {shown(axis)} is none")
    if name in found:
        raise _Unsound(f"two tensors are named {named(name)}; in Keras, w.path tells them apart where w.name does not")
    found[name] = tuple(map(int, axes))


def _whole(value: Any) -> bool:
    """Whether it is a size: an int, or one of NumPy's."""
    if isinstance(value, (bool, float, str, bytes)) or not hasattr(value, "__index__"):
        return False
    return 0 <= index(value) <= LARGEST_AXIS
