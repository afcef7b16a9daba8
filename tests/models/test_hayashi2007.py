"""Hayashi 2007 behaves as computed independently and as published (specification omalizumab_hayashi2007.md)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from behavior import QUICKEST, Array, System
from reference import hayashi2007 as written

from immunode.catalogue import load_model
from immunode.intervention import Intervention, perturb, pulses, transfer
from immunode.model import Model
from immunode.study import simulate

MODEL = load_model("hayashi2007")
STEADY = MODEL.variant("model_steady")
DAYS = np.array([0, 1, 7, 14, 28, 56, 84.0])
LAST = np.arange(308.0, 336.0)
SINGLE = {
    75: [482.40, 43.48, 34.32, 49.81, 89.90, 257.57, 400.83],
    150: [482.40, 24.39, 19.06, 27.12, 46.45, 122.31, 316.38],
    300: [482.40, 13.66, 10.62, 14.95, 24.89, 58.80, 154.71],
    375: [482.40, 11.34, 8.80, 12.36, 20.46, 47.23, 118.76],
}


def dosed(mg: float, every: float = 28.0, n: int = 12) -> Intervention:
    return Intervention("dosed", [transfer("depot", mg)], pulses(every=every, width=0, n=n))


def seen(model: Model, given: Any, times: Array, engine: str = "scipy", rtol: float = 1e-10) -> dict[str, Array]:
    """Return states and derived quantities over time under one intervention (a name or a record)."""
    arms = [] if not given else [model.intervention(given) if isinstance(given, str) else given]
    system = System(perturb(model, *arms))
    y = system.run(times, rtol=rtol, engine=engine)[:, :, 0]
    p = np.repeat(system.functions.parameters(system.values()), times.size, axis=1)
    names = system.functions.program.quantities
    return dict(zip(names, [*y.T, *system.functions.observe(times, y.T, p)], strict=True))


@pytest.mark.parametrize("mg", SINGLE)
def test_free_ige_after_a_single_dose(mg: int) -> None:
    """Typical patient, IgE as observed: ng/mL on seven days, to the two decimals printed."""
    once = dosed(mg, n=1)
    got = seen(MODEL, once, np.array([1e-12, *DAYS[1:]]))["ige_free"]
    np.testing.assert_allclose(got, SINGLE[mg], atol=6e-3)


@pytest.mark.parametrize("engine", ["scipy", QUICKEST])
@pytest.mark.parametrize(
    ("mg", "every", "mean"),
    [(150, 28, 22.192), (300, 28, 12.005), (225, 14, 8.225), (300, 14, 6.426), (375, 14, 5.311)],
)
def test_mean_free_ige_under_repeated_doses(mg: float, every: float, mean: float, engine: str) -> None:
    """From the model's balance; plain average of days 308 to 335, read before that day's dose."""
    got = seen(STEADY, dosed(mg, every, int(336 / every)), LAST, engine, 1e-8)["ige_free"]
    assert got.mean() == pytest.approx(mean, abs=6e-4)


def test_suppression_by_the_usual_regimen() -> None:
    """300 mg every 4 weeks: mean -97.19 %, at most 16.295 ng/mL, total IgE x5.264."""
    got = seen(STEADY, "q4w", LAST)
    assert 100 * (1 - got["ige_free"].mean() / 426.831) == pytest.approx(97.19, abs=6e-3)
    assert got["ige_free"].max() == pytest.approx(16.295, abs=6e-4)
    assert got["ige_total"].mean() / 426.831 == pytest.approx(5.264, abs=6e-4)


@pytest.mark.parametrize(
    ("ige", "mean"), [(100, 5.05), (300, 9.61), (482.4, 12.74), (700, 15.94), (1000, 19.85), (1500, 25.63)]
)
def test_more_ige_needs_more_drug(ige: float, mean: float) -> None:
    """300 mg every 4 weeks at 70 kg: the published dosing table is weight times IgE."""
    got = seen(STEADY.with_values(WT=70.0, IGE0=ige), dosed(300), LAST)["ige_free"]
    assert got.mean() == pytest.approx(mean, abs=6e-3)


def test_numbers_of_the_drug_library() -> None:
    """pk.md: 300 mg q4w x 6, IgE as observed, troughs at the end; and 150 mg once."""
    times = np.linspace(140, 168 - 1e-9, 2801)
    got = seen(MODEL, dosed(300, n=6), times)
    assert got["omalizumab"][-1] == pytest.approx(40.0, abs=0.06)
    assert got["omalizumab"].max() == pytest.approx(75.7, abs=0.06)
    assert got["ige_free"].min() == pytest.approx(9.43, abs=6e-3)
    assert got["ige_free"][-1] == pytest.approx(16.38, abs=6e-3)
    assert seen(MODEL, dosed(300, n=6), np.linspace(0, 168, 1681))["ige_total"].max() == pytest.approx(2250, abs=1)
    once = seen(MODEL, "single_dose", np.linspace(0, 140, 1401))["omalizumab"]
    assert once.max() == pytest.approx(21.4, abs=0.06)
    assert once.argmax() / 10 == pytest.approx(6.1, abs=0.06)
    slope = np.polyfit(np.arange(60, 141), np.log(once[600::10]), 1)[0]
    assert -np.log(2) / slope == pytest.approx(11.9, abs=0.06)


def test_half_production_halves_free_ige() -> None:
    """No drug: 482.4 to 213.418 ng/mL at day 40, which is half of the balance of 426.831."""
    got = seen(MODEL, "production_block", np.array([0.0, 40.0, 336.0]))["ige_free"]
    assert got[1] == pytest.approx(213.418, abs=6e-3)
    assert got[2] == pytest.approx(426.831 / 2, abs=6e-4)


def test_the_balance_is_steady_and_lower_than_the_ige_observed() -> None:
    got = seen(STEADY, "", np.array([0.0, 336.0]))["ige_free"]
    assert got == pytest.approx(426.831, abs=6e-4)
    assert got[1] == pytest.approx(got[0], rel=1e-10)


def test_half_lives() -> None:
    """ln 2 V/CLX = 23.2785 d, ln 2 V/CLE = 2.39998 d (published: 23 and 2.4)."""
    values = {p.name: p.value for p in MODEL.parameters}
    assert np.log(2) * values["V_ref"] / values["CLX_ref"] == pytest.approx(23.2785, abs=6e-5)
    assert np.log(2) * values["V_ref"] / values["CLE_ref"] == pytest.approx(2.39998, abs=6e-6)


def test_tighter_binding_leaves_less_free_ige() -> None:
    usual, tighter = (
        simulate(STEADY, until=335, interventions=[arm], times=LAST).to_frame()["ige_free"].mean()
        for arm in ("q4w", "higher_affinity")
    )
    assert tighter < 0.25 * usual


@pytest.mark.parametrize("arm", ["", *(i.name for i in MODEL.interventions)])
def test_generated_equals_hand_written(arm: str) -> None:
    """At 12 random states and parameter sets."""
    system = System(MODEL).given([arm] if arm else [])
    functions, rng = system.functions, np.random.default_rng(5)
    names = functions.program.parameters
    fixed = {p.name for p in MODEL.parameters if p.bounds and p.bounds[0] == p.bounds[1]}
    own = {p.name for p in MODEL.parameters} - fixed
    for _ in range(12):
        values = np.array(functions.program.values)
        values[[i for i, n in enumerate(names[: values.size]) if n in own]] *= np.exp(rng.normal(0, 0.3, len(own)))
        y = np.exp(rng.normal(0, 1, 3)) * [100, 1000, 50]
        p = dict(zip(names, values, strict=False))
        p["PE_mult"] = 0.5 if arm == "production_block" else p["PE_mult"]
        rows = functions.parameters(values[:, None])
        if arm == "higher_affinity":
            p["Kd0"] *= 0.2
            rows[names.index("higher_affinity.pulse")] = 1
        got = functions.rhs(0.5, y[:, None], functions.prepare(rows))[:, 0]
        # the hand-written complex is the other form of the root, which loses digits where little is bound
        np.testing.assert_allclose(got, written.rhs(0.5, y, p), rtol=1e-9, atol=1e-9)


def test_without_drug_nothing_is_bound_and_the_jacobian_is_finite() -> None:
    system = System(MODEL)
    program = system.functions.program
    p = system.functions.parameters(system.values())
    y = system.functions.initial(p)
    assert np.isfinite(system.functions.jacobian(0.0, y, system.functions.prepare(p))).all()
    observed = dict(zip(program.quantities[3:], system.functions.observe(0.0, y, p)[:, 0], strict=True))
    assert observed["complex"] == 0
    assert observed["ige_free"] == pytest.approx(482.4, rel=1e-14)
