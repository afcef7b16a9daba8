"""When an intervention acts: a gate in time and the shape of its signal.

A schedule is realized with switches and events, so that solvers stop at each of its corners; it never becomes a
condition on time inside a rate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Self

from immunode.errors import DoseError
from immunode.intervention.numbers import finite, whole
from immunode.intervention.times import Time, comparable, in_days, latest, multiple, plus, size, tidy_time, words
from immunode.model.serial import register

if TYPE_CHECKING:  # few schedules have a rule
    from immunode.intervention.rules import Rule


@register
@dataclass(frozen=True, slots=True)
class Pulses:
    """A train of `n` pulses of `width`, one `every` interval, the first at `start`.

    A pulse that ends as the next begins makes one longer pulse.

    Parameters
    ----------
    every : Time | None
        None if `n` is 1.
    n : int | None
        None: without an end.
    offsets : tuple[Time, ...] | Sequence[Time]
        times after each of these pulses at which there is a further one, increasing and below `every`: Monday,
        Wednesday and Friday are `every="1 week", offsets=("2 days", "4 days")`.
    """

    every: Time | None
    width: Time
    n: int | None
    start: Time = 0.0
    offsets: tuple[Time, ...] | Sequence[Time] = ()

    def __post_init__(self) -> None:
        for name in ("every", "width", "start"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, tidy_time(getattr(self, name), f"pulses, {name}"))
        object.__setattr__(self, "offsets", tuple(tidy_time(t, "pulses, offsets") for t in self.offsets))
        if size(self.width)[0] < 0:
            raise DoseError(f"pulses, width: must be above 0, got {words(self.width)}")
        n = None if self.n is None else whole(self.n)
        if (n is None and self.n is not None) or (n is not None and n < 1):
            raise DoseError(f"pulses, n: the number of pulses must be a whole number above 0, got {self.n!r}")
        object.__setattr__(self, "n", n)
        if self.every is None:
            if n != 1:
                raise DoseError("pulses, every: several pulses need an interval, such as '1 week'")
        else:
            _positive(self.every, "pulses, every")
        self._check_gaps()

    def _check_gaps(self) -> None:
        begins: list[Time] = [0.0, *self.offsets, *([self.every] if self.every is not None else [])]
        for first, second in pairwise(begins):
            pair = comparable(first, second)
            if pair and pair[1] <= pair[0]:
                raise DoseError(
                    f"pulses: times go backwards, {words(second)} comes after {words(first)} (counted from the first)"
                )
            gap = plus(second, first, -1.0) if pair else second
            pair = comparable(self.width, gap)
            if pair and pair[0] > pair[1] * (1 + 1e-12):
                raise DoseError(
                    f"pulses: a width of {words(self.width)} is longer than the interval of {words(gap)}, "
                    "so pulses overlap; use during(start, stop)"
                )


@register
@dataclass(frozen=True, slots=True)
class Trip:
    """A journey across time zones, to which the body's clock adapts.

    Parameters
    ----------
    shift : Time
        by how much clocks there are ahead (east) or, below 0, behind (west).
    at : Time
        when.
    back : Time | None
        when home again.
    adapts : Time
        half-life of the distance between the body's clock and the local one; 0 is at once.
    """

    shift: Time
    at: Time
    back: Time | None = None
    adapts: Time = 0.0

    def __post_init__(self) -> None:
        for name in ("shift", "at", "back", "adapts"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, tidy_time(value, f"jet_lag, {name}"))
        if size(self.adapts)[0] < 0:
            raise DoseError(f"jet_lag, adapts: must be 0 or above, got {words(self.adapts)}")
        pair = comparable(self.at, self.back) if self.back is not None else None
        if pair and pair[1] < pair[0]:
            raise DoseError(f"jet_lag: times go backwards, back {_moment(self.back)} after leaving {_moment(self.at)}")


@register
@dataclass(frozen=True, slots=True)
class Rhythm:
    """A smooth wave in [0, 1] with its top at `phase`: (1 + amplitude*cos(2 pi (t - phase)/period))/(1 + amplitude).

    Parameters
    ----------
    trip : Trip | None
        shifts the phase, as fast as the body's clock adapts.
    """

    amplitude: float
    period: Time
    phase: Time = 0.0
    trip: Trip | None = None

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

    Parameters
    ----------
    start, stop : Time | None
        the window; None means open on that side. Times are numbers in the model's time unit, or text such as "2 weeks".
    pulses : Pulses | None
        a train of pulses.
    rise : Time | None
        the signal rises in a straight line from 0 to 1 within this time after the gate opens; without a start, after
        time 0.
    half_life : Time | None
        after the gate closes the signal decays from where it was.
    rhythm : Rhythm | None
        a wave that multiplies everything.
    rule : Rule | None
        what is decided at visits.

    Raises
    ------
    DoseError
        a time can't be read, runs backwards or is not above 0 where it must be; two windows, trains, ramps, decays,
        rhythms or rules meet in one schedule.
    """

    start: Time | None = None
    stop: Time | None = None
    pulses: Pulses | None = None
    rise: Time | None = None
    half_life: Time | None = None
    rhythm: Rhythm | None = None
    rule: Rule | None = None

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
            raise DoseError(f"during: the window runs backwards, from {_moment(self.start)} to {_moment(self.stop)}")

    @property
    def windowed(self) -> bool:
        """True if the schedule has a window, open on one side or on none."""
        return self.start is not None or self.stop is not None

    def during(self, start: Time | None = None, stop: Time | None = None) -> Self:
        """Return the schedule with another window."""
        return replace(self, start=start, stop=stop)

    def from_zero(self) -> Self:
        """Return the schedule with time 0 as its start where nothing else says when it begins."""
        if self.start is None and self.pulses is None and self.rule is None:
            return self.during(0.0, self.stop)
        return self

    def later(self, by: Time) -> Self:
        """Return the schedule with all its times later, journeys too; the phase of a rhythm stays."""
        by = tidy_time(by, "later")
        start = None if self.start is None else plus(self.start, by)
        stop = None if self.stop is None else plus(self.stop, by)
        train = None if self.pulses is None else replace(self.pulses, start=plus(self.pulses.start, by))
        rule = None if self.rule is None else self.rule.later(by)
        wave = self.rhythm
        if wave is not None and wave.trip is not None:
            back = None if wave.trip.back is None else plus(wave.trip.back, by)
            wave = replace(wave, trip=replace(wave.trip, at=plus(wave.trip.at, by), back=back))
        return replace(self, start=start, stop=stop, pulses=train, rule=rule, rhythm=wave)

    def continued(self, until: Time) -> Self:
        """Return the schedule with pulses, visits or a window that go on to `until`, at the last interval they had.

        Parameters
        ----------
        until : Time
            end of what is added, for pulses at listed times and for windows; those with an interval go on for ever.

        Raises
        ------
        DoseError
            a single pulse has no interval to go on at; numbers and times with a unit meet.
        """
        until = tidy_time(until, "continued")
        train = None if self.pulses is None else _longer(self.pulses, until)
        rule = None if self.rule is None else replace(self.rule, n=None)
        stop = None if self.stop is None else latest([self.stop, until])
        return replace(self, pulses=train, rule=rule, stop=stop)

    def end(self, name: str, *, jumps: bool) -> Time:
        """Return when what follows this schedule is over.

        Parameters
        ----------
        name : str
            of the intervention, for the message.
        jumps : bool
            whether it is nothing but jumps of states.

        Raises
        ------
        DoseError
            there is no end.
        """
        if self.rule is not None:
            return self.rule.end(name)
        if self.stop is not None:
            return self.stop
        if self.pulses is not None:
            return _train_end(name, self.pulses)
        if jumps:
            return self.start if self.start is not None else 0.0
        raise DoseError(f"'{name}' has no end: give it a stop, such as .during(0, '3 days')")

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
        phrases = []
        if self.windowed:
            parts = [f"from {_moment(self.start)}" if self.start is not None else "from the beginning"]
            phrases.append(" ".join(parts + ([f"to {_moment(self.stop)}"] if self.stop is not None else ["on"])))
        if self.pulses is not None:
            p = self.pulses
            width = f" of {words(p.width)}" if size(p.width)[0] else ""
            phrases.append(_train_words(p, width))
        if self.rise is not None:
            phrases.append(f"rising over {words(self.rise)}")
        if self.half_life is not None:
            phrases.append(f"then decaying with a half-life of {words(self.half_life)}")
        if self.rhythm is not None:
            phrases.append(_rhythm_words(self.rhythm))
        if self.rule is not None:
            phrases.append(str(self.rule))
        return ", ".join(phrases) or "always"


