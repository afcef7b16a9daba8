"""One intervention after another, with gaps between: lymphodepletion, then cells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from immunode.errors import DoseError
from immunode.intervention.drugs.drug import Drug
from immunode.intervention.intervention import Intervention
from immunode.intervention.regimens.regimen import Dose, Regimen
from immunode.intervention.rules import Rule
from immunode.intervention.schedule import Pulses, Schedule
from immunode.intervention.times import Time, comparable, plus, size, tidy_time, times

Treatment = Intervention | Drug


def sequence(*interventions: Treatment, gap: Time | Iterable[Time] = 0.0) -> tuple[Treatment, ...]:
    """Return interventions one after another: each begins where its own schedule says, counted from the end of the
    one before it plus the gap. Give the result to `perturb`, `simulate` or an arm as it is.

    gap : from the end of one to time 0 of the next; one for all, or one for each pair.

    `sequence(lymphodepletion, car_t, gap="2 days")`. The end of a drug is its last dose (or the end of its last
    infusion), of a transfer its last time. Rhythms stay on the clock.

    Raises
    ------
    DoseError : one that is followed has no end, or its times can't be added to the gap (numbers and units meet).
    """
    if len(interventions) < 2:
        raise DoseError("sequence needs at least two interventions")
    if isinstance(gap, str | int | float):
        gaps = [tidy_time(gap, "sequence, gap")] * (len(interventions) - 1)
    else:
        gaps = [tidy_time(g, "sequence, gap") for g in gap]
    if len(gaps) != len(interventions) - 1:
        raise DoseError(f"sequence: {len(interventions)} interventions have {len(interventions) - 1} gaps between them")
    done = [interventions[0]]
    for following, pause in zip(interventions[1:], gaps, strict=True):
        try:
            done.append(shifted(following, plus(end_of(done[-1]), pause)))
        except DoseError as error:
            raise DoseError(f"sequence, '{following.name}' after '{done[-1].name}': {error}") from None
    return tuple(done)


def shifted(it: Treatment, by: Time) -> Treatment:
    """Return an intervention or a drug with all its times later by `by` (journeys too; the phase of a rhythm stays)."""
    by = tidy_time(by, "shifted")
    if isinstance(it, Drug):
        rule = None if it.rule is None else _later(it.rule, by)
        regimen = it.regimen
        if isinstance(regimen, Regimen):
            blocks = tuple(_later_dose(dose, by, i == 0) for i, dose in enumerate(regimen.blocks))
            regimen = replace(regimen, doses=blocks)
        return replace(it, regimen=regimen, rule=rule)
    schedule = it.schedule
    if schedule.start is None and schedule.pulses is None and schedule.rule is None:
        schedule = schedule.during(0.0, schedule.stop)
    return replace(it, schedule=_later(schedule, by))


def end_of(it: Treatment) -> Time:
    """Return when an intervention is over.

    Raises
    ------
    DoseError : it has no end.
    """
    if isinstance(it, Drug):
        return _last_dose(it)
    schedule = it.schedule
    over = [o.over for o in it.operations if o.over is not None]  # type: ignore[union-attr]
    jumps = all(o.operator in ("transfer", "remove") for o in it.operations)  # type: ignore[union-attr]
    ends: list[Time] = []
    if schedule.rule is not None:
        rule = schedule.rule
        if rule.n is None:
            raise DoseError(f"'{it.name}' has no end: its rule needs a number of visits, n=...")
        ends.append(plus(rule.start, times(rule.every, rule.n - 1)))
    elif schedule.stop is not None:
        ends.append(schedule.stop)
    elif schedule.pulses is not None:
        ends.append(_train_end(it.name, schedule.pulses))
    elif jumps:
        ends.append(schedule.start if schedule.start is not None else 0.0)
    else:
        raise DoseError(f"'{it.name}' has no end: give it a stop, such as .during(0, '3 days')")
    ends += [plus(ends[0], time) for time in over]
    return _latest(ends)


def _latest(ends: list[Time]) -> Time:
    last = ends[0]
    for end in ends[1:]:
        pair = comparable(last, end)
        if pair is None:
            raise DoseError("times with and without a unit meet; write both with a unit, or both as numbers")
        last = end if pair[1] > pair[0] else last
    return last


def _train_end(name: str, train: Pulses) -> Time:
    if train.n is None:
        raise DoseError(f"'{name}' has no end: its pulses need a number")
    last = train.start
    if train.every is not None:
        last = plus(last, times(train.every, train.n - 1))
    if train.offsets:
        last = plus(last, train.offsets[-1])
    return plus(last, train.width)


def _later(schedule: Schedule, by: Time) -> Schedule:
    """Return a schedule with all its times later."""
    start = None if schedule.start is None else plus(schedule.start, by)
    stop = None if schedule.stop is None else plus(schedule.stop, by)
    train = schedule.pulses
    if train is not None:
        train = replace(train, start=plus(train.start, by))
    rule: Rule | None = schedule.rule
    if rule is not None:
        rule = replace(rule, start=plus(rule.start, by))
    wave = schedule.rhythm
    if wave is not None and wave.trip is not None:
        back = None if wave.trip.back is None else plus(wave.trip.back, by)
        wave = replace(wave, trip=replace(wave.trip, at=plus(wave.trip.at, by), back=back))
    return replace(schedule, start=start, stop=stop, pulses=train, rule=rule, rhythm=wave)


def _later_dose(dose: Dose, by: Time, first: bool) -> Dose:
    if dose.at:
        return replace(dose, at=tuple(plus(t, by) for t in dose.at))
    if dose.start is not None:
        return replace(dose, start=plus(dose.start, by))
    if not first:
        return dose
    return replace(dose, start=by) if dose.ii is not None else replace(dose, at=(by,))


def _last_dose(drug: Drug) -> Time:
    """Return when the last dose of a drug is given, or its infusion is over."""
    regimen = drug.regimen
    if not isinstance(regimen, Regimen):
        raise DoseError(f"drug '{drug.name}' has no doses; use .dose('40 mg sc q2w x 26')")
    last: Time = 0.0
    row: Time | None = None
    for i, dose in enumerate(regimen.blocks):
        if dose.at:
            last, row = dose.at[-1], None
            continue
        if dose.start is not None or i == 0:
            begin: Time = dose.start if dose.start is not None else 0.0
        else:
            interval = row if row is not None else dose.ii
            begin = plus(last, interval if interval is not None else 0.0)
        if dose.ii is None:
            last, row = begin, None
            continue
        if dose.addl is None:
            raise DoseError(f"'{drug.name}' has no end: give its doses a number, such as 'q2w x 13'")
        last, row = plus(begin, times(dose.ii, dose.addl)), dose.ii
    duration = regimen.blocks[-1].duration
    return last if duration is None or size(duration)[0] == 0 else plus(last, duration)
