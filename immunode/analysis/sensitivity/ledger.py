"""The evidence ledger: how much of what a model says rests on parameters that somebody assumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.sensitivity.responses import (
    Series,
    SpaceLike,
    ask,
    find_series,
    on_scale,
    place,
    space_of,
    whole,
)
from immunode.analysis.sensitivity.result import left_out, varies
from immunode.analysis.sensitivity.saltelli_scheme import Indices, indices, saltelli_points
from immunode.analysis.sensitivity.variance import doubts
from immunode.errors import StudyError
from immunode.model import Model
from immunode.study.arms import as_arms
from immunode.study.result.notebook import Tabled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from immunode.study.arms import Arms

Array = NDArray[np.float64]
KINDS = ("measured", "derived", "published", "fitted", "memory", "assumed", "not said")
"""Kinds of evidence, strongest first; "not said" is a parameter that names neither evidence nor an assumption."""


@dataclass(frozen=True, eq=False, repr=False)
class EvidenceLedger(Tabled):
    """Shares of every endpoint's variance by the evidence of the parameters it comes from; never changes.

    Attributes
    ----------
    kinds : tuple[str, ...]
        kinds of evidence that occur.
    members : Mapping[str, tuple[str, ...]]
        kind -> its inputs.
    series : tuple[Series, ...]
        endpoints in arms.
    alone : ndarray
        shape (n_series, n_kinds), share of variance that inputs of one kind make among themselves (closed index).
    total : ndarray
        the same shape, share that vanishes if they were known (with their interactions with other kinds).
    alone_half, total_half : ndarray
        half the 95 % intervals.
    worst : ndarray
        shape (n_series, n_inputs), total index of each input.
    columns : tuple[str, ...]
        the inputs.
    used : ndarray
        shape (n_series,), base points kept.
    runs : int
        how many runs were made.
    how, notes
        in words.
    words : Mapping[str, str]
        endpoint or arm -> what figures call it, where they do.
    """

    who: str
    kinds: tuple[str, ...]
    members: Mapping[str, tuple[str, ...]]
    columns: tuple[str, ...]
    series: tuple[Series, ...]
    alone: Array
    alone_half: Array
    total: Array
    total_half: Array
    worst: Array
    used: NDArray[np.intp]
    runs: int
    how: str
    notes: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)

    def table(self) -> pd.DataFrame:
        """Return one row for each endpoint, arm and kind of evidence: inputs, shares alone and in total, intervals."""
        import pandas as pd

        rows = []
        for j, s in enumerate(self.series):
            for i, kind in enumerate(self.kinds):
                alone, a = self.alone[j, i], self.alone_half[j, i]
                total, b = self.total[j, i], self.total_half[j, i]
                counted = (s.endpoint, s.arm, kind, len(self.members[kind]))
                rows.append((*counted, alone, alone - a, alone + a, total, total - b, total + b))
        columns = ["endpoint", "arm", "evidence", "inputs", "alone", "alone_low", "alone_high"]
        return pd.DataFrame(rows, columns=[*columns, "total", "total_low", "total_high"])

    def share(self, kind: str = "assumed", endpoint: str | None = None, arm: str | None = None) -> float:
        """Return the total share of variance of a kind of evidence for an endpoint (by default the first)."""
        j = find_series(self.who, self.series, endpoint, arm)
        return float(self.total[j, self.kinds.index(kind)]) if kind in self.kinds else 0.0

    def next_to_measure(self, endpoint: str | None = None, arm: str | None = None, n: int = 5) -> pd.Series[float]:
        """Return total indices of the weak inputs (assumed, from memory, or not said) that matter most."""
        import pandas as pd

        j = find_series(self.who, self.series, endpoint, arm)
        weak = [c for kind in ("assumed", "memory", "not said") for c in self.members.get(kind, ())]
        totals = pd.Series({c: self.worst[j, self.columns.index(c)] for c in weak}, dtype=float, name="ST")
        return totals.sort_values(ascending=False)[:n]

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(self.members[kind])} {kind}" for kind in self.kinds)
        lines = [f"Evidence ledger of {self.who}: {counts}; {self.runs:,} runs"]
        for j, s in enumerate(self.series):
            if not np.isfinite(self.total[j]).any():
                lines.append(f"  {s.name}: does not vary")
                continue
            shown = ", ".join(
                f"{kind} {100 * self.total[j, i]:.0f} % (alone {100 * self.alone[j, i]:.0f} %)"
                for i, kind in enumerate(self.kinds)
            )
            lines.append(f"  {s.name}: {shown}")
            todo = {c: v for c, v in self.next_to_measure(s.endpoint, s.arm, 3).items() if v >= 0.01}
            if todo:
                lines.append("    measure next: " + ", ".join(f"{c} ({v:.2f})" for c, v in todo.items()))
        lines.append(f"  shares hold for the ranges sampled: {self.how}")
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    def plot(self, *, title: str | None = None, style: str = "slide", axes: Any = None) -> Figure:
        """Return stacked bars, one an endpoint: the share of each kind alone, and of kinds together."""
        from immunode.plot.charts.analysis.sensitivity import evidence_shares

        keep = [j for j in range(len(self.series)) if np.isfinite(self.alone[j]).any()]
        if not keep:
            raise StudyError(f"{self.who}: no endpoint varies, so there is nothing to draw")
        return evidence_shares(
            np.clip(self.alone[keep], 0, None),
            rows=[self.series[j].called(self.words) for j in keep],
            kinds=self.kinds,
            counts=[len(self.members[kind]) for kind in self.kinds],
            title=f"{self.who}: what its answers rest on" if title is None else title,
            style=style,
            axes=axes,
        )


def evidence_ledger(
    model: Model,
    space: SpaceLike | None = None,
    n: int = 512,
    *,
    until: float | str | None = None,
    arms: Arms | Mapping[str, Any] | Sequence[str] | str | None = None,
    endpoints: Any = None,
    scale: str = "linear",
    resamples: int = 200,
    seed: int = 0,
    engine: str = "auto",
    rtol: float = 1e-6,
) -> EvidenceLedger:
    """Return the share of every endpoint's variance that comes from parameters of each kind of evidence.

    Sobol' indices of groups: `alone` is what inputs of one kind make without the others, `total` includes their
    interactions with other kinds, so totals may add up to more than 1. All in one batched sweep.

    Parameters
    ----------
    space : SpaceLike | None
        ranges, or names and patterns as in `im.space`; default all parameters. Shares depend on these ranges: where a
        model gives no bounds, all inputs vary by the same 30 %, however well they are known.
    n : int
        base points; runs are n*(k + kinds + 2) an arm for k inputs.
    seed : int
        of sample and bootstrap.
    until, arms, endpoints, engine, rtol
        as in `sweep`.
    scale, resamples
        as in `sobol_indices`.

    Raises
    ------
    StudyError
        not a model, names that can't be.

    References
    ----------
    Sobol' 1993 (groups); Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018.
    """
    if not isinstance(model, Model):
        raise StudyError(f"evidence_ledger: it needs a model, whose parameters say where they are from, got {model!r}")
    box = space_of(space, model)
    members = _by_evidence(model, box.names, arms)
    grouped = _design(box.names, members, whole("evidence_ledger", "n", n, 2), seed)
    single = saltelli_points(len(box.names), n, seed)
    answers = ask(
        model, box.names, place(box, np.concatenate([grouped, single])), until=until, arms=arms, endpoints=endpoints,
        engine=engine, rtol=rtol, how=box.words(), seed=seed,
    )  # fmt: skip
    scaled = on_scale(answers, scale)
    shares, used = _analyze(scaled.outputs[: len(grouped)], len(members), resamples, seed)
    of_inputs, _ = _analyze(scaled.outputs[len(grouped) :], len(box.names), 0, seed)
    notes = left_out(answers, used, n, "base points")
    notes += doubts(scaled, shares.total, 2 * shares.total_half, n)
    return EvidenceLedger(
        who=answers.who,
        kinds=tuple(members),
        members=members,
        columns=box.names,
        series=scaled.series,
        alone=shares.first,
        alone_half=shares.first_half,
        total=shares.total,
        total_half=shares.total_half,
        worst=of_inputs.total,
        used=used,
        runs=answers.runs,
        how=answers.how,
        words=answers.words,
        notes=notes,
    )


def _by_evidence(model: Model, names: Sequence[str], arms: Any) -> dict[str, tuple[str, ...]]:
    """Return kind -> inputs; an initial value or a parameter of the user's own has the evidence "not said"."""
    models = [model] if arms is None else [model, *as_arms(arms, model).compose(model).values()]
    evidence = {p.name: _evidence(p.evidence, p.source) for m in models for p in m.parameters}
    evidence |= {f"{s.name}(0)": _evidence("", s.source) for s in model.states}
    members: dict[str, list[str]] = {}
    for name in names:
        members.setdefault(evidence.get(name, "not said"), []).append(name)
    return {kind: tuple(members[kind]) for kind in KINDS if kind in members}


