"""The reference engine: one run after the other with SciPy's solvers, restarted at every break; finds state events."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.solve.delays.breaking_points import ROUNDING
from immunode.solve.engine import Engine, Request
from immunode.solve.outcome import Outcome
from immunode.solve.runs import Runs, padded
from immunode.solve.scipy.past import Past
from immunode.solve.scipy.state_events import NO_TIME, FailedError, StateEvents
from immunode.solve.status import Status
from immunode.solve.tape import THROUGH_FIVE, Tape
from immunode.solve.triggers.spacing import look_spacing

Array = NDArray[np.float64]


RESTART = 0.1
"""Of the last step before a state event, the first one after it is this share."""
LOOKS, MISFIT = 16, 0.05
"""A step is compared with a quartic in so many places, and cut in pieces where the two differ by more than this part of
the tolerance: SciPy's methods have polynomials of up to degree 12."""
BERNSTEIN_LOOKS = np.array(
    [[math.comb(4, k) * (i / LOOKS) ** k * (1 - i / LOOKS) ** (4 - k) for k in range(5)] for i in range(LOOKS + 1)]
)


class ScipyEngine(Engine):
    """SciPy's solvers with the analytic Jacobian."""

    name = "scipy"
    methods = ("LSODA", "BDF", "Radau", "DOP853")

    def solve(self, request: Request, reason: str) -> Outcome:
        """See `Engine`."""
        self.check_method(request.method)
        method = "LSODA" if request.method == "auto" else request.method
        with np.errstate(all="ignore"), warnings.catch_warnings():
            # a solver's complaint becomes the status of its run
            warnings.simplefilter("ignore")
            runs = Runs(request)
            for run in runs.waiting():
                _Trajectory(runs, int(run), method).integrate()
        runs.method_index[:] = self.methods.index(method)
        return replace(runs.outcome, engine=self.name, method_names=self.methods, reason=reason)


class _LeftDomainError(Exception):
    """The right-hand side is not finite where LSODA tried it; LSODA can't step back from that, the others can."""


