"""Reynolds 2006 and its endotoxin variant behave as published and as computed (specification reynolds2006.md)."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from behavior import Array, Outcome, System, thresholds

from immunode.catalogue import load_model

MODEL = load_model("reynolds2006")
SYSTEM = System(MODEL, free=("P", "N", "D", "C"))
ENDOTOXIN = System(MODEL.variant("endotoxin"))
SEPTIC = (4.93635, 0.980966, 17.4925, 0.522876)
ASEPTIC = (0, 0.635014, 17.3990, 0.522864)
JUDGED = 4000.0  # hours, as the specification judges


def outcome(y: Array) -> Array:
    """Return 2 for septic death, 1 for aseptic death, 0 for health. y : (n_states, n_runs) at the end."""
    return np.where(y[0] > 0.5, 2, np.where(y[2] > 0.5, 1, 0))


@pytest.mark.parametrize(
    ("expected", "k_pg", "stable"),
    [
        ((0, 0, 0, 0.125), 0.3, True),
        (ASEPTIC, 0.3, True),
        (SEPTIC, 0.6, True),
        ((0, 0.215332, 3.99477, 0.516044), 0.3, False),
        ((0, 0.215332, 3.99477, 0.516044), 0.9, False),
    ],
)
def test_steady_states(expected: tuple[float, ...], k_pg: float, stable: bool) -> None:
    """To the 6 digits of the specification."""
    y = SYSTEM.steady(expected, {"k_pg": k_pg})
    np.testing.assert_allclose(y, expected, rtol=3e-6, atol=1e-12)
    assert (SYSTEM.eigenvalues(y, {"k_pg": k_pg})[0].real < 0) == stable


def test_septic_branch_begins_at_a_saddle_node() -> None:
    """Computed 0.513716; the paper's 0.5137 from memory."""
    guess = SYSTEM.steady(SEPTIC, {"k_pg": 0.6})
    for k_pg in (0.55, 0.52, 0.515):
        guess = SYSTEM.steady(guess, {"k_pg": k_pg})
    fold, _ = SYSTEM.fold("k_pg", 0.514, guess)
    assert fold == pytest.approx(0.513716, abs=1e-6)


def test_health_loses_stability_where_growth_beats_the_local_response() -> None:
    """At k_pm s_m/mu_m = 1.5 exactly (the eigenvalue there is 0, so both sides are tested)."""
    assert SYSTEM.growth([0, 0, 0, 0.125], {"k_pg": 1.5 - 1e-9}) < 0
    assert SYSTEM.growth([0, 0, 0, 0.125], {"k_pg": 1.5 + 1e-9}) > 0


def test_aseptic_death_loses_stability() -> None:
    """Computed 1.754737; the paper's 1.755 from memory."""
    assert SYSTEM.turns("k_pg", 1.6, 1.9, ASEPTIC) == pytest.approx(1.754737, abs=1e-6)


def test_inoculum_that_leaves_health() -> None:
    """At four growth rates, to the 6 digits of the specification (7 at 0.3)."""
    k_pg = np.array([[0.3], [0.5], [0.6], [1.0]])

    def ill(inoculum: Array) -> Outcome:
        rates = np.broadcast_to(k_pg, inoculum.shape).ravel()
        end = SYSTEM.run(JUDGED, {"k_pg": rates}, {"P": inoculum.ravel()})[0]
        return np.asarray(outcome(end) > 0).reshape(inoculum.shape)

    found = thresholds(ill, [0.5, 0.3, 0.2, 0.05], [1.5, 0.8, 0.6, 0.2], 5e-7)
    np.testing.assert_allclose(found, [1.035667, 0.517050, 0.361044, 0.108328], atol=1.5e-6)


def test_growth_rates_that_divide_health_aseptic_and_septic_death() -> None:
    """From one unit of pathogen: 0.310762 and 0.514193. The second lies near a fold, hence slow and hard to judge."""
    level = np.array([[1], [2]])

    def worse(k_pg: Array) -> Outcome:
        end = SYSTEM.run(JUDGED, {"k_pg": k_pg.ravel()})[0]
        return np.asarray(outcome(end).reshape(k_pg.shape) >= level)

    found = thresholds(worse, [0.25, 0.45], [0.4, 0.6], 5e-7)
    assert found[0] == pytest.approx(0.310762, abs=1.5e-6)
    assert found[1] == pytest.approx(0.514193, abs=1e-5)