def _evidence(evidence: str, source: str) -> str:
    if evidence:
        return evidence
    return "assumed" if source.startswith("assumed") else "published" if source else "not said"


def _design(names: Sequence[str], members: Mapping[str, Sequence[str]], n: int, seed: int) -> Array:
    """Return Saltelli's points of kinds of evidence in the unit cube: all inputs of a kind are exchanged at once."""
    groups = [np.isin(np.array(names, dtype=object), list(inputs)) for inputs in members.values()]
    return saltelli_points(len(names), n, seed, groups=groups)


def _analyze(outputs: Array, k: int, resamples: int, seed: int) -> tuple[Indices, NDArray[np.intp]]:
    """Return indices, each (n_series, k), NaN where an endpoint does not vary, and the base points kept, (n_series,).

    outputs : shape (n*(k + 2), n_series).
    """
    n_series = outputs.shape[1]
    first, total, first_half, total_half = (np.full((n_series, k), np.nan) for _ in range(4))
    used = np.zeros(n_series, np.intp)
    blocks = outputs.reshape(-1, k + 2, n_series)
    for j in range(n_series):
        y = blocks[np.isfinite(blocks[:, :, j]).all(axis=1), :, j]
        used[j] = len(y)
        if len(y) > 1 and varies(y[:, [0, -1]]):
            one = indices(y, k, resamples=resamples, seed=seed + 1)
            first[j], total[j] = one.first, one.total
            first_half[j], total_half[j] = one.first_half, one.total_half
    empty = np.empty((n_series, 0, 0))
    return Indices(
        first=first, total=total, pairs=empty, first_half=first_half, total_half=total_half, pairs_half=empty
    ), used
