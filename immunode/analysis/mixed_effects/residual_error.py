"""Densities of observations around predictions: normal errors of several forms, log-normal, counts, censored values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
NORMAL, LOGNORMAL, POISSON, EVENT, CATEGORY = 0, 1, 2, 3, 4
DISCRETE = 3
"""From this kind on the prediction is the probability of what was observed, or the hazard at an event."""
TERMS = ("additive", "proportional", "lognormal", "power")
"""Columns of the parameters of an error."""
LOG_2PI = float(np.log(2 * np.pi))
IMPOSSIBLE = 1e300
"""-log p from which an observation has no probability."""
NUDGE = 1e-5
"""Step of the differences for second derivatives of a density, in standard deviations."""


@dataclass(frozen=True, slots=True)
class ErrorForm:
    """How one output is measured. kind : NORMAL, LOGNORMAL, POISSON, EVENT or CATEGORY.

    summed : whether the two standard deviations of a normal error add up (combined1), not their squares (combined2).
    discrete : whether events or categories are recorded.
    """

    quantity: str
    kind: int
    summed: bool
    discrete: bool = False


@dataclass(frozen=True, slots=True)
class ObservedRows:
    """Observations of some rows, padded to a common number. All arrays are (n_rows, n_observations).

    used : which are there.   terms : (n_rows, n_observations, 4), parameters of each one's error, as in `TERMS`.
    kind, summed : as in `ErrorForm`.   censored : 1 below `y`, -1 above, 0 measured.   limit : lower end, or NaN.
    any_censored, only_normal : of all, so that what does not occur is not computed.
    """

    y: Array
    used: NDArray[np.bool_]
    kind: NDArray[np.int8]
    summed: NDArray[np.bool_]
    censored: NDArray[np.int8]
    limit: Array
    terms: Array
    any_censored: bool
    only_normal: bool


def variance(o: ObservedRows, f: Array) -> tuple[Array, Array]:
    """Return the variance of the error at predictions `f`, and its derivative by f; on the log for log-normal ones."""
    a, b, s, c = (o.terms[..., k] for k in range(4))
    size = np.abs(f)
    plain = bool(np.all(c == 1.0))
    relative = b * (size if plain else size**c)
    slope = b * np.sign(f) * (1.0 if plain else c * size ** (c - 1.0))
    g = a + relative
    r = np.where(o.summed, g * g, a * a + relative * relative)
    dr = np.where(o.summed, 2 * g * slope, 2 * relative * slope)
    if not o.only_normal:
        other = o.kind == LOGNORMAL
        r, dr = np.where(other, s * s, r), np.where(other, 0.0, dr)
    return r, dr


def minus_log_density(o: ObservedRows, f: Array, frozen: Array | None = None) -> Array:
    """Return -log p of each observation, (n_rows, n_observations), 0 where none is; infinite where f is impossible.

    All constants are there: log(2 pi)/2 of a normal density, log y! of a count, log y of a log-normal one.

    frozen : variances to take instead of those at f (no interaction).
    """
    with np.errstate(all="ignore"):
        r, _ = variance(o, f)
        r = r if frozen is None else frozen
        e, m = o.y - f, f
        if not o.only_normal:
            log = o.kind == LOGNORMAL
            e = np.where(log, np.log(o.y) - np.log(f), e)
        value = 0.5 * (e * e / r + np.log(r) + LOG_2PI)
        if not o.only_normal:
            value = np.where(log, value + np.log(o.y), value)
            value = np.where(o.kind == POISSON, _poisson(o.y, m), value)
            value = np.where(o.kind >= DISCRETE, np.where(f > 0, -np.log(f), np.inf), value)
        if o.any_censored:
            value = np.where(o.censored != 0, -_log_share(*_ends(o, f, r)), value)
    value = np.where(o.used, value, 0.0)
    # also where a sum over observations would overflow
    return np.where(value < IMPOSSIBLE, value, np.inf)


def slope_and_weight(o: ObservedRows, f: Array, frozen: Array | None = None) -> tuple[Array, Array]:
    """Return the derivative of -log p by f, and its expected second derivative (of censored ones: without that of z).

    Source: the weight 1/R + R'^2/(2 R^2) of a normal density of mean f and variance R(f), as in FOCEI: Wang 2007.
    """
    with np.errstate(all="ignore"):
        r, dr = variance(o, f)
        if frozen is not None:
            r, dr = frozen, np.zeros_like(r)
        e = o.y - f
        slope = -e / r + 0.5 * dr / r * (1.0 - e * e / r)
        weight = 1.0 / r + 0.5 * (dr / r) ** 2
        if not o.only_normal:
            log, counts = o.kind == LOGNORMAL, o.kind == POISSON
            slope = np.where(log, -(np.log(o.y) - np.log(f)) / (r * f), slope)
            weight = np.where(log, 1.0 / (r * f * f), weight)
            # no event where none can be: the limit of y/f
            share = np.where(o.y == 0, 0.0, o.y / f)
            slope, weight = (
                np.where(counts, 1.0 - share, slope),
                np.where(counts, 1.0 / np.where(f > 0, f, np.inf), weight),
            )
            # of a category the square of the score; of an event nothing, since the integral of its hazard tells all
            slope = np.where(o.kind >= DISCRETE, -1.0 / f, slope)
            weight = np.where(o.kind == CATEGORY, 1.0 / (f * f), np.where(o.kind == EVENT, 0.0, weight))
        if o.any_censored:
            s, w = _censored(o, f, r, dr)
            slope, weight = np.where(o.censored != 0, s, slope), np.where(o.censored != 0, w, weight)
    return np.where(o.used, slope, 0.0), np.where(o.used, weight, 0.0)


def curvature(o: ObservedRows, f: Array) -> Array:
    """Return the second derivative of -log p by f, (n_rows, n_observations), by differences of the slope."""
    with np.errstate(all="ignore"):
        r, _ = variance(o, f)
        size = np.where(o.kind == LOGNORMAL, np.sqrt(r) * np.abs(f), np.sqrt(r))
        size = np.where(o.kind >= POISSON, np.abs(f), size)
        step = NUDGE * np.where(np.isfinite(size) & (size > 0), size, 1.0)
        up, down = slope_and_weight(o, f + step)[0], slope_and_weight(o, f - step)[0]
        return np.where(o.used, (up - down) / (2 * step), 0.0)


def standardized(o: ObservedRows, f: Array) -> Array:
    """Return residuals divided by their standard deviation (IWRES), NaN for censored ones."""
    with np.errstate(all="ignore"):
        r, _ = variance(o, f)
        e = np.where(o.kind == LOGNORMAL, np.log(np.where(o.y > 0, o.y, np.nan)) - np.log(f), o.y - f)
        scale = np.where(o.kind == POISSON, f, r)
        return np.where(o.used & (o.censored == 0) & (o.kind < DISCRETE), e / np.sqrt(scale), np.nan)


def drawn(o: ObservedRows, f: Array, rng: np.random.Generator) -> Array:
    """Return observations drawn around predictions, (n_rows, n_observations)."""
    with np.errstate(all="ignore"):
        r, _ = variance(o, f)
        z = rng.standard_normal(f.shape) * np.sqrt(r)
        y = np.where(o.kind == LOGNORMAL, f * np.exp(z), f + z)
        if np.any(o.kind == POISSON):
            mean = np.where((o.kind == POISSON) & (f >= 0) & np.isfinite(f), f, 0.0)
            y = np.where(o.kind == POISSON, rng.poisson(mean), y)
        y = np.where(o.kind >= DISCRETE, np.nan, y)
    return np.where(o.used, y, np.nan)


def _poisson(y: Array, mean: Array) -> Array:
    from scipy.special import gammaln, xlogy

    value = mean - xlogy(y, mean) + gammaln(y + 1.0)
    return np.asarray(np.where(mean >= 0, value, np.inf))


def _ends(o: ObservedRows, f: Array, r: Array) -> tuple[Array, Array]:
    """Return the ends of the interval in which a censored value lies, in standard deviations from the prediction."""
    sd = np.sqrt(r)
    log = o.kind == LOGNORMAL
    place = np.where(log, np.log(f), f)
    at, low = (np.where(log, np.log(x), x) for x in (o.y, o.limit))
    z = (at - place) / sd
    below = np.where(np.isnan(o.limit), -np.inf, (low - place) / sd)
    return np.where(o.censored > 0, below, z), np.where(o.censored > 0, z, np.inf)


def _log_share(low: Array, high: Array) -> Array:
    """Return log(Phi(high) - Phi(low)), exact in both tails."""
    from scipy.special import log_ndtr

    flip = low > 0
    a, b = np.where(flip, -high, low), np.where(flip, -low, high)
    big, small = log_ndtr(b), log_ndtr(a)
    return np.asarray(big + np.log1p(-np.exp(small - big)))


def _censored(o: ObservedRows, f: Array, r: Array, dr: Array) -> tuple[Array, Array]:
    """Return slope and weight of censored values. The weight leaves out the second derivative of z, so is never < 0."""
    low, high = _ends(o, f, r)
    share = _log_share(low, high)
    # z = (limit - m(f))/sd(f), so dz/df = -m'/sd - z R'/(2 R)
    m = np.where(o.kind == LOGNORMAL, 1.0 / f, 1.0) / np.sqrt(r)
    parts = []
    for z in (low, high):
        finite = np.isfinite(z)
        safe = np.where(finite, z, 0.0)
        ratio = np.where(finite, np.exp(-0.5 * safe * safe - 0.5 * LOG_2PI - share), 0.0)
        move = -m - 0.5 * safe * dr / r
        parts.append((ratio, safe, move))
    (p_low, z_low, m_low), (p_high, z_high, m_high) = parts
    first = p_high * m_high - p_low * m_low
    second = first**2 + z_high * p_high * m_high**2 - z_low * p_low * m_low**2
    return -first, np.maximum(second, 0.0)
