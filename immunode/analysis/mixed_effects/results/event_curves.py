"""Curves of times to events: Kaplan-Meier, and the mean number of events of an individual."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def kaplan_meier(time: Array, event: NDArray[np.bool_], grid: Array) -> Array:
    """Return the share without an event at each time of a grid, (n_times,).

    time : (n,), of the event or of the end of observation.   event : (n,), which of them.

    References
    ----------
    Kaplan and Meier 1958, doi:10.1080/01621459.1958.10501452
    """
    moments, counts = np.unique(time[event], return_counts=True)
    at_risk = len(time) - np.searchsorted(np.sort(time), moments, side="left")
    left = np.concatenate([[1.0], np.cumprod(1 - counts / np.maximum(at_risk, 1))])
    return np.asarray(left[np.searchsorted(moments, grid, side="right")])


def cumulative_events(counts: Array, ends: Array, grid: Array) -> Array:
    """Return the mean number of events of an individual at each time of a grid, (n_times,); NaN where nobody is left.

    counts : (n, n_times), events of each individual so far.   ends : (n,), of observation.

    References
    ----------
    Nelson 1995, doi:10.1080/00401706.1995.10484300 (mean cumulative function)
    """
    steps = np.diff(counts, axis=1, prepend=0.0)
    # an interval belongs to those who are watched at its beginning
    begins = np.concatenate([[grid[0]], grid[:-1]])
    watched = ends[:, None] > begins
    watched[:, 0] = True
    at_risk = watched.sum(axis=0)
    with np.errstate(all="ignore"):
        rate = np.where(at_risk > 0, (steps * watched).sum(axis=0) / at_risk, np.nan)
    return np.asarray(np.cumsum(rate))
