"""The likelihood of a population model at given numbers, by methods that are named apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.empirical_bayes import (
    Modes,
    from_many_starts,
    full_hessian,
)
from immunode.analysis.mixed_effects.observation_table import Rows
from immunode.analysis.mixed_effects.predictions import Predictions
from immunode.analysis.mixed_effects.residual_error import LOG_2PI, NORMAL, minus_log_density, variance
from immunode.analysis.mixed_effects.structure import Point
from immunode.errors import StudyError, did_you_mean

Array = NDArray[np.float64]
METHODS = ("fo", "foce", "focei", "laplace", "quadrature", "importance")
NAMES = {
    "fo": "FO (linearized at random effects of 0)",
    "foce": "FOCE without interaction",
    "focei": "FOCE with interaction (FOCEI)",
    "laplace": "Laplace with the full Hessian",
    "quadrature": "adaptive Gauss-Hermite quadrature",
    "importance": "importance sampling",
}
DEGREES = 5.0
"""Degrees of freedom of the t distribution from which importance samples come."""
FROM_PRIOR = 0.1
"""Share of importance samples from the population's distribution; weights then are at most its inverse."""
LEAST_PILOT = 100
"""Importance samples at least from which mean and covariance are told."""
WIDE = 1.2
"""By how much the proposal is wider than the Laplace approximation, as a ratio of standard deviations."""


@dataclass(frozen=True, slots=True, repr=False)
class LikelihoodValue:
    """-2 log likelihood by one method.

    Attributes
    ----------
    method : str
        in words.
    minus2ll : float
        with all constants.
    standard_error : float
        of `minus2ll` by Monte Carlo; 0 for methods without chance.
    objective : float
        `minus2ll` without log(2 pi) for each observation that has a normal density: NONMEM's OBJF.
    per_individual : ndarray
        (n_individuals,), parts of `minus2ll`.
    modes : ndarray
        (n_individuals, n_effects), empirical Bayes estimates, in the most probable class; 0 for FO.
    effective_samples : ndarray
        (n_individuals,), of importance sampling, the mean over classes; else empty.
    derivatives : str
        how those of predictions by random effects were computed, and where by differences, why.
    probabilities : ndarray
        (n_individuals, n_classes), of each class given the data of the individual; ones where there is one class.
    """

    method: str
    minus2ll: float
    standard_error: float
    objective: float
    per_individual: Array
    modes: Array
    effective_samples: Array
    derivatives: str
    probabilities: Array

    def __repr__(self) -> str:
        error = f" +- {self.standard_error:.2g}" if self.standard_error else ""
        return f"-2LL {self.minus2ll:.4f}{error} (objective without log(2 pi): {self.objective:.4f}) by {self.method}"


def likelihood_value(
    predict: Predictions,
    point: Point,
    method: str,
    *,
    draws: int = 2000,
    nodes: int = 15,
    seed: int = 0,
    starts: int = 4,
) -> LikelihoodValue:
    """Return -2 log likelihood at one point. method : one of `METHODS`."""
    if method not in METHODS:
        raise StudyError(f"likelihood: unknown method '{method}'{did_you_mean(method, METHODS)}")
    who = predict.rows
    d = predict.structure.n_effects
    rng = np.random.default_rng(seed)
    if method == "fo":
        return _value(predict, point, method, _first_order(predict, point), np.zeros((len(who), d)))
    root = np.linalg.cholesky(point.omega)
    beginnings = rng.standard_normal((starts, len(who), d)) @ root.T
    beginnings[0] = 0.0
    found = from_many_starts(predict, who, point, beginnings, interaction=method != "foce")
    refuse_failures(predict, found)
    if method in ("foce", "focei"):
        return _value(predict, point, method, laplace_parts(point, found.value, found.hessian), found.eta)
    hessian = _positive(predict, full_hessian(predict, who, point, found), found)
    if method == "laplace":
        return _value(predict, point, method, laplace_parts(point, found.value, hessian), found.eta)
    if method == "quadrature":
        return _value(predict, point, method, _quadrature(predict, point, found, hessian, nodes), found.eta)
    parts, errors, sizes = importance_parts(predict, point, found.eta, hessian, draws, rng)
    return _value(predict, point, method, parts, found.eta, errors, sizes)


