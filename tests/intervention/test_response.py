"""Indirect response I to IV on the demo set of pk.md, and the slow effect compartment."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from immunode.errors import DoseError
from immunode.intervention import Drug, drug, indirect_response, one_compartment, perturb, turnover

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
