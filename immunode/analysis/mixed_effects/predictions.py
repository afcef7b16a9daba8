"""Predictions of all observations for many individuals and random effects at once: one row of a batch for each."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.effects.typical_values import from_scale
from immunode.analysis.mixed_effects.forward_slopes import ForwardSlopes, make_forward_slopes
from immunode.analysis.mixed_effects.observation_table import (
    Rows,
    base_values,
    padded_table,
    refuse_values,
)
from immunode.analysis.mixed_effects.output_reader import make_output_reader
from immunode.analysis.mixed_effects.records.dose_slots import dosed_model
from immunode.analysis.mixed_effects.records.individual_records import IndividualData
from immunode.analysis.mixed_effects.residual_error import POISSON, ObservedRows
from immunode.analysis.mixed_effects.structure import Point, Structure
from immunode.errors import StudyError
from immunode.program.model_functions import functions
from immunode.program.numpy.functions import Functions
from immunode.solve import choose_engine, solve
from immunode.solve.outcome import Outcome

Array = NDArray[np.float64]
MOST_NUMBERS = 6_000_000
"""Numbers of trajectories that are held at once."""
MANY = 1000
"""Runs that an engine is chosen for."""
MAX_STEPS = 20_000
"""Steps after which a draw counts as impossible."""
SMALL = 1e-4
"""Below this part of its largest typical size, a state is computed to an absolute tolerance."""
STEP, LINEAR_STEP = 1e-3, 1e-4
"""Step of the differences by random effects on log and logit scales; elsewhere a part of the typical size."""
STEADY_DOSES, STEADY = (8, 16, 32, 64, 128), 1e-6
"""Numbers of doses that may lead to a steady state, and the relative change at which it is one."""
FAR = 1e-2
"""The same for second derivatives, on all scales."""


class Predictions:
    """Computes predictions. Made once for a model and data.

    structure, data, table : what is estimated, and the observations.   functions : of the model with slots for doses.
    grid : all times, (n_times,).   rtol : of the runs.   rows_run, rows_failed : runs so far, and those that failed.
    failure : why the first of them did.
    """

    def __init__(
        self, structure: Structure, data: IndividualData, outputs: Sequence[str], codes: Sequence[int],
        *, rtol: float, engine: str, derivatives: str = "auto",
    ) -> None:  # fmt: skip
        """Prepare. outputs : quantities; codes : for each observation in order, which.

        derivatives : as in `estimate`.
        """
        self.structure, self.data, self.rtol = structure, data, rtol
        self._asked, self.derivatives = derivatives, ""
        self.rows_run = self.rows_failed = 0
        self.failure = ""
        self.steps, self.far = np.array([_steps(structure, k) for k in range(structure.n_effects)]).T
        self._bounds = {p.name: p.bounds for p in structure.model.parameters if p.bounds}
        steady = any(d.steady for one in data.individuals for d in one.doses)
        self._lay_out(outputs, codes, engine, STEADY_DOSES[0] if steady else 0)
        if steady:
            self._find_steady_doses(outputs, codes, engine)
        refuse_values(structure, self.table)

    def _lay_out(self, outputs: Sequence[str], codes: Sequence[int], engine: str, steady: int) -> None:
        """Prepare the runs. steady : doses that lead to a steady state."""
        structure, data = self.structure, self.data
        self.dosed = dosed_model(structure.model, data, steady, structure.occasions)
        self.functions: Functions = functions(self.dosed.model)
        program = self.functions.program
        self.engine = choose_engine(self.functions, MANY, engine)[0]
        if program.time_derivative and any(e.shift for e in self.dosed.episodes):
            raise StudyError(
                f"{structure.model.name}: its rates depend on time, so doses at steady state (SS) and resets have no "
                "meaning; write the doses before one by one"
            )
        self.table, self.grid = padded_table(self.dosed, data, codes)
        self._needed = np.zeros((len(data), len(self.grid)), bool)
        np.put_along_axis(
            self._needed, np.where(self.table.used, self.table.time, self.table.time[:, :1]), True, axis=1
        )
        counts = np.array([o.kind == POISSON for o in structure.forms])
        self._counts = bool(counts.any())
        if self._counts:
            self._needed[:, 0] = True
        self._is_count = counts[self.table.output] & self.table.used
        hidden = len(program.values) + len(self.dosed.model.switches)
        where = [[program.quantities.index(name) for name in outputs]]
        self._read = make_output_reader(self.functions, where, hidden)
        if any(row >= len(program.values) and row not in self._read.turned for row in self._read.read):
            raise StudyError(f"{structure.model.name}: an observed quantity that an event switches can't be estimated")
        self._base = base_values(self.dosed, data, program)
        starts = np.cumsum([0, *np.bincount([e.individual for e in self.dosed.episodes], minlength=len(data))])
        self._first, self._runs = starts[:-1], np.diff(starts)
        self._atol = self._tolerances()
        self._forward = self._forward_slopes(outputs)

    def _find_steady_doses(self, outputs: Sequence[str], codes: Sequence[int], engine: str) -> None:
        """Double the doses that lead to a steady state until predictions stay, also where effects are 2 SD away.

        Raises
        ------
        StudyError : the largest number is not enough.
        """
        before = self._far_away()
        for steady in STEADY_DOSES[1:]:
            self._lay_out(outputs, codes, engine, steady)
            now = self._far_away()
            with np.errstate(all="ignore"):
                gap = np.abs(now - before) / np.maximum(np.abs(now), 1e-6 * np.nanmax(np.abs(now)))
            if not np.nanmax(gap, initial=0.0) > STEADY:
                return
            before = now
        raise StudyError(
            f"{self.structure.model.name}: {STEADY_DOSES[-1]} doses do not lead to a steady state (SS): a half-life is "
            "too long for the interval II, or there is no steady state; write the doses before one by one"
        )

    def _far_away(self) -> Array:
        """Return predictions of all rows at effects of 0 and at 2 SD to both sides of each."""
        shifts = 2 * np.diag(np.sqrt(np.diag(self.structure.declared.omega)))
        places = np.concatenate([np.zeros((1, len(shifts))), shifts, -shifts])
        who = np.repeat(self.rows, len(places))
        f = self(who, self.structure.declared, np.tile(places, (len(self.rows), 1)))
        return np.where(self.table.used[who % self.n], f, np.nan)

    @property
    def n(self) -> int:
        """Number of individuals."""
        return len(self.data)

    @property
    def exact_slopes(self) -> bool:
        """Whether derivatives by random effects are integrated along with the runs."""
        return self._forward is not None

    @property
    def rows(self) -> Rows:
        """Every individual in every class: row k*n + i is individual i in class k."""
        return np.arange(self.n * self.structure.n_classes)

    def __call__(self, who: Rows, point: Point, eta: Array) -> Array:
        """Return predictions, (n_rows, n_observations), NaN where a run failed before the observation.

        who : (n_rows,), individuals, of `rows`; best in order.   point : with (n_rows,) leading, or none.
        eta : (n_rows, n_effects).
        """
        return np.asarray(self._in_parts(who, point, eta, None)[0])

    def _in_parts(self, who: Rows, point: Point, eta: Array, forward: ForwardSlopes | None) -> Array:
        """Return what `_predict` does, of so many rows at once as memory holds."""
        made = self.functions if forward is None else forward.functions
        n_states, n = max(len(made.program.states), 1), len(who)
        out = np.full((1 if forward is None else 1 + len(forward.followers), n, self.table.y.shape[1]), np.nan)
        shared = point.fixed.ndim == 1
        per_run = n_states * int(self._needed[np.unique(who % self.n)].any(axis=0).sum()) * int(self._runs.max())
        size = max(MOST_NUMBERS // max(per_run, 1), 256) if n * per_run > MOST_NUMBERS else n
        for first in range(0, n, size):
            part = slice(first, min(first + size, n))
            here = point.fixed if shared else point.fixed[part]
            out[:, part] = self._predict(who[part], here, eta[part], forward)
        return out

    def at_tolerance(self, rtol: float) -> Predictions:
        """Return the same with runs of another relative tolerance."""
        other = copy(self)
        other.rtol = rtol
        other._atol = None if self._atol is None else self._atol * (rtol / self.rtol)
        if self._forward is not None:
            other._forward = replace(self._forward, atol=self._forward.atol * (rtol / self.rtol))
        return other

    def observed(self, who: Rows, point: Point) -> ObservedRows:
        """Return the observations of rows with the parameters of their errors."""
        t, who = self.table, who % self.n
        kinds = np.array([o.kind for o in self.structure.forms], np.int8)
        summed = np.array([o.summed for o in self.structure.forms])
        output = t.output[who]
        if point.errors.ndim == 2:
            terms = point.errors[output]
        else:
            terms = np.take_along_axis(point.errors, output[:, :, None], axis=1)
        return ObservedRows(
            y=t.y[who],
            used=t.used[who],
            kind=kinds[output],
            summed=summed[output],
            censored=t.censored[who],
            limit=t.limit[who],
            terms=terms,
            any_censored=bool(np.any(t.censored)),
            only_normal=not bool(np.any(kinds)),
        )

    def with_slopes(self, who: Rows, point: Point, eta: Array) -> tuple[Array, Array]:
        """Return predictions and their derivatives by the random effects, (n_rows, n_effects, n_observations).

        Integrated along with the runs, or by central differences in one batch; `derivatives` says which.
        """
        if self._forward is not None:
            f = self._in_parts(who, point, eta, self._forward)
            values = self.individual_parameters(who, point.fixed, eta)
            return f[0], self._forward.chained(f[1:], values, eta.shape[1])
        n, d = eta.shape
        shifts = np.concatenate([np.zeros((1, d)), np.diag(self.steps), -np.diag(self.steps)])
        f = self._shifted(who, point, eta, shifts).reshape(n, 2 * d + 1, -1)
        return f[:, 0], (f[:, 1 : d + 1] - f[:, d + 1 :]) / (2 * self.steps[:, None])

    def curvatures(self, who: Rows, point: Point, eta: Array) -> Array:
        """Return second derivatives by the random effects, (n_rows, n_effects, n_effects, n_observations).

        Differences of first derivatives where those are exact, else of predictions with two step sizes, extrapolated
        (Richardson).
        """
        n, d = eta.shape
        if self._forward is not None:
            both_ways = np.concatenate([np.diag(self.steps), -np.diag(self.steps)])
            rows = np.repeat(np.arange(n), 2 * d)
            moved = (eta[:, None, :] + both_ways[None]).reshape(-1, d)
            _, ends = self.with_slopes(who[rows], point.rows(rows) if point.fixed.ndim > 1 else point, moved)
            ends = ends.reshape(n, 2 * d, d, -1)
            bends = (ends[:, :d] - ends[:, d:]) / (2 * self.steps[:, None, None])
            return np.asarray((bends + bends.swapaxes(1, 2)) / 2)
        pairs = [(i, j) for i in range(d) for j in range(i + 1)]
        estimates = []
        for scale in (1.0, 2.0):
            h = scale * np.diag(self.far)
            shifts = [np.zeros(d), *h, *-h]
            shifts += [s * (h[i] + h[j]) for i, j in pairs if i != j for s in (1, -1)]
            f = self._shifted(who, point, eta, np.array(shifts)).reshape(n, len(shifts), -1)
            second = np.empty((n, d, d, f.shape[-1]))
            at = 2 * d + 1
            for i, j in pairs:
                size = scale**2 * self.far[i] * self.far[j]
                ends_i, ends_j = f[:, 1 + i] + f[:, 1 + d + i], f[:, 1 + j] + f[:, 1 + d + j]
                if i == j:
                    second[:, i, i] = (ends_i - 2 * f[:, 0]) / size
                    continue
                both = f[:, at] + f[:, at + 1]
                at += 2
                second[:, i, j] = second[:, j, i] = (both - ends_i - ends_j + 2 * f[:, 0]) / (2 * size)
            estimates.append(second)
        return np.asarray((4 * estimates[0] - estimates[1]) / 3)

    def _shifted(self, who: Rows, point: Point, eta: Array, shifts: Array) -> Array:
        """Return predictions at `eta` plus each of `shifts`, row by row."""
        m = len(shifts)
        rows = np.repeat(np.arange(len(who)), m)
        moved = (eta[:, None, :] + shifts[None]).reshape(-1, eta.shape[1])
        return self(who[rows], point.rows(rows) if point.fixed.ndim > 1 else point, moved)

    def values(self, who: Rows, fixed: Array, eta: Array) -> tuple[Array, Rows]:
        """Return the program's values of each run, (n_values, n_runs), and the row that each run belongs to."""
        person = who % self.n
        each = self._runs[person]
        runs = np.repeat(np.arange(len(who)), each)
        local = np.arange(len(runs)) - np.repeat(np.cumsum(each) - each, each)
        p = self._base[:, self._first[person[runs]] + local]
        for row, value in self.individual_parameters(who, fixed, eta).items():
            p[row] = value[runs]
        return p, runs

    def individual_parameters(self, who: Rows, fixed: Array, eta: Array) -> dict[int, Array]:
        """Return the parameters that are estimated or differ, row among the program's values -> (n_rows,)."""
        s, n, classes = self.structure, len(who), who // self.n
        values: dict[int, Array] = {}
        for one in s.typical:
            if one.differs or one.places[0] >= 0:
                value = from_scale(one.scale, np.asarray(one.centers(fixed, classes)), one.declared)
                values[one.row] = np.broadcast_to(value, (n,))
        for k, followers in enumerate(s.followers):
            for moved in followers:
                center: Any = moved.typical.centers(fixed, classes)
                value = from_scale(moved.scale, center + moved.ratio * eta[:, k], moved.declared)
                values[moved.row] = np.clip(value, moved.low, moved.high)
        return values

    def courses(self, who: Rows, point: Point, eta: Array, output: int, n: int) -> list[tuple[Array, Array]]:
        """Return times of the records and smooth values of one output for each row, (n_points,) each.

        Counted quantities are shown as totals. n : points of each run.
        """
        rows = []
        for i, effects in zip(who, eta, strict=True):
            alone = np.array([i])
            p, _ = self.values(alone, point.fixed, effects[None])
            person = i % self.n
            episodes = [e for e in self.dosed.episodes if e.individual == person]
            times, values = [], []
            for k, episode in enumerate(episodes):
                clock = self.table.clock[person, episode.first : episode.last] + episode.shift
                begin = float(clock[0]) if episode.shift else 0.0
                grid = np.linspace(begin, max(float(clock[-1]), begin + 1e-9), n)
                outcome = solve(
                    self.functions, p[:, k : k + 1], times=grid, engine=self.engine, rtol=1e-6, atol=self._atol
                )
                at = np.arange(n)[None]
                which = np.full((1, n), output)
                y = outcome.y.transpose(2, 0, 1)
                values.append(self._read(y, 0 * at, at, grid[None], which, p[:, k : k + 1])[0, 0])
                times.append(grid - episode.shift)
            rows.append((np.concatenate(times), np.concatenate(values)))
        return rows

    def _predict(self, who: Rows, fixed: Array, eta: Array, forward: ForwardSlopes | None = None) -> Array:
        """Return predictions, and their derivatives by the parameters of `forward`, (1 + n, n_rows, n_observations)."""
        table = self.table
        made, atol = (self.functions, self._atol) if forward is None else (forward.functions, forward.atol)
        read = self._read if forward is None else forward.reader
        p, runs = self.values(who, fixed, eta)
        self.rows_run += p.shape[1]
        person = who % self.n
        wanted = np.flatnonzero(self._needed[np.unique(person)].any(axis=0))
        outcome = solve(
            made, p, times=self.grid[wanted], engine=self.engine, rtol=self.rtol, atol=atol, max_steps=MAX_STEPS
        )
        self._count_failures(outcome)
        place = np.zeros(len(self.grid), np.intp)
        place[wanted] = np.arange(len(wanted))
        begin = np.searchsorted(runs, np.arange(len(who)))
        run = begin[:, None] + table.episode[person]
        y = outcome.y.transpose(2, 0, 1)
        f = read(y, run, place[table.time[person]], self.grid[table.time[person]], table.output[person], p)
        if self._counts:
            first = read(y, run, np.zeros_like(run), np.zeros(run.shape), table.output[person], p)
            previous = table.previous[person][None]
            before = np.where(previous >= 0, np.take_along_axis(f, np.maximum(previous, 0), axis=2), first)
            f = np.where(self._is_count[person], f - before, f)
        return self._inside(f, who, fixed, eta) if self._bounds else f

    def _count_failures(self, outcome: Outcome) -> None:
        failed = int(np.count_nonzero(outcome.status))
        if failed and not self.failure:
            self.failure = next(iter(outcome.reasons.values()), "")
        self.rows_failed += failed

    def _inside(self, f: Array, who: Rows, fixed: Array, eta: Array) -> Array:
        """Return predictions, NaN where an additive random effect leads outside a parameter's bounds."""
        values = self.individual_parameters(who, fixed, eta)
        bad = np.zeros(len(who), bool)
        for followers in self.structure.followers:
            for one in followers:
                bounds = self._bounds.get(self.structure.model.parameters[one.row].name)
                if one.scale == "linear" and bounds is not None:
                    bad |= (values[one.row] < bounds[0]) | (values[one.row] > bounds[1])
        return np.where(bad[None, :, None], np.nan, f)

    def _forward_slopes(self, outputs: Sequence[str]) -> ForwardSlopes | None:
        """Return what integrates derivatives along, where that is wanted and can be had; keep in words which it is."""
        forward: ForwardSlopes | str
        if self._asked == "differences":
            forward = "as asked for"
        else:
            atol = np.empty(0) if self._atol is None else self._atol
            forward = make_forward_slopes(self.structure, self.dosed.model, outputs, atol)
        if isinstance(forward, str):
            if self._asked == "exact":
                raise StudyError(f"{self.structure.model.name}: derivatives='exact': {forward}")
        elif self._asked == "auto" and self.engine != "compiled":
            forward = f"cheaper where engine '{self.engine}' computes the runs"
        elif self._asked == "auto" and choose_engine(forward.functions, MANY)[0] != "compiled":
            forward = "the model with its derivatives is too large to compile"
        if isinstance(forward, str):
            self.derivatives = f"differences of runs ({forward})"
            return None
        self.derivatives = "integrated along with the runs (forward sensitivities)"
        return forward

    def _tolerances(self) -> Array | None:
        """Return an absolute tolerance for each state from what typical individuals reach, (n_states,)."""
        who = self.rows.reshape(-1, self.n)[:, :20].ravel()
        point = self.structure.declared
        p, _ = self.values(who, point.fixed, np.zeros((len(who), self.structure.n_effects)))
        if not self.functions.program.states:
            return None
        outcome = solve(self.functions, p, times=np.linspace(0, self.grid[-1], 101)[1:], engine=self.engine, rtol=1e-6)
        with np.errstate(all="ignore"):
            largest = np.nanmax(np.abs(outcome.y), axis=(0, 2), initial=0.0)
        typical = np.array([s.typical for s in self.dosed.model.states])
        size = np.where(typical > 0, typical * 10, np.where(largest > 0, largest, 1.0))
        return np.asarray(self.rtol * SMALL * size)


def _steps(structure: Structure, k: int) -> tuple[float, float]:
    """Return the steps of first and second differences by a random effect."""
    first = structure.followers[k][0]
    if first.scale in ("log", "logit"):
        return STEP, FAR
    size = max(abs(first.declared), float(np.sqrt(structure.declared.omega[k, k])))
    return LINEAR_STEP * size, FAR * size
