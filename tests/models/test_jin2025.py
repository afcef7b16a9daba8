"""jin2025 gives the computed numbers of its specification (jin2025.md, Behavior to reproduce)."""

from __future__ import annotations

import numpy as np
import pytest
from behavior import course

from immunode.catalogue import load_model
from immunode.study import Arms, sweep
from immunode.study.populations import population

MODEL = load_model("jin2025")
EARLY = 1e-9
Q8W, Q4W = "benralizumab_q8w", "benralizumab_q4w"


def test_concentrations_of_the_reference_patient() -> None:
    """ng/mL, to all digits printed; doses of days 56, 112, 168 and 336 are not yet given."""
    days = [7, 14, 28, 56 - EARLY, 84, 112 - EARLY, 168 - EARLY, 336 - EARLY, 364]
    wanted = [1891.6102, 1596.423, 894.0448, 1151.4116, 1225.2406, 352.3742, 286.3631, 280.4475, 974.4947]
    days[2] -= EARLY
    np.testing.assert_allclose(course(MODEL, Q8W, [0, *days])["C_ng"][1:], wanted, rtol=2e-7)
    twice = course(MODEL, Q4W, [0, 112 - EARLY, 336 - EARLY, 364])["C_ng"]
    np.testing.assert_allclose(twice[1:3], [1246.419, 1254.9375], rtol=2e-7)


def test_half_lives() -> None:
    """15.5418 days at the end and 0.8825 at first: eigenvalues of the two compartments."""
    p = {q.name: q.value for q in MODEL.parameters}
    matrix = np.array([[-(p["CL"] + p["Q"]) / p["V"], p["Q"] / p["V3"]], [p["Q"] / p["V"], -p["Q"] / p["V3"]]])
    fast, slow = np.sort(np.linalg.eigvals(matrix).real)
    assert np.log(2) / -slow == pytest.approx(15.5418, abs=6e-5)
    assert np.log(2) / -fast == pytest.approx(0.8825, abs=6e-5)


@pytest.mark.parametrize(
    ("values", "placebo", "treated"),
    [
        ({}, 0.792275, 0.476252),
        ({"past": 2.0}, 0.668415, 0.401797),
        ({"past": 4.0}, 0.939088, 0.564504),
        ({"OCS": 1.0}, 1.118685, 0.672463),
    ],
)
def test_expected_exacerbations_in_a_year(values: dict[str, float], placebo: float, treated: float) -> None:
    model = MODEL.with_values(values)
    assert course(model, "", [0, 364.0])["exac"][-1] == pytest.approx(placebo, abs=6e-7)
    assert course(model, Q8W, [0, 364.0])["exac"][-1] == pytest.approx(treated, abs=6e-7)


def test_exacerbations_of_the_other_arms() -> None:
    assert course(MODEL, Q4W, [0, 364.0])["exac"][-1] == pytest.approx(0.475986, abs=6e-7)
    assert course(MODEL.variant("chinese"), Q8W, [0, 364.0])["exac"][-1] == pytest.approx(0.249629, abs=6e-7)
    only = MODEL.with_values(Chinese=1.0)
    assert course(only, Q8W, [0, 364.0])["exac"][-1] == pytest.approx(0.249527, abs=6e-7)
    some = course(MODEL, Q8W, [0, 28 - EARLY, 112 - EARLY, 336 - EARLY, 364])["exac"][1:4]
    np.testing.assert_allclose(some, [0.0366264, 0.1465047, 0.4396330], atol=6e-8)


def test_fev1() -> None:
    """mL; a man with 380 eosinophils per uL, then the gain by eosinophils, then women and theophylline."""
    days = [0, 28.0, 56.0, 112.0, 336.0]
    placebo = [1818.5219, 1858.5729, 1878.8091, 1881.9989]
    treated = [1896.7805, 1947.8843, 1974.9068, 1983.2242]
    np.testing.assert_allclose(course(MODEL, "", days)["FEV1"][1:], placebo, atol=6e-5)
    np.testing.assert_allclose(course(MODEL, Q8W, days)["FEV1"][1:], treated, atol=6e-5)
    for eosinophils, gain in {150: 52.858, 300: 85.808, 500: 122.631, 800: 170.326}.items():
        model = MODEL.with_values(EOS=float(eosinophils))
        assert course(model, "", days)["FEV1_drug"][-1] == pytest.approx(gain, abs=6e-4)
    woman = MODEL.with_values(female=1.0)
    assert course(woman, "", [0, 1.0])["FEV1"][0] == pytest.approx(1562.822, abs=6e-4)
    both = woman.with_values(theophylline=1.0)
    assert course(both, "", [0, 1.0])["FEV1"][0] == pytest.approx(1429.741, abs=6e-4)


def test_limits_of_the_equations() -> None:
    """Without a dose the count grows in a straight line; drug without end gives the ratio exp(-0.51)."""
    rate = np.exp(-6.64 + 0.17 * 3)
    assert course(MODEL, "", [0, 100.0, 364.0])["exac"][1:] == pytest.approx([100 * rate, 364 * rate], rel=1e-9)
    flooded = MODEL.with_values(EC50=1e-12)
    ratio = course(flooded, Q8W, [0, 364.0])["exac"][-1] / (364 * rate)
    assert ratio == pytest.approx(0.6005, abs=2e-4)
    half = course(MODEL, Q8W, [0, 9.21])
    assert (half["FEV1_change"] - half["FEV1_placebo"])[-1] == pytest.approx(52.0, abs=1e-6)


@pytest.mark.slow
def test_the_population() -> None:
    """8,000 patients, within the tolerances of the specification."""
    trough = f"at(C_ng, {336 - 1e-6})"
    asked = ["at(exac, 364)", "change(FEV1, 336)", trough, "at(FEV1_drug, 336)"]
    arms = Arms({"placebo": [], "drug": [Q8W]})
    design = population(MODEL).draw(8000, seed=3) * arms
    table = sweep(MODEL, design, until=364, endpoints=asked).table()
    assert (table["status"] == "ok").all()
    placebo, drug = (table[table["arm"] == arm].reset_index() for arm in ("placebo", "drug"))
    rates = [rows["at(exac, 364)"] * 365 / 364 for rows in (placebo, drug)]
    assert rates[0].mean() == pytest.approx(1.334, rel=0.10)
    assert rates[0].median() == pytest.approx(0.753, rel=0.10)
    assert rates[1].mean() == pytest.approx(0.803, rel=0.10)
    assert rates[1].mean() / rates[0].mean() == pytest.approx(0.602, abs=0.001)
    free = [100 * np.exp(-rate * 336 / 365).mean() for rate in rates]
    assert free == pytest.approx([47.7, 60.2], abs=3)
    np.testing.assert_allclose(np.quantile(drug[trough], [0.05, 0.5, 0.95]), [67, 288, 865], rtol=0.10)
    assert placebo["change(FEV1, 336)"].mean() == pytest.approx(166, abs=20)
    assert placebo["change(FEV1, 336)"].median() == pytest.approx(162, abs=20)
    gain = placebo["at(FEV1_drug, 336)"]
    assert gain.mean() == pytest.approx(228, rel=0.14)
    assert gain.median() == pytest.approx(101, rel=0.10)
    np.testing.assert_allclose(np.quantile(gain, [0.05, 0.95]), [12, 821], rtol=0.14)
    many = gain[placebo["EOS"] >= 300]
    assert many.mean() == pytest.approx(292, rel=0.14)
    assert many.median() == pytest.approx(139, rel=0.10)
