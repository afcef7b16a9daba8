"""Samples of the posterior of a fit, through emcee with a likelihood of all walkers at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.fitting.optimum import Optimum
from immunode.errors import EngineError, StudyError, did_you_mean
from immunode.study.design.design import Design

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from immunode.analysis.fitting.problem import Problem
    from immunode.study.design.distributions import Distribution
    from immunode.study.result.sweep_result import SweepResult

Array = NDArray[np.float64]
MISSING = "the posterior needs emcee; pip install 'immunode[bayes]'"

ENOUGH = 500
"""Independent samples below which the ends of an interval are not to be trusted."""


@dataclass(frozen=True, eq=False, repr=False)
class Posterior:
    """Samples of parameters. Made by `Fit.posterior`.

    Attributes
    ----------
    samples : ndarray
        shape (n_samples, n_parameters), in their units, burn-in left out, thinned.
    acceptance : float
        mean share of accepted moves.
    autocorrelation : ndarray
        steps after which samples are independent, by parameter.
    steps, walkers : int
        of the chain.
    """

    fit: Optimum
    samples: Array
    acceptance: float
    autocorrelation: Array
    steps: int
    walkers: int
    priors: str

    @property
    def effective(self) -> float:
        """Number of independent samples, by the slowest parameter."""
        return 0.8 * self.steps * self.walkers / float(np.nanmax(self.autocorrelation))

    def table(self) -> pd.DataFrame:
        """Return one row a parameter: median, 95 % credible interval, unit, autocorrelation time in steps."""
        import pandas as pd

        low, median, high = np.quantile(self.samples, [0.025, 0.5, 0.975], axis=0)
        problem = self.fit.problem
        rows = {"median": median, "low": low, "high": high, "unit": list(problem.units), "steps": self.autocorrelation}
        return pd.DataFrame(rows, index=pd.Index(problem.names, name="parameter"))

    def predict(self, *quantities: str, until: Any = None, arms: Any = None, n: int = 200) -> SweepResult:
        """Return a sweep over `n` samples; `.plot.bands("tnf")` shows what they predict."""
        rows = np.linspace(0, len(self.samples) - 1, n).round().astype(int)
        draws = Design(self.fit.problem.names, self.samples[rows], f"{n} samples of the posterior")
        return self.fit.sweep_over(draws, quantities, until, arms)

    def plot(self) -> Figure:
        """Return the corner plot: each parameter's distribution, and each pair's (extra `bayes`: corner).

        Source of the form: Foreman-Mackey 2016, doi:10.21105/joss.00024.
        """
        from immunode.analysis.fitting.pictures import corner_plot

        return corner_plot(self.fit, self.samples)

    def __repr__(self) -> str:
        shown = self.table().to_string(float_format=lambda x: f"{x:.4g}")
        if self.effective < ENOUGH:
            shown += f"\nfewer than {ENOUGH} independent samples: ask for more steps"
        return (
            f"Posterior of {self.fit.problem.model.label}: {self.walkers} walkers, {self.steps} steps, "
            f"{self.effective:.0f} independent samples, acceptance {self.acceptance:.2f}; "
            f"priors: {self.priors}\n{shown}"
        )


def log_posterior(problem: Problem, u: Array, priors: Mapping[str, Distribution]) -> Array:
    """Return the logarithm of the posterior density on the search scale, without its constant, shape (n,).

    An estimated standard deviation is integrated out under the prior 1/sd (Jeffreys), which leaves
    (sum of squares)^(-n/2) for each observable.

    u : (n, n_parameters); minus infinity outside of the unit box and where a run fails.
    """
    inside = np.all((u >= 0) & (u <= 1), axis=1)
    out = np.full(len(u), -np.inf)
    if not inside.any():
        return out
    data = problem.data
    predicted, sd = problem.split(problem.predict(u[inside]))
    residuals = problem.scaled(data.value) - predicted
    known = ~problem.open
    with np.errstate(all="ignore"):
        z = residuals[:, known] / sd[:, known]
        height = np.where(problem.laplace[known], -np.abs(z), -0.5 * z**2) - np.log(sd[:, known])
        total = height.sum(axis=1)
        for i in range(len(data.observables)):
            rows = (data.observable == i) & ~known
            if rows.any():
                total -= 0.5 * rows.sum() * np.log((residuals[:, rows] ** 2).sum(axis=1))
    values = problem.values(u[inside])
    for name, prior in priors.items():
        j = problem.names.index(name)
        axis = problem.box.axes[j]
        # the density is that of the search scale: dx/du is x for a log axis, a constant else
        total = total + prior.log_density(values[:, j]) + (np.log(np.abs(values[:, j])) if axis.log else 0.0)
    out[inside] = np.where(np.isfinite(total), total, -np.inf)
    return out


def sample_posterior(fit: Optimum, steps: int, priors: Mapping[str, Distribution], seed: int) -> Posterior:
    """Return samples of the posterior. Parameters as in `Fit.posterior`."""
    try:
        import emcee
    except ImportError:
        raise EngineError(MISSING) from None
    problem = fit.problem
    for name in priors:
        if name not in problem.names:
            raise StudyError(f"posterior: prior of '{name}', which was not fitted{did_you_mean(name, problem.names)}")
    if steps < 50:
        raise StudyError(f"posterior: at least 50 steps are needed, got {steps}")
    n = len(problem.names)
    walkers = max(32, 4 * n)
    rng = np.random.default_rng(seed)
    spread, vectors = np.linalg.eigh(np.nan_to_num(fit.covariance, posinf=0.04))
    start = fit.best.u + (rng.standard_normal((walkers, n)) * np.sqrt(np.clip(spread, 1e-10, 0.04))) @ vectors.T
    start = np.clip(start, 1e-4, 1 - 1e-4)
    # differential evolution follows correlated parameters better than the stretch move (ter Braak & Vrugt 2008)
    moves = [(emcee.moves.DEMove(), 0.8), (emcee.moves.DESnookerMove(), 0.2)]
    sampler = emcee.EnsembleSampler(
        walkers, n, lambda u: log_posterior(problem, u, priors), moves=moves, vectorize=True
    )
    # emcee's moves draw from a generator of the legacy kind
    sampler.random_state = np.random.RandomState(seed).get_state()
    sampler.run_mcmc(start, steps, skip_initial_state_check=True)
    burned = steps // 5
    chain = sampler.get_chain(discard=burned)
    time = emcee.autocorr.integrated_time(chain, tol=0)
    thin = max(1, int(np.nanmax(time) / 2)) if np.isfinite(time).any() else 1
    samples = problem.values(chain[::thin].reshape(-1, n))
    words = "flat on the search scale, inside the bounds"
    if priors:
        words = ", ".join(f"{name} {prior.words()}" for name, prior in priors.items()) + "; others " + words
    return Posterior(
        fit=fit,
        samples=samples,
        acceptance=float(np.mean(sampler.acceptance_fraction)),
        autocorrelation=time,
        steps=steps,
        walkers=walkers,
        priors=words,
    )
