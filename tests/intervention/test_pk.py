"""Pharmacokinetics against closed forms; 1e-8 is what stepping at rtol 1e-11 leaves after hundreds of steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from immunode.errors import DoseError
from immunode.intervention import PK, Drug, one_compartment, perturb, two_compartment

CLOSE = 1e-8
TIMES = np.linspace(0, 40, 81)
ONE = one_compartment(CL=0.3, V1=4.0)
ORAL = one_compartment(CL=0.3, V1=4.0, ka=0.9, F=0.7, lag=0.5)
TWO = two_compartment(CL=0.3, V1=4.0, Q=0.8, V2=6.0)


@pytest.fixture
def given(toy: Callable[..., Any], run: Callable[..., Any]) -> Callable[..., Any]:
    def of(pk: PK, regimen: str, times: Any = TIMES, **more: Any) -> Any:
        integrals = more.pop("integrals", ())
        drug = Drug("d", pk, regimen, **more)
        return run(perturb(toy(), drug), times, integrals)

    return of


def two_exponentials(pk: PK) -> tuple[float, float, float]:
    """alpha, beta, k21 of a two-compartment drug (Rowland & Tozer, chapter 19)."""
    assert pk.Q is not None
    assert pk.V2 is not None
    k10, k12, k21 = pk.CL / pk.V1, pk.Q / pk.V1, pk.Q / pk.V2
    total = k10 + k12 + k21
    root = math.sqrt(total**2 - 4 * k10 * k21)
    return (total + root) / 2, (total - root) / 2, k21


def test_a_bolus_in_one_compartment_decays_as_one_exponential(given: Callable[..., Any]) -> None:
    expected = 100 / 4.0 * np.exp(-0.3 / 4.0 * TIMES)
    assert given(ONE, "100 mg iv once")["d.C"] == pytest.approx(expected, rel=CLOSE)


def test_an_infusion_rises_to_its_end_and_decays(given: Callable[..., Any]) -> None:
    k, rate, end = 0.3 / 4.0, 100 / 2.0, 2.0
    during = rate / 0.3 * (1 - np.exp(-k * np.minimum(TIMES, end)))
    expected = during * np.exp(-k * np.maximum(TIMES - end, 0))
    assert given(ONE, "100 mg iv over 48 h")["d.C"] == pytest.approx(expected, rel=CLOSE)


def test_a_rate_is_an_infusion_of_dose_over_rate(given: Callable[..., Any]) -> None:
    over, rate = given(ONE, "100 mg iv over 48 h"), given(ONE, "100 mg iv at 50 mg/day")
    assert rate["d.C"] == pytest.approx(over["d.C"], rel=CLOSE)


def test_infusions_may_overlap(given: Callable[..., Any]) -> None:
    both = given(ONE, "100 mg iv over 5 days q2d x 3")["d.C"]
    apart = sum(given(ONE, f"100 mg iv over 5 days q2d x 1 from day {day}")["d.C"] for day in (0, 2, 4))
    assert both == pytest.approx(apart, rel=CLOSE, abs=1e-12)


def test_an_oral_dose_follows_the_bateman_function(given: Callable[..., Any]) -> None:
    k, ka, since = 0.3 / 4.0, 0.9, np.maximum(TIMES - 0.5, 0)
    expected = 0.7 * 100 / 4.0 * ka / (ka - k) * (np.exp(-k * since) - np.exp(-ka * since))
    assert given(ORAL, "100 mg po once")["d.C"] == pytest.approx(expected, rel=CLOSE, abs=1e-10)


def test_a_bolus_in_two_compartments_decays_as_two_exponentials(given: Callable[..., Any]) -> None:
    alpha, beta, k21 = two_exponentials(TWO)
    a, b = (alpha - k21) / (alpha - beta), (k21 - beta) / (alpha - beta)
    expected = 100 / 4.0 * (a * np.exp(-alpha * TIMES) + b * np.exp(-beta * TIMES))
    assert given(TWO, "100 mg iv once")["d.C"] == pytest.approx(expected, rel=CLOSE)


def test_the_half_life_is_that_of_the_slow_exponential() -> None:
    assert TWO.half_life == pytest.approx(math.log(2) / two_exponentials(TWO)[1], rel=1e-12)
    assert ONE.half_life == pytest.approx(math.log(2) * 4.0 / 0.3, rel=1e-14)


@pytest.mark.parametrize(
    ("pk", "regimen", "absorbed"),
    [(ONE, "100 mg iv once", 1), (ONE, "100 mg iv over 2 h", 1), (ORAL, "100 mg po once", 0.7), (TWO, "100 mg", 1)],
)
def test_the_area_is_f_dose_over_clearance(given: Callable[..., Any], pk: PK, regimen: str, absorbed: float) -> None:
    area = given(pk, regimen, [0.0, 2000.0], integrals=("d.C",))["integral(d.C)"][-1]
    # 2000 days are over 50 half-lives of all three: less than 1e-15 is left
    assert area == pytest.approx(absorbed * 100 / 0.3, rel=1e-7)


def test_the_steady_area_over_an_interval_is_f_dose_over_clearance(given: Callable[..., Any]) -> None:
    area = given(ORAL, "100 mg po q1w x 200", [1386.0, 1393.0], integrals=("d.C",))["integral(d.C)"]
    assert area[1] - area[0] == pytest.approx(0.7 * 100 / 0.3, rel=1e-7)


def test_doses_add_up(given: Callable[..., Any]) -> None:
    row = given(TWO, "100 mg iv at day 0, 3, 10")["d.C"]
    apart = sum(given(TWO, f"100 mg iv at day {day}")["d.C"] for day in (0, 3, 10))
    assert row == pytest.approx(apart, rel=CLOSE)


def test_the_concentration_is_linear_in_dose_and_strength(given: Callable[..., Any]) -> None:
    whole = given(TWO, "100 mg iv over 1 h q1w x 4")["d.C"]
    assert given(TWO, "50 mg iv over 1 h q1w x 4")["d.C"] == pytest.approx(whole / 2, rel=CLOSE)
    assert given(TWO, "100 mg iv over 1 h q1w x 4", strength=0.5)["d.C"] == pytest.approx(whole / 2, rel=CLOSE)
    assert (given(TWO, "100 mg iv over 1 h q1w x 4", strength=0)["d.C"] == 0).all()


def test_nothing_is_lost(given: Callable[..., Any]) -> None:
    pk = replace(TWO, ka=0.9, F=0.7, Vmax=2.0, Km=3.0)
    found = given(pk, "100 mg sc q1w x 3", [0.0, 25.0], integrals=("d.elimination", "d.saturable_elimination"))
    inside = sum(found[f"d.{place}"][-1] for place in ("depot", "central", "peripheral"))
    gone = found["integral(d.elimination)"][-1] + found["integral(d.saturable_elimination)"][-1]
    assert inside + gone == pytest.approx(0.7 * 300, rel=1e-9)


def test_saturable_elimination_alone_follows_its_implicit_solution(given: Callable[..., Any]) -> None:
    pk = one_compartment(CL=0, V1=2.0, Vmax=3.0, Km=4.0)
    c = given(pk, "60 mg iv once", [0.0, 5.0, 10.0, 30.0])["d.C"]
    # Km ln(C0/C) + C0 - C = Vmax t/V1
    passed = 4.0 * np.log(30.0 / c) + 30.0 - c
    assert passed == pytest.approx(3.0 / 2.0 * np.array([0.0, 5.0, 10.0, 30.0]), rel=CLOSE, abs=1e-9)


def test_doses_by_weight_keep_their_kg(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    composed = perturb(toy(), Drug("d", ONE, "5 mg/kg iv once", weight=70))
    assert {p.name: p.unit for p in composed.parameters}["d.dose"] == "mg/kg"
    assert run(composed, [0.0])["d.central"][0] == 350
    assert run(composed.with_values({"d.weight": 80}), [0.0])["d.central"][0] == 400


def test_units_of_time_and_mass_follow_the_model_and_the_drug(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    hourly = one_compartment(CL=0.3 / 24, V1=4.0, ka=0.9 / 24, mass="ug", time="hour")
    daily = one_compartment(CL=0.3, V1=4.0, ka=0.9)
    a = run(perturb(toy(), Drug("d", hourly, "2 mg po q12h x 5")), TIMES)["d.C"]
    b = run(perturb(toy(), Drug("d", daily, "2 mg po q12h x 5")), TIMES)["d.C"]
    assert a == pytest.approx(1000 * b, rel=CLOSE, abs=1e-9)


def test_a_dimensionless_model_has_a_clock(run: Callable[..., Any]) -> None:
    from immunode.model import Model, Parameter, Process, State

    plain = Model(
        name="plain",
        clock="week",
        states=[State("x", 1)],
        parameters=[Parameter("k", 1)],
        processes=[Process("l", "x ->", "k*x")],
    )
    c = run(perturb(plain, Drug("d", ONE, "100 mg iv at day 7")), [0.5, 1.0, 2.0])["d.C"]
    assert c == pytest.approx([0, 25, 25 * math.exp(-7 * 0.3 / 4.0)], rel=CLOSE)


def test_clearance_may_change_in_time(given: Callable[..., Any]) -> None:
    pk = replace(ONE, CL_emax=-0.5, CL_t50=10.0, CL_hill=2.0)
    found = given(pk, "100 mg iv at day 5", TIMES)
    since = np.maximum(TIMES - 5, 0)
    assert found["d.CL_now"] == pytest.approx(0.3 * np.exp(-0.5 * since**2 / (100 + since**2)), rel=1e-12)


def test_a_dose_in_milligrams_meets_moles_through_the_molar_mass(given: Callable[..., Any]) -> None:
    molar = replace(one_compartment(CL=1, V1=2, mass="nmol"), molar_mass=150_000.0)
    assert given(molar, "150 mg iv once")["d.C"][0] == pytest.approx(500, rel=1e-14)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: one_compartment(CL=-1, V1=2), "CL must be 0 or above, got -1"),
        (lambda: one_compartment(CL=1, V1=0), "V1 must be above 0, got 0"),
        (lambda: one_compartment(CL=math.nan, V1=1), "CL must be a finite number"),
        (lambda: one_compartment(CL=1, V1=1, Vmax=3), "Vmax is given but Km is not"),
        (lambda: PK(1, 1, Q=2), "Q is given but V2 is not"),
        (lambda: one_compartment(CL=1, V1=1, time="fortnight"), "unknown unit of time 'fortnight'"),
    ],
)
def test_wrong_numbers_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(DoseError, match=message):
        make()


def test_an_absorbed_dose_needs_absorption(toy: Callable[..., Any]) -> None:
    with pytest.raises(DoseError, match=r"d, '40 mg sc once': sc needs absorption \(ka\)"):
        perturb(toy(), Drug("d", ONE, "40 mg sc once"))


def test_a_dose_of_another_kind_is_refused(toy: Callable[..., Any]) -> None:
    with pytest.raises(DoseError, match="d: a dose in nmol does not fit pharmacokinetics in mg"):
        perturb(toy(), Drug("d", ONE, "40 nmol iv once"))
