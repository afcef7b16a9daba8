"""Rhythms that are too quick for a picture: a band from lowest to highest, and the mean, instead of a solid block."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from immunode.plot.kit.arrays import Array

CLOSE = 1.1
"""Periods narrower than this, in widths of the line, run together."""
_SEEN = 0.02
"""Least swing that counts, as a part of the range of the values."""
_MOST_APART = 6
"""Periods of a rhythm are at least so many."""
_SAMPLES = 16
"""Samples that lowest, mean and highest are taken from, at least."""

WORDS = "pale: a rhythm too quick to draw, from its lowest to its highest; line: its mean"


@dataclass(frozen=True, slots=True)
class Envelope:
    """A quick rhythm. times, low, mean, high : shape (n,)."""

    times: Array
    low: Array
    mean: Array
    high: Array


def envelope(t: Array, y: Array, room: float, line: float) -> Envelope | None:
    """Return the envelope of a curve whose swings would run together; None where it can be drawn as it is.

    t, y : ndarray, shape (n_times,).   room : width of the axes in points.   line : width of the line in points.
    """
    good = np.isfinite(y)
    if good.sum() < 4 * _MOST_APART:
        return None
    times, values = t[good], y[good]
    peaks = _peaks(values)
    span = float(times[-1] - times[0])
    if peaks.size < _MOST_APART or span <= 0:
        return None
    period = float(np.median(np.diff(times[peaks])))
    if period / span * room > CLOSE * line:
        return None
    # windows of whole periods, an even number so that half a window at either end has whole ones too
    wide = 2 * math.ceil(_SAMPLES / 2 / max(period / span * times.size, 1.0)) * period
    middle = np.linspace(times[0], times[-1], max(int(room / line), 4))
    left, right = np.maximum(middle - wide / 2, times[0]), np.minimum(middle + wide / 2, times[-1])
    first, last = np.searchsorted(times, left, side="left"), np.searchsorted(times, right, side="right")
    low, high = (np.array([pick(values[a:b]) for a, b in zip(first, last, strict=True)]) for pick in (np.min, np.max))
    mean = (area_until(right, times, values) - area_until(left, times, values)) / (right - left)
    return Envelope(middle, low, mean, high)


def _peaks(values: Array) -> Array:
    """Return where a curve turns from rising to falling by more than what the eye overlooks."""
    least = _SEEN * float(np.ptp(values))
    peaks: list[int] = []
    top = bottom = 0
    rising = True
    for i, value in enumerate(values.tolist()):
        if rising:
            if value >= values[top]:
                top = i
            elif values[top] - value > least:
                peaks.append(top)
                rising, bottom = False, i
        elif value <= values[bottom]:
            bottom = i
        elif value - values[bottom] > least:
            rising, top = True, i
    return np.array(peaks, dtype=int)


def averaged(edges: Array, t: Array, y: Array) -> Array:
    """Return the mean of a curve between neighboring edges, NaN beyond its last finite value.

    So a rhythm quicker than the picture can show has its mean, and no stripes that are not there.

    edges : ndarray, shape (n + 1,).   t, y : ndarray, shape (n_times,); the result has the shape (n,).
    """
    good = np.isfinite(y)
    if not good.any():
        return np.full(edges.size - 1, np.nan)
    t, y = t[good], y[good]
    means = np.diff(area_until(edges, t, y)) / np.diff(edges)
    return np.where(edges[1:] <= t[-1] + 1e-9 * abs(t[-1]), means, np.nan)


def area_until(times: Array, t: Array, y: Array) -> Array:
    """Return the area under a curve from its first time until others. t, y : ndarray, shape (n_times,), finite."""
    area = np.concatenate([[0.0], np.cumsum(np.diff(t) * (y[1:] + y[:-1]) / 2)])
    # the whole pieces before, and a part of the straight one that the time lies on
    last = np.clip(np.searchsorted(t, times, side="right") - 1, 0, max(t.size - 2, 0))
    after = np.minimum(last + 1, t.size - 1)
    width = np.where(t[after] > t[last], t[after] - t[last], 1.0)
    past = np.clip(times - t[last], 0.0, t[after] - t[last])
    return np.asarray(area[last] + past * (y[last] + (y[after] - y[last]) * past / width / 2))
