"""What `check` does with a baseline: reads it, writes it, and says what is new in it and what is gone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click

from rnncalc.cli.options import Decorated, Said
from rnncalc.cli.project import project
from rnncalc.errors import Problem, SpecError, among, counted, named
from rnncalc.record import Record
from rnncalc.report import METRICS
from rnncalc.sizes import size, unit

if TYPE_CHECKING:
    from datetime import date

    from rnncalc.batch.discover import Found
    from rnncalc.cli.output import Output
    from rnncalc.gate.baseline import Base, Baseline
    from rnncalc.gate.growth import Growth
    from rnncalc.gate.judge import Gate
    from rnncalc.gate.limits import Limit
    from rnncalc.network import Model

DAY = "SOURCE_DATE_EPOCH"  # the variable that says which day it is, in seconds since 1970
MOST = 20  # changes that are told one by one


def _percent(text: str, metric: str) -> Any:
    from rnncalc.gate.growth import percent

    return percent(text)


def _floor(text: str, metric: str) -> int:
    return size(text, unit(metric), least=0)


def _of_metric(reader: Callable[[str, str], Any]) -> Callable[[str], tuple[str, Any]]:
    """Reads `params=5%`; without a metric it is for params."""

    def read(text: str) -> tuple[str, Any]:
        metric, equals, value = text.rpartition("=")
        metric = metric if equals else "params"
        if metric not in METRICS:
            raise ValueError(f"unknown metric {named(metric)}{among(metric, METRICS)}")
        return metric, reader(value, metric)

    return read


def gate_options(function: Decorated) -> Decorated:
    """--baseline and what concerns it."""
    for option in (
        click.option("--tighten", is_flag=True, help="Lower the baseline where models shrank, and raise it nowhere."),
        click.option("--update-baseline", "update", is_flag=True, help="Accept all figures as they are now."),
        click.option("--baseline", metavar="FILE", help="The file of accepted figures; else the project's."),
        click.option(
            "--growth-floor",
            "floors",
            multiple=True,
            type=Said("[METRIC=]SIZE", _of_metric(_floor)),
            help="Growth up to this size is allowed, however large a share it is.",
        ),
        click.option(
            "--max-growth",
            "shares",
            multiple=True,
            type=Said("[METRIC=]PERCENT", _of_metric(_percent)),
            help="How far params, or METRIC, may grow over the baseline.",
        ),
    ):
        function = option(function)
    return function


class Asked(Record):
    """What the options say of a baseline."""

    baseline: str | None
    update: bool
    tighten: bool
    shares: Sequence[tuple[str, Any]]
    floors: Sequence[tuple[str, int]]

    @property
    def writes(self) -> bool:
        """Whether the baseline is to be written."""
        return self.update or self.tighten


def gate(asked: Asked, flags: Sequence[Limit], models: Sequence[Model], problems: list[Problem]) -> Gate:
    """The gate for these models as the project and the options have it; `problems` takes what the baseline has wrong.

    Raises:
        click.UsageError: the options contradict each other.
    """
    from rnncalc.gate.baseline import Baseline, load
    from rnncalc.gate.judge import GROWTH, Gate

    if asked.update and asked.tighten:
        raise click.UsageError("--update-baseline contradicts --tighten")
    try:
        there = project()
    except SpecError:  # it is told with the specs
        there = None
    growth = list((there and there.growth) or GROWTH)
    for metric in dict.fromkeys(metric for metric, _ in (*asked.shares, *asked.floors)):
        growth = _overridden(growth, metric, dict(asked.shares).get(metric), dict(asked.floors).get(metric))
    path, needed = _path(asked.baseline)
    needed = needed or bool(asked.shares or asked.floors)
    baseline = Baseline(path, new=True)
    if not asked.writes:
        try:
            baseline = load(path)
        except SpecError as error:
            problems.extend(error.problems)
    if not problems and (asked.tighten or (needed and not asked.update)) and not os.path.exists(path):
        missing = Problem(f"there is no baseline {path}; `rnncalc check --update-baseline` writes it")
        by = "baseline" if there and there.baseline else "growth" if there and there.growth else ""
        asks = there if by and not (asked.baseline or asked.shares or asked.floors or asked.tighten) else None
        problems.append(asks.locate(missing._replace(where=(by,), at="key")) if asks else missing)
    return Gate(there, flags, growth, None if baseline.new and not asked.writes else baseline, _today(), models)


def _path(given: str | None) -> tuple[str, bool]:
    """The baseline's file, and whether it must be there."""
    from rnncalc.gate.project import BASELINE

    try:
        there = project()
    except SpecError:
        there = None
    if given is not None:
        return given, True
    if there is None:
        return BASELINE, False
    return there.inside(there.baseline or BASELINE), bool(there.baseline or there.growth)


