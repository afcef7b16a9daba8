"""Shapley shares: how much each of several interventions adds to what they do together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.sensitivity.responses import (
    Series,
    SpaceLike,
    called,
    find_series,
    space_of,
    whole,
    words_of,
)
from immunode.errors import StudyError
from immunode.model import Model
from immunode.study.arms import CONTROL, Arms
from immunode.study.design.design import Design, sobol
from immunode.study.result.notebook import Tabled
from immunode.study.result.paired_differences import quantiles
from immunode.study.sweeps import sweep

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
CAVEATS = (
    "a share is an average over all orders in which the interventions could be added; it is not a cause",
    "alone and last differ where interventions interact",
)


@dataclass(frozen=True, eq=False, repr=False)
class ShapleyShares(Tabled):
    """Shares of interventions in the difference between all of them together and none; never changes.

    Attributes
    ----------
    factors : tuple[str, ...]
        the interventions.
    series : tuple[Series, ...]
        the endpoints.
    none, together : ndarray
        shape (n_series, n_draws), the endpoint without and with all of them.
    shares : ndarray
        shape (n_series, n_factors, n_draws), in the endpoint's unit; they add up to together minus none.
    alone, last : ndarray
        the same shape: the change that a factor makes on its own, and when it is added to all others.
    runs : int
        how many were made.
    lost : int
        draws left out, for a run of them failed.
    words : Mapping[str, str]
        factor or endpoint -> what figures call it, where they do.
    """

    who: str
    factors: tuple[str, ...]
    series: tuple[Series, ...]
    none: Array
    together: Array
    shares: Array
    alone: Array
    last: Array
    runs: int
    lost: int
    words: Mapping[str, str] = field(default_factory=dict)

    def table(self) -> pd.DataFrame:
        """Return one row for each endpoint and factor: its share (median of the draws, 5 and 95 %), its part of the
        whole (1 is all), and what it does alone and last.
        """
        import pandas as pd

        rows = []
        for j, s in enumerate(self.series):
            whole_change = float(np.median(self.together[j] - self.none[j]))
            for i, name in enumerate(self.factors):
                low, middle, high = quantiles(self.shares[j, i], (0.05, 0.5, 0.95))
                part = middle / whole_change if whole_change else np.nan
                alone, last = float(np.median(self.alone[j, i])), float(np.median(self.last[j, i]))
                rows.append((s.endpoint, s.unit, name, middle, low, high, part, alone, last))
        columns = ["endpoint", "unit", "factor", "share", "q05", "q95", "part", "alone", "last"]
        return pd.DataFrame(rows, columns=columns)

    def __repr__(self) -> str:
        n = self.shares.shape[2]
        drawn = f", medians of {n:,} draws" if n > 1 else ""
        lines = [f"Shapley shares of {self.who}: {len(self.factors)} factors, {self.runs:,} runs{drawn}"]
        for j, s in enumerate(self.series):
            none, together = float(np.median(self.none[j])), float(np.median(self.together[j]))
            lines.append(f"  {s.name}: {none:.5g} without, {together:.5g} with all")
            for i in np.argsort(-np.abs(np.median(self.shares[j], axis=1)), kind="stable"):
                share, alone, last = (float(np.median(v[j, i])) for v in (self.shares, self.alone, self.last))
                lines.append(f"    {self.factors[i]}: {share:+.5g} (alone {alone:+.5g}, last {last:+.5g})")
        lines += [f"  {self.lost} draws left out, for a run of theirs failed"] if self.lost else []
        return "\n".join([*lines, *(f"  caveat: {text}" for text in CAVEATS)])

    def plot(
        self, endpoint: str | None = None, *, title: str | None = None, style: str = "slide", axes: Any = None
    ) -> Figure:
        """Return a bar for each factor's share of one endpoint (by default the first) and for all together."""
        from immunode.plot.charts.analysis.differences import difference_bars

        j = find_series(self.who, self.series, endpoint, None)
        middle = np.median(self.shares[j], axis=1)
        order = np.argsort(-np.abs(middle), kind="stable")
        several = self.shares.shape[2] > 1
        low, high = np.quantile(self.shares[j], [0.05, 0.95], axis=1)
        return difference_bars(
            middle[order],
            names=[called(self.words, self.factors[i]) for i in order],
            total=float(np.median(self.together[j] - self.none[j])),
            spread=(low[order], high[order]) if several else None,
            label=f"share of the change of {self.series[j].called(self.words)}",
            unit=self.series[j].unit,
            note=CAVEATS[0] + (f"; medians and 5-95 % of {self.shares.shape[2]:,} draws" if several else ""),
            title=f"{self.who}: what each adds" if title is None else title,
            style=style,
            axes=axes,
        )


