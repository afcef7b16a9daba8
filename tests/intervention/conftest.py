from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from immunode.model import Derived, Model, Parameter, Process, State
from immunode.program.lowering import lower
from immunode.program.numpy.functions import compile_numpy

Trajectory = dict[str, NDArray[np.float64]]


def model(**changes: Any) -> Model:
    """A state x that is made at rate s and lost at rate k, and a second state y that x drives."""
    given: dict[str, Any] = {
        "name": "toy",
        "time_unit": "day",
        "states": [State("x", 1.0, "cell"), State("y", 0.5, "cell")],
        "parameters": [
            Parameter("k", 0.5, "1/day"),
            Parameter("s", 1.0, "cell/day"),
            Parameter("g", 0.2, "1/day"),
            Parameter("m", 0.1, "1/day"),
        ],
        "processes": [
            Process("made", "-> x", "s"),
            Process("lost", "x ->", "k*x"),
            Process("driven", "-> y", "g*x"),
            Process("decayed", "y ->", "m*y"),
        ],
        "derived": [Derived("total", "x + y", "cell")],
        "horizon": 60.0,
    }
    return Model(**{**given, **changes})


def trajectory(
    composed: Model, times: Sequence[float] | NDArray[np.float64], integrals: tuple[str, ...] = ()
) -> Trajectory:
    """Every quantity at `times` (after what happens then), from time 0, by DOP853 from break to break.

    A second implementation: it shares the lowered model with the engines, and no stepping.
    """
    f = compile_numpy(lower(composed, integrals))
    p = f.parameters(np.array(f.program.values)[:, None])
    assert f.requirements(p).all()
    y = f.initial(p)
    breaks = [
        (float(first + i * every), b)
        for b, (first, every, count) in enumerate(zip(*(a[:, 0] for a in f.break_times(p)), strict=True))
        for i in range(int(count))
    ]
    wanted = np.asarray(times, float)
    stops = sorted({0.0, float(wanted[-1]), *(time for time, _ in breaks if 0 <= time <= wanted[-1])})
    columns = []
    with np.errstate(all="ignore"):
        for before, now in zip([0.0, *stops], stops, strict=False):
            if now > before:
                inside = wanted[(wanted > before) & (wanted < now)]
                *between, y = _steps(f, before, [*inside.tolist(), now], y, f.prepare(p))
                columns += [_column(f, t, u, p) for t, u in zip(inside, between, strict=True)]
            for b in [b for time, b in sorted(breaks) if time == now or (time < now == 0)]:
                f.apply(b, now, y, p)
            if now in wanted:
                columns.append(_column(f, now, y, p))
    return dict(zip(f.program.quantities, np.array(columns).T, strict=True))


def _column(f: Any, t: float, y: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([y[:, 0], f.observe(t, y, p)[:, 0]])


def _steps(
    f: Any, t0: float, times: Sequence[float], y: NDArray[np.float64], c: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Return the states at `times`, the last of which ends the last step."""
    found = solve_ivp(
        lambda t, u: f.rhs(t, u[:, None], c)[:, 0],
        (t0, times[-1]),
        y[:, 0],
        method="DOP853",
        t_eval=times,
        rtol=1e-11,
        atol=1e-13,
    )
    assert found.success
    return [np.ascontiguousarray(column[:, None]) for column in found.y.T]


@pytest.fixture(scope="session")
def toy() -> Callable[..., Model]:
    return model


@pytest.fixture(scope="session")
def run() -> Callable[..., Trajectory]:
    return trajectory
