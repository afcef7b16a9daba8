"""Fitting a model to data of several arms at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.fitting.batch import side_by_side
from immunode.analysis.fitting.derivatives import make_looks
from immunode.analysis.fitting.measurements import Observable
from immunode.analysis.fitting.optimum import Optimum
from immunode.analysis.fitting.posterior import Posterior, sample_posterior
from immunode.analysis.fitting.problem import Problem, make_problem
from immunode.analysis.fitting.profiles import Profiles, describe_identifiability, profile_likelihoods
from immunode.analysis.fitting.search import Search, SearchResult
from immunode.errors import StudyError, did_you_mean
from immunode.study.design.design import latin_hypercube

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from immunode.model import Model
    from immunode.study.result.sweep_result import SweepResult

Array = NDArray[np.float64]
DERIVATIVES = ("differences", "exact")
SPARE = 3
"""Points drawn for each start: where a run fails, no search can begin."""
SAME = 0.1
"""Two searches whose -2 log likelihood differs by less found the same optimum."""


def fit(
    model: Model | Any,
    data: Any = None,
    space: Any = None,
    *,
    observables: Mapping[str, Observable | str] | None = None,
    arms: Any = None,
    priors: Mapping[str, Any] | None = None,
    starts: int = 20,
    seed: int = 0,
    rtol: float = 1e-8,
    engine: str = "auto",
    derivatives: str = "differences",
) -> Fit:
    """Return the maximum-likelihood fit of parameters to data.

    Many least-squares searches (trust region reflective, as in `scipy.optimize.least_squares`) start at the model's own
    values and at points of a Latin hypercube; all runs of a round share one batch, without threads.

    Parameters
    ----------
    model : Model | Any
        the model, or a problem that holds all there is to fit: `im.fit(im.io.read_petab("problem.yaml"))`.
    data : Any
        a table of measurements, or the path of a CSV file; long (`time`, `observable`, `value`, optional `arm`, `sd`
        and `noise`) or wide (`time`, optional `arm`, one column for each observable). Times in the model's unit, or as
        text ("2 weeks"); infinite is at rest. `sd` may hold expressions, as in `observable`.
    space : Any
        parameters to fit: names or shell patterns (searched inside their bounds, else between the value / 100 and *
        100), `{"k": (low, high)}`, a `Space`, or a table with columns name, low and high (`read_petab(...).estimated`).
        Knobs and initial values (`"E(0)"`) too; a new name in a mapping is a parameter of an observable, such as a
        scale. Log scale where both ends are above 0.
    observables : Mapping[str, Observable | str] | None
        name -> `observable(...)` or the text of an expression, for what is not a quantity of the model.
    arms : Any
        what the arms of the data are, as in `sweep`; by default the model's interventions of these names.
    priors : Mapping[str, Any] | None
        parameter -> `lognormal(...)`, `normal(...)`, ...; then the result is the mode of the posterior, and intervals
        come from the data alone.
    starts : int
        number of searches.
    seed : int
        of the Latin hypercube.
    rtol : float
        relative tolerance of the runs.
    derivatives : str
        of predictions: "differences" (central, of runs), or "exact": integrated along with the runs, as by
        `im.sensitivity.sensitivities`. Exact ones are free of noise, and cost less where arms have many doses; their
        machine code takes seconds to make for a new set of parameters, and stiff runs take longer.

    Raises
    ------
    StudyError
        data, a space or arms that can't be; no search reached a likelihood.
    ModelError
        exact derivatives are asked for where they are not known: events that fire on states, a start at rest.
    """
    if data is None:
        model, data, space, arms, priors = _whole(model, space, arms, priors)
    if isinstance(starts, bool) or int(starts) != starts or starts < 1:
        raise StudyError(f"fit: the number of starts must be a whole number above 0, got {starts!r}")
    if derivatives not in DERIVATIVES:
        hint = did_you_mean(str(derivatives), DERIVATIVES)
        raise StudyError(f"fit: derivatives is {derivatives!r}, not one of {', '.join(DERIVATIVES)}{hint}")
    problem = make_problem(model, data, space, observables, arms, rtol, engine, priors, derivatives)
    if len(problem.data) <= len(problem.names):
        raise StudyError(f"fit: {len(problem.data)} measurements can't fix {len(problem.names)} parameters")
    target = problem.scaled(problem.data.value)
    free = np.ones(len(problem.names), bool)
    points = _starts(problem, int(starts), seed)
    results = side_by_side([Search(problem, u, free, target).steps() for u in points], make_looks(problem))
    order = sorted(range(len(results)), key=lambda i: results[i].cost)
    if not np.isfinite(results[order[0]].cost):
        raise StudyError(f"fit: no run of {model.name} succeeds at any of {len(points)} starts; narrow the bounds")
    return Fit(problem, results[order[0]], tuple(results[i] for i in order), points[order], seed)


def _whole(given: Any, space: Any, arms: Any, priors: Any) -> tuple[Any, ...]:
    """Return model, data, space, arms and priors of a problem; what is given as well takes precedence."""
    if not all(hasattr(given, part) for part in ("model", "data", "estimated", "arms")):
        raise StudyError("fit: data are missing; give a table of measurements, or a problem such as read_petab returns")
    own = (given.estimated if space is None else space, given.arms if arms is None else arms)
    if priors is None:
        fitted = set(given.estimated["name"]) & {p.name for p in given.model.parameters}
        priors = {name: prior for name, prior in given.priors.items() if name in fitted} if space is None else {}
    return (given.model, given.data, *own, priors)


def _starts(problem: Problem, n: int, seed: int) -> Array:
    """Return the model's own point and those of a Latin hypercube at which all runs succeed, up to `n` in all."""
    if n == 1:
        return problem.start[None]
    box = {str(i): (0.0, 1.0) for i in range(len(problem.names))}
    points = latin_hypercube(box, SPARE * n, seed=seed).values
    good = np.all(np.isfinite(problem.split(problem.predict(points))[0]), axis=1)
    return np.concatenate([problem.start[None], points[good][: n - 1]])


