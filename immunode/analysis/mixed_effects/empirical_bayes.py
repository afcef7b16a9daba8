"""The most probable random effects of each individual (empirical Bayes estimates), all found in lockstep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.observation_table import Rows
from immunode.analysis.mixed_effects.predictions import Predictions
from immunode.analysis.mixed_effects.residual_error import (
    curvature,
    minus_log_density,
    slope_and_weight,
    variance,
)
from immunode.analysis.mixed_effects.structure import Point

Array = NDArray[np.float64]
ENOUGH = 1e-11
"""A search ends where the next step promises to lower -log p by less."""
MOST_ROUNDS, EXPECTED_ROUNDS = 100, 6
"""Rounds of a search, and those of them that take expected second derivatives."""


@dataclass(frozen=True, slots=True)
class Modes:
    """Where searches ended; the first axis is the rows that were asked for.

    who : (n_rows,), of `Predictions.rows`.
    eta : (n_rows, n_effects).   value : -log p(y | eta) + eta' Omega^-1 eta / 2, (n_rows,), infinite where all failed.
    f : (n_rows, n_observations).   slopes : (n_rows, n_effects, n_observations).
    hessian : expected second derivatives of `value`, (n_rows, n_effects, n_effects).   converged : (n_rows,).
    """

    who: Rows
    eta: Array
    value: Array
    f: Array
    slopes: Array
    hessian: Array
    gradient: Array
    converged: NDArray[np.bool_]


def conditional_modes(
    predict: Predictions, who: Rows, point: Point, start: Array, *, interaction: bool = True, enough: float = ENOUGH
) -> Modes:
    """Return the modes for rows of individuals.

    who : (n_rows,).   point : leading (n_rows,) or none.   start : (n_rows, n_effects).
    interaction : whether the error's variance follows the random effects, or is that at random effects of 0.

    Gauss-Newton steps with the damping of Levenberg and Marquardt, each row on its own; later steps are quasi-Newton
    (BFGS), since expected second derivatives are far off where an individual fits badly.
    """
    inverse: Array = np.asarray(np.linalg.inv(point.omega), float)
    frozen = None if interaction else _variance_at_zero(predict, who, point)
    now = _look(predict, who, point, inverse, np.array(start, float), frozen)
    lost = np.flatnonzero(~np.isfinite(now.value))
    if lost.size:
        again = _look(
            predict, who[lost], _some(point, lost), _part(inverse, lost), 0 * start[lost], _part2(frozen, lost)
        )
        _put(now, lost, again)
    damping = np.full(len(who), 1e-4)
    active = np.flatnonzero(np.isfinite(now.value))
    model = now.hessian.copy()
    for turn in range(MOST_ROUNDS):
        if not active.size:
            break
        h, g = model[active], now.gradient[active]
        scaled = h + damping[active, None, None] * np.einsum("nii->ni", h)[:, :, None] * np.eye(h.shape[1])
        step = -np.linalg.solve(scaled, g[..., None])[..., 0]
        promised = -np.einsum("ni,ni->n", g, step) / 2
        done = promised < enough
        now.converged[active[done]] = True
        active, step = active[~done], step[~done]
        if not active.size:
            break
        trial = _look(
            predict, who[active], _some(point, active), _part(inverse, active), now.eta[active] + step,
            _part2(frozen, active),
        )  # fmt: skip
        better = trial.value <= now.value[active] + 1e-13 * np.abs(now.value[active])
        moved = active[better]
        if turn < EXPECTED_ROUNDS:
            model[moved] = trial.hessian[better]
        else:
            model[moved] = _bfgs(model[moved], step[better], trial.gradient[better] - now.gradient[moved])
        _put(now, moved, trial, better)
        damping[active] = np.where(better, np.maximum(damping[active] / 10, 1e-12), damping[active] * 8)
        # noise of the runs: no step helps any more
        stuck = damping[active] > 1e9
        now.converged[active[stuck]] = promised[~done][stuck] < 1e-6
        active = active[~stuck]
    return now


def from_many_starts(
    predict: Predictions, who: Rows, point: Point, starts: Array, *, interaction: bool = True
) -> Modes:
    """Return the best of several searches for each row. starts : (n_starts, n_rows, n_effects)."""
    n = len(who)
    rows = np.tile(np.arange(n), len(starts))
    found = conditional_modes(
        predict, who[rows], _some(point, rows), starts.reshape(-1, starts.shape[-1]), interaction=interaction
    )
    best = np.argmin(found.value.reshape(len(starts), n), axis=0) * n + np.arange(n)
    return some_modes(found, best)


def some_modes(found: Modes, rows: Rows) -> Modes:
    """Return the modes of some rows."""
    return Modes(*(getattr(found, name)[rows] for name in Modes.__dataclass_fields__))


def full_hessian(predict: Predictions, who: Rows, point: Point, modes: Modes) -> Array:
    """Return the second derivatives of -log p(y, eta) at modes, (n_rows, n_effects, n_effects): true Laplace."""
    o = predict.observed(who, point)
    slope, _ = slope_and_weight(o, modes.f)
    bend = curvature(o, modes.f)
    second = predict.curvatures(who, point, modes.eta)
    second = np.where(o.used[:, None, None], second, 0.0)
    h = np.einsum("nj,naj,nbj->nab", bend, modes.slopes, modes.slopes) + np.einsum("nj,nabj->nab", slope, second)
    return np.asarray(h + np.linalg.inv(point.omega))


def _bfgs(model: Array, step: Array, change: Array) -> Array:
    """Return second derivatives updated by the change of the gradient along a step, where that is upward."""
    along = np.einsum("ni,ni->n", step, change)
    pushed = np.einsum("nij,nj->ni", model, step)
    length = np.einsum("ni,ni->n", step, pushed)
    good = along > 1e-8 * length
    safe, size = np.where(good, along, 1.0)[:, None, None], np.where(good, length, 1.0)[:, None, None]
    updated = model + change[:, :, None] * change[:, None, :] / safe - pushed[:, :, None] * pushed[:, None, :] / size
    return np.where(good[:, None, None], updated, model)


def _look(predict: Predictions, who: Rows, point: Point, inverse: Array, eta: Array, frozen: Array | None) -> Modes:
    """Return everything at `eta`."""
    f, slopes = predict.with_slopes(who, point, eta)
    o = predict.observed(who, point)
    prior = np.einsum("...ij,nj->ni", inverse, eta) if inverse.ndim == 2 else np.einsum("nij,nj->ni", inverse, eta)
    value = minus_log_density(o, f, frozen).sum(axis=1) + 0.5 * (prior * eta).sum(axis=1)
    slope, weight = slope_and_weight(o, f, frozen)
    slopes = np.where(o.used[:, None, :], slopes, 0.0)
    gradient = np.einsum("nj,naj->na", slope, slopes) + prior
    hessian = np.einsum("nj,naj,nbj->nab", weight, slopes, slopes) + inverse
    bad = ~(np.isfinite(value) & np.isfinite(gradient).all(axis=1) & np.isfinite(hessian).all(axis=(1, 2)))
    value = np.where(bad, np.inf, value)
    gradient, hessian = (
        np.where(bad[:, None], 0.0, gradient),
        np.where(bad[:, None, None], np.eye(eta.shape[1]), hessian),
    )
    return Modes(who, eta, value, f, slopes, hessian, gradient, np.zeros(len(who), bool))


def _variance_at_zero(predict: Predictions, who: Rows, point: Point) -> Array:
    f = predict(who, point, np.zeros((len(who), predict.structure.n_effects)))
    return variance(predict.observed(who, point), f)[0]


def _some(point: Point, rows: Rows) -> Point:
    return point.rows(rows) if point.fixed.ndim > 1 else point


def _part(inverse: Array, rows: Rows) -> Array:
    return inverse[rows] if inverse.ndim == 3 else inverse


def _part2(frozen: Array | None, rows: Rows) -> Array | None:
    return None if frozen is None else frozen[rows]


def _put(now: Modes, rows: Rows, trial: Modes, which: NDArray[np.bool_] | slice = slice(None)) -> None:
    for name in ("eta", "value", "f", "slopes", "hessian", "gradient"):
        getattr(now, name)[rows] = getattr(trial, name)[which]
