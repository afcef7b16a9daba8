"""Fitting a model to data of several arms at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.fitting.batch import side_by_side
from immunode.analysis.fitting.measurements import Observable
from immunode.analysis.fitting.problem import Problem, make_problem
from immunode.analysis.fitting.search import Found, Search, information
from immunode.errors import StudyError
from immunode.study.result.notebook import Tabled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from immunode.analysis.fitting.posterior import Posterior
    from immunode.analysis.fitting.profiles import Profiles
    from immunode.model.declaration import Model
    from immunode.study.design.design import Design
    from immunode.study.result.sweep_result import SweepResult

Array = NDArray[np.float64]
SPARE = 3
"""Points drawn for each start: where a run fails, no search can begin."""
UNTOLD = 1e-4
"""Least singular value counted, in standard deviations per edge of the box."""
SAME = 0.1
"""Two searches whose -2 log likelihood differs by less found the same optimum."""


def fit(
    model: Model | Any,
    data: Any = None,
    parameters: Any = None,
    *,
    observables: Mapping[str, Observable | str] | None = None,
    arms: Any = None,
    priors: Mapping[str, Any] | None = None,
    starts: int = 20,
    seed: int = 0,
    rtol: float = 1e-8,
    engine: str = "auto",
) -> Fit:
    """Return the maximum-likelihood fit of parameters to data.

    Many least-squares searches (`scipy.optimize.least_squares`, derivatives by central differences) start at the
    model's own values and at points of a Latin hypercube; all their runs are made together, batch by batch.

    model : the model, or a problem that holds all there is to fit: `im.fit(im.read_petab("problem.yaml"))`.
    data : a table of measurements, or the path of a CSV file; long (`time`, `observable`, `value`, optional `arm`, `sd`
        and `noise`) or wide (`time`, optional `arm`, one column for each observable). Times in the model's unit, or as
        text ("2 weeks"); infinite is at rest. `sd` may hold expressions, as in `observable`.
    parameters : names or shell patterns (searched inside their bounds, else between the value / 100 and * 100),
        `{"k": (low, high)}`, a `Space`, or a table with columns name, low and high (`read_petab(...).estimated`).
        Knobs and initial values (`"E(0)"`) too; a new name in a mapping is a parameter of an observable, such as a
        scale. Log scale where both ends are above 0.
    observables : name -> `observable(...)` or the text of an expression, for what is not a quantity of the model.
    arms : what the arms of the data are, as in `sweep`; by default the model's interventions of these names.
    priors : parameter -> `lognormal(...)`, `normal(...)`, ...; then what is found is the mode of the posterior, and
        intervals come of the data alone.
    starts : number of searches.   seed : of the Latin hypercube.   rtol : relative tolerance of the runs.

    Raises
    ------
    StudyError : data, parameters or arms that can't be; no search reached a likelihood.
    """
    if data is None:
        model, data, parameters, arms, priors = _whole(model, parameters, arms, priors)
    if isinstance(starts, bool) or int(starts) != starts or starts < 1:
        raise StudyError(f"fit: the number of starts must be a whole number above 0, got {starts!r}")
    problem = make_problem(model, data, parameters, observables, arms, rtol, engine, priors)
    if len(problem.data) <= len(problem.names):
        raise StudyError(f"fit: {len(problem.data)} measurements can't fix {len(problem.names)} parameters")
    target = problem.scaled(problem.data.value)
    free = np.ones(len(problem.names), bool)
    points = _starts(problem, int(starts), seed)
    found = side_by_side([Search(problem, u, free, target).steps() for u in points], problem.predict)
    order = sorted(range(len(found)), key=lambda i: found[i].cost)
    if not np.isfinite(found[order[0]].cost):
        raise StudyError(f"fit: no run of {model.name} succeeds at any of {len(points)} starts; narrow the bounds")
    return Fit(problem, found[order[0]], tuple(found[i] for i in order), points[order], seed)


def _whole(given: Any, parameters: Any, arms: Any, priors: Any) -> tuple[Any, ...]:
    """Return model, data, parameters, arms and priors of a problem; what is given beside it goes before."""
    if not all(hasattr(given, part) for part in ("model", "data", "estimated", "arms")):
        raise StudyError("fit: data are missing; give a table of measurements, or a problem such as read_petab returns")
    own = (given.estimated if parameters is None else parameters, given.arms if arms is None else arms)
    if priors is None:
        fitted = set(given.estimated["name"]) & {p.name for p in given.model.parameters}
        priors = {name: prior for name, prior in given.priors.items() if name in fitted} if parameters is None else {}
    return (given.model, given.data, *own, priors)


def _starts(problem: Problem, n: int, seed: int) -> Array:
    """Return the model's own point and those of a Latin hypercube at which all runs succeed, up to `n` in all."""
    from immunode.study.design.design import latin_hypercube

    if n == 1:
        return problem.start[None]
    box = {str(i): (0.0, 1.0) for i in range(len(problem.names))}
    points = latin_hypercube(box, SPARE * n, seed=seed).values
    good = np.all(np.isfinite(problem.split(problem.predict(points))[0]), axis=1)
    return np.concatenate([problem.start[None], points[good][: n - 1]])


