"""What every engine returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MOST_EVENTS = 100_000
"""An event that happens more often until the end of a run is refused: each time costs a step at least."""
NO_MESSAGE, DOSE_BEFORE_START, INPUT_IS_NAN, BAD_SCHEDULE, BAD_START, TOO_DENSE, SHORT_LAG = -1, -2, -3, -4, -5, -6, -7
ENDLESS_LAG = -8


@dataclass(frozen=True, slots=True)
class Outcome:
    """Trajectories of many runs, and how each run ended. An engine fills the arrays while it computes.

    times : (n_times,), the output times.
    y : (n_times, n_states, n_runs), NaN after `reached`.
    status : (n_runs,), values of `Status`.   reached : (n_runs,), the last time with a good state.
    steps, rejected : (n_runs,), steps tried and those of them that were rejected.
    trouble : (n_runs,), index of the state nearest to trouble where a run failed, else -1.
    message_index : (n_runs,), for refused runs the index of the requirement that fails, or one of
        DOSE_BEFORE_START, INPUT_IS_NAN, BAD_SCHEDULE, BAD_START, TOO_DENSE, SHORT_LAG, ENDLESS_LAG; else NO_MESSAGE.
    method_index : (n_runs,), index into `method_names` of the method that a run ended with.
    bad_start : (n_runs,), the value with which the state `trouble` would have begun where that is BAD_START, else NaN.
    last : (n_states, n_runs), the state at `reached` of a run that failed; of others anything.
    method_names : the methods that were used.   engine : name.   reason : why this engine and method.
    reasons : run -> why it failed, in one line without the model's name; only `solve` states them.
    """

    times: Array
    y: Array
    status: NDArray[np.int8]
    reached: Array
    steps: NDArray[np.int32]
    rejected: NDArray[np.int32]
    trouble: NDArray[np.int32]
    message_index: NDArray[np.int32]
    method_index: NDArray[np.int8]
    bad_start: Array
    last: Array
    method_names: tuple[str, ...] = ()
    engine: str = ""
    reason: str = ""
    reasons: Mapping[int, str] = field(default_factory=dict)

    PER_RUN: ClassVar[tuple[str, ...]] = (
        "y", "status", "reached", "steps", "rejected", "trouble", "message_index", "method_index", "bad_start", "last",
    )  # fmt: skip
    """The arrays whose last axis is runs."""

    @classmethod
    def begun(cls, times: Array, y: Array, t0: float) -> Outcome:
        """Return the outcome of runs that stand at `t0`; the content of `y` may be anything."""
        n = y.shape[2]
        # written here: memory that several threads touch first costs them more than their work
        steps, rejected, trouble, message_index = np.full((4, n), [[0], [0], [-1], [NO_MESSAGE]], dtype=np.int32)
        status, method_index = np.full((2, n), 0, dtype=np.int8)
        return cls(
            times=times,
            y=y,
            status=status,
            reached=np.full(n, t0),
            steps=steps,
            rejected=rejected,
            trouble=trouble,
            message_index=message_index,
            method_index=method_index,
            bad_start=np.full(n, np.nan),
            last=np.full(y.shape[1:], np.nan),
        )

    def part(self, runs: slice) -> Outcome:
        """Return the outcome of some runs, as views."""
        return replace(self, **{name: getattr(self, name)[..., runs] for name in self.PER_RUN})

    @property
    def methods(self) -> NDArray[np.object_]:
        """Name of the method that each run ended with, (n_runs,)."""
        # the names themselves, not a copy for each run
        return np.array(self.method_names, dtype=object)[self.method_index]
