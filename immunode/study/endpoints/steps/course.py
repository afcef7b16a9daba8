"""What is known of a quantity or condition over all steps of a chunk: values at both ends, and bounds.

States are quartics, so their bounds are exact. Other quantities are computed at five points of every step; between
those they are taken to differ from the quartic through them by less than `DOUBT` times the fourth difference. Where
that or the third difference is much of their range (`UNRESOLVED`, `SHARP`), nothing is taken for granted, and the
step is looked at closely.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from immunode.study.endpoints.steps.inside import Inside, Margin, Mirrored, StateInside, ThresholdInside

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]
Flags = NDArray[np.bool_]

DOUBT, UNRESOLVED, SHARP = 0.5, 0.05, 0.15
NODES = (0.0, 0.25, 0.5, 0.75, 1.0)
BOOLE = np.array([7, 32, 12, 32, 7]) / 90
FINER, HALVINGS = 0.1, 40
"""A step is halved while two rules for its mean differ by more than this part of the tolerance, so often at most."""
ROUGH = 1024
"""Pieces of one step that are doubtful all at once: what differs everywhere is rounding, and no halving ends it."""
BOUNDED = 30.0
"""Rounding is at most so many times as large as it is on average over a step."""


class Course(ABC):
    """A quantity over the steps of a chunk, arrays (n_steps,)."""

    @property
    @abstractmethod
    def start(self) -> Array:
        """Values where steps begin."""

    @property
    @abstractmethod
    def end(self) -> Array:
        """Values where steps end."""

    @property
    @abstractmethod
    def high(self) -> Array:
        """What it does not exceed within each step."""

    @property
    @abstractmethod
    def low(self) -> Array:
        """What it does not fall below within each step."""

    @property
    @abstractmethod
    def mean(self) -> Array:
        """Means over each step."""

    @abstractmethod
    def inside(self, which: Lanes) -> Inside:
        """Return it inside the steps `which`."""


class Upended(Course):
    """A quantity with the other sign."""

    def __init__(self, course: Course) -> None:
        self.course = course

    @cached_property
    def start(self) -> Array:
        """See `Course`."""
        return -self.course.start

    @cached_property
    def end(self) -> Array:
        """See `Course`."""
        return -self.course.end

    @cached_property
    def high(self) -> Array:
        """See `Course`."""
        return -self.course.low

    @cached_property
    def low(self) -> Array:
        """See `Course`."""
        return -self.course.high

    @cached_property
    def mean(self) -> Array:
        """See `Course`."""
        return -self.course.mean

    def inside(self, which: Lanes) -> Inside:
        """See `Course`."""
        inside = self.course.inside(which)
        # a state upended is as good as a state
        return StateInside(-inside.b) if isinstance(inside, StateInside) else Mirrored(inside)


class StateCourse(Course):
    """A state, or what is a sum of states: a quartic in every step.

    rows : k -> its Bernstein coefficient k, and 5 and 6: the largest and the smallest of the five.
    gather(which) -> (5, n).
    """

    def __init__(self, rows: Callable[[int], Array], gather: Callable[[Lanes], Array]) -> None:
        self._rows, self._gather = rows, gather
        self._known: dict[int, Array] = {}

    def row(self, k: int) -> Array:
        """Return a row, read once."""
        known = self._known.get(k)
        if known is None:
            known = self._known[k] = self._rows(k)
        return known

    @property
    def start(self) -> Array:
        """See `Course`."""
        return self.row(0)

    @property
    def end(self) -> Array:
        """See `Course`."""
        return self.row(4)

    @property
    def high(self) -> Array:
        """See `Course`."""
        return self.row(5)

    @property
    def low(self) -> Array:
        """See `Course`."""
        return self.row(6)

    @cached_property
    def mean(self) -> Array:
        """See `Course`."""
        total = self.row(0) + self.row(1)
        for k in (2, 3, 4):
            total += self.row(k)
        total /= 5
        return total

    @cached_property
    def nodes(self) -> list[Array]:
        """Values at x = 0, 1/4, 1/2, 3/4, 1."""
        b = [self.row(k) for k in range(5)]
        outer, inner, middle = b[0] + b[4], b[1] + b[3], 6 * b[2]
        return [
            b[0],
            (81 * b[0] + 108 * b[1] + 9 * middle + 12 * b[3] + b[4]) / 256,
            (outer + 4 * inner + middle) / 16,
            (b[0] + 12 * b[1] + 9 * middle + 108 * b[3] + 81 * b[4]) / 256,
            b[4],
        ]

    def inside(self, which: Lanes) -> Inside:
        """See `Course`."""
        return StateInside(self._gather(which))


class SampledCourse(Course):
    """A quantity that is known by its values only.

    nodes : five, values at x = 0, 1/4, 1/2, 3/4, 1.   rtol : how exact means have to be.
    """

    def __init__(self, nodes: list[Array], inside: Callable[[Lanes], Inside], rtol: float) -> None:
        self.nodes, self._inside, self.rtol = nodes, inside, rtol

    @property
    def start(self) -> Array:
        """See `Course`."""
        return self.nodes[0]

    @property
    def end(self) -> Array:
        """See `Course`."""
        return self.nodes[4]

    @cached_property
    def _bounds(self) -> tuple[Array, Array]:
        return bounds(self.nodes, self.rtol)

    @property
    def high(self) -> Array:
        """See `Course`."""
        return self._bounds[0]

    @property
    def low(self) -> Array:
        """See `Course`."""
        return self._bounds[1]

    @cached_property
    def mean(self) -> Array:
        """See `Course`."""
        v = self.nodes
        coarse = (v[0] + 4 * v[2] + v[4]) / 6
        mean = _boole(v)
        which = np.flatnonzero(np.abs(mean - coarse) > FINER * self.rtol * np.abs(mean))
        if which.size:
            mean[which] = self._halved(which)
        return mean

    def _halved(self, which: Lanes) -> Array:
        """Return means over steps that are halved again and again where rules for them differ.

        A jump or a kink inside a step is closed in on; NaN where that never ends, as at a pole.
        """
        inside, nodes = self.inside(which), np.stack([v[which] for v in self.nodes])
        total, size = np.zeros(len(which)), np.mean(np.abs(nodes), axis=0)
        of, begin, width = np.arange(len(which)), np.zeros(len(which)), 1.0
        for _ in range(HALVINGS):
            width /= 2
            halves = [begin, begin + width]
            values = np.stack([inside.at(begin + width * k / 4) for k in (1, 3, 5, 7)])
            left = np.stack([nodes[0], values[0], nodes[1], values[1], nodes[2]])
            right = np.stack([nodes[2], values[2], nodes[3], values[3], nodes[4]])
            finer = [width * _boole(half) for half in (left, right)]
            whole = 2 * width * _boole(nodes)
            good = np.abs(finer[0] + finer[1] - whole) <= FINER * self.rtol * size[of]
            # a jump leaves a few pieces in doubt, rounding around 0 all of them; near a pole values grow without end
            most = np.zeros(len(which))
            np.maximum.at(most, of, np.max(np.abs(left), axis=0))
            good |= ((np.bincount(of[~good], minlength=len(which)) > ROUGH) & (most <= BOUNDED * size))[of]
            np.add.at(total, of[good], (finer[0] + finer[1])[good])
            # both halves of the others, in order of time
            bad = np.repeat(~good, 2)
            of = np.repeat(of, 2)[bad]
            begin = np.stack(halves, axis=1).reshape(-1)[bad]
            nodes = np.stack([left, right], axis=2).reshape(5, -1)[:, bad]
            if not of.size:
                return total
            inside = inside.only(np.repeat(np.arange(len(good)), 2)[bad])
        left_over = width * _boole(nodes)
        np.add.at(total, of, np.where(np.abs(left_over) <= self.rtol * size[of], left_over, np.nan))
        return total

    def inside(self, which: Lanes) -> Inside:
        """See `Course`."""
        return self._inside(which)


def _boole(v: list[Array] | Array) -> Array:
    """Return means by Boole's rule from values at five points; no matrix product, whose sums depend on its shape."""
    return np.asarray(BOOLE[0] * (v[0] + v[4]) + BOOLE[1] * (v[1] + v[3]) + BOOLE[2] * v[2])