@dataclass(frozen=True, eq=False, repr=False)
class Fit(Optimum):
    """The best point, and what the data say about it. Made by `fit`.

    Attributes
    ----------
    best : SearchResult
        where the best search ended.
    searches : tuple[SearchResult, ...]
        all of them, best first.
    starts : ndarray
        (n_searches, n_parameters).
    """

    searches: tuple[SearchResult, ...]
    starts: Array
    seed: int

    def identifiability(self) -> str:
        """Return in words which parameters the data fix, which they do not, and which only together."""
        return describe_identifiability(self)

    def profile(self, *names: str, points: int = 15) -> Profiles:
        """Return profile likelihoods: each parameter held at values around its estimate, all others fitted anew.

        Parameters
        ----------
        names : str
            parameters; by default all.
        points : int
            values on either side. All searches run in one batch.

        References
        ----------
        Raue et al. 2009, doi:10.1093/bioinformatics/btp358.
        """
        return profile_likelihoods(self, names, points)

    def posterior(self, steps: int = 2000, *, priors: Mapping[str, Any] | None = None, seed: int = 0) -> Posterior:
        """Return samples of the posterior (emcee, extra `bayes`); by default under the priors of the fit.

        Where there is none it is flat on the search scale.

        Parameters
        ----------
        priors : Mapping[str, Any] | None
            name -> `lognormal(...)`, `normal(...)`, ...
        steps : int
            of each walker.
        """
        return sample_posterior(self, steps, self.problem.priors if priors is None else priors, seed)

    def predict(
        self, *quantities: str, until: Any = None, arms: Any = None, n: int = 200, seed: int = 0
    ) -> SweepResult:
        """Return a sweep over draws around the fit; `.plot.bands("tnf")` shows what they predict.

        Parameters
        ----------
        quantities : str
            to keep over time; by default the observables.
        until, arms : Any
            as in `sweep`.
        """
        return self.sweep_over(self.draws(n, seed=seed), quantities, until, arms)

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