_PARTS = {
    "start": "window", "stop": "window", "pulses": "train of pulses", "rise": "ramp", "half_life": "decay",
    "rhythm": "rhythm", "rule": "rule",
}  # fmt: skip

ALWAYS = Schedule()


def _train_words(train: Pulses, width: str) -> str:
    """Return a train of pulses as a phrase. width : " of 2 days" or ""."""
    if train.every is None:
        begins = [train.start, *(plus(train.start, offset) for offset in train.offsets)]
        return f"at {', '.join(_moment(t) for t in begins)}" + (width.replace(" of", ", for", 1) if width else "")
    first = "" if size(train.start)[0] == 0 else f" from {_moment(train.start)}"
    several = len(train.offsets) + 1
    if several > 1:
        n = "" if train.n is None else f", {train.n} time{'s' if train.n > 1 else ''}"
        return f"{several} pulses{width} every {words(train.every)}{first}{n}"
    n = "pulses" if train.n is None else f"{train.n} pulse{'s' if train.n > 1 else ''}"
    return f"{n}{width} every {words(train.every)}{first}"


def _longer(train: Pulses, until: Time) -> Pulses:
    """Return a train that goes on to `until`."""
    if train.every is not None:
        return replace(train, n=None)
    given = [0.0, *train.offsets]
    if len(given) == 1:
        raise DoseError("continued: a single pulse has no interval to go on at; use pulses(every, width, n)")
    interval, offset = plus(given[-1], given[-2], -1.0), plus(given[-1], 0.0)
    room = comparable(plus(until, plus(train.start, offset), -1.0), interval)
    if room is None:
        raise DoseError("continued: times with and without a unit meet; write both with a unit, or both as numbers")
    more = math.floor(room[0] / room[1] * (1 + 1e-12))
    return replace(train, offsets=(*train.offsets, *(plus(offset, multiple(interval, k)) for k in range(1, more + 1))))


