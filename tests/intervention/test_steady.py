"""A regimen that begins at steady state, against the same doses given 200 intervals long before.

1e-9 relative: both courses are integrated at rtol 1e-11, the run-in restarted 200 times; what 200 intervals leave of
the first dose is below 1e-15 for every drug here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from immunode.errors import DoseError
from immunode.intervention import Drug, drug, one_compartment, perturb, scale, two_compartment
from immunode.intervention.intervention import Intervention

ONE = one_compartment(CL=2.0, V1=5.0, ka=1.5, F=0.7, lag=0.2)
TWO = two_compartment(CL=0.9, V1=4.0, Q=0.8, V2=6.0)
ORAL = replace(TWO, ka=1.1)
TIMES = np.linspace(0, 6, 13)
FORMS = {
    "bolus": (ONE, "10 mg iv q2d"),
    "absorbed, with a lag": (ONE, "10 mg sc q2d"),
    "later start": (ONE, "10 mg sc q2d from day 1.5"),
    "two compartments": (TWO, "10 mg iv q2d from day 0.5"),
    "infusion": (TWO, "10 mg iv over 6 h q2d from day 0.5"),
    "infusion by rate": (TWO, "10 mg iv at 2 mg/h q2d"),
    "absorbed into two": (ORAL, "10 mg po q3d"),
    "effect compartment": (replace(ORAL, ke0=0.3), "10 mg po q3d"),
    "F of the dose": (replace(ONE, F_exponent=-0.28, F_dose=30.0), "10 mg sc q2d"),
}


def course(run: Any, model: Any, chosen: Drug, times: Any, integrals: tuple[str, ...] = ()) -> Any:
    return run(perturb(model, chosen), times, integrals)


@pytest.mark.sampled
@pytest.mark.parametrize("form", FORMS)
def test_it_equals_a_long_run_in(toy: Callable[..., Any], run: Callable[..., Any], form: str) -> None:
    pk, text = FORMS[form]
    days = 3.0 if "q3d" in text else 2.0
    steady = course(run, toy(), Drug("d", pk, f"{text} at steady state"), TIMES)
    long = course(run, toy(horizon=200 * days + 10), Drug("d", pk, text), TIMES + 200 * days)
    for quantity in ("d.depot", "d.central", "d.peripheral", "d.Ce"):
        if quantity in long:
            assert steady[quantity] == pytest.approx(long[quantity], rel=1e-9, abs=1e-12), quantity


def test_the_area_over_one_interval_is_dose_times_F_over_CL(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    for days in (0.0, 2.0, 4.0):
        found = course(run, toy(), Drug("d", ONE, "10 mg sc q2d ss"), [days, days + 2], ("d.C",))["integral(d.C)"]
        assert found[1] - found[0] == pytest.approx(0.7 * 10 / 2.0, rel=1e-9)


@pytest.mark.parametrize("ka", [0.4, 0.4 * (1 + 1e-9), 0.4 * (1 + 1e-5)])
def test_equal_rates_of_absorption_and_loss_are_no_hole(
    toy: Callable[..., Any], run: Callable[..., Any], ka: float
) -> None:
    composed = perturb(toy(), Drug("d", ONE, "10 mg sc q2d ss")).with_values({"d.ka": ka})
    area = run(composed, [0.0, 2.0], ("d.C",))["integral(d.C)"]
    # rates within 1e-6 of each other are pulled apart by 1e-6
    assert area[1] - area[0] == pytest.approx(3.5, rel=2e-6)


def test_every_run_begins_at_the_steady_state_of_its_own_knobs(
    toy: Callable[..., Any], run: Callable[..., Any]
) -> None:
    composed = perturb(toy(), Drug("d", ORAL, "10 mg po q3d ss"))
    for changed in ({"d.CL": 0.3}, {"d.V2": 20.0}, {"d.interval": 1.5}, {"d.strength": 0.2}, {"d.start": 2.0}):
        model = composed.with_values(changed)
        every = changed.get("d.interval", 3.0)
        trough = run(model, [changed.get("d.start", 0.0) + k * every - 1e-9 for k in (1, 2, 5)])["d.C"]
        assert trough == pytest.approx(trough[0], rel=1e-7), changed


def test_a_missed_first_dose_leaves_the_steady_state_behind(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    found = course(run, toy(), Drug("d", ONE, "10 mg iv q2d x 5 at steady state missing dose 1"), [0.0, 1.0, 2.0])
    left = np.exp(-0.4 * 2) / (1 - np.exp(-0.4 * 2)) * 10 / 5.0
    assert found["d.C"] == pytest.approx([left, left * np.exp(-0.4), left * np.exp(-0.8) + 2], rel=1e-9)


def test_covariates_and_permanent_effects_count_in_it(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    patient = drug("infliximab").covariates(albumin=25, ADA=True).dose("350 mg iv over 2 h q8w ss")
    faster = Intervention("f", scale("infliximab.CL", 1.3))
    c = run(perturb(toy(horizon=120.0), patient, faster), [0.0, 56.0, 112.0])["infliximab.C"]
    assert c == pytest.approx(c[0], rel=1e-8)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (drug("tocilizumab").dose("560 mg iv q4w ss"), "tocilizumab has saturable elimination: its steady"),
        (drug("nivolumab").dose("240 mg iv q2w ss"), "clearance that changes in time"),
        (Drug("d", ONE, "10 mg sc q2d from day 2.5 at steady state"), "its first dose within one interval"),
        (Drug("d", TWO, "10 mg iv over 3 d q2d at steady state"), "its first dose ends within one interval"),
        (Drug("d", one_compartment(CL=0, V1=1), "10 mg iv q2d ss"), "'d.CL' must be above 0"),
    ],
)
def test_what_has_no_steady_state_is_refused(toy: Callable[..., Any], chosen: Any, message: str) -> None:
    with pytest.raises(DoseError, match=message):
        perturb(toy(), chosen)


STEADY = {"one compartment": ONE, "two compartments": TWO, "effect compartment": replace(ORAL, ke0=0.3)}


@pytest.mark.parametrize("form", STEADY)
def test_a_steady_infusion_stands_at_rate_over_clearance_until_it_ends(
    toy: Callable[..., Any], run: Callable[..., Any], form: str
) -> None:
    pk = replace(STEADY[form], lag=0.0)
    found = course(run, toy(), Drug("d", pk, "1.5 mg/h iv at steady state until day 3"), [0, 1, 2.9, 4, 40])
    level = 36.0 / pk.CL
    for quantity in [q for q in ("d.C", "d.Ce") if q in found]:
        assert found[quantity][:3] == pytest.approx([level] * 3, rel=1e-9)
        assert found[quantity][3] < 0.99 * level
        assert found[quantity][4] < 0.2 * level
    if form == "one compartment":
        assert found["d.C"][3] == pytest.approx(level * np.exp(-2.0 / 5.0), rel=1e-9)


def test_a_dose_goes_on_where_a_steady_infusion_ends(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    text = "1.5 mg/h iv at steady state then 72 mg iv at 1.5 mg/h at day 0"
    found = course(run, toy(), Drug("d", ONE, text), [0, 1, 2, 4])
    assert found["d.C"][:3] == pytest.approx([18.0] * 3, rel=1e-9)
    assert found["d.C"][3] == pytest.approx(18.0 * np.exp(-0.8), rel=1e-9)
