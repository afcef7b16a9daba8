"""What residuals and simulations say about a fitted population model: IWRES, CWRES, NPDE, predictive checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.empirical_bayes import Modes
from immunode.analysis.mixed_effects.predictions import Predictions
from immunode.analysis.mixed_effects.residual_error import EVENT, LOGNORMAL, drawn, standardized
from immunode.analysis.mixed_effects.structure import Point
from immunode.analysis.mixed_effects.uncertainty import linearized

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
PERCENTILES = (5.0, 50.0, 95.0)
LEAST_IN_BIN = 2
"""Observations without which a bin has no percentiles."""
APART = 1.5
"""How many times as wide gaps between visits are at least as gaps inside them."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PredictiveCheck:
    """Percentiles of the data beside those of data simulated with the model, over time.

    Attributes
    ----------
    time : ndarray
        (n_bins,), the median time of the observations in each bin, in the unit of the records.
    observed : ndarray
        (3, n_bins), the 5th, 50th and 95th percentile.
    low, middle, high : ndarray
        (3, n_bins), 2.5 %, median and 97.5 % of the same percentile over the simulated sets.
    censored : ndarray
        (n_bins,), share of observations beyond a limit.
    censored_band : ndarray
        (3, n_bins), 2.5 %, median and 97.5 % of that share over the simulated sets.
    points : ndarray
        (2, n_observations), time and value as shown.
    corrected : bool
        whether values are prediction-corrected.
    simulations : int
        number of simulated sets.
    """

    quantity: str
    unit: str
    time_unit: str
    time: Array
    observed: Array
    low: Array
    middle: Array
    high: Array
    censored: Array
    censored_band: Array
    points: Array
    corrected: bool
    simulations: int

    @property
    def inside(self) -> float:
        """Share of the data's percentiles that lie in the bands of their bins; about 0.95 if the model is right."""
        return float(np.mean((self.observed >= self.low) & (self.observed <= self.high)))

    def __repr__(self) -> str:
        what = "prediction-corrected visual predictive check" if self.corrected else "visual predictive check"
        return (
            f"{what} of {self.quantity}: {len(self.time)} bins, {self.simulations} simulated sets; "
            f"{100 * self.inside:.0f} % of the observed percentiles lie in their 95 % bands"
        )


def weighted_residuals(predict: Predictions, point: Point, modes: Modes) -> tuple[Array, Array]:
    """Return IWRES and CWRES, (n_individuals, n_observations), NaN where there is none.

    CWRES are residuals of the model linearized at the modes, whitened with the symmetric root of their covariance. Of
    classes, the most probable one counts.

    References
    ----------
    Hooker, Staatz and Karlsson 2007, doi:10.1007/s11095-007-9361-x
    """
    o = predict.observed(modes.who, point)
    f, slopes, r = linearized(o, modes)
    with np.errstate(all="ignore"):
        y = np.where(o.kind == LOGNORMAL, np.log(o.y), o.y)
    result = np.full(f.shape, np.nan)
    discrete = np.array([form.discrete for form in predict.structure.forms])
    for i in range(predict.n):
        used = o.used[i] & (o.censored[i] == 0) & (r[i] > 0) & ~discrete[predict.table.output[i]]
        g = slopes[i][:, used]
        expected = f[i][used] - modes.eta[i] @ g
        values, vectors = np.linalg.eigh(g.T @ point.omega @ g + np.diag(r[i][used]))
        result[i, used] = (vectors / np.sqrt(values)) @ vectors.T @ (y[i][used] - expected)
    return np.where(discrete[predict.table.output], np.nan, standardized(o, modes.f)), result


