"""Miyano 2022 behaves as published and as computed (specification ad_miyano2022.md)."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pytest
from behavior import Array, System
from reference import miyano2022 as written

from immunode.catalogue import load_model

MODEL = load_model("miyano2022")
SYSTEM = System(MODEL, engine="")
SEED = MODEL.replace(start="")  # the authors run it untreated for 1000 weeks to find a patient's baseline
NAMES = SYSTEM.functions.program.states
TYPICAL = {
    "placebo": 71.86, "dupilumab": 84.02, "lebrikizumab": 83.87, "tralokinumab": 77.46, "secukinumab": 71.97,
    "fezakinumab": 75.16, "nemolizumab": 74.21, "tezepelumab": 73.03, "gbr830": 74.20, "rifng": 76.96,
    "il13_il22": 84.96,
}  # fmt: skip
RESPONDERS = {
    "placebo": 25.0, "dupilumab": 68.8, "lebrikizumab": 68.6, "tralokinumab": 39.6, "secukinumab": 25.6,
    "fezakinumab": 38.0, "nemolizumab": 34.2, "tezepelumab": 30.6, "gbr830": 35.6, "rifng": 43.0, "il13_il22": 78.4,
}  # fmt: skip
PATIENTS = 500


def easi(y: Array) -> Array:
    """Return the score. y : states along the first axis."""
    return np.asarray(36 * (y[1] + 1 - y[0]))


@cache
def initial(system: System) -> Array:
    return np.asarray(system.run([0.0])[0, :, 0])


def test_values_and_bounds_are_those_of_the_population() -> None:
    """Value exp(mu) to the digits written (6), bounds exp(mu -+ 1.96 sd) to theirs (2), mu and sd in the source."""
    parameters = {p.name: p for p in MODEL.parameters}
    assert len(written.POPULATION) == 51
    for name, mu, sigma in written.POPULATION:
        p = parameters[name]
        assert p.value == pytest.approx(np.exp(mu), rel=2e-6)
        assert p.bounds is not None
        np.testing.assert_allclose(p.bounds, np.exp([mu - 1.96 * sigma, mu + 1.96 * sigma]), rtol=0.05)
        found = re.fullmatch(r"mu (\S+), sd (\S+)", p.source)
        assert found is not None
        assert (float(found[1]), float(found[2])) == (mu, sigma)


def test_typical_patient_starts_in_the_untreated_steady_state() -> None:
    """To the 4 digits of the specification."""
    y = initial(SYSTEM)
    expected = [0.5866, 0.1388, 1.6705, 4.4909, 1.1313, 10.5206, 31.262, 28.1966, 2.7291, 1.3891, 1.0096, 1.1219]
    np.testing.assert_allclose(y, [*expected, 3.2688, 6.3863], atol=5.1e-4)
    np.testing.assert_allclose(y[[0, 1, 2, 3, 4, 5, 7]], np.array(expected)[[0, 1, 2, 3, 4, 5, 7]], atol=5.1e-5)
    np.testing.assert_allclose(SYSTEM.steady(y), y, rtol=1e-9)
    assert easi(y) == pytest.approx(19.8764, abs=5.1e-5)
    assert SYSTEM.growth(y) == pytest.approx(-0.2329, abs=5.1e-5)


def test_a_thousand_weeks_lead_to_it() -> None:
    """At the tolerance of that run."""
    y = System(SEED, engine="").run([1000.0])[0, :, 0]
    np.testing.assert_allclose(y, initial(SYSTEM), rtol=1e-8)


@pytest.mark.parametrize("arm", TYPICAL)
def test_typical_patient_improves(arm: str) -> None:
    """% EASI improvement at week 24, to the 2 decimals of the specification; the read-out says the same."""
    system = SYSTEM.given([arm])
    y = system.run([24.0], rtol=1e-10)[0, :, 0]
    improvement = float(100 * (1 - easi(y) / easi(initial(SYSTEM))))
    assert improvement == pytest.approx(TYPICAL[arm], abs=5.1e-3)


def test_improvement_is_counted_from_the_start_of_the_run() -> None:
    """Also for a patient who does not start at rest: this one scores 36 (1 + 0.4069 - 0.5931) at the start."""
    from immunode.study import simulate

    frame = simulate(SEED, interventions="dupilumab").to_frame()
    start, end = frame.iloc[0], frame.iloc[-1]
    assert start["EASI"] == pytest.approx(36 * (1 + 0.4069 - 0.5931), rel=1e-12)
    assert start["improvement"] == pytest.approx(0, abs=1e-12)
    assert end["improvement"] == pytest.approx(100 * (1 - end["EASI"] / start["EASI"]), rel=1e-12)


def test_two_drugs_in_one_trial_have_one_placebo_effect() -> None:
    """Lebrikizumab with fezakinumab is the hypothetical IL-13 and IL-22 drug."""
    both, one = (SYSTEM.given(arms).run([24.0])[0] for arms in (["lebrikizumab", "fezakinumab"], ["il13_il22"]))
    np.testing.assert_allclose(both, one, rtol=1e-9)


@cache
def population() -> tuple[Array, dict[str, Array]]:
    """Return baseline states, (n_states, n_patients), and the % improvement at week 24 of each arm, (n_patients,)."""
    z = np.random.default_rng(20220401).standard_normal((PATIENTS, 51))
    drawn = {name: np.exp(mu + sigma * z[:, i]) for i, (name, mu, sigma) in enumerate(written.POPULATION)}
    baseline = SYSTEM.run([0.0], drawn)[0]
    start = dict(zip(NAMES, baseline, strict=True))
    found = {}
    for arm in TYPICAL:
        end = SYSTEM.given([arm]).run([24.0], drawn, start, rtol=1e-7)[0]
        found[arm] = 100 * (1 - easi(end) / easi(baseline))
    return baseline, found


@pytest.mark.slow
def test_baseline_of_the_virtual_population() -> None:
    """30.13 +- 13.79 (sd with n)."""
    score = easi(population()[0])
    assert score.mean() == pytest.approx(30.13, abs=5.1e-3)
    assert score.std() == pytest.approx(13.79, abs=5.1e-3)


@pytest.mark.slow
def test_easi_75_of_the_virtual_population() -> None:
    """% of 500 patients, each arm exactly (0.2 % is one patient)."""
    got = {arm: 100 * float(np.mean(x > 75)) for arm, x in population()[1].items()}
    assert got == pytest.approx(RESPONDERS, abs=0.01)


@pytest.mark.slow
def test_dupilumab_poor_responders() -> None:
    """Computed: 156 patients; single drugs at most 1.28 %, IL-13 with IL-22 30.8 %. Published: 1.9 and 21.6 %; the
    second is a finding told in the model file (sampling error about 3.7 points)."""
    baseline, found = population()
    poor = found["dupilumab"] <= 75
    assert poor.sum() == 156
    share = {arm: 100 * float(np.mean(x[poor] > 75)) for arm, x in found.items()}
    singles = max(v for arm, v in share.items() if arm not in ("placebo", "dupilumab", "il13_il22"))
    assert singles == pytest.approx(1.28, abs=5.1e-3)
    assert singles < 1.9
    assert share["il13_il22"] == pytest.approx(30.8, abs=0.051)
    assert share["il13_il22"] > 21.6
    il13 = baseline[NAMES.index("IL13")]
    assert il13[~poor].mean() == pytest.approx(41.3, abs=0.051)
    assert il13[poor].mean() == pytest.approx(39.4, abs=0.051)


def test_declared_patients_are_those_of_the_code() -> None:
    """Standard deviations of the logarithms of all 51 constants; none correlated."""
    assert {v.parameter: v.sd for v in MODEL.variability} == {name: sigma for name, _, sigma in written.POPULATION}
    assert {v.scale for v in MODEL.variability} == {"log"}
    assert not MODEL.correlations


@pytest.mark.slow
def test_the_story_and_the_docstring_tell_of_declared_patients() -> None:
    """2000 of them: mean improvement of 51 and 76 %, EASI-75 in 24 and 64 % (each known to 1 point or so)."""
    from immunode.study import Arms, final, sweep
    from immunode.study.populations import population

    arms = Arms.of(MODEL, "placebo", "dupilumab")
    table = sweep(MODEL, population(MODEL).draw(2000, seed=0) * arms, endpoints=[final("improvement")]).table()
    for arm, mean, share in (("placebo", 51, 24), ("dupilumab", 76, 64)):
        seen = table.loc[table["arm"] == arm, "final(improvement)"]
        assert seen.mean() == pytest.approx(mean, abs=2)
        assert 100 * (seen >= 75).mean() == pytest.approx(share, abs=2)


def test_stiffest_rate() -> None:
    """About exp(5.908) = 368 per week: the losses of IL-4 and IL-13."""
    assert SYSTEM.eigenvalues(initial(SYSTEM))[-1].real == pytest.approx(-368, abs=0.5)
