"""Least squares in the unit box as a generator: it yields the points it needs and is sent their residuals.

An optimizer that calls a function can't wait for the runs of other searches unless each search has a thread of its
own. This one takes the steps of SciPy's `least_squares(method="trf")`, with the same constants in the same order, so
that both visit the same points.

Source: Branch, Coleman & Li 1999, doi:10.1137/S1064827595289108; the damped step: Moré 1978, doi:10.1007/BFb0067700.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from math import copysign

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Asking = Generator[Array, tuple[Array, Array], "Minimum"]
EPS = float(np.finfo(float).eps)
EDGE = 1e-9
"""A search starts at least so far inside the box."""
LOWEST, HIGHEST = float(np.nextafter(0.0, 1.0)), float(np.nextafter(1.0, 0.0))
"""Points stay between these, strictly inside the box."""
CLOSE = 0.01
"""Relative error of the length of a damped step."""


@dataclass(frozen=True, slots=True)
class Minimum:
    """Where a minimization ended. x : shape (n,), in the unit box.   converged : a tolerance was met."""

    x: Array
    converged: bool


def least_squares(start: Array, tolerance: float, most: int) -> Asking:
    """Yield points of the unit box, shape (n,), until the sum of squared residuals no longer falls.

    Each point is answered by `send` with its residuals, (m,), and their derivatives, (m, n); residuals that are not
    finite make the next step shorter, those of the first point must be finite.

    start : shape (n,).   tolerance : of the fall of the sum, of the step and of the slope, all relative.
    most : points at most.
    """
    x = np.clip(start, EDGE, 1 - EDGE)
    region = _Region(x, *(yield x), tolerance)
    for _ in range(most - 1):
        if region.converged:
            break
        region.judge(*(yield region.propose()))
    return Minimum(region.x, region.converged)


class _Region:
    """The best point so far, and the radius within which its quadratic is trusted."""

    def __init__(self, x: Array, residuals: Array, jacobian: Array, tolerance: float) -> None:
        self.tolerance = tolerance
        self.x, self.cost = x, 0.5 * np.dot(residuals, residuals)
        self.near = _Quadratic(x, residuals, jacobian)
        with np.errstate(all="ignore"):
            self.radius = float(np.linalg.norm(x / self.near.room**0.5)) or 1.0
        self.damping = 0.0
        self.converged = self.near.slope < tolerance
        self.proposed = self.step = self.stretched = x
        self.promise = 0.0

    @np.errstate(all="ignore")
    def propose(self) -> Array:
        """Return the next point to look at."""
        inner, self.damping = self.near.damped(self.radius, self.damping)
        self.step, self.stretched, self.promise = self.near.best_step(inner, self.radius)
        self.proposed = np.clip(self.x + self.step, LOWEST, HIGHEST)
        return self.proposed

    @np.errstate(all="ignore")
    def judge(self, residuals: Array, jacobian: Array) -> None:
        """Accept or refuse the proposed point, and change the radius by how well its fall was foretold."""
        length = float(np.linalg.norm(self.stretched))
        if not np.isfinite(residuals).all():
            self.radius = 0.25 * length
            return
        cost = 0.5 * np.dot(residuals, residuals)
        fall = float(self.cost - cost)
        ratio = fall / self.promise if self.promise > 0 else float(self.promise == fall == 0)
        radius = self.radius
        if ratio < 0.25:
            radius = 0.25 * length
        elif ratio > 0.75 and length > 0.95 * self.radius:
            radius *= 2.0
        size = float(np.linalg.norm(self.x))
        settled = fall < self.tolerance * self.cost and ratio > 0.25
        still = float(np.linalg.norm(self.step)) < self.tolerance * (self.tolerance + size)
        self.converged = bool(settled or still)
        if not self.converged:
            self.damping *= self.radius / radius
            self.radius = radius
        if fall > 0:
            self.x, self.cost = self.proposed, cost
            self.near = _Quadratic(self.x, residuals, jacobian)
            self.converged = self.converged or self.near.slope < self.tolerance


class _Quadratic:
    """The sum of squares near a point, in variables stretched by their room up to the wall they move towards.

    room : shape (n,), that room, 1 for a variable that does not move.   stretch : its root.
    gradient, curvature : shape (n,), of the stretched variables; `curvature` is what the stretching adds.
    slope : largest derivative, each times its room.
    """

    @np.errstate(all="ignore")
    def __init__(self, x: Array, residuals: Array, jacobian: Array) -> None:
        from scipy.linalg import svd

        self.x = x
        slope = jacobian.T.dot(residuals)
        self.room = np.where(slope < 0, 1.0 - x, np.where(slope > 0, x, 1.0))
        self.slope = float(np.linalg.norm(slope * self.room, ord=np.inf))
        self.stretch = self.room**0.5
        self.gradient = self.stretch * slope
        self.curvature = np.abs(slope)
        rows, n = jacobian.shape
        both = np.empty((rows + n, n))
        both[:rows] = jacobian * self.stretch
        both[rows:] = np.diag(self.curvature**0.5)
        self.jacobian = both[:rows]
        left, self.singular, right = svd(both, full_matrices=False)
        self.right = right.T
        self.seen = left.T.dot(np.concatenate([residuals, np.zeros(n)]))
        self.inset = max(0.995, 1 - self.slope)

    def damped(self, radius: float, damping: float) -> tuple[Array, float]:
        """Return the minimum within a radius, of stretched variables, and the damping that leads there."""
        s, rows = self.singular, len(self.jacobian)
        weighted = s * self.seen
        full = rows >= len(s) and s[-1] > EPS * rows * s[0]
        if full:
            step = -self.right.dot(self.seen / s)
            if np.linalg.norm(step) <= radius:
                return step, 0.0

        def excess(alpha: float) -> tuple[float, float]:
            divisor = s**2 + alpha
            length = float(np.linalg.norm(weighted / divisor))
            return length - radius, -float(np.sum(weighted**2 / divisor**3)) / length

        high, low = float(np.linalg.norm(weighted)) / radius, 0.0
        if full:
            value, derivative = excess(0.0)
            low = -value / derivative
        alpha = damping if full or damping != 0 else max(0.001 * high, (low * high) ** 0.5)
        for _ in range(10):
            if alpha < low or alpha > high:
                alpha = max(0.001 * high, (low * high) ** 0.5)
            value, derivative = excess(alpha)
            high = alpha if value < 0 else high
            ratio = value / derivative
            low = max(low, alpha - ratio)
            alpha -= (value + radius) * ratio / radius
            if abs(value) < CLOSE * radius:
                break
        step = -self.right.dot(weighted / (s**2 + alpha))
        step *= radius / np.linalg.norm(step)  # never outside of the radius
        return step, alpha

    def best_step(self, inner: Array, radius: float) -> tuple[Array, Array, float]:
        """Return the step to take, the same of stretched variables, and the fall that the quadratic promises.

        Where `inner` leaves the box the best of three goes: up to the wall, reflected there, or down the gradient.
        """
        d = self.stretch
        outer = d * inner
        goal = self.x + outer
        if np.all((goal >= 0) & (goal <= 1)):
            return outer, inner, -self.value(inner)
        share, walls = _to_wall(self.x, outer)
        mirrored = np.where(walls, -inner, inner)
        inner, outer = inner * share, outer * share
        reflected, reflected_value = self._reflected(inner, outer, mirrored, share, radius)
        inner, outer = inner * self.inset, outer * self.inset
        value = self.value(inner)
        down = -self.gradient
        fit = radius / float(np.linalg.norm(down))
        wall, _ = _to_wall(self.x, d * down)
        a, b, _ = self.along(down)
        length, down_value = _lowest(a, b, 0.0, 0.0, self.inset * wall if wall < fit else fit)
        if value < reflected_value and value < down_value:
            return outer, inner, -value
        if reflected_value < value and reflected_value < down_value:
            return reflected * d, reflected, -reflected_value
        return d * down * length, down * length, -down_value

    def _reflected(
        self, inner: Array, outer: Array, mirrored: Array, share: float, radius: float
    ) -> tuple[Array, float]:
        """Return the best step that goes on from the wall in the mirrored direction, and the quadratic there."""
        fit = _to_sphere(inner, mirrored, radius)
        wall, _ = _to_wall(self.x + outer, self.stretch * mirrored)
        length = min(wall, fit)
        if not length > 0:
            return inner, np.inf
        least = (1 - self.inset) * share / length
        longest = self.inset * wall if length == wall else fit
        if least > longest:
            return inner, np.inf
        a, b, c = self.along(mirrored, inner)
        length, value = _lowest(a, b, c, least, longest)
        return mirrored * length + inner, value

    def value(self, step: Array) -> float:
        """Return the change of half the sum of squares by a step of stretched variables."""
        change = self.jacobian.dot(step)
        square = np.dot(change, change) + np.dot(step * self.curvature, step)
        return float(0.5 * square + np.dot(step, self.gradient))

    def along(self, direction: Array, start: Array | None = None) -> tuple[float, float, float]:
        """Return a, b and c of the quadratic a t^2 + b t + c at `start` + t * `direction`."""
        v = self.jacobian.dot(direction)
        a = 0.5 * (np.dot(v, v) + np.dot(direction * self.curvature, direction))
        b = np.dot(self.gradient, direction)
        if start is None:
            return float(a), float(b), 0.0
        u = self.jacobian.dot(start)
        b = b + np.dot(u, v) + np.dot(start * self.curvature, direction)
        c = 0.5 * np.dot(u, u) + np.dot(self.gradient, start) + 0.5 * np.dot(start * self.curvature, start)
        return float(a), float(b), float(c)


def _to_wall(x: Array, direction: Array) -> tuple[float, NDArray[np.bool_]]:
    """Return how many times a direction fits between a point and the walls of the box, and which walls it meets."""
    times = np.full(len(x), np.inf)
    moves = direction != 0
    times[moves] = np.maximum(-x[moves] / direction[moves], (1.0 - x[moves]) / direction[moves])
    least = float(np.min(times))
    return least, (times == least) & moves


def _to_sphere(x: Array, direction: Array, radius: float) -> float:
    """Return how many times a direction fits between a point inside a sphere around 0 and its surface."""
    a, b = np.dot(direction, direction), np.dot(x, direction)
    c = min(np.dot(x, x) - radius**2, 0.0)
    q = -(b + copysign(np.sqrt(b * b - a * c), b))  # keeps digits where both roots differ much
    return float(max(q / a, c / q))


def _lowest(a: float, b: float, c: float, low: float, high: float) -> tuple[float, float]:
    """Return where a t^2 + b t + c is least between `low` and `high`, and its value there."""
    places = [low, high]
    if a != 0 and low < -0.5 * b / a < high:
        places.append(-0.5 * b / a)
    values = [t * (a * t + b) + c for t in places]
    least = int(np.argmin(values))
    return places[least], values[least]
