"""How well a population model's numbers are known: information of the linearized model, curvature of -2 log L."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.empirical_bayes import Modes
from immunode.analysis.mixed_effects.predictions import Predictions
from immunode.analysis.mixed_effects.residual_error import DISCRETE, LOGNORMAL, POISSON, ObservedRows, variance
from immunode.analysis.mixed_effects.structure import Point, Structure

Array = NDArray[np.float64]
STEP = 1e-4
"""Step of differences along the vector of estimates."""
WIDE_STEP = 5e-3
"""The same for second differences of a likelihood."""

SINGULAR = 1e-12
"""Part of the largest eigenvalue of a scaled information at which a direction has none."""
INVOLVED = 1e-3
"""Share of an estimate in directions without information above which it has no standard error."""


def shown_names(structure: Structure) -> tuple[str, ...]:
    """Return the names of what `shown_numbers` returns."""
    names = [one.name for one in structure.fixed]
    for block, free in zip(structure.blocks, structure.free_blocks, strict=True):
        if free:
            names += [
                structure.spread_name(i) if i == j else structure.correlation_name(j, i)
                for a, i in enumerate(block)
                for j in [*block[:a], i]
            ]
    return (*names, *structure.error_names, *structure.share_names)


def shown_numbers(structure: Structure, point: Point) -> Array:
    """Return estimates as people read them: fixed effects in units, SD, correlations, errors, shares."""
    sd = np.sqrt(np.diag(point.omega))
    numbers = [*structure.natural(point.fixed)]
    for block, free in zip(structure.blocks, structure.free_blocks, strict=True):
        if free:
            numbers += [
                sd[i] if i == j else point.omega[i, j] / (sd[i] * sd[j])
                for a, i in enumerate(block)
                for j in block[: a + 1]
            ]
    shares = point.shares[: len(structure.share_names)]
    return np.array([*numbers, *(point.errors[o, k] for o, k in structure.free_errors), *shares])


def shown_covariance(structure: Structure, x: Array, covariance: Array) -> Array:
    """Return the covariance of `shown_numbers` (delta method); NaN for those made from numbers without one."""
    columns = []
    for k in range(len(x)):
        step = np.zeros(len(x))
        step[k] = STEP
        ends = [shown_numbers(structure, structure.point(x + s * step)) for s in (1, -1)]
        columns.append((ends[0] - ends[1]) / (2 * STEP))
    jacobian = np.array(columns).T
    lost = np.isnan(np.diag(covariance))
    known = jacobian @ np.where(np.isnan(covariance), 0.0, covariance) @ jacobian.T
    size = np.abs(jacobian)
    touched = (size[:, lost] > 1e-6 * size.max(axis=1, keepdims=True)).any(axis=1)
    known[touched], known[:, touched] = np.nan, np.nan
    return np.asarray(known)


def linearized(o: ObservedRows, modes: Modes) -> tuple[Array, Array, Array]:
    """Return predictions, slopes and variances on the scale of a normal error, of the models linearized at the modes.

    Log-normal errors are normal on the logarithm; a count has its mean as variance; categories and events have NaN.
    """
    with np.errstate(all="ignore"):
        r, _ = variance(o, modes.f)
        r = np.where(o.kind == POISSON, modes.f, r)
        r = np.where(o.kind >= DISCRETE, np.nan, r)
        log = o.kind == LOGNORMAL
        f = np.where(log, np.log(modes.f), modes.f)
        slopes = np.where(log[:, None, :], modes.slopes / modes.f[:, None, :], modes.slopes)
    return f, slopes, r


def linearized_information(predict: Predictions, x: Array, modes: Modes, weights: Array | None = None) -> Array:
    """Return the expected information on the vector `x` of the model linearized at the modes, (n, n).

    Fixed effects and variances are taken as independent. Censored observations count as missing.

    weights : (n_rows,), probabilities of classes: the information then is that of known classes, more than the data
        have.
    """
    s, who = predict.structure, modes.who
    weights = np.ones(len(who)) if weights is None else weights
    point = s.point(x)
    o = predict.observed(who, point)
    _, slopes, r = linearized(o, modes)
    n, n_fixed = len(x), len(s.fixed)
    scale = np.where(o.kind == LOGNORMAL, modes.f, 1.0)
    moves = np.zeros((len(who), n_fixed, o.y.shape[1]))
    for k in range(n_fixed):
        ends = [predict(who, s.point(_moved(x, k, sign)), modes.eta) for sign in (1, -1)]
        with np.errstate(all="ignore"):
            moves[:, k] = (ends[0] - ends[1]) / (2 * STEP) / scale
    omegas, errors = [], []
    for k in range(n_fixed, n):
        up, down = (s.point(_moved(x, k, sign)) for sign in (1, -1))
        omegas.append((up.omega - down.omega) / (2 * STEP))
        r_up, r_down = (variance(predict.observed(who, p), modes.f)[0] for p in (up, down))
        errors.append((r_up - r_down) / (2 * STEP))
    information = np.zeros((n, n))
    for i, weight in enumerate(weights):
        used = o.used[i] & (o.censored[i] == 0) & (r[i] > 0) & np.isfinite(moves[i]).all(axis=0)
        g = slopes[i][:, used]
        inverse = np.linalg.inv(g.T @ point.omega @ g + np.diag(r[i][used]))
        j = moves[i][:, used]
        information[:n_fixed, :n_fixed] += weight * j @ inverse @ j.T
        parts = [
            inverse @ (g.T @ change @ g + np.diag(error[i][used])) for change, error in zip(omegas, errors, strict=True)
        ]
        for a, first in enumerate(parts):
            for b in range(a + 1):
                value = 0.5 * weight * float(np.sum(first * parts[b].T))
                information[n_fixed + a, n_fixed + b] += value
                if a != b:
                    information[n_fixed + b, n_fixed + a] += value
    if s.share_names:
        p, m = point.shares[:-1], len(s.share_names)
        information[n - m :, n - m :] = predict.n * (np.diag(p) - np.outer(p, p))
    return information


def hessian_of(objective: Callable[[Array], Array], x: Array) -> Array:
    """Return second derivatives of an objective that takes many points at once, (n_points, n) -> (n_points,)."""
    n = len(x)
    pairs = [(i, j) for i in range(n) for j in range(i)]
    unit = WIDE_STEP * np.eye(n)
    points = [x, *(x + unit), *(x - unit)]
    points += [x + s * (unit[i] + unit[j]) for i, j in pairs for s in (1, -1)]
    values = objective(np.array(points))
    h = np.empty((n, n))
    ends = values[1 : n + 1] + values[n + 1 : 2 * n + 1]
    h[np.diag_indices(n)] = (ends - 2 * values[0]) / WIDE_STEP**2
    for (i, j), both in zip(pairs, values[2 * n + 1 :].reshape(-1, 2).sum(axis=1), strict=True):
        h[i, j] = h[j, i] = (both - ends[i] - ends[j] + 2 * values[0]) / (2 * WIDE_STEP**2)
    return h


def inverse_information(information: Array) -> tuple[Array, float]:
    """Return the covariance of the estimates, and the condition number of their correlation matrix (inf: singular).

    Rows of estimates that take part in a direction without information are NaN; the others are as if those directions
    were held.
    """
    condition = condition_number(information)
    if np.isfinite(condition):
        return np.asarray(np.linalg.inv(information)), condition
    finite = np.where(np.isfinite(information), information, 0.0)
    size = np.sqrt(np.maximum(np.abs(np.diag(finite)), 1e-300))
    values, vectors = np.linalg.eigh(finite / np.outer(size, size))
    flat = ~(values > SINGULAR * max(values[-1], 0.0))
    safe = np.where(flat, np.inf, values)
    covariance = (vectors / safe) @ vectors.T / np.outer(size, size)
    lost = (vectors[:, flat] ** 2).sum(axis=1) > INVOLVED
    covariance[lost], covariance[:, lost] = np.nan, np.nan
    return np.asarray(covariance), condition


def condition_number(matrix: Array) -> float:
    """Return the ratio of eigenvalues of a matrix scaled to ones on its diagonal; infinite: not positive definite."""
    if not np.isfinite(matrix).all() or not (np.diag(matrix) > 0).all():
        return float("inf")
    size = np.sqrt(np.diag(matrix))
    values = np.linalg.eigvalsh(matrix / np.outer(size, size))
    return float(values[-1] / values[0]) if values[0] > SINGULAR * values[-1] else float("inf")


def _moved(x: Array, k: int, sign: int) -> Array:
    moved = x.copy()
    moved[k] += sign * STEP
    return moved
