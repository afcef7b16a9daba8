"""The least squares that ask for their points go where SciPy's go."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import optimize

from immunode.analysis.fitting.trust_region import Minimum, least_squares

Array = NDArray[np.float64]
Function = Callable[[Array], Array]


def rosenbrock(x: Array) -> Array:
    """Its minimum, (1, 1) of its own axes, lies in the middle of the box."""
    a, b = 4 * x[0] - 1, 4 * x[1] - 1
    return np.array([10 * (b - a**2), 1 - a])


def outside(x: Array) -> Array:
    """The minimum without walls lies outside of the box, so that the search ends at walls."""
    return np.array([x[0] + 0.3, 2 * (x[1] - 1.5) + x[0], np.sin(3 * x[2]) - 0.4 + 0.1 * x[1]])


def alike(x: Array) -> Array:
    """Two variables that only their sum tells: the derivatives have rank 2 of 3."""
    return np.array([x[0] + x[1] - 0.9, (x[0] + x[1]) ** 2 - 0.5, np.exp(x[2]) - 1.5, x[2] * (x[0] + x[1])])


def failing(x: Array) -> Array:
    """No numbers beyond a curve that first steps cross."""
    y = rosenbrock(x)
    return np.full(2, np.nan) if y[0] < -0.2 else y


def exponentials(x: Array) -> Array:
    """A sum of two exponentials with noise that is fixed: long narrow valley."""
    t = np.linspace(0, 1, 25)
    model = x[0] * np.exp(-10 * x[1] * t) + x[2] * np.exp(-10 * x[3] * t)
    return np.asarray(model - 0.4 * np.exp(-2 * t) - 0.5 * np.exp(-7 * t) - 0.01 * np.cos(40 * t))


def derivatives(function: Function, x: Array) -> Array:
    columns = []
    for i in range(len(x)):
        low, high = x.copy(), x.copy()
        low[i], high[i] = x[i] - 1e-6, x[i] + 1e-6
        columns.append((function(high) - function(low)) / (high[i] - low[i]))
    return np.nan_to_num(np.stack(columns, axis=1))


def searched(function: Function, start: Array, tolerance: float, most: int) -> tuple[Minimum, list[Array]]:
    """Return where our search ends, and all points that it asked for."""
    search, points = least_squares(start, tolerance, most), []
    point = next(search)
    while True:
        points.append(point)
        try:
            point = search.send((function(point), derivatives(function, point)))
        except StopIteration as end:
            return end.value, points


CASES = [(rosenbrock, 2), (outside, 3), (alike, 3), (failing, 2), (exponentials, 4)]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("function", "n"), CASES, ids=lambda one: getattr(one, "__name__", ""))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of SciPy
def test_it_visits_the_points_that_scipy_visits(function: Function, n: int, seed: int) -> None:
    """All steps to 1e-6, ends to 1e-6, tight and loose tolerances, and with the number of points limited."""
    start = np.random.default_rng(seed).uniform(0.02, 0.98, n)
    if not np.isfinite(function(start)).all():
        start = np.array([0.2, 0.3])
    for tolerance, most in ((1e-3, 60), (1e-9, 60), (1e-9, 5)):
        visited: list[Array] = []

        def noted(x: Array, visited: list[Array] = visited) -> Array:
            visited.append(x.copy())
            return function(x)

        theirs = optimize.least_squares(
            noted, start, lambda x: derivatives(function, x), bounds=(0, 1),
            ftol=tolerance, xtol=tolerance, gtol=tolerance, max_nfev=most,
        )  # fmt: skip
        ours, points = searched(function, start, tolerance, most)
        np.testing.assert_allclose(ours.x, theirs.x, atol=1e-6)
        assert ours.converged == (theirs.status > 0)
        assert len(points) == len(visited)
        np.testing.assert_allclose(points, visited, atol=1e-6)


def test_a_line_is_found_in_closed_form() -> None:
    t = np.linspace(0, 1, 9)
    y = 0.2 + 0.5 * t + 0.05 * np.sin(20 * t)
    exact = np.linalg.lstsq(np.stack([np.ones(9), t], axis=1), y, rcond=None)[0]
    found, points = searched(lambda x: x[0] + x[1] * t - y, np.array([0.9, 0.1]), 1e-9, 60)
    np.testing.assert_allclose(found.x, exact, atol=1e-8)
    assert found.converged
    assert all(((p > 0) & (p < 1)).all() for p in points)
