"""What is put into states and taken out of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from immunode.errors import DoseError, ModelError
from immunode.intervention import Intervention, at_times, during, perturb, pulses, remove, scale, transfer
from immunode.model import Compartment, Model, Parameter, Process, State

TIMES = np.arange(0, 20, 0.5)


def test_a_slow_transfer_is_an_even_infusion(toy: Callable[..., Model], run: Callable[..., Any]) -> None:
    composed = perturb(toy().with_values(s=0), Intervention("cells", transfer("x", 6, over="2 days"), at_times(3)))
    found = run(composed, TIMES)
    rate, k = 3.0, 0.5
    before = np.exp(-k * TIMES)
    during_it = rate / k * (1 - np.exp(-k * np.clip(TIMES - 3, 0, 2))) * np.exp(-k * np.clip(TIMES - 5, 0, None))
    assert found["x"] == pytest.approx(before + during_it, rel=1e-9)
    assert (found["cells.infusion"] == 3.0 * ((TIMES >= 3) & (TIMES < 5))).all()


def test_infusions_may_overlap(toy: Callable[..., Model], run: Callable[..., Any]) -> None:
    still = toy().with_values(s=0, k=0)
    composed = perturb(still, Intervention("cells", transfer("x", 4, over=4), at_times(1, 3)))
    expected = 1 + np.clip(TIMES - 1, 0, 4) + np.clip(TIMES - 3, 0, 4)
    assert run(composed, TIMES)["x"] == pytest.approx(expected, rel=1e-9)


def test_strength_scales_transfers_and_removals(toy: Callable[..., Model], run: Callable[..., Any]) -> None:
    still = toy().with_values(s=0, k=0)
    both = Intervention("swap", [transfer("x", 8), remove("x", 0.5)], at_times(2, 4), strength=0.5)
    # taken out first: x -> x*(1 - 0.25) + 4
    assert run(perturb(still, both), TIMES)["x"][[0, 4, 8]] == pytest.approx([1, 4.75, 7.5625])


def test_a_removal_happens_at_every_pulse(toy: Callable[..., Model], run: Callable[..., Any]) -> None:
    still = toy().with_values(s=0, k=0)
    apheresis = Intervention("apheresis", remove("x", 0.25), pulses(2, 0, 3, start=1))
    assert run(perturb(still, apheresis), TIMES)["x"][-1] == pytest.approx(0.75**3)


def test_a_removal_and_an_effect_share_a_schedule(toy: Callable[..., Model], run: Callable[..., Any]) -> None:
    lympho = Intervention("lympho", [remove("x", 0.9), scale("s", 0.1)], during(2, 5))
    found = run(perturb(toy(), lympho), TIMES)
    assert found["x"][4] == pytest.approx(0.1 * (2 - math.exp(-1)), rel=1e-9)
    assert set(np.round(found["s.effective"], 12)) == {0.1, 1.0}


def test_a_slow_transfer_into_a_concentration_counts_its_volume(run: Callable[..., Any]) -> None:
    model = Model(
        name="tank",
        time_unit="day",
        compartments=[Compartment("tank", "V", "L")],
        states=[State("c", 1.0, "mg/L", compartment="tank")],
        parameters=[Parameter("V", 5.0, "L"), Parameter("CL", 0.0, "L/day")],
        processes=[Process("out", "c ->", "CL*c")],
    )
    composed = perturb(model, Intervention("drip", transfer("c", 4, over=2), at_times(1)))
    # the amount is given in the state's own unit, whichever way it goes in
    assert run(composed, TIMES)["c"][-1] == pytest.approx(5.0, rel=1e-9)


def test_mistakes_get_one_clear_line(toy: Callable[..., Model]) -> None:
    with pytest.raises(ModelError, match=r"must lie in \[0, 1\]; 0.95 means 95 %"):
        remove("x", 95)
    with pytest.raises(DoseError, match="over: must be above 0"):
        transfer("x", 1, over=0)
    with pytest.raises(DoseError, match="unknown unit of time 'hurs'; did you mean"):
        transfer("x", 1, over="2 hurs")
    with pytest.raises(ModelError, match="unknown state 'k'; 'k' is a parameter, use add"):
        perturb(toy(), Intervention("a", remove("k", 0.5)))
