"""Dose and response: Hill curves with EC50 and intervals, of one model or of many virtual patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from immunode.analysis.sensitivity.responses import Series, SpaceLike, ask, find_series, space_of, whole
from immunode.analysis.treatment.dosed_knobs import check_top, knob_facts, with_knobs
from immunode.errors import StudyError
from immunode.model import Model
from immunode.study.design.design import sobol
from immunode.study.result.notebook import Tabled
from immunode.study.result.paired_differences import quantiles

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
_NUMBERS = ("ec50", "ec50_low", "ec50_high", "hill", "bottom", "top", "r2", "beyond")


@dataclass(frozen=True, eq=False, repr=False)
class DoseResponse(Tabled):
    """Responses over doses with Hill curves bottom + (top - bottom)*d^hill/(ec50^hill + d^hill); never changes.

    Attributes
    ----------
    knob, dose_unit : str
        what was dosed.
    doses : ndarray
        shape (n_doses,).
    series : tuple[Series, ...]
        endpoints.
    responses : ndarray
        shape (n_series, n_draws, n_doses), NaN where a run failed.
    fits : ndarray
        shape (n_series, n_draws, 4): bottom (at dose 0), top (at high doses), ec50, hill; NaN where none was found.
    half : ndarray
        shape (n_series, n_draws), half the 95 % interval of ln(ec50) from how well the curve fits.
    r2 : ndarray
        shape (n_series, n_draws), part of the variance that the curve explains.
    words : Mapping[str, str]
        name -> what figures call it, where they do.
    """

    who: str
    knob: str
    dose_unit: str
    doses: Array
    series: tuple[Series, ...]
    responses: Array
    fits: Array
    half: Array
    r2: Array
    words: Mapping[str, str] = field(default_factory=dict)

    def table(self) -> pd.DataFrame:
        """Return one row an endpoint: medians of the fits, EC50 with its interval, r2, and how many curves fit.

        The interval of EC50 goes from 5 to 95 % of the draws; of a single curve it is the 95 % interval of the fit.
        """
        import pandas as pd

        rows = []
        for j, s in enumerate(self.series):
            good = np.isfinite(self.fits[j, :, 2])
            middle = np.median(self.fits[j, good], axis=0) if good.any() else np.full(4, np.nan)
            low, high = self.interval(j)
            r2 = float(np.median(self.r2[j, good])) if good.any() else np.nan
            ec50s, tested = self.fits[j, good, 2], self.doses[self.doses > 0]
            beyond = float(np.mean((ec50s < tested[0]) | (ec50s > tested[-1]))) if good.any() else np.nan
            bottom, top, ec50, hill = middle
            rows.append((s.endpoint, s.unit, ec50, low, high, hill, bottom, top, r2, beyond, int(good.sum())))
        columns = [
            "endpoint",
            "unit",
            "ec50",
            "ec50_low",
            "ec50_high",
            "hill",
            "bottom",
            "top",
            "r2",
            "beyond",
            "curves",
        ]
        return pd.DataFrame(rows, columns=columns)

    def interval(self, j: int) -> tuple[float, float]:
        """Return the ends of the interval of EC50 of the endpoint at position `j`."""
        ec50 = self.fits[j, :, 2]
        if len(ec50) == 1:
            return float(ec50[0] * np.exp(-self.half[j, 0])), float(ec50[0] * np.exp(self.half[j, 0]))
        low, high = quantiles(ec50, (0.05, 0.95))
        return low, high

    def predict(self, doses: ArrayLike, endpoint: str | None = None) -> Array:
        """Return the fitted curves at doses, shape (n_draws, n_doses)."""
        j = find_series(self.who, self.series, endpoint, None)
        return hill_curve(np.asarray(doses, float)[None], *np.moveaxis(self.fits[j], -1, 0)[:, :, None])

    def __repr__(self) -> str:
        n = self.responses.shape[1]
        drawn = f", {n:,} draws" if n > 1 else ""
        lines = [f"Dose-response of {self.knob} in {self.who}: {len(self.doses)} doses{drawn}"]
        for row in self.table().to_dict("records"):
            ec50, low, high, hill, bottom, top, r2, beyond = (float(row[c]) for c in _NUMBERS)
            if not np.isfinite(ec50):
                lines.append(f"  {row['endpoint']}: no curve (the response does not move, or runs failed)")
                continue
            unit = f" {self.dose_unit}" if self.dose_unit else ""
            ends = f"from {bottom:.4g} to {top:.4g} {row['unit']}".rstrip()
            lines.append(
                f"  {row['endpoint']}: EC50 {ec50:.4g} [{low:.3g}, {high:.3g}]{unit}, hill {hill:.3g}, "
                f"{ends}, r2 {r2:.4f}"
            )
            if beyond > 0.05:
                tested = self.doses[self.doses > 0]
                ends = f"{tested[0]:g} to {tested[-1]:g}"
                lines.append(
                    f"    caution: {100 * beyond:.0f} % of the EC50 lie outside the doses tested, {ends}{unit}"
                )
            if r2 < 0.95:
                lines.append("    caution: a Hill curve does not fit well; look at the figure")
        what = "5 to 95 % of the draws" if n > 1 else "95 %, from how well the curve fits"
        return "\n".join([*lines, f"  (intervals: {what})"])

    def plot(
        self, endpoint: str | None = None, *, title: str | None = None, style: str = "slide", axes: Any = None
    ) -> Figure:
        """Return responses and the curve of one endpoint (by default the first), with EC50 marked."""
        from immunode.plot.charts.analysis.dose_curve import dose_response as draw

        j = find_series(self.who, self.series, endpoint, None)
        above = self.doses[self.doses > 0]
        grid = np.geomspace(above[0] / 3, above[-1], 201)
        good = np.isfinite(self.fits[j, :, 2])
        curves = self.predict(grid, self.series[j].endpoint)[good]
        ec50 = float(np.median(self.fits[j, good, 2])) if good.any() else np.nan
        return draw(
            self.doses, self.responses[j], grid=grid, curves=curves, ec50=ec50, interval=self.interval(j),
            x_label=self.words.get(self.knob, self.knob), x_unit=self.dose_unit,
            y_label=self.words.get(self.series[j].endpoint, self.series[j].endpoint), y_unit=self.series[j].unit,
            title=f"{self.who}: {self.words.get(self.knob, self.knob)}" if title is None else title,
            style=style, axes=axes,
        )  # fmt: skip


def dose_response(
    model: Model,
    knob: str,
    doses: ArrayLike,
    *,
    endpoints: Any = None,
    interventions: Sequence[Any] | Any = None,
    space: SpaceLike | None = None,
    n: int = 1,
    until: float | str | None = None,
    seed: int = 0,
    engine: str = "auto",
    rtol: float = 1e-6,
) -> DoseResponse:
    """Return responses over the doses of one knob, with Hill curves, EC50 and intervals; one batched sweep.

    Parameters
    ----------
    knob : str
        such as `"infliximab.dose"` or `"anti_tnf.strength"`.
    doses : array_like
        at least 5, in the knob's unit; 0 is added.
    interventions : Sequence[Any] | Any
        what the knob belongs to; default the one that the model declares under its name.
    space, n, seed
        ranges to draw virtual patients from (as in `sobol_indices`), and how many.
    endpoints, until, engine, rtol
        as in `sweep`.

    Raises
    ------
    StudyError
        too few doses, names that can't be.
    """
    levels = _levels(model.name, knob, doses)
    arm = with_knobs(model, (knob,), interventions)
    unit, top = knob_facts(model, arm, knob)
    check_top(model.name, knob, levels, top)
    drawn = whole("dose_response", "n", n, 1)
    if space is None:
        if drawn > 1:
            raise StudyError(f"{model.name}: dose_response: {drawn} draws need a space to draw them from")
        names: tuple[str, ...] = (knob,)
        points = levels[:, None]
    else:
        design = sobol(space_of(space, model), drawn, seed=seed)
        if knob in design.names:
            raise StudyError(f"{model.name}: '{knob}' is dosed, so the space can't vary it as well")
        names = (knob, *design.names)
        points = np.column_stack([np.tile(levels, drawn), np.repeat(design.values, len(levels), axis=0)])
    answers = ask(
        model,
        names,
        points,
        until=until,
        arms=arm,
        endpoints=endpoints,
        engine=engine,
        rtol=rtol,
        how="doses",
        seed=seed,
    )
    responses = np.moveaxis(answers.outputs.reshape(drawn, len(levels), -1), -1, 0)
    return replace(_fitted(model.label, knob, unit, levels, answers.series, responses), words=answers.words)


def hill_fit(doses: ArrayLike, responses: ArrayLike, *, names: tuple[str, str] = ("dose", "response")) -> DoseResponse:
    """Return the Hill curve of responses that are there already.

    Parameters
    ----------
    doses : array_like
        shape (n_doses,), in any unit.
    responses : array_like
        shape (n_doses,), or (n_draws, n_doses) for a curve each.

    Raises
    ------
    StudyError
        shapes that don't fit, or fewer than 5 doses.
    """
    x, y = np.asarray(doses, float).ravel(), np.atleast_2d(np.asarray(responses, float))
    if y.ndim != 2 or y.shape[1] != x.size:
        raise StudyError(f"hill_fit: responses of shape {np.shape(responses)} for {x.size} doses")
    order = np.argsort(x, kind="stable")
    if len(np.unique(x)) < 5 or x[order[0]] < 0 or not np.isfinite(x).all():
        raise StudyError("hill_fit: it needs at least 5 different finite doses, none below 0")
    return _fitted("data", names[0], "", x[order], (Series(names[1]),), y[None][:, :, order])


def hill_curve(dose: Array, bottom: Any, top: Any, ec50: Any, hill: Any) -> Array:
    """Return bottom + (top - bottom)*d^hill/(ec50^hill + d^hill). Source: Hill 1910."""
    with np.errstate(all="ignore"):
        occupied = 1 / (1 + (ec50 / dose) ** hill)
    return np.asarray(bottom + (top - bottom) * np.where(dose > 0, occupied, 0.0))


def _levels(who: str, knob: str, doses: ArrayLike) -> Array:
    levels = np.unique(np.append(np.asarray(doses, float).ravel(), 0.0))
    if len(levels) < 5 or levels[0] < 0 or not np.isfinite(levels).all():
        raise StudyError(f"{who}: doses of {knob} must be finite, not below 0, and with 0 at least 5")
    return levels


def _fitted(who: str, knob: str, unit: str, doses: Array, series: tuple[Series, ...], y: Array) -> DoseResponse:
    n_series, n_draws, _ = y.shape
    fits, half, r2 = np.full((n_series, n_draws, 4), np.nan), np.full(y.shape[:2], np.nan), np.full(y.shape[:2], np.nan)
    for j in range(n_series):
        for i in range(n_draws):
            curve = _fit(doses, y[j, i])
            if curve is not None:
                fits[j, i], half[j, i], r2[j, i] = curve
    return DoseResponse(
        who=who, knob=knob, dose_unit=unit, doses=doses, series=series, responses=y, fits=fits, half=half, r2=r2
    )


def _fit(doses: Array, y: Array) -> tuple[Array, float, float] | None:
    """Return the four values of a Hill curve, half the interval of ln(ec50), and r2; None where there is none."""
    from scipy.optimize import least_squares
    from scipy.stats import t

    good = np.isfinite(y)
    x, y = doses[good], y[good]
    size = float(np.ptp(y)) if y.size else 0.0
    if len(np.unique(x)) < 5 or size <= 1e-9 * float(np.max(np.abs(y))):
        return None
    above = x[x > 0]
    low, high = np.log(above[0] / 100), np.log(above[-1] * 100)
    middle = float(np.log(above[np.argmin(np.abs(y[x > 0] - (y[0] + y[-1]) / 2))]))
    scaled = (y - y[0]) / size

    def miss(v: Array) -> Array:
        return np.asarray(hill_curve(x, v[0], v[1], np.exp(v[2]), np.exp(v[3])) - scaled)

    best: Any = None
    for hill in (0.7, 1.5, 4.0):
        start = np.array([0.0, scaled[-1], middle, np.log(hill)])
        bounds = ([-10, -10, low, np.log(0.1)], [10, 10, high, np.log(30)])
        tried = least_squares(miss, start, bounds=bounds, xtol=1e-12, ftol=1e-12, gtol=1e-12)
        best = tried if best is None or tried.cost < best.cost else best
    free = max(len(x) - 4, 1)
    left = 2 * best.cost
    covariance = np.linalg.pinv(best.jac.T @ best.jac) * left / free
    half = float(t.ppf(0.975, free) * np.sqrt(max(covariance[2, 2], 0.0)))
    bottom, top, ec50, hill = best.x[0], best.x[1], np.exp(best.x[2]), np.exp(best.x[3])
    r2 = 1 - left / float(np.sum((scaled - scaled.mean()) ** 2))
    return np.array([y[0] + size * bottom, y[0] + size * top, ec50, hill]), half, r2
