"""The vitamin D model behaves as computed (specification vitd_zinc.md, part 1)."""

from __future__ import annotations

import numpy as np
import pytest
from behavior import Array, Outcome, System, thresholds

from immunode.catalogue import load_model

MODEL = load_model("vitamin_d_minimal")
SYSTEM = System(MODEL)
NAMES = SYSTEM.functions.program.states
C25, TEFF, TREG, AG = (NAMES.index(name) for name in ("C25", "Teff", "Treg", "Ag"))
LEVELS = np.array([12.5, 25.0, 50.0, 75.0, 100.0, 125.0])


def action(c: Array) -> Array:
    """Return phi, the action of 25OHD."""
    return c**2 / (50**2 + c**2)


def defense(c: Array) -> Array:
    """Return the factor on the local defense of reynolds2006."""
    return np.asarray((0.4 + 0.6 * action(c)) / (0.4 + 0.6 * action(np.array(75.0))))


def test_every_run_starts_in_the_steady_state_of_its_habitual_level() -> None:
    """Also with another slope, whose sun and food then differ."""
    for changes in ({"C0": LEVELS}, {"C0": LEVELS, "slope": np.array(1.0)}):
        p = SYSTEM.functions.parameters(
            SYSTEM.values({k: np.broadcast_to(v, LEVELS.shape) for k, v in changes.items()})
        )
        y = SYSTEM.functions.initial(p)
        np.testing.assert_allclose(y[C25], LEVELS)
        rates = SYSTEM.functions.rhs(0.0, y, SYSTEM.functions.prepare(p))
        np.testing.assert_allclose(rates, 0, atol=1e-12)


def test_skin_and_volume() -> None:
    """71.43 ug a day hold 50 nmol/L; 80.379 L: to the digits of the specification."""
    p = SYSTEM.functions.parameters(SYSTEM.values())
    assert p[SYSTEM.functions.program.parameters.index("skin"), 0] == pytest.approx(71.43, abs=5e-3)
    observed = SYSTEM.functions.observe(0.0, SYSTEM.functions.initial(p), p)[:, 0]
    names = SYSTEM.functions.program.quantities[len(NAMES) :]
    found = dict(zip(names, observed, strict=True))
    assert found["Vapp"] == pytest.approx(80.379, abs=5.1e-4)
    assert found["C25_ng"] == pytest.approx(20.03, abs=5e-3)
    assert found["defense"] == pytest.approx(defense(np.array(50.0)), rel=1e-12)


def test_action_at_five_levels() -> None:
    np.testing.assert_allclose(action(np.array([25, 50, 75, 125.0])), [0.2, 0.5, 0.6923, 0.8621], atol=5.1e-5)


def risen(days: float) -> float:
    """Return the part of the final rise reached after some days of a supplement: three linear steps in a row."""
    rates = np.log(2) / np.array([0.5, 2.0, 15.0])
    left = [
        np.prod([other / (other - rate) for other in rates if other != rate]) * np.exp(-rate * days) for rate in rates
    ]
    return float(1 - sum(left))


@pytest.mark.slow
def test_supplements_raise_by_070_per_microgram() -> None:
    """After 10 years the final rise, after one the closed form of absorption, D3 and 25OHD in a row."""
    for dose in (10, 25, 50, 100, 250):
        y = SYSTEM.given([f"supplement_{dose}"]).run([365.0, 3650.0], rtol=1e-10)[:, C25, 0]
        assert y[1] == pytest.approx(50 + 0.7 * dose, rel=1e-8)
        assert y[0] == pytest.approx(50 + 0.7 * dose * risen(365), rel=1e-7)


def test_supplement_in_deficiency() -> None:
    """From 25 nmol/L with 25 ug a day: 42.174 at 90 days."""
    y = SYSTEM.given(["supplement_25"]).run([90.0], {"C0": 25.0})[0, C25, 0]
    assert y == pytest.approx(25 + 17.5 * risen(90), abs=1e-4)
    assert y == pytest.approx(42.174, abs=5.1e-4)