def _train_end(name: str, train: Pulses) -> Time:
    if train.n is None:
        raise DoseError(f"'{name}' has no end: its pulses need a number")
    last = train.start
    if train.every is not None:
        last = plus(last, multiple(train.every, train.n - 1))
    if train.offsets:
        last = plus(last, train.offsets[-1])
    return plus(last, train.width)


def _rhythm_words(wave: Rhythm) -> str:
    text = f"in a rhythm of {words(wave.period)} (amplitude {wave.amplitude:g}"
    text += f", top at {_moment(wave.phase)})" if size(wave.phase)[0] else ")"
    if wave.trip is not None:
        trip = wave.trip
        back = "" if trip.back is None else f", back at {_moment(trip.back)}"
        text += f", shifted by {words(trip.shift)} from {_moment(trip.at)}{back}"
        text += f" (half-life of adapting {words(trip.adapts)})" if size(trip.adapts)[0] else ""
    return text


def _positive(value: Time, what: str) -> None:
    if size(value)[0] <= 0:
        raise DoseError(f"{what}: must be above 0, got {words(value)}")


def _moment(value: Time | None) -> str:
    """Return a point in time: "time 5" or "week 2"."""
    if value is None:
        return "the end"
    number, unit = size(value)
    return f"{unit} {number:g}" if in_days(value) is not None else f"time {number:g}"


def during(start: Time | None = None, stop: Time | None = None) -> Schedule:
    """Return the schedule that is on from `start` to `stop`; None leaves that side open."""
    return Schedule(start=start, stop=stop)


def pulses(every: Time, width: Time, n: int | None, start: Time = 0.0) -> Schedule:
    """Return the schedule of `n` pulses of `width`, one `every` interval, the first at `start`; None: without end."""
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
