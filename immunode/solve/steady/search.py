"""All steady states that many starts lead to: Newton's method for many runs at once, with known ones taken out."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature

import numpy as np
from numpy.typing import NDArray

from immunode.solve.steady.linear import solve_each_scaled
from immunode.solve.steady.system import SteadySystem

Array = NDArray[np.float64]

STEPS = 60
SAME = 1e-5
"""Two states are one where they differ by less than this part of their size."""
DONE = 1e-10
"""Newton's last step, as a part of each state."""
LONGEST = 3.0
"""The longest step, in typical sizes or in parts of the state, whichever is longer."""


def starting_points(
    start: Array,
    course: Array,
    size: Array,
    bounds: Mapping[int, tuple[float, float]],
    n: int,
    seed: int,
) -> Array:
    """Return where Newton's method begins, (n_moving, n_starts, n_runs).

    Log-spaced points, half over six decades around the sizes met, half up to nine decades above, the same with
    some states at 0, the start, the course of an integration and its mean, and start and end with one state at 0;
    states with bounds are uniform inside them.
    bounds : position of a moving state -> (low, high).   start, size : (n_moving, n_runs).
    course : (n_times, n_moving, n_runs), NaN where the integration failed.
    """
    from scipy.stats import qmc

    n_moving, runs = start.shape
    unit = qmc.Sobol(2 * n_moving, rng=seed) if _takes_rng() else qmc.Sobol(2 * n_moving, seed=seed)
    points = unit.random(1 << max(0, (n - 1)).bit_length())[:n].T[:, :, None]
    middle = np.maximum.reduce([size, np.abs(start), np.nan_to_num(np.abs(course)).max(axis=0)])[:, None, :]
    decades = np.where(np.arange(n) % 4 < 2, 6.0, 12.0)[None, :, None]
    spread = middle * 10.0 ** (decades * points[:n_moving] - 3)
    zero = (points[n_moving:] < 0.25) & (np.arange(n) % 2 == 1)[None, :, None]
    spread = np.where(zero, 0.0, spread)
    corners = np.repeat(start[:, None, :], n_moving, axis=1)
    corners[np.arange(n_moving), np.arange(n_moving)] = 0.0
    for i, (low, high) in bounds.items():
        spread[i] = low + (high - low) * np.broadcast_to(points[i], (n, runs))
    course = np.where(np.isfinite(course), course, start)
    anchors = np.stack([start, np.zeros_like(start), course.mean(axis=0), *course], axis=1)
    ends = np.repeat(course[-1][:, None, :], n_moving, axis=1)
    ends[np.arange(n_moving), np.arange(n_moving)] = 0.0
    return np.concatenate([anchors, corners, ends, spread], axis=1)


def _takes_rng() -> bool:
    from scipy.stats import qmc

    return "rng" in signature(qmc.Sobol).parameters


def find_all(system: SteadySystem, c: Array, sums: Array, size: Array, begin: Array, lowest: Array) -> list[Array]:
    """Return for each run its steady states, (n_moving, n_found).

    c : prepared values (n_prepared, n_runs).   sums : (n_totals, n_runs).   size : (n_moving, n_runs).
    begin : (n_moving, n_starts, n_runs).   lowest : (n_moving, 1), below which a state does not count.
    """
    n_moving, n_starts, n_runs = begin.shape
    run = np.tile(np.arange(n_runs), n_starts)
    known: list[list[Array]] = [[] for _ in range(n_runs)]
    free = system.reduction.free
    x0 = begin.reshape(n_moving, -1)[free]
    for way in ("bounded", "bold", "logarithmic"):
        x, good = newton(system, x0, sums[:, run], c[:, run], size[free][:, run], way, lowest[free] >= 0)
        _sort_in(system, x, good, run, sums, size, lowest, known)
    for _ in range(4):
        before = sum(map(len, known))
        most = max(map(len, known))
        if not most:
            break
        roots = np.full((most, len(free), n_runs), np.nan)
        for column, states in enumerate(known):
            for k, y in enumerate(states):
                roots[k, :, column] = y[free]
        args = (sums[:, run], c[:, run], size[free][:, run], "bounded", lowest[free] >= 0)
        x, good = newton(system, x0, *args, roots=roots[:, :, run])
        _sort_in(system, x, good, run, sums, size, lowest, known)
        if sum(map(len, known)) == before:
            break
    return [np.stack(states, axis=1) if states else np.empty((n_moving, 0)) for states in known]


