"""Where conditions turn inside the steps of a block, and the steps cut there."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from immunode.program.conditions import comparisons
from immunode.solve.numpy.lane_table import BUSY, LaneTable
from immunode.solve.numpy.methods import Method
from immunode.solve.runs import Runs, padded
from immunode.solve.tape import combined, from_bernstein, to_bernstein
from immunode.solve.triggers.closer import LOOKS, places, through_nodes
from immunode.solve.triggers.settling import PATIENCE, StateEvents
from immunode.solve.triggers.spacing import look_spacing

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]
Truths = NDArray[np.bool_]
Fill = Callable[[Array, Lanes, Array], None]

MOST_LOOKS = 65_536
"""Looks that are taken at once, which bounds the memory for them."""
NARROW = 64
"""Up to so many steps a call costs more than what it computes."""
_SECTIONS = 7
_NEWTON, _ULPS = 6, 4.0
"""Steps of Newton's method to a root, and so many roundings of time from it conditions are looked at, on both sides."""
_EPS = float(np.finfo(float).eps)


class Notes(Protocol):
    """Steps written down for a listener."""

    def play(self) -> None:
        """Let the listener hear of them."""


@dataclass(slots=True)
class Inside:
    """Steps as polynomials.

    t, h, end : (n,), where each begins, the length that 1 stands for, and where it ends.   y : (n_states, n), there.
    coefficients : of 1, x, x^2, ..., each (n_states, n).   p : (n_parameters, n).   lanes : (n,), whose they are.
    fill(y, lanes, times) : sets rows of states that no polynomial gives, (n_states, n); or None.
    """

    t: Array
    h: Array
    end: Array
    y: Array
    coefficients: list[Array]
    p: Array
    lanes: Lanes
    fill: Fill | None

    def states(self, which: Lanes, times: Array) -> Array:
        """Return the states of steps `which` at times, (n_states, len(which)); at an end those of the step itself."""
        x = (times - self.t.take(which)) / self.h.take(which)
        y = self.coefficients[-1].take(which, axis=1) * x
        for c in self.coefficients[-2:0:-1]:
            y += c.take(which, axis=1)
            y *= x
        y += self.coefficients[0].take(which, axis=1)
        if self.fill is not None:
            self.fill(y, self.lanes[which], times)
        ends = np.flatnonzero(times == self.end.take(which))
        y[:, ends] = self.y[:, which[ends]]
        return y


