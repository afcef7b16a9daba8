"""Whether expectations are met over sampled parameters."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from immunode.analysis.treatment.expectations import check_expectations
from immunode.catalogue import load_model
from immunode.errors import StudyError
from immunode.intervention import Intervention, add, at_times, during, inhibit, scale, set_to, transfer
from immunode.model import Model, Parameter, PatientCovariate, Process, State, Variability
from immunode.study import grid
from immunode.study.design.declared import declared_joint

SLOW = Intervention("slow", inhibit("k", 0.5), expects={"A": "up"})


@pytest.fixture(scope="module")
def decay() -> Model:
    """Return A' = inflow - k*A from A(0) = 8; with inflow 0, A = 8 exp(-k t)."""
    return Model(
        name="decay",
        time_unit="day",
        horizon=10.0,
        states=[State("A", 8.0, "cell", "cells", typical=1.0)],
        parameters=[
            Parameter("k", 0.5, "1/day", "loss", source="assumed: a test", bounds=(0.1, 2.0)),
            Parameter("inflow", 0.0, "cell/day", "supply", source="assumed: a test"),
        ],
        processes=[Process("loss", "A ->", "k*A"), Process("supply", "-> A", "inflow")],
        readouts=["A"],
        interventions=[
            Intervention("slow", [inhibit("k", 0.5)], during(2, 6), source="assumed: a test"),
            Intervention("quick", [scale("k", 3.0)], source="assumed: a test"),
        ],
    )


def test_an_expectation_that_holds_has_no_counter_example(decay: Model) -> None:
    found = check_expectations(decay, SLOW, 32)
    assert found.hold
    assert [(i.over, i.share, i.pairs, i.counter_example) for i in found.items] == [
        ("final", 1.0, 32, None),
        ("mean", 1.0, 32, None),
    ]


def test_the_two_ways_to_compare_differ(decay: Model) -> None:
    """A window that is long over: A is back at 0 in the end, its average is not."""
    early = Intervention("early", add("inflow", 1), during(0, 1), expects={"A": "up"})
    found = check_expectations(decay.with_values(k=2), early, design=grid(k=[1.9, 2.0]), tolerance=0.1)
    assert found["early", "A", "final"].share == 1  # 8 exp(-20) and more: tiny, but a fair part of itself
    assert found["early", "A", "mean"].share == 1
    unchanged = Intervention("early", add("inflow", 1e-9), during(0, 1), expects={"A": "unchanged"})
    found = check_expectations(decay.with_values(k=0.5), unchanged, design=grid(k=[0.4, 0.5]))
    assert found.hold


def test_the_share_counts_draws_and_the_counter_example_is_the_nearest(decay: Model) -> None:
    """Doubling k from below 1 on lowers A; the wrong expectation fails where A is not yet gone."""
    quick = Intervention("quick", scale("k", 3), expects={"A": "down"}, acts_on="clearance")
    fed = decay.with_values(inflow=1.0)
    design = grid(inflow=[0.0, 0.5, 1.0, 4.0], k=[0.5])
    assert check_expectations(fed, quick, design=design, over="final").hold
    wrong = Intervention("quick", scale("k", 3), expects={"A": "up"})
    found = check_expectations(fed, wrong, design=design, over="final").items[0]
    assert found.share == 0
    assert found.pairs == 4
    assert found.counter_example is not None
    assert found.counter_example.distance == 0
    assert str(found.counter_example) == "the declared values themselves"


def test_a_counter_example_away_from_the_declared_values(decay: Model) -> None:
    """With a floor on k the block matters only where k is above it."""
    late = Intervention("late", inhibit("k", 0.9), during(4, 5), expects={"A": "up"})
    design = grid(k=[0.001, 0.004, 0.5])
    found = check_expectations(decay, late, design=design, over="final", tolerance=0.02).items[0]
    assert found.share == pytest.approx(1 / 3)
    against = found.counter_example
    assert against is not None
    assert against.values == {"k": 0.004}
    assert against.distance == pytest.approx(abs(math.log(0.004 / 0.5)))
    assert against.factors == {"k": pytest.approx(0.008)}
    assert against.treated == pytest.approx(against.control * math.exp(0.0036), rel=1e-5)


