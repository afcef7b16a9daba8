"""What rules decided: at which visits they switched, run by run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StudyError

if TYPE_CHECKING:
    import pandas as pd

    from immunode.study.result.simulation import Comparison, Simulation
    from immunode.study.result.sweep_result import SweepResult

Array = NDArray[np.float64]
Switches = dict[str, tuple[tuple[float, str], ...]]


def ruled(names: Mapping[str, Any] | tuple[str, ...]) -> list[str]:
    """Return the interventions that follow a rule, by the quantities that they add."""
    return [n.removesuffix(".changes") for n in names if n.endswith(".changes") and n[:-8] + ".since" in names]


def switch_times(times: Array, path: Mapping[str, Array]) -> Switches:
    """Return intervention -> (time, what) of each change at a visit: "on", "off" or "level 0.5".

    times, path : shape (n_samples,), with both sides of every jump.
    """
    found: Switches = {}
    for name in ruled(tuple(path)):
        changes = path[f"{name}.changes"]
        where = np.flatnonzero(np.diff(changes) > 0) + 1
        if changes[0] > 0:
            where = np.concatenate([[0], where])
        found[name] = tuple((float(times[i]), _what(name, path, int(i))) for i in where)
    return found


def _what(name: str, path: Mapping[str, Array], i: int) -> str:
    """Return what a change at sample `i` was."""
    on, before = path[f"{name}.on"], max(i - 1, 0)
    level = path.get(f"{name}.level")
    if level is not None and (on[i] == on[before] and on[i] > 0):
        return f"level {level[i]:.4g}"
    return "on" if on[i] > 0 else "off"


def given_only(
    doses: Mapping[str, tuple[float, ...]], times: Array, path: Mapping[str, Array]
) -> dict[str, tuple[float, ...]]:
    """Return the doses that were given: those at a time at which the rule of their intervention was on.

    doses : intervention -> times.   times, path : shape (n_samples,), with both sides of every jump.
    """
    kept = {}
    for name, planned in doses.items():
        on = path.get(f"{name}.on") if f"{name}.changes" in path else None
        if on is not None:
            last = np.searchsorted(times, np.asarray(planned), side="right") - 1
            planned = tuple(t for t, i in zip(planned, last, strict=True) if on[i] > 0)
        if planned:
            kept[name] = planned
    return kept


def switch_log(result: Simulation | Comparison | SweepResult) -> pd.DataFrame:
    """Return one row for each change that a rule made at a visit: (run,) arm, intervention, time, change.

    time : in the model's time unit.   change : "on", "off" or "level 0.5".

    Of a sweep, it needs `keep=["rescue.on", "rescue.since", "rescue.changes"]` (and "rescue.level" for a dose with
    levels); of several changes between two output times the last is told.

    Raises
    ------
    StudyError : there is no rule, or a sweep has not kept what is needed.
    """
    import pandas as pd

    from immunode.study.result.simulation import Simulation
    from immunode.study.result.sweep_result import SweepResult

    if isinstance(result, SweepResult):
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


def _sweep_rows(result: SweepResult) -> Iterator[tuple[int, str, str, float, str]]:
    known = dict.fromkeys(d.name for arm in result.plan.arms for d in arm.model.derived)
    rules = ruled(tuple(known))
    if not rules:
        raise StudyError("switch_log: no arm has an intervention that follows a rule")
    wanted = [f"{n}.{q}" for n in rules for q in ("on", "since", "changes", "level") if f"{n}.{q}" in known]
    if not set(wanted) <= set(result.kept):
        raise StudyError(f"switch_log: run sweep(..., keep={wanted})")
    arms = result.arm
    for name in rules:
        changes, since = result.kept[f"{name}.changes"], result.kept[f"{name}.since"]
        before = np.concatenate([np.zeros((len(changes), 1)), changes[:, :-1]], axis=1)
        for run, k in zip(*np.nonzero(changes > before), strict=True):
            path = {q: result.kept[f"{name}.{q}"][run] for q in ("on", "level") if f"{name}.{q}" in result.kept}
            path = {f"{name}.{q}": values for q, values in path.items()}
            yield int(run), str(arms[run]), name, float(since[run, k]), _what(name, path, int(k))