def shapley(
    model: Model,
    interventions: Sequence[Any] | Mapping[str, Any],
    space: SpaceLike | None = None,
    n: int = 1,
    *,
    until: float | str | None = None,
    endpoints: Any = None,
    seed: int = 0,
    engine: str = "auto",
    rtol: float = 1e-6,
) -> ShapleyShares:
    """Return how much each of k interventions adds to an endpoint, averaged over all orders, from 2^k arms.

    Shares add up to the whole change, draw by draw (efficiency); a factor that changes nothing has the share 0.

    Parameters
    ----------
    interventions : Sequence[Any] | Mapping[str, Any]
        the factors: interventions, drugs or names of declared ones; a list among them is one factor, and a mapping
        names them.
    space : SpaceLike | None
        ranges to draw virtual patients from (as in `sobol_indices`); None: the model as it is.
    n : int
        draws, where there is a space.
    seed : int
        of the draws.
    until, endpoints, engine, rtol
        as in `sweep`.

    Raises
    ------
    StudyError
        fewer than 2 factors, more than 12, names that can't be, or no draw without a failed run.

    References
    ----------
    Shapley 1953, doi:10.1515/9781400881970-018.
    """
    listed = [interventions] if isinstance(interventions, str) else list(interventions)
    if len(listed) < 2:
        raise StudyError(f"{model.name}: shapley shares need at least two factors, got {len(listed)}")
    arms = Arms.factorial(**dict(interventions)) if isinstance(interventions, Mapping) else Arms.factorial(*listed)
    names = tuple(name for name in arms if name != CONTROL)[: len(listed)]
    drawn = whole("shapley", "n", n, 1)
    if space is None:
        if drawn > 1:
            raise StudyError(f"{model.name}: shapley: {drawn} draws need a space to draw them from")
        design = Design((), np.empty((1, 0)), "the model as it is")
        engine = "scipy" if engine == "auto" else engine  # 2^k lone runs are not worth compiling 2^k programs
    else:
        design = sobol(space_of(space, model), drawn, seed=seed)
    done = sweep(model, design * arms, until=until, endpoints=endpoints, engine=engine, rtol=rtol)
    values = done.values.reshape(len(design), len(arms), -1)
    good = np.isfinite(values).all(axis=(1, 2))
    if not good.any():
        reason = next(iter(done.reasons), "an endpoint is not finite")
        raise StudyError(f"{model.name}: no draw has a value in all {len(arms)} arms: {reason}")
    units = done.units
    series = tuple(Series(e, "", units[e]) for e in done.endpoints)
    table = np.moveaxis(values[good], 0, -1)  # (n_arms, n_series, n_draws)
    members = _members(len(names))
    shares, alone, last = _shares(table, members)
    return ShapleyShares(
        who=model.label,
        factors=names,
        series=series,
        none=table[0],
        together=table[-1],
        shares=shares,
        alone=alone,
        last=last,
        runs=len(done),
        lost=int((~good).sum()),
        words=words_of(done),
    )


def _members(k: int) -> list[tuple[int, ...]]:
    """Return the factors in each arm, in the order of `Arms.factorial`."""
    return [chosen for size in range(k + 1) for chosen in combinations(range(k), size)]


def _shares(table: Array, members: list[tuple[int, ...]]) -> tuple[Array, Array, Array]:
    """Return shares, what each does alone, and last; each (n_series, k, n_draws). table : (2^k, n_series, n_draws)."""
    k = len(members[-1])
    place = {chosen: i for i, chosen in enumerate(members)}
    parts = np.zeros((3, table.shape[1], k, table.shape[2]))
    for chosen in members:
        weight = factorial(len(chosen)) * factorial(max(k - len(chosen) - 1, 0)) / factorial(k)
        for i in range(k):
            if i not in chosen:
                gain = table[place[tuple(sorted((*chosen, i)))]] - table[place[chosen]]
                parts[0, :, i] += weight * gain
                if not chosen:
                    parts[1, :, i] = gain
                if len(chosen) == k - 1:
                    parts[2, :, i] = gain
    return parts[0], parts[1], parts[2]
