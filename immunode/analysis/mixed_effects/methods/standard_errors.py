"""Standard errors of the estimates by several methods, named apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.empirical_bayes import Modes
from immunode.analysis.mixed_effects.likelihoods import weighted_samples
from immunode.analysis.mixed_effects.methods.conditional_fit import STEP, Descent, Objective
from immunode.analysis.mixed_effects.methods.louis import louis_information
from immunode.analysis.mixed_effects.predictions import Predictions
from immunode.analysis.mixed_effects.uncertainty import condition_number, inverse_information, linearized_information
from immunode.errors import StudyError, did_you_mean

Array = NDArray[np.float64]
WAYS = ("auto", "linearized", "curvature", "louis", "sandwich")
TIGHT = 1e-9
"""Relative tolerance of runs for second differences by fixed effects that no center tells of."""


@dataclass(frozen=True, slots=True)
class StandardErrors:
    """Covariance of the vector of estimates, the condition number of its correlations, and the method in words."""

    covariance: Array
    condition: float
    words: str


def check_way(way: str, method: str) -> str:
    """Return the way of computing standard errors that is meant.

    Raises
    ------
    StudyError : an unknown one, or one that the method of estimation does not have.
    """
    if way not in WAYS:
        raise StudyError(f"estimate: unknown standard_errors '{way}'{did_you_mean(way, WAYS)}")
    other = "louis" if method == "saem" else "curvature"
    if way == {"louis": "curvature", "curvature": "louis"}[other]:
        raise StudyError(
            f"estimate: standard_errors='{way}' do not belong to method='{method}'; take '{other}', 'sandwich' or "
            "'linearized'"
        )
    return ("linearized" if method == "saem" else "curvature") if way == "auto" else way


def errors_at(
    predict: Predictions, x: Array, way: str, modes: Modes, descent: Descent | None, draws: int, seed: int
) -> StandardErrors:
    """Return the standard errors at a vector of estimates.

    way : of `check_way`.   descent : what found the vector; None for SAEM.   draws : samples of each individual.
    """
    if way == "linearized":
        information = linearized_information(predict, x, modes)
        return _inverse(information, "the information of the model linearized at the modes")
    if descent is not None:
        information, words, scores = descent.hessian / 2, "the curvature of -2LL", None
        if way == "sandwich":
            scores = _scores(predict, x, descent.method, modes)
    else:
        found = louis_information(*_samples(predict, x, modes, draws, seed))
        information, words, scores = found.information, f"Louis's identity, {draws} draws an individual", found.scores
    errors = _inverse(information, words)
    if way != "sandwich" or not np.isfinite(errors.covariance).all():
        return errors
    assert scores is not None
    covariance = errors.covariance @ (scores.T @ scores) @ errors.covariance
    return StandardErrors(covariance, condition_number(covariance), f"the sandwich of individual scores and {words}")


def _inverse(information: Array, words: str) -> StandardErrors:
    return StandardErrors(*inverse_information(information), words)


def _scores(predict: Predictions, x: Array, method: str, modes: Modes) -> Array:
    """Return derivatives of each individual's log L by a conditional method, (n_individuals, n)."""
    objective = Objective(predict, method)
    objective.start = modes.eta
    unit = STEP * np.eye(len(x))
    parts, _ = objective.parts(np.concatenate([x + unit, x - unit]))
    return np.asarray(-(parts[: len(x)] - parts[len(x) :]).T / (4 * STEP))


def _samples(
    predict: Predictions, x: Array, modes: Modes, draws: int, seed: int
) -> tuple[Predictions, Array, Array, Array]:
    """Return what `louis_information` takes."""
    predict = predict.at_tolerance(TIGHT)
    rng = np.random.default_rng((seed, 5))
    log_w, eta = weighted_samples(predict, predict.structure.point(x), modes.eta, modes.hessian, draws, rng)
    return predict, x, log_w, eta
