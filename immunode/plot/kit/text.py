"""Text on figures: units, numbers on ticks, axis scales, and lines broken where they would not fit."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath
from matplotlib.ticker import Formatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from immunode.plot.kit.style import GRID, INK, Style

_BREAKS = re.compile(r"(?<=[ ,+._])(?<!\d )(?=[^ \d])|(?<=[^\W\d]{5}-)(?=\w)|(?<=/)(?=[^\W\d]{4})|(?<= )(?=\d)")
_SIZE = 10.0
_PREFIXES = {"k": 3, "M": 6, "G": 9}
_MANY = re.compile(r"\b([kMG])(cell|copie)s?\b(?!\s*(?:\*\*|\^))")
"""Counts with a prefix that no paper prints; not where a power follows, which would seem to be of the count alone."""
_MICRO = re.compile(r"\bu(?=(?:g|L|M|mol)\b)")
_WORDS = re.compile(r"^(usual )?(second|minute|hour|day|week|month|year|dose|infusion|injection|item)$")
"""Units that are words."""
_RAISED = str.maketrans("0123456789-+.", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺·")
_LOWERED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def raised(number: int | str) -> str:
    """Return a number as superscript text: -3 gives `⁻³`."""
    return str(number).translate(_RAISED)


def pretty_unit(unit: str) -> str:
    """Return a unit as it is printed.

    `cell/uL` gives `cells/µL`, `mm**3` gives `mm³`, `percent` gives `%`; what has no unit gives "". A unit that a model
    made up for itself, such as `Ag_unit`, is `units`.
    """
    text = unit.strip()
    if text in ("", "1", "dimensionless"):
        return ""
    text = re.sub(r"\b[A-Za-z]\w*_unit\b", "units", text)
    text = text.replace("patient_year", "patient-year").replace("usual_dose", "usual dose")
    text = _MANY.sub(lambda m: f"10^{_PREFIXES[m[1]]} {m[2]}s", text)
    text = re.sub(r"\s*(?:\*\*|\^)\s*\(?([+-]?\d+)\)?", lambda m: raised(m[1]), text)
    text = re.sub(r"\s*\*\s*", "·", text)
    text = re.sub(r"^1·", "", re.sub(r"\s*/\s*", "/", text))
    text = re.sub(r"\bu(?=(?:g|L|l|M|m|mol|s|Ci|IU|U)(?:\b|[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]))", "µ", text)
    text = re.sub(r"^(cell|virion|molecule)(?=$|[/·])", r"\1s", text)
    text = re.sub(r"^copy\b", "copies", text)
    text = re.sub(r"^(point|event)(?=$|/)", r"\1s", text)
    return re.sub(r"^percent\b", "%", text)


def printed(text: str) -> str:
    """Return words as they are printed: `5 ug/kg` gives `5 µg/kg`, `per uL` gives `per µL`."""
    return _MICRO.sub("µ", text)


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width in points of the longest line of `text` set at `size` points."""
    return size * max((_width(line, bold) for line in text.split("\n")), default=0.0)


def pieces_of(text: str) -> list[str]:
    """Return the parts of a text between which a line may break: not between a number and its unit, nor in a unit."""
    return [p for p in _BREAKS.split(re.sub(r"[ \t\n]+", " ", text.strip())) if p]


@lru_cache(maxsize=16384)
def _width(line: str, bold: bool) -> float:
    """Return the width of one line in sizes of its text: it grows in proportion."""
    font = FontProperties(family="DejaVu Sans", size=_SIZE, weight="bold" if bold else "normal")
    return float(TextToPath().get_text_width_height_descent(line, font, ismath=False)[0]) / _SIZE if line else 0.0


