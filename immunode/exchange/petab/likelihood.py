"""What the model of a PEtab problem gives for its measurements, and how likely these are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.errors import SolverError
from immunode.study.noise import log_density, scaled

if TYPE_CHECKING:
    import pandas as pd

    from immunode.exchange.petab.problem import PetabProblem
    from immunode.model.declaration import Model

Array = NDArray[np.float64]
FAR = (1e1, 1e3, 1e5)
"""How long a run may take to come to rest after its last measurement, in its length."""
STILL = 1e-6
"""It is at rest where less than this part of a quantity moves in half of the time."""


def simulated(problem: PetabProblem, values: Mapping[str, float], rtol: float, engine: str) -> pd.DataFrame:
    """Return the table of `PetabProblem.simulate`. values : of each parameter."""
    import pandas as pd

    own = {p.name for p in problem.model.parameters}
    model = problem.model.with_values({name: value for name, value in values.items() if name in own})
    data = problem.data
    simulation, sd = np.full(len(data), np.nan), np.full(len(data), np.nan)
    arms = data["arm"].to_numpy(str)
    for arm, composed in problem.arms.compose(model).items():
        rows = np.flatnonzero(arms == arm)
        if not len(rows):
            continue
        sizes: list[float | str] = []
        for i in rows:
            size = problem.sizes[i]
            sizes.append(values[size] if isinstance(size, str) and size in values and size not in own else size)
        found = _arm(composed, arm, data.iloc[rows], sizes, rtol, engine)
        simulation[rows], sd[rows] = found
    kinds = data["noise"].to_numpy(str) if "noise" in data.columns else np.full(len(data), "normal")
    residual, log_likelihood = np.full(len(data), np.nan), np.full(len(data), np.nan)
    measured = data["value"].to_numpy(float)
    for kind in np.unique(kinds):
        mine = kinds == kind
        with np.errstate(all="ignore"):
            residual[mine] = (scaled(kind, measured[mine]) - scaled(kind, simulation[mine])) / sd[mine]
        log_likelihood[mine] = log_density(kind, measured[mine], simulation[mine], sd[mine])
    begins = np.array([problem.begins.get(arm, 0.0) for arm in arms])
    return pd.DataFrame(
        {
            "arm": arms,
            "observable": data["observable"].to_numpy(str),
            "time": data["time"].to_numpy(float) + begins,
            "value": measured,
            "simulation": simulation,
            "sd": sd,
            "residual": residual,
            "log_likelihood": log_likelihood,
        }
    )


def _arm(
    model: Model, arm: str, data: Any, sizes: list[float | str], rtol: float, engine: str
) -> tuple[Array, Array]:
    """Return simulation and noise of the measurements of one arm."""
    from immunode.exchange.petab.source import without_units
    from immunode.model.declaration import Derived

    texts = {text: f"noise_{k}" for k, text in enumerate(dict.fromkeys(s for s in sizes if isinstance(s, str)))}
    if texts:
        model = without_units(model)
        model = model.replace(derived=(*model.derived, *(Derived(name, text) for text, name in texts.items())))
    observed = data["observable"].to_numpy(str)
    wanted = tuple(dict.fromkeys((*observed, *texts.values())))
    time = data["time"].to_numpy(float)
    table, times = _run(model, arm, wanted, time, rtol, engine)
    at = np.searchsorted(times, np.where(np.isfinite(time), time, times[-1]))
    row = {name: i for i, name in enumerate(wanted)}
    simulation = table[[row[name] for name in observed], at]
    sd = np.array([table[row[texts[s]], k] if isinstance(s, str) else s for s, k in zip(sizes, at, strict=True)])
    return simulation, sd


def _run(
    model: Model, arm: str, wanted: tuple[str, ...], time: Array, rtol: float, engine: str
) -> tuple[Array, Array]:
    """Return quantities (n_wanted, n_times) on the times of measurements and, where one is at rest, at rest."""
    finite = np.unique(np.concatenate([[0.0], time[np.isfinite(time)]]))
    if np.isfinite(time).all():
        times = finite if len(finite) > 1 else np.array([0.0, 1e-9 * model.horizon])
        return _solved(model, arm, wanted, times, rtol, engine), times
    for far in FAR:
        end = far * max(float(finite[-1]), float(model.horizon))
        times = np.concatenate([finite, [end / 2, end]])
        table = _solved(model, arm, wanted, times, rtol, engine)
        late, last = table[:, -2], table[:, -1]
        if (np.abs(last - late) <= STILL * np.maximum(np.abs(last), np.abs(late)) + 1e-12).all():
            return table, times
    raise SolverError(f"{model.name}, arm '{arm}': it does not come to rest in {end:g}, and is measured at rest")


def _solved(model: Model, arm: str, wanted: tuple[str, ...], times: Array, rtol: float, engine: str) -> Array:
    from immunode.solve import solve
    from immunode.solve.status import Status
    from immunode.study.recorder import Recorder
    from immunode.study.runs import make_ready
    from immunode.study.simulate import trouble

    ready = make_ready(model)
    values = np.asarray(ready.functions.program.values, float)[:, None]
    recorder = Recorder(ready.functions, values, times, wanted)
    batch = solve(ready.functions, values, times=times, engine=engine, rtol=rtol, on_jump=recorder.on_jump)
    if batch.status[0] != Status.OK:
        raise SolverError(trouble(ready, arm, batch, times, values, None))
    return recorder.grid(batch.y)[:, :, 0]
