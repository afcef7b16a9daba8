"""Baker 2013 behaves as published and as computed (specification ra_baker2013.md)."""

from __future__ import annotations

import numpy as np
import pytest
from behavior import QUICKEST, Array, Outcome, System, thresholds

from immunode.catalogue import load_model
from immunode.intervention import Intervention, perturb

MODEL = load_model("baker2013")
FREE = ("a", "p")
SYSTEM = System(MODEL, free=FREE, engine=QUICKEST)
DISEASED = System(MODEL.variant("diseased"), free=FREE, engine=QUICKEST)
HEALTHY_GUESS, UNSTABLE_GUESS, DISEASED_GUESS = (0.0087, 0.025), (0.148, 0.105), (1.328, 0.391)
AFTER = 300.0  # "300 after the end", as the specification judges


def cured(y: Array) -> Outcome:
    """Return where p is near the healthy state (p < 0.1; the diseased one has 0.3 and more)."""
    return np.asarray(y[1] < 0.1)


@pytest.mark.parametrize(
    ("guess", "expected"),
    [
        (HEALTHY_GUESS, (0.008722, 0.024992)),
        (UNSTABLE_GUESS, (0.148114, 0.105105)),
        (DISEASED_GUESS, (1.328407, 0.391063)),
    ],
)
def test_steady_states_at_ten(guess: tuple[float, float], expected: tuple[float, float]) -> None:
    """To half a unit of the last digit printed."""
    np.testing.assert_allclose(DISEASED.steady(guess), expected, atol=6e-7)


def test_diseased_state_is_a_weakly_damped_spiral() -> None:
    slowest = DISEASED.eigenvalues(DISEASED.steady(DISEASED_GUESS))[0]
    assert slowest.real == pytest.approx(-0.0609, abs=5e-5)
    assert abs(slowest.imag) == pytest.approx(1.0479, abs=5e-5)
    assert DISEASED.growth(HEALTHY_GUESS) < 0 < DISEASED.growth(UNSTABLE_GUESS)


def test_variant_and_default_start_in_their_steady_states() -> None:
    """The given initial values are steady to rounding."""
    for system in (SYSTEM, DISEASED):
        y = system.functions.initial(system.functions.parameters(system.values()))[system.rows, 0]
        np.testing.assert_allclose(system.rhs(y), 0, atol=1e-15)


def test_bistable_between_two_saddle_nodes() -> None:
    """Published roughly 7.5 to 15.5; computed 7.3313 (p = 0.2149) and 15.6657 (p = 0.04012)."""
    low, y_low = SYSTEM.fold("alpha2", 7.4, [0.55, 0.22])
    high, y_high = SYSTEM.fold("alpha2", 15.6, [0.022, 0.040])
    np.testing.assert_allclose([low, high], [7.3313, 15.6657], atol=5e-5)
    np.testing.assert_allclose([y_low[1], y_high[1]], [0.2149, 0.04012], rtol=3e-4)
    assert abs(low - 7.5) < 0.2
    assert abs(high - 15.5) < 0.2


@pytest.mark.parametrize(
    ("alpha2", "guess", "p"),
    [(1, (0.0058, 0.0203), 0.02033), (20, (2.6, 0.87), 0.87359), (50, (3.4, 2.84), 2.84342)],
)
def test_other_values_of_alpha2(alpha2: float, guess: tuple[float, float], p: float) -> None:
    assert SYSTEM.steady(guess, {"alpha2": alpha2})[1] == pytest.approx(p, abs=6e-6)


@pytest.mark.parametrize(
    ("low", "high", "guess", "specified", "ours"),
    [(10.79, 10.9, (0.76, 0.1746), 10.804, 10.8021), (20, 22, (1.94, 0.310), 20.843, 20.8332)],
)
def test_hopf_points_at_stronger_anti_inflammation(
    low: float, high: float, guess: tuple[float, float], specified: float, ours: float
) -> None:
    """The published claim of oscillations, at alpha4 = 7.

    A finding: the specification prints 10.804 and 20.843; eigenvalues on the branch cross at 10.8021 and 20.8332.
    """
    system = System(MODEL.with_values(alpha4=7.0), free=FREE, engine=QUICKEST)
    hopf = system.turns("alpha2", low, high, guess)
    assert hopf == pytest.approx(ours, abs=1e-4)
    assert hopf == pytest.approx(specified, rel=1e-3)
    assert abs(system.eigenvalues(system.steady(guess, {"alpha2": hopf}), {"alpha2": hopf})[0].imag) > 0.5


