"""Designs that grow where an endpoint changes fast."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StudyError, did_you_mean
from immunode.study.arms import as_arms
from immunode.study.design.design import Design, cross_arms, sobol
from immunode.study.design.ranges import Space, as_space
from immunode.study.result.sweep_result import SweepResult
from immunode.study.run.sweep_data import SweepData
from immunode.study.sweeps import sweep

if TYPE_CHECKING:
    from immunode.model import Model
    from immunode.study.endpoints import Endpoint

Array = NDArray[np.float64]
EXPLORE = 0.05
"""What an edge counts along which nothing changes, as a part of one along which an endpoint takes its whole range."""
_NEIGHBORS, _MOST_MESHED = 12, 4


def adaptive(
    model: Model,
    space: Space | Mapping[str, tuple[float, float]],
    *,
    n: int = 256,
    start: int | None = None,
    each: int | None = None,
    arms: Any = None,
    endpoints: Iterable[Endpoint | str] | Endpoint | str | None = None,
    watch: str | None = None,
    seed: int = 0,
    **options: Any,
) -> SweepResult:
    """Return a sweep whose points lie dense where an endpoint changes fast: at thresholds, fronts and tipping points.

    It begins with Sobol points and the corners of the space. Then, round by round, the edges between neighboring
    points are halved that are worst: those with the largest change (as a part of the endpoint's range, in the arm
    where it is largest) times their length. Where a run fails and its neighbor does not, the change counts as whole.

    Parameters
    ----------
    space : Space | Mapping[str, tuple[float, float]]
        from `space(model, ...)`, or a mapping of names to (low, high).
    n : int
        points in the end, each run in every arm.
    start : int | None
        points to begin with, a quarter of n by default.
    each : int | None
        points a round, an eighth of n by default.
    watch : str | None
        the endpoint that counts; by default all do.
    arms, endpoints, options
        as in `sweep` (until, engine, rtol, executor, ...); seed : what Sobol points start from.

    Raises
    ------
    StudyError
        fewer points than corners and a few more, an unknown endpoint to watch, or an option of no use here.

    References
    ----------
    the loss of an edge follows Nijholt et al. 2019, doi:10.5281/zenodo.1182437 (the package `adaptive`).
    """
    box = as_space(space)
    if not box.axes:
        raise StudyError("adaptive: the space has no columns")
    for option in ("store", "design", "keep", "block"):
        if option in options:
            raise StudyError(f"adaptive: {option}= is of no use here; sweep the design of the result: out.plan.design")
    first = max(n // 4, 2 * len(box.axes) + 2) if start is None else start
    step = max(n // 8, 1) if each is None else each
    if not 2 < first <= n or step < 1:
        raise StudyError(f"adaptive: n = {n} points, of which start = {first} and each = {step} a round, make no sense")
    points = new = _begin(box, first, seed)
    found: list[SweepResult] = []
    while True:
        found.append(_run(model, box, new, arms, endpoints, seed, options))
        if len(points) >= n:
            break
        new = _halved(points, _heights(found, watch), min(step, n - len(points)))
        if not len(new):
            break
        points = np.concatenate([points, new])
    words = f"{len(points)} adaptive points, {first} of them Sobol points and corners, seed {seed} ({box.words()})"
    return _joined(found, words)


def _n_arms(found: list[SweepResult]) -> int:
    return len(found[0].plan.arms)


def _begin(box: Space, n: int, seed: int) -> Array:
    """Return points of the unit cube, shape (n, n_columns): as many corners as half of them may be, then Sobol's."""
    d = len(box.axes)
    corners = np.empty((0, d))
    if 2**d <= n // 2:
        corners = np.array(np.meshgrid(*[[0.0, 1.0]] * d, indexing="ij")).reshape(d, -1).T
    inner = sobol({f"u{i}": (0.0, 1.0) for i in range(d)}, n - len(corners), seed=seed).values
    return np.concatenate([corners, inner])


def _run(
    model: Model, box: Space, points: Array, arms: Any, endpoints: Any, seed: int, options: Mapping[str, Any]
) -> SweepResult:
    values = np.stack([axis.place(points[:, i]) for i, axis in enumerate(box.axes)], axis=1)
    design = Design(box.names, values, "adaptive points", seed)
    if arms is not None:
        design = cross_arms(design, as_arms(arms, model))
    return sweep(model, design, endpoints=endpoints, **options)


