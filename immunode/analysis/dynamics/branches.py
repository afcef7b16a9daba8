"""Branches of steady states over one parameter, traced from states that are known, through the points on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.dynamics.arclength import FIRST, CurvePoint, advance, curve_point, follow, locate
from immunode.analysis.dynamics.bifurcation_points import (
    BifurcationPoint,
    SteadyEquations,
    branch_test,
    crossing_pair,
    fold_test,
    form_of,
    hopf_test,
    log_determinant,
    second_tangent,
)
from immunode.solve.steady.linear import solve_each_scaled
from immunode.solve.steady.search import SAME

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]
ONE_POINT = 1e-5
"""Points of one kind that are nearer than this, in sizes, are one."""
REAL = 1e-3
"""A pair of eigenvalues turns where its imaginary part is above this part of the largest eigenvalue."""


@dataclass(frozen=True, eq=False)
class Branch:
    """One curve of steady states, in the order in which it was followed.

    Attributes
    ----------
    parameter : ndarray
        shape (n,), in its unit.
    states : ndarray
        shape (n_states, n), each in its unit.
    eigenvalues : Complex
        shape (n, n_free), per time unit of the model, leading one first.
    stable : ndarray
        shape (n,).
    """

    parameter: Array
    states: Array
    eigenvalues: Complex
    stable: NDArray[np.bool_]


@dataclass(eq=False)
class _Curve:
    """A curve being traced: unknowns and eigenvalues of its points, in order."""

    z: list[Array]
    values: list[Complex]


class Tracer:
    """Traces all branches that begin at given states or cross one that does.

    lowest : (n_moving,), where a branch ends because a state would become negative.   most : points a branch.
    """

    def __init__(self, equations: SteadyEquations, lowest: Array, most: int, most_branches: int) -> None:
        self.equations, self.lowest, self.most, self.most_branches = equations, lowest, most, most_branches
        self.curves: list[_Curve] = []
        self.points: list[BifurcationPoint] = []
        self._where: list[tuple[str, Array]] = []
        self._crossings: list[CurvePoint] = []
        self.cut_short = False

    def begin(self, x: Array, parameter: float) -> None:
        """Trace the branch through the free states x (n_free,) at a value of the parameter, unless it is known."""
        z = np.append(x, self.equations.unknown(parameter))
        here = curve_point(self.equations, z)
        if here is not None and not self._known(z):
            self._trace(here)

    def switch(self) -> None:
        """Trace the other curve through every branch point, and through those found on the way."""
        done = 0
        while done < len(self._crossings):
            crossing = self._crossings[done]
            done += 1
            other = second_tangent(self.equations, crossing)
            if other is None:
                continue
            for side in (other, -other):
                if len(self.curves) >= self.most_branches:
                    self.cut_short = True
                    return
                ahead = advance(self.equations, CurvePoint(crossing.z, side, crossing.size), FIRST)
                if ahead is None or not self._inside(ahead.z) or self._known(ahead.z):
                    continue
                self._trace(CurvePoint(crossing.z, side, crossing.size), both=False)

    def branches(self) -> tuple[Branch, ...]:
        """Return what was traced."""
        traced = []
        for curve in self.curves:
            z = np.stack(curve.z, axis=1)
            _, sums = self.equations.lanes(z[-1])
            values = np.stack(curve.values)
            states = self.equations.system.reduction.spread(z[:-1], sums)
            parameter = np.exp(z[-1]) if self.equations.log else z[-1]
            traced.append(Branch(parameter, states, values, np.asarray((values.real < 0).all(axis=1))))
        return tuple(traced)

    def _inside(self, z: Array) -> bool:
        low, high = self.equations.ends
        if not low - 1e-12 * self.equations.span <= z[-1] <= high + 1e-12 * self.equations.span:
            return False
        y = self.equations.states(z)
        size = self.equations.system.size(self.equations.values)[:, 0]
        return bool((y >= self.lowest - 1e-7 * size).all())

    def _trace(self, start: CurvePoint, both: bool = True) -> None:
        number = len(self.curves)
        curve = _Curve([start.z], [self.equations.eigenvalues(start.z)])
        self.curves.append(curve)
        self._one_way(start, curve, number)
        back = np.max(np.abs(curve.z[-1] - start.z) / start.size)
        if both and not (len(curve.z) > 10 and back < 2 * FIRST):
            other = _Curve([start.z], [curve.values[0]])
            self._one_way(CurvePoint(start.z, -start.tangent, start.size), other, number)
            curve.z[:0] = other.z[:0:-1]
            curve.values[:0] = other.values[:0:-1]

    def _one_way(self, start: CurvePoint, curve: _Curve, number: int) -> None:
        for before, after in follow(self.equations, start, self.most, self._inside):
            if not self._inside(after.z):
                self._end(before, after, curve, number)
                return
            values = self.equations.eigenvalues(after.z)
            self._look(before, after, curve, values, number)
            curve.z.append(after.z)
            curve.values.append(values)

    def _end(self, before: CurvePoint, after: CurvePoint, curve: _Curve, number: int) -> None:
        """Go on exactly to the end of the parameter's range, or to where a state becomes 0."""
        values = self.equations.eigenvalues(after.z)
        ends = [end for end in self.equations.ends if (before.z[-1] - end) * (after.z[-1] - end) < 0]
        last: CurvePoint | None
        if ends:
            last = locate(self.equations, before, after, lambda here: float(here.z[-1] - ends[0]))
        else:
            y = [self.equations.states(p.z) - self.lowest for p in (before, after)]
            i = int(np.argmin(np.where(y[0] > 0, y[1] / np.where(y[0] > 0, y[0], 1.0), np.inf)))
            last = locate(
                self.equations, before, after, lambda here: float((self.equations.states(here.z) - self.lowest)[i])
            )
        if last is not None:
            # what lies on the border itself (a crossing where a state is 0) is found from both sides
            self._look(before, after, curve, values, number, within=last if ends else None)
            curve.z.append(last.z)
            curve.values.append(self.equations.eigenvalues(last.z))

    def _look(
        self,
        before: CurvePoint,
        after: CurvePoint,
        curve: _Curve,
        values: Complex,
        number: int,
        within: CurvePoint | None = None,
    ) -> None:
        """Find the points between neighbors and put them into the curve."""
        equations = self.equations
        reference = log_determinant(equations, before)
        points: list[tuple[str, CurvePoint]] = []
        if branch_test(equations, before, reference) * branch_test(equations, after, reference) < 0:
            here = locate(equations, before, after, lambda p: branch_test(equations, p, reference))
            if here is not None:
                points.append(("branch point", here))
        elif fold_test(before) * fold_test(after) < 0:
            here = locate(equations, before, after, fold_test)
            if here is not None:
                points.append(("fold", here))
        if hopf_test(curve.values[-1]) * hopf_test(values) < 0:
            here = locate(equations, before, after, lambda p: hopf_test(equations.eigenvalues(p.z)))
            if here is not None:
                roots = equations.eigenvalues(here.z)
                pair = crossing_pair(roots)
                if pair.imag > REAL * float(np.abs(roots).min(initial=np.inf)) and pair.imag > abs(pair.real) * 1e3:
                    points.append(("Hopf", here))
        limit = None if within is None else float(before.tangent / before.size @ ((within.z - before.z) / before.size))
        along = [float(before.tangent / before.size @ ((p.z - before.z) / before.size)) for _, p in points]
        for k in np.argsort(along):
            if limit is None or along[k] <= limit:
                kind, here = points[int(k)]
                self._note(kind, here, curve, number)

    def _note(self, kind: str, here: CurvePoint, curve: _Curve, number: int) -> None:
        gaps = (np.max(np.abs(z - here.z) / here.size) for k, z in self._where if k == kind)
        fresh = all(gap > ONE_POINT for gap in gaps)
        values = self.equations.eigenvalues(here.z)
        curve.z.append(here.z)
        curve.values.append(values)
        if not fresh:
            return
        self._where.append((kind, here.z))
        if kind == "branch point":
            self._crossings.append(here)
            kind = form_of(self.equations, here, second_tangent(self.equations, here))
        period = 2 * np.pi / crossing_pair(values).imag if kind == "Hopf" else np.nan
        y = self.equations.states(here.z)
        self.points.append(
            BifurcationPoint(
                kind=kind,
                parameter=self.equations.parameter(here.z),
                values=dict(zip(self.equations.system.names, y.tolist(), strict=True)),
                eigenvalues=tuple(complex(v) for v in values),
                period=float(period),
                branch=number,
            )
        )

    def _known(self, z: Array) -> bool:
        """Return whether a traced curve goes through z: its states at the same value of the parameter say."""
        size = self.equations.size(z)
        for curve in self.curves:
            for x in self.at(curve, float(z[-1])):
                if np.max(np.abs(x - z[:-1]) / size[:-1]) < 10 * SAME:
                    return True
            # right at a fold Newton's method is lost: the path itself tells
            if any(np.max(np.abs(other - z) / size) < 10 * SAME for other in curve.z):
                return True
        return False

    def at(self, curve: _Curve, unknown: float) -> list[Array]:
        """Return the free states of a curve at a value of the unknown parameter, by interpolation and Newton."""
        states = []
        c, sums = self.equations.lanes(np.array([unknown]))
        system = self.equations.system
        for first, second in zip(curve.z[:-1], curve.z[1:], strict=True):
            width = second[-1] - first[-1]
            if (first[-1] - unknown) * (second[-1] - unknown) > 0:
                continue
            part = 0.5 if width == 0 else (unknown - first[-1]) / width
            x = (first + part * (second - first))[:-1, None]
            for _ in range(8):
                slopes, field = system.reduced_slopes(x, sums, c), system.reduced_field(x, sums, c)
                x = x - np.nan_to_num(solve_each_scaled(slopes, field))
            states.append(x[:, 0])
        return states
