"""What an engine is asked and what it owes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from immunode.errors import EngineError, did_you_mean
from immunode.program.numpy.functions import Functions
from immunode.solve.outcome import Outcome
from immunode.solve.tape import StepListener

Array = NDArray[np.float64]
OnJump = Callable[[NDArray[np.intp], Array, Array, Array, Array], None]
OnRestart = Callable[[NDArray[np.intp]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call of `solve`, checked.

    values : (n_values, n_runs), the declared parameters.   times : (n_times,), increasing, none before t0.
    initial : (n_states, n_runs) or None; NaN where the program's own initial value holds.
    rtol : relative tolerance.   atol : absolute, see `control.absolute_tolerance`.
    max_steps : most steps a run may try.   method : one of the engine's, or "auto".
    any_start : whether states of which there can't be less than nothing may begin below 0, as in the middle of a run.
    on_jump(runs, t, y_before, y_after, p) : told of every event; runs, t (n,), y (n_states, n), p (n_parameters, n)
        after it. A call may bring several of one run, in order of time.
    on_restart(runs) : called where runs begin again with another method: what was reported of their jumps is void.
    listener : is given every accepted step, see `tape.StepListener`; or None.
    """

    functions: Functions
    values: Array
    times: Array
    t0: float
    initial: Array | None = None
    rtol: float
    atol: ArrayLike | None = None
    max_steps: int
    method: str = "auto"
    any_start: bool = False
    on_jump: OnJump | None = None
    on_restart: OnRestart | None = None
    listener: StepListener | None = None

    def only(self, runs: NDArray[np.intp] | slice) -> Request:
        """Return the request for some of its runs."""
        atol = None if self.atol is None else np.asarray(self.atol)
        wide = atol is not None and atol.ndim == 2 and atol.shape[1] > 1
        return replace(
            self,
            values=self.values[:, runs],
            initial=None if self.initial is None else self.initial[:, runs],
            atol=atol[:, runs] if atol is not None and wide else self.atol,
        )


class Engine(ABC):
    """A way to integrate many runs of one program. The contract for authors of engines:

    1.  `solve(request)` returns an `Outcome` with one column per run, in the order asked for, whatever happens to it.
        It raises `EngineError` only for what concerns all runs (a method it has not).
    2.  A run that fails is a status, the last good time, and NaN in its output from there on. Nothing a run does (NaN,
        infinity, blow-up, a million steps, a refusal) slows another one much, changes it, or raises.
    3.  Each run has its own step size, error control, breaks and end. Its result does not depend on the other runs, on
        their number or order, or on the block it sits in: bit for bit. So nothing is summed over runs, nothing is
        decided over runs, and the same operations are done in the same order for every run. (`runs.Runs` and
        `methods` show how, tests/solve/test_identity.py what is meant.)
    4.  Breaks (`functions.break_times`: first, every, count) are hit exactly: the step before ends there, `apply` is
        called with the time of the break, `prepare` again if a switch changed, and a new first step is chosen. Events
        at one time fire in the program's order. Those at t0 fire before the integration starts; earlier ones are
        caught up with if they change only switches, and refuse the run if they change states. `runs.Runs` does this.
    5.  Events that fire on states: the step ends where a condition turns true first in the method's own continuous
        extension, to the precision of time; the rules after that are those of `triggers.settling`.
    6.  Output is the method's own continuous extension at `times`; at the time of an event it is the value after it.
    7.  The local error is controlled in the root mean square over states, each divided by atol + rtol * max(|y0|,
        |y1|). The global error at a given rtol is not to be worse than LSODA's.
    8.  A requirement that fails, a NaN in values or initial values, a start that is infinite or negative where it can't
        be, after the events at t0, a malformed schedule, or a lag too short is `Status.REFUSED`. `runs.Runs` does this.
    9.  Limits: `max_steps` tried steps a run exactly; a smallest step (the precision of time); no loop without one.
    10. The time passed to `functions` is (n_runs,) or a number; `time_derivative` is None for autonomous programs.
    11. A state that a step brings below its `program.extinct_below` is 0 from the end of that step on.
    12. Where there is a `listener`, it is given every accepted step as the quartics of the states that it names, one
        or several, as exact as the output inside the step; with the parameters that held during the step, so before a
        switch turns.
    13. A program with `delays`: their rows of the state are what `of` was a lag ago, at outputs, in jumps and to the
        listener as well; before the start it is the past. Breaks and jumps are seen again after each lag, where the
        solver stops (`delays.BreakingPoints`). Beside events that fire on states only SciPy's engine has them.
    14. `reason` says in one line why this engine and method, in the user's words.
    """

    name: ClassVar[str]
    methods: ClassVar[tuple[str, ...]]

    def check_method(self, method: str, request: Request | None = None) -> None:
        """Raise EngineError if the engine has no such method, or one that can't serve what is asked for."""
        if method == "dop853" and request is not None and request.functions.program.delays:
            raise EngineError("method 'dop853' keeps no past for delays; use method='auto', 'tsit5' or 'rodas5p'")
        if method != "auto" and method not in self.methods:
            known = ("auto", *self.methods)
            raise EngineError(f"engine '{self.name}': unknown method '{method}'{did_you_mean(method, known)}")

    @abstractmethod
    def solve(self, request: Request, reason: str) -> Outcome:
        """Integrate all runs; `reason` says why this engine was taken."""
