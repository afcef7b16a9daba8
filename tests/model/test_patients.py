"""What a model says of its patients: records that refuse nonsense, and checks that name the thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from immunode.errors import ModelError
from immunode.intervention import Intervention, inhibit
from immunode.model import (
    Correlation,
    Model,
    Observed,
    Parameter,
    PatientClass,
    PatientCovariate,
    Process,
    State,
    Story,
    Threshold,
    Trial,
    TrialResult,
    Variability,
    Variant,
)

PLAIN = Model(
    name="score",
    time_unit="day",
    states=[State("x", "x0", "mg")],
    parameters=[
        Parameter("x0", 8.0, "mg", source="test"),
        Parameter("k", 0.1, "1/day", source="test"),
        Parameter("f", 0.5, source="test"),
        Parameter("weight", 70.0, "kg", source="test"),
    ],
    processes=[Process("loss", "x ->", "k*f*(weight/weight)*x")],
    interventions=[Intervention("drug", [inhibit("k", 0.5)])],
    variants=[Variant("ill", values={"k": 0.2})],
)


def declared(**fields: Any) -> Model:
    return PLAIN.replace(**fields)


FULL = declared(
    variability=[Variability("x0", cv=0.3), Variability("k", 0.5, high=2.0), Variability("f", 0.7, "logit")],
    correlations=[Correlation("x0", "k", -0.5)],
    classes=[PatientClass("fast", 0.25, {"k": 0.4}), PatientClass("slow", 0.75, {"k": 0.05})],
    covariates=[PatientCovariate("weight", "lognormal", median=70, sd=0.2, low=40, high=170, step=1)],
    observed=[Observed("x", additive=0.5, proportional=0.1)],
    thresholds=[Threshold("remission", "x < 2.5", "remission")],
    story=Story("It falls.", {"placebo": "", "drug": "drug"}, ["x"], logarithmic=["x"]),
    trials=[
        Trial(
            "ONE", "doi:10/x", {"placebo": "", "drug": "drug"}, {"placebo": 30},
            [TrialResult("drug", "change(x, 24 hours)", -1.0, se=0.2),
             TrialResult("placebo", "remission at 10 days", 0.2, "share", low=0.1, high=0.4)],
            only="weight > 50", variant="ill",
        )
    ],
)  # fmt: skip


def test_a_model_with_patients_survives_json() -> None:
    again = Model.from_json(FULL.to_json())
    assert again == FULL
    assert again.trials[0].results[0].interval == pytest.approx((-1.392, -0.608))


def test_what_is_only_told_does_not_change_the_key_of_the_numbers() -> None:
    from immunode.model.serial import content_key

    assert content_key(FULL.replace(trials=(), story=None, thresholds=())) == content_key(FULL)
    assert content_key(FULL.replace(observed=())) != content_key(FULL)


@pytest.mark.parametrize(
    ("make", "facts"),
    [
        (lambda: Variability("k"), ["'k'", "sd", "cv"]),
        (lambda: Variability("k", 0.2, cv=0.2), ["either sd or cv"]),
        (lambda: Variability("k", 0.2, "lgo"), ["scale", "'log'"]),
        (lambda: Variability("k", cv=0.2, scale="linear"), ["log scale"]),
        (lambda: Variability("k", 0.2, low=2, high=1), ["from 2 to 1"]),
        (lambda: Variability("k", float("nan")), ["finite"]),
        (lambda: Correlation("k", "x0", 1.0), ["inside -1 and 1", "1"]),
        (lambda: Correlation("k", "k", 0.5), ["two parameters"]),
        (lambda: PatientClass("a", 1.2), ["share", "1.2"]),
        (lambda: PatientCovariate("w", "share", share=20), ["share", "20 %"]),
        (lambda: PatientCovariate("w", "lognormal", median=70), ["sd="]),
        (lambda: PatientCovariate("w", "share", share=0.2, sd=3), ["sd="]),
        (lambda: PatientCovariate("w", "normle", mean=1, sd=1), ["'normal'"]),
        (lambda: PatientCovariate("w", "lognormal", median=-1, sd=1), ["median", "above 0"]),
        (lambda: Observed("x"), ["additive", "lognormal", "counts"]),
        (lambda: Observed("x", additive=0.1, lognormal=0.1), ["'x'"]),
        (lambda: Observed("x", additive=-1), ["additive", "-1"]),
        (lambda: Observed("x", additive=1, combined="sum"), ["combined", "'sum'"]),
        (lambda: Observed("x", proportional=1, power=-0.5), ["power", "-0.5"]),
        (lambda: Threshold("r", "x + 1"), ["'x + 1'", "das28 < 2.6"]),
        (lambda: Threshold("r", "x < y"), ["one quantity with a number"]),
        (lambda: Threshold("r", "x < 2 and x > 1"), ["one quantity with a number"]),
        (lambda: Story("", {"a": ""}, ["x"]), ["sentence"]),
        (lambda: Story("s", {"a": ""}, ["x"], patients=1), ["patients=1", "from 2 on"]),
        (lambda: Story("s", {"a": ""}, ["x"], kind="waterfal", patients=9), ["'waterfal'", "courses, waterfall"]),
        (lambda: Story("s", {"a": ""}, ["x"], kind="waterfall"), ["need patients"]),
        (lambda: TrialResult("a", "at(x, 1)", 1.2, "share"), ["share", "1.2"]),
        (lambda: TrialResult("a", "at(x, 1)", 1.0, low=2, high=3), ["outside its interval"]),
        (lambda: TrialResult("a", "at(x, 1)", 1.0, low=0), ["low=", "high="]),
        (lambda: TrialResult("a", "at(x, 1)", 1.0, versus="b"), ["compared="]),
        (lambda: TrialResult("a", "at(x, 1)", 1.0, "men"), ["'mean'"]),
        (lambda: Trial("T", "doi", {"a": ""}, {"b": 3}), ["'b'"]),
        (lambda: Trial("T", "doi", {"a": ""}, {"a": 0}), ["'a'", "above 0"]),
        (lambda: Trial("T", "doi", {"a": ""}, results=[TrialResult("c", "at(x, 1)", 1.0)]), ["'c'"]),
        (lambda: Trial("T", "doi", {"a": ""}, only="weight"), ["condition"]),
    ],
)
def test_a_record_refuses_nonsense(make: Callable[[], object], facts: list[str]) -> None:
    with pytest.raises(ModelError) as caught:
        make()
    for fact in facts:
        assert fact in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "facts"),
    [
        ({"variability": [Variability("kk", 0.1)]}, ["'kk'", "'k'"]),
        ({"variability": [Variability("k", 0.1), Variability("k", 0.1)]}, ["'k'", "twice"]),
        ({"variability": [Variability("x0", 0.1, "logit")]}, ["'x0'", "logit", "8"]),
        ({"correlations": [Correlation("x0", "k", 0.1)]}, ["'x0'", "variability"]),
        (
            {
                "variability": [Variability(n, 0.1) for n in ("x0", "k", "f")],
                "correlations": [Correlation("x0", "k", 0.9), Correlation("k", "f", 0.9), Correlation("x0", "f", -0.9)],
            },
            ["no joint distribution", "'f'"],
        ),
        (
            {"variability": [Variability("x0", 0.1), Variability("k", 0.1)],
             "correlations": [Correlation("x0", "k", 0.1), Correlation("k", "x0", 0.2)]},
            ["twice"],
        ),
        ({"classes": [PatientClass("a", 0.5), PatientClass("b", 0.4)]}, ["0.9", "not to 1"]),
        ({"classes": [PatientClass("a", 0.5, {"q": 1}), PatientClass("b", 0.5)]}, ["'q'"]),
        ({"covariates": [PatientCovariate("wieght", "share", share=0.5)]}, ["'weight'"]),
        (
            {"covariates": [PatientCovariate("k", "share", share=0.5)], "variability": [Variability("k", 0.1)]},
            ["'k'", "only one"],
        ),
        ({"observed": [Observed("y", additive=1)]}, ["'y'"]),
        ({"thresholds": [Threshold("r", "y < 1")]}, ["'r'", "'y'"]),
        ({"story": Story("s", {"a": "drugg"}, ["x"])}, ["story", "'a'", "'drug'"]),
        ({"story": Story("s", {"a": ""}, ["y"])}, ["panel", "'y'"]),
        ({"story": Story("s", {"a": ""}, ["x"], variant="il")}, ["'ill'"]),
        ({"trials": [Trial("T", "d", {"a": "dr"})]}, ["'T'", "'dr'"]),
        ({"trials": [Trial("T", "d", {"a": ""}, variant="v")]}, ["'v'"]),
        ({"trials": [Trial("T", "d", {"a": ""}, only="height > 3")]}, ["'height'"]),
        (
            {"trials": [Trial("T", "d", {"a": ""}, results=[TrialResult("a", "at(y, 3)", 1.0)])]},
            ["'T'", "at(y, 3)", "'y'"],
        ),
        (
            {"trials": [Trial("T", "d", {"a": ""}, results=[TrialResult("a", "peek(x)", 1.0)])]},
            ["'peek'", "'peak'"],
        ),
        (
            {"trials": [Trial("T", "d", {"a": ""}, results=[TrialResult("a", "remision at 3", 0.1, "share")])],
             "thresholds": [Threshold("remission", "x < 2")]},
            ["'remision'", "'remission'"],
        ),
        ({"story": "once upon a time"}, ["Story"]),
        ({"variability": [Correlation("x0", "k", 0.1)]}, ["Variability"]),
    ],
)  # fmt: skip
def test_a_model_says_what_does_not_fit(fields: dict[str, Any], facts: list[str]) -> None:
    with pytest.raises(ModelError) as caught:
        declared(**fields)
    for fact in facts:
        assert fact in str(caught.value)


def test_a_threshold_tells_its_line() -> None:
    assert (Threshold("r", "x < 2.6").quantity, Threshold("r", "x < 2.6").level) == ("x", 2.6)
    assert (Threshold("r", "-2 >= y").quantity, Threshold("r", "-2 >= y").level) == ("y", -2.0)


def test_endpoints_of_trials_are_those_that_there_are() -> None:
    from immunode.model.published_trials import ENDPOINTS
    from immunode.study.endpoints import KINDS

    assert set(ENDPOINTS) == set(KINDS)
