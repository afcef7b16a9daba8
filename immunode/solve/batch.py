"""What every engine returns."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from immunode.program.program import Program
from immunode.solve.status import Status

Array = NDArray[np.float64]

MOST_EVENTS = 100_000
"""An event that happens more often until the end of a run is refused: each time costs a step at least."""
NO_MESSAGE, DOSE_BEFORE_START, INPUT_IS_NAN, BAD_SCHEDULE, BAD_START, TOO_DENSE = -1, -2, -3, -4, -5, -6


@dataclass(frozen=True, slots=True)
class Results:
    """What runs came to.

    y : (n_times, n_states, n_runs), NaN after `reached`.
    status : (n_runs,), values of `Status`.   reached : (n_runs,), the last time with a good state.
    steps, rejected : (n_runs,), steps tried and those of them that were rejected.
    trouble : (n_runs,), index of the state nearest to trouble where a run failed, else -1.
    message_index : (n_runs,), for refused runs the index of the requirement that fails, or one of
        DOSE_BEFORE_START, INPUT_IS_NAN, BAD_SCHEDULE, BAD_START, TOO_DENSE; else NO_MESSAGE.
    last : (n_states, n_runs), the state at `reached` of a run that failed; of others anything.
    method_index : (n_runs,), index into `Batch.methods` of the method that a run ended with.
    bad_start : (n_runs,), the value with which the state `trouble` would have begun where that is BAD_START, else NaN.
    """

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

    @classmethod
    def begun(cls, y: Array, t0: float) -> Results:
        """Return results of runs that stand at `t0`; the content of `y` may be anything."""
        n = y.shape[2]
        # written here: memory that several threads touch first costs them more than their work
        steps, rejected, trouble, message = np.full((4, n), [[0], [0], [-1], [NO_MESSAGE]], dtype=np.int32)
        status, method = np.full((2, n), 0, dtype=np.int8)
        last = np.full(y.shape[1:], np.nan)
        return cls(y, status, np.full(n, t0), steps, rejected, trouble, message, method, np.full(n, np.nan), last)

    def part(self, runs: slice) -> Results:
        """Return views of the results of some runs."""
        return Results(*(getattr(self, each.name)[..., runs] for each in fields(self)))

    def batch(self, times: Array, engine: str, methods: tuple[str, ...], reason: str) -> Batch:
        """Return the batch that is made of them."""
        came_to = {each.name: getattr(self, each.name) for each in fields(Results)}
        return Batch(**came_to, times=times, methods=methods, engine=engine, reason=reason)


@dataclass(frozen=True, slots=True)
class Batch(Results):
    """Trajectories of many runs.

    times : (n_times,).   methods : names.   engine : name.   reason : why this engine and method.
    asked : the method that was asked for; "auto" has tried them all on a run that failed.
    """

    times: Array
    methods: tuple[str, ...]
    engine: str
    reason: str
    asked: str = "auto"

    @property
    def method(self) -> NDArray[np.str_]:
        """Name of the method that each run ended with, (n_runs,)."""
        return np.array(self.methods)[self.method_index]

    def message(self, program: Program, run: int) -> str:
        """Return in words why a run failed, with the state nearest to trouble and what to try; "" where it is OK."""
        status = Status(int(self.status[run]))
        if status is Status.OK:
            return ""
        if status is Status.REFUSED:
            return self._refusal(program, run)
        state = int(self.trouble[run])
        if status is Status.NO_STEADY_STATE:
            return (
                f"{program.name}: without interventions it does not come to rest, so there is no start: "
                f"'{program.states[state]}' still moves; look for growth or a cycle, or give initial values"
            )
        where = f" (look at '{program.states[state]}')" if 0 <= state < len(program.states) else ""
        cause, remedy = {
            Status.NOT_FINITE: ("a value became NaN or infinite", "check the parameters and the model's domain"),
            Status.STEP_TOO_SMALL: (
                "no step was small enough",
                "check for blow-up or a jump; declare jumps as events, or relax rtol",
            ),
            Status.TOO_MANY_STEPS: ("the limit of steps was reached", "relax rtol, or end the run earlier"),
            Status.SOLVER_FAILED: ("the solver gave up", "relax rtol"),
            Status.SLIDING: (
                "a condition in a rate switches back and forth without end",
                "both sides of it lead back to the switch; make it gradual, with hill or tanh, or declare events",
            ),
        }[status]
        if status is Status.TOO_MANY_STEPS and program.max_step:
            remedy = f"raise the model's max_step, which is {program.max_step:g}, or {remedy}"
        unit = f" {program.time_unit}" if program.time_unit else ""
        if self.asked != "auto" and status is not Status.SLIDING:
            remedy = f"method='{self.asked}' was asked for: leave it at 'auto', which tries others as well, or {remedy}"
        return f"{program.name}: {cause} at t = {self.reached[run]:.6g}{unit}{where}; {remedy}"

    def _refusal(self, program: Program, run: int) -> str:
        index = int(self.message_index[run])
        if index >= 0:
            return f"{program.name}: {program.requirements[index][1]}"
        if index == BAD_START:
            row, value = int(self.trouble[run]), float(self.bad_start[run])
            kind = dict(program.never_negative).get(row, "")
            wrong = f", and a {kind} can't be below 0" if kind and np.isfinite(value) else ""
            remedy = "check its initial value, what that is computed from, and what is given at the start"
            return f"{program.name}: {program.states[row]} would start at {value:.6g}{wrong}; {remedy}"
        return {
            DOSE_BEFORE_START: f"{program.name}: an event before the start changes a state; start earlier",
            INPUT_IS_NAN: f"{program.name}: a parameter or an initial value is NaN",
            BAD_SCHEDULE: f"{program.name}: an event's time, interval or count is NaN or negative",
            TOO_DENSE: f"{program.name}: an event happens more than {MOST_EVENTS:,} times until the end; "
            "its interval is too short",
        }.get(index, f"{program.name}: refused")