class EventSearch:
    """Finds the first moment in each step at which a condition turns true.

    fill : of the steps, see `Inside`.
    lanes, parts, states : of the steps that were cut in this pass: which, what part of each is left, and how it ends.
    """

    def __init__(self, events: StateEvents, runs: Runs, method: Method) -> None:
        self.events, self.runs, self.method = events, runs, method
        self.lines = comparisons(runs.functions.program).lines
        self.spacing = look_spacing(runs.functions, runs.t0, runs.t_end)
        self.lanes: Lanes = np.empty(0, dtype=np.intp)
        self.fill: Fill | None = None

    def attach(self, block: LaneTable) -> None:
        """Look at the steps of `block`, whose lanes and parameters stay as they are until the next call."""
        self.block = block
        self.p = self.runs.p[:, block.run]

    def cut(self, h: Array, t_new: Array) -> None:
        """Let the steps of size h just tried, which end at `t_new`, end where a condition turns true first.

        What did not advance is left alone.
        """
        block = self.block
        self.lanes = self.lanes[:0]
        went = np.flatnonzero((t_new > block.t) & (block.phase == BUSY))
        if not went.size:
            return
        lanes = padded(went)
        end = np.where(t_new >= block.t_near, block.t_stop, t_new)[lanes]
        y, p, coefficients = block.y_new[:, lanes], self.p[:, lanes], self.method.dense(lanes)
        inside = Inside(block.t[lanes], h[lanes], end, y, coefficients, p, lanes, self.fill)
        self.runs_inside = block.run[lanes]
        doubtful = self._doubtful(inside)
        doubtful = doubtful[doubtful < len(went)]
        if not doubtful.size:
            return
        times = self._search(doubtful, inside)
        found = times < np.inf
        which = doubtful[found]
        if not which.size:
            return
        self.lanes, times = went[which], times[found]
        self.states = inside.states(which, times)
        self.parts = (times - inside.t[which]) / inside.h[which]
        t_new[self.lanes] = block.t_stop[self.lanes] = block.t_near[self.lanes] = times

    def land(self) -> None:
        """Move the lanes whose steps were cut to where they end; call before the steps are accepted."""
        if self.lanes.size:
            self.block.y_new[:, self.lanes] = self.states

    def settle(self, landed: Lanes, notes: Notes | None) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
        """Fire the events of lanes that stand; return the status of each and the state in trouble."""
        block, runs, events = self.block, self.runs, self.events
        if notes is not None and events.switching:
            notes.play()
        run, y = block.run[landed], block.y[:, landed]
        status, trouble = events.settle(run, block.t[landed], y)
        block.y[:, landed] = y
        if events.switching and landed.size:
            lanes = padded(landed)
            block.c[:, lanes] = events.functions.prepare(runs.p[:, block.run[lanes]])
        return status, trouble

    def _doubtful(self, inside: Inside) -> Lanes:
        """Return the steps in which a condition may turn; write down what comparisons differ by in all."""
        degree = len(inside.coefficients) - 1
        sides = self._sides(inside, degree)
        m = sides[:, 0::2] - sides[:, 1::2]
        self.size = np.abs(sides).max(axis=0)
        self.size = np.maximum(self.size[0::2], self.size[1::2])
        self.differ = m if self.lines else combined(through_nodes(degree), m)
        if not self.lines:
            return np.arange(len(inside.t))
        low, high = m.min(axis=0), m.max(axis=0)
        sure = np.all((low > 0) | (high < 0) | ((low == 0) & (high == 0)), axis=0)
        other = (self.events.held(inside.end, inside.y, inside.p) != self.events.holds[:, self.runs_inside]).any(axis=0)
        return np.flatnonzero(~sure | other)

    def _sides(self, inside: Inside, degree: int) -> Array:
        """Return both sides of each comparison in turn, (degree + 1, 2 n_comparisons, n_steps).

        Of lines they are Bernstein coefficients, of all else values at equal distances.
        """
        n, function = len(inside.t), self.events.functions.sides
        if function is None:
            return np.empty((degree + 1, 0, n))
        length = inside.end - inside.t
        times = [inside.t + length * k / degree for k in range(degree)] + [inside.end]
        if self.lines:
            b = combined(to_bernstein(degree), np.stack(inside.coefficients))
            b[-1] = inside.y
        else:
            b = np.stack([inside.states(np.arange(n), t) for t in times])
        if n <= NARROW:
            states = b.transpose(1, 0, 2).reshape(b.shape[1], -1)
            at_once = function(np.concatenate(times), states, np.tile(inside.p, degree + 1))
            return at_once.reshape(-1, degree + 1, n).transpose(1, 0, 2)
        return np.stack([function(t, y, inside.p) for t, y in zip(times, b, strict=True)])

    def _search(self, doubtful: Lanes, inside: Inside) -> Array:
        """Return when a condition turns true in the steps `doubtful`, infinite where none does; note which are false.

        They are looked at in parts, so that memory is bounded.
        """
        looks = np.full(len(doubtful), LOOKS)
        if self.spacing > 0:
            length = (inside.end - inside.t)[doubtful]
            looks = np.maximum(looks, np.ceil(length / self.spacing).astype(np.intp))
        part = np.cumsum(looks) // MOST_LOOKS
        times = np.full(len(doubtful), math.inf)
        for k in np.unique(part).tolist():
            mine = np.flatnonzero(part == k)
            times[mine] = self._look(doubtful[mine], looks[mine], inside)
        return times

    def _look(self, which: Lanes, looks: Lanes, inside: Inside) -> Array:
        events = self.events
        step, place = places(self.differ[:, :, which], self.size[:, which], looks)
        first = np.searchsorted(step, np.arange(len(which)))
        number = np.arange(len(step))
        begin, end = inside.t[which][step], inside.end[which][step]
        times = np.where(place == looks[step], end, begin + (end - begin) * place / looks[step])
        held = self._held(which[step], times, inside)
        run = self.runs_inside[which]
        holds = events.holds[:, run]
        self._mute(held, step, which, run, inside)
        before = np.concatenate([holds[:, :1], held[:, :-1]], axis=1)
        before[:, first] = holds
        rising = held & ~before
        some = rising.any(axis=0)
        # the look at which a condition has turned true, or the one behind all
        turn = np.minimum.reduceat(np.where(some, number, len(step)), first)
        stays = np.logical_and.reduceat(held | (number >= turn[step]), first, axis=1)
        events.release(run, stays)
        found = np.flatnonzero(turn < len(step))
        at = turn[found]
        low = np.where(at > first[found], times[at - 1], inside.t[which][found])
        out = np.full(len(which), math.inf)
        if found.size:
            out[found] = self._turn(which[found], rising[:, at], low, times[at], inside)
        return out

    def _mute(self, held: Truths, step: Lanes, which: Lanes, run: Lanes, inside: Inside) -> None:
        """Take conditions as false in steps at whose end what they fire would have no effect, as often before."""
        events = self.events
        for i in np.flatnonzero((events.idle[:, run] >= PATIENCE).any(axis=1)).tolist():
            patient = np.flatnonzero((events.idle[i, run] >= PATIENCE) & ~events.holds[i, run])
            some = which[patient]
            atol = self.runs.atol[:, run[patient]]
            still = events.is_idle(i, inside.end[some], inside.y[:, some], inside.p[:, some], atol)
            muted = np.zeros(len(which), dtype=bool)
            muted[patient] = still
            held[i, muted[step]] = False

    def _turn(self, which: Lanes, rising: Truths, low: Array, high: Array, inside: Inside) -> Array:
        """Return the first numbers between low and high at which one of the conditions `rising` holds, as at high."""
        sections = np.arange(1, _SECTIONS + 1) / (_SECTIONS + 1)
        if self.differ.shape[1]:
            self._close_in(which, rising, low, high, inside)
        open_ = np.arange(len(which))
        while open_.size:
            open_ = open_[np.nextafter(low[open_], high[open_]) < high[open_]]
            if not open_.size:
                break
            a, b = low[open_], high[open_]
            times = np.clip(a + (b - a) * sections[:, None], np.nextafter(a, b), np.nextafter(b, a))
            step = np.tile(which[open_], _SECTIONS)
            held = self._held(step, times.reshape(-1), inside).reshape(len(rising), _SECTIONS, -1)
            some = np.any(held & rising[:, None, open_], axis=0)
            k = np.where(some.any(axis=0), np.argmax(some, axis=0), _SECTIONS)
            column = np.arange(len(open_))
            edges = np.concatenate([a[None], times, b[None]])
            low[open_], high[open_] = edges[k, column], edges[k + 1, column]
        return high

    def _close_in(self, which: Lanes, rising: Truths, low: Array, high: Array, inside: Inside) -> None:
        """Move `low` and `high`, in place, to both sides of where a comparison turns, if a condition turns there."""
        t, length = inside.t[which], inside.h[which]
        root = t + length * first_root(self.differ[:, :, which], (low - t) / length, (high - t) / length)
        off = _ULPS * _EPS * np.abs(root)
        for times in (root - off, root + off):
            inner = np.flatnonzero((times > low) & (times < high))
            held = self._held(which[inner], times[inner], inside) & rising[:, inner]
            some = held.any(axis=0)
            high[inner[some]], low[inner[~some]] = times[inner[some]], times[inner[~some]]

    def _held(self, step: Lanes, times: Array, inside: Inside) -> Truths:
        return self.events.held(times, inside.states(step, times), inside.p[:, step])


