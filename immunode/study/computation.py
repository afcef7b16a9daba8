"""From a plan to its numbers: in memory, or through a store."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from immunode.study.run.cuts import make_cut
from immunode.study.run.executors import computed
from immunode.study.run.plan import Plan
from immunode.study.run.progress import patient_interrupts, telling
from immunode.study.run.sweep_data import SweepData
from immunode.study.store.continuation import compute_into
from immunode.study.store.place import Place, require_zarr


def compute(
    plan: Plan,
    *,
    block: int | None = None,
    store: str | os.PathLike[str] | None = None,
    executor: Any = None,
    part: tuple[int, int] | None = None,
    progress: Callable[[int, int], object] | bool | None = None,
    log: str | os.PathLike[str] | None = None,
) -> SweepData:
    """Return what the runs of a plan come to. Parameters and errors as in `sweep`."""
    if store is not None:
        require_zarr()
    place = None if store is None else Place.of(store)
    cut = make_cut(plan, block, remote=place is not None and not place.local)
    mine = cut.blocks(part)
    if place is not None:
        return compute_into(plan, cut, part, place, executor, progress, log)
    data = SweepData.empty(len(plan), len(plan.endpoints), plan.keep, len(plan.times))
    done = 0
    with telling(progress, log, 0) as tell, patient_interrupts() as stop, suppress(KeyboardInterrupt):
        for number, columns in computed(plan, cut, mine, executor, stop):
            data.put(cut.slice(number), columns)
            done += len(columns)
            tell(done, len(plan))
    message = data.unfinished([cut.slice(number).start for number in mine])
    if message.startswith("interrupted"):
        warnings.warn(f"{plan.model.name}: {message}", stacklevel=3)
    return replace(data, message=message)