def bounds(v: list[Array], rtol: float) -> tuple[Array, Array]:
    """Return what values at five points of a step suggest as bounds above and below, (n_steps,).

    rtol : a doubt of less than ten times this part of the values is none.
    """
    outer, inner, middle = v[0] + v[4], v[1] + v[3], v[2]
    b1 = (48 * v[1] + 16 * v[3] - 13 * v[0] - 3 * v[4] - 36 * middle) / 12
    b3 = (48 * v[3] + 16 * v[1] - 13 * v[4] - 3 * v[0] - 36 * middle) / 12
    b2 = (13 * outer - 64 * inner + 120 * middle) / 18
    doubt = DOUBT * np.abs(outer - 4 * inner + 6 * middle)
    high, low = np.fmax(v[0], v[4]), np.fmin(v[0], v[4])
    for more in (v[1], middle, v[3], b1, b2, b3):
        np.fmax(high, more, out=high)
        np.fmin(low, more, out=low)
    # where five points can't tell its course, or it is no number at one of them, it may be anything between
    size = np.maximum(np.abs(high), np.abs(low))
    third = np.maximum(np.abs(v[3] - v[0] - 3 * (v[2] - v[1])), np.abs(v[4] - v[1] - 3 * (v[3] - v[2])))
    sharp = (doubt > UNRESOLVED * (high - low)) | (third > SHARP * (high - low))
    unknown = np.isnan(doubt) | (sharp & (np.maximum(doubt, third) > 10 * rtol * size))
    return np.where(unknown, np.inf, high + doubt), np.where(unknown, -np.inf, low - doubt)


