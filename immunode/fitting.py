"""What belongs to a fit: observables, profiles of the likelihood, samples of the posterior."""

from __future__ import annotations

from immunode.analysis.fitting.fits import Fit
from immunode.analysis.fitting.measurements import Observable, observable
from immunode.analysis.fitting.posterior import Posterior
from immunode.analysis.fitting.profiles import Profiles

__all__ = [
    "observable", "Observable", "Fit", "Profiles", "Posterior",
]  # fmt: skip
