"""Tolerances, the size of the first step, and the numbers of the step controller."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from immunode.program.numpy.functions import Functions
from immunode.program.program import Program

Array = NDArray[np.float64]

GROW_MOST, SHRINK_MOST, SHRINK_NOT_FINITE = 10.0, 0.2, 0.1
LOWEST_ERROR = 1e-4
"""The controller's memory of an error is never lower than this."""
SMALLEST_SCALE = 1e-6
"""Typical size of a state that starts at 0 and declares none."""
RELATIVE_FLOOR = 1e-3
"""The default absolute tolerance is rtol times this fraction of a state's typical size."""


def absolute_tolerance(program: Program, y0: Array, rtol: float, atol: ArrayLike | None) -> Array:
    """Return the absolute tolerance of every state and run, (n_states, n_runs), in the unit of each state.

    The default is rtol * 1e-3 * s, where s is the state's `typical` size or, where that is 0, the larger of its
    absolute initial value and 1e-6: relative precision is kept down to a thousandth of the usual size. Of derivatives
    by parameters it is rtol * s: what is small beside the state over the parameter need not be precise.
    y0 : (n_states, n_runs).   atol : a number, (n_states,) or (n_states, n_runs).
    """
    if atol is not None:
        given = np.asarray(atol, dtype=float)
        if given.ndim == 1:
            given = given[:, None]
        return np.array(np.broadcast_to(given, y0.shape))
    typical = np.array(program.typical, dtype=float).reshape(-1, 1)
    size = np.where(typical > 0, typical, np.maximum(np.abs(y0), SMALLEST_SCALE))
    floor = np.full((len(size), 1), RELATIVE_FLOOR)
    floor[len(size) - program.slopes :] = 1.0
    return np.asarray(rtol * floor * size, dtype=float)


def pilot_steps(least: int, rtol: float) -> int:
    """Return how many steps a pilot run may take: `least` at 1e-6 or looser, more where all runs take more.

    Steps of a method of order 5 grow with the fifth root of the tolerance; a pilot that ends early has not seen
    the part of a run in which it is stiff.
    """
    return int(least * max(1.0, 1e-6 / rtol) ** 0.2)


@dataclass(frozen=True, slots=True)
class Controller:
    """The next step is h * safety * error**(-4 unit) * (error before)**unit, or without the last factor.

    The memory of the error before keeps an explicit method steady at its stability limit; a stiff one is better
    without. Written in fourth powers of one power, which is what costs time.
    Source: Gustafsson 1991, doi:10.1145/210232.210242; Hairer & Wanner 1996, IV.2 (exponents 0.17 and 0.04).
    """

    unit: float
    safety: float
    remembers: bool

    def constants(self, n_states: int) -> tuple[float, float, float]:
        """Return what turns sums of squares over states into factors of the step.

        start : memory of a first step.   gain, lowest : memory is gain * max(square**(unit/2), lowest).
        """
        gain = self.safety * float(n_states) ** (2.0 * self.unit)
        if not self.remembers:
            return gain, gain, 1.0
        per_state = float(n_states) ** (-0.5 * self.unit)
        lowest = LOWEST_ERROR**self.unit
        return gain * lowest, gain * per_state, lowest / per_state


EXPLICIT = Controller(unit=0.04, safety=0.9, remembers=True)
EIGHTH = Controller(unit=0.025, safety=0.9, remembers=True)
STIFF = Controller(unit=0.05, safety=0.95, remembers=False)


def root_mean_square(x: Array) -> Array:
    """Return the root mean square over states, (n_runs,), summed in the order of the states."""
    return np.asarray(np.sqrt(np.add.reduce(x * x, axis=0) / len(x)), dtype=float)


def first_step(
    functions: Functions, t: Array, y: Array, c: Array, slope: Array, scale: Array, longest: Array, order: int
) -> Array:
    """Return the size of the first step of each run, (n_runs,), at most `longest`.

    t, longest : (n_runs,).   y, slope, scale : (n_states, n_runs), scale is the tolerated error.
    Source: Hairer, Norsett & Wanner 1993, II.4.
    """
    size, speed = root_mean_square(y / scale), root_mean_square(slope / scale)
    h = np.where((size < 1e-5) | (speed < 1e-5), 1e-6, 0.01 * size / speed)
    h = np.minimum(np.where(np.isfinite(h), h, 1e-6), longest)
    ahead = functions.rhs(t + h, y + h * slope, c)
    bend = root_mean_square((ahead - slope) / scale) / h
    largest = np.maximum(speed, bend)
    step = np.where(largest <= 1e-15, np.maximum(1e-6, h * 1e-3), (0.01 / largest) ** (1.0 / order))
    # a look ahead that left the domain says that the scale is smaller still
    step = np.where(np.isfinite(step), step, 1e-3 * h)
    step = np.minimum(100.0 * h, step)
    if functions.program.triggers:
        # between events that only turn switches, or stop clocks, nothing bends: no need to feel one's way
        step = np.where(bend == 0.0, longest, step)
    return np.asarray(np.minimum(step, longest), dtype=float)
