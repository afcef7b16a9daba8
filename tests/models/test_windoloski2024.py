"""Windoloski 2024 behaves as computed and follows the published mean data (specification windoloski2024.md)."""

from __future__ import annotations

import numpy as np
import pytest
from behavior import Array, System

from immunode.catalogue import load_model

MODEL = load_model("windoloski2024")
BOLUS = System(MODEL)
INFUSION = System(MODEL.variant("infusion"))
HOURS = np.arange(0, 12.001, 0.01)
TNF, IL6 = 3, 4
DATA = {  # hours, then TNF, IL-6, IL-8 and IL-10 in pg/mL: means of the volunteers
    "bolus": (
        (0, 1, 1.5, 2, 3, 4, 5, 6),
        (6.243, 124.106, 330.971, 289.311, 84.726, 39.552, 25.142, 19.769),
        (0.61, 10.363, 222.491, 701.559, 610.71, 254.692, 67.111, 22.897),
        (2.964, 8.305, 211.668, 714.08, 685.553, 215.496, 119.218, 83.895),
        (4.197, 7.704, 14.366, 27.873, 43.563, 22.763, 12.041, 8.678),
    ),
    "infusion": (
        (0, 1, 2, 3, 4, 6),
        (6.243, 14.021, 208.423, 531.691, 362.193, 87.362),
        (0.61, 0.998, 25.621, 347.605, 706.996, 123.161),
        (2.964, 2.817, 39.135, 367.728, 456.175, 171.448),
        (4.197, 5.261, 19.447, 84.684, 136.097, 94.458),
    ),
}


@pytest.mark.parametrize(
    ("system", "peaks", "digit"),
    [
        (BOLUS, ((365.68, 1.70), (748.97, 2.05), (747.03, 2.13), (42.20, 2.57)), 0.006),
        (INFUSION, ((490.7, 2.79), (592.5, 3.35), (434.0, 3.31), (133.9, 4.33)), 0.06),
    ],
    ids=["bolus", "infusion"],
)
def test_peaks(system: System, peaks: tuple[tuple[float, float], ...], digit: float) -> None:
    """To the digits printed; times on a grid of 0.01 h."""
    y = system.run(HOURS)[:, 3:, 0]
    for k, (height, hour) in enumerate(peaks):
        assert y[:, k].max() == pytest.approx(height, abs=digit)
        assert HOURS[y[:, k].argmax()] == pytest.approx(hour, abs=0.0101)


@pytest.mark.parametrize(
    ("arm", "expected", "digit"),
    [("bolus", (0.948, 0.956, 0.947, 0.952), 6e-4), ("infusion", (0.90, 0.81, 0.96, 0.98), 6e-3)],
)
def test_correlation_with_the_mean_data(arm: str, expected: tuple[float, ...], digit: float) -> None:
    """Squared Pearson correlation with the unscaled data, to the digits printed."""
    hours, *series = DATA[arm]
    y = (BOLUS if arm == "bolus" else INFUSION).run(np.array(hours, float))[:, 3:, 0]
    for k, data in enumerate(series):
        assert np.corrcoef(y[:, k], data)[0, 1] ** 2 == pytest.approx(expected[k], abs=digit)


def test_peaks_of_the_bolus_lie_near_the_data() -> None:
    """331, 702, 714 and 43.6 pg/mL within 11 %."""
    y = BOLUS.run(HOURS)[:, 3:, 0].max(axis=0)
    np.testing.assert_allclose(y, [331, 702, 714, 43.6], rtol=0.11)


def test_infusion_acts_later_and_for_two_cytokines_more() -> None:
    """The paper's finding, at the same total dose."""
    bolus, infusion = BOLUS.run(HOURS)[:, 3:, 0], INFUSION.run(HOURS)[:, 3:, 0]
    assert np.all(infusion.argmax(axis=0) > bolus.argmax(axis=0))
    assert infusion[:, 0].max() > bolus[:, 0].max()
    assert infusion[:, 3].max() > 2 * bolus[:, 3].max()


def test_dose_has_a_threshold() -> None:
    """TNF peaks 33.7, 365.7 and 413 pg/mL at 1, 2 and 4 ng/kg."""
    peak = BOLUS.run(HOURS, initial={"E": np.array([1.0, 2.0, 4.0])})[:, TNF].max(axis=0)
    np.testing.assert_array_less(np.abs(peak - [33.7, 365.7, 413]), [0.06, 0.06, 0.6])


def test_half_the_production_of_tnf_collapses_the_response() -> None:
    """TNF 27 and IL-6 47 pg/mL."""
    y = BOLUS.given(["anti_tnf_production"]).run(HOURS)[:, :, 0]
    assert y[:, TNF].max() == pytest.approx(27, abs=0.6)
    assert y[:, IL6].max() == pytest.approx(47, abs=0.6)


def second(gap: float) -> Array:
    """Return TNF after a second bolus `gap` hours after the first, on the grid HOURS."""
    y = BOLUS.given(["second_bolus"]).run(HOURS + gap, {"second_bolus.start": gap})
    return np.asarray(y[:, TNF, 0])


@pytest.mark.slow
def test_tolerance_fades_as_monocytes_return() -> None:
    """TNF 256 (-30 %), 307 and 344 pg/mL from a second bolus after 24, 72 and 168 h."""
    peaks = [second(gap).max() for gap in (24.0, 72.0, 168.0)]
    np.testing.assert_allclose(peaks, [256, 307, 344], atol=0.6)
    assert peaks[0] / 365.68 - 1 == pytest.approx(-0.30, abs=6e-3)


def test_monocytes_return_to_capacity_and_drift_there_without_endotoxin() -> None:
    """20,479 at 24 h; 30,000 at 2000 h, with or without endotoxin: the initial 28,200 is no steady state."""
    y = BOLUS.run([24.0, 2000.0], initial={"E": np.array([2.0, 0.0])})[:, 1]
    assert y[0, 0] == pytest.approx(20_479, abs=0.6)
    np.testing.assert_allclose(y[1], 30_000, rtol=1e-4)
    assert y[0, 1] > 28_200


def test_without_endotoxin_cytokines_stay_at_baseline() -> None:
    y = BOLUS.run([0.0, 12.0], initial={"E": np.array([0.0])})[:, 3:, 0]
    np.testing.assert_allclose(y[1], y[0], rtol=1e-9)


def test_plateau_of_given_il10() -> None:
    """5 pg/mL/h over k10 = 0.8/h is about +6 pg/mL; without endotoxin, at the end of a long infusion."""
    system = BOLUS.given(["il10_therapy"])
    y = system.run([60.0], {"il10_therapy.stop": 100.0}, {"E": np.array([0.0])})[0, 6, 0]
    assert y - 3.7471344 == pytest.approx(6, abs=0.3)