def newton(
    system: SteadySystem,
    x: Array,
    sums: Array,
    c: Array,
    size: Array,
    way: str,
    positive: NDArray[np.bool_],
    roots: Array | None = None,
) -> tuple[Array, NDArray[np.bool_]]:
    """Return where Newton's method ends from x (n_free, n), and whether that is a zero of the field.

    way : "bold", full steps; "bounded", where positive states lose at most 90 % in a step and steps are bounded;
        "logarithmic", where positive states grow or shrink by the factor exp(step/state), at most exp(2).
    positive : (n_free, 1), states that can't be negative.
    roots : (n_roots, n_free, n), NaN where there is none: zeros already known, taken out by deflation.
        Source: Farrell, Birkisson & Funke 2015, doi:10.1137/140984798
    """
    x = x.copy()
    n = x.shape[1]
    good = np.zeros(n, dtype=bool)
    active = np.arange(n)
    for _ in range(STEPS):
        if not active.size:
            break
        here = x[:, active]
        f = system.reduced_field(here, sums[:, active], c[:, active])
        jacobian = system.reduced_slopes(here, sums[:, active], c[:, active])
        with np.errstate(all="ignore"):
            step = -solve_each_scaled(jacobian, f)
            scale = np.abs(here) + 1e-3 * size[:, active]
            small = np.abs(step) <= DONE * scale
            full = step
            if roots is not None:
                step = step * _deflation(here, step, roots[:, :, active], scale)
            if way == "logarithmic":
                grown = here * np.exp(np.clip(step / np.where(here > 0, here, 1.0), -2.0, 2.0)) - here
                step = np.where(positive & (here > 0), grown, step)
            elif way == "bounded":
                longest = np.max(np.abs(step) / (LONGEST * np.maximum(np.abs(here), size[:, active])), axis=0)
                step = step / np.maximum(1.0, longest)
                step = np.where(positive & (here > 0) & (here + step < 0.1 * here), -0.9 * here, step)
        arrived = small.all(axis=0) & np.isfinite(full).all(axis=0)
        x[:, active] = here + np.where(arrived, full, step)
        good[active[arrived]] = True
        lost = ~np.isfinite(x[:, active]).all(axis=0) | (np.abs(x[:, active]) > 1e12 * size[:, active]).any(axis=0)
        active = active[~arrived & ~lost]
    return x, good


def _deflation(x: Array, step: Array, roots: Array, scale: Array) -> Array:
    """Return by what Newton's step is multiplied once known roots are taken out with the factor 1/distance**2 + 1."""
    total = np.zeros(x.shape[1])
    for root in roots:
        gap = (x - root) / scale
        square = np.sum(gap * gap, axis=0)
        change = -2.0 * np.sum(gap * step / scale, axis=0) / (square * square) / (1.0 + 1.0 / square)
        total += np.where(np.isfinite(change), change, 0.0)
    factor = 1.0 / (1.0 - total)
    return np.where(np.isfinite(factor), np.clip(factor, -1e3, 1e3), 1.0)


def _sort_in(
    system: SteadySystem,
    x: Array,
    good: NDArray[np.bool_],
    runs: NDArray[np.intp],
    sums: Array,
    size: Array,
    lowest: Array,
    known: list[list[Array]],
) -> None:
    """Add the ends that are new, and inside the bounds, to what is known of each run."""
    some = np.flatnonzero(good)
    y = system.reduction.spread(x[:, some], sums[:, runs[some]])
    tiny = 1e-9 * size[:, runs[some]]
    y = np.where(np.abs(y) < tiny, np.where(lowest == 0, 0.0, y), y)
    inside = (y >= lowest - tiny).all(axis=0)
    for k in np.flatnonzero(inside):
        run = int(runs[some[k]])
        scale = np.abs(y[:, k]) + 1e-3 * size[:, run]
        if all(np.max(np.abs(other - y[:, k]) / scale) > SAME for other in known[run]):
            known[run].append(y[:, k])
