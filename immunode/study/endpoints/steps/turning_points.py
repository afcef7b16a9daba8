"""Where a condition turns inside steps: bracketed by samples, then refined."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from immunode.study.endpoints.steps.inside import GRID, Array, Flags, Lanes, Margin, Search

ROUNDS = 60
"""Most rounds of the search for a turn; four in five are secants, the others halve."""
NARROW = 1e-15


@dataclass(frozen=True)
class Turns:
    """Where a condition turns within n steps.

    x : (n, n_points), increasing places that were looked at.   holds : (n, n_points), whether it holds there.
    at : (n, n_points - 1), where it turns between two of them, NaN where it does not.
    """

    x: Array
    holds: Flags
    at: Array

    @cached_property
    def first(self) -> Array:
        """Where it first holds, infinite where it never does, (n,)."""
        on = np.where(~self.holds[:, :-1] & self.holds[:, 1:], self.at, np.inf)
        return np.where(self.holds[:, 0], 0.0, np.min(on, axis=1))

    @cached_property
    def share(self) -> Array:
        """For which part of each step it holds, (n,)."""
        total = np.zeros(len(self.x))
        for j in range(self.at.shape[1]):
            low, high, turn = self.x[:, j], self.x[:, j + 1], self.at[:, j]
            before, after = self.holds[:, j], self.holds[:, j + 1]
            part = np.where(before & after, high - low, 0.0)
            part = np.where(before & ~after, turn - low, part)
            total += np.where(~before & after, high - turn, part)
        return total


@np.errstate(all="ignore")
def turns(margin: Margin) -> Turns:
    """Return where a condition turns inside steps."""
    n = margin.n
    looked = [margin.at(float(x)) for x in GRID]
    values, holds = np.stack([m for m, _ in looked], axis=1), np.stack([h for _, h in looked], axis=1)
    # one more place: where it comes closest to turning in steps where no sample saw it turn
    extra = np.ones(n)
    same = np.flatnonzero((holds == holds[:, :1]).all(axis=1))
    if same.size:
        extra[same] = _Towards(margin.only(same), np.where(holds[same, 0], -1.0, 1.0)).top()[0]
    seen, held = margin.at(extra)
    x = np.concatenate([np.broadcast_to(GRID, values.shape), extra[:, None]], axis=1)
    order = np.argsort(x, axis=1, kind="stable")
    x = np.take_along_axis(x, order, axis=1)
    values = np.take_along_axis(np.concatenate([values, seen[:, None]], axis=1), order, axis=1)
    holds = np.take_along_axis(np.concatenate([holds, held[:, None]], axis=1), order, axis=1)
    at = np.full((n, x.shape[1] - 1), np.nan)
    rows, columns = np.nonzero(holds[:, :-1] != holds[:, 1:])
    if rows.size:
        ends = [a[rows, columns + k] for a in (x, values) for k in (0, 1)]
        at[rows, columns] = _cross(margin.only(rows), ends, holds[rows, columns + 1])
    return Turns(x, holds, at)


class _Towards(Search):
    """By how much a condition holds, or with sign -1 fails to, as a quantity."""

    def __init__(self, margin: Margin, sign: Array) -> None:
        self.margin, self.sign, self.n = margin, sign, margin.n

    def at(self, x: Array | float) -> Array:
        """See `Search`."""
        return self.sign * self.margin.at(x)[0]

    def only(self, which: Lanes) -> _Towards:
        """See `Search`."""
        return _Towards(self.margin.only(which), self.sign[which])


def _cross(margin: Margin, ends: list[Array], after: Flags) -> Array:
    """Return where a condition turns to `after` between two places. ends : x and margin on both sides, each (n,)."""
    low, high, m_low, m_high = (end.copy() for end in ends)
    active, stayed = np.arange(margin.n), np.zeros(margin.n, dtype=int)
    for turn in range(ROUNDS):
        a, b, f, g = low[active], high[active], m_low[active], m_high[active]
        x = b - g * (b - a) / (g - f)
        x = np.where((x > a) & (x < b) & (turn % 5 != 4), x, 0.5 * (a + b))
        value, holds = margin.at(x)
        right, hit = holds == after[active], value == 0
        # Illinois: a side that stays for a second time counts half
        side = np.where(right, 1, -1)
        half = np.where(side == stayed[active], 0.5, 1.0)
        stayed[active] = side
        high[active], m_high[active] = np.where(right | hit, x, b), np.where(right, value, half * g)
        low[active], m_low[active] = np.where(right & ~hit, a, x), np.where(right, half * f, value)
        again = high[active] - low[active] > NARROW
        if not again.all():
            active, margin = active[again], margin.only(np.flatnonzero(again))
        if not active.size:
            break
    return high
