"""Profile likelihoods, and which parameters are identifiable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.fitting.batch import side_by_side
from immunode.analysis.fitting.derivatives import make_looks
from immunode.analysis.fitting.optimum import Optimum
from immunode.analysis.fitting.search import Search, information
from immunode.errors import StudyError, did_you_mean
from immunode.study.result.notebook import Tabled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


Array = NDArray[np.float64]
TIED = 1e-4
"""Ratio of singular values below which a combination of parameters is called not told apart by the data."""
BETTER = 0.01
"""A profile that falls this far below the fit has found a better optimum."""


@dataclass(frozen=True, eq=False, repr=False)
class Profiles(Tabled):
    """The best likelihood at fixed values of one parameter after the other. Made by `Fit.profile`.

    Attributes
    ----------
    values : dict[str, ndarray]
        parameter -> shape (n_points,), increasing, in its unit.
    rise : dict[str, ndarray]
        parameter -> shape (n_points,), -2 log likelihood above the least one found.
    threshold : float
        rise at which the 95 % interval ends.
    estimates, units
        of the fit.
    improved : float
        how far a profile fell below the fit, 0 where none did.
    """

    values: dict[str, Array]
    rise: dict[str, Array]
    threshold: float
    estimates: dict[str, float]
    units: dict[str, str]
    improved: float
    who: str = ""

    def interval(self, name: str) -> tuple[float, float]:
        """Return the 95 % interval; an end is NaN where the likelihood does not fall far enough inside the bounds.

        Ends are where the signed root of the rise, nearly a straight line, crosses the root of the threshold.

        Raises
        ------
        StudyError
            there is no profile of that name.
        """
        if name not in self.values:
            raise StudyError(f"profile: there is none of '{name}'{did_you_mean(name, self.values)}")
        x, rise = self.values[name], self.rise[name]
        middle = int(np.argmin(rise))
        root, goal = np.sqrt(np.maximum(rise, 0.0)), float(np.sqrt(self.threshold))
        low = _crossing(x[: middle + 1][::-1], root[: middle + 1][::-1], goal)
        return low, _crossing(x[middle:], root[middle:], goal)

    def table(self) -> pd.DataFrame:
        """Return one row a parameter: estimate, interval, unit, and what that means in words."""
        import pandas as pd

        rows = []
        for name in self.values:
            low, high = self.interval(name)
            rows.append((name, self.estimates[name], low, high, self.units[name], self.verdict(name)))
        columns = ["parameter", "estimate", "low", "high", "unit", "verdict"]
        return pd.DataFrame(rows, columns=columns).set_index("parameter")

    def verdict(self, name: str) -> str:
        """Return whether the data fix a parameter, in words."""
        low, high = self.interval(name)
        if np.isnan(low) and np.isnan(high):
            return "not identified: all values inside the bounds explain the data about as well"
        if np.isnan(high):
            return "bounded from below only"
        if np.isnan(low):
            return "bounded from above only"
        return "identified"

    def plot(self, *, style: str = "slide", title: str | None = None, axes: Any = None) -> Figure:
        """Return one panel a parameter: the rise of -2 log likelihood, its threshold and the interval."""
        from immunode.plot.charts.analysis.fit import profile_curves

        intervals = {name: self.interval(name) for name in self.values}
        return profile_curves(
            self.values,
            self.rise,
            self.threshold,
            self.estimates,
            intervals,
            units=self.units,
            title=self.who if title is None else title,
            style=style,
            axes=axes,
        )

    def __repr__(self) -> str:
        text = f"Profile likelihoods, 95 % intervals\n{self.table().to_string(float_format=lambda x: f'{x:.4g}')}"
        if self.improved > BETTER:
            text += f"\na profile fell {self.improved:.3g} below the fit: search from more starts"
        return text


def profile_likelihoods(fit: Optimum, names: tuple[str, ...], points: int) -> Profiles:
    """Return profile likelihoods of a fit. Parameters as in `Fit.profile`."""
    problem = fit.problem
    for name in names:
        if name not in problem.names:
            raise StudyError(f"profile: '{name}' was not fitted{did_you_mean(name, problem.names)}")
    chosen = [problem.names.index(n) for n in names or problem.names]
    spread = np.sqrt(np.diag(fit.covariance))
    places = {i: _places(fit.best.u[i], spread[i], points) for i in chosen}
    searches, owners = [], []
    for i in chosen:
        free = np.ones(len(problem.names), bool)
        free[i] = False
        for place in places[i]:
            searches.append(Search(problem, _moved(fit, i, place), free, problem.scaled(problem.data.value)))
            owners.append(i)
    costs = np.array([f.cost for f in side_by_side([search.steps() for search in searches], make_looks(problem))])
    least = min(fit.best.cost, float(costs.min()))
    values, rise = {}, {}
    for i in chosen:
        mine = np.array(owners) == i
        u = np.repeat(fit.best.u[None], len(places[i]) + 1, axis=0)
        u[:, i] = np.append(places[i], fit.best.u[i])
        order = np.argsort(u[:, i], kind="stable")
        x = problem.values(u)[order, i]
        heights = np.append(costs[mine], fit.best.cost)[order] - least
        up = np.argsort(x, kind="stable")  # a range below 0 runs the other way
        values[problem.names[i]], rise[problem.names[i]] = x[up], heights[up]
    units = dict(zip(problem.names, problem.units, strict=True))
    return Profiles(
        values=values,
        rise=rise,
        threshold=threshold(fit),
        estimates=fit.values,
        units=units,
        improved=fit.best.cost - least,
        who=fit.problem.model.label,
    )


def threshold(fit: Optimum) -> float:
    """Return the rise of -2 log likelihood at which a 95 % interval ends.

    The chi-square quantile where noise is known; n log(1 + t^2/(n - p)) where it is estimated, which is exact for
    models that are linear in their parameters. Source: Bates & Watts 1988, Nonlinear Regression Analysis, ch. 6.
    """
    from scipy.special import chdtri, stdtrit

    if not fit.estimated_noise:
        return float(chdtri(1, 0.05))
    t = float(stdtrit(fit.freedom, 0.975))
    return len(fit.problem.data) * float(np.log1p(t**2 / fit.freedom))


def describe_identifiability(fit: Optimum) -> str:
    """Return in words what the curvature at the optimum says; `profile` says it better."""
    problem = fit.problem
    scale = information(problem, fit.best, 1 / fit.best.sd)
    size = np.sqrt((scale**2).sum(axis=0))
    lines = [
        f"'{n}' does not change any prediction"
        for n, s in zip(problem.names, size, strict=True)
        if s < 1e-8 * size.max()
    ]
    _, s, rotation = np.linalg.svd(scale / np.where(size > 0, size, 1.0), full_matrices=False)
    for strength, direction in zip(s, rotation, strict=True):
        if strength < TIED * s[0]:
            heavy = [n for n, w in zip(problem.names, direction, strict=True) if abs(w) > 0.3]
            if len(heavy) > 1:
                lines.append(f"the data tell {' and '.join(heavy)} only together, not apart")
    spread = np.sqrt(np.diag(fit.covariance))
    wide = [n for n, w in zip(problem.names, spread, strict=True) if w > 0.5]
    if wide and not lines:
        lines.append(f"hardly fixed by the data: {', '.join(wide)} (the interval is wider than the bounds)")
    bound = [n for n, u in zip(problem.names, fit.best.u, strict=True) if u < 1e-6 or u > 1 - 1e-6]
    if bound:
        lines.append(f"at a bound: {', '.join(bound)}")
    return "; ".join(lines) if lines else "all parameters are fixed by the data, judged by the curvature at the optimum"


def _places(u: float, spread: float, points: int) -> Array:
    """Return where to look along one parameter: to 3.5 standard errors on either side, then to the bounds."""
    reach = 3.5 * spread if np.isfinite(spread) and spread > 0 else 1.0
    steps = np.linspace(0, 1, points + 1)[1:]
    near = [u + sign * reach * steps for sign in (-1.0, 1.0)]
    far = [np.linspace(u + sign * reach, 0.0 if sign < 0 else 1.0, 6)[1:] for sign in (-1.0, 1.0)]
    places = np.unique(np.concatenate([*near, *far, [0.0, 1.0]]))
    return places[(places >= 0.0) & (places <= 1.0) & (np.abs(places - u) > 1e-9)]


def _moved(fit: Optimum, i: int, place: float) -> Array:
    """Return the best point with one parameter moved, the others along as the curvature says."""
    u = fit.best.u.copy()
    column = fit.covariance[:, i]
    if np.isfinite(column).all() and column[i] > 0:
        u = u + column / column[i] * (place - u[i])
    u = np.clip(u, 0.0, 1.0)
    u[i] = place
    return u


def _crossing(x: Array, root: Array, goal: float) -> float:
    """Return where `root`, from its least value outwards, first reaches `goal`; NaN where it does not."""
    above = np.flatnonzero(root >= goal)
    if not above.size:
        return float("nan")
    k = int(above[0])
    if k == 0:
        return float(x[0])
    share = (goal - root[k - 1]) / (root[k] - root[k - 1])
    return float(x[k - 1] + share * (x[k] - x[k - 1])) if np.isfinite(share) else float(x[k - 1])
