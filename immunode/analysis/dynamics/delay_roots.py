"""Stability of steady states of delay equations: the leading roots of their characteristic equations.

Near a steady state x' = A x(t) + sum B_k x(t - tau_k). The derivative of a past is written as a matrix on Chebyshev
points between -max(tau) and 0, whose eigenvalues near 0 are the roots.
Source: Breda, Maset & Vermiglio 2005, doi:10.1137/030601600
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.dynamics.system import Autonomous
from immunode.program.cache import cached_program
from immunode.program.numpy.functions import compile_numpy

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

POINTS = (16, 32, 64)
"""Chebyshev points, more until the leading roots stay."""
SAME, ZERO = 1e-6, 1e-9
"""Roots that differ by less than this part of themselves are one; below this part of the fastest rate, they are 0."""
FEWEST = 2
"""A single equation has pairs of roots as well."""


def characteristic_roots(system: Autonomous, values: Array, y: Array) -> list[Complex]:
    """Return the leading characteristic roots at each of n steady states, the one with the largest real part first.

    There are as many as states and two at least, or fewer where the others can't be told from minus infinity; one NaN
    where growing ones could not be found to six digits.
    values : (n_values, n), of the model's parameters.   y : (n_moving, n), the steady states.
    """
    functions = compile_numpy(cached_program(system.model))
    program, moving = functions.program, system.reduction.moving
    assert functions.lags is not None
    n = y.shape[1]
    copies = {delay.row: k for k, delay in enumerate(program.delays)}
    place = {int(row): i for i, row in enumerate(moving)}
    states = np.zeros((len(program.states), n))
    states[moving] = y
    for delay in program.delays:
        states[delay.row] = states[delay.of]
    with np.errstate(all="ignore"):
        p = functions.parameters(values)
        entries = functions.jacobian(0.0, states, functions.prepare(p))
        lags = functions.lags(p)
    matrices = np.zeros((n, 1 + len(copies), len(moving), len(moving)))
    for (row, column, _), entry in zip(program.jacobian, entries, strict=True):
        k = 0 if column not in copies else 1 + copies[column]
        of = column if column not in copies else program.delays[copies[column]].of
        if row in place and of in place:
            matrices[:, k, place[row], place[of]] = entry
    return [_leading(matrices[i, 0], matrices[i, 1:], lags[:, i]) for i in range(n)]


def _leading(now: Array, then: Array, lags: Array) -> Complex:
    """Return the leading roots for x' = now x + sum then[k] x(t - lags[k]), at most max(n_states, 2) of them."""
    size = max(len(now), FEWEST)
    nothing = np.array([np.nan + 0j])
    longest = float(np.max(lags, initial=0.0))
    if not (np.isfinite(now).all() and np.isfinite(then).all() and np.isfinite(longest)):
        return nothing
    if longest == 0.0:
        return _sorted_eigenvalues(now + then.sum(axis=0))
    fastest = float(np.max(np.abs(now).sum(axis=1) + np.abs(then).sum(axis=(0, 2))))
    before = roots = np.full(size, np.nan + 0j)
    for n in POINTS:
        before, roots = roots, _sorted_eigenvalues(_generator(now, then, lags, longest, n))[:size]
        roots = np.where(np.abs(roots) <= ZERO * fastest, 0.0, roots)
        same = np.abs(roots - before) <= SAME * np.abs(roots)
        if same.all():
            return roots
    known = int(np.argmin(same))
    # what is not found to six digits may decay as fast as it likes, but not grow
    return roots[:known] if known and (roots[known:].real < 0).all() else nothing


def _sorted_eigenvalues(matrix: Array) -> Complex:
    roots: Complex = np.linalg.eigvals(matrix).astype(np.complex128)
    return roots[np.lexsort((-roots.imag, -roots.real))]


def _generator(now: Array, then: Array, lags: Array, longest: float, n: int) -> Array:
    """Return the matrix on n + 1 points, 0 first, of size (n + 1) n_states."""
    points: Array = np.cos(np.pi * np.arange(n + 1) / n)
    weights = np.where(np.arange(n + 1) % 2, -1.0, 1.0)
    weights[[0, -1]] *= 0.5
    gaps = points[:, None] - points[None, :] + np.eye(n + 1)
    slopes = weights[None, :] / weights[:, None] / gaps
    np.fill_diagonal(slopes, 0.0)
    np.fill_diagonal(slopes, -slopes.sum(axis=1))
    m = len(now)
    matrix = np.asarray(np.kron(slopes * (2.0 / longest), np.eye(m)), dtype=float)
    matrix[:m] = 0.0
    matrix[:m, :m] = now
    for part, lag in zip(then, lags, strict=True):
        row = _at(1.0 - 2.0 * lag / longest, points, weights)
        matrix[:m] += (part[:, None, :] * row[None, :, None]).reshape(m, -1)
    return matrix


def _at(x: float, points: Array, weights: Array) -> Array:
    """Return the weights of values at the points in the value of their polynomial at x."""
    gap = x - points
    here = np.abs(gap) < 1e-14
    if here.any():
        return here.astype(float)
    terms = weights / gap
    return np.asarray(terms / terms.sum())
