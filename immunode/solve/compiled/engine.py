"""The compiled engine: a kernel of vector code for each model and method, threads over parts of the queue."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.program.llvm import compile as llvm_compile
from immunode.program.nonsmooth import has_corners
from immunode.program.numpy.functions import Functions
from immunode.solve.accuracy.rehearsal import around, factor_needed, in_words, stricter
from immunode.solve.compiled.jump_log import log_for
from immunode.solve.compiled.kernels import METHODS, kernel
from immunode.solve.compiled.memory import CompiledRuns, empty_outcome
from immunode.solve.compiled.past.ring import Ring
from immunode.solve.compiled.watch.driver import EventDriver
from immunode.solve.compiled.workspace import ARGUMENTS, FIRED, FLOATS, HANDED_OVER, NEVER
from immunode.solve.eighth_order.choice import exact_inside, heard, is_cheaper, worth_a_look
from immunode.solve.engine import Engine, OnJump, Request
from immunode.solve.outcome import Outcome
from immunode.solve.runs import padded
from immunode.solve.status import Status
from immunode.solve.step_size import pilot_steps
from immunode.solve.tape import Renumbered, Tape
from immunode.solve.thread_limits import threads as threads_at_hand

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]

PART, MOST = 512, 4096
"""Runs of a queue that one thread takes at a time, at least and at most."""
CHECK, PILOT_CHECK = 31, 3
"""A lane is looked at for stiffness when the count of its steps has none of these bits."""
PILOT_STEPS, PILOTS, REHEARSED_STEPS = 4000, 8, 20_000
MOST_STEPS = 100_000
"""The usual limit of steps; the choice of a method depends on no other."""
EARLY = 0.5
STIFF_COST = 3.0
"""What a stiff step costs, in explicit ones."""
CORNERS_COST = 0.8
"""The same where the right-hand side has corners, for which the stiff method is preferred."""
SHORT = 25
"""Steps of tsit5 that leave nothing to gain: machine code for rodas5p takes longer than 100,000 such runs."""
_ALIGNMENT = 128
_TAPED, _LOGGED, _RESUME, _MORE = (ARGUMENTS.index(name) for name in ("taped", "logged", "resume", "more"))
_CROWDED, _RING, _STEPS, _POINTS, _ROOM = (
    ARGUMENTS.index(name) for name in ("crowded", "ring", "ring_steps", "points", "points_room")
)
_making = threading.Lock()


class CompiledEngine(Engine):
    """Tsit5, Rodas5P, DOP853 in vector code; "auto" starts as the pilot run says, and stiff runs change by themselves.

    threads : how many; where None, as many as `threads_at_most` leaves it, by default all processors.
    """

    name = "compiled"
    methods = METHODS

    def __init__(self, threads: int | None = None) -> None:
        self.threads = threads or threads_at_hand()

    def solve(self, request: Request, reason: str) -> Outcome:
        """See `Engine`."""
        self.check_method(request.method, request)
        llvm_compile.require()
        with np.errstate(all="ignore"):
            return self._solve(request, reason)

    def _solve(self, request: Request, reason: str) -> Outcome:
        start, why = request.method, f"method '{request.method}' was asked for"
        if request.method == "auto":
            start, why, factor = first_method(request.functions, request)
            request = stricter(request, factor)
        outcome, n = empty_outcome(request), request.values.shape[1]
        job = _Job(request, outcome, start)
        turned = sum(self._side_by_side(job.part, parts(n, self.threads)))
        if turned:
            why += f"; {f'{turned} of {n} runs' if n > 1 else 'it'} became stiff and went on with rodas5p"
        why = f"{reason}; {why}" if reason else why
        return replace(outcome, engine=self.name, method_names=self.methods, reason=why)

    def _side_by_side(self, compute: Callable[[slice], int], pieces: list[slice]) -> list[int]:
        if len(pieces) <= 1 or self.threads == 1:
            return [compute(piece) for piece in pieces]
        with ThreadPoolExecutor(self.threads) as pool:
            tasks = [pool.submit(compute, piece) for piece in pieces]
            try:
                return [task.result() for task in tasks]
            except BaseException:
                # an interruption, or a listener that raised: what has not begun is not begun
                for task in tasks:
                    task.cancel()
                raise


def parts(n: int, threads: int) -> list[slice]:
    """Return runs in pieces: large ones, for each has idle lanes at its end, and small ones last.

    So all threads end at about the same time, and an interruption is heard soon. No result depends on them.
    """
    pieces, first = [], 0
    while first < n:
        size = min(max(PART, (n - first) // (2 * threads)), MOST)
        pieces.append(slice(first, min(first + size, n)))
        first += size
    return pieces


class _Job:
    """The runs of a request, in parts that any thread can compute: all that is done for a run is done there."""

    def __init__(self, request: Request, outcome: Outcome, start: str) -> None:
        self.request, self.outcome, self.start = exact_inside(request) if start == "dop853" else request, outcome, start
        self.lock = threading.Lock()

    def part(self, piece: slice) -> int:
        """Compute some runs; return how many turned stiff on their way."""
        request = self.request.only(piece)
        if request.on_jump is not None:
            request = replace(request, on_jump=self._told(request.on_jump, piece.start))
        if request.listener is not None:
            request = replace(request, listener=Renumbered(request.listener, piece.start))
        with np.errstate(all="ignore"):
            runs = CompiledRuns(request, self.outcome.part(piece))
            waiting = runs.waiting()
            if self.start == "rodas5p":
                _Sweep(runs, self.start, NEVER).run(waiting)
                return 0
            # a run with delays that went on elsewhere would have no past
            free = request.method == "auto" and not runs.functions.program.delays
            waiting = _Sweep(runs, self.start, CHECK if free else NEVER).run(waiting)
            if waiting.size:
                _Sweep(runs, "rodas5p", NEVER).run(waiting)
        return int(waiting.size)

    def _told(self, listener: OnJump, first: int) -> OnJump:
        """Return a listener for a part: it hears of one thread at a time, and of runs by their own numbers."""

        def listen(runs: Lanes, t: Array, before: Array, after: Array, p: Array) -> None:
            with self.lock:
                listener(runs + first, t, before, after, p)

        return listen


class _Sweep:
    """Takes a queue of runs through one kernel."""

    def __init__(self, runs: CompiledRuns, method: str, check: int) -> None:
        self.runs, self.check = runs, check
        # what one thread makes the others wait for
        with _making:
            self.kernel = kernel(runs.functions.program, method)
        self.code = METHODS.index(method)
        self.tape: Tape | None = None
        if runs.listener is not None:
            n, lanes = len(runs.functions.program.states), self.kernel.lanes
            self.tape = Tape(runs.listener, lanes, tuple(range(n)) if self.kernel.small else None)
        self.log = log_for(runs, self.kernel.actions, self.kernel.lanes)
        n_delays, n_sources = self.kernel.past
        self.ring = Ring(self.kernel.lanes, n_delays, n_sources) if n_delays else None
        self.handed: list[Lanes] = []
        settles = self.kernel.actions is not None
        self.driver = EventDriver(runs.events, runs, settles) if runs.events is not None else None

    def run(self, queue: Lanes) -> Lanes:
        """Integrate the runs in `queue` from break to break to the end; return those that were handed over."""
        runs = self.runs
        runs.tried[: runs.n], runs.thrown[: runs.n] = runs.steps, runs.rejected
        runs.method_index[queue] = self.code
        if runs.events is not None:
            runs.events.steps = runs.tried
        self._aim(queue)
        # idle lanes compute too: what they hold must be numbers, and indices within bounds
        workspace = np.zeros(self.kernel.size + _ALIGNMENT // 8)
        skip = -workspace.ctypes.data % _ALIGNMENT
        waiting = queue
        while waiting.size:
            now = np.ascontiguousarray(waiting, dtype=np.int64)
            arguments = self._arguments(now)
            self._call(arguments, workspace.ctypes.data + skip)
            waiting = self._serve(now)
        runs.steps[:], runs.rejected[:] = runs.tried[: runs.n], runs.thrown[: runs.n]
        return np.sort(np.concatenate(self.handed)) if self.handed else queue[:0]

    def _call(self, arguments: NDArray[np.int64], workspace: int) -> None:
        """Call the kernel until all is served; each time the tape or the log of jumps is full they are listened to."""
        tape, log = self.tape, self.log
        more = True
        while more:
            self.kernel.call(arguments.ctypes.data, workspace)
            if tape is not None:
                tape.count = int(arguments[_TAPED])
            if log is not None:
                log.play(int(arguments[_LOGGED]), tape)
            elif tape is not None:
                tape.play(self.runs.p)
            more = bool(arguments[_MORE])
            if self.ring is not None and arguments[_CROWDED]:
                self.ring.grow(int(arguments[_CROWDED]))
                self._point_at_ring(arguments, self.ring)
            arguments[_TAPED] = arguments[_LOGGED] = 0
            arguments[_RESUME] = 1

    def _point_at_ring(self, arguments: NDArray[np.int64], ring: Ring) -> None:
        arguments[_RING], arguments[_POINTS] = ring.records.ctypes.data, ring.points.ctypes.data
        arguments[_STEPS], arguments[_ROOM], arguments[_CROWDED] = ring.steps, ring.room, 0

    def _aim(self, queue: Lanes) -> None:
        runs = self.runs
        stop = np.minimum(runs.next_break[queue], runs.t_end)
        if self.driver is not None:
            stop = np.minimum(stop, self.driver.aim(queue))
        if self.ring is not None:
            # the kernel finds out by itself, and begins with what is seen at the start
            runs.t_stop[queue], runs.final[queue] = runs.t[queue], 0
            return
        runs.t_stop[queue] = stop
        # what holds at the end is still to be seen
        left = self.driver is not None and not self.driver.settles
        runs.final[queue] = (runs.next_break[queue] > runs.t_end) & (not left)

    def _arguments(self, queue: NDArray[np.int64]) -> NDArray[np.int64]:
        runs, tape = self.runs, self.tape
        arrays: dict[str, NDArray[Any]] = {
            "queue": queue, "p": runs.p, "y": runs.y, "atol": runs.atol, "t": runs.t, "t_stop": runs.t_stop,
            "final": runs.final, "next_out": runs.next_out, "steps": runs.tried, "rejected": runs.thrown,
            "outcome": runs.ended, "trouble": runs.worst, "times": runs.grid, "out": runs.table,
            "first": runs.first, "every": runs.every, "count": runs.count, "fired": runs.fired,
            "break_time": runs.break_time, "begun": runs.begun,
        }  # fmt: skip
        shortest = 1e-25 * max(abs(runs.t_end - runs.t0), abs(runs.t_end))
        numbers: dict[str, float] = {
            "n_queue": len(queue), "stride": runs.p.shape[1], "y_stride": runs.y.shape[1], "max_steps": runs.max_steps,
            "check": self.check, "n_times": len(runs.times), "rtol": runs.rtol, "t_end": runs.t_end,
            "shortest": shortest, "resume": 0, "taped": 0, "tape_end": 0, "n_watch": 0, "tape": 0, "watch": 0,
            "more": 0, "logged": 0, "log_end": 0, "log": 0, "holds": 0, "idle": 0, "spacing": 0.0,
            "t0": runs.t0, "ring": 0, "ring_steps": 0, "ring_most": 0, "points": 0, "points_room": 0, "crowded": 0,
            "turned": 0,
        }  # fmt: skip
        if tape is not None:
            arrays |= {"tape": tape.table, "watch": tape.rows}
            numbers |= {"tape_end": tape.capacity, "n_watch": len(tape.rows)}
        if self.log is not None:
            arrays["log"] = self.log.table
            numbers["log_end"] = self.log.capacity
        if self.driver is not None:
            arrays |= {"holds": self.driver.holds, "idle": self.driver.idle, "turned": self.driver.turned}
            numbers["spacing"] = self.driver.spacing
        words = np.empty(len(ARGUMENTS), dtype=np.int64)
        for slot, name in enumerate(ARGUMENTS):
            if name in arrays:
                words[slot] = arrays[name].ctypes.data
            elif name in FLOATS:
                words[slot : slot + 1].view(np.float64)[0] = numbers[name]
            else:
                words[slot] = int(numbers[name])
        if self.ring is not None:
            words[ARGUMENTS.index("ring_most")] = self.ring.most
            self._point_at_ring(words, self.ring)
        return words

    def _serve(self, queue: NDArray[np.int64]) -> Lanes:
        """Book what a kernel did, apply breaks, and return the runs that go on."""
        runs = self.runs
        runs.reached[queue] = runs.t[queue]
        ended = runs.ended[queue]
        if ended.any():
            handed = queue[ended == HANDED_OVER]
            if handed.size:
                self.handed.append(handed)
            # breaks may have been applied in the kernel
            taken = queue[(ended == HANDED_OVER) | (ended == FIRED)]
            runs.next_break[taken] = np.min(runs.break_time[:, taken], axis=0, initial=np.inf)
            broken = queue[(ended != 0) & (ended != HANDED_OVER) & (ended != FIRED)]
            runs.last[:, broken] = runs.y[:, broken]
            runs.fail(broken, runs.ended[broken].astype(np.int8), runs.worst[broken].astype(np.int32))
            queue = queue[(ended == 0) | (ended == FIRED)]
        landed: Lanes = queue[(runs.final[queue] == 0) | (runs.ended[queue] == FIRED)]
        if not landed.size:
            return landed
        if self.driver is not None:
            self.driver.look(landed, landed[runs.ended[landed] == FIRED])
        self._jump(landed[runs.next_break[landed] <= runs.t[landed]])
        if self.driver is not None:
            landed = self.driver.settle(landed)
            if self.log is not None:
                self.log.p[:, landed] = runs.p[:, landed]
        done = landed[runs.t[landed] >= runs.t_end]
        while done.size:
            done = done[runs.grid[runs.next_out[done]] <= runs.t[done]]
            runs.write(runs.next_out[done], done, runs.y[:, done])
            runs.next_out[done] += 1
        onward: Lanes = landed[runs.t[landed] < runs.t_end]
        self._aim(onward)
        return onward

    def _jump(self, due: Lanes) -> None:
        """Apply the breaks that are due."""
        if not due.size:
            return
        runs, lanes = self.runs, padded(due)
        if self.driver is not None:
            self.driver.look_around(due)
        y = runs.y[:, lanes]
        runs.jump(lanes, runs.t[lanes], y)
        runs.y[:, lanes] = y


_pilots: dict[object, tuple[str, str, float]] = {}


def first_method(functions: Functions, request: Request) -> tuple[str, str, float]:
    """Return the method a sweep starts with, why, and by what tolerances are divided, from runs around declared values.

    It depends on the program, the span of time, the number of outputs, whether somebody listens, and the tolerances
    only, never on the runs of a sweep. Remembered.
    """
    atol = None if request.atol is None or np.ndim(request.atol) == 2 else np.asarray(request.atol, dtype=float)
    t_end, content = float(request.times[-1]), functions.program.key or functions.program
    asked = (len(request.times), heard(request))
    key = (content, request.t0, t_end, request.rtol, None if atol is None else atol.tobytes(), asked)
    if key not in _pilots:
        pilot = replace(
            request,
            values=around(functions.program, PILOTS),
            times=np.array([t_end]),
            initial=None,
            atol=atol,
            max_steps=pilot_steps(PILOT_STEPS, request.rtol),
            on_jump=None,
            listener=None,
        )
        if len(_pilots) > 1000:
            _pilots.clear()
        start, why = _pilot(pilot, request)
        factor = factor_needed(request, REHEARSED_STEPS, partial(_rehearsed, start))
        _pilots[key] = start, why + in_words(factor), factor
    return _pilots[key]


def _rehearsed(start: str, request: Request, factors: Sequence[float]) -> list[Array]:
    """Return states of runs begun with a method, see `accuracy.rehearsal.Rehearse`."""
    made, all_runs = [empty_outcome(request) for _ in factors], slice(0, request.values.shape[1])
    for factor, outcome in zip(factors, made, strict=True):
        _Job(stricter(request, factor), outcome, start).part(all_runs)
    return [outcome.y for outcome in made]


def _pilot(request: Request, asked: Request) -> tuple[str, str]:
    explicit = CompiledRuns(request)
    turned = np.zeros(explicit.n, bool)
    turned[_Sweep(explicit, "tsit5", PILOT_CHECK).run(explicit.waiting())] = True
    early = turned & (explicit.t - request.t0 <= EARLY * (explicit.t_end - request.t0))
    if request.functions.program.delays:
        # a run with delays can't go on with the other method
        early = turned
    status = explicit.status
    counted = turned | (status == Status.OK) | (status == Status.TOO_MANY_STEPS)
    if not counted.any():
        return "tsit5", f"the runs around the declared values ended as '{Status(int(status[0])).label}'"
    open_ = counted & ~turned
    # a corner between two stages escapes tsit5's error estimate, not that of rodas5p
    corners = has_corners(request.functions.program)
    if not corners and explicit.steps.max() <= SHORT and (status == Status.OK).all() and not turned.any():
        return "tsit5", f"runs around the declared values take {explicit.steps.max()} steps or fewer"
    cost = CORNERS_COST if corners else STIFF_COST
    # where tsit5 would end at the limit of steps, what counts is whether rodas5p would not
    way = np.maximum(explicit.t - request.t0, 1e-300) / (explicit.t_end - request.t0)
    hopeless = open_ & (status == Status.TOO_MANY_STEPS) & (explicit.steps > way * MOST_STEPS)
    most = request.max_steps if hopeless.any() else max(1, int(explicit.steps.max() / cost))
    stiff = CompiledRuns(replace(request, max_steps=most))
    _Sweep(stiff, "rodas5p", NEVER).run(stiff.waiting())
    fewer = (stiff.status == Status.OK) & (stiff.steps > 0) & (stiff.steps * cost <= explicit.steps)
    # where tsit5 did not get to the end, rodas5p got further at the same cost, or did not
    ahead = (status == Status.TOO_MANY_STEPS) & (stiff.reached > explicit.reached)
    cheaper = open_ & (fewer | ahead | hopeless & (stiff.status == Status.OK))
    # a few runs that take long may weigh more than many that do not
    if open_.any() and (stiff.status[open_] == Status.OK).all():
        cheaper |= open_ & (stiff.steps[open_].sum() * cost <= explicit.steps[open_].sum())
    votes, n = int((early | cheaper).sum()), int(counted.sum())
    if 2 * votes > n:
        return "rodas5p", f"{votes} of {n} runs around the declared values are stiff, or cheaper with rodas5p"
    why = f"{n - votes} of {n} runs around the declared values are not stiff"
    fifth = float(explicit.steps[open_].mean()) if open_.any() else 0.0
    if not turned.any() and worth_a_look(asked, fifth):
        eighth = CompiledRuns(request)
        _Sweep(eighth, "dop853", NEVER).run(eighth.waiting())
        done = open_ & (eighth.status == Status.OK) & (status == Status.OK)
        if done.sum() == n and is_cheaper(asked, fifth, float(eighth.steps[done].mean())):
            return "dop853", f"{why}, and cheaper with dop853"
    return "tsit5", why
