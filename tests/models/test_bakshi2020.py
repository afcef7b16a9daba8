"""bakshi2020 gives the computed numbers of its specification (bakshi2020.md, Behavior)."""

from __future__ import annotations

import numpy as np
import pytest
from behavior import System
from reference import bakshi2020 as written

from immunode.catalogue import load_model
from immunode.study import simulate

MODEL = load_model("bakshi2020")
P = {p.name: p.value for p in MODEL.parameters}
DAYS = (1, 7, 28)
# C3 on days 1, 7 and 28; factor B and factor H on day 28 (None: not printed)
ROWS: dict[str, tuple[tuple[float, ...], float | None, float | None]] = {
    "factor_h_half": ((6.41858, 6.41238, 6.40874), 2.36845, 1.52294),
    "factor_h_tenth": ((6.41821, 6.37257, 6.20084), 2.36422, 0.304931),
    "factor_h_none": ((6.4181, 6.30983, 0.107099), 0.339169, 4.29e-4),
    "factor_h_none block_d_99": ((6.41924, 6.35841, 0.112374), 0.548787, None),
    "factor_h_none block_b_99": ((6.42084, 6.4217, 1.89641), 2.29101, None),
    "factor_h_none block_c3_90": ((7.05251, 7.83407, 1.10908), 0.381127, None),
    "factor_i_tenth": ((6.40803, 6.3977, 6.39755), 2.36637, 3.04545),
    "factor_i_none": ((0.194381, 0.159141, 0.150784), 2.07e-4, 0.170669),
    "factor_h_lost": ((6.38751, 6.41673, 6.41892), None, 3.04507),
    "trigger": ((6.41876, 6.41892, 6.41892), None, None),
    "block_c3_90": ((7.05252, 7.83557, 7.86063), None, None),
}


@pytest.mark.parametrize("arm", ROWS)
def test_arms(arm: str) -> None:
    """To the six digits printed; and nothing is negative."""
    c3, b, h = ROWS[arm]
    chosen = [MODEL.intervention(name) for name in arm.split()]
    run = simulate(MODEL, until=40320, interventions=chosen, times=[1440.0 * day for day in DAYS], rtol=1e-9)
    np.testing.assert_allclose(run["C3"], c3, rtol=2e-6, atol=6e-6)
    for name, value in (("B", b), ("H", h)):
        if value is not None:
            assert run[name][-1] == pytest.approx(value, rel=2e-6 if value > 1e-2 else 2e-3, abs=6e-6 * (value > 1e-2))
    assert all((run[name] > -1e-12).all() for name in written.STATES)


def test_the_start_is_at_rest() -> None:
    """The printed state, Bb made at 2.19e-4 umol/L a day; C3 in and out."""
    system = System(MODEL)
    start = system.functions.initial(system.functions.parameters(system.values()))[:, 0]
    at = dict(zip(system.functions.program.states, start, strict=True))
    printed = {"C3": 6.41892, "C3b": 1.73621e-6, "BC": 4.64354e-7, "BO": 1.05308e-8, "CV": 3.38261e-8,
               "CVH": 1.64125e-7, "H": 3.04545, "B": 2.36891, "CH": 5.15863e-6}  # fmt: skip
    assert {name: at[name] for name in printed} == pytest.approx(printed, rel=2e-6)
    change = dict(zip(system.functions.program.states, system.rhs(start), strict=True))
    for name in printed:
        assert abs(change[name]) < 1e-11 * max(1.0, at[name] / 1e-3)
    assert 1440 * change["Bb"] == pytest.approx(2.19e-4, rel=3e-3)
    activated = P["k1"] * at["C3"] + P["k2"] * at["CV"] * at["C3"] / (P["k3"] + at["C3"])
    assert P["ks1"] == pytest.approx(P["d1"] * at["C3"] + activated, rel=1e-9)


def test_factor_d_is_in_excess() -> None:
    """Convertase on day 7 under blocks of 90 and 99 %: 3.18154e-8 and 1.99542e-8, at rest 3.38261e-8."""
    for arm, value in (("block_d_90", 3.18154e-8), ("block_d_99", 1.99542e-8)):
        run = simulate(MODEL, until=10080, interventions=[MODEL.intervention(arm)], times=[10080.0], rtol=1e-9)
        assert run["CV"][-1] == pytest.approx(value, rel=2e-5)
