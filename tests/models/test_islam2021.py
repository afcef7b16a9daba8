"""Islam 2021 behaves as published and as computed (specification islam2021.md)."""

from __future__ import annotations

import numpy as np
import pytest
from behavior import Array, System

from immunode.catalogue import load_model

MODEL = load_model("microbiota")
SYSTEM = System(MODEL)
NAMES = SYSTEM.functions.program.states
BASELINE = SYSTEM.functions.initial(SYSTEM.functions.parameters(SYSTEM.values()))[:, 0]


def percent(y: Array) -> Array:
    """Return Treg in gut, blood and bone in % of CD4 T cells. y : (..., n_states)."""
    return np.asarray(100 * y[..., 6:9] / (y[..., 6:9] + y[..., 3:6]))


def course(arm: str, times: list[float]) -> Array:
    """Return the trajectory of one arm, shape (n_times, n_states)."""
    return np.asarray(SYSTEM.given([arm]).run(times, rtol=1e-7)[:, :, 0])


def lasting(b_target: float) -> Array:
    """Return the steady state at a lasting change of butyrate."""
    end = SYSTEM.run([3000.0], {"b_target": b_target}, rtol=1e-6)[0, :, 0]
    return SYSTEM.steady(end, {"b_target": b_target})


def test_baseline_is_steady() -> None:
    """Residual below 1e-11, as in the specification (the calibrated values have 12 digits)."""
    assert np.abs(SYSTEM.rhs(BASELINE)).max() < 1e-11
    np.testing.assert_allclose(percent(BASELINE), [7.95026, 13, 42], atol=5.1e-6)


def test_observed_percentages_are_those_of_the_states() -> None:
    p = SYSTEM.functions.parameters(SYSTEM.values())
    observed = SYSTEM.functions.observe(0.0, BASELINE[:, None], p)[:, 0]
    found = dict(zip(SYSTEM.functions.program.quantities[len(NAMES) :], observed, strict=True))
    np.testing.assert_allclose([found[f"treg_{i}"] for i in ("gut", "blood", "bone")], percent(BASELINE), rtol=1e-12)


def test_butyrate_ends_at_its_calibrated_levels() -> None:
    """0.18, 0.29 and 0.29 uM, and naive cells at 1."""
    y = lasting(0.18)
    np.testing.assert_allclose(y[:3], [0.18, 0.29, 0.29], rtol=1e-12)
    np.testing.assert_allclose(y[3:6], 1, rtol=1e-9)
    assert percent(y)[1] == pytest.approx(16.0000, abs=5.1e-5)
    assert percent(y)[2] == pytest.approx(48.4, abs=0.051)


def test_lasting_fiber() -> None:
    """Computed, to the digits of the specification; 16 % is the published calibration target."""
    y = course("fiber", [7, 28, 84])
    np.testing.assert_allclose(percent(y)[:2, 1], [15.155, 15.988], atol=5.1e-4)
    np.testing.assert_allclose(percent(y)[1:, 2], [47.210, 48.415], atol=5.1e-4)
    assert y[1, 9] == pytest.approx(3.73, abs=5.1e-3)


def test_lasting_antibiotic() -> None:
    y = course("antibiotic_lasting", [84])
    assert percent(y)[0, 1] == pytest.approx(11.0588, abs=5.1e-5)
    assert percent(y)[0, 2] == pytest.approx(37.229, abs=5.1e-4)
    assert y[0, 9] == pytest.approx(0.190, abs=5.1e-4)


def test_a_week_of_antibiotic_recovers() -> None:
    y = course("antibiotic", [7, 28, 60])
    np.testing.assert_allclose(percent(y)[:, 1], [11.628, 12.974, 13.000], atol=5.1e-4)


def test_four_weeks_of_fiber_fade() -> None:
    y = course("fiber_course", [28, 42])
    np.testing.assert_allclose(percent(y)[:, 1], [15.988, 13.228], atol=5.1e-4)


def test_half_days_of_fiber_act_like_half_the_fiber() -> None:
    """Butyrate follows within an hour and Treg take days: within a hundredth of the lasting +0.09 uM."""
    by_day = percent(course("fiber_by_day", [14.0]))[0, 1]
    half = percent(SYSTEM.run([14.0], {"b_target": 0.09})[0, :, 0])[1]
    assert by_day == pytest.approx(half, rel=0.01)


def test_rise_in_bone_is_linear_in_butyrate_and_meets_the_pole_at_02955() -> None:
    """r = 1.6548 b_target; 0.298 at 0.18; 0.489 at 0.2955 uM: the digits of the specification."""
    rise = lasting(0.18)[8] / BASELINE[8] - 1
    assert rise == pytest.approx(0.298, abs=5.1e-4)
    assert rise / 0.18 == pytest.approx(1.6548, abs=5.1e-5)
    assert 0.489 / (rise / 0.18) == pytest.approx(0.2955, abs=5.1e-5)


def test_the_guards_touch_nothing_inside_their_range() -> None:
    """At -0.147 and +0.28 uM the paper's law 1 + 3 r/(0.489 - r) holds; beyond, TGF-beta stays finite and above 0."""
    for b_target in (-0.147, -0.11, 0.18, 0.28):
        y = lasting(b_target)
        r = y[8] / BASELINE[8] - 1
        assert y[9] == pytest.approx(1 + 3 * r / (0.489 - r), rel=1e-9)
    low, high = lasting(-0.2), lasting(0.5)
    assert low[9] == pytest.approx(0, abs=1e-12)
    assert high[9] == pytest.approx(1 + 3 * 0.96 / 0.04, rel=1e-9)


def test_germ_free_lies_beyond_the_law_of_tgf() -> None:
    """A finding told in the model file: the paper's law would give -0.010 at -0.15 uM."""
    y = lasting(-0.15)
    r = y[8] / BASELINE[8] - 1
    assert 1 + 3 * r / (0.489 - r) == pytest.approx(-0.010, abs=5e-4)
    assert y[9] == pytest.approx(0, abs=1e-12)


def test_naive_cells_end_at_1_also_when_the_rates_are_scaled() -> None:
    """The quirk of the code that is kept."""
    y = SYSTEM.given(["treg_block", "fiber"]).run([1000.0])[0, :, 0]
    np.testing.assert_allclose(y[3:6], 1, rtol=1e-8)