def first_root(b: Array, low: Array, high: Array) -> Array:
    """Return where, between `low` and `high`, one of some polynomials is 0 that has other signs there; else NaN.

    Of several it is the one whose chord is 0 first.   b : Bernstein, (degree + 1, n_polynomials, n).
    low, high : (n,).
    """
    c = list(combined(from_bernstein(len(b) - 1), b))
    start, end = _at(c, low), _at(c, high)
    turns = (start > 0) != (end > 0)
    chord = np.where(turns, start / (start - end), np.inf)
    chosen = (np.argmin(chord, axis=0), np.arange(len(low)))
    c, rises = [row[chosen] for row in c], end[chosen] > 0
    slopes = [k * row for k, row in enumerate(c)][1:]
    least, most = low.copy(), high.copy()
    x = low + (high - low) * chord[chosen]
    for _ in range(_NEWTON):
        value = _at(c, x)
        beyond = (value > 0) == rises
        np.copyto(most, x, where=beyond)
        np.copyto(least, x, where=~beyond)
        x = x - value / _at(slopes, x)
        x = np.where((x >= least) & (x <= most), x, (least + most) / 2)
    return np.where(turns.any(axis=0), x, np.nan)


def _at(c: list[Array], x: Array) -> Array:
    """Return polynomials at x. c : coefficients of 1, x, x^2, ..., each (..., n).   x : (n,)."""
    y = c[-1] * x
    for row in c[-2:0:-1]:
        y += row
        y *= x
    y += c[0]
    return y
