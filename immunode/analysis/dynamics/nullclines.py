"""The phase plane of two states: nullclines, flow, steady states, and the curves that part the basins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.dynamics.steady import SteadyState, steady_states
from immunode.analysis.dynamics.system import Autonomous, Given, autonomous, bounds_of, in_own_time
from immunode.errors import StudyError, did_you_mean
from immunode.model import Model
from immunode.model.views.words import name_labels
from immunode.solve import solve
from immunode.study.result.notebook import Tabled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from immunode.plot.kit.style import Style

Array = NDArray[np.float64]
WIDE = 300.0
"""A range whose ends differ by more than this factor is drawn on a log axis."""
NUDGE = 1e-5
BACK = 40.0
"""How far a separatrix is followed back, in times of the saddle's stable eigenvalue."""


@dataclass(frozen=True, eq=False, repr=False)
class PhasePlane(Tabled):
    """Two states of a model and how they move.

    Attributes
    ----------
    who : str
        name of the model.
    names : tuple[str, str]
        the two states, units : theirs.
    x, y : ndarray
        grid, shapes (n,).
    rates : tuple[ndarray, ndarray]
        rates of change of x and y, each shape (n_y, n_x), per time unit of the model.
    fixed : tuple[SteadyState, ...]
        steady states inside the plane.
    borders : tuple[tuple[ndarray, ndarray], ...]
        (x, y) of the stable manifolds of saddles, shapes (n,).
    log : tuple[bool, bool]
        which axes are logarithmic.
    notes : tuple[str, ...]
        what was held.
    words : Mapping[str, str]
        name -> what figures call it, where they do.
    """

    who: str
    names: tuple[str, str]
    units: tuple[str, str]
    x: Array
    y: Array
    rates: tuple[Array, Array]
    fixed: tuple[SteadyState, ...]
    borders: tuple[tuple[Array, Array], ...]
    paths: tuple[tuple[Array, Array], ...]
    log: tuple[bool, bool]
    notes: tuple[str, ...]
    words: Mapping[str, str] = field(default_factory=dict)

    def table(self) -> pd.DataFrame:
        """Return one row a steady state in the plane: both states, kind, leading eigenvalue."""
        import pandas as pd

        rows = [
            {**{n: s.values[n] for n in self.names}, "kind": s.kind, "real part": s.eigenvalues[0].real,
             "imaginary part": s.eigenvalues[0].imag}
            for s in self.fixed
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=[*self.names, "kind", "real part", "imaginary part"])

    def plot(self, *, title: str = "", style: str | Style = "slide", axes: Axes | None = None) -> Figure:
        """Return the figure of the phase plane."""
        from immunode.plot.charts.analysis.phase import phase_plane

        a, b = self.names
        return phase_plane(
            self.x, self.y, self.rates, fixed=[(s.values[a], s.values[b], s.kind) for s in self.fixed],
            borders=self.borders, paths=self.paths, x_label=self.words.get(a, a), y_label=self.words.get(b, b),
            x_unit=self.units[0], y_unit=self.units[1],
            log=self.log, title=title or self.who, style=style, axes=axes,
        )  # fmt: skip

    def __repr__(self) -> str:
        from immunode.plot.kit.text import number

        a, b = self.names
        lines = [f"{self.who}: phase plane of {a} and {b}, {len(self.fixed)} steady states in it"]
        lines += [f"  {s.kind}: {a} = {number(s.values[a], 5)}, {b} = {number(s.values[b], 5)}" for s in self.fixed]
        return "\n".join([*lines, *(f"  {text}" for text in self.notes)])


