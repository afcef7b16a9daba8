"""Curves of folds and of Hopf points over two parameters, with the cusps and Bogdanov-Takens points on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.dynamics.arclength import CurvePoint, Equations, correct, curve_point, follow, locate
from immunode.analysis.dynamics.bifurcation_points import BifurcationPoint, SteadyEquations, crossing_pair
from immunode.analysis.dynamics.stability import eigenvalues
from immunode.errors import StudyError
from immunode.study.result.notebook import Tabled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from immunode.plot.kit.style import Style

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]


STILL = 1e-4
"""The tangent of a curve stands still in a parameter below this part of its length."""
ONE = 1e-4
"""Points of one kind are one where they are nearer than this part of both ranges."""


@dataclass(frozen=True, eq=False)
class BifurcationCurve:
    """A curve of folds or Hopf points.

    Attributes
    ----------
    x, y : ndarray
        shape (n,), the two parameters.
    states : ndarray
        shape (n_states, n).
    period : ndarray
        shape (n,), of the cycles born at Hopf points; NaN for folds.
    """

    kind: str
    x: Array
    y: Array
    states: Array
    period: Array


@dataclass(frozen=True, eq=False, repr=False)
class Curves(Tabled):
    """Curves of folds and Hopf points in the plane of two parameters.

    Attributes
    ----------
    who : str
        name of the model.
    x, y : str
        names of the parameters; x_unit, y_unit : their units.
    states : tuple[str, ...]
        their names.
    curves : tuple[BifurcationCurve, ...]
        what was followed.
    points : tuple[tuple[str, float, float], ...]
        (kind, x, y) of cusps and Bogdanov-Takens points on them.
    logs : tuple[bool, bool]
        which axes are logarithmic.
    between : tuple[tuple[float, float], tuple[float, float]]
        the range of each parameter.
    """

    who: str
    x: str
    y: str
    x_unit: str
    y_unit: str
    states: tuple[str, ...]
    curves: tuple[BifurcationCurve, ...]
    points: tuple[tuple[str, float, float], ...]
    logs: tuple[bool, bool]
    between: tuple[tuple[float, float], tuple[float, float]]

    def table(self) -> pd.DataFrame:
        """Return one row a point: curve, kind, both parameters, states, period."""
        import pandas as pd

        frames = []
        for k, curve in enumerate(self.curves):
            columns: dict[str, Any] = {"curve": k, "kind": curve.kind, self.x: curve.x, self.y: curve.y}
            columns |= dict(zip(self.states, curve.states, strict=True))
            frames.append(pd.DataFrame(columns | {"period": curve.period}))
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    def plot(self, *, title: str = "", style: str | Style = "slide", axes: Axes | None = None) -> Figure:
        """Return a figure of the curves in the plane of the two parameters."""
        from immunode.plot.charts.analysis.bifurcation_diagram import bifurcation_curves

        return bifurcation_curves(
            [(c.kind, c.x, c.y) for c in self.curves], points=self.points, x_label=self.x, y_label=self.y,
            x_unit=self.x_unit, y_unit=self.y_unit, x_log=self.logs[0], y_log=self.logs[1],
            between=self.between, title=title or f"{self.who}: where states appear and waves begin", style=style,
            axes=axes,
        )  # fmt: skip

    def __repr__(self) -> str:
        n = len(self.curves)
        lines = [f"{self.who}: {n} curve{'s' * (n != 1)} over {self.x} and {self.y}"]
        for c in self.curves:
            lines.append(
                f"  {c.kind}: {self.x} {c.x.min():.4g} to {c.x.max():.4g}, {self.y} {c.y.min():.4g} to {c.y.max():.4g}"
            )
        return "\n".join(
            [*lines, *(f"  {kind} at {self.x} = {x:.6g}, {self.y} = {y:.6g}" for kind, x, y in self.points)]
        )


class PointEquations(Equations):
    """The field is 0 and so is what a fold (determinant) or Hopf point (product of sums of two eigenvalues) makes 0.

    Unknowns are the free states, the first and the second parameter.
    """

    def __init__(self, first: SteadyEquations, row: int, ends: tuple[float, float], log: bool, kind: str) -> None:
        self.first, self.row, self.kind, self.log = first, row, kind, log
        self.ends = (float(np.log(ends[0])), float(np.log(ends[1]))) if log else ends
        self.span = self.ends[1] - self.ends[0]
        self._reference: float | None = None

    def lanes(self, z: Array) -> tuple[Array, Array]:
        """Return prepared values and conserved sums for unknowns z (n_free + 2, n)."""
        first, system = self.first, self.first.system
        values = np.repeat(first.values, z.shape[1], axis=1)
        values[first.row] = np.exp(z[-2]) if first.log else z[-2]
        values[self.row] = np.exp(z[-1]) if self.log else z[-1]
        sums = (
            system.sums(system.start(values))
            if first.sums is None
            else np.repeat(first.sums[:, None], z.shape[1], axis=1)
        )
        return system.prepare(values), sums

    def eigenvalues(self, z: Array) -> Complex:
        """Return eigenvalues (n, n_free) at unknowns z (n_free + 2, n)."""
        c, sums = self.lanes(z)
        return eigenvalues(self.first.system.reduced_slopes(z[:-2], sums, c))

    def test(self, z: Array) -> Array:
        """Return the determinant, or the product of all sums of two eigenvalues, of each column of z; scaled, (n,)."""
        roots = self.eigenvalues(z)
        if self.kind == "Hopf":
            i, j = np.triu_indices(roots.shape[1], 1)
            roots = roots[:, i] + roots[:, j]
        size = np.abs(roots)
        logs = np.log(np.maximum(size, 1e-300))
        if self._reference is None:
            self._reference = float(np.sort(logs[0])[1:].sum())
        sign = np.prod(roots / np.maximum(size, 1e-300), axis=1).real
        return np.asarray(sign * np.exp(np.clip(logs.sum(axis=1) - self._reference, -600, 600)))

    def residual(self, z: Array) -> Array:
        """Return the rates of change of the free states and the test, (n_free + 1,)."""
        c, sums = self.lanes(z[:, None])
        return np.append(self.first.system.reduced_field(z[:-2, None], sums, c)[:, 0], self.test(z[:, None]))

    def derivative(self, z: Array) -> Array:
        """Return the Jacobian (n_free + 1, n_free + 2), by central differences but for the states' own."""
        n = len(z)
        h = 1e-5 * self.size(z)
        steps = np.concatenate([np.diag(h), -np.diag(h)], axis=1)
        wide = z[:, None] + steps
        c, sums = self.lanes(wide)
        f = self.first.system.reduced_field(wide[:-2], sums, c)
        all_rows = np.vstack([f, self.test(wide)])
        matrix = (all_rows[:, :n] - all_rows[:, n:]) / (2 * h)
        c, sums = self.lanes(z[:, None])
        matrix[:-1, :-2] = self.first.system.reduced_slopes(z[:-2, None], sums, c)[0]
        return np.asarray(matrix)

    def size(self, z: Array) -> Array:
        """Return sizes of the unknowns: as for one parameter, and the second one's range."""
        return np.append(self.first.size(z[:-1]), self.span)


