"""Runs that fall below 0 where the system can't: an error of the steps, which more exact ones do not make.

Where two partners bind fast and one is used up, both are near 0. An error within the tolerance may take both below it,
where the product of the two is positive again and takes them further down: a branch that the equations have and that no
true run reaches. The steps there are exact, so no error estimate notices.
"""

from __future__ import annotations

import weakref

import numpy as np
from numpy.typing import NDArray

from immunode.program.numpy.functions import Functions
from immunode.solve.accuracy.rehearsal import around
from immunode.solve.engine import Request
from immunode.solve.outcome import Outcome
from immunode.solve.status import Status
from immunode.solve.step_size import RELATIVE_FLOOR, absolute_tolerance

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]

STRICTER = 1024.0
"""What tolerances of such runs are divided by."""
FAR = 10.0
"""A run has fallen below 0 where it is lower than this many tolerances."""
MOST_TIMES = 32
"""Outputs that are looked at, the last among them: what has fallen that low stays there for a while."""
SAMPLES = 32
"""States at which each rate is looked at where its own state is 0."""
DECADES = (-3.0, 1.0)
"""How far these are from the typical sizes."""
ROUNDING = 1e-9
"""A rate below 0 that is smaller than this share of its largest size is 0."""
_STIFF = frozenset({"rodas5p", "LSODA", "BDF", "Radau"})

_known: dict[int, tuple[weakref.ref[Functions], dict[object, NDArray[np.bool_]]]] = {}


def never_falls(functions: Functions, t0: float, t_end: float) -> NDArray[np.bool_]:
    """Return which states do not fall where they are 0 and none of them is below it, (n_states,); remembered.

    It is looked for at random states, around the declared values, at three times.
    """
    kept = _known.get(id(functions))
    if kept is None or kept[0]() is not functions:
        kept = _known[id(functions)] = (weakref.ref(functions), {})
    if (t0, t_end) not in kept[1]:
        with np.errstate(all="ignore"):
            kept[1][t0, t_end] = _sampled(functions, t0, t_end)
    return kept[1][t0, t_end]


def _sampled(functions: Functions, t0: float, t_end: float) -> NDArray[np.bool_]:
    program = functions.program
    n, own = len(program.states), len(program.states) - program.slopes
    rng = np.random.default_rng(0)
    begun = np.abs(functions.initial(functions.parameters(np.array(program.values, dtype=float)[:, None])))
    typical = np.array(program.typical, dtype=float)[:, None]
    size = np.where(typical > 0, typical, np.where(begun > 0, begun, 1.0))
    y = size * 10.0 ** rng.uniform(*DECADES, (n, SAMPLES))
    y[:, rng.random(SAMPLES) < 0.25] = 0.0
    flipped = rng.choice([-1.0, 1.0], (n, own * SAMPLES))
    y = np.tile(y, own)
    for state in range(own):
        y[state, state * SAMPLES : (state + 1) * SAMPLES] = 0.0
    c = functions.prepare(functions.parameters(np.tile(around(program, SAMPLES), own)))
    good, before = np.arange(n) < own, -1
    while (count := int(np.count_nonzero(good))) != before:
        before = count
        # a state that may be below 0 may take others there
        signed = np.where(good[:, None], y, y * flipped)
        for t in (t0, (t0 + t_end) / 2, t_end):
            slopes = functions.rhs(np.full(y.shape[1], t), signed, c)[:own].reshape(own, own, SAMPLES)
            mine = np.array([slopes[state, state] for state in range(own)])
            least = -ROUNDING * np.max(np.abs(slopes), axis=(1, 2), initial=0.0)
            good[:own] &= np.all(mine >= least[:, None], axis=1)
    return good


def fallen(request: Request, outcome: Outcome) -> Lanes:
    """Return the runs that are far below 0 at an output in a state that can't be, though they began above."""
    used = {outcome.method_names[k] for k in np.unique(outcome.method_index)}
    finished = np.asarray(outcome.status) == Status.OK
    if not used & _STIFF or not request.functions.program.derivatives or not finished.any():
        return np.empty(0, dtype=np.intp)
    with np.errstate(all="ignore"):
        return _low(request, outcome.y, finished)


def _low(request: Request, y: Array, finished: NDArray[np.bool_]) -> Lanes:
    functions = request.functions
    rows = np.flatnonzero(never_falls(functions, request.t0, float(request.times[-1])))
    every = max(1, len(request.times) // MOST_TIMES)
    looked_at = y[::-every]
    # most sweeps end here: of one number for all, the comparison is fast
    low_at = looked_at < -FAR * _least(request)
    if not low_at.any():
        return np.empty(0, dtype=np.intp)
    suspects: Lanes = np.flatnonzero(low_at[:, rows].any(axis=(0, 1)) & finished)
    alone, lowest = request.only(suspects), looked_at[:, :, suspects].min(axis=0)[rows]
    begun = functions.initial(functions.parameters(alone.values))
    if alone.initial is not None:
        begun = np.where(np.isnan(alone.initial), begun, alone.initial)
    atol = absolute_tolerance(functions.program, begun, request.rtol, alone.atol)[rows]
    low = lowest < -FAR * (atol - request.rtol * lowest)
    chosen: Lanes = suspects[low.any(axis=0) & (begun[rows] >= 0).all(axis=0)]
    return chosen


def _least(request: Request) -> float:
    """Return a tolerance that none of the states at 0 has a smaller one than."""
    if request.atol is not None:
        return float(np.min(request.atol))
    typical = np.array(request.functions.program.typical, dtype=float)
    return float(np.min(request.rtol * RELATIVE_FLOOR * np.maximum(typical, 0.0), initial=np.inf))
