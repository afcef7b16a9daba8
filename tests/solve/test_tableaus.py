"""The coefficients satisfy the conditions that the papers state for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from math import prod

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.solve.eighth_order.tableau import DOP853, POWERS
from immunode.solve.tableaus import RODAS5P, TSIT5

Array = NDArray[np.float64]
Tree = tuple["Tree", ...]
# Coefficients have 16 digits; sums of products of entries up to 100 lose a few of them.
EXACT = 1e-12


@lru_cache(maxsize=16)
def trees(order: int) -> tuple[Tree, ...]:
    """All rooted trees with `order` nodes (Hairer, Norsett & Wanner 1993, II.2)."""
    smaller = [t for n in range(1, order) for t in trees(n)]

    def branches(nodes: int, first: int) -> Iterator[Tree]:
        if not nodes:
            yield ()
        for i in range(first, len(smaller)):
            if size(smaller[i]) <= nodes:
                yield from ((smaller[i], *rest) for rest in branches(nodes - size(smaller[i]), i))

    return tuple(branches(order - 1, 0))


def size(tree: Tree) -> int:
    return 1 + sum(size(t) for t in tree)


def density(tree: Tree) -> int:
    return size(tree) * prod(density(t) for t in tree)


def weight(tree: Tree, a: Array, b: Array) -> Array:
    """Elementary weight of each stage; `b` replaces `a` below nodes with one branch (Rosenbrock methods)."""
    if not tree:
        return np.ones(len(a))
    matrix = b if len(tree) == 1 else a
    return np.asarray(np.prod([matrix @ weight(t, a, b) for t in tree], axis=0))


def defect(weights: Callable[[float], Array], a: Array, b: Array, order: int, x: float = 1.0) -> float:
    """Largest violation of the conditions of `order` by the solution at fraction x of the step."""
    found = [weights(x) @ weight(t, a, b) - x**order / density(t) for t in trees(order)]
    return float(np.max(np.abs(found)))


def square(rows: tuple[tuple[float, ...], ...]) -> Array:
    n = len(rows) + 1
    return np.array([[0.0] * n, *([*row, *[0.0] * (n - len(row))] for row in rows)])


A = square(TSIT5.a)


def tsit5(x: float) -> Array:
    """Weights of the slopes in the continuous extension of Tsit5."""
    b = A[-1]
    first, last = np.eye(7)[0], np.eye(7)[-1]
    bend = first + last - 2 * b
    cubic = x * (first + x * (b - first - (1 - x) * bend))
    return np.asarray(cubic + x**2 * (1 - x) ** 2 * np.array(TSIT5.quartic))


def rosenbrock() -> tuple[Array, Array, Callable[[float], Array]]:
    """alpha, beta and the weights of the textbook form of Rodas5P, from the form that is stored."""
    gamma = np.linalg.inv(np.eye(8) / RODAS5P.gamma - square(RODAS5P.c))
    alpha = square(RODAS5P.a) @ gamma
    last = np.array([*RODAS5P.a[-1], 1.0])

    def weights(x: float) -> Array:
        d1, d2, d3 = np.array(RODAS5P.dense)
        return np.asarray((x * (last + (1 - x) * (d1 + x * (d2 + x * d3)))) @ gamma)

    return alpha, alpha + gamma, weights


def test_there_are_seventeen_conditions_up_to_order_five() -> None:
    assert [len(list(trees(n))) for n in range(1, 6)] == [1, 1, 2, 4, 9]


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_tsit5_has_order_five(order: int) -> None:
    assert defect(tsit5, A, A, order) < EXACT


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("x", [0.1, 0.5, 0.83])
def test_tsit5_has_order_four_inside_the_step(order: int, x: float) -> None:
    assert defect(tsit5, A, A, order, x) < EXACT


def test_tsit5_estimates_the_error_with_a_solution_of_order_four() -> None:
    def other(x: float) -> Array:
        return np.asarray(tsit5(x) - np.array(TSIT5.error))

    assert max(defect(other, A, A, order) for order in (1, 2, 3, 4)) < EXACT
    assert defect(other, A, A, 5) > 1e-4


def test_tsit5_ends_with_the_slope_of_the_next_step() -> None:
    assert TSIT5.nodes[-2:] == (1.0, 1.0)
    assert pytest.approx(A.sum(axis=1)[1:], abs=1e-14) == TSIT5.nodes


def test_tsit5_is_stable_up_to_its_real_limit() -> None:
    def growth(z: float) -> float:
        return float(abs(1 + z * A[-1] @ np.linalg.solve(np.eye(7) - z * A, np.ones(7))))

    assert growth(-TSIT5.real_limit) < 1 < growth(-TSIT5.real_limit - 0.02)
    assert all(growth(-z) < 1 for z in np.linspace(0.1, TSIT5.real_limit, 30))


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_rodas5p_has_order_five(order: int) -> None:
    alpha, beta, weights = rosenbrock()
    assert defect(weights, alpha, beta, order) < EXACT


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("x", [0.1, 0.5, 0.83])
def test_rodas5p_has_order_four_inside_the_step(order: int, x: float) -> None:
    alpha, beta, weights = rosenbrock()
    assert defect(weights, alpha, beta, order, x) < 10 * EXACT


def test_rodas5p_estimates_the_error_with_a_solution_of_order_four() -> None:
    alpha, beta, weights = rosenbrock()
    gamma = beta - alpha

    def other(x: float) -> Array:
        return np.asarray(weights(x) - gamma[-1])

    assert max(defect(other, alpha, beta, order) for order in (1, 2, 3, 4)) < EXACT
    assert defect(other, alpha, beta, 5) > 1e-4


def test_rodas5p_knows_its_times() -> None:
    alpha, beta, _ = rosenbrock()
    assert pytest.approx(alpha.sum(axis=1), abs=EXACT) == RODAS5P.nodes
    assert pytest.approx((beta - alpha).sum(axis=1), abs=EXACT) == RODAS5P.times


def test_rodas5p_is_l_stable() -> None:
    _, beta, weights = rosenbrock()

    def growth(z: complex) -> float:
        return float(abs(1 + z * weights(1.0) @ np.linalg.solve(np.eye(8) - z * beta, np.ones(8))))

    assert growth(-1e10) < 1e-8
    assert max(growth(1j * y) for y in np.logspace(-2, 4, 200)) < 1 + 1e-9


def test_error_inside_a_step_of_rodas5p_has_its_stored_shape_where_a_state_follows_at_once() -> None:
    """z = x^3/(1 + x) as the limit of a fast state, x' = -x: what a fit by the shape leaves is below a tenth."""
    fast, h, x0 = 1e9, 0.1, 2.0
    y = np.array([x0, x0**3 / (1 + x0)])
    k: list[Array] = []
    jacobian = np.array([[-1.0, 0.0], [fast * (3 * x0**2 - y[1]), -fast * (1 + x0)]])
    matrix = np.eye(2) / (h * RODAS5P.gamma) - jacobian
    a, c = square(RODAS5P.a), square(RODAS5P.c)
    for i in range(8):
        u = y + sum((a[i, j] * k[j] for j in range(i)), np.zeros(2))
        slope = np.array([-u[0], fast * (u[0] ** 3 - (1 + u[0]) * u[1])])
        k.append(np.linalg.solve(matrix, slope + sum((c[i, j] * k[j] for j in range(i)), np.zeros(2)) / h))
    end = u + k[-1]
    d1, d2, d3 = np.array(RODAS5P.dense) @ np.array(k)
    x = np.linspace(0, 1, 51)
    inside = (1 - x) * y[1] + x * (end[1] + (1 - x) * (d1[1] + x * (d2[1] + x * d3[1])))
    slow = x0 * np.exp(-h * x)
    error = inside - slow**3 / (1 + slow)
    one, two = RODAS5P.shape
    shape = x * (1 - x) * (x - one) * (x - two)
    size_of = float(error @ shape / (shape @ shape))
    assert np.abs(error - size_of * shape).max() < 0.1 * np.abs(error).max()


