"""ma2020 gives the computed numbers of its specification: typical patient and population (ma2020.md, section 6)."""

from __future__ import annotations

import numpy as np
import pytest
from behavior import course

from immunode.catalogue import load_model
from immunode.intervention import Intervention, pulses, transfer
from immunode.study import Arms, simulate, sweep
from immunode.study.populations import population

MODEL = load_model("ma2020")
EARLY = 1e-9
"""Before a dose, in days."""

TYPICAL = {
    # arm: DAS28 at week 12 and 24, fall in percent, sarilumab and neutrophils at day 168
    "": (5.157, 5.0582, 16.53, 0.0, 5.380),
    "sarilumab_100": (4.174, 3.9251, 35.23, 0.560, 4.793),
    "sarilumab_150": (3.623, 3.2815, 45.85, 4.060, 3.605),
    "sarilumab_200": (3.370, 3.0216, 50.14, 12.950, 2.929),
    "sarilumab_150_weekly": (3.215, 2.8644, 52.73, 45.31, 2.472),
    "stopped_at_week_12": (3.370, 4.7731, 21.24, 0.031, 5.327),
}


@pytest.mark.slow
@pytest.mark.parametrize("arm", TYPICAL)
def test_the_typical_patient(arm: str) -> None:
    """To all digits printed. Neutrophils at their own reference weight, 71 kg."""
    das12, das24, fall, drug, anc = TYPICAL[arm]
    got = course(MODEL, arm, [0.0, 84.0, 168.0])
    assert got["das28"][1] == pytest.approx(das12, abs=6e-4)
    assert got["das28"][2] == pytest.approx(das24, abs=6e-5)
    assert got["das28_fall"][2] == pytest.approx(fall, abs=6e-3)
    assert got["C"][2] == pytest.approx(drug, abs=6e-3 if drug > 40 else 6e-4)
    lean = course(MODEL.with_values(weight=71.0), arm, [0.0, 168.0])
    assert lean["anc"][1] == pytest.approx(anc, abs=6e-4)


@pytest.mark.parametrize(
    ("arm", "most", "mean", "least", "anc_least", "anc_mean"),
    [
        ("sarilumab_100", 7.75, 4.27, 0.56, 3.246, 3.806),
        ("sarilumab_150", 17.92, 12.46, 4.01, 2.794, 3.030),
        ("sarilumab_200", 31.81, 24.52, 12.80, 2.577, 2.686),
        ("sarilumab_150_weekly", 53.4, 50.5, 44.9, 2.437, 2.450),
    ],
)
def test_the_last_dose_interval(
    arm: str, most: float, mean: float, least: float, anc_least: float, anc_mean: float
) -> None:
    """Weeks 22 to 24, from just before the dose of day 154 to day 168."""
    times = [0.0, *np.linspace(154 - EARLY, 168.0, 14001)]
    lean = course(MODEL.with_values(weight=71.0), arm, times)
    drug, anc = lean["C"][1:], lean["anc"][1:]
    grid = np.array(times[1:])
    digits = 0.06 if most > 50 else 6e-3
    assert drug.max() == pytest.approx(most, abs=digits)
    assert drug.min() == pytest.approx(least, abs=digits)
    assert np.trapezoid(drug, grid) / 14 == pytest.approx(mean, abs=digits)
    assert anc.min() == pytest.approx(anc_least, abs=6e-4)
    assert np.trapezoid(anc, grid) / 14 == pytest.approx(anc_mean, abs=6e-4)


def test_limits_of_the_equations() -> None:
    """Nothing given and no background: still. Only background: a fall of Emax*PLB/(IC50 + PLB). Drug without end."""
    still = course(MODEL.with_values(PLB=0.0), "", [0.0, 364.0])
    assert still["das28"][1] == pytest.approx(6.06, rel=1e-9)
    assert still["anc"][1] == pytest.approx(5.38, rel=1e-9)
    background = course(MODEL, "", [0.0, 3000.0])
    assert background["das28_fall"][1] == pytest.approx(16.73, abs=6e-3)
    flood = Intervention("flood", [transfer("depot", 1e9)], pulses(every=7, width=0, n=400))
    much = simulate(MODEL, until=2800, interventions=[flood], times=[0.0, 2800.0]).to_frame()
    assert much["das28"].iloc[-1] == pytest.approx(2.672, abs=1e-3)
    assert much["anc"].iloc[-1] == pytest.approx(5.38 / 2.5, abs=1e-3)


