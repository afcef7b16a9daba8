"""hibma2026 gives the computed numbers of its specification (hibma2026.md, Behavior to reproduce)."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.catalogue import load_model
from immunode.model import Model
from immunode.study import Arms, from_table, simulate, sweep

MODEL = load_model("bispecific")
P = {p.name: p.value for p in MODEL.parameters}
EARLY = 1e-9
OMEGA2 = {"CL": 1.0020, "Vc": 0.47005, "Vp": 0.022, "Q": 0.022, "ka": 0.46799, "F": 0.022, "CLt": 20.0767,
          "Vt": 1.84906, "B0": 1.81199, "CLx": 0.62695, "Vx": 0.49098, "Kd": 0.022}  # fmt: skip
ARMS = ["step_up", "step_up_4_20", "single_priming", "no_step_up"]


def course(times: list[float], *given: str, model: Model = MODEL) -> dict[str, np.ndarray]:
    frame = simulate(model, until=times[-1], interventions=list(given), times=times, rtol=1e-10).to_frame()
    return {name: frame[name].to_numpy() for name in frame}


@pytest.mark.parametrize(
    ("arm", "free", "total", "low", "high"),
    [
        ("step_up", (288.561, 1588.03, 5688.38, 16606.6), 18231.4, 0.49941, 0.75724),
        ("step_up_4_20", (90.6677, 743.55, 4682.54, 16602.8), 18227.8, 0.17289, 0.39525),
        ("single_priming", (1308.10, 1723.42, 5477.46, 16606.1), None, 0.88473, 0.96000),
        ("no_step_up", (2644.03, 3446.77, 6914.54, 16611.8), 18236.2, 0.95203, 0.98414),
    ],
)
def test_the_typical_man(arm: str, free: tuple[float, ...], total: float | None, low: float, high: float) -> None:
    """Free drug on day 3, before the doses of days 7 and 14, and on day 168; risk of CRS at a low and high burden."""
    got = course([0, 3, 7 - EARLY, 14 - EARLY, 168 - EARLY], arm)
    digits = [6e-3 if arm == "single_priming" or arm == "no_step_up" else 6e-4, 6e-3, 6e-3, 0.06]
    assert (np.abs(got["free"][1:] - free) < digits).all()
    if total is not None:
        assert got["total"][-1] == pytest.approx(total, abs=0.06)
    assert got["p_crs"][-1] == pytest.approx(100 * low, abs=6e-4)
    burdened = course([0, 3, 4], arm, model=MODEL.with_values(high=1.0))
    assert burdened["p_crs"][-1] == pytest.approx(100 * high, abs=6e-4)


def test_the_woman_and_the_time_after_treatment() -> None:
    woman = course([0, 3, 168 - EARLY], "step_up", model=MODEL.variant("woman"))["free"]
    assert woman[1] == pytest.approx(295.43, abs=6e-3)
    assert woman[2] == pytest.approx(32702.5, abs=0.06)
    after = course([0, 168 - EARLY, 221, 245, 281, 341], "step_up")
    np.testing.assert_allclose(after["free"][2:], [1820.3, 713.33, 176.90, 18.217], rtol=3e-5)
    assert after["total"][3] == pytest.approx(1370.04, abs=6e-3)
    assert after["sbcma_free"][1] == pytest.approx(0.30703, abs=6e-6)
    days = np.linspace(260.0, 290.0, 301)
    low = course([0, *days], "step_up")["free"][1:] < 212
    assert days[low.argmax()] - 161 == pytest.approx(115, abs=1)


def test_less_often_after_24_weeks() -> None:
    """The same until day 168; then twelve doses every two weeks and one every four."""
    weekly = course([0, 168 - EARLY, 400], "step_up")
    after = course([0, 168 - EARLY, 168 + EARLY, 322 + EARLY, 336 + EARLY, 364 + EARLY, 400], "q2w_after_24w")
    assert after["free"][1] == pytest.approx(weekly["free"][1], rel=1e-9)
    fresh = {time: after["depot"][i] for i, time in enumerate([0, 168, 168.1, 322, 336, 364])}
    assert all(76 < fresh[time] < 90 for time in (322, 336, 364))
    assert after["free"][-1] > 10 * weekly["free"][-1]


def test_limits_of_the_equations() -> None:
    """No dose: target stands still and nobody has CRS. Complex below either part. Risk rises with dose."""
    still = course([0.0, 100.0, 168.0])
    np.testing.assert_allclose(still["A4"], P["B0"] * P["Vt"], rtol=1e-9)
    np.testing.assert_allclose(still["sbcma_free"], 6.914, rtol=1e-9)
    assert not still["p_crs"].any()
    given = course([0.0, 3.0, 7.0, 50.0, 168.0], "step_up")
    assert (given["X"] <= np.minimum(given["A1"], given["A4"])).all()
    assert given["X"] * P["Kd"] / P["Vx"] == pytest.approx(given["Cf"] * given["Sf"])
    assert course([0.0, 3.0, 4.0], "step_up", model=MODEL.with_values(F=1e-4))["p_crs"][-1] < 0.05
    risk = 100 / (1 + np.exp(7.65 - 1.35 * np.log(288.561)))
    assert course([0.0, 3.0, 4.0], "step_up")["p_crs"].tolist()[0] == 0
    assert course([0.0, 3.0, 4.0], "step_up")["p_crs"][-1] == pytest.approx(risk, rel=1e-5)


def test_slopes_of_elimination() -> None:
    """0.0678 (free drug over its volume) and 0.0431 (complex) per day, as published: 0.068 and 0.043."""
    assert P["CL"] / P["Vc"] == pytest.approx(0.0678, abs=6e-5)
    assert P["CLx"] / P["Vx"] == pytest.approx(0.0431, abs=6e-5)


def test_the_declared_random_effects_are_those_quoted() -> None:
    assert {v.parameter: v.sd**2 for v in MODEL.variability} == pytest.approx(OMEGA2)


@pytest.mark.slow
def test_the_population() -> None:
    """2,000 patients drawn as the specification says: means of the risk within 3 points, free drug within 12 %."""
    rng, n = np.random.default_rng(0), 2000
    values = {"female": (rng.random(n) < 0.48) * 1.0}
    values["weight"] = np.clip(71.5 * np.exp(np.sqrt(np.log1p(0.24**2)) * rng.standard_normal(n)), 36.5, 159.6)
    values["age"] = np.clip(65.3 + 9.7 * rng.standard_normal(n), 36, 89)
    for name, omega2 in OMEGA2.items():
        values[name] = P[name] * np.exp(np.sqrt(omega2) * rng.standard_normal(n))
    values["F"] = np.minimum(values["F"], 1.0)
    values["high"] = (rng.random(n) < 38 / 169) * 1.0
    asked = ["at(free, 3)", "at(p_crs, 4)", "trough(A1)", "trough(A4)"]
    arms = Arms({arm: [arm] for arm in ARMS})
    table = sweep(MODEL, from_table(values) * arms, until=4, endpoints=asked).table()
    assert (table["status"] == "ok").all()
    assert (table[["trough(A1)", "trough(A4)"]] >= -1e-9).all(axis=None)
    rows = {arm: table[table["arm"] == arm] for arm in ARMS}
    free = np.log(rows["step_up"]["at(free, 3)"])
    assert np.exp(free.mean()) == pytest.approx(196, rel=0.12)
    assert 100 * np.sqrt(np.expm1(free.var())) == pytest.approx(152, rel=0.12)
    np.testing.assert_allclose(np.exp(np.quantile(free, [0.05, 0.5, 0.95])), [27.9, 226, 940], rtol=0.12)
    for arm, risk in zip(ARMS, [46.6, 21.4, 76.9, 85.8], strict=True):
        assert rows[arm]["at(p_crs, 4)"].mean() == pytest.approx(risk, abs=3)
    by_burden = rows["step_up"].groupby("high")["at(p_crs, 4)"].mean()
    assert list(by_burden) == pytest.approx([42.0, 61.5], abs=3)