def test_declared_interventions_are_checked_by_name_or_all(decay: Model) -> None:
    model = decay.replace(interventions=[SLOW, Intervention("quick", scale("k", 3), expects={"A": "down"})])
    assert check_expectations(model, n=8).table()["intervention"].tolist() == ["slow", "slow", "quick", "quick"]
    assert check_expectations(model, "quick", 8, over="mean").table().shape == (1, 13)
    text = repr(check_expectations(model, "slow", 8))
    assert "slow: A up (final): 100 % of 8" in text
    assert "8 Sobol points" in text


def test_mistakes_get_one_clear_line(decay: Model) -> None:
    with pytest.raises(StudyError, match="no intervention expects anything"):
        check_expectations(decay)
    with pytest.raises(StudyError, match="'slow' expects nothing"):
        check_expectations(decay, "slow")
    with pytest.raises(StudyError, match="over is 'final' or 'mean', got 'peak'"):
        check_expectations(decay, SLOW, over="peak")


def test_what_acts_beside_another_one_is_checked_there(decay: Model) -> None:
    """Less of an inflow that is 0 without `fed`: alone it moves nothing, beside it always."""
    fed = Intervention("fed", set_to("inflow", 1.0), expects={"A": "up"})
    less = Intervention("less", scale("inflow", 0.5), expects={"A": "down"}, beside="fed")
    model = decay.replace(interventions=[fed, less]).with_values(inflow=0.0)
    found = check_expectations(model, n=16)
    assert found.hold
    assert found["less", "A", "mean"].beside == "fed"
    assert str(found["less", "A", "mean"]) == "less beside fed: A down (mean): 100 % of 16"
    alone = Intervention("less", scale("inflow", 0.5), expects={"A": "down"})
    assert check_expectations(model, alone, 16, over="mean").items[0].share == 0


def test_an_expectation_that_says_when_is_judged_then(decay: Model) -> None:
    """A jump of A on day 1, which is lost again: up at day 2, gone in the end; the largest A is that at the start."""
    jump = {"A": "up at 2 days"}
    gone = Intervention("jump", transfer("A", 2.0), at_times(1), expects=jump)
    late = replace(gone, name="late", expects={"A": "unchanged at the end"})
    top = replace(gone, name="top", expects={"A": "unchanged at its peak"})
    low = replace(gone, name="low", expects={"A": "up on average"})
    nadir = replace(gone, name="nadir", expects={"A": "up at its lowest"})
    found = check_expectations(decay, [gone, late, top, low, nadir], design=grid(k=[0.4, 0.8]))
    assert [item.over for item in found.items] == ["at 2 days", "final", "peak", "mean", "trough"]
    # A(10) is 8 exp(-10 k) without and that times 1 + exp(k)/4 with the jump: never unchanged, always up
    assert [item.share for item in found.items] == [1, 0, 1, 1, 1]
    assert found["late", "A", "final"].up == 1
    assert "late: A unchanged (final): 0 % of 2 (up 100 %, down 0 %, unchanged 0 %)" in repr(found)


def test_a_plain_expectation_is_judged_as_over_says_and_a_timed_one_is_not(decay: Model) -> None:
    both = Intervention("slow", inhibit("k", 0.5), expects=(("A", "up"), ("A", "up at 3 days")))
    found = check_expectations(decay, both, 4, over="mean")
    assert [item.over for item in found.items] == ["mean", "at 3 days"]


def test_the_value_at_a_time_is_the_one_of_the_closed_form(decay: Model) -> None:
    wrong = Intervention("slow", inhibit("k", 0.5), expects={"A": "down at 3 days"})
    item = check_expectations(decay, wrong, design=grid(k=[0.4])).items[0]
    assert item.counter_example is not None
    assert item.counter_example.control == pytest.approx(8 * math.exp(-1.5), rel=1e-5)
    assert item.counter_example.treated == pytest.approx(8 * math.exp(-0.75), rel=1e-5)


