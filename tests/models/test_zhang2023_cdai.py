"""zhang2023_cdai gives the computed numbers of its specification (zhang2023_cdai.md, Behavior to reproduce)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from behavior import Array
from reference import zhang2023_cdai as written

from immunode.analysis.trials.measurement import measured
from immunode.catalogue import load_model
from immunode.intervention import Intervention, at_times, remove
from immunode.study import simulate, sweep
from immunode.study.result.sweep_result import SweepResult

MODEL = load_model("zhang2023_cdai")
IL22 = MODEL.variant("il22")
DAYS = [0.0, 7.0, 14.0, 28.0, 42.0, 56.0, 84.0]
DRUG = MODEL.intervention("brazikumab")


@pytest.mark.parametrize(
    ("variant", "marker", "scores", "total"),
    [
        ("", None, (298.78, 286.09, 272.17, 266.10, 263.45, 261.79), 0.1780),
        ("", 3.0, (295.72, 281.01, 264.87, 257.83, 254.76, 252.83), 0.2064),
        ("", 8.03, (285.51, 264.04, 240.50, 230.23, 225.75, 222.94), 0.3010),
        ("", 18.2, (276.35, 248.84, 218.67, 205.51, 199.76, 196.16), 0.3858),
        ("", 50.0, (272.82, 242.97, 210.24, 195.96, 189.73, 185.82), 0.4185),
        ("il22", None, (295.28, 280.33, 264.01, 256.94, 253.88, 251.98), 0.2090),
        ("il22", 22.8, (279.14, 253.56, 225.65, 213.56, 208.32, 205.07), 0.3575),
        ("il22", 40.0, (263.00, 226.80, 187.29, 170.17, 162.76, 158.16), 0.5060),
    ],
)
def test_the_typical_patient(variant: str, marker: float | None, scores: tuple[float, ...], total: float) -> None:
    """CDAI on days 7 to 84 and the part that is stopped, to the digits printed; and the closed form to 1e-8."""
    model = IL22 if variant else MODEL
    if marker is not None:
        model = model.with_values(**{"IL22" if variant else "CRP": marker})
    run = simulate(model, until=84, interventions=[] if marker is None else [DRUG], times=DAYS, rtol=1e-10)
    np.testing.assert_allclose(run["CDAI"][1:], scores, atol=5.1e-3)
    assert run["stopped"][-1] == pytest.approx(total, abs=5.1e-5)
    p = {one.name: one.value for one in model.parameters}
    np.testing.assert_allclose(run["CDAI"], written.closed(p, marker is not None, DAYS), rtol=1e-8)


def test_blood_levels_of_a_woman_with_albumin_39() -> None:
    """In mg/L: ends of the infusions, before the second, weeks 8 and 12, and the mean of 8 weeks."""
    times = [0.0, 1 / 24, 28 - 1e-9, 28 + 1 / 24, 56.0, 84.0]
    run = simulate(MODEL, until=84, interventions=[DRUG], times=times, rtol=1e-10)
    np.testing.assert_allclose(run["c"][1:], [213.2, 30.2, 243.3, 40.5, 13.8], atol=0.051)
    fine = np.linspace(0, 56, 5601)
    whole = simulate(MODEL, until=56, interventions=[DRUG], times=fine, rtol=1e-9)
    assert np.trapezoid(whole["c"], fine) / 56 == pytest.approx(77.31, abs=0.02)


def test_limits_of_the_markers() -> None:
    """No drug: the marker does not matter. Without marker placebo alone; without end the whole effect."""
    for model, name in ((MODEL, "CRP"), (IL22, "IL22")):
        p = {one.name: one.value for one in model.parameters}
        for value, expected in ((1e-9, 0.0), (1e9, p["Imax"])):
            at = model.with_values(**{name: value})
            run = simulate(at, until=84, interventions=[DRUG], times=[0.0, 84.0])
            assert run["stopped"][-1] == pytest.approx(p["I_pl"] + expected, rel=1e-9)
            without = simulate(at, until=84, times=[0.0, 84.0])
            assert without["CDAI"][-1] == pytest.approx(float(written.closed(p, False, 84.0)), rel=1e-6)


def test_a_stop_returns_with_the_same_half_life() -> None:
    """Allowed, and not supported by data: half of the gain beside placebo is lost in 11.7 days."""
    stop = Intervention("stop", [remove("given", 1.0)], at_times(56))
    run = simulate(MODEL, until=84, interventions=[DRUG, stop], times=[56.0, 67.7, 79.4], rtol=1e-10)
    placebo = simulate(MODEL, until=84, times=[56.0, 67.7, 79.4], rtol=1e-10)
    gain = placebo["CDAI"] - run["CDAI"]
    np.testing.assert_allclose(gain[1:3] / gain[0], [0.5, 0.25], rtol=1e-6)


def test_cdai_is_linear_in_its_start_and_never_negative() -> None:
    twice = simulate(MODEL.with_values(B=636), until=84, interventions=[DRUG], times=DAYS, rtol=1e-10)
    once = simulate(MODEL, until=84, interventions=[DRUG], times=DAYS, rtol=1e-10)
    np.testing.assert_allclose(twice["CDAI"], 2 * once["CDAI"], rtol=1e-8)
    strong = simulate(MODEL.with_values(I_pl=1.4), until=84, interventions=[DRUG], times=DAYS)
    assert (strong["CDAI"] > 0).all()


@cache
def of_many(variant: str) -> SweepResult:
    return sweep(
        IL22 if variant else MODEL,
        patients=4000,
        seed=4,
        arms={"placebo": [], "brazikumab": ["brazikumab"]},
        until=56,
        endpoints=["at(CDAI, 0)", "at(CDAI, 56)"],
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variant", "arm", "change", "spread", "quantiles", "remission", "response", "seen"),
    [
        ("", "placebo", -48.6, 66.9, (126, 263, 448), 9.7, 22.8, (11.7, 31.1)),
        ("", "brazikumab", -104.9, 64.6, (76, 205, 391), 26.4, 57.6, (27.8, 54.3)),
        ("il22", "placebo", -58.0, 65.2, (118, 254, 438), 11.4, 27.9, (13.9, 34.4)),
        ("il22", "brazikumab", -92.8, 75.5, (72, 218, 411), 23.7, 49.7, (25.2, 48.2)),
    ],
)
def test_the_population(
    variant: str, arm: str, change: float, spread: float, quantiles: tuple[float, ...], remission: float,
    response: float, seen: tuple[float, float],
) -> None:  # fmt: skip
    """4,000 patients, other random numbers: 3 points of shares, 4 of changes; with errors on both visits too."""
    out = of_many(variant)
    assert out.ok.all()

    def visits(table: pd.DataFrame) -> tuple[Array, Array]:
        rows = table[table["arm"] == arm]
        return rows["at(CDAI, 0)"].to_numpy(), rows["at(CDAI, 56)"].to_numpy()

    def shares(start: Array, end: Array) -> list[float]:
        return [100 * (end < 150).mean(), 100 * ((end - start <= -100) | (end < 150)).mean()]

    start, end = visits(out.table())
    np.testing.assert_allclose([(end - start).mean(), (end - start).std()], [change, spread], atol=4)
    np.testing.assert_allclose(np.quantile(end, [0.05, 0.5, 0.95]), quantiles, rtol=0.03)
    np.testing.assert_allclose(shares(start, end), [remission, response], atol=3)
    np.testing.assert_allclose(shares(*visits(measured(out, seed=1))), seen, atol=3)
    assert end.min() > 0


def test_exposure_of_the_population() -> None:
    """Mean of 56 days: 5, 50 and 95 % of 300 patients; 5 % beside other random numbers."""
    out = sweep(MODEL, patients=2000, seed=3, arms={"drug": ["brazikumab"]}, until=56, endpoints=["auc(c)"])
    mean = out.endpoint("auc(c)") / 56
    np.testing.assert_allclose(np.quantile(mean, [0.05, 0.5, 0.95]), [47.1, 72.8, 106.9], rtol=0.06)
