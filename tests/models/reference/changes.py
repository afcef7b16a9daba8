"""What an intervention does to the parameters at time t, to be written by hand beside the hand-written equations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Values = dict[str, float]
Change = Callable[[float, Values], Values]


def times_(name: str, factor: float, start: float = -1, stop: float = np.inf) -> Change:
    """Return the change that multiplies a parameter within a window."""
    return lambda t, p: {**p, name: p[name] * factor} if start <= t < stop else p


def plus(name: str, size: float, start: float = -1, stop: float = np.inf) -> Change:
    """Return the change that adds to a parameter within a window."""
    return lambda t, p: {**p, name: p[name] + size} if start <= t < stop else p


def becomes(start: float = -1, stop: float = np.inf, **values: float) -> Change:
    """Return the change that sets parameters within a window."""
    return lambda t, p: {**p, **values} if start <= t < stop else p


def all_of(*changes: Change) -> Change:
    """Return the change that makes several, in order."""

    def made(t: float, p: Values) -> Values:
        for change in changes:
            p = change(t, p)
        return p

    return made


def same(t: float, p: Values) -> Values:
    """Return the parameters as they are (no change, or one of states only)."""
    return p
