"""Events without end: nothing is made beyond the horizon, and what can't be computed is refused at once."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

import immunode as im

ENGINES = ("scipy", "numpy", "compiled")


def model(**event: Any) -> im.Model:
    return im.Model(
        "m",
        time_unit="day",
        horizon=10,
        states=[im.State("x", 1.0)],
        parameters=[im.Parameter("k", 0.1, "1/day"), im.Parameter("gap", 0.0, "day")],
        processes=[im.Process("lost", "x ->", "k*x")],
        events=[im.Event("dose", {"x": "x + 1"}, at=0.0, **event)],
    )


def test_an_event_is_looked_at_as_far_as_the_run_goes() -> None:
    made = model(every=1.0, count=200_000_000)
    im.simulate(made, 1)  # what is made once
    tracemalloc.start()
    run = im.simulate(made, 10)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert run.breaks == tuple(float(t) for t in range(11))
    assert run.doses["dose"] == run.breaks
    assert most < 5e6


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("every", [1e-20, "gap", 1e-7])
def test_an_event_that_happens_too_often_is_refused_at_once(engine: str, every: Any) -> None:
    with pytest.raises(im.errors.SolverError, match="an event happens more than 100,000 times until the end"):
        im.simulate(model(every=every, count=10**9), 10, engine=engine)


@pytest.mark.parametrize("count", [1e300, 2.0**54, 0, 1.5])
def test_a_count_that_no_engine_can_count_to_is_refused(count: float) -> None:
    with pytest.raises(im.errors.ModelError, match="must be a whole number from 1 to 9,007,199,254,740,992"):
        model(every=1.0, count=count)


def test_an_integer_that_is_no_float_is_refused() -> None:
    with pytest.raises(im.errors.ModelError, match="event 'dose', count: inf is not a finite number"):
        model(every=1.0, count=10**400)


@pytest.mark.parametrize("schedule", [im.pulses("1 day", "2 h", 10**9), im.during(0, 5) * im.pulses(1, 0.5, 10**9)])
def test_a_long_train_of_pulses_costs_what_its_horizon_needs(schedule: im.schedules.Schedule) -> None:
    k = im.Intervention("a", [im.scale("k", 2)], schedule)
    other = im.Intervention("b", [im.scale("k", 3)], im.pulses("1 day", "1 h", 10**9, start=0.5))
    tracemalloc.start()
    run = im.simulate(model(), 10, interventions=[k, other])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(run.breaks) < 60
    assert most < 2e7


def test_trains_that_set_one_parameter_are_compared_without_listing_them() -> None:
    a = im.Intervention("a", [im.set_to("k", 2)], im.pulses(1, 0.25, 10**9))
    b = im.Intervention("b", [im.set_to("k", 3)], im.pulses(1, 0.25, 10**9, start=0.1))
    with pytest.raises(im.errors.ModelError, match="both set 'k'"):
        im.perturb(model(), a, b)


def test_a_drug_given_a_billion_times_costs_what_its_horizon_needs() -> None:
    pk = im.pk.one_compartment(CL=2.0, V1=5.0)
    given = im.Drug("d", pk, "10 mg iv q1d x 1000000000")
    tracemalloc.start()
    run = im.simulate(model(), 10, interventions=[given])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(run.doses["d"]) == 11
    assert most < 2e7
