"""What the model of a PEtab problem gives for its measurements, and how likely these are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from immunode.errors import SolverError, UnitError
from immunode.exchange.petab.experiments import Experiment
from immunode.exchange.petab.source import without_units
from immunode.model import Derived, Model, Parameter
from immunode.solve import solve
from immunode.solve.status import Status
from immunode.study.arms import Arms
from immunode.study.noise import log_density, scaled
from immunode.study.run.ready import make_ready
from immunode.study.run.recorder import Recorder
from immunode.study.simulations import trouble

if TYPE_CHECKING:
    import pandas as pd


Array = NDArray[np.float64]
FAR = (1e1, 1e3, 1e5)
"""How long a run may take to come to rest after its last measurement, in its length."""
STILL = 1e-6
"""It is at rest where less than this part of a quantity moves in half of the time."""


class Measured(Protocol):
    """What of a `PetabProblem` its likelihood needs; each is described there."""

    @property
    def model(self) -> Model: ...
    @property
    def arms(self) -> Arms: ...
    @property
    def data(self) -> pd.DataFrame: ...
    @property
    def begins(self) -> Mapping[str, float]: ...
    @property
    def sizes(self) -> tuple[float | str, ...]: ...


def simulated(problem: Measured, values: Mapping[str, float], rtol: float, engine: str) -> pd.DataFrame:
    """Return the table of `PetabProblem.simulate`. values : of each parameter."""
    import pandas as pd

    data = problem.data
    texts = {text: f"noise_{k}" for k, text in enumerate(dict.fromkeys(s for s in problem.sizes if isinstance(s, str)))}
    model = _with_sizes(with_all(problem.model, values), texts)
    arms, observed = data["arm"].to_numpy(str), data["observable"].to_numpy(str)
    simulation = np.full(len(data), np.nan)
    sd = np.array([np.nan if isinstance(s, str) else s for s in problem.sizes])
    time = data["time"].to_numpy(float)
    for group in _groups(problem):
        rows = np.flatnonzero(np.isin(arms, list(group)))
        if not len(rows):
            continue
        wanted = tuple(dict.fromkeys((*observed[rows], *(texts[s] for s in _texts(problem, rows)))))
        table, times = _run(model, group, wanted, time[rows], rtol, engine)
        at = np.searchsorted(times, np.where(np.isfinite(time[rows]), time[rows], times[-1]))
        lane, row = {arm: i for i, arm in enumerate(group)}, {name: i for i, name in enumerate(wanted)}
        for i, k in zip(rows, at, strict=True):
            size = problem.sizes[i]
            simulation[i] = table[row[observed[i]], k, lane[arms[i]]]
            if isinstance(size, str):
                sd[i] = table[row[texts[size]], k, lane[arms[i]]]
    kinds = data["noise"].to_numpy(str) if "noise" in data.columns else np.full(len(data), "normal")
    residual, log_likelihood = np.full(len(data), np.nan), np.full(len(data), np.nan)
    measured = data["value"].to_numpy(float)
    for kind in np.unique(kinds):
        mine = kinds == kind
        with np.errstate(all="ignore"):
            residual[mine] = (scaled(kind, measured[mine]) - scaled(kind, simulation[mine])) / sd[mine]
        log_likelihood[mine] = log_density(kind, measured[mine], simulation[mine], sd[mine])
    begins = np.array([problem.begins.get(arm, 0.0) for arm in arms])
    columns = {"arm": arms, "observable": observed, "time": time + begins, "value": measured, "simulation": simulation}
    return pd.DataFrame(columns | {"sd": sd, "residual": residual, "log_likelihood": log_likelihood})


def with_all(model: Model, values: Mapping[str, float]) -> Model:
    """Return a model with values of parameters, those that it lacks (sizes of noise) among them."""
    own = {p.name for p in model.parameters}
    fresh = [Parameter(name, value) for name, value in values.items() if name not in own]
    made = model.with_values({name: value for name, value in values.items() if name in own})
    return made.replace(parameters=(*made.parameters, *fresh)) if fresh else made


def _with_sizes(model: Model, texts: Mapping[str, str]) -> Model:
    """Return a model with a derived quantity for each size of a noise. texts : text -> name."""
    derived = tuple(Derived(name, text) for text, name in texts.items())
    try:
        return model.replace(derived=(*model.derived, *derived))
    except UnitError:
        plain = without_units(model)
        return plain.replace(derived=(*plain.derived, *derived))


def _texts(problem: Measured, rows: NDArray[np.intp]) -> list[str]:
    sizes = [problem.sizes[i] for i in rows]
    return [size for size in sizes if isinstance(size, str)]


def _groups(problem: Measured) -> list[dict[str, Experiment | None]]:
    """Return the arms by what runs them: those of one model and one kind of time run side by side."""
    rests = set(problem.data["arm"][~np.isfinite(problem.data["time"].to_numpy(float))])
    made: dict[tuple[int, bool], dict[str, Experiment | None]] = {}
    for arm in problem.arms:
        entry: Any = next(iter(problem.arms[arm]), None)
        made.setdefault((id(entry.course) if entry else 0, arm in rests), {})[arm] = entry
    # an experiment of other values only runs on the problem's model, as does one without any
    plain = [key for key, group in made.items() if all(e is None or e.course is None for e in group.values())]
    for at_rest in (False, True):
        keys = [key for key in plain if key[1] == at_rest]
        for key in keys[1:]:
            made[keys[0]] |= made.pop(key)
    return list(made.values())


def _run(
    model: Model, group: Mapping[str, Experiment | None], wanted: tuple[str, ...], time: Array, rtol: float, engine: str
) -> tuple[Array, Array]:
    """Return quantities (n_wanted, n_times, n_arms) on the times of measurements and, where one is at rest, at rest."""
    first = next((e for e in group.values() if e is not None), None)
    composed = replace(first, values={}).compose(model) if first else model
    finite = np.unique(np.concatenate([[0.0], time[np.isfinite(time)]]))
    if np.isfinite(time).all():
        times = finite if len(finite) > 1 else np.array([0.0, 1e-9 * composed.horizon])
        return _solved(composed, group, wanted, times, rtol, engine), times
    for far in FAR:
        end = far * max(float(finite[-1]), float(composed.horizon))
        times = np.concatenate([finite, [end / 2, end]])
        table = _solved(composed, group, wanted, times, rtol, engine)
        late, last = table[:, -2], table[:, -1]
        still = np.abs(last - late) <= STILL * np.maximum(np.abs(last), np.abs(late)) + 1e-12
        if still.all():
            return table, times
    arm = list(group)[int(np.argmin(still.all(axis=0)))]
    raise SolverError(f"{model.name}, arm '{arm}': it does not come to rest in {end:g}, and is measured at rest")


def _solved(
    model: Model,
    group: Mapping[str, Experiment | None],
    wanted: tuple[str, ...],
    times: Array,
    rtol: float,
    engine: str,
) -> Array:
    ready = make_ready(model)
    program = ready.functions.program
    values = np.repeat(np.asarray(program.values, float)[:, None], len(group), axis=1)
    rows = {name: i for i, name in enumerate(program.parameters[: len(program.values)])}
    for lane, experiment in enumerate(group.values()):
        for name, value in experiment.values.items() if experiment else ():
            values[rows[name], lane] = value
    recorder = Recorder(ready.functions, values, times, wanted, both_sides=False)
    batch = solve(ready.functions, values, times=times, engine=engine, rtol=rtol, on_jump=recorder.on_jump)
    table = recorder.grid(batch.y)
    for failed in np.flatnonzero(np.asarray(batch.status) != Status.OK).tolist():
        arm = list(group)[failed]
        if len(group) == 1:
            raise SolverError(trouble(ready, arm, batch, times, values))
        # alone, another engine may take it, or says why not
        table[:, :, failed] = _solved(model, {arm: group[arm]}, wanted, times, rtol, engine)[:, :, 0]
    return table
