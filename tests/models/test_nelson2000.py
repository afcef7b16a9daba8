"""Nelson 2000 behaves as published and as computed (specification viral_tcl_hiv.md)."""

from __future__ import annotations

import numpy as np
import pytest
from behavior import System

from immunode.analysis.treatment.expectations import check_expectations
from immunode.catalogue import load_model
from immunode.intervention import Intervention, scale, set_to
from immunode.study import simulate

MODEL = load_model("nelson2000")
SYSTEM = System(MODEL)
P = {p.name: p.value for p in MODEL.parameters}
LAM = P["d"] * 1.8e5 + P["k"] * 1.34e5 * 1.8e5
START = (182_215.743, 1610.3171, 128_825.370, 0.0)


def test_a_patient_starts_in_the_untreated_balance() -> None:
    """To the 8 or 9 digits printed."""
    y = SYSTEM.run([0.0, 100.0])[:, :, 0]
    np.testing.assert_allclose(y[0], START, rtol=3e-8)
    np.testing.assert_allclose(y[1], y[0], rtol=1e-9)


def test_source_of_target_cells() -> None:
    """0.01 * 1.8e5 + k * 1.34e5 * 1.8e5 = 2627.316, and its balance has the virus V0 before treatment."""
    assert pytest.approx(2627.316, abs=1e-9) == LAM
    assert P["V0"] == pytest.approx(P["N"] / P["c"] * (LAM - P["d"] * P["c"] / (P["N"] * P["k"])), rel=1e-12)
    assert simulate(MODEL)["lam"] == pytest.approx(2627.316, rel=1e-12)


@pytest.mark.parametrize("parameter", ["k", "N", "c", "d", "delta"])
def test_a_drug_does_not_change_the_source_of_target_cells(parameter: str) -> None:
    """It belongs to the untreated patient; nor does a drug change the start."""
    run = simulate(MODEL, interventions=[Intervention("drug", scale(parameter, 0.5))])
    assert run["lam"] == pytest.approx(2627.316, rel=1e-12)
    for state, value in zip(("T", "I", "V_I", "V_NI"), START, strict=True):
        assert run[state][0] == pytest.approx(value, rel=3e-8)


def test_a_weaker_infection_is_an_inhibitor_of_reverse_transcriptase() -> None:
    """k x 0.5 during the run and e_rt = 0.5 are one equation, since the source stays; 312.351 after 28 days."""
    run = simulate(MODEL, interventions=[Intervention("entry", scale("k", 0.5))])
    assert run["virus"][-1] == pytest.approx(312.351, rel=1e-5)


@pytest.mark.parametrize(
    ("e_pi", "e_rt", "virus"),
    [(0.5, 0, 335.534), (0.8, 0, 4.08482), (1, 0, 0.15428), (0.2, 0, 15_824.4), (0, 0.9, 0.70485), (0, 0.5, 312.351),
     (0.9, 0.9, 0.155718)],
)  # fmt: skip
def test_virus_after_28_days(e_pi: float, e_rt: float, virus: float) -> None:
    """To the 5 or 6 digits printed: the numbers of before the virus became the parameter."""
    arm = Intervention("arm", [set_to("e_pi", e_pi), set_to("e_rt", e_rt)])
    run = simulate(MODEL, interventions=[arm], rtol=1e-9)
    assert run["virus"][-1] == pytest.approx(virus, rel=1e-5)


@pytest.mark.parametrize(
    ("arm", "expected"),
    [
        ("protease_inhibitor", (110_201, 77_749.6, 11_468.1, 796.547)),
        ("rt_inhibitor", (95_812.2, 62_246.0, 6888.31, 318.795)),
        ("both_inhibitors", (94_017.1, 58_324.6, 4944.34, 155.969)),
    ],
)
def test_virus_on_the_way(arm: str, expected: tuple[float, ...]) -> None:
    """On day 1, 2, 7 and 14, to the 6 digits printed."""
    y = SYSTEM.given([arm]).run([1.0, 2.0, 7.0, 14.0], rtol=1e-9)[:, :, 0]
    np.testing.assert_allclose(y[:, 2] + y[:, 3], expected, rtol=5e-6)


def test_each_patient_is_infected_and_every_expectation_holds_in_each() -> None:
    """R = 1 + k V0/d; 21 expectations, in 100 % of 128 sampled sets, at the end and on average."""
    r = P["N"] * P["k"] * LAM / (P["d"] * P["c"])
    assert 1 + P["k"] * P["V0"] / P["d"] == pytest.approx(r, rel=1e-12)
    found = check_expectations(MODEL, n=128)
    assert [item.share for item in found.items] == [1.0] * 42


@pytest.mark.parametrize(("efficacy", "rate"), [(0.5, -0.2293), (0.8, -0.3853), (1.0, -0.5)])
def test_slowest_decay_while_target_cells_are_constant(efficacy: float, rate: float) -> None:
    """Published formula; 4 digits printed. Infected cells and infectious virus, with T held (as rounded in START)."""
    whole = SYSTEM.jacobian(START, {"e_pi": efficacy})
    found = np.linalg.eigvals(whole[1:3, 1:3]).real.max()
    total = P["delta"] + P["c"]
    formula = -total / 2 + np.sqrt(total**2 - 4 * efficacy * P["delta"] * P["c"]) / 2
    assert found == pytest.approx(formula, rel=1e-8)
    assert found == pytest.approx(rate, abs=5.1e-5)


@pytest.mark.parametrize(("efficacy", "slope"), [(0.5, -0.2254), (0.8, -0.3830), (1.0, -0.5000)])
def test_slope_of_virus_in_the_first_week(efficacy: float, slope: float) -> None:
    """ln(V_I + V_NI) from day 5 to 7; 4 digits printed. About delta times the efficacy."""
    system = SYSTEM.given(["protease_inhibitor"])
    y = system.run([5.0, 7.0], {"protease_inhibitor.set_to": efficacy})[:, :, 0]
    virus = y[:, 2] + y[:, 3]
    found = np.log(virus[1] / virus[0]) / 2
    assert found == pytest.approx(slope, abs=5.1e-5 if efficacy < 1 else 1e-4)
    assert found == pytest.approx(-P["delta"] * efficacy, rel=0.1)


def test_total_efficacy_that_clears() -> None:
    """R = 1.4419, so that a total efficacy above 0.3065 clears; 4 digits printed."""
    r = P["N"] * P["k"] * LAM / (P["d"] * P["c"])
    assert r == pytest.approx(1.4419, abs=5e-5)
    assert 1 - 1 / r == pytest.approx(0.3065, abs=5e-5)
    efficacy = 1 - 1 / r + np.array([-0.01, 0.01])
    free = [LAM / P["d"], 0.0, 0.0, 0.0]
    for e, grows in zip(efficacy, (True, False), strict=True):
        for changes in ({"e_pi": e}, {"e_rt": e}, {"e_pi": 1 - np.sqrt(1 - e), "e_rt": 1 - np.sqrt(1 - e)}):
            assert (SYSTEM.eigenvalues(free, changes)[0].real > 0) == grows


def test_weak_inhibitor_settles_at_a_lower_level_after_a_rebound() -> None:
    """PI of 0.2: virus 5.594e4 in the end, after falling lower; 4 digits printed."""
    y = SYSTEM.given(["protease_inhibitor_weak"]).run(np.arange(0, 4001, 5.0))[:, :, 0]
    virus = y[:, 2] + y[:, 3]
    assert virus[-1] == pytest.approx(5.594e4, abs=5.1)
    assert virus.min() < 0.9 * virus[-1]
