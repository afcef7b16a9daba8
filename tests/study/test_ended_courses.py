"""Courses that filled a model's horizon are told to end in longer runs; those that are meant to end are not."""

from __future__ import annotations

import numpy as np
import pytest

import immunode as im
from immunode.errors import DoseError
from immunode.intervention import at_times, at_visits, during, pulses, set_to, transfer


def _model(*interventions: im.Intervention) -> im.Model:
    return im.Model(
        name="course",
        time_unit="day",
        horizon=100.0,
        states=[im.State("x", 0.0, "mg", "drug")],
        parameters=[im.Parameter("k", 0.1, "1/day", "loss", source="assumed: a test")],
        processes=[im.Process("loss", "x ->", "k*x")],
        interventions=interventions,
    )


COURSE = im.Intervention("course", [transfer("x", 1.0)], pulses(every=10, width=0, n=10))
LISTED = im.Intervention("listed", [transfer("x", 1.0)], at_times(0, 10, 30, 60, 90))
SHORT = im.Intervention("short", [transfer("x", 1.0)], pulses(every=10, width=0, n=5))
ONCE = im.Intervention("once", [transfer("x", 1.0)])
WINDOW = im.Intervention("window", [set_to("k", 0.0)], during(20, 100))
PULSED = im.Intervention("pulsed", [set_to("k", 0.0)], pulses(every=10, width=2, n=10))
RULED = im.Intervention("ruled", [set_to("k", 0.0)], at_visits(10, when="x > 5", n=10))
MODEL = _model(COURSE, LISTED, SHORT, ONCE, WINDOW, PULSED, RULED)


def _told(name: str, until: float) -> list[str]:
    return list(im.simulate(MODEL, until, interventions=name).recipe["remarks"])


@pytest.mark.parametrize("name", ["course", "listed", "window", "pulsed", "ruled"])
def test_a_course_that_filled_the_horizon_is_told_to_end_in_a_longer_run(name: str) -> None:
    (line,) = _told(name, 200)
    last = "day 100" if name == "window" else "day 90"
    assert f"'{name}'" in line
    assert last in line
    assert "200" in line
    assert "continued(200)" in line
    assert _told(name, 100) == []


@pytest.mark.parametrize("name", ["short", "once"])
def test_a_course_that_is_meant_to_end_is_not(name: str) -> None:
    assert _told(name, 1000) == []


def test_the_next_dose_is_missed_before_it_is_told() -> None:
    # the last of COURSE is at 90, the next one would be at 100
    assert _told("course", 100) == []
    assert len(_told("course", 100.5)) == 1
    # the last interval of LISTED is 30 days: a run to 120 misses none
    assert _told("listed", 119) == []
    assert len(_told("listed", 121)) == 1


@pytest.mark.parametrize("name", ["course", "listed", "window", "pulsed", "ruled"])
def test_a_continued_course_goes_on_and_is_not_told(name: str) -> None:
    longer = MODEL.intervention(name).continued(200)
    assert im.simulate(MODEL, 200, interventions=longer).recipe["remarks"] == []


def test_continued_doses_come_at_the_last_interval() -> None:
    run = im.simulate(MODEL, 200, interventions=COURSE.continued(200))
    np.testing.assert_allclose(run.doses["course"], np.arange(0, 201, 10.0))
    run = im.simulate(MODEL, 200, interventions=LISTED.continued(200))
    np.testing.assert_allclose(run.doses["listed"], [0, 10, 30, 60, 90, 120, 150, 180])
    with pytest.raises(DoseError, match="single pulse"):
        im.Intervention("one", [transfer("x", 1.0)], at_times(5)).continued(200)


def test_a_sweep_tells_it_once_an_arm_unless_the_design_sets_the_count() -> None:
    arms = ["control", "course", "short"]
    out = im.sweep(MODEL, im.grid({"k": [0.1, 0.2]}), until=200, arms=arms, endpoints="final(x)")
    (line,) = out.recipe["remarks"]
    assert "arm 'course'" in line
    assert "'course.n'" in line
    moved = im.sweep(MODEL, im.grid({"course.n": [10.0, 21.0]}), until=200, arms=["course"], endpoints="final(x)")
    assert moved.recipe["remarks"] == []


def test_drugs_without_a_count_go_on_and_composed_ones_are_told() -> None:
    drug = im.Drug("d", im.pk.one_compartment(CL=1.0, V1=1.0), "1 mg iv q10d").inhibit("k", 0.5, 1.0)
    assert im.simulate(MODEL, 200, interventions=drug).recipe["remarks"] == []
    (line,) = im.simulate(im.perturb(MODEL, drug), 200).recipe["remarks"]
    assert "'d'" in line
    assert "doses without a number" in line


@pytest.mark.parametrize(
    ("name", "arm", "last"), [("jin2025", "benralizumab_q8w", 336), ("ma2020", "sarilumab_150", 154)]
)
def test_arms_of_published_models_are_told(name: str, arm: str, last: int) -> None:
    model = im.load_model(name)
    run = im.simulate(model, 2 * model.horizon, interventions=arm)
    (line,) = run.recipe["remarks"]
    assert f"day {last}" in line


LATE = im.Intervention("late", [set_to("k", 0.0)], during(60, 90))
LATER = im.Intervention("later", [transfer("x", 1.0)], pulses(every=10, width=0, n=3, start=60))
FIRST_SEEN = im.Intervention("first_seen", [set_to("k", 0.0)], at_visits(10, start=60, when="x > -1", n=10))
LATE_MODEL = _model(LATE, LATER, FIRST_SEEN, COURSE)


@pytest.mark.parametrize("name", ["late", "later", "first_seen"])
def test_a_course_that_begins_after_the_end_is_told(name: str) -> None:
    run = im.simulate(LATE_MODEL, 50, arms=["control", name])[name]
    (line,) = run.recipe["remarks"]
    assert f"arm '{name}'" in line
    assert "begins at day 60, after the run's end at 50" in line
    assert im.simulate(LATE_MODEL, 61, interventions=name).recipe["remarks"] == []


def test_a_window_that_is_open_from_the_start_is_not_told_to_begin() -> None:
    window = im.Intervention("early", [set_to("k", 0.0)], during(0, 90))
    assert im.simulate(_model(window), 50, interventions="early").recipe["remarks"] == []


def test_a_sweep_tells_of_an_arm_that_never_acts_unless_the_design_moves_it() -> None:
    arms = ["control", "course", "late"]
    out = im.sweep(LATE_MODEL, im.grid(k=[0.1, 0.2]), until=50, arms=arms, endpoints="final(x)")
    (line,) = out.recipe["remarks"]
    assert "arm 'late'" in line
    moved = im.sweep(LATE_MODEL, im.grid({"late.start": [10.0, 60.0]}), until=50, arms=["late"], endpoints="final(x)")
    assert moved.recipe["remarks"] == []


def test_a_dose_after_the_end_is_told() -> None:
    drug = im.Drug("d", im.pk.one_compartment(CL=1.0, V1=1.0), "1 mg iv at week 30").inhibit("k", 0.5, 1.0)
    (line,) = im.simulate(MODEL, "24 weeks", interventions=drug).recipe["remarks"]
    assert "'d': it begins at day 210" in line
    assert im.simulate(MODEL, "31 weeks", interventions=drug).recipe["remarks"] == []
