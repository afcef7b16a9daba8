"""The best point of a fit, and what the data say about it there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.fitting.priors import log_prior
from immunode.analysis.fitting.problem import Problem
from immunode.analysis.fitting.search import SearchResult, information
from immunode.model import Model
from immunode.study.design.design import Design
from immunode.study.result.notebook import Tabled
from immunode.study.result.sweep_result import SweepResult
from immunode.study.sweeps import sweep

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
UNTOLD = 1e-4
"""Least singular value counted, in standard deviations per edge of the box."""


@dataclass(frozen=True, eq=False, repr=False)
class Optimum(Tabled):
    """A point of the parameters, with the likelihood of the data there. `best`: where the best search ended."""

    problem: Problem
    best: SearchResult

    @property
    def values(self) -> dict[str, float]:
        """Parameter -> estimate, in its unit."""
        return dict(zip(self.problem.names, self.problem.values(self.best.u[None])[0].tolist(), strict=True))

    @property
    def minus_2_log_likelihood(self) -> float:
        """-2 log likelihood at the best point, estimated standard deviations included."""
        return self.best.cost + 2 * float(log_prior(self.problem, self.best.u[None]).sum())

    @property
    def n_parameters(self) -> int:
        """Number of what was estimated: parameters and standard deviations."""
        return len(self.problem.names) + len(self.sd)

    @property
    def sd(self) -> dict[str, float]:
        """Observable -> its estimated standard deviation (of the logarithm where noise is lognormal); the likeliest."""
        data, free = self.problem.data, self.problem.open
        rows = {n: np.flatnonzero((data.observable == i) & free) for i, n in enumerate(data.observables)}
        return {name: float(self.best.sd[r[0]]) for name, r in rows.items() if len(r)}

    @property
    def aic(self) -> float:
        """Akaike's criterion. Source: Akaike 1974, doi:10.1109/TAC.1974.1100705."""
        return self.minus_2_log_likelihood + 2 * self.n_parameters

    @property
    def aicc(self) -> float:
        """Akaike's criterion for few data. Source: Hurvich & Tsai 1989, doi:10.1093/biomet/76.2.297."""
        left = len(self.problem.data) - self.n_parameters - 1
        return self.aic + 2 * self.n_parameters * (self.n_parameters + 1) / left if left > 0 else np.inf

    @property
    def bic(self) -> float:
        """Schwarz's criterion. Source: Schwarz 1978, doi:10.1214/aos/1176344136."""
        return self.minus_2_log_likelihood + float(np.log(len(self.problem.data))) * self.n_parameters

    @property
    def freedom(self) -> int:
        """Measurements minus parameters."""
        return len(self.problem.data) - len(self.problem.names)

    @property
    def estimated_noise(self) -> bool:
        """Whether a standard deviation was estimated."""
        return bool(self.problem.open.any())

    @property
    def covariance(self) -> Array:
        """Covariance of the estimates on the search scale (the unit box), (n, n); huge where data do not tell.

        Estimated variances count with n - p degrees of freedom.
        """
        inflation = len(self.problem.data) / self.freedom if self.estimated_noise else 1.0
        weights = np.where(self.problem.open, inflation, 1.0) ** -0.5 / self.best.sd
        _, s, rotation = np.linalg.svd(information(self.problem, self.best, weights), full_matrices=False)
        # a direction that the data do not tell: far wider than the box, yet finite, so that others are not drawn in
        return np.asarray((rotation.T / np.maximum(s, max(1e-10 * float(s[0]), UNTOLD)) ** 2) @ rotation)

    def table(self) -> pd.DataFrame:
        """Return one row a parameter: estimate, 95 % interval (from the curvature at the optimum), unit, bounds,
        whether it stands at a bound, and the relative standard error on its search scale.
        """
        import pandas as pd

        half = self._quantile() * np.sqrt(np.diag(self.covariance))
        low, high = self._ends(half)
        estimate = np.array(list(self.values.values()))
        at_bound = (self.best.u < 1e-6) | (self.best.u > 1 - 1e-6)
        rows = {
            "estimate": estimate,
            "low": low,
            "high": high,
            "unit": list(self.problem.units),
            "from": [axis.low for axis in self.problem.box.axes],
            "to": [axis.high for axis in self.problem.box.axes],
            "at bound": at_bound,
        }
        return pd.DataFrame(rows, index=pd.Index(self.problem.names, name="parameter"))

    def r2(self) -> pd.Series[float]:
        """Return the squared Pearson correlation of prediction and measurement, by observable and arm."""
        import pandas as pd

        data = self.problem.data
        predicted = self._predicted()
        rows = {}
        for i, arm in enumerate(data.arms):
            for k, name in enumerate(data.observables):
                mine = (data.arm == i) & (data.observable == k)
                if mine.sum() > 2:
                    rows[arm, name] = float(np.corrcoef(predicted[mine], data.value[mine])[0, 1] ** 2)
        return pd.Series(rows, name="r2", dtype=float).rename_axis(["arm", "observable"])

    def residuals(self) -> pd.DataFrame:
        """Return one row a measurement: arm, observable, time, value, prediction, and the residual in sds."""
        import pandas as pd

        data = self.problem.data
        return pd.DataFrame(
            {
                "arm": [data.arms[i] for i in data.arm],
                "observable": [data.observables[i] for i in data.observable],
                "time": data.time,
                "value": data.value,
                "prediction": self._predicted(),
                "residual": self.best.residuals / self.best.sd,
            }
        )

    def model(self) -> Model:
        """Return the model with the estimates in it (those that are its parameters or initial values)."""
        model, values = self.problem.model, self.values
        own = {p.name for p in model.parameters}
        fitted = model.with_values({n: v for n, v in values.items() if n in own})
        return fitted.with_initial({n[:-3]: v for n, v in values.items() if n.endswith("(0)")})

    def draws(self, n: int = 200, *, seed: int = 0) -> Design:
        """Return `n` parameter sets that the data allow: normal around the estimate on the search scale, in the box.

        Directions that the data do not tell are drawn over the whole box.
        """
        spread, vectors = np.linalg.eigh(np.nan_to_num(self.covariance, posinf=1.0))
        z = np.random.default_rng(seed).standard_normal((int(n), len(spread)))
        u = np.clip(self.best.u + (z * np.sqrt(np.clip(spread, 0.0, 1.0))) @ vectors.T, 0.0, 1.0)
        recipe = f"{int(n)} draws around the fit of {', '.join(self.problem.names)}, seed {seed}"
        return Design(self.problem.names, self.problem.values(u), recipe, seed)

    def _predicted(self) -> Array:
        y = self.problem.scaled(self.problem.data.value) - self.best.residuals
        return np.where(self.problem.lognormal, np.exp(np.where(self.problem.lognormal, y, 0.0)), y)

    def _quantile(self) -> float:
        from scipy.special import ndtri, stdtrit

        return float(stdtrit(self.freedom, 0.975)) if self.estimated_noise else float(ndtri(0.975))

    def _ends(self, half: Array) -> tuple[Array, Array]:
        """Return estimates minus and plus half widths on the search scale, in units, also beyond the box."""
        ends = []
        for sign in (-1, 1):
            u = self.best.u + sign * half
            column = []
            for axis, place in zip(self.problem.box.axes, u.tolist(), strict=True):
                span = np.float64(axis.high / axis.low if axis.log else axis.high - axis.low)
                with np.errstate(all="ignore"):
                    column.append(float(axis.low * span**place if axis.log else axis.low + place * span))
            ends.append(np.array(column))
        return np.minimum(*ends), np.maximum(*ends)

    def sweep_over(self, draws: Design, quantities: tuple[str, ...], until: Any, arms: Any) -> SweepResult:
        """Return a sweep of parameter sets with trajectories of quantities, by default of the observables.

        Parameters
        ----------
        until, arms : Any
            as in `sweep`; by default the arms of the data.
        """
        names = list(quantities or self.problem.data.observables)
        chosen = self.problem.declared if arms is None else arms
        return sweep(
            self.problem.observed, draws, until=until, arms=chosen, keep=names, endpoints=[f"final({n})" for n in names]
        )
