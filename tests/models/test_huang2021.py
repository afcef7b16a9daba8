"""huang2021 gives the numbers of its authors' script and of its specification."""

from __future__ import annotations

import numpy as np
import pytest
from behavior import QUICKEST, Array, System
from scipy.optimize import brentq

from immunode.catalogue import load_model
from immunode.intervention import Intervention, perturb, pulses, transfer

MODEL = load_model("huang2021")
DAILY = System(perturb(MODEL, Intervention("daily", [transfer("depot", 100.0)], pulses(every=24, width=0, n=365))))
EARLY = 1e-6
STATES = ("depot", "DV", "DL", "DO", "DR", "HV", "HL", "HO", "HR")


def nmol(ug: float) -> float:
    return ug * 1000 / 384.64


def blood(y: Array, system: System) -> Array:
    """Return 25OHD in venous blood."""
    return np.asarray(y[:, system.functions.program.states.index("HV")] / 4.2)


@pytest.fixture(scope="module")
def daily() -> dict[tuple[float, float], dict[int, float]]:
    """Return 25OHD just before the dose of some days, by baseline and ug a day: capsules at midnight."""
    runs = [(50, 25), (50, 50), (50, 100), (50, 250), (50, 20), (10, 20)]
    days = (7, 28, 30, 84, 90, 182, 360, 365)
    changes = {"daily.transfer": [nmol(ug) for _, ug in runs], "B": [float(b) for b, _ in runs]}
    seen = blood(DAILY.run(24.0 * np.array(days) - EARLY, changes, rtol=1e-8, engine=QUICKEST), DAILY)
    return {run: dict(zip(days, seen[:, k], strict=True)) for k, run in enumerate(runs)}


@pytest.mark.parametrize(
    ("run", "day", "value"),
    [
        ((50, 100), 30, 94.6715),
        ((50, 100), 90, 120.1611),
        ((50, 20), 360, 75.4492),
        ((10, 20), 90, 46.4839),
    ],
)
def test_the_script_of_the_authors(
    daily: dict[tuple[float, float], dict[int, float]], run: tuple[float, float], day: int, value: float
) -> None:
    """To the last digit."""
    assert daily[run][day] == pytest.approx(value, abs=6e-5)


@pytest.mark.parametrize(
    ("ug", "values"),
    [
        (25, (52.50, 62.15, 75.46, 78.68, 78.82)),
        (50, (55.00, 73.21, 90.82, 93.31, 93.37)),
        (100, (59.97, 92.59, 119.21, 124.86, 125.25)),
        (250, (74.62, 147.73, 233.28, 269.68, 275.91)),
    ],
)
def test_a_year_of_capsules(
    daily: dict[tuple[float, float], dict[int, float]], ug: float, values: tuple[float, ...]
) -> None:
    """Days 7, 28, 84, 182, 365 from 50 nmol/L."""
    got = [daily[50, ug][day] for day in (7, 28, 84, 182, 365)]
    np.testing.assert_allclose(got, values, atol=6e-3)


def test_stopping_after_half_a_year() -> None:
    """50 ug a day until day 182: capsules, last on day 181."""
    it = System(perturb(MODEL, Intervention("daily", [transfer("depot", nmol(50))], pulses(every=24, width=0, n=182))))
    got = blood(it.run(24.0 * np.array([210, 238, 273, 365]), rtol=1e-8, engine=QUICKEST), it)[:, 0]
    np.testing.assert_allclose(got, [75.85, 67.34, 61.85, 55.58], atol=6e-3)


def test_a_steady_intake_is_within_one_nmol_of_capsules(daily: dict[tuple[float, float], dict[int, float]]) -> None:
    for iu, ug in ((1000, 25), (2000, 50), (4000, 100)):
        it = System(MODEL).given([f"iu_{iu}"])
        days = np.array([7, 28, 84, 182, 365])
        got = blood(it.run(24.0 * days, rtol=1e-7, engine="scipy"), it)[:, 0]
        np.testing.assert_allclose(got, [daily[50, ug][int(day)] for day in days], atol=1.0)


def steady(b: float, ug: float) -> float:
    """Return the C of CL25(C) C = fm dose/24 + CL25(B) B."""

    def lost(c: float) -> float:
        return float(0.033 * c**5.64 / (86.3**5.64 + c**5.64) * c)

    return float(brentq(lambda c: lost(c) - nmol(ug) / 24 / 3 - lost(b), b, 1000, xtol=1e-12))


