"""Steady states: all that are found, with eigenvalues and names, for one set of values or for many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.dynamics.delay_roots import characteristic_roots
from immunode.analysis.dynamics.search import search_steady_states
from immunode.analysis.dynamics.stability import eigenvalues, kind_of, verify
from immunode.analysis.dynamics.system import Autonomous, Given, autonomous, bounds_of, values_and_starts
from immunode.errors import StudyError, did_you_mean
from immunode.model import Model
from immunode.model.delays import first_delay
from immunode.study.design.design import Design
from immunode.study.design.from_tables import from_table
from immunode.study.result.notebook import Tabled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from immunode.plot.kit.style import Style

Array = NDArray[np.float64]
BLOCK = 256
"""Parameter sets that are solved side by side."""


@dataclass(frozen=True, slots=True)
class SteadyState:
    """One steady state.

    Attributes
    ----------
    run : int
        the row of the design.
    values : Mapping[str, float]
        state -> value in its unit, without running totals.
    eigenvalues : tuple[complex, ...]
        per time unit of the model, the leading one first, without the zeros of conserved totals; of a delay equation,
        which has infinitely many, the leading ones.
    kind : str
        "stable node", "stable spiral", "saddle", "unstable node", "unstable spiral", "center", "not hyperbolic".
    verified : bool
        integrating on from beside it did what its leading eigenvalue says.
    """

    run: int
    values: Mapping[str, float]
    eigenvalues: tuple[complex, ...]
    kind: str
    verified: bool

    @property
    def stable(self) -> bool:
        """Whether small disturbances die out."""
        return self.kind.startswith("stable")

    @property
    def unstable_directions(self) -> int:
        """How many eigenvalues have a real part above 0."""
        return sum(value.real > 0 for value in self.eigenvalues)


@dataclass(frozen=True, eq=False, repr=False)
class SteadyStates(Tabled):
    """The steady states that were found; a sequence of `SteadyState`.

    Attributes
    ----------
    who : str
        name of the model.
    states : tuple[str, ...]
        names of its states, without running totals.
    units : Mapping[str, str]
        of states and columns.
    found : tuple[SteadyState, ...]
        in the order of runs, within one by the first state that differs.
    names, design
        columns, shape (n_runs, n_columns), and values of the parameter sets.
    missing : tuple[int, ...]
        runs in which none was found.
    lost : Mapping[int, str]
        runs whose integration did not come to an end, and why.
    totals : tuple[str, ...]
        the sums that stay constant, in words.
    notes : tuple[str, ...]
        what was held, and how was searched.
    """

    who: str
    states: tuple[str, ...]
    units: Mapping[str, str]
    found: tuple[SteadyState, ...]
    names: tuple[str, ...]
    design: Array
    missing: tuple[int, ...]
    lost: Mapping[int, str]
    totals: tuple[str, ...]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.found)

    def __iter__(self) -> Iterator[SteadyState]:
        return iter(self.found)

    def __getitem__(self, index: int) -> SteadyState:
        return self.found[index]

    @property
    def stable(self) -> tuple[SteadyState, ...]:
        """Those that small disturbances don't move for good."""
        return tuple(state for state in self.found if state.stable)

    def of(self, run: int) -> tuple[SteadyState, ...]:
        """Return the steady states of one parameter set, 0 for the first.

        Raises
        ------
        StudyError
            there is no such set.
        """
        if not 0 <= run < self.runs:
            raise StudyError(f"{self.who}: there is no run {run}; runs go from 0 to {self.runs - 1}")
        return tuple(state for state in self.found if state.run == run)

    @property
    def runs(self) -> int:
        """How many parameter sets were looked at."""
        return max(1, len(self.design))

    def table(self) -> pd.DataFrame:
        """Return one row a steady state: run, columns of the design, states, kind, leading eigenvalue, verified."""
        import pandas as pd

        runs = np.array([s.run for s in self.found], dtype=int)
        columns: dict[str, Any] = {"run": runs}
        for j, name in enumerate(self.names):
            columns[name] = self.design[runs, j]
        for name in self.states:
            columns[name if name not in columns else f"{name} (state)"] = [s.values[name] for s in self.found]
        columns["kind"] = [s.kind for s in self.found]
        columns["real part"] = [s.eigenvalues[0].real for s in self.found]
        columns["imaginary part"] = [s.eigenvalues[0].imag for s in self.found]
        columns["verified"] = [s.verified for s in self.found]
        return pd.DataFrame(columns)

    def counts(self) -> pd.DataFrame:
        """Return one row a parameter set: how many steady states, and how many of them are stable."""
        import pandas as pd

        columns: dict[str, Any] = {"run": np.arange(self.runs)}
        for j, name in enumerate(self.names):
            columns[name] = self.design[:, j]
        runs = np.array([s.run for s in self.found], dtype=int)
        columns["found"] = np.bincount(runs, minlength=self.runs)
        columns["stable"] = np.bincount(np.array([s.run for s in self.stable], dtype=int), minlength=self.runs)
        return pd.DataFrame(columns)

    def plot(
        self, x: str = "", y: str = "", *, log: tuple[str, ...] | None = None, title: str = "",
        style: str | Style = "slide", axes: Axes | None = None,
    ) -> Figure:  # fmt: skip
        """Return a figure of the states by kind.

        The default is a column that varies against the first state, else the first two states.

        Parameters
        ----------
        x, y : str
            columns of the design or states; log : those on log axes.

        Raises
        ------
        StudyError
            an unknown name, or nothing was found.
        """
        from immunode.plot.charts.analysis.phase import steady_points

        table = self.table()
        vary = [n for n in self.names if len(np.unique(table[n])) > 1]
        x = x or (vary or list(self.states))[0]
        y = y or next((n for n in self.states if n != x), x)
        known = [*self.names, *self.states]
        for name in (x, y):
            if name not in known:
                raise StudyError(f"{self.who}: no state or column '{name}'{did_you_mean(name, known)}")
        if not self.found:
            raise StudyError(f"{self.who}: no steady state was found, so there is nothing to draw")
        return steady_points(
            table[x].to_numpy(float), table[y].to_numpy(float), [s.kind for s in self.found], x_label=x, y_label=y,
            x_unit=self.units.get(x, ""), y_unit=self.units.get(y, ""), log=log,
            title=title or f"{self.who}: steady states", style=style, axes=axes,
        )  # fmt: skip

    def __repr__(self) -> str:
        from immunode.plot.kit.text import number

        many = self.runs > 1
        lines = [f"{self.who}: {len(self)} steady state{'s' * (len(self) != 1)}" + f" of {self.runs} sets" * many]
        if many:
            sets = self.counts()
            kinds = Counter(zip(sets["found"].tolist(), sets["stable"].tolist(), strict=True))
            lines += [f"  {n} sets: {found} found, {stable} stable" for (found, stable), n in sorted(kinds.items())]
        for state in () if many else self.found:
            where = ", ".join(f"{n} = {number(v, 5)}" for n, v in state.values.items())
            lead = state.eigenvalues[0]
            turn = f" ± {number(abs(lead.imag))}i" if lead.imag else ""
            doubt = "" if state.verified else "; not verified by integration"
            lines.append(f"  {state.kind}: {where} (leading eigenvalue {number(lead.real)}{turn}{doubt})")
        if self.missing:
            lines.append(f"  none found in {len(self.missing)} sets: run {', '.join(map(str, self.missing[:8]))}")
        lines += [f"  {text} stays constant" for text in self.totals]
        lines += [f"  {text}" for text in self.notes]
        return "\n".join(lines)


