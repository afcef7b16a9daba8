"""What a steady state is called, from its eigenvalues, and whether the model agrees when it is integrated on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.dynamics.system import Autonomous, in_own_time
from immunode.solve import solve

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

KINDS = (
    "stable node", "stable spiral", "saddle", "unstable node", "unstable spiral", "center", "not hyperbolic",
)  # fmt: skip
ZERO = 1e-9
"""A real part below this part of the fastest rate is 0."""
NUDGE, GROWTH = 1e-5, 10.0
"""A state is nudged by this part of its size, and followed until the nudge should be ten times as large or small."""
AGREES = 0.05
"""How far that may be off, as a part: what is left of nonlinearity and of the solver's error."""


def eigenvalues(jacobian: Array) -> Complex:
    """Return eigenvalues (n, n_free), the slowest to decay or fastest to grow first; NaN where the Jacobian is.

    jacobian : shape (n, n_free, n_free).
    """
    n, size, _ = jacobian.shape
    values = np.full((n, size), np.nan + 0j)
    good = np.isfinite(jacobian).all(axis=(1, 2))
    if good.any():
        roots = np.linalg.eigvals(jacobian[good]).astype(complex)
        order = np.lexsort((-roots.imag, -roots.real), axis=1)
        values[good] = np.take_along_axis(roots, order, axis=1)
    return values


def kind_of(values: Complex) -> str:
    """Return the name of a steady state with these eigenvalues (n_free,), the leading one first.

    Spiral or node is what is seen in the end: the leading eigenvalue decides.
    """
    scale = float(np.max(np.abs(values), initial=0.0))
    if not np.isfinite(scale) or scale == 0:
        return "not hyperbolic"
    real, turning = values.real, np.abs(values.imag) > ZERO * scale
    still = np.abs(real) <= ZERO * scale
    if still.any():
        return "center" if len(values) == 2 and still.all() and turning.all() else "not hyperbolic"
    if (real > 0).all():
        return "unstable spiral" if turning[0] else "unstable node"
    if (real > 0).any():
        return "saddle"
    return "stable spiral" if turning[0] else "stable node"


def verify(system: Autonomous, values: Array, sums: Array, y: Array, size: Array, engine: str) -> NDArray[np.bool_]:
    """Return whether integrating on from beside each steady state does what its leading eigenvalue says.

    A nudge along the leading eigenvector must grow or shrink ten-fold in the time ln(10)/|real part|. What is neither
    growing nor shrinking is not verified.
    values : (n_values, n).   sums : (n_totals, n).   y, size : (n_moving, n).
    """
    n = y.shape[1]
    c = system.prepare(values)
    jacobian = system.reduced_slopes(y[system.reduction.free], sums, c)
    span = np.zeros(n)
    nudged = y.copy()
    left = np.zeros((n, system.n_free), dtype=complex)
    for k in range(n):
        if not np.isfinite(jacobian[k]).all():
            continue
        lead, direction, dual = _leading(jacobian[k])
        if abs(lead.real) <= ZERO * max(abs(lead), float(np.abs(jacobian[k]).max())):
            continue
        full = system.reduction.spread(direction[:, None], np.zeros((len(sums), 1)))[:, 0]
        step = NUDGE / np.max(np.abs(full) / size[:, k])
        inward = full if (y[:, k] + step * full >= 0).all() else -full
        nudged[:, k] += step * inward
        span[k], left[k] = np.log(GROWTH) / abs(lead.real), dual
    fine = np.flatnonzero(span > 0)
    agreed = np.zeros(n, dtype=bool)
    if not fine.size:
        return agreed
    timed = in_own_time(system)
    given = system.whole(nudged[:, fine])
    rows = np.concatenate([values[:, fine], span[None, fine]])
    # the nudge itself must be resolved: far below it, in each state
    atol = np.full((len(given), fine.size), 1.0)
    atol[system.reduction.moving] = NUDGE * 1e-5 * size[:, fine]
    batch = solve(timed, rows, times=[1.0], initial=given, engine=engine, rtol=1e-11, atol=atol)
    after = batch.y[0][system.reduction.moving]
    free = system.reduction.free
    before = np.abs(np.sum(left[fine].T * (nudged[:, fine] - y[:, fine])[free], axis=0))
    now = np.abs(np.sum(left[fine].T * (after - y[:, fine])[free], axis=0))
    with np.errstate(all="ignore"):
        ratio = now / before
        real = eigenvalues(jacobian[fine])[:, 0].real
        expected = np.where(real > 0, GROWTH, 1 / GROWTH)
        agreed[fine] = (np.asarray(batch.status) == 0) & (np.abs(np.log(ratio / expected)) < AGREES * np.log(GROWTH))
    return agreed


def _leading(jacobian: Array) -> tuple[complex, Array, Complex]:
    """Return the leading eigenvalue, a real direction in its eigenspace, and its left eigenvector."""
    values, vectors = np.linalg.eig(jacobian)
    i = int(np.lexsort((-values.imag, -values.real))[0])
    duals, left = np.linalg.eig(jacobian.T)
    j = int(np.argmin(np.abs(duals - values[i])))
    return complex(values[i]), np.real(vectors[:, i]), np.asarray(left[:, j], dtype=complex)
