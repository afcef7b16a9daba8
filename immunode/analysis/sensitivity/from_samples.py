"""Any sample will do: partial rank correlations, and which inputs make a responder."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.sensitivity.responses import (
    Answers,
    Series,
    Source,
    SpaceLike,
    ask,
    given_answers,
    ranks,
    space_of,
    whole,
)
from immunode.analysis.sensitivity.result import CONFIDENCE, STAGES, Sensitivity, left_out, varies
from immunode.errors import StudyError, quoted
from immunode.study.arms import CONTROL
from immunode.study.design.design import sobol
from immunode.study.endpoints import endpoint

if TYPE_CHECKING:
    from immunode.study.arms import Arms

Array = NDArray[np.float64]


def prcc(
    source: Source,
    space: SpaceLike | None = None,
    n: int = 512,
    *,
    until: float | str | None = None,
    arms: Arms | Mapping[str, Any] | Sequence[str] | str | None = None,
    endpoints: Any = None,
    seed: int = 0,
    engine: str = "auto",
    rtol: float = 1e-6,
) -> Sensitivity:
    """Return partial rank correlation coefficients of every endpoint with every input, with intervals and p-values.

    Each is the correlation of ranks that is left when the ranks of all other inputs are accounted for, -1 to 1: right
    where an endpoint rises or falls with each input, blind where it does both.

    Parameters
    ----------
    source : Source
        a model; a sweep over any design; a function of an array (n_rows, n_columns); or a pair (inputs, outputs).
    space, until, arms, endpoints, engine, rtol
        as in `sobol_indices`.
    n : int
        Sobol points.
    seed : int
        of the sample.

    Raises
    ------
    StudyError
        fewer runs than inputs + 4, names that can't be.

    References
    ----------
    Marino et al. 2008, doi:10.1016/j.jtbi.2008.04.011; intervals by Fisher's transformation.
    """
    answers = _sampled("prcc", source, space, n, until, arms, endpoints, seed, engine, rtol)
    k, n_series, full = len(answers.names), len(answers.series), len(answers.points)
    if full < k + 4:
        raise StudyError(f"{answers.who}: prcc of {k} inputs needs at least {k + 4} runs an arm, there are {full}")
    shape = (n_series, k)
    rho, p = np.full(shape, np.nan), np.full(shape, np.nan)
    low, high = np.full(shape, np.nan), np.full(shape, np.nan)
    sizes = np.array(sorted({full // part for part in STAGES if full // part >= 2 * k + 8}), np.intp)
    stages = np.full((len(sizes), *shape), np.nan)
    used = np.zeros(n_series, np.intp)
    for j in range(n_series):
        y = answers.outputs[:, j]
        good = ~np.isnan(y)
        used[j] = int(good.sum())
        if used[j] < k + 4 or np.unique(y[good]).size < 2:
            continue
        rho[j] = _partial(answers.points[good], y[good])
        low[j], high[j], p[j] = _fisher(rho[j], int(used[j]), k)
        for i, size in enumerate(sizes):
            part = good[:size]
            if part.sum() >= k + 4 and np.unique(y[:size][part]).size > 1:
                stages[i, j] = _partial(answers.points[:size][part], y[:size][part])
    return Sensitivity(
        method="prcc",
        who=answers.who,
        columns=answers.names,
        series=answers.series,
        measures={"prcc": rho, "p_value": p},
        low={"prcc": low},
        high={"prcc": high},
        used=used,
        runs=answers.runs,
        sizes=sizes,
        stages=stages,
        how=answers.how,
        words=answers.words,
        notes=left_out(answers, used, full, "runs"),
    )


def _partial(points: Array, y: Array) -> Array:
    """Return partial correlations of ranks, shape (k,), from the inverse of their correlation matrix."""
    columns = np.column_stack([points, y])
    moving = [j for j in range(columns.shape[1]) if np.unique(columns[:, j]).size > 1]
    matrix = np.atleast_2d(np.corrcoef(ranks(columns[:, moving]), rowvar=False))
    # inputs that move together have no correlation of their own: the pseudo-inverse shares it
    precision = np.linalg.pinv(matrix, hermitian=True)
    scale = np.sqrt(np.diag(precision))
    out = np.full(points.shape[1], np.nan)
    out[moving[:-1]] = -precision[:-1, -1] / (scale[:-1] * scale[-1])
    return np.asarray(np.clip(out, -1.0, 1.0))


def _fisher(rho: Array, n: int, k: int) -> tuple[Array, Array, Array]:
    """Return the ends of intervals and p-values of partial correlations of `n` runs and `k` inputs."""
    from scipy.stats import norm, t

    z = np.arctanh(np.clip(rho, -1 + 1e-15, 1 - 1e-15))
    half = norm.ppf(0.5 + CONFIDENCE / 2) / np.sqrt(max(n - k - 2, 1))
    free = n - k - 1
    size = np.abs(rho) * np.sqrt(free / np.maximum(1 - rho**2, 1e-300))
    return np.tanh(z - half), np.tanh(z + half), 2 * t.sf(size, free)


def regional(
    source: Source,
    responder: str,
    space: SpaceLike | None = None,
    n: int = 1024,
    *,
    until: float | str | None = None,
    arms: Arms | Mapping[str, Any] | Sequence[str] | str | None = None,
    resamples: int = 200,
    seed: int = 0,
    engine: str = "auto",
    rtol: float = 1e-6,
) -> Sensitivity:
    """Return which inputs make a responder: how far apart an input's values in responders and in others lie.

    The measure is the Kolmogorov-Smirnov distance (0: alike, 1: apart), with a bootstrap interval, its p-value times
    the number of inputs (Bonferroni), and the medians of both groups.

    Parameters
    ----------
    source : Source
        a model; a sweep over any design; a function of an array (n_rows, n_columns); or a pair (inputs, outputs).
    responder : str
        a rule on endpoints, `"final(T) < 1e6"`; several joined by `and`. The right side may be a multiple of the same
        draw in the arm "control": `"final(T) < 0.5*control"`.
    space, until, arms, engine, rtol
        as in `sobol_indices`.
    n : int
        Sobol points.
    resamples : int
        of the bootstrap.
    seed : int
        of sample and bootstrap.

    Raises
    ------
    StudyError
        a rule that can't be read, or names that can't be.

    References
    ----------
    Hornberger & Spear 1981 (regional sensitivity analysis).
    """
    rules = _rules(responder)
    wanted = list(dict.fromkeys(rule[0] for rule in rules))
    answers = _sampled("regional", source, space, n, until, arms, wanted, seed, engine, rtol)
    responding = _responders(answers, rules, responder)
    return _compare(answers, responding, whole("regional", "resamples", resamples, 2), seed)


def _compare(answers: Answers, responding: Answers, resamples: int, seed: int) -> Sensitivity:
    """Return how far apart inputs of responders and of others lie. responding : 1, 0 or NaN for each run and arm."""
    k, n_series, full = len(answers.names), len(responding.series), len(answers.points)
    shape = (n_series, k)
    names = ("distance", "p_adjusted", "median_responders", "median_others")
    measures = {m: np.full(shape, np.nan) for m in names}
    low, high = np.full(shape, np.nan), np.full(shape, np.nan)
    sizes = np.array(sorted({full // part for part in STAGES if full // part >= 32}), np.intp)
    stages = np.full((len(sizes), *shape), np.nan)
    used = np.zeros(n_series, np.intp)
    notes: list[str] = []
    rng = np.random.default_rng(seed)
    for j, one in enumerate(responding.series):
        good = ~np.isnan(responding.outputs[:, j])
        x, yes = answers.points[good], responding.outputs[good, j] > 0
        used[j] = len(yes)
        at = f" in {one.arm}" if one.arm else ""
        notes.append(f"{int(yes.sum()):,} of {len(yes):,} runs respond{at}")
        if yes.all() or not yes.any():
            continue
        measures["distance"][j], measures["p_adjusted"][j] = _distance(x, yes), _p_adjusted(x, yes)
        measures["median_responders"][j], measures["median_others"][j] = np.median(x[yes], 0), np.median(x[~yes], 0)
        low[j], high[j] = _bootstrap(x, yes, resamples, rng)
        for i, size in enumerate(sizes):
            part = yes[: int(good[:size].sum())]
            if part.any() and not part.all():
                stages[i, j] = _distance(x[: len(part)], part)
    return Sensitivity(
        method="regional",
        who=answers.who,
        columns=answers.names,
        series=responding.series,
        measures=measures,
        low={"distance": low},
        high={"distance": high},
        used=used,
        runs=answers.runs,
        sizes=sizes,
        stages=stages,
        how=answers.how,
        words=answers.words,
        notes=(*notes, *left_out(responding, used, full, "runs")),
    )


Rule = tuple[str, str, float, bool]


def _rules(text: str) -> list[Rule]:
    """Return (endpoint, sign, number, relative to control) of each part of a responder rule."""
    rules: list[Rule] = []
    for part in _parts(str(text)):
        number = r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
        match = re.fullmatch(
            rf"\s*([\w.]+\s*\(.*\)|[^<>=()]+?)\s*(<=|>=|<|>)\s*(?:{number}(\s*\*\s*control)?|(control))\s*", part
        )
        if not match:
            break
        rules.append((_plain(match[1]), match[2], float(match[3] or 1.0), bool(match[4] or match[5])))
    else:
        if rules:
            return rules
    raise StudyError(
        f"responder rule {quoted(text)} can't be read; write 'final(T) < 1e6' or 'final(T) < 0.5*control', "
        "joined by 'and'"
    )


def _parts(text: str) -> list[str]:
    """Return what is joined by `and` outside brackets: an endpoint's own condition may hold one."""
    parts, depth = [""], 0
    for piece in re.split(r"(\band\b|[()])", text):
        depth += (piece == "(") - (piece == ")")
        if piece == "and" and depth == 0:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _plain(text: str) -> str:
    """Return an endpoint's name as results write it; any other text as it is."""
    try:
        return endpoint(text).name
    except StudyError:
        return text


