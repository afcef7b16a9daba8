"""Doses at intervals that a finding can hold back, lower and end."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.errors import DoseError
from immunode.intervention import Drug, Intervention, cycles, one_compartment, transfer
from immunode.model import Derived, Model, Parameter, Process, State
from immunode.study import from_table, simulate, sweep


def model(marker: str) -> Model:
    """Return a model that counts what is given; `marker` is an expression of time."""
    return Model(
        name="clinic",
        time_unit="day",
        horizon=100.0,
        states=[State("given", 0.0, "mg"), State("x", 1.0)],
        parameters=[Parameter("one", 1.0, "day", source="test"), Parameter("k", 0.0, "1/day", source="test")],
        derived=[Derived("anc", marker, "", "a count that falls and rises")],
        processes=[Process("loss", "x ->", "k*x")],
    )


LOW_FROM_20_TO_40 = "piecewise(0.5, t/one > 20 and t/one < 40, 2)"


def total(marker: str, schedule: object, times: list[float], engine: str = "scipy") -> np.ndarray:
    doses = Intervention("drug", [transfer("given", 8.0)], schedule)  # type: ignore[arg-type]
    out = sweep(
        model(marker), from_table({"k": [0.1]}), arms={"drug": [doses]}, times=times, keep=["given"], engine=engine
    )
    return out.trajectories("given")[0]


@pytest.mark.parametrize("engine", ["scipy", "numpy", "compiled"])
def test_a_dose_that_is_held_is_looked_at_again(engine: str) -> None:
    """Due on day 21, held on days 21, 28 and 35, given on day 42; then every 21 days from there."""
    rule = cycles("21 days", look_again="7 days", hold_when="anc < 1")
    days = [0.5, 20.5, 35.5, 41.5, 42.5, 62.5, 63.5, 84.5]
    np.testing.assert_allclose(total(LOW_FROM_20_TO_40, rule, days, engine), [8, 8, 8, 8, 16, 16, 24, 32])


def test_without_a_finding_doses_are_at_their_intervals() -> None:
    days = [0.5, 20.5, 21.5, 42.5, 63.5]
    np.testing.assert_allclose(total("2", cycles("3 weeks", look_again="1 week"), days), [8, 8, 16, 24, 32])


def test_a_dose_is_lowered_after_it_was_held() -> None:
    """Three quarters of it from then on, and not less."""
    rule = cycles(21, look_again=7, hold_when="anc < 1", lower_when="drug.held > 0", step=4 / 3, low=0.75)
    marker = "piecewise(0.5, (t/one > 20 and t/one < 24) or (t/one > 48 and t/one < 52), 2)"
    days = [0.5, 21.5, 28.5, 49.5, 56.5]
    np.testing.assert_allclose(total(marker, rule, days), [8, 8, 14, 14, 20])


def test_all_doses_end() -> None:
    marker = "piecewise(0.3, t/one > 20 and t/one < 24, 2)"
    rule = cycles(21, look_again=7, hold_when="anc < 1", stop_when="anc < 0.5")
    np.testing.assert_allclose(total(marker, rule, [0.5, 28.5, 99.0]), [8, 8, 8])


def test_results_tell_what_was_decided() -> None:
    rule = cycles(21, look_again=7, hold_when="anc < 1", lower_when="drug.held > 0", step=2.0, low=0.5)
    doses = Intervention("drug", [transfer("given", 8.0)], rule)
    seen = simulate(model(LOW_FROM_20_TO_40), interventions=[doses], times=[1, 22, 36, 43, 64]).to_frame()
    np.testing.assert_allclose(seen["drug.doses"], [1, 1, 1, 2, 3])
    np.testing.assert_allclose(seen["drug.held"], [0, 1, 3, 0, 0])
    np.testing.assert_allclose(seen["drug.since_dose"], [1, 22, 36, 1, 1])
    np.testing.assert_allclose(seen["drug.level"], [1, 1, 1, 0.5, 0.5])


def test_thresholds_and_intervals_are_knobs() -> None:
    """At a threshold of 0.4 nothing is held back."""
    doses = Intervention("drug", [transfer("given", 8.0)], cycles(21, look_again=7, hold_when="anc < 1"))
    design = from_table({"drug.hold_threshold": [1.0, 0.4, 1.0], "drug.apart": [21.0, 21.0, 14.0]})
    out = sweep(model(LOW_FROM_20_TO_40), design, arms={"drug": [doses]}, endpoints=["at(given, 41)"])
    np.testing.assert_allclose(out.endpoint("at(given, 41)"), [8, 16, 16])


def test_a_drug_follows_the_rule() -> None:
    """Doses of 100 mg every week are given only at visits where one is due."""
    pk = one_compartment(CL=1e-9, V1=1.0, time="day", source="test")
    mab = Drug("mab", pk).dose("100 mg iv q1w x 14").when(cycles(21, look_again=7, hold_when="anc < 1"))
    seen = simulate(model(LOW_FROM_20_TO_40), interventions=[mab], times=[1, 22, 36, 43, 64]).to_frame()
    np.testing.assert_allclose(seen["mab.C"], [100, 100, 100, 200, 300], rtol=1e-5)


@pytest.mark.parametrize(
    ("make", "fact"),
    [
        (lambda: cycles(0), "above 0"),
        (lambda: cycles(21, hold_when=3), "text"),  # type: ignore[arg-type]
        (lambda: cycles(21, hold_when="anc"), "condition"),
        (lambda: cycles(21, lower_when="anc < 1", step=1.0), "step"),
    ],
)
def test_what_can_not_be_is_refused(make: object, fact: str) -> None:
    from immunode.errors import ImmunodeError

    with pytest.raises(ImmunodeError, match=fact):
        make()  # type: ignore[operator]


def test_holding_back_needs_an_interval() -> None:
    from immunode.intervention.rules import Rule

    with pytest.raises(DoseError, match="apart="):
        Rule(7, hold_when="anc < 1", when="anc > 2")
