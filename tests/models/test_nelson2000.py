"""Nelson 2000 behaves as published and as computed (specification viral_tcl_hiv.md)."""

from __future__ import annotations

import numpy as np
import pytest
from behavior import System

from immunode.catalogue import load_model

MODEL = load_model("nelson2000")
SYSTEM = System(MODEL)
P = {p.name: p.value for p in MODEL.parameters}
START = (182_215.743, 1610.3171, 128_825.370, 0.0)


def test_a_patient_starts_in_the_untreated_balance() -> None:
    """To the 8 or 9 digits printed."""
    y = SYSTEM.run([0.0, 100.0])[:, :, 0]
    np.testing.assert_allclose(y[0], START, rtol=3e-8)
    np.testing.assert_allclose(y[1], y[0], rtol=1e-9)


def test_source_of_target_cells() -> None:
    """0.01 * 1.8e5 + k * 1.34e5 * 1.8e5 = 2627.316."""
    assert P["lam"] == pytest.approx(P["d"] * 1.8e5 + P["k"] * 1.34e5 * 1.8e5, abs=1e-9)


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
    r = P["N"] * P["k"] * P["lam"] / (P["d"] * P["c"])
    assert r == pytest.approx(1.4419, abs=5e-5)
    assert 1 - 1 / r == pytest.approx(0.3065, abs=5e-5)
    efficacy = 1 - 1 / r + np.array([-0.01, 0.01])
    free = [P["lam"] / P["d"], 0.0, 0.0, 0.0]
    for e, grows in zip(efficacy, (True, False), strict=True):
        for changes in ({"e_pi": e}, {"e_rt": e}, {"e_pi": 1 - np.sqrt(1 - e), "e_rt": 1 - np.sqrt(1 - e)}):
            assert (SYSTEM.eigenvalues(free, changes)[0].real > 0) == grows


def test_weak_inhibitor_settles_at_a_lower_level_after_a_rebound() -> None:
    """PI of 0.2: virus 5.594e4 in the end, after falling lower; 4 digits printed."""
    y = SYSTEM.given(["protease_inhibitor_weak"]).run(np.arange(0, 4001, 5.0))[:, :, 0]
    virus = y[:, 2] + y[:, 3]
    assert virus[-1] == pytest.approx(5.594e4, abs=5.1)
    assert virus.min() < 0.9 * virus[-1]