def over_classes(point: Point, parts: Array) -> tuple[Array, Array]:
    """Return -2 log of the likelihood over classes, (..., n), and the classes' probabilities, (..., n_classes, n).

    parts : (..., n_classes*n), -2 log of the likelihood in each class; leading axes as of the point.
    """
    k = point.shares.shape[-1]
    if k == 1:
        return parts, np.ones((*parts.shape[:-1], 1, parts.shape[-1]))
    with np.errstate(all="ignore"):
        logs = np.log(point.shares)[..., None] - parts.reshape(*parts.shape[:-1], k, -1) / 2
        top = logs.max(axis=-2, keepdims=True)
        weights = np.exp(logs - np.where(np.isfinite(top), top, 0.0))
        total = weights.sum(axis=-2, keepdims=True)
        return -2 * (np.log(total) + top)[..., 0, :], weights / total


def laplace_parts(point: Point, value: Array, hessian: Array) -> Array:
    """Return -2 log of Laplace's integral for each row. value, hessian : at the mode."""
    return np.asarray(2 * value + np.linalg.slogdet(point.omega)[1] + np.linalg.slogdet(hessian)[1])


def refuse_failures(predict: Predictions, found: Modes) -> None:
    """Refuse to go on where an individual has no possible random effects."""
    lost = np.flatnonzero(~np.isfinite(found.value))
    if lost.size:
        row = int(found.who[lost[0]])
        i, names = row % predict.n, predict.structure.class_names
        among = f" in class '{names[row // predict.n]}'" if names else ""
        f = predict(np.array([row]), predict.structure.declared, np.zeros((1, predict.structure.n_effects)))[0]
        used = predict.table.used[i]
        bad = used & ~np.isfinite(f)
        why = (
            f"the model gives no value for row {predict.table.line[i][bad][0]}"
            if bad.any()
            else "an observation has probability 0 there (an error of 0 where the prediction is 0?)"
        )
        raise StudyError(
            f"{predict.structure.model.name}: ID {predict.data.individuals[i].label}{among}: no random effects give "
            f"its observations a probability; at random effects of 0 {why}"
        )


def constant(predict: Predictions) -> float:
    """Return log(2 pi) for each observation with a normal density, which NONMEM's objective leaves out."""
    kinds = np.array([o.kind for o in predict.structure.forms])[predict.table.output]
    counted = predict.table.used & (predict.table.censored == 0) & (kinds <= 1)
    return float(counted.sum() * LOG_2PI)


def _value(
    predict: Predictions, point: Point, method: str, parts: Array, modes: Array, errors: Array | None = None,
    sizes: Array | None = None,
) -> LikelihoodValue:  # fmt: skip
    """Return the value. parts, modes, errors, sizes : of all rows."""
    joined, shares = over_classes(point, parts)
    best = chosen_rows(shares)
    total = float(joined.sum())
    error = 0.0 if errors is None else float(np.sqrt(((shares.ravel() * errors) ** 2).sum()))
    return LikelihoodValue(
        method=NAMES[method],
        minus2ll=total,
        standard_error=error,
        objective=total - constant(predict),
        per_individual=joined,
        modes=modes[best],
        effective_samples=np.empty(0) if sizes is None else (shares * sizes.reshape(shares.shape)).sum(axis=0),
        derivatives=predict.derivatives,
        probabilities=shares.T,
    )


def chosen_rows(probabilities: Array) -> Rows:
    """Return the row of each individual in its most probable class. probabilities : (n_classes, n_individuals)."""
    n = probabilities.shape[1]
    return np.asarray(probabilities.argmax(axis=0) * n + np.arange(n))