@pytest.mark.parametrize(
    ("b", "values"),
    [
        (25, {10: 65.04, 25: 77.52, 50: 92.27, 100: 123.77, 250: 273.98}),
        (50, {10: 67.17, 25: 78.82, 50: 93.38, 100: 125.27, 250: 276.14}),
        (75, {10: 81.56, 25: 90.23, 50: 104.56, 100: 141.11, 250: 297.22}),
    ],
)
def test_steady_states(b: float, values: dict[int, float]) -> None:
    """The closed form, and the model after twenty years of a steady intake."""
    for ug, value in values.items():
        assert steady(b, ug) == pytest.approx(value, abs=6e-3)
    it = System(MODEL)
    changes = {"B": np.full(len(values), float(b)), "intake": [nmol(ug) / 24 for ug in values]}
    got = blood(it.run([20 * 8760.0], changes, rtol=1e-9), it)[0]
    np.testing.assert_allclose(got, [steady(b, ug) for ug in values], rtol=1e-4)


@pytest.mark.parametrize(
    ("b", "top", "day", "later"),
    [(25, 74.82, 7.5, (72.81, 68.26, 62.33, 57.87)), (50, 96.07, 6, (89.50, 79.58, 69.12, 62.92))],
)
def test_a_bolus(b: float, top: float, day: float, later: tuple[float, ...]) -> None:
    """100,000 IU with the clearance of single doses: on the day told of the peak, days 14, 28, 56, 90."""
    it = System(load_model("huang2021", "single_dose")).given(["bolus"])
    times = np.arange(0, 90.01, 0.25) * 24
    got = blood(it.run(times, {"B": float(b)}, rtol=1e-8, engine="scipy"), it)[:, 0]
    assert got[int(4 * day)] == pytest.approx(top, abs=6e-3)
    assert got.max() < top + 0.02
    assert times[got.argmax()] / 24 == pytest.approx(day, abs=0.3)
    np.testing.assert_allclose(got[[14 * 4, 28 * 4, 56 * 4, 90 * 4]], later, atol=6e-3)


@pytest.mark.parametrize("b", [10.0, 50.0, 100.0])
def test_without_a_dose_everything_is_flat(b: float) -> None:
    it = System(MODEL)
    y = it.run([0.0, 1000.0, 8760.0], {"B": b}, rtol=1e-10, engine="scipy")[:, :, 0]
    np.testing.assert_allclose(y[1:], y[:1].repeat(2, axis=0), rtol=1e-8, atol=1e-8)


def test_moles_are_balanced() -> None:
    """What leaves D3 by clearance is three times what enters 25OHD; flows only move."""
    it = System(MODEL)
    names = it.functions.program.states
    y = np.array([30.0, 12, 5, 20, 4, 300, 120, 2500, 90])
    rates = dict(zip(names, it.rhs(y[[STATES.index(name) for name in names]]), strict=True))
    cleared = 0.21 * 5 / 1.8
    ohd = 120 / 1.8
    lost = 0.033 * ohd**5.64 / (86.3**5.64 + ohd**5.64) * ohd
    endogenous = 3 * 0.033 * 50**5.64 / (86.3**5.64 + 50**5.64) * 50
    d3 = sum(rates[name] for name in STATES[1:5])
    assert d3 == pytest.approx(endogenous + 0.19 * 30 - cleared, rel=1e-10)
    assert sum(rates[name] for name in STATES[5:]) == pytest.approx(cleared / 3 - lost, rel=1e-9)
    assert rates["depot"] == pytest.approx(-0.19 * 30, rel=1e-14)


def test_half_lives_of_the_specification() -> None:
    """39,000 days at 25 nmol/L, 820 at 50, 116 at 75: why nothing falls below 50."""
    volume = 7.4 + 0.54 * 62.6
    assert volume == pytest.approx(41.20, abs=6e-3)
    for c, days in ((25, 39000), (50, 820), (75, 116)):
        clearance = 0.033 * c**5.64 / (86.3**5.64 + c**5.64)
        assert np.log(2) * volume / clearance / 24 == pytest.approx(days, rel=0.02)


def test_against_trials() -> None:
    """The typical person: BEST-D 93.4 and 125.3 for 102 and 137; VITAL 104.05; +28.8, +43.4, +75.3, +226 by dose."""
    assert steady(74.4, 50) == pytest.approx(104.05, abs=0.06)
    rises = [steady(50, ug) - 50 for ug in (25, 50, 100, 250)]
    np.testing.assert_allclose(rises, [28.8, 43.4, 75.3, 226], atol=0.2)
    assert (steady(50, 500) - steady(50, 375)) / 5 == pytest.approx(27, abs=1)