def steady_states(
    model: Model,
    design: Design | pd.DataFrame | Mapping[str, Any] | None = None,
    *,
    interventions: Given = (),
    bounds: Mapping[str, tuple[float, float]] | None = None,
    starts: int = 64,
    seed: int = 0,
    verified: bool = True,
    engine: str = "auto",
) -> SteadyStates:
    """Return the steady states of a model, for one set of values or, in one batch, for each row of a design.

    Newton's method begins at `starts` log-spaced points, at the model's start, where an integration of ten horizons
    ends, and with single states at 0; then again with what was found taken out. That finds what it finds: no method
    can promise all. Time, switches and events are held as at the start; running totals are left out.

    Parameters
    ----------
    design : Design | DataFrame | Mapping[str, Any] | None
        a design, a table, or columns by name: parameters or initial values ("E(0)", which set conserved totals).
    interventions : Given
        as in `simulate`; those with a window count as closed.
    bounds : Mapping[str, tuple[float, float]] | None
        state -> (low, high), where starts lie; a state that may be negative needs one.
    verified : bool
        whether to integrate on from beside each of them.
    engine : str
        as in `simulate`, for integrations.

    Raises
    ------
    StudyError
        unknown names, or a design with arms.
    ModelError
        no state depends on a state, so there is no steady state.
    """
    system = autonomous(model, interventions, at_rest=True)
    if starts < 1:
        raise StudyError(f"{model.name}: starts must be at least 1, got {starts}")
    names, table = _design(model, design)
    limits = bounds_of(system, bounds)
    rows = np.zeros((1, 0)) if not names else table
    states: list[SteadyState] = []
    lost: dict[int, str] = {}
    along: set[str] = set()
    for first in range(0, len(rows), BLOCK):
        values, start = values_and_starts(system, names, rows[first : first + BLOCK])
        block = _search(system, values, start, limits, (starts, seed), verified, engine)
        states += [replace(state, run=first + state.run) for state in block.states]
        lost |= {first + run: why for run, why in block.lost.items()}
        along |= block.along
    has = {s.run for s in states}
    notes = [*system.notes]
    if along:
        notes.append(
            f"steady states fill a line along {', '.join(sorted(along))}; one of them is shown, not hyperbolic"
        )
    if lost:
        notes.append(f"{len(lost)} sets could not be integrated: {next(iter(lost.values()))}")
    missing = tuple(run for run in range(len(rows)) if run not in has)
    return SteadyStates(
        who=model.label, states=system.names, units=system.units, found=tuple(states), names=names, design=rows,
        missing=missing, lost=lost, totals=_totals(system), notes=tuple(notes),
    )  # fmt: skip


