"""A population that falls below its limit is gone for good; one that rises from nothing is not."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.errors import ModelError
from immunode.model import Model, Parameter, Process, State
from immunode.program import Functions, compile_numpy, lower
from immunode.solve import solve

ENGINES = [("numpy", "tsit5"), ("numpy", "rodas5p"), ("numpy", "dop853"), ("scipy", "LSODA"), ("scipy", "DOP853")]


def functions(limit: float) -> Functions:
    """Return predator and prey: the prey falls to about 5e-5 and, if anything is left, comes back."""
    values = {"r": 1.0, "a": 1.0, "m": 0.3}
    model = Model(
        name="waves",
        states=[
            State("prey", 3.0, extinct_below=limit),
            State("predator", 3.0),
            State("heap", 0.0, extinct_below=limit),
        ],
        parameters=[Parameter(k, v, source="assumed: a test") for k, v in values.items()],
        processes=[
            Process("birth", "-> prey", "r*prey"),
            Process("hunt", "prey -> predator", "a*prey*predator"),
            Process("death", "predator ->", "m*predator"),
            Process("rain", "-> heap", "1e-6*m"),
        ],
    )
    return compile_numpy(lower(model))


TIMES = np.linspace(0, 40, 401)


def run(limit: float, engine: str, method: str) -> np.ndarray:
    f = functions(limit)
    values = np.array(f.program.values)[:, None]
    batch = solve(f, values, times=TIMES, engine=engine, method=method, rtol=1e-8)
    assert (batch.status == 0).all()
    return batch.y


@pytest.mark.parametrize(("engine", "method"), ENGINES)
def test_what_falls_below_its_limit_never_returns(engine: str, method: str) -> None:
    free, limited = (run(limit, engine, method)[:, 0, 0] for limit in (0.0, 1e-3))
    assert free.min() < 1e-3 < 1 < free[free.argmin() :].max()  # the wave that must not come back
    fallen = int(np.argmax(limited < 1e-3))
    # within the step in which it falls the output still follows the curve
    assert (limited[fallen + 20 :] == 0).all()
    np.testing.assert_allclose(limited[:fallen], free[:fallen], rtol=1e-5)


@pytest.mark.parametrize(("engine", "method"), ENGINES)
def test_what_rises_slowly_from_nothing_is_left_alone(engine: str, method: str) -> None:
    heap = run(1e-3, engine, method)[:, 2, 0]
    np.testing.assert_allclose(heap, 3e-7 * TIMES, rtol=1e-6, atol=1e-15)


def test_extinction_of_one_run_leaves_the_bits_of_the_others() -> None:
    f = functions(1e-5)
    values = np.array(f.program.values)[:, None] * np.random.default_rng(3).uniform(0.7, 1.3, (3, 40))
    many = solve(f, values, times=TIMES, engine="numpy", method="tsit5").y
    gone = many[-1, 0] == 0
    assert gone.any()
    assert not gone.all()
    for i in (0, 17, 39):
        alone = solve(f, values[:, [i]], times=TIMES, engine="numpy", method="tsit5")
        assert np.array_equal(alone.y[:, :, 0], many[:, :, i])


def test_a_negative_limit_is_refused() -> None:
    with pytest.raises(ModelError, match="extinct_below is -1, but it can't be below 0"):
        functions(-1.0)
