"""wodarz2007 gives the computed numbers of its specification (wodarz2007.md, Behavior)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from behavior import Array, System

from immunode.catalogue import load_model

MODEL = load_model("wodarz2007")
GRID = np.round(np.arange(0, 10001) * 0.01, 10)
TIMES = np.concatenate([GRID, np.arange(101.0, 401.0)])
NAMES = System(MODEL).functions.program.states


@cache
def course(arm: str) -> dict[str, Array]:
    system = System(MODEL).given([arm] if arm else [])
    y = system.run(TIMES, rtol=1e-10, engine="scipy")[:, :, 0]
    return dict(zip(system.functions.program.states, y.T, strict=True))


def on(arm: str, quantity: str, day: float) -> float:
    return float(course(arm)[quantity][np.flatnonzero(day == TIMES)[0]])


@pytest.mark.parametrize(
    ("arm", "ctl", "nk", "infected", "peak"),
    [
        ("", (937.5, 31.71, 3.788), (17.27, 0.4376), (0.33839, 1.25), (951.0, 8.65)),
        ("weak_nk", (2300, 78.18, 2832), (34.48, 0.8763), (0.38821, 1.35), None),
        ("fewer_nk", (4594, 181.9, 68070), (13.84, 0.3723), (0.37174, 1.35), None),
        ("more_nk", (310.4, 9.466, 0.00377), (20.71, 0.4377), (0.31250, 1.20), (324.0, 7.70)),
        ("nk_depleted", (2.256e7, 6.681e5, 4.356e5), (0.1, 0.1), (0.79022, 2.25), (2.384e7, 7.40)),
        ("no_ctl", (0.368, 0.00674, 0), (17.28, 0.4376), (0.33839, 1.25), None),
        ("ctl_lifespan", (344.9, 0.214, 0), None, None, (482.6, 5.45)),
        ("nk_lifespan", (1757, 2059, 357063), (10.39, 0.0816), None, (416703, 102)),
        ("antiviral", (933.8, 31.31, 2e-14), (17.22, 0.1), None, (947.3, 8.65)),
    ],
)
def test_courses(
    arm: str,
    ctl: tuple[float, float, float],
    nk: tuple[float, float] | None,
    infected: tuple[float, float] | None,
    peak: tuple[float, float] | None,
) -> None:
    """CTL on days 10, 50 and 400, NK cells on days 10 and 400, peaks and their days, to the digits printed."""
    got = course(arm)
    np.testing.assert_allclose([on(arm, "za", day) for day in (10, 50, 400)], ctl, rtol=2e-3, atol=1e-12)
    if nk:
        np.testing.assert_allclose([on(arm, "zi", day) for day in (10, 400)], nk, rtol=6e-4)
    met = got["y0"] + got["y1"]
    if infected:
        # printed from a grid of 0.05 days; the peak lies between two of its points
        coarse = slice(0, GRID.size, 5)
        assert met[coarse].max() == pytest.approx(infected[0], abs=6e-6)
        assert TIMES[coarse][np.argmax(met[coarse])] == infected[1]
    if peak:
        assert got["za"].max() == pytest.approx(peak[0], rel=3e-4)
        assert TIMES[np.argmax(got["za"])] == pytest.approx(peak[1], abs=1.0 if peak[1] > 100 else 0.051)


def test_inflation() -> None:
    """CTL on day 400 over day 20: only where NK cells are weak."""
    for arm, ratio in {"": 0.0072, "weak_nk": 2.19, "fewer_nk": 23.7}.items():
        assert on(arm, "za", 400) / on(arm, "za", 20) == pytest.approx(ratio, rel=8e-3)


@pytest.mark.slow
def test_the_long_run() -> None:
    """Day 2000: no inflation in the curated set, and the weaker the NK cells the more."""
    changes = {"p_i": np.array([1.0, 0.75, 0.5, 1.0]), "ci": np.array([12.0, 12.0, 12.0, 10.8])}
    y = System(MODEL).run([0.0, 2000.0], changes, rtol=1e-10, engine="scipy")
    got = y[-1, NAMES.index("za")]
    np.testing.assert_allclose(got, [2.295, 104100, 216700, 108400], rtol=1e-3)
    assert (np.diff(got[:3]) > 0).all()


def test_the_reproduction_number_and_the_threshold_under_nk_cells() -> None:
    """15.909 without them; with NK cells at rest 5.56, and production below 0.18 of it clears."""
    p = dict(MODEL.values)
    values = {k: float(v) for k, v in p.items() if not isinstance(v, str)}
    share = values["beta"] + values["gam"] * values["phi"] / (values["phi"] + values["d"])
    supply = values["lam"] * values["eta"] * values["k"] / (values["d"] * values["u"])
    assert supply * share / (values["a1"] * (values["a0"] + values["eta"])) == pytest.approx(15.909, abs=6e-4)
    rested = supply * share / ((values["a1"] + 0.1) * (values["a0"] + values["eta"] + 0.1))
    assert rested == pytest.approx(5.56, abs=6e-3)
    # the largest eigenvalue at the state without infection turns where production is 1/5.56
    rest = dict.fromkeys(NAMES, 0.0) | {"x": 100.0, "zi": 0.1}
    system = System(MODEL, ("y0", "y1", "L", "v", "x", "zi"))
    free = [rest[name] for name in system.free]
    above, below = (system.eigenvalues(free, {"k": k / rested})[0].real for k in (1.01, 0.99))
    assert above > 0 > below


def test_without_virus_the_cells_fall() -> None:
    y = System(MODEL).run([0.0, 300.0], initial={"v": [0.0]}, engine="scipy")[-1, :, 0]
    assert y[NAMES.index("za")] < 1e-9
    assert y[NAMES.index("zi")] == pytest.approx(0.1, rel=1e-6)


def test_a_vaccine_makes_256_of_one_and_nothing_is_negative() -> None:
    """Without virus and death, eight divisions give 2**8 precursors, each of which makes alpha/r CTL."""
    system = System(MODEL).given(["vaccine"])
    y = system.run([0.0, 60.0], {"ba": 0.0}, {"v": [0.0]}, rtol=1e-10, engine="scipy")[-1, :, 0]
    assert y[NAMES.index("za")] - 1 == pytest.approx(256 * 0.2, rel=1e-6)
    for arm in ("", "weak_nk", "nk_depleted"):
        assert min(got.min() for got in course(arm).values()) >= -1e-12
