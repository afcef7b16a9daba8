"""Figures of a fit: arrays and labels are handed down to `immunode.plot`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from immunode.analysis.fitting.optimum import Optimum
from immunode.errors import EngineError
from immunode.plot.charts.analysis.fit import data_and_curves
from immunode.plot.charts.analysis.residual_panels import residuals
from immunode.plot.kit.figure import StyledFigure
from immunode.plot.kit.style import PALETTE, find_style, styled
from immunode.plot.kit.text import power_of, quantity_label
from immunode.study.design.from_tables import from_table
from immunode.study.run.ready import quantity_units
from immunode.study.sweeps import sweep

if TYPE_CHECKING:
    from matplotlib.figure import Figure


SMOOTH = 201
"""Points of a fitted curve."""


def fitted(fit: Optimum, style: str, title: str, axes: Any = None) -> Figure:
    """Return the data and the fitted curves, one panel an observable."""
    problem, data = fit.problem, fit.problem.data
    curves: dict[str, dict[str, tuple[np.ndarray, np.ndarray]]] = {name: {} for name in data.observables}
    points: dict[str, dict[str, tuple[np.ndarray, np.ndarray]]] = {name: {} for name in data.observables}
    units: dict[str, str] = {}
    for i, arm in enumerate(problem.arms):
        names = [p for p in problem.names if arm.columns[problem.names.index(p)] >= 0 or p.endswith("(0)")]
        one = sweep(
            arm.model,
            from_table({p: [fit.values[p]] for p in names}),
            times=np.linspace(0.0, float(arm.times[-1]), SMOOTH),
            keep=list(arm.quantities),
            endpoints=[f"final({arm.quantities[0]})"],
            rtol=problem.rtol,
        )
        units |= quantity_units(arm.model)
        for name in arm.quantities:
            k = data.observables.index(name)
            mine = (data.arm == i) & (data.observable == k)
            curves[name][arm.name] = (one.times, one.trajectories(name)[0])
            points[name][arm.name] = (data.time[mine], data.value[mine])
    return data_and_curves(
        curves,
        points,
        units={n: units.get(n, "") for n in data.observables},
        time_unit=problem.model.time_unit or problem.model.clock,
        log=[n for i, n in enumerate(data.observables) if problem.lognormal[data.observable == i].any()],
        style=style,
        title=title,
        axes=axes,
    )


def goodness(fit: Optimum, style: str, title: str, axes: Any = None) -> Figure:
    """Return measured against predicted and the residuals, three panels an observable."""
    problem, data = fit.problem, fit.problem.data
    units = {name: unit for arm in problem.arms for name, unit in quantity_units(arm.model).items()}
    return residuals(
        fit.residuals(),
        units=units,
        time_unit=problem.model.time_unit or problem.model.clock,
        log=[n for i, n in enumerate(data.observables) if problem.lognormal[data.observable == i].any()],
        style=style,
        title=title,
        axes=axes,
    )


def corner_plot(fit: Optimum, samples: np.ndarray) -> Figure:
    """Return the corner plot of samples, (n_samples, n_parameters), with the estimates marked."""
    try:
        import corner
    except ImportError:
        raise EngineError("the corner plot needs corner; pip install 'immunode[bayes]'") from None

    problem = fit.problem
    look = find_style("slide")
    n = len(problem.names)
    units = dict(zip(problem.names, problem.units, strict=True))
    powers = [power_of(float(low), float(high)) for low, high in np.quantile(samples, [0.0, 1.0], axis=0).T]
    scale = 10.0 ** np.array(powers)
    labels = [quantity_label(name, units[name], power) for name, power in zip(problem.names, powers, strict=True)]
    with styled(look):
        figure = StyledFigure(look, figsize=(max(6.0, 2.6 * n), max(6.0, 2.6 * n)))
        corner.corner(
            samples / scale,
            labels=labels,
            quantiles=[0.025, 0.5, 0.975],
            truths=np.array([fit.values[name] for name in problem.names]) / scale,
            color=PALETTE[1],
            truth_color=PALETTE[2],
            plot_datapoints=False,
            smooth=0.8,
            max_n_ticks=4,
            label_kwargs={"fontsize": look.small},
            hist_kwargs={"linewidth": 1.5},
            contour_kwargs={"linewidths": 1.2},
            fig=figure,
        )
        for ax in figure.axes:
            ax.tick_params(labelsize=look.small * 0.8)
            for line in ax.lines:
                line.set_linewidth(1.5)
    return figure