def wrap(text: str, points: float, size: float, *, bold: bool = False, lines: int = 3) -> str:
    """Return `text` broken into lines of at most `points` width at `size`, at most `lines` of them (then `…`).

    Breaks after spaces, commas, slashes, plus signs, dots, hyphens and underscores; a longer word is cut in pieces.
    Lines are about as wide as each other: no word stands alone on the last one if it need not.
    """
    pieces = pieces_of(text)
    out = _broken(pieces, points, size, bold=bold)
    if len(out) > lines:
        return "\n".join([*(line.strip() for line in out[: lines - 1]), out[lines - 1].strip() + " …"])
    low, high = max((width_of(piece.strip(), size, bold=bold) for piece in pieces), default=0.0), points
    for _ in range(6 * (len(out) > 1 and low <= high)):  # the least width at which there are no more lines
        middle = (low + high) / 2
        closer = _broken(pieces, middle, size, bold=bold)
        low, high, out = (low, middle, closer) if len(closer) == len(out) else (middle, high, out)
    return "\n".join(line.strip() for line in out)


def _broken(pieces: Sequence[str], points: float, size: float, *, bold: bool) -> list[str]:
    """Return pieces of a text put into lines of a width; one that is wider is cut."""
    out: list[str] = [""]
    for piece in pieces:
        if out[-1] and width_of((out[-1] + piece).rstrip(), size, bold=bold) > points:
            out.append("")
        while width_of((out[-1] + piece).rstrip(), size, bold=bold) > points and len(piece) > 1:
            fits = max(
                1, next((n for n in range(len(piece) - 1, 0, -1) if width_of(piece[:n], size, bold=bold) <= points), 1)
            )
            hyphen = piece.rfind("-", 0, fits) + 1  # "anti-" and "inflammatory"
            fits = hyphen if hyphen > 2 else fits
            out[-1] += piece[:fits]
            out.append("")
            piece = piece[fits:]
        out[-1] += piece
    return out


def wrap_whole(text: str, points: float, size: float, lines: int) -> str:
    """Return the text, or its first clause, in lines that fit, without a broken word or an ellipsis; else ""."""
    for part in dict.fromkeys([text, *(text.split(mark)[0].strip() for mark in ("(", ";", ",", ":"))]):
        wrapped = wrap(part, points, size, lines=lines)
        if wrapped.split() == part.split() and width_of(wrapped, size) <= points:
            return wrapped
    return ""


def quantity_label(name: str, unit: str, power: int = 0) -> str:
    """Return the text of an axis: `tumor cells (10⁹ cells)`; the name alone where there is no unit, or it says it."""
    shown = pretty_unit(unit)
    if shown == "%" and not power and re.search(r"%|\bpercent\b", name):  # "C3, % of normal"
        return name
    if power:
        join = " × " if shown[:1].isdigit() else " "
        shown = f"10{raised(power)}" + (join + shown if shown else "")
    if shown == name:  # "cells (cells)"
        return name
    shown = shown.replace(" ", "\N{NO-BREAK SPACE}")
    return f"{name} ({shown})" if name and shown else f"({shown})" if shown else name


def noun(whom: str) -> str:
    """Return what runs are in one or two words, for axes: "declared patients" and "virtual patients" are patients."""
    kind = re.sub(r"^draws of [\d,]+ ", "", whom.partition(",")[0])
    return kind.removeprefix("declared ").removeprefix("virtual ")


def number(value: float, digits: int = 3, plain: int = 6) -> str:
    """Return a number for people: 0.00123, 12.3, 12,300, 1.23×10⁹; from 10 to the power `plain` on as a power."""
    if not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    power = math.floor(math.log10(float(f"{abs(value):.{digits - 1}e}")))
    if -4 < power < plain:
        decimals = max(0, digits - 1 - power)
        text = f"{round(value, digits - 1 - power):,.{decimals}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        mantissa = f"{value / 10.0**power:.{digits - 1}f}".rstrip("0").rstrip(".")
        text = f"10{raised(power)}" if mantissa == "1" else f"{mantissa}×10{raised(power)}"
    return text.replace("-", "−")


