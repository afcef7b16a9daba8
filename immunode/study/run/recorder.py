"""What a batch showed: quantities on the output grid and on both sides of every jump."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.program.numpy.functions import Functions
from immunode.study.lanes import widened

Array = NDArray[np.float64]
AT_ONCE = 4096
"""Moments of runs that quantities are computed at in one call; more leave the cache."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Values of quantities in order of time, run by run: outputs, and both sides of every jump.

    A jump counts from after the first output up to the last. Runs with fewer jumps repeat their first sample.

    t : shape (n_samples, n_runs), model time.
    segment : shape (n_samples, n_runs), how many jumps came before.
    values : by name, shape (n_samples, n_runs), in the quantity's unit.
    """

    t: Array
    segment: NDArray[np.intp]
    values: dict[str, Array]


@dataclass(slots=True)
class Recorder:
    """Listens to the jumps of a batch (`on_jump`), then puts them between the outputs (`samples`).

    names : quantities to record.   times : shape (n_times,), the output grid.
    values : shape (n_values, n_runs), what the batch was started with.
    both_sides : whether both sides of every jump are noted, for `samples`; else only what switches do, for `grid`.
    """

    functions: Functions
    values: Array
    times: Array
    names: Sequence[str]
    both_sides: bool = True
    lanes: list[NDArray[np.intp]] = field(default_factory=list)
    jump_times: list[Array] = field(default_factory=list)
    before: list[Array] = field(default_factory=list)
    after: list[Array] = field(default_factory=list)
    switches: Array = field(init=False)
    history: Array = field(init=False)
    rows: list[int] = field(init=False)

    def __post_init__(self) -> None:
        program = self.functions.program
        known = {name: row for row, name in enumerate((*program.quantities, *program.switches))}
        self.rows = [known[name] for name in self.names]
        with np.errstate(all="ignore"):
            self.switches = self._parameters()[self._declared :].copy()
        n_switches, n_runs = self.switches.shape
        self.history = np.empty((len(self.times) if n_switches else 0, n_switches, n_runs))
        self._begin(np.arange(n_runs))

    def _begin(self, runs: NDArray[np.intp]) -> None:
        if len(self.history):
            self.history[:, :, runs] = np.nan
            self.history[0][:, runs] = self.switches[:, runs]

    def _parameters(self) -> Array:
        return self.functions.parameters(widened(self.values))[:, : self.values.shape[1]].copy()

    @property
    def _declared(self) -> int:
        return len(self.functions.program.values)

    def on_jump(self, lanes: NDArray[Any], t: Any, y_before: Array, y_after: Array, p: Array) -> None:
        """Note jumps of some runs; the signature that solvers call.

        lanes : shape (n_lanes,), which runs; one may come several times, in order.   t : a number or shape (n_lanes,).
        y_before, y_after : shape (n_states, n_lanes).   p : shape (n_parameters, n_lanes), after the jump.
        """
        lanes = np.asarray(lanes)
        when = np.array(np.broadcast_to(np.asarray(t, float), lanes.shape))
        if self.both_sides:
            self.lanes.append(lanes.copy())
            self.jump_times.append(when)
            self.before.append(np.concatenate([y_before, self._switches_before(lanes, p)]))
            self.after.append(np.concatenate([y_after, p[self._declared :]]))
        last = _last(lanes)
        self.switches[:, lanes[last]] = p[self._declared :, last]
        if len(self.history):
            k = np.searchsorted(self.times, when, side="left")
            seen = np.flatnonzero(k < len(self.times))
            seen = seen[_last(k[seen] * self.values.shape[1] + lanes[seen])]
            self.history[k[seen], :, lanes[seen]] = p[self._declared :, seen].T

    def _switches_before(self, lanes: NDArray[np.intp], p: Array) -> Array:
        """Return the switches before each of some jumps, (n_switches, n_lanes): those after a run's jump before it."""
        before = self.switches[:, lanes]
        order = np.argsort(lanes, kind="stable")
        again = np.flatnonzero(lanes[order[1:]] == lanes[order[:-1]])
        before[:, order[again + 1]] = p[self._declared :, order[again]]
        return before

    def on_restart(self, runs: NDArray[np.intp]) -> None:
        """Forget the jumps of runs that begin anew."""
        for k, lanes in enumerate(self.lanes):
            kept = ~np.isin(lanes, runs)
            if not kept.all():
                self.lanes[k], self.jump_times[k] = lanes[kept], self.jump_times[k][kept]
                self.before[k], self.after[k] = self.before[k][:, kept], self.after[k][:, kept]
        with np.errstate(all="ignore"):
            self.switches[:, runs] = self._parameters()[self._declared :, runs]
        self._begin(runs)

    def grid(self, y: Array) -> Array:
        """Return the recorded names on the output grid, shape (n_names, n_times, n_runs).

        y : shape (n_times, n_states, n_runs), NaN where a run had failed; so is what is returned.
        """
        # what fails stays NaN to the end
        failed = np.flatnonzero(np.isnan(y[-1]).any(axis=0))
        gone = np.isnan(y[:, :, failed]).any(axis=1)
        if all(row < y.shape[1] for row in self.rows):
            out = np.empty((len(self.names), len(self.times), y.shape[2]))
            for i, row in enumerate(self.rows):
                out[i] = y[:, row]
        else:
            # an engine may have written runs one after the other
            out = self._observed(np.ascontiguousarray(y))
        out[:, :, failed] = np.where(gone, np.nan, out[:, :, failed])
        return out

    def _observed(self, y: Array) -> Array:
        """Return the recorded names of y (n_times, n_states, n_runs) on the output grid, as `grid` does."""
        (n_times, _, n_runs), history = y.shape, self.history
        for k in range(1, len(history)):
            history[k] = np.where(np.isnan(history[k]), history[k - 1], history[k])
        out = np.empty((len(self.names), n_times, n_runs))
        size = max(1, AT_ONCE // n_runs)
        for first in range(0, n_times, size):
            some = slice(first, min(first + size, n_times))
            n = some.stop - first
            states = y[some].transpose(1, 0, 2).reshape(y.shape[1], n * n_runs)
            told = history[some] if len(history) else np.empty((n, 0, n_runs))
            switches = told.transpose(1, 0, 2).reshape(told.shape[1], n * n_runs)
            lanes = np.tile(np.arange(n_runs), n)
            seen = self._observe(np.repeat(self.times[some], n_runs), states, switches, lanes)
            out[:, some] = seen.reshape(-1, n, n_runs)
        return out

    def samples(self, grid: Array) -> Samples:
        """Return outputs and jumps merged. grid : as `grid` returns it."""
        n_times, n_runs = grid.shape[1:]
        lanes, when, before, after = self._jumps(len(grid))
        by_lane = np.argsort(lanes, kind="stable")
        lanes, when, before, after = lanes[by_lane], when[by_lane], before[:, by_lane], after[:, by_lane]
        counts = np.bincount(lanes, minlength=n_runs)
        place = np.arange(len(lanes)) - np.repeat(np.cumsum(counts) - counts, counts)
        most = int(counts.max(initial=0))
        t = np.broadcast_to(self.times[:, None], (n_times, n_runs))
        if not most:
            named = dict(zip(self.names, grid, strict=True))
            return Samples(t, np.zeros((n_times, n_runs), np.intp), named)
        jumps_t = np.full((2 * most, n_runs), self.times[0])
        jumps_t[2 * place, lanes] = when
        jumps_t[2 * place + 1, lanes] = when
        landed = np.zeros((2 * most + n_times, n_runs), np.intp)
        landed[2 * place + 1, lanes] = 1
        # jumps stand before outputs, so that a stable sort puts them first at equal times
        order = np.argsort(np.concatenate([jumps_t, t]), axis=0, kind="stable")
        values = {}
        for i, name in enumerate(self.names):
            jumps = np.repeat(grid[i, :1], 2 * most, axis=0)
            jumps[2 * place, lanes] = before[i]
            jumps[2 * place + 1, lanes] = after[i]
            values[name] = np.take_along_axis(np.concatenate([jumps, grid[i]]), order, axis=0)
        segment = np.cumsum(np.take_along_axis(landed, order, axis=0), axis=0)
        return Samples(np.take_along_axis(np.concatenate([jumps_t, t]), order, axis=0), segment, values)

    def _jumps(self, n_names: int) -> tuple[NDArray[np.intp], Array, Array, Array]:
        """Return lanes, times and values (n_names, n_jumps) of the jumps inside the grid."""
        if not self.lanes:
            return np.empty(0, np.intp), np.empty(0), np.empty((n_names, 0)), np.empty((n_names, 0))
        lanes, when = np.concatenate(self.lanes), np.concatenate(self.jump_times)
        inside = (when > self.times[0]) & (when <= self.times[-1])
        lanes, when = lanes[inside], when[inside]
        n_states, n = len(self.functions.program.states), len(lanes)
        sides = []
        for side in (self.before, self.after):
            told, at = np.concatenate(side, axis=1)[:, inside], np.empty((n_names, n))
            for first in range(0, n, AT_ONCE):
                some = slice(first, first + AT_ONCE)
                at[:, some] = self._observe(when[some], told[:n_states, some], told[n_states:, some], lanes[some])
            sides.append(at)
        return lanes, when, sides[0], sides[1]

    def _observe(self, t: Array, y: Array, switches: Array, lanes: NDArray[np.intp]) -> Array:
        """Return the recorded names at any moments of any runs, shape (n_names, n).

        t, lanes : shape (n,).   y : shape (n_states, n).   switches : shape (n_switches, n).
        """
        program = self.functions.program
        n_states, n_quantities, n = len(program.states), len(program.quantities), len(t)
        out = np.empty((len(self.rows), n))
        seen = None
        for i, row in enumerate(self.rows):
            if row < n_states:
                out[i] = y[row]
            elif row >= n_quantities:
                out[i] = switches[row - n_quantities]
            else:
                if seen is None:
                    p = np.concatenate([self.values[:, lanes], switches])
                    with np.errstate(all="ignore"):
                        seen = self.functions.observe(widened(t), widened(y), widened(p))[:, :n]
                out[i] = seen[row - n_states]
        return out


def _last(keys: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return where each of some keys stands for the last time."""
    return np.asarray(len(keys) - 1 - np.unique(keys[::-1], return_index=True)[1])
