"""The result of a population estimation: estimates in words, individuals, residuals, simulations, figures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.empirical_bayes import Modes
from immunode.analysis.mixed_effects.likelihoods import LikelihoodValue
from immunode.analysis.mixed_effects.methods.joint_posterior import JointPosterior
from immunode.analysis.mixed_effects.predictions import Predictions
from immunode.analysis.mixed_effects.prior_densities import Priors
from immunode.analysis.mixed_effects.results.classes_in_words import class_lines
from immunode.analysis.mixed_effects.results.diagnostics import (
    PredictiveCheck,
    predictive_check,
    residual_table,
    weighted_residuals,
)
from immunode.analysis.mixed_effects.results.estimate_words import estimate_lines, interval_ends
from immunode.analysis.mixed_effects.results.fitted_model import fitted_occasions, with_estimates
from immunode.analysis.mixed_effects.results.fitted_occasions import with_fitted_occasions
from immunode.analysis.mixed_effects.results.outcome_checks import OutcomeCheck, outcome_check, outcome_residuals
from immunode.analysis.mixed_effects.results.pictures import FitPictures
from immunode.analysis.mixed_effects.results.population_posterior import PopulationPosterior, sample_population
from immunode.analysis.mixed_effects.structure import Point
from immunode.analysis.mixed_effects.uncertainty import shown_covariance, shown_names, shown_numbers
from immunode.errors import StudyError, did_you_mean
from immunode.intervention.pharmacokinetics.occasions import OccasionVariability
from immunode.model import Model
from immunode.study.populations import Population, population
from immunode.study.run.ready import quantity_units

if TYPE_CHECKING:
    import pandas as pd


Array = NDArray[np.float64]
SHRUNK, LOST = 0.3, 0.9
"""Shrinkage above which an individual estimate tells little, and nothing."""
NEAR_ZERO = 1e-2
"""Standard deviation of a random effect on a log or logit scale below which it counts as absent."""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class PopulationFit:
    """What was estimated, and what the data say about it. Made by `estimate`.

    Attributes
    ----------
    method : str
        of the estimation, in words.
    likelihood : LikelihoodValue
        -2 log likelihood at the estimates, and by which method.
    names : tuple[str, ...]
        of the estimates: parameters, `omega(P)` (standard deviation of the random effect on P), `corr(P, Q)`,
        `additive(y)` and so on.
    values, standard_errors : ndarray
        (n_estimates,), in the order of `names`; NaN where the data do not fix them.
    covariance : ndarray
        (n_estimates, n_estimates).
    penalty : float
        -2 log of the prior density at the estimates, its constants included; 0 without priors.
    priors : tuple[str, ...]
        the priors in words.
    condition : float
        condition number of the correlation matrix of the estimates; infinite where it is singular.
    history : ndarray
        (n_iterations, n_estimates).
    exploration : int
        iterations before averaging began (SAEM), else 0.
    seed : int
        of the random numbers.
    recipe : Mapping[str, object]
        what was asked for: with the same model, data and version it gives the same numbers.
    notes : tuple[str, ...]
        what deserves doubt, in words.
    """

    method: str
    likelihood: LikelihoodValue
    history: Array
    exploration: int
    seed: int
    recipe: Mapping[str, object]
    notes: tuple[str, ...]
    condition: float
    predict: Predictions
    point: Point
    vector_covariance: Array
    modes: Modes
    means: Array
    deviations: Array
    error_method: str
    penalty: float = 0.0
    priors: tuple[str, ...] = ()
    beliefs: Priors | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """See the class."""
        return shown_names(self.predict.structure)

    @property
    def values(self) -> Array:
        """See the class."""
        return shown_numbers(self.predict.structure, self.point)

    @cached_property
    def covariance(self) -> Array:
        """See the class."""
        s = self.predict.structure
        return shown_covariance(s, s.vector(self.point), self.vector_covariance)

    @property
    def standard_errors(self) -> Array:
        """See the class."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @property
    def covariance_condition(self) -> float:
        """Condition number of the covariance of the estimates, which depends on their units; infinite: singular."""
        if not np.isfinite(self.covariance).all():
            return math.inf
        values = np.linalg.eigvalsh(self.covariance)
        return float(values[-1] / values[0]) if values[0] > 0 else math.inf

    def __getitem__(self, name: str) -> float:
        """Return an estimate by its name."""
        if name not in self.names:
            raise StudyError(f"estimate: no estimate '{name}'{did_you_mean(name, self.names)}")
        return float(self.values[self.names.index(name)])

    @property
    def derivatives(self) -> str:
        """How derivatives by random effects were computed, and where by differences, why."""
        return self.predict.derivatives

    @property
    def penalized(self) -> float:
        """-2LL plus -2 log of the prior density, all constants included: what is lowest where there are priors.

        Each density is that on the prior's own scale: of a log-normal one, of the logarithm.

        No -2LL: never compare nested models by it, nor by the -2LL of a fit with priors.
        """
        return self.likelihood.minus2ll + self.penalty

    @property
    def aic(self) -> float:
        """Akaike's information criterion, -2LL + 2 n_estimates; NaN with priors, where -2LL is not at its lowest."""
        if self.priors:
            return math.nan
        return self.likelihood.minus2ll + 2 * len(self.names)

    @property
    def bic(self) -> float:
        """Bayes' information criterion, -2LL + n_estimates*log(n_observations); NaN with priors."""
        if self.priors:
            return math.nan
        return self.likelihood.minus2ll + len(self.names) * math.log(self.predict.data.n_observations)

    @property
    def shrinkage(self) -> dict[str, float]:
        """Shrinkage of random effects, 1 - SD of the modes / omega, and of residuals ("epsilon"), 1 - SD(IWRES).

        By the name of the parameter; by `omega_occasion(CL)` where it differs between occasions, over those that an
        individual has.
        """
        s, sd = self.predict.structure, np.sqrt(np.diag(self.point.omega))
        parts = {}
        for block, copies in zip(s.blocks, s.copies, strict=True):
            for place, k in enumerate(block):
                alike = [k, *(other[place] for other in copies)]
                eta, moved = self.modes.eta[:, alike], np.any(self.modes.slopes[:, alike] != 0, axis=2)
                modes = eta[moved] if copies else eta[:, 0]
                parts[s.spread_name(k) if copies else s.effects[k]] = (
                    float(1 - modes.std(ddof=1) / sd[k]) if modes.size > 1 else math.nan
                )
        iwres, _ = weighted_residuals(self.predict, self.point, self.modes)
        known = iwres[np.isfinite(iwres)]
        return {**parts, "epsilon": float(1 - known.std(ddof=1)) if known.size > 1 else math.nan}

    @property
    def units(self) -> dict[str, str]:
        """Unit of each estimate; "" is dimensionless."""
        s = self.predict.structure
        declared = {p.name: p.unit for p in s.model.parameters}
        declared |= {one.name: declared[one.parameter] for one in s.fixed}
        quantities = quantity_units(s.model)
        units = {}
        for name in self.names:
            kind, _, inside = name.rstrip(")").partition("(")
            linear = name == f"omega({inside})" and self._scale(inside) == "linear"
            other = declared[inside] if linear else quantities[inside] if kind == "additive" else ""
            units[name] = declared.get(name, other)
        return units

    def intervals(self) -> Array:
        """Return 95 % intervals, (n_estimates, 2), symmetric on the scale that keeps an estimate in its range."""
        scales = [one.scale for one in self.predict.structure.fixed]
        kind_of = {"corr": "corr", "corr_occasion": "corr", "share": "logit"}
        kinds = [*scales, *(kind_of.get(name.partition("(")[0], "log") for name in self.names[len(scales) :])]
        return interval_ends(self.values, self.standard_errors, kinds)

    def table(self) -> pd.DataFrame:
        """Return the estimates, one row each: value, unit, se, rse_percent, low, high (95 %), cv_percent, shrinkage."""
        import pandas as pd

        ends, units, shrunk = self.intervals(), self.units, self.shrinkage
        rows = []
        with np.errstate(all="ignore"):
            for k, (name, value, se) in enumerate(zip(self.names, self.values, self.standard_errors, strict=True)):
                kind, _, inside = name.rstrip(")").partition("(")
                log = kind == "omega_occasion" or (kind == "omega" and self._scale(inside) == "log")
                rows.append(
                    {
                        "name": name,
                        "value": value,
                        "unit": units[name],
                        "se": se,
                        "rse_percent": 100 * se / abs(value),
                        "low": ends[k, 0],
                        "high": ends[k, 1],
                        "cv_percent": 100 * math.sqrt(math.expm1(min(value**2, 700.0))) if log else np.nan,
                        "shrinkage_percent": 100 * shrunk.get(inside if kind == "omega" else name, np.nan),
                    }
                )
        return pd.DataFrame(rows).set_index("name")

    def individuals(self) -> pd.DataFrame:
        """Return one row an individual: parameters at the mode, mode, conditional mean and SD of each random effect.

        Where there are classes, all of these are those in the most probable one, and the probability of each stands
        beside.
        """
        import pandas as pd

        s = self.predict.structure
        table: dict[str, Any] = {"ID": [one.label for one in self.predict.data.individuals]}
        if s.n_classes > 1:
            shares = self.likelihood.probabilities
            table["class"] = np.array(s.class_names, dtype=object)[shares.argmax(axis=1)]
            table |= {f"P({name})": shares[:, k] for k, name in enumerate(s.class_names)}
        values = self.predict.individual_parameters(self.modes.who, self.point.fixed, self.modes.eta)
        for followers in s.followers:
            for one in followers:
                table[s.model.parameters[one.row].name] = values[one.row]
        for k, name in enumerate(s.effects):
            table[f"eta({name})"] = self.modes.eta[:, k]
            table[f"mean eta({name})"], table[f"sd eta({name})"] = self.means[:, k], self.deviations[:, k]
        table["minus2ll"] = self.likelihood.per_individual
        return pd.DataFrame(table).set_index("ID")

    def residuals(self, *, simulations: int = 1000) -> pd.DataFrame:
        """Return one row an observation: ID, row of the data, time, output, DV, PRED, IPRED, IWRES, CWRES, NPDE.

        Parameters
        ----------
        simulations : int
            simulated data sets behind NPDE; 0 leaves them out.
        """
        return residual_table(self.predict, self.point, self.modes, simulations, self.seed)

    def predictive_check(
        self, quantity: str = "", *, simulations: int = 500, bins: int = 12, prediction_corrected: bool = False
    ) -> PredictiveCheck | OutcomeCheck:
        """Return the visual predictive check of an output, as numbers; `plot.predictive_check` draws it.

        Of times of events it is the Kaplan-Meier curve, of categories the share of each.

        Parameters
        ----------
        quantity : str
            an output; by default the first.
        simulations : int
            simulated data sets.
        bins : int
            bins in time at most; fewer where there are fewer times.
        prediction_corrected : bool
            whether values are divided by the typical prediction and multiplied by its median in the bin.
        """
        p, rng = self.predict, np.random.default_rng((self.seed, 11))
        name = self._output(quantity)
        if name not in self.drawn_outputs:
            return outcome_check(p, self.point, name, simulations, bins, rng)
        output = [form.quantity for form in p.structure.forms].index(name)
        unit = quantity_units(p.structure.model).get(name, "")
        return predictive_check(p, self.point, output, simulations, bins, prediction_corrected, rng, unit)

    def outcome_residuals(self, quantity: str = "", *, simulations: int = 1000) -> pd.DataFrame:
        """Return Cox-Snell and martingale residuals of times of events, or randomized quantile residuals of categories.

        All against the distribution over the population.

        Parameters
        ----------
        quantity : str
            an output; by default the first of events or categories.
        simulations : int
            draws of the random effects.

        Raises
        ------
        StudyError
            no such output, or one with an error around its prediction.
        """
        name = quantity or next((f.quantity for f in self.predict.structure.forms if f.discrete), "")
        if self._output(name) in self.drawn_outputs:
            raise StudyError(f"outcome_residuals: '{self._output(name)}' has an error around it: take residuals()")
        rng = np.random.default_rng((self.seed, 13))
        return outcome_residuals(self.predict, self.point, name, simulations, rng)

    def _output(self, quantity: str) -> str:
        names = [form.quantity for form in self.predict.structure.forms]
        name = quantity or (self.drawn_outputs or names)[0]
        if name not in names:
            raise StudyError(f"predictive check: no output '{name}'{did_you_mean(name, names)}")
        return name

    @property
    def drawn_outputs(self) -> tuple[str, ...]:
        """Outputs that have predictions with an error around them: no events or categories."""
        return tuple(form.quantity for form in self.predict.structure.forms if not form.discrete)

    def model(self) -> Model:
        """Return the model with the estimates as its typical values, variability, correlations and errors.

        Differences between occasions that were asked for with `occasions=` are among them: each occasion begins where
        it does in the data, at the median time where individuals differ.
        """
        fitted, p = with_estimates(self.predict.structure, self.point), self.predict
        return with_fitted_occasions(fitted, p.structure, self.point, p.data) if p.structure.occasions else fitted

    @property
    def occasions(self) -> tuple[OccasionVariability, ...]:
        """Differences between occasions that were asked for, with the estimated SD and correlations.

        `model()` has them already.
        """
        return fitted_occasions(self.predict.structure, self.point)

    def population(self) -> Population:
        """Return the fitted population, from which virtual patients are drawn for trials."""
        return population(self.model())

    def posterior(
        self, draws: int = 500, *, tune: int = 300, chains: int = 2, seed: int = 0, rtol: float = 1e-7
    ) -> PopulationPosterior:
        """Return samples of the joint posterior of all numbers and random effects (extra `nuts`: nutpie, NUTS).

        The priors are those of the fit. Where there are none: flat in typical values on their scales, in logarithms of
        errors, and in standard deviations and correlations of random effects.

        Parameters
        ----------
        draws, tune : int
            of each chain: kept, and before them for adaptation.
        chains : int
            that begin around the fit.
        seed : int
            of the random numbers.
        rtol : float
            relative tolerance of the runs.

        Raises
        ------
        EngineError
            nutpie is not there.
        """
        if self.predict.structure.n_classes > 1:
            raise StudyError("posterior: classes of individuals can't be sampled by a gradient sampler yet")
        scale = np.sqrt(np.diag(self.vector_covariance))
        priors = self.beliefs or Priors(self.predict.structure, ())
        density = JointPosterior(self.predict.at_tolerance(rtol), self.point, self.modes, scale, priors)
        return sample_population(density, self.names, draws, tune, chains, seed)

    @property
    def plot(self) -> FitPictures:
        """Figures: `convergence`, `individuals`, `predictive_check`, `residuals`, `covariates`."""
        return FitPictures(self)

    def _scale(self, name: str) -> str:
        s = self.predict.structure
        return s.followers[s.effects.index(name)][0].scale

    def summary(self) -> str:
        """Return the estimates and what to doubt, in words."""
        lines = [
            f"{self.predict.structure.model.name}: {self.method}",
            f"{len(self.predict.data)} individuals, {self.predict.data.n_observations} observations",
            repr(self.likelihood),
            f"AIC {self.aic:.2f}, BIC {self.bic:.2f} (number of observations), from -2LL with all constants"
            if not self.priors
            else f"penalized objective {self.penalized:.4f} = -2LL + {self.penalty:.4f} of the priors; the estimates "
            "do not maximize the likelihood, so there is no AIC, BIC or likelihood-ratio test",
            *(f"prior of {text}" for text in self.priors),
            f"derivatives by random effects: {self.derivatives}",
            f"standard errors by {self.error_method}",
            f"condition number: correlations {self.condition:.3g}, covariance {self.covariance_condition:.3g}",
            *class_lines(self.predict.structure, self.point, self.likelihood.probabilities),
            "",
        ]
        lines += estimate_lines(self.table())
        return "\n".join([*lines, *([""] if self.notes else []), *(f"note: {note}" for note in self.notes)])

    def __repr__(self) -> str:
        return self.summary()
