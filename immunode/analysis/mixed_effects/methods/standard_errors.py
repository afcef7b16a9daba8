"""Standard errors of the estimates by several methods, named apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.empirical_bayes import Modes
from immunode.analysis.mixed_effects.likelihoods import weighted_samples
from immunode.analysis.mixed_effects.methods.conditional_fit import Descent, Objective
from immunode.analysis.mixed_effects.methods.flat_directions import by_batches, by_profile
from immunode.analysis.mixed_effects.methods.louis import louis_information
from immunode.analysis.mixed_effects.predictions import Predictions
from immunode.analysis.mixed_effects.prior_densities import Priors
from immunode.analysis.mixed_effects.residual_error import DISCRETE
from immunode.analysis.mixed_effects.structure import Point
from immunode.analysis.mixed_effects.uncertainty import (
    condition_number,
    hessian_of,
    inverse_information,
    linearized_information,
)
from immunode.errors import StudyError, did_you_mean

Array = NDArray[np.float64]
WAYS = ("auto", "linearized", "curvature", "louis", "sandwich")
LINEARIZED = "the information of the model linearized at the modes"
LEAST_DRAWS = 2000
"""Samples of each individual for Louis's identity: information is a small difference of two large numbers."""
TIGHT = 1e-7
"""Relative tolerance of runs for second differences by fixed effects that no center tells of."""


@dataclass(frozen=True, slots=True)
class StandardErrors:
    """Covariance of the vector of estimates, the condition number of its correlations, and the method in words."""

    covariance: Array
    condition: float
    words: str


def check_way(predict: Predictions, way: str, method: str) -> str:
    """Return the way of computing standard errors that is meant.

    Raises
    ------
    StudyError : an unknown one, or one that the method of estimation does not have.
    """
    if way not in WAYS:
        raise StudyError(f"estimate: unknown standard_errors '{way}'{did_you_mean(way, WAYS)}")
    other = "louis" if method == "saem" else "curvature"
    discrete = next((form for form in predict.structure.forms if form.kind >= DISCRETE), None)
    mixed = predict.structure.n_classes > 1
    if way == {"louis": "curvature", "curvature": "louis"}[other] or ((discrete or mixed) and way == "linearized"):
        why = f"method='{method}'"
        if way == "linearized":
            why = "classes of individuals" if discrete is None else f"outcomes as '{discrete.quantity}'"
        choices = f"'{other}' or 'sandwich'" if discrete or mixed else f"'{other}', 'sandwich' or 'linearized'"
        raise StudyError(f"estimate: standard_errors='{way}' do not belong to {why}; take {choices}")
    if way != "auto":
        return way
    return "linearized" if method == "saem" and not discrete and not mixed else other


def errors_at(
    predict: Predictions,
    point: Point,
    way: str,
    modes: Modes,
    descent: Descent | None,
    priors: Priors,
    *,
    draws: int,
    seed: int,
) -> StandardErrors:
    """Return the standard errors at estimates.

    way : of `check_way`.   modes : of all rows.   descent : what found the point; None for SAEM.
    draws : samples of each individual.
    """
    s = predict.structure
    x, scores = s.vector(point), None
    prior = hessian_of(lambda points: priors.penalty(s.point(points)), x) / 2 if priors else np.zeros((len(x),) * 2)
    if way == "linearized":
        information, words = linearized_information(predict, x, modes) + prior, LINEARIZED
    elif descent is not None:
        objective = Objective(predict, descent.method, priors, x, modes.eta)
        information, words = by_profile(descent.hessian / 2, objective, x), "the curvature of -2LL"
        scores = _scores(predict, x, descent.method, modes, priors) if way == "sandwich" else None
    else:
        draws = max(draws, LEAST_DRAWS)
        found = louis_information(*_samples(predict, x, modes, draws, seed))
        information = by_batches(found.information + prior, found.batches + prior)
        words, scores = f"Louis's identity, {draws} draws", found.scores
    covariance, condition = inverse_information(information)
    if way != "sandwich" or not np.isfinite(covariance).all():
        return StandardErrors(covariance, condition, words)
    assert scores is not None
    covariance = covariance @ (scores.T @ scores) @ covariance
    return StandardErrors(covariance, condition_number(covariance), f"the sandwich of individual scores and {words}")


def _scores(predict: Predictions, x: Array, method: str, modes: Modes, priors: Priors) -> Array:
    """Return derivatives of each individual's log L by a conditional method, (n_individuals, n)."""
    return Objective(predict, method, priors, x, modes.eta).scores(x)


def _samples(
    predict: Predictions, x: Array, modes: Modes, draws: int, seed: int
) -> tuple[Predictions, Array, Array, Array]:
    """Return what `louis_information` takes."""
    predict = predict.at_tolerance(TIGHT)
    rng = np.random.default_rng((seed, 5))
    log_w, eta = weighted_samples(predict, predict.structure.point(x), modes.eta, modes.hessian, draws, rng)
    return predict, x, log_w, eta
