"""What changes sign at a fold, a branch point or a Hopf point, and the second curve through a branch point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.dynamics.arclength import CurvePoint, Equations, advance, scaled
from immunode.analysis.dynamics.stability import eigenvalues
from immunode.analysis.dynamics.system import Autonomous

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class BifurcationPoint:
    """A point at which the number or the stability of states changes.

    Attributes
    ----------
    kind : str
        "fold", "transcritical", "pitchfork", "branch point" (of another form) or "Hopf".
    parameter : float
        value of the parameter there.
    values : Mapping[str, float]
        state -> value.
    eigenvalues : tuple[complex, ...]
        leading one first.
    period : float
        of the cycles born at a Hopf point, in the model's time unit; NaN for the others.
    branch : int
        number of the branch on which it was found.
    """

    kind: str
    parameter: float
    values: Mapping[str, float]
    eigenvalues: tuple[complex, ...]
    period: float
    branch: int


class SteadyEquations(Equations):
    """The field of the free states is 0; unknowns are the free states and one parameter (its logarithm if `log`).

    values : (n_values, 1), the other parameters.   sums : (n_totals,) that hold, or None for those of the start.
    """

    def __init__(
        self, system: Autonomous, values: Array, row: int, ends: tuple[float, float], log: bool, sums: Array | None
    ) -> None:
        self.system, self.values, self.row, self.log, self.sums = system, values, row, log, sums
        self.ends = (float(np.log(ends[0])), float(np.log(ends[1]))) if log else ends
        self.span = self.ends[1] - self.ends[0]
        self.typical = system.size(values)[system.reduction.free, 0]

    def parameter(self, z: Array) -> float:
        """Return the parameter's value at z."""
        return float(np.exp(z[-1]) if self.log else z[-1])

    def unknown(self, value: float) -> float:
        """Return how the parameter stands among the unknowns."""
        return float(np.log(value)) if self.log else float(value)

    def lanes(self, unknown: Array) -> tuple[Array, Array]:
        """Return prepared values (n_prepared, n) and conserved sums (n_totals, n) for unknowns (n,)."""
        values = np.repeat(self.values, len(unknown), axis=1)
        values[self.row] = np.exp(unknown) if self.log else unknown
        start = self.system.start(values)
        sums = self.system.sums(start) if self.sums is None else np.repeat(self.sums[:, None], len(unknown), axis=1)
        return self.system.prepare(values), sums

    def states(self, z: Array) -> Array:
        """Return the moving states (n_moving,) at z."""
        _, sums = self.lanes(z[-1:])
        return np.asarray(self.system.reduction.spread(z[:-1, None], sums)[:, 0])

    def residual(self, z: Array) -> Array:
        """Return the rates of change of the free states, (n_free,)."""
        c, sums = self.lanes(z[-1:])
        return self.system.reduced_field(z[:-1, None], sums, c)[:, 0]

    def jacobian(self, z: Array) -> Array:
        """Return the Jacobian of the free states, (n_free, n_free)."""
        c, sums = self.lanes(z[-1:])
        return np.asarray(self.system.reduced_slopes(z[:-1, None], sums, c)[0])

    def derivative(self, z: Array) -> Array:
        """Return the Jacobian by states and parameter; the last column is a fourth-order difference."""
        h = 1e-4 * max(self.span, 1e-2 * abs(float(z[-1])))
        c, sums = self.lanes(z[-1] + h * np.array([-2.0, -1.0, 1.0, 2.0]))
        x = np.repeat(z[:-1, None], 4, axis=1)
        f = self.system.reduced_field(x, sums, c)
        column = (f[:, 0] - 8 * f[:, 1] + 8 * f[:, 2] - f[:, 3]) / (12 * h)
        return np.column_stack([self.jacobian(z), column])

    def size(self, z: Array) -> Array:
        """Return sizes: the states' own, but not below a hundredth of the typical, and the parameter's range."""
        return np.append(np.abs(z[:-1]) + 1e-2 * self.typical, self.span)

    def eigenvalues(self, z: Array) -> Complex:
        """Return the eigenvalues at z, (n_free,), leading one first."""
        return np.asarray(eigenvalues(self.jacobian(z)[None])[0])


def fold_test(here: CurvePoint) -> float:
    """Return what changes sign where the curve turns back in the parameter."""
    return float(here.tangent[-1] / here.size[-1])


