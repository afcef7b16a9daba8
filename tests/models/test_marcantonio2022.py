"""Marcantonio 2022 behaves as computed independently (specification pk.md, 'Adalimumab - TNF - TNFR')."""

from __future__ import annotations

import numpy as np
import pytest
from behavior import Array, System
from reference import marcantonio2022 as written

from immunode.catalogue import load_model

MODEL = load_model("marcantonio2022")
SYSTEM = System(MODEL)
LAST = {"standard": 154.0, "low_dose": 154.0, "weekly": 161.0}
RANGES = {"standard": (89.50, 91.34), "weekly": (94.98, 95.23), "low_dose": (80.81, 84.15)}


def seen(arm: str, times: Array, variant: str = "", engine: str = "scipy") -> dict[str, Array]:
    """Return states and derived quantities over time under one arm."""
    system = System(MODEL.variant(variant) if variant else MODEL).given([arm] if arm else [])
    y = system.run(times, rtol=1e-9, engine=engine)[:, :, 0]
    p = np.repeat(system.functions.parameters(system.values()), times.size, axis=1)
    names = system.functions.program.quantities
    return dict(zip(names, [*y.T, *system.functions.observe(times, y.T, p)], strict=True))


@pytest.mark.parametrize("engine", ["scipy", "numpy"])
@pytest.mark.parametrize("arm", RANGES)
def test_inhibition_over_the_last_interval(arm: str, engine: str) -> None:
    """Percent of receptors with TNF below the untreated: to the two decimals printed."""
    got = seen(arm, np.linspace(LAST[arm], 168 - 1e-9, 1401), engine=engine)["inhibition"]
    assert (got.min(), got.max()) == (pytest.approx(RANGES[arm][0], abs=6e-3), pytest.approx(RANGES[arm][1], abs=6e-3))


def test_free_tnf_falls_to_a_tenth_while_total_tnf_rises_a_thousandfold() -> None:
    """40 mg every 2 weeks, last interval: free 0.086 to 0.106 of the baseline; total 1143-fold at its highest."""
    got = seen("standard", np.linspace(154, 168 - 1e-9, 1401))
    assert got["tnf_free"].min() == pytest.approx(0.086, abs=6e-4)
    assert got["tnf_free"].max() == pytest.approx(0.106, abs=6e-4)
    assert got["tnf_total"].max() == pytest.approx(1143, abs=0.6)


def test_the_untreated_patient_is_steady() -> None:
    """1.629e-3 nmol of receptor with TNF; nothing moves."""
    got = seen("", np.array([0.0, 168.0]))
    assert got["TNFTNFR1"][0] == pytest.approx(1.629e-3, abs=6e-7)
    for state in MODEL.states:
        assert got[state.name][1] == pytest.approx(got[state.name][0], rel=1e-10), state.name
    initial = SYSTEM.functions.initial(SYSTEM.functions.parameters(SYSTEM.values()))[:, 0]
    np.testing.assert_allclose(SYSTEM.rhs(initial)[3:], 0, atol=1e-14)


@pytest.mark.parametrize("arm", ["", *(i.name for i in MODEL.interventions)])
def test_generated_equals_hand_written(arm: str) -> None:
    """At 12 random states and parameter sets."""
    system = SYSTEM.given([arm] if arm else [])
    functions, rng = system.functions, np.random.default_rng(3)
    names = functions.program.parameters
    own = {p.name for p in MODEL.parameters}
    for _ in range(12):
        values = np.array(functions.program.values)
        values[[i for i, n in enumerate(names[: values.size]) if n in own]] *= np.exp(rng.normal(0, 0.3, len(own)))
        y = np.exp(rng.normal(0, 1, 6)) * [200, 100, 0.3, 2e-4, 1, 1e-3]
        p = dict(zip(names, values, strict=False))
        if arm == "less_production":
            p["burden"] *= 0.5
        rows = functions.parameters(values[:, None])
        got = functions.rhs(0.5, y[:, None], functions.prepare(rows))[:, 0]
        expected = written.rhs(0.5, y, p)
        # sums of terms that cancel: relative to the largest of them
        size = np.abs(y) * p["kon"] + np.abs(expected)
        assert np.all(np.abs(got - expected) <= 1e-12 * size)


def test_the_baseline_follows_its_parameters() -> None:
    values = {"TNF0": 3e-4, "RT": 0.5, "KDR": 0.1, "V": 3.0}
    system = System(MODEL.with_values(values))
    y = system.functions.initial(system.functions.parameters(system.values()))[:, 0]
    p = dict(zip(system.functions.program.parameters, system.functions.program.values, strict=False))
    assert y[3:] == pytest.approx(written.baseline(p), rel=1e-13)


def test_an_absorbed_dose_is_lost_with_the_antibody() -> None:
    """Mass balance: drug, free and bound, falls with a half-life of 20 days once the depot is empty."""
    got = seen("standard", np.array([154 + 13.0, 154 + 13.999]))
    drug = got["Ab"] + got["AbTNF"]
    left = drug[1] + got["depot"][1]
    absorbed = got["depot"][0] - got["depot"][1]
    k = np.log(2) / 20
    assert left == pytest.approx(drug[0] * np.exp(-k * 0.999) + got["depot"][1] + absorbed * np.exp(-k * 0.5), rel=1e-5)


def test_more_tnf_leaves_more_signaling() -> None:
    """Five times the TNF: a similar share is inhibited, of five times as many receptors."""
    times = np.array([160.0])
    usual, burdened = seen("standard", times), seen("standard", times, "high_tnf_burden")
    assert burdened["inhibition"][0] == pytest.approx(usual["inhibition"][0], abs=3)
    assert burdened["TNFTNFR1"][0] > 4 * usual["TNFTNFR1"][0]
