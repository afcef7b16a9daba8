"""Indirect response I to IV on the demo set of pk.md, and the slow effect compartment."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from immunode.errors import DoseError
from immunode.intervention import LIBRARY, Drug, drug, indirect_response, one_compartment, perturb, turnover

DEMO = Drug("d", one_compartment(CL=0.3, V1=1.0, time="hour"), "100 mg iv once")


@pytest.mark.parametrize(("kind", "after"), [("I", 12.3718), ("II", 64.2479), ("III", 47.6282), ("IV", 18.8766)])
def test_the_four_kinds_at_8_and_48_hours(run: Callable[..., Any], kind: str, after: float) -> None:
    response = turnover(9, 0.3, unit="ng/mL", time_unit="hour").replace(horizon=48.0)
    r = run(perturb(response, indirect_response(DEMO, kind, 1, 10)), [0.0, 8.0, 48.0])["R"]
    assert r[0] == 30
    assert r[1] == pytest.approx(after, rel=1e-5)
    assert r[2] == pytest.approx(30, rel=1e-4)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(DoseError, match="unknown indirect response 'V'; did you mean"):
        indirect_response(DEMO, "V", 1, 10)


def test_turnover_needs_a_loss() -> None:
    with pytest.raises(DoseError, match="kout must be above 0, got 0"):
        turnover(1, 0)


def test_an_effect_compartment_lags_behind(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    pk = one_compartment(CL=2.0, V1=5.0)
    slow = Drug("d", pk, "10 mg iv once").effect_compartment(0.1).inhibit("k", 0.9, 0.5)
    times = np.linspace(0, 30, 31)
    found = run(perturb(toy(), slow), times)
    expected = 2 * 0.1 / (0.4 - 0.1) * (np.exp(-0.1 * times) - np.exp(-0.4 * times))
    assert found["d.Ce"] == pytest.approx(expected, rel=1e-8)
    assert found["d.occupancy"] == pytest.approx(found["d.Ce"] / (0.5 + found["d.Ce"]), rel=1e-12)


BASELINES = sorted(name for name, one in LIBRARY.items() if one.pk.C0 is not None)
NOTHING: dict[str, tuple[str, dict[str, float], list[float]]] = {
    "strength 0": ("", {"strength": 0.0}, [5.0, 20.0, 40.0]),
    "dose 0": ("", {"dose": 0.0}, [5.0, 20.0, 40.0]),
    "before the first dose": ("30 day", {}, [5.0, 20.0, 30.0 - 1e-6]),
}


def test_the_library_has_drugs_with_a_baseline() -> None:
    assert {"certolizumab", "immunoglobulin"} <= set(BASELINES)


@pytest.mark.parametrize("where", ["C", "Ce"])
@pytest.mark.parametrize("case", NOTHING)
@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_does_nothing(
    toy: Callable[..., Any], run: Callable[..., Any], name: str, case: str, where: str
) -> None:
    """What is measured without the drug acts on nothing: bit for bit the course of a drug without effects."""
    later, values, times = NOTHING[case]
    idle = drug(name).usual(weight=70)
    idle = idle if where == "C" else idle.effect_compartment(half_life="3 days")
    idle = idle.later(later) if later else idle
    acting = indirect_response(idle, "I", 0.9, 1.0, kin="s").stimulate("k", 2.0, 0.5, hill=2.0).add("g", 0.3, 1.0)
    control, found = (
        run(perturb(toy(), given).with_values({f"{name}.{knob}": value for knob, value in values.items()}), times)
        for given in (idle, acting)
    )
    for quantity in ("x", "y"):
        np.testing.assert_array_equal(found[quantity], control[quantity])
    for effect in ("s", "k", "g"):
        assert (abs(found[f"{name}.occupancy_{effect}"]) < 1e-200).all()
    np.testing.assert_allclose(found[f"{name}.C"], idle.pk.C0, rtol=1e-12)
    bare = run(toy(), times)
    np.testing.assert_allclose(found["x"], bare["x"], rtol=1e-8)


def test_a_drug_with_a_baseline_acts_by_what_was_given(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    """At the dose whose peak is ec50 half of the target is occupied, whatever the baseline is."""
    plain = one_compartment(CL=0.5, V1=4.0)
    found = run(
        perturb(toy(), Drug("d", replace(plain, C0=3.0), "8 mg iv once").inhibit("k", 0.9, 2.0)), np.array([0.0, 6.0])
    )
    given = 2.0 * np.exp(-0.5 / 4.0 * np.array([0.0, 6.0]))
    assert found["d.C"] == pytest.approx(given + 3.0, rel=1e-8)
    assert found["d.occupancy"] == pytest.approx(given / (2.0 + given), rel=1e-8)


def test_the_card_says_that_the_baseline_does_nothing() -> None:
    assert "C has a baseline that acts on nothing" in str(drug("certolizumab").usual())
    assert "baseline" not in str(drug("infliximab").usual(weight=70))


def test_methotrexate_acts_on_over_weeks(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    """Mean Ce at steady state is F dose/(CL tau), and it hardly swings, while C is gone within two days."""
    slow = drug("methotrexate").effect_compartment(half_life="4.3 weeks").dose("15 mg weekly at steady state")
    assert slow.pk.ke0 == pytest.approx(math.log(2) / (4.3 * 168), rel=1e-12)
    found = run(perturb(toy(horizon=70.0), slow), np.linspace(0, 7, 71)[:-1])
    ce, c = found["methotrexate.Ce"], found["methotrexate.C"]
    assert ce.mean() == pytest.approx(15_000 * 0.704 / (7.75 * 168), rel=0.01)
    assert ce.max() / ce.min() < 1.2
    assert c.max() / c.min() > 1e6


@pytest.mark.parametrize("given", [{}, {"ke0": 1, "half_life": "1 day"}])
def test_an_effect_compartment_has_one_number(given: dict[str, Any]) -> None:
    with pytest.raises(DoseError, match="an effect compartment has ke0 or half_life"):
        drug("methotrexate").effect_compartment(**given)


def test_a_half_life_is_above_zero() -> None:
    with pytest.raises(DoseError, match="the half-life must be above 0, got '-3 weeks'"):
        drug("methotrexate").effect_compartment(half_life="-3 weeks")
