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
from immunode.model import Model, Parameter, State
from immunode.study.arms import Arms
from immunode.study.design.design import Design
from immunode.study.design.distributions import Distribution
from immunode.study.design.from_tables import from_table
from immunode.study.populations import population
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


def test_no_benefit_has_no_interval_of_the_number_needed_to_treat() -> None:
    row = trial([[1, 0]] * 10 + [[0, 1]] * 10 + [[0, 0]] * 80).table().loc["drug"]
    assert np.isinf(row["nnt"])
    assert np.isnan(row["nnt low"])


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
