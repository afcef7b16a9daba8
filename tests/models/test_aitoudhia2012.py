"""aitoudhia2012 gives the computed numbers of its specification (aitoudhia2012.md, section 6)."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.analysis.trials.phrases import result_words
from immunode.analysis.trials.threshold_rules import written_out
from immunode.catalogue import load_model
from immunode.model import Model
from immunode.study import Arms, simulate, sweep
from immunode.study.populations import population

MODEL = load_model("aitoudhia2012")
FOUR, TWO, INFUSED, ONCE = (
    "canakinumab_150",
    "canakinumab_300_q2w",
    "infusion_600 + canakinumab_iv_300_q2w",
    "canakinumab_once",
)
SEEN = ["C", "il1_total", "il1_free", "crp", "A"]
TYPICAL = [
    # arm, day: C, total and free IL-1beta, CRP, A, and ACR20/50/70 as parts
    ("", 0, "0 0.5401 0.5401 8.440 1", [0, 0, 0]),
    ("", 84, "0 0.5401 0.5401 8.440 0.8269", [0.4558, 0.1731, 0.0823]),
    ("", 168, "0 0.5401 0.5401 8.440 0.7605", [0.5575, 0.2395, 0.1189]),
    (FOUR, 7, "17.156 12.408 0.0411 2.2155 0.9424", [0.1964, 0.0576, 0.0255]),
    (FOUR, 84, "19.759 51.054 0.1469 4.3888 0.5040", [0.7974, 0.4960, 0.2966]),
    (FOUR, 168, "24.801 56.666 0.1299 4.1543 0.3639", [0.8749, 0.6361, 0.4283]),
    (TWO, 84, "93.867 60.533 0.0367 2.2459 0.4804", [0.8123, 0.5196, 0.3168]),
    (TWO, 168, "116.54 66.5655 0.0325 2.1301 0.3362", [0.8876, 0.6638, 0.4584]),
    (INFUSED, 84, "107.80 61.335 0.0324 2.1176 0.4783", [0.8135, 0.5217, 0.3185]),
    (ONCE, 84, "3.827 27.729 0.4069 7.3075 0.5897", [0.7357, 0.4103, 0.2297]),
    (ONCE, 364, "0.0453 0.9668 0.5387 8.4288 0.7286", [0.5984, 0.2714, 0.1377]),
]


def course(model: Model, arm: str, times: list[float]) -> dict[str, np.ndarray]:
    chosen = [model.intervention(name) for name in arm.split(" + ")] if arm else []
    frame = simulate(model, until=times[-1], interventions=chosen, times=times, rtol=1e-10).to_frame()
    return {name: frame[name].to_numpy() for name in frame}


@pytest.mark.parametrize(("arm", "day", "values", "parts"), TYPICAL)
def test_the_typical_patient(arm: str, day: float, values: str, parts: list[float]) -> None:
    """To all digits printed, but total IL-1beta of 300 mg q2w on day 168: 66.567 there, 66.5655 here."""
    got, row = course(MODEL, arm, [0.0, max(day, 1.0)]), 1 if day else 0
    for name, printed in zip(SEEN, values.split(), strict=True):
        digits = len(printed.partition(".")[2])
        assert got[name][row] == pytest.approx(float(printed), abs=0.6 * 10.0**-digits if digits else 1e-8), name
    np.testing.assert_allclose([got[name][row] / 100 for name in ("ACR20", "ACR50", "ACR70")], parts, atol=6e-5)


def test_nothing_moves_without_drug_but_the_response() -> None:
    got = course(MODEL, "", [0.0, 100.0, 364.0])
    for name in ("L", "c1", "c2", "crp"):
        np.testing.assert_allclose(got[name], got[name][0], rtol=1e-8)


def test_bounds_of_binding_and_response() -> None:
    """0 <= free <= all, for IL-1beta and the antibody; ACR20 >= ACR50 >= ACR70; A above 0.28."""
    got = course(MODEL, TWO, [0.0, *np.geomspace(1e-6, 364, 300)])
    for low, mid, high in (
        ("zero", "il1_free", "il1_total"),
        ("zero", "drug_free", "T"),
        ("ACR70", "ACR50", "ACR20"),
    ):
        least = np.zeros_like(got[mid]) if low == "zero" else got[low]
        assert (least <= got[mid]).all()
        assert (got[mid] <= got[high] * (1 + 1e-12)).all()
    assert 0.28 < got["A"].min() < got["A"].max() <= 1
    np.testing.assert_allclose(got["bound"], got["T"] - got["drug_free"], atol=1e-9)


def test_total_il1_rises_to_production_over_clearance_of_the_antibody_at_most() -> None:
    """7.4 ng/day over 0.104 L/day: 71.15 pg/mL if all of it is bound."""
    bathed = MODEL.with_values(Kd=1e-9)
    total = course(bathed, TWO, [0.0, 364.0, 3000.0])["il1_total"]
    assert 71.1 < total.max() < 7.4 / 0.104
    assert course(MODEL.with_values(Kd=1e-9, CL=0.01), "infusion_600", [0.0, 300.0])["il1_total"][-1] < 740


def test_a_drug_that_does_not_bind_does_nothing() -> None:
    got = course(MODEL.with_values(Kd=1e12), TWO, [0.0, 168.0])
    assert got["il1_free"][1] == pytest.approx(0.5401, abs=6e-5)
    assert got["A"][1] == pytest.approx(0.7605, abs=6e-5)


def test_the_peak_comes_a_week_after_the_injection() -> None:
    times = [0.0, *np.arange(0.25, 28, 0.25)]
    drug = course(MODEL, ONCE, times)["C"]
    assert 6 <= times[int(drug.argmax())] <= 9
    assert drug.max() == pytest.approx(17.2, abs=0.06)


def test_with_hardly_more_il1_than_ec50_the_effect_stays_finite() -> None:
    """The clearance of IL-1beta at which the formula has its pole, and beyond."""
    for clearance in (7.4 / 0.204, 60.0):
        got = course(MODEL.with_values(CLL=clearance), TWO, [0.0, 84.0, 168.0])
        assert np.isfinite(got["drug_effect"]).all()
        assert 0 <= got["drug_effect"].max() <= 0.741
        assert got["A"].min() > 0


def test_a_response_of_50_percent_is_not_called_one_of_20() -> None:
    """Thresholds that differ in their quantity alone are told apart."""
    (trial,) = MODEL.trials
    words = [result_words(MODEL, one, written_out(MODEL, one.endpoint)) for one in trial.results]
    assert words == ["share with 50 % improvement at week 12"] * 2


WEEK12 = {"": (45.6, 18.3, 9.0), FOUR: (78.9, 50.2, 31.3), TWO: (80.5, 52.6, 33.4)}
WEEK24 = {"": (55.2, 24.9, 12.8), FOUR: (86.8, 63.7, 44.3), TWO: (88.2, 66.6, 47.4)}
CRP = {"": (5.6, 8.6, 12.5), FOUR: (1.9, 4.0, 6.9), TWO: (0.7, 2.1, 4.3)}
FREE = {"": 0.521, FOUR: 0.146, TWO: 0.037}


@pytest.mark.slow
def test_the_population() -> None:
    """8,000 patients; ACR within 2 points, as probabilities and as responders."""
    arms = Arms({arm or "placebo": [arm] if arm else [] for arm in WEEK12})
    rates = [f"at(ACR{x}, {day})" for day in (84, 168) for x in (20, 50, 70)]
    asked = [*rates, "at(crp, 84)", "at(il1_free, 84)", "at(margin50, 84)"]
    out = sweep(MODEL, population(MODEL).draw(8000, seed=6) * arms, until=168, endpoints=asked)
    assert (out.table()["status"] == "ok").all()
    for arm in WEEK12:
        rows = out.table().query("arm == @arm" if arm else "arm == 'placebo'")
        np.testing.assert_allclose(rows[rates].mean(), [*WEEK12[arm], *WEEK24[arm]], atol=2)
        # three standard errors of a quartile of 2,000 such patients, 3 % each, and the rounding
        np.testing.assert_allclose(np.quantile(rows["at(crp, 84)"], [0.25, 0.5, 0.75]), CRP[arm], rtol=0.09, atol=0.05)
        assert rows["at(il1_free, 84)"].median() == pytest.approx(FREE[arm], rel=0.04)
        assert 100 * (rows["at(margin50, 84)"] > 0).mean() == pytest.approx(WEEK12[arm][1], abs=2)
