"""A tenth of factor H keeps C3; without any most is used up in two weeks, later if factor B is blocked."""

from __future__ import annotations

from stories import Arms, at


def holds(arms: Arms) -> bool:
    """In percent of normal, 1440 minutes a day: most is two thirds."""
    tenth, none, blocked = (arms[name] for name in list(arms)[1:])
    return (
        tenth.final("C3_left") > 95
        and at(none, "C3_left", 7 * 1440) > 95
        and at(none, "C3_left", 14 * 1440) < 33
        and at(blocked, "C3_left", 14 * 1440) > 95
        and blocked.final("C3_left") < 33
    )