class _Trajectory:
    """One run on its way."""

    def __init__(self, runs: Runs, run: int, method: str) -> None:
        self.runs, self.run, self.method = runs, run, method
        self.functions = runs.functions
        program = self.functions.program
        self.n_states = len(program.states)
        self.rows = np.array([i for i, _, _ in program.jacobian], dtype=np.intp)
        self.columns = np.array([j for _, j, _ in program.jacobian], dtype=np.intp)
        self.t = float(runs.t[run])
        self.y = runs.y[:, run].copy()
        self.p = runs.p[:, [run]]
        self.past = Past(self.functions, self.p, runs.begun[:, run], self.t) if program.delays else None
        if self.past is not None:
            self.functions = self.past.functions
        self.jumped = True
        self.c = self.functions.prepare(self.p)
        self.steps = 0
        self.extinct_below = np.array([v or -np.inf for v in program.extinct_below or (0.0,) * self.n_states])
        self.next_out = 0
        self.strict = False
        self.last_step = self.last_slope = 0.0
        spacing = look_spacing(runs.functions, runs.t0, runs.t_end) if program.triggers else 0.0
        self.events = StateEvents(self.functions, spacing, runs.atol[:, run], self._tell)
        self.tape = Tape(runs.listener, 1) if runs.listener is not None else None

    def integrate(self) -> None:
        """Go to the end, or fail."""
        runs, run = self.runs, self.run
        try:
            for lanes, y, p in runs.seen_at_start:
                for lane in np.flatnonzero(lanes == run)[:1]:
                    self.events.look_at(self.t, y[:, lane], p[:, [lane]])
            self._settle()
            if self.events:
                runs.refuse_starts(np.array([run]), self.y[:, None])
                if runs.status[run] != Status.OK:
                    return
            self._arrive()
            self._write_here()
            while self.t < runs.t_end:
                moment = self.events.next_moment(self.t, self.p)
                stop = min(float(runs.next_break[run]), self.events.next_time, moment, runs.t_end)
                point = math.inf if self.past is None else self.past.next_point
                # beside events all of a moment counts at once
                early = point < (stop * (1.0 - ROUNDING) if self.events else stop)
                self._segment(point if early else stop)
                if runs.next_break[run] <= self.t:
                    self._jump()
                self._settle()
                self._arrive()
                self._write_here()
        except FailedError as failure:
            runs.next_out[run], runs.last[:, run] = self.next_out, self.y
            slope = self._right(self.t, self.y)
            bad = np.flatnonzero(~np.isfinite(slope))
            worst = int(bad[0]) if bad.size else int(np.argmax(np.abs(slope) / (np.abs(self.y) + runs.atol[:, run])))
            status = Status.NOT_FINITE if bad.size else failure.status
            runs.fail(np.array([run]), status, worst)
        self._play()
        runs.reached[run] = self.t
        runs.steps[run] = self.steps

    def _arrive(self) -> None:
        """Let a delay equation know that its run starts anew here."""
        if self.past is not None:
            self.y = self.past.arrive(self.t, self.y, self.jumped)
            self.jumped = False

    def _right(self, t: float, y: Array) -> Array:
        slope: Array = self.functions.rhs(t, y[:, None], self.c)[:, 0]
        if self.strict and not np.isfinite(slope).all():
            raise _LeftDomainError
        return slope

    def _speed(self, t: float, y: Array) -> float:
        return float(np.max(np.abs(self._right(t, y)), initial=0.0))

    def _jacobian(self, t: float, y: Array) -> Array:
        full = np.zeros((self.n_states, self.n_states))
        full[self.rows, self.columns] = self.functions.jacobian(t, y[:, None], self.c)[:, 0]
        return full

    def _segment(self, stop: float) -> None:
        """Go on to `stop`, or to the first state event before it."""
        if stop - self.t <= NO_TIME * max(abs(self.t), abs(stop)):
            # two breaks that differ by rounding: no solver starts over so short a time
            self.y = self.y + (stop - self.t) * self._right(self.t, self.y)
            self.t = stop
        fired = False
        while self.t < stop and not fired:
            try:
                self.strict = self.method == "LSODA"
                fired = self._solve(self.method, stop)
            except _LeftDomainError:
                self.strict = False
                fired = self._solve("BDF", stop)
            finally:
                self.strict = False

    def _solver(self, method: str, stop: float) -> Any:
        from scipy import integrate

        options: dict[str, Any] = {} if method == "DOP853" else {"jac": self._jacobian}
        rtol = max(self.runs.rtol, 100 * float(np.finfo(float).eps))
        if self.last_step and self._speed(self.t, self.y) <= self.last_slope:
            # what was right just before an event that left the system as fast as it was
            options["first_step"] = min(RESTART * self.last_step, stop - self.t)
        self.last_step = 0.0
        longest = min(
            self.functions.program.max_step or math.inf, math.inf if self.past is None else self.past.longest_step
        )
        if longest < math.inf:
            options["max_step"] = longest
        kind = getattr(integrate, method)
        return kind(self._right, self.t, self.y, stop, rtol=rtol, atol=self.runs.atol[:, self.run], **options)

    def _solve(self, method: str, stop: float) -> bool:
        """Step until `stop`, or until a trigger fires or a population is gone; return whether a trigger fired."""
        if self.past is not None:
            self.past.begin(stop)
        if not np.isfinite(self._right(self.t, self.y)).all():
            raise FailedError(Status.NOT_FINITE)
        solver = self._try(lambda: self._solver(method, stop))
        while solver.status == "running":
            if self.steps >= self.runs.max_steps:
                raise FailedError(Status.TOO_MANY_STEPS)
            self.steps += 1
            message = self._try(solver.step)
            if solver.status == "failed":
                small = "step size" in str(message)
                raise FailedError(Status.STEP_TOO_SMALL if small else Status.SOLVER_FAILED)
            if not np.isfinite(solver.y).all():
                raise FailedError(Status.NOT_FINITE)
            due = self.runs.times[self.next_out] < solver.t
            inside: Any = solver.dense_output() if due or self.events or self.tape or self.past else None
            y_new = solver.y
            if self.past is not None:
                inside, y_new = self.past.inside(inside), self.past.filled(float(solver.t), y_new)
            if self.events:
                at_event = self.events.find(float(solver.t_old), float(solver.t), inside, self.p)
                if at_event is not None:
                    self.last_step = float(solver.t - solver.t_old)
                    self.last_slope = self._speed(at_event, np.array(inside(at_event)))
                    self._write_until(at_event, inside)
                    self._note(at_event, np.array(inside(at_event)), inside)
                    if self.past is not None:
                        self.past.note(self.t, at_event, inside)
                    self.t, self.y = at_event, np.array(inside(at_event))
                    return True
            if due:
                self._write_until(float(solver.t), inside)
            self._note(float(solver.t), y_new, inside)
            if self.past is not None:
                self.past.note(self.t, float(solver.t), inside)
            gone = (self.y >= self.extinct_below) & (y_new < self.extinct_below)
            self.t, self.y = float(solver.t), y_new.copy()
            if gone.any():
                # a new solver: a multistep method must not remember the population that is gone
                self.y[gone] = 0.0
                self.jumped = True
                # what a delay equation will see of that comes before the next stop, maybe
                return self.past is not None
        return False

    def _note(self, t: float, y: Array, inside: Any) -> None:
        """Write the step from here to (t, y) on the tape: as many quartics as its own polynomial needs."""
        tape = self.tape
        if tape is None or t <= self.t:
            return
        rows, span = tape.rows, t - self.t
        points = self._inside(inside, span, LOOKS, rows, y)
        fit = THROUGH_FIVE @ points[:: LOOKS // 4]
        scale = self.runs.atol[rows, self.run] + self.runs.rtol * np.max(np.abs(points), axis=0, initial=0.0)
        miss = float(np.max(np.abs(BERNSTEIN_LOOKS @ fit - points) / scale, initial=0.0))
        pieces = 1 if miss <= MISFIT else 4 if miss <= 1000 * MISFIT else 16
        if pieces > LOOKS // 4:
            points = self._inside(inside, span, 4 * pieces, rows, y)
        stride = (len(points) - 1) // (4 * pieces)
        for i in range(pieces):
            begin, end = (self.t + span * i / pieces), (self.t + span * (i + 1) / pieces if i + 1 < pieces else t)
            first = 4 * stride * i
            quartic = THROUGH_FIVE @ points[first : first + 4 * stride + 1 : stride]
            tape.note(np.array([self.run]), np.array([begin]), np.array([end - begin]), quartic[:, :, None])
            if tape.full:
                self._play()

    def _inside(self, inside: Any, span: float, n: int, rows: NDArray[np.int64], y: Array) -> Array:
        """Return states at n + 1 equal distances from here to y, (n + 1, n_rows)."""
        points = np.array(inside(self.t + span * np.arange(n + 1) / n)[rows].T)
        points[0], points[-1] = self.y[rows], y[rows]
        return points

    def _play(self) -> None:
        """Tell of the steps so far."""
        if self.tape is not None:
            # switches that a trigger has set are the run's own by now
            self.runs.p[:, [self.run]] = self.p
            self.tape.play(self.runs.p)

    @staticmethod
    def _try(action: Callable[[], Any]) -> Any:
        """Do something of SciPy's; what it raises is the end of the run (its linear algebra refuses NaN)."""
        try:
            return action()
        except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
            raise FailedError(Status.NOT_FINITE) from error

    def _write_until(self, t: float, inside: Any) -> None:
        """Write the outputs before time t."""
        times, first = self.runs.times, self.next_out
        last = int(np.searchsorted(times, t))
        if last > first:
            self.runs.out[first:last, :, self.run] = inside(times[first:last]).T
            self.next_out = last

    def _write_here(self) -> None:
        """Write the output that is due at the present time, if any."""
        times = self.runs.times
        if self.next_out < len(times) and times[self.next_out] <= self.t:
            self.runs.out[self.next_out, :, self.run] = self.y
            self.next_out += 1

    def _jump(self) -> None:
        """Apply the breaks that are due now."""
        self._play()
        runs = self.runs
        if self.events:
            # what is seen again at the time of a break is seen first
            self._arrive()
            self.events.look_at(self.t, self.y, self.p)
            runs.between = lambda _, y, p: self.events.look_at(self.t, y[:, 0], p[:, [0]])
        self.jumped = True
        lanes = padded(np.array([self.run]))
        # switches that a trigger has set are the run's own by now
        runs.p[:, [self.run]] = self.p
        y = np.repeat(self.y[:, None], len(lanes), axis=1)
        runs.jump(lanes, np.full(len(lanes), self.t), y)
        runs.between = None
        self.y = y[:, 0].copy()
        self.p = runs.p[:, [self.run]]
        self.c = self.functions.prepare(self.p)

    def _settle(self) -> None:
        """Fire the state events that are due now."""
        if self.events:
            self._play()
            self._arrive()
            self.y = self.events.settle(self.t, self.y, self.p)
            self.c = self.functions.prepare(self.p)

    def _tell(self, t: float, before: Array, after: Array, p: Array) -> None:
        """Count an event as a step, and tell who listens."""
        self.steps += 1
        self.jumped = True
        if self.runs.on_jump is not None:
            self.runs.on_jump(np.array([self.run]), np.array([t]), before[:, None], after[:, None], p.copy())
