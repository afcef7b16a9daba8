"""When an intervention acts: a gate in time and the shape of its signal.

A schedule is realized with switches and events, so that solvers stop at each of its corners; it never becomes a
condition on time inside a rate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from immunode.errors import DoseError
from immunode.intervention.numbers import finite, whole
from immunode.intervention.times import Time, comparable, in_days, size, tidy_time, words
from immunode.model.serial import register


@register
@dataclass(frozen=True, slots=True)
class Pulses:
    """A train of `n` pulses of `width`, one `every` interval, the first at `start`.

    A pulse that ends as the next begins makes one longer pulse.
    """

    every: Time
    width: Time
    n: int
    start: Time = 0.0

    def __post_init__(self) -> None:
        for name in ("every", "width", "start"):
            object.__setattr__(self, name, tidy_time(getattr(self, name), f"pulses, {name}"))
        _positive(self.every, "pulses, every")
        if size(self.width)[0] < 0:
            raise DoseError(f"pulses, width: must be above 0, got {words(self.width)}")
        n = whole(self.n)
        if n is None or n < 1:
            raise DoseError(f"pulses, n: the number of pulses must be a whole number above 0, got {self.n!r}")
        object.__setattr__(self, "n", n)
        pair = comparable(self.width, self.every)
        if pair and pair[0] > pair[1] * (1 + 1e-12):
            raise DoseError(
                f"pulses: a width of {words(self.width)} is longer than the interval of {words(self.every)}, "
                "so pulses overlap; use during(start, stop)"
            )


@register
@dataclass(frozen=True, slots=True)
class Rhythm:
    """A smooth wave in [0, 1] with its top at `phase`: (1 + amplitude*cos(2 pi (t - phase)/period))/(1 + amplitude)."""

    amplitude: float
    period: Time
    phase: Time = 0.0

    def __post_init__(self) -> None:
        amplitude = finite(self.amplitude)
        if amplitude is None or not 0 <= amplitude <= 1:
            raise DoseError(f"rhythm, amplitude: must lie in [0, 1], got {self.amplitude!r}")
        object.__setattr__(self, "amplitude", amplitude)
        object.__setattr__(self, "period", tidy_time(self.period, "rhythm, period"))
        object.__setattr__(self, "phase", tidy_time(self.phase, "rhythm, phase"))
        _positive(self.period, "rhythm, period")


@register
@dataclass(frozen=True, slots=True)
class Schedule:
    """Gate and shape of a signal; schedules combine with `*`: `during(0, 50) * ramp(5)`.

    start, stop : the window; None means open on that side. Times are numbers in the model's time unit, or text such
        as "2 weeks".
    pulses : a train of pulses.
    rise : the signal rises in a straight line from 0 to 1 within this time after the gate opens; without a start,
        after time 0.
    half_life : after the gate closes the signal decays from where it was.
    rhythm : a wave that multiplies everything.

    Raises
    ------
    DoseError : a time can't be read, runs backwards or is not above 0 where it must be; two windows, trains, ramps,
        decays or rhythms meet in one schedule.
    """

    start: Time | None = None
    stop: Time | None = None
    pulses: Pulses | None = None
    rise: Time | None = None
    half_life: Time | None = None
    rhythm: Rhythm | None = None

    def __post_init__(self) -> None:
        for name in ("start", "stop", "rise", "half_life"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, tidy_time(value, name.replace("_", "-")))
        for name in ("rise", "half_life"):
            if getattr(self, name) is not None:
                _positive(getattr(self, name), name.replace("_", "-"))
        pair = comparable(self.start, self.stop) if self.start is not None and self.stop is not None else None
        if pair and pair[1] < pair[0]:
            raise DoseError(f"during: the window runs backwards, from {_said(self.start)} to {_said(self.stop)}")

    @property
    def windowed(self) -> bool:
        """True if the schedule has a window, open on one side or on none."""
        return self.start is not None or self.stop is not None

    @property
    def always(self) -> bool:
        """True if the signal is 1 at all times."""
        return self == Schedule()

    def during(self, start: Time | None = None, stop: Time | None = None) -> Self:
        """Return the schedule with another window."""
        return replace(self, start=start, stop=stop)

    def __mul__(self, other: object) -> Schedule:
        """Return both at once; the order does not matter."""
        if not isinstance(other, Schedule):
            return NotImplemented
        if self.windowed and other.windowed:
            raise DoseError("a schedule holds one window; give each window an intervention of its own")
        both: dict[str, object] = {}
        for name, word in _PARTS.items():
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine is not None and theirs is not None:
                raise DoseError(f"a schedule holds one {word}; give each an intervention of its own")
            both[name] = mine if mine is not None else theirs
        return Schedule(**both)  # type: ignore[arg-type]

    def __str__(self) -> str:
        said = []
        if self.windowed:
            parts = [f"from {_said(self.start)}" if self.start is not None else "from the beginning"]
            said.append(" ".join(parts + ([f"to {_said(self.stop)}"] if self.stop is not None else ["on"])))
        if self.pulses is not None:
            p = self.pulses
            width = f" of {words(p.width)}" if size(p.width)[0] else ""
            first = "" if size(p.start)[0] == 0 else f" from {_said(p.start)}"
            said.append(f"{p.n} pulse{'s' if p.n > 1 else ''}{width} every {words(p.every)}{first}")
        if self.rise is not None:
            said.append(f"rising over {words(self.rise)}")
        if self.half_life is not None:
            said.append(f"then decaying with a half-life of {words(self.half_life)}")
        if self.rhythm is not None:
            said.append(f"in a rhythm of {words(self.rhythm.period)} (amplitude {self.rhythm.amplitude:g})")
        return ", ".join(said) or "always"


_PARTS = {
    "start": "window", "stop": "window", "pulses": "train of pulses", "rise": "ramp", "half_life": "decay",
    "rhythm": "rhythm",
}  # fmt: skip

ALWAYS = Schedule()


def _positive(value: Time, what: str) -> None:
    if size(value)[0] <= 0:
        raise DoseError(f"{what}: must be above 0, got {words(value)}")


def _said(value: Time | None) -> str:
    """Return a point in time: "time 5" or "week 2"."""
    if value is None:
        return "the end"
    number, unit = size(value)
    return f"{unit} {number:g}" if in_days(value) is not None else f"time {number:g}"


def during(start: Time | None = None, stop: Time | None = None) -> Schedule:
    """Return the schedule that is on from `start` to `stop`; None leaves that side open."""
    return Schedule(start=start, stop=stop)


def pulses(every: Time, width: Time, n: int, start: Time = 0.0) -> Schedule:
    """Return the schedule of `n` pulses of `width`, one `every` interval, the first at `start`."""
    return Schedule(pulses=Pulses(every, width, n, start))


def ramp(rise: Time) -> Schedule:
    """Return the shape that rises in a straight line within `rise` after the gate opens."""
    return Schedule(rise=rise)


def decay(half_life: Time) -> Schedule:
    """Return the shape that decays with `half_life` after the gate closes."""
    return Schedule(half_life=half_life)


def rhythm(amplitude: float, period: Time, phase: Time = 0.0) -> Schedule:
    """Return the wave (1 + amplitude*cos(2 pi (t - phase)/period))/(1 + amplitude), smooth and in [0, 1]."""
    return Schedule(rhythm=Rhythm(amplitude, period, phase))