def test_no_hopf_point_without_it() -> None:
    """At alpha4 = 3.5 the upper branch is stable from the fold to 50."""
    y = SYSTEM.steady((3.4, 2.84), {"alpha2": 50})
    for alpha2 in np.arange(50.0, 7.4, -0.1):
        y = SYSTEM.steady(y, {"alpha2": alpha2})
        assert SYSTEM.eigenvalues(y, {"alpha2": alpha2})[0].real < 0


def test_limit_cycle_at_sixteen() -> None:
    """Period 5.561, p in [0.1259, 0.5111]; 4 digits printed."""
    times = np.linspace(500, 600, 50_001)
    p = DISEASED.run(times, {"alpha2": 16.0, "alpha4": 7.0}, engine="scipy")[:, 1, 0]
    peaks = np.flatnonzero((p[1:-1] > p[:-2]) & (p[1:-1] >= p[2:]))
    assert np.diff(times[peaks]).mean() == pytest.approx(5.561, abs=1e-3)
    assert (p.min(), p.max()) == (pytest.approx(0.1259, abs=6e-5), pytest.approx(0.5111, abs=6e-5))


def test_feedback_block_removes_the_disease() -> None:
    """A slow block removes it where alpha2 (1 - eff) passes a fold: 0.26687 at 10, 0.63343 at 20 (health: 0.21672)."""
    low, _ = SYSTEM.fold("alpha2", 7.4, [0.55, 0.22])
    high, _ = SYSTEM.fold("alpha2", 15.6, [0.022, 0.040])
    assert 1 - low / 10 == pytest.approx(0.26687, abs=6e-6)
    assert 1 - low / 20 == pytest.approx(0.63343, abs=6e-6)
    assert 1 - high / 20 == pytest.approx(0.21672, abs=6e-6)


def test_abrupt_feedback_block_cures_earlier() -> None:
    """0.2076 at alpha2 = 10, 0.5381 at 20, each from its own diseased state (the package's anti_tnf, swept)."""
    system = DISEASED.given(["anti_tnf"])
    alpha2 = np.array([[10.0], [20.0]])
    start = np.array([DISEASED.steady(DISEASED_GUESS), DISEASED.steady((2.6, 0.87), {"alpha2": 20.0})])

    def works(block: Array) -> Outcome:
        each = [np.repeat(x, block.shape[1]) for x in (alpha2[:, 0], start[:, 0], start[:, 1])]
        end = system.run(600.0, {"anti_tnf.inhibit": block.ravel(), "alpha2": each[0]}, {"a": each[1], "p": each[2]})
        return cured(end[0]).reshape(block.shape)

    found = thresholds(works, [0.15, 0.45], [0.25, 0.62], 2e-5)
    np.testing.assert_allclose(found, [0.2076, 0.5381], atol=1e-4)


def test_half_block_cures_the_reference_patient() -> None:
    """The README's arm, for good: alpha2 5 lies below the fold at 7.33."""
    end = DISEASED.given(["anti_tnf"]).run(300.0)[0]
    assert end[1, 0] == pytest.approx(0.0219, abs=1e-4)


def test_short_block_does_not_cure_a_severe_patient() -> None:
    """At alpha2 = 20 only disease exists: after any transient block it comes back."""
    start = DISEASED.steady((2.6, 0.87), {"alpha2": 20.0})
    block = MODEL.intervention("anti_tnf")
    assert isinstance(block, Intervention)
    system = System(perturb(MODEL, block.during(0, 50)), free=FREE, engine=QUICKEST)
    y = system.run([50.0, 350.0], {"alpha2": 20.0, "anti_tnf.inhibit": [0.6, 0.9]}, {"a": start[0], "p": start[1]})
    assert np.all(cured(y[0]))
    assert not np.any(cured(y[1]))


def test_clearance_destabilizes_the_diseased_state() -> None:
    """Hopf in gamma at x1.08506; the unstable diseased point disappears at x1.3384."""
    hopf = DISEASED.turns("gamma", 1.25, 1.5, DISEASED_GUESS)
    assert hopf / 1.25 == pytest.approx(1.08506, abs=6e-6)
    fold, _ = DISEASED.fold("gamma", 1.66, [0.66, 0.24])
    assert fold / 1.25 == pytest.approx(1.3384, abs=6e-5)


def test_limit_cycle_above_this_hopf_point() -> None:
    """x1.09: p in [0.265, 0.468]; 3 digits printed. The cycle is weakly stable, so it is read after 1,400."""
    system = DISEASED.given(["anti_tnf_clearance_permanent"])
    knob = {"anti_tnf_clearance_permanent.scale": 1.09}
    p = system.run(np.linspace(1400, 1500, 20_001), knob, engine="scipy")[:, 1, 0]
    assert (p.min(), p.max()) == (pytest.approx(0.265, abs=6e-4), pytest.approx(0.468, abs=6e-4))


