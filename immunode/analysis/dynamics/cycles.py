"""Stable cycles beside Hopf points: reached by integration, then closed exactly by Newton's method on the return map.

Source: Kuznetsov 2004, sections 3.4 and 10.1, doi:10.1007/978-1-4757-3978-7
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.dynamics.bifurcation_points import BifurcationPoint, SteadyEquations
from immunode.analysis.dynamics.branches import Branch
from immunode.analysis.dynamics.system import Autonomous, in_own_time
from immunode.solve import solve
from immunode.solve.steady.search import newton

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]

TURNS, MOST_TURNS = 40.0, 400.0
"""Periods of the unstable spiral for which runs are left to come to the cycle."""
SAMPLES = 1024
CLOSED = 1e-7
"""A cycle is closed where it returns to within this part of its size."""
RTOL = 1e-10
DIFFERENCE = 1e-5


class Run(Protocol):
    """Integrates lanes from y (n_moving, n) over spans (n,); returns courses (n_times, n_moving, n) at parts of it."""

    def __call__(
        self, y: Array, span: Array, times: Array, lanes: NDArray[np.intp] | slice = ..., rtol: float = ...
    ) -> Array: ...


@dataclass(frozen=True, eq=False)
class Cycles:
    """Stable cycles at values of a parameter, rising.

    Attributes
    ----------
    parameter, period : ndarray
        shape (n,).
    low, high : ndarray
        shape (n_states, n), the extremes of each state on the cycle.
    multiplier : ndarray
        shape (n,), size of the largest Floquet multiplier but the trivial one; below 1 is stable.
    born : tuple[BifurcationPoint, ...]
        the Hopf points at the ends of the family.
    """

    parameter: Array
    period: Array
    low: Array
    high: Array
    multiplier: Array
    born: tuple[BifurcationPoint, ...] = ()

    def extremes(self, state: int, name: str) -> tuple[Array, Array, Array]:
        """Return (parameter, least, greatest) of a state, shapes (n,); cycles have no size at Hopf points."""
        ends = [(p.parameter, p.values[name], p.values[name]) for p in self.born]
        rows = [*zip(self.parameter, self.low[state], self.high[state], strict=True), *ends]
        x, low, high = np.array(sorted(rows), dtype=float).T
        return x, low, high

    def table(self, parameter: str, states: Sequence[str]) -> pd.DataFrame:
        """Return one row a cycle."""
        import pandas as pd

        columns = {parameter: self.parameter, "period": self.period}
        for i, name in enumerate(states):
            columns |= {f"least {name}": self.low[i], f"greatest {name}": self.high[i]}
        return pd.DataFrame(columns | {"multiplier": self.multiplier})

    def words(self, parameter: str, time_unit: str) -> str:
        """Return the family in one line."""
        first, last = (f"{v:.4g}" for v in self.parameter[[0, -1]])
        ends = f"{self.period[0]:.4g} to {self.period[-1]:.4g} {time_unit}".rstrip()
        return f"{len(self.parameter)} stable cycles for {parameter} from {first} to {last}, period {ends}"


def families_near(
    equations: SteadyEquations,
    branches: Sequence[Branch],
    points: Sequence[BifurcationPoint],
    n: int,
    engine: str,
) -> tuple[tuple[Cycles, ...], list[str]]:
    """Return the families of stable cycles where branches lose stability at a Hopf point, and what to know of them."""
    families, notes = [], []
    for number, branch in enumerate(branches):
        for parameter, states, born in _stretches(equations, branch, [p for p in points if p.branch == number], n):
            family = _family(equations, parameter, states, engine)
            name = equations.system.program.parameters[equations.row]
            if family is not None:
                families.append(replace(family, born=born))
            missed = len(parameter) - (0 if family is None else len(family.parameter))
            if missed:
                where = f"{name} from {parameter.min():.4g} to {parameter.max():.4g}"
                notes.append(f"no stable cycle reached at {missed} of {len(parameter)} values of {where}")
    return tuple(families), notes


def _stretches(
    equations: SteadyEquations, branch: Branch, points: Sequence[BifurcationPoint], n: int
) -> list[tuple[Array, Array, tuple[BifurcationPoint, ...]]]:
    """Return (parameter, moving states, Hopf points) along the parts of a branch that are unstable by a pair.

    They begin or end at a Hopf point.
    """
    unstable = (branch.eigenvalues.real > 0).sum(axis=1) >= 2
    edges = np.flatnonzero(np.diff(unstable.astype(int)))
    runs = np.split(np.arange(len(unstable)), edges + 1)
    stretches = []
    for run in runs:
        if not unstable[run[0]] or len(run) < 2:
            continue
        wide = np.arange(max(run[0] - 1, 0), min(run[-1] + 2, len(unstable)))
        low, high = branch.parameter[wide].min(), branch.parameter[wide].max()
        born = [p for p in points if p.kind == "Hopf" and low <= p.parameter <= high]
        if not born:
            continue
        places = 0.5 * (1 - np.cos(np.pi * (np.arange(n) + 0.5) / n))
        within = np.append(branch.parameter[run], [p.parameter for p in born])
        ends = [equations.unknown(v) for v in (within.min(), within.max())]
        unknown = ends[0] + (ends[1] - ends[0]) * places
        along = np.array([equations.unknown(v) for v in branch.parameter[wide]])
        order = np.argsort(along, kind="stable")
        guess = np.stack([np.interp(unknown, along[order], row[order]) for row in branch.states[:, wide]])
        c, sums = equations.lanes(unknown)
        system = equations.system
        free = system.reduction.free
        typical = np.repeat(equations.typical[:, None], n, axis=1)
        never = np.zeros((len(free), 1), dtype=bool)
        x, good = newton(system, guess[free], sums, c, typical, "bold", never)
        y = system.reduction.spread(x, sums)
        parameter = np.exp(unknown) if equations.log else unknown
        stretches.append((parameter[good], y[:, good], tuple(born)))
    return stretches


def _family(equations: SteadyEquations, parameter: Array, steady: Array, engine: str) -> Cycles | None:
    """Return the cycles that integrations from beside unstable states come to; None where none does."""
    if not len(parameter):
        return None
    system = equations.system
    moving = system.reduction.moving
    functions = in_own_time(system)
    unknown = np.log(parameter) if equations.log else parameter
    values = np.repeat(equations.values, len(parameter), axis=1)
    values[equations.row] = parameter
    c, sums = equations.lanes(unknown)
    size = np.abs(steady) + 1e-2 * system.size(equations.values)
    begin, period, growth = _starts_near(equations, steady, c, sums, size)

    def run(
        y: Array, span: Array, times: Array, lanes: NDArray[np.intp] | slice = slice(None), rtol: float = RTOL
    ) -> Array:
        atol = np.full((len(system.program.states), y.shape[1]), 1.0)
        atol[moving] = rtol * 1e-3 * size[:, lanes]
        rows = np.concatenate([values[:, lanes], span[None]])
        batch = solve(functions, rows, times=times, initial=system.whole(y), engine=engine, rtol=rtol, atol=atol)
        return np.asarray(batch.y[:, moving])

    turns = np.clip(25.0 / (growth * period), TURNS, MOST_TURNS)
    late = run(begin, turns * period, np.array([1.0]), rtol=1e-8)[0]
    y, period, turning = _first_return(run, late, period, size)
    if not turning.any():
        return None
    good, spectral = turning.copy(), np.full(len(parameter), np.nan)
    lanes = np.flatnonzero(turning)
    y, period, closed, multiplier = _close(system, run, y, period, sums, c, size, lanes)
    good[lanes] = closed
    spectral[lanes] = multiplier
    # near a Hopf point Newton's method may close on the state itself
    kept = np.flatnonzero(good & (spectral < 1 + 1e-4))
    if not kept.size:
        return None
    course = run(y[:, kept], period[kept], np.linspace(0.0, 1.0, SAMPLES + 1), kept)
    low, high = -_crest(-course), _crest(course)
    # a state that stays at 0 is 0, whatever rounding leaves
    low, high = (np.where(np.abs(v) < 1e-12 * size[:, kept], 0.0, v) for v in (low, high))
    real = np.max((high - low) / size[:, kept], axis=0) > 1e-4
    kept, low, high = kept[real], low[:, real], high[:, real]
    if not kept.size:
        return None
    return Cycles(parameter[kept], period[kept], low, high, spectral[kept])


def _starts_near(
    equations: SteadyEquations, steady: Array, c: Array, sums: Array, size: Array
) -> tuple[Array, Array, Array]:
    """Return starts beside unstable states, along the leading eigenvector, the periods there and growth rates."""
    system = equations.system
    jacobian = system.reduced_slopes(steady[system.reduction.free], sums, c)
    period, growth, begin = np.empty(steady.shape[1]), np.empty(steady.shape[1]), steady.copy()
    for k, matrix in enumerate(jacobian):
        values, vectors = np.linalg.eig(matrix)
        i = int(np.argmax(values.real))
        period[k] = 2 * np.pi / max(abs(values[i].imag), abs(values[i]) * 0.1)
        growth[k] = max(float(values[i].real), 1e-12)
        step = system.reduction.spread(np.real(vectors[:, [i]]), np.zeros((len(sums), 1)))[:, 0]
        step *= 0.02 / np.max(np.abs(step) / size[:, k])
        begin[:, k] = np.where(steady[:, k] >= 0, np.maximum(steady[:, k] + step, 0.0), steady[:, k] + step)
    return begin, period, growth


def _first_return(run: Run, late: Array, period: Array, size: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Return points on the orbits, times to the next upward passage through the mean, and whether they turn at all."""
    # from here on the orbit's own extent counts: `size` grows in place
    y, turning = late.copy(), np.zeros(late.shape[1], dtype=bool)
    period = period.copy()
    for longer in (3.0, 12.0, 60.0):
        lanes = np.flatnonzero(~turning & np.isfinite(late).all(axis=0))
        if not lanes.size:
            break
        times = np.linspace(0.0, 1.0, 1201)
        course = run(late[:, lanes], longer * period[lanes], times, lanes, rtol=1e-8)
        for k, lane in enumerate(lanes):
            track = course[:, :, k] / size[:, lane]
            if not np.isfinite(track).all():
                continue
            i = int(np.argmax(np.ptp(track, axis=0)))
            if np.ptp(track[:, i]) < 1e-4:
                continue
            above = track[:, i] - 0.5 * (track[:, i].max() + track[:, i].min())
            up = np.flatnonzero((above[:-1] < 0) & (above[1:] >= 0))
            if len(up) < 2:
                continue
            crossing = up + above[up] / (above[up] - above[up + 1])
            period[lane] = (crossing[-1] - crossing[-2]) / 1200 * longer * period[lane]
            y[:, lane] = course[up[-2], :, k]
            size[:, lane] = np.maximum(size[:, lane], np.ptp(course[:, :, k], axis=0))
            turning[lane] = True
    return y, period, turning


