"""The Kaplan-Meier estimate of times to an event, with its interval and its median."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StudyError
from immunode.plot.kit.arrays import Array

LEVEL = 0.95
"""Level of all intervals, of each moment by itself."""


@dataclass(frozen=True, slots=True)
class Survival:
    """The share of patients without an event over time.

    Attributes
    ----------
    followed : ndarray
        shape (n_patients,), until when each was watched: to the event, or until it was lost.
    events : ndarray
        shape (n_patients,), whether an event ended that.
    times, share, low, high : ndarray
        shape (n_steps,): from each time on, the share without an event, 0 to 1, and its interval; the first time is 0.
        NaN where the interval is not defined: nobody is left.
    """

    followed: Array
    events: NDArray[np.bool_]
    times: Array
    share: Array
    low: Array
    high: Array

    @property
    def lost(self) -> Array:
        """Times at which patients were lost from sight before an event, each once, shape (n,)."""
        return np.unique(self.followed[~self.events])

    @property
    def median(self) -> tuple[float, float, float]:
        """The time by which half of the patients had the event, and its interval; infinity where it is not reached.

        The interval holds the times at which that of the share holds one half.

        References
        ----------
        Brookmeyer & Crowley 1982, doi:10.2307/2530286.
        """
        return self._half(self.share), self._half(self.low), self._half(self.high)

    def at(self, moments: Array) -> Array:
        """Return the share without an event at moments, shape (n,)."""
        return np.asarray(self.share[np.searchsorted(self.times, moments, side="right") - 1])

    def _half(self, shares: Array) -> float:
        reached = self.times[shares <= 0.5 + 1e-12]
        return float(reached[0]) if reached.size else np.inf


def survival_estimate(times: Array, watched: Array, *, effective: float | None = None) -> Survival:
    """Return the Kaplan-Meier estimate with pointwise 95 % intervals: Greenwood's variance on the log-log scale.

    Parameters
    ----------
    times : ndarray
        shape (n_patients,), of the event; infinity: none is known of.
    watched : ndarray
        shape (n_patients,) or (), until when each patient was watched; an event after that was not seen.
    effective : float | None
        how many patients the intervals count, where some stand there several times; by default all.

    Raises
    ------
    StudyError : no patient, or a time below 0.

    References
    ----------
    Kaplan & Meier 1958, doi:10.1080/01621459.1958.10501452; Kalbfleisch & Prentice 2002,
    doi:10.1002/9781118032985 (section 1.4: the log-log scale, on which an interval stays within 0 and 1).
    """
    from scipy.stats import CensoredData, ecdf  # heavy

    last = np.broadcast_to(np.asarray(watched, float), times.shape)
    if not times.size or (times < 0).any() or (last < 0).any() or not np.isfinite(np.minimum(times, last)).all():
        raise StudyError("time to event: it needs patients, each with a time from 0 on and an end of being watched")
    events, followed = times <= last, np.minimum(times, last)
    estimate = ecdf(CensoredData(uncensored=followed[events], right=followed[~events])).sf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the interval is undefined where all or none are left
        limits = estimate.confidence_interval(LEVEL, method="log-log")
    share, moments = np.asarray(estimate.probabilities, float), np.asarray(estimate.quantiles, float)
    ends: Any = limits  # the stubs take them for numbers
    low, high = (np.array(end.probabilities, float) for end in (ends.low, ends.high))
    low, high = (_as_of(effective / times.size, share, edge) if effective else edge for edge in (low, high))
    low[share == 1], high[share == 1] = 1.0, 1.0
    return Survival(
        followed=followed,
        events=events,
        times=np.concatenate([[0.0], moments]),
        share=np.concatenate([[1.0], share]),
        low=np.concatenate([[1.0], low]),
        high=np.concatenate([[1.0], high]),
    )


def _as_of(part: float, share: Array, edge: Array) -> Array:
    """Return an end of an interval as it would be if only a part of the patients stood behind it.

    On the log-log scale the interval reaches as far as the standard error, so as 1/sqrt(part).
    """
    with np.errstate(all="ignore"):
        middle = np.log(-np.log(share))
        return np.asarray(np.exp(-np.exp(middle + (np.log(-np.log(edge)) - middle) / np.sqrt(part))))
