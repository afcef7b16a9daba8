"""Predictive checks and residuals of events and categories: what a fitted model simulates beside what was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.predictions import Predictions
from immunode.analysis.mixed_effects.records.discrete_outcomes import category_name, integral_name
from immunode.analysis.mixed_effects.records.individual_records import Individual, Observation
from immunode.analysis.mixed_effects.residual_error import NORMAL, ErrorForm
from immunode.analysis.mixed_effects.results.diagnostics import time_bins
from immunode.analysis.mixed_effects.results.event_curves import cumulative_events, kaplan_meier
from immunode.analysis.mixed_effects.structure import Point
from immunode.errors import StudyError
from immunode.model import Observed

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
GRID = 120
"""Times at which curves of events are compared."""
ROWS = 20_000
"""Simulated individuals at once."""
EVENTS, CATEGORIES = "events", "categories"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class OutcomeCheck:
    """Shares in the data beside those in data simulated with the model, over time.

    Attributes
    ----------
    kind : str
        "events": the share of individuals without an event (Kaplan-Meier), and where events come again, the mean number
        of events of an individual; "categories": the share of each category.
    labels : tuple[str, ...]
        what each row shows.
    time : ndarray
        (n_times,), a grid, or the median time of the records in each bin, in the unit of the records.
    observed : ndarray
        (n_rows, n_times), of the data.
    low, middle, high : ndarray
        (n_rows, n_times), 2.5 %, median and 97.5 % over the simulated sets.
    censored : ndarray
        (n,), times at which individuals without an event were seen last; empty for categories.
    simulations : int
        number of simulated sets.
    """

    quantity: str
    kind: str
    labels: tuple[str, ...]
    time_unit: str
    time: Array
    observed: Array
    low: Array
    middle: Array
    high: Array
    censored: Array
    simulations: int

    @property
    def inside(self) -> float:
        """Share of the data's values that lie in their bands; about 0.95 if the model is right."""
        known = np.isfinite(self.observed) & np.isfinite(self.low)
        return float(np.mean(((self.observed >= self.low) & (self.observed <= self.high))[known]))

    def __repr__(self) -> str:
        what = "times of events" if self.kind == EVENTS else "categories"
        return (
            f"visual predictive check of {self.quantity} ({what}): {self.simulations} simulated sets; "
            f"{100 * self.inside:.0f} % of the observed values lie in their 95 % bands"
        )


@dataclass(frozen=True, slots=True)
class EventRecords:
    """Events of the individuals that have such records. times : of each one's events.   start : where risk begins.

    ends : of observation, where one's last event is none.   own_ends : last records.   who : which individuals.
    """

    who: NDArray[np.intp]
    own_ends: Array
    times: tuple[Array, ...]
    start: float
    ends: Array

    @property
    def first(self) -> tuple[Array, NDArray[np.bool_]]:
        """Time of each individual's first event or of the end of observation, and whether it is an event."""
        seen = np.array([t.size > 0 for t in self.times])
        return np.array([t[0] if t.size else end for t, end in zip(self.times, self.ends, strict=True)]), seen

    @property
    def repeated(self) -> bool:
        """Whether anybody has a second event."""
        return any(t.size > 1 for t in self.times)


def outcome_check(
    predict: Predictions, point: Point, name: str, n: int, bins: int, rng: np.random.Generator
) -> OutcomeCheck:
    """Return the visual predictive check of events or categories. n : simulated sets.   bins : in time, of categories.

    An individual whose observation ends with an event is watched in the simulated sets until the latest time in the
    data, the others until their own last time.
    """
    error = _declared(predict, name)
    return (
        _check_of_events(predict, point, error, n, rng)
        if error.events
        else _check_of_categories(predict, point, error, n, bins, rng)
    )


