"""frey2013 gives the computed numbers of its specification: typical patient and population (frey2013.md, section 6)."""

from __future__ import annotations

import numpy as np
import pytest
from behavior import course
from scipy.integrate import simpson

from immunode.catalogue import load_model
from immunode.intervention import Intervention, pulses, set_to
from immunode.study import Arms, simulate, sweep
from immunode.study.populations import population

MODEL = load_model("frey2013")
TYPICAL = MODEL.variant("reference")
"""Every covariate factor at 1, as the specification computes."""
WITHIN_AN_ACCURACY_OF = 6e-5


@pytest.mark.parametrize(
    ("arm", "week12", "week24", "change", "fall", "week52"),
    [
        ("", 6.0056, 5.9730, -0.827, 12.2, 5.9716),
        ("tocilizumab_4", 4.2678, 4.1344, -2.666, 39.2, 5.9699),
        ("tocilizumab_8", 3.3063, 3.1095, -3.690, 54.3, 5.9679),
        ("stopped_after_3", 3.3063, 5.7396, -1.060, 15.6, 5.9714),
        ("tocilizumab_8_year", 3.3063, 3.1095, -3.690, 54.3, 3.0987),
    ],
)
def test_the_typical_patient(arm: str, week12: float, week24: float, change: float, fall: float, week52: float) -> None:
    """To all digits printed."""
    got = course(TYPICAL, arm, [0.0, 84.0, 168.0, 364.0])
    np.testing.assert_allclose(got["das28"][1:], [week12, week24, week52], atol=WITHIN_AN_ACCURACY_OF)
    assert got["das28_change"][2] == pytest.approx(change, abs=6e-4)
    assert got["das28_fall"][2] == pytest.approx(fall, abs=0.06)


@pytest.mark.parametrize(
    ("arm", "most", "mean", "least"),
    [("tocilizumab_4", 80.43, 16.985, 0.7316), ("tocilizumab_8", 165.18, 44.436, 5.7482)],
)
def test_concentrations_of_the_last_interval(arm: str, most: float, mean: float, least: float) -> None:
    """The end of the infusion of day 140, the average of days 140 to 168, and day 168."""
    infusion = np.linspace(140, 140 + 1 / 24, 51)
    times = [0.0, *infusion, *np.geomspace(1e-3, 28 - 1 / 24, 1000) + 140 + 1 / 24]
    got = course(TYPICAL, arm, times)
    drug, grid = got["C"][1:], np.array(times[1:])
    assert drug.max() == pytest.approx(most, abs=6e-3)
    assert grid[drug.argmax()] == pytest.approx(140 + 1 / 24)
    assert simpson(drug, grid) / 28 == pytest.approx(mean, abs=2e-3)
    assert drug[-1] == pytest.approx(least, abs=WITHIN_AN_ACCURACY_OF)


BY_IL6 = {
    # pg/mL: week 24 under placebo, 4 and 8 mg/kg, and baseline
    2: (5.520, 4.529, 3.679, 6.570),
    5: (5.719, 4.391, 3.431, 6.668),
    20: (5.974, 4.134, 3.109, 6.800),
    100: (6.219, 3.821, 2.828, 6.935),
    500: (6.424, 3.536, 2.630, 7.054),
}


@pytest.mark.parametrize("level", BY_IL6)
def test_much_il6_is_worse_on_placebo_and_better_on_the_drug(level: int) -> None:
    model = TYPICAL.with_values(IL6=float(level))
    got = [course(model, arm, [0.0, 168.0])["das28"] for arm in ("", "tocilizumab_4", "tocilizumab_8")]
    np.testing.assert_allclose([g[1] for g in got], BY_IL6[level][:3], atol=6e-4)
    assert got[0][0] == pytest.approx(BY_IL6[level][3], abs=6e-4)


def test_limits_of_the_equations() -> None:
    """Still without background and drug; a fall of Emax*hill(DMARD) with it; drug without end leaves 27 %."""
    still = course(TYPICAL, "no_background", [0.0, 364.0])
    assert still["das28"][1] == pytest.approx(6.8, rel=1e-9)
    inhibited = 0.73 * 0.30**0.64 / (3.7**0.64 + 0.30**0.64)
    assert inhibited == pytest.approx(0.1218, abs=6e-5)
    assert course(TYPICAL, "", [0.0, 3000.0])["das28"][1] == pytest.approx(6.8 * (1 - inhibited), rel=1e-9)
    flood = Intervention("flood", [set_to("dose", 1e9), set_to("most", 1e11)], pulses(every=7, width=1, n=100))
    much = simulate(TYPICAL, until=700, interventions=[flood], times=[0.0, 700.0]).to_frame()
    assert much["das28"].iloc[-1] == pytest.approx(1.836, abs=1e-3)


