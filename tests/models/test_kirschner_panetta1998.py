"""Kirschner and Panetta 1998 behaves as published and as computed (specification kirschner_panetta1998.md)."""

from __future__ import annotations

import numpy as np
import pytest
from behavior import System

from immunode.catalogue import load_model

MODEL = load_model("kirschner_panetta1998")
SYSTEM = System(MODEL)
P = {p.name: p.value for p in MODEL.parameters}


def steady(tumor: float, **changes: float) -> np.ndarray:
    """Return the steady state with a tumor near `tumor` cells."""
    p = {**P, **changes}
    effector = p["r2"] * (1 - p["b"] * tumor) * (p["g2"] + tumor) / p["a"]
    il2 = (p["p2"] * effector * tumor / (p["g3"] + tumor) + p["s2"]) / p["mu3"]
    return SYSTEM.steady([effector, tumor, il2], changes)


def tumor_free(s1: float, s2: float) -> list[float]:
    """Return the steady state without a tumor: E = s1/(mu2 - p1 I/(g1 + I)), I = s2/mu3."""
    il2 = s2 / P["mu3"]
    return [s1 / (P["mu2"] - P["p1"] * il2 / (P["g1"] + il2)), 0.0, il2]


def test_huge_tumor_disappears_at_c0() -> None:
    """Published 8.55e-5, computed 8.5520e-5."""
    guess = steady(9.65e8, c=8.5e-5)
    c0, _ = SYSTEM.fold("c", 8.5e-5, guess)
    assert c0 == pytest.approx(8.55e-5, abs=5e-8)
    assert c0 == pytest.approx(8.5520e-5, rel=1e-5)


def test_huge_tumor_at_low_antigenicity() -> None:
    y = steady(9.88e8, c=5e-5)
    assert y[1] == pytest.approx(9.884e8, rel=1e-4)
    assert SYSTEM.growth(y, {"c": 5e-5}) < 0


def test_waves_begin_at_a_hopf_point() -> None:
    """Published about 0.032, computed 0.032464 (5 digits)."""
    hopf = SYSTEM.turns("c", 0.031, 0.034, lambda c: steady(2e4, c=c))
    assert hopf == pytest.approx(0.032, abs=5e-4)
    assert hopf == pytest.approx(0.032464, abs=1e-6)
    assert abs(SYSTEM.eigenvalues(steady(2e4, c=hopf), {"c": hopf})[0].imag) > 0.05


@pytest.mark.parametrize(("c", "tumor"), [(0.033, 19_515), (0.035, 18_198), (0.05, 12_081)])
def test_small_lasting_tumor_above_it(c: float, tumor: float) -> None:
    y = steady(tumor, c=c)
    assert y[1] == pytest.approx(tumor, abs=1)
    assert SYSTEM.growth(y, {"c": c}) < 0


@pytest.mark.parametrize(("s2", "expected"), [(0.0, 540.0), (1e7, 433.3), (5e7, 91.8)])
def test_transfer_that_makes_the_tumor_free_state_stable(s2: float, expected: float) -> None:
    """Analytic r2 g2/a (mu2 - p1 s2/(mu3 g1 + s2)); 4 and 3 digits printed."""
    border = SYSTEM.turns("s1", 1.0, 1000.0, lambda s1: tumor_free(s1, s2)) if s2 == 0 else _border(s2)
    formula = P["r2"] * P["g2"] / P["a"] * (P["mu2"] - P["p1"] * s2 / (P["mu3"] * P["g1"] + s2))
    assert border == pytest.approx(formula, rel=1e-6)
    assert border == pytest.approx(expected, rel=6e-4)


def _border(s2: float) -> float:
    system = System(MODEL.with_values(s2=s2))
    return system.turns("s1", 1.0, 1000.0, lambda s1: tumor_free(s1, s2))


def test_il2_alone_makes_effectors_grow_without_bound_above_s2crit() -> None:
    """Without a tumor d(ln E)/dt changes sign at mu2 mu3 g1/(p1 - mu2) = 6.349e7."""
    critical = P["mu2"] * P["mu3"] * P["g1"] / (P["p1"] - P["mu2"])
    assert critical == pytest.approx(6.349e7, rel=1e-4)
    for factor, grows in ((0.999, False), (1.001, True)):
        s2 = factor * critical
        rate = SYSTEM.rhs([1e5, 0.0, s2 / P["mu3"]], {"s2": s2})
        assert (rate[0] > 0) == grows
        assert abs(rate[2]) < 1e-6 * s2


