"""Endpoints, rules and results of trials are said with the labels of the model, in words that a clinician reads."""

from __future__ import annotations

import pytest

from immunode.analysis.trials.phrases import result_words
from immunode.analysis.trials.threshold_rules import written_out
from immunode.catalogue import load_model
from immunode.model import Model, Parameter, Process, State, Threshold, TrialResult
from immunode.model.patients import named_threshold
from immunode.study.result.row_words import endpoint_phrases, rule_words

ARTHRITIS, ASTHMA, MYASTHENIA = (load_model(name) for name in ("ma2020", "jin2025", "valenzuela2025"))


@pytest.mark.parametrize(
    ("model", "endpoint", "words"),
    [
        (ARTHRITIS, "change(das28, 24 weeks)", "change of DAS28-CRP by week 24"),
        (ARTHRITIS, "percent_change(anc, 24 weeks)", "percent change of neutrophils by week 24"),
        (ARTHRITIS, "at(das28, 168)", "DAS28-CRP at week 24"),
        (ARTHRITIS, "at(das28, 1)", "DAS28-CRP at day 1"),
        (ARTHRITIS, "at(das28, 0)", "DAS28-CRP at the start"),
        (ARTHRITIS, "final(das28)", "DAS28-CRP at the end"),
        (ARTHRITIS, "peak(C)", "peak of sarilumab in blood"),
        (ARTHRITIS, "auc(das28)", "DAS28-CRP, area under the curve"),
        (ARTHRITIS, "time_to(das28 < 2.6)", "time until remission (DAS28-CRP < 2.6)"),
        (ARTHRITIS, "fraction_of_time(anc < 1.0)", "share of the time with neutropenia of grade 3 (neutrophils < 1.0)"),
        (ARTHRITIS, "time_of_peak(C)", "time of the peak of sarilumab in blood"),
        (MYASTHENIA, "trough(IgG_change)", "lowest change of IgG"),
        (ASTHMA, "final(exac)", "exacerbations at the end"),
        (ARTHRITIS, "final(depot)", "sarilumab under the skin at the end"),  # has a meaning, no label
    ],
)
def test_endpoints_are_said_with_labels(model: Model, endpoint: str, words: str) -> None:
    assert endpoint_phrases([endpoint], model) == {endpoint: words}


def test_times_without_a_unit_are_said_without_one() -> None:
    bare = Model("bare", states=[State("x", 1.0)], parameters=[Parameter("k", 1.0)], processes=[Process("p", "x ->",
                 "k*x")])  # fmt: skip
    assert endpoint_phrases(["change(x, 5)"], bare) == {"change(x, 5)": "change of x by time 5"}


@pytest.mark.parametrize(
    ("model", "rule", "words"),
    [
        (ARTHRITIS, "remission at 24 weeks", "in remission at week 24"),
        (ARTHRITIS, "at(das28,24 weeks)<2.6", "in remission at week 24"),
        (ARTHRITIS, "low_activity at 12 weeks", "in low disease activity at week 12"),
        (ARTHRITIS, "neutropenia_3 at 4 weeks", "with neutropenia of grade 3 at week 4"),
        (ARTHRITIS, "trough(anc) < 1.0", "with neutropenia of grade 3"),
        (ARTHRITIS, "at(C, 24 weeks) < 2.6", "with sarilumab in blood at week 24 < 2.6"),
        (ARTHRITIS, "at(das28, 24 weeks) < 2", "with DAS28-CRP at week 24 < 2"),
        (
            ARTHRITIS,
            "final(das28) < 0.5*at(das28, 0) and peak(C) > 1",
            "with DAS28-CRP at the end < 0.5*DAS28-CRP at the start and peak of sarilumab in blood > 1",
        ),
        (MYASTHENIA, "responder at 23 weeks", "with MG-ADL better by two points at week 23"),
    ],
)
def test_rules_say_who_is_meant(model: Model, rule: str, words: str) -> None:
    assert rule_words(written_out(model, rule), model) == words


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (TrialResult("a", "change(das28, 12 weeks)", -1.0), "mean change of DAS28-CRP by week 12"),
        (TrialResult("a", "at(das28, 12 weeks)", 1.0, "sd"), "SD of DAS28-CRP at week 12"),
        (TrialResult("a", "remission at 12 weeks", 0.1, "share"), "share in remission at week 12"),
        (
            TrialResult("a", "change(das28, 1)", -1.0, versus="b", compared="difference"),
            "mean change of DAS28-CRP by day 1, difference of arms",
        ),
    ],
)
def test_results_of_trials_say_their_statistic(result: TrialResult, words: str) -> None:
    rule = written_out(ARTHRITIS, result.endpoint) if result.statistic == "share" else result.endpoint
    assert result_words(ARTHRITIS, result, rule) == words


@pytest.mark.parametrize(
    "words", ["low_activity", "low activity", "low disease activity", "Low disease activity", "in low disease activity"]
)
def test_a_threshold_is_known_by_the_phrases_that_results_show(words: str) -> None:
    model = load_model("frey2013")
    for when in ("", " at 24 weeks"):
        found = named_threshold(words + when, model.thresholds)
        assert found is not None
        assert (found[0].name, found[1]) == ("low_activity", when.removeprefix(" at "))
    assert written_out(model, f"{words} at 24 weeks") == "at(das28, 24 weeks) <= 3.2"


@pytest.mark.parametrize("name", ["ma2020", "park2025", "melhem2018", "zhang2025_pasi", "wang2018_hcv"])
def test_every_phrase_shown_for_a_threshold_leads_back_to_it(name: str) -> None:
    model = load_model(name)
    for threshold in model.thresholds:
        rule = threshold.on(f"at({threshold.quantity}, 1 {model.time_unit})")
        assert written_out(model, rule_words(rule, model)) == rule


def test_a_name_comes_before_a_meaning() -> None:
    two = (Threshold("a", "x < 1", "b"), Threshold("b", "x < 2", "c"))
    found = [named_threshold(text, two) for text in ("a", "b", "c")]
    assert [one[0].name for one in found if one is not None] == ["a", "b", "b"]
    assert named_threshold("d", two) is None
