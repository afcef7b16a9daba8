"""Curves of solutions, followed by pseudo-arclength: predict along the tangent, correct across it.

Source: Keller 1977, in Rabinowitz (ed.), Applications of Bifurcation Theory; Kuznetsov 2004, chapter 10,
doi:10.1007/978-1-4757-3978-7
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FIRST, LONGEST, SHORTEST = 0.01, 0.05, 1e-8
"""Steps along a curve, where a variable counts in its own size and a parameter in its whole range."""
TURN = 0.97
"""Least cosine of the angle between tangents of neighbors."""
DONE, FAIR = 1e-11, 1e-7
"""Newton's last step, in sizes; and what is taken where rounding allows no better."""
TRIES = 10


class Equations(ABC):
    """n equations in n + 1 unknowns z, whose solutions form curves."""

    @abstractmethod
    def residual(self, z: Array) -> Array:
        """Return the n residuals at z (n + 1,); NaN where there are none."""

    @abstractmethod
    def derivative(self, z: Array) -> Array:
        """Return the Jacobian (n, n + 1) at z."""

    @abstractmethod
    def size(self, z: Array) -> Array:
        """Return the size of each unknown around z, (n + 1,), above 0."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A point on a curve: the unknowns, and the tangent in the direction of travel, of length 1 in `size`."""

    z: Array
    tangent: Array
    size: Array


def scaled(equations: Equations, z: Array, size: Array) -> Array:
    """Return the Jacobian with unknowns in units of `size` and rows of size 1."""
    matrix = equations.derivative(z) * size
    rows = np.max(np.abs(matrix), axis=1, keepdims=True)
    return np.asarray(matrix / np.where(rows > 0, rows, 1.0))


def curve_point(equations: Equations, z: Array, toward: Array | None = None) -> CurvePoint | None:
    """Return the point z with its tangent, in the direction of `toward` (n + 1,); None where it has none."""
    size = equations.size(z)
    matrix = scaled(equations, z, size)
    if not np.isfinite(matrix).all():
        return None
    unit = np.linalg.svd(matrix)[2][-1]
    if toward is not None and float(unit @ (toward / size)) < 0:
        unit = -unit
    return CurvePoint(z, unit * size, size)


def correct(equations: Equations, guess: Array, normal: Array, size: Array) -> Array | None:
    """Return the solution in the plane through `guess` across `normal` (unit, in sizes); None where Newton fails."""
    z = guess.copy()
    last = np.inf
    for _ in range(TRIES):
        residual = equations.residual(z)
        raw = equations.derivative(z) * size
        if not (np.isfinite(residual).all() and np.isfinite(raw).all()):
            return None
        rows = np.max(np.abs(raw), axis=1)
        rows = np.where(rows > 0, rows, 1.0)
        matrix = np.vstack([raw / rows[:, None], normal])
        right = np.append(residual / rows, normal @ ((z - guess) / size))
        try:
            step = -np.linalg.solve(matrix, right)
        except np.linalg.LinAlgError:
            return None
        z = z + step * size
        length = float(np.max(np.abs(step)))
        if length <= DONE:
            return z
        if length >= last and last <= FAIR:
            return z
        last = length
    return z if last <= FAIR else None


def advance(equations: Equations, here: CurvePoint, step: float) -> CurvePoint | None:
    """Return the point about `step` further on; None where it is not found nearby."""
    normal = here.tangent / here.size
    guess = here.z + step * here.tangent
    z = correct(equations, guess, normal, here.size)
    if z is None or np.max(np.abs(z - guess) / here.size) > 0.5 * abs(step) + 10 * FAIR:
        return None
    return curve_point(equations, z, here.tangent)


def follow(
    equations: Equations, start: CurvePoint, most: int, inside: Callable[[Array], bool]
) -> Iterator[tuple[CurvePoint, CurvePoint]]:
    """Yield neighbors (before, after) along a curve, until it leaves, closes, can't be followed, or has `most` points.

    inside(z) : whether the curve goes on beyond z; the last pair yielded may end outside.
    """
    here, step, done = start, FIRST, 0
    while done < most:
        there = advance(equations, here, step)
        bend = -1.0
        if there is not None:
            bend = float((there.tangent / there.size) @ (here.tangent / there.size)) / max(
                float(np.linalg.norm(here.tangent / there.size)), 1e-300
            )
        if there is None or bend < TURN:
            step *= 0.5
            if step < SHORTEST:
                return
            continue
        yield here, there
        done += 1
        if not inside(there.z):
            return
        back = (there.z - start.z) / there.size
        ahead = float((there.tangent / there.size) @ (start.tangent / start.size))
        if done > 10 and float(np.linalg.norm(back)) < step and ahead > TURN:
            return
        here = there
        if bend > 0.5 * (1 + TURN):
            step = min(1.4 * step, LONGEST)


def locate(
    equations: Equations, before: CurvePoint, after: CurvePoint, test: Callable[[CurvePoint], float]
) -> CurvePoint | None:
    """Return the point between neighbors at which `test` is 0; it has opposite signs at them."""
    from scipy.optimize import brentq

    normal = before.tangent / before.size
    length = float(normal @ ((after.z - before.z) / before.size))
    known: dict[float, CurvePoint] = {0.0: before, length: after}

    def value(step: float) -> float:
        there = known.get(step)
        if there is None:
            z = correct(equations, before.z + step * before.tangent, normal, before.size)
            there = None if z is None else curve_point(equations, z, before.tangent)
            if there is None:  # on the singular point itself: the chord is as near as can be told
                part = step / length
                there = CurvePoint(before.z + part * (after.z - before.z), before.tangent, before.size)
            known[step] = there
        return test(there)

    first, last = value(0.0), value(length)
    if not np.isfinite([first, last]).all() or first * last > 0:
        return None
    root, _ = brentq(
        value, 0.0, length, xtol=1e-15 + 1e-13 * abs(length), rtol=1e-14, maxiter=100, full_output=True, disp=False
    )
    value(float(root))
    return known[float(root)]
