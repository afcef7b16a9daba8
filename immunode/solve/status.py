"""How a run ended."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """How a run ended; anything but OK leaves NaN in its output after the time it reached.

    REFUSED : the run did not start (a requirement fails, a dose lies before the start, an input is NaN, or a state
        would begin infinite, or below 0 where it can't be).
    NOT_FINITE : the state or its derivative became NaN or infinite.
    STEP_TOO_SMALL : no step, however small, met the tolerance (blow-up, a jump without an event).
    TOO_MANY_STEPS : the limit of steps was reached.
    SOLVER_FAILED : SciPy's solver gave up.
    NO_STEADY_STATE : the run was to start at the steady state, but the model without interventions has none.
    SLIDING : a condition in a rate switches back and forth without end.
    """

    OK = 0
    REFUSED = 1
    NOT_FINITE = 2
    STEP_TOO_SMALL = 3
    TOO_MANY_STEPS = 4
    SOLVER_FAILED = 5
    NO_STEADY_STATE = 6
    SLIDING = 7

    @property
    def label(self) -> str:
        """The status in words, for tables: "ok", "refused", "not finite", ..."""
        return self.name.lower().replace("_", " ")