def test_default_run() -> None:
    """To the 6 digits of the specification."""
    y = SYSTEM.run([10.0, 30.0, 200.0])[:, :, 0]
    np.testing.assert_allclose(y[0, :4], [0.0564424, 0.174103, 2.03196, 0.337960], rtol=3e-6)
    assert y[1, 2] == pytest.approx(3.40614, rel=3e-6)
    assert y[2, 2] == pytest.approx(0.298261, rel=3e-6)


def test_default_arms() -> None:
    end = SYSTEM.run(JUDGED, {"k_pg": [0.3, 0.4, 0.6]})[0]
    np.testing.assert_array_equal(outcome(end), [0, 1, 2])


def test_anti_inflammatory_treatment_is_narrow() -> None:
    """Who is saved by which schedule: the paper's message that timing and dose matter."""
    system = SYSTEM.given(["anti_inflammatory"])
    cases = list(itertools.product((0.35, 0.4, 0.5, 0.6), (2.0, 4.0), (24.0, 72.0), (0.0, 6.0, 12.0, 24.0)))
    k_pg, factor, length, start = np.array(cases).T
    knobs = {
        "k_pg": k_pg,
        "anti_inflammatory.scale": factor,
        "anti_inflammatory.start": start,
        "anti_inflammatory.stop": start + length,
    }
    got = dict(zip(cases, outcome(system.run(JUDGED, knobs, rtol=1e-8)[0]), strict=True))
    for (rate, times, hours, begin), result in got.items():
        if rate == 0.35:
            healthy = times == 2.0 or begin >= 6.0
        elif rate == 0.4:
            healthy = begin == 24.0 and (times == 4.0 or hours == 72.0)
        else:
            healthy = False
        assert (result == 0) == healthy, (rate, times, hours, begin, result)


def test_antibiotic_must_begin_early() -> None:
    """1 per hour for 72 h at k_pg = 0.6: health when started by 2 h; at 4 h sterile but lasting damage."""
    system = SYSTEM.given(["antibiotic"])
    start = np.array([0.0, 2.0, 4.0])
    end = system.run(JUDGED, {"k_pg": 0.6, "antibiotic.start": start, "antibiotic.stop": start + 72})[0]
    np.testing.assert_array_equal(outcome(end), [0, 0, 1])


def _after(y: Array) -> tuple[Array, Array]:
    """Return the peak of N and the area under D over the 200 hours of `y`, (n_times, n_states, n_runs)."""
    return y[:, 1].max(axis=0), np.asarray(np.trapezoid(y[:, 2], dx=0.02, axis=0))


def test_endotoxin_potentiates_at_once_and_is_tolerated_a_day_later() -> None:
    """Ratios to a challenge alone, over the 200 h after it; 2 digits printed."""
    times = np.linspace(0, 200, 10_001)
    alone = ENDOTOXIN.run(times, initial={"PE": [3.0]}, rtol=1e-8)
    peak, area = _after(alone)
    system = ENDOTOXIN.given(["endotoxin_predose", "endotoxin_challenge"])
    expected = {1.0: (3.8, 11), 2.0: (3.8, 11), 24.0: (None, 0.17), 72.0: (None, 0.08)}
    for gap, (wanted_peak, wanted_area) in expected.items():
        y = system.run(times + gap, {"endotoxin_challenge.start": gap}, rtol=1e-8)
        got_peak, got_area = _after(y)
        if wanted_peak is not None:
            assert got_peak[0] / peak[0] == pytest.approx(wanted_peak, abs=0.07)
        assert got_area[0] / area[0] == pytest.approx(wanted_area, rel=0.07)


def test_single_endotoxin_doses_up_to_ten_units_recover() -> None:
    end = ENDOTOXIN.run(JUDGED, initial={"PE": [0.3, 1.0, 3.0, 10.0]}, rtol=1e-8)[0]
    np.testing.assert_array_equal(outcome(end), 0)


def test_potentiated_endotoxin_never_heals() -> None:
    """A finding of the package, told in the model file: after 1 or 2 h damage stays, after 24 h it heals."""
    system = ENDOTOXIN.given(["endotoxin_predose", "endotoxin_challenge"])
    end = system.run(JUDGED, {"endotoxin_challenge.start": [1.0, 2.0, 24.0, 72.0]}, rtol=1e-8)[0]
    np.testing.assert_array_equal(outcome(end), [1, 1, 0, 0])
