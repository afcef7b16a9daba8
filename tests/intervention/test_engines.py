"""Composed models through the engines: what switches and doses do there, and that both engines agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from immunode.intervention import (
    Drug,
    Intervention,
    add,
    decay,
    drug,
    during,
    inhibit,
    one_compartment,
    perturb,
    pulses,
    ramp,
    rhythm,
    scale,
    tmdd,
    transfer,
    two_compartment,
)
from immunode.program.lowering import lower
from immunode.program.numpy.functions import compile_numpy
from immunode.solve import solve

TIMES = np.linspace(0, 30, 61)
ENGINES = ("scipy", "numpy")
_TARGET = tmdd(kon=1, koff=0.1, kint=0.05, ksyn=1, kdeg=0.1)
_NANOMOLES = one_compartment(CL=0.3, V1=3, ka=0.9, mass="nmol")
BOUND = Drug("d", _NANOMOLES.with_target(_TARGET))
QUICK = Drug("d", _NANOMOLES.with_target(_TARGET.quasi_steady()))
MANY: dict[str, Intervention | Drug] = {
    "window": Intervention("a", scale("k", 4), during(3, 9)),
    "pulses": Intervention("a", [inhibit("k", 1), add("s", 3)], pulses(5, 0.02, 5, start=1.1)),
    "touching": Intervention("a", scale("k", 3), pulses(0.1, 0.1, 40, start=0.3)),
    "shapes": Intervention("a", scale("k", 4), pulses(10, 4, 3) * ramp(2) * decay(1) * rhythm(0.5, 1)),
    "transfer": Intervention("a", transfer("x", 5), pulses(5, 0, 6)),
    "oral": drug("prednisolone").dose("20 mg po q1d x 7 then 10 mg q1d x 7 then 5 mg q2d").inhibit("s", 0.9, 50),
    "infusions": drug("infliximab").dose("5 mg/kg iv over 2 h at week 0, 2 then q1w", weight=70).inhibit("k", 0.9, 5),
    "changing": drug("nivolumab").dose("240 mg iv over 1 h q2w x 3").stimulate("g", 2, 20),
    "slow effect": drug("methotrexate").effect_compartment(half_life="4 weeks").dose("15 mg weekly").inhibit("k", 1, 9),
    "binding": BOUND.dose("30 nmol iv q1w x 3").inhibit("k", 0.9, 2),
    "balanced binding": QUICK.dose("30 nmol sc q1w x 3").inhibit("k", 0.9, 2),
    "patient": drug("belimumab").covariates(weight=90, IgG=20).dose("10 mg/kg iv over 1 h q2w").inhibit("k", 0.9, 50),
    "slow absorption": drug("adalimumab").covariates(ADA=True).dose("40 mg sc q1w x 3").inhibit("k", 0.9, 3),
    "two ways in": drug("upadacitinib").dose("15 mg po qd x 5").inhibit("s", 0.9, 10),
    "transit": drug("dupilumab").dose("300 mg sc q1w x 3").inhibit("k", 0.9, 20),
    "falling clearance": drug("etrolizumab").dose("105 mg sc q1w x 3").inhibit("k", 0.9, 5),
    "three compartments": drug("cladribine").dose("10 mg po qd x 5").inhibit("s", 0.9, 5),
    "saturable": drug("tocilizumab").dose("8 mg/kg iv over 1 h q2w", weight=70).inhibit("k", 0.5, 10, 2),
}


def solved(model: Any, engine: str, values: Any = None, times: Any = TIMES, rtol: float = 1e-8) -> Any:
    functions = compile_numpy(lower(model))
    values = np.array(functions.program.values)[:, None] if values is None else values
    return functions.program, solve(functions, values, times=times, engine=engine, rtol=rtol)


@pytest.mark.sampled
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", MANY)
def test_engines_follow_every_kind_of_schedule(
    toy: Callable[..., Any], run: Callable[..., Any], engine: str, name: str
) -> None:
    composed = perturb(toy(), MANY[name])
    expected = run(composed, TIMES)
    program, batch = solved(composed, engine)
    assert batch.status.tolist() == [0]
    for row, (state, typical) in enumerate(zip(program.states, program.typical, strict=True)):
        # a depot is all but empty at most of these times: its scale is a dose
        size = max(np.abs(expected[state]).max(), typical)
        # errors of single steps at rtol 1e-8 add up over some tens of restarts
        assert batch.y[:, row, 0] == pytest.approx(expected[state], rel=2e-6, abs=2e-7 * size), state


PK_TWO = two_compartment(CL=0.9, V1=4.0, Q=0.8, V2=6.0, ka=1.1, F=0.7, lag=0.05)
REGIMENS = {
    "at given times": "10 mg iv at day 0, 2, 9",
    "loading": "20 mg iv once then 10 mg iv q3d x 6",
    "missed": "10 mg sc q2d x 10 missing dose 1, 4, 5",
    "missed infusions": "10 mg iv over 4 h q2d x 10 missing dose 2, 10",
    "taper": "8 mg po q1d x 7 then 4 mg q1d x 7 then 2 mg q2d x 3",
    "without an end": "10 mg po q12h",
    "by rate": "10 mg iv at 2 mg/h q3d x 6",
    "by weight": "0.2 mg/kg ip q3d x 6 from day 1",
    "steady state": "10 mg po q3d x 6 at steady state",
    "steady infusions": "10 mg iv over 4 h q2d x 9 from day 0.5 at steady state missing dose 3",
    "lag and F": "10 mg sc lag 6 h F 0.3 q3d x 6",
}


@pytest.mark.sampled
@pytest.mark.parametrize("form", REGIMENS)
def test_engines_agree_on_every_form_of_regimen_with_doses_at_other_times_in_each_run(
    toy: Callable[..., Any], run: Callable[..., Any], form: str
) -> None:
    composed = perturb(toy(horizon=30.0), Drug("d", PK_TWO, REGIMENS[form], weight=50).inhibit("k", 0.9, 0.5))
    program = lower(composed)
    values = np.repeat(np.array(program.values)[:, None], 4, axis=1)
    rows = {name: i for i, name in enumerate(program.parameters[: len(values)])}
    for knob in ("interval", "time_2", "duration"):
        if f"d.{knob}" in rows:
            values[rows[f"d.{knob}"]] *= [1, 0.83, 1.31, 1]
    values[rows["d.start"]] += [0, 0, 0.03, 0.11]
    values[rows["d.CL"], 3] *= 2
    courses = [solved(composed, engine, values) for engine in ENGINES]
    for row, (state, typical) in enumerate(zip(program.states, program.typical, strict=True)):
        a, b = (batch.y[:, row] for _, batch in courses)
        # both at rtol 1e-8, through some tens of restarts
        assert a == pytest.approx(b, rel=2e-6, abs=2e-7 * max(np.abs(b).max(), typical)), state
    for i in (1, 3):
        named = {name: values[j, i] for name, j in rows.items()}
        expected = run(composed.with_values(named), TIMES)["d.C"]
        c = courses[1][1].y[:, program.states.index("d.central"), i] / 4.0
        assert c == pytest.approx(expected, rel=2e-6, abs=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_short_pulse_in_a_long_time_is_not_missed(toy: Callable[..., Any], engine: str) -> None:
    still = toy().with_values(k=0, s=0)
    composed = perturb(still, Intervention("a", add("s", 50), during(200, 200.02)))
    _, batch = solved(composed, engine, times=np.array([0.0, 199.0, 365.0]))
    assert batch.y[:, 0, 0] == pytest.approx([1, 1, 2], rel=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
def test_runs_of_one_batch_have_their_own_doses_and_windows(
    toy: Callable[..., Any], run: Callable[..., Any], engine: str
) -> None:
    pk = one_compartment(CL=2.0, V1=5.0, ka=1.5)
    composed = perturb(
        toy(),
        Drug("d", pk, "9 mg sc q2d x 6").inhibit("k", 0.9, 0.5),
        Intervention("w", scale("g", 3), during(2, 5) * ramp(1)),
    )
    changes = [
        {},
        {"d.interval": 3.5, "d.n": 2},
        {"d.start": 4.25, "w.start": 1.75, "w.stop": 1.9},
        {"d.strength": 0.5, "w.strength": 0},
        {"w.stop": 40, "w.rise": 7.7},
    ]
    models = [composed.with_values(c) for c in changes]
    values = np.array([[p.value for p in m.parameters] for m in models]).T
    program, batch = solved(composed, engine, values)
    assert (batch.status == 0).all()
    for i, model in enumerate(models):
        expected = run(model, TIMES)
        for row, state in enumerate(program.states):
            assert batch.y[:, row, i] == pytest.approx(expected[state], rel=2e-6, abs=1e-6), (i, state)


@pytest.mark.parametrize("engine", ENGINES)
def test_knobs_out_of_range_are_rows_with_a_reason(toy: Callable[..., Any], engine: str) -> None:
    composed = perturb(toy(), Drug("d", one_compartment(CL=2.0, V1=5.0), "9 mg iv q2d x 6").inhibit("k", 0.9, 0.5))
    values = np.repeat(np.array([p.value for p in composed.parameters])[:, None], 4, axis=1)
    rows = [p.name for p in composed.parameters]
    values[rows.index("d.dose"), 1] = -5
    values[rows.index("d.imax"), 2] = 1.5
    values[rows.index("d.start"), 3] = -1
    _, batch = solved(composed, engine, values)
    assert batch.status.tolist() == [0, 1, 1, 1]
    assert np.isnan(batch.y[:, :, 1:]).all()
    assert np.isfinite(batch.y[:, :, 0]).all()
