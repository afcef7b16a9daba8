"""One published number beside what replicate trials of a model give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.model.published_trials import Trial, TrialResult
from immunode.model.records import pairs
from immunode.study.endpoints.reading import endpoint
from immunode.study.result.row_condition import endpoints_in, rows_that

Array = NDArray[np.float64]
ASSUMED = 100
"""Patients an arm where a trial does not say."""
RULE = (
    "inside: the published value lies in the middle 95 % of replicate trials of the published size; near: it does not, "
    "but its own 95 % interval overlaps them, or, where none is published, it lies within half their width of them; "
    "off: neither; not judged: the model gives no number, as for a ratio to 0"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One published number and what the model gives for it.

    Attributes
    ----------
    words : str
        what was reported, as a phrase: "mean change of DAS28-CRP by week 24".
    model : float
        the statistic over all virtual patients.
    low, high : float
        middle 95 % of replicate trials.
    patients : int
        in each arm of a replicate trial.
    assumed : bool
        whether that number is ours.
    verdict : str
        "inside", "near", "off" or "not judged"; see `RULE`.
    """

    trial: str
    result: TrialResult
    words: str
    unit: str
    model: float
    low: float
    high: float
    patients: int
    assumed: bool
    verdict: str


def arm_words(result: TrialResult) -> str:
    """Return the arm of a result, with the one that it is compared with."""
    return f"{result.arm} against {result.versus}" if result.versus else result.arm


def statistic_words(result: TrialResult) -> str:
    """Return what was reported: "mean", "share", "ratio of means"."""
    word = "SD" if result.statistic == "sd" else result.statistic
    return f"{result.compared} of {word}s" if result.compared else word


@dataclass(frozen=True, slots=True)
class Run:
    """What all trials of one sweep share.

    place : interventions of an arm -> its column.   values, observed : endpoint -> shape (n_patients, n_arms) without
    errors of measurement, and with them (n_times_measured, n_patients, n_arms).   units : endpoint -> unit.
    of_studies : whether a row is a study, not a patient.
    """

    place: dict[str, int]
    values: dict[str, Array]
    observed: dict[str, Array]
    units: dict[str, str]
    replicates: int
    seed: int
    of_studies: bool = False


def judge(run: Run, trial: Trial, result: TrialResult, rule: str, rows: NDArray[np.intp], words: str) -> Verdict:
    """Return what the model gives for one published number.

    rows : patients who were in the trial.   words : the number as a phrase.
    """
    source = run.observed if result.measured else run.values
    treatments, sizes = dict(pairs(trial.arms)), dict(pairs(trial.patients))
    listed = [result.arm, *([result.versus] if result.versus else [])]
    columns = [
        {name: table[..., rows, run.place[treatments[arm]]].ravel() for name, table in source.items()} for arm in listed
    ]
    values = [_of_rows(rule, result, seen, run.of_studies) for seen in columns]
    size = [sizes.get(arm, ASSUMED) for arm in listed]
    rng = np.random.default_rng([run.seed, 3])
    statistic = result.statistic
    if run.of_studies:
        middle = np.nanmedian if statistic == "median" else np.nanmean
        drawn, whole = _studies(values, size, run.replicates, statistic, rng), [float(middle(v)) for v in values]
    else:
        drawn = [_replicates(mine, n, run.replicates, statistic, rng) for mine, n in zip(values, size, strict=True)]
        whole = [_statistic(mine[None, :], statistic)[0] for mine in values]
    low, high = np.quantile(_compared(drawn, result.compared), [0.025, 0.975])
    unit = "" if result.statistic == "share" or result.compared == "ratio" else run.units.get(endpoint(rule).name, "")
    return Verdict(
        trial=trial.name,
        result=result,
        words=words,
        unit=unit,
        model=float(_compared(whole, result.compared)),
        low=float(low),
        high=float(high),
        patients=min(size),
        assumed=any(arm not in sizes for arm in listed),
        verdict=_word(result, float(low), float(high)),
    )


def _of_rows(rule: str, result: TrialResult, columns: dict[str, Array], of_studies: bool) -> Array:
    """Return the endpoint of each patient or study, or 1 where the condition holds and 0 where not; NaN where a run
    failed. A study's share of responders is an endpoint of it.
    """
    itself = "".join(rule.split()) in ("".join(name.split()) for name in endpoints_in(rule))
    if result.statistic != "share" or (of_studies and itself):
        return columns[endpoint(rule).name]
    holds = rows_that(rule, columns, what="trial").astype(float)
    for name in endpoints_in(rule):
        holds[np.isnan(columns[endpoint(name).name])] = np.nan
    return holds


def _replicates(values: Array, n: int, replicates: int, statistic: str, rng: np.random.Generator) -> Array:
    """Return the statistic of replicate trials of `n` patients each, shape (replicates,)."""
    known = values[~np.isnan(values)]
    return _statistic(known[rng.integers(0, len(known), (replicates, n))], statistic)


def _studies(
    values: list[Array], sizes: list[int], replicates: int, statistic: str, rng: np.random.Generator
) -> list[Array]:
    """Return what replicate trials show in each arm, shape (replicates,): all arms of a replicate are one study.

    values : of each arm, one a study, in one order.   sizes : patients in each arm; of a share, responders are drawn
    from them.
    """
    known = np.flatnonzero(np.all(np.isfinite(values), axis=0))
    rows = known[rng.integers(0, len(known), replicates)]
    if statistic != "share":
        return [mine[rows] for mine in values]
    return [rng.binomial(n, np.clip(mine[rows], 0.0, 1.0)) / n for mine, n in zip(values, sizes, strict=True)]


def _statistic(values: Array, statistic: str) -> Array:
    """Return a statistic over the last axis. values : (n_trials, n_patients)."""
    if statistic == "median":
        return np.asarray(np.nanmedian(values, axis=1))
    if statistic == "sd":
        return np.asarray(np.nanstd(values, axis=1, ddof=1))
    return np.asarray(np.nanmean(values, axis=1))


def _compared(values: list[Any], how: str) -> Any:
    if how == "difference":
        return values[0] - values[1]
    with np.errstate(all="ignore"):
        return values[0] / values[1] if how == "ratio" else values[0]


def _word(result: TrialResult, low: float, high: float) -> str:
    """Return the verdict, see `RULE`."""
    if not (np.isfinite(low) and np.isfinite(high)):
        return "not judged"
    if low <= result.value <= high:
        return "inside"
    ends = result.interval
    if ends is None:
        slack = 0.5 * (high - low)
        return "near" if low - slack <= result.value <= high + slack else "off"
    return "near" if ends[0] <= high and ends[1] >= low else "off"