def phase_plane(
    model: Model,
    between: Mapping[str, tuple[float, float]],
    *,
    interventions: Given = (),
    log: Sequence[str] | None = None,
    starts: Sequence[Mapping[str, float]] = (),
    n: int = 121,
    engine: str = "auto",
) -> PhasePlane:
    """Return the phase plane of two states.

    Where the model has more states the others are held at their initial values. Steady states and borders are shown
    where they stay there by themselves (a drug that is absent).

    Parameters
    ----------
    between : Mapping[str, tuple[float, float]]
        the two states and their ranges, `{"E": (0, 3e6), "T": (1, 5e8)}`, the first across.
    log : Sequence[str] | None
        states on log axes; default where a range spans a factor of 300.
    starts : Sequence[Mapping[str, float]]
        where trajectories begin that are drawn.
    n : int
        points a side.
    interventions, engine
        as in `simulate`.

    Raises
    ------
    StudyError
        not two states, an unknown one, a range that can't be.
    """
    system = autonomous(model, interventions)
    names, ends, far = ranges_of(system, between, log)
    if len(names) != 2:
        raise StudyError(f"{model.name}: a phase plane needs two states with ranges, got {len(names)}")
    x, y = (axis(e, f, n) for e, f in zip(ends, far, strict=True))
    rows = [system.state(name) for name in names]
    base = system.start(system.values)
    grid = np.repeat(base, len(x) * len(y), axis=1)
    across, up = np.meshgrid(x, y)
    grid[rows[0]], grid[rows[1]] = across.ravel(), up.ravel()
    c = np.repeat(system.prepare(system.values), grid.shape[1], axis=1)
    field = system.field(grid, c)
    notes = list(system.notes)
    fixed: tuple[SteadyState, ...] = ()
    borders: tuple[tuple[Array, Array], ...] = ()
    if is_closed(system, names, ends):
        limits = {name: e for name, e in zip(names, ends, strict=True) if e[0] < 0}
        every = in_plane(system, names, steady_states(model, interventions=interventions, bounds=limits, engine=engine))
        fixed = tuple(s for s in every if all(e[0] <= s.values[m] <= e[1] for m, e in zip(names, ends, strict=True)))
        borders = separatrices(system, every, names, ends, engine)
    elif others := [m for m in system.names if m not in names]:
        notes.append(f"held at their initial values, where they would not stay: {', '.join(others)}")
    return PhasePlane(
        who=model.label,
        names=(names[0], names[1]),
        units=(system.units[names[0]], system.units[names[1]]),
        x=x,
        y=y,
        rates=(field[rows[0]].reshape(across.shape), field[rows[1]].reshape(across.shape)),
        fixed=fixed,
        borders=borders,
        paths=_paths(system, starts, names, engine),
        log=(far[0], far[1]),
        notes=tuple(notes),
        words=name_labels(model),
    )


def ranges_of(
    system: Autonomous, between: Mapping[str, tuple[float, float]], log: Sequence[str] | None
) -> tuple[tuple[str, ...], tuple[tuple[float, float], ...], tuple[bool, ...]]:
    """Return names, ranges and whether they are logarithmic, checked.

    Raises
    ------
    StudyError : an unknown state, a range that can't be, a log axis that reaches 0.
    """
    if not isinstance(between, Mapping):
        raise StudyError(f"{system.model.name}: give states with ranges, such as {{'E': (0, 3e6), 'T': (1, 5e8)}}")
    ranges = bounds_of(system, between)
    for name in log or ():
        if name not in ranges:
            raise StudyError(f"{system.model.name}: log names '{name}'{did_you_mean(name, ranges)}")
        if ranges[name][0] <= 0:
            raise StudyError(f"{system.model.name}: {name} from {ranges[name][0]:g} can't be on a log axis")
    far = tuple(e[0] > 0 and e[1] / e[0] > WIDE if log is None else name in log for name, e in ranges.items())
    return tuple(ranges), tuple(ranges.values()), far


def axis(ends: tuple[float, float], log: bool, n: int) -> Array:
    """Return n points from end to end, shape (n,)."""
    return np.geomspace(*ends, n) if log else np.linspace(*ends, n)


def is_closed(system: Autonomous, names: Sequence[str], ends: Sequence[tuple[float, float]]) -> bool:
    """Return whether runs that begin in the plane of two states, the others as at the model's start, stay in it."""
    rows = [system.state(name) for name in names]
    others = np.setdiff1d(np.arange(len(system.names)), rows)
    if not others.size:
        return True
    # 31 by 31 points that no simple zero of a rate lies on
    across, up = np.meshgrid(*(e[0] + (e[1] - e[0]) * (np.arange(31) + 0.37) / 31 for e in ends))
    y = np.repeat(system.start(system.values), across.size, axis=1)
    y[rows[0]], y[rows[1]] = across.ravel(), up.ravel()
    rate = system.field(y, np.repeat(system.prepare(system.values), y.shape[1], axis=1))[others]
    return bool((rate == 0).all()) and not system.reduction.totals[:, rows].any()


def in_plane(system: Autonomous, names: Sequence[str], states: Iterable[SteadyState]) -> tuple[SteadyState, ...]:
    """Return the steady states at which all states but two are as at the model's start."""
    start, size = (v[:, 0] for v in (system.start(system.values), system.size(system.values)))
    others = [(m, start[i], size[i]) for i, m in enumerate(system.names) if m not in names]
    return tuple(s for s in states if all(abs(s.values[m] - at) <= 1e-9 * wide for m, at, wide in others))


