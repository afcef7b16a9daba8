"""Models that lack states, parameters or processes run in every engine, and say what they have nothing of."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

import immunode as im
from immunode.errors import StudyError
from immunode.model import Derived, Event, Model, Parameter, Process, State, Switch

ENGINES = ("scipy", "numpy", "compiled")
K = Parameter("k", 0.5, source="assumed: a test")


def _model(states: bool, parameters: bool, derived: bool, switches: bool, event: str) -> Model:
    k = "k" if parameters else "0.5"
    target = "s" if switches else "X" if states else ""
    events = []
    if target and event:
        when = {"at": 2.0, "every": 3.0, "count": 2} if event == "time" else {"when": "sin(t) > 0.5"}
        events = [Event("e", {target: f"{target} + 1"}, **when)]
    return Model(
        "bare",
        horizon=10.0,
        states=[State("X", 1.0)] if states else [],
        parameters=[K] if parameters else [],
        processes=[Process("loss", "X ->", f"{k}*X")] if states and derived else [],
        derived=[Derived("D", f"{k}*t" + (" + s" if switches else ""))] if derived else [],
        switches=[Switch("s")] if switches else [],
        events=events,
    )


@pytest.mark.sampled
@pytest.mark.parametrize("event", ["", "time", "state"])
@pytest.mark.parametrize("engine", ["scipy", "numpy", pytest.param("compiled", marks=pytest.mark.slow)])
def test_every_combination_of_parts_runs(engine: str, event: str) -> None:
    for parts in product((False, True), repeat=4):
        model = _model(*parts, event)
        if event == "state" and model.events and engine != "scipy":
            continue  # refused in one line, see test_state_events.py
        run = im.simulate(model, engine=engine)
        assert all(np.isfinite(values).all() for values in run.values.values())
        out = im.sweep(model, n=4, engine=engine, keep="trajectories")
        assert len(out) == (4 if model.parameters else 1)
        assert out.ok.all(), dict(out.reasons)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_derived_without_states_is_reduced_and_integrated(engine: str) -> None:
    """D = k t + s, where s steps up at 2 and 5: final 10 k + 2, area 50 k + 8 + 5."""
    model = _model(False, True, True, True, "time")
    k = np.array([0.5, 1.0, 2.0])
    out = im.sweep(model, im.from_table({"k": k}), engine=engine, endpoints=["final(D)", "auc(D)", "peak(D)"])
    assert out.values[:, 0] == pytest.approx(10 * k + 2, rel=1e-12)
    assert out.values[:, 1] == pytest.approx(50 * k + 13, rel=2e-6)  # the tolerance of the run is 1e-6
    assert out.values[:, 2] == pytest.approx(10 * k + 2, rel=1e-12)


def test_events_that_fire_on_time_alone_are_found_without_states() -> None:
    """sin(t) passes 0.5 upward at pi/6 and pi/6 + 2 pi."""
    run = im.simulate(_model(False, False, False, True, "state"))
    assert run.breaks == pytest.approx((np.pi / 6, np.pi / 6 + 2 * np.pi), rel=1e-9)
    assert run["s"][-1] == 2


def test_a_listener_hears_events_without_states() -> None:
    from immunode.program.model_functions import functions
    from immunode.solve import solve

    heard: list[tuple[float, int]] = []
    made = functions(_model(False, True, False, True, "time"))
    batch = solve(made, [[0.5]], times=[10.0], on_jump=lambda runs, t, y, after, p: heard.append((t[0], len(after))))
    assert heard == [(2.0, 0), (5.0, 0)]
    assert batch.y.shape == (1, 0, 1)


def test_default_endpoints_without_states_are_of_what_is_derived() -> None:
    assert im.sweep(_model(False, True, True, False, ""), n=4).endpoints == ("final(D)", "peak(D)")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_model_without_parameters_is_one_run_in_each_arm(engine: str, tmp_path: Path) -> None:
    """X' = -X/2 from 1, 1 more at 2: exp(-5) and exp(-5) + exp(-4) at 10; D = t/2 is 5 there."""
    decay = Model(
        "bare",
        horizon=10.0,
        states=[State("X", 1.0)],
        processes=[Process("loss", "X ->", "0.5*X")],
        interventions=[im.Intervention("more", im.transfer("X", 1.0), im.during(2))],
    )
    asked = {"arms": ["control", "more"], "endpoints": "final(X)", "engine": engine, "rtol": 1e-9}
    out = im.sweep(decay, **asked)
    assert out.columns == ()
    assert list(out.table().columns) == ["run", "arm", "status", "final(X)"]
    assert out.values[:, 0] == pytest.approx([np.exp(-5), np.exp(-5) + np.exp(-4)], rel=1e-7)
    assert im.sweeps.plan_sweep(decay, **asked).runs == 2
    stored = im.sweep(decay, **asked, store=tmp_path / "bare.zarr")
    kept = im.open_store(tmp_path / "bare.zarr")
    assert stored.table().equals(out.table())
    assert kept.table().equals(out.table())
    assert kept.verify() == []
    only = im.sweep(_model(False, False, True, False, ""), arms=im.Arms(control=[]), engine=engine)
    assert only.values.tolist() == [[5.0, 5.0]]


def test_nothing_to_sample_and_nothing_to_draw_is_said() -> None:
    bare = _model(False, False, False, False, "")
    with pytest.raises(StudyError, match=r"it has no parameters to sample; vary initial values"):
        im.space(bare)
    with pytest.raises(StudyError, match=r"no states and no derived quantities"):
        im.simulate(bare).plot()
    with pytest.raises(StudyError, match=r"no states, so there is nothing to integrate"):
        im.sweeps.work_precision(_model(False, True, True, False, ""), n=4)