def follow_points(
    first: SteadyEquations,
    points: Sequence[BifurcationPoint],
    second: str,
    between: tuple[float, float],
    log: bool,
    lowest: Array,
    most: int,
) -> tuple[tuple[BifurcationCurve, ...], tuple[tuple[str, float, float], ...]]:
    """Return the curves through folds and Hopf points over a second parameter, and cusps and Bogdanov-Takens points."""
    system = first.system
    row = system.row(second)
    if row == first.row:
        raise StudyError(f"{system.model.name}: '{second}' is the first parameter already; give another one")
    curves: list[BifurcationCurve] = []
    special: list[tuple[str, float, float]] = []
    for point in points:
        if point.kind not in ("fold", "Hopf"):
            continue
        equations = PointEquations(first, row, between, log, point.kind)
        y = np.array([point.values[name] for name in system.names])
        own = float(system.values[row, 0])
        z = np.concatenate([y[system.reduction.free], [first.unknown(point.parameter), np.log(own) if log else own]])
        if any(c.kind == point.kind and _passes(equations, c, z) for c in curves):
            continue
        curve = _one(equations, z, lowest, most, special)
        if curve is not None:
            curves.append(curve)
    return tuple(curves), tuple(special)


def _passes(equations: PointEquations, curve: BifurcationCurve, z: Array) -> bool:
    """Return whether a curve goes through z, as near as its points tell."""
    x = np.log(curve.x) if equations.first.log else curve.x
    y = np.log(curve.y) if equations.log else curve.y
    path = np.vstack([curve.states[equations.first.system.reduction.free], x, y]).T / equations.size(z)
    target = z / equations.size(z)
    step = np.diff(path, axis=0)
    part = np.clip(np.sum((target - path[:-1]) * step, axis=1) / np.maximum(np.sum(step * step, axis=1), 1e-300), 0, 1)
    return bool(np.min(np.max(np.abs(path[:-1] + part[:, None] * step - target), axis=1)) < 5e-3)


