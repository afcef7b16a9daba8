"""A fit as numbers: points of a box in, predictions of every measurement out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.fitting.measurements import (
    Measurements,
    Observable,
    noise_of,
    read_measurements,
    with_observables,
    with_sizes,
)
from immunode.errors import ImmunodeError, StudyError, did_you_mean
from immunode.model import Parameter
from immunode.solve import choose_engine, solve
from immunode.study.arms import Arms, as_arms
from immunode.study.design.ranges import Axis, Space, initial_values, known_ranges, space
from immunode.study.run.ready import Ready, make_ready
from immunode.study.run.recorder import Recorder

if TYPE_CHECKING:
    from immunode.model import Model

Array = NDArray[np.float64]
REACH = 100.0
"""A parameter without bounds is looked for between its value divided and multiplied by this."""
MANY = 1000
"""Runs that an engine is chosen for."""
FAR = 1e3
"""How long a run has to come to rest after its last measurement, in its length."""
STILL = 1e-6
"""It is at rest where less than this part of a quantity moves in half of the time."""
WORST = 1e6
"""Residual, in standard deviations, of a run that failed."""


@dataclass(frozen=True, slots=True)
class ArmProblem:
    """One arm: what to run, and which measurements are its.

    rows : measurements.   times : output grid.   at : for each row, its time's place on the grid.
    rests : shape (n_rows,), whether a row is measured at rest: at the last time, and equal at the one before.
    quantities : looked at.   which : for each row, its quantity.   sizes : for each row, the quantity that is the size
        of its noise, or -1.
    columns, initial : for each parameter, its row among the program's values, or among its states; else -1.
    engine : what computes it.
    """

    name: str
    model: Model
    ready: Ready
    rows: NDArray[np.intp]
    times: Array
    at: NDArray[np.intp]
    rests: NDArray[np.bool_]
    quantities: tuple[str, ...]
    which: NDArray[np.intp]
    sizes: NDArray[np.intp]
    columns: tuple[int, ...]
    initial: tuple[int, ...]
    engine: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Data, arms and the box of parameters. Made by `make_problem`.

    declared : the arms, as they were given.   observed : the model with the observables as derived quantities, where
        they can be computed without an arm's interventions.
    start : shape (n_parameters,), the model's own values, in the box.
    lognormal : shape (n_data,), whether a measurement's noise is on its logarithm.
    laplace : shape (n_data,), whether it has a Laplace distribution; then sd is its scale.
    sd : shape (n_data,), of the noise; NaN where it is estimated, one value for each observable, or an expression.
    moving : shape (n_data,), whether the sd is an expression, whose value comes with the prediction.
    priors : parameter -> what is believed of it before the data, with `log_density(values)`.
    derivatives : how those of predictions are computed, as in `fit`.
    """

    model: Model
    box: Space
    declared: Arms
    observed: Model
    arms: tuple[ArmProblem, ...]
    data: Measurements
    lognormal: NDArray[np.bool_]
    laplace: NDArray[np.bool_]
    sd: Array
    moving: NDArray[np.bool_]
    priors: Mapping[str, Any]
    start: Array
    units: tuple[str, ...]
    rtol: float
    derivatives: str = "differences"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return self.box.names

    @property
    def open(self) -> NDArray[np.bool_]:
        """Whether the standard deviation of a measurement is estimated, shape (n_data,)."""
        return np.isnan(self.sd) & ~self.moving

    def split(self, answers: Array) -> tuple[Array, Array]:
        """Return predictions and standard deviations, (n, n_data) each, of what `predict` returned.

        Standard deviations are NaN where they are estimated, and where an expression gives none above 0.
        """
        if not self.moving.any():
            return answers, np.broadcast_to(self.sd, answers.shape)
        predicted, sd = answers[:, : len(self.data)], answers[:, len(self.data) :]
        sd = np.where(self.moving, np.where(sd > 0, sd, np.nan), self.sd)
        return np.where(self.moving & np.isnan(sd), np.nan, predicted), sd

    def values(self, u: Array) -> Array:
        """Return parameter values at points of the unit box. u : (n, n_parameters)."""
        return np.stack([axis.place(u[:, i]) for i, axis in enumerate(self.box.axes)], axis=1)

    def scaled(self, y: Array) -> Array:
        """Return values of measurements on the scale of their noise: the logarithm where that is lognormal.

        y : (..., n_data); NaN where a lognormal one is not above 0.
        """
        with np.errstate(all="ignore"):
            return np.where(self.lognormal, np.log(np.where(y > 0, y, np.nan)), y)

    def predict(self, u: Array) -> Array:
        """Return predictions on the scale of the noise, (n, n_data); NaN where a run failed. u : (n, n_parameters).

        Where standard deviations are expressions they follow, (n, 2*n_data); `split` takes that apart.
        """
        values = self.values(u)
        found = []
        for arm in self.arms:
            p, initial = self.inputs(arm, values)
            recorder = Recorder(arm.ready.functions, p, arm.times, arm.quantities, both_sides=False)
            batch = solve(
                arm.ready.functions,
                p,
                times=arm.times,
                initial=initial,
                engine=arm.engine,
                rtol=self.rtol,
                on_jump=recorder.on_jump,
                on_restart=recorder.on_restart,
            )
            found.append((recorder.grid(batch.y).transpose(2, 0, 1)[..., None], batch.status == 0))
        out, sizes = self.gathered(found)
        return np.concatenate([self.scaled(out[..., 0]), sizes[..., 0]], axis=1)

    def inputs(self, arm: ArmProblem, values: Array) -> tuple[Array, Array | None]:
        """Return parameters of a program (n_values, n) and initial values (n_states, n) or None, of points of the box.

        values : (n, n_parameters), as `values` returns them.
        """
        program = arm.ready.functions.program
        p = np.repeat(np.asarray(program.values, float)[:, None], len(values), axis=1)
        initial = np.full((len(program.states), len(values)), np.nan)
        for j, (row, state) in enumerate(zip(arm.columns, arm.initial, strict=True)):
            if row >= 0:
                p[row] = values[:, j]
            elif state >= 0:
                initial[state] = values[:, j]
        return p, initial if any(s >= 0 for s in arm.initial) else None

    def gathered(self, found: Sequence[tuple[Array, NDArray[np.bool_]]]) -> tuple[Array, Array]:
        """Return what is measured, (n, n_data, m), and sizes of noise, the same or (n, 0, m), of what arms gave.

        found : for each arm its quantities (n, n_quantities, n_times, m), values first and then any derivatives of
            them, and whether its runs succeeded, (n,).
        """
        n, *_, m = found[0][0].shape
        out = np.full((n, len(self.data), m), np.nan)
        sizes = np.full((n, len(self.data) if self.moving.any() else 0, m), np.nan)
        for arm, (grid, good) in zip(self.arms, found, strict=True):
            kept = good[:, None, None]
            out[:, arm.rows] = np.where(kept, grid[:, arm.which, arm.at], np.nan)
            if arm.rests.any():
                late, last = grid[:, arm.which, -2][:, arm.rests], grid[:, arm.which, -1][:, arm.rests]
                size = np.maximum(np.abs(last[..., :1]), np.abs(late[..., :1]))
                still = np.abs(last[..., :1] - late[..., :1]) <= STILL * size + 1e-12
                out[:, arm.rows[arm.rests]] = np.where(still, last, np.nan)
            own = arm.sizes >= 0
            if own.any():
                sizes[:, arm.rows[own]] = np.where(kept, grid[:, arm.sizes[own], arm.at[own]], np.nan)
        return out, sizes