def _responders(answers: Answers, rules: Sequence[Rule], text: str) -> Answers:
    """Return answers with one series an arm: 1 where a run responds, 0 where not, NaN where it is not known."""
    place = {(s.endpoint, s.arm): j for j, s in enumerate(answers.series)}
    arms = list(dict.fromkeys(s.arm for s in answers.series))
    relative = any(rule[3] for rule in rules)
    if relative and CONTROL not in arms:
        raise StudyError(f"{answers.who}: {quoted(text)} compares with the arm 'control', which did not run")
    shown = [arm for arm in arms if not (relative and arm == CONTROL)] or arms
    columns, series = [], []
    for arm in shown:
        met = np.ones(len(answers.points))
        for name, sign, number, against in rules:
            if (name, arm) not in place:
                raise StudyError(f"{answers.who}: the rule's endpoint '{name}' has no value in the arm '{arm}'")
            y = answers.outputs[:, place[name, arm]]
            limit = number * answers.outputs[:, place[name, CONTROL]] if against else np.full(len(y), number)
            holds = {"<": y < limit, "<=": y <= limit, ">": y > limit, ">=": y >= limit}[sign]
            met = np.where(np.isnan(y) | np.isnan(limit), np.nan, met * holds)
        columns.append(met)
        series.append(Series(text, arm))
    return replace(answers, series=tuple(series), outputs=np.stack(columns, axis=1))