def amount(value: float, unit: str) -> str:
    """Return a value with its unit: 1.2e-6 of `10^6 cell` are `1.2 cells`, no power of ten times another one.

    Words stand in the plural: 52 weeks.
    """
    shown = pretty_unit(unit)
    if _WORDS.search(shown) and value != 1:
        shown += "s"
    power = re.match(r"10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+) (?=\S)", shown)
    if power:
        shown = pretty_unit(shown[power.end() :])
        value *= 10.0 ** int(power[1].translate(_LOWERED))
    return f"{number(value)} {shown}".rstrip()


class Scaled(Formatter):
    """Numbers on the ticks of a linear axis divided by ten to a power that stands in the axis label."""

    def __init__(self, power: int) -> None:
        self.power = power

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Return the text of one tick."""
        return self.format_ticks([x])[0]

    def format_ticks(self, values: Any) -> list[str]:
        """Return the texts of all ticks, with as many decimals as their distance needs."""
        shown = np.asarray(values, dtype=float) / 10.0**self.power
        decimals = 0
        scale = max(float(np.max(np.abs(shown), initial=0.0)), 1e-300)
        gap = float(np.min(np.diff(np.unique(shown)), initial=scale))
        while decimals < 12 and np.any(np.abs(shown - np.round(shown, decimals)) > 1e-3 * gap):
            decimals += 1
        return [f"{v + 0.0:,.{decimals}f}".replace("-", "−") for v in np.round(shown, decimals)]


class Decades(Formatter):
    """Numbers on the ticks of a log axis: 0.1, 1, 10, 100; or 10⁻¹, 1, 10, 10² on an axis that reaches far."""

    def __init__(self, far: bool) -> None:
        self.far = far

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Return the text of one tick."""
        if x <= 0:
            return ""
        power = round(math.log10(x))
        if not self.far or power in (0, 1) or abs(math.log10(x) - power) > 1e-9:
            return number(x, plain=4 if self.far else 6)
        return f"10{raised(power)}"


def reaches_far(low: float, high: float) -> bool:
    """Return whether a log axis from `low` to `high` needs powers of ten on its ticks."""
    return high >= 2e4 or low <= 5e-4


def power_of(low: float, high: float) -> int:
    """Return the power of ten (a multiple of 3) to take out of an axis from `low` to `high`; 0 where none is needed."""
    size = max(abs(low), abs(high))
    if size == 0 or not math.isfinite(size) or 1e-2 <= size < 1e4:
        return 0
    return 3 * math.floor(math.log10(size) / 3 + 1e-9)


def limits(values: Any, *, log: bool = False, least: float = 1e-4) -> tuple[float, float]:
    """Return the limits of an axis for `values`, whatever they are: constant, tiny in range, with NaN, none at all.

    An axis of values of one sign starts at 0, unless all of them lie beyond 60 % of the largest. Then it shows at least
    the part `least` of the values themselves: a smaller range is not blown up. Log axes reach at most ten decades below
    the largest value.
    """
    good = np.asarray(values, dtype=float).ravel()
    good = good[np.isfinite(good)]
    good = np.where(np.abs(good) < 1e-290, 0.0, good)  # what underflows is nothing
    good = good[(good > 0) | (not log)]
    if good.size == 0:
        return (0.1, 10.0) if log else (0.0, 1.0)
    low, high = float(good.min()), float(good.max())
    if log:
        low = max(low, high * 1e-10)
        wide = max(math.log10(high) - math.log10(low), 0.3)
        middle = (math.log10(high) + math.log10(low)) / 2
        return 10 ** (middle - 0.54 * wide), 10 ** (middle + 0.54 * wide)
    if low >= 0 and (low <= 0.6 * high or high == 0):
        return 0.0, (high * 1.06 if high > 0 else 1.0)
    if high <= 0 and high >= 0.6 * low:
        return low * 1.06, -low * 0.03
    smallest = max(abs(low), abs(high)) * least
    middle, half = (low + high) / 2, max(high - low, smallest) / 2
    if high - low < max(abs(low), abs(high)) * 1e-4:
        half = max(abs(middle) * 0.1, 1e-300)
    return middle - 1.08 * half, middle + 1.08 * half