class Condition(ABC):
    """A condition over the steps of a chunk, arrays (n_steps,)."""

    @property
    @abstractmethod
    def certain(self) -> Flags:
        """Where it holds throughout the step."""

    @property
    @abstractmethod
    def possible(self) -> Flags:
        """Where it may hold somewhere in the step."""

    @property
    @abstractmethod
    def seen(self) -> Flags:
        """Where it is known to hold at some point of the step."""

    @abstractmethod
    def inside(self, which: Lanes) -> Margin:
        """Return it inside the steps `which`."""


class Threshold(Condition):
    """A quantity above a level, (n_steps,). strict : where it is equal it does not hold."""

    def __init__(self, course: Course, level: Array, strict: bool) -> None:
        self.course, self.level, self.strict = course, level, strict

    def _holds(self, values: Array) -> Flags:
        return np.asarray(values > self.level if self.strict else values >= self.level)

    @cached_property
    def certain(self) -> Flags:
        """See `Condition`."""
        return self._holds(self.course.low)

    @cached_property
    def possible(self) -> Flags:
        """See `Condition`."""
        return self._holds(self.course.high)

    @cached_property
    def seen(self) -> Flags:
        """See `Condition`."""
        return self._holds(np.maximum(self.course.start, self.course.end))

    def inside(self, which: Lanes) -> Margin:
        """See `Condition`."""
        return ThresholdInside(self.course.inside(which), self.level[which], self.strict)


class Compound(Condition):
    """Any condition. nodes : margin and truth at five points of every step.   rtol : of the runs."""

    def __init__(self, nodes: list[tuple[Array, Flags]], inside: Callable[[Lanes], Margin], rtol: float) -> None:
        self._nodes, self._inside, self.rtol = nodes, inside, rtol

    @cached_property
    def _bounds(self) -> tuple[Array, Array]:
        return bounds([margin for margin, _ in self._nodes], self.rtol)

    @cached_property
    def seen(self) -> Flags:
        """See `Condition`."""
        return np.asarray(np.logical_or.reduce([holds for _, holds in self._nodes]))

    @cached_property
    def possible(self) -> Flags:
        """See `Condition`."""
        return self.seen | ~(self._bounds[0] < 0)

    @cached_property
    def certain(self) -> Flags:
        """See `Condition`."""
        everywhere = np.logical_and.reduce([holds for _, holds in self._nodes])
        return np.asarray(everywhere & (self._bounds[1] > 0))

    def inside(self, which: Lanes) -> Margin:
        """See `Condition`."""
        return self._inside(which)