def make_problem(
    model: Model,
    data: Any,
    searched: Any,
    observables: Mapping[str, Observable | str] | None,
    arms: Any,
    rtol: float,
    engine: str,
    priors: Mapping[str, Any] | None = None,
    derivatives: str = "differences",
) -> Problem:
    """Return the problem of a fit. searched : as `space` in `fit`; the other parameters and errors as there."""
    declared = None if arms is None else as_arms(arms, model)
    only = next(iter(declared)) if declared is not None and len(declared) == 1 else "control"
    measured = read_measurements(data, model, only)
    wanted = {n: Observable(o) if isinstance(o, str) else o for n, o in (observables or {}).items()}
    unused = [name for name in wanted if name not in measured.observables]
    if unused:
        raise StudyError(
            f"fit: the data have no observable '{unused[0]}'{did_you_mean(unused[0], measured.observables)}"
        )
    if declared is None:
        declared = Arms(control=[]) if measured.arms == ("control",) else Arms.of(model, *measured.arms)
    for name in measured.arms:
        declared[name]  # an unknown arm is an error with the nearest names
    base, box = _box(model, searched)
    noise = noise_of(measured, [wanted.get(name, Observable()) for name in measured.observables])
    for name in priors or {}:
        if name not in box.names:
            raise StudyError(f"fit: a prior of '{name}', which is not fitted{did_you_mean(name, box.names)}")
    composed, chosen = {}, []
    models = declared.compose(base)
    for i, name in enumerate(measured.arms):
        own = tuple(dict.fromkeys(t for t, arm in zip(noise.texts, measured.arm, strict=True) if t and arm == i))
        composed[name], labels = with_sizes(with_observables(models[name], wanted, measured.observables), own)
        sizes = dict(zip(own, labels, strict=True))
        of_rows = [sizes.get(text, "") for text in noise.texts]
        chosen.append(_arm(measured, i, name, composed[name], box, engine, of_rows))
    _refuse_unused(box, chosen, base)
    units = {p.name: p.unit for m in composed.values() for p in m.parameters}
    units |= {f"{s.name}(0)": s.unit for s in base.states}
    return Problem(
        model=base,
        box=box,
        declared=declared,
        observed=_observed(base, wanted, measured.observables),
        arms=tuple(chosen),
        data=measured,
        lognormal=noise.lognormal,
        laplace=noise.laplace,
        sd=noise.sd,
        moving=np.array([bool(text) for text in noise.texts]),
        priors=dict(priors or {}),
        start=np.array([_own(axis, composed) for axis in box.axes]),
        units=tuple(units.get(n, "") for n in box.names),
        rtol=rtol,
        derivatives=derivatives,
    )


