"""Continuation: how steady states, their stability and cycles change with one parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.dynamics.bifurcation_points import BifurcationPoint, SteadyEquations
from immunode.analysis.dynamics.branches import Branch, Tracer
from immunode.analysis.dynamics.curves import Curves, follow_points
from immunode.analysis.dynamics.cycles import Cycles, families_near
from immunode.analysis.dynamics.search import search_steady_states
from immunode.analysis.dynamics.system import Autonomous, Given, autonomous, bounds_of
from immunode.errors import StudyError, did_you_mean
from immunode.model import Model
from immunode.model.views.words import name_labels
from immunode.solve.steady.search import newton
from immunode.study.result.notebook import Tabled, page

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from immunode.plot.kit.style import Style

Array = NDArray[np.float64]
WIDE = 30.0
"""A range whose ends differ by more than this factor is followed on a log axis."""


@dataclass(frozen=True, eq=False, repr=False)
class Continuation(Tabled):
    """Branches of steady states over one parameter, the points on them, and the cycles beside them.

    Attributes
    ----------
    who : str
        name of the model.
    parameter : str
        name; between : its range, in its unit; log : whether followed as logarithm.
    states : tuple[str, ...]
        names of the states, without running totals.
    units : Mapping[str, str]
        of states and parameters.
    time_unit : str
        of periods.
    branches, points
        curves and what was located on them (parameter to 1e-6 or better).
    cycles : tuple[Cycles, ...]
        families of stable cycles, one for each stretch of the parameter; empty where they were not asked for.
    notes : tuple[str, ...]
        what was held or cut short.
    equations, lowest
        what `curves` goes on with.
    """

    who: str
    parameter: str
    between: tuple[float, float]
    log: bool
    states: tuple[str, ...]
    units: Mapping[str, str]
    time_unit: str
    branches: tuple[Branch, ...]
    points: tuple[BifurcationPoint, ...]
    cycles: tuple[Cycles, ...]
    notes: tuple[str, ...]
    equations: SteadyEquations
    lowest: Array

    def curves(
        self,
        second: str,
        between: tuple[float, float] | None = None,
        *,
        log: bool | None = None,
        kinds: Sequence[str] = ("fold", "Hopf"),
        most: int = 1000,
    ) -> Curves:
        """Return the curves of folds and Hopf points over this parameter and a second one.

        Parameters
        ----------
        second : str
            another parameter; between, log : as in `continuation`.
        kinds : Sequence[str]
            which points to follow.

        Raises
        ------
        StudyError
            an unknown name or kind, a range that can't be or leaves the model's own value out.
        """
        system = self.equations.system
        for kind in kinds:
            if kind not in ("fold", "Hopf"):
                raise StudyError(f"{self.who}: no curve of '{kind}'{did_you_mean(kind, ('fold', 'Hopf'))}")
        row = system.row(second)
        ends = _range(system, second, between)
        own = float(system.values[row, 0])
        if not ends[0] <= own <= ends[1]:
            raise StudyError(f"{self.who}: {second} is {own:g}, outside {ends[0]:g} to {ends[1]:g}; curves begin there")
        log = _is_wide(ends) if log is None else log
        points = [p for p in self.points if p.kind in kinds]
        followed, special = follow_points(self.equations, points, second, ends, log, self.lowest, most)
        unit = self.units.get
        return Curves(
            who=self.who,
            x=self.parameter,
            y=second,
            x_unit=unit(self.parameter, ""),
            y_unit=unit(second, ""),
            states=self.states,
            curves=followed,
            points=special,
            logs=(self.log, log),
            between=(self.between, ends),
        )

    def of(self, kind: str) -> tuple[BifurcationPoint, ...]:
        """Return the points of a kind ("fold", "Hopf", "transcritical", "pitchfork"), by the parameter's value."""
        return tuple(point for point in self.points if point.kind.casefold() == kind.casefold())

    def table(self) -> pd.DataFrame:
        """Return one row a point of a branch: branch, parameter, states, stable, leading eigenvalue."""
        import pandas as pd

        frames = []
        for k, branch in enumerate(self.branches):
            columns: dict[str, Any] = {"branch": k, self.parameter: branch.parameter}
            columns |= dict(zip(self.states, branch.states, strict=True))
            lead = branch.eigenvalues[:, 0]
            frames.append(
                pd.DataFrame(columns | {"stable": branch.stable, "real part": lead.real, "imaginary part": lead.imag})
            )
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    def point_table(self) -> pd.DataFrame:
        """Return one row a located point: kind, parameter, states, period of the cycles born there, branch."""
        import pandas as pd

        rows = [
            {"kind": p.kind, self.parameter: p.parameter, **p.values, "period": p.period, "branch": p.branch}
            for p in self.points
        ]
        return pd.DataFrame(rows, columns=["kind", self.parameter, *self.states, "period", "branch"])

    def cycle_table(self) -> pd.DataFrame:
        """Return one row a cycle: parameter, period, least and greatest value of each state, largest multiplier."""
        import pandas as pd

        frames = [family.table(self.parameter, self.states) for family in self.cycles]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    def plot(
        self, state: str = "", *, log: tuple[str, ...] | None = None, title: str = "", style: str | Style = "slide",
        axes: Axes | None = None,
    ) -> Figure:  # fmt: skip
        """Return the bifurcation figure: stable solid, unstable dashed, points named, extremes of cycles.

        Parameters
        ----------
        state : str
            default the model's first read-out that is a state here, else the state that changes most.
        log : tuple[str, ...] | None
            names on log axes; default where they reach over three decades (a state that touches 0 stays linear).

        Raises
        ------
        StudyError
            an unknown state, or nothing to draw.
        """
        from immunode.plot.charts.analysis.bifurcation_diagram import bifurcation

        own = [name for name in self.equations.system.model.readouts if name in self.states]
        state = state or (own or [self._liveliest()])[0]
        if state not in self.states:
            raise StudyError(f"{self.who}: no state '{state}'{did_you_mean(state, self.states)}")
        i, words = self.states.index(state), name_labels(self.equations.system.model)
        return bifurcation(
            [(b.parameter, b.states[i], b.stable) for b in self.branches],
            points=[(p.kind, p.parameter, p.values[state]) for p in self.points],
            cycles=[c.extremes(i, state) for c in self.cycles],
            x_label=words.get(self.parameter, self.parameter), y_label=words.get(state, state),
            x_unit=self.units.get(self.parameter, ""),
            y_unit=self.units.get(state, ""), x_log=self.log if log is None else self.parameter in log,
            y_log=None if log is None else state in log, title=title or self.who, style=style, axes=axes,
        )  # fmt: skip

    def _liveliest(self) -> str:
        """Return the state that changes most along the branches, as a part of its size."""
        if not self.branches:
            return self.states[0]
        values = np.concatenate([branch.states for branch in self.branches], axis=1)
        span, size = np.ptp(values, axis=1), np.abs(values).max(axis=1)
        # what is nowhere above the noise of a solver does not change
        return self.states[int(np.argmax(np.where(size > 1e-9 * size.max(), span / np.maximum(size, 1e-300), 0.0)))]

    def __repr__(self) -> str:
        from immunode.plot.kit.text import number

        low, high = self.between
        n = len(self.branches)
        lines = [
            f"{self.who}: {n} branch{'es' * (n != 1)} of steady states for {self.parameter} from {low:g} to {high:g}"
        ]
        for p in self.points:
            where = ", ".join(f"{name} = {number(v, 4)}" for name, v in p.values.items())
            born = f"; period {number(p.period, 4)} {self.time_unit}".rstrip() if p.kind == "Hopf" else ""
            lines.append(f"  {p.kind} at {self.parameter} = {p.parameter:.7g} ({where}{born})")
        if not self.points:
            lines.append("  nothing changes: no fold, branch point or Hopf point")
        lines += [f"  {family.words(self.parameter, self.time_unit)}" for family in self.cycles]
        lines += [f"  {text}" for text in self.notes]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        # a branch has hundreds of rows that look alike; what is on it tells more
        return page(repr(self), self.point_table(), "Points")


