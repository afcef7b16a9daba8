"""A sweep that writes its blocks to a store, and goes on where an earlier one ended."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StoreError
from immunode.study.result.sweep_result import SweepResult
from immunode.study.run.collect import Gathered
from immunode.study.run.execution import Portion
from immunode.study.run.executors import Cut, computed
from immunode.study.run.passed_pulses import without_passed
from immunode.study.run.plan import Plan, rows_of
from immunode.study.run.progress import patient_interrupts, telling
from immunode.study.store.blocks import Store
from immunode.study.store.key import study_of
from immunode.study.store.layout import METHODS, Layout
from immunode.study.store.lock import writing
from immunode.study.store.place import Place, require_zarr
from immunode.study.store.writing import Writer


@dataclass(frozen=True)
class StoredTrajectories(Mapping[str, NDArray[np.float64]]):
    """Trajectories that stay in a store; each is read when it is asked for. Rows that did not run are NaN."""

    store: Store
    names: tuple[str, ...]

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        if name not in self.names:
            raise KeyError(name)
        store, number = self.store, self.names.index(name)
        made = np.full((store.layout.rows, int(store.layout.study["times"]["outputs"])), np.nan)
        for block in store.begun():
            made[store.layout.slice(block)] = store.column("trajectories", block, number)[0]
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def sweep_into(
    plan: Plan,
    cut: Cut,
    part: tuple[int, int] | None,
    store: str | os.PathLike[str],
    executor: Any,
    progress: Callable[[int, int], object] | bool | None,
    log: str | os.PathLike[str] | None,
) -> SweepResult:
    """Return what the runs of a plan give, through a store. Parameters and errors as in `sweep`."""
    require_zarr()
    place = Place.of(store)
    layout = Layout(study_of(plan), cut.span, cut.size)
    found = Store.open(place)
    if found is not None:
        found.refuse_other(layout)  # before anything is locked or written
    with _writable(place, found) as held:
        if held is None:
            return _complete(plan, found, place)
        place.sweep_up()
        opened = Store.open(place) or Store.create(place, layout, plan.times, _notes(plan))
        opened.refuse_other(layout)
        return _go_on(plan, opened, part, executor, progress, log, held)


@contextmanager
def _writable(place: Place, found: Store | None) -> Iterator[Callable[[], None] | None]:
    """Hold the lock in the block; gives None where nothing can be written, but a store is there to be read."""
    lock = writing(place)
    try:
        held = lock.__enter__()
    except StoreError as error:
        if found is None or not isinstance(error.__cause__, OSError):
            raise
        yield None
        return
    try:
        yield held
    finally:
        lock.__exit__(None, None, None)


def _complete(plan: Plan, found: Store | None, place: Place) -> SweepResult:
    """Return what a store that can't be written holds.

    Raises
    ------
    StoreError : runs are missing.
    """
    assert found is not None
    table = Gathered(plan, kept=False)
    bad = _load(found, table)
    if bad or table.finished < len(plan.design):
        missing = len(plan.design) - table.finished
        raise StoreError(f"{place.name}: {missing:,} runs are missing, and it can't be written; copy it where it can")
    return _result(table, found, [], 0, [])


def _go_on(
    plan: Plan,
    store: Store,
    part: tuple[int, int] | None,
    executor: Any,
    progress: Callable[[int, int], object] | bool | None,
    log: str | os.PathLike[str] | None,
    held: Callable[[], None],
) -> SweepResult:
    table = Gathered(plan, kept=False)
    bad = _load(store, table)
    before = table.finished
    if bad:
        shown = ", ".join(map(str, bad[:8])) + (", ..." if len(bad) > 8 else "")
        warnings.warn(
            f"{store.place.name}: block{'s' if len(bad) > 1 else ''} {shown} did not hold what was written "
            "(checksum), and is computed again",
            stacklevel=5,
        )
        for number in bad:
            store.forget(number)
    layout, writer = store.layout, None
    cut = Cut(layout.rows, layout.span, layout.size)
    mine = cut.blocks(part)
    todo = [number for number in mine if table.status[cut.slice(number).start] == -1]
    with telling(progress, log, before) as tell, patient_interrupts() as stop, suppress(KeyboardInterrupt):
        if before:
            tell(before, layout.rows)
        for number, done in computed(plan, cut, todo, executor, stop):
            held()
            writer = writer or Writer(store)
            writer.write(number, rows_of(plan, cut.slice(number)), done)
            table.put(cut.slice(number), done)
            tell(table.finished, layout.rows)
    return _result(table, store, [cut.slice(number).start for number in mine], before, bad)


def _load(store: Store, table: Gathered) -> list[int]:
    """Take over what a store holds already; return the blocks that are damaged."""
    names = tuple(store.layout.study["arms"])
    bad = []
    for number in store.begun():
        columns = store.read_sound(number)
        if columns is None:
            bad.append(number)
            continue
        rows = store.layout.slice(number)
        n = rows.stop - rows.start
        told = {name: without_passed(str(text)) for name, text in zip(names, columns["computed"], strict=True)}
        done = Portion(
            columns["status"],
            columns.get("endpoints", np.empty((n, 0))),
            {},
            columns["reached"],
            np.array(METHODS, object)[columns["method"]],
            {int(i): str(columns["reason"][i]) for i in np.flatnonzero(columns["reason"] != "")},
            {name: text for name, (text, _) in told.items() if text},
            {name: passed for name, (_, passed) in told.items() if passed},
        )
        table.put(rows, done)
    return bad


def _result(table: Gathered, store: Store, wanted: list[int], before: int, bad: list[int]) -> SweepResult:
    message = table.unfinished(wanted)
    if message.startswith("interrupted"):
        message += f"; {store.place.name} keeps what is finished, and the same line goes on from there"
        warnings.warn(f"{table.plan.model.name}: {message}", stacklevel=6)
    kept = StoredTrajectories(store, table.plan.keep)
    told = {"path": store.place.name, "runs found there": before, "damaged blocks": bad}
    return table.result(message, kept, store=told)


def _notes(plan: Plan) -> dict[str, dict[str, Any]]:
    """Return units and names as attributes of arrays, for readers that know nothing of immunode."""
    from immunode.study.result.dataset import input_units

    none = np.empty(0)
    kept: dict[str, Any] = dict.fromkeys(plan.keep)
    empty = SweepResult(plan, none.astype(np.int16), none, kept, none, none, {}, {})
    units = empty.units
    own = input_units(empty)
    names: dict[str, dict[str, Any]] = {
        "endpoints": {"names": [e.name for e in plan.endpoints], "units": [units[e.name] for e in plan.endpoints]},
        "inputs": {"names": list(plan.design.names), "units": [own.get(name, "") for name in plan.design.names]},
        "trajectories": {"names": list(plan.keep), "units": [units[name] for name in plan.keep]},
        "time": {"units": plan.model.time_unit},
        "reached": {"units": plan.model.time_unit},
    }
    return names
