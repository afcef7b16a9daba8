"""Schedules in the words of everyday: rhythms, exercise, nights, journeys, given times, visits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from immunode.errors import DoseError, did_you_mean
from immunode.intervention.numbers import finite, whole
from immunode.intervention.rules import Rule
from immunode.intervention.schedule import Pulses, Rhythm, Schedule, Trip
from immunode.intervention.times import UNITS, Time, comparable, number_text, plus, size, tidy_time, time_unit, words

_OFTEN = re.compile(r"\s*(\d+|once|twice)\s*(?:times|x)?\s*(?:per|a|an|each|every|/)\s*([A-Za-z]+)\s*", re.IGNORECASE)
_COUNTS = {"once": 1, "twice": 2}


def daily(amplitude: float = 1.0, peak: Time = 0.0) -> Schedule:
    """Return a circadian rhythm, smooth, with its top at `peak`: (1 + a*cos(2 pi (t - peak)/day))/(1 + a).

    Parameters
    ----------
    amplitude : float
        in [0, 1]; the signal runs between (1 - a)/(1 + a) and 1.
    peak : Time
        time of the top, from time 0; where time 0 is midnight, `"8 h"` is 8 in the morning.
    """
    return Schedule(rhythm=Rhythm(amplitude, "1 day", peak))


def weekly(amplitude: float = 1.0, peak: Time = 0.0) -> Schedule:
    """Return a rhythm of one week, as `daily`. `peak`: such as "2 days" after time 0."""
    return Schedule(rhythm=Rhythm(amplitude, "1 week", peak))


def seasons(amplitude: float = 1.0, peak: Time = 0.0) -> Schedule:
    """Return a rhythm of one year (365.25 days), as `daily`. `peak`: such as "30 days" after time 0."""
    return Schedule(rhythm=Rhythm(amplitude, "1 year", peak))


def jet_lag(
    shift: Time,
    at: Time,
    back: Time | None = None,
    *,
    amplitude: float = 1.0,
    peak: Time = 0.0,
    adapts: Time = "3 days",
) -> Schedule:
    """Return a circadian rhythm whose phase follows a journey across time zones.

    `name.misaligned` in results is the distance, in the model's time unit.

    Parameters
    ----------
    shift : Time
        by how much clocks are ahead at the destination; "8 h" goes east, "-8 h" goes west.
    at, back
        times of the journey and, if any, of the way home.
    amplitude, peak
        of the rhythm at home, as in `daily`.
    adapts : Time
        half-life of the distance between the body's clock and the local one, 0 for at once. The default is an
        assumption: it moves the clock by about an hour a day over the first week after 8 hours.
    """
    return Schedule(rhythm=Rhythm(amplitude, "1 day", peak, Trip(shift, at, back, adapts)))


def at_times(*times: Time, lasting: Time = 0.0) -> Schedule:
    """Return the schedule of given times: `at_times(0, "4 weeks")`.

    Parameters
    ----------
    lasting : Time
        how long it acts each time; 0 for transfers, which happen in a moment.

    Raises
    ------
    DoseError
        there are no times, they go backwards, or plain numbers and times with a unit meet (0 goes with both).
    """
    if not times:
        raise DoseError("at_times needs at least one time, such as at_times(0, '4 weeks')")
    tidy = [tidy_time(t, "at_times") for t in times]
    for first, second in pairwise(tidy):
        pair = comparable(first, second)
        if pair and pair[1] <= pair[0]:
            raise DoseError(f"at_times: times go backwards, {words(second)} comes after {words(first)}")
    offsets = tuple(plus(t, tidy[0], -1.0) for t in tidy[1:])
    return Schedule(pulses=Pulses(None, lasting, 1, tidy[0], offsets))


def bouts(often: str, length: Time, start: Time = 0.0, weeks: int | None = None) -> Schedule:
    """Return bouts, of exercise for one: `bouts("3 per week", "45 min")`.

    Parameters
    ----------
    often : str
        such as "3 per week", "twice a day", "1 per day". Bouts of a week fall on whole days after `start`, spread as
        evenly as they can be (3: days 0, 2 and 4); more than 7 a week, and those of a day, are evenly spaced.
    length : Time
        of one bout.
    start : Time
        of the first.
    weeks : int | None
        for how long; None is without end.

    Raises
    ------
    DoseError
        the text can't be read, or bouts overlap.
    """
    match = _OFTEN.fullmatch(str(often))
    if match is None:
        raise DoseError(f"bouts: can't read {often!r}; write e.g. '3 per week' or 'twice a day'")
    count = _COUNTS.get(match[1].casefold()) or int(match[1])
    unit = time_unit(match[2])
    if unit not in ("day", "week"):
        raise DoseError(f"bouts: '{match[2]}' is not day or week{did_you_mean(match[2], UNITS)}")
    if count < 1:
        raise DoseError(f"bouts: how often must be above 0, got '{often}'")
    length = tidy_time(length, "bouts, length")
    if size(length)[0] <= 0:
        raise DoseError(f"bouts, length: must be above 0, got {words(length)}")
    if weeks is not None and (whole(weeks) is None or weeks < 1):
        raise DoseError(f"bouts, weeks: a whole number above 0, got {weeks!r}")
    period = 1 if unit == "day" else 7
    days = [i * period / count for i in range(count)]
    if unit == "week" and count <= 7:
        days = [float(int(day)) for day in days]
    offsets = tuple(f"{number_text(day)} day" for day in days[1:])
    n = None if weeks is None else weeks * (7 // period)
    return Schedule(pulses=Pulses(f"1 {unit}", length, n, start, offsets))


def nights(which: int | Sequence[float], *, first: float = 0, from_: Time = "23 h", lasting: Time = "8 h") -> Schedule:
    """Return nights, of lost sleep for one: `nights(3)` or `nights([1, 4])`.

    Parameters
    ----------
    which : int | Sequence[float]
        how many in a row, or the days on whose evening they begin, counted from 0.
    first : float
        the day on whose evening the first of a row begins.
    from_, lasting : Time
        when a night begins (after midnight, which is time 0) and how long it is.
    """
    begin = tidy_time(from_, "nights, from_")
    row = whole(which)
    if row is not None:
        if row < 1:
            raise DoseError(f"nights: their number must be above 0, got {row}")
        start = plus(f"{number_text(_day(first))} day", begin)
        return Schedule(pulses=Pulses("1 day", lasting, row, start))
    if isinstance(which, str | bool | float) or not isinstance(which, Sequence) or not which:
        raise DoseError(f"nights: give their number or a list of days, got {which!r}")
    return at_times(*(plus(f"{number_text(_day(d))} day", begin) for d in which), lasting=lasting)


def _day(value: object) -> float:
    day = finite(value)
    if day is None:
        raise DoseError(f"nights: a day is a number, counted from 0, got {value!r}")
    return day


def at_visits(every: Time, *, start: Time = 0.0, when: str = "", stop_when: str = "", n: int | None = None) -> Schedule:
    """Return what is on or off by what is seen at visits: `at_visits("4 weeks", when="p > 0.3", stop_when="p < 0.1")`.

    A visit sees the values just before it: a dose at the time of a visit is given after it. The thresholds are knobs
    (`name.threshold`, `name.stop_threshold`). Results tell `name.on`, `name.since` and
    `name.changes`.

    Parameters
    ----------
    every, start : Time
        interval and first time of the visits.
    n : int | None
        their number; None is without end.
    when : str
        condition on states, derived quantities and parameters on which it starts; without it, it is on at first.
    stop_when : str
        condition on which it stops; where both hold it is off. Without it, what has started stays on (a transfer is
        then given at each visit at which `when` holds).
    """
    return Schedule(rule=Rule(every, start, n, when, stop_when))


def cycles(
    every: Time,
    *,
    look_again: Time | None = None,
    hold_when: str = "",
    stop_when: str = "",
    lower_when: str = "",
    step: float = 2.0,
    low: float = 0.0,
    start: Time = 0.0,
    n: int | None = None,
) -> Schedule:
    """Return doses that a finding can hold back: `cycles("21 days", look_again="7 days", hold_when="anc < 1")`.

    Results tell `name.doses`, `name.held`, `name.since_dose`, `name.stopped` and, with `lower_when`, `name.level`.
    Thresholds are knobs, as in `at_visits`.

    Parameters
    ----------
    every : Time
        from one dose to the next.
    look_again : Time | None
        from one visit to the next; by default `every`. A dose is given at the first visit at which it is due and
        `hold_when` does not hold.
    hold_when : str
        condition on states, derived quantities and parameters on which a dose that is due waits.
    stop_when : str
        condition on which all doses end.
    lower_when : str
        condition on which a dose that is given is divided by `step`, as are those after it, down to `low` of the dose
        as declared. It may look at `name.held`, the visits at which the dose waited: "drug.held > 0".
    start : Time
        of the first visit.
    n : int | None
        number of visits; None is without end.
    """
    visit = every if look_again is None else look_again
    return Schedule(rule=Rule(
        every=visit, start=start, n=n, stop_when=stop_when, lower_when=lower_when, step=step, low=low, apart=every,
        hold_when=hold_when,
    ))  # fmt: skip


def to_target(
    every: Time,
    *,
    raise_when: str = "",
    lower_when: str = "",
    step: float = 2.0,
    low: float = 0.125,
    high: float = 1.0,
    level: float | None = None,
    start: Time = 0.0,
    n: int | None = None,
    stop_when: str = "",
) -> Schedule:
    """Return a dose that is changed at visits: treat to target, or lower on toxicity.

    Parameters
    ----------
    raise_when, lower_when : str
        conditions on which the level is multiplied or divided by `step`; where both hold, it is lowered.
    low, high : float
        bounds of the level, 1 is the dose as given; above 1 only for a drug.
    level : float | None
        at the beginning; None is 1, or the bound nearest to it.
    every, start, n, stop_when
        as in `at_visits`. Results tell `name.level` and `name.changes`.
    """
    begin = min(max(1.0, low), high) if level is None else level
    return Schedule(rule=Rule(every, start, n, "", stop_when, raise_when, lower_when, step, low, high, begin))