def test_no_carry_over() -> None:
    """200 mg stopped at week 12: at week 24 the score is within 0.3 of placebo."""
    stopped = course(MODEL, "stopped_at_week_12", [0.0, 168.0])["das28"][1]
    placebo = course(MODEL, "", [0.0, 168.0])["das28"][1]
    assert abs(stopped - placebo) < 0.3


POPULATION = {
    # arm: mean change at weeks 12 and 24, SD at 24, mean fall, quantiles of DAS28, remission, fall of ANC, nadirs
    "": (-1.01, -1.12, 0.90, 18.6, [3.03, 4.21, 4.96, 5.54, 6.40], 2.2, [0, 0, 0], 0.0, 0.0),
    "sarilumab_150": (-2.13, -2.42, 1.04, 40.1, [1.94, 2.84, 3.55, 4.25, 5.19], 18.0, [14.3, 27.2, 39.4], 6.4, 1.4),
    "sarilumab_200": (-2.39, -2.70, 1.04, 44.9, [1.74, 2.56, 3.28, 3.95, 4.89], 26.4, [26.6, 38.8, 50.2], 9.4, 2.2),
}


@pytest.mark.slow
def test_the_population() -> None:
    """8,000 patients; tolerances of the specification, +-0.08 on means and +-3 points on percentages."""
    arms = Arms({arm or "placebo": [arm] if arm else [] for arm in POPULATION})
    asked = ["at(das28, 0)", "change(das28, 84)", "change(das28, 168)", "at(das28, 168)", "at(anc, 0)",
             "percent_change(anc, 168)", "trough(anc)"]  # fmt: skip
    out = sweep(MODEL, population(MODEL).draw(8000, seed=2) * arms, until=168, endpoints=asked)
    assert (out.table()["status"] == "ok").all()
    for arm, wanted in POPULATION.items():
        week12, week24, sd, fall, quantiles, remission, anc, grade2, grade3 = wanted
        rows = out.table().query("arm == @arm" if arm else "arm == 'placebo'")
        start, end = rows["at(das28, 0)"], rows["at(das28, 168)"]
        assert start.mean() == pytest.approx(5.99, abs=0.03)
        assert start.std() == pytest.approx(0.65, abs=0.03)
        assert rows["at(anc, 0)"].mean() == pytest.approx(5.77, abs=0.08)
        assert rows["at(anc, 0)"].std() == pytest.approx(1.88, abs=0.08)
        assert rows["change(das28, 84)"].mean() == pytest.approx(week12, abs=0.08)
        assert rows["change(das28, 168)"].mean() == pytest.approx(week24, abs=0.08)
        assert rows["change(das28, 168)"].std() == pytest.approx(sd, abs=0.08)
        assert 100 * (1 - end / start).mean() == pytest.approx(fall, abs=3)
        np.testing.assert_allclose(np.quantile(end, [0.05, 0.25, 0.5, 0.75, 0.95]), quantiles, atol=0.1)
        assert 100 * (end < 2.6).mean() == pytest.approx(remission, abs=3)
        np.testing.assert_allclose(-np.quantile(rows["percent_change(anc, 168)"], [0.75, 0.5, 0.25]), anc, atol=3)
        assert 100 * (rows["trough(anc)"] < 1.5).mean() == pytest.approx(grade2, abs=3)
        assert 100 * (rows["trough(anc)"] < 1.0).mean() == pytest.approx(grade3, abs=3)


def test_the_rule_of_the_label() -> None:
    """Neutrophils from 0.5 to 1.0: doses wait, then go on at 150 mg; above 1.0 nothing changes."""
    times = [0.0, *np.arange(0.5, 168.0, 7.0), 168.0]
    usual, by_label = (course(MODEL, arm, times) for arm in ("sarilumab_200", "sarilumab_by_label"))
    np.testing.assert_allclose(by_label["das28"], usual["das28"], rtol=1e-7)
    few = MODEL.with_values(BASE_N=1.5)
    seen = course(few, "sarilumab_by_label", times)
    assert seen["sarilumab_by_label.held"].max() >= 1
    assert seen["sarilumab_by_label.doses"][-1] < 13
    assert seen["sarilumab_by_label.level"][-1] == pytest.approx(0.75)
    late = slice(5, None)
    assert seen["anc"][late].mean() > course(few, "sarilumab_200", times)["anc"][late].mean()
