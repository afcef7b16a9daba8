"""How much more exact than asked for the steps must be, so that whole runs are as exact as asked for.

A method keeps the error of each step below the tolerance. What comes of it at the end is up to the system: a wave, a
front or a growth from little carries a small error on to a large one. So runs around the declared values are made at
the tolerances asked for and at tighter ones, and those are taken at which the next tighter ones change nothing much.
It depends on the program, the span of time and the tolerances only, never on the runs of a sweep.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from immunode.program.program import Program
from immunode.solve.engine import Request
from immunode.solve.step_size import absolute_tolerance, pilot_steps

Array = NDArray[np.float64]
Rehearse = Callable[[Request, Sequence[float]], list[Array]]
"""Makes the runs of a request once for each of some factors that tolerances are divided by, and returns their states,
(n_times, n_states, n_runs)."""

RUNS, NEARBY = 16, 0.2
LOOKS = 128
"""Times at which the runs are compared; the end alone where no other is asked for."""
CLOSER = 4.0
"""What stands for the exact solution is made with tolerances so many times tighter."""
MOST = 256.0
"""Errors that grow more need more exact methods of another kind, or are no errors of a solver: near a border between
two fates, or where rhythms drift apart, no tolerance helps."""
LIMIT = 2.0
"""Largest error of the runs compared, in tolerances: less than half of what is promised, for other runs err by more."""
FINEST = 1e-13
"""No relative tolerance is made tighter than this."""


def around(program: Program, n: int) -> Array:
    """Return the declared values and, since they may be a steady state, others near them, (n_values, n)."""
    values = np.array(program.values, dtype=float)
    factors = np.exp(NEARBY * np.random.default_rng(0).uniform(-1.0, 1.0, (len(values), n)))
    factors[:, 0] = 1.0
    return np.asarray(values[:, None] * factors)


def stricter(request: Request, factor: float) -> Request:
    """Return a request with all tolerances divided by a factor."""
    if factor == 1.0:
        return request
    atol = None if request.atol is None else np.asarray(request.atol, dtype=float) / factor
    return replace(request, rtol=request.rtol / factor, atol=atol)


def factor_needed(asked: Request, max_steps: int, run: Rehearse, once: bool = False) -> float:
    """Return what the tolerances are to be divided by.

    asked : by the user.   max_steps : of runs around the declared values.   run : makes them with the method chosen.
    once : whether what is meant to be enough is taken without a look at what comes of it.
    """
    looks = LOOKS if len(asked.times) > 1 or asked.listener is not None else 1
    pilot = replace(
        asked,
        values=around(asked.functions.program, RUNS),
        times=np.linspace(asked.t0, float(asked.times[-1]), looks + 1)[1:],
        initial=None,
        atol=None if asked.atol is None or np.ndim(asked.atol) == 2 else asked.atol,
        max_steps=pilot_steps(max_steps, asked.rtol),
        on_jump=None,
        listener=None,
    )
    most = min(MOST, 2.0 ** math.floor(math.log2(max(1.0, pilot.rtol / FINEST))))
    made: dict[float, Array] = {}

    def error(factor: float) -> float:
        new = [one for one in (factor, CLOSER * factor) if one not in made]
        made.update(zip(new, run(pilot, new), strict=True))
        return _largest(pilot, made[factor], made[CLOSER * factor]) * CLOSER / (CLOSER - 1.0)

    taken = 1.0
    while taken < most and (found := error(taken)) > LIMIT:
        # errors are about proportional to the tolerances
        taken = min(most, taken * 2.0 ** math.ceil(math.log2(found / LIMIT)))
        if once:
            break
    return taken


def in_words(factor: float) -> str:
    """Return what to add to the reason of a method."""
    return "" if factor == 1.0 else f"; tolerances of its steps are divided by {factor:g}, for errors grow"


def _largest(pilot: Request, y: Array, exact: Array) -> float:
    """Return the largest difference of states, in tolerances, of the runs that any tolerance can help."""
    program = pilot.functions.program
    own = len(program.states) - program.slopes
    begun = pilot.functions.initial(pilot.functions.parameters(pilot.values))
    scale = absolute_tolerance(program, begun, pilot.rtol, pilot.atol) + pilot.rtol * np.abs(exact)
    with np.errstate(all="ignore"):
        error = (np.abs(y - exact) / scale)[:, :own]
    # where a run has ended nothing is compared
    worst = np.max(np.nan_to_num(error, nan=0.0, posinf=0.0), axis=(0, 1), initial=0.0)
    return float(np.max(worst[worst < LIMIT * MOST], initial=0.0))
