"""Figures of a population fit: arrays and labels are handed down to `immunode.plot`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.empirical_bayes import Modes
from immunode.analysis.mixed_effects.observation_table import given_covariates
from immunode.analysis.mixed_effects.predictions import Predictions
from immunode.analysis.mixed_effects.results.diagnostics import PredictiveCheck
from immunode.analysis.mixed_effects.results.outcome_checks import EVENTS, OutcomeCheck
from immunode.analysis.mixed_effects.structure import Point
from immunode.errors import StudyError
from immunode.language.characters import UNPRINTABLE
from immunode.plot.charts.analysis.outcome_check_chart import outcome_check
from immunode.plot.charts.analysis.population_fit import convergence, covariate_panels, individual_curves
from immunode.plot.charts.analysis.predictive_check_chart import predictive_check
from immunode.plot.charts.analysis.residual_panels import residuals
from immunode.study.run.ready import quantity_units

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
SMOOTH = 150
"""Points of a curve."""
MOST_PANELS = 20
"""Individuals in one figure."""


class Fitted(Protocol):
    """What of a fit is drawn."""

    predict: Predictions
    point: Point
    modes: Modes
    history: Array
    exploration: int

    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def units(self) -> dict[str, str]: ...
    def residuals(self, *, simulations: int = 1000) -> pd.DataFrame: ...
    def predictive_check(
        self, quantity: str = "", *, simulations: int = 500, bins: int = 12, prediction_corrected: bool = False
    ) -> PredictiveCheck | OutcomeCheck: ...


@dataclass(frozen=True, slots=True)
class FitPictures:
    """Figures of a population fit, reached as `fit.plot`."""

    fit: Any

    def convergence(self, *, style: str = "slide", title: str = "", axes: Any = None) -> Figure:
        """Return the course of all estimates over the iterations."""
        fit: Fitted = self.fit
        return convergence(
            fit.names, fit.history, fit.exploration, units=fit.units, style=style, title=title, axes=axes
        )

    def individuals(
        self, quantity: str = "", *, first: int = 0, most: int = MOST_PANELS, log: bool = False, style: str = "slide",
        title: str = "", axes: Any = None,
    ) -> Figure:  # fmt: skip
        """Return observations and curves of individuals, one panel each.

        Parameters
        ----------
        quantity : str
            an output; by default the first.
        first, most : int
            which individuals: so many from this one on.
        log : bool
            logarithmic axis.
        """
        fit: Fitted = self.fit
        p, s = fit.predict, fit.predict.structure
        output = self._output(quantity)
        chosen = np.arange(p.n)[first : first + most]
        if not chosen.size:
            raise StudyError(f"plot.individuals: there are {p.n} individuals, none from number {first} on")
        rows = fit.modes.who[chosen]
        own = p.courses(rows, fit.point, fit.modes.eta[chosen], output, SMOOTH)
        typical = p.courses(rows, fit.point, np.zeros_like(fit.modes.eta[chosen]), output, SMOOTH)
        points, beyond = [], []
        for i in chosen:
            mine = p.table.used[i] & (p.table.output[i] == output)
            seen = mine & (p.table.censored[i] == 0)
            points.append((p.table.clock[i][seen], p.table.y[i][seen]))
            beyond.append((p.table.clock[i][mine & ~seen], p.table.y[i][mine & ~seen]))
        name = s.forms[output].quantity
        return individual_curves(
            [f"ID {UNPRINTABLE.sub('?', p.data.individuals[i].label)}" for i in chosen],
            points,
            [(t, a, b) for (t, a), (_, b) in zip(own, typical, strict=True)],
            beyond=beyond,
            quantity=name,
            unit=quantity_units(s.model).get(name, ""),
            time_unit=s.model.axis_unit,
            log=log,
            left_out=p.n - len(chosen),
            style=style,
            title=title,
            axes=axes,
        )

    def predictive_check(
        self, quantity: str = "", *, simulations: int = 500, bins: int = 12, prediction_corrected: bool = False,
        log: bool = False, style: str = "slide", title: str = "", axes: Any = None,
    ) -> Figure:  # fmt: skip
        """Return the visual predictive check; arguments as of `PopulationFit.predictive_check`.

        log : logarithmic axis, of outputs with an error around them.
        """
        fit: Fitted = self.fit
        check = fit.predictive_check(
            quantity, simulations=simulations, bins=bins, prediction_corrected=prediction_corrected
        )
        if isinstance(check, OutcomeCheck):
            return outcome_check(
                check.time, check.observed, check.low, check.middle, check.high, labels=check.labels,
                censored=check.censored, steps=check.kind == EVENTS, quantity=check.quantity,
                time_unit=check.time_unit, simulations=check.simulations, style=style, title=title, axes=axes,
            )  # fmt: skip
        return predictive_check(
            check.time, check.observed, check.low, check.middle, check.high,
            points=check.points, censored=check.censored, censored_band=check.censored_band, quantity=check.quantity,
            unit=check.unit, time_unit=check.time_unit, corrected=check.corrected, simulations=check.simulations,
            log=log, style=style, title=title, axes=axes,
        )  # fmt: skip

    def residuals(self, *, style: str = "slide", title: str = "", axes: Any = None) -> Figure:
        """Return observed against individual predictions, and conditional weighted residuals over time."""
        fit: Fitted = self.fit
        s = fit.predict.structure
        table = fit.residuals(simulations=0)
        table = table[table["censored"] == 0]
        return residuals(
            {
                "arm": ["individuals"] * len(table), "observable": table["output"].tolist(), "time": table["time"],
                "value": table["DV"], "prediction": table["IPRED"], "residual": table["CWRES"],
            },
            units=quantity_units(s.model), time_unit=s.model.axis_unit, style=style, title=title, axes=axes,
        )  # fmt: skip

    def covariates(self, *columns: str, style: str = "slide", title: str = "", axes: Any = None) -> Figure:
        """Return random effects along covariates of the data.

        Parameters
        ----------
        columns : str
            columns of the data; by default those that the model uses, else all.
        """
        fit: Fitted = self.fit
        p = fit.predict
        known = p.data.covariates
        used = [c for c in known if c.upper() in {n.upper() for n in given_covariates(p.structure.model, p.data)}]
        chosen = list(columns) or used or list(known)
        missing = [c for c in chosen if c not in known]
        if missing or not chosen:
            raise StudyError(f"plot.covariates: the data have no covariate '{missing[0] if missing else ''}'")
        effects = {f"eta({name})": fit.modes.eta[:, k] for k, name in enumerate(p.structure.effects)}
        return covariate_panels(effects, {c: known[c] for c in chosen}, style=style, title=title, axes=axes)

    def _output(self, quantity: str) -> int:
        names = [form.quantity for form in self.fit.predict.structure.forms]
        known = self.fit.drawn_outputs
        if (quantity and quantity not in known) or not known:
            raise StudyError(
                f"plot: no output '{quantity}' with predictions; there are {', '.join(known)}"
                if known
                else "plot: events and categories have no predictions to draw"
            )
        return names.index(quantity or known[0])
