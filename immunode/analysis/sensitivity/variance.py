"""Sobol' indices: shares of an endpoint's variance, with bootstrap intervals, from one batched sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.sensitivity.responses import (
    Answers,
    Source,
    SpaceLike,
    ask,
    given_answers,
    on_scale,
    place,
    space_of,
    whole,
)
from immunode.analysis.sensitivity.result import STAGES, Sensitivity, left_out, some, varies
from immunode.analysis.sensitivity.saltelli_scheme import indices, saltelli_points
from immunode.errors import StudyError
from immunode.study.design.design import Design
from immunode.study.design.ranges import Space, as_space

if TYPE_CHECKING:
    from immunode.study.arms import Arms

Array = NDArray[np.float64]


def saltelli(
    space: Space | Mapping[str, tuple[float, float]], n: int = 512, *, pairs: bool = False, seed: int = 0
) -> Design:
    """Return the design that `sobol_indices` needs: n*(k + 2) rows for k columns, with `pairs` n*(2k + 2).

    Sweep it yourself (`sweep(model, saltelli(...), executor=...)`) and give the result to `sobol_indices`.

    Parameters
    ----------
    space : Space | Mapping[str, tuple[float, float]]
        a `Space`, or a mapping of names to (low, high).
    n : int
        base points; a power of 2 is balanced best.

    References
    ----------
    Saltelli 2002, doi:10.1016/S0010-4655(02)00280-1.
    """
    box = as_space(space)
    points = place(box, saltelli_points(len(box.axes), whole("saltelli", "n", n, 2), seed, pairs=pairs))
    return Design(box.names, points, f"Saltelli's {len(points)} points, seed {seed} ({box.words()})", seed)


def sobol_indices(
    source: Source,
    space: SpaceLike | None = None,
    n: int = 512,
    *,
    pairs: bool = False,
    until: float | str | None = None,
    arms: Arms | Mapping[str, Any] | Sequence[str] | str | None = None,
    endpoints: Any = None,
    scale: str = "linear",
    resamples: int = 200,
    seed: int = 0,
    engine: str = "auto",
    rtol: float = 1e-6,
) -> Sensitivity:
    """Return first-order and total Sobol' indices of every endpoint in every arm, and with `pairs` the second-order.

    Base points at which a run failed or an endpoint is not finite are left out, and counted in the notes.

    Parameters
    ----------
    source : Source
        a model; a function of an array (n_rows, n_columns); a sweep over a `saltelli` design; or a pair (inputs,
        outputs) on the rows of such a design.
    space : SpaceLike | None
        ranges, a mapping of names to (low, high), or names and patterns as in `im.space`; default all parameters.
    n : int
        base points; runs are n*(k + 2) an arm for k inputs, with `pairs` n*(2k + 2). A power of 2 is balanced best.
    until, arms, endpoints, engine, rtol
        as in `sweep`.
    scale : str
        "linear", "log" or "rank": what the variance is of. Ranks are safe where a few runs blow up.
    resamples : int
        bootstrap resamples, from which the 95 % intervals come.
    seed : int
        of sample and bootstrap.

    Raises
    ------
    StudyError
        no design of this kind, names that can't be, fewer than 2 base points.

    References
    ----------
    Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018.
    """
    answers = given_answers(source)
    if answers is None:
        box = space_of(space, source)
        points = place(box, saltelli_points(len(box.axes), whole("sobol_indices", "n", n, 2), seed, pairs=pairs))
        how = f"Saltelli's {len(points)} points, seed {seed} ({box.words()})"
        answers = ask(
            source, box.names, points, until=until, arms=arms, endpoints=endpoints, engine=engine, rtol=rtol, how=how,
            seed=seed,
        )  # fmt: skip
    paired = _layout(answers)
    return _analyze(on_scale(answers, scale), paired, whole("sobol_indices", "resamples", resamples, 2), seed)


def _layout(answers: Answers) -> bool:
    """Return whether the rows carry second-order points.

    Raises
    ------
    StudyError : the rows are not Saltelli's.
    """
    k, points = len(answers.names), answers.points
    for paired in (False, True):
        step = (2 if paired else 1) * k + 2
        if len(points) % step or len(points) < 2 * step:
            continue
        block = points.reshape(-1, step, k)
        first, last = block[:, 0], block[:, -1]
        mixed = np.repeat(first[:, None], k, axis=1)
        diagonal = np.arange(k)
        mixed[:, diagonal, diagonal] = last
        fits = np.array_equal(block[:, 1 : k + 1], mixed)
        if fits and paired:
            mixed = np.repeat(last[:, None], k, axis=1)
            mixed[:, diagonal, diagonal] = first
            fits = np.array_equal(block[:, k + 1 : -1], mixed)
        if fits:
            return paired
    raise StudyError(
        f"{answers.who}: Sobol' indices need the points of saltelli(space, n), which these {len(points)} rows are not; "
        "for any other sample use prcc or regional"
    )


def _analyze(answers: Answers, paired: bool, resamples: int, seed: int) -> Sensitivity:
    k, n_series = len(answers.names), len(answers.series)
    shape = (n_series, k)
    names = ("ST", "S1")
    measures, low, high = ({m: np.full(shape, np.nan) for m in names} for _ in range(3))
    pairs = np.full((n_series, k, k), np.nan) if paired else np.empty((0, 0, 0))
    half = pairs.copy()
    step = (2 if paired else 1) * k + 2
    blocks = answers.outputs.reshape(-1, step, n_series)
    full = len(blocks)
    sizes = np.array(sorted({full // part for part in STAGES if full // part >= 8}), np.intp)
    stages = np.full((len(sizes), *shape), np.nan)
    used = np.zeros(n_series, np.intp)
    for j in range(n_series):
        y = blocks[np.isfinite(blocks[:, :, j]).all(axis=1), :, j]
        used[j] = len(y)
        if len(y) < 2 or not varies(y[:, [0, -1]]):
            continue
        one = indices(y, k, resamples=resamples, seed=seed + 1)
        for m, index, width in (("S1", one.first, one.first_half), ("ST", one.total, one.total_half)):
            measures[m][j], low[m][j], high[m][j] = index, index - width, index + width
        if paired:
            pairs[j], half[j] = one.pairs, one.pairs_half
        for i, size in enumerate(sizes):
            part = blocks[:size, :, j]
            part = part[np.isfinite(part).all(axis=1)]
            if len(part) > 1 and varies(part[:, [0, -1]]):
                stages[i, j] = indices(part, k, resamples=0, seed=0).total
    notes = left_out(answers, used, full, "base points")
    return Sensitivity(
        method="sobol",
        who=answers.who,
        columns=answers.names,
        series=answers.series,
        measures=measures,
        low=low,
        high=high,
        used=used,
        runs=answers.runs,
        sizes=sizes,
        stages=stages,
        pairs=pairs,
        pairs_half=half,
        how=answers.how,
        words=answers.words,
        notes=notes + doubts(answers, measures["ST"], high["ST"] - low["ST"], full),
    )


def doubts(answers: Answers, total: Array, width: Array, full: int) -> tuple[str, ...]:
    """Return what makes indices doubtful. total, width : shape (n_series, n_columns); width of the intervals."""
    names = [s.name for s in answers.series]
    odd = [name for name, row in zip(names, total, strict=True) if np.nanmax(row, initial=0.0) > 2]
    wide = [n for n, row in zip(names, width, strict=True) if np.nanmax(row, initial=0.0) > 0.3 and n not in odd]
    notes: tuple[str, ...] = ()
    if odd:
        notes += (f"a total index above 1: a few runs make the variance; take scale='rank' or 'log' ({some(odd)})",)
    if wide:
        notes += (f"intervals of total indices are wider than 0.3; raise n, now {full:,} ({some(wide)})",)
    return notes
