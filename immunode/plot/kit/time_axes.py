"""Time axes in units that people use: 364 days are shown as 52 weeks."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, MultipleLocator

from immunode.plot.kit.style import FAINT, INK, Style
from immunode.plot.kit.text import Scaled, pretty_unit

_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0, "week": 604800.0, "year": 31557600.0}
_WORDS = {
    "s": "second",
    "sec": "second",
    "min": "minute",
    "h": "hour",
    "hr": "hour",
    "d": "day",
    "wk": "week",
    "w": "week",
    "yr": "year",
    "y": "year",
    "a": "year",
}
_STEPS = {
    "second": (1, 2, 5, 10, 15, 30),
    "minute": (1, 2, 5, 10, 15, 30),
    "hour": (1, 2, 3, 6, 12, 24),
    "day": (1, 2, 5, 10, 20),
    "week": (1, 2, 4, 13, 26),
    "year": (1, 2, 5, 10, 20),
}
_MOST = 120.0  # more of a unit than this is unhandy: 168 h are 7 days, 364 days are 52 weeks


@dataclass(frozen=True, slots=True)
class Clock:
    """How times are shown.

    factor : what a time of the model is multiplied by, dimensionless.
    unit : the unit shown, singular, or "" in a dimensionless model.
    """

    factor: float
    unit: str

    @property
    def label(self) -> str:
        """Return the text of the axis, such as `time (weeks)`."""
        if not self.unit:
            return "time"
        if self.unit.endswith(")"):  # says what it is of: "dose (usual doses)"
            return self.unit
        return f"time ({self.unit}s)" if self.unit in _SECONDS else f"time ({pretty_unit(self.unit)})"


def clock(span: float, time_unit: str) -> Clock:
    """Return how a time axis of length `span`, in `time_unit`, is shown; unknown units stay as they are."""
    word = time_unit.strip()
    word = _WORDS.get(word, word)
    if word not in _SECONDS and word.removesuffix("s") in _SECONDS:
        word = word.removesuffix("s")
    if word not in _SECONDS:
        return Clock(1.0, word)
    ladder = list(_SECONDS)
    here = ladder.index(word)
    shown = word
    for unit in ladder[here:]:
        shown = unit
        if span * _SECONDS[word] / _SECONDS[unit] <= _MOST:
            break
    if shown == word:
        for unit in reversed(ladder[: here + 1]):
            shown = unit
            if span * _SECONDS[word] / _SECONDS[unit] >= 2:
                break
    return Clock(_SECONDS[word] / _SECONDS[shown], shown)


def cadence(interval: float, shown: Clock) -> str:
    """Return how often something comes, in words: "daily", "every 12 h". interval : in the unit that `shown` shows."""
    if shown.unit not in _SECONDS:
        return f"every {interval:.3g}"
    seconds = interval * _SECONDS[shown.unit]
    hours, days = seconds / _SECONDS["hour"], seconds / _SECONDS["day"]
    if abs(days - 1) < 0.05 or abs(days - 7) < 0.05:
        return "daily" if days < 2 else "weekly"
    if hours < 1:
        return f"every {60 * hours:.3g} min"
    return f"every {hours:.3g} h" if days < 1 else f"every {days:.3g} days"


def time_axis(ax: Axes, shown: Clock, start: float, stop: float, style: Style, *, labelled: bool, most: int) -> None:
    """Set limits, ticks and label of a time axis. start, stop : in the unit shown; most : number of ticks."""
    ax.set_xlim(start, stop if stop > start else start + 1)
    steps = [step for step in _STEPS.get(shown.unit, ()) if (stop - start) / step <= most]
    if steps and (stop - start) / steps[0] >= 2:
        ax.xaxis.set_major_locator(MultipleLocator(steps[0]))
    else:
        ax.xaxis.set_major_locator(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]))
    ax.xaxis.set_major_formatter(Scaled(0))
    ax.tick_params(axis="x", labelbottom=labelled, color=FAINT)
    if labelled:
        ax.set_xlabel(shown.label, fontsize=style.text, color=INK)