def _observed(model: Model, wanted: Mapping[str, Observable], names: tuple[str, ...]) -> Model:
    try:
        return with_observables(model, wanted, names)
    except ImmunodeError:
        return model


def _box(model: Model, searched: Any) -> tuple[Model, Space]:
    """Return the model, with parameters that only observables know added, and the box to search."""
    if isinstance(searched, Space):
        return model, searched
    names = {p.name for p in model.parameters}
    if hasattr(searched, "columns"):
        # the table of a PEtab problem; what the model lacks is of the noise, which is estimated anyway
        rows = searched.to_dict("records")
        searched = {str(r["name"]): (r["low"], r["high"]) for r in rows if r["name"] in names}
    if isinstance(searched, Mapping):
        box, added = Space(), []
        for name, ends in searched.items():
            if np.shape(ends) != (2,):
                raise StudyError(f"fit: '{name}' needs bounds (low, high), got {ends!r}")
            low, high = float(ends[0]), float(ends[1])
            box = box.with_range(name, low, high, log=low > 0)
            if name not in names and "(" not in name and "." not in name:
                middle = math.sqrt(low * high) if low > 0 else (low + high) / 2
                added.append(
                    Parameter(name, middle, "", "of an observable", source="assumed: fitted", evidence="fitted")
                )
        return (model.replace(parameters=(*model.parameters, *added)) if added else model), box
    patterns: Sequence[str] = (searched,) if isinstance(searched, str) else tuple(searched)
    box = Space()
    known = known_ranges(model, tuple(patterns))
    for axis in space(model, *patterns).axes:
        value, bounds = known[axis.name]
        if bounds is not None:
            box = box.with_range(axis.name, *bounds, log=bounds[0] > 0)
        else:
            low, high = sorted((value / REACH, value * REACH))
            box = box.with_range(axis.name, low, high, log=True)
    return model, box


def _arm(
    data: Measurements, i: int, name: str, model: Model, box: Space, engine: str, sizes: Sequence[str]
) -> ArmProblem:

    ready = make_ready(model)
    # chosen once, so that a search does not depend on how many others run beside it
    engine, _ = choose_engine(ready.functions, MANY, engine)
    program = ready.functions.program
    rows = np.flatnonzero(data.arm == i)
    times, at, rests = _grid(data.time[rows], float(model.horizon))
    if times[-1] == 0:
        if not model.start and not any(isinstance(state.initial, str) for state in model.states):
            raise StudyError(f"fit: arm '{name}' is measured only at time 0, before anything happens")
        times = np.array([0.0, 1e-9 * model.horizon])
    observed = [data.observables[k] for k in data.observable[rows]]
    of_rows = [sizes[int(k)] for k in rows]
    quantities = tuple(dict.fromkeys((*observed, *filter(None, of_rows))))
    which = np.array([quantities.index(name) for name in observed])
    of_noise = np.array([quantities.index(size) if size else -1 for size in of_rows])
    columns, initial = [], []
    declared = program.parameters[: len(program.values)]
    for column in box.names:
        state = column[:-3] if column.endswith("(0)") else ""
        columns.append(declared.index(column) if column in declared else -1)
        initial.append(program.states.index(state) if state in program.states else -1)
    return ArmProblem(
        name=name,
        model=model,
        ready=ready,
        rows=rows,
        times=times,
        at=at,
        rests=rests,
        quantities=quantities,
        which=which,
        sizes=of_noise,
        columns=tuple(columns),
        initial=tuple(initial),
        engine=engine,
    )


def _grid(time: Array, horizon: float) -> tuple[Array, NDArray[np.intp], NDArray[np.bool_]]:
    """Return output times, where on them each measurement is, and which are at rest: at the last of them."""
    rests = ~np.isfinite(time)
    times = np.unique(time[~rests])
    if rests.any():
        far = FAR * max(float(times[-1]) if len(times) else 0.0, horizon)
        times = np.concatenate([times, [far / 2, far]])
    return times, np.searchsorted(times, np.where(rests, times[-1], time)), rests


def _refuse_unused(box: Space, arms: Sequence[ArmProblem], model: Model) -> None:
    for j, name in enumerate(box.names):
        if all(arm.columns[j] < 0 and arm.initial[j] < 0 for arm in arms):
            known = [p.name for arm in arms for p in arm.model.parameters] + [f"{s.name}(0)" for s in model.states]
            raise StudyError(f"fit: no arm has a parameter '{name}'{did_you_mean(name, dict.fromkeys(known))}")


def _own(axis: Axis, models: Mapping[str, Model]) -> float:
    """Return where the model's own value lies in the unit box."""
    for model in models.values():
        values = {p.name: float(p.value) for p in model.parameters}
        if axis.name.endswith("(0)"):
            values |= {f"{n}(0)": v for n, v in initial_values(model).items()}
        if axis.name in values:
            value = min(max(values[axis.name], axis.low), axis.high)
            if axis.low == axis.high:
                return 0.5
            if axis.log:
                return math.log(value / axis.low) / math.log(axis.high / axis.low)
            return (value - axis.low) / (axis.high - axis.low)
    return 0.5
