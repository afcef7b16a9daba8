"""Sequence maps: two interventions in either order, with gaps between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.sensitivity.responses import (
    Series,
    SpaceLike,
    called,
    find_series,
    space_of,
    whole,
    words_of,
)
from immunode.errors import ImmunodeError, StudyError
from immunode.intervention import sequence
from immunode.model import Model, Perturbation
from immunode.study.arms import CONTROL, Arms
from immunode.study.design.design import Design, sobol
from immunode.study.result.notebook import Tabled
from immunode.study.result.paired_differences import quantiles
from immunode.study.run.ready import model_time
from immunode.study.sweeps import sweep

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class SequenceMap(Tabled):
    """Endpoints of two interventions in either order over the gap between them; never changes.

    Attributes
    ----------
    names : tuple[str, str]
        both interventions.
    gaps : ndarray
        shape (n_gaps,), in `time_unit`, from the end of one to the start of the next.
    series : tuple[Series, ...]
        endpoints.
    values : ndarray
        shape (n_series, 2, n_gaps, n_draws): first name first, then second name first.
    references : dict[str, ndarray]
        "control", each alone, "together" (as their own schedules say) -> shape (n_series, n_draws).
    words : Mapping[str, str]
        intervention or endpoint -> what figures call it, where they do.
    """

    who: str
    names: tuple[str, str]
    gaps: Array
    time_unit: str
    series: tuple[Series, ...]
    values: Array
    references: dict[str, Array]
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def orders(self) -> tuple[str, str]:
        """Names of the two orders."""
        return _orders(*self.names)

    def table(self) -> pd.DataFrame:
        """Return one row for each endpoint, order and gap: median, 5 and 95 % of the draws, and runs that are ok."""
        import pandas as pd

        rows = []
        for j, s in enumerate(self.series):
            for i, order in enumerate(self.orders):
                for g, gap in enumerate(self.gaps):
                    low, middle, high = quantiles(self.values[j, i, g], (0.05, 0.5, 0.95))
                    rows.append(
                        (
                            s.endpoint,
                            s.unit,
                            order,
                            gap,
                            middle,
                            low,
                            high,
                            int(np.isfinite(self.values[j, i, g]).sum()),
                        )
                    )
        return pd.DataFrame(rows, columns=["endpoint", "unit", "order", "gap", "median", "q05", "q95", "ok"])

    def __repr__(self) -> str:
        n = self.values.shape[3]
        drawn = f", medians of {n:,} draws" if n > 1 else ""
        lines = [f"Sequence map of {self.who}: {' and '.join(self.names)}, {len(self.gaps)} gaps{drawn}"]
        with np.errstate(all="ignore"):
            for j, s in enumerate(self.series):
                lines.append(f"  {s.name} ({s.unit or 'dimensionless'})")
                middle = _median(self.values[j])
                for i, order in enumerate(self.orders):
                    row = middle[i]
                    if not np.isfinite(row).any():
                        lines.append(f"    {order}: no run")
                        continue
                    low, high = int(np.nanargmin(row)), int(np.nanargmax(row))
                    lines.append(
                        f"    {order}: least {row[low]:.5g} at a gap of {self.gaps[low]:g}, "
                        f"most {row[high]:.5g} at {self.gaps[high]:g} {self.time_unit}".rstrip()
                    )
                told = ", ".join(f"{name} {_median(v[j]):.5g}" for name, v in self.references.items())
                lines.append(f"    for comparison: {told}")
        return "\n".join(lines)

    def plot(
        self,
        endpoint: str | None = None,
        *,
        kind: str = "curves",
        title: str | None = None,
        style: str = "slide",
        axes: Any = None,
    ) -> Figure:
        """Return one endpoint over the gap. `kind`: "curves" (with the references) or "map" (order x gap)."""
        from immunode.plot.charts.analysis import sequence_map as draw

        if kind not in ("curves", "map"):
            raise StudyError(f"{self.who}: sequence map has no plot '{kind}'; known: 'curves', 'map'")
        j = find_series(self.who, self.series, endpoint, None)
        common: dict[str, Any] = {
            "orders": _orders(*(called(self.words, name) for name in self.names)),
            "x_unit": self.time_unit,
            "label": self.series[j].called(self.words),
            "unit": self.series[j].unit,
            "title": f"{self.who}: order and gap" if title is None else title,
            "style": style,
            "axes": axes,
        }
        if kind == "map":
            return draw.order_map(self.gaps, _median(self.values[j]), **common)
        references = {called(self.words, name): float(_median(v[j])) for name, v in self.references.items()}
        return draw.gap_curves(self.gaps, self.values[j], references=references, **common)


def sequence_map(
    model: Model,
    first: Any,
    second: Any,
    gaps: Sequence[float | str] | float | str,
    *,
    endpoints: Any = None,
    space: SpaceLike | None = None,
    n: int = 1,
    until: float | str | None = None,
    seed: int = 0,
    engine: str = "auto",
    rtol: float = 1e-6,
) -> SequenceMap:
    """Return endpoints of two interventions given one after the other, in both orders, over the gap between.

    Parameters
    ----------
    first, second : Any
        interventions, drugs or names of declared ones; both need an end (see `im.schedules.sequence`).
    gaps : Sequence[float | str] | float | str
        numbers in model time or text such as "2 weeks", from the end of one to time 0 of the next.
    space, n, seed
        ranges to draw virtual patients from (as in `sobol_indices`), and how many.
    endpoints, until, engine, rtol
        as in `sweep`. Let `until` leave room for the longest sequence.

    Raises
    ------
    StudyError
        no gaps, one below 0, or draws without a space.
    DoseError
        an intervention has no end.
    """
    one, two = (model.intervention(it) if isinstance(it, str) else it for it in (first, second))
    if one.name == two.name:
        raise StudyError(f"{model.name}: both interventions are called '{one.name}'; use .renamed(...)")
    listed: list[Any] = [gaps] if isinstance(gaps, str | float | int) else list(gaps)
    times = np.array([model_time(model, gap, "gap") for gap in listed])
    if not times.size or (times < 0).any() or (np.diff(times) <= 0).any():
        raise StudyError(
            f"{model.name}: gaps must increase from 0 on, got {', '.join(str(g) for g in listed) or 'none'}"
        )
    arms: dict[str, Any] = {CONTROL: [], one.name: [one], two.name: [two], "together": [one, two]}
    for side, pair in enumerate(((one, two), (two, one))):
        for i, gap in enumerate(listed):
            arms[f"{side}:{i}"] = list(sequence(*pair, gap=_gap(model, gap, float(times[i]), pair[0])))
    missing = _unable(model, arms)
    drawn = whole("sequence_map", "n", n, 1)
    if space is None and drawn > 1:
        raise StudyError(f"{model.name}: sequence_map: {drawn} draws need a space to draw them from")
    if space is None:
        design = Design((), np.empty((1, 0)), "the model as it is")
        engine = "scipy" if engine == "auto" else engine  # lone runs are not worth compiling a program each
    else:
        design = sobol(space_of(space, model), drawn, seed=seed)
    run = Arms({name: given for name, given in arms.items() if name not in missing})
    done = sweep(model, design * run, until=until, endpoints=endpoints, engine=engine, rtol=rtol)
    outputs = np.moveaxis(done.values.reshape(drawn, len(run), -1), 0, -1)  # (n_arms, n_series, n_draws)
    place = {name: outputs[i] for i, name in enumerate(run)}
    blank = np.full(outputs.shape[1:], np.nan)
    cells = [[place.get(f"{side}:{i}", blank) for i in range(len(times))] for side in (0, 1)]
    values = np.moveaxis(np.array(cells), 2, 0)
    units = done.units
    series = tuple(Series(e, "", units[e]) for e in done.endpoints)
    references = {name: place[name] for name in (CONTROL, one.name, two.name, "together") if name in place}
    return SequenceMap(
        who=model.label,
        names=(one.name, two.name),
        gaps=times,
        time_unit=model.time_unit,
        series=series,
        values=values,
        references=references,
        words=words_of(done),
    )


def _orders(a: str, b: str) -> tuple[str, str]:
    return f"{a}, then {b}", f"{b}, then {a}"


def _unable(model: Model, arms: dict[str, Any]) -> set[str]:
    """Return arms whose interventions can't meet, such as two `set_to` that overlap when given together."""
    if "together" not in arms:
        return set()
    try:
        Arms({"together": arms["together"]}).compose(model)
    except ImmunodeError:
        return {"together"}
    return set()


def _gap(model: Model, given: float | str, time: float, before: Perturbation) -> float | str:
    """Return a gap in the manner of the schedule that it follows: text where that is text, else a number."""
    if not isinstance(before.end(), str):
        return time
    unit = model.time_unit or model.clock
    return given if isinstance(given, str) else f"{time:.15g} {unit}"


def _median(values: Array) -> Any:
    """Return medians over the last axis, of what is there; NaN where nothing is."""
    some = np.asarray(np.isfinite(values).any(axis=-1))
    filled = np.where(some[..., None], values, 0.0)
    return np.where(some, np.nanmedian(filled, axis=-1), np.nan)
