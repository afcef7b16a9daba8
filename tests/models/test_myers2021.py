"""Myers 2021 behaves as published, and as the method of steps says that knows nothing of this package."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

import immunode as im

Array = NDArray[np.float64]
MODEL = im.load_model("myers2021")
DAYS = np.arange(0, 12.0001, 0.01)
HALF_DAYS = np.arange(0, 12.1, 0.5)
NAMES = ("T", "I1", "I2", "V", "E", "EM")


def by_steps(times: Array, p: dict[str, float]) -> Array:
    """Return the states, (n_times, 6): SciPy's Radau from one time at which a delay is over to the next."""
    stops = {0.0, float(times[-1])} | {
        i * p["tau_E"] + j * p["tau_M"]
        for i in range(4)
        for j in range(4)
        if i * p["tau_E"] + j * p["tau_M"] < times[-1]
    }
    pieces: list[tuple[float, object]] = []

    def late(t: float) -> Array:
        for begin, states in reversed(pieces):
            if t >= begin:
                return np.asarray(states(t))  # type: ignore[operator]
        return start

    def slope(t: float, y: Array) -> list[float]:
        target, hidden, making, virus, effectors, _ = y
        infected = p["beta"] * target * virus
        killing = (p["delta"] + p["delta_E"] * effectors / (p["K_delta_E"] + making)) * making
        came = p["xi"] * making / (p["K_E"] + effectors)
        grew = p["eta"] * effectors * late(t - p["tau_E"])[2]
        return [
            -infected, infected - p["k"] * hidden, p["k"] * hidden - killing, p["p"] * making - p["c"] * virus,
            came + grew - p["d_E"] * effectors, p["zeta"] * late(t - p["tau_M"])[4],
        ]  # fmt: skip

    start = np.array([p["T_0"], 75.0, 0.0, 0.0, 0.0, 0.0])
    y, found = start, [start[None]]
    for begin, end in itertools.pairwise(sorted(stops)):
        run = solve_ivp(slope, (begin, end), y, method="Radau", rtol=1e-9, atol=1e-6, dense_output=True, max_step=0.5)
        inside = times[(times > begin) & (times <= end)]
        if inside.size:
            found.append(run.sol(inside).T)
        pieces.append((begin, run.sol))
        y = run.y[:, -1]
    return np.concatenate(found)


@cache
def reference() -> Array:
    return by_steps(HALF_DAYS, MODEL.values)


@pytest.mark.parametrize(("engine", "method"), [("numpy", "rodas5p"), ("scipy", "LSODA")])
def test_an_independent_method_of_steps_gives_the_same(engine: str, method: str) -> None:
    times = HALF_DAYS
    wanted = reference()
    run = im.simulate(MODEL, times=times, engine=engine, method=method, rtol=1e-7)
    for i, name in enumerate(NAMES):
        size = np.max(np.abs(wanted[:, i]))
        assert np.max(np.abs(run[name] - wanted[:, i])) < 2e-5 * size, name


@pytest.mark.slow
def test_clearance_by_t_cells_rises_as_fast_as_published() -> None:
    """Over 48,000-fold in 2 days (abstract); found 45,100-fold from values of two digits."""
    clearance = im.simulate(MODEL, times=DAYS, rtol=1e-7)["clearance_CD8"]
    later, before = clearance[500:], clearance[300:-200]
    folds = later[: len(before)] / before[: len(later)]
    assert np.max(folds) == pytest.approx(48_000, rel=0.1)
    assert np.max(folds) == pytest.approx(45_100, rel=0.01)


def test_the_course_of_an_infection() -> None:
    """Virus peaks on day 2, stays, falls from day 7 and is gone before day 9, when T cells are most."""
    run = im.simulate(MODEL, times=DAYS)
    assert DAYS[run["V"].argmax()] == pytest.approx(2.2, abs=0.1)
    assert run["V"][600] > 0.3 * run["V"].max()
    assert DAYS[(run["V"] < 1) & (DAYS > 3)][0] == pytest.approx(8.39, abs=0.02)
    assert DAYS[run["E"].argmax()] == pytest.approx(8.36, abs=0.05)


def test_the_delay_of_the_expansion_sets_how_long_it_lasts() -> None:
    """Each day more of delay keeps the infection for most of a day."""
    delays = np.array([2.6, 3.6, 4.6])
    gone = im.time_to("V < 1 and T < 1e6")
    result = im.sweep(MODEL, im.from_table({"tau_E": delays}), until=15, endpoints=[gone])
    lasted = result.table().iloc[:, -1].to_numpy(float)
    assert (np.diff(lasted) > 0.6).all()
    assert (np.diff(lasted) < 1.1).all()
