"""The same work on many things, in order, by several processes as soon as that pays."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Item = TypeVar("Item")
Result = TypeVar("Result")
MOST = 64  # items that a process does at a time: each time, another has to wake up
PAYS = 0.05  # seconds of work that more processes take to start, to be on the safe side


def spread(
    work: Callable[[Item], Result], items: Sequence[Item], processes: int | None = None, pays: float = PAYS
) -> Iterator[Result]:
    """work(item) for each item, in their order.

    Other processes are started when the work has taken `pays` seconds and the rest seems to take as long for each of
    them; before that, all is done here. `work` and what it returns have to be picklable.

    >>> list(spread(abs, [1, -2, 3]))
    [1, 2, 3]
    """
    processes = processes or cores()
    spent = 0.0
    for done, item in enumerate(items, 1):
        start = perf_counter()
        result = work(item)
        spent += perf_counter() - start
        yield result
        if processes > 1 and spent >= pays and spent / done * (len(items) - done) >= pays * processes:
            yield from _shared(work, items[done:], processes)
            return


def cores() -> int:
    """The processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _shared(work: Callable[[Any], Any], items: Sequence[Any], processes: int) -> Iterator[Any]:
    """Chunk after chunk from each process in turn; a pipe that is full makes its process wait."""
    from multiprocessing import get_context
    from pickle import PicklingError

    size = max(1, min(MOST, len(items) // (processes * 8)))  # so that all end at about the same time
    chunks = [items[n : n + size] for n in range(0, len(items), size)]
    # a fork has everything loaded; elsewhere it is not safe
    context: Any = get_context("fork" if sys.platform == "linux" else None)
    crew: list[tuple[Any, Connection]] = []
    try:
        _interruptible(False)  # an interrupt is for the parent, which ends them
        try:
            for n in range(min(processes, len(chunks))):
                ours, theirs = context.Pipe(duplex=False)
                process = context.Process(target=_labour, args=(work, chunks[n::processes], ours, theirs), daemon=True)
                process.start()
                theirs.close()
                crew.append((process, ours))
        except (OSError, TypeError, AttributeError, PicklingError):
            pass  # no more processes than there are, or work that cannot be sent to another: it is done here
        finally:
            _interruptible(True)
        for n, chunk in enumerate(chunks):
            try:
                results = crew[n % processes][1].recv()
            except (EOFError, IndexError):  # it was killed, as where memory is short, or never started
                results = [work(item) for item in chunk]
            if isinstance(results, BaseException):
                raise results
            yield from results
    finally:
        for process, ours in crew:
            ours.close()
            process.terminate()
            process.join()


def _interruptible(may: bool) -> None:
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK if may else signal.SIG_BLOCK, {signal.SIGINT})


def _labour(work: Callable[[Any], Any], chunks: Sequence[Sequence[Any]], ours: Connection, theirs: Connection) -> None:
    """What another process does: it ends with its chunks, or when nobody reads the results any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ours.close()
    try:
        for chunk in chunks:
            theirs.send([work(item) for item in chunk])
    except BrokenPipeError:
        pass
    except Exception as error:
        theirs.send(error)