def simulated(predict: Predictions, point: Point, n: int, rng: np.random.Generator) -> Array:
    """Return observations drawn from the model in the design of the data, (n, n_individuals, n_observations)."""
    d = predict.structure.n_effects
    root = np.linalg.cholesky(point.omega)
    who = np.repeat(np.arange(predict.n), n)
    eta = rng.standard_normal((len(who), d)) @ root.T
    if len(point.shares) > 1:
        who = who + predict.n * rng.choice(len(point.shares), len(who), p=point.shares)
    f = predict(who, point, eta)
    y = drawn(predict.observed(who, point), f, rng)
    return np.asarray(y.reshape(predict.n, n, -1).swapaxes(0, 1))


def mean_typical(predict: Predictions, point: Point) -> Array:
    """Return predictions at random effects of 0, the mean over classes, (n_individuals, n_observations)."""
    f = predict(predict.rows, point, np.zeros((len(predict.rows), predict.structure.n_effects)))
    return np.asarray(np.tensordot(point.shares, f.reshape(len(point.shares), predict.n, -1), axes=1))


def prediction_errors(predict: Predictions, draws: Array) -> Array:
    """Return NPDE, (n_individuals, n_observations), NaN where there is none. draws : of `simulated`.

    References
    ----------
    Brendel et al. 2006, doi:10.1007/s11095-005-9067-5
    """
    from scipy.special import ndtri

    t = predict.table
    result = np.full(t.y.shape, np.nan)
    k = len(draws)
    discrete = np.array([form.discrete for form in predict.structure.forms])
    for i in range(predict.n):
        used = t.used[i] & (t.censored[i] == 0) & ~discrete[t.output[i]]
        sets = draws[:, i, used]
        sets = sets[np.isfinite(sets).all(axis=1)]
        if not used.any() or len(sets) <= used.sum() + 1:
            continue
        mean = sets.mean(axis=0)
        covariance = np.cov(sets, rowvar=False).reshape(used.sum(), used.sum())
        covariance += 1e-12 * np.trace(covariance) * np.eye(len(covariance))
        root = np.linalg.cholesky(covariance)
        white = np.linalg.solve(root, (sets - mean).T)
        own = np.linalg.solve(root, t.y[i, used] - mean)
        share = (white < own[:, None]).mean(axis=1)
        result[i, used] = ndtri(np.clip(share, 0.5 / k, 1 - 0.5 / k))
    return result


def predictive_check(
    predict: Predictions, point: Point, output: int, n: int, bins: int, corrected: bool, rng: np.random.Generator,
    unit: str,
) -> PredictiveCheck:  # fmt: skip
    """Return the visual predictive check of one output. bins : about how many; at most one a distinct time.

    A simulated value beyond the limit of a set with censored values counts as censored there.

    References
    ----------
    prediction correction: Bergstrand et al. 2011, doi:10.1208/s12248-011-9255-z
    """
    t = predict.table
    mine = t.used & (t.output == output)
    draws = simulated(predict, point, n, rng)[:, mine]
    y, time, cens = t.y[mine], t.clock[mine], t.censored[mine] != 0
    limit = float(np.max(t.y[mine & (t.censored == 1)])) if (t.censored[mine] == 1).any() else -np.inf
    bin_of = time_bins(time, bins)
    beyond = draws < limit
    shown, sets = np.where(cens, limit, y) if np.isfinite(limit) else y, np.where(beyond, limit, draws)
    if corrected:
        typical = mean_typical(predict, point)[mine]
        factor = np.ones(len(y))
        for b in range(bin_of.max() + 1):
            here = bin_of == b
            with np.errstate(all="ignore"):
                factor[here] = np.median(typical[here]) / typical[here]
        factor = np.where(np.isfinite(factor) & (factor > 0), factor, 1.0)
        shown, sets = shown * factor, sets * factor
    kept = [b for b in range(bin_of.max() + 1) if (bin_of == b).sum() >= LEAST_IN_BIN]
    observed, band = np.empty((3, len(kept))), np.empty((3, 3, len(kept)))
    censored, censored_band = np.empty(len(kept)), np.empty((3, len(kept)))
    for a, b in enumerate(kept):
        here = bin_of == b
        observed[:, a] = np.percentile(shown[here], PERCENTILES)
        of_sets = np.nanpercentile(sets[:, here], PERCENTILES, axis=1)
        band[:, :, a] = np.nanpercentile(of_sets, [2.5, 50.0, 97.5], axis=1)
        censored[a] = cens[here].mean()
        censored_band[:, a] = np.percentile(beyond[:, here].mean(axis=1), [2.5, 50.0, 97.5])
    return PredictiveCheck(
        quantity=predict.structure.forms[output].quantity,
        unit=unit,
        time_unit=predict.structure.model.axis_unit,
        time=np.array([np.median(time[bin_of == b]) for b in kept]),
        observed=observed,
        low=band[0],
        middle=band[1],
        high=band[2],
        censored=censored,
        censored_band=censored_band,
        points=np.array([time, shown]),
        corrected=corrected,
        simulations=n,
    )


