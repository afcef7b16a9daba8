"""Berends 2019 behaves as computed independently and as is known (specification anti_tnf_berends2019.md)."""

from __future__ import annotations

import numpy as np
import pytest
from behavior import Array, System

from immunode.catalogue import load_model

MODEL = load_model("berends2019")
SYSTEM = System(MODEL)
DAYS = np.array([0, 1, 3, 7, 14, 28, 42, 56, 70, 84, 98.0])
JUST_BEFORE = np.where(np.isin(DAYS, [14, 42]), DAYS - 1e-9, DAYS)  # at a dose, results hold the value after it


def seen(arm: str, times: Array, variant: str = "") -> dict[str, Array]:
    """Return derived quantities over time under one arm."""
    system = System(MODEL.variant(variant) if variant else MODEL).given([arm] if arm else [])
    y = system.run(times, rtol=1e-10, engine="scipy")[:, :, 0]
    program = system.functions.program
    p = np.repeat(system.functions.parameters(system.values()), times.size, axis=1)
    rows = system.functions.observe(times, y.T, p)
    names = program.quantities[len(program.states) :]
    return dict(zip(names, rows, strict=True))


def test_standard_arm() -> None:
    """Free TNF and infliximab on eleven days, to the 3 decimals printed."""
    got = seen("standard", JUST_BEFORE)
    tnf = [0.357, 1.551, 2.903, 4.654, 7.183, 5.817, 10.621, 6.423, 11.331, 15.555, 17.983]
    drug = [110.063, 87.991, 60.138, 34.953, 18.887, 25.730, 9.363, 22.336, 8.113, 2.988, 1.101]
    np.testing.assert_allclose(got["tnf_free"], tnf, atol=6e-4)
    np.testing.assert_allclose(got["infliximab"], drug, atol=6e-4)


def test_total_tnf_rises_while_free_tnf_falls() -> None:
    """89.06 pg/mL at day 3; peaks 89.44 at day 3.55 and 92.92 at day 16.8; free TNF falls by 98 %."""
    times = np.arange(0, 98, 0.01)
    got = seen("standard", times)
    total = got["tnf_total"]
    first = times < 14
    assert total[300] == pytest.approx(89.06, abs=6e-3)
    assert (times[total[first].argmax()], total[first].max()) == (
        pytest.approx(3.55, abs=0.02), pytest.approx(89.44, abs=6e-3))  # fmt: skip
    assert (times[total.argmax()], total.max()) == (pytest.approx(16.8, abs=0.06), pytest.approx(92.92, abs=6e-3))
    assert got["tnf_free"][0] / 19.76 == pytest.approx(0.02, abs=0.003)


def test_antibodies_lower_exposure() -> None:
    """Day 56: infliximab 5.334, free TNF 13.452."""
    got = seen("ada_positive", np.array([56.0]))
    assert got["infliximab"][0] == pytest.approx(5.334, abs=6e-4)
    assert got["tnf_free"][0] == pytest.approx(13.452, abs=6e-4)


def test_low_albumin_lowers_exposure() -> None:
    """Day 56: infliximab 9.818."""
    assert seen("low_albumin", np.array([56.0]))["infliximab"][0] == pytest.approx(9.818, abs=6e-4)


@pytest.mark.parametrize("patient", ["ada_positive", "low_albumin", "high_tnf_burden"])
def test_patient_as_variant_or_as_arm_is_the_same(patient: str) -> None:
    """Standard doses to the variant equal the arm; the raised TNF holds at day 0 too."""
    times = np.array([0.0, 3.0, 20.0, 56.0])
    arm, variant = seen(patient, times), seen("standard", times, patient)
    for name in ("infliximab", "tnf_free", "tnf_total"):
        np.testing.assert_allclose(arm[name], variant[name], rtol=1e-8)


def test_double_dose_prolongs_suppression() -> None:
    """Days with free TNF below half of the baseline."""
    times = np.arange(0, 98, 0.05)
    standard = np.count_nonzero(seen("standard", times)["tnf_free"] < 19.76 / 2)
    high = np.count_nonzero(seen("high_dose", times)["tnf_free"] < 19.76 / 2)
    assert high > standard * 1.1


def test_short_interval_raises_the_trough() -> None:
    times = np.array([98.0])
    assert seen("short_interval", times)["infliximab"][0] > 5 * seen("standard", times)["infliximab"][0]


def test_untreated_tnf_stays_at_its_baseline() -> None:
    """19.76 pg/mL (the paper prints 19.8); steady to rounding."""
    got = seen("", np.array([0.0, 98.0]))
    np.testing.assert_allclose(got["tnf_free"], 19.76, atol=5e-3)
    np.testing.assert_allclose(got["tnf_total"], got["tnf_free"], rtol=1e-9)
    assert got["tnf_free"][1] == pytest.approx(got["tnf_free"][0], rel=1e-9)


def test_maintenance_goes_on_every_eight_weeks() -> None:
    got = seen("standard", np.array([98, 98.00001, 154, 154.00001]))["infliximab"]
    np.testing.assert_allclose(got[[1, 3]] - got[[0, 2]], 350 / 3.18, rtol=1e-5)
