"""Interventions x read-outs: log2 fold changes as colored cells with their values written in."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import CenteredNorm, to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from immunode.errors import StudyError
from immunode.plot.kit.figure import StyledFigure, make_panels, root_figure, title_lines, write_note
from immunode.plot.kit.style import FAINT, INK, PAPER, Style, contrast, find_style, styled
from immunode.plot.kit.text import pieces_of, width_of, wrap

MOST = 4.0
"""Colors reach their ends at a fold change of 2**4 = 16 at the latest, so that one giant does not pale all others."""
LEAST = 8.0
"""Least size of texts on a page of fixed height, in points."""
SLANT = 35
"""Turn of the names of columns that find no room beside each other, in degrees."""
_EMPTY = "#ECEEF1"
_MAP = "PuOr_r"
_WORDS = {
    "new": "new: 0 in control",
    "gone": "gone: 0 with the intervention",
    "sign": "sign: another sign than in control",
    "zero": "blank: 0 in both",
    "undefined": "gray, empty: not defined",
    "failed": "hatched: no run",
}


def atlas(
    fold: ArrayLike,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    changes: Sequence[Sequence[str]] | None = None,
    texts: Sequence[Sequence[str]] | None = None,
    groups: Sequence[str] = (),
    reasons: Mapping[str, str] | None = None,
    meanings: Mapping[str, str] | None = None,
    measured: str = "",
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return a map of log2 fold changes, diverging around 0 (purple down, orange up), rows from top to bottom.

    Parameters
    ----------
    fold : array_like
        shape (n_rows, n_columns), dimensionless, NaN where there is no number.
    changes : Sequence[Sequence[str]] | None
        what stands in each cell: "fold", "new", "gone", "zero", "sign", "undefined" or "failed"; by default "fold"
        where `fold` is finite, else "undefined".
    texts : Sequence[Sequence[str]] | None
        what is written in each cell.
    groups : Sequence[str]
        group of each row; neighbors of the same group stand together, with its name beside them.
    reasons : Mapping[str, str] | None
        row -> why it failed; written across the row.
    meanings : Mapping[str, str] | None
        column -> what it means.
    measured : str
        what was compared, for the note below.

    Raises
    ------
    StudyError
        shapes that don't fit.
    """
    look = find_style(style)
    z = np.asarray(fold, dtype=float)
    what = changes or [["fold" if math.isfinite(v) else "undefined" for v in row] for row in z]
    written = texts or [[f"{v:+.2g}" if math.isfinite(v) else "" for v in row] for row in z]
    shape = (len(rows), len(columns))
    shapes = [z.shape, *((len(t), len(t[0]) if len(t) else 0) for t in (what, written))]
    if 0 in shape or any(s != shape for s in shapes) or len(groups) not in (0, len(rows)):
        raise StudyError(f"atlas: fold of shape {z.shape} for {shape[0]} rows and {shape[1]} columns")
    with styled(look):
        size, pitch = _row_size(len(rows), look, title, free=axes is None)
        high = (len(rows) * size * 1.27 + 4 * size - look.text) / 72  # make_panels adds title and margins
        figure, (ax,) = make_panels(1, look, axes, row=high, title=title, fit=size > LEAST)
        names, named = _row_names(rows, look, size, pitch)
        runs = [(_shown(name, 0.15, look, size), len(list(same))) for name, same in groupby(groups)]
        beside = runs if look.fixed else []
        wide = _cell_width(figure, look, names, beside, len(columns), size)
        _frame(ax, names, columns, meanings or {}, look, size, wide)
        ax.tick_params(axis="y", labelsize=named)
        _cells(ax, z, what, written, look, size)
        _failed(ax, rows, reasons or {}, what, size, wide * len(columns))
        _groups(ax, runs, len(columns), look, size, named=look.fixed)
        _note(figure, what, measured, look)
    return figure


def _row_size(n: int, style: Style, title: str, *, free: bool) -> tuple[float, float]:
    """Return the size of the texts and the height of a row, in points: all rows stand on a page of fixed height.

    free : whether the figure is our own.
    """
    size = style.small if n <= 16 else style.least
    if not style.fixed or not free:
        return size, 1.27 * size
    head = 1.5 * style.head * (1 + title_lines(title, style).count("\n")) if title else 0.0
    room = style.height * 72 - head - 3.0 * style.small - 3.2 * size
    return max(min(size, room / (1.2 * n)), LEAST), room / n


