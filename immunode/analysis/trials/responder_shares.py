"""A sweep read as a trial: responders in each arm, benefit patient by patient, and the number needed to treat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import immunode.plot as figures
from immunode.analysis.trials.threshold_rules import written_out
from immunode.errors import StudyError, did_you_mean
from immunode.model.views.words import arm_labels
from immunode.study.design.declared import drawn_number, effective_number, listed_number, same_patients
from immunode.study.design.row_labels import RowLabels, of_draws
from immunode.study.published.results import Found, every, share_points, share_results
from immunode.study.published.words import published_words
from immunode.study.result.notebook import Tabled
from immunode.study.result.paired_differences import exact_interval
from immunode.study.result.row_condition import rows_that
from immunode.study.result.row_words import rule_words, whose_rows
from immunode.study.run.ready import quantity_units

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from immunode.study.result.sweep_result import SweepResult

Array = NDArray[np.float64]
REPEATS = 1000
"""Bootstrap repeats behind an interval."""
FEW = 0.05
"""Share of responders below which a figure says how far the patients are from responding."""


@dataclass(frozen=True, eq=False, repr=False)
class Responders(Tabled):
    """Who responds in which arm. Made by `responders`.

    Shares have exact 95 % intervals (Clopper and Pearson), weighted shares, benefits and numbers needed to treat those
    of a bootstrap over patients. A listed patient who was drawn several times is one patient, with the weight of all
    draws.

    Attributes
    ----------
    rule : str
        who counts as a responder, a condition.
    versus : str
        the arm that others are compared with.
    arms : tuple[str, ...]
        names.
    responds : ndarray
        shape (n_patients, n_arms), 1, 0 or NaN (the run failed).
    weights : ndarray
        shape (n_patients,), sum 1: how much each patient stands for.
    seed : int
        of the bootstrap.
    draws : ndarray
        shape (n_patients,).
    labels : RowLabels
        name -> shape (n_patients,), what the design brought along.
    who : str
        model and variant.
    words : str
        who responds, as a phrase such as "in remission at week 24".
    whom : str
        what the runs are, in words: "declared patients", "parameter sets, +-30 %".
    called : Mapping[str, str]
        arm -> what figures call it.
    untreated : str
        the arm that nothing is applied to, "" for none.
    distance : tuple[float, float, float, str] | None
        the lowest and the highest median of arms, the threshold that they would have to pass, and their unit.
    same : ndarray
        shape (n_patients,), equal numbers for draws of one listed patient; empty where all are different patients.
    published : Mapping[str, Sequence[Published]]
        arm -> shares that trials which the model declares reported by the same rule.
    """

    rule: str
    versus: str
    arms: tuple[str, ...]
    responds: Array
    weights: Array
    draws: NDArray[np.intp]
    seed: int = 0
    labels: RowLabels = field(default_factory=dict)
    who: str = ""
    words: str = ""
    whom: str = "virtual patients"
    called: Mapping[str, str] = field(default_factory=dict)
    untreated: str = ""
    distance: tuple[float, float, float, str] | None = None
    same: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, np.intp))
    published: Found = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.responds)

    @property
    def exact(self) -> bool:
        """Whether intervals of shares are exact ones (Clopper and Pearson): all patients count the same."""
        return bool(np.allclose(self.weights, 1 / len(self), rtol=1e-9, atol=0.0))

    @property
    def distinct(self) -> int:
        """How many different patients there are, of the listed ones each once."""
        return len(self._once()[0])

    def table(self) -> pd.DataFrame:
        """Return one row an arm: patients, share of responders with its 95 % interval, and against `versus`: benefit
        (difference of shares), the shares helped (respond in the arm only) and harmed (respond in `versus` only), and
        the number needed to treat (1/benefit; below 0 it is a number needed to harm).

        Intervals of shares are exact (`exact`) where all patients count the same, of listed patients drawn several
        times those of as many as are in effect there, (sum w)^2/sum w^2 with w draws of each; those of weighted shares,
        of benefits and of numbers needed to treat are percentiles of a bootstrap over patients, who keep all their
        arms. Where the
        interval of the benefit holds 0, that of the number needed to treat runs through infinity, and both ends are
        reported as NaN.

        References
        ----------
        Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404 (exact interval of a share); Korn & Graubard
        1998, Survey Methodology 24:193-201 (with an effective number of patients); Altman 1998,
        doi:10.1136/bmj.317.7168.1309 (number needed to treat and its interval).
        """
        import pandas as pd

        base = self.arms.index(self.versus) if self.versus else -1
        once, weights = self._once()
        resampled = self._resampled(len(once))
        rows = []
        for i, arm in enumerate(self.arms):
            known = ~np.isnan(self.responds[:, i])
            row: dict[str, float | str] = {"arm": arm, "patients": int(known.sum())}
            row["responders"] = share = self._share(self.responds[:, i])
            if self.exact:
                n = effective_number(weights[known[once]]) if self.same.size else float(known.sum())
                row["low"], row["high"] = exact_interval(round(share * n, 9) if n else 0, n)
            else:
                shares = [self._share(self.responds[once[r], i], weights[r]) for r in resampled]
                row["low"], row["high"] = _middle(shares)
            if base >= 0 and i != base:
                row |= self._against(i, base, once, weights, resampled)
            rows.append(row)
        return pd.DataFrame(rows).set_index("arm")

    def patients(self) -> pd.DataFrame:
        """Return one row a patient: draw, labels such as its identifier, its weight, and for each arm 1 where it
        responds, 0 where not, NaN where the run failed.
        """
        import pandas as pd

        responds = {arm: self.responds[:, i] for i, arm in enumerate(self.arms)}
        return pd.DataFrame({"draw": self.draws, **self.labels, "weight": self.weights, **responds})

    def benefit(self, arm: str) -> pd.Series[float]:
        """Return for each patient what the arm changes: 1 responds only there, -1 only in `versus`, 0 neither or both.

        The index is the draw, followed by the labels of patients where the design had some.

        Raises
        ------
        StudyError
            an unknown arm, or nothing to compare with.
        """
        import pandas as pd

        if arm not in self.arms:
            raise StudyError(f"responders: unknown arm '{arm}'{did_you_mean(arm, self.arms)}")
        if not self.versus:
            raise StudyError("responders: there is no arm to compare with; give versus='...'")
        change = self.responds[:, self.arms.index(arm)] - self.responds[:, self.arms.index(self.versus)]
        index = pd.Index(self.draws, name="draw")
        if self.labels:
            index = pd.MultiIndex.from_arrays([self.draws, *self.labels.values()], names=["draw", *self.labels])
        return pd.Series(change, index=index, name=f"{arm} against {self.versus}")

    def plot(self, *, data: bool = True, style: str = "slide", title: str | None = None, axes: Any = None) -> Figure:
        """Return a figure of the share of responders in each arm with its 95 % interval.

        Parameters
        ----------
        data : bool
            whether open circles show the shares that trials reported of the same arms.
        style : str
            "slide", "paper", "poster" or "dark".
        title : str | None
            by default the model's name; "" for none.
        axes : Any
            your own.
        """
        found = self.published if data else {}
        table = self.table()
        nnt = {self.called.get(str(a), str(a)): float(v) for a, v in table["nnt"].items()} if "nnt" in table else {}
        return figures.responder_shares(
            {
                self.called.get(str(arm), str(arm)): (float(r["responders"]), float(r["low"]), float(r["high"]))
                for arm, r in table.iterrows()
            },
            rule=self.words or f"with {self.rule}",
            patients=len(self),
            interval=self._interval,
            whom=self.whom,
            control=self.called.get(self.untreated, self.untreated) or None,
            points={self.called.get(arm, arm): listed for arm, listed in share_points(found).items()},
            note=published_words(every(found)),
            nnt=nnt,
            distance=self.distance if table["responders"].max() < FEW else None,
            versus=self.called.get(self.versus, self.versus),
            title=self.who if title is None else title,
            style=style,
            axes=axes,
        )

    def __repr__(self) -> str:
        shown = self.table().to_string(float_format=lambda x: f"{x:.3g}", na_rep="")
        effective = "" if self.exact else f"; weighted, they count as {1 / float((self.weights**2).sum()):.0f}"
        who = f"{self.who + ': ' if self.who else ''}responders ({self.rule}) of {len(self)} {self.whom}{effective}"
        who += f"; intervals of {self.distinct:,} patients" if self.same.size else ""
        return f"{who}; shares of patients, not rates of a trial\n{shown}"

    @property
    def _interval(self) -> str:
        """What the intervals of shares are, in words."""
        kind = "exact 95 % interval" if self.exact else "95 % interval (bootstrap, weighted)"
        return kind + (f" of {self.distinct:,} patients" if self.same.size else "")

    def _once(self) -> tuple[NDArray[np.intp], Array]:
        """Return the first draw of each different patient, and the weight of all its draws, (n_distinct,) each."""
        if not self.same.size:
            return np.arange(len(self)), self.weights
        _, first, groups = np.unique(self.same, return_index=True, return_inverse=True)
        return first, np.asarray(np.bincount(groups, self.weights), float)

    def _against(
        self, i: int, base: int, once: NDArray[np.intp], weights: Array, resampled: list[NDArray[np.intp]]
    ) -> dict[str, float]:
        difference = self.responds[:, i] - self.responds[:, base]
        benefit = self._share(difference)
        low, high = _middle([self._share(difference[once[r]], weights[r]) for r in resampled])
        through_zero = low <= 0 <= high
        return {
            "benefit": benefit,
            "benefit low": low,
            "benefit high": high,
            "helped": self._share(np.where(np.isnan(difference), np.nan, difference > 0)),
            "harmed": self._share(np.where(np.isnan(difference), np.nan, difference < 0)),
            "nnt": 1 / benefit if benefit else np.inf,
            "nnt low": np.nan if through_zero else min(1 / low, 1 / high),
            "nnt high": np.nan if through_zero else max(1 / low, 1 / high),
        }

    def _share(self, values: Array, weights: Array | None = None) -> float:
        weights = self.weights if weights is None else weights
        known = ~np.isnan(values)
        total = float(weights[known].sum())
        return float((weights * np.nan_to_num(values)).sum() / total) if total > 0 else np.nan

    def _resampled(self, n: int) -> list[NDArray[np.intp]]:
        rng = np.random.default_rng(self.seed)
        return [rng.integers(0, n, n) for _ in range(REPEATS)]


def responders(
    out: SweepResult, rule: str, *, versus: str | None = None, weights: ArrayLike | None = None, seed: int = 0
) -> Responders:
    """Return who responds in which arm of a sweep.

    Parameters
    ----------
    rule : str
        a condition on the sweep's endpoints and columns, `"final(EASI) < 0.25*at(EASI, 0)"`; or the name of a threshold
        that the model declares, `"remission at 24 weeks"`, without a time where only one endpoint tells its quantity at
        a time.
    versus : str | None
        the arm to compare with; by default "control" or else "placebo" where there is one.
    weights : array_like | None
        shape (n_draws,), one for each patient in the order of draws, such as `prevalence_weights` gives.
    seed : int
        of the bootstrap behind the intervals.

    Raises
    ------
    StudyError
        the rule or an arm can't be; an arm ran a draw twice; weights that do not fit.
    """
    out = out.rows_there()
    rule = written_out(out.model, rule, out.endpoints, float(out.times[-1]))
    columns = {name: out.endpoint(name) for name in out.endpoints}
    inputs = out.inputs()
    columns |= {name: inputs[:, i] for i, name in enumerate(out.columns)}
    holds = rows_that(rule, columns, what="responder").astype(float)
    holds[~out.ok] = np.nan
    if versus is None:
        versus = next((arm for arm in ("control", "placebo") if arm in out.arms), "")
    elif versus not in out.arms:
        raise StudyError(f"responders: unknown arm '{versus}'{did_you_mean(versus, out.arms)}")
    draws, table = by_draw(out, holds)
    labels, first = of_draws(out.row_labels, out.draws), np.unique(out.draws, return_index=True)[1]
    versus = versus if len(out.arms) > 1 else ""
    end, patients = float(out.times[-1]), drawn_number(out.design_recipe) and weights is None
    return Responders(
        rule=rule,
        versus=versus,
        arms=out.arms,
        responds=table,
        weights=_weights(weights, len(draws)),
        draws=draws,
        seed=seed,
        labels=labels,
        who=out.model_name,
        words=rule_words(rule, out.model, end),
        whom=whose_rows(out.design_recipe, labelled=bool(out.row_labels), species=out.model.species),
        called=arm_labels(out.model, out.arms),
        untreated=out.asked.untreated,
        distance=_distance(out, rule, columns),
        same=same_patients(inputs[first]) if listed_number(out.design_recipe) else np.empty(0, np.intp),
        published=share_results(out.model, out.recipe["arms"], rule, end) if patients else {},
    )


def _distance(out: SweepResult, rule: str, columns: Mapping[str, Array]) -> tuple[float, float, float, str] | None:
    """Return the lowest and the highest median of arms, the threshold and the unit; None where the rule is none's."""
    for name in out.endpoints:
        line = next((one for one in out.model.thresholds if one.on(name) == rule), None)
        values = [columns[name][(out.arm_of == i) & out.ok] for i in range(len(out.arms))]
        middles = [float(np.median(v)) for v in values if v.size]
        if line is not None and middles:
            return min(middles), max(middles), line.level, quantity_units(out.model).get(line.quantity, "")
    return None


