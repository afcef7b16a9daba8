"""The result of every sensitivity analysis: which inputs matter for which endpoint, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.sensitivity.responses import Answers, Series, called, find_series
from immunode.errors import StudyError, did_you_mean
from immunode.study.result.notebook import Tabled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
CONFIDENCE = 0.95
"""Confidence of every interval."""
STAGES = (8, 4, 2, 1)
"""Convergence is shown at these parts of the sample: an eighth, a quarter, a half, all."""

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "S1": "first-order index: share of variance from the input alone",
        "ST": "total index: share of variance with all its interactions",
        "mu_star": "mean size of the elementary effects",
        "mu": "mean elementary effect",
        "sigma": "spread of the elementary effects: interactions or curvature",
        "prcc": "partial rank correlation",
        "elasticity": "elasticity: % change of the endpoint per % of the input",
        "derivative": "derivative of the endpoint by the input",
        "distance": "distance between responders and others (Kolmogorov–Smirnov)",
    }
)
"""What each measure is, in words."""
SIGNED = ("prcc", "elasticity", "mu", "derivative")


@dataclass(frozen=True, eq=False, repr=False)
class Sensitivity(Tabled):
    """Measures of how inputs matter, for every endpoint in every arm; never changes.

    Attributes
    ----------
    method : str
        "local", "morris", "sobol", "prcc" or "regional".
    who : str
        name of the model.
    columns : tuple[str, ...]
        the inputs.
    series : tuple[Series, ...]
        endpoints in arms, with units.
    measures : Mapping[str, ndarray]
        measure -> shape (n_series, n_columns); NaN where an endpoint does not vary. The first one ranks.
    low, high : Mapping[str, ndarray]
        measure -> the ends of its 95 % interval, the same shape; only for measures that have one.
    used : ndarray
        shape (n_series,), how many samples each series kept (runs, trajectories or base points).
    runs : int
        how many runs were made.
    sizes, stages : ndarray
        convergence: shape (n_stages,), and the ranking measure at each, (n_stages, n_series, n_columns).
    pairs, pairs_half : ndarray
        second-order indices and half their intervals, (n_series, n_columns, n_columns), above the diagonal; empty where
        they were not computed.
    how : str
        how inputs were drawn.
    notes : tuple[str, ...]
        what to know about the numbers.
    words : Mapping[str, str]
        input, endpoint or arm -> what figures call it, where they do.
    """

    method: str
    who: str
    columns: tuple[str, ...]
    series: tuple[Series, ...]
    measures: Mapping[str, Array]
    low: Mapping[str, Array]
    high: Mapping[str, Array]
    used: NDArray[np.intp]
    runs: int
    sizes: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, np.intp))
    stages: Array = field(default_factory=lambda: np.empty((0, 0, 0)))
    pairs: Array = field(default_factory=lambda: np.empty((0, 0, 0)))
    pairs_half: Array = field(default_factory=lambda: np.empty((0, 0, 0)))
    how: str = ""
    notes: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def main(self) -> str:
        """The measure that ranks inputs."""
        return next(iter(self.measures))

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the arms; one, "", where there are none."""
        return tuple(dict.fromkeys(s.arm for s in self.series))

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Names of the endpoints."""
        return tuple(dict.fromkeys(s.endpoint for s in self.series))

    def table(self) -> pd.DataFrame:
        """Return one row for each endpoint, arm and input: measures, each with the ends of its 95 % interval."""
        import pandas as pd

        n_series, n_columns = self.measures[self.main].shape
        rows: dict[str, Any] = {
            "endpoint": np.repeat([s.endpoint for s in self.series], n_columns),
            "arm": np.repeat([s.arm for s in self.series], n_columns),
            "input": np.tile(np.array(self.columns, dtype=object), n_series),
        }
        for name, values in self.measures.items():
            rows[name] = values.ravel()
            if name in self.low:
                rows[f"{name}_low"], rows[f"{name}_high"] = self.low[name].ravel(), self.high[name].ravel()
        frame = pd.DataFrame(rows)
        return frame if self.arms != ("",) else frame.drop(columns="arm")

    def pairs_table(self) -> pd.DataFrame:
        """Return one row for each endpoint, arm and pair of inputs: the second-order index S2 and its 95 % interval.

        Raises
        ------
        StudyError
            pairs were not computed.
        """
        import pandas as pd

        if not self.pairs.size:
            raise StudyError(f"{self.who}: no pairs were computed; use sobol_indices(..., pairs=True)")
        up = np.triu_indices(len(self.columns), 1)
        rows = [
            (s.endpoint, s.arm, self.columns[i], self.columns[j], self.pairs[k, i, j],
             self.pairs[k, i, j] - self.pairs_half[k, i, j], self.pairs[k, i, j] + self.pairs_half[k, i, j])
            for k, s in enumerate(self.series)
            for i, j in zip(*up, strict=True)
        ]  # fmt: skip
        columns = ["endpoint", "arm", "first", "second", "S2", "S2_low", "S2_high"]
        return pd.DataFrame(rows, columns=columns)

    def ranking(self, endpoint: str | None = None, arm: str | None = None) -> pd.Series[float]:
        """Return the ranking measure of one endpoint, most important input first; by default of the first endpoint.

        Raises
        ------
        StudyError
            unknown endpoint or arm.
        """
        import pandas as pd

        k = find_series(self.who, self.series, endpoint, arm)
        row = self.measures[self.main][k]
        order = _ranked(row)
        return pd.Series(row[order], index=[self.columns[i] for i in order], name=self.main)

    def value(
        self, column: str, measure: str | None = None, endpoint: str | None = None, arm: str | None = None
    ) -> float:
        """Return one number: a measure (by default the ranking one) of an input for an endpoint in an arm."""
        chosen = measure or self.main
        for name, known in ((column, self.columns), (chosen, tuple(self.measures))):
            if name not in known:
                raise StudyError(f"{self.who}: unknown '{name}'{did_you_mean(name, known)}")
        k = find_series(self.who, self.series, endpoint, arm)
        return float(self.measures[chosen][k, self.columns.index(column)])

    def __repr__(self) -> str:
        lines = [f"{_TITLES[self.method]} of {self.who}: {len(self.columns)} inputs, {self.runs:,} runs"]
        for k, s in enumerate(self.series):
            row = self.measures[self.main][k]
            top = [i for i in _ranked(row)[:5] if np.isfinite(row[i])]
            shown = ", ".join(f"{self.columns[i]} {self._number(k, i)}" for i in top) or "does not vary"
            lines.append(f"  {s.name}: {shown}")
        lines.append(f"  ({self.main}: {WORDS[self.main]})")
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    def _number(self, k: int, i: int) -> str:
        value = self.measures[self.main][k, i]
        if self.main not in self.low:
            return f"{value:.3g}"
        return f"{value:.3g} [{self.low[self.main][k, i]:.2g}, {self.high[self.main][k, i]:.2g}]"

    def plot(
        self,
        kind: str = "bars",
        endpoint: str | None = None,
        arm: str | None = None,
        *,
        top: int = 12,
        title: str | None = None,
        style: str = "slide",
        axes: Any = None,
    ) -> Figure:
        """Return a figure of the `top` inputs.

        Parameters
        ----------
        kind : str
            "bars" (one endpoint, with intervals), "heat" (inputs x endpoints of all arms, or of `arm`), "plane" (size
            against spread; Morris only), "convergence" (against the size of the sample).

        Raises
        ------
        StudyError
            unknown kind, endpoint or arm, or a kind that this method does not have.
        """
        from immunode.plot.charts.analysis import sensitivity as draw

        kinds = ["bars", "heat"] + (["plane"] if self.method == "morris" else [])
        kinds += ["convergence"] if len(self.sizes) else []
        if kind not in kinds:
            raise StudyError(f"{self.who}: {self.method} has no plot '{kind}'{did_you_mean(kind, kinds)}")
        look: dict[str, Any] = {"style": style, "axes": axes}
        if kind == "heat":
            return self._heat(arm, top, self._title(title, ""), look)
        k = find_series(self.who, self.series, endpoint, arm)
        order = _ranked(self.measures[self.main][k])[:top]
        names = [called(self.words, self.columns[i]) for i in order]
        named, unit = self._title(title, self.series[k].called(self.words)), self.series[k].unit
        if kind == "plane":
            mu_star, sigma = (self.measures[m][k][order] for m in ("mu_star", "sigma"))
            return draw.morris_plane(mu_star, sigma, names=names, unit=unit, title=named, **look)
        if kind == "convergence":
            return draw.sensitivity_convergence(
                self.sizes, self.stages[:, k][:, order], names=names, measure=_AXIS[self.main], title=named, **look
            )
        shown = ("S1", "ST") if self.method == "sobol" else (self.main,)
        return draw.sensitivity_bars(
            {m: self.measures[m][k][order] for m in shown},
            names=names,
            low={m: self.low[m][k][order] for m in shown if m in self.low},
            high={m: self.high[m][k][order] for m in shown if m in self.high},
            labels=_SHORT if self.method == "sobol" else WORDS,
            raises=self._raises(k, order),
            unit=unit if self.main == "mu_star" else "",
            title=named,
            **look,
        )

    def _heat(self, arm: str | None, top: int, title: str, look: dict[str, Any]) -> Figure:
        """Return the map of inputs x endpoints."""
        from immunode.plot.charts.analysis import sensitivity as draw

        rows = [k for k, s in enumerate(self.series) if arm in (None, s.arm)]
        if not rows:
            find_series(self.who, self.series, None, arm)
        values = self.measures[self.main][rows]
        size = np.nanmax(np.where(np.isfinite(values), np.abs(values), 0.0), axis=0)
        order = np.argsort(-size, kind="stable")[:top]
        relative = self.main in ("mu_star",)
        return draw.sensitivity_heat(
            values[:, order].T,
            rows=[called(self.words, self.columns[i]) for i in order],
            columns=[self.series[k].called(self.words) for k in rows],
            measure=WORDS[self.main],
            signed=self.main in SIGNED,
            relative=relative,
            title=title,
            **look,
        )

    def _raises(self, k: int, order: NDArray[np.intp]) -> list[bool] | None:
        """Return whether responders have the higher median; None for other methods."""
        if self.method != "regional":
            return None
        higher = self.measures["median_responders"][k] > self.measures["median_others"][k]
        return [bool(v) for v in higher[order]]

    def _title(self, title: str | None, about: str) -> str:
        if title is not None:
            return title
        if self.method == "regional" and about:
            return f"{self.who}: what makes {about}"
        return f"{self.who}: what moves {about}" if about else f"{self.who}: what matters"


_SHORT = {"S1": "the input alone (S1)", "ST": "with its interactions (ST)"}
_AXIS = {
    "ST": "total index (ST)",
    "mu_star": "mean size of the effects (μ*)",
    "prcc": WORDS["prcc"],
    "distance": "distance",
}
_TITLES = {
    "local": "Local sensitivity",
    "morris": "Morris screening",
    "sobol": "Sobol' indices",
    "prcc": "Partial rank correlation",
    "regional": "Regional sensitivity",
}


def _ranked(row: Array) -> NDArray[np.intp]:
    """Return positions, largest size first, NaN last."""
    return np.argsort(-np.where(np.isfinite(row), np.abs(row), -1.0), kind="stable")


def varies(column: Array) -> bool:
    """Return whether finite numbers differ by more than rounding."""
    good = column[np.isfinite(column)]
    return good.size > 1 and float(np.ptp(good)) > 1e-12 * float(np.max(np.abs(good)))


def left_out(answers: Answers, used: NDArray[np.intp], full: int, what: str) -> tuple[str, ...]:
    """Return notes on what was left out. used : shape (n_series,).   full : how many there were.   what : of them."""
    groups: dict[int, list[str]] = {}
    for s, kept in zip(answers.series, used.tolist(), strict=True):
        if kept < full:
            groups.setdefault(full - kept, []).append(s.name)
    return tuple(
        f"{left:,} of {full:,} {what} left out, where a run failed or the endpoint is not finite: {some(names)}"
        for left, names in groups.items()
    )


def some(names: list[str], most: int = 3) -> str:
    """Return a few names in words."""
    return "; ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
