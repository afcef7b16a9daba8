"""One sweep over the doses of two agents, alone and together, to be compared with what is expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from immunode.analysis.sensitivity.responses import ask, whole
from immunode.analysis.treatment.combined_effects import Combination, synergy
from immunode.analysis.treatment.dosed_knobs import check_top, knob_facts, with_knobs
from immunode.errors import StudyError
from immunode.model import Model

Array = NDArray[np.float64]


def combination(
    model: Model,
    doses: Mapping[str, ArrayLike],
    endpoint: Any,
    *,
    interventions: Sequence[Any] | Any = None,
    full: float = 0.0,
    singles: int = 65,
    until: float | str | None = None,
    engine: str = "auto",
    rtol: float = 1e-6,
) -> Combination:
    """Return an endpoint over the doses of two agents against Bliss, highest single agent and Loewe.

    Parameters
    ----------
    doses : Mapping[str, array_like]
        two knobs -> doses: `{"anti_tnf.strength": np.linspace(0, 1, 9), "adalimumab.dose": [0, 10, 20, 40]}`; 0 is
        added. Plain parameters will do where 0 means "not given".
    endpoint : Any
        one endpoint, such as `"auc(p)"`.
    interventions : Sequence[Any] | Any
        what the knobs belong to; default those that the model declares under these names.
    full : float
        value of the endpoint at the effect 1; default 0, what the agents lower is gone. For agents that raise it, give
        the value aimed at.
    singles : int
        further doses of each agent alone, for Loewe's curves; where nothing bounds the knob up to twice the largest
        dose.
    until, engine, rtol
        as in `sweep`; all in one batched sweep of one arm.

    Raises
    ------
    StudyError
        not two knobs, a dose below 0, names that can't be, or a control whose endpoint is `full`.
    """
    if len(doses) != 2:
        raise StudyError(f"{model.name}: a combination needs the doses of two knobs, got {len(doses)}")
    first, second = (str(name) for name in doses)
    names = (first, second)
    grids = [_doses(model.name, name, values) for name, values in doses.items()]
    arm = with_knobs(model, names, interventions)
    facts = [knob_facts(model, arm, name) for name in names]
    units, tops = (facts[0][0], facts[1][0]), [top for _, top in facts]
    for name, grid, top in zip(names, grids, tops, strict=True):
        check_top(model.name, name, grid, top)
    extra = [_more(g, top, whole("combination", "singles", singles, 2)) for g, top in zip(grids, tops, strict=True)]
    a, b = np.meshgrid(*grids, indexing="ij")
    pairs = np.stack([a.ravel(), b.ravel()], axis=1)
    rows = [pairs, np.stack([extra[0], 0 * extra[0]], axis=1), np.stack([0 * extra[1], extra[1]], axis=1)]
    answers = ask(
        model, names, np.concatenate(rows), until=until, arms=arm, endpoints=endpoint, engine=engine, rtol=rtol,
        how="doses of both agents",
    )  # fmt: skip
    if len(answers.series) != 1:
        raise StudyError(f"{model.name}: a combination looks at one endpoint, got {len(answers.series)}")
    y = answers.outputs[:, 0]
    n = a.size
    single = (extra[0], y[n : n + len(extra[0])]), (extra[1], y[n + len(extra[0]) :])
    return synergy(
        grids[0], grids[1], y[:n].reshape(a.shape), names=names, units=units, endpoint=answers.series[0].endpoint,
        unit=answers.series[0].unit, full=full, alone=single, who=model.label, words=answers.words,
    )  # fmt: skip


def _doses(who: str, name: str, given: ArrayLike) -> Array:
    values = np.unique(np.append(np.asarray(given, float).ravel(), 0.0))
    if not np.isfinite(values).all() or values[0] < 0 or len(values) < 2:
        raise StudyError(f"{who}: the doses of {name} must be finite, not below 0, and one of them above 0")
    return values


def _more(doses: Array, top: float, n: int) -> Array:
    """Return further doses of one agent alone, denser near 0: half evenly, half evenly in the logarithm."""
    end = float(min(2 * doses[-1], max(top, doses[-1])))
    even = np.linspace(0, end, n // 2 + 2)[1:]
    logs = np.geomspace(min(doses[1], end) / 100, end, n - n // 2)
    return np.setdiff1d(np.concatenate([even, logs]), doses)
