"""lledogarcia2022 gives the computed numbers of its specification (lledogarcia2022.md, Behavior to reproduce)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from behavior import Array
from reference import lledogarcia2022 as written

from immunode.catalogue import load_model
from immunode.intervention import Intervention, transfer
from immunode.study import Arms, from_table, simulate, sweep

MODEL = load_model("lledogarcia2022")
P = {p.name: p.value for p in MODEL.parameters}
TIMES = (0.0, 1.0, 3.0, 7.0, 10.0, 14.0, 28.0, 42.0, 56.0, 84.0)
EARLY = 1e-9
"""Before a dose, in days."""


@cache
def course(arm: str, early: float = 0.0) -> dict[str, Array]:
    """Return every quantity on `TIMES`, those that are doses just before them where `early`."""
    chosen = [MODEL.intervention(arm)] if arm else []
    times = [t - early if t else t for t in TIMES]
    frame = simulate(MODEL, until=84.0, interventions=chosen, times=times, rtol=1e-10).to_frame()
    return {name: frame[name].to_numpy() for name in frame}


@pytest.mark.parametrize(
    ("arm", "peak", "days"),
    [
        (
            "iv_1",
            6.505702,
            {
                1: (0.173008, 11.8985, 53.8953, -11.2609),
                3: (0.0156191, 2.09244, 9.546, -16.7801),
                7: (4.45609e-4, 0.0657535, None, -15.691),
            },
        ),
        (
            "iv_4",
            89.391071,
            {
                1: (43.0017, 64.6831, 99.657, -14.0184),
                3: (0.559423, 17.7638, 79.079, -34.5915),
                7: (5.55797e-3, 0.793008, 3.61946, -38.2432),
            },
        ),
        (
            "iv_7",
            172.707072,
            {
                1: (97.4348, 119.158, 99.8483, -14.0354),
                3: (22.4407, 44.0541, 99.3448, -35.1822),
                7: (0.0193447, 2.53429, 11.5598, -48.1443),
            },
        ),
    ],
)
def test_one_dose(arm: str, peak: float, days: dict[int, tuple[float | None, ...]]) -> None:
    """Free and total drug (mg/L), receptor taken and change of IgG (percent): to the digits printed."""
    got = course(arm)
    assert got["cfree"][0] == pytest.approx(peak, abs=1e-6)  # 89.3910718 is cut there, not rounded
    for day, wanted in days.items():
        i = TIMES.index(day)
        for name, value in zip(("cfree", "ctot", "occupancy", "IgG_change"), wanted, strict=True):
            if value is not None:
                assert got[name][i] == pytest.approx(value, rel=1.1e-5), (day, name)


@pytest.mark.parametrize(
    ("arm", "igg"),
    [
        ("iv_1", (-14.1055, -12.1972, -7.32739, -2.64433, -0.954296)),
        ("iv_4", (-34.6541, -29.9986, -18.0227, -6.50411, -2.34723)),
        ("iv_7", (-44.1744, -38.3077, -23.0176, -8.30669, -2.99775)),
    ],
)
def test_igg_after_one_dose(arm: str, igg: tuple[float, ...]) -> None:
    """Change of IgG in percent on days 10, 14, 28, 56 and 84."""
    rows = [TIMES.index(day) for day in (10, 14, 28, 56, 84)]
    np.testing.assert_allclose(course(arm)["IgG_change"][rows], igg, rtol=6e-6)


@pytest.mark.parametrize(
    ("arm", "igg"),
    [
        ("iv_7_weekly", (-48.1443, -64.9648, -72.7387, -73.6565, -44.6926, -16.1288)),
        ("iv_10_weekly", (-53.7569, -70.3171, -76.8276, -77.4190, -47.3713, -17.0956)),
    ],
)
def test_igg_under_weekly_doses(arm: str, igg: tuple[float, ...]) -> None:
    """Change of IgG in percent on days 7, 14, 28, 42, 56 and 84, before the dose of the day."""
    rows = [TIMES.index(day) for day in (7, 14, 28, 42, 56, 84)]
    np.testing.assert_allclose(course(arm, EARLY)["IgG_change"][rows], igg, rtol=6e-6)


def test_nadirs_of_igg() -> None:
    """Lowest change of IgG and its day, on a grid of 0.05 days: finer steps find up to 0.0002 % less."""
    times = np.arange(0.0, 42.0 + 0.025, 0.05)
    for arm, (lowest, day) in {
        "iv_1": (-16.9690, 3.75),
        "iv_4": (-39.5243, 5.10),
        "iv_7": (-48.5875, 6.10),
        "iv_7_weekly": (-77.4755, 39.4),
        "iv_10_weekly": (-79.4708, 40.2),
    }.items():
        run = simulate(MODEL, until=42.0, interventions=[MODEL.intervention(arm)], times=times, rtol=1e-10)
        assert run["IgG_change"].min() == pytest.approx(lowest, abs=6e-5)
        assert times[run["IgG_change"].argmin()] == pytest.approx(day, abs=0.051)


def one_dose(variant: str, doses: list[float], days: list[float]) -> Array:
    """Return free drug, total drug and change of IgG of a variant, shape (n_doses, 3, n_days)."""
    model = MODEL.variant(variant)
    given = [Intervention("given", [transfer("central", dose)]) for dose in doses]
    runs = [simulate(model, until=days[-1], interventions=[one], times=days, rtol=1e-10) for one in given]
    return np.array([[run[name] for name in ("cfree", "ctot", "IgG_change")] for run in runs])


def test_the_values_translated_from_monkeys() -> None:
    """At 1, 4 and 7 mg/kg: free drug at its peak and IgG on day 10."""
    got = one_dose("translated", [1, 4, 7], [0.0, 10.0])
    np.testing.assert_allclose(got[:, 0, 0], [0.026751, 30.0542, 118.174], rtol=2e-5)
    np.testing.assert_allclose(got[:, 2, 1], [-2.696, -27.794, -47.273], atol=6e-4)


def test_monkeys() -> None:
    """Lowest IgG after 5, 10 and 30 mg/kg."""
    got = one_dose("monkey", [5, 10, 30], np.arange(0.0, 20.0, 0.01).tolist())
    np.testing.assert_allclose(got[:, 2].min(axis=1), [-39.07, -57.83, -73.72], atol=6e-3)


def test_the_most_that_the_receptor_takes() -> None:
    """F kdeg V in nmol a day: 349.27 (the paper 349.3), translated 418.79 (419.7), monkey 21.700 (21.7)."""
    for variant, most in {"": 349.27, "translated": 418.79, "monkey": 21.700}.items():
        p = {one.name: one.value for one in (MODEL.variant(variant) if variant else MODEL).parameters}
        assert p["F"] * p["kdeg"] * p["V"] == pytest.approx(most, rel=2.5e-5)


def test_limits_of_the_equations() -> None:
    """No dose: nothing moves. Free drug without end: IgG falls by Emax/(1 + Emax), 80.916 %."""
    still = course("")
    for name in ("igg", "igg_felt"):
        np.testing.assert_allclose(still[name], 9.88, rtol=1e-12)
    assert not still["cfree"].any()
    flood = Intervention("flood", [transfer("central", 1e6)])
    run = simulate(MODEL.with_values(CL=1e-3), until=84, interventions=[flood], times=[84.0], rtol=1e-10)
    assert run["IgG_change"][-1] == pytest.approx(-80.916, abs=6e-4)
    assert 100 * P["Emax"] / (1 + P["Emax"]) == pytest.approx(80.916, abs=6e-4)


def test_free_drug_is_the_root_of_the_binding_equation() -> None:
    """Over 24 decades: never below 0, and equal to the hand-written root; free and bound make the total."""
    totals = 10.0 ** np.arange(-20, 5)
    receptor, kd = P["F"] * P["mw"], P["KD"] * P["mw"]
    for total in totals:
        dose = Intervention("given", [transfer("central", total * P["V"] / P["weight"])])
        run = simulate(MODEL, until=1e-9, interventions=[dose], times=[0.0, 1e-9])
        c, bound = float(run["cfree"][0]), float(run["cplx"][0])
        assert c == pytest.approx(written.free(total, receptor, kd), rel=1e-12)
        assert c > 0
        assert c + bound == pytest.approx(total, rel=1e-9)


def test_what_is_given_is_eliminated_lost_or_left() -> None:
    """And free exposure per dose rises with the dose, for less of it meets a free receptor."""
    given = {"iv_1": 1.0, "iv_4": 4.0, "iv_7": 7.0}
    out = sweep(
        MODEL, from_table({"weight": [75.0]}) * Arms({arm: [arm] for arm in given}), until=14, rtol=1e-10,
        endpoints=["auc(elimination)", "auc(complex_loss)", "auc(cfree)", "final(central)", "final(periph)"],
    )  # fmt: skip
    ends = np.array([out.endpoint(name) for name in out.endpoints])
    np.testing.assert_allclose(ends[[0, 1, 3, 4]].sum(axis=0), list(given.values()), rtol=1e-8)
    per_dose = ends[2] / list(given.values())
    assert (np.diff(per_dose) > 0).all()


def test_the_score_is_slower_than_igg_and_our_bridge() -> None:
    """With a fall of 74 % and MG-ADL 8.3 at the start: about -1.85 points."""
    got = course("iv_7_weekly", EARLY)
    i = TIMES.index(42)
    assert got["effect"][i] == pytest.approx(0.75, abs=0.02)
    assert got["MG_ADL_change"][i] * 0.74 / got["effect"][i] == pytest.approx(-1.85, abs=6e-3)
    assert got["MG_ADL_change"][i] == pytest.approx(-2.16 * got["effect"][i] * (8.3 / 7) ** 0.871, rel=1e-12)
    assert got["MG_ADL_change"][TIMES.index(1)] > 0.3 * got["MG_ADL_change"][i]


@pytest.mark.slow
def test_the_population() -> None:
    """2,000 people with the random numbers of the specification: mean, SD and quantiles within 0.4 points."""
    z = np.random.default_rng(2025).standard_normal((2000, 3))
    spread = np.sqrt(np.log1p(np.square([0.158, 0.303, 0.184])))
    people = {name: P[name] * np.exp(spread[i] * z[:, i]) for i, name in enumerate(("V", "kdeg", "IgG0"))}
    asked = ["at(IgG_change, 10)", f"at(IgG_change, {42 - 1e-9})"]
    arms = ["iv_1", "iv_4", "iv_7", "iv_7_weekly", "iv_10_weekly"]
    out = sweep(MODEL, from_table(people) * Arms({arm: [arm] for arm in arms}), until=42, endpoints=asked, rtol=1e-6)
    assert out.ok.all()
    table = out.table()
    for arm, end, mean, sd, quantiles in [
        ("iv_1", 0, -14.58, 4.36, (-22.4, -14.1, -8.4)),
        ("iv_4", 0, -34.76, 6.45, (-45.8, -34.5, -24.6)),
        ("iv_7", 0, -44.05, 6.38, (-54.6, -43.8, -33.6)),
        ("iv_7_weekly", 1, -73.03, 4.26, None),
        ("iv_10_weekly", 1, -76.67, 3.21, None),
    ]:
        column = table.loc[table["arm"] == arm, asked[end]].to_numpy()
        assert column.mean() == pytest.approx(mean, abs=0.4)
        assert column.std() == pytest.approx(sd, abs=0.4)
        if quantiles:
            np.testing.assert_allclose(np.quantile(column, [0.05, 0.5, 0.95]), quantiles, atol=0.4)