def time_bins(time: Array, bins: int) -> NDArray[np.intp]:
    """Return the bin of each observation: a distinct time, a visit, else by the widest gaps, else equal numbers."""
    distinct = np.unique(time)
    if len(distinct) <= bins:
        return np.searchsorted(distinct, time)
    least = len(time) / (4 * bins)
    visits = _visits(time, distinct, bins, least)
    if visits is not None:
        return visits
    by_gaps = _cut(time, distinct, np.argsort(np.diff(distinct))[-(bins - 1) :])
    if np.bincount(by_gaps).min() >= least:
        return by_gaps
    edges = np.unique(np.quantile(time, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.searchsorted(edges, time, side="left")


def _visits(time: Array, distinct: Array, bins: int, least: float) -> NDArray[np.intp] | None:
    """Return the bins of planned times that people kept roughly: all gaps between are wider than any inside.

    Times may be planned evenly or ever farther apart, so gaps are compared as they are, and of roots and logarithms.
    """
    since = distinct - distinct[0]
    for k in range(bins, max(2, bins // 2) - 1, -1):
        for scaled in (since, np.sqrt(since), np.log(since + np.median(np.diff(distinct)))):
            gaps = np.diff(scaled)
            order = np.argsort(-gaps)
            if gaps[order[k - 2]] > APART * gaps[order[k - 1]]:
                by = _cut(time, distinct, order[: k - 1])
                if np.bincount(by).min() >= least:
                    return by
    return None


def _cut(time: Array, distinct: Array, gaps: NDArray[np.intp]) -> NDArray[np.intp]:
    gaps = np.sort(gaps)
    return np.searchsorted((distinct[gaps] + distinct[gaps + 1]) / 2, time)


def residual_table(predict: Predictions, point: Point, modes: Modes, simulations: int, seed: int) -> pd.DataFrame:
    """Return one row an observation, as `PopulationFit.residuals`. simulations : behind NPDE."""
    import pandas as pd

    p, t = predict, predict.table
    iwres, cwres = weighted_residuals(p, point, modes)
    typical = p(modes.who, point, np.zeros_like(modes.eta))
    npde = np.full(t.y.shape, np.nan)
    if simulations:
        npde = prediction_errors(p, simulated(p, point, simulations, np.random.default_rng((seed, 7))))
    labels = np.array([one.label for one in p.data.individuals], dtype=object)
    owner = np.broadcast_to(labels[:, None], t.y.shape)
    names = np.array([form.quantity for form in p.structure.forms], dtype=object)
    # an event is two observations: none before it, then the hazard at it
    event = np.array([form.kind == EVENT for form in p.structure.forms])[t.output] & t.used
    seen = np.where(np.roll(event, -1, axis=1), 1.0, t.y)
    used = t.used & ~event
    return pd.DataFrame(
        {
            "ID": owner[used], "row": t.line[used], "time": t.clock[used], "output": names[t.output[used]],
            "DV": seen[used], "censored": t.censored[used], "PRED": typical[used], "IPRED": modes.f[used],
            "IWRES": iwres[used], "CWRES": cwres[used], "NPDE": npde[used],
        }
    )  # fmt: skip
