"""Information on the estimates from the scores of individuals, where no linearized model has a meaning.

Fisher's identity: an individual's score is the mean, given its data, of that of the joint density of data and random
effects. The sum of the squares of scores is the empirical information. Source: Louis 1982, J R Stat Soc B 44:226.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.likelihoods import minus_log_joint
from immunode.analysis.mixed_effects.predictions import Predictions

Array = NDArray[np.float64]
STEP = 1e-4
"""Step of the differences along the vector of estimates."""


def score_information(predict: Predictions, x: Array, eta: Array, weights: Array) -> Array:
    """Return the empirical information on the vector `x`, (n, n).

    eta : (n_rows, n_draws, n_effects), from the conditional distribution of each individual in each class.
    weights : (n_rows, n_draws), which add up to 1 for each individual.
    """
    s = predict.structure
    scores = np.empty((predict.n, len(x)))
    for k in range(len(x)):
        step = STEP * (np.arange(len(x)) == k)
        with np.errstate(all="ignore"):
            change = minus_log_joint(predict, s.point(x - step), eta) - minus_log_joint(predict, s.point(x + step), eta)
        logs = [np.repeat(np.log(s.point(x + sign * step).shares), predict.n)[:, None] for sign in (1, -1)]
        change += logs[0] - logs[1]
        part = np.where(weights > 0, weights * np.where(np.isfinite(change), change, 0.0), 0.0).sum(axis=1)
        scores[:, k] = part.reshape(-1, predict.n).sum(axis=0)
    scores /= 2 * STEP
    return np.asarray(scores.T @ scores)