def outcome_residuals(predict: Predictions, point: Point, name: str, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return residuals against the model's distribution over the population. n : draws of the random effects.

    Of events, one row an individual: time of the first event or of the end, whether it is an `event`, `cox_snell` (-log
    of the share without an event; exponential with mean 1, censored where there is none), and `martingale` (event -
    cox_snell, mean 0). Of categories, one row a record: its quantile `residual`, randomized within the category
    (standard normal if the model is right).

    References
    ----------
    Cox and Snell 1968, J R Stat Soc B 30:248; Therneau et al. 1990, doi:10.1093/biomet/77.1.147; Dunn and Smyth 1996,
    doi:10.1080/10618600.1996.10474708
    """
    import pandas as pd
    from scipy.special import ndtri

    error = _declared(predict, name)
    labels = [one.label for one in predict.data.individuals]
    if error.events:
        records = event_records(predict, name)
        first, seen = records.first
        times = [np.array([records.start])] * predict.n
        for i, t in zip(records.who, first, strict=True):
            times[i] = np.array([t])
        f = _drawn(_design(predict, times, [integral_name(error)]), point, n, rng)[:, records.who, 0]
        cox = -np.log(np.nanmean(np.exp(-f), axis=0))
        return pd.DataFrame(
            {
                "ID": [labels[i] for i in records.who],
                "time": first,
                "event": seen.astype(int),
                "cox_snell": cox,
                "martingale": seen - cox,
            }
        )
    rows = _category_records(predict, name)
    design = _design_of_categories(predict, error, rows)
    k = len(error.categories) + 1
    shares = np.nanmean(_drawn(design, point, n, rng), axis=0).reshape(predict.n, -1, k)
    below = np.concatenate([np.zeros((*shares.shape[:2], 1)), np.cumsum(shares, axis=2)], axis=2)
    columns: dict[str, list[object]] = {"ID": [], "row": [], "time": [], "DV": [], "residual": []}
    for i, mine in enumerate(rows):
        for j, o in enumerate(mine):
            low, high = below[i, j, int(o.value)], below[i, j, int(o.value) + 1]
            u = np.clip(low + rng.random() * (high - low), 1e-12, 1 - 1e-12)
            for column, value in zip(columns, (labels[i], o.line, o.time, int(o.value), float(ndtri(u))), strict=True):
                columns[column].append(value)
    return pd.DataFrame(columns)


def event_records(predict: Predictions, name: str) -> EventRecords:
    """Return the events of a hazard.

    Raises
    ------
    StudyError : individuals have resets or doses at steady state, where the integral of the hazard begins anew.
    """
    starts = {-e.shift for e in predict.dosed.episodes}
    if len(predict.dosed.episodes) != predict.n or len(starts) != 1:
        raise StudyError(f"predictive check of '{name}': resets, doses at steady state and times below 0 are not known")
    parts = [[o for _, o in _observations(predict, i, name)] for i in range(predict.n)]
    who = np.flatnonzero([len(mine) > 0 for mine in parts])
    times = tuple(np.array([o.time for o in parts[i] if o.again]) for i in who)
    own = np.array([max(o.time for o in parts[i]) for i in who])
    latest = float(own.max())
    ended = np.array([t.size > 0 and t[-1] >= end for t, end in zip(times, own, strict=True)])
    return EventRecords(who, own, times, starts.pop(), np.where(ended, latest, own))


def simulated_events(
    predict: Predictions, point: Point, name: str, grid: Array, rng: np.random.Generator, n: int = 1
) -> tuple[Array, Array]:
    """Return simulated times of first events, infinite after the grid, (n, n_individuals), and integrals of hazards.

    The latter are (n, n_individuals, n_times). grid : (n_times,), from the start of risk on.
    """
    error = _declared(predict, name)
    h = _drawn(_design(predict, [grid] * predict.n, [integral_name(error)]), point, n, rng)
    level = rng.exponential(size=h.shape[:2])
    passed = h >= level[..., None]
    at = np.where(passed.any(axis=2), passed.argmax(axis=2), len(grid))
    inside = (at > 0) & (at < len(grid))
    k = np.clip(at, 1, len(grid) - 1)[..., None]
    low, high = (np.take_along_axis(h, j, axis=2)[..., 0] for j in (k - 1, k))
    with np.errstate(all="ignore"):
        part = np.where(high > low, (level - low) / (high - low), 1.0)
    k = k[..., 0]
    time = np.where(inside, grid[k - 1] + part * (grid[k] - grid[k - 1]), np.where(at == 0, grid[0], np.inf))
    return np.where(np.isnan(h).any(axis=2), np.nan, time), h


def _check_of_events(
    predict: Predictions, point: Point, error: Observed, n: int, rng: np.random.Generator
) -> OutcomeCheck:
    records = event_records(predict, error.quantity)
    grid = np.linspace(records.start, float(records.ends.max()), GRID)
    first, seen = records.first
    rows = [kaplan_meier(first, seen, grid)]
    labels = ["without an event"]
    if records.repeated:
        counts = np.array([(t[:, None] <= grid).sum(axis=0) for t in records.times], float)
        rows.append(cumulative_events(counts, records.own_ends, grid))
        labels.append("events of an individual, mean number")
    curves = np.empty((n, len(rows), GRID))
    size = max(1, ROWS // predict.n)
    for begin in range(0, n, size):
        time, h = simulated_events(predict, point, error.quantity, grid, rng, min(size, n - begin))
        for a, (mine, integral) in enumerate(zip(time[:, records.who], h[:, records.who], strict=True), begin):
            known = ~np.isnan(mine)
            happened = mine <= records.ends
            curves[a, 0] = kaplan_meier(np.minimum(mine, records.ends)[known], happened[known], grid)
            if records.repeated:
                seen_part = _until(integral[known], records.ends[known], grid)
                steps = rng.poisson(np.maximum(np.diff(seen_part, axis=1, prepend=0.0), 0.0))
                curves[a, 1] = cumulative_events(np.cumsum(steps, axis=1), records.ends[known], grid)
    low, middle, high = np.nanpercentile(curves, [2.5, 50.0, 97.5], axis=0)
    return OutcomeCheck(
        quantity=error.quantity, kind=EVENTS, labels=tuple(labels), time_unit=predict.structure.model.axis_unit,
        time=grid, observed=np.array(rows), low=low, middle=middle, high=high, censored=first[~seen], simulations=n,
    )  # fmt: skip


def _until(integral: Array, ends: Array, grid: Array) -> Array:
    """Return integrals of hazards, (n, n_times), that stay from each individual's end of observation on."""
    own = np.array([np.interp(end, grid, one) for end, one in zip(ends, integral, strict=True)])
    return np.asarray(np.where(grid <= ends[:, None], integral, own[:, None]))


def _check_of_categories(
    predict: Predictions, point: Point, error: Observed, n: int, bins: int, rng: np.random.Generator
) -> OutcomeCheck:
    rows = _category_records(predict, error.quantity)
    k = len(error.categories) + 1
    design = _design_of_categories(predict, error, rows)
    used = np.arange(max(len(mine) for mine in rows)) < np.array([len(mine) for mine in rows])[:, None]
    time = np.concatenate([[o.time for o in mine] for mine in rows])
    value = np.concatenate([[o.value for o in mine] for mine in rows]).astype(int)
    bin_of = np.unique(time_bins(time, bins), return_inverse=True)[1]
    count = int(bin_of.max()) + 1
    members = np.bincount(bin_of, minlength=count)

    def shares(values: NDArray[np.intp]) -> Array:
        return np.array([np.bincount(bin_of, weights=values == c, minlength=count) for c in range(k)]) / members

    middles = np.array([np.median(time[bin_of == b]) for b in range(count)])
    sets = np.empty((n, k, count))
    size = max(1, ROWS // predict.n)
    for begin in range(0, n, size):
        f = _drawn(design, point, min(size, n - begin), rng)
        p = f.reshape(len(f), predict.n, -1, k)[:, used]
        u = rng.random(p.shape[:2])
        drawn = (u[..., None] > np.cumsum(p, axis=2)[..., :-1]).sum(axis=2)
        for a, one in enumerate(drawn, begin):
            sets[a] = shares(one)
    low, middle, high = np.percentile(sets, [2.5, 50.0, 97.5], axis=0)
    return OutcomeCheck(
        quantity=error.quantity, kind=CATEGORIES, labels=tuple(f"category {c}" for c in range(k)),
        time_unit=predict.structure.model.axis_unit, time=middles,
        observed=shares(value), low=low, middle=middle, high=high, censored=np.empty(0), simulations=n,
    )  # fmt: skip


def _declared(predict: Predictions, name: str) -> Observed:
    return next(o for o in predict.structure.model.observed if o.quantity == name)


def _observations(predict: Predictions, i: int, name: str) -> list[tuple[int, Observation]]:
    """Return place and observation of each part of an individual's records of a quantity."""
    forms, output = predict.structure.forms, predict.table.output[i]
    own = predict.data.individuals[i].observations
    return [(j, o) for j, o in enumerate(own) if forms[output[j]].quantity == name]


def _category_records(predict: Predictions, name: str) -> list[list[Observation]]:
    return [[o for _, o in _observations(predict, i, name)] for i in range(predict.n)]


def _design_of_categories(predict: Predictions, error: Observed, rows: Sequence[Sequence[Observation]]) -> Predictions:
    names = [category_name(error, c) for c in range(len(error.categories) + 1)]
    return _design(predict, [np.array([o.time for o in mine]) for mine in rows], names, rows)


def _design(
    predict: Predictions, times: Sequence[Array], outputs: Sequence[str],
    rows: Sequence[Sequence[Observation]] | None = None,
) -> Predictions:  # fmt: skip
    """Return what predicts all outputs at times of each individual; its doses and covariates stay.

    rows : the records at these times, whose place among doses is kept; else doses at a time come before it.
    """
    s, data = predict.structure, predict.data
    individuals: list[Individual] = []
    codes: list[int] = []
    for i, (one, mine) in enumerate(zip(data.individuals, times, strict=True)):
        marks = sorted([(o.time, o.place) for o in one.observations] + [(d.time, d.place) for d in one.doses])
        observations = []
        # an individual without such a record still has a run
        for j, t in enumerate(mine if len(mine) else [marks[0][0]]):
            known = rows is not None and len(rows[i]) > 0
            place = rows[i][j].place if rows and known else max([p for time, p in marks if time <= t], default=0)
            observations += [Observation(float(t), 1.0, "", 0, np.nan, place, 0)] * len(outputs)
            codes += range(len(outputs))
        individuals.append(replace(one, observations=tuple(observations)))
    errors = np.tile([1.0, 0.0, 0.0, 1.0], (len(outputs), 1))
    structure = replace(
        s,
        forms=tuple(ErrorForm(name, NORMAL, False) for name in outputs),
        free_errors=(),
        declared=replace(s.declared, errors=errors),
    )
    shown = replace(data, individuals=tuple(individuals))
    return Predictions(structure, shown, outputs, codes, rtol=predict.rtol, engine="auto", derivatives="differences")


def _drawn(design: Predictions, point: Point, n: int, rng: np.random.Generator) -> Array:
    """Return predictions at random effects drawn from the population, (n, n_individuals, n_observations)."""
    root = np.linalg.cholesky(point.omega)
    who = np.repeat(np.arange(design.n), n)
    eta = rng.standard_normal((len(who), len(root))) @ root.T
    if len(point.shares) > 1:
        who = who + design.n * rng.choice(len(point.shares), len(who), p=point.shares)
    here = replace(point, errors=design.structure.declared.errors)
    f = design(who, here, eta)
    return np.asarray(f.reshape(design.n, n, -1).swapaxes(0, 1))
