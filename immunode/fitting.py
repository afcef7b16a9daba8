"""What belongs to a fit: observables, profiles of the likelihood, samples of the posterior, populations."""

# names only, to import and to complete; what they stand for is in analysis/fitting/ and mixed_effects/

from __future__ import annotations

from immunode.analysis.fitting.fits import Fit
from immunode.analysis.fitting.measurements import Observable, observable
from immunode.analysis.fitting.optimum import Optimum
from immunode.analysis.fitting.posterior import Posterior
from immunode.analysis.fitting.profiles import Profiles
from immunode.analysis.fitting.search import SearchResult
from immunode.analysis.mixed_effects.likelihoods import LikelihoodValue
from immunode.analysis.mixed_effects.prior_densities import InverseWishart
from immunode.analysis.mixed_effects.problem import population_likelihood
from immunode.analysis.mixed_effects.records.individual_records import IndividualData, Route
from immunode.analysis.mixed_effects.results.diagnostics import PredictiveCheck
from immunode.analysis.mixed_effects.results.outcome_checks import OutcomeCheck
from immunode.analysis.mixed_effects.results.population_fit import PopulationFit
from immunode.analysis.mixed_effects.results.population_posterior import PopulationPosterior

__all__ = [
    "observable", "Observable", "Fit", "Optimum", "SearchResult", "Profiles", "Posterior",
    "IndividualData", "Route", "population_likelihood", "LikelihoodValue", "PopulationFit",
    "PredictiveCheck", "OutcomeCheck", "InverseWishart", "PopulationPosterior",
]  # fmt: skip
