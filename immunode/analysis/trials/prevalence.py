"""Weights that make a virtual population as sick, and as varied, as a real one."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.trials.responder_shares import by_draw
from immunode.errors import StudyError, did_you_mean
from immunode.study.result.notebook import Tabled

if TYPE_CHECKING:
    import pandas as pd

    from immunode.study.result.sweep_result import SweepResult

Array = NDArray[np.float64]
TOLERANCE = 1e-6
"""How near to its target a moment comes, in units of the endpoint's own spread over patients."""
FEWEST = 5.0
"""Least number of patients who may carry a weighted population."""


@dataclass(frozen=True, eq=False, repr=False)
class Prevalence(Tabled):
    """Weights of virtual patients and what they reach. Made by `prevalence_weights`.

    Attributes
    ----------
    weights : ndarray
        shape (n_draws,), sum 1; 0 for patients without a value.
    targets : tuple[tuple[str, float, float, float], ...]
        (what, target, before weighting, after) for each moment.
    """

    weights: Array
    targets: tuple[tuple[str, float, float, float], ...]

    @property
    def effective(self) -> float:
        """How many equally weighted patients carry as much (Kish: 1 over the sum of squared weights)."""
        return 1 / float((self.weights**2).sum())

    def table(self) -> pd.DataFrame:
        """Return one row a target: its value, and that of the population before and after weighting."""
        import pandas as pd

        return pd.DataFrame(list(self.targets), columns=["target", "wanted", "unweighted", "weighted"]).set_index(
            "target"
        )

    def __array__(self, dtype: object = None, copy: bool | None = None) -> Array:
        return np.array(self.weights)

    def __repr__(self) -> str:
        return (
            f"Weights of {len(self.weights)} virtual patients, who count as {self.effective:.0f}\n"
            f"{self.table().to_string(float_format=lambda x: f'{x:.4g}')}"
        )


def prevalence_weights(
    out: SweepResult, targets: Mapping[str, Mapping[str, float]], *, arm: str | None = None
) -> Prevalence:
    """Return the weights nearest to equal ones at which endpoints have given means and standard deviations.

    Of all weights that reach the targets, these are the ones with the least relative entropy to equal weights:
    w_i is proportional to exp(a . f(x_i)).

    Parameters
    ----------
    out : SweepResult
        a sweep, usually untreated.
    targets : Mapping[str, Mapping[str, float]]
        endpoint -> {"mean": m, "sd": s}, one or both, in the endpoint's unit: `{"final(EASI)": {"mean": 30}}`.
    arm : str | None
        whose endpoints are meant; by default "control" or the only arm.

    Raises
    ------
    StudyError
        an unknown arm or endpoint, or targets that no weighting of these patients reaches.

    References
    ----------
    minimum discrimination information, Kullback & Leibler 1951, doi:10.1214/aoms/1177729694; weighting virtual patients
    by prevalence: Klinke 2008, doi:10.1016/j.ymben.2007.12.001 (the idea; this way of solving it is ours).
    """
    out = out.rows_there()
    arm = arm or next((a for a in ("control", "placebo") if a in out.arms), out.arms[0])
    if arm not in out.arms:
        raise StudyError(f"prevalence: unknown arm '{arm}'{did_you_mean(arm, out.arms)}")
    goals = [goal for name, moments in targets.items() for goal in _goals(out, arm, name, moments)]
    if not goals:
        raise StudyError("prevalence: give at least one target, such as {'final(EASI)': {'mean': 30}}")
    known: NDArray[np.bool_] = np.asarray(np.all(np.isfinite(np.stack([goal.values for goal in goals])), axis=0))
    if not known.any():
        raise StudyError(f"prevalence: no patient of the arm '{arm}' has all of the endpoints asked for")
    weights = np.zeros(len(known))
    weights[known] = _tilted(np.stack([goal.feature() for goal in goals], axis=1)[known])
    told = [(f"{g.kind} of {g.endpoint}", g.wanted, g.moment(known / known.sum()), g.moment(weights)) for g in goals]
    return Prevalence(weights, tuple(told))


@dataclass(frozen=True, slots=True)
class _Goal:
    """A moment of an endpoint that is wanted.

    kind : "mean" or "sd".   mean : the mean that is wanted with it.   values : shape (n_draws,), of the endpoint.
    """

    endpoint: str
    kind: str
    wanted: float
    mean: float
    values: Array

    def feature(self) -> Array:
        """Return what must be 0 on average, shape (n_draws,), in units of the endpoint's own spread."""
        scale = float(np.nanstd(self.values)) or 1.0
        if self.kind == "mean":
            return (self.values - self.wanted) / scale
        return ((self.values - self.mean) ** 2 - self.wanted**2) / scale**2

    def moment(self, weights: Array) -> float:
        """Return the moment under weights, shape (n_draws,), sum 1."""
        x, w = self.values[weights > 0], weights[weights > 0]
        mean = float((w * x).sum())
        return mean if self.kind == "mean" else float(np.sqrt((w * (x - mean) ** 2).sum()))


def _goals(out: SweepResult, arm: str, name: str, moments: Mapping[str, float]) -> list[_Goal]:
    endpoint = out.endpoint_name(name)
    for kind in moments:
        if kind not in ("mean", "sd"):
            raise StudyError(f"prevalence: {endpoint}: unknown moment '{kind}'; give mean, or mean and sd")
    if "mean" not in moments:
        raise StudyError(f"prevalence: {endpoint}: a standard deviation needs a mean beside it")
    if moments.get("sd", 1.0) <= 0:
        raise StudyError(f"prevalence: {endpoint}: the standard deviation must be above 0, got {moments['sd']:g}")
    x = np.where(out.ok, out.endpoint(endpoint), np.nan)
    values = by_draw(out, x)[1][:, out.arms.index(arm)]
    return [_Goal(endpoint, k, float(v), float(moments["mean"]), values) for k, v in moments.items()]


def _tilted(features: Array) -> Array:
    """Return weights w_i ~ exp(a . f_i), sum 1, under which every feature has mean 0; features : (n, n_targets).

    The minimum of the convex log mean exp(a . f); its gradient is the weighted mean of the features.
    """
    from scipy.optimize import minimize
    from scipy.special import logsumexp, softmax

    def dual(a: Array) -> tuple[float, Array]:
        return float(logsumexp(features @ a)), np.asarray(softmax(features @ a) @ features)

    with np.errstate(all="ignore"), warnings.catch_warnings():
        # targets out of reach run away; what is left of them is judged below
        warnings.simplefilter("ignore")
        solution = minimize(dual, np.zeros(features.shape[1]), jac=True, method="BFGS", options={"gtol": 1e-10})
    weights = np.asarray(softmax(features @ solution.x))
    left, carriers = float(np.abs(weights @ features).max()), 1 / float((weights**2).sum())
    if left > TOLERANCE or carriers < FEWEST:
        raise StudyError(
            "prevalence: no weighting of these patients reaches the targets "
            f"(missed by {left:.2g} of an endpoint's own spread, {carriers:.1f} patients carry all); "
            "draw a wider population"
        )
    return weights
