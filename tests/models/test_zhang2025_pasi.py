"""zhang2025_pasi gives the computed numbers of its specification (zhang2025_pasi.md, Behavior to reproduce)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from behavior import Array

from immunode.catalogue import load_model
from immunode.intervention import Intervention, transfer
from immunode.study import Arms, from_table, simulate, sweep

MODEL = load_model("zhang2025_pasi")
P = {p.name: p.value for p in MODEL.parameters}
DAYS = (0.0, 7.0, 14.0, 21.0, 28.0, 56.0, 84.0, 112.0)
EARLY = 1e-9
"""Before a dose, in days."""
COURSES: dict[str, tuple[list[float], list[float]]] = {
    "": ([12.75, 17.14, 16.56, 8.82, 3.77, 1.47], [0, 0, 0]),
    "mg_70": ([13.09, 18.44, 19.76, 12.00, 6.50, 2.72], [0.0041, 0.0005, 0.0004]),
    "mg_140": ([16.95, 30.35, 49.71, 49.43, 41.10, 22.58], [3.66, 0.0048, 0.0013]),
    "mg_210": ([20.22, 39.19, 64.69, 76.72, 73.52, 53.20], [11.42, 7.12, 0.132]),
    "mg_280_q4w": ([22.64, 41.00, 50.30, 56.25, 56.64, 33.44], [2.25, 0.0001, 0.0001]),
    "mg_210 + less_sensitive": ([16.24, 29.39, 49.40, 58.11, 52.40, 32.01], []),
    "mg_210 + much_less_sensitive": ([14.56, 24.09, 37.89, 42.19, 35.59, 19.52], []),
}


@cache
def course(arm: str) -> dict[str, Array]:
    chosen = [MODEL.intervention(name) for name in arm.split(" + ") if name]
    times = [t - EARLY if t else t for t in DAYS]
    run = simulate(MODEL, until=112, interventions=chosen, times=times, rtol=1e-10)
    return {name: run[name] for name in run}


@pytest.mark.parametrize("arm", COURSES)
def test_the_typical_patient(arm: str) -> None:
    """Improvement to the digits printed; so too the concentration, and below 0.01 mg/L half of the last digit."""
    improvement, c = COURSES[arm]
    got = course(arm)
    rows = [DAYS.index(day) for day in (7, 14, 28, 56, 84, 112)]
    np.testing.assert_allclose(got["improvement"][rows], improvement, atol=5.1e-3)
    for day, value in zip((14, 28, 84), c, strict=False):
        digit = 5.1e-5 if value < 0.01 else 5.1e-4 if value < 1 else 5.1e-3
        assert got["c"][DAYS.index(day)] == pytest.approx(value, abs=digit), day


def test_placebo_is_best_at_week_3() -> None:
    """17.71, the largest on any day."""
    run = simulate(MODEL, until=112, times=np.arange(113.0), rtol=1e-10)
    assert run["improvement"][21] == pytest.approx(17.71, abs=5.1e-3)
    assert abs(int(run["improvement"].argmax()) - 21) <= 2


def test_without_drug_the_sensitivity_does_not_matter() -> None:
    """And without a placebo effect nothing moves at all."""
    runs = [simulate(MODEL.with_values(IC50=value), until=84, times=[0.0, 84.0]) for value in (0.1, 2.86, 50)]
    assert all(run["S"][-1] == pytest.approx(float(runs[0]["S"][-1]), rel=1e-12) for run in runs)
    still = simulate(MODEL.with_values(Pmax=0), until=112, times=np.linspace(0, 112, 9))
    np.testing.assert_allclose(still["S"], P["BL"], rtol=1e-9)


def test_a_flood_of_drug_leaves_the_loss_of_plaques_alone() -> None:
    """From then on PASI falls with ksyn0/BL, here without placebo."""
    flood = Intervention("flood", [transfer("E", 1e12)])
    run = simulate(MODEL.with_values(Pmax=0), until=28, interventions=[flood], times=[0.0, 28.0], rtol=1e-10)
    assert run["S"][-1] == pytest.approx(P["BL"] * np.exp(-P["ksyn0"] / P["BL"] * 28), rel=1e-6)


def test_exposure_grows_faster_than_the_dose() -> None:
    """The saturable path takes most of a small dose; and what reaches blood is eliminated or still there."""
    arms = {"mg_70": 70.0, "mg_140": 140.0, "mg_210": 210.0}
    out = sweep(
        MODEL, from_table({"BL": [13.5]}) * Arms({arm: [arm] for arm in arms}), until=112, rtol=1e-9,
        endpoints=["auc(c)", "auc(saturable_loss)", "auc(linear_loss)", "final(C)", "final(Q)", "final(D)",
                   "trough(C)", "trough(E)", "trough(S)"],
    )  # fmt: skip
    ends = {name: out.endpoint(name) for name in out.endpoints}
    per_dose = ends["auc(c)"] / np.array(list(arms.values()))
    assert (np.diff(per_dose) > 0).all()
    given = P["F"] * 7 * np.array(list(arms.values()))
    found = sum(ends[name] for name in ("auc(saturable_loss)", "auc(linear_loss)", "final(C)", "final(Q)"))
    np.testing.assert_allclose(found + P["F"] * ends["final(D)"], given, rtol=1e-4)
    assert all((ends[f"trough({name})"] > -1e-6).all() for name in ("C", "E", "S"))


def test_the_place_of_effect_lags_by_three_weeks() -> None:
    """At a constant concentration it comes to the same value, half of it in 15 days."""
    drip = MODEL.with_values(Vmax=1e-12, kel=1e-9, k12=1e-9, k21=1e-9)
    once = Intervention("once", [transfer("C", 39.0)])
    run = simulate(drip, until=200, interventions=[once], times=[0.0, np.log(2) / P["ke0"], 200.0], rtol=1e-9)
    assert run["ce"][1] == pytest.approx(5.0, rel=1e-4)
    assert run["ce"][2] == pytest.approx(10.0, rel=1e-3)
    assert 1 / P["ke0"] == pytest.approx(21.3, abs=0.05)


@pytest.mark.slow
def test_the_population() -> None:
    """2,000 patients, other random numbers: within the 3 points that the specification allows."""
    arms = [*COURSES][:6]
    out = sweep(
        MODEL,
        patients=2000,
        seed=1,
        arms={arm or "placebo": arm.split(" + ") if arm else [] for arm in arms},
        until=112,
        endpoints=["at(improvement, 84)", "at(S, 84)", "at(S, 112)", "at(S, 0)"],
    )
    assert out.ok.all()
    table = out.table()
    for arm, ratio, mean, quantiles, pasi75, pasi90, later in [
        ("", 3.8, 3.8, (3.0, 3.4, 3.8, 4.2, 4.8), 0, 0, 1.5),
        ("mg_70", 11.6, 13.4, (3.5, 4.4, 6.3, 15.8, 49.8), 0.8, 0.3, 6.9),
        ("mg_140", 39.9, 41.6, (5.0, 16.8, 38.1, 63.4, 89.5), 15.8, 4.6, 24.7),
        ("mg_210", 70.2, 64.0, (14.4, 44.1, 70.3, 86.9, 96.2), 43.0, 17.8, 51.0),
        ("mg_280_q4w", 51.7, 50.4, (8.9, 27.7, 50.4, 73.0, 91.9), 22.8, 6.8, 31.5),
        ("mg_210 + less_sensitive", 49.3, 48.8, (8.2, 24.7, 48.8, 72.3, 91.1), 21.8, 6.3, 32.6),
    ]:
        rows = table[table["arm"] == (arm or "placebo")]
        x = rows["at(improvement, 84)"].to_numpy()
        medians = {day: np.median(rows[f"at(S, {day})"]) for day in (0, 84, 112)}
        got = [
            100 * (1 - medians[84] / medians[0]), x.mean(), *np.quantile(x, [0.05, 0.25, 0.5, 0.75, 0.95]),
            100 * (x >= 75).mean(), 100 * (x >= 90).mean(), 100 * (1 - medians[112] / medians[0]),
        ]  # fmt: skip
        np.testing.assert_allclose(got, [ratio, mean, *quantiles, pasi75, pasi90, later], atol=3.0, err_msg=arm)
