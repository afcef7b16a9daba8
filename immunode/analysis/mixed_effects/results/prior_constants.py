"""The normalizing constants of priors, which searches leave out and a reported number needs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from immunode.analysis.mixed_effects.prior_densities import InverseWishart, Priors


def prior_constant(priors: Priors) -> float:
    """Return -2 log of the constants of all priors: with `Priors.penalty` it makes -2 log of their density.

    Each is a density on the scale of the penalty: that of a log-normal one on the logarithm.
    """
    return float(sum(-2 * _log_constant(part.density) for part in priors.parts))


def _log_constant(density: Any) -> float:
    from scipy.special import log_ndtr, multigammaln

    if isinstance(density, InverseWishart):
        n, degrees = len(density.mode), density.degrees
        size = float(np.linalg.slogdet(density.scale)[1])
        return 0.5 * degrees * (size - n * math.log(2)) - float(multigammaln(0.5 * degrees, n))
    low, high = density.low, density.high
    if density.kind in ("lognormal", "loguniform"):
        low, high = (math.log(x) if x > 0 else -math.inf for x in (low, high))
    elif density.kind == "logitnormal":
        low, high = (-math.inf if x <= 0 else math.inf if x >= 1 else math.log(x / (1 - x)) for x in (low, high))
    if density.kind in ("uniform", "loguniform"):
        return -math.log(high - low)
    a, b = ((end - density.center) / density.spread for end in (low, high))
    flip = a > 0
    upper, lower = (log_ndtr(-a), log_ndtr(-b)) if flip else (log_ndtr(b), log_ndtr(a))
    share = float(upper + np.log1p(-np.exp(lower - upper)))
    return -math.log(density.spread) - 0.5 * math.log(2 * math.pi) - share
