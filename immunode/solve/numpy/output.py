"""Output at the requested times: from inside the steps just tried, and where lanes stand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from immunode.solve.numpy.lane_table import LaneTable
from immunode.solve.numpy.methods import Method
from immunode.solve.runs import Runs, padded

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]


def write_inside(
    block: LaneTable, runs: Runs, method: Method, times: Array, h: Array, due: Lanes, t_new: Array
) -> None:
    """Write the outputs that lie inside the steps just tried, and note which come next.

    times : (n_times + 1,), the last one infinite.   h, t_new : (width,), the steps and where they end.
    due : lanes with an output before t_new.
    """
    lanes = padded(due)
    coefficients = method.dense(lanes)
    t, size, run = block.t.take(lanes), h.take(lanes), block.run.take(lanes)
    index = block.next_out.take(lanes)
    runs.write(index, run, _states(coefficients, (block.t_out.take(lanes) - t) / size))
    index += 1
    following = times.take(index)
    ends = t_new.take(lanes)
    several = (following < ends).nonzero()[0]
    if several.size:
        first, last = index[several], times.searchsorted(ends[several])
        more = last - first
        which = padded(np.repeat(several, more))
        later = padded(np.arange(int(more.sum())) + np.repeat(first - np.cumsum(more) + more, more))
        x = (times.take(later) - t.take(which)) / size.take(which)
        runs.write(later, run.take(which), _states([c.take(which, axis=1) for c in coefficients], x))
        index[several], following[several] = last, times.take(last)
    block.next_out[lanes] = index
    block.t_out[lanes] = following


def write_here(block: LaneTable, runs: Runs, times: Array, where: Lanes) -> None:
    """Write the outputs that are due exactly where lanes stand."""
    while where.size:
        where = where[times[block.next_out[where]] <= block.t[where]]
        runs.write(block.next_out[where], block.run[where], block.y[:, where])
        block.next_out[where] += 1


def _states(coefficients: list[Array], x: Array) -> Array:
    """Return the polynomials at x, (n_states, len(x))."""
    y = coefficients[-1] * x
    for coefficient in coefficients[-2:0:-1]:
        np.add(y, coefficient, y)
        np.multiply(y, x, y)
    np.add(y, coefficients[0], y)
    return y