def test_shares_are_told_apart(decay: Model) -> None:
    """Threefold loss and a little more supply: A ends higher where it is fed too little to matter, lower elsewhere."""
    turned = Intervention("turned", [scale("k", 3), add("inflow", 1.5)], expects={"A": "down"})
    # in the end A is inflow/k: (inflow + 1.5)/3 against inflow
    design = grid(inflow=[0.0, 0.375, 0.75, 2.0, 3.0], k=[2.0])
    item = check_expectations(decay, turned, design=design, over="final").items[0]
    assert (item.up, item.down, item.unchanged) == pytest.approx((0.4, 0.4, 0.2))
    assert item.share == item.down
    table = check_expectations(decay, turned, design=design, over="final").table()
    assert table[["up", "down", "unchanged"]].sum(axis=1).tolist() == pytest.approx([1])
    assert table["share"].tolist() == table["down"].tolist()


def test_a_time_after_the_end_of_the_runs_is_refused(decay: Model) -> None:
    late = Intervention("late", scale("k", 3), expects={"A": "down at 2 weeks"})
    with pytest.raises(StudyError, match=r"at\(A, 2 week\) .*outside.* 0 .*10"):
        check_expectations(decay, late, 4)


@pytest.fixture(scope="module")
def people(decay: Model) -> Model:
    """Return the decay in patients whose k differs, and half of whom have an inflow."""
    return decay.replace(
        variability=[Variability("k", 0.2)], covariates=[PatientCovariate("inflow", "share", share=0.5)]
    )


def test_the_declared_population_is_used(people: Model) -> None:
    """Half of the patients have an inflow, and more supply is more A in each; twice of none is none."""
    twice = Intervention("twice", scale("inflow", 2.0), expects={"A": "up"})
    found = check_expectations(people, twice, 400, over="final")
    assert "400 virtual patients, seed 0 (k, inflow: as the model declares" in found.recipe
    item = found.items[0]
    inflow = declared_joint(people).design(400, 0, "").values[:, 1]
    assert item.up == inflow.mean()
    assert item.unchanged == 1 - inflow.mean()
    assert item.down == 0


def test_patients_keep_what_an_arm_sets_for_all(people: Model) -> None:
    """The inflow of patients is theirs, and the arm takes it from those who have one."""
    none = Intervention("none", set_to("inflow", 0.0), expects={"A": "down"})
    item = check_expectations(people, none, 400, over="final").items[0]
    assert 0.4 < item.down < 0.6
    assert item.down + item.unchanged == 1


def test_what_the_arm_sets_is_not_sampled_away_from_control(decay: Model) -> None:
    """A blocker between 0 and 1, off in the model: half a block against control, not against a random block."""
    model = decay.replace(
        parameters=[*decay.parameters, Parameter("block", 0.0, "", "blocked", source="assumed", bounds=(0.0, 1.0))],
        processes=[Process("loss", "A ->", "k*(1 - block)*A"), Process("supply", "-> A", "inflow")],
        interventions=[
            Intervention("half", set_to("block", 0.5), expects={"A": "up"}),
            Intervention("quick", scale("k", 3.0), expects={"A": "down"}),
        ],
    )
    found = check_expectations(model, n=16)
    assert found.hold
    assert "not sampled where an intervention sets them: block" in found.recipe


def test_only_the_arm_that_sets_a_number_holds_it(decay: Model) -> None:
    """k is 0.5 in the model and 0.1 to 2 in samples; set to 0.3 it is lower than the declared one, not than each."""
    fixed = Intervention("fixed", set_to("k", 0.3), expects={"A": "up"})
    model = decay.replace(interventions=[fixed, SLOW]).with_values(inflow=1.0)
    found = check_expectations(model, n=16, over="mean")
    assert found.hold
    assert found["slow", "A", "mean"].pairs == found["fixed", "A", "mean"].pairs == 16
    assert found.recipe.endswith("not sampled where an intervention sets them: k")


def test_interventions_that_set_all_that_is_sampled_need_a_design(decay: Model) -> None:
    fixed = Intervention("fixed", set_to("k", 0.3), expects={"A": "up"})
    with pytest.raises(StudyError, match=r"all parameters .*\(k\).*design="):
        check_expectations(decay, fixed, 4)


@pytest.mark.slow
def test_nelson2000_says_less_virus_of_every_drug() -> None:
    """Efficacies are 0 until a drug sets them: no control has a drug, so the virus falls in all sets."""
    found = check_expectations(load_model("nelson2000"), n=32, over="mean")
    assert "not sampled where an intervention sets them: e_pi, e_rt" in found.recipe
    shares = {item.share for item in found.items if item.quantity == "virus"}
    assert shares == {1.0}