@dataclass(frozen=True, eq=False, repr=False)
class Fit(Tabled):
    """The best point, and what the data say about it. Made by `fit`.

    best : where the best search ended.   searches : all of them, best first.   starts : (n_searches, n_parameters).
    """

    problem: Problem
    best: Found
    searches: tuple[Found, ...]
    starts: Array
    seed: int

    @property
    def values(self) -> dict[str, float]:
        """Parameter -> estimate, in its unit."""
        return dict(zip(self.problem.names, self.problem.values(self.best.u[None])[0].tolist(), strict=True))

    @property
    def minus_2_log_likelihood(self) -> float:
        """-2 log likelihood at the best point, estimated standard deviations included."""
        return self.best.cost + 2 * float(self.problem.log_prior(self.best.u[None]).sum())

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

    def identifiability(self) -> str:
        """Return in words which parameters the data fix, which they do not, and which only together."""
        from immunode.analysis.fitting.profiles import told_by_curvature

        return told_by_curvature(self)

    def profile(self, *names: str, points: int = 15) -> Profiles:
        """Return profile likelihoods: each parameter held at values around its estimate, all others fitted anew.

        names : parameters; by default all.   points : values on either side.   All searches run in one batch.

        Source: Raue et al. 2009, doi:10.1093/bioinformatics/btp358.
        """
        from immunode.analysis.fitting.profiles import profiles

        return profiles(self, names, points)

    def posterior(self, steps: int = 2000, *, priors: Mapping[str, Any] | None = None, seed: int = 0) -> Posterior:
        """Return samples of the posterior (emcee, extra `bayes`); by default under the priors of the fit.

        Where there is none it is flat on the search scale.

        priors : name -> `lognormal(...)`, `normal(...)`, ...   steps : of each walker.
        """
        from immunode.analysis.fitting.posterior import posterior

        return posterior(self, steps, self.problem.priors if priors is None else priors, seed)

    def model(self) -> Model:
        """Return the model with the estimates in it (those that are its parameters or initial values)."""
        model, values = self.problem.model, self.values
        own = {p.name for p in model.parameters}
        made = model.with_values({n: v for n, v in values.items() if n in own})
        return made.with_initial({n[:-3]: v for n, v in values.items() if n.endswith("(0)")})

    def draws(self, n: int = 200, *, seed: int = 0) -> Design:
        """Return `n` parameter sets that the data allow: normal around the estimate on the search scale, in the box.

        Directions that the data do not tell are drawn over the whole box.
        """
        from immunode.study.design.design import Design

        spread, vectors = np.linalg.eigh(np.nan_to_num(self.covariance, posinf=1.0))
        z = np.random.default_rng(seed).standard_normal((int(n), len(spread)))
        u = np.clip(self.best.u + (z * np.sqrt(np.clip(spread, 0.0, 1.0))) @ vectors.T, 0.0, 1.0)
        recipe = f"{int(n)} draws around the fit of {', '.join(self.problem.names)}, seed {seed}"
        return Design(self.problem.names, self.problem.values(u), recipe, seed)

    def predict(
        self, *quantities: str, until: Any = None, arms: Any = None, n: int = 200, seed: int = 0
    ) -> SweepResult:
        """Return a sweep over draws around the fit; `.plot.bands("tnf")` shows what they predict.

        quantities : to keep over time; by default the observables.   until, arms : as in `sweep`.
        """
        return predicted(self, self.draws(n, seed=seed), quantities, until, arms)

    def plot(self, *, style: str = "slide", title: str | None = None, axes: Any = None) -> Figure:
        """Return the data with the fitted curves, one panel (or one of your `axes`) an observable, arms in colors."""
        from immunode.analysis.fitting.pictures import fitted

        return fitted(self, style, self._title(title), axes)

    def plot_residuals(self, *, style: str = "slide", title: str | None = None, axes: Any = None) -> Figure:
        """Return how well it fits, three panels an observable: measured against predicted, residuals (in standard
        deviations of the noise) over time, and against what normal noise gives.
        """
        from immunode.analysis.fitting.pictures import goodness

        return goodness(self, style, self._title(title), axes)

    def plot_starts(self, *, style: str = "slide", title: str | None = None) -> Figure:
        """Return the -2 log likelihood that each search reached, sorted: a step down is a local optimum."""
        from immunode.plot.charts.analysis.fit import searches

        costs = [f.cost - self.best.cost for f in self.searches]
        return searches(costs, same=SAME, title=self._title(title), style=style)

    def _title(self, given: str | None) -> str:
        return self.problem.model.label if given is None else given

    def __repr__(self) -> str:
        same = sum(f.cost - self.best.cost < SAME for f in self.searches)
        shown = self.table().to_string(float_format=lambda x: f"{x:.4g}")
        noise = "".join(f"; sd of {name} {value:.3g}" for name, value in self.sd.items())
        return (
            f"Fit of {self.problem.model.label} to {len(self.problem.data)} measurements, arms "
            f"{', '.join(self.problem.data.arms)}; the best of {len(self.searches)} searches, found by {same}\n"
            f"{shown}\n-2 log likelihood {self.minus_2_log_likelihood:.4f}, "
            f"AIC {self.aic:.2f}, BIC {self.bic:.2f}{noise}\n"
            f"{self.identifiability()}"
        )

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


def predicted(found: Fit, draws: Design, quantities: tuple[str, ...], until: Any, arms: Any) -> SweepResult:
    """Return a sweep of parameter sets with trajectories of quantities. Parameters as in `Fit.predict`."""
    from immunode.study.sweep import sweep

    problem = found.problem
    names = list(quantities or problem.data.observables)
    chosen = problem.declared if arms is None else arms
    return sweep(
        problem.observed, draws, until=until, arms=chosen, keep=names, endpoints=[f"final({n})" for n in names]
    )