def _row_names(rows: Sequence[str], style: Style, size: float, pitch: float) -> tuple[list[str], float]:
    """Return the names of rows and their size: as large as they can be whole, on one line or two.

    pitch : height of a row in points.
    """
    choices = []
    for lines, part in ((1, 0.34), (2, 0.26)):
        one = min(size, pitch / (1.2 * lines))
        while one >= LEAST * (style.fixed or 0.5):
            names = [_shown(name, part, style, one, lines) for name in rows]
            if not any(name.endswith("…") for name in names):
                choices.append((one, names))
                break
            one -= 0.5
    if choices:
        one, names = max(choices, key=lambda choice: choice[0])
        return names, one
    return [_shown(name, 0.42, style, size) for name in rows], size


def _cell_width(
    figure: Figure, style: Style, rows: Sequence[str], runs: Sequence[tuple[str, int]], columns: int, size: float
) -> float:
    """Return about how wide a cell will be, in points."""
    names = max(width_of(name, size) for name in rows)
    kinds = max((width_of(kind, size) for kind, _ in runs), default=0.0)
    rest = (7.5 if style.fixed else 6.2) * style.text  # the color bar and margins
    return max((figure.get_figwidth() * 72 - names - kinds - rest) / columns, 2.5 * size)


def _shown(name: str, part: float, style: Style, size: float, lines: int = 1) -> str:
    """Return the name of a row or a group in at most a part of the width of the page; the rest is left out."""
    return wrap(name.replace("_", " "), part * style.width * 72, size, lines=lines)


def _reach(z: Any) -> float:
    """Return the fold change at which the colors end: at least 1 (twice, half), so that small changes look small."""
    good = np.abs(z[np.isfinite(z)])
    return float(min(MOST, max(1.0, math.ceil(float(good.max()))))) if good.size else 1.0