def _distance(x: Array, yes: NDArray[np.bool_]) -> Array:
    """Return Kolmogorov-Smirnov distances, shape (k,). x : shape (n, k)."""
    alike = np.ones((1, len(x)))
    return np.asarray(_weighted(np.argsort(x, axis=0), x, yes, alike)[0])


def _weighted(order: NDArray[np.intp], x: Array, yes: NDArray[np.bool_], weights: Array) -> Array:
    """Return distances, shape (n_resamples, k). weights : shape (n_resamples, n), how often each run counts."""
    mine = weights * yes
    others = weights - mine
    out = np.empty((len(weights), x.shape[1]))
    for column in range(x.shape[1]):
        rows = order[:, column]
        # equal values count together: compare only after the last of them
        last = np.append(np.diff(x[rows, column]) > 0, True)
        a, b = np.cumsum(mine[:, rows], axis=1), np.cumsum(others[:, rows], axis=1)
        gap = np.abs(a / np.maximum(a[:, -1:], 1) - b / np.maximum(b[:, -1:], 1))
        out[:, column] = gap[:, last].max(axis=1)
    return out


def _bootstrap(x: Array, yes: NDArray[np.bool_], resamples: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return the ends of intervals, shape (k,), by resampling runs (the basic bootstrap, within 0 to 1)."""
    n = len(x)
    drawn = _weighted(
        np.argsort(x, axis=0), x, yes, rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(float)
    )
    tail = (1 - CONFIDENCE) / 2
    near, far = np.quantile(drawn, [tail, 1 - tail], axis=0)
    # a distance of a resample is biased upwards; mirrored at the estimate the bias cancels
    value = _distance(x, yes)
    return np.clip(2 * value - far, 0.0, 1.0), np.clip(2 * value - near, 0.0, 1.0)


def _p_adjusted(x: Array, yes: NDArray[np.bool_]) -> Array:
    from scipy.stats import ks_2samp

    p_values = [ks_2samp(column[yes], column[~yes], method="asymp").pvalue for column in x.T]
    return np.asarray(np.minimum(1.0, np.array(p_values) * x.shape[1]))


def _sampled(
    who: str, source: Source, space: SpaceLike | None, n: int, until: Any, arms: Any, endpoints: Any, seed: int,
    engine: str, rtol: float,
) -> Answers:  # fmt: skip
    """Return answers that are given, or those at Sobol points, without inputs that stay the same."""
    answers = given_answers(source)
    if answers is not None:
        moving = [j for j in range(len(answers.names)) if varies(answers.points[:, j])]
        if not moving:
            raise StudyError(f"{answers.who}: no input varies, so there is nothing to compare")
        names = tuple(answers.names[j] for j in moving)
        return replace(answers, names=names, points=answers.points[:, moving])
    design = sobol(space_of(space, source), whole(who, "n", n, 2), seed=seed)
    return ask(
        source, design.names, np.asarray(design.values), until=until, arms=arms, endpoints=endpoints, engine=engine,
        rtol=rtol, how=design.recipe, seed=seed,
    )  # fmt: skip
