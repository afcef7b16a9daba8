"""One intervention after another, with gaps between: lymphodepletion, then cells."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from immunode.errors import DoseError
from immunode.intervention.times import Time, plus, tidy_time
from immunode.model.declaration import Perturbation

P = TypeVar("P", bound=Perturbation)


def sequence(*interventions: Perturbation, gap: Time | Iterable[Time] = 0.0) -> tuple[Perturbation, ...]:
    """Return interventions one after another: each begins where its own schedule says, counted from the end of the
    one before it plus the gap. Give the result to `perturb`, `simulate` or an arm as it is.

    `sequence(lymphodepletion, car_t, gap="2 days")`. The end of a drug is its last dose (or the end of its last
    infusion), of a transfer its last time. Rhythms stay on the clock.

    Parameters
    ----------
    gap : Time | Iterable[Time]
        from the end of one to time 0 of the next; one for all, or one for each pair.

    Raises
    ------
    DoseError
        one that is followed has no end, or its times can't be added to the gap (numbers and units meet).
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
            done.append(shifted(following, plus(done[-1].end(), pause)))
        except DoseError as error:
            raise DoseError(f"sequence, '{following.name}' after '{done[-1].name}': {error}") from None
    return tuple(done)


def shifted(intervention: P, by: Time) -> P:
    """Return an intervention or a drug with all its times later by `by` (journeys too; the phase of a rhythm stays)."""
    return intervention.later(tidy_time(by, "shifted"))
