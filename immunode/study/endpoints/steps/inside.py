"""Quantities and conditions inside chosen steps: what is needed is gathered once, then asked at many places.

Everything is elementwise over steps, so that what is found in a step does not depend on the steps beside it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.language.evaluation import evaluate, margin
from immunode.solve.tape import bernstein
from immunode.study.lanes import widened

if TYPE_CHECKING:
    from immunode.program.numpy.quantities import Watched

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]
Flags = NDArray[np.bool_]

SAMPLES = 16
"""Parts of a step at whose ends it is looked at before anything is refined."""
GRID = np.arange(SAMPLES + 1) / SAMPLES
NEWTON, SETTLED = 60, 1e-13
HALVINGS, CLOSER = 5, 8.0
"""A top is bracketed by so many halvings, then by parabolas through points that are so much closer each time."""
CLIMBS, ENDLESS = 36, 8
"""Halvings where a top is not smooth; a gain that is as large over the last few as over those before has no end."""


class Search(ABC):
    """What has a value at every place inside n steps, and a top."""

    n: int

    @abstractmethod
    def only(self, which: Lanes) -> Search:
        """Return the same of some of the steps."""

    @abstractmethod
    def at(self, x: Array | float) -> Array:
        """Return its values at the fractions x of the steps, (n,)."""

    @np.errstate(all="ignore")
    def top(self) -> tuple[Array, Array]:
        """Return where it is largest, in fractions of the step, and how large it is there, each (n,)."""
        x, best = _highest_sample(self.at, self.n, GRID[::2])
        apart = float(GRID[2])
        for _ in range(HALVINGS):
            apart /= 2
            low, high = np.maximum(x - apart, 0.0), np.minimum(x + apart, 1.0)
            below, above = self.at(low), self.at(high)
            left, right = (below > best) & (below >= above), (above > best) & (above > below)
            x = np.where(left, low, np.where(right, high, x))
            best = np.where(left, below, np.where(right, above, best))
        drops = []
        for distance_now in (apart, apart / CLOSER, apart / CLOSER**2):
            x, best, drop = self._vertex(x, best, distance_now)
            drops.append(drop)
        # a smooth top falls off with the square of the distance; at a kink, a cusp, a pole or a border it does not
        rough = ~(drops[2] <= drops[0] * CLOSER**-3.0) & ~(drops[2] <= 1e-13 * np.abs(best))
        which = np.flatnonzero(rough)
        if which.size:
            x[which], best[which] = self.only(which).climb(x[which], best[which], apart)
        return x, best

    def climb(self, x: Array, best: Array, apart: float) -> tuple[Array, Array]:
        """Return the top near x by halving the distance only, which needs nothing smooth; infinite at a pole.

        best : the values at x.   apart : the top lies within twice this of x.
        """
        x, best, gained, apart = x.copy(), best.copy(), [], 2 * apart
        for _ in range(CLIMBS):
            before, apart = best, apart / 2
            low, high = np.maximum(x - apart, 0.0), np.minimum(x + apart, 1.0)
            below, above = self.at(low), self.at(high)
            left, right = (below > best) & ~(below < above), (above > best) & ~(above <= below)
            x = np.where(left, low, np.where(right, high, x))
            best = np.where(left, below, np.where(right, above, best))
            gained.append(best - before)
        # at a pole each halving adds as much as the one before, or more; at any other top less and less
        late, early = np.add.reduce(gained[-ENDLESS:]), np.add.reduce(gained[-2 * ENDLESS : -ENDLESS])
        return x, np.where((late > 0.5 * early) & (late > 1e-6 * np.abs(best)), np.inf, best)

    def _vertex(self, x: Array, best: Array, apart: float) -> tuple[Array, Array, Array]:
        """Return the top of the parabola through x and both points beside it, where it lies between them.

        The third is how far the lower of these points lies below the highest value; NaN if one lies above it.
        """
        below, above = self.at(np.maximum(x - apart, 0.0)), self.at(np.minimum(x + apart, 1.0))
        bend = below - 2 * best + above
        shift = 0.5 * apart * (below - above) / bend
        good = (bend < 0) & (np.abs(shift) <= apart) & (x >= apart) & (x <= 1 - apart)
        vertex = np.where(good, x + np.where(good, shift, 0.0), x)
        value = self.at(vertex)
        # on a smooth top the vertex is the better place even where rounding hides that
        near = good & (np.abs(value - best) <= 1e-12 * np.abs(best))
        better = value >= best
        top = np.where(better, value, best)
        drop = np.where(np.fmax(below, above) > top, np.nan, top - np.minimum(below, above))
        return np.where(better | near, vertex, x), top, drop


class Inside(Search):
    """A quantity inside n steps. Those of one kind and origin can be joined."""

    @abstractmethod
    def only(self, which: Lanes) -> Inside:
        """Return the same of some of the steps."""

    @abstractmethod
    def join(self, others: Sequence[Any]) -> Inside:
        """Return the same of these steps and those of others of its kind, in their order."""


def _highest_sample(at: Callable[[float], Array], n: int, grid: Array) -> tuple[Array, Array]:
    x, best = np.zeros(n), np.full(n, -np.inf)
    for place in grid:
        value = at(float(place))
        higher = value > best
        x[higher], best[higher] = place, value[higher]
    return x, best


class StateInside(Inside):
    """A state. b : (5, n), Bernstein coefficients."""

    def __init__(self, b: Array) -> None:
        self.b, self.n = b, b.shape[1]

    def at(self, x: Array | float) -> Array:
        """See `Inside`."""
        return bernstein(self.b, x)

    def only(self, which: Lanes) -> Inside:
        """See `Inside`."""
        return StateInside(self.b[:, which])

    def join(self, others: Sequence[StateInside]) -> Inside:
        """See `Inside`."""
        return StateInside(np.concatenate([self.b, *(other.b for other in others)], axis=1))

    @np.errstate(all="ignore")
    def top(self) -> tuple[Array, Array]:
        """See `Search`: between bends of the slope, which are roots of a quadratic, there is one top at most."""
        rise = np.diff(self.b, axis=0)
        bend = np.diff(rise, axis=0)
        square, half, constant = bend[0] - 2 * bend[1] + bend[2], bend[1] - bend[0], bend[0]
        far = -(half + np.copysign(np.sqrt(half * half - square * constant), half))
        one, two = (np.clip(np.nan_to_num(root, nan=0.0), 0.0, 1.0) for root in (far / square, constant / far))
        middle = [np.minimum(one, two), np.maximum(one, two)]
        low, high = np.stack([np.zeros(self.n), *middle]), np.stack([*middle, np.ones(self.n)])
        # mostly one of the three has a top
        part, of = np.nonzero((_slope(rise, low) >= 0) & (_slope(rise, high) <= 0))
        low, high, rise, bend = low[part, of], high[part, of], rise[:, of], bend[:, of]
        place = 0.5 * (low + high)
        left = np.arange(len(place))
        for _ in range(NEWTON):
            here, r, c = place[left], rise[:, left], bend[:, left]
            slope, z = _slope(r, here), 1.0 - here
            curve = 3.0 * (z * z * c[0] + 2.0 * z * here * c[1] + here * here * c[2])
            low[left], high[left] = np.where(slope > 0, here, low[left]), np.where(slope > 0, high[left], here)
            following = here - slope / curve
            inside = (curve < 0) & (following >= low[left]) & (following <= high[left])
            place[left] = np.where(inside, following, 0.5 * (low[left] + high[left]))
            left = left[np.abs(place[left] - here) > SETTLED]
            if not left.size:
                break
        x = np.zeros((5, self.n))
        x[4] = 1.0
        x[part + 1, of] = place
        value = bernstein(self.b, x)
        best, runs = np.argmax(value, axis=0), np.arange(self.n)
        return x[best, runs], value[best, runs]


def _slope(rise: Array, x: Array) -> Array:
    """Return a quarter of the slope of quartics. rise : (4, n), differences of their coefficients.   x : (k, n)."""
    z = 1.0 - x
    slope = z * z * (z * rise[0] + 3.0 * x * rise[1])
    return np.asarray(slope + x * x * (3.0 * z * rise[2] + x * rise[3]))


class Mirrored(Inside):
    """A quantity with the other sign."""

    def __init__(self, of: Inside) -> None:
        self.of, self.n = of, of.n

    def at(self, x: Array | float) -> Array:
        """See `Inside`."""
        return -self.of.at(x)

    def only(self, which: Lanes) -> Inside:
        """See `Inside`."""
        return Mirrored(self.of.only(which))

    def join(self, others: Sequence[Mirrored]) -> Inside:
        """See `Inside`."""
        return Mirrored(self.of.join([other.of for other in others]))


class ComputedInside(Inside):
    """A quantity computed from states. t, h : (n,).   states : those that it needs.   c : (n_prepared, n)."""

    def __init__(self, watched: Watched, t: Array, h: Array, states: list[Inside], c: Array) -> None:
        self.watched, self.t, self.h, self.states, self.n = watched, t, h, states, len(t)
        self.c, self.wide = c, widened(c)

    def at(self, x: Array | float) -> Array:
        """See `Inside`."""
        rows = [state.at(x) for state in self.states]
        return compute(self.watched, self.t + x * self.h, rows, self.wide)

    def only(self, which: Lanes) -> Inside:
        """See `Inside`."""
        states = [state.only(which) for state in self.states]
        return ComputedInside(self.watched, self.t[which], self.h[which], states, self.c[:, which])

    def join(self, others: Sequence[ComputedInside]) -> Inside:
        """See `Inside`."""
        every = [self, *others]
        states = [state.join([other.states[i] for other in others]) for i, state in enumerate(self.states)]
        t, h = np.concatenate([one.t for one in every]), np.concatenate([one.h for one in every])
        return ComputedInside(self.watched, t, h, states, np.concatenate([one.c for one in every], axis=1))


def compute(watched: Watched, t: Array, rows: list[Array], wide: Array) -> Array:
    """Return a quantity, (n,). t : (n,).   rows : states, (n,) each.   wide : (n_prepared, n)."""
    n, width = len(t), len(t) + -len(t) % 8
    y = np.empty((len(rows), width))
    for i, row in enumerate(rows):
        y[i, :n] = row
        y[i, n:] = row[-1]
    return watched.value(widened(t), y, wide)[:n]


class Margin(ABC):
    """A condition inside n steps. Those of one origin can be joined."""

    n: int

    @abstractmethod
    def join(self, others: Sequence[Any]) -> Margin:
        """Return the same of these steps and those of others of its kind, in their order."""

    @abstractmethod
    def at(self, x: Array | float) -> tuple[Array, Flags]:
        """Return by how much it holds, above 0 where it does, and whether it does, at x, each (n,)."""

    @abstractmethod
    def only(self, which: Lanes) -> Margin:
        """Return the same of some of the steps."""


@dataclass(slots=True)
class ThresholdInside(Margin):
    """A quantity above a level, (n,)."""

    quantity: Inside
    level: Array
    strict: bool

    @property
    def n(self) -> int:  # type: ignore[override]
        """Number of steps."""
        return self.quantity.n

    def at(self, x: Array | float) -> tuple[Array, Flags]:
        """See `Margin`."""
        margin = self.quantity.at(x) - self.level
        return margin, np.asarray(margin > 0 if self.strict else margin >= 0)

    def only(self, which: Lanes) -> Margin:
        """See `Margin`."""
        return ThresholdInside(self.quantity.only(which), self.level[which], self.strict)

    def join(self, others: Sequence[ThresholdInside]) -> Margin:
        """See `Margin`."""
        quantity = self.quantity.join([other.quantity for other in others])
        level = np.concatenate([self.level, *(other.level for other in others)])
        return ThresholdInside(quantity, level, self.strict)


@dataclass(slots=True)
class CompoundInside(Margin):
    """Any condition. quantities : by name.   constants : by name, (n,).   t, h : (n,)."""

    expression: tuple[Any, ...]
    quantities: Mapping[str, Inside]
    constants: Mapping[str, Array]
    t: Array
    h: Array

    @property
    def n(self) -> int:  # type: ignore[override]
        """Number of steps."""
        return len(self.t)

    def at(self, x: Array | float) -> tuple[Array, Flags]:
        """See `Margin`."""
        values = {name: quantity.at(x) for name, quantity in self.quantities.items()}
        return judge(self.expression, {**self.constants, **values}, self.t + x * self.h)

    def only(self, which: Lanes) -> Margin:
        """See `Margin`."""
        quantities = {name: quantity.only(which) for name, quantity in self.quantities.items()}
        constants = {name: value[which] for name, value in self.constants.items()}
        return CompoundInside(self.expression, quantities, constants, self.t[which], self.h[which])

    def join(self, others: Sequence[CompoundInside]) -> Margin:
        """See `Margin`."""
        every = [self, *others]
        quantities = {k: one.join([other.quantities[k] for other in others]) for k, one in self.quantities.items()}
        constants = {k: np.concatenate([one.constants[k] for one in every]) for k in self.constants}
        t, h = np.concatenate([one.t for one in every]), np.concatenate([one.h for one in every])
        return CompoundInside(self.expression, quantities, constants, t, h)


def judge(expression: tuple[Any, ...], values: Mapping[str, Array], t: Array) -> tuple[Array, Flags]:
    """Return by how much a condition holds, and whether, each (n,). values : by name, (n,).   t : (n,)."""
    wide = {name: widened(value) for name, value in values.items()}
    time = widened(t)
    by_how_much = np.broadcast_to(margin(expression, wide, time), time.shape)
    holds = np.broadcast_to(evaluate(expression, wide, time), time.shape)
    return np.array(by_how_much[: len(t)], dtype=float), np.array(holds[: len(t)])
