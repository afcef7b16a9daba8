"""The written LU solves what NumPy's solves, and keeps matrices sparse."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.program.numpy.linear import compile_linear, markowitz_order

Array = NDArray[np.float64]


def random_pattern(rng: np.random.Generator, n: int, share: float) -> tuple[tuple[int, int], ...]:
    entries = np.argwhere(rng.uniform(size=(n, n)) < share)
    return tuple((int(i), int(j)) for i, j in entries)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 12, 20])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 1.0])
def test_solution_is_that_of_numpy(n: int, share: float) -> None:
    rng = np.random.default_rng(n)
    pattern = random_pattern(rng, n, share)
    runs = 8
    j, b = rng.normal(size=(len(pattern), runs)), rng.normal(size=(n, runs))
    w = rng.uniform(2 * n, 4 * n, runs)
    linear = compile_linear(n, pattern)
    kept, x = b.copy(), np.full_like(b, np.nan)
    lu = linear.factorize(w, j)
    linear.substitute(lu, b, x)
    assert np.array_equal(b, kept)
    for run in range(runs):
        full = np.zeros((n, n))
        for k, (row, column) in enumerate(pattern):
            full[row, column] = j[k, run]
        assert x[:, run] == pytest.approx(np.linalg.solve(w[run] * np.eye(n) - full, b[:, run]), rel=1e-9, abs=1e-12)


def test_an_arrow_causes_no_fill_in_markowitz_order() -> None:
    """Full first row and column: in the order written, eliminating the first row would fill everything."""
    n = 12
    pattern = tuple(sorted({(0, i) for i in range(n)} | {(i, 0) for i in range(n)} | {(i, i) for i in range(n)}))
    assert markowitz_order(n, pattern)[-2:] == (0, 11) or markowitz_order(n, pattern)[-1] == 0
    assert compile_linear(n, pattern).nonzeros == len(pattern)


def test_a_pivot_of_zero_shows_in_the_last_entry() -> None:
    linear = compile_linear(2, ((0, 0), (1, 1)))
    with np.errstate(divide="ignore"):
        worst = linear.factorize(np.array([1.0, 1.0]), np.array([[1.0, 0.5], [0.5, 0.5]]))[-1]
    assert np.isinf(worst[0])
    assert worst[1] == 2.0


def test_one_pattern_is_compiled_once() -> None:
    assert compile_linear(3, ((0, 1),)) is compile_linear(3, ((0, 1),))