def test_il2_alone_does_not_clear_the_tumor() -> None:
    """Below the critical dose the tumor-free state is unstable, whatever the dose."""
    for s2 in (1e7, 5e7, 6.3e7):
        assert SYSTEM.eigenvalues([0.0, 0.0, s2 / P["mu3"]], {"s2": s2})[0].real > 0


def test_transfer_at_moderate_antigenicity() -> None:
    """T at day 120 and 1000; computed in logarithms, tolerance 1e-4 or the digits printed."""
    y = SYSTEM.run([120.0, 1000.0], {"c": 0.02, "s1": [550.0, 500.0]}, rtol=1e-8)[:, 1]
    assert y[0, 0] == pytest.approx(247, abs=0.5)
    assert y[1, 0] == pytest.approx(10.5, abs=0.05)
    assert y[1, 1] == pytest.approx(2687, abs=0.5)


def test_transfer_clears_slowly_at_every_antigenicity() -> None:
    """550 a day is just above 540: the tumor shrinks by 0.18 550/540 - 0.18 = 0.0033 per day."""
    y = SYSTEM.run([500.0, 1000.0], {"c": [0.035, 0.02, 5e-5], "s1": 550.0}, rtol=1e-8)[:, 1]
    assert np.all(y[1] < 0.5 * y[0])
    assert np.all(y[1] < 20)


def test_untreated_arms() -> None:
    """Damped at 0.035, waves at 0.02, huge at 5e-5, as the default arms of the specification."""
    y = SYSTEM.run(np.linspace(0, 1000, 2001), {"c": [0.035, 0.02, 5e-5]}, rtol=1e-8)[:, 1]
    assert y[-1, 2] == pytest.approx(9.884e8, rel=1e-4)
    assert y[600:, 0].min() > 1e3
    assert y[:, 1].min() < 1e-3
    assert y[:, 1].max() > 1e5


def test_sweeps_survive_the_deep_troughs() -> None:
    """All of the published range of c, +-30 % on the rest: T falls to 1e-100 and lower, and no run fails."""
    rng = np.random.default_rng(1)
    changes = {name: value * np.exp(rng.uniform(-0.3, 0.3, 200)) for name, value in P.items()}
    changes["c"] = rng.uniform(0, 0.05, 200)
    tumor = SYSTEM.run(np.linspace(0, 1000, 1001), changes, rtol=1e-6)[:, 1]
    assert tumor.min() > -1e-150
    assert np.abs(tumor).min() < 1e-100
    assert tumor[:, tumor.max(axis=0) > 0].max() < 2e9


@pytest.mark.slow
@pytest.mark.parametrize(
    ("c", "low", "high", "period"),
    [(0.02, 1.3e-4, 3.76e5, 242), (0.025, 19, 1.66e5, 151), (0.03, 2.16e3, 6.90e4, 107), (0.032, 7.5e3, 4.05e4, 96.5)],
)
def test_waves_have_the_computed_size_and_period(c: float, low: float, high: float, period: float) -> None:
    """Days 2400 to 6000, in the digits printed (trough at 0.02: 2 digits)."""
    times = np.linspace(2400, 6000, 72_001)
    tumor = SYSTEM.run(times, {"c": c}, rtol=1e-10, engine="scipy")[:, 1, 0]
    assert tumor.min() == pytest.approx(low, rel=0.04)
    assert tumor.max() == pytest.approx(high, rel=2e-3)
    inner = tumor[1:-1]
    peaks = np.flatnonzero((inner > tumor[:-2]) & (inner >= tumor[2:]))
    assert np.diff(times[peaks + 1]).mean() == pytest.approx(period, abs=0.5)


@pytest.mark.slow
@pytest.mark.parametrize(("c", "low", "high", "period"), [(0.03, 2.19e3, 6.88e4, 107), (0.032, 9.5e3, 3.56e4, 95.9)])
def test_waves_near_the_hopf_point_settle_late(c: float, low: float, high: float, period: float) -> None:
    """What the waves become in the end, to the digits printed; at 0.032 that takes 20,000 days."""
    begin = 8_000 if c == 0.03 else 20_000
    times = np.linspace(begin, begin + 1000, 20_001)
    tumor = SYSTEM.run(times, {"c": c}, rtol=1e-10, engine="scipy")[:, 1, 0]
    assert tumor.min() == pytest.approx(low, rel=6e-3)
    assert tumor.max() == pytest.approx(high, rel=2e-3)
    inner = tumor[1:-1]
    peaks = np.flatnonzero((inner > tumor[:-2]) & (inner >= tumor[2:]))
    assert np.diff(times[peaks + 1]).mean() == pytest.approx(period, abs=0.1 if c == 0.032 else 0.5)
