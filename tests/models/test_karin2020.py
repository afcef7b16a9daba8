"""Karin 2020 behaves as computed in its specification (hpa_stress.md): adaptation, failing drugs, slow recovery."""

from __future__ import annotations

import numpy as np
import pytest
from behavior import Array, System

from immunode.catalogue import load_model
from immunode.intervention import Intervention, during, perturb, set_to

CRH, ACTH, CORT, P, A = range(5)
MODEL = load_model("karin2020")
SYSTEM = System(MODEL)


def course(it: System, times: Array, **changes: float) -> Array:
    """Return the five states over time, (n_times, 5)."""
    return it.run(times, changes, rtol=1e-8, engine="scipy")[:, :, 0]


@pytest.mark.parametrize(
    ("u", "cort"), [(0.5, 0.499031), (1, 0.985275), (2, 1.826211), (2.15, 1.932210), (3, 2.443229), (8, 4.0)]
)
def test_exact_adaptation(u: float, cort: float) -> None:
    """Under any lasting stress CRH and ACTH return to 1 and the glands bear it; 6 digits, up to the 1e-6 of KP, KA."""
    y = SYSTEM.steady([1, 1, cort, u / cort, cort], {"u": u})
    np.testing.assert_allclose(y, [1, 1, cort, 1 + (cort / 4) ** 3, cort], rtol=5e-6)
    assert SYSTEM.eigenvalues(y, {"u": u})[0].real < 0


def test_simulated_adaptation() -> None:
    """To 5e-6 of the closed form."""
    end = course(SYSTEM, np.array([3000.0]), u=2.0)[0]
    np.testing.assert_allclose(end, [1, 1, 1.826211, 2 / 1.826211, 1.826211], rtol=5e-6)


@pytest.mark.parametrize("variant", ["", "weak_feedback", "stressed"])
def test_a_start_is_at_rest(variant: str) -> None:
    """Up to the limits of the glands, 1e-6 of a rate."""
    it = System(load_model("karin2020", variant))
    p = it.functions.parameters(it.values())
    y = it.functions.initial(p)
    rate = it.functions.rhs(0.0, y, it.functions.prepare(p))[:, 0]
    assert np.max(np.abs(rate)) < 1e-7


STRESSED = System(load_model("karin2020", "stressed"))


@pytest.mark.parametrize(("handle", "factor"), [("I1", 1 / 2.15), ("A1", 2.15), ("C1", 1 / 2.15)])
def test_drugs_on_crh_work(handle: str, factor: float) -> None:
    """Full normalization to 0.985274."""
    end = course(STRESSED, np.array([1500.0]), **{handle: factor})[0]
    assert end[CORT] == pytest.approx(0.985274, abs=2e-6)


@pytest.mark.parametrize(("handle", "factor"), [("I2", 1 / 2.15), ("I3", 1 / 2.15), ("A3", 2.15)])
def test_drugs_below_crh_fail(handle: str, factor: float) -> None:
    """Cortisol falls to 1.41 to 1.42 at day 1 and climbs back to 1.9322."""
    y = course(STRESSED, np.array([1.0, 1500.0]), **{handle: factor})[:, CORT]
    assert 1.405 < y[0] < 1.425
    assert y[1] == pytest.approx(1.9322, abs=6e-5)


def test_a_receptor_antagonist_raises_cortisol() -> None:
    assert course(STRESSED, np.array([1500.0]), C3=1 / 2.15)[0, CORT] == pytest.approx(4.1542, abs=6e-5)


def recovery(variant: str) -> tuple[float, float, float, float, float]:
    """Return after 60 days of u = 3: days until cortisol and ACTH stay within 10 %, least ACTH, adrenal, cortisol."""
    model = load_model("karin2020", variant)
    it = System(perturb(model, model.intervention("chronic_stress")))
    rest = it.functions.initial(it.functions.parameters(it.values()))[:, 0]
    times = np.arange(60, 320, 0.1)
    y = course(it, times) / rest
    back = [times[np.abs(y[:, i] - 1) > 0.1][-1] + 0.1 - 60 for i in (CORT, ACTH)]
    before = course(it, np.array([59.999]))[0] / rest
    return back[0], back[1], y[:, ACTH].min(), before[A], before[CORT]


def test_recovery_with_fast_glands() -> None:
    """Cortisol back on day 23.2, ACTH on 64.8; times on a grid of 0.1 d."""
    cort, acth, least, adrenal, _ = recovery("karin_set")
    assert cort == pytest.approx(23.2, abs=0.15)
    assert acth == pytest.approx(64.8, abs=0.15)
    assert least == pytest.approx(0.61, abs=6e-3)
    assert adrenal == pytest.approx(2.46, abs=6e-3)


def test_recovery_with_slow_glands() -> None:
    cort, acth, _, _, excess = recovery("")
    assert cort == pytest.approx(67.7, abs=0.15)
    assert acth == pytest.approx(141.5, abs=0.15)
    assert excess == pytest.approx(2.50, abs=6e-3)


def test_weak_feedback_is_worse() -> None:
    """More cortisol (3.01 x its rest on day 60), slower return of ACTH (149.5 d)."""
    _, acth, _, _, excess = recovery("weak_feedback")
    assert excess == pytest.approx(3.01, abs=6e-3)
    assert acth == pytest.approx(149.5, abs=0.15)


def test_blunted_acth_with_normal_cortisol() -> None:
    """An hour of stress, 28 days after 60 days of it (fast glands) and unstressed: rise above the start."""
    model = load_model("karin2020", "karin_set")
    test = Intervention("test", [set_to("u", 3)], during(88, 88 + 1 / 24))
    times = np.linspace(88, 88.5, 5001)
    for before, expected in (((model.intervention("chronic_stress"),), (0.49, 0.87)), ((), (0.47, 1.29))):
        y = course(System(perturb(model, test, *before)), times)
        got = y.max(axis=0) - y[0]
        assert got[CORT] == pytest.approx(expected[0], abs=6e-3)
        assert got[ACTH] == pytest.approx(expected[1], abs=6e-3)


def test_circadian_cortisol_peaks_after_the_drive() -> None:
    """The drive tops at 07:00; cortisol follows by hours, not days, and stays around its baseline."""
    it = SYSTEM.given(["circadian"])
    times = np.linspace(20, 21, 1001)
    cort = course(it, times)[:, CORT]
    lag = (times[cort.argmax()] - 20 - 7 / 24) * 24
    assert 0.5 < lag < 5
    assert cort.min() < 0.9 < 1.1 < cort.max()


def test_prednisolone_empties_the_axis_and_the_adrenal_recovers() -> None:
    it = SYSTEM.given(["prednisolone"])
    y = it.run([59.9, 260.0], engine="scipy")[:, :, 0]
    states = it.functions.program.states
    assert y[0, states.index("A")] < 0.9
    assert y[1, states.index("A")] > y[0, states.index("A")]


def test_small_adrenal_cannot_adapt_fully() -> None:
    """With KA = 4, ACTH must stay above baseline: 1/(1 - A/4) at the steady state."""
    it = System(load_model("karin2020", "small_adrenal"))
    end = course(it, np.array([3000.0]), u=2.0)[0]
    assert end[ACTH] == pytest.approx(1 / (1 - end[A] / 4), rel=1e-4)
    assert end[ACTH] > 1.2