def _log_locator(low: float, high: float, most: int) -> LogLocator:
    """Return the ticks of a log axis: powers of ten, with the numbers between them where there is room for them."""

    def count(subs: tuple[float, ...]) -> int:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        return sum(low <= sub * 10.0**power <= high for power in powers for sub in subs)

    choices = ((1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0), (1.0, 2.0, 3.0, 5.0), (1.0, 2.0, 5.0), (1.0, 3.0), (1.0,))
    for subs in choices:
        if 2 <= count(subs) <= most:
            return LogLocator(subs=subs, numticks=99)
    if count((1.0,)) > most:
        return LogLocator(subs=(1.0,), numticks=most)
    return LogLocator(
        subs=next(subs for subs in reversed(choices) if count(subs) > 1 or subs == choices[0]), numticks=99
    )


def scale_axis(
    ax: Axes,
    which: str,
    values: Any,
    style: Style,
    *,
    log: bool = False,
    most: int = 5,
    grid: bool = True,
    exact: bool = False,
    least: float = 1e-4,
) -> int:
    """Set scale, limits, ticks and grid of the "x" or "y" axis for `values`; return the power taken out of it.

    least : as in `limits`.
    """
    low, high = limits(values, log=log, least=least)
    if exact:
        low, high = float(np.min(values)), float(np.max(values))
    axis = ax.xaxis if which == "x" else ax.yaxis
    (ax.set_xscale if which == "x" else ax.set_yscale)("log" if log else "linear")
    (ax.set_xlim if which == "x" else ax.set_ylim)(low, high)
    power = 0
    if log:
        decades = math.log10(high / low)
        axis.set_major_locator(_log_locator(low, high, most))
        axis.set_major_formatter(Decades(reaches_far(low, high)))
        axis.set_minor_locator(LogLocator(subs=tuple(range(2, 10)), numticks=20) if decades <= 6 else NullLocator())
        axis.set_minor_formatter(NullFormatter())
    else:
        power = power_of(low, high)
        axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10], min_n_ticks=2))
        axis.set_major_formatter(Scaled(power))
    if grid:
        ax.grid(True, axis="x" if which == "x" else "y", which="major", color=GRID, linewidth=max(0.6, style.line / 3))
    return power


def name_panel(
    ax: Axes, name: str, meaning: str, unit: str, power: int, style: Style, *, width: float, height: float, pad: float,
    title_color: str = "",
) -> None:  # fmt: skip
    """Write name and unit beside the y axis, the meaning above it; and there too what is too long for beside.

    width, height : room of the panel in points.   pad : points that the title keeps clear above the axes.
    """
    shown = quantity_label("", unit, power)
    label = quantity_label(name, unit, power)
    above = meaning if meaning != name else ""
    fits = [width_of(part, style.text) <= 0.92 * height for part in (label, name, shown)]
    if not fits[0] and fits[1] and fits[2]:
        label = f"{name}\n{shown}"
    elif not fits[0]:  # what finds no room beside the axis stands above it
        label = shown if fits[2] else ""
        above = f"{name}: {above}" if above else name
    below = shown if label not in (shown, quantity_label(name, unit, power), f"{name}\n{shown}") else ""
    ax.set_ylabel(label, fontsize=style.text, color=INK)
    if above or below:
        lines = [wrap(above, width, style.text, lines=2 if below else 3), wrap(below, width, style.text, lines=2)]
        if width_of(f"{above} {below}", style.text) <= width:
            lines = [f"{above} {below}"]
        text = "\n".join(filter(None, lines)).strip()
        weight = "bold" if title_color else "normal"
        ax.set_title(
            text, loc="left", fontsize=style.text, color=title_color or INK, pad=pad, linespacing=1.1, fontweight=weight
        )  # fmt: skip
