"""Smith 2011 behaves as published and as computed (specification smith2011.md)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from behavior import Array, Outcome, System
from scipy.optimize import brentq

from immunode.catalogue import load_model
from immunode.model import transit_chain

MODEL = load_model("smith2011")
STAGES = {"stage 1": System(MODEL.variant("stage1")), "stage 2": System(MODEL.variant("stage2")), "": System(MODEL)}
HOURS = np.arange(0, 401, 2.0)
ARMS = {
    "": (2.13e4, 1.02e5),
    "am_depletion": (4.30e3, 4.30e3),
    "am_boost": (3.33e4, 1.03e5),
    "neutropenia": (9.95e3, 9.95e3),
    "anti_cytokine": (9.95e3, 9.95e3),
    "adherence_block": (9.95e3, 9.95e3),
    "efferocytosis_boost": (4.30e4, 1.02e5),
    "neutrophil_killing_boost": (np.inf, np.inf),
    "g_csf": (np.inf, np.inf),
    "bacteriostatic": (np.inf, np.inf),
    "pneumolysin_neutralized": (np.inf, np.inf),
}


def cleared(system: System, inoculum: Array, changes: dict[str, Array] | None = None) -> Outcome:
    """Return whether bacteria fall below 1 per mL within 400 h."""
    y = system.run(HOURS, changes, {"P": inoculum}, rtol=1e-8)
    return np.asarray(y[:, 0].min(axis=0) < 1)


@pytest.mark.parametrize("stage", [0, 1])
def test_thresholds_of_clearance(stage: int) -> None:
    """Three digits printed, so cleared 0.5 % below and not 0.5 % above; "above 3e6" where there is none.

    All interventions are in one model; each run has the strength of one of them at 1.
    """
    arms = [arm for arm in ARMS if arm]
    system = STAGES[("stage 2", "")[stage]].given(arms)
    cases = []
    for arm, thresholds in ARMS.items():
        threshold = thresholds[stage]
        inocula = (1e5, 3e6) if np.isinf(threshold) else (threshold * 0.995, threshold * 1.005)
        cases += [(arm, inocula[0], True), (arm, inocula[1], bool(np.isinf(threshold)))]
    strengths = {f"{arm}.strength": np.array([case[0] == arm for case in cases], float) for arm in arms}
    got = cleared(system, np.array([case[1] for case in cases]), strengths)
    assert dict(zip(cases, got, strict=True)) == {case: case[2] for case in cases}


def test_threshold_of_macrophages_alone() -> None:
    """Computed 9.945e3 where growth equals uptake; the paper prints 9.99e3 (0.5 % off)."""
    p = {q.name: q.value for q in MODEL.parameters}

    def net(load: float) -> float:
        uptake = p["n"] ** 2 * p["MA"] / (load**2 + p["n"] ** 2 * p["MA"])
        return p["r"] * (1 - load / p["KP"]) - p["gMA"] * p["MA"] * uptake

    root = brentq(net, 5e3, 1e5)
    assert root == pytest.approx(9.945e3, abs=0.5)
    assert root == pytest.approx(9.99e3, rel=5e-3)
    np.testing.assert_array_equal(cleared(STAGES["stage 1"], root * np.array([0.999, 1.001])), [True, False])
    y = STAGES["stage 1"].run([400.0], initial={"P": [1e4]})[0, :, 0]
    assert y[0] == pytest.approx(2.3e8 * (1 - 1e-9), rel=1e-3)
    assert not y[4:].any()


def test_third_line_brings_the_published_threshold_of_all() -> None:
    """The paper's 9.97e4, met within 3 % (computed 1.02e5); its 3.98e4 of stage 2 is not met."""
    np.testing.assert_array_equal(cleared(STAGES[""], 9.97e4 * np.array([0.97, 1.03])), [True, False])
    assert not cleared(STAGES["stage 2"], np.array([3.98e4]))[0]


def test_second_line_with_faster_clearing_of_debris() -> None:
    """Stage 2: dD = 3e-7 gives 4.08e4, near the paper's 3.98e4; from 4.2e-7 on 4.3 to 4.65e4."""
    rate = np.array([3e-7, 3e-7, 4.2e-7, 4.2e-7, 2.5e-6, 2.5e-6])
    inoculum = np.array([4.08e4 * 0.995, 4.08e4 * 1.005, *([4.28e4, 4.67e4] * 2)])
    np.testing.assert_array_equal(cleared(STAGES["stage 2"], inoculum, {"dD": rate}), [True, False] * 3)


def test_small_inocula_vanish_and_large_ones_fill_the_lung_without_the_third_line() -> None:
    for stage in ("stage 1", "stage 2"):
        y = STAGES[stage].run(HOURS, initial={"P": [1e3, 1e5]})
        assert y[:, 0, 0].argmax() == 0
        assert y[-1, 0, 0] < 1
        assert y[-1, 0, 1] > 0.95 * 2.3e8 or stage == "stage 2"
        assert y[:, 0, 1].max() > 0.5 * 2.3e8


def test_infection_with_the_second_line() -> None:
    """1e4 in stage 2: peaks P 13.7, C 16.2, N 28.7 h (paper 16, 24, 36); 78.7 % of the epithelium lost at 240 h."""
    times = np.arange(0, 240.01, 0.1)
    y = STAGES["stage 2"].run(times, rtol=1e-10)[:, :, 0]
    for state, expected in ((0, 13.7), (3, 16.2), (4, 28.7)):
        assert times[y[:, state].argmax()] == pytest.approx(expected, abs=0.11)
    assert 1 - (y[-1, 1] + y[-1, 2]) / 1e8 == pytest.approx(0.787, abs=1e-3)


def with_stages(n: int) -> System:
    """Return the model with another number of stages in the delay."""
    old = {f"N{k}" for k in range(1, 13)}
    chain = transit_chain("N", n, "tau", follows="N", unit="cell/mL", typical=1e4)
    kept = [p for p in MODEL.processes if not (set(p.arrow.split()) & old)]
    processes = [replace(p, rate=p.rate.replace("N12", chain.last)) for p in kept]
    states = [*(s for s in MODEL.states if s.name not in old), *chain.states]
    return System(MODEL.replace(states=states, processes=[*processes, *chain.processes]))


@pytest.mark.slow
def test_a_sharper_delay_lowers_the_threshold() -> None:
    """60 stages: threshold 9.26e4, and 1e5 is not cleared: P = 10^8.2 from 48 h on."""
    system = with_stages(60)
    np.testing.assert_array_equal(cleared(system, 9.26e4 * np.array([0.995, 1.005])), [True, False])
    y = system.run(np.arange(48, 241, 12.0), initial={"P": [1e5]})[:, 0, 0]
    np.testing.assert_allclose(np.log10(y), 8.2, atol=0.1)
