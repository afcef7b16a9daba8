"""Figures of a population fit: how estimates converged, and each individual's data with its curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import is_bottom, is_left, make_panels, write_note
from immunode.plot.kit.style import FAINT, GRID, INK, PALETTE, Style, find_style, styled
from immunode.plot.kit.text import quantity_label, scale_axis
from immunode.plot.kit.time_axes import clock


def convergence(
    names: Sequence[str],
    history: Array,
    exploration: int,
    *,
    units: Mapping[str, str] | None = None,
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | Sequence[Axes] | None = None,
) -> Figure:
    """Return the course of every estimate over the iterations, one panel each.

    Parameters
    ----------
    names : Sequence[str]
        of the estimates.
    history : ndarray
        (n_iterations, n_estimates), in the estimates' units.
    exploration : int
        iteration at which averaging began; 0 where there is none.
    units : Mapping[str, str] | None
        estimate -> unit.
    """
    look = find_style(style)
    iterations = np.arange(1, len(history) + 1)
    with styled(look):
        figure, panels = make_panels(len(names), look, axes, title=title)
        for k, (ax, name) in enumerate(zip(panels, names, strict=True)):
            ax.grid(True, axis="y", color=GRID)
            if exploration:
                ax.axvspan(exploration, len(history), color=PALETTE[3], alpha=0.1, linewidth=0)
            ax.plot(iterations, history[:, k], color=PALETTE[1], linewidth=0.7 * look.line)
            ax.plot(
                iterations[-1], history[-1, k], "D", color=INK, markersize=0.35 * look.text, clip_on=False, zorder=4
            )
            power = scale_axis(ax, "y", history[:, k], look, most=3)
            unit = (units or {}).get(name, "")
            shown = quantity_label(name, unit, power) if unit or power else name
            ax.set_title(shown, fontsize=look.text, loc="left")
            ax.set_xlim(1, len(history))
            if is_bottom(ax, panels):
                ax.set_xlabel("iteration", fontsize=look.text)
        note = "green: averaging with falling steps; diamond: estimate" if exploration else "diamond: estimate"
        write_note(figure, note, look)
    return figure


def individual_curves(
    labels: Sequence[str],
    points: Sequence[tuple[Array, Array]],
    curves: Sequence[tuple[Array, Array, Array]],
    *,
    beyond: Sequence[tuple[Array, Array]] = (),
    quantity: str = "",
    unit: str = "",
    time_unit: str = "",
    log: bool = False,
    left_out: int = 0,
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | Sequence[Axes] | None = None,
) -> Figure:
    """Return each individual's observations with the curve of its own parameters and that of the typical individual.

    Parameters
    ----------
    labels : Sequence[str]
        of the individuals, one panel each.
    points : Sequence[tuple[ndarray, ndarray]]
        times and values of each.
    curves : Sequence[tuple[ndarray, ndarray, ndarray]]
        times, values with its own parameters, values with typical ones, of each.
    beyond : Sequence[tuple[ndarray, ndarray]]
        times and limits of censored observations of each; empty where there are none.
    log : bool
        logarithmic axis.
    left_out : int
        number of individuals that are not drawn, for the note.
    """
    look = find_style(style)
    columns = min(math.ceil(math.sqrt(len(labels) * 1.6)), len(labels))
    shape = math.ceil(len(labels) / columns), columns
    shown_time = clock(max(float(t[-1]) for t, _, _ in curves), time_unit)
    with styled(look):
        figure, panels = make_panels(len(labels), look, axes, title=title, shape=shape, share_y=True)
        everything = np.concatenate(
            [np.concatenate([y, own]) for (_, y), (_, own, _) in zip(points, curves, strict=True)]
        )
        shown = everything[np.isfinite(everything) & ((everything > 0) | (not log))]
        power = 0
        for k, ax in enumerate(panels):
            ax.grid(True, axis="y", color=GRID)
            t, own, typical = curves[k]
            t = t * shown_time.factor
            ax.plot(t, typical, color=FAINT, linewidth=0.6 * look.line, linestyle=(0, (4, 3)))
            ax.plot(t, own, color=PALETTE[1], linewidth=0.8 * look.line)
            _draw_observations(ax, points[k], beyond[k] if beyond else None, shown_time.factor, look)
            power = scale_axis(ax, "y", shown, look, log=log, most=3)
            ax.set_title(labels[k], fontsize=look.small, loc="left")
            ax.set_xlim(float(t[0]), float(t[-1]))
            ax.locator_params(axis="x", nbins=4)
            if is_bottom(ax, panels):
                ax.set_xlabel(shown_time.label, fontsize=look.small)
            if is_left(ax, panels):
                ax.set_ylabel(quantity_label(quantity, unit, power), fontsize=look.small)
        note = "points: observed; line: individual parameters; dashed: typical individual with the same covariates"
        if any(x[0].size for x in beyond):
            note += "; triangles: beyond the limit"
        write_note(figure, note + (f"; {left_out} more individuals are not drawn" if left_out else ""), look)
    return figure


def _draw_observations(
    ax: Axes, points: tuple[Array, Array], beyond: tuple[Array, Array] | None, factor: float, look: Style
) -> None:
    """Draw what was observed of an individual, and the limits beyond which something was. factor : of the times."""
    ax.plot(points[0] * factor, points[1], "o", color=INK, markersize=0.3 * look.text, clip_on=False, zorder=4)
    if beyond is not None and beyond[0].size:
        ax.plot(beyond[0] * factor, beyond[1], "v", color=PALETTE[2], markersize=0.35 * look.text, zorder=4)


def covariate_panels(
    effects: Mapping[str, Array],
    covariates: Mapping[str, Array],
    *,
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | Sequence[Axes] | None = None,
) -> Figure:
    """Return random effects of individuals along their covariates, one panel a pair, with the line of least squares.

    Parameters
    ----------
    effects, covariates : Mapping[str, ndarray]
        name -> (n_individuals,).
    """
    look = find_style(style)
    pairs = [(e, c) for e in effects for c in covariates]
    with styled(look):
        figure, panels = make_panels(
            len(pairs), look, axes, title=title, share_x=False, shape=(len(effects), len(covariates))
        )
        for ax, (effect, covariate) in zip(panels, pairs, strict=True):
            x, y = covariates[covariate], effects[effect]
            ax.grid(True, axis="y", color=GRID)
            ax.axhline(0.0, color=FAINT, linewidth=0.4 * look.line)
            ax.plot(x, y, "o", color=PALETTE[1], markersize=0.35 * look.text)
            if np.ptp(x) > 0:
                slope, offset = np.polyfit(x, y, 1)
                ends = np.array([x.min(), x.max()])
                ax.plot(ends, offset + slope * ends, color=INK, linewidth=0.6 * look.line)
                correlation = np.corrcoef(x, y)[0, 1] if np.ptp(y) > 0 else 0.0
                ax.set_title(f"r = {correlation:.2f}", fontsize=look.small, loc="right")
            if is_left(ax, panels):
                ax.set_ylabel(effect, fontsize=look.text)
            if is_bottom(ax, panels):
                ax.set_xlabel(covariate, fontsize=look.text)
        write_note(figure, "points: individuals; line: least squares; r: correlation", look)
    return figure
