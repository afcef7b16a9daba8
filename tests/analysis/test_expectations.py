"""Whether expectations are met over sampled parameters."""

from __future__ import annotations

import math

import pytest

from immunode.analysis.treatment.expectations import check_expectations
from immunode.errors import StudyError
from immunode.intervention import Intervention, add, during, inhibit, scale, set_to
from immunode.model import Model, Parameter, Process, State
from immunode.study import grid

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
