"""The result of a population estimation: estimates in words, individuals, residuals, simulations, figures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.diagnostics import (
    PredictiveCheck,
    prediction_errors,
    predictive_check,
    simulated,
    weighted_residuals,
)
from immunode.analysis.mixed_effects.empirical_bayes import Modes
from immunode.analysis.mixed_effects.likelihoods import LikelihoodValue
from immunode.analysis.mixed_effects.pictures import FitPictures
from immunode.analysis.mixed_effects.predictions import Predictions
from immunode.analysis.mixed_effects.structure import Point
from immunode.analysis.mixed_effects.uncertainty import shown_covariance, shown_names, shown_numbers
from immunode.errors import StudyError, did_you_mean
from immunode.model import Correlation, Model
from immunode.study.populations import Population, population
from immunode.study.run.ready import quantity_units

if TYPE_CHECKING:
    import pandas as pd


Array = NDArray[np.float64]
NORMAL_95 = 1.959963984540054
SHRUNK = 0.3
"""Shrinkage above which an individual estimate tells little."""
HOPELESS = 1000.0
"""Relative standard error, in percent, above which the data do not fix a number."""
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
    def aic(self) -> float:
        """Akaike's information criterion, -2LL + 2 n_estimates."""
        return self.likelihood.minus2ll + 2 * len(self.names)

    @property
    def bic(self) -> float:
        """Bayes' information criterion, -2LL + n_estimates*log(n_observations)."""
        return self.likelihood.minus2ll + len(self.names) * math.log(self.predict.data.n_observations)

    @property
    def shrinkage(self) -> dict[str, float]:
        """Shrinkage of the random effects, 1 - SD of the modes / omega, and of residuals ("epsilon"), 1 - SD(IWRES)."""
        sd = np.sqrt(np.diag(self.point.omega))
        parts = {
            name: float(1 - self.modes.eta[:, k].std(ddof=1) / sd[k])
            for k, name in enumerate(self.predict.structure.effects)
        }
        iwres, _ = weighted_residuals(self.predict, self.point, self.modes)
        return {**parts, "epsilon": float(1 - np.nanstd(iwres, ddof=1))}

    @property
    def units(self) -> dict[str, str]:
        """Unit of each estimate; "" is dimensionless."""
        s = self.predict.structure
        declared = {p.name: p.unit for p in s.model.parameters}
        quantities = quantity_units(s.model)
        units = {}
        for name in self.names:
            kind, _, inside = name.rstrip(")").partition("(")
            linear = kind == "omega" and self._scale(inside) == "linear"
            other = declared[inside] if linear else quantities[inside] if kind == "additive" else ""
            units[name] = declared.get(name, other)
        return units

    def intervals(self) -> Array:
        """Return 95 % intervals, (n_estimates, 2), symmetric on the scale that keeps an estimate in its range."""
        s = self.predict.structure
        value, se = self.values, self.standard_errors
        scales = [one.scale for one in s.fixed]
        ends = np.stack([value - NORMAL_95 * se, value + NORMAL_95 * se], axis=1)
        for k, name in enumerate(self.names):
            kind = scales[k] if k < len(scales) else "corr" if name.startswith("corr(") else "log"
            if kind == "log" and value[k] != 0:
                width = min(NORMAL_95 * se[k] / abs(value[k]), 700.0)
                ends[k] = np.sort(value[k] * np.exp([-width, width]))
            elif kind == "logit":
                at, width = math.log(value[k] / (1 - value[k])), se[k] / (value[k] * (1 - value[k]))
                ends[k] = 1 / (1 + np.exp(-(at + np.array([-1, 1]) * NORMAL_95 * width)))
            elif kind == "corr":
                at, width = math.atanh(value[k]), se[k] / (1 - value[k] ** 2)
                ends[k] = np.tanh(at + np.array([-1, 1]) * NORMAL_95 * width)
        return ends

    def table(self) -> pd.DataFrame:
        """Return the estimates, one row each: value, unit, se, rse_percent, low, high (95 %), cv_percent, shrinkage."""
        import pandas as pd

        ends, units, shrunk = self.intervals(), self.units, self.shrinkage
        rows = []
        with np.errstate(all="ignore"):
            for k, (name, value, se) in enumerate(zip(self.names, self.values, self.standard_errors, strict=True)):
                kind, _, inside = name.rstrip(")").partition("(")
                log = kind == "omega" and self._scale(inside) == "log"
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
                        "shrinkage_percent": 100 * shrunk.get(inside, np.nan) if kind == "omega" else np.nan,
                    }
                )
        return pd.DataFrame(rows).set_index("name")

    def individuals(self) -> pd.DataFrame:
        """Return one row an individual: parameters at the mode, mode, conditional mean and SD of each random effect."""
        import pandas as pd

        s, who = self.predict.structure, np.arange(self.predict.n)
        table: dict[str, Any] = {"ID": [one.label for one in self.predict.data.individuals]}
        values = self.predict.individual_parameters(who, self.point.fixed, self.modes.eta)
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
        import pandas as pd

        p, t, who = self.predict, self.predict.table, np.arange(self.predict.n)
        iwres, cwres = weighted_residuals(p, self.point, self.modes)
        typical = p(who, self.point, np.zeros_like(self.modes.eta))
        npde = np.full(t.y.shape, np.nan)
        if simulations:
            npde = prediction_errors(p, simulated(p, self.point, simulations, np.random.default_rng((self.seed, 7))))
        labels = np.array([one.label for one in p.data.individuals], dtype=object)
        owner = np.broadcast_to(labels[:, None], t.y.shape)
        names = np.array([form.quantity for form in p.structure.forms], dtype=object)
        used = t.used
        return pd.DataFrame(
            {
                "ID": owner[used], "row": t.line[used], "time": t.clock[used], "output": names[t.output[used]],
                "DV": t.y[used], "censored": t.censored[used], "PRED": typical[used], "IPRED": self.modes.f[used],
                "IWRES": iwres[used], "CWRES": cwres[used], "NPDE": npde[used],
            }
        )  # fmt: skip

    def predictive_check(
        self, quantity: str = "", *, simulations: int = 500, bins: int = 12, prediction_corrected: bool = False
    ) -> PredictiveCheck:
        """Return the visual predictive check of an output, as numbers; `plot.predictive_check` draws it.

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
        names = [form.quantity for form in self.predict.structure.forms]
        name = quantity or names[0]
        if name not in names:
            raise StudyError(f"predictive check: no output '{name}'{did_you_mean(name, names)}")
        unit = quantity_units(self.predict.structure.model).get(name, "")
        rng = np.random.default_rng((self.seed, 11))
        return predictive_check(
            self.predict, self.point, names.index(name), simulations, bins, prediction_corrected, rng, unit
        )

    def model(self) -> Model:
        """Return the model with the estimates as its typical values, variability, correlations and errors."""
        s, point = self.predict.structure, self.point
        values = dict(zip((one.name for one in s.fixed), s.natural(point.fixed), strict=True))
        sd = dict(zip(s.effects, np.sqrt(np.diag(point.omega)), strict=True))
        old = {v.parameter: v.spread for v in s.model.variability}
        variability = []
        for v in s.model.variability:
            leader = v.shares or v.parameter
            ratio = v.spread / old[leader] if leader in sd else 1.0
            variability.append(replace(v, sd=float(sd[leader] * ratio), cv=0.0) if leader in sd else v)
        errors = {form.quantity: point.errors[o] for o, form in enumerate(s.forms)}
        observed = [
            o if o.quantity not in errors or o.counts else replace(
                o, additive=float(errors[o.quantity][0]), proportional=float(errors[o.quantity][1]),
                lognormal=float(errors[o.quantity][2]), power=float(errors[o.quantity][3]),
            )
            for o in s.model.observed
        ]  # fmt: skip
        correlations = [c for c in s.model.correlations if c.first not in sd or c.second not in sd]
        spread = np.sqrt(np.diag(point.omega))
        correlations_of = point.omega / np.outer(spread, spread)
        for block in s.blocks:
            correlations += [
                Correlation(s.effects[j], s.effects[i], float(correlations_of[i, j]))
                for a, i in enumerate(block)
                for j in block[:a]
            ]
        fitted = s.model.with_values({name: float(value) for name, value in values.items()})
        return fitted.replace(variability=variability, correlations=correlations, observed=observed)

    def population(self) -> Population:
        """Return the fitted population, from which virtual patients are drawn for trials."""
        return population(self.model())

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
            f"AIC {self.aic:.2f}, BIC {self.bic:.2f} (number of observations), from -2LL with all constants",
            f"derivatives by random effects: {self.derivatives}",
            f"standard errors by {self.error_method}",
            f"condition number: correlations {self.condition:.3g}, covariance {self.covariance_condition:.3g}",
            "",
        ]
        rows: dict[str, dict[str, Any]] = self.table().to_dict("index")  # type: ignore[assignment]
        for name, row in rows.items():
            how = "the data do not fix it"
            if math.isfinite(row["se"]) and row["rse_percent"] < HOPELESS:
                how = f"{row['low']:.4g} to {row['high']:.4g} with 95 % confidence, RSE {row['rse_percent']:.0f} %"
            line = f"{name} = {row['value']:.4g}{' ' * bool(row['unit'])}{row['unit']} ({how})"
            if math.isfinite(row["cv_percent"]):
                line += f"; CV {row['cv_percent']:.0f} %"
            if math.isfinite(row["shrinkage_percent"]):
                line += f"; shrinkage {row['shrinkage_percent']:.0f} %"
            lines.append(line)
        return "\n".join([*lines, *([""] if self.notes else []), *(f"note: {note}" for note in self.notes)])

    def __repr__(self) -> str:
        return self.summary()
