"""Regimens compared: who responds, who is harmed, and which are on the Pareto front."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import make_panels, write_note
from immunode.plot.kit.style import FAINT, GRID, INK, PALETTE, Style, find_style, readable, styled
from immunode.plot.kit.text import noun, wrap, wrap_whole

Mask = NDArray[np.bool_]


def regimens(
    cost: ArrayLike,
    responders: ArrayLike,
    toxic: ArrayLike,
    feasible: ArrayLike,
    front: ArrayLike,
    *,
    prefer: str,
    rules: tuple[str, str],
    limits: tuple[float, float],
    best: str,
    patients: int,
    whom: str = "virtual patients",
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return a figure of regimens: % responders against % toxic, or against the cost where nothing is called toxic.

    Parameters
    ----------
    cost : array_like
        shape (n,), what is wanted small (negative where it is wanted large).
    responders, toxic : array_like
        shape (n,), shares 0 to 1; `toxic` NaN without a rule.
    feasible, front : array_like
        shape (n,), bool.
    prefer : str
        what is wanted, in words.
    rules : tuple[str, str]
        who responds and who is harmed, to stand after "patients": "in remission at week 24".
    limits : tuple[float, float]
        of the two shares.
    best : str
        the regimen chosen, in words, or "".
    patients : int
        in each regimen.
    whom : str
        what they are, in words for axes and the note: "declared patients", "parameter sets, +-30 %".
    """
    c, up = np.asarray(cost, float), 100 * np.asarray(responders, float)
    harm, good, edge = np.asarray(toxic, float), np.asarray(feasible, bool), np.asarray(front, bool)
    look = find_style(style, axes)
    by_harm = bool(np.isfinite(harm).any())
    x = 100 * harm if by_harm else np.abs(c)
    with styled(look):
        figure, (ax,) = make_panels(1, look, axes, title=title)
        ax.grid(True, color=GRID)
        if by_harm:
            ax.axvline(100 * limits[1], color=FAINT, linewidth=look.line * 0.4, linestyle=(0, (4, 3)))
        ax.axhline(100 * limits[0], color=FAINT, linewidth=look.line * 0.4, linestyle=(0, (4, 3)))
        if not by_harm:
            order = np.argsort(x[edge], kind="stable")
            ax.plot(x[edge][order], up[edge][order], color=FAINT, linewidth=look.line * 0.5, zorder=2)
        _draw_regimens(ax, x, up, good, edge, look)
        if best:
            first = np.flatnonzero(good)[np.lexsort((-up[good], c[good]))[0]]
            right = bool(x[first] > (np.nanmin(x) + np.nanmax(x)) / 2)
            _name_best(ax, best, (float(x[first]), float(up[first])), right, look)
        ax.set_ylim(-3, 103)
        if by_harm:
            ax.set_xlim(-0.8, min(max(1.1 * float(np.nanmax(x)), 150 * limits[1]), 103.0))
        wide = 0.7 * look.width * 72
        what = f"% of {noun(whom)} {rules[1]}" if by_harm else prefer.partition(" ")[2]
        ax.set_xlabel(wrap(what, wide, look.text, lines=2), fontsize=look.text)
        who = wrap_whole(f"% of {noun(whom)} {rules[0]}", 0.7 * look.height * 72, look.text, 2)
        fits = who.split() == f"% of {noun(whom)} {rules[0]}".split()
        ax.set_ylabel(who if fits else f"responders, % of {noun(whom)}", fontsize=look.text)
        note = "" if fits else f"responders: {rules[0]}; "
        note += f"{c.size} regimens in the same {patients:,} {whom}"
        write_note(figure, f"{note}; filled: Pareto front; dashed: limits; named: {prefer}", look)
    return figure


def _draw_regimens(ax: Axes, x: Array, up: Array, good: Mask, edge: Mask, look: Style) -> None:
    """Draw a ring for each regimen, filled on the Pareto front, and the key of both colors."""
    size = (look.text * 0.55) ** 2
    for chosen, color, name in ((~good, PALETTE[0], "○ misses a limit"), (good, PALETTE[1], "○ meets both limits")):
        for on_front, face in ((True, color), (False, "white")):
            mask = chosen & (edge == on_front)
            ax.scatter(x[mask], up[mask], s=size, facecolor=face, edgecolor=color, linewidth=look.line * 0.4, zorder=3)
        if chosen.any():
            place = 0.97 if "meets" in name else 0.9
            ax.annotate(name, (0.99, place - 0.55), xycoords="axes fraction", ha="right", fontsize=look.small,
                        color=readable(color), gid="key")  # fmt: skip


def _name_best(ax: Axes, best: str, at: tuple[float, float], right: bool, look: Style) -> None:
    """Write what the chosen regimen is beside its point. right : the point stands in the right half."""
    ax.annotate(
        wrap(best, 0.4 * look.width * 72, look.text, lines=3), at,
        xytext=((-1.0 if right else 1.0) * look.text, -1.6 * look.text), textcoords="offset points",
        ha="right" if right else "left", va="top", fontsize=look.text, color=INK, gid="best",
        arrowprops={"arrowstyle": "-", "color": INK, "linewidth": look.line * 0.4},
    )  # fmt: skip
