"""Derivatives of the course of one run by parameters, integrated along with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from immunode.analysis.sensitivity.forward_batch import SensitivityBatch, differentiated, sensitivity_batch
from immunode.analysis.sensitivity.local import own_values
from immunode.errors import SolverError, StudyError
from immunode.model.declaration import check_model
from immunode.study.arms import Arms
from immunode.study.endpoints.area import Auc
from immunode.study.endpoints.endpoint import Endpoint
from immunode.study.endpoints.final_value import Final
from immunode.study.endpoints.reading import as_endpoints, check_endpoints
from immunode.study.endpoints.value_at import At
from immunode.study.result.notebook import Tabled
from immunode.study.run.ready import looked_at_first, model_time, output_times, quantity_units, with_times
from immunode.study.run.recipe import model_recipe, tolerance, versions

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from immunode.intervention import Perturbation
    from immunode.model import Model

Array = NDArray[np.float64]
POINTS = 401
"""Output times where none are asked for."""


def sensitivities(
    model: Model,
    parameters: Iterable[str] | str | None = None,
    until: float | str | None = None,
    *,
    times: ArrayLike | Sequence[str] | None = None,
    quantities: Sequence[str] | str | None = None,
    endpoints: Iterable[Endpoint | str] | Endpoint | str = (),
    interventions: Sequence[Perturbation | str] | Perturbation | str = (),
    initial: Mapping[str, float] | None = None,
    engine: str = "auto",
    method: str = "auto",
    rtol: float = 1e-6,
    atol: ArrayLike | None = None,
) -> Sensitivities:
    """Return how quantities move with parameters, d(quantity)/d(parameter) over time: forward sensitivities.

    The derivatives obey equations of their own, which are integrated beside the model's under the same error control.
    They are exact through doses, infusions and windows, also by the times of these; at the kink of `max`, `abs` or
    `piecewise` they are those of the side that the run is on. Where a rate jumps as a state crosses a value, the part
    that the time of the crossing adds is missing. By the start of an event at time 0 it is the derivative to the right.
    Delay equations have them by lags as well, unless a dose is seen again at a time that moves with the parameter.

    Parameters
    ----------
    parameters : Iterable[str] | str | None
        names or patterns of parameters, knobs (`"anti_tnf.*"`) and initial values (`"E(0)"`); default all parameters.
    until, times
        as in `simulate`.
    quantities : Sequence[str] | str | None
        states, derived quantities, fluxes, switches; default the model's readouts.
    endpoints : Iterable[Endpoint | str] | Endpoint | str
        `final`, `at` and `auc` to differentiate as well.
    interventions, initial, engine, method, rtol
        as in `simulate`.
    atol : array_like | None
        of the states, as in `simulate`; that of a derivative is 1000 times this over the parameter's size.

    Raises
    ------
    StudyError
        unknown names; an endpoint whose derivative is not known.
    ModelError
        the model has events that fire on states, populations that die out at a limit, or starts at its steady state.
    SolverError
        the run failed.

    References
    ----------
    Maly & Petzold 1996, doi:10.1016/0168-9274(95)00117-4.
    """
    check_model("sensitivities", model)
    end = float(output_times(model, until, times, POINTS)[-1])
    composed = Arms({"interventions": interventions}).compose(model, end)["interventions"]
    point = own_values(composed, parameters, None)
    names = (quantities,) if isinstance(quantities, str) else tuple(quantities or looked_at_first(composed))
    wanted = as_endpoints(endpoints, ())
    kinds = _checked(composed, wanted)
    grid = output_times(composed, until, times, POINTS)
    moments = [model_time(composed, one.time, one.name) for one in wanted if isinstance(one, At)]
    solved = with_times(grid, moments) if moments else grid
    totals = tuple(dict.fromkeys(one.subject for one in wanted if isinstance(one, Auc)))
    read = tuple(dict.fromkeys((*names, *kinds)))
    given = {key if key.endswith("(0)") else f"{key}(0)": value for key, value in (initial or {}).items()}
    options: dict[str, Any] = {"engine": engine, "method": method, "rtol": rtol, "atol": atol}
    batch = sensitivity_batch(composed, tuple(point), given, times=solved, quantities=read, integrals=totals, **options)
    if batch.status[0]:
        raise SolverError(f"{composed.label}, sensitivities: {batch.reasons[0]}")
    point |= {name: float(value) for name, value in given.items() if name in point}
    place = np.searchsorted(solved, grid)
    column = np.array([read.index(name) for name in names])
    units = quantity_units(composed)
    declared = {p.name: p.unit for p in composed.parameters} | {f"{s.name}(0)": s.unit for s in composed.states}
    recipe = {
        "model": model_recipe(composed, differentiated(composed, tuple(point), read, totals).functions.program.key),
        "until": end,
        "initial": dict(initial or {}),
        "engine": batch.engine,
        "rtol": rtol,
        "atol": tolerance(atol),
        "versions": versions(),
    }
    return Sensitivities(
        who=composed.label,
        quantities=names,
        parameters=tuple(point),
        times=grid,
        values=batch.values[0][np.ix_(place, column)],
        slopes=batch.slopes[0][np.ix_(place, column)],
        point=np.array(list(point.values())),
        endpoints=_endpoint_rows(composed, list(zip(wanted, kinds, strict=True)), batch, solved, read),
        units=MappingProxyType(
            {name: units.get(name, "") for name in names}
            | {name: declared.get(name, "") for name in point}
            | {one.name: one.unit(units, composed.time_unit) for one in wanted}
        ),
        time_unit=composed.time_unit,
        recipe=MappingProxyType(recipe),
    )


def _endpoint_rows(
    model: Model, endpoints: Sequence[tuple[Endpoint, str]], batch: SensitivityBatch, times: Array, read: Sequence[str]
) -> tuple[tuple[str, float, Array], ...]:
    """Return name, value and derivatives of each endpoint, which comes with its quantity. read : those of `batch`."""
    rows = []
    for one, name in endpoints:
        k = int(np.searchsorted(times, model_time(model, one.time, one.name))) if isinstance(one, At) else -1
        i = read.index(name)
        rows.append((one.name, float(batch.values[0, k, i]), batch.slopes[0, k, i]))
    return tuple(rows)


def _checked(model: Model, endpoints: Sequence[Endpoint]) -> list[str]:
    """Return the quantity of the program that each endpoint reads.

    Raises
    ------
    StudyError : an unknown quantity, or an endpoint whose derivative is not known.
    """
    check_endpoints(endpoints, quantity_units(model), [p.name for p in model.parameters])
    for one in endpoints:
        if not isinstance(one, Final | At | Auc):
            raise StudyError(f"sensitivities: no derivative of {one.name}; known are those of final, at and auc")
    return [f"integral({one.subject})" if isinstance(one, Auc) else one.subject for one in endpoints]


@dataclass(frozen=True, eq=False, repr=False)
class Sensitivities(Tabled):
    """The course of quantities and their derivatives by parameters; never changes. Made by `sensitivities`.

    Attributes
    ----------
    quantities, parameters : tuple[str, ...]
        what is differentiated, and by what.
    times : ndarray
        shape (n_times,), in the model's time unit.
    values : ndarray
        shape (n_times, n_quantities), each in its unit.
    slopes : ndarray
        shape (n_times, n_quantities, n_parameters), unit of the quantity over unit of the parameter.
    point : ndarray
        shape (n_parameters,), values of the parameters, or of initial values where they are given, else those declared.
    units : Mapping[str, str]
        of quantities, parameters and endpoints.
    recipe : Mapping[str, Any]
        how it was made.
    """

    who: str
    quantities: tuple[str, ...]
    parameters: tuple[str, ...]
    times: Array
    values: Array
    slopes: Array
    point: Array
    endpoints: tuple[tuple[str, float, Array], ...]
    units: Mapping[str, str]
    time_unit: str
    recipe: Mapping[str, Any]

    def of(self, quantity: str, parameter: str) -> Array:
        """Return d(quantity)/d(parameter), shape (n_times,), unit of the quantity over unit of the parameter.

        Raises
        ------
        StudyError
            one of them is not part of this.
        """
        for name, known in ((quantity, self.quantities), (parameter, self.parameters)):
            if name not in known:
                raise StudyError(f"sensitivities of {self.who}: no '{name}'; there are {', '.join(known)}")
        return self.slopes[:, self.quantities.index(quantity), self.parameters.index(parameter)]

    def elasticities(self) -> Array:
        """Return slopes times parameter over value, % per %, (n_times, n_quantities, n_parameters); NaN at value 0."""
        values = self.values[:, :, None]
        with np.errstate(all="ignore"):
            return np.where(values == 0, np.nan, self.slopes * self.point / values)

    def table(self) -> pd.DataFrame:
        """Return one row for each endpoint and parameter: value, derivative, elasticity (% per %) and unit.

        Without endpoints, of each quantity at the last time.
        """
        import pandas as pd

        ends = [(f"final({q})", self.values[-1, i], self.slopes[-1, i]) for i, q in enumerate(self.quantities)]
        rows = []
        for name, value, slopes in self.endpoints or ends:
            unit = self.units.get(name, self.units.get(name[len("final(") : -1], ""))
            for k, parameter in enumerate(self.parameters):
                elasticity = slopes[k] * self.point[k] / value if value else np.nan
                per = self.units.get(parameter, "")
                rows.append((name, parameter, value, slopes[k], elasticity, _over(unit, per)))
        return pd.DataFrame(rows, columns=["endpoint", "parameter", "value", "derivative", "elasticity", "unit"])

    def to_dataset(self) -> xr.Dataset:
        """Return `value` (time, quantity) and `slope` (time, quantity, parameter) as an xarray Dataset."""
        import xarray as xr

        return xr.Dataset(
            {
                "value": (("time", "quantity"), self.values),
                "slope": (("time", "quantity", "parameter"), self.slopes),
            },
            {
                "time": ("time", self.times, {"units": self.time_unit}),
                "quantity": list(self.quantities),
                "parameter": list(self.parameters),
            },
        )

    def __repr__(self) -> str:
        table = self.table()
        lines = [f"Sensitivities of {self.who}: {len(self.quantities)} quantities by {len(self.parameters)} parameters"]
        for name, rows in table.groupby("endpoint", sort=False):
            top = rows.loc[rows["elasticity"].abs().sort_values(ascending=False).index[:4]]
            told = ", ".join(f"{p} {e:+.3g}" for p, e in zip(top["parameter"], top["elasticity"], strict=True))
            lines.append(f"  {name} = {rows['value'].iloc[0]:.4g}, % per %: {told}")
        return "\n".join(lines)


def _over(unit: str, per: str) -> str:
    """Return the quotient of two units as text."""
    return f"({unit or '1'})/({per})" if per else unit
