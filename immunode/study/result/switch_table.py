"""What rules decided, as a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from immunode.errors import StudyError
from immunode.study.result.marks import change_at, ruled
from immunode.study.result.rows import Rows
from immunode.study.result.simulation import Comparison, Simulation

if TYPE_CHECKING:
    import pandas as pd


def switch_log(result: Simulation | Comparison | Rows) -> pd.DataFrame:
    """Return one row for each change that a rule made at a visit: (run,) arm, intervention, time, change.

    Of a sweep, it needs `keep=["rescue.on", "rescue.since", "rescue.changes"]` (and "rescue.level" for a dose with
    levels); of several changes between two output times the last is told.

    Returns
    -------
    time
        in the model's time unit.
    change
        "on", "off" or "level 0.5".

    Raises
    ------
    StudyError
        there is no rule, or a sweep has not kept what is needed.
    """
    import pandas as pd

    if isinstance(result, Rows):
        return pd.DataFrame(list(_sweep_rows(result)), columns=["run", "arm", "intervention", "time", "change"])
    arms = {"": result} if isinstance(result, Simulation) else dict(result)
    rows = [
        (arm, name, time, what)
        for arm, one in arms.items()
        for name, changes in one.switches.items()
        for time, what in changes
    ]
    table = pd.DataFrame(rows, columns=["arm", "intervention", "time", "change"])
    return table if list(arms) != [""] else table.drop(columns="arm")


def _sweep_rows(result: Rows) -> Iterator[tuple[int, str, str, float, str]]:
    known = result.asked.derived_names
    rules = ruled(known)
    if not rules:
        raise StudyError("switch_log: no arm has an intervention that follows a rule")
    wanted = [f"{n}.{q}" for n in rules for q in ("on", "since", "changes", "level") if f"{n}.{q}" in known]
    if not set(wanted) <= set(result.kept):
        raise StudyError(f"switch_log: run sweep(..., keep={wanted})")
    arms, kept = result.arm, {name: result.kept[name] for name in wanted}
    for name in rules:
        changes, since = kept[f"{name}.changes"], kept[f"{name}.since"]
        before = np.concatenate([np.zeros((len(changes), 1)), changes[:, :-1]], axis=1)
        for run, k in zip(*np.nonzero(changes > before), strict=True):
            path = {q: kept[f"{name}.{q}"][run] for q in ("on", "level") if f"{name}.{q}" in kept}
            path = {f"{name}.{q}": values for q, values in path.items()}
            yield int(run), str(arms[run]), name, float(since[run, k]), change_at(name, path, int(k))
