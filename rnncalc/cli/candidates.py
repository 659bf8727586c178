"""How a word on the command line may go on, for the completion of a shell."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from rnncalc.cell import recurrent

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from rnncalc.layer import Layer


def starting(incomplete: str, words: Iterable[str]) -> list[CompletionItem]:
    """Those of the words that go on from what was typed."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(word) for word in words if word.startswith(incomplete)]


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Files and folders, which the shell finds itself."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def cells(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The cells."""
    return starting(incomplete, recurrent())


def cells_or_files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """A cell, or specs."""
    return [*files(ctx, param, incomplete), *starting(incomplete, recurrent())]  # bash wants the files first


def limits(incomplete: str) -> list[CompletionItem]:
    """`encoder=` for each layer of the specs on the line."""
    return starting(incomplete, (f"{layer.plan.name}=" for layer in _layers()))


def settings(incomplete: str) -> list[CompletionItem]:
    """`encoder.` for each layer of the specs on the line, and behind the dot each of its keys."""
    from rnncalc.spec.keys import layer_keys

    found: list[str] = []
    for layer in _layers():
        name = layer.plan.name
        keys = layer_keys(layer.cell) if incomplete.startswith(f"{name}.") else ()
        found += [f"{name}.{key}=" for key in keys] or [f"{name}."]
    return starting(incomplete, dict.fromkeys(found))


def _layers() -> list[Layer]:
    """The layers of the files on the line; folders would take too long."""
    from shlex import split

    from rnncalc.spec.read import load_all

    found: list[Layer] = []
    with suppress(OSError, ValueError):  # an open quote, or a spec that is bad
        for word in split(os.environ.get("COMP_WORDS", "")):
            if word.endswith((".yaml", ".yml")) and os.path.isfile(word):
                found += [layer for model in load_all(word) for layer in model.layers]
    return found