def test_abrupt_lasting_clearance_cures() -> None:
    """From x1.1159 (5 digits)."""
    system = DISEASED.given(["anti_tnf_clearance_permanent"])

    def works(factor: Array) -> Outcome:
        end = system.run(600.0, {"anti_tnf_clearance_permanent.scale": factor.ravel()})[0]
        return cured(end).reshape(factor.shape)

    assert thresholds(works, 1.09, 1.2, 2e-5)[0] == pytest.approx(1.1159, abs=1.2e-4)


def test_shortest_clearance_that_cures() -> None:
    """Window for each extra loss d; 4 digits. From d = 1 on, d x duration is nearly constant."""
    system = DISEASED.given(["anti_tnf_clearance"])
    loss = np.array([0.3, 0.5, 1.0, 2.0, 5.0])

    def works(stop: Array) -> Outcome:
        d = np.repeat(loss, stop.shape[1])
        end = system.run(AFTER + 8.0, {"anti_tnf_clearance.set_to": d, "anti_tnf_clearance.stop": stop.ravel()})[0]
        return cured(end).reshape(stop.shape)

    found = thresholds(works, 0.5 / loss, 2.4 / loss, 1e-5, points=20)
    np.testing.assert_allclose(found, [3.530, 1.6146, 0.7458, 0.3650, 0.1448], atol=6e-4, rtol=1e-4)
    assert np.all((found * loss)[2:] > 0.72)
    assert np.all((found * loss)[2:] < 0.75)


def test_no_transient_treatment_cures_beyond_the_fold() -> None:
    """Relapse at alpha2 = 16 and 20, however strong and long the clearance."""
    system = DISEASED.given(["anti_tnf_clearance"])
    end = system.run(
        400.0,
        {
            "alpha2": [16.0, 16.0, 20.0, 20.0],
            "anti_tnf_clearance.set_to": [2.0, 5.0, 2.0, 5.0],
            "anti_tnf_clearance.stop": [5.0, 20.0, 5.0, 20.0],
        },
    )[0]
    assert not np.any(cured(end))


def test_regimen_matters_as_well_as_dose() -> None:
    """Smallest total dose that cures, in 1, 2, 4 pulses 2 apart and 8 pulses 8 apart (4 digits)."""
    system = DISEASED.given(["anti_tnf_pulses"])
    n, apart = np.array([1, 2, 4, 8]), np.array([2.0, 2.0, 2.0, 8.0])

    def works(total: Array) -> Outcome:
        number, every = np.repeat(n, total.shape[1]), np.repeat(apart, total.shape[1])
        knobs = {
            "anti_tnf_pulses.transfer": total.ravel() / number,
            "anti_tnf_pulses.n": number,
            "anti_tnf_pulses.every": every,
        }
        end = system.run(60.0 + 56.0 + AFTER, knobs)[0]
        return cured(end).reshape(total.shape)

    found = thresholds(works, [0.3, 0.4, 0.7, 1.4], [1.0, 1.2, 2.2, 4.5], 2e-5, points=20)
    np.testing.assert_allclose(found, [0.5595, 0.7443, 1.319, 2.744], rtol=4e-4)


def test_il10_cures_at_a_half_and_only_improves_at_a_fifth() -> None:
    system = DISEASED.given(["il10_supplement"])
    p = system.run(600.0, {"il10_supplement.set_to": [0.5, 0.2]})[0, 1]
    assert p[0] < 0.1
    assert 0.1 < p[1] < 0.391


def test_aging_ends_health() -> None:
    """p at t = 10, 15 and 50 and a at 50 in the variant `aging` (BIOMD0000000549)."""
    y = System(MODEL.variant("aging"), free=FREE).run([10.0, 15.0, 50.0])[:, :2, 0]
    np.testing.assert_allclose(y[:, 1], [0.02833, 1.32768, 0.5416], rtol=1e-4)
    assert y[2, 0] == pytest.approx(3.782, abs=6e-4)


def test_damage_adds_up_p_and_never_heals() -> None:
    """Ours: at the diseased steady state it grows by k_J p."""
    y = DISEASED.run([0.0, 50.0, 100.0])[:, 2, 0]
    np.testing.assert_allclose(y, [0, 50 * 0.3910626601920651, 100 * 0.3910626601920651], rtol=1e-6)
