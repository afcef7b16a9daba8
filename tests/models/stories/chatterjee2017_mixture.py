"""One class grows on, one shrinks slowly, one to a rest of some 30 %, one to next to nothing."""

from __future__ import annotations

from stories import Arms, at


def holds(arms: Arms) -> bool:
    end = {name: run.final("SLD_change") for name, run in arms.items()}
    rest = arms["biphasic"]
    return (
        end["escape"] > 100
        and -30 < end["slow"] < -20
        and -70 < end["biphasic"] < -65
        and at(rest, "SLD_change", 280) - end["biphasic"] < 3
        and end["fast"] < -98
    )