def separatrices(
    system: Autonomous,
    states: Sequence[SteadyState],
    names: Sequence[str],
    ends: Sequence[tuple[float, float]],
    engine: str,
) -> tuple[tuple[Array, Array], ...]:
    """Return the stable manifolds of the saddles in a plane of two states, (x, y) of each half inside the ranges.

    From beside the saddle, along its stable eigenvector, time runs backward. A half along which a state stays at its
    least value is an edge of the plane and parts nothing: it is left out.
    """
    rows = [system.state(name) for name in names]
    if not states or system.reduction.totals[:, rows].any():
        return ()
    y = np.array([[s.values[n] for s in states] for n in system.names])
    size = np.abs(y) + 1e-3 * system.size(system.values)
    slopes = system.slopes(y, np.repeat(system.prepare(system.values), len(states), axis=1))
    start, span, saddle = _beside_saddles(slopes[:, rows][:, :, rows], y, size, rows, system.lowest({}))
    if not saddle.size:
        return ()
    values = np.concatenate([np.repeat(system.values, saddle.size, axis=1), span[None]])
    atol = np.full((len(system.program.states), saddle.size), 1.0)
    atol[system.reduction.moving] = 1e-3 * NUDGE * size[:, saddle]
    batch = solve(
        in_own_time(system), values, times=np.linspace(0.0, 1.0, 4001)[1:], initial=system.whole(start), engine=engine,
        rtol=1e-9, atol=atol, max_steps=20_000,
    )  # fmt: skip
    course = batch.y[:, system.reduction.moving][:, rows]
    borders = []
    for k, which in enumerate(saddle):
        track = np.vstack([y[rows, which], course[:, :, k]])
        good = np.isfinite(track).all(axis=1)
        out = ~good | np.any([(track[:, j] < e[0]) | (track[:, j] > e[1]) for j, e in enumerate(ends)], axis=0)
        # the first point outside stays, so that the line runs to the edge
        last = int(np.argmax(out)) if out.any() else len(track)
        shown = track[: last + 1][good[: last + 1]]
        on_edge = (shown <= system.lowest({})[rows, 0] + 1e-9 * size[rows, which]).all(axis=0).any()
        if len(shown) > 2 and not on_edge:
            borders.append((shown[:, 0], shown[:, 1]))
    return tuple(borders)


def _beside_saddles(
    slopes: Array, y: Array, size: Array, rows: Sequence[int], lowest: Array
) -> tuple[Array, Array, NDArray[np.intp]]:
    """Return starts (n_moving, n) on both sides of saddles along stable directions, times back (n,), which saddle (n,).

    slopes : shape (n_states, 2, 2), Jacobians in the plane.   y, size : shape (n_moving, n_states).
    rows : the states of the plane.   lowest : shape (n_moving, 1); starts below are left out.
    """
    begin, spans, which = [], [], []
    for k, matrix in enumerate(slopes):
        values, vectors = np.linalg.eig(matrix)
        if not values.real.min() < 0 < values.real.max():
            continue
        i = int(np.argmin(values.real))
        step = np.zeros(len(y))
        step[rows] = np.real(vectors[:, i])
        step *= NUDGE / np.max(np.abs(step) / size[:, k])
        for side in (y[:, k] + step, y[:, k] - step):
            if (side >= np.minimum(lowest[:, 0], y[:, k])).all():
                begin.append(side)
                spans.append(-BACK / abs(values[i].real))
                which.append(k)
    return np.array(begin).T, np.array(spans), np.array(which, dtype=np.intp)


def _paths(
    system: Autonomous, starts: Sequence[Mapping[str, float]], names: Sequence[str], engine: str
) -> tuple[tuple[Array, Array], ...]:
    if not starts:
        return ()
    begin = np.repeat(system.start(system.values), len(starts), axis=1)
    for k, start in enumerate(starts):
        for name, value in start.items():
            begin[system.state(name), k] = float(value)
    values = np.repeat(system.values, len(starts), axis=1)
    times = np.linspace(0.0, 3.0 * float(system.model.horizon), 3001)
    batch = solve(system.functions, values, times=times, initial=system.whole(begin), engine=engine)
    course = batch.y[:, system.reduction.moving]
    rows = [system.state(name) for name in names]
    return tuple((course[:, rows[0], k], course[:, rows[1], k]) for k in range(len(starts)))