def by_draw(out: SweepResult, values: Array) -> tuple[NDArray[np.intp], Array]:
    """Return the draws, shape (n_draws,), and values laid out by draw and arm, shape (n_draws, n_arms).

    values : shape (n_rows,). NaN where an arm did not run a draw.

    Raises
    ------
    StudyError : an arm ran the same draw twice.
    """
    arm_of = out.arm_of
    draws, place = np.unique(out.draws, return_inverse=True)
    pairs = np.stack([place, arm_of], axis=1)
    if len(np.unique(pairs, axis=0)) < len(pairs):
        raise StudyError("responders: an arm ran the same patient twice; sweep one setting an arm, or select first")
    table = np.full((len(draws), len(out.arms)), np.nan)
    table[place, arm_of] = values
    return draws, table


def _weights(given: ArrayLike | None, n: int) -> Array:
    if given is None:
        return np.full(n, 1 / n)
    weights = np.asarray(given, float)
    if weights.shape != (n,):
        raise StudyError(f"responders: weights of shape {weights.shape} do not fit {n} patients")
    if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.sum() > 0):
        raise StudyError("responders: weights must be finite, 0 or above, and not all 0")
    return np.asarray(weights / weights.sum())


def _middle(values: list[float]) -> tuple[float, float]:
    """Return the middle 95 % of bootstrapped values."""
    known = np.array(values)
    known = known[~np.isnan(known)]
    if not known.size:
        return np.nan, np.nan
    low, high = np.quantile(known, [0.025, 0.975])
    return float(low), float(high)
