"""Responders, the number needed to treat, weights, and what the published population shows."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest

from immunode.analysis.trials.prevalence import prevalence_weights
from immunode.analysis.trials.responder_shares import Responders, responders
from immunode.catalogue import load_model
from immunode.errors import StudyError
from immunode.intervention import Intervention, transfer
from immunode.model import Model, Parameter, PatientClass, State, Threshold
from immunode.study.arms import Arms
from immunode.study.design.design import Design
from immunode.study.design.distributions import Distribution
from immunode.study.design.from_tables import from_table
from immunode.study.populations import population
from immunode.study.result.paired_differences import exact_interval
from immunode.study.sweeps import sweep

STILL = Model(
    name="still",
    time_unit="day",
    states=[State("x", "k", "")],
    parameters=[Parameter("k", 1.0, "", source="assumed: a test"), Parameter("d", 0.0, "", source="assumed: a test")],
)
"""A model in which nothing moves: the endpoint is what was drawn."""


def trial(table: list[list[float]]) -> Responders:
    responds = np.array(table)
    n = len(responds)
    return Responders("made up", "control", ("control", "drug"), responds, np.full(n, 1 / n), np.arange(n))


def test_number_needed_to_treat() -> None:
    """Of 100, 20 respond without and 50 with the drug, 5 of them only without: benefit 0.3, NNT 10/3."""
    pairs = [[1, 1]] * 15 + [[1, 0]] * 5 + [[0, 1]] * 35 + [[0, 0]] * 45
    row = trial(pairs).table().loc["drug"]
    assert row["benefit"] == pytest.approx(0.3)
    assert row["nnt"] == pytest.approx(10 / 3)
    assert (row["helped"], row["harmed"]) == (pytest.approx(0.35), pytest.approx(0.05))


def test_interval_of_the_paired_benefit() -> None:
    """Bootstrap against the large-sample variance of paired shares, (b + c - (b - c)^2/n)/n^2 (McNemar)."""
    pairs = [[1, 1]] * 60 + [[1, 0]] * 20 + [[0, 1]] * 140 + [[0, 0]] * 180
    row = trial(pairs).table().loc["drug"]
    n, b, c = 400, 140, 20
    half = 1.96 * np.sqrt(b + c - (b - c) ** 2 / n) / n
    # quantiles of 2,000 repeats are uncertain by some 5 % of the half width
    assert row["benefit low"] == pytest.approx(0.3 - half, abs=0.08 * half)
    assert row["benefit high"] == pytest.approx(0.3 + half, abs=0.08 * half)
    assert (row["nnt low"], row["nnt high"]) == (1 / row["benefit high"], 1 / row["benefit low"])


def test_interval_of_the_share_covers() -> None:
    """Of 100 samples of 100 from a share of 0.3, the 95 % interval holds it in 88 to 100 % (binomial, 99.9 %)."""
    rng = np.random.default_rng(5)
    inside = 0
    for seed in range(100):
        responds = (rng.random((100, 1)) < 0.3).astype(float)
        low, high = (
            Responders("x", "", ("a",), responds, np.full(100, 0.01), np.arange(100), seed)
            .table()
            .loc["a", ["low", "high"]]
        )
        inside += low <= 0.3 <= high
    assert inside / 100 >= 0.88


@pytest.mark.parametrize(
    ("responders_of", "patients", "low", "high"),
    [
        # binom.test of R 4 (package stats)
        (2, 10, 0.02521073, 0.55609546),
        (0, 10, 0.0, 0.30849710),  # 1 - 0.025**(1/10)
        (10, 10, 0.69150290, 1.0),
        (1, 20, 0.00126509, 0.24873277),
        # Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 5
        (81, 263, 0.2527, 0.3676),
        (15, 148, 0.0578, 0.1617),
        (1, 29, 0.0009, 0.1776),
    ],
)
def test_interval_of_a_share_is_exact(responders_of: int, patients: int, low: float, high: float) -> None:
    found = exact_interval(responders_of, patients)
    assert found == pytest.approx((low, high), abs=6e-5 if patients in (263, 148, 29) else 1e-8)
    responds = np.array([[1.0]] * responders_of + [[0.0]] * (patients - responders_of) + [[np.nan]] * 3)
    n = len(responds)
    row = Responders("x", "", ("a",), responds, np.full(n, 1 / n), np.arange(n)).table().loc["a"]
    assert (row["low"], row["high"]) == found


def test_weighted_shares_keep_the_interval_of_the_bootstrap() -> None:
    """Of a weighted share the number of patients behind it is not a count; nobody's share has no interval."""
    responds = np.array([[1.0]] * 30 + [[0.0]] * 70)
    weights = np.r_[np.full(30, 2.0), np.full(70, 1.0)] / 130
    weighted = Responders("x", "", ("a",), responds, weights, np.arange(100))
    assert not weighted.exact
    row = weighted.table().loc["a"]
    p = 60 / 130
    half = 1.96 * np.sqrt((weights**2 * (responds[:, 0] - p) ** 2).sum())
    assert (row["low"], row["high"]) == (pytest.approx(p - half, abs=0.01), pytest.approx(p + half, abs=0.01))
    assert np.isnan(exact_interval(0, 0)).all()