EIGHTH = square((*DOP853.a, *DOP853.more))


def eighth(x: float) -> Array:
    """Weights of the slopes in the continuous extension of DOP853."""
    solution = np.array([*DOP853.a[-1], 0.0, 0.0, 0.0, 0.0])
    first, last = np.eye(16)[0], np.eye(16)[12]
    parts = [solution, first - solution, 2 * solution - first - last, *np.array(DOP853.dense)]
    powers = x ** np.arange(1, 8)
    return np.asarray(np.array(POWERS).T @ powers @ np.array(parts))


@pytest.mark.parametrize("order", range(1, 9))
def test_dop853_has_order_eight(order: int) -> None:
    assert len(list(trees(8))) == 115
    # weights up to 100 in a few stages
    assert defect(eighth, EIGHTH, EIGHTH, order) < EXACT


def test_dop853_has_no_order_nine() -> None:
    assert defect(eighth, EIGHTH, EIGHTH, 9) > 1e-6


@pytest.mark.parametrize("x", [0.1, 0.5, 0.83])
def test_dop853_has_order_seven_inside_the_step(x: float) -> None:
    assert max(defect(eighth, EIGHTH, EIGHTH, order, x) for order in range(1, 8)) < EXACT
    assert defect(eighth, EIGHTH, EIGHTH, 8, x) > 1e-8


def test_the_states_inside_a_step_of_dop853_join_smoothly() -> None:
    small = 1e-6
    assert eighth(0.0) == pytest.approx(np.zeros(16))
    assert (eighth(small) - eighth(0.0)) / small == pytest.approx(np.eye(16)[0], abs=1e-3)
    assert (eighth(1.0) - eighth(1.0 - small)) / small == pytest.approx(np.eye(16)[12], abs=1e-3)


@pytest.mark.parametrize(("name", "order"), [("error", 5), ("other_error", 3)])
def test_dop853_estimates_errors_with_solutions_of_orders_five_and_three(name: str, order: int) -> None:
    estimate = np.array([*getattr(DOP853, name), 0.0, 0.0, 0.0])

    def other(x: float) -> Array:
        return np.asarray(eighth(x) - estimate)

    assert max(defect(other, EIGHTH, EIGHTH, k) for k in range(1, order + 1)) < EXACT
    assert defect(other, EIGHTH, EIGHTH, order + 1) > 1e-5


def test_the_stages_of_dop853_stand_where_they_should() -> None:
    assert DOP853.nodes[-2:] == (1.0, 1.0)
    assert pytest.approx(EIGHTH.sum(axis=1)[1:], abs=1e-14) == (*DOP853.nodes, *DOP853.more_nodes)


def test_dop853_is_stable_up_to_its_real_limit() -> None:
    a = EIGHTH[:13, :13]

    def growth(z: float) -> float:
        return float(abs(1 + z * a[-1] @ np.linalg.solve(np.eye(13) - z * a, np.ones(13))))

    assert growth(-DOP853.real_limit) < 1 < growth(-DOP853.real_limit - 0.01)
    assert all(growth(-z) < 1 for z in np.linspace(0.1, DOP853.real_limit, 30))
