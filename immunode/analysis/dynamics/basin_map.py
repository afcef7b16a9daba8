"""Basins of attraction: which start ends where, all starts in one batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.dynamics.nullclines import axis, in_plane, is_closed, ranges_of, separatrices
from immunode.analysis.dynamics.steady import SteadyState, steady_states
from immunode.analysis.dynamics.system import Autonomous, Given, autonomous
from immunode.errors import StudyError, did_you_mean
from immunode.model import Model
from immunode.model.views.words import name_labels
from immunode.solve import choose_engine, solve
from immunode.study.result.notebook import Tabled, page

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from immunode.plot.kit.style import Style

Array = NDArray[np.float64]
NEAR = 0.02
"""A run has come to a state when all its states are within this part of it (or of their typical size)."""
SPANS = (5.0, 50.0, 500.0)
"""Horizons for which runs are followed: those that have come nowhere are followed longer."""
FAILED, ELSEWHERE = -2, -1


@dataclass(frozen=True, eq=False, repr=False)
class Basins(Tabled):
    """Which start ends in which stable steady state.

    Attributes
    ----------
    who : str
        name of the model.
    names : tuple[str, ...]
        the states that vary, units : theirs.
    axes : tuple[ndarray, ...]
        grid of each, shapes (n,).
    where : ndarray
        shape (n, n, ...), in the order of `names`: index into `ends`, -1 elsewhere (a cycle, growth, or not yet there),
        -2 where the run failed.
    ends : tuple[SteadyState, ...]
        the stable steady states.
    saddles : tuple[SteadyState, ...]
        the other steady states.
    borders : tuple[tuple[ndarray, ndarray], ...]
        (x, y) of separatrices, where two states vary and the others stay as they are.
    log : tuple[bool, ...]
        which axes are logarithmic.
    notes : tuple[str, ...]
        what was held.
    words : Mapping[str, str]
        name -> what figures call it, where they do.
    """

    who: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    axes: tuple[Array, ...]
    where: NDArray[np.intp]
    ends: tuple[SteadyState, ...]
    saddles: tuple[SteadyState, ...]
    borders: tuple[tuple[Array, Array], ...]
    log: tuple[bool, ...]
    notes: tuple[str, ...]
    words: Mapping[str, str] = field(default_factory=dict)

    def end_names(self, words: Mapping[str, str] | None = None) -> tuple[str, ...]:
        """Return what each end is called: its kind and where it stands. words : labels of states, in place of names."""
        from immunode.plot.kit.text import number

        called = {name: (words or {}).get(name, name) for name in self.names[:2]}
        return tuple(
            f"{s.kind} at " + ", ".join(f"{label} = {number(s.values[n], 3)}" for n, label in called.items())
            for s in self.ends
        )

    def shares(self) -> pd.Series[float]:
        """Return the share of starts that ends in each state, by name; of the grid, not of patients."""
        import pandas as pd

        keys = [*self.end_names(), "elsewhere", "failed"]
        counts = [int((self.where == k).sum()) for k in (*range(len(self.ends)), ELSEWHERE, FAILED)]
        return pd.Series(np.array(counts) / self.where.size, index=keys, name="share")

    def table(self) -> pd.DataFrame:
        """Return one row a start: the states that vary, and the name of its end."""
        import pandas as pd

        mesh = np.meshgrid(*self.axes, indexing="ij")
        columns: dict[str, Any] = {name: m.ravel() for name, m in zip(self.names, mesh, strict=True)}
        words = {**dict(enumerate(self.end_names())), ELSEWHERE: "elsewhere", FAILED: "failed"}
        return pd.DataFrame(columns | {"end": [words[int(k)] for k in self.where.ravel()]})

    def plot(
        self, x: str = "", y: str = "", *, title: str = "", style: str | Style = "slide", axes: Axes | None = None
    ) -> Figure:
        """Return the map over two of the states that vary; others at the middle of their grid.

        Raises
        ------
        StudyError
            fewer than two states vary, or an unknown one.
        """
        from immunode.plot.charts.analysis.basin_map import basins as draw

        if len(self.names) < 2:
            raise StudyError(f"{self.who}: a map needs two states that vary, here is one: {self.names[0]}")
        x = x or self.names[0]
        y = y or next(n for n in self.names if n != x)
        for name in (x, y):
            if name not in self.names:
                raise StudyError(f"{self.who}: no state '{name}' in the basins{did_you_mean(name, self.names)}")
        i, j = self.names.index(x), self.names.index(y)
        cut = tuple(slice(None) if k in (i, j) else len(a) // 2 for k, a in enumerate(self.axes))
        where = self.where[cut]
        fixed = [(s.values[x], s.values[y], s.kind) for s in (*self.ends, *self.saddles)]
        borders = self.borders if (x, y) == self.names[:2] else ()
        return draw(
            self.axes[i], self.axes[j], np.maximum(where.T if i < j else where, -1),
            self.end_names(self.words), fixed=fixed,
            borders=borders, x_label=self.words.get(x, x), y_label=self.words.get(y, y),
            x_unit=self.units[i], y_unit=self.units[j],
            log=(self.log[i], self.log[j]), title=title or f"{self.who}: which start ends where",
            style=style, axes=axes,
        )  # fmt: skip

    def __repr__(self) -> str:
        shares = self.shares()
        lines = [f"{self.who}: {self.where.size:,} starts over {', '.join(self.names)}"]
        lines += [f"  {100 * share:.3g} % to {name}" for name, share in shares.items() if share > 0]
        return "\n".join([*lines, *(f"  {text}" for text in self.notes)])

    def _repr_html_(self) -> str:
        return page(repr(self), self.shares().to_frame(), "Shares")


def basins(
    model: Model,
    between: Mapping[str, tuple[float, float]],
    *,
    interventions: Given = (),
    log: Sequence[str] | None = None,
    n: int = 60,
    engine: str = "auto",
    rtol: float = 1e-6,
) -> Basins:
    """Return which starts end in which stable steady state, from a grid of starts in one batch.

    Runs that have come to no stable state after 5 horizons are followed for 50, then for 500; what is nowhere then is
    "elsewhere". The states not named start where the model does.

    Parameters
    ----------
    between : Mapping[str, tuple[float, float]]
        states and ranges of their starts.
    log : Sequence[str] | None
        those on a log grid; default where a range spans a factor 300.
    n : int
        points a side.
    interventions, engine, rtol
        as in `simulate`; windows count as closed.

    Raises
    ------
    StudyError
        an unknown state, a range that can't be, a state in a conserved total, no stable state.
    """
    system = autonomous(model, interventions)
    names, ends, far = ranges_of(system, between, log)
    if not names:
        raise StudyError(f"{model.name}: give at least one state with a range, such as {{'T': (1, 5e8)}}")
    for name in names:
        if system.reduction.totals[:, system.state(name)].any():
            raise StudyError(
                f"{model.name}: '{name}' is in a conserved total, so every start has steady states of its own"
            )
    if not 2 <= n <= 2000 or n ** len(names) > 4_000_000:
        raise StudyError(
            f"{model.name}: n = {n} gives {float(n) ** len(names):.3g} starts; between 2 a side and 4e6 in all"
        )
    limits = {name: e for name, e in zip(names, ends, strict=True) if e[0] < 0}
    every = steady_states(model, interventions=interventions, bounds=limits, engine=engine)
    stable, others = every.stable, tuple(s for s in every.found if not s.stable)
    if not stable:
        raise StudyError(f"{model.name}: no stable steady state was found, so there is no basin to map")
    grids = tuple(axis(e, f, n) for e, f in zip(ends, far, strict=True))
    mesh = np.meshgrid(*grids, indexing="ij")
    start = np.repeat(system.start(system.values), mesh[0].size, axis=1)
    for name, m in zip(names, mesh, strict=True):
        start[system.state(name)] = m.ravel()
    where = _ends(system, start, stable, engine, rtol).reshape(mesh[0].shape)
    borders: tuple[tuple[Array, Array], ...] = ()
    if len(names) == 2 and is_closed(system, names, ends):
        borders = separatrices(system, in_plane(system, names, every), names, ends, engine)
    return Basins(
        who=model.label, names=names, units=tuple(system.units[m] for m in names), axes=grids, where=where, ends=stable,
        saddles=others, borders=borders, log=far, notes=system.notes, words=name_labels(model),
    )  # fmt: skip


def _ends(
    system: Autonomous, start: Array, stable: Sequence[SteadyState], engine: str, rtol: float
) -> NDArray[np.intp]:
    """Return the index of the stable state that each start comes to, shape (n,); -1 elsewhere, -2 failed."""
    n = start.shape[1]
    where = np.full(n, ELSEWHERE, dtype=np.intp)
    targets = np.array([[s.values[m] for m in system.names] for s in stable])
    scale = np.abs(targets) + system.size(system.values)[:, 0] * 1e-2
    y, left, begin = start.copy(), np.arange(n), 0.0
    chosen = choose_engine(system.functions, n, engine)[0]
    for span in SPANS:
        end = span * float(system.model.horizon)
        values = np.repeat(system.values, len(left), axis=1)
        batch = solve(
            system.functions, values, times=[end - begin], initial=system.whole(y[:, left]), engine=chosen, rtol=rtol
        )
        done = np.asarray(batch.status) == 0
        where[left[~done]] = FAILED
        y[:, left] = batch.y[0][system.reduction.moving]
        gaps = np.array([np.max(np.abs(y[:, left].T - t) / s, axis=1) for t, s in zip(targets, scale, strict=True)])
        near = np.argmin(np.where(np.isfinite(gaps), gaps, np.inf), axis=0)
        there = done & (gaps[near, np.arange(len(left))] < NEAR)
        where[left[there]] = near[there]
        left, begin = left[done & ~there], end
        if not left.size:
            break
    return where
