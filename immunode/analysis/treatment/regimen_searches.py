"""Search for a regimen: the smallest dose or longest interval that helps enough patients and harms few."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from immunode.errors import StudyError, did_you_mean
from immunode.model.views.words import input_label, name_labels
from immunode.study.arms import Arms
from immunode.study.design.design import grid
from immunode.study.result.notebook import Tabled
from immunode.study.result.row_condition import endpoints_in, rows_that
from immunode.study.result.row_words import rule_words, whose_rows
from immunode.study.sweeps import sweep

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from immunode.intervention import Perturbation
    from immunode.model import Model
    from immunode.study.design.design import Design
    from immunode.study.result.sweep_result import SweepResult

Array = NDArray[np.float64]
NO_ROWS = "no regimen meets both limits"


@dataclass(frozen=True, eq=False, repr=False)
class RegimenSearch(Tabled):
    """What each regimen does in the same patients. Made by `regimen_search`.

    Attributes
    ----------
    knobs : tuple[str, ...]
        names of what was varied.
    regimens : ndarray
        shape (n_regimens, n_knobs).
    responders, toxic, failed : ndarray
        shape (n_regimens,), shares of patients, 0 to 1 (`toxic` is NaN without a rule).
    cost : ndarray
        shape (n_regimens,), what is wanted small.
    prefer : str
        how it reads.
    """

    knobs: tuple[str, ...]
    units: tuple[str, ...]
    regimens: Array
    responders: Array
    toxic: Array
    failed: Array
    cost: Array
    prefer: str
    rules: tuple[str, str]
    limits: tuple[float, float]
    patients: int
    out: SweepResult

    @property
    def feasible(self) -> NDArray[np.bool_]:
        """Which regimens meet both limits, shape (n_regimens,)."""
        enough = self.responders >= self.limits[0]
        return np.asarray(enough & (np.isnan(self.toxic) | (self.toxic < self.limits[1])))

    @property
    def best(self) -> dict[str, float] | None:
        """The feasible regimen that is preferred (of equals the one with more responders); None where there is none."""
        rows = np.flatnonzero(self.feasible)
        if not rows.size:
            return None
        first = rows[np.lexsort((-self.responders[rows], self.cost[rows]))[0]]
        return dict(zip(self.knobs, self.regimens[first].tolist(), strict=True))

    @property
    def front(self) -> NDArray[np.bool_]:
        """Which regimens no other one beats in cost, responders and toxicity at once (Pareto front)."""
        goals = np.stack([self.cost, -self.responders, np.nan_to_num(self.toxic)], axis=1)
        better = np.all(goals[None] <= goals[:, None], axis=2) & np.any(goals[None] < goals[:, None], axis=2)
        return np.asarray(~np.any(better, axis=1) & np.isfinite(self.responders))

    def table(self) -> pd.DataFrame:
        """Return one row a regimen: knobs, share of responders, toxic and failed, feasible, on the front."""
        import pandas as pd

        frame = pd.DataFrame(self.regimens, columns=list(self.knobs))
        frame["responders"], frame["toxic"], frame["failed"] = self.responders, self.toxic, self.failed
        frame["feasible"], frame["front"] = self.feasible, self.front
        return frame

    def plot(self, *, style: str = "slide", title: str | None = None, axes: Any = None) -> Figure:
        """Return responders against toxicity (or against the cost), one point a regimen, the front joined."""
        from immunode.plot.charts.regimen_tradeoff import regimens

        return regimens(
            self.cost,
            self.responders,
            self.toxic,
            self.feasible,
            self.front,
            prefer=self._labelled(self.prefer),
            rules=(self._said(self.rules[0]), self._said(self.rules[1])),
            limits=self.limits,
            best=self._told(labelled=True),
            patients=self.patients,
            whom=self._whom,
            title=self.out.model.heading if title is None else title,
            style=style,
            axes=axes,
        )

    def __repr__(self) -> str:
        what = f"{len(self.regimens)} regimens in {self.patients} {self._whom} each; responder: {self.rules[0]}"
        if self.rules[1]:
            what += f"; toxic: {self.rules[1]}"
        limits = f"at least {100 * self.limits[0]:g} % responders"
        if self.rules[1]:
            limits += f" and less than {100 * self.limits[1]:g} % toxic"
        return f"{what}\n{limits}, {self.prefer}: {self._told() or NO_ROWS}"

    @property
    def _whom(self) -> str:
        return whose_rows(self.out.design_recipe, labelled=bool(self.out.row_labels), species=self.out.model.species)

    def _said(self, rule: str) -> str:
        return rule_words(rule, self.out.model, float(self.out.times[-1])) if rule else ""

    def _labelled(self, text: str) -> str:
        """Return a text with labels of knobs instead of their names."""
        labels = name_labels(self.out.model)
        for name in sorted(self.knobs, key=len, reverse=True):
            text = text.replace(name, input_label(name, labels))
        return text

    def _told(self, *, labelled: bool = False) -> str:
        best = self.best
        if best is None:
            return ""
        units = dict(zip(self.knobs, self.units, strict=True))
        if labelled:
            return "; ".join(f"{self._labelled(name)} {value:g} {units[name]}".rstrip() for name, value in best.items())
        return ", ".join(f"{name} {value:g} {units[name]}".rstrip() for name, value in best.items())


def regimen_search(
    model: Model,
    intervention: Perturbation | str,
    knobs: Mapping[str, ArrayLike],
    *,
    patients: Design,
    responder: str,
    toxic: str = "",
    at_least: float = 0.8,
    at_most: float = 0.1,
    prefer: str = "",
    beside: Sequence[Perturbation | str] = (),
    until: float | str | None = None,
    times: ArrayLike | Sequence[str] | None = None,
    engine: str = "auto",
    method: str = "auto",
    rtol: float = 1e-6,
    atol: ArrayLike | None = None,
    block: int | None = None,
    keep: str | Sequence[str] = "endpoints",
    store: str | os.PathLike[str] | None = None,
    executor: Any = None,
    progress: Callable[[int, int], object] | bool | None = None,
    log: str | os.PathLike[str] | None = None,
) -> RegimenSearch:
    """Return how many of the same patients respond to each regimen, and which regimen is the mildest that is enough.

    Parameters
    ----------
    intervention : Perturbation | str
        what is given; the name of one that the model declares will do.
    knobs : Mapping[str, array_like]
        which of its knobs vary, every combination: `{"drug.dose": [10, 20, 40], "drug.interval": [7, 14]}`.
    patients : Design
        a design without arms: `population(model).draw(200)`.
    responder, toxic : str
        conditions on endpoints and columns: `"final(T) < 0.7*at(T, 0)"`, `"trough(N) < 1e9"`.
    at_least, at_most : float
        limits on the shares of responders and of toxic patients, 0 to 1 (the second exclusive).
    prefer : str
        what is wanted small: "drug.dose", or with a minus large: "-drug.interval"; by default the first knob.
    beside : Sequence[Perturbation | str]
        what else all patients get.
    until, times, engine, method, rtol, atol, block, keep, store, executor, progress, log
        as in `sweep`.

    Raises
    ------
    StudyError
        an unknown knob, limits outside 0 to 1, a condition that can't be read, patients with arms.
    """
    for name, value in (("at_least", at_least), ("at_most", at_most)):
        if not 0 <= value <= 1:
            raise StudyError(f"regimen_search: {name} is a share, 0 to 1, got {value:g}")
    names = tuple(knobs)
    sign, key = (-1.0, prefer[1:]) if prefer.startswith("-") else (1.0, prefer or (names[0] if names else ""))
    if key not in names:
        raise StudyError(f"regimen_search: prefer='{prefer}' is no knob that varies{did_you_mean(key, names)}")
    if patients.labels:
        raise StudyError("regimen_search: the patients' design has arms; give the patients alone")
    settings = grid(dict(knobs))
    arm = Arms(regimen=[intervention, *beside])
    out = sweep(
        model, settings * patients, arms=arm, until=until, times=times, endpoints=_endpoints(responder, toxic),
        engine=engine, method=method, rtol=rtol, atol=atol, block=block, keep=keep, store=store, executor=executor,
        progress=progress, log=log,
    )  # fmt: skip
    shape = (len(settings), len(patients))
    ok = out.ok.reshape(shape)
    responds, harmed = (_share(out, rule, ok) for rule in (responder, toxic))
    return RegimenSearch(
        knobs=names,
        units=tuple(_unit(out, name) for name in names),
        regimens=settings.values,
        responders=responds,
        toxic=harmed,
        failed=1 - ok.mean(axis=1),
        cost=sign * settings.values[:, names.index(key)],
        prefer=f"{'largest' if sign < 0 else 'smallest'} {key}",
        rules=(responder, toxic),
        limits=(at_least, at_most),
        patients=len(patients),
        out=out,
    )


def _endpoints(*rules: str) -> list[str]:
    names: Iterable[str] = dict.fromkeys(name for rule in rules for name in endpoints_in(rule))
    return list(names)


def _share(out: SweepResult, rule: str, ok: NDArray[np.bool_]) -> Array:
    """Return the share of patients for whom a rule holds in each regimen, of those whose run is ok."""
    if not rule:
        return np.full(len(ok), np.nan)
    columns = {name: out.endpoint(name) for name in out.endpoints}
    inputs = out.inputs()
    columns |= {name: inputs[:, i] for i, name in enumerate(out.columns)}
    holds = rows_that(rule, columns, what="regimen_search").reshape(ok.shape) & ok
    with np.errstate(invalid="ignore"):
        return np.asarray(holds.sum(axis=1) / ok.sum(axis=1))


def _unit(out: SweepResult, name: str) -> str:
    return out.column_units.get(name, "")