def continuation(
    model: Model,
    parameter: str,
    between: tuple[float, float] | None = None,
    *,
    interventions: Given = (),
    start: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    log: bool | None = None,
    cycles: bool | int = False,
    starts: int = 64,
    most: int = 2000,
    most_branches: int = 24,
    seed: int = 0,
    engine: str = "auto",
) -> Continuation:
    """Return the branches of steady states over one parameter, followed by pseudo-arclength.

    Steady states are looked for at the model's own value and at five values across the range; each is followed both
    ways, and at branch points the other curve too. Folds, branch points and Hopf points are located on the way.
    Branches end where a state that can't be negative becomes 0.

    Parameters
    ----------
    parameter : str
        a parameter, or a knob of an intervention ("anti_tnf.strength").
    between : tuple[float, float] | None
        (low, high) in its unit; default its declared bounds.
    start : Mapping[str, float] | None
        state -> value near the one steady state to follow, also its conserved totals; default all that are found.
    bounds : Mapping[str, tuple[float, float]] | None
        state -> (low, high), as in `steady_states`; a state that may be negative needs one.
    log : bool | None
        follow the logarithm of the parameter; default where the range spans a factor of 30.
    cycles : bool | int
        whether (or at how many values, default 24) stable cycles are looked for where a Hopf point leads to them.
    most, most_branches : int
        most points a branch, and most branches.

    Raises
    ------
    StudyError
        an unknown name, a range that can't be, or no steady state to start from.
    """
    system = autonomous(model, interventions)
    row = system.row(parameter)
    ends = _range(system, parameter, between)
    log = _is_wide(ends) if log is None else log
    if log and ends[0] <= 0:
        raise StudyError(f"{model.name}: {parameter} from {ends[0]:g} can't be followed on a log axis; give log=False")
    limits = bounds_of(system, bounds)
    own, sums = _own(system, start)
    equations = SteadyEquations(system, system.values, row, ends, log, sums)
    tracer = Tracer(equations, system.lowest(limits)[:, 0], most, most_branches)
    if own is not None:
        _begin_near(tracer, own, float(np.clip(system.values[row, 0], *ends)))
    else:
        for value, x in _first(equations, limits, starts, seed, engine):
            if len(tracer.curves) < most_branches:
                tracer.begin(x, value)
    if not tracer.curves:
        raise StudyError(
            f"{model.name}: no steady state was found for {parameter} from {ends[0]:g} to {ends[1]:g}; "
            "give start= near one, or bounds="
        )
    tracer.switch()
    return _finished(tracer, ends, 24 if cycles is True else int(cycles), engine)