def _frame(
    ax: Axes, rows: Sequence[str], columns: Sequence[str], meanings: Mapping[str, str], style: Style, size: float,
    wide: float,
) -> None:  # fmt: skip
    """Set limits and write the names of rows on the left and of columns, with their meaning, on top."""
    ax.set_xlim(0, len(columns))
    ax.set_ylim(len(rows), 0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.tick_params(length=0, labelsize=size, labelcolor=INK, pad=size * 0.4)
    ax.xaxis.tick_top()
    about = {name: text for name, text in meanings.items() if style.fixed and text != name}
    heads, least = _heads(columns, wide * 0.96, size)
    if heads and any(name in about for name in columns):
        lines = 3 if len(rows) <= 16 else 2
        told = [_about(about.get(name, ""), wide * 0.96, least, lines) for name in columns]
        heads = [f"{head}\n{text}".rstrip() for head, text in zip(heads, told, strict=True)]
        most = max(head.count("\n") for head in heads)
        heads = [head + "\n " * (most - head.count("\n")) for head in heads]  # names on one line
    slanted = min(11 * size, 0.18 * 72 * style.width)
    ax.set_xticks(np.arange(len(columns)) + 0.5, heads or [wrap(name, slanted, size, lines=2) for name in columns])
    for label in ax.get_xticklabels():
        label.set(linespacing=1.1, fontsize=least)
        if not heads:
            label.set(rotation=SLANT, rotation_mode="anchor", ha="left", va="center")
    ax.set_yticks(np.arange(len(rows)) + 0.5, rows, linespacing=1.0)


def _heads(columns: Sequence[str], wide: float, size: float) -> tuple[list[str], float]:
    """Return the names of columns in lines without a broken word, and their size; no names where none would do."""
    least = size
    while least > min(LEAST, 0.8 * size) - 1e-9:
        whole = all(width_of(piece.strip(), least) <= wide for name in columns for piece in pieces_of(name))
        heads = [wrap(name, wide, least, lines=3) for name in columns]
        if whole and not any(head.endswith("…") for head in heads):
            return heads, least
        least -= 0.5
    return [], size


def _about(meaning: str, wide: float, size: float, lines: int) -> str:
    """Return a meaning on a few lines, without what stands in brackets or after a comma where it is too long."""
    plain = re.sub(r"\s*\([^()]*\)", "", meaning)
    tries = [wrap(text, wide, size, lines=lines) for text in (meaning, plain, re.split(r"[,;:]", plain)[0])]
    return next((text for text in tries if not text.endswith("…")), tries[-1])


def _cells(ax: Axes, z: Any, what: Any, written: Any, style: Style, size: float) -> None:
    """Draw the colored cells, what is written in them, and the color bar."""
    reach = _reach(z)
    norm, cmap = CenteredNorm(0.0, reach), colormaps[_MAP]
    ends = {"new": reach, "gone": -reach}
    filled = np.array([[ends.get(w, v) for w, v in zip(*pair, strict=True)] for pair in zip(what, z, strict=True)])
    ax.set_facecolor(_EMPTY)
    mesh = ax.pcolormesh(
        np.arange(z.shape[1] + 1), np.arange(z.shape[0] + 1), np.ma.masked_invalid(filled), norm=norm, cmap=cmap,
        edgecolors=PAPER, linewidth=style.line / 2,
    )  # fmt: skip
    for i, j in np.ndindex(*z.shape):
        text = str(written[i][j]).replace("-", "\N{MINUS SIGN}")
        if what[i][j] == "failed" or not text:
            continue
        ground = to_hex(cmap(norm(filled[i, j]))) if math.isfinite(filled[i, j]) else _EMPTY
        color = max((INK, PAPER), key=lambda c: contrast(c, ground))
        bold = "bold" if what[i][j] in ends else "normal"
        ax.text(
            j + 0.5,
            i + 0.5,
            text,
            ha="center",
            va="center_baseline",
            fontsize=size,
            color=color,
            weight=bold,
            gid="cell",
        )
    beyond = np.abs(z[np.isfinite(z)]).max(initial=0.0) > reach
    bar = root_figure(ax).colorbar(
        mesh, ax=ax, pad=0.02, aspect=28, fraction=0.06, extend="both" if beyond else "neither"
    )
    bar.outline.set_visible(False)
    step = 0.5 if reach == 1 else 1.0
    ticks = np.arange(-reach, reach + step / 2, step)
    bar.set_ticks(ticks.tolist(), labels=[_times(t) for t in ticks])
    bar.ax.tick_params(labelsize=style.small, length=style.text / 4, color=FAINT, labelcolor=INK)
    bar.ax.minorticks_off()
    bar.set_label("log₂ of the fold change", fontsize=style.small, color=INK, labelpad=style.small * 0.6)


def _times(power: float) -> str:
    """Return a tick of the color bar: the number of doublings."""
    return "0" if not power else f"{power:+g}".replace("-", "\N{MINUS SIGN}")


def _failed(ax: Axes, rows: Sequence[str], reasons: Mapping[str, str], what: Any, size: float, wide: float) -> None:
    """Hatch the rows without a run and write the reason across them."""
    for i, name in enumerate(rows):
        if not all(w == "failed" for w in what[i]):
            continue
        ax.add_patch(
            Rectangle(
                (0, i), len(what[i]), 1, facecolor=PAPER, edgecolor=FAINT, hatch="////", linewidth=0, gid="failed"
            )
        )
        text = wrap(f"no run: {reasons.get(name, 'unknown reason')}", wide * 0.9, size, lines=1)
        ground = {"facecolor": PAPER, "edgecolor": "none", "pad": size * 0.15}
        ax.text(len(what[i]) / 2, i + 0.5, text, ha="center", va="center", fontsize=size, color=INK, bbox=ground)


def _groups(ax: Axes, runs: Sequence[tuple[str, int]], n: int, style: Style, size: float, *, named: bool) -> None:
    """Part the groups by a line, and write their names on the right where there is room."""
    top = 0
    for i, (name, count) in enumerate(runs):
        if i:
            ax.plot([0, n], [top, top], color=INK, linewidth=style.line / 2, solid_capstyle="butt", gid="group")
        if named and name and len(runs) > 1:
            ax.annotate(
                name, (n, top + count / 2), xytext=(size * 0.5, 0), textcoords="offset points", ha="left", va="center",
                fontsize=size, color=FAINT, annotation_clip=False, gid="group-label",
            )  # fmt: skip
        top += count


def _note(figure: Figure, what: Any, measured: str, style: Style) -> None:
    """Say what is compared, what the numbers mean, and what words and empty cells mean, where there are any."""
    seen = {w for row in what for w in row}
    parts = ["against control" + (f": {measured}" if measured else ""), "+1: twice, \N{MINUS SIGN}1: half"]
    parts += [text for word, text in _WORDS.items() if word in seen]
    if isinstance(figure, StyledFigure):
        write_note(figure, "; ".join(parts), style)
