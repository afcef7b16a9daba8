"""The package's small lupus model behaves as computed (specification lupus_sle_min.md)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from behavior import Array, System
from reference import lupus_minimal as written

from immunode.catalogue import load_model
from immunode.intervention import drug

MODEL = load_model("lupus")
SYSTEM = System(MODEL, free=("B", "Bn", "aab", "ifn", "c3", "ptu"))
P = {p.name: p.value for p in MODEL.parameters}
BASELINE = (143.0, 306.0, 470.0, 21.0, 555.0, 3060.0)


def at(days: float | list[float], *arms: str) -> Array:
    """Return the states at `days`, shape (n_times, n_states)."""
    return np.asarray(SYSTEM.given(arms).run(days)[:, :, 0])


def sledai(c3: float) -> float:
    return P["sledai0"] - P["sledai_c3"] * c3


def test_baseline_is_a_stable_steady_state() -> None:
    """Residual 0 to rounding; eigenvalues to the digits printed; SLEDAI 11.44."""
    rates = np.array([P["kg"] * 143, P["k0"], P["kaab"] * 470, P["kifn"] * 21, P["vc3"], P["vptu"]])
    np.testing.assert_allclose(SYSTEM.rhs(BASELINE) / rates, 0, atol=1e-14)
    eigenvalues = SYSTEM.eigenvalues(BASELINE)
    assert np.all(eigenvalues.imag == 0)
    expected = [-0.00352, -0.0193, -0.01945, -0.0300, -0.908, -23.04]
    np.testing.assert_allclose(eigenvalues.real, expected, rtol=2e-3)
    assert sledai(555.0) == pytest.approx(11.44, abs=1e-9)


def test_untreated_nothing_moves_but_damage() -> None:
    """One year of damage a year."""
    y = at([365.0, 730.0])
    np.testing.assert_allclose(y[:, :6], [BASELINE, BASELINE], rtol=1e-12)
    np.testing.assert_allclose(y[:, 6], [1, 2], rtol=1e-9)


@pytest.mark.parametrize(
    "drugs",
    [
        {"eps_baff": 0.5},
        {"eps_ifnar": 0.9},
        {"eps_baff": 0.5, "eps_ifnar": 0.9},
        {"eps_pdc": 0.5},
        {"T4": 0.3},
        {"eps_baff": 0.3, "eps_ifnar": 0.5, "eps_pdc": 0.2, "T4": 0.7},
    ],
)
def test_long_runs_end_in_the_closed_form(drugs: dict[str, float]) -> None:
    """4000 days at rtol 1e-9; the root of the right-hand side to 1e-11 (the specification: 2e-12 at rtol 1e-10)."""
    expected = written.lasting({**P, **drugs})
    np.testing.assert_allclose(SYSTEM.run(4000.0, drugs)[0, 2:6, 0], expected, rtol=1e-7)
    b = 143 * (1 - drugs.get("eps_baff", 0))
    np.testing.assert_allclose(SYSTEM.steady([b, 449 - b, *expected], drugs)[2:], expected, rtol=1e-11)


@pytest.mark.parametrize(
    ("arm", "aab", "c3", "ptu"),
    [
        ("belimumab_like", 219.43, 598.9, 1531.4),
        ("anifrolumab_like", 374.28, 567.8, 394.3),
        ("belimumab_plus_anifrolumab", 174.74, 612.6, 197.3),
        ("hydroxychloroquine_like", 438.86, 558.8, 1651.3),
        ("helper_t_block", 125.17, 633.3, 919.5),
        ("plasma_exchange", 101.62, 646.6, 760.8),
    ],
)
def test_two_years_of_treatment(arm: str, aab: float, c3: float, ptu: float) -> None:
    """To half of the last digit printed."""
    y = at(730.0, arm)[0]
    assert y[2] == pytest.approx(aab, abs=6e-3)
    assert y[4] == pytest.approx(c3, abs=0.06)
    assert y[5] == pytest.approx(ptu, abs=0.06)


def test_relapse_after_a_weak_depletion() -> None:
    """B 0.087 on day 90; day 730: B 141.996, aab 460.85, ptu 2859 (digits printed)."""
    y = at([90.0, 730.0], "rituximab_like")
    assert y[0, 0] == pytest.approx(0.087, abs=5e-4)
    assert y[1, 0] == pytest.approx(141.996, abs=6e-4)
    assert y[1, 2] == pytest.approx(460.85, abs=6e-3)
    assert y[1, 5] == pytest.approx(2859, abs=0.6)


def test_day_of_the_return_of_b_cells() -> None:
    """Half of B0 on day 473.5 at 0.15 per day, 171.8 at 0.05, 936.1 at 0.3 (1 decimal)."""
    kdep = np.array([0.05, 0.15, 0.3])
    times = np.arange(60.0, 1000.0, 0.05)
    b = SYSTEM.given(["rituximab_like"]).run(times, {"rituximab_like.set_to": kdep})[:, 0]
    back = times[(b > 71.5).argmax(axis=0)]
    np.testing.assert_allclose(back, [171.8, 473.5, 936.1], atol=0.11)


def test_deep_depletion() -> None:
    """C3 741 on day 90, 1110.9 on 365, 1111.6 on 730 with SLEDAI 5.87; with long-lived plasma cells only 633."""
    y = at([90.0, 365.0, 730.0], "cart_cd19_like")
    np.testing.assert_allclose(y[:, 4], [741, 1110.9, 1111.6], atol=0.51)
    np.testing.assert_allclose(y[1:, 4], [1110.9, 1111.6], atol=0.06)
    assert sledai(y[2, 4]) == pytest.approx(5.87, abs=6e-3)
    assert at(730.0, "cart_cd19_like", "long_lived_plasma_cells")[0, 4] == pytest.approx(633, abs=0.6)


def test_b_cells_are_extinct_after_car_t() -> None:
    assert at([40.0, 730.0], "cart_cd19_like")[:, 0] == pytest.approx([0, 0], abs=0)


def test_without_extinction_the_numbers_are_the_same_until_a_relapse_in_twelve_years() -> None:
    """ln(B/B0) on day 30 is -82, and half of B0 is back on day 4291: the closed form of logistic growth with loss.

    B is far below any tolerance there, so the run without extinction is compared in the other states (to 0.01 %).
    """
    rate = P["kg"] - 2.76
    log_b = 30 * rate + np.log(rate / (rate + P["kg"] * np.expm1(30 * rate)))
    assert log_b == pytest.approx(-82, abs=0.5)
    assert 30 - log_b / P["kg"] == pytest.approx(4291, abs=1)
    never = MODEL.replace(states=[replace(s, extinct_below=0.0) for s in MODEL.states])
    y = System(never).given(["cart_cd19_like"]).run([90.0, 365.0, 730.0])[:, :, 0]
    np.testing.assert_allclose(y[:, 4:], at([90.0, 365.0, 730.0], "cart_cd19_like")[:, 4:], rtol=1e-4, atol=1e-2)
    assert np.all(np.abs(y[:, 0]) < 1e-6)


def test_a_high_floor_would_wrongly_cure_after_rituximab() -> None:
    """A floor above 0.04 cells/uL; B is lowest near 0.05 on day 60."""
    lowest = at(60.0, "rituximab_like")[0, 0]
    assert 0.04 < lowest < 0.06
    high = MODEL.replace(states=[replace(s, extinct_below=0.06) if s.name == "B" else s for s in MODEL.states])
    assert System(high).given(["rituximab_like"]).run(730.0)[0, 0, 0] == 0


def test_belimumab_of_the_library() -> None:
    """Mean steady concentration of 200 mg weekly: 103.9 ug/mL."""
    pk = drug("belimumab").pk
    mean = pk.F * 200 / (pk.CL * 7)
    assert mean == pytest.approx(103.9, abs=0.05)