def _first_order(predict: Predictions, point: Point) -> Array:
    """Return -2 log L of the model linearized at random effects of 0, the part of each row."""
    s = predict.structure
    if any(form.kind != NORMAL for form in s.forms) or np.any(predict.table.censored):
        raise StudyError(f"{s.model.name}: FO needs normal errors and no censored values")
    who = predict.rows
    f, slopes = predict.with_slopes(who, point, np.zeros((len(who), s.n_effects)))
    o = predict.observed(who, point)
    r, _ = variance(o, f)
    parts = np.empty(len(who))
    for i in who:
        used = o.used[i]
        g, e = slopes[i][:, used], (o.y - f)[i][used]
        v = g.T @ point.omega @ g + np.diag(r[i][used])
        parts[i] = np.linalg.slogdet(v)[1] + e @ np.linalg.solve(v, e) + used.sum() * LOG_2PI
    return parts


def _positive(predict: Predictions, hessian: Array, found: Modes) -> Array:
    """Return full Hessians; the expected one where the full one is not positive definite (the mode is no minimum)."""
    least = np.linalg.eigvalsh(hessian)[:, 0]
    bad = ~(least > 0)
    return np.where(bad[:, None, None], found.hessian, hessian)


def _quadrature(predict: Predictions, point: Point, found: Modes, hessian: Array, nodes: int) -> Array:
    """Return -2 log L by Gauss-Hermite quadrature around the mode.

    Source: Pinheiro and Bates 1995, doi:10.1080/10618600.1995.10474663
    """
    x, w = np.polynomial.hermite_e.hermegauss(nodes)
    d = found.eta.shape[1]
    if nodes**d > 300_000:
        raise StudyError(f"quadrature: {nodes} nodes in {d} dimensions are too many; use method='importance'")
    z = np.stack(np.meshgrid(*[x] * d, indexing="ij"), axis=-1).reshape(-1, d)
    logs = np.log(np.stack(np.meshgrid(*[w] * d, indexing="ij"), axis=-1)).reshape(-1, d).sum(axis=1)
    roots = np.linalg.inv(np.linalg.cholesky(hessian)).swapaxes(1, 2)
    eta = found.eta[:, None, :] + np.einsum("nij,kj->nki", roots, z)
    joint = minus_log_joint(predict, point, eta)
    terms = logs + 0.5 * (z**2).sum(axis=1) - joint
    top = terms.max(axis=1, keepdims=True)
    log_sum = top[:, 0] + np.log(np.exp(terms - top).sum(axis=1))
    return np.asarray(-2 * (log_sum + np.linalg.slogdet(roots)[1]))


