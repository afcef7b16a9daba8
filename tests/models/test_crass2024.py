"""crass2024 gives the computed numbers of its specification (crass2024.md, Behavior to reproduce)."""

from __future__ import annotations

import numpy as np
import pytest
from reference import crass2024 as written

from immunode.catalogue import load_model
from immunode.intervention import Intervention, transfer
from immunode.study import simulate, sweep

MODEL = load_model("crass2024")
P = {p.name: p.value for p in MODEL.parameters}
EARLY = 1e-9
"""Before a dose, in hours."""


def test_the_typical_man() -> None:
    """Concentration, hemoglobin and LDH just before the dose of the hour: to the digits printed."""
    hours = [t - EARLY for t in (24, 84, 168, 336, 672, 1344, 2688, 4368)]
    run = simulate(MODEL, until=4368, interventions=[MODEL.intervention("pegcetacoplan")], times=hours, rtol=1e-10)
    c = [44.58, 143.65, 277.15, 450.45, 593.26, 646.03, 650.74, 650.78]
    np.testing.assert_allclose(run["c"][:8], c, atol=5.5e-3)  # the last is 650.7746, printed 650.78
    hb = [8.740, 8.822, 10.018, 12.281, 12.899, 12.992, 12.999, 12.999]
    np.testing.assert_allclose(run["Hb"][:8], hb, atol=5.1e-4)
    # printed from exp(7.56) = 1920
    np.testing.assert_allclose(run["LDH"][:8], [1906.8, 1410.4, 522.2, 242.3, 192.9, 184.6, 184.0, 184.0], rtol=3e-4)


@pytest.mark.parametrize(
    ("dose", "every", "mean", "hemoglobin", "ldh"),
    [
        (1080, 84, 662.7, (13.01, 11.57), (182.5, 200.5, 162.7)),
        (1080, 72, 773.1, (13.11, 11.64), (173.2, 200.2, 162.3)),
        (360, 84, 220.9, (9.29, 9.10), (794.1, 217.8, 193.3)),
        (180, 84, 110.4, (8.76, 8.76), (1669.6, 242.6, 237.1)),
    ],
)
def test_steady_states(
    dose: float, every: float, mean: float, hemoglobin: tuple[float, ...], ldh: tuple[float, ...]
) -> None:
    """Effects at the mean concentration F dose/(CL tau), in the model: man and woman; naive, from eculizumab, both."""
    c = P["F"] * dose / (P["CL"] * P["CL_PNH"] * every)
    assert c == pytest.approx(mean, abs=0.051)
    given = Intervention("given", [transfer("C", c * P["V"])])
    for values, name, expected in [
        ({}, "Hb", hemoglobin[0]),
        ({"female": 1.0}, "Hb", hemoglobin[1]),
        ({}, "LDH", ldh[0]),
        ({"ecu": 1.0}, "LDH", ldh[1]),
        ({"ecu": 1.0, "co": 1.0}, "LDH", ldh[2]),
    ]:
        run = simulate(MODEL.with_values(**values), until=1e-9, interventions=[given], times=[0.0, 1e-9])
        assert run[name][0] == pytest.approx(expected, abs=0.0055 if name == "Hb" else 0.051, rel=1e-4)
        by_hand = written.effects({**P, **values}, c)[0 if name == "Hb" else 1]
        assert run[name][0] == pytest.approx(by_hand, rel=1e-6)


def test_last_interval() -> None:
    """1080 mg: from 647 to 674 mg/L, and 761 to 782 every third day."""
    for name, every, ends in (("pegcetacoplan", 84, (647, 674)), ("every_72h", 72, (761, 782))):
        times = np.linspace(4368 - 2 * every, 4368 - every - 1e-6, 200).tolist()
        run = simulate(MODEL, until=4368, interventions=[MODEL.intervention(name)], times=times, rtol=1e-9)
        c = run["c"][:200]
        assert (c.min(), c.max()) == pytest.approx(ends, abs=2.0)