def _design(model: Model, design: Any) -> tuple[tuple[str, ...], Array]:
    if design is None:
        return (), np.empty((1, 0))
    if isinstance(design, Mapping):
        design = {name: np.atleast_1d(np.asarray(column, dtype=float)) for name, column in design.items()}
        longest = max((len(c) for c in design.values()), default=1)
        design = {n: np.repeat(c, longest) if len(c) == 1 else c for n, c in design.items()}
    sets = design if isinstance(design, Design) else from_table(design)
    if sets.arms is not None:
        raise StudyError(f"{model.name}: steady states take no arms; give interventions= and call once for each arm")
    return sets.names, np.where(sets.unset, np.nan, sets.values)


@dataclass(frozen=True, slots=True)
class _SteadyBatch:
    """What was found for parameter sets side by side, whose runs count from 0.

    lost : runs that could not be integrated, and why.   along : states along which steady states fill a line.
    """

    states: tuple[SteadyState, ...]
    lost: dict[int, str]
    along: frozenset[str]


def _search(
    system: Autonomous,
    values: Array,
    start: Array,
    limits: dict[str, tuple[float, float]],
    how: tuple[int, int],
    verified: bool,
    engine: str,
) -> _SteadyBatch:
    every, size, batch = search_steady_states(system, values, start, limits, *how, engine)
    ends = batch.y[-1][system.reduction.moving]
    lost = dict(batch.reasons)
    c, sums = system.prepare(values), system.sums(start)
    thinned = [_thinned(system, c[:, [k]], y, sums[:, [k]], size[:, k], ends[:, k]) for k, y in enumerate(every)]
    along = frozenset(name for _, name in thinned if name)
    kept = [y for y, _ in thinned]
    run = np.repeat(np.arange(values.shape[1]), [y.shape[1] for y in kept])
    if not run.size:
        return _SteadyBatch((), lost, along)
    y = np.concatenate(kept, axis=1)
    free = system.reduction.free
    checked = np.zeros(len(run), dtype=bool)
    if first_delay(system.model):
        # its stability is that of a past, which a nudge of the present says little of
        roots, verified = characteristic_roots(system, values[:, run], y), False
    else:
        roots = list(eigenvalues(system.reduced_slopes(y[free], sums[:, run], c[:, run])))
    if verified:
        reach = np.maximum(np.abs(y), size[:, run])
        checked = verify(system, values[:, run], sums[:, run], y, reach, engine)
    places = np.round(y / size[:, run], 6).T.tolist()
    order = sorted(range(len(run)), key=lambda k: (int(run[k]), tuple(places[k])))
    states = [
        SteadyState(
            int(run[k]),
            dict(zip(system.names, y[:, k].tolist(), strict=True)),
            tuple(complex(v) for v in roots[k]),
            kind_of(roots[k]),
            bool(checked[k]),
        )
        for k in order
    ]
    return _SteadyBatch(tuple(states), lost, along)


def _thinned(system: Autonomous, c: Array, y: Array, sums: Array, size: Array, end: Array) -> tuple[Array, str]:
    """Return the states of one run without those that only go on along a line of steady states, and what varies there.

    On such a line the one nearest to where the integration ended stays.
    """
    n = y.shape[1]
    if n < 2:
        return y, ""
    free = system.reduction.free
    jacobian = system.reduced_slopes(y[free], np.repeat(sums, n, axis=1), np.repeat(c, n, axis=1))
    on_line, along = np.zeros(n, dtype=bool), ""
    for k in np.flatnonzero(np.isfinite(jacobian).all(axis=(1, 2))):
        values, vectors = np.linalg.eig(jacobian[k])
        i = int(np.argmin(np.abs(values)))
        if abs(values[i]) > 1e-9 * np.abs(values).max():
            continue
        step = np.real(vectors[:, i])
        step *= 0.1 / np.max(np.abs(step) / size[free])
        aside = (y[free, k] + step)[:, None]
        rate = np.abs(system.reduced_field(aside, sums, c))[:, 0]
        if (rate <= 1e-9 * np.abs(values).max() * size[free]).all():
            on_line[k] = True
            along = along or system.names[free[int(np.argmax(np.abs(step) / size[free]))]]
    if not on_line.any():
        return y, ""
    target = np.where(np.isfinite(end), end, 0.0)[:, None]
    gap = np.where(on_line, np.max(np.abs(y - target) / size[:, None], axis=0), np.inf)
    keep = ~on_line
    keep[int(np.argmin(gap))] = True
    return y[:, keep], along


def _totals(system: Autonomous) -> tuple[str, ...]:
    totals = []
    for row in system.reduction.totals:
        parts = [("" if v == 1 else f"{v:g} ") + n for n, v in zip(system.names, row, strict=True) if v]
        totals.append(" + ".join(parts).replace("+ -", "- "))
    return tuple(totals)
