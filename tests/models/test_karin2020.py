"""Karin 2020 behaves as computed (hpa_stress.md, karin2020_gc.md): adaptation, drugs that fail, slow recovery."""

from __future__ import annotations

import numpy as np
import pytest
from behavior import Array, System

from immunode.catalogue import load_model
from immunode.intervention import Intervention, add, during, perturb, set_to
from immunode.model import Model

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


@pytest.mark.slow
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


def after(c_ex: float, days: float, model: Model = MODEL, **changes: float) -> tuple[Array, Array, Array]:
    """Return days since the stop, the states relative to rest, and those of the last day on the drug."""
    drug = Intervention("drug", [add("c_ex", c_ex)], during(0, days))
    it = System(perturb(model, drug))
    rest = it.functions.initial(it.functions.parameters(it.values()))[:, 0]
    times = np.concatenate([[days - 1e-6], days + np.arange(0, 200.01, 0.02)])
    y = it.run(times, changes, rtol=1e-9, engine="scipy")[:, :, 0] / rest
    return times[1:] - days, y[1:], y[0]


@pytest.mark.parametrize(
    ("c_ex", "days", "m_ex", "on", "course_after", "back", "top", "normal"),
    [
        (4, 60, 1, (0.003, 0.010, 0.162, 0.260), {1: (0.137, 0.535), 7: (0.200, 0.818), 28: (0.516, 1.732),
         56: (0.839, 1.709), 84: (1.034, 1.448), 120: (1.115, 1.202), 180: (1.076, 1.020)}, 62.7, (1.80, 38.9), 144.8),
        (4, 14, 1, (0.030, 0.040, 0.653, 0.736), {1: (0.706, 0.960), 7: (0.734, 1.002), 28: (0.826, 1.096),
         56: (0.920, 1.130), 84: (0.979, 1.111), 120: (1.015, 1.068), 180: (1.020, 1.017)}, 49.2, (1.13, 55.4), 93.8),
        (4, 5, 1, (0.047, 0.052, 0.859, 0.897), {1: (0.885, 0.986), 7: (0.896, 0.999), 28: (0.931, 1.030),
         56: (0.967, 1.043), 84: (0.990, 1.039)}, 9.1, (1.04, None), 0),
        (4, 180, 1, (0.000, 0.000, 0.004, 0.016), {1: (0.000, 0.014), 7: (0.000, 0.022), 28: (0.001, 0.095),
         56: (0.004, 0.693), 84: (0.060, 5.04), 120: (1.327, 2.83), 180: (1.474, 1.17)}, 105.3, (9.08, 92), 189.0),
        (1, 60, 1, (0.215, 0.433, 0.547, 0.496), {1: (0.537, 1.080), 7: (0.588, 1.163), 28: (0.751, 1.313),
         56: (0.915, 1.300), 84: (1.008, 1.213), 120: (1.051, 1.109), 180: (1.038, 1.016)}, 52.8, (1.33, 38), 123.6),
        (0.5, 60, 1, (0.526, 0.750, 0.778, 0.700), {1: (0.749, 1.069), 7: (0.779, 1.098), 28: (0.869, 1.150),
         56: (0.954, 1.144), 84: (1.002, 1.107), 120: (1.025, 1.058), 180: (1.020, 1.010)}, 36.8, (1.15, None), 88.9),
        (4, 60, 0, (0.370, 0.689, 1.307, 0.537), {1: (0.852, 1.565), 7: (0.897, 1.528), 28: (1.013, 1.383)},
         7.4, (1.57, 0.5), 87.0),
    ],
)  # fmt: skip
def test_after_a_glucocorticoid(
    c_ex: float,
    days: float,
    m_ex: float,
    on: tuple[float, ...],
    course_after: dict[int, tuple[float, float]],
    back: float,
    top: tuple[float, float | None],
    normal: float,
) -> None:
    """Last day on, days after, return of cortisol (0.9), top of ACTH, its return (10 %); days within 0.3."""
    day, y, last = after(c_ex, days, m_ex=m_ex)
    np.testing.assert_allclose(last[[CORT, ACTH, P, A]], on, atol=6e-4)
    for when, expected in course_after.items():
        digits = [6e-4, 6e-3 if expected[1] > 2 else 6e-4]
        i = int(np.argmin(np.abs(day - when)))
        assert y[i, CORT] == pytest.approx(expected[0], abs=digits[0]), when
        assert y[i, ACTH] == pytest.approx(expected[1], abs=digits[1] if when != 180 or days != 180 else 6e-3), when
    assert day[y[:, CORT] < 0.9][-1] == pytest.approx(back, abs=0.3)
    later = day >= 0.5
    assert y[later, ACTH].max() == pytest.approx(top[0], abs=6e-3)
    if top[1] is not None:
        assert day[later][y[later, ACTH].argmax()] == pytest.approx(top[1], abs=0.55)
    outside = day[later][np.abs(y[later, ACTH] - 1) > 0.1]
    assert (outside[-1] if outside.size else 0) == pytest.approx(normal, abs=0.3)


def test_glands_or_floor_change_the_recovery() -> None:
    """Fast glands: 36.4 d, ACTH 6.147 (told: 6.12); floor c0/5: 59.9 d, 1.75; c0/2: 81.7, 2.08."""
    c0 = 0.9852751735364761
    for model, changes, back, top in (
        (load_model("karin2020", "karin_set"), {}, 36.4, 6.147),
        (MODEL, {"c_least": c0 / 5}, 59.9, 1.75),
        (MODEL, {"c_least": c0 / 2}, 81.7, 2.08),
    ):
        day, y, _ = after(4, 60, model, **changes)
        assert day[y[:, CORT] < 0.9][-1] == pytest.approx(back, abs=0.3)
        assert y[day >= 0.5, ACTH].max() == pytest.approx(top, abs=6e-3)


def test_the_order_of_graber() -> None:
    """ACTH below 0.9 for 8.3 days, above 1.1 from day 11.2 to 144.8; cortisol is normal between, on day 62.7."""
    day, y, _ = after(4, 60)
    low, above = day[y[:, ACTH] < 0.9], day[y[:, ACTH] > 1.1]
    assert low[-1] == pytest.approx(8.3, abs=0.3)
    assert above[0] == pytest.approx(11.2, abs=0.3)
    assert above[-1] == pytest.approx(144.8, abs=0.3)


@pytest.mark.parametrize("c_ex", [0.2, 0.5, 0.6])
def test_a_small_dose_leaves_the_total_as_it_was(c_ex: float) -> None:
    """Below c0 (and above the floor): cortisol = c0 - c_ex, ACTH = CRH = 1, adrenal = cortisol, pituitary unchanged."""
    c0 = 0.9852751735364761
    y = SYSTEM.steady([1, 1, c0 - c_ex, 1.0149, c0 - c_ex], {"c_ex": c_ex})
    np.testing.assert_allclose(y, [1, 1, c0 - c_ex, 1.0149448873360645, c0 - c_ex], rtol=5e-6)


def test_published_numbers_do_not_see_the_floor() -> None:
    """u = 0.5, the least drive published, rests at 0.499, above c0/3."""
    assert SYSTEM.steady([1, 1, 0.5, 1, 0.5], {"u": 0.5})[CORT] > {p.name: p.value for p in MODEL.parameters}["c_least"]