def _heights(found: list[SweepResult], watch: str | None) -> Array:
    """Return what is watched as parts of its range, shape (n_points, n_arms * n_watched); NaN where a run failed."""
    names = found[0].endpoints
    if watch is not None:
        if watch not in names and found[0].endpoint_name(watch) not in names:
            raise StudyError(f"adaptive: unknown endpoint '{watch}'{did_you_mean(watch, names)}")
        names = (found[0].endpoint_name(watch),)
    n_arms = _n_arms(found)
    columns = []
    for name in names:
        table = np.concatenate([r.endpoint(name).reshape(-1, n_arms) for r in found])
        finite = table[np.isfinite(table)]
        low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
        with np.errstate(invalid="ignore"):
            columns.append((table - low) / (high - low if high > low else 1.0))
    return np.concatenate(columns, axis=1)


def _halved(points: Array, heights: Array, n: int) -> Array:
    """Return the middles of the `n` worst edges, shape (n, n_columns)."""
    a, b = _edges(points)
    with np.errstate(invalid="ignore"):
        change = np.abs(heights[a] - heights[b])
    # infinite (never reached) beside finite, or failed beside ok, is a change of the whole range
    unlike = (np.isnan(heights[a]) != np.isnan(heights[b])) | (np.isinf(heights[a]) != np.isinf(heights[b]))
    change = np.where(unlike, 1.0, np.nan_to_num(np.where(np.isinf(change), 0.0, change)))
    loss = (np.minimum(change.max(axis=1), 1.0) + EXPLORE) * np.linalg.norm(points[a] - points[b], axis=1)
    order = np.argsort(-loss, kind="stable")
    middles = (points[a] + points[b])[order] / 2
    # a point that is there already, or is made twice, teaches nothing
    fresh, seen = [], {tuple(p) for p in points.tolist()}
    for middle in middles.tolist():
        if tuple(middle) not in seen:
            seen.add(tuple(middle))
            fresh.append(middle)
        if len(fresh) == n:
            break
    return np.array(fresh).reshape(-1, points.shape[1])


def _edges(points: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return pairs of neighbors: in order on a line, of a Delaunay mesh up to four dimensions, else the nearest."""
    d = points.shape[1]
    if d == 1:
        order = np.argsort(points[:, 0], kind="stable")
        return order[:-1], order[1:]
    if d <= _MOST_MESHED:
        from scipy.spatial import Delaunay

        mesh = Delaunay(points).simplices
        pairs = np.concatenate([mesh[:, [i, j]] for i in range(d + 1) for j in range(i)])
    else:
        from scipy.spatial import cKDTree

        near = np.asarray(cKDTree(points).query(points, k=min(_NEIGHBORS, len(points) - 1) + 1)[1])
        pairs = np.stack([np.repeat(near[:, 0], near.shape[1] - 1), near[:, 1:].ravel()], axis=1)
    unique = np.unique(np.sort(pairs, axis=1), axis=0)
    return unique[:, 0], unique[:, 1]


def _joined(found: list[SweepResult], words: str) -> SweepResult:
    """Return the rounds as one sweep."""
    plan = found[0].plan
    n_arms = len(plan.arms)
    designs = [r.plan.design for r in found]
    values, unset = (np.concatenate([getattr(d, name) for d in designs]) for name in ("values", "unset"))
    design = replace(
        designs[0],
        values=values,
        unset=unset,
        arm=np.concatenate([d.arm for d in designs]),
        draw=np.arange(len(values)) // n_arms,
        recipe=words + designs[0].recipe.removeprefix("adaptive points"),
    )
    whole = replace(plan, design=design, arm_of=np.concatenate([r.plan.arm_of for r in found]))
    data, start = SweepData.empty(len(whole), len(whole.endpoints)), 0
    for result in found:
        data.put(slice(start, start + len(result)), result.data)
        start += len(result)
    messages = dict.fromkeys(r.message for r in found if r.message)
    return SweepResult(whole, replace(data, message="; ".join(messages)))