def _finished(tracer: Tracer, ends: tuple[float, float], n_cycles: int, engine: str) -> Continuation:
    """Return what was traced, with stable cycles at so many values beside each stretch that has them."""
    equations, system = tracer.equations, tracer.equations.system
    notes = [*system.notes]
    if tracer.cut_short:
        notes.append(f"more than {tracer.most_branches} branches: the others were left out")
    branches, points = tracer.branches(), sorted(tracer.points, key=lambda p: p.parameter)
    families: tuple[Cycles, ...] = ()
    if n_cycles:
        families, said = families_near(equations, branches, points, n_cycles, engine)
        notes += said
    return Continuation(
        who=system.model.label,
        parameter=system.program.parameters[equations.row],
        between=ends,
        log=equations.log,
        states=system.names,
        units=system.units,
        time_unit=system.model.time_unit,
        branches=branches,
        points=tuple(points),
        cycles=families,
        notes=tuple(notes),
        equations=equations,
        lowest=tracer.lowest,
    )


def _range(system: Autonomous, parameter: str, between: Any) -> tuple[float, float]:
    who = system.model.label
    if between is None:
        declared = next((p.bounds for p in system.model.parameters if p.name == parameter), None)
        if declared is None:
            raise StudyError(f"{who}: {parameter} has no bounds; give between=(low, high)")
        between = declared
    try:
        low, high = (float(v) for v in between)
    except (TypeError, ValueError):
        raise StudyError(f"{who}: between must be a pair (low, high), got {between!r}") from None
    if not (np.isfinite([low, high]).all() and low < high):
        raise StudyError(f"{who}: between must rise, got ({low:g}, {high:g})")
    return low, high


def _is_wide(ends: tuple[float, float]) -> bool:
    return ends[0] > 0 and ends[1] / ends[0] > WIDE


def _own(system: Autonomous, start: Mapping[str, float] | None) -> tuple[Array | None, Array | None]:
    if start is None:
        return None, None
    y = system.start(system.values)[:, 0]
    for name, value in start.items():
        y[system.state(name)] = float(value)
    return y, system.sums(y[:, None])[:, 0]


def _begin_near(tracer: Tracer, y: Array, value: float) -> None:
    equations = tracer.equations
    c, sums = equations.lanes(np.array([equations.unknown(value)]))
    free = equations.system.reduction.free
    x, good = newton(
        equations.system, y[free, None], sums, c, equations.typical[:, None], "bounded", tracer.lowest[free, None] >= 0
    )
    if good[0]:
        tracer.begin(x[:, 0], value)


def _first(
    equations: SteadyEquations, limits: dict[str, tuple[float, float]], starts: int, seed: int, engine: str
) -> list[tuple[float, Array]]:
    """Return steady states (parameter, free states) at values across the range, found in one batch."""
    system = equations.system
    low, high = equations.ends
    own = float(system.values[equations.row, 0])
    unknown = low + (high - low) * np.array([0.49, 0.26, 0.77, 0.02, 0.98])
    inside = not (equations.log and own <= 0) and low <= equations.unknown(own) <= high
    unknown = np.append(equations.unknown(own), unknown) if inside else unknown
    values = np.repeat(system.values, len(unknown), axis=1)
    values[equations.row] = np.exp(unknown) if equations.log else unknown
    states, _, _ = search_steady_states(system, values, system.start(values), limits, starts, seed, engine)
    known = []
    for k, y in enumerate(states):
        for x in y[system.reduction.free].T:
            known.append((float(values[equations.row, k]), x))
    return known