def test_bolus() -> None:
    """From 25: peak 84.01 on day 7.55, 74.57 on day 14, 26.51 on day 90."""
    times = np.arange(0, 90.001, 0.05)
    y = SYSTEM.given(["bolus"]).run(times, {"C0": 25.0})[:, C25, 0]
    assert y.max() == pytest.approx(84.01, abs=6e-3)
    assert times[y.argmax()] == pytest.approx(7.55, abs=0.051)
    assert y[280] == pytest.approx(74.57, abs=6e-3)
    assert y[-1] == pytest.approx(26.51, abs=6e-3)


def test_seasons_in_the_fourth_year() -> None:
    """31.28 to 68.72, 23.6 days behind the sun (day 200); the swing by the closed form of two filters."""
    times = np.arange(1095, 1460.5, 0.25)
    y = SYSTEM.given(["seasons"]).run(times)[:, C25, 0]
    np.testing.assert_allclose([y.min(), y.max()], [31.28, 68.72], atol=6e-3)
    assert times[y.argmax()] - 1095 - 200 == pytest.approx(23.6, abs=0.3)
    assert y.mean() == pytest.approx(50, abs=0.1)
    w, kel, k25 = 2 * np.pi / 365, np.log(2) / 15, np.log(2) / 2
    swing = 20 / np.sqrt(1 + (w / kel) ** 2) / np.sqrt(1 + (w / k25) ** 2)
    assert y.max() - 50 == pytest.approx(swing, abs=2e-3)


def test_antigen_challenge_at_three_levels() -> None:
    """Peaks to 3 digits; antigen to 10 % to 0.01 days (times in steps of that, between which it is interpolated)."""
    times = np.arange(0, 60.001, 0.02)
    y = SYSTEM.given(["antigen_challenge"]).run(times, {"C0": [25.0, 75.0, 125.0]})
    np.testing.assert_allclose(y[:, TEFF].max(axis=0), [0.611, 0.431, 0.373], atol=5.1e-4)
    np.testing.assert_allclose((y[:, TEFF] / y[:, TREG]).max(axis=0), [0.726, 0.449, 0.375], atol=5.1e-4)
    cleared = [np.interp(-0.5, -y[:, AG, i], times) for i in range(3)]
    np.testing.assert_allclose(cleared, [7.85, 9.20, 9.73], atol=5.1e-3)


def test_obesity_settles_at_two_thirds() -> None:
    """Sun and food stay, the volume grows by half."""
    y = SYSTEM.given(["obesity"]).run([3650.0], rtol=1e-10)[0, C25, 0]
    assert y == pytest.approx(50 / 1.5, rel=1e-8)


@pytest.mark.slow
def test_defense_carries_over_to_acute_inflammation() -> None:
    """reynolds2006 with s_m times `defense` at k_pg = 0.5: factors and the dose of pathogen that heals, to 3 digits
    (4 at 75 nmol/L), judged at 2500 h."""
    levels = np.array([12.5, 25, 50, 75, 125])
    factors = defense(levels)
    np.testing.assert_allclose(factors, [0.534, 0.638, 0.858, 1, 1.125], atol=5.1e-4)
    reynolds = System(load_model("reynolds2006"))

    def ill(dose: Array) -> Outcome:
        s_m = np.broadcast_to(0.005 * factors[:, None], dose.shape).ravel()
        end = reynolds.run(2500.0, {"s_m": s_m, "k_pg": np.full(dose.size, 0.5)}, {"P": dose.ravel()})[0]
        return np.asarray((end[0] > 0.5) | (end[2] > 0.5)).reshape(dose.shape)

    found = thresholds(ill, np.full(5, 0.05), np.full(5, 1.0), 2e-5, points=20)
    np.testing.assert_allclose(found, [0.151, 0.229, 0.406, 0.5171, 0.611], atol=5.2e-4)
    assert found[3] == pytest.approx(0.5171, abs=6e-5)


def test_health_exists_up_to_growth_of_15_times_defense() -> None:
    """k_pm s_m/mu_m = 1.5 at the declared s_m, so 1.5 times the factor."""
    reynolds = System(load_model("reynolds2006"), free=("P", "N", "D", "C"))
    for factor in defense(LEVELS):
        for side, sign in ((1 - 1e-9, -1), (1 + 1e-9, 1)):
            growth = reynolds.growth([0, 0, 0, 0.125], {"s_m": 0.005 * factor, "k_pg": 1.5 * factor * side})
            assert growth * sign > 0
