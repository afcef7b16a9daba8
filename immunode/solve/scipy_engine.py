"""The reference engine: one run after the other with SciPy's solvers, restarted at every break; finds state events."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.solve.block import padded
from immunode.solve.engine import Engine, Request
from immunode.solve.runs import Runs
from immunode.solve.status import Status

if TYPE_CHECKING:
    from immunode.solve.batch import Batch

Array = NDArray[np.float64]

MOST_EVENTS_AT_ONCE = 100
NO_TIME = 1e-13
_LOOKS = (0.25, 0.5, 0.75, 1.0)
"""Fractions of a step at which triggers are looked at, so that a short excursion is seen."""


class ScipyEngine(Engine):
    """SciPy's solvers with the analytic Jacobian."""

    name = "scipy"
    methods = ("LSODA", "BDF", "Radau", "DOP853")

    def solve(self, request: Request, reason: str) -> Batch:
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
        return runs.batch(self.name, self.methods, reason)


class _LeftDomainError(Exception):
    """The right-hand side is not finite where LSODA tried it; LSODA can't step back from that, the others can."""


class _FailedError(Exception):
    def __init__(self, status: Status) -> None:
        super().__init__(status.label)
        self.status = status


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
        self.c = self.functions.prepare(self.p)
        self.steps = 0
        self.extinct_below = np.array([v or -np.inf for v in program.extinct_below or (0.0,) * self.n_states])
        self.next_out = 0
        self.strict = False
        self.holds = self._roots(self.t, self.y) > 0

    def integrate(self) -> None:
        """Go to the end, or fail."""
        runs, run = self.runs, self.run
        try:
            self._write_here()
            while self.t < runs.t_end:
                self._segment(min(float(runs.next_break[run]), runs.t_end))
                if runs.next_break[run] <= self.t:
                    self._jump()
                self._write_here()
        except _FailedError as failure:
            runs.next_out[run] = self.next_out
            slope = self._right(self.t, self.y)
            bad = np.flatnonzero(~np.isfinite(slope))
            worst = int(bad[0]) if bad.size else int(np.argmax(np.abs(slope) / (np.abs(self.y) + runs.atol[:, run])))
            status = Status.NOT_FINITE if bad.size else failure.status
            runs.fail(np.array([run]), status, worst)
        runs.reached[run] = self.t
        runs.steps[run] = self.steps

    def _right(self, t: float, y: Array) -> Array:
        slope: Array = self.functions.rhs(t, y[:, None], self.c)[:, 0]
        if self.strict and not np.isfinite(slope).all():
            raise _LeftDomainError
        return slope

    def _jacobian(self, t: float, y: Array) -> Array:
        full = np.zeros((self.n_states, self.n_states))
        full[self.rows, self.columns] = self.functions.jacobian(t, y[:, None], self.c)[:, 0]
        return full

    def _roots(self, t: float, y: Array) -> Array:
        roots: Array = self.functions.triggers(t, y[:, None], self.p)[:, 0]
        return roots

    def _segment(self, stop: float) -> None:
        """Go on to the next break; state events inside are passed on the way."""
        if stop - self.t <= NO_TIME * max(abs(self.t), abs(stop)):
            # two breaks that differ by rounding: no solver starts over so short a time
            self.y = self.y + (stop - self.t) * self._right(self.t, self.y)
            self.t = stop
        while self.t < stop:
            try:
                self.strict = self.method == "LSODA"
                self._solve(self.method, stop)
            except _LeftDomainError:
                self.strict = False
                self._solve("BDF", stop)
            finally:
                self.strict = False

    def _solver(self, method: str, stop: float) -> Any:
        from scipy import integrate

        jacobian = {} if method == "DOP853" else {"jac": self._jacobian}
        rtol = max(self.runs.rtol, 100 * float(np.finfo(float).eps))
        kind = getattr(integrate, method)
        return kind(self._right, self.t, self.y, stop, rtol=rtol, atol=self.runs.atol[:, self.run], **jacobian)

    def _solve(self, method: str, stop: float) -> None:
        """Step until `stop`, or until a trigger fires or a population is gone."""
        if not np.isfinite(self._right(self.t, self.y)).all():
            raise _FailedError(Status.NOT_FINITE)
        solver = self._try(lambda: self._solver(method, stop))
        while solver.status == "running":
            if self.steps >= self.runs.max_steps:
                raise _FailedError(Status.TOO_MANY_STEPS)
            self.steps += 1
            message = self._try(solver.step)
            if solver.status == "failed":
                small = "step size" in str(message)
                raise _FailedError(Status.STEP_TOO_SMALL if small else Status.SOLVER_FAILED)
            if not np.isfinite(solver.y).all():
                raise _FailedError(Status.NOT_FINITE)
            due = self.runs.times[self.next_out] < solver.t
            inside = solver.dense_output() if due or self.holds.size else None
            if self.holds.size and self._event(solver, inside):
                return
            if due:
                self._write_until(float(solver.t), inside)
            gone = (self.y >= self.extinct_below) & (solver.y < self.extinct_below)
            self.t, self.y = float(solver.t), solver.y.copy()
            if gone.any():
                # a new solver: a multistep method must not remember the population that is gone
                self.y[gone] = 0.0
                return

    @staticmethod
    def _try(action: Callable[[], Any]) -> Any:
        """Do something of SciPy's; what it raises is the end of the run (its linear algebra refuses NaN)."""
        try:
            return action()
        except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
            raise _FailedError(Status.NOT_FINITE) from error

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
        runs = self.runs
        lanes = padded(np.array([self.run]))
        roots = self._roots(self.t, self.y)
        # switches that a trigger has set are the run's own by now
        runs.p[:, [self.run]] = self.p
        y = np.repeat(self.y[:, None], len(lanes), axis=1)
        runs.jump(lanes, np.full(len(lanes), self.t), y)
        self.y = y[:, 0].copy()
        self.p = runs.p[:, [self.run]]
        self._cascade(roots)

    def _event(self, solver: Any, inside: Any) -> bool:
        """Fire the first trigger within the last step, if any; the state is then the one after it."""
        from scipy.optimize import brentq

        before = float(solver.t_old)
        for look in _LOOKS:
            after = float(solver.t) if look == 1.0 else float(solver.t_old + look * (solver.t - solver.t_old))
            positive = self._roots(after, inside(after)) > 0
            rising = np.flatnonzero(positive & ~self.holds)
            if rising.size:
                times = []
                for i in rising:

                    def root(t: float, i: int = int(i)) -> float:
                        return float(self._roots(t, inside(t))[i])

                    crossed = root(before) < 0
                    times.append(float(brentq(root, before, after, xtol=1e-300, rtol=1e-14)) if crossed else before)
                self._fire(rising, np.array(times), inside)
                return True
            self.holds = positive
            before = after
        return False

    def _fire(self, rising: NDArray[np.intp], times: Array, inside: Any) -> None:
        """Go to the first of `times` and fire what is due there."""
        first = float(np.min(times))
        self._write_until(first, inside)
        self.t, self.y = first, np.array(inside(first))
        due = rising[times <= first]
        self.holds[due] = True
        roots = self._roots(self.t, self.y)
        for i in due:
            self._apply(int(i))
        self._cascade(roots)
        self._write_here()

    def _apply(self, i: int) -> None:
        self.steps += 1
        before = self.y[:, None]
        after = before.copy()
        self.functions.fire(i, self.t, after, self.p)
        self.y = after[:, 0].copy()
        if self.runs.on_jump is not None:
            self.runs.on_jump(np.array([self.run]), np.array([self.t]), before, after, self.p.copy())

    def _cascade(self, before: Array) -> None:
        """Fire triggers that the last jump has turned true, and note those that it has turned false.

        before : the roots just before the jump. A trigger that stands at its threshold, give or take rounding, has
        fired and holds; only a jump that lowers its root makes it false.
        """
        for _ in range(MOST_EVENTS_AT_ONCE):
            now = self._roots(self.t, self.y)
            self.holds &= (now > 0) | (now >= before)
            rising = np.flatnonzero((now > 0) & ~self.holds)
            if not rising.size:
                self.c = self.functions.prepare(self.p)
                return
            self.holds[rising[0]] = True
            self._apply(int(rising[0]))
            before = now
        raise _FailedError(Status.TOO_MANY_STEPS)
