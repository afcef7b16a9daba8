"""A PEtab problem: model, experiments as arms, measurements and parameters, and its likelihood."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from immunode.errors import StudyError, did_you_mean
from immunode.exchange.petab.likelihood import simulated
from immunode.exchange.petab.priors import Prior
from immunode.model import Model
from immunode.study.arms import Arms

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class PetabProblem:
    """A PEtab problem as immunode sees it. Made by `read_petab`.

    Attributes
    ----------
    model : Model
        the model at nominal values, with a derived quantity for each observable that is none of its own.
    arms : Arms
        one for each experiment; they act on `model`, also with other parameter values.
    data : DataFrame
        columns arm, observable, time (since the arm's start, model's time unit; inf is at rest), value and, where the
        files tell it, sd (a number, or the text of an expression) and noise ("normal" where there is none).
    estimated : DataFrame
        one row for each parameter to estimate: name, value, low, high.
    remarks : tuple[str, ...]
        what was read in another way than it was written.
    nominal : Mapping[str, float]
        value of each parameter of the parameter table, NaN where it has none.
    priors : Mapping[str, Prior]
        of parameters to estimate, where the files give one.
    begins : Mapping[str, float]
        arm -> time of the files when the arm starts; it is not 0 where an experiment starts at another time.
    sizes : tuple[float | str, ...]
        of each measurement, the size of its noise: a number, or an expression of quantities and parameters.
    version : int
        of the format, 1 or 2.
    ids : Mapping[str, str]
        id of a parameter in the files -> its name here, where these differ.
    """

    model: Model
    arms: Arms
    data: pd.DataFrame
    estimated: pd.DataFrame
    remarks: tuple[str, ...] = ()
    nominal: Mapping[str, float] = field(default_factory=dict)
    priors: Mapping[str, Prior] = field(default_factory=dict)
    begins: Mapping[str, float] = field(default_factory=dict)
    sizes: tuple[float | str, ...] = ()
    version: int = 2
    ids: Mapping[str, str] = field(default_factory=dict)

    def simulate(
        self, values: Mapping[str, float] | None = None, *, rtol: float = 1e-8, engine: str = "auto"
    ) -> pd.DataFrame:
        """Return the data with what the model gives for each measurement.

        -> columns arm, observable, time (of the files), value, simulation, sd, residual (in sds, on the scale of the
        noise) and log_likelihood.

        Parameters
        ----------
        values : Mapping[str, float] | None
            parameter -> value; the others are nominal.
        rtol, engine
            as in `simulate`.

        Raises
        ------
        StudyError
            an unknown parameter, or one without a nominal value that `values` lack.
        SolverError
            a run failed or does not come to rest; the message names the arm.
        """
        return simulated(self, self.values(values), rtol, engine)

    def log_likelihood(
        self, values: Mapping[str, float] | None = None, *, rtol: float = 1e-8, engine: str = "auto"
    ) -> float:
        """Return the logarithm of the likelihood of the data; parameters and errors as in `simulate`."""
        return float(self.simulate(values, rtol=rtol, engine=engine)["log_likelihood"].sum(skipna=False))

    def log_prior(self, values: Mapping[str, float] | None = None) -> float:
        """Return the logarithm of the prior density of the parameters to estimate; 0 where there are no priors."""
        known = self.values(values)
        return math.fsum(float(prior.log_density(known[name])) for name, prior in self.priors.items())

    def log_posterior(
        self, values: Mapping[str, float] | None = None, *, rtol: float = 1e-8, engine: str = "auto"
    ) -> float:
        """Return log likelihood plus log prior; parameters and errors as in `simulate`."""
        return self.log_likelihood(values, rtol=rtol, engine=engine) + self.log_prior(values)

    def values(self, given: Mapping[str, float] | None = None) -> dict[str, float]:
        """Return the value of each parameter of the table: `given`, else nominal.

        Raises
        ------
        StudyError
            an unknown parameter, or one that has no value.
        """
        made = dict(self.nominal)
        own = {p.name for p in self.model.parameters}
        for id_or_name, value in (given or {}).items():
            name = self.ids.get(id_or_name, id_or_name)
            if name not in made and name not in own:
                raise StudyError(
                    f"{self.model.name}: the problem has no parameter '{name}'{did_you_mean(name, (*made, *own))}"
                )
            made[name] = float(value)
        for name, value in made.items():
            if math.isnan(value):
                raise StudyError(f"{self.model.name}: '{name}' has no nominal value; give values={{'{name}': ...}}")
        return made

    def __repr__(self) -> str:
        n = len(self.arms)
        return (
            f"PEtab problem (version {self.version}) of {self.model.name}: {len(self.data)} measurements in {n} "
            f"arm{'s' * (n > 1)}, {len(self.estimated)} parameters to estimate"
        )