def test_no_inhibition_is_larger_than_all_of_it() -> None:
    man = TYPICAL.with_values(female=0.0)
    assert course(man, "", [0.0, 1.0])["Emax_patient"][0] == pytest.approx(0.73 * 1.11, rel=1e-12)
    assert course(man.with_values(Emax=0.97), "", [0.0, 1.0])["Emax_patient"][0] == 1


def test_drug_is_neither_made_nor_lost() -> None:
    """Infused 560 mg a time (800 mg in a patient of 120 kg): what is in the body and what has left."""
    for weight, infused in ((70.0, 560.0), (120.0, 800.0)):
        model = TYPICAL.with_values(weight=weight)
        times = [0.0, *np.linspace(1e-9, 1 / 24, 200), *np.geomspace(1e-4, 27.9, 1500) + 1 / 24]
        got = course(model, "tocilizumab_8", times)
        leaves = 0.3 * got["C"] + 7.5 * got["C"] / (2.7 + got["C"])
        left = got["central"][-1] + got["periph"][-1]
        assert left + simpson(leaves, times) == pytest.approx(infused, rel=1e-5)
        assert min(got["central"].min(), got["periph"].min()) >= 0


def test_the_troughs_of_4_mg_lie_below_ec50_and_those_of_8_mg_above() -> None:
    """The abstract of 2013: mean troughs against 3.7 ug/mL."""
    trough = {arm: course(TYPICAL, arm, [0.0, 168.0])["C"][1] for arm in ("tocilizumab_4", "tocilizumab_8")}
    assert trough["tocilizumab_4"] < 3.7 < trough["tocilizumab_8"]


POPULATION = {
    # arm: mean change at weeks 12 and 24, SD at 24, quantiles of DAS28, remission true and measured, trough quartiles
    "": (-0.99, -1.06, 0.82, [3.82, 5.00, 5.75, 6.34, 7.20], 0.3, 1.2, [0, 0, 0]),
    "tocilizumab_4": (-2.45, -2.69, 0.91, [2.56, 3.36, 3.98, 4.65, 5.60], 5.8, 11.2, [0.33, 0.72, 1.71]),
    "tocilizumab_8": (-3.19, -3.50, 0.88, [1.95, 2.63, 3.14, 3.72, 4.69], 23.4, 30.3, [2.18, 6.20, 13.8]),
}


@pytest.mark.slow
def test_the_population() -> None:
    """8,000 patients; tolerances of the specification, +-0.08 on means and +-3 points on percentages."""
    arms = Arms({arm or "placebo": [arm] if arm else [] for arm in POPULATION})
    asked = ["at(das28, 0)", "change(das28, 84)", "change(das28, 168)", "at(das28, 168)", "at(C, 168)"]
    out = sweep(MODEL, population(MODEL).draw(8000, seed=4) * arms, until=168, endpoints=asked)
    assert (out.table()["status"] == "ok").all()
    error = np.random.default_rng(5).normal(0, 0.68, 8000)
    for arm, (week12, week24, sd, quantiles, remission, measured, trough) in POPULATION.items():
        rows = out.table().query("arm == @arm" if arm else "arm == 'placebo'")
        start, end = rows["at(das28, 0)"], rows["at(das28, 168)"]
        assert start.mean() == pytest.approx(6.71, abs=0.08)
        assert start.std() == pytest.approx(0.75, abs=0.08)
        assert rows["change(das28, 84)"].mean() == pytest.approx(week12, abs=0.08)
        assert rows["change(das28, 168)"].mean() == pytest.approx(week24, abs=0.08)
        assert rows["change(das28, 168)"].std() == pytest.approx(sd, abs=0.08)
        np.testing.assert_allclose(np.quantile(end, [0.25, 0.5, 0.75]), quantiles[1:4], atol=0.08)
        # three standard errors of these quantiles of 2,000 patients, as the specification has
        np.testing.assert_allclose(np.quantile(end, [0.05, 0.95]), [quantiles[0], quantiles[4]], atol=0.15)
        assert 100 * (end < 2.6).mean() == pytest.approx(remission, abs=3)
        assert 100 * (end + error < 2.6).mean() == pytest.approx(measured, abs=3)
        np.testing.assert_allclose(np.quantile(rows["at(C, 168)"], [0.25, 0.5, 0.75]), trough, rtol=0.15)