LINES = [Threshold("low", "x < 4"), Threshold("very low", "2 > x"), Threshold("odd", "y > 1")]
SCORED = STILL.replace(thresholds=LINES, states=[State("x", "k", ""), State("y", 1.0)])


def test_a_rule_may_name_a_threshold() -> None:
    """The time may be said in any unit; without one, the only endpoint that tells the quantity is meant."""
    people = from_table({"k": np.arange(10.0)})
    out = sweep(SCORED, people, until=7, endpoints=["at(x, 1 days)", "peak(x)", "final(y)", "change(x, 2)"])
    for rule in ("low", "low at 1 day", "low at 24 hours", " low  at 1 days"):
        found = responders(out, rule)
        assert found.rule == "at(x, 1 days) < 4"
        assert found.table()["responders"].item() == 0.4
    assert responders(out, "very low").rule == "2 > at(x, 1 days)"
    assert responders(out, "odd at 1 week").rule == "final(y) > 1"


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        ("low at 2 days", ["at(x, 2 days)", "at(x, 1)"]),
        ("low", ["several times", "at(x, 1)", "final(x)"]),
        ("odd", ["at(y, 24 weeks)"]),
        ("lo at 1 day", ["'lo at 1 day'", "low"]),
        ("remission", ["'remission'", "very low"]),
    ],
)
def test_a_threshold_that_can_not_be_told_is_refused(rule: str, facts: list[str]) -> None:
    out = sweep(SCORED, from_table({"k": np.arange(10.0)}), until=7, endpoints=["at(x, 1)", "final(x)"])
    with pytest.raises(StudyError) as refused:
        responders(out, rule)
    for fact in facts:
        assert fact in str(refused.value)


def test_no_benefit_has_no_interval_of_the_number_needed_to_treat() -> None:
    row = trial([[1, 0]] * 10 + [[0, 1]] * 10 + [[0, 0]] * 80).table().loc["drug"]
    assert np.isinf(row["nnt"])
    assert np.isnan(row["nnt low"])


LISTED = STILL.replace(
    classes=[PatientClass(f"p{i}", 0.05, {"k": float(i)}) for i in range(20)],
    interventions=[Intervention("more", [transfer("x", 5.0)])],
)
"""Twenty listed patients, of whom 8 have 12 or more, and 13 with 5 more."""


def _listed(n: int) -> Responders:
    out = sweep(LISTED, patients=n, until=1, arms=["control", "more"], endpoints="final(x)")
    told = [line for line in out.recipe["remarks"] if "that it lists" in line]
    assert len(told) == (n > 20)
    assert all(f"{n} draws of the 20 patients" in line for line in told)
    return responders(out, "final(x) > 11.5")


def test_listed_patients_drawn_again_make_no_interval_narrower() -> None:
    """The same twenty patients tell as much however often they are drawn."""
    plain, again = _listed(20), _listed(400)
    assert (plain.distinct, again.distinct, len(again)) == (20, 20, 400)
    truth, found = plain.table(), again.table()
    assert tuple(truth.loc["control", ["low", "high"]]) == exact_interval(8, 20)
    for column in ("responders", "low", "high"):
        assert found[column].tolist() == pytest.approx(truth[column].tolist(), rel=1e-9)
    # a bootstrap of 1,000 repeats over 20 patients who are in another order: shares are multiples of 0.05
    row, other = truth.loc["more"], found.loc["more"]
    assert other["benefit"] == pytest.approx(row["benefit"])
    assert other["benefit high"] - other["benefit low"] == pytest.approx(
        row["benefit high"] - row["benefit low"], abs=0.0501
    )
    assert "400 draws of 20 declared patients; intervals of 20 patients" in repr(again)