def _one(
    equations: PointEquations, z: Array, lowest: Array, most: int, special: list[tuple[str, float, float]]
) -> BifurcationCurve | None:
    equations.test(z[:, None])
    first = equations.first
    start = curve_point(equations, z)
    if start is None:
        return None
    exact = correct(equations, z, start.tangent / start.size, start.size)
    start = None if exact is None else curve_point(equations, exact)
    if start is None:
        return None
    size = first.system.size(first.values)[:, 0]

    def inside(there: Array) -> bool:
        ends = (first.ends, equations.ends)
        if any(not low - 1e-9 <= v <= high + 1e-9 for v, (low, high) in zip(there[-2:], ends, strict=True)):
            return False
        _, sums = equations.lanes(there[:, None])
        y = first.system.reduction.spread(there[:-2, None], sums)[:, 0]
        turns = equations.kind != "Hopf" or crossing_pair(equations.eigenvalues(there[:, None])[0]).imag > 0
        return bool((y >= lowest - 1e-7 * size).all()) and turns

    path = [start.z]
    for sign in (1.0, -1.0):
        part = []
        for before, after in follow(equations, CurvePoint(start.z, sign * start.tangent, start.size), most, inside):
            _look(equations, before, after, special)
            if inside(after.z):
                part.append(after.z)
            elif (last := _last(equations, before, after, lowest)) is not None:
                part.append(last.z)
        path = [*path, *part] if sign > 0 else [*part[::-1], *path]
        if sign > 0 and len(part) > 10 and np.max(np.abs(part[-1] - start.z) / start.size) < 0.06:
            break  # closed
    whole = np.stack(path, axis=1)
    _, sums = equations.lanes(whole)
    states = first.system.reduction.spread(whole[:-2], sums)
    period = np.full(whole.shape[1], np.nan)
    if equations.kind == "Hopf":
        pairs = [crossing_pair(v) for v in equations.eigenvalues(whole)]
        period = np.array([2 * np.pi / p.imag if p.imag > 0 else np.nan for p in pairs])
    x = np.exp(whole[-2]) if first.log else whole[-2]
    y = np.exp(whole[-1]) if equations.log else whole[-1]
    return BifurcationCurve(equations.kind, x, y, states, period)


def _last(equations: PointEquations, before: CurvePoint, after: CurvePoint, lowest: Array) -> CurvePoint | None:
    """Return where a curve leaves between neighbors: a range ends, a state becomes 0, or a Hopf point's pair does."""
    first = equations.first
    tests: list[Callable[[CurvePoint], float]] = []
    for row, ends in ((-2, first.ends), (-1, equations.ends)):
        tests += [lambda here, row=row, end=end: float(here.z[row] - end) for end in ends]  # type: ignore[misc]

    def above(here: CurvePoint) -> Array:
        _, sums = equations.lanes(here.z[:, None])
        return np.asarray(first.system.reduction.spread(here.z[:-2, None], sums)[:, 0] - lowest)

    tests += [lambda here, i=i: float(above(here)[i]) for i in np.flatnonzero(above(after) < 0)]  # type: ignore[misc]
    if equations.kind == "Hopf":
        tests.append(lambda here: pair_product(equations.eigenvalues(here.z[:, None])[0]))
    crossed = [test for test in tests if test(before) * test(after) < 0]
    zeros = [here for test in crossed if (here := locate(equations, before, after, test)) is not None]
    normal = before.tangent / before.size
    return min(zeros, key=lambda here: float(normal @ ((here.z - before.z) / before.size)), default=None)


def pair_product(values: Complex) -> float:
    """Return the product of the two eigenvalues whose sum is nearest to 0: above 0 for a pair that turns."""
    i, j = np.triu_indices(len(values), 1)
    k = int(np.argmin(np.abs(values[i] + values[j])))
    return float((values[i[k]] * values[j[k]]).real)


def _look(
    equations: PointEquations, before: CurvePoint, after: CurvePoint, special: list[tuple[str, float, float]]
) -> None:
    """Note a Bogdanov-Takens point or, on a curve of folds, a cusp between neighbors."""
    many, turned = equations.first.system.n_free > 1, [False, False]

    def still(here: CurvePoint) -> float:
        roots = equations.eigenvalues(here.z[:, None])[0]
        if equations.kind == "Hopf":
            return pair_product(roots)
        return float(sum(np.prod(np.delete(roots, i)) for i in range(len(roots))).real)

    tests = [("Bogdanov-Takens", still)] if many else []
    if equations.kind == "fold":
        turned = [before.tangent[k] * after.tangent[k] < 0 for k in (-2, -1)]
    if any(turned):
        k = -2 if turned[0] else -1
        tests.append(("cusp", lambda here: float(here.tangent[k] / here.size[k])))
    for kind, test in tests:
        if test(before) * test(after) >= 0:
            continue
        here = locate(equations, before, after, test)
        # at a cusp the curve stands still in both parameters, at a mere extremum in one
        if here is not None and (kind != "cusp" or np.max(np.abs(here.tangent[-2:] / here.size[-2:])) < STILL):
            first = equations.first
            known = [
                (k, first.unknown(a), float(np.log(b)) if equations.log else b) for k, a, b in special if k == kind
            ]
            x = float(np.exp(here.z[-2]) if first.log else here.z[-2])
            y = float(np.exp(here.z[-1]) if equations.log else here.z[-1])
            gaps = [abs(here.z[-2] - a) / first.span + abs(here.z[-1] - b) / equations.span for k, a, b in known]
            if all(gap > ONE for gap in gaps):
                special.append((kind, x, y))
