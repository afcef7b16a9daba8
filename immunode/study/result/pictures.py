"""Figures of a sweep: arrays and labels are handed down to `immunode.plot`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from immunode.errors import StudyError, did_you_mean
from immunode.study.result.paired_differences import contrast
from immunode.study.result.rows import Rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Pictures:
    """The figures of a sweep; `out.plot.heat(...)`, `out.plot.bands(...)`, `out.plot.endpoints(...)`."""

    __slots__ = ("_result",)

    def __init__(self, result: Rows) -> None:
        self._result = result

    def heat(
        self, endpoint: str, x: str | None = None, y: str | None = None, *, arm: str | None = None, **options: Any
    ) -> Figure:
        """Return a heat map of an endpoint over two columns of the design.

        x, y : columns; by default the first two that vary.   arm : which arm; needed where there are several.
        options : as in `immunode.plot.heat`: x_log, y_log, z_log, bins, contours, center, title, style, axes.

        Raises
        ------
        StudyError : an unknown endpoint, column or arm.
        """
        from immunode.plot.charts.heat_map import heat

        result = self._result
        if arm is None and len(result.arms) > 1:
            raise StudyError(f"heat: say which arm: {', '.join(result.arms)}")
        if arm is not None and arm not in result.arms:
            raise StudyError(f"heat: unknown arm '{arm}'{did_you_mean(arm, result.arms)}")
        name = result.endpoint_name(endpoint)
        inputs, rows = result.inputs(), result.arm_of == (result.arms.index(arm) if arm else 0)
        columns = result.columns
        chosen = self._axes(inputs, x, y)
        units = result.column_units
        options.setdefault("title", result.model_name + (f", {arm}" if arm else ""))
        figure = heat(
            inputs[rows, columns.index(chosen[0])],
            inputs[rows, columns.index(chosen[1])],
            result.endpoint(name)[rows],
            x_label=chosen[0],
            y_label=chosen[1],
            z_label=name,
            x_unit=units.get(chosen[0], ""),
            y_unit=units.get(chosen[1], ""),
            z_unit=result.units[name],
            **options,
        )
        return self._remembered(figure)

    def bands(self, quantity: str | None = None, *, levels: Sequence[float] | None = None, **options: Any) -> Figure:
        """Return quantile bands of a kept quantity over time, by arm, of the runs that are ok.

        quantity : by default the first that was kept.   levels : increasing and symmetric around 0.5.
        options : as in `immunode.plot.bands`: doses, windows, title, style, log, together, axes.

        Raises
        ------
        StudyError : nothing was kept (`sweep(..., keep=["tnf"])`), or no run is ok.
        """
        from immunode.plot.charts.quantile_bands import LEVELS, bands

        result = self._result
        name = quantity or next(iter(result.kept), "tnf")
        shown = tuple(LEVELS if levels is None else levels)
        table = result.quantiles(name, shown)
        if not table:
            raise StudyError(f"bands: no run that is ok has '{name}'")
        counts = {arm: int((result.ok & (result.arm == arm)).sum()) for arm in table}
        options.setdefault("title", result.model_name)
        figure = bands(
            result.times,
            table,
            shown,
            quantity=name,
            unit=result.units[name],
            time_unit=result.asked.model.axis_unit,
            labels={k: v for k, v in result.meanings.items() if k == name},
            counts=counts,
            **options,
        )
        return self._remembered(figure)

    def endpoints(self, *names: str, **options: Any) -> Figure:
        """Return the distributions of endpoints by arm; without names, of all endpoints.

        options : as in `immunode.plot.endpoints`: labels, title, style, log, axes.
        """
        from immunode.plot.charts.endpoint_strips import endpoints

        result = self._result
        chosen = [result.endpoint_name(n) for n in names] or list(result.endpoints)
        values = {
            name: {arm: result.endpoint(name)[result.arm_of == i] for i, arm in enumerate(result.arms)}
            for name in chosen
        }
        options.setdefault("title", result.model_name)
        figure = endpoints(values, units={n: result.units[n] for n in chosen}, **options)
        return self._remembered(figure)

    def waterfall(
        self, quantity: str, *, baseline: str | None = None, lines: Mapping[str, float] | None = None, **options: Any
    ) -> Figure:
        """Return each patient's % change of an endpoint from a baseline, sorted, one panel an arm.

        quantity : an endpoint: `"final(T)"`.   baseline : another one: `"at(T, 0)"` (the default, where it was asked
        for), or the name of an arm, whose same patient is the baseline.
        lines : name -> height in %, such as {"partial response": -30}.
        options : as in `immunode.plot.waterfall`: title, style, axes.

        Raises
        ------
        StudyError : unknown endpoints, or no baseline.
        """
        from immunode.plot.charts.patient_changes import waterfall

        result = self._result
        name = result.endpoint_name(quantity)
        subject = result.asked.endpoint_subjects[name]
        baseline = baseline or f"at({subject}, 0)"
        if baseline in result.arms:
            table = contrast(result, name, baseline).differences
            base = result.endpoint(name)[result.arm_of == result.arms.index(baseline)]
            changes = {str(arm): 100 * table[arm].to_numpy(float) / base for arm in table.columns}
            against = baseline
        elif baseline in result.endpoints:
            with np.errstate(all="ignore"):
                change = 100 * (result.endpoint(name) / result.endpoint(baseline) - 1)
            changes = {arm: change[result.arm_of == i] for i, arm in enumerate(result.arms)}
            against = baseline
        else:
            raise StudyError(
                f"waterfall: no endpoint or arm '{baseline}' to start from; add it to the sweep's endpoints"
                f"{did_you_mean(baseline, (*result.endpoints, *result.arms))}"
            )
        options.setdefault("title", result.model_name)
        figure = waterfall(changes, label=f"{name}: % change from {against}", lines=lines, **options)
        return self._remembered(figure)

    def time_to_event(self, condition: str, *, event: str = "", **options: Any) -> Figure:
        """Return the share of patients without an event over time, by arm.

        condition : an endpoint of the sweep, `"time_to(T > 1e8)"`, or its condition alone.   event : in words.
        options : as in `immunode.plot.time_to_event`: title, style, axes.
        """
        from immunode.plot.charts.event_curves import time_to_event

        result = self._result
        name = result.endpoint_name(condition if condition in result.endpoints else f"time_to({condition})")
        times = np.where(result.ok, result.endpoint(name), np.nan)
        subject = result.asked.endpoint_subjects[name]
        options.setdefault("title", result.model_name)
        figure = time_to_event(
            {arm: times[result.arm_of == i] for i, arm in enumerate(result.arms)},
            until=float(result.times[-1]),
            time_unit=result.asked.model.axis_unit,
            event=event or subject,
            **options,
        )
        return self._remembered(figure)

    def _remembered(self, figure: Figure) -> Figure:
        from immunode.plot.kit.provenance import remember_recipe

        return remember_recipe(figure, self._result.recipe)

    def _axes(self, inputs: Any, x: str | None, y: str | None) -> tuple[str, str]:
        columns = self._result.columns
        for name in (x, y):
            if name is not None and name not in columns:
                raise StudyError(f"heat: unknown column '{name}'{did_you_mean(name, columns)}")
        varied = [c for j, c in enumerate(columns) if len(np.unique(inputs[:, j])) > 1 and c not in (x, y)]
        picked = [c if c is not None else (varied.pop(0) if varied else "") for c in (x, y)]
        if "" in picked:
            raise StudyError(f"heat: it needs two columns that vary; the design has {', '.join(columns)}")
        return picked[0], picked[1]
