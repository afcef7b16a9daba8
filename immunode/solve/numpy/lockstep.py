"""The loop that steps a block of runs together, each with its own time, step size, breaks and end.

A lane holds one run. Every pass tries one step in every lane; a lane that has reached a break or its end, or has
failed, stands still until enough of them wait, and then all are served at once (`_serve`): breaks are applied, done
runs make room for the next ones, and the block gets narrower once none is left. When a lane is served does not change
what is computed in it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from immunode.program.numpy.functions import Functions
from immunode.solve import step_size
from immunode.solve.numpy.edges import Edges
from immunode.solve.numpy.event_search import EventSearch
from immunode.solve.numpy.first_steps import FirstSteps
from immunode.solve.numpy.lane_table import BUSY, FREE, LANDED, LaneTable
from immunode.solve.numpy.methods import Method
from immunode.solve.numpy.output import write_here, write_inside
from immunode.solve.numpy.step_notes import StepNotes
from immunode.solve.numpy.stiffness import STIFF_CHECK, Stiffness
from immunode.solve.runs import MULTIPLE, Runs, padded
from immunode.solve.status import Status
from immunode.solve.triggers.settling import StateEvents

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]

BLOCK_BYTES, FEWEST_LANES = 10_000_000, 512
"""Size of a block: wider ones leave the cache, narrower ones pay more for calls. Measured, see tests/benchmarks."""
NOBODY: Lanes = np.empty(0, dtype=np.intp)
STABLE = 0.7
"""Fraction of the stability limit where a lane goes that was thrown back by it."""
RELAX = 1.05
"""A lane held back by stability may take this much longer steps each time, to find out whether the limit has moved."""
_EPS = float(np.finfo(float).eps)


class Lockstep:
    """Integrates runs with one method.

    hand_over : let go of runs that turn out to be stiff; `run` returns them.
    width : largest number of lanes.   check_every : steps of its own after which a lane is looked at for stiffness.
    stiffness : how often lanes were looked at, and found held back by stability; None where nobody is handed over.
    events : those that fire on states, if any; see `settling.watched`.
    """

    def __init__(
        self,
        functions: Functions,
        runs: Runs,
        method: type[Method],
        width: int,
        hand_over: bool = False,
        check_every: int = STIFF_CHECK,
        events: StateEvents | None = None,
    ) -> None:
        self.functions, self.runs, self.width = functions, runs, width
        self.method = method(functions)
        self.stiffness = Stiffness(self.method, check_every, runs.t_end) if hand_over else None
        self.n_states = len(functions.program.states)
        self.longest = functions.program.max_step
        limits = functions.program.extinct_below
        # a state that is never gone has a limit below everything
        self.extinct_below = np.array([v or -np.inf for v in limits])[:, None] if limits else None
        self.start, self.gain, self.lowest = self.method.controller.constants(self.n_states)
        self.times = np.append(runs.times, np.inf)
        self.shortest = 1e-25 * max(abs(runs.t_end - runs.t0), abs(runs.t_end))
        self.passes = 0
        self.handed: list[Lanes] = []
        self.next_in_queue = 0
        self.queue = NOBODY
        self.capped = self.held_back = self.compact = False  # compact : lanes that never held a run are gone
        self.failed: list[tuple[Lanes, NDArray[np.int8], NDArray[np.int32]]] = []
        self.notes = StepNotes(runs.listener, runs, self.method) if runs.listener is not None else None
        self.events, self.search = events, EventSearch(events, runs, self.method) if events is not None else None
        self.n_idle = self.limit = self.patience = 0
        self.first_steps = FirstSteps(functions, runs.rtol, self.method.error_order)

    def run(self, queue: Lanes) -> Lanes:
        """Integrate the runs in `queue` to the end; return those that were handed over."""
        if not queue.size:
            return NOBODY
        self.queue, self.next_in_queue = queue, 0
        n_prepared = len(self.functions.prepare(self.runs.p[:, :MULTIPLE]))
        kept, within = self.method.rows()
        rows = n_prepared + sum(kept.values()) + sum(within.values())
        width = min(self.width, len(queue), max(BLOCK_BYTES // (8 * rows), FEWEST_LANES))
        width += -width % MULTIPLE
        self.block = LaneTable(width, self.n_states, n_prepared, kept, within)
        self.block.idle(np.arange(width), FREE)
        self._attach()
        self._serve()
        while self.n_idle < self.block.width:
            self._step()
            if self.n_idle >= self.patience:
                self._serve()
        if self.notes is not None:
            self.notes.play()
        return np.sort(np.concatenate(self.handed)) if self.handed else NOBODY

    def _attach(self) -> None:
        self.method.attach(self.block)
        self.h = np.empty(self.block.width)
        self.edges = Edges(self.functions, self.block, self.method) if self.functions.gaps is not None else None
        if self.notes is not None:
            self.notes.attach(self.block)

    def _step(self) -> None:
        self.passes += 1
        block, method, h = self.block, self.method, self.h
        np.subtract(block.t_stop, block.t, h)
        np.minimum(block.h, h, out=h)
        if self.longest:
            np.minimum(h, self.longest, out=h)
        error = method.attempt(h)
        scale = block.scale
        np.maximum(np.abs(block.y), np.abs(block.y_new), out=scale)
        np.multiply(scale, block.rtol, scale)
        np.add(scale, block.atol, scale)
        np.divide(error, scale, block.scaled)
        square = method.judged(np.add.reduce(block.scaled * block.scaled, axis=0))
        good = square <= self.n_states
        t_new = block.t + h
        if self.edges is not None:
            good &= ~self.edges.judge(square, h, t_new, self.n_states)
        power, h_next = self._control(square, h)
        if self.held_back:
            np.minimum(h_next, block.h_most, out=h_next)
            np.multiply(block.h_most, RELAX, block.h_most)
        if self.capped:
            block.growth.fill(step_size.GROW_MOST)
            self.capped = False
        if np.count_nonzero(good) < block.width:
            self._reject(padded((~good).nonzero()[0]), square, t_new, power, h_next)
        if self.search is not None:
            self.search.cut(h, t_new)
        due = (block.t_out < t_new).nonzero()[0]
        if due.size:
            write_inside(block, self.runs, method, self.times, h, due, t_new)
        stiff = self.stiffness.look(block, self.passes, t_new, h) if self.stiffness is not None else NOBODY
        self._remember(t_new)
        extinct = self.extinct_below
        gone = (block.y >= extinct) & (block.y_new < extinct) if extinct is not None else None
        method.accept()
        np.copyto(block.t, t_new)
        np.copyto(block.h, h_next)
        if method.controller.remembers:
            np.multiply(np.maximum(power, self.lowest), self.gain, block.memory)
        if gone is not None and np.any(gone):
            self._extinguish(gone)
        landed = (t_new >= block.t_near).nonzero()[0]
        if landed.size:
            block.t[landed] = block.t_stop[landed]
            self._idle(landed, LANDED)
        if stiff.size:
            self._let_go(stiff[block.phase[stiff] == BUSY])
        if self.failed:
            self._end_failed()
        if self.passes >= self.limit:
            self._end_exhausted()

    def _remember(self, t_new: Array) -> None:
        """Write down the steps just tried, which end at `t_new`, some of them cut short."""
        if self.notes is not None:
            self.notes.note(t_new, self.search)
        if self.search is not None:
            self.search.land()

    def _extinguish(self, gone: NDArray[np.bool_]) -> None:
        """Set populations that fell below their limit to 0, and give their lanes a fresh slope."""
        block = self.block
        block.y[gone] = 0.0
        lanes = padded(np.flatnonzero(np.any(gone, axis=0)))
        slope = self.functions.rhs(block.t[lanes], block.y[:, lanes], block.c[:, lanes])
        self.method.start(lanes, slope)

    def _control(self, square: Array, h: Array) -> tuple[Array, Array]:
        """Return square**(unit/2) and the sizes of the next steps, as if all steps were good."""
        block = self.block
        power = square ** (0.5 * self.method.controller.unit)
        factor = power * power
        np.multiply(factor, factor, factor)
        np.divide(block.memory, factor, factor)
        np.minimum(factor, block.growth, out=factor)
        np.maximum(factor, step_size.SHRINK_MOST, out=factor)
        np.multiply(factor, h, factor)
        return power, factor

    def _reject(self, where: Lanes, square: Array, t_new: Array, power: Array, h_next: Array) -> None:
        """Let lanes stay where they are and try a smaller step; a repeated lane (`padded`) is written twice alike."""
        block, method = self.block, self.method
        h, t = self.h[where], block.t[where]
        size = np.sqrt(square[where] / self.n_states)
        factor = np.maximum(method.controller.safety * size ** (-1.0 / method.error_order), step_size.SHRINK_MOST)
        bad = ~np.isfinite(size)
        if bad.any():
            factor[bad] = step_size.SHRINK_NOT_FINITE
        smaller = h * factor
        if self.edges is not None:
            smaller = self.edges.shorter(where, h, smaller)
        if method.explicit:
            speed = method.speed(where)
            fast = (speed > 1.0) & (speed < np.inf)
            if fast.any():
                # a step thrown back by instability says what the limit is; below it, the disturbance decays
                lanes = where[fast]
                stable = h[fast] * (STABLE / speed[fast])
                block.h_most[lanes] = stable
                smaller[fast] = np.minimum(smaller[fast], stable)
                self.held_back = True
        h_next[where] = smaller
        t_new[where] = t
        if method.controller.remembers:
            power[where] = block.memory[where] / self.gain
        block.growth[where] = 1.0
        self.capped = True
        method.reject(where)
        block.rejected[where] += 1
        # time can't advance by less than its own precision
        lost = smaller < np.maximum(4.0 * _EPS * np.abs(t), self.shortest)
        if lost.any():
            lanes, first = np.unique(where[lost], return_index=True)
            status = np.where(bad[lost][first], Status.NOT_FINITE, Status.STEP_TOO_SMALL)
            busy = block.phase[lanes] == BUSY
            self.failed.append((lanes[busy], status[busy].astype(np.int8), self.block.worst(lanes[busy])))

    def _idle(self, where: Lanes, phase: int) -> None:
        """Let busy lanes stand still, and book the steps they took."""
        block, run = self.block, self.block.run[where]
        self.runs.steps[run] += self.passes - block.born[where]
        self.runs.rejected[run] += block.rejected[where]
        block.idle(where, phase)
        self.n_idle += len(where)

    def _save(self, where: Lanes) -> Lanes:
        """Write down where lanes stand, and return their runs."""
        block, runs = self.block, self.runs
        run = block.run[where]
        runs.reached[run] = runs.t[run] = block.t[where]
        runs.next_out[run] = block.next_out[where]
        runs.method_index[run] = self.method.code
        runs.last[:, run] = block.y[:, where]
        return run

    def _let_go(self, where: Lanes) -> None:
        """Hand stiff runs over, from where they stand."""
        run = self._save(where)
        self.runs.y[:, run] = self.block.y[:, where]
        self.handed.append(run)
        self._idle(where, FREE)

    def _end_failed(self) -> None:
        for where, status, trouble in self.failed:
            still = self.block.phase[where] == BUSY
            self.runs.fail(self._save(where[still]), status[still], trouble[still])
            self._idle(where[still], FREE)
        self.failed.clear()

    def _end_exhausted(self) -> None:
        """End the runs that have used up their steps."""
        block, runs = self.block, self.runs
        busy = np.flatnonzero(block.phase == BUSY)
        left = block.born[busy] + runs.max_steps - runs.steps[block.run[busy]] - self.passes
        where = busy[left <= 0]
        if where.size:
            runs.fail(self._save(where), Status.TOO_MANY_STEPS, self.block.worst(where))
            self._idle(where, FREE)
        self.limit = self.passes + int(np.min(left[left > 0], initial=runs.max_steps))

    def _serve(self) -> None:
        """Apply breaks, let go of runs that are done, take in new ones, and drop lanes that nobody needs."""
        block = self.block
        more = True
        while more:
            landed = np.flatnonzero(block.phase == LANDED)
            if landed.size:
                self._jump(landed)
                landed = self._settled(landed)
            arrived = np.concatenate([landed, self._fill(np.flatnonzero(block.phase == FREE))])
            if arrived.size:
                self._start(arrived)
            self.n_idle = int(np.count_nonzero(block.phase != BUSY))
            waiting = self.next_in_queue < len(self.queue)
            # runs that ended at once leave room for others
            more = waiting and self.n_idle > block.width // 16
        if not waiting and self.n_idle > block.width // 8:
            self._narrow()
        # serving costs as much as some passes, idle lanes cost their share of every pass
        share = 12 if waiting or self.runs.breaks else 5
        # what stays idle after serving is no reason to serve again
        self.patience = min(max(block.width // share, self.n_idle + max(1, block.width // 16)), block.width)
        if self.stiffness is not None:
            self.stiffness.sort(block)
        if self.search is not None:
            self.search.attach(block)
        self._end_exhausted()

    def _fill(self, free: Lanes) -> Lanes:
        """Put the next runs of the queue into free lanes, and return those lanes."""
        block, runs = self.block, self.runs
        take = self.queue[self.next_in_queue : self.next_in_queue + len(free)]
        self.next_in_queue += len(take)
        where = free[: len(take)]
        block.run[where] = take
        block.t[where] = runs.t[take]
        block.y[:, where] = runs.y[:, take]
        block.rtol[where], block.atol[:, where] = runs.rtols[take], runs.atol[:, take]
        block.next_out[where] = runs.next_out[take]
        if take.size:
            block.c[:, where] = self.functions.prepare(runs.p[:, padded(take)])[:, : len(take)]
        return where

    def _jump(self, landed: Lanes) -> None:
        """Apply the breaks that are due in the lanes that reached them."""
        block, runs = self.block, self.runs
        landed = landed[runs.next_break[block.run[landed]] <= block.t[landed]]
        if not landed.size:
            return
        if self.notes is not None and runs.switching:
            self.notes.play()
        lanes = padded(landed)
        run, y = block.run[lanes], block.y[:, lanes]
        if self.events is not None:
            self.events.look_around(run, block.t[lanes], y)
        runs.jump(run, block.t[lanes], y)
        block.y[:, lanes] = y
        if runs.switching:
            block.c[:, lanes] = self.functions.prepare(runs.p[:, run])

    def _settled(self, landed: Lanes) -> Lanes:
        """Fire the state events of lanes that stand; return those that go on."""
        if self.search is None:
            return landed
        status, trouble = self.search.settle(landed, self.notes)
        wrong = np.flatnonzero(status)
        if wrong.size:
            self.runs.fail(self._save(landed[wrong]), status[wrong], trouble[wrong])
            self.block.idle(landed[wrong], FREE)
        return np.asarray(landed[status == Status.OK])

    def _start(self, arrived: Lanes) -> None:
        """Write what is due at once, end runs that are there, and give the others their first step."""
        block, runs = self.block, self.runs
        write_here(block, runs, self.times, arrived)
        done = arrived[block.t[arrived] >= runs.t_end]
        self._save(done)
        block.idle(done, FREE)
        arrived = arrived[block.t[arrived] < runs.t_end]
        if not arrived.size:
            return
        lanes = padded(arrived)
        run, t, y = block.run[lanes], block.t[lanes], block.y[:, lanes]
        c = block.c[:, lanes]
        slope = self.functions.rhs(t, y, c)
        stop = self._stops(run, lanes)
        block.h[lanes] = self.first_steps.after(block, lanes, slope, stop - t)
        block.t_stop[lanes] = stop
        block.t_near[lanes] = stop - 4.0 * _EPS * np.abs(stop)
        block.t_out[lanes] = self.times[block.next_out[lanes]]
        block.memory[lanes] = self.start
        block.rejected[lanes] = 0
        block.growth[lanes] = step_size.GROW_MOST
        block.h_most[lanes] = np.inf
        block.born[lanes] = self.passes
        block.stiff[lanes] = 0
        block.phase[lanes] = BUSY
        self.method.start(lanes, slope)
        bad = np.flatnonzero(~np.all(np.isfinite(slope[:, : len(arrived)]), axis=0))
        if bad.size:
            trouble = np.argmin(np.isfinite(slope[:, bad]), axis=0).astype(np.int32)
            runs.fail(self._save(arrived[bad]), Status.NOT_FINITE, trouble)
            block.idle(arrived[bad], FREE)

    def _stops(self, run: Lanes, lanes: Lanes) -> Array:
        """Return where lanes stop next, with their `run` in them, (n,)."""
        stops: Array = np.minimum(self.runs.next_break[run], self.runs.t_end)
        return stops if self.events is None else np.minimum(stops, self.events.next_stop(run, self.block.t[lanes]))

    def _narrow(self) -> None:
        """Drop the free lanes."""
        block = self.block
        busy = np.flatnonzero(block.phase != FREE)
        if not busy.size or (self.compact and len(padded(busy)) == block.width):
            return
        self.compact = True
        if self.notes is not None:
            self.notes.play()
        self._keep(padded(busy))
        spare = np.arange(len(busy), block.width)
        block.run[spare] = -1
        block.idle(spare, FREE)
        self._attach()
        self.n_idle = len(spare)

    def _keep(self, lanes: Lanes) -> None:
        self.block.keep(lanes)
