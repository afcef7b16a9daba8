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
    transfer,
)
from immunode.program.lower import lower
from immunode.program.numpy_source import compile_numpy
from immunode.solve import solve

TIMES = np.linspace(0, 30, 61)
ENGINES = ("scipy", "numpy")
MANY: dict[str, Intervention | Drug] = {
    "window": Intervention("a", scale("k", 4), during(3, 9)),
    "pulses": Intervention("a", [inhibit("k", 1), add("s", 3)], pulses(5, 0.02, 5, start=1.1)),
    "touching": Intervention("a", scale("k", 3), pulses(0.1, 0.1, 40, start=0.3)),
    "shapes": Intervention("a", scale("k", 4), pulses(10, 4, 3) * ramp(2) * decay(1) * rhythm(0.5, 1)),
    "transfer": Intervention("a", transfer("x", 5), pulses(5, 0, 6)),
    "oral": drug("prednisolone").dose("20 mg po q1d x 7 then 10 mg q1d x 7 then 5 mg q2d").inhibit("s", 0.9, 50),
    "infusions": drug("infliximab").dose("5 mg/kg iv over 2 h at week 0, 2 then q1w", weight=70).inhibit("k", 0.9, 5),
    "changing": drug("nivolumab").dose("240 mg iv over 1 h q2w x 3").stimulate("g", 2, 20),
    "saturable": drug("tocilizumab").dose("8 mg/kg iv over 1 h q2w", weight=70).inhibit("k", 0.5, 10, 2),
}


def solved(model: Any, engine: str, values: Any = None, times: Any = TIMES, rtol: float = 1e-8) -> Any:
    functions = compile_numpy(lower(model))
    values = np.array(functions.program.values)[:, None] if values is None else values
    return functions.program, solve(functions, values, times=times, engine=engine, rtol=rtol)


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