def test_patients_drawn_unequally_often_count_as_fewer() -> None:
    """Ten of twenty drawn twice: 30^2/(10*4 + 10) = 18 patients in effect, whose exact interval is that of 18."""
    found = _listed(30)
    assert found.distinct == 20
    table = found.table()
    share = table["responders"].iloc[0]
    assert (table["low"].iloc[0], table["high"].iloc[0]) == pytest.approx(exact_interval(18 * share, 18), rel=1e-9)


def test_failed_runs_are_left_out() -> None:
    row = trial([[0, 1]] * 10 + [[0, np.nan]] * 10).table().loc["drug"]
    assert (row["patients"], row["responders"]) == (10, 1.0)


def test_paired_draws_beat_unpaired_ones() -> None:
    """The variance of a difference between arms: the same patients in both against other patients in each."""
    model = load_model("kuznetsov1994", variant="large_tumor")
    people = population(model, "a", "n", "s")
    arms = Arms(control=[], transfer=["adoptive_transfer_bolus"])
    n, paired, unpaired = 50, [], []
    for trial_number in range(20):
        out = sweep(model, people.draw(2 * n, seed=trial_number) * arms, until=30, endpoints="final(T)")
        a, b = (np.log10(out.values[out.arm == arm, 0]) for arm in ("control", "transfer"))
        paired.append(np.mean(b[:n] - a[:n]))
        unpaired.append(np.mean(b[:n]) - np.mean(a[n:]))
    assert np.var(paired) < 0.2 * np.var(unpaired)


def test_weights_reach_mean_and_spread() -> None:
    """A standard normal tilted to mean m and sd s is the normal with them: weights are the ratio of densities."""
    z = np.random.default_rng(1).standard_normal(2000)
    out = sweep(STILL, from_table({"k": z}), until=1, endpoints="final(x)")
    made = prevalence_weights(out, {"final(x)": {"mean": 0.5, "sd": 0.8}})
    w = made.weights
    assert w.sum() == pytest.approx(1)
    assert (w * z).sum() == pytest.approx(0.5, abs=1e-6)
    assert np.sqrt((w * (z - 0.5) ** 2).sum()) == pytest.approx(0.8, abs=1e-6)
    # log w is a parabola in z, as for the ratio of two normal densities
    fit = np.polynomial.Polynomial.fit(z, np.log(w), 2)
    np.testing.assert_allclose(fit(z), np.log(w), atol=1e-6)


def test_weights_change_shares() -> None:
    z = np.linspace(-2, 2, 401)
    out = sweep(STILL, from_table({"k": z}), until=1, endpoints="final(x)")
    weights = prevalence_weights(out, {"final(x)": {"mean": 0.0, "sd": 0.5}}).weights
    plain, weighted = (responders(out, "final(x) > 1", weights=w).table()["responders"].item() for w in (None, weights))
    assert plain == pytest.approx(0.25, abs=0.01)
    assert weighted < 0.1


def test_targets_out_of_reach_are_told() -> None:
    out = sweep(STILL, from_table({"k": np.linspace(0, 1, 50)}), until=1, endpoints="final(x)")
    with pytest.raises(StudyError, match="no weighting of these patients reaches the targets"):
        prevalence_weights(out, {"final(x)": {"mean": 3.0}})
    with pytest.raises(StudyError, match="needs a mean beside it"):
        prevalence_weights(out, {"final(x)": {"sd": 1.0}})


def test_an_arm_that_ran_a_patient_twice_is_refused() -> None:
    design = Design(("k",), np.array([[1.0], [2.0]]), draw=np.array([0, 0]))
    out = sweep(STILL, design, until=1, endpoints="final(x)")
    with pytest.raises(StudyError, match="ran the same patient twice"):
        responders(out, "final(x) > 1")


@pytest.mark.slow
def test_the_published_population_of_atopic_dermatitis(monkeypatch: pytest.MonkeyPatch) -> None:
    """The 500 patients of ad_miyano2022.md, each from the own rest: shares with EASI-75 at week 24."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "models"))
    written = importlib.import_module("reference.miyano2022")
    model = load_model("miyano2022")
    given = {name: Distribution("lognormal", mu, sigma, 0.0) for name, mu, sigma in written.POPULATION}
    design = population(model, distributions=given).draw(500, seed=20220401)
    names = ["placebo", "dupilumab", "lebrikizumab", "il13_il22"]
    out = sweep(model, design * Arms.of(model, *names), until=24, endpoints="final(improvement)", rtol=1e-7)
    table = responders(out, "final(improvement) > 75", versus="placebo").table()
    assert (100 * table["responders"]).round(1).tolist() == [25.0, 68.8, 68.6, 78.4]
    assert table.loc["dupilumab", "nnt"] == pytest.approx(1 / 0.438, rel=1e-9)
