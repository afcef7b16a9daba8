"""A sweep that writes its blocks to a store, and resumes one that ended early."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import numpy as np

from immunode.errors import StoreError
from immunode.study.run.cuts import Cut
from immunode.study.run.executors import computed
from immunode.study.run.passed_pulses import without_passed
from immunode.study.run.plan import Plan, rows_of
from immunode.study.run.progress import patient_interrupts, telling
from immunode.study.run.sweep_data import NOT_RUN, SweepData
from immunode.study.store.blocks import Store
from immunode.study.store.key import study_of
from immunode.study.store.layout import METHODS, Layout
from immunode.study.store.lock import writing
from immunode.study.store.place import Place
from immunode.study.store.stored_columns import stored_trajectories
from immunode.study.store.writer import Writer


def compute_into(
    plan: Plan,
    cut: Cut,
    part: tuple[int, int] | None,
    place: Place,
    executor: Any,
    progress: Callable[[int, int], object] | bool | None,
    log: str | os.PathLike[str] | None,
) -> SweepData:
    """Return what the runs of a plan come to, through the store at a place. Parameters and errors as in `sweep`."""
    layout = Layout(study_of(plan), cut)
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


def _complete(plan: Plan, found: Store | None, place: Place) -> SweepData:
    """Return what a store that can't be written holds.

    Raises
    ------
    StoreError : runs are missing.
    """
    assert found is not None
    data = SweepData.empty(len(plan), len(plan.endpoints))
    bad = _load(found, data)
    if bad or data.finished < len(plan):
        missing = len(plan) - data.finished
        raise StoreError(f"{place.name}: {missing:,} runs are missing, and it can't be written; copy it where it can")
    return _told(plan, data, found, [], 0, [])


def _go_on(
    plan: Plan,
    store: Store,
    part: tuple[int, int] | None,
    executor: Any,
    progress: Callable[[int, int], object] | bool | None,
    log: str | os.PathLike[str] | None,
    held: Callable[[], None],
) -> SweepData:
    data = SweepData.empty(len(plan), len(plan.endpoints))
    bad = _load(store, data)
    before = finished = data.finished
    if bad:
        shown = ", ".join(map(str, bad[:8])) + (", ..." if len(bad) > 8 else "")
        warnings.warn(
            f"{store.place.name}: block{'s' if len(bad) > 1 else ''} {shown} did not hold what was written "
            "(checksum), and is computed again",
            stacklevel=5,
        )
        for number in bad:
            store.forget(number)
    cut, writer = store.layout.cut, None
    mine = cut.blocks(part)
    todo = [number for number in mine if data.status[cut.slice(number).start] == NOT_RUN]
    with telling(progress, log, before) as tell, patient_interrupts() as stop, suppress(KeyboardInterrupt):
        if before:
            tell(before, cut.rows)
        for number, done in computed(plan, cut, todo, executor, stop):
            held()
            writer = writer or Writer(store)
            writer.write(number, rows_of(plan, cut.slice(number)), done)
            data.put(cut.slice(number), done)
            finished += len(done)
            tell(finished, cut.rows)
    return _told(plan, data, store, [cut.slice(number).start for number in mine], before, bad)


def _load(store: Store, data: SweepData) -> list[int]:
    """Take over what a store holds already; return the blocks that are damaged."""
    names = tuple(store.layout.study["arms"])
    bad = []
    for number in store.begun():
        columns = store.read_sound(number)
        if columns is None:
            bad.append(number)
            continue
        rows = store.layout.cut.slice(number)
        computed = {(0, arm): without_passed(str(t)) for arm, t in zip(names, columns["computed"], strict=True)}
        done = SweepData(
            status=columns["status"],
            values=columns.get("endpoints", np.empty((rows.stop - rows.start, 0))),
            kept={},
            reached=columns["reached"],
            methods=np.array(METHODS, object)[columns["method"]],
            reasons=columns["reason"],
            computed={place: told for place, told in computed.items() if any(told)},
        )
        data.put(rows, done)
    return bad


def _told(plan: Plan, data: SweepData, store: Store, wanted: list[int], before: int, bad: list[int]) -> SweepData:
    """Return the data of a sweep whose trajectories stay in the store, with what to know of it."""
    message = data.unfinished(wanted)
    if message.startswith("interrupted"):
        message += f"; {store.place.name} keeps what is finished, and the same call resumes it"
        warnings.warn(f"{plan.model.name}: {message}", stacklevel=6)
    return replace(
        data,
        kept=stored_trajectories(store, len(store.layout.cut)),
        message=message,
        span=store.layout.cut.span,
        source={"path": store.place.name, "runs found there": before, "damaged blocks": bad},
    )


def _notes(plan: Plan) -> dict[str, dict[str, Any]]:
    """Return units and names as attributes of arrays, for readers that know nothing of immunode."""
    units, own = plan.units, plan.column_units
    names: dict[str, dict[str, Any]] = {
        "endpoints": {"names": list(plan.endpoint_names), "units": [units[name] for name in plan.endpoint_names]},
        "inputs": {"names": list(plan.design.names), "units": [own.get(name, "") for name in plan.design.names]},
        "trajectories": {"names": list(plan.keep), "units": [units[name] for name in plan.keep]},
        "time": {"units": plan.model.time_unit},
        "reached": {"units": plan.model.time_unit},
    }
    return names