def _close(
    system: Autonomous, run: Run, y: Array, period: Array, sums: Array, c: Array, size: Array, lanes: NDArray[np.intp]
) -> tuple[Array, Array, NDArray[np.bool_], Array]:
    """Return closed cycles: points, periods, whether they closed, and the largest multiplier but the trivial one."""
    free, n = system.reduction.free, system.n_free
    y, period = y.copy(), period.copy()
    closed, multiplier = np.zeros(len(lanes), dtype=bool), np.full(len(lanes), np.nan)
    for _ in range(12):
        todo = np.flatnonzero(~closed)
        if not todo.size:
            break
        which = lanes[todo]
        x, scale = y[free][:, which], size[free][:, which]
        # column 0 is the orbit itself, the others begin beside it
        nearby = np.repeat(x[:, :, None], n + 1, axis=2)
        nearby[np.arange(n), :, np.arange(1, n + 1)] += DIFFERENCE * scale
        wide = np.repeat(which, n + 1)
        full = system.reduction.spread(nearby.reshape(n, -1), sums[:, wide])
        ends = run(full, period[wide], np.array([1.0]), wide)[0][free]
        ends = ends.reshape(n, len(which), n + 1)
        there = system.reduction.spread(ends[:, :, 0], sums[:, which])
        slope = system.field(y[:, which], c[:, which])[free]
        speed = system.field(there, c[:, which])[free]
        for k, lane in enumerate(which):
            turned = (ends[:, k, 1:] - ends[:, k, :1]) / (DIFFERENCE * scale[:, k]) / scale[:, [k]] * scale[:, k]
            gap = (ends[:, k, 0] - x[:, k]) / scale[:, k]
            pace, here = speed[:, k] / scale[:, k] * period[lane], slope[:, k] / scale[:, k]
            matrix = np.zeros((n + 1, n + 1))
            matrix[:n, :n], matrix[:n, n] = turned - np.eye(n), pace
            matrix[n, :n] = here / max(float(np.linalg.norm(here)), 1e-300)
            if not (np.isfinite(matrix).all() and np.isfinite(gap).all()):
                continue
            step = np.linalg.lstsq(matrix, -np.append(gap, 0.0), rcond=None)[0]
            if float(np.max(np.abs(gap))) < CLOSED and abs(step[n]) < CLOSED:
                closed[todo[k]] = True
                multiplier[todo[k]] = _largest(np.linalg.eigvals(turned))
                continue
            step /= max(1.0, float(np.max(np.abs(step))) / 0.3)
            y[:, lane] = system.reduction.spread((x[:, k] + step[:n] * scale[:, k])[:, None], sums[:, [lane]])[:, 0]
            period[lane] *= 1.0 + step[n]
    return y, period, closed, multiplier


def _largest(multipliers: NDArray[np.complex128]) -> float:
    """Return the size of the largest multiplier, the one nearest to 1 (along the cycle) left out."""
    others = np.delete(multipliers, int(np.argmin(np.abs(multipliers - 1))))
    return float(np.max(np.abs(others), initial=0.0))


def _crest(course: Array) -> Array:
    """Return the maximum over a closed course (n_times, n_states, n), with parabolas between samples."""
    ring = course[:-1]
    i = np.argmax(ring, axis=0)
    left, middle, right = (np.take_along_axis(ring, ((i + k) % len(ring))[None], axis=0)[0] for k in (-1, 0, 1))
    bend = left - 2 * middle + right
    with np.errstate(all="ignore"):
        rise = np.where(bend < 0, -((right - left) ** 2) / (8 * bend), 0.0)
    return np.asarray(middle + rise)
