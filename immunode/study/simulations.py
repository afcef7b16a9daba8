"""One run, or one run an arm, looked at closely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from immunode.errors import SolverError, StudyError, did_you_mean
from immunode.model.declaration import check_model
from immunode.solve import solve
from immunode.solve.outcome import Outcome
from immunode.solve.status import Status
from immunode.study.arms import Arms, as_arms
from immunode.study.ended_courses import course_remarks
from immunode.study.out_of_bounds import coarse_remarks, course_scale_remarks, value_remarks
from immunode.study.result.marks import active_windows, dose_times, given_only
from immunode.study.result.simulation import Comparison, Simulation
from immunode.study.run.passed_pulses import remarks, watching
from immunode.study.run.ready import Ready, begin, make_ready, output_times
from immunode.study.run.recipe import model_recipe, tolerance, versions
from immunode.study.run.recorder import Recorder

if TYPE_CHECKING:
    from immunode.intervention import Perturbation
    from immunode.model import Model
    from immunode.program import Functions

Array = NDArray[np.float64]
POINTS = 401
"""Output times where none are asked for."""


@overload
def simulate(
    model: Model,
    until: float | str | None = None,
    *,
    times: ArrayLike | Sequence[str] | None = None,
    interventions: Sequence[Perturbation | str] | Perturbation | str = (),
    arms: None = None,
    initial: Mapping[str, float] | None = None,
    engine: str = "auto",
    method: str = "auto",
    rtol: float = 1e-6,
    atol: ArrayLike | None = None,
) -> Simulation: ...


@overload
def simulate(
    model: Model,
    until: float | str | None = None,
    *,
    times: ArrayLike | Sequence[str] | None = None,
    interventions: tuple[()] = (),
    arms: Arms | Mapping[str, Any] | Sequence[str],
    initial: Mapping[str, float] | None = None,
    engine: str = "auto",
    method: str = "auto",
    rtol: float = 1e-6,
    atol: ArrayLike | None = None,
) -> Comparison: ...


def simulate(
    model: Model,
    until: float | str | None = None,
    *,
    times: ArrayLike | Sequence[str] | None = None,
    interventions: Any = (),
    arms: Arms | Mapping[str, Any] | Sequence[str] | None = None,
    initial: Mapping[str, float] | None = None,
    engine: str = "auto",
    method: str = "auto",
    rtol: float = 1e-6,
    atol: ArrayLike | None = None,
) -> Simulation | Comparison:
    """Return the trajectory of a model, or with `arms` one for each arm.

    Parameters
    ----------
    until : float | str | None
        end, a number in model time or text such as "52 weeks"; default `model.horizon`.
    times : array_like | Sequence[str] | None
        output times, shape (n_times,), increasing; default 401 equal steps from 0 to `until`.
    interventions : Any
        interventions, or names of ones that the model declares.
    arms : Arms | Mapping[str, Any] | Sequence[str] | None
        `Arms`, a mapping of names to lists of interventions, or names as in `Arms.of`.
    initial : Mapping[str, float] | None
        state -> initial value in its unit, `{"E": 1e5}`; the others keep the model's.
    engine : str
        "auto" takes machine code where it is at hand, or where it pays to make it; else "scipy" (the reference),
        "numpy" or "compiled". The result says which and why, in `recipe["reason"]`.
    method : str
        one of the engine's, or "auto".
    rtol : float
        relative tolerance, dimensionless.
    atol : array_like | None
        absolute tolerance, a number or shape (n_states,); default follows each state's scale.

    Raises
    ------
    StudyError
        unknown arm or state, or a time that can't be.
    SolverError
        the run failed; the message says when, where, and what to try.
    """
    check_model("simulate", model)
    models = _models(model, interventions, arms, float(output_times(model, until, times, POINTS)[-1]))
    starts = _starts(model, models, initial)
    options = {"engine": engine, "method": method, "rtol": rtol, "atol": atol}
    ready = {arm: make_ready(composed) for arm, composed in models.items()}
    grids = {arm: output_times(composed, until, times, POINTS) for arm, composed in models.items()}
    told = {arm: [line for line in composed.remarks if line not in model.remarks] for arm, composed in models.items()}
    made = {arm: _run(ready[arm], arm, grids[arm], starts[arm], options, told[arm]) for arm in models}
    return Comparison(made) if arms is not None else made[""]


def _models(model: Model, interventions: Any, arms: Any, end: float) -> dict[str, Model]:
    """Return the composed model of every arm; without arms, of the one nameless arm. end : of the runs."""
    if arms is not None:
        if interventions:
            raise StudyError(f"{model.name}: give interventions or arms, not both")
        return as_arms(arms, model).compose(model, end)
    return {"": Arms({"interventions": interventions}).compose(model, end)["interventions"]}


def _starts(
    model: Model, models: Mapping[str, Model], initial: Mapping[str, float] | None
) -> dict[str, dict[str, float]]:
    """Return the initial values that each arm knows; a state that only some arms have is set there only."""
    states = {arm: [s.name for s in composed.states] for arm, composed in models.items()}
    given = {(key[:-3] if key.endswith("(0)") else key): float(value) for key, value in (initial or {}).items()}
    known = list(dict.fromkeys(name for names in states.values() for name in names))
    for name, value in given.items():
        if name not in known:
            raise StudyError(f"{model.name}: initial: unknown state '{name}'{did_you_mean(name, known)}")
        if np.isnan(value):
            raise StudyError(f"{model.name}: initial: {name} is nan; leave it out for the model's own value")
    return {arm: {n: v for n, v in given.items() if n in names} for arm, names in states.items()}


def _run(
    ready: Ready, arm: str, grid: Array, initial: Mapping[str, float], options: dict[str, Any], told: list[str]
) -> Simulation:
    """Return one run. told : what its interventions say."""
    functions = ready.functions
    values, y0 = begin(ready, initial)
    recorder = Recorder(functions, values, grid, ready.names)
    heard: dict[str, Any] = {"on_jump": recorder.on_jump, "on_restart": recorder.on_restart}
    over = watching(ready.model, functions, values, y0, float(grid[-1]))
    batch = solve(functions, values, times=grid, initial=y0, listener=over, **heard, **options)
    if batch.status[0] != Status.OK:
        raise SolverError(trouble(ready, arm, batch, grid, values))
    table = recorder.grid(batch.y)
    samples = recorder.samples(table)
    jumps = [time for times in recorder.jump_times for time in times.tolist()]
    path = {name: v[:, 0] for name, v in samples.values.items()}
    planned = dose_times(functions, values, float(grid[-1]))
    before = dict(zip(functions.program.states, _begun(functions, values, y0).tolist(), strict=True))
    recipe = {
        "model": model_recipe(ready.model, functions.program.key),
        "until": float(grid[-1]),
        "initial": dict(initial),
        "engine": batch.engine,
        "method": str(batch.methods[0]),
        "reason": batch.reason,
        "steps": int(batch.steps[0]),
        "rtol": options["rtol"],
        "atol": tolerance(options["atol"]),
        "remarks": [
            *told,
            *value_remarks(ready.model),
            *course_scale_remarks(ready.model, path),
            *coarse_remarks(ready.model, path, options["rtol"], options["atol"]),
            *course_remarks(ready.model, functions, float(grid[-1]), arm),
            *([] if over is None else remarks(over.passed(np.ones(1, bool)), ready.model, 1, arm)),
        ],
        "versions": versions(),
    }
    return Simulation(
        model=ready.model,
        times=grid,
        values=MappingProxyType({name: table[i, :, 0] for i, name in enumerate(ready.names)}),
        path_times=samples.t[:, 0],
        path=MappingProxyType(path),
        breaks=tuple(sorted(set(jumps))),
        doses=MappingProxyType(given_only(ready.model, planned, samples.t[:, 0], path, before)),
        windows=MappingProxyType(active_windows(ready.model, samples.t[:, 0], path)),
        recipe=MappingProxyType(recipe),
    )


def _begun(functions: Functions, values: Array, y0: Array | None) -> Array:
    """Return the states before the events of time 0, shape (n_states,)."""
    with np.errstate(all="ignore"):
        own = np.asarray(functions.initial(functions.parameters(values))[:, 0])
    return own if y0 is None else np.where(np.isnan(y0[:, 0]), own, y0[:, 0])


def trouble(ready: Ready, arm: str, batch: Outcome, grid: Array, values: Array) -> str:
    """Return what to tell about a failed run: model, arm, time, state, what to try, and the flux that grew most."""
    grown = grown_flux(ready, batch.y, grid, values) if batch.status[0] != Status.REFUSED else ""
    who = ready.model.label + (f", arm '{arm}'" if arm else "")
    return f"{who}: {batch.reasons[0]}" + (f"; the flux that grew most: {grown}" if grown else "")


def grown_flux(ready: Ready, y: Array, grid: Array, values: Array) -> str:
    """Return the process whose flux grew most over the outputs that were reached, and from what to what; else ""."""
    good = np.flatnonzero(np.isfinite(y[:, :, 0]).all(axis=1))
    names = [process.name for process in ready.model.processes]
    if good.size < 2 or not names:
        return ""
    recorder = Recorder(ready.functions, values, grid, names)
    table = np.abs(recorder.grid(y)[:, good, 0])
    first, last = table[:, 0], table[:, -1]
    scale = np.maximum(first, 1e-12 * max(float(np.nanmax(table)), 1e-300))
    most = int(np.nanargmax(np.where(np.isfinite(last), last, 0.0) / scale))
    return f"'{names[most]}', from {first[most]:.3g} to {last[most]:.3g}"
