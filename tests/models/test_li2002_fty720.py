"""li2002_fty720 gives the computed numbers of its specification (s1p_lymphocytes.md, monkey layer)."""

from __future__ import annotations

import numpy as np
import pytest
from behavior import System

from immunode.catalogue import load_model
from immunode.intervention import Intervention, transfer
from immunode.study import simulate

MODEL = load_model("li2002_fty720")
P = {p.name: p.value for p in MODEL.parameters}
HOURS = np.unique([*np.arange(0.0, 120.0, 0.25), 168.0, 336.0, 672.0])


@pytest.mark.parametrize(
    ("arm", "lowest", "hour", "later", "b", "b_hour", "t", "peak"),
    [
        ("mg_01", 3444, 11, {72: 5187, 168: 7172}, 1101, 14, 2010, 1.300),
        ("mg_1", 2090, None, {72: 2552, 168: 4937, 336: 7488}, 685.5, 59, 968.3, 13.00),
    ],
)
def test_one_dose(
    arm: str, lowest: float, hour: float | None, later: dict[int, float], b: float, b_hour: float, t: float,
    peak: float,
) -> None:  # fmt: skip
    """Lowest counts in cells/uL and their hours, lymphocytes later on, peak of the drug: to the digits printed."""
    run = simulate(MODEL, until=672, interventions=[MODEL.intervention(arm)], times=HOURS, rtol=1e-10)
    assert run["lymphocytes"].min() == pytest.approx(lowest, abs=0.6)
    if hour is not None:
        assert HOURS[run["lymphocytes"].argmin()] == pytest.approx(hour, abs=0.5)
    for time, value in later.items():
        assert run["lymphocytes"][np.searchsorted(HOURS, time)] == pytest.approx(value, abs=0.6)
    assert run["B"].min() == pytest.approx(b, abs=0.6)
    assert HOURS[run["B"].argmin()] == pytest.approx(b_hour, abs=0.6)
    assert run["T"].min() == pytest.approx(t, abs=0.6)
    assert run["c"].max() == pytest.approx(peak, rel=6e-4)
    assert all(run[name].min() >= 0 for name in ("lymphocytes", "B", "T", "pool_L", "pool_B", "pool_T", "c"))


def test_the_start_is_a_balance_and_near_the_printed_production() -> None:
    """Production is kout R0; the printed means of animals are 6014, 1312 and 5662 cells/uL/h."""
    system = System(MODEL)
    start = system.functions.initial(system.functions.parameters(system.values()))[:, 0]
    assert np.abs(system.rhs(start)).max() < 1e-8
    for kind, computed, printed in (("L", 6105, 6014), ("B", 1166, 1312), ("T", 5670, 5662)):
        made = P[f"kout_{kind}"] * P[f"R_{kind}"]
        assert made == pytest.approx(computed, abs=0.6)
        assert made == pytest.approx(printed, rel=0.12)
    assert P["CL"] * 31 / np.log(2) == pytest.approx(P["V"], abs=6e-4)


def test_the_drug_is_linear() -> None:
    """Ten times the dose, ten times the concentration; area F dose/CL."""
    runs = [simulate(MODEL, until=672, interventions=[MODEL.intervention(a)], times=HOURS) for a in ("mg_01", "mg_1")]
    np.testing.assert_allclose(10 * runs[0]["c"], runs[1]["c"], rtol=1e-4, atol=1e-6)
    fine = np.linspace(0, 672, 20001)
    run = simulate(MODEL, until=672, interventions=[MODEL.intervention("mg_1")], times=fine, rtol=1e-9)
    assert np.trapezoid(run["c"], fine) == pytest.approx(P["F"] * 1000 / P["CL"], rel=1e-4)


def test_a_flood_of_drug() -> None:
    """Without a pool blood falls to 1 - Imax."""
    flood = Intervention("flood", [transfer("C", 1e12)])
    still = {f"kcp_{kind}": 1e-12 for kind in "LBT"}
    run = simulate(MODEL.with_values(**still), until=100, interventions=[flood], times=[0.0, 100.0], rtol=1e-9)
    for kind, name in (("L", "lymphocytes"), ("B", "B"), ("T", "T")):
        assert run[name][-1] / P[f"R_{kind}"] == pytest.approx(1 - P[f"Imax_{kind}"], rel=1e-6)