def test_one_dose_is_the_printed_formula_and_doses_add_up() -> None:
    k, ka = P["CL"] * P["CL_PNH"] / P["V"], P["ka"]
    t = np.linspace(0, 1000, 51)
    one = Intervention("one", [transfer("D", 1080.0)])
    run = simulate(MODEL, until=1000, interventions=[one], times=t, rtol=1e-10)
    way = (np.exp(-k * t) - np.exp(-ka * t)) / (ka - k) ** 2 - t * np.exp(-ka * t) / (ka - k)
    np.testing.assert_allclose(run["c"], P["F"] * 1080 * ka**2 / P["V"] * way, rtol=1e-7, atol=1e-6)
    three = Intervention("three", [transfer("D", 3240.0)])
    np.testing.assert_allclose(
        simulate(MODEL, until=1000, interventions=[three], times=t, rtol=1e-10)["c"], 3 * run["c"], rtol=1e-7, atol=1e-6
    )
    assert np.log(2) / k / 24 == pytest.approx(7.8, abs=0.05)
    assert np.log(2) / (P["CL"] / P["V"]) / 24 == pytest.approx(9.8, abs=0.05)


def test_limits() -> None:
    """No dose: the start. Without end: 13.20 (man), 11.70 (woman), LDH 159.7. Nine tenths at 540.0 and 355.1."""
    still = simulate(MODEL, until=4368, times=[0.0, 4368.0])
    assert still["Hb"][-1] == P["Hb0"]
    assert still["LDH"][-1] == pytest.approx(1920, abs=0.2)
    flood = Intervention("flood", [transfer("C", 1e9)])
    for female, hb in ((0.0, 13.20), (1.0, 11.70)):
        run = simulate(MODEL.with_values(female=female), until=1, interventions=[flood], times=[1.0])
        assert run["Hb"][-1] == pytest.approx(hb, abs=5.1e-3)
        assert run["LDH"][-1] == pytest.approx(1920 * (1 - 1 / (1 + np.exp(-2.40))), rel=2e-4)  # printed 159.7
    assert P["EC_H"] * 9 ** (1 / P["h_H"]) == pytest.approx(540.0, abs=0.051)
    assert P["EC_L"] * 9 ** (1 / P["h_L"]) == pytest.approx(355.1, abs=0.051)


@pytest.mark.slow
def test_the_population() -> None:
    """4,000 patients, other random numbers, mean of the last week: 4 %, the outer quantiles 6 %, shares 3 points."""
    arms = {"naive": ["pegcetacoplan"], "from": ["eculizumab_before", "pegcetacoplan"]}
    week = [4200 + 21 * (k + 0.5) for k in range(8)]
    read = ("c", "Hb", "LDH", "Hb_over")
    ends = [f"at({q}, {t})" for t in (0.0, 672.0, *week) for q in read]
    out = sweep(MODEL, patients=4000, seed=1, arms=arms, until=4368, endpoints=ends)
    assert out.ok.all()
    # arms, times, read-outs, patients
    names = out.table()["arm"].to_numpy()
    values = np.array([out.endpoint(name) for name in out.endpoints]).reshape(10, 4, -1)
    naive, after = values[:, :, names == "naive"], values[:, :, names == "from"]
    for got, quantiles in [
        (naive[2:, 0].mean(axis=0), (441, 566, 663, 786, 994)),
        (naive[0, 1], (7.14, 8.00, 8.69, 9.47, 10.83)),
        (naive[2:, 1].mean(axis=0), (9.07, 10.48, 11.74, 13.31, 17.02)),
        (naive[0, 2], (936, 1449, 1939, 2511, 3931)),
        (naive[2:, 2].mean(axis=0), (119, 170, 214, 279, 465)),
        (after[0, 2], (122, 188, 252, 327, 511)),
        (after[2:, 2].mean(axis=0), (110, 156, 191, 236, 318)),
    ]:
        np.testing.assert_allclose(np.quantile(got, [0.25, 0.5, 0.75]), quantiles[1:4], rtol=0.04)
        np.testing.assert_allclose(np.quantile(got, [0.05, 0.95]), [quantiles[0], quantiles[4]], rtol=0.06)
    rise = naive[2:, 1].mean(axis=0) - naive[0, 1]
    fall = naive[2:, 2].mean(axis=0) - naive[0, 2]
    assert rise.mean() == pytest.approx(3.41, rel=0.04)
    assert fall.mean() == pytest.approx(-1841, rel=0.04)
    assert np.median(naive[1, 0]) == pytest.approx(573, rel=0.04)
    shares = [naive[2:, 3].mean(axis=0) >= 0, rise >= 1, naive[2:, 2].mean(axis=0) <= 226]
    shares += [after[2:, 2].mean(axis=0) <= 226, naive[2:, 0].mean(axis=0) > 540]
    np.testing.assert_allclose([100 * x.mean() for x in shares], [34.1, 88, 56, 70, 81], atol=3)