def _overridden(growth: Sequence[Growth], metric: str, share: Any, floor: int | None) -> list[Growth]:
    """The limits of growth, with those of the models' metric from the command line."""
    from rnncalc.gate.growth import Growth, percent

    old = next((each for each in growth if each.layer is None and each.metric == metric), None)
    share = share or (old.percent if old else percent(0))
    floor = floor if floor is not None else old.floor if old else 0
    return [*(each for each in growth if each is not old), Growth(None, metric, share, floor)]


def _today() -> date:
    from datetime import datetime, timezone

    given = os.environ.get(DAY, "")
    try:
        return (datetime.fromtimestamp(int(given), timezone.utc) if given else datetime.now(timezone.utc)).date()
    except (ValueError, OverflowError, OSError):
        raise click.UsageError(f"{DAY} is no number of seconds: {given[:40]!r}") from None


def write(gate: Gate, asked: Asked, found: Found, paths: Sequence[str], out: Output, problems: list[Problem]) -> Gate:
    """Write the baseline, and give the gate that has it; no other run can write in between."""
    from rnncalc.cli.output import ERRORS, write_whole
    from rnncalc.gate.accept import changes, tightened, updated
    from rnncalc.gate.baseline import load
    from rnncalc.gate.project import placed

    assert gate.baseline
    path = gate.baseline.path
    models = [model for model in found.models if model.plan.source not in (None, "<stdin>")]
    if not models:
        if found.models:
            out.note("standard input has no file to be known by, so nothing of it goes into a baseline")
        return gate
    out.keep([path])
    keys = [(placed(model.plan.source or "", gate.baseline.folder), model.name) for model in models]
    if asked.tighten and not os.path.exists(path):
        return gate
    with _locked(os.path.dirname(os.path.realpath(path))):
        try:
            old = load(path, keys if asked.update else ())
        except SpecError as error:
            problems.extend(error.problems)
            return gate
        gate = gate.on(old)
        new = tightened(gate, models) if asked.tighten else updated(gate, models, _gone(old, found, paths))
        if old.new or new.text().encode("utf-8", ERRORS) != old.read:
            write_whole(path, [new.text()])
    told = changes(old, new)
    for change in told[:MOST]:
        out.note(f"{path}: {change}")
    if len(told) > MOST:
        out.note(f"{path}: {counted(len(told) - MOST, 'more change')}")
    if not told:
        out.note(f"{path}: nothing to change")
    return gate.on(load(path))


def _gone(old: Baseline, found: Found, paths: Sequence[str]) -> Callable[[Base], bool]:
    """Which lines are of models that there are no more; those of specs that could not be read stay."""
    from rnncalc.gate.project import placed

    bad = {placed(problem.path, old.folder) for problem in found.problems if problem.path}
    read = {placed(path, old.folder) for path in found.files}
    folders = [placed(os.path.join(path, "x"), old.folder)[:-1] for path in paths if os.path.isdir(path)]
    whole = not paths and not found.problems

    def gone(base: Base) -> bool:
        if base.path in bad:
            return False
        if base.path in read or whole:
            return True
        inside = any(base.path.startswith(folder) for folder in folders)
        return inside and not os.path.exists(os.path.join(old.folder, base.path))

    return gone


@contextmanager
def _locked(folder: str) -> Iterator[None]:
    """Alone with a folder; systems that cannot lock one go on without."""
    try:
        from fcntl import LOCK_EX, flock
    except ImportError:
        yield
        return
    place = os.open(folder or ".", os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems
            flock(place, LOCK_EX)
        yield
    finally:
        os.close(place)


def tell(gate: Gate, found: Found, paths: Sequence[str], out: Output) -> None:
    """Which models are new to the baseline, which of it are gone, and which exceptions are not needed."""
    from rnncalc.gate.project import placed

    for note in gate.notes:
        out.note(note)
    baseline = gate.baseline
    if baseline is None:
        return
    models = [model for model in found.models if model.plan.source not in (None, "<stdin>")]
    new = [model.name for model in models if gate.base(model) is None]
    if new:
        out.note(f"not in the baseline yet: {_some(new)}; `rnncalc check --update-baseline` adds what is new")
    if gate.unbased:
        out.note(f"without a base yet: {_some(gate.unbased)}; `rnncalc check --update-baseline` adds what is new")
    if not paths and not found.problems:
        there = {(placed(model.plan.source or "", baseline.folder), model.name) for model in models}
        there |= {base.key for model in models if (base := gate.base(model))}  # under the path that they had
        gone = [f"{path} ({name})" for path, name in baseline.bases if (path, name) not in there]
        if gone:
            out.note(f"in the baseline, but gone: {_some(gone)}; `rnncalc check --update-baseline` removes it")


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more}"