def minus_log_joint(predict: Predictions, point: Point, eta: Array, rows: Rows | None = None) -> Array:
    """Return -log p(y, eta), (n_rows, n_draws), infinite where impossible.

    eta : (n_rows, n_draws, n_effects).   rows : of `Predictions.rows`; by default all.
    """
    n, m, d = eta.shape
    who = np.repeat(np.arange(n) if rows is None else rows, m)
    value = np.empty(n * m)
    # individuals side by side, so that each batch of runs needs few output times
    size = max(1, 4096 // m) * m if predict.grid.size > 40 else n * m
    flat = eta.reshape(-1, d)
    for first in range(0, n * m, size):
        part = slice(first, first + size)
        f = predict(who[part], point, flat[part])
        value[part] = minus_log_density(predict.observed(who[part], point), f).sum(axis=1)
    inverse = np.linalg.inv(point.omega)
    prior = 0.5 * np.einsum("nmi,ij,nmj->nm", eta, inverse, eta)
    return np.asarray(value.reshape(n, m) + prior + 0.5 * (d * LOG_2PI + np.linalg.slogdet(point.omega)[1]))


def importance_parts(
    predict: Predictions, point: Point, center: Array, hessian: Array, draws: int, rng: np.random.Generator
) -> tuple[Array, Array, Array]:
    """Return -2 log L of each row by importance sampling, its standard errors, and effective sample sizes.

    Samples come from t distributions around the mode and the mean, a share of them from the population's distribution.
    """
    log_w, _ = weighted_samples(predict, point, center, hessian, draws, rng)
    top = log_w.max(axis=1, keepdims=True)
    w = np.exp(log_w - top)
    mean = w.mean(axis=1)
    parts = -2 * (top[:, 0] + np.log(mean))
    errors = 2 * w.std(axis=1, ddof=1) / mean / np.sqrt(w.shape[1])
    return parts, errors, w.sum(axis=1) ** 2 / (w**2).sum(axis=1)


def weighted_samples(
    predict: Predictions, point: Point, center: Array, hessian: Array, draws: int, rng: np.random.Generator,
    rows: Rows | None = None,
) -> tuple[Array, Array]:  # fmt: skip
    """Return logarithms of importance weights, (n_rows, n), and the samples, (n_rows, n, n_effects).

    rows : of `Predictions.rows`, which center and hessian belong to; by default all.

    A quarter of the draws, around the mode, tells mean and covariance of each individual's distribution; the others,
    which are returned, come from t distributions around the mode and around that mean, and from the population.
    """
    root = WIDE * np.linalg.inv(np.linalg.cholesky(hessian)).swapaxes(1, 2)
    pilot = max(draws // 4, min(LEAST_PILOT, draws // 2))
    log_w, eta = _mixture(predict, point, [(center, root)], pilot, rng, rows)
    w = np.exp(log_w - log_w.max(axis=1, keepdims=True))
    w = np.minimum(w, np.sqrt(pilot) * w.mean(axis=1, keepdims=True))  # one stray weight must not be all
    w /= w.sum(axis=1, keepdims=True)
    mean = np.einsum("nm,nmi->ni", w, eta)
    gap = eta - mean[:, None, :]
    covariance = np.einsum("nm,nmi,nmj->nij", w, gap, gap) + 0.01 * np.linalg.inv(hessian)
    parts = [(center, root), (mean, WIDE * np.linalg.cholesky(covariance))]
    return _mixture(predict, point, parts, draws - pilot, rng, rows)


def _mixture(
    predict: Predictions, point: Point, parts: list[tuple[Array, Array]], n: int, rng: np.random.Generator,
    rows: Rows | None,
) -> tuple[Array, Array]:  # fmt: skip
    """Return weights and samples as `weighted_samples`. parts : centers and roots of t distributions, equal shares."""
    d = point.omega.shape[-1]
    of_population = round(FROM_PRIOR * n)
    counts = [(n - of_population) // len(parts)] * len(parts)
    counts[0] += n - of_population - sum(counts)
    z = rng.standard_normal((len(parts[0][0]), n, d)) / np.sqrt(
        rng.chisquare(DEGREES, (len(parts[0][0]), n, 1)) / DEGREES
    )
    eta = np.empty_like(z)
    ends = np.cumsum([0, *counts])
    for (center, root), first, last in zip(parts, ends[:-1], ends[1:], strict=True):
        eta[:, first:last] = center[:, None, :] + np.einsum("nij,nmj->nmi", root, z[:, first:last])
    eta[:, ends[-1] :] = rng.standard_normal((len(z), of_population, d)) @ np.linalg.cholesky(point.omega).T
    inverse = np.linalg.inv(point.omega)
    log_prior = -0.5 * (
        np.einsum("nmi,ij,nmj->nm", eta, inverse, eta) + d * LOG_2PI + np.linalg.slogdet(point.omega)[1]
    )
    logs = [np.log(of_population / n) + log_prior] if of_population else []
    logs += [np.log(m / n) + _log_t(eta, *part) for m, part in zip(counts, parts, strict=True)]
    return -minus_log_joint(predict, point, eta, rows) - np.logaddexp.reduce(logs), eta


def _log_t(eta: Array, center: Array, root: Array) -> Array:
    """Return the logarithm of the density of t distributions, (n_individuals, n)."""
    from scipy.special import gammaln

    d = eta.shape[-1]
    z = np.einsum("nij,nmj->nmi", np.linalg.inv(root), eta - center[:, None, :])
    scale = gammaln((DEGREES + d) / 2) - gammaln(DEGREES / 2) - 0.5 * d * np.log(DEGREES * np.pi)
    size = np.linalg.slogdet(root)[1][:, None]
    return np.asarray(scale - size - 0.5 * (DEGREES + d) * np.log1p((z**2).sum(axis=2) / DEGREES))
