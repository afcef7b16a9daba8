"""Precup 2012 behaves as computed (specification bmt_precup2012.md)."""

from __future__ import annotations

import numpy as np
import pytest
from behavior import Array, Outcome, System, thresholds

from immunode.catalogue import load_model

MODEL = load_model("precup2012")
SYSTEM = System(MODEL)
P = {p.name: p.value for p in MODEL.parameters}
FULL = (P["a"] / P["c"] - 1) / P["b"]
JUDGED = 20_000.0  # days; the specification: 6000 or later


def engrafts(y: Array) -> Outcome:
    """Return whether donor cells outnumber the host's. y : (n_states, n_runs)."""
    return np.asarray(y[2] > y[0] + y[1])


@pytest.mark.parametrize(
    ("point", "eigenvalues"),
    [
        ((0, 0, 1e9), (-0.00957, -0.01, -0.01)),
        ((0, 2e9, 0), (-0.00489, -0.00978, -0.01)),
        ((1e9, 0, 0), (0.00957,)),
    ],
)
def test_steady_states(point: tuple[float, ...], eigenvalues: tuple[float, ...]) -> None:
    """Donors only and leukemia only are stable, host only is invaded by leukemia; 3 digits."""
    y = SYSTEM.steady(point)
    np.testing.assert_allclose(y, point, rtol=1e-8, atol=1e-3)
    found = SYSTEM.eigenvalues(y).real
    np.testing.assert_allclose(found[: len(eigenvalues)], eigenvalues, atol=6e-6)
    assert pytest.approx(1e9, rel=1e-12) == FULL
    assert (P["A"] / P["C"] - 1) / P["B"] == pytest.approx(2e9, rel=1e-12)


def test_default_run_engrafts() -> None:
    """z = 9.937e8, x = 5.17e4, y = 1.365e5 on day 1000 (digits printed); donors only in the end."""
    x, y, z = SYSTEM.run(1000.0)[0, :, 0]
    assert z == pytest.approx(9.937e8, rel=6e-5)
    assert x == pytest.approx(5.17e4, rel=1e-3)
    assert y == pytest.approx(1.365e5, rel=4e-4)
    np.testing.assert_allclose(SYSTEM.run(JUDGED)[0, :, 0], [0, 0, 1e9], rtol=1e-6, atol=1)


def test_engraftment_thresholds() -> None:
    """Donor cells needed at x = 2e8, y = 1e8: 6 digits; all questions in one batch."""
    g = np.array([2, 2, 2, 2, 2, 4, 0.5])
    G = np.array([2, 2, 2, 2, 4, 4, 0.5])
    h = np.array([2, 1, 0.5, 4, 2, 2, 2])
    expected = np.array([3.91616e8, 2.89449e8, 2.18271e8, 5.37183e8, 3.13412e8, 2.68591e8, 8.73084e8])

    def wins(graft: Array) -> Outcome:
        values = {name: np.repeat(v, graft.shape[1]) for name, v in (("g", g), ("G", G), ("h", h))}
        return engrafts(SYSTEM.run(JUDGED, values, {"z": graft.ravel()}, rtol=1e-8)[0]).reshape(graft.shape)

    found = thresholds(wins, 0.9 * expected, 1.1 * expected, 3e-7, points=15)
    np.testing.assert_allclose(found, expected, rtol=3e-6)


def test_conditioning_scales_the_need_exactly() -> None:
    """A tenth of the host needs a tenth of the graft, 3.91616e7: crowding and death only rescale time."""
    graft = 3.91616e7 * np.array([1 - 1e-5, 1 + 1e-5])
    outcome = engrafts(SYSTEM.given(["conditioning"]).run(JUDGED, initial={"z": graft}, rtol=1e-8)[0])
    np.testing.assert_array_equal(outcome, [False, True])


def test_without_leukemia_the_larger_side_wins() -> None:
    """x = 3e8, y = 0: 3e8 donor cells exactly, for g = h."""
    graft = 3e8 * np.array([1 - 1e-5, 1 + 1e-5])
    y = SYSTEM.run(JUDGED, initial={"x": [3e8, 3e8], "y": [0.0, 0.0], "z": graft}, rtol=1e-8)[0]
    np.testing.assert_array_equal(engrafts(y), [False, True])
    equal = SYSTEM.rhs([3e8, 0.0, 3e8])
    assert equal[0] == pytest.approx(equal[2], rel=1e-12)


def test_donor_lymphocytes_rescue_a_small_graft() -> None:
    """From z = 3e8: 2e8 on day 30 rescue, 1e8 do not, none is lost."""
    system = System(MODEL.variant("small_graft")).given(["donor_lymphocyte_infusion"])
    y = system.run(JUDGED, {"donor_lymphocyte_infusion.transfer": [0.0, 1e8, 2e8]}, rtol=1e-8)[0]
    np.testing.assert_array_equal(engrafts(y), [False, False, True])


def test_outcomes_of_the_default_arms() -> None:
    """What the thresholds say for a graft of 4e8."""
    arms = {
        "immunosuppression": True,
        "sensitized_host": False,
        "conditioning": True,
        "graft_versus_leukemia": True,
        "strong_graft": True,
        "gvhd_prophylaxis": False,
        "graft_dose": True,
    }
    for arm, expected in arms.items():
        assert bool(engrafts(SYSTEM.given([arm]).run(JUDGED)[0])[0]) == expected, arm
