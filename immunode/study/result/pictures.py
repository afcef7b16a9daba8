"""Figures of a sweep: arrays and labels are handed down to `immunode.plot`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StudyError, did_you_mean
from immunode.study.design.declared import drawn_number, effective_number, listed_number, same_patients
from immunode.study.endpoints.reading import endpoint
from immunode.study.log_axes import decades_apart, logarithmic
from immunode.study.published.results import Recipes, curve_results, event_results, every, placed, share_points
from immunode.study.published.words import published_words
from immunode.study.result.paired_differences import contrast
from immunode.study.result.row_words import Words, condition_words, sweep_words, whose_rows
from immunode.study.result.rows import Rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from immunode.plot.kit.marks import Doses, Windows
    from immunode.plot.kit.style import Style


class Pictures:
    """The figures of a sweep; `out.plot.heat(...)`, `out.plot.bands(...)`, `out.plot.endpoints(...)`.

    In all of them, title : above the figure; None is the model's name.   style : "slide", "paper" or a `Style`.
    axes : Matplotlib axes to draw into, instead of a new figure.   Further arguments: as in `immunode.plot`.
    """

    __slots__ = ("_result",)

    def __init__(self, result: Rows) -> None:
        self._result = result

    def heat(
        self,
        endpoint: str,
        x: str | None = None,
        y: str | None = None,
        *,
        arm: str | None = None,
        x_log: bool | None = None,
        y_log: bool | None = None,
        z_log: bool = False,
        bins: int | None = None,
        contours: bool = True,
        center: float | None = None,
        title: str | None = None,
        style: str | Style = "slide",
        axes: Axes | None = None,
    ) -> Figure:
        """Return a heat map of an endpoint over two columns of the design.

        x, y : columns; by default the first two that vary.   arm : which arm; needed where there are several.

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
        units, words = result.column_units, self._words
        figure = heat(
            inputs[rows, columns.index(chosen[0])],
            inputs[rows, columns.index(chosen[1])],
            result.endpoint(name)[rows],
            x_label=words.names.get(chosen[0], chosen[0]),
            y_label=words.names.get(chosen[1], chosen[1]),
            z_label=words.endpoints[name],
            x_unit=units.get(chosen[0], ""),
            y_unit=units.get(chosen[1], ""),
            z_unit=result.units[name],
            x_log=x_log,
            y_log=y_log,
            z_log=z_log,
            bins=bins,
            contours=contours,
            center=center,
            title=self._title(title) + (f", {words.arms[arm]}" if arm and title is None else ""),
            style=style,
            axes=axes,
        )
        return self._remembered(figure)

    def bands(
        self,
        *quantities: str,
        levels: Sequence[float] | None = None,
        doses: Doses | None = None,
        windows: Windows | None = None,
        log: bool | None = None,
        together: bool | None = None,
        data: bool = True,
        title: str | None = None,
        style: str | Style = "slide",
        axes: Axes | Sequence[Axes] | None = None,
    ) -> Figure:
        """Return quantile bands of kept quantities over time, by arm, of the runs that are ok.

        quantities : by default the first that was kept. Several get a panel each, with the median and the widest band
        of each arm; then `together` says nothing.   levels : increasing and symmetric around 0.5.
        log : by default a log axis for pathogens, titers, tumor cells and what spans decades.
        data : whether open circles show what trials that the model declares reported of the same quantity, patients and
        treatment.

        Raises
        ------
        StudyError : nothing was kept (`sweep(..., keep=["tnf"])`), or no run is ok.
        """
        from immunode.plot.charts.quantile_bands import LEVELS, band_panels, bands

        result, words = self._result, self._words
        names = list(dict.fromkeys(quantities)) or [next(iter(result.kept), "tnf")]
        shown = tuple(LEVELS if levels is None else levels)
        tables = {name: result.quantiles(name, shown) for name in names}
        for name, table in tables.items():
            if not table:
                raise StudyError(f"bands: no run that is ok has '{name}'")
        medians = {n: {arm: np.asarray(q)[len(shown) // 2] for arm, q in table.items()} for n, table in tables.items()}
        if log is None:
            logs = logarithmic(result.asked.model, {name: list(rows.values()) for name, rows in medians.items()})
        else:
            logs = tuple(names) if log else ()
        starts = {name: {arm: float(row[0]) for arm, row in rows.items()} for name, rows in medians.items()}
        found = curve_results(result.model, self._arms(data), names)
        points, drawn = placed(found, starts, float(result.times[-1]))
        labels = {name: words.names.get(name, name) for name in names}
        common: dict[str, Any] = {
            "time_unit": result.asked.model.axis_unit,
            "labels": {n: result.meanings[n] for n in names if labels[n] == n and n in result.meanings},
            "counts": {words.arms[a]: int((result.ok & (result.arm == a)).sum()) for a in tables[names[0]]},
            "doses": doses,
            "windows": windows,
            "pointed": published_words(drawn),
            "whom": self._whom,
            "control": self._control,
            "title": self._title(title),
            "style": style,
            "axes": axes,
        }
        rows = {labels[n]: {words.arms[arm]: q for arm, q in table.items()} for n, table in tables.items()}
        dots = {labels[n]: {words.arms[arm]: many for arm, many in own.items()} for n, own in points.items()}
        units = {labels[n]: result.units[n] for n in names}
        if len(names) > 1:
            figure = band_panels(
                result.times, rows, shown, units=units, points=dots, log=[labels[n] for n in logs], **common
            )
            return self._remembered(figure)
        ((label, table),) = rows.items()
        figure = bands(
            result.times, table, shown, quantity=label, unit=units[label], points=dots.get(label), log=bool(logs),
            together=together, **common,
        )  # fmt: skip
        return self._remembered(figure)

    def endpoints(
        self,
        *names: str,
        labels: Mapping[str, str] | None = None,
        log: bool | Collection[str] | None = None,
        title: str | None = None,
        style: str | Style = "slide",
        axes: Axes | Sequence[Axes] | None = None,
    ) -> Figure:
        """Return the distributions of endpoints by arm; without names, of all endpoints.

        log : endpoints with a log axis; by default those whose arms, or runs, lie decades apart and are all above 0.
        """
        from immunode.plot.charts.endpoint_strips import endpoints

        result = self._result
        chosen = [result.endpoint_name(n) for n in names] or list(result.endpoints)
        values = {
            name: {arm: result.endpoint(name)[result.arm_of == i] for i, arm in enumerate(result.arms)}
            for name in chosen
        }
        if log is None:
            model = result.asked.model
            subjects = {name: endpoint(name).subject for name in chosen}
            log = [name for name in chosen if decades_apart(model, subjects[name], list(values[name].values()))]
        units, words = {n: result.units[n] for n in chosen}, self._words
        said = {**words.arms, **{name: words.endpoints[name] for name in chosen}, **(labels or {})}
        given = self._title(title)
        return self._remembered(
            endpoints(
                values,
                units=units,
                labels=said,
                whom=self._whom,
                log=log,
                control=result.asked.untreated,
                title=given,
                style=style,
                axes=axes,
            )
        )

    def waterfall(
        self,
        quantity: str,
        *,
        baseline: str | None = None,
        lines: Mapping[str, float] | None = None,
        title: str | None = None,
        style: str | Style = "slide",
        axes: Axes | list[Axes] | None = None,
    ) -> Figure:
        """Return each patient's % change of an endpoint from a baseline, sorted, one panel an arm.

        quantity : an endpoint: `"final(T)"`.   baseline : another one: `"at(T, 0)"` (the default, where it was asked
        for), or the name of an arm, whose same patient is the baseline. From 0 or less there is no % change: such
        patients are counted as without a value.
        lines : name -> height in %, such as {"partial response": -30}.

        Raises
        ------
        StudyError : unknown endpoints, no baseline, one that is above 0 in no run, or no change in any run.
        """
        from immunode.plot.charts.patient_changes import waterfall

        result = self._result
        name = result.endpoint_name(quantity)
        subject = result.asked.endpoint_subjects[name]
        baseline = baseline or f"at({subject}, 0)"
        if baseline in result.arms:
            table = contrast(result, name, baseline).differences
            base = result.endpoint(name)[result.arm_of == result.arms.index(baseline)]
            changes = {str(arm): _percent(table[arm].to_numpy(float), base) for arm in table.columns}
        elif baseline in result.endpoints:
            base = result.endpoint(baseline)
            change = _percent(result.endpoint(name) - base, base)
            changes = {arm: change[result.arm_of == i] for i, arm in enumerate(result.arms)}
        else:
            raise StudyError(
                f"waterfall: no endpoint or arm '{baseline}' to start from; add it to the sweep's endpoints"
                f"{did_you_mean(baseline, (*result.endpoints, *result.arms))}"
            )
        if np.isfinite(base).any() and not (base > 0).any():
            where = f"it is in every run of {baseline}" if baseline in result.arms else f"{baseline} is in every run"
            raise StudyError(
                f"waterfall: {name} has no % change from 0 or less, as {where}; choose a quantity that is above 0 "
                "there (in the shell: --show)"
            )
        known = np.concatenate([v[np.isfinite(v)] for v in changes.values()])
        if baseline in result.arms and known.size and not known.any():
            raise StudyError(
                f"waterfall: {name} is the same as in {baseline} in every run of {', '.join(changes)}; choose another "
                "arm or quantity (in the shell: --arm, --show)"
            )
        words, given = self._words, self._title(title)
        at_start = f"at({subject}, 0)"
        start = "the start" if baseline == at_start else words.arms.get(baseline) or words.endpoints[baseline]
        label = f"{words.endpoints[name]}: change from {start} (%)"
        changes = {words.arms[arm]: change for arm, change in changes.items()}
        return self._remembered(
            waterfall(
                changes,
                label=label,
                lines=lines,
                whom=self._whom,
                arms=[words.arms[arm] for arm in result.arms],
                control=self._control,
                title=given,
                style=style,
                axes=axes,
            )
        )

    def time_to_event(
        self,
        condition: str,
        *,
        event: str = "",
        data: bool = True,
        title: str | None = None,
        style: str | Style = "slide",
        axes: Axes | None = None,
    ) -> Figure:
        """Return the share of patients without an event over time, by arm.

        condition : an endpoint of the sweep, `"time_to(T > 1e8)"`, or its condition alone.   event : in words.
        data : whether open circles show medians that trials which the model declares reported of the same arms.
        """
        from immunode.plot.charts.event_curves import time_to_event

        result = self._result
        name = result.endpoint_name(condition if condition in result.endpoints else f"time_to({condition})")
        times = np.where(result.ok, result.endpoint(name), np.nan)
        subject, arms = result.asked.endpoint_subjects[name], self._words.arms
        found = event_results(result.model, self._arms(data), subject)
        figure = time_to_event(
            {arms[arm]: times[result.arm_of == i] for i, arm in enumerate(result.arms)},
            effective={arms[arm]: n for arm, n in self._effective(~np.isnan(times)).items()},
            until=float(result.times[-1]),
            time_unit=result.asked.model.axis_unit,
            event=event or condition_words(subject, result.model),
            points={arms[arm]: listed for arm, listed in share_points(found).items()},
            pointed=published_words(every(found)),
            whom=self._whom,
            control=self._control,
            title=self._title(title),
            style=style,
            axes=axes,
        )
        return self._remembered(figure)

    def _arms(self, data: bool) -> Recipes:
        """Return how the model of each arm was made, where its runs are patients and data are asked for."""
        result = self._result
        return result.recipe["arms"] if data and drawn_number(result.asked.design_recipe) else {}

    def _effective(self, known: NDArray[np.bool_]) -> dict[str, float]:
        """Return for how many patients the known rows of each arm count, where listed ones were drawn several times."""
        result = self._result
        if not listed_number(result.asked.design_recipe):
            return {}
        inputs, numbers = result.inputs(), {}
        for i, arm in enumerate(result.arms):
            mine = (result.arm_of == i) & known
            often = np.bincount(same_patients(inputs[mine]))
            numbers[arm] = effective_number(often[often > 0].astype(float)) or float(mine.sum())
        return numbers

    @property
    def _whom(self) -> str:
        asked = self._result.asked
        return whose_rows(asked.design_recipe, labelled=bool(asked.row_labels), species=asked.model.species)

    @property
    def _control(self) -> str:
        """What the arm without treatment is called, "" where all are treated."""
        return self._words.arms.get(self._result.asked.untreated, "")

    @property
    def _words(self) -> Words:
        result = self._result
        return sweep_words(result.model, result.arms, result.endpoints, float(result.times[-1]), result.columns)

    def _title(self, given: str | None) -> str:
        return self._result.model.heading if given is None else given

    def _remembered(self, figure: Figure) -> Figure:
        from immunode.plot.kit.provenance import remember_recipe

        return remember_recipe(figure, self._result.recipe)

    def _axes(self, inputs: NDArray[np.float64], x: str | None, y: str | None) -> tuple[str, str]:
        columns = self._result.columns
        for name in (x, y):
            if name is not None and name not in columns:
                raise StudyError(f"heat: unknown column '{name}'{did_you_mean(name, columns)}")
        varied = [c for j, c in enumerate(columns) if len(np.unique(inputs[:, j])) > 1 and c not in (x, y)]
        picked = [c if c is not None else (varied.pop(0) if varied else "") for c in (x, y)]
        if "" in picked:
            raise StudyError(f"heat: it needs two columns that vary; the design has {', '.join(columns)}")
        return picked[0], picked[1]


def _percent(change: NDArray[np.float64], base: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return changes in % of a baseline, shape (n,); NaN where it is not above 0, from which there is no %."""
    with np.errstate(all="ignore"):
        return 100 * change / np.where(base > 0, base, np.nan)
