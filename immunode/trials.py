"""Virtual trials: responders, and weights that match a population to measured prevalences."""

from __future__ import annotations

from immunode.analysis.trials.prevalence import Prevalence, prevalence_weights
from immunode.analysis.trials.trial import Trial
from immunode.study.design.population import Acceptance

__all__ = [
    "Trial", "prevalence_weights", "Prevalence", "Acceptance",
]  # fmt: skip