def branch_test(equations: Equations, here: CurvePoint, reference: float) -> float:
    """Return what changes sign where two curves cross: a determinant. reference : its logarithm at a neighbor."""
    sign, size = np.linalg.slogdet(np.vstack([scaled(equations, here.z, here.size), here.tangent / here.size]))
    return float(sign * np.exp(np.clip(size - reference, -600, 600)))


def log_determinant(equations: Equations, here: CurvePoint) -> float:
    """Return the logarithm of the size of the determinant that `branch_test` follows."""
    return float(np.linalg.slogdet(np.vstack([scaled(equations, here.z, here.size), here.tangent / here.size]))[1])


def hopf_test(values: Complex) -> float:
    """Return what changes sign where two eigenvalues have the sum 0: the signed smallest sum of two.

    values : (n_free,). The product of all sums of two is real; its sign is kept, its size is that of the smallest sum.
    """
    if len(values) < 2 or not np.isfinite(values).all():
        return np.nan
    i, j = np.triu_indices(len(values), 1)
    sums = values[i] + values[j]
    least = float(np.min(np.abs(sums)))
    if least == 0:
        return 0.0
    sign = float(np.sign(np.prod(sums / np.abs(sums)).real))
    return sign * least


def crossing_pair(values: Complex) -> complex:
    """Return the eigenvalue (imaginary part at least 0) of the two whose sum is nearest to 0."""
    i, j = np.triu_indices(len(values), 1)
    k = int(np.argmin(np.abs(values[i] + values[j])))
    pair = complex(values[i[k]])
    return complex(pair.real, abs(pair.imag))


def second_tangent(equations: Equations, here: CurvePoint) -> Array | None:
    """Return the tangent of the other curve through a branch point; None where the curves don't cross simply.

    From the quadratic form of second derivatives on the plane of tangents; differences of the Jacobian give it.
    Source: Keller 1977; Kuznetsov 2004, section 10.2.2.
    """
    size = here.size
    matrix = scaled(equations, here.z, size)
    left, _, right = np.linalg.svd(matrix)
    first = here.tangent / size
    plane = right[-2:]
    # one basis vector is the curve that is known, as far as it lies in the plane
    known = plane.T @ (plane @ first)
    known /= np.linalg.norm(known)
    other = plane[0] - known * float(plane[0] @ known)
    if np.linalg.norm(other) < 0.5:
        other = plane[1] - known * float(plane[1] @ known)
    other /= np.linalg.norm(other)
    psi = left[:, -1]
    # the same rows in all differences: rows of size 1 are those at the point
    raw = equations.derivative(here.z) * size
    rows = np.max(np.abs(raw), axis=1)
    rows = np.where(rows > 0, rows, 1.0)

    def bend(u: Array, v: Array) -> float:
        h = 1e-4
        up = equations.derivative(here.z + h * u * size) * size / rows[:, None]
        down = equations.derivative(here.z - h * u * size) * size / rows[:, None]
        return float(psi @ ((up - down) @ v)) / (2 * h)

    a, b, c = bend(known, known), bend(known, other), bend(other, other)
    scale = max(abs(a), abs(b), abs(c))
    if not np.isfinite(scale) or scale == 0 or abs(b) < 1e-6 * scale:
        return None
    # the known curve solves the form, so a is 0 and the other root is 2 b x + c y = 0
    tangent = 2 * b * other - c * known
    tangent /= np.linalg.norm(tangent)
    return np.asarray(tangent * size)


def form_of(equations: Equations, here: CurvePoint, other: Array | None) -> str:
    """Return "transcritical", "pitchfork", or "branch point" where that can't be told.

    On one of the curves through a pitchfork the parameter turns back: a step either way changes it alike.
    other : tangent of the second curve.
    """
    if other is None:
        return "branch point"
    step = 1e-3
    forms = []
    for tangent in (here.tangent, other):
        sides = [advance(equations, CurvePoint(here.z, sign * tangent, here.size), step) for sign in (1.0, -1.0)]
        moved = [float(p.z[-1] - here.z[-1]) for p in sides if p is not None]
        if len(moved) == 2:
            odd, even = abs(moved[0] - moved[1]), abs(moved[0] + moved[1])
            forms.append("pitchfork" if odd < even else "transcritical")
    if "pitchfork" in forms:
        return "pitchfork"
    return "transcritical" if forms else "branch point"
