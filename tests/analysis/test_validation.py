"""Models beside published trials: verdicts where the truth is known, errors of measurement, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from immunode.analysis.trials.measurement import measured, measured_values
from immunode.analysis.trials.validation import validate
from immunode.errors import ModelError, StudyError
from immunode.intervention import Intervention, inhibit, set_to
from immunode.model import (
    Derived,
    Model,
    Observed,
    Parameter,
    PatientCovariate,
    Process,
    State,
    Threshold,
    Trial,
    TrialResult,
    Variability,
)
from immunode.study import Arms, sweep
from immunode.study.populations import population


def model(**fields: Any) -> Model:
    """Return a score that fades from a start that differs between patients; the drug halves the fading."""
    return Model(
        name="score",
        time_unit="day",
        horizon=10.0,
        states=[State("x", "x0", "mg"), State("n", 0.0)],
        parameters=[
            Parameter("x0", 8.0, "mg", source="test"),
            Parameter("k", 0.1, "1/day", source="test"),
            Parameter("rate", 2.0, "1/day", source="test"),
            Parameter("old", 0.0, source="test"),
        ],
        processes=[Process("loss", "x ->", "k*x*2**old"), Process("count", "-> n", "rate")],
        interventions=[Intervention("drug", [inhibit("k", 0.5)])],
        **{
            "variability": [Variability("x0", 0.2)],
            "covariates": [PatientCovariate("old", "share", share=0.5)],
            "observed": [Observed("x", additive=0.5, proportional=0.1), Observed("n", counts="poisson")],
            "thresholds": [Threshold("low", "x < 4")],
            **fields,
        },
    )


MEAN = 8 * np.exp(0.02)
"""Mean of x0, mg."""
ARMS = {"placebo": "", "drug": "drug"}


def trial(*results: TrialResult, **fields: Any) -> Trial:
    return Trial("ONE", "doi:10/x", ARMS, {"placebo": 200, "drug": 100}, results, **fields)


def test_the_model_agrees_with_the_truth() -> None:
    """Closed forms: x = x0*exp(-k t), k halved by the drug and doubled in the old."""
    part = {"placebo": (np.exp(-1) + np.exp(-2)) / 2, "drug": (np.exp(-0.5) + np.exp(-1)) / 2}
    results = [TrialResult(arm, "at(x, 10)", MEAN * part[arm]) for arm in ARMS]
    results.append(
        TrialResult(
            "drug", "at(x, 10)", MEAN * (part["drug"] - part["placebo"]), versus="placebo", compared="difference"
        )
    )
    results.append(TrialResult("drug", "at(x, 10)", part["drug"] / part["placebo"], versus="placebo", compared="ratio"))
    results.append(TrialResult("drug", "final(n)", 20.0))
    seen = validate(model(trials=[trial(*results)]), patients=8000)
    for one in seen.verdicts:
        assert one.verdict == "inside"
        assert one.model == pytest.approx(one.result.value, rel=0.02)
    assert seen.counts() == {"inside": 5, "near": 0, "off": 0}


def test_intervals_are_those_of_trials_of_the_published_size() -> None:
    """The mean of n patients, each with the spread of patients and of the measurement."""
    only = model(trials=[trial(TrialResult("placebo", "at(x, 0)", 8.0))])
    one = validate(only, patients=8000, replicates=4000).verdicts[0]
    spread = MEAN * np.sqrt(np.expm1(0.04))
    noise = np.sqrt(0.5**2 + 0.1**2 * (MEAN**2 + spread**2))
    expected = np.sqrt(spread**2 + noise**2) / np.sqrt(200)
    assert (one.high - one.low) / (2 * 1.96) == pytest.approx(expected, rel=0.06)
    true = validate(model(trials=[trial(TrialResult("placebo", "at(x, 0)", 8.0, measured=False))]), patients=8000,
                    replicates=4000).verdicts[0]  # fmt: skip
    assert (true.high - true.low) / (2 * 1.96) == pytest.approx(spread / np.sqrt(200), rel=0.06)


@pytest.mark.parametrize(
    ("value", "ends", "verdict"),
    [
        (8.16, {}, "inside"),
        (8.6, {}, "near"),
        (12.0, {}, "off"),
        (9.2, {"se": 0.5}, "near"),
        (12.0, {"se": 0.5}, "off"),
    ],
)
def test_verdicts_follow_the_stated_rule(value: float, ends: dict[str, float], verdict: str) -> None:
    got = validate(model(trials=[trial(TrialResult("placebo", "at(x, 0)", value, **ends))]))
    assert got.verdicts[0].verdict == verdict


def test_shares_medians_and_thresholds_by_name() -> None:
    """Half of the patients are below the median of x0 at the start; 'low at ...' is the threshold written out."""
    asked = [
        TrialResult("placebo", "at(x, 0) < 8", 0.5, "share", measured=False),
        TrialResult("placebo", "low at 10 days", 0.9, "share", measured=False),
        TrialResult("placebo", "at(x, 10) < 4", 0.9, "share", measured=False),
        TrialResult("placebo", "at(x, 0)", 8.0, "median", measured=False),
        TrialResult("placebo", "at(x, 0)", 1.6, "sd", measured=False),
    ]
    half, named, written, median, sd = validate(model(trials=[trial(*asked)]), patients=8000).verdicts
    assert half.model == pytest.approx(0.5, abs=0.02)
    assert named.model == written.model
    assert median.model == pytest.approx(8, rel=0.01)
    assert sd.model == pytest.approx(MEAN * np.sqrt(np.expm1(0.04)), rel=0.04)


def test_only_some_patients_were_in_the_trial() -> None:
    got = validate(model(trials=[trial(TrialResult("placebo", "at(x, 10)", 1.0), only="old > 0.5")]), patients=4000)
    assert got.verdicts[0].model == pytest.approx(MEAN * np.exp(-2), rel=0.02)


def test_numbers_that_made_the_model_are_not_counted() -> None:
    results = [TrialResult("placebo", "at(x, 0)", 8.16), TrialResult("drug", "at(x, 0)", 20.0, used=True)]
    got = validate(model(trials=[trial(*results)]))
    assert got.counts() == {"inside": 1, "near": 0, "off": 0}
    assert len(got.table()) == 2
    assert "not counted" in got.words()
    assert "made the model" in repr(got)


def test_the_same_seed_gives_the_same_table() -> None:
    both = [validate(model(trials=[trial(TrialResult("drug", "at(x, 5)", 5.0))]), seed=s).table() for s in (3, 3, 4)]
    assert both[0].equals(both[1])
    assert not both[0].equals(both[2])


@pytest.mark.parametrize(
    ("fields", "asked", "fact"),
    [
        ({}, None, "no published trials"),
        ({"trials": [trial(TrialResult("drug", "at(x, 5)", 5.0))]}, "TWO", "'TWO'"),
        (
            {"trials": [trial(TrialResult("drug", "at(x, 5)", 5.0))], "variability": (), "covariates": ()},
            None,
            "no patients",
        ),
        ({"trials": [trial(TrialResult("drug", "at(x, 5)", 5.0), only="old > 2")]}, None, "old > 2"),
    ],
)
def test_what_can_not_be_is_refused(fields: dict[str, Any], asked: str | None, fact: str) -> None:
    with pytest.raises(StudyError, match=fact):
        validate(model(**fields), asked)


def test_errors_of_measurement_have_the_declared_size() -> None:
    people = population(model()).draw(20_000, seed=1) * Arms(placebo=[])
    asked = ["at(x, 0)", "at(x, 10)", "change(x, 10)", "percent_change(x, 10)", "final(n)", "at(n, 5)", "peak(x)"]
    out = sweep(model(), people, endpoints=asked)
    true, seen = out.table(), measured(out, seed=9)
    for time in (0, 10):
        column = f"at(x, {time})"
        error = seen[column] - true[column]
        assert error.mean() == pytest.approx(0, abs=0.03)
        assert error.std() == pytest.approx(np.sqrt(0.25 + 0.01 * (true[column] ** 2).mean()), rel=0.03)
    np.testing.assert_allclose(seen["change(x, 10)"], seen["at(x, 10)"] - seen["at(x, 0)"], rtol=1e-12)
    ratio = seen["at(x, 10)"] / seen["at(x, 0)"]
    np.testing.assert_allclose(seen["percent_change(x, 10)"], 100 * (ratio - 1), rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(seen["peak(x)"], true["peak(x)"])
    counts = seen["final(n)"]
    assert (counts == np.round(counts)).all()
    assert counts.mean() == pytest.approx(20, abs=0.2)
    assert counts.var() == pytest.approx(20, rel=0.05)
    assert (counts >= seen["at(n, 5)"]).all()
    between = counts - seen["at(n, 5)"]
    assert between.var() == pytest.approx(10, rel=0.05)
    assert np.corrcoef(between, seen["at(n, 5)"])[0, 1] == pytest.approx(0, abs=0.03)
    assert measured(out, seed=9).equals(seen)


def test_a_change_alone_has_the_errors_of_two_additive_measurements() -> None:
    plain = model(observed=[Observed("x", additive=0.5)])
    change = np.zeros(20_000)
    seen = measured_values(plain, {"change(x, 10)": change}, 10.0, 1)["change(x, 10)"]
    assert seen.std() == pytest.approx(0.5 * np.sqrt(2), rel=0.03)


def test_a_change_alone_is_refused_where_the_error_depends_on_the_value() -> None:
    with pytest.raises(StudyError, match=r"at\(x, 0\)"):
        measured_values(model(), {"change(x, 10)": np.zeros(3)}, 10.0, 1)


def test_trials_of_which_the_model_is_true_lie_inside_in_19_of_20() -> None:
    """Means of 200 patients drawn and measured by hand; the chance of so few or so many by accident is below 0.001."""
    one = validate(model(trials=[trial(TrialResult("placebo", "at(x, 0)", 8.0))]), seed=3).verdicts[0]
    rng = np.random.default_rng(8)
    start = 8 * np.exp(0.2 * rng.standard_normal((4000, 200)))
    means = (start * (1 + 0.1 * rng.standard_normal(start.shape)) + 0.5 * rng.standard_normal(start.shape)).mean(axis=1)
    inside = np.mean((one.low <= means) & (means <= one.high))
    assert 0.925 < inside < 0.97


@pytest.mark.parametrize("fields", [{"patients": 50}, {"replicates": 0}])
def test_too_few_say_nothing(fields: dict[str, int]) -> None:
    with pytest.raises(StudyError, match="say nothing"):
        validate(model(trials=[trial(TrialResult("placebo", "at(x, 0)", 8.0))]), **fields)


def test_a_ratio_to_nobody_is_not_judged() -> None:
    ratio = TrialResult("drug", "at(x, 0) < 0", 2.0, "share", versus="placebo", compared="ratio")
    got = validate(model(trials=[trial(ratio)]))
    assert got.verdicts[0].verdict == "not judged"
    assert sum(got.counts().values()) == 0


def test_runs_that_fail_are_told() -> None:
    """Of those with a rate below 0 the counts fall below 0 and the run is refused or fails."""
    wild = model(trials=[trial(TrialResult("placebo", "at(x, 0)", 8.0))])
    wild = wild.replace(covariates=[PatientCovariate("k", "normal", mean=0, sd=400)])
    with pytest.warns(UserWarning, match="failed and are left out"):
        validate(wild, patients=400)


def studies(*results: TrialResult, spread: float = 0.5, **sizes: int) -> Model:
    """Return a model of studies: a share that differs between them by `spread` logits, and a drug that adds 0.5."""
    return Model(
        name="shares",
        time_unit="week",
        horizon=10.0,
        level="study",
        states=[State("s", 0.0, "percent")],
        parameters=[
            Parameter("base", 0.0, source="test"),
            Parameter("effect", 0.0, source="test"),
            Parameter("k", 1.0, "percent/week", source="test"),
        ],
        derived=[Derived("share", "1/(1 + exp(-base - effect))")],
        processes=[Process("count", "-> s", "k")],
        interventions=[Intervention("drug", [set_to("effect", 0.5)])],
        variability=[Variability("base", spread, "linear")],
        trials=[Trial("ONE", "doi:10/x", ARMS, sizes, results)],
    )


def test_a_replicate_of_a_model_of_studies_is_one_study() -> None:
    """Not the mean over as many of them as the arm has patients: the spread of a mean is that between studies."""
    result = TrialResult("placebo", "at(share, 10)", 0.5, measured=False)
    one = validate(studies(result, placebo=400, drug=400), patients=8000, replicates=4000).verdicts[0]
    ends = 1 / (1 + np.exp(np.array([1.96, -1.96]) * 0.5))
    np.testing.assert_allclose([one.low, one.high], ends, atol=0.02)


def test_a_median_of_studies_is_the_typical_one() -> None:
    """And not their mean, where a study may differ more upward than downward."""
    results = [TrialResult("placebo", "at(odds, 10)", 1.0, how, measured=False) for how in ("median", "mean")]
    bare = studies(spread=1.0)
    trial = Trial("ONE", "doi:10/x", ARMS, {}, results)
    many = bare.replace(derived=[*bare.derived, Derived("odds", "exp(base)")], trials=[trial])
    typical, mean = validate(many, patients=8000).verdicts
    assert typical.model == pytest.approx(1.0, abs=0.03)
    assert mean.model == pytest.approx(np.exp(0.5), abs=0.05)
    assert (typical.low, typical.high) == (mean.low, mean.high)


def test_responders_of_an_arm_are_drawn_from_its_patients() -> None:
    """Binomial: where studies do not differ, the variance of a share is p (1 - p)/n, of a difference that of two."""
    p, q, n = 0.5, 1 / (1 + np.exp(-0.5)), 100
    share = TrialResult("placebo", "at(share, 10)", 0.5, "share")
    more = TrialResult("drug", "at(share, 10)", q - p, "share", versus="placebo", compared="difference")
    alike = studies(share, more, spread=1e-9, placebo=n, drug=n)
    seen = validate(alike, patients=400, replicates=8000)
    sd = [np.sqrt(p * (1 - p) / n), np.sqrt((p * (1 - p) + q * (1 - q)) / n)]
    np.testing.assert_allclose([(v.high - v.low) / (2 * 1.96) for v in seen.verdicts], sd, rtol=0.06)
    np.testing.assert_allclose([v.model for v in seen.verdicts], [p, q - p], atol=1e-6)
    assert "400 virtual studies" in seen.recipe
    assert seen.verdicts[0].words == "share with share at week 10"


def test_both_arms_of_a_replicate_are_the_same_study() -> None:
    """Studies that differ a lot: their difference does not, beyond the drawing of responders."""
    more = TrialResult("drug", "at(share, 10)", 0.1, "share", versus="placebo", compared="difference")
    apart = validate(studies(more, spread=2.0, placebo=10**6, drug=10**6), patients=4000).verdicts[0]
    assert 0 < apart.low < apart.high < 0.13  # a drug adds at most 0.125 to a share


def test_a_level_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ModelError, match=r"level 'arm'.*patient"):
        model(level="arm")
    assert Model.from_json(studies().to_json()).level == "study"


def test_a_share_of_patients_still_needs_a_condition() -> None:
    with pytest.raises(StudyError):
        validate(model(trials=[trial(TrialResult("placebo", "at(x, 10)", 0.5, "share"))]), patients=400)


@pytest.mark.parametrize(
    ("error", "sd"),
    [
        (Observed("x", additive=0.5, proportional=0.1), np.hypot(0.5, 0.9)),
        (Observed("x", additive=0.5, proportional=0.1, combined="sds"), 0.5 + 0.9),
        (Observed("x", proportional=0.1, power=0.5), 0.1 * 3.0),
        (Observed("x", additive=0.5, proportional=0.1, power=0.5), np.hypot(0.5, 0.3)),
    ],
)
def test_errors_of_every_form_have_their_standard_deviation(error: Observed, sd: float) -> None:
    seen = measured_values(model(observed=[error]), {"at(x, 1)": np.full(40_000, 9.0)}, 2.0, 3)["at(x, 1)"]
    assert seen.std() == pytest.approx(sd, rel=0.02)  # four standard errors of a standard deviation
    assert seen.mean() == pytest.approx(9.0, abs=4 * sd / 200)
