"""Regimens in one line: from text, and falling doses."""

from __future__ import annotations

from collections.abc import Sequence

from immunode.errors import DoseError
from immunode.intervention.numbers import finite, whole
from immunode.intervention.regimens.dose import Dose
from immunode.intervention.regimens.regimen import Regimen
from immunode.intervention.times import Time, comparable, tidy_time


def regimen(text: str | Regimen | Dose) -> Regimen:
    """Return the regimen that a text describes: `regimen("40 mg sc q2w x 26")`.

    Raises
    ------
    DoseError
        the text can't be read; the message says where and what would do.
    """
    return Regimen.of(text)


def taper(
    *amounts: float,
    each: Time | Sequence[Time] = "1 week",
    ii: Time = "1 day",
    unit: str = "mg",
    route: str = "",
    start: Time | None = None,
) -> Regimen:
    """Return a falling row of doses: `taper(40, 30, 20, 10, each="1 week", ii="1 day", route="po")`.

    Parameters
    ----------
    amounts : float
        dose of each step in `unit`, falling.
    each : Time | Sequence[Time]
        how long a step lasts, one time or one for each step.
    ii : Time
        interval between doses.
    start : Time | None
        time of the first dose.

    Raises
    ------
    DoseError
        amounts rise, or a step does not hold a whole number of intervals.
    """
    steps: list[Time] = list(each) if isinstance(each, list | tuple) else [each] * len(amounts)  # type: ignore[list-item]
    if len(amounts) < 2 or len(steps) != len(amounts):
        raise DoseError(f"a taper needs two amounts or more and a time for each; got {len(amounts)} and {len(steps)}")
    interval = tidy_time(ii, "taper, ii")
    doses: list[Dose] = []
    for i, (amount, step) in enumerate(zip(amounts, steps, strict=True)):
        if i and doses[-1].amt <= (finite(amount) or 0.0):
            raise DoseError(f"a taper falls, but {amount:g} {unit} follows {amounts[i - 1]:g} {unit}")
        pair = comparable(tidy_time(step, "taper, each"), interval)
        if pair is None:
            raise DoseError(f"taper: give each={step!r} and ii={ii!r} both with a unit of time or both without")
        if pair[0] <= 0 or pair[1] <= 0:
            raise DoseError(f"a taper goes forward in time: each={step!r} and ii={ii!r} must be above 0")
        count = whole(round(min(pair[0] / pair[1], 1e300))) or 0
        if count < 1 or abs(count * pair[1] - pair[0]) > 1e-9 * pair[0]:
            raise DoseError(f"taper: a step of {step!r} does not hold a whole number of intervals of {ii!r}")
        doses.append(Dose(amount, unit, route, ii=interval, addl=count - 1, start=None if i else start))
    return Regimen(tuple(doses))
