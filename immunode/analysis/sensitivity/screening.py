"""Morris screening: which inputs matter at all, from few runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.sensitivity.morris_scheme import effects, trajectories
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
from immunode.analysis.sensitivity.result import STAGES, Sensitivity, left_out, varies
from immunode.errors import StudyError

if TYPE_CHECKING:
    from immunode.study.arms import Arms

Array = NDArray[np.float64]
RESAMPLES = 200
"""Of the bootstrap of `mu_star`."""


def morris(
    source: Source,
    space: SpaceLike | None = None,
    n: int = 50,
    *,
    levels: int = 4,
    until: float | str | None = None,
    arms: Arms | Mapping[str, Any] | Sequence[str] | str | None = None,
    endpoints: Any = None,
    scale: str = "linear",
    seed: int = 0,
    engine: str = "auto",
    rtol: float = 1e-6,
) -> Sensitivity:
    """Return the elementary effects of every input on every endpoint in every arm: `mu_star`, `mu`, `sigma`.

    An effect is the change of the endpoint per whole range of the input, in the endpoint's unit. `mu_star` is the
    mean of its size and ranks; `sigma` its spread (interactions or curvature).

    Trajectories in which a run failed or an endpoint is not finite are left out, and counted in the notes.

    Parameters
    ----------
    source : Source
        a model; a function of an array (n_rows, n_columns); or a pair (inputs, outputs) of trajectories.
    space : SpaceLike | None
        ranges, a mapping of names to (low, high), or names and patterns as in `im.space`; default all parameters.
    n : int
        trajectories; runs are n*(k + 1) an arm for k inputs.
    levels : int
        of the grid, an even number.
    scale : str
        "linear", "log" or "rank", of the endpoint.
    until, arms, endpoints, engine, rtol
        as in `sweep`.
    seed : int
        of sample and bootstrap.

    Raises
    ------
    StudyError
        rows that are not trajectories, an odd number of levels, names that can't be.

    References
    ----------
    Morris 1991, doi:10.1080/00401706.1991.10484804; Campolongo et al. 2007, doi:10.1016/j.envsoft.2006.10.004.
    """
    if whole("morris", "levels", levels, 2) % 2:
        raise StudyError(f"morris: levels must be even, got {levels}")
    answers = given_answers(source)
    if answers is None:
        box = space_of(space, source)
        unit = trajectories(len(box.axes), whole("morris", "n", n, 2), levels, seed)
        how = f"{n} Morris trajectories on {levels} levels, seed {seed} ({box.words()})"
        answers = ask(
            source, box.names, place(box, unit), until=until, arms=arms, endpoints=endpoints, engine=engine, rtol=rtol,
            how=how, seed=seed,
        )  # fmt: skip
    _check_trajectories(answers)
    return _analyze(on_scale(answers, scale), levels, seed)


def _check_trajectories(answers: Answers) -> None:
    k = len(answers.names)
    steps = len(answers.points) // (k + 1)
    fits = len(answers.points) == steps * (k + 1) and steps > 1
    if fits:
        moved = np.diff(answers.points.reshape(steps, k + 1, k), axis=1) != 0
        fits = bool((moved.sum(axis=2) == 1).all() and (moved.sum(axis=1) == 1).all())
    if not fits:
        raise StudyError(
            f"{answers.who}: Morris screening needs trajectories of {k + 1} rows that each move every input once, "
            f"which these {len(answers.points)} rows are not; for any other sample use prcc or regional"
        )


def _analyze(answers: Answers, levels: int, seed: int) -> Sensitivity:
    k, n_series = len(answers.names), len(answers.series)
    shape = (n_series, k)
    measures = {m: np.full(shape, np.nan) for m in ("mu_star", "mu", "sigma")}
    low, high = {"mu_star": np.full(shape, np.nan)}, {"mu_star": np.full(shape, np.nan)}
    points = answers.points.reshape(-1, k + 1, k)
    outputs = answers.outputs.reshape(-1, k + 1, n_series)
    full = len(points)
    sizes = np.array(sorted({full // part for part in STAGES if full // part >= 4}), np.intp)
    stages = np.full((len(sizes), *shape), np.nan)
    used = np.zeros(n_series, np.intp)
    for j in range(n_series):
        good = np.asarray(np.isfinite(outputs[:, :, j]).all(axis=1))
        used[j] = int(good.sum())
        if used[j] < 2 or not varies(outputs[good, :, j]):
            continue
        one = effects(points[good], outputs[good, :, j], levels=levels, resamples=RESAMPLES, seed=seed)
        measures["mu_star"][j], measures["mu"][j], measures["sigma"][j] = one.mu_star, one.mu, one.sigma
        low["mu_star"][j], high["mu_star"][j] = one.mu_star - one.half, one.mu_star + one.half
        for i, size in enumerate(sizes):
            part = good[:size]
            if part.sum() > 1:
                shorter = effects(points[:size][part], outputs[:size][part, :, j], levels=levels, resamples=0, seed=0)
                stages[i, j] = shorter.mu_star
    notes = left_out(answers, used, full, "trajectories")
    return Sensitivity(
        method="morris",
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
        how=answers.how,
        words=answers.words,
        notes=notes,
    )
